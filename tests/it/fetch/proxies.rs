//! Proxies: asked for checked addresses alone, told what is theirs and nothing else, and named when they fail.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use nashra::edge::fetch::{Fetcher, Lookup};
use nashra::model::*;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::tls::{AUTHORITY, site};
use super::{SET, body, error, fetcher, fetcher_within, source};
use crate::kit::origin::{Origin, Reply};
use crate::kit::proxy::{Lead, ProxyServer};

const KINDS: [ProxyKind; 2] = [ProxyKind::Http, ProxyKind::Socks5];

async fn ask(fetcher: &Fetcher, source: &Source) -> Retrieved {
    fetcher.fetch(source, &Validators::default()).await.0
}

fn through(proxy: &ProxyServer, url: &str) -> Source {
    let mut source = source(url);
    source.fetch.proxy = Some(proxy.proxy());
    source
}

fn with_auth(mut source: Source, user: &str, env: &str) -> Source {
    source.fetch.proxy.as_mut().unwrap().auth = Some((user.to_owned(), env.to_owned()));
    source
}

fn looking_up(lookup: Lookup) -> Fetcher {
    fetcher_within(|surroundings, _| {
        surroundings.lookup = lookup;
        surroundings.roots = vec![CertificateDer::from(AUTHORITY)];
    })
}

/// All names are public; nothing is ever connected there, for the proxies of these tests lead elsewhere.
fn public() -> Fetcher {
    looking_up(Arc::new(|_| Ok(vec![[192, 0, 2, 1].into(), [93, 184, 215, 14].into()])))
}

#[tokio::test]
async fn https_goes_to_the_checked_address_and_keeps_its_name() {
    for kind in KINDS {
        let site = site(&[b"h2", b"http/1.1"]).await;
        let (address, port) = (site.address, site.address.port());
        let proxy = ProxyServer::start(kind, move |_| Lead::To(address));
        let mut source = with_auth(through(&proxy, &format!("https://feeds.test:{port}/feed")), "me", SET);
        source.fetch.allow_private = vec![];
        source.fetch.auth = Some(Auth::Bearer { token_env: "CARGO_MANIFEST_DIR".to_owned() });
        let fetcher = public();
        for _ in 0..2 {
            assert_eq!(body(ask(&fetcher, &source).await).bytes, "over TLS");
        }
        // Of the name's two addresses one is not public.
        assert_eq!(proxy.targets(), [format!("93.184.215.14:{port}")], "one connection serves both");
        assert_eq!(*site.asked.lock().unwrap(), ["HTTP/2.0 /feed", "HTTP/2.0 /feed"]);
        let head = &proxy.asked()[0].head;
        match kind {
            ProxyKind::Http => {
                assert!(head.starts_with(&format!("CONNECT 93.184.215.14:{port} HTTP/1.1\r\nHost: 93.184.")));
                assert!(head.contains("\r\nProxy-Authorization: Basic bWU6"), "{head}");
                assert!(!head.contains("feeds") && !head.contains("Bearer"), "{head}");
            }
            ProxyKind::Socks5 => assert_eq!(*head, format!("me:{}", std::env::var(SET).unwrap())),
        }
    }
}

#[tokio::test]
async fn http_is_asked_for_by_name_after_the_check() {
    let origin = Origin::start(|_| Reply::ok("plain"));
    let address = origin.address;
    let proxy = ProxyServer::start(ProxyKind::Http, move |_| Lead::To(address));
    let mut source = with_auth(through(&proxy, &origin.named("feeds.test", "/feed?a=b#c")), "me", SET);
    source.fetch.allow_private = vec![];
    source.fetch.auth = Some(Auth::Bearer { token_env: SET.to_owned() });
    let fetcher = public();
    for _ in 0..2 {
        assert_eq!(body(ask(&fetcher, &source).await).bytes, "plain");
    }
    let name = format!("feeds.test:{}", address.port());
    assert_eq!(proxy.targets(), [&*name, &*name], "each request is checked, so each has its own connection");
    let head = proxy.asked()[0].head.to_lowercase();
    assert!(head.starts_with(&format!("get http://{name}/feed?a=b http/1.1\r\n")), "{head}");
    assert!(head.contains(&format!("\r\nhost: {name}\r\n")), "{head}");
    assert!(head.contains("\r\nproxy-authorization: basic bwu6"), "{head}");
    assert_eq!(origin.asked()[0].path, "/feed?a=b");
}

#[tokio::test]
async fn http_through_socks_is_asked_as_ever() {
    let origin = Origin::start(|_| Reply::ok("plain"));
    let address = origin.address;
    let proxy = ProxyServer::start(ProxyKind::Socks5, move |_| Lead::To(address));
    let fetcher = looking_up(Arc::new(|_| Ok(vec!["2606:2800:21f::1".parse().unwrap()])));
    let source = through(&proxy, &origin.named("feeds.test", "/feed"));
    assert_eq!(body(ask(&fetcher, &source).await).bytes, "plain");
    assert_eq!(body(ask(&fetcher, &source).await).bytes, "plain");
    assert_eq!(proxy.targets(), [format!("[2606:2800:21f::1]:{}", address.port())]);
    let asked = &origin.asked()[0];
    assert_eq!(
        (asked.path.as_str(), asked.header("host")),
        ("/feed", format!("feeds.test:{}", address.port()))
    );
    assert_eq!(asked.header("proxy-authorization"), "");
}

#[tokio::test]
async fn what_is_refused_without_a_proxy_is_refused_with_one() {
    let inside = Origin::start(|_| Reply::ok("secret"));
    let inner = inside.address;
    for kind in KINDS {
        let proxy = ProxyServer::start(kind, move |_| Lead::To(inner));
        let fetcher = fetcher();
        for host in
            ["127.0.0.1", "inside.test", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"]
        {
            for scheme in ["http", "https"] {
                let mut source = through(&proxy, &format!("{scheme}://{host}:{}/", inner.port()));
                source.fetch.allow_private = vec![];
                let error = error(ask(&fetcher, &source).await);
                assert_eq!(error.kind, FetchErrorKind::Forbidden, "{error}");
                assert!(error.message.contains("add it to allow_private"), "{error}");
            }
        }
        assert!(proxy.asked().is_empty(), "{:?}", proxy.targets());
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn redirects_go_through_the_same_proxy_and_checks() {
    let inside = Origin::start(|_| Reply::ok("secret"));
    for kind in KINDS {
        let target = inside.url("/");
        let outside = Origin::start(move |asked| match asked.path.as_str() {
            "/in" => Reply::redirect(302, &target),
            "/on" => Reply::redirect(302, "http://other.test:8000/feed"),
            _ => Reply::ok("arrived"),
        });
        let address = outside.address;
        let proxy = ProxyServer::start(kind, move |_| Lead::To(address));
        let fetcher = public();
        let mut source = through(&proxy, &outside.named("feeds.test", "/on"));
        source.fetch.allow_private = vec![];
        assert_eq!(body(ask(&fetcher, &source).await).bytes, "arrived");
        let host = if kind == ProxyKind::Http { "other.test" } else { "93.184.215.14" };
        assert_eq!(proxy.targets()[1..], [format!("{host}:8000")]);
        source.location = Location::Web(outside.named("feeds.test", "/in").parse().unwrap());
        let error = error(ask(&fetcher, &source).await);
        assert_eq!(error.kind, FetchErrorKind::Forbidden, "{error}");
        assert!(error.message.contains("(redirect 1 from feeds.test:"), "{error}");
        assert!(proxy.targets().iter().all(|target| !target.starts_with("127.")), "{:?}", proxy.targets());
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn a_name_has_several_addresses() {
    let site = site(&[b"http/1.1"]).await;
    let address = site.address;
    let several = ["8.8.0.1", "10.0.0.1", "8.8.0.2", "2001:4860::1", "8.8.0.3", "2001:4860::2"];
    let several: Vec<IpAddr> = several.map(|ip| ip.parse().unwrap()).into();
    let fetcher = looking_up(Arc::new(move |_| Ok(several.clone())));
    let proxy = ProxyServer::start(ProxyKind::Socks5, move |asked| {
        if asked.target.starts_with("8.8.0.2:") { Lead::To(address) } else { Lead::Says(vec![4]) }
    });
    let mut source = through(&proxy, &format!("https://feeds.test:{}/", address.port()));
    body(ask(&fetcher, &source).await);
    let hosts = |proxy: &ProxyServer| -> Vec<String> {
        proxy.targets().iter().map(|target| target.rsplit_once(':').unwrap().0.to_owned()).collect()
    };
    assert_eq!(hosts(&proxy), ["8.8.0.1", "[2001:4860::1]", "8.8.0.2"]);

    let proxy = ProxyServer::start(ProxyKind::Http, |_| Lead::Says(b"HTTP/1.1 502 Bad\r\n\r\n".to_vec()));
    source.fetch.proxy = Some(proxy.proxy());
    let error = error(ask(&fetcher, &source).await);
    assert!(
        error.message.contains("answered 502 (Bad Gateway) when it was to connect to [2001:4860::2]:"),
        "{error}"
    );
    assert_eq!(hosts(&proxy), ["8.8.0.1", "[2001:4860::1]", "8.8.0.2", "[2001:4860::2]"]);
    source.fetch.network = Network::V6;
    super::error(ask(&fetcher, &source).await);
    assert_eq!(hosts(&proxy)[4..], ["[2001:4860::1]", "[2001:4860::2]"]);
}

#[tokio::test]
async fn proxies_that_fail_are_named() {
    let check = async |kind, lead: Lead, auth: Option<&str>, words: &str| {
        let proxy = ProxyServer::start(kind, move |_| lead.clone());
        let mut source = through(&proxy, "https://feeds.test/");
        if let Some(user) = auth {
            source = with_auth(source, user, SET);
        }
        let fetcher = fetcher_within(|around, _| around.patience.connect = Duration::from_millis(500));
        let error = error(ask(&fetcher, &source).await);
        assert_eq!(error.kind, FetchErrorKind::Connect, "{error}");
        let expected = format!("feeds.test was not asked: its proxy {} {words}", proxy.address);
        assert_eq!(error.message, expected);
    };
    let http = ProxyKind::Http;
    let says = |answer: &str| Lead::Says(answer.as_bytes().to_vec());
    let to = "when it was to connect to 127.0.0.1:443";
    check(http, says("HTTP/1.1 403 No\r\nA: b\r\n\r\n"), None, &format!("answered 403 (Forbidden) {to}"))
        .await;
    check(
        http,
        says("HTTP/1.0 503 x\r\n\r\nmore"),
        None,
        &format!("answered 503 (Service Unavailable) {to}"),
    )
    .await;
    let wants = says("HTTP/1.1 407 x\r\n\r\n");
    let answered = "answered 407 (Proxy Authentication Required): it";
    check(http, wants.clone(), None, &format!("{answered} wants credentials, set proxy_auth")).await;
    let refuses = format!("{answered} does not accept our credentials, check proxy_auth");
    check(http, wants, Some("me"), &refuses).await;
    check(http, says("SSH-2.0-x\r\n\r\n"), None, "does not speak HTTP: check proxy").await;
    let more = says("HTTP/1.1 200 OK\r\n\r\nalready");
    check(http, more, None, "answered with more than a head: check proxy").await;
    let endless = says(&format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(20_000)));
    check(http, endless, None, "answered with more than a head: check proxy").await;
    check(http, says("HTTP/1.1 200 OK\r\n"), None, "closed the connection before it was through").await;
    check(http, Lead::Hangs, None, "did not connect within 400ms").await;

    let socks = ProxyKind::Socks5;
    check(socks, Lead::Says(vec![2]), None, "could not connect: its rules forbid it").await;
    check(socks, Lead::Says(vec![5]), None, "could not connect: the host refuses connections").await;
    check(socks, Lead::Says(vec![99]), None, "could not connect: it does not say why").await;
    check(socks, Lead::Says(vec![1]), Some("wrong"), "does not accept our credentials: check proxy_auth")
        .await;
    check(socks, Lead::Hangs, None, "did not connect within 400ms").await;
}

#[tokio::test]
async fn what_is_no_proxy_is_named() {
    let site = Origin::start(|_| Reply::ok("x"));
    let check = async |kind, host: &str, port, words: &str| {
        let mut source = source("https://feeds.test/");
        source.fetch.proxy = Some(Proxy { kind, host: host.to_owned(), port, auth: None });
        let error = error(ask(&fetcher(), &source).await);
        assert_eq!(error.kind, FetchErrorKind::Connect, "{error}");
        assert_eq!(error.message, format!("feeds.test was not asked: its proxy {words}"));
    };
    check(ProxyKind::Http, "127.0.0.1", 1, "127.0.0.1:1 refuses connections: is it down?").await;
    let gone = "proxy.example:3128 does not resolve (no such name): check proxy";
    check(ProxyKind::Http, "proxy.example", 3128, gone).await;
    let speaks_http = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = speaks_http.local_addr().unwrap();
    std::thread::spawn(move || {
        use std::io::Write as _;
        while let Ok((mut stream, _)) = speaks_http.accept() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let other = format!("{address} does not speak SOCKS 5: check proxy");
    check(ProxyKind::Socks5, "127.0.0.1", address.port(), &other).await;
    assert_eq!(site.connections(), 0);

    let mut source = source("https://feeds.test/");
    source.fetch.proxy = Some(Proxy {
        kind: ProxyKind::Http,
        host: "127.0.0.1".to_owned(),
        port: 1,
        auth: Some(("me".to_owned(), "NASHRA_NO_SUCH_SECRET".to_owned())),
    });
    let error = error(ask(&fetcher(), &source).await);
    assert_eq!(error.kind, FetchErrorKind::Unsendable);
    assert!(error.message.contains("set the environment variable NASHRA_NO_SUCH_SECRET"), "{error}");
}

#[tokio::test]
async fn a_proxy_that_wants_credentials_for_http_is_told_from_the_source() {
    let wants = b"HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n".to_vec();
    let proxy = ProxyServer::start(ProxyKind::Http, move |_| Lead::Says(wants.clone()));
    let error = error(ask(&fetcher(), &through(&proxy, "http://feeds.test/")).await);
    assert!(
        error.message.contains("its proxy wants credentials that it accepts, check proxy_auth"),
        "{error}"
    );
}

#[tokio::test]
async fn only_who_may_go_everywhere_leaves_names_to_the_proxy() {
    for kind in KINDS {
        let site = site(&[b"http/1.1"]).await;
        let (address, port) = (site.address, site.address.port());
        let proxy = ProxyServer::start(kind, move |_| Lead::To(address));
        let fetcher = looking_up(Arc::new(|_| Err(io::Error::other("no such name"))));
        let mut source = through(&proxy, &format!("https://only.feeds.test:{port}/"));
        for allowed in [&["0.0.0.0/0"][..], &["::/0"], &["0.0.0.0/1", "128.0.0.0/1", "::/0"]] {
            source.fetch.allow_private = allowed.iter().map(|net| net.parse().unwrap()).collect();
            let error = error(ask(&fetcher, &source).await);
            assert!(error.message.contains("does not resolve (no such name)"), "{error}");
        }
        assert_eq!(proxy.asked().len(), 0);
        source.fetch.allow_private = ["0.0.0.0/0", "::/0"].map(|net| net.parse().unwrap()).into();
        assert_eq!(body(ask(&fetcher, &source).await).bytes, "over TLS");
        assert_eq!(proxy.targets(), [format!("only.feeds.test:{port}")]);
        source.fetch.network = Network::V4;
        assert!(error(ask(&fetcher, &source).await).message.contains("does not resolve"));
        assert_eq!(site.connections.load(Ordering::SeqCst), 1);
    }
}
