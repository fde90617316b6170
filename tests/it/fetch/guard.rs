//! Addresses that sources may not live at: refused before anything is connected.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use nashra::model::*;

use super::{body, error, fetcher, fetcher_within, source};
use crate::kit::origin::{Gate, Origin, Reply};

fn refused(retrieved: Retrieved, words: &str) {
    assert_eq!(retrieved.status.filter(|status| *status != 302), None);
    let error = error(retrieved);
    assert_eq!(error.kind, FetchErrorKind::Forbidden, "{error}");
    assert!(error.message.contains(words), "{error}");
}

#[tokio::test]
async fn loopback_is_refused_in_every_spelling() {
    let origin = Origin::start(|_| Reply::ok("secret"));
    let fetcher = fetcher();
    let hosts = "127.0.0.1 127.1 127.0.1 2130706433 0x7f.1 0x7f000001 0177.0.0.1 127.0.0.1. \
            [::ffff:127.0.0.1] [::ffff:7f00:1] [::1] [::127.0.0.1] [64:ff9b::127.0.0.1] 0.0.0.0 0 [::] \
            localhost LOCALHOST localhost. rebound.test %31%32%37.0.0.1";
    for host in hosts.split(' ') {
        let mut source = source(&origin.named(host, "/"));
        source.fetch.allow_private = vec![];
        let retrieved = fetcher.fetch(&source, &Validators::default()).await.0;
        refused(retrieved, "add it to allow_private");
    }
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn every_hop_is_looked_at() {
    let inside = Origin::at("127.0.0.2:0", |_| Reply::ok("secret"));
    let targets = [
        inside.url("/"),
        inside.named("inside.test", "/"),
        inside.named("2130706434", "/"),
        inside.named("[::ffff:127.0.0.2]", "/"),
    ];
    let fetcher = fetcher_within(|surroundings, _| {
        surroundings.lookup = Arc::new(|_| Ok(vec![IpAddr::from([127, 0, 0, 2])]));
    });
    for target in targets {
        let outside = Origin::start(move |_| Reply::redirect(302, &target));
        let mut source = source(&outside.url("/"));
        source.fetch.allow_private = vec!["127.0.0.1/32".parse().unwrap()];
        let retrieved = fetcher.fetch(&source, &Validators::default()).await.0;
        refused(retrieved, "(redirect 1 from 127.0.0.1:");
        assert_eq!(outside.asked().len(), 1);
    }
    assert_eq!(inside.connections(), 0);
}

/// What leads to 127.0.0.1 or nowhere in public, however it is written.
const INSIDE: &str = "127.0.0.1 127.1 2130706433 0x7f000001 0x7f.0.0x1 017700000001 0177.0.0.01 10.1 \
    0xa9fea9fe 100.64.0.1 192.0.2.1 198.18.0.1 224.0.0.1 255.255.255.255 0 [::] [::1] [::ffff:127.0.0.1] \
    [::ffff:10.0.0.1] [::127.0.0.1] [::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::8.8.8.8] \
    [64:ff9b:1::1] [2002:7f00:1::] [2002:808:808::1] [2001::1] [2001:0:7f00:1::1] [2001:db8::1] [fc00::1] \
    [fe80::1] [fec0::1] [ff02::1] [100::1] [3fff::1]";

#[tokio::test]
async fn no_spelling_leads_inside_as_url_or_as_redirect() {
    let inside = Origin::start(|_| Reply::ok("secret"));
    let targets: Vec<String> = INSIDE.split(' ').map(|host| inside.named(host, "/")).collect();
    let hops = targets.clone();
    let outside = Origin::at("127.0.0.2:0", move |asked| {
        Reply::redirect(302, &hops[asked.path.trim_start_matches('/').parse::<usize>().unwrap()])
    });
    let fetcher = fetcher();
    for (n, target) in targets.iter().enumerate() {
        for url in [target, &outside.url(&format!("/{n}"))] {
            let mut source = source(url);
            source.fetch.allow_private = vec!["127.0.0.2/32".parse().unwrap()];
            let retrieved = fetcher.fetch(&source, &Validators::default()).await.0;
            refused(retrieved, "add it to allow_private");
        }
    }
    assert_eq!((outside.asked().len(), inside.connections()), (targets.len(), 0));
}

#[tokio::test]
async fn of_several_addresses_only_allowed_ones_are_connected() {
    let good = Origin::start(|_| Reply::ok("good"));
    let bad = Origin::at(&format!("127.0.0.2:{}", good.address.port()), |_| Reply::ok("bad"));
    let fetcher = fetcher_within(|surroundings, _| {
        surroundings.lookup =
            Arc::new(|_| Ok([[127, 0, 0, 2], [10, 0, 0, 1], [127, 0, 0, 1]].map(IpAddr::from).into()));
    });
    let mut source = source(&good.named("several.test", "/"));
    source.fetch.allow_private = vec!["127.0.0.1/32".parse().unwrap()];
    assert_eq!(body(fetcher.fetch(&source, &Validators::default()).await.0).bytes, "good");
    assert_eq!(bad.connections(), 0);
}

#[tokio::test]
async fn a_pooled_connection_serves_only_those_who_could_have_opened_it() {
    let origin = Origin::start(|_| Reply::ok("inside"));
    let fetcher = fetcher();
    let may = source(&origin.named("shared.test", "/"));
    let mut may_not = may.clone();
    may_not.fetch.allow_private = vec!["10.0.0.0/8".parse().unwrap()];
    for _ in 0..2 {
        body(fetcher.fetch(&may, &Validators::default()).await.0);
        refused(fetcher.fetch(&may_not, &Validators::default()).await.0, "127.0.0.1 is a loopback address");
    }
    assert_eq!((origin.connections(), origin.asked().len()), (1, 2));
}

#[tokio::test]
async fn ports_are_checked_at_every_hop() {
    let origin = Origin::start(|_| Reply::redirect(302, "http://127.0.0.1:22/"));
    let port = origin.address.port();
    let mut source = source(&origin.url("/"));
    source.fetch.ports = Ports::Only(vec![(80, 80), (port, port)]);
    refused(fetcher().fetch(&source, &Validators::default()).await.0, "port 22 is not among the ports");
    source.fetch.ports = Ports::Only(vec![(80, 80), (443, 443)]);
    let retrieved = fetcher().fetch(&source, &Validators::default()).await.0;
    assert_eq!((retrieved.status, retrieved.wire_bytes), (None, 0));
    refused(retrieved, &format!("port {port} is not among the ports"));
    assert_eq!(origin.asked().len(), 1);
}

#[tokio::test]
async fn names_that_do_not_resolve_are_told() {
    let check = |lookup: fn(&str) -> std::io::Result<Vec<IpAddr>>, words: &'static str| async move {
        let fetcher = fetcher_within(|surroundings, _| surroundings.lookup = Arc::new(lookup));
        let error = error(fetcher.fetch(&source("http://gone.test/"), &Validators::default()).await.0);
        assert_eq!(error.kind, FetchErrorKind::Connect);
        assert!(error.message.starts_with("gone.test ") && error.message.contains(words), "{error}");
    };
    check(|_| Err(std::io::Error::other("no such name")), "does not resolve (no such name)").await;
    check(|_| Ok(vec![]), "it has no address").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_that_hangs_has_its_time() {
    let gate = Gate::default();
    let held = gate.clone();
    let fetcher = fetcher_within(|surroundings, _| {
        surroundings.patience.lookup = Duration::from_millis(50);
        surroundings.lookup = Arc::new(move |_| {
            held.wait();
            Ok(vec![])
        });
    });
    let error = error(fetcher.fetch(&source("http://slow.test/"), &Validators::default()).await.0);
    gate.open();
    assert_eq!(error.kind, FetchErrorKind::Connect);
    assert_eq!(error.message, "slow.test did not resolve within 50ms: check the name servers");
}
