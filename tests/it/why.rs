//! `nashra why`: what is known of an entry, however it is asked for.

mod dropped;
mod life;

use serde_json::{Value, json};

use crate::kit::daemon::*;

const CONFIG: &str = "[site]\nurl = \"https://news.example/ar\"\nlanguage = \"ar\"\n\
    [publish]\nentries = 4\nmax_per_source = 2\n\
    [sections.sport]\ninclude = [{ url = \"*/رياضة/*\" }]\nexclude = [{ title = \"إعلان\" }]\n\
    [sections.other]\n\
    [sources.alif]\nurl = \"file:alif.xml\"\ntitle = \"ألف\"\nexclude = [{ title = \"secret\" }]\n\
    [sources.ba]\nurl = \"file:ba.xml\"\n\
    [sources.jim]\nurl = \"file:jim.xml\"\nsection = \"other\"\n\
    [sources.web]\nurl = \"https://feeds.web.example/rss\"\nenabled = false\n";

/// An item: guid, title, link, date (RFC 822 without the day), each empty where there is none.
fn item(guid: &str, title: &str, link: &str, date: &str) -> String {
    let part = |tag: &str, text: &str| {
        if text.is_empty() { String::new() } else { format!("<{tag}>{text}</{tag}>") }
    };
    let guid = part("guid", guid).replace("<guid>", "<guid isPermaLink=\"false\">");
    format!("<item>{guid}{}{}{}</item>", part("title", title), part("link", link), part("pubDate", date))
}

fn feed(name: &str, items: &[String]) -> String {
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>{name}</title><link>https://{name}.example/</link>\
         <description>News</description><language>ar</language>{}</channel></rss>",
        items.concat()
    )
}

const STORY: &str = "المنتخب المغربي يتأهل إلى نصف النهائي بعد فوز صعب";

/// A portal with surprises.
fn home() -> Home {
    let home = Home::new(CONFIG);
    let alif = [
        item(
            "urn:alif:1",
            STORY,
            "https://alif.example/رياضة/المنتخب?utm_source=rss",
            "20 Nov 2025 08:00:00 GMT",
        ),
        item("2", "من المستقبل", "https://alif.example/2", "20 Nov 2126 08:00:00 GMT"),
        item("3", "بلا تاريخ", "https://alif.example/3", ""),
        item("4", "إعلان: شقة", "https://alif.example/رياضة/4", "20 Nov 2025 07:00:00 GMT"),
        item("5", "A secret", "https://alif.example/5", "20 Nov 2025 07:00:00 GMT"),
        item("6", "", "", "20 Nov 2025 07:00:00 GMT"),
    ];
    let ba = [
        item("urn:alif:1", "Not yours", "https://ba.example/1", "20 Nov 2025 09:00:00 GMT"),
        item("b2", STORY, "https://ba.example/2", "20 Nov 2025 10:00:00 GMT"),
        item("", "Copied", "https://alif.example/3?fbclid=7", "20 Nov 2025 06:00:00 GMT"),
    ];
    let flood = |n: usize| {
        item(
            &format!("j{n}"),
            &format!("Flood {n}"),
            &format!("https://jim.example/{n}"),
            &format!("19 Nov 2025 10:{n:02}:00 GMT"),
        )
    };
    let before = item("b0", "Long ago", "https://ba.example/0", "1 Nov 2025 08:00:00 GMT");
    home.write("ba.xml", &feed("ba", &[before]));
    home.write("alif.xml", &feed("alif", &alif));
    home.write("jim.xml", &feed("jim", &(0..9).map(flood).collect::<Vec<_>>()));
    poll(&home);
    home.write("ba.xml", &feed("ba", &ba));
    home.write("jim.xml", &feed("jim", &(0..9).map(flood).collect::<Vec<_>>()));
    poll(&home);
    home
}

fn poll(home: &Home) {
    let output = home.run(&["poll", "--once"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Everything that is told of `asked`.
fn told(home: &Home, asked: &str) -> Vec<Value> {
    let output = home.run(&["why", asked, "--json"]);
    let (text, complaint) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{asked}: {complaint}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn one(home: &Home, asked: &str) -> Value {
    let mut told = told(home, asked);
    assert_eq!(told.len(), 1, "{asked}: {told:#?}");
    told.remove(0)
}

/// Who is found, as source and title.
fn found(home: &Home, asked: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let who = |one: Value| match &one["source"] {
        Value::String(source) => (source.clone(), text(&one["title"])),
        source => (text(&source["id"]), text(&one["title"])),
    };
    let mut found: Vec<(String, String)> = told(home, asked).into_iter().map(who).collect();
    found.sort();
    found
}

#[test]
fn an_entry_is_found_by_whatever_names_it() {
    let home = home();
    let story = one(&home, "https://alif.example/رياضة/المنتخب?utm_source=rss");
    let key = story["key"].as_str().unwrap().to_owned();
    let alif = |title: &str| ("alif".to_owned(), title.to_owned());
    let ba = |title: &str| ("ba".to_owned(), title.to_owned());
    let check_all = || {
        for (asked, expected) in [
            (key.as_str(), vec![alif(STORY)]),
            (&format!("https://news.example/ar/item/{key}"), vec![alif(STORY)]),
            (&format!("https://news.example/ar/go/{key}?x=1"), vec![alif(STORY)]),
            ("https://alif.example/رياضة/المنتخب", vec![alif(STORY)]),
            (
                "http://alif.example/%D8%B1%D9%8A%D8%A7%D8%B6%D8%A9/%d8%a7%d9%84%d9%85%d9%86%d8%aa%d8%ae%d8%a8?gclid=1",
                vec![alif(STORY)],
            ),
            ("urn:alif:1", vec![alif(STORY), ba("Not yours")]),
            ("b2", vec![ba(STORY)]),
            ("https://alif.example/3", vec![alif("بلا تاريخ"), ba("Copied")]),
            ("6", vec![alif("")]),
        ] {
            assert_eq!(found(&home, asked), expected, "{asked}");
        }
    };
    check_all();
    let daemon = home.start();
    check_all();
    assert!(daemon.stop().success());
}

#[test]
fn what_was_decided_is_told() {
    let home = home();
    let check = |asked: &str, place: &str, expected: Value| {
        let told = told(&home, asked);
        let value = told[0].pointer(place).unwrap_or_else(|| panic!("{asked} has no {place}: {told:#?}"));
        assert_eq!(*value, expected, "{asked} {place}");
    };
    let says = |asked: &str, place: &str, words: &[&str]| {
        let told = told(&home, asked);
        let text = told[0].pointer(place).and_then(Value::as_str).unwrap_or_default();
        assert!(words.iter().all(|word| text.contains(word)), "{asked} {place}: {text}");
    };
    check("urn:alif:1", "/status", json!("stored"));
    check("urn:alif:1", "/published_id/own", json!(true));
    check("2", "/published_id/own", json!(false));
    says("2", "/published_id/text", &["no URL, tag: or urn:"]);
    check("2", "/dates/origin", json!("future"));
    check("2", "/dates/said_published", json!("2126-11-20T08:00:00Z"));
    says("2", "/dates/text", &["2126-11-20T08:00:00Z", "future", "first seen counts"]);
    check("3", "/dates/origin", json!("missing"));
    says("3", "/dates/text", &["no date"]);
    check("https://ba.example/1", "/published_id/taken_by/source", json!("alif"));
    says("https://ba.example/1", "/published_id/text", &["urn:alif:1", STORY, "had that id first"]);
    check("b2", "/story/reason", json!("same-title"));
    check("b2", "/story/matched/source", json!("alif"));
    check("b2", "/story/score_percent", json!(100));
    check("urn:alif:1", "/story/others/0/source", json!("ba"));
    // The same link, years after.
    let copied = "https://alif.example/3?fbclid=7";
    let copied = told(&home, copied).into_iter().find(|one| one["source"]["id"] == "ba").unwrap();
    assert_eq!(copied["story"]["apart"][0]["source"], "alif", "{copied:#}");
    assert_eq!(copied["story"]["apart"][0]["alike"], "same-link");
    let text = copied["story"]["apart"][0]["text"].as_str().unwrap();
    assert!(text.contains("hours apart, and a story lasts 72"), "{text}");
    check("b2", "/backfill", json!(false));
    check("urn:alif:1", "/backfill", json!(true));
    check(
        "b2",
        "/identity",
        json!({
            "kind": "guid", "value": "b2", "guids": 1, "links": 1, "titles": 1,
            "text": "by its guid (it is found by 1 guid, 1 link, 1 title)",
        }),
    );
    check("https://ba.example/1", "/source/title", json!("ba"));
    check("b2", "/listing/listed", json!(true));
    check("b2", "/language", json!("ar"));
    says("6", "/text", &["neither title nor text nor link"]);
    check("6", "/status", json!("dropped"));
    check("6", "/reason/why", json!("empty"));
}

#[test]
fn every_section_says_why() {
    let home = home();
    let check = |asked: &str, section: &str, because: &str, position: Value, words: &str| {
        let told = told(&home, asked);
        let places = told[0]["sections"].as_array().unwrap();
        let place = places.iter().find(|place| place["section"] == section).unwrap();
        assert_eq!(place["because"], because, "{asked}: {place:#}");
        assert_eq!(place["position"], position, "{asked}: {place:#}");
        let text = format!("{} {}", place["text"], place["reason"]);
        assert!(text.contains(words), "{asked}: {text}");
    };
    check("urn:alif:1", "sport", "included", json!(1), "/sport.atom");
    check("urn:alif:1", "other", "not-addressed", Value::Null, "no include rule");
    check("4", "sport", "excluded", Value::Null, "إعلان");
    check("5", "latest", "excluded-by-source", Value::Null, "secret");
    check("j8", "other", "sent", json!(1), "number 1 of 4");
    check("j0", "other", "sent", Value::Null, "the last of the 4 shown is newer");
    // Two of each source: the flood is older, and the third one of alif has had its share.
    check("2", "latest", "takes-all", json!(1), "number 1 of 4");
    check("https://ba.example/1", "latest", "takes-all", json!(3), "number 3 of 4");
    check("j8", "latest", "takes-all", Value::Null, "the last of the 4 shown is newer");
    check("urn:alif:1", "latest", "takes-all", Value::Null, "its source has 2 entries here already");
    check("b2", "latest", "takes-all", Value::Null, "first entry of its story here");
    let behind = told(&home, "b2")[0].pointer("/sections/0/behind/source").cloned();
    assert_eq!(behind, Some(json!("alif")));
}

#[test]
fn what_its_source_leaves_out_is_not_ranked_though_others_tell_its_story() {
    let home = Home::new(CONFIG);
    let told =
        |guid: &str, title: &str| item(guid, title, "https://alif.example/9", "20 Nov 2025 08:00:00 GMT");
    home.write("alif.xml", &feed("alif", &[told("a", "The secret budget of the whole city")]));
    home.write("ba.xml", &feed("ba", &[told("b", "The budget of the whole city")]));
    home.write("jim.xml", &feed("jim", &[]));
    poll(&home);
    let told = one(&home, "a");
    assert_eq!(told["story"]["others"].as_array().unwrap().len(), 1, "{told:#}");
    let places = told["sections"].as_array().unwrap();
    let belongs = places.iter().filter(|place| place["belongs"] == true).count();
    assert_eq!(belongs, 0, "{places:#?}");
    let ranked = one(&home, "b")["sections"].as_array().unwrap().last().cloned().unwrap();
    assert_eq!((&ranked["section"], &ranked["position"]), (&json!("most-read"), &json!(1)));
}

#[test]
fn what_nobody_knows_is_said_with_what_may_help() {
    let home = home();
    let check = |asked: &str, expected: &[&str]| {
        let output = home.run(&["why", asked]);
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{asked}: {complaint}");
        assert!(expected.iter().all(|words| complaint.contains(words)), "{asked}: {complaint}");
    };
    let check_all = || {
        check("urn:nobody", &["nothing is known of urn:nobody", "at 4 sources", "`nashra entries`"]);
        check("0123456789abcdef0123456789abcdef", &["nothing is known"]);
        check("alif", &["alif is a source: `nashra sources alif`"]);
        check("sport", &["sport is a section: `nashra entries --section sport`"]);
        check("https://www.web.example/a", &["source web is at that host: it is switched off"]);
    };
    check_all();
    let daemon = home.start();
    check_all();
    assert!(daemon.stop().success());
    let empty = Home::new(CONFIG);
    assert!(String::from_utf8_lossy(&empty.run(&["why", "x"]).stderr).contains("nothing is stored yet"));
    assert!(!empty.path("state").exists(), "looking makes no store");
}

#[test]
fn people_read_short_lines() {
    let home = home();
    let output = home.run(&["why", "urn:alif:1"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with(STORY), "{text}");
    let other = home.run(&["why", "b2"]);
    let ranked = "  section     most-read: told under the first entry of its story here, “المنتخب المغربي";
    let other = String::from_utf8(other.stdout).unwrap();
    assert!(other.contains(ranked), "{other}");
    for line in [
        "  section     most-read: number 1 of ",
        "  id          urn:alif:1\n              the source's own\n",
        "  source      alif (ألف)\n",
        "  published   2025-11-20T08:00:00Z: as the source says\n",
        "  story       the first of its story; one other entry tells it too\n              also: ba: ",
        "  changed     never\n",
        "  section     sport: number 1 of 1 in /sport, /sport.rss, /sport.atom and /sport.json\n\
         \u{20}             because the section's include has rule 1 { url = \"*/رياضة/*\" }\n",
        "  not in      other\n              because its source does not send here, and no include rule takes it in\n",
        "\n\nNot yours\n",
        "made here: the source gives urn:alif:1, and “المنتخب المغربي",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn the_admin_address_explains_too() {
    let home = home();
    home.configure(&CONFIG.replace("[site]\n", "[site]\ncontact = \"mailto:a@b.example\"\n"));
    let config = std::fs::read_to_string(home.path("feeds.toml")).unwrap();
    home.write("feeds.toml", &config.replace("[server]\n", "[server]\nadmin = \"127.0.0.1:0\"\n"));
    let daemon = home.start();
    let get = |path: &str| ask_at(daemon.admin.unwrap(), "GET", path, &[]);
    let why = get("/api/why?of=urn%3Aalif%3A1");
    assert_eq!(why.status, 200);
    let told: Value = serde_json::from_slice(&why.body).unwrap();
    assert_eq!(told["found"].as_array().map(Vec::len), Some(2));
    let page = get("/api/entries?source=ba&limit=1");
    let page: Value = serde_json::from_slice(&page.body).unwrap();
    assert_eq!((page["entries"][0]["source"].clone(), page["next"].is_string()), (json!("ba"), true));
    for (path, status) in [
        ("/api/why", 400),
        ("/api/entries?limit=many", 400),
        ("/api/entries?before=7", 400),
        ("/api/entries?since=yesterday", 400),
        ("/api/entries?source=nobody", 404),
    ] {
        assert_eq!(get(path).status, status, "{path}");
    }
    assert_eq!(ask_at(daemon.admin.unwrap(), "POST", "/api/why?of=x", &[]).status, 405);
    assert!(daemon.stop().success());
}
