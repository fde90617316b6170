//! Searches as readers meet them: pages, feeds, descriptions.

use std::cell::Cell;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::Event;

use crate::kit::daemon::*;

const CONFIG: &str = "[site]\ntitle = \"نشرة & Co\"\nlanguage = \"ar\"\ncontact = \"mailto:a@e.example\"\n\
    [sections.sport]\ntitle = \"رياضة «اليوم» <1>\"\n[sections.other]\ntitle = \"Other\"\n\
    [sources.wire]\nurl = \"file:wire.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n\
    [sources.desk]\nurl = \"file:desk.xml\"\nsection = \"other\"\nschedule = \"every 1h\"\n";
const BUDGET: &str = "رئيس الحكومة يعرض الميزانية على البرلمان غدا";

fn rss(items: &[(&str, &str, &str)]) -> String {
    let item = |(id, title, date): &(&str, &str, &str)| {
        format!(
            "<item><title>{title}</title><guid isPermaLink=\"false\">{id}</guid><link>https://e.example/{id}</link>\
             <pubDate>{date}</pubDate><description>نص {title}</description></item>"
        )
    };
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Feed</title><link>https://e.example/</link>\
         <description>News</description>{}</channel></rss>",
        items.iter().map(item).collect::<String>()
    )
}

fn home() -> Home {
    let home = Home::new(CONFIG);
    home.write(
        "wire.xml",
        &rss(&[
            ("w1", BUDGET, "Fri, 20 Nov 2026 08:00:00 GMT"),
            ("w2", "Museum of tea opens &lt;b&gt; by the harbour", "Fri, 20 Nov 2026 09:00:00 GMT"),
        ]),
    );
    home.write("desk.xml", &rss(&[("d1", BUDGET, "Fri, 20 Nov 2026 10:00:00 GMT")]));
    home
}

fn started(home: &Home) -> Daemon {
    let daemon = home.start();
    let left = Cell::new(2);
    daemon.wait_for("both polls", |line| {
        left.set(left.get() - usize::from(line["status"] == "ok"));
        left.get() == 0
    });
    daemon
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The number of stories on the page of a search.
fn count(daemon: &Daemon, query: &str) -> usize {
    let answer = daemon.get(&format!("/search?q={}", encoded(query)));
    assert_eq!(answer.status, 200, "{query}");
    answer.text().matches("<article").count()
}

/// The elements of a document with their attributes, if it is well-formed.
fn elements(xml: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = Reader::from_str(xml);
    let mut found = vec![];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) => {
                let attribute = |one: quick_xml::events::attributes::Attribute<'_>| {
                    (
                        String::from_utf8_lossy(one.key.as_ref()).into_owned(),
                        one.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned(),
                    )
                };
                let attributes = tag.attributes().map(|one| attribute(one.unwrap())).collect();
                found.push((String::from_utf8_lossy(tag.name().as_ref()).into_owned(), attributes));
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn stories_are_found_once_and_nothing_typed_is_markup() {
    let daemon = started(&home());
    for (query, expected) in [
        ("رئيس", 1),
        ("الميزانيه", 1),
        ("«رئيس الحكومة»", 1),
        ("museum tea", 1),
        ("museum -tea", 0),
        ("source:desk", 1),
        ("source:wire", 2),
        ("source:nobody", 0),
        ("section:sport museum", 1),
        ("section:other museum", 0),
        ("section:other ميزانية", 1),
        ("-source:wire رئيس", 1),
        ("-section:sport رئيس", 1),
        ("zzz", 0),
        ("", 0),
    ] {
        assert_eq!(count(&daemon, query), expected, "{query}");
    }
    let page = daemon.get(&format!("/search?q={}", encoded("رئيس")));
    let text = page.text();
    assert!(text.contains("ومصدر آخر") && text.contains("name=\"robots\" content=\"noindex\""), "{text}");
    assert!(text.contains("dir=\"rtl\"") && text.contains("/search.atom?q=%D8%B1"), "{text}");
    let evil = "<script>alert(1)</script>\" onfocus=\"x' &amp; \u{0}\u{8}";
    let page = daemon.get(&format!("/search?q={}", encoded(evil)));
    assert!(!page.text().contains("<script") && !page.text().contains("\" onfocus"), "{}", page.text());
    assert!(page.text().contains("&#60;script&#62;"), "{}", page.text());
    let long = daemon.get(&format!("/search?q={}", "a".repeat(300)));
    assert!(long.status == 200 && long.text().contains("200 حرف"), "{}", long.text());
    assert_eq!(daemon.get("/search?q=%FF%zz&page=x&page=-1&q=museum").status, 200);
    assert_eq!(daemon.get("/search").status, 200);
    assert_eq!(daemon.get("/searching").status, 404);
    assert_eq!(daemon.request("POST", "/search?q=a", &[]).status, 405);
}

#[test]
fn a_search_is_a_feed_that_stays_the_same() {
    let home = home();
    let daemon = started(&home);
    let path = format!("/search.atom?q={}", encoded("رئيس \"الحكومة\""));
    let feed = daemon.get(&path);
    assert_eq!(feed.header("content-type"), "application/atom+xml; charset=utf-8");
    let read = feed_rs::parser::parse(&feed.body[..]).unwrap();
    assert_eq!((read.entries.len(), read.entries[0].title.as_ref().unwrap().content.as_str()), (1, BUDGET));
    let own = "http://127.0.0.1:8080/search.atom?q=%D8%B1%D8%A6%D9%8A%D8%B3%20%22%D8%A7%D9%84%D8%AD%D9%83%D9%88%D9%85%D8%A9%22";
    assert!(feed.text().contains(&format!("href=\"{own}\" rel=\"self\"")), "{}", feed.text());
    assert_eq!(read.id, own.replace("search.atom", "search"));
    // The addresses that people make up.
    for other in ["/search?q=QUERY.atom", "/search?q=QUERY&format=atom", "/search/atom?q=QUERY"] {
        let path = other.replace("QUERY", &encoded("رئيس \"الحكومة\""));
        assert_eq!(daemon.get(&path).body, feed.body, "{other}");
    }
    assert_eq!(daemon.get("/search.atom").status, 404);
    assert_eq!(daemon.get("/search.atom?q=+").status, 404);
    let tag = feed.header("etag").to_owned();
    assert_eq!(daemon.request("GET", &path, &[("If-None-Match", &tag)]).status, 304);
    let page = format!("/search?q={}", encoded("museum"));
    let page_tag = daemon.get(&page).header("etag").to_owned();
    daemon.kill();
    let daemon = home.start();
    assert_eq!(daemon.get(&path).header("etag"), tag);
    assert_eq!(daemon.get(&page).header("etag"), page_tag);
    // What comes is found at once.
    home.write("desk.xml", &rss(&[("d2", "نائب رئيس الحكومة في فاس", "Sat, 21 Nov 2026 10:00:00 GMT")]));
    daemon.wait_for_poll("desk", "ok");
    let read = feed_rs::parser::parse(&daemon.get(&path).body[..]).unwrap();
    let titles: Vec<&str> =
        read.entries.iter().map(|one| one.title.as_ref().unwrap().content.as_str()).collect();
    assert_eq!(titles, ["نائب رئيس الحكومة في فاس", BUDGET]);
}

#[test]
fn what_no_section_shows_is_not_found() {
    let home = home();
    let daemon = started(&home);
    assert_eq!(count(&daemon, "museum"), 1);
    let reload = |config: &str| {
        home.configure(config);
        daemon.wait_for("in force", |line| line["message"] == "feeds.toml is in force");
    };
    reload(&CONFIG.replace("section = \"sport\"", "section = \"sport\"\nexclude = [{ title = \"Museum\" }]"));
    assert_eq!((count(&daemon, "museum"), count(&daemon, "رئيس")), (0, 1));
    let (without, _) = CONFIG.split_once("[sources.wire]").unwrap();
    let (_, desk) = CONFIG.split_once("[sources.desk]").unwrap();
    reload(&format!("{without}[sources.desk]{desk}"));
    let page = daemon.get(&format!("/search?q={}", encoded("رئيس")));
    assert!(page.text().matches("<article").count() == 1 && !page.text().contains("ومصدر آخر"));
    // It can be switched off and on.
    reload(&format!("[publish]\nsearch = false\n{CONFIG}"));
    assert_eq!(daemon.get("/search?q=museum").status, 404);
    assert_eq!(daemon.get("/opensearch.xml").status, 404);
    assert!(!daemon.get("/").text().contains("role=\"search\""));
    reload(CONFIG);
    assert_eq!(count(&daemon, "museum"), 1);
}

#[test]
fn a_story_has_a_feed_of_all_that_is_said_of_it() {
    let daemon = started(&home());
    let feed: serde_json::Value = serde_json::from_slice(&daemon.get("/latest.json").body).unwrap();
    let item = feed["items"].as_array().unwrap().iter().find(|item| item["title"] == BUDGET).unwrap();
    let story = item["_nashra"]["story"].as_str().unwrap();
    let path = format!("/story/{story}.atom");
    let answer = daemon.get(&path);
    let read = feed_rs::parser::parse(&answer.body[..]).unwrap();
    assert_eq!(read.entries.len(), 2, "{}", answer.text());
    assert_eq!(read.id, format!("http://127.0.0.1:8080/story/{story}"));
    assert!(answer.text().contains(&format!("href=\"http://127.0.0.1:8080{path}\" rel=\"self\"")));
    let dates: Vec<_> = read.entries.iter().map(|entry| entry.published.unwrap()).collect();
    assert!(dates[0] > dates[1] && read.updated.unwrap() >= dates[0]);
    assert!(daemon.get(&format!("/item/{story}")).text().contains(&path), "its page names the feed");
    assert_eq!(daemon.request("GET", &path, &[("If-None-Match", answer.header("etag"))]).status, 304);
    for missing in
        ["/story/0.atom", "/story/", "/story/x", &path.replace(".atom", ""), &path.replace(".atom", ".rss")]
    {
        assert_eq!(daemon.get(missing).status, 404, "{missing}");
    }
}

#[test]
fn outlines_and_descriptions_are_well_formed() {
    let daemon = started(&home());
    let opml = daemon.get("/feeds.opml");
    assert_eq!(opml.header("content-type"), "text/x-opml; charset=utf-8");
    let outlines: Vec<Vec<(String, String)>> =
        elements(opml.text()).into_iter().filter(|(name, _)| name == "outline").map(|(_, all)| all).collect();
    assert_eq!(outlines.len(), 4, "{}", opml.text());
    let value = |outline: &[(String, String)], name: &str| {
        outline.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap()
    };
    let texts: Vec<String> = outlines.iter().map(|one| value(one, "text")).collect();
    assert!(texts.contains(&"رياضة «اليوم» <1>".to_owned()), "{texts:?}");
    for outline in &outlines {
        assert_eq!((value(outline, "type"), value(outline, "language")), ("rss".to_owned(), "ar".to_owned()));
        for name in ["xmlUrl", "htmlUrl"] {
            let path = value(outline, name).replace("http://127.0.0.1:8080", "");
            assert_eq!(daemon.get(&path).status, 200, "{path}");
        }
    }
    let description = daemon.get("/opensearch.xml");
    assert_eq!(description.header("content-type"), "application/opensearchdescription+xml; charset=utf-8");
    let templates: Vec<String> = elements(description.text())
        .into_iter()
        .filter(|(name, _)| name == "Url")
        .map(|(_, all)| value(&all, "template"))
        .collect();
    assert_eq!(templates[0], "http://127.0.0.1:8080/search?q={searchTerms}&page={startPage?}");
    assert_eq!(templates[1], "http://127.0.0.1:8080/search.atom?q={searchTerms}");
    let front = daemon.get("/");
    assert!(front.text().contains("rel=\"search\"") && front.text().contains("role=\"search\""));
    assert!(daemon.get("/robots.txt").text().contains("Disallow: /search"));
}
