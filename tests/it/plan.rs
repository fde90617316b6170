//! `nashra plan`: what a changed feeds.toml would change, told before it takes effect, and nothing done.

mod compare;

use std::cell::Cell;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::kit::daemon::*;

/// Items as id, title and minute of the hour.
fn rss(language: &str, items: &[(&str, &str, usize)]) -> String {
    let item = |all: String, (id, title, minute): &(&str, &str, usize)| {
        all + &format!(
            "<item><title>{title}</title><guid isPermaLink=\"false\">urn:x:{id}</guid><link>https://e.example/{id}</link>\
             <pubDate>Fri, 20 Nov 2026 08:{minute:02}:00 GMT</pubDate><description>{title}</description></item>"
        )
    };
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Feed</title><link>https://e.example/</link>\
         <description>News</description><language>{language}</language>{}</channel></rss>",
        items.iter().fold(String::new(), item)
    )
}

const OLD: &str = "[sections.sport]\ntitle = \"رياضة\"\nentries = 3\n[sections.art]\n\
    [sources.wire]\nurl = \"file:wire.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n\
    [sources.gone]\nurl = \"file:gone.xml\"\nsection = \"art\"\n";
const NEW: &str = "[sections.art]\ntitle = \"فن\"\n[sections.sport]\ntitle = \"رياضة\"\nentries = 3\n\
    exclude = [{ title = \"إعلان\" }]\n[sections.fr]\ninclude = [{ language = \"fr\" }]\n\
    [sources.wire]\nurl = \"file:wire.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n\
    [sources.coming]\nurl = \"file:coming.xml\"\nsection = \"art\"\n";

fn home() -> Home {
    let home = Home::new(OLD);
    let ads = [("4", "إعلان مهم", 40), ("3", "خبر ثالث", 30), ("2", "خبر ثان", 20), ("1", "خبر أول", 10)];
    home.write("wire.xml", &rss("ar", &ads));
    home.write("gone.xml", &rss("fr", &[("g", "Un titre", 50)]));
    home.write("coming.xml", &rss("en", &[("c", "A title", 55)]));
    let head = "[server]\nlisten = \"127.0.0.1:0\"\n[store]\npath = \"state\"\n";
    home.write("new.toml", &format!("{head}{NEW}"));
    home
}

/// A daemon that has asked both sources, in whichever order.
fn started(home: &Home) -> Daemon {
    let daemon = home.start();
    let polls = Cell::new(0);
    daemon.wait_for("two polls", |line| {
        polls.set(polls.get() + u32::from(line["status"] == "ok"));
        polls.get() == 2
    });
    daemon
}

/// The exit code and what is printed.
fn run(home: &Home, arguments: &[&str]) -> (Option<i32>, String) {
    let output = home.run(arguments);
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code(), text)
}

fn planned(home: &Home, arguments: &[&str]) -> Value {
    let (code, text) = run(home, &[&["plan", "--json"], arguments].concat());
    assert_eq!(code, Some(0), "{text}");
    serde_json::from_str(&text).unwrap()
}

/// What `changes` says of a list of entries: position and id.
fn places(list: &Value) -> Vec<(u64, &str)> {
    let place = |line: &'_ Value| line["position"].as_u64().unwrap();
    list.as_array().unwrap().iter().map(|line| (place(line), line["id"].as_str().unwrap())).collect()
}

fn check_plan(plan: &Value) {
    let front = json!({ "before": ["latest", "sport", "art", "most-read"], "after": ["latest", "art", "sport", "fr", "most-read"] });
    assert_eq!(plan["front"], front);
    let sources: Vec<_> =
        plan["sources"].as_array().unwrap().iter().map(|s| (&s["source"], &s["change"])).collect();
    assert_eq!(sources, [(&json!("coming"), &json!("added")), (&json!("gone"), &json!("removed"))]);
    let sections: Vec<&str> =
        plan["sections"].as_array().unwrap().iter().map(|one| one["section"].as_str().unwrap()).collect();
    assert_eq!(
        sections,
        ["latest", "art", "sport", "most-read"],
        "nothing French would be left for /fr but an empty section"
    );
    let [latest, art, sport, most_read] = &plan["sections"].as_array().unwrap()[..] else { panic!("{plan}") };
    assert_eq!(places(&latest["vanish"]), [(1, "urn:x:g")]);
    assert_eq!(places(&latest["move"]), [(1, "urn:x:4"), (2, "urn:x:3"), (3, "urn:x:2"), (4, "urn:x:1")]);
    assert_eq!(latest["move"][0]["from"], 2);
    assert_eq!(places(&art["vanish"]), [(1, "urn:x:g")]);
    assert_eq!(art["settings"], json!([{ "key": "title", "before": "art", "after": "فن" }]));
    assert_eq!(places(&sport["vanish"]), [(1, "urn:x:4")]);
    assert_eq!(places(&sport["appear"]), [(3, "urn:x:1")]);
    assert_eq!(places(&sport["move"]), [(1, "urn:x:3"), (2, "urn:x:2")]);
    assert_eq!(sport["settings"][0]["after"], "[{ title = \"إعلان\" }]");
    assert_eq!(places(&most_read["vanish"]), [(1, "urn:x:g")], "what the others do not show any more");
}

#[test]
fn a_plan_tells_what_a_reload_then_does_and_does_nothing_itself() {
    let home = home();
    let daemon = started(&home);
    let documents = ["/latest.json", "/sport.json", "/sport.rss", "/art", "/"];
    let tags = |daemon: &Daemon| documents.map(|path| daemon.get(path).header("etag").to_owned());
    let before = tags(&daemon);
    assert_eq!(run(&home, &["plan"]), (Some(0), "nothing would change for readers\n".to_owned()));
    assert_eq!(
        run(&home, &["plan", "feeds.toml"]),
        (Some(0), "nothing would change for readers\n".to_owned())
    );
    let plan = planned(&home, &["new.toml"]);
    check_plan_with_french(&plan);
    assert_eq!(tags(&daemon), before);
    // What it says of places is what readers get.
    home.configure(NEW);
    daemon.wait_for("the new file", |line| line["message"] == "feeds.toml is in force");
    let feed: Value = serde_json::from_str(daemon.get("/sport.json").text()).unwrap();
    let ids: Vec<_> =
        feed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["urn:x:3", "urn:x:2", "urn:x:1"]);
    assert_eq!(daemon.get("/fr.json").status, 200);
    daemon.wait_for_poll("coming", "ok");
    assert_eq!(run(&home, &["plan"]), (Some(0), "nothing would change for readers\n".to_owned()));
}

/// With the section that shows nothing, since its only source would go.
fn check_plan_with_french(plan: &Value) {
    let mut plan = plan.clone();
    let sections = plan["sections"].as_array_mut().unwrap();
    let french = sections.remove(3);
    assert_eq!((&french["section"], &french["change"]), (&json!("fr"), &json!("added")));
    assert_eq!(french["appear"], json!([]));
    check_plan(&plan);
}

#[test]
fn without_a_daemon_the_store_is_read_and_stays_as_it_is() {
    let home = home();
    assert_eq!(run(&home, &["plan"]).0, Some(0));
    assert!(!home.path("state").exists(), "looking makes no store");
    assert_eq!(run(&home, &["poll", "--once"]).0, Some(0));
    let plan = planned(&home, &["new.toml"]);
    check_plan_with_french(&plan);
    assert_eq!(planned(&home, &["new.toml"]), plan);
    let (code, text) = run(&home, &["plan", "new.toml"]);
    assert_eq!(code, Some(0));
    for line in [
        "front page: latest, sport, art, most-read → latest, art, sport, fr, most-read",
        "+ source coming: file:",
        "- source gone: file:",
        "~ /sport \u{2068}رياضة\u{2069}: 1 appear, 1 vanish, 2 move",
        "    exclude: (not set) → \u{2068}[{ title = \"إعلان\" }]\u{2069}",
        "  + 3 \u{2068}خبر أول\u{2069} — \u{2068}Feed\u{2069} ",
        "  - 1 \u{2068}إعلان مهم\u{2069} — \u{2068}Feed\u{2069} ",
        "  ~ 2–3 → 1–2 (2 entries)",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert_eq!(run(&home, &["plan"]), (Some(0), "nothing would change for readers\n".to_owned()));
}

#[test]
fn that_clicks_are_counted_is_told() {
    let home = home();
    let head =
        "[server]\nlisten = \"127.0.0.1:0\"\n[store]\npath = \"state\"\n[publish]\ncount_clicks = true\n";
    home.write("new.toml", &format!("{head}{OLD}"));
    let counts = json!({ "key": "publish.count_clicks", "before": "false", "after": "true" });
    assert_eq!(planned(&home, &[home.path("new.toml").to_str().unwrap()])["settings"], json!([counts]));
}

#[test]
fn a_file_with_mistakes_is_told_all_of_them() {
    let home = home();
    home.write("bad.toml", "[sections.s]\nexclude = [{ title = \"!\" }]\n[sources.x]\nurl = \"nowhere\"\n");
    let (code, text) = run(&home, &["plan", "bad.toml"]);
    assert_eq!(code, Some(64), "{text}");
    assert!(text.contains("bad.toml:2:22: sections.s.exclude.title: can never match"), "{text}");
    assert!(text.contains("bad.toml:4:7: sources.x.url: `nowhere` has no scheme"), "{text}");
    assert_eq!(run(&home, &["plan", "none.toml"]).0, Some(64));
}

#[test]
fn a_long_plan_is_cut_for_people_and_whole_as_json() {
    let home = home();
    let titles: Vec<(String, String)> = (0..40).map(|n| (n.to_string(), format!("Story {n}"))).collect();
    let items: Vec<(&str, &str, usize)> =
        titles.iter().zip(0..).map(|((id, title), minute)| (id.as_str(), title.as_str(), minute)).collect();
    home.write("wire.xml", &rss("en", &items));
    assert_eq!(run(&home, &["poll", "--once"]).0, Some(0));
    let mut config = "[server]\nlisten = \"127.0.0.1:0\"\n[store]\npath = \"state\"\n".to_owned();
    write!(config, "{}", OLD.replace("entries = 3", "entries = 30\nmax_per_source = 30")).unwrap();
    home.write("more.toml", &config);
    assert_eq!(planned(&home, &["more.toml"])["sections"][0]["appear"].as_array().unwrap().len(), 27);
    let (_, text) = run(&home, &["plan", "more.toml", "--lines", "2"]);
    assert_eq!(text.lines().filter(|line| line.starts_with("  + ")).count(), 2, "{text}");
    assert!(text.contains("  … and 25 more\n"), "{text}");
}

/// A feed's language is known when its first answer is, and rules that ask for it apply to what is stored already.
#[test]
fn rules_apply_to_what_is_stored_without_asking_anybody() {
    let home = home();
    let daemon = started(&home);
    home.configure(&OLD.replace(
        "[sections.art]",
        "[sections.art]\nexclude = [{ language = \"fr\" }]\n[sections.fr]\ninclude = [{ language = \"fr\" }]",
    ));
    std::fs::remove_file(home.path("wire.xml")).unwrap();
    daemon.wait_for("the new file", |line| line["message"] == "feeds.toml is in force");
    assert!(daemon.get("/fr.json").text().contains("urn:x:g"));
    assert!(!daemon.get("/art.json").text().contains("urn:x:g"));
    // A feed that says another language now takes its entries along.
    home.write(
        "gone.xml",
        &rss("fr", &[("h", "Un autre titre", 55), ("g", "Un titre", 50)]).replace(">fr<", ">de<"),
    );
    daemon.wait_for_poll("gone", "ok");
    assert!(!daemon.get("/fr.json").text().contains("urn:x:"));
    assert!(daemon.get("/art.json").text().contains("urn:x:g"));
    assert!(daemon.get("/art.json").text().contains("urn:x:h"));
}
