//! Tests of config: manners and ways, the keys that say how a source is asked.

use std::path::PathBuf;

use nashra::model::{ClientCert, FetchPolicy, Hints, Network, Proxy, ProxyKind};

use super::good;
use super::mistakes::check_source;

/// The policy of a source with `lines`, under a `[fetch]` with `defaults`.
fn policy(defaults: &str, lines: &str) -> FetchPolicy {
    let text = format!("[fetch]\n{defaults}\n[sources.x]\nurl = \"https://example.org/feed\"\n{lines}\n");
    good(&text).sources[0].fetch.clone()
}

#[test]
fn single_hints_are_switched_off() {
    let check = |defaults: &str, lines: &str, expected: Hints| {
        assert_eq!(policy(defaults, lines).hints, expected, "{defaults} {lines}");
    };
    let all = Hints::all(true);
    check("", "", all);
    check("", "hints = false", Hints::all(false));
    check("", "hints = { ttl = false, skip_days = false }", Hints { ttl: false, skip_days: false, ..all });
    // A source begins with what [fetch] says.
    check(
        "hints = { ttl = false }",
        "hints = { cache_control = false }",
        Hints { ttl: false, cache_control: false, ..all },
    );
    check(
        "hints = false",
        "hints = { retry_after = true }",
        Hints { retry_after: true, ..Hints::all(false) },
    );
    check("hints = { update_period = false }", "hints = true", all);
}

#[test]
fn proxies_are_read() {
    let check = |lines: &str, expected: Option<(ProxyKind, &str, u16)>| {
        let found = policy("proxy = \"http://default.example:8\"", lines).proxy;
        let expected =
            expected.map(|(kind, host, port)| Proxy { kind, host: host.to_owned(), port, auth: None });
        assert_eq!(found, expected, "{lines}");
    };
    check("", Some((ProxyKind::Http, "default.example", 8)));
    check("proxy = \"none\"", None);
    check("proxy = \"http://p.example\"", Some((ProxyKind::Http, "p.example", 80)));
    check("proxy = \"socks5://10.0.0.1\"", Some((ProxyKind::Socks5, "10.0.0.1", 1080)));
    check("proxy = \"socks5h://[::1]:9050/\"", Some((ProxyKind::Socks5, "::1", 9050)));
    let lines =
        "proxy = \"http://p.example\"\nproxy_auth = { user = \"u\", password_env = \"PROXY_PASSWORD\" }";
    let auth = policy("", lines).proxy.and_then(|proxy| proxy.auth);
    assert_eq!(auth, Some(("u".to_owned(), "PROXY_PASSWORD".to_owned())));
}

#[test]
fn certificates_networks_and_encodings_are_read() {
    let cert = |lines: &str| policy("", lines).client_cert;
    let both =
        |cert: &str, key: &str| Some(ClientCert { cert: PathBuf::from(cert), key: PathBuf::from(key) });
    assert_eq!(
        cert("client_cert = \"tls/me.pem\""),
        both("/etc/nashra/tls/me.pem", "/etc/nashra/tls/me.pem")
    );
    assert_eq!(
        cert("client_cert = \"me.pem\"\nclient_key = \"/run/key.pem\""),
        both("/etc/nashra/me.pem", "/run/key.pem")
    );
    let network = |lines: &str| policy("network = \"ipv4\"", lines).network;
    assert_eq!(
        [network(""), network("network = \"ipv6\""), network("network = \"any\"")],
        [Network::V4, Network::V6, Network::Any]
    );
    let encoding = |lines: &str| policy("", lines).encoding;
    assert_eq!(encoding("encoding = \"cp1256\"").as_deref(), Some("windows-1256"));
    assert_eq!(encoding(""), None);
    let ways = policy("robots = true", "cookies = true\ninsecure_tls = true");
    assert!(ways.robots && ways.cookies && ways.insecure_tls);
}

#[test]
fn what_makes_no_sense_is_a_mistake() {
    let proxy = "write \"http://proxy.example:3128\", \"socks5://127.0.0.1:1080\" or \"none\"";
    check_source(
        "proxy = \"proxy.example:3128\"",
        &[&format!("4:9: sources.x.proxy: `proxy.example:3128` is no proxy: {proxy}")],
    );
    check_source(
        "proxy = \"https://p.example/path\"",
        &[&format!("4:9: sources.x.proxy: `https://p.example/path` is no proxy: {proxy}")],
    );
    check_source(
        "proxy = \"http://u:p@p.example\"",
        &[
            "4:9: sources.x.proxy: holds a name or password: take it out and write proxy_auth = { user = \"…\", \
           password_env = \"NAME\" }",
        ],
    );
    check_source(
        "proxy_auth = { user = \"u\", password_env = \"P\" }",
        &["4:14: sources.x.proxy_auth: stands without `proxy`: name one"],
    );
    check_source(
        "client_key = \"a.pem\"",
        &["4:14: sources.x.client_key: stands without `client_cert`: name the certificate"],
    );
    check_source(
        "network = \"v4\"",
        &["4:11: sources.x.network: `v4` is no network: write \"ipv4\", \"ipv6\" or \"any\""],
    );
    check_source(
        "encoding = \"arabic-1\"",
        &["4:12: sources.x.encoding: `arabic-1` is no encoding of the Encoding Standard: write one such as \
           \"windows-1256\""],
    );
    check_source(
        "hints = { max_age = false }",
        &["4:11: sources.x.hints.max_age: does not belong here: write it as cache_control = false"],
    );
    check_source(
        "hints = \"none\"",
        &["4:9: sources.x.hints: expected a table: write { ttl = false }, or hints = \
        false for all of them, found a string"],
    );
}

#[test]
fn believing_any_certificate_is_warned_of() {
    let text = "[sources.x]\nurl = \"https://example.org/\"\ninsecure_tls = true\n";
    let warnings: Vec<String> = good(text).warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "feeds.toml:3:16: sources.x.insecure_tls: believes any certificate: whoever sits on the way can read and \
          change what comes"
        ]
    );
}

#[test]
fn pushes_are_wanted_where_hubs_can_reach_us() {
    let check = |site: &str, fetch: &str, source: &str, expected: bool| {
        let text = format!(
            "[site]\nurl = \"{site}\"\n[fetch]\n{fetch}\n[sources.x]\nurl = \"https://example.org/feed\"\n{source}\n\
             [sources.file]\nurl = \"file:x.xml\"\npush = true\n"
        );
        let config = good(&text);
        assert_eq!(config.sources[0].fetch.push, expected, "{site} {fetch} {source}");
        assert!(!config.sources[1].fetch.push, "a file has no hub");
        assert_eq!(config.unreachable.is_some(), site.contains("127.0.0.1"));
    };
    let (public, private) = ("https://news.example.org", "http://127.0.0.1:8080");
    check(public, "", "", true);
    check(private, "", "", false);
    check(public, "push = \"auto\"", "", true);
    check(private, "push = \"auto\"", "", false);
    check(private, "push = true", "", true);
    check(public, "push = false", "", false);
    check(public, "push = false", "push = true", true);
    check(public, "push = false", "push = \"auto\"", true);
    check(private, "push = true", "push = \"auto\"", false);
    check(private, "push = true", "push = false", false);
    check_source(
        "push = \"on\"",
        &["4:8: sources.x.push: `on` is unknown here: write true, false or \"auto\""],
    );
    check_source("push = 1", &["4:8: sources.x.push: expected true, false or \"auto\", found a number"]);
    check_source("psuh = true", &["4:1: sources.x.psuh: unknown key; did you mean `push`?"]);
}
