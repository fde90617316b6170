//! Tests of config.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nashra::config::{Config, read};
use nashra::model::{Auth, Condition, Field, Location, Pattern, Ports, Schedule};

/// Reads a text that must be right.
fn good(text: &str) -> Config {
    match read(text, "feeds.toml", Path::new("/etc/nashra")) {
        Ok(config) => config,
        Err(mistakes) => panic!("{}\n{text}", lines(&mistakes)),
    }
}

/// Reads a text and compares everything that is wrong with it.
fn check(text: &str, expected: &[&str]) {
    let mistakes = read(text, "feeds.toml", Path::new("/etc/nashra")).err().unwrap_or_default();
    let found: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    let expected: Vec<String> = expected.iter().map(|line| format!("feeds.toml:{line}")).collect();
    assert_eq!(found, expected, "\n{text}");
}

/// One wrong line in an otherwise good source.
fn check_source(line: &str, expected: &[&str]) {
    check(
        &format!("sections.sport.title = \"S\"\n[sources.x]\nurl = \"https://example.org/feed\"\n{line}\n"),
        expected,
    );
}

fn check_warnings(text: &str, expected: &[&str]) {
    let found: Vec<String> = good(text).warnings.iter().map(ToString::to_string).collect();
    let expected: Vec<String> = expected.iter().map(|line| format!("feeds.toml:{line}")).collect();
    assert_eq!(found, expected, "\n{text}");
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
    let condition = |field, pattern| Condition { field, pattern };
    let include: Vec<_> =
        config.sections[1].rules.include.iter().map(|rule| rule.conditions.clone()).collect();
    let words = |text: &str| Pattern::Words(text.to_owned());
    assert_eq!(
        include,
        [
            vec![condition(Field::Category, words("رياضة"))],
            vec![
                condition(Field::Url, Pattern::Glob("*/sport/*".to_owned())),
                condition(Field::Title, Pattern::Regex("gooo+al".to_owned()))
            ],
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
    assert_eq!((&sport.fetch.ports, sport.fetch.hints), (&Ports::Any, true));
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
    assert!(source.fetch.hints);
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

#[test]
fn every_mistake_is_reported_at_once_in_the_order_of_the_text() {
    check(
        r#"[site]
titel = "x"
url = "ftp://example.org"
language = "ar_MA"
timezone = "Casablanca"
contact = "admin@example.org"
[server]
listen = ":8080"
[store]
keep_days = "90"
[fetch]
timeout = 30
max_body = "16 Mo"
proxy = "http://p"
ports = [0, "9-8"]
allow_private = ["10.0.0.1", "x"]
min_interval = "2h"
max_interval = "1h"
[sections.item]
[sections.Sport_News]
[sections.most-read]
[sources."نشرة"]
url = "https://example.org/1"
[sources.b]
titl = "y"
"#,
        &[
            "2:1: site.titel: unknown key; did you mean `title`?",
            "3:7: site.url: the scheme `ftp` is not supported: write \"https://…\"",
            "4:12: site.language: `ar_MA` is no language tag (BCP 47): write one such as \"ar-MA\"",
            "5:12: site.timezone: `Casablanca` is no IANA time zone: write \"Africa/Casablanca\"",
            "6:11: site.contact: publishers must be able to reach it: write \"mailto:admin@example.org\"",
            "8:10: server.listen: `:8080` is no address to listen on: write \"0.0.0.0:8080\" for every interface",
            "10:13: store.keep_days: expected a whole number from 1 to 36500, without quotes, found a string",
            "12:11: fetch.timeout: a number alone has no unit: write \"30s\"",
            "13:12: fetch.max_body: `16 Mo` is no size: write \"16MiB\", \"500kB\" or \"1000000B\"",
            "14:1: fetch.proxy: is not supported by this version: remove the key",
            "15:10: fetch.ports: is no port: write a number from 1 to 65535 or a range \"8000-8999\"",
            "15:13: fetch.ports: is no port: write a number from 1 to 65535 or a range \"8000-8999\"",
            "16:18: fetch.allow_private: `10.0.0.1` has no prefix length: write \"10.0.0.1/32\"",
            "16:30: fetch.allow_private: `x` is no network: write one such as \"10.1.0.0/16\"",
            "17:16: fetch.min_interval: min_interval (2h) is longer than max_interval (1h): raise max_interval or \
             lower min_interval",
            "19:11: sections.item: the address /item has a meaning of its own: choose another id, such as `item-news`",
            "20:11: sections.Sport_News: an id has only a-z, 0-9 and -, and begins with a letter or digit: write \
             `sport-news`",
            "21:11: sections.most-read: is not supported by this version: remove the section",
            "22:10: sources.\"نشرة\": an id has only a-z, 0-9 and -, and begins with a letter or digit",
            "24:10: sources.b.url: is missing: write url = \"https://…\"",
            "25:1: sources.b.titl: unknown key; did you mean `title`?",
        ],
    );
}

#[test]
fn wrong_lines_of_a_source() {
    let cases: &[(&str, &[&str])] = &[
        ("schedule = \"15m\"", &["4:12: sources.x.schedule: `15m` is only a duration: write \"every 15m\""]),
        ("schedule = 15", &["4:12: sources.x.schedule: a number alone has no unit: write \"every 15m\""]),
        (
            "schedule = \"0 */10 * * * *\"",
            &["4:12: sources.x.schedule: six fields: drop the seconds: write `*/10 * * * *`"],
        ),
        (
            "schedule = \"61 * * * *\"",
            &["4:12: sources.x.schedule: the minute `61`: 61 is out of range; allowed are 0-59"],
        ),
        (
            "schedule = \"0 0 30 2 *\"",
            &["4:12: sources.x.schedule: `0 0 30 2 *` never fires: no month that it names has such a day"],
        ),
        (
            "section = \"sprot\"",
            &["4:11: sources.x.section: there is no section `sprot`; did you mean `sport`?"],
        ),
        (
            "sections = [\"sport\", \"qqq\"]",
            &["4:22: sources.x.sections: there is no section `qqq`: write [sections.qqq] or name another"],
        ),
        ("sections = []", &["4:12: sources.x.sections: is empty: name a section or remove the key"]),
        (
            "sections = [\"sport\", \"sport\"]",
            &["4:22: sources.x.sections: `sport` is named twice: remove one"],
        ),
        (
            "section = \"sport\"\nsections = [\"sport\"]",
            &[
                "5:12: sources.x.sections: stands beside `section`: write all of them in `sections` and remove \
               `section`",
            ],
        ),
        (
            "enabled = \"no\"",
            &["4:11: sources.x.enabled: expected true or false, without quotes, found a string"],
        ),
        (
            "weight = 0",
            &["4:10: sources.x.weight: is out of range: write a number above 0 and up to 100; 1 is ordinary"],
        ),
        (
            "weight = nan",
            &["4:10: sources.x.weight: is out of range: write a number above 0 and up to 100; 1 is ordinary"],
        ),
        (
            "include = [{ titel = \"x\" }]",
            &["4:14: sources.x.include.titel: unknown field; did you mean `title`?"],
        ),
        (
            "exclude = [{}]",
            &["4:12: sources.x.exclude: an empty rule would match everything: write { title = \"…\" }"],
        ),
        (
            "exclude = [{ title = \"/(/\" }]",
            &[
                "4:22: sources.x.exclude.title: the regex between the slashes does not compile: unclosed group; \
               correct it, or write plain words",
            ],
        ),
        (
            "exclude = { title = \"x\" }",
            &["4:11: sources.x.exclude: expected a list: write [{ title = \"…\" }], found a table"],
        ),
        (
            "headers = { Authorization = \"Bearer x\" }",
            &["4:29: sources.x.headers.Authorization: secrets do not belong into this file: write auth = { \
               bearer_env = \"NAME\" } or auth = { basic = { user = \"…\", password_env = \"NAME\" } } in the source"],
        ),
        (
            "auth = { basic = { user = \"u\", password = \"p\" } }",
            &[
                "4:32: sources.x.auth.basic.password: does not belong here: write it as password_env = \"NAME\": \
               secrets come from the environment, never from this file",
            ],
        ),
        (
            "full_content = true",
            &["4:1: sources.x.full_content: is not supported by this version: remove the key"],
        ),
        ("concurrency = 3", &["4:1: sources.x.concurrency: does not belong here: write it in [fetch]"]),
        (
            "max_interval = \"30s\"",
            &["4:16: sources.x.max_interval: min_interval (1m) is longer than max_interval (30s): raise \
               max_interval or lower min_interval"],
        ),
        ("timeout = \"1h\"", &["4:11: sources.x.timeout: is too long: write \"10m\" or shorter"]),
    ];
    for (line, expected) in cases {
        check_source(line, expected);
    }
}

#[test]
fn wrong_addresses() {
    let cases: &[(&str, &str)] = &[
        ("feed:https://example.org/f", "is for browsers that subscribe: write \"https://example.org/f\""),
        ("webcal://example.org/f", "is for browsers that subscribe: write \"https://example.org/f\""),
        (
            "www.example.org/feed",
            "`www.example.org/feed` has no scheme: write \"https://www.example.org/feed\"",
        ),
        ("examples/a.xml", "`examples/a.xml` has no scheme: write \"file:examples/a.xml\""),
        ("gopher://example.org/", "the scheme `gopher` is not supported: write \"https://…\""),
        ("http://", "`http://` is no URL (empty host): write \"https://example.org/feed\""),
        ("", "is empty: write \"https://example.org/feed\""),
        (
            "https://u:p@example.org/",
            "holds a name or password: take it out of the address and write auth = { basic = { user = \"…\", \
             password_env = \"NAME\" } }",
        ),
        (
            "http://127.0.0.1:8080/latest.rss",
            "is one of our own outputs (it begins with site.url): name the source itself",
        ),
        (
            "file://examples/a.xml",
            "`file://examples/a.xml` names a host: write \"file:examples/a.xml\" or \"file:///…\"",
        ),
        ("file:", "`file:` names no file: write \"file:examples/feed.xml\""),
    ];
    for (url, message) in cases {
        let expected = format!("2:7: sources.x.url: {message}");
        check(&format!("[sources.x]\nurl = \"{url}\"\n"), &[&expected]);
    }
}

#[test]
fn syntax_errors_come_with_the_rest() {
    check(
        "[sources.a]\nurl = https://example.org\n[sources.a]\n[sourcs.b]\n",
        &[
            "2:7: this is not TOML: string values must be quoted, expected literal string: write \"…\" around it",
            "3:10: this is not TOML: duplicate key: each name may stand only once: rename or remove one",
            "4:2: sourcs: unknown key; did you mean `sources`?",
        ],
    );
}

#[test]
fn a_file_without_sources_is_a_mistake() {
    let none = "1:1: sources: there are none: write [sources.ID] with url = \"https://…\"";
    check("", &[none]);
    check("\u{feff}", &[none]);
    check("# all gone\n", &[none]);
    check("[sources]\n", &["1:1: sources: there are none: write [sources.ID] with url = \"https://…\""]);
    check("sources = 3\n", &["1:11: sources: expected a table: write [sources], found a number"]);
}

#[test]
fn columns_are_counted_in_characters() {
    check(
        "\u{feff}site = { title = \"نشرة المغرب\", urk = 1 }\r\nsources.x.url = \"https://example.org/\"\r\n",
        &["1:33: site.urk: unknown key; did you mean `url`?"],
    );
}

#[test]
fn what_is_hardly_meant_is_a_warning() {
    check_warnings(
        "[fetch]\nmin_interval = \"0s\"\n[sources.a]\nurl = \"http://example.org:99/\"\nauth = { bearer_env = \"T\" }\n\
         [sources.b]\nurl = \"http://example.org:99/\"\nports = [99]\nmin_interval = \"1m\"\nschedule = \"every 2s\"\n",
        &[
            "2:16: fetch.min_interval: switches the protection of the sources off: nothing bounds how often one is asked",
            "4:7: sources.a.url: port 99 is not among `ports`, so it will not be asked: write ports = [99]",
            "5:8: sources.a.auth: goes over the network in the clear: write url = \"https://…\"",
            "6:10: sources.b: has the same url as sources.a: it is asked twice for the same entries",
            "10:12: sources.b.schedule: is more often than min_interval allows: it is asked every 1m",
        ],
    );
}

#[test]
fn limits_are_stated() {
    let many = (0..20_001).fold(String::new(), |mut all, n| {
        let _ = writeln!(all, "sources.s{n}.url = \"https://example.org/{n}\"");
        all
    });
    check(&many, &["1:1: sources: 20001 sources: at most 20000 are allowed"]);
    let sections = (0..501).fold(String::new(), |mut all, n| {
        let _ = writeln!(all, "sections.s{n}.title = \"x\"");
        all
    });
    check(
        &format!("{sections}sources.x.url = \"https://example.org/\"\n"),
        &["1:1: sections: 501 sections: at most 500 are allowed"],
    );
    check(
        &" ".repeat(nashra::config::FILE_BYTES_MAX + 1),
        &["1:1: the file is larger than 16 MiB: split it"],
    );
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(300))]

    /// Any text is either a configuration or a list of mistakes whose places lie within it.
    #[test]
    fn any_text_is_answered(text in "(\\[(sources|sections|fetch|site)\\.?[a-z.]{0,3}\\]\n|[a-z_]{1,9} ?= ?(\"[^\n]{0,9}|[0-9]|\\[|\\{|true)?[\\]}\"]?\n|\\PC{0,9}\n){0,8}") {
        if let Err(mistakes) = read(&text, "feeds.toml", Path::new("")) {
            let count = text.split('\n').count();
            assert!(!mistakes.is_empty());
            for mistake in &mistakes {
                assert!((1..=count).contains(&mistake.line) && mistake.column >= 1, "{mistake}");
            }
            assert!(mistakes.is_sorted_by_key(|mistake| (mistake.line, mistake.column)));
        }
    }
}
