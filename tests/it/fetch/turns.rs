//! Turns: so many at once in all and at one host, and nobody waits for somebody else's host.

use std::time::{Duration, Instant};

use nashra::model::*;
use tokio::task::JoinSet;

use super::{body, error, fetcher_within, source};
use crate::kit::daemon::DEADLINE;
use crate::kit::origin::{Gate, Origin, Reply};

#[tokio::test]
async fn a_slow_host_starves_nobody() {
    let gate = Gate::default();
    let held = gate.clone();
    let slow = Origin::start(move |_| Reply::ok("slow").behind(&held));
    let quick = Origin::start(|_| Reply::ok("quick"));
    let fetcher = fetcher_within(|_, limits| *limits = FetchLimits { concurrency: 3, per_host: 2 });
    let mut waiting = JoinSet::new();
    for n in 0..20 {
        // Case makes no other host.
        let host = if n % 2 == 0 { "slow.test" } else { "SLOW.test" };
        let (fetcher, source) = (fetcher.clone(), source(&slow.named(host, "/")));
        waiting.spawn(async move { body(fetcher.fetch(&source, &Validators::default()).await.0) });
    }
    let asked = tokio::task::spawn_blocking(move || {
        slow.wait_for(2);
        slow
    });
    let slow = asked.await.unwrap();
    for _ in 0..10 {
        let quick = source(&quick.url("/"));
        assert_eq!(body(fetcher.fetch(&quick, &Validators::default()).await.0).bytes, "quick");
    }
    assert_eq!(slow.asked().len(), 2);
    gate.open();
    assert_eq!(waiting.join_all().await.len(), 20);
    assert!(slow.connections() <= 2, "{} connections", slow.connections());
}

#[tokio::test]
async fn a_thousand_hanging_sources_at_one_host_delay_nobody_else() {
    let gate = Gate::default();
    let held = gate.clone();
    let slow = Origin::start(move |_| Reply::ok("slow").behind(&held));
    let quick = Origin::start(|_| Reply::ok("quick"));
    let fetcher = fetcher_within(|_, limits| *limits = FetchLimits { concurrency: 4, per_host: 2 });
    let mut waiting = JoinSet::new();
    for n in 0..1000 {
        // They have one address, and half of them a name of their own that leads to it.
        let url = if n % 2 == 0 { slow.url("/") } else { slow.named(&format!("slow-{n}.test"), "/") };
        let (fetcher, source) = (fetcher.clone(), source(&url));
        waiting.spawn(async move { body(fetcher.fetch(&source, &Validators::default()).await.0) });
    }
    let asked = tokio::task::spawn_blocking(move || {
        slow.wait_for(2);
        slow
    });
    let slow = asked.await.unwrap();
    for n in 0..50 {
        let url = if n % 2 == 0 { quick.url("/") } else { quick.named(&format!("quick-{n}.test"), "/") };
        let fetch = fetcher.fetch_at(&source(&url), None, &Validators::default()).await.0;
        assert_eq!(body(fetch).bytes, "quick");
    }
    assert_eq!(slow.asked().len(), 2, "no more than two at once");
    gate.open();
    assert_eq!(waiting.join_all().await.len(), 1000);
    assert!(slow.connections() >= 2 && slow.asked().len() == 1000);
}

/// Each hangs at a host of its own, so no host holds them back.
#[tokio::test]
async fn hanging_sources_at_many_hosts_delay_nobody_else() {
    let gate = Gate::default();
    let hanging: Vec<Origin> = (0..6)
        .map(|_| {
            let held = gate.clone();
            Origin::start(move |_| Reply::ok("slow").behind(&held))
        })
        .collect();
    let quick = Origin::start(|_| Reply::ok("quick"));
    let fetcher = fetcher_within(|surroundings, limits| {
        surroundings.patience.slot = Duration::from_millis(50);
        *limits = FetchLimits { concurrency: 2, per_host: 2 };
    });
    let mut waiting = JoinSet::new();
    for origin in &hanging {
        let (fetcher, source) = (fetcher.clone(), source(&origin.url("/")));
        waiting.spawn(async move {
            let (retrieved, slot) = fetcher.fetch(&source, &Validators::default()).await;
            (body(retrieved), slot)
        });
    }
    let asked = tokio::task::spawn_blocking(move || {
        hanging.iter().for_each(|origin| _ = origin.wait_for(1));
        hanging
    });
    let hanging = asked.await.unwrap();
    for _ in 0..20 {
        let quick = source(&quick.url("/"));
        assert_eq!(body(fetcher.fetch(&quick, &Validators::default()).await.0).bytes, "quick");
    }
    gate.open();
    // What they bring after all is read in a slot, so no more than two hold a document.
    let mut held = vec![];
    for _ in 0..2 {
        held.push(waiting.join_next().await.unwrap().unwrap());
    }
    let third = tokio::time::timeout(Duration::from_millis(200), waiting.join_next()).await;
    assert!(third.is_err(), "two slots are two documents");
    drop(held);
    while let Some(done) = waiting.join_next().await {
        assert_eq!(done.unwrap().0.bytes, "slow");
    }
    assert!(hanging.iter().all(|origin| origin.asked().len() == 1));
}

#[tokio::test]
async fn a_host_whose_quota_is_used_up_is_left_alone() {
    let origin = Origin::start(|asked| match asked.path.as_str() {
        "/last" => Reply::new(429, &[("RateLimit", "\"day\";r=0;t=3600")], ""),
        "/own" => Reply::new(429, &[("Retry-After", "3600")], ""),
        _ => Reply::ok("x"),
    });
    let fetcher = fetcher_within(|_, _| ());
    let fetch = async |host: &str, path: &str| {
        fetcher.fetch(&source(&origin.named(host, path)), &Validators::default()).await.0
    };
    // A 429 of one address says nothing of the others at its host.
    assert_eq!(error(fetch("feeds.a.test", "/own").await).kind, FetchErrorKind::Status);
    body(fetch("feeds.a.test", "/other").await);
    assert_eq!(error(fetch("feeds.a.test", "/last").await).kind, FetchErrorKind::Status);
    let held = fetch("www.a.test", "/other").await;
    let seconds = held.manners.retry_after_seconds.unwrap();
    assert!((3590..=3600).contains(&seconds), "{seconds}");
    let error = error(held);
    assert_eq!(error.kind, FetchErrorKind::Held);
    let start =
        format!("www.a.test:{} was not asked: its host asked for quiet until 2", origin.address.port());
    assert!(error.message.starts_with(&start), "{error}");
    body(fetch("b.test", "/other").await);
    assert_eq!(origin.asked().len(), 4);
}

#[tokio::test]
async fn slots_are_held_until_they_are_given_back() {
    let origin = Origin::start(|_| Reply::ok("x"));
    let fetcher = fetcher_within(|_, limits| *limits = FetchLimits { concurrency: 1, per_host: 9 });
    let source = source(&origin.url("/"));
    let (_, slot) = fetcher.fetch(&source, &Validators::default()).await;
    let nothing = Validators::default();
    let mut second = Box::pin(fetcher.fetch(&source, &nothing));
    let early = tokio::time::timeout(Duration::from_millis(100), second.as_mut()).await;
    assert!(early.is_err() && origin.asked().len() == 1);
    drop(slot);
    body(second.await.0);
}

#[tokio::test]
async fn the_clock_runs_only_during_the_exchange() {
    let gate = Gate::default();
    let held = gate.clone();
    let origin = Origin::start(move |asked| match asked.path.as_str() {
        "/first" => Reply::ok("x").behind(&held),
        _ => Reply::ok("x"),
    });
    let second = origin.named("busy.test", "/second");
    let other = Origin::start(move |_| Reply::redirect(302, &second));
    let fetcher = fetcher_within(|_, limits| *limits = FetchLimits { concurrency: 9, per_host: 1 });
    let mut tasks = JoinSet::new();
    let mut start = |url: String, timeout| {
        let (fetcher, mut source) = (fetcher.clone(), source(&url));
        source.fetch.timeout = timeout;
        tasks.spawn(async move { fetcher.fetch(&source, &Validators::default()).await.0 });
    };
    start(origin.named("busy.test", "/first"), Duration::from_secs(20));
    let origin = tokio::task::spawn_blocking(move || {
        origin.wait_for(1);
        origin
    });
    let origin = origin.await.unwrap();
    // Both wait for the busy host far longer than their timeout, one of them in the middle of its way.
    let short = Duration::from_millis(400);
    start(origin.named("busy.test", "/second"), short);
    start(other.named("other.test", "/moved"), short);
    let other = tokio::task::spawn_blocking(move || {
        other.wait_for(1);
        other
    });
    let other = other.await.unwrap();
    assert!(tokio::time::timeout(short * 2, tasks.join_next()).await.is_err(), "nobody's time is over");
    gate.open();
    for retrieved in tasks.join_all().await {
        assert!(retrieved.elapsed_ms < 20_000);
        body(retrieved);
    }
    assert_eq!((origin.asked().len(), other.asked().len()), (3, 1));
}

#[tokio::test]
async fn a_fetch_that_is_given_up_gives_everything_back() {
    let reply = Reply::raw("").then_hang();
    let origin =
        Origin::start(move |asked| if asked.path == "/hang" { reply.clone() } else { Reply::ok("x") });
    let fetcher = fetcher_within(|_, limits| *limits = FetchLimits { concurrency: 1, per_host: 1 });
    let hanging = source(&origin.url("/hang"));
    for _ in 0..3 {
        let nothing = Validators::default();
        let fetch = fetcher.fetch(&hanging, &nothing);
        assert!(tokio::time::timeout(Duration::from_millis(50), fetch).await.is_err());
    }
    body(fetcher.fetch(&source(&origin.url("/good")), &Validators::default()).await.0);
}

#[tokio::test]
async fn connections_that_wait_are_bounded_over_all_hosts() {
    let origin = Origin::start(|_| Reply::ok("x"));
    let fetcher = fetcher_within(|_, limits| *limits = FetchLimits { concurrency: 2, per_host: 2 });
    for n in 0..160 {
        let source = source(&origin.named(&format!("host-{n}.test"), "/"));
        body(fetcher.fetch(&source, &Validators::default()).await.0);
    }
    // 128 may wait, and two be in use; the others were closed, which takes a moment to arrive.
    let end = Instant::now() + DEADLINE;
    while origin.open() > 130 && Instant::now() < end {
        tokio::task::yield_now().await;
    }
    assert!((100..=130).contains(&origin.open()), "{} connections are open", origin.open());
    assert_eq!(origin.connections(), 160);
    // Those that wait are used all the same.
    let early = source(&origin.named("host-1.test", "/"));
    body(fetcher.fetch(&early, &Validators::default()).await.0);
    assert_eq!(origin.connections(), 160);
}
