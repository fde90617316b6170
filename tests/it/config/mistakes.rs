//! Tests of config: wrong files and the exact list of what is said about them.

use std::fmt::Write as _;
use std::path::Path;

use nashra::config::read;

use super::good;

/// Reads a text and compares everything that is wrong with it.
pub(super) fn check(text: &str, expected: &[&str]) {
    let mistakes = read(text, "feeds.toml", Path::new("/etc/nashra")).err().unwrap_or_default();
    let found: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    let expected: Vec<String> = expected.iter().map(|line| format!("feeds.toml:{line}")).collect();
    assert_eq!(found, expected, "\n{text}");
}

/// One wrong line in an otherwise good source.
pub(super) fn check_source(line: &str, expected: &[&str]) {
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

#[test]
fn our_own_listener_is_no_source() {
    let ours = |listen: &str, url: &str, is_ours: bool| {
        let text = format!(
            "site.url = \"https://n.example\"\nserver.listen = \"{listen}\"\nsources.x.url = \"{url}\"\n"
        );
        let message = "3:17: sources.x.url: is one of our own outputs (server.listen answers there): name the source itself";
        let expected: Vec<&str> = is_ours.then_some(message).into_iter().collect();
        check(&text, &expected);
    };
    for url in
        ["http://127.0.0.1:81/a", "http://localhost:81/", "http://LOCALHOST.:81/", "http://0.0.0.0:81/a"]
    {
        ours("127.0.0.1:81", url, true);
        ours("0.0.0.0:81", url, true);
        ours("[::]:81", url, true);
        ours("127.0.0.1:82", url, false);
    }
    for url in ["http://[::1]:81/a", "http://[::ffff:7f00:1]:81/a"] {
        ours("[::]:81", url, true);
    }
    ours("[::1]:81", "http://[::1]:81/a", true);
    ours("[::1]:81", "http://127.0.0.1:81/a", false);
    ours("0.0.0.0:81", "http://127.3.2.1:81/a", true);
    ours("0.0.0.0:81", "http://[::1]:81/a", false);
    ours("0.0.0.0:81", "http://192.0.2.1:81/a", false);
    ours("192.0.2.1:80", "http://192.0.2.1/a", true);
    ours("192.0.2.1:81", "http://127.0.0.1:81/a", false);
    ours("192.0.2.1:81", "http://localhost:81/a", false);
    // What is for the admin alone would be shown to everybody.
    check(
        "server.listen = \"127.0.0.1:80\"\nserver.admin = \"127.0.0.1:9464\"\nsources.x.url = \"http://localhost:9464/admin.atom\"\n",
        &[
            "3:17: sources.x.url: is one of our own outputs (server.admin answers there): name the source itself",
        ],
    );
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
proxy = "ftp://p"
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
            r#"14:9: fetch.proxy: `ftp://p` is no proxy: write "http://proxy.example:3128", "socks5://127.0.0.1:1080" or "none""#,
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

/// A line of a source and what is said about it.
const WRONG_LINES: &[(&str, &[&str])] = &[
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
    ("section = \"sprot\"", &["4:11: sources.x.section: there is no section `sprot`; did you mean `sport`?"]),
    (
        "sections = [\"sport\", \"qqq\"]",
        &["4:22: sources.x.sections: there is no section `qqq`: write [sections.qqq] or name another"],
    ),
    ("sections = []", &["4:12: sources.x.sections: is empty: name a section or remove the key"]),
    ("sections = [\"sport\", \"sport\"]", &["4:22: sources.x.sections: `sport` is named twice: remove one"]),
    (
        "section = \"sport\"\nsections = [\"sport\"]",
        &["5:12: sources.x.sections: stands beside `section`: write all of them in `sections` and remove \
               `section`"],
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
        &["4:22: sources.x.exclude.title: the regex between the slashes does not compile: unclosed group; \
               correct it, or write plain words"],
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
        &["4:32: sources.x.auth.basic.password: does not belong here: write it as password_env = \"NAME\": \
               secrets come from the environment, never from this file"],
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

#[test]
fn wrong_lines_of_a_source() {
    for (line, expected) in WRONG_LINES {
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
        ("example.org:81/f", "`example.org:81/f` has no scheme: write \"https://example.org:81/f\""),
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
            "2:7: this is not TOML: string values must be quoted: write \"…\" around it",
            "3:10: this is not TOML: duplicate key: each name may stand only once: rename or remove one",
            "4:2: sourcs: unknown key; did you mean `sources`?",
        ],
    );
}

#[test]
fn broken_toml_does_not_hide_or_invent_mistakes() {
    check(
        "[sources.x]\nurl = \nschedule = \"15m\"\n",
        &[
            "2:7: this is not TOML: string values must be quoted: write \"…\" around it",
            "3:12: sources.x.schedule: `15m` is only a duration: write \"every 15m\"",
        ],
    );
    check(
        "[sections.sport\n[sources.x]\nurl = 'https://a.b/'\nsection = \"sport\"\n",
        &["1:16: this is not TOML: unclosed table, expected `]`"],
    );
    check(
        "[sources]\nurl = \"https://a.b\"\n",
        &["2:7: sources.url: expected a table: write [sources.ID] above the keys, found a string"],
    );
}

#[test]
fn a_file_without_sources_is_a_mistake() {
    let none = "1:1: sources: there are none: write [sources.ID] with url = \"https://…\"";
    check("", &[none]);
    check("\u{feff}", &[none]);
    check("# all gone\n", &[none]);
    check("[sources]\n", &["1:1: sources: there are none: write [sources.ID] with url = \"https://…\""]);
    check("sources = 3\n", &["1:11: sources: expected a table: write [sources.ID], found a number"]);
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
