//! Tests of config: what right files mean. Wrong ones are in `config/mistakes.rs`.

mod mirrors;
mod mistakes;
mod rules;
mod ways;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nashra::config::{Config, read};
use nashra::model::{Auth, Condition, Field, Hints, Location, Pattern, Ports, Rule, Schedule};

/// Reads a text that must be right.
fn good(text: &str) -> Config {
    match read(text, "feeds.toml", Path::new("/etc/nashra")) {
        Ok(config) => config,
        Err(mistakes) => panic!("{}\n{text}", lines(&mistakes)),
    }
}

fn lines(mistakes: &[nashra::config::Mistake]) -> String {
    mistakes.iter().fold(String::new(), |mut all, mistake| {
        let _ = writeln!(all, "{mistake}");
        all
    })
}

const CONTRACT: &str = r#"
[site]
title    = "نشرة المغرب"
url      = "http://127.0.0.1:8080/"
language = "ar"
timezone = "Africa/Casablanca"
contact  = "mailto:admin@example.org"

[server]
listen = "127.0.0.1:8080"
admin = "127.0.0.1:9464"

[store]
path = "data"
keep_days = 30

[fetch]
schedule   = "every 10m"
timeout    = "20s"
max_body   = "8MiB"
concurrency = 32
per_host = 3
min_interval = "2m"
max_interval = "12h"
allow_private = ["10.1.0.0/16"]
ports = [80, 443, "8000-8999"]
user_agent = "demo/1"
hints = false
headers = { Accept-Language = "ar", X-One = "1" }

[publish]
entries = 40
max_per_source = 10

[sections.sport]
title = "رياضة"
description = "كل الرياضة"
include = [{ category = "رياضة" }, { url = "*/sport/*", title = "/gooo+al/" }]
exclude = [{ title = "إعلان" }]
entries = 7

[sections.morocco]

[sources.hespress-sport]
title    = "هسبريس رياضة"
url      = "https://www.example.org/sport/feed"
section  = "sport"
schedule = "*/10 * * * *"
weight = 1.5
enabled = false
include = [{ language = "ar" }]
exclude = [{ author = "bot" }, { text = "x" }]
strip = ["اقرأ أيضا"]
headers = { x-one = "2" }
auth = { basic = { user = "u", password_env = "FEED_PASSWORD" } }
allow_private = []
ports = "any"
timeout = "5s"
hints = true

[sources.local]
url = "file:examples/a%20b.xml"
sections = ["sport", "morocco", "latest"]
schedule = "auto"

[sources.token]
url = "https://example.org/t"
auth = { bearer_env = "TOKEN" }
schedule = "@hourly"
"#;

#[test]
fn everything_in_the_contract_is_read() {
    let config = good(CONTRACT);
    assert_eq!(config.site.title, "نشرة المغرب");
    assert_eq!(config.site.url, "http://127.0.0.1:8080");
    assert_eq!(config.site.timezone, chrono_tz::Africa::Casablanca);
    assert_eq!(config.site.contact.as_deref(), Some("mailto:admin@example.org"));
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.admin.map(|at| at.port()), Some(9464));
    assert_eq!(config.store.path, Some(PathBuf::from("/etc/nashra/data")));
    assert_eq!(config.store.keep_days, 30);
    assert_eq!((config.fetch.concurrency, config.fetch.per_host), (32, 3));

    let names: Vec<(&str, &str, usize, usize, bool)> = config
        .sections
        .iter()
        .map(|s| (&*s.id.0, &*s.title, s.limits.entries_max, s.limits.per_source_max, s.takes_all))
        .collect();
    let expected = [
        ("latest", "اخر الاخبار", 40, 10, true),
        ("sport", "رياضة", 7, 10, false),
        ("morocco", "morocco", 40, 10, false),
    ];
    assert_eq!(names, expected);
    let condition = |field, pattern| Rule::Field(Condition { field, patterns: vec![pattern] });
    let words = |text: &str| Pattern::Words(text.to_owned());
    let regex = Pattern::Regex { regex: "gooo+al".to_owned(), any_case: false };
    assert_eq!(
        config.sections[1].rules.include,
        [
            condition(Field::Category, words("رياضة")),
            Rule::All(vec![
                condition(Field::Url, Pattern::Glob("*/sport/*".to_owned())),
                condition(Field::Title, regex)
            ]),
        ]
    );
    assert!(config.warnings.is_empty(), "{}", lines(&config.warnings));
}

#[test]
fn sources_inherit_and_override() {
    let config = good(CONTRACT);
    let [sport, local, token] = &config.sources[..] else { panic!("three sources") };
    assert_eq!((sport.weight_percent, sport.enabled), (150, false));
    assert!(matches!(&sport.schedule, Schedule::Crontab(crontab) if crontab.0 == "*/10 * * * *"));
    assert_eq!(sport.fetch.timeout, Duration::from_secs(5));
    assert_eq!(sport.fetch.min_interval, Duration::from_secs(120));
    assert_eq!(sport.fetch.body_bytes_max, 8 << 20);
    assert_eq!((&sport.fetch.ports, sport.fetch.hints), (&Ports::Any, Hints::all(true)));
    assert!(sport.fetch.allow_private.is_empty());
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(sport.fetch.headers, [header("Accept-Language", "ar"), header("x-one", "2")]);
    let basic = Auth::Basic { user: "u".to_owned(), password_env: "FEED_PASSWORD".to_owned() };
    assert_eq!(sport.fetch.auth, Some(basic));
    assert_eq!(sport.strip, ["اقرأ أيضا"]);

    assert_eq!(local.location, Location::File(PathBuf::from("/etc/nashra/examples/a b.xml")));
    assert_eq!(local.sections.iter().map(|id| &*id.0).collect::<Vec<_>>(), ["sport", "morocco"]);
    assert_eq!(local.schedule, Schedule::Auto);
    assert_eq!(local.fetch.ports, Ports::Only(vec![(80, 80), (443, 443), (8000, 8999)]));
    assert_eq!(local.fetch.user_agent.as_deref(), Some("demo/1"));
    assert_eq!(local.fetch.allow_private.len(), 1);
    assert_eq!(token.fetch.auth, Some(Auth::Bearer { token_env: "TOKEN".to_owned() }));
    assert!(matches!(&token.schedule, Schedule::Crontab(_)));
}

#[test]
fn the_minimal_file_has_sensible_defaults() {
    let config = good("[sources.x]\nurl = \"https://example.org/feed\"\n");
    assert_eq!(config.site.url, "http://127.0.0.1:8080");
    assert_eq!(config.site.language, "ar");
    assert_eq!(config.site.timezone, chrono_tz::Tz::UTC);
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!((config.store.path, config.store.keep_days), (None, 90));
    assert_eq!((config.fetch.concurrency, config.fetch.per_host), (64, 2));
    assert_eq!(config.sections.len(), 1);
    assert_eq!((config.sections[0].limits.entries_max, config.sections[0].limits.per_source_max), (50, 20));
    let source = &config.sources[0];
    assert_eq!(source.schedule, Schedule::Every(Duration::from_secs(900)));
    assert_eq!((source.weight_percent, source.enabled), (100, true));
    assert!(source.sections.is_empty());
    assert_eq!(source.fetch.timeout, Duration::from_secs(30));
    assert_eq!(source.fetch.body_bytes_max, 16 << 20);
    assert_eq!(source.fetch.max_interval, Duration::from_secs(86400));
    assert_eq!(source.fetch.hints, Hints::all(true));
}

#[test]
fn latest_is_titled_in_the_sites_language_and_stays_where_it_is_placed() {
    let title = |head: &str| {
        let text = format!("{head}\n[sources.x]\nurl = \"https://example.org/feed\"\n");
        let sections = good(&text).sections;
        let at = sections.iter().position(|section| section.takes_all).unwrap();
        (at, sections[at].title.clone(), sections[at].limits.entries_max)
    };
    assert_eq!(title("site.language = \"fr-MA\""), (0, "À la une".to_owned(), 50));
    assert_eq!(title("site.language = \"en\""), (0, "Latest news".to_owned(), 50));
    let placed = "[sections.sport]\n[sections.latest]\ntitle = \"All\"\nentries = 9";
    assert_eq!(title(placed), (1, "All".to_owned(), 9));
}

#[test]
fn file_addresses_are_resolved_against_the_folder() {
    let at = |url: &str| match &good(&format!("[sources.x]\nurl = \"{url}\"\n")).sources[0].location {
        Location::File(path) => path.to_string_lossy().into_owned(),
        Location::Web(url) => panic!("{url}"),
    };
    assert_eq!(at("file:examples/a.xml"), "/etc/nashra/examples/a.xml");
    assert_eq!(at("file:./a.xml"), "/etc/nashra/./a.xml");
    assert_eq!(at("file:/srv/a.xml"), "/srv/a.xml");
    assert_eq!(at("file:///srv/a.xml"), "/srv/a.xml");
    assert_eq!(at("file://localhost/srv/%D8%A3.xml"), "/srv/أ.xml");
    assert_eq!(at("file:100%.xml"), "/etc/nashra/100%.xml");
}
