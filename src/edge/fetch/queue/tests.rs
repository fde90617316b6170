//! Tests of turns, on a clock that stands still until somebody waits for it.

use std::future::Future;
use std::io;

use http::{HeaderName, HeaderValue};
use tokio::time::{Instant, timeout};

use super::*;

/// `shared…` are names of one address, and each other name but `gone.test` has its own.
fn queue(concurrency: usize, per_host: usize) -> Queue {
    let lookup = |name: &str| match name {
        "gone.test" => Err(io::Error::other("no such name")),
        name if name.starts_with("shared") => Ok(vec![[8, 8, 3, 9].into(), [8, 8, 3, 1].into()]),
        // Who may not go to 10.0.0.1 ends at the same address.
        name if name.starts_with("mixed") => Ok(vec![[10, 0, 0, 1].into(), [8, 8, 3, 1].into()]),
        name => {
            let sum = name.bytes().fold(0, |sum: u16, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
            let [high, low] = sum.to_be_bytes();
            Ok(vec![[9, 9, high, low].into()])
        }
    };
    let resolver = Resolver::new(Arc::new(lookup), Duration::from_secs(5));
    Queue::new(FetchLimits { concurrency, per_host }, resolver)
}

async fn turn(queue: &Queue, url: &str) -> Result<Turn, Complaint> {
    queue.turn_within(Guard::new(&[]), Network::Any, &url.parse().unwrap(), Duration::MAX).await
}

/// The turn, if nobody has to wait for it.
async fn now(queue: &Queue, url: &str) -> Option<Turn> {
    soon(turn(queue, url)).await.map(Result::unwrap)
}

async fn soon<T>(future: impl Future<Output = T>) -> Option<T> {
    timeout(Duration::from_millis(1), future).await.ok()
}

fn note(queue: &Queue, url: &str, status: u16, headers: &[(&'static str, &str)]) {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    queue.note(&url.parse().unwrap(), status, &headers.iter().map(pair).collect());
}

/// When each of so many turns comes, in ms; each ends at once.
async fn row(queue: &Queue, url: &str, count: usize) -> Vec<u128> {
    let start = Instant::now();
    let mut times = vec![];
    for _ in 0..count {
        drop(turn(queue, url).await.unwrap());
        // Tokio's clock ticks in whole milliseconds.
        times.push(start.elapsed().as_millis() / 10 * 10);
    }
    times
}

#[tokio::test(start_paused = true)]
async fn a_busy_host_keeps_nobody_else_from_a_slot() {
    let queue = queue(2, 1);
    let first = now(&queue, "http://feeds.busy.test/a").await.unwrap();
    // Case, scheme and what stands before the registrable domain make no other host.
    let mut waiting = Box::pin(turn(&queue, "https://www.BUSY.test.:443/b"));
    assert!(soon(waiting.as_mut()).await.is_none());
    let other = now(&queue, "http://other.test/").await.expect("a slot is free");
    assert!(now(&queue, "http://third.test/").await.is_none(), "both slots are taken");
    drop(other);
    assert!(soon(waiting.as_mut()).await.is_none());
    drop(first);
    assert!(soon(waiting.as_mut()).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn an_address_is_one_host_whatever_it_is_called() {
    let queue = queue(9, 1);
    let first = now(&queue, "http://shared-a.test/").await.unwrap();
    for other in
        ["https://shared-b.test/", "http://mixed.test/", "http://8.8.3.1/", "http://[::ffff:8.8.3.1]/"]
    {
        assert!(now(&queue, other).await.is_none(), "{other}");
    }
    let port = now(&queue, "http://shared-b.test:8080/").await.expect("another port is another host");
    let other = now(&queue, "http://8.8.3.9/").await.expect("only the smallest address counts");
    let gone = now(&queue, "http://gone.test/").await.expect("who has no address waits for none");
    let private = now(&queue, "http://10.0.0.1/").await.expect("the guard has its say later");
    assert_eq!(queue.hosts_known(), (5, 3));
    drop((first, port, other, gone, private));
    assert_eq!(queue.hosts_known(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_slot_outlives_the_turn_and_the_host_does_not() {
    let queue = queue(2, 1);
    let slot = now(&queue, "http://a.test/").await.unwrap().end();
    assert_eq!(queue.hosts_known(), (0, 0));
    let next = now(&queue, "http://a.test/").await.expect("the host is free again");
    assert!(soon(queue.slot()).await.is_none());
    drop(slot);
    assert!(soon(queue.slot()).await.is_some());
    drop(next);
    assert_eq!(queue.hosts_known(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_at_the_next_host_gives_its_slot_back() {
    for (busy, target) in [
        ("http://busy.test/", "http://busy.test/feed"),
        // The same with an address that is taken.
        ("http://shared-a.test/", "http://shared-b.test/feed"),
    ] {
        let queue = queue(2, 1);
        let busy = now(&queue, busy).await.unwrap();
        let mut moving = now(&queue, "http://a.test/").await.unwrap();
        let target: Url = target.parse().unwrap();
        let mut going = Box::pin(moving.go_to(&target, true));
        assert!(soon(going.as_mut()).await.is_none());
        let other = now(&queue, "http://a.test/").await.expect("slot and host were given back");
        drop((other, busy));
        assert_eq!(soon(going.as_mut()).await, Some(Ok(())));
        drop(going);
        drop(moving);
        assert_eq!(queue.hosts_known(), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_that_is_given_up_leaves_nothing_behind() {
    let queue = queue(9, 1);
    let held = now(&queue, "http://shared-a.test/").await.unwrap();
    for n in 0..100 {
        assert!(now(&queue, "http://shared-a.test/").await.is_none());
        assert!(now(&queue, &format!("http://shared-{n}.test/")).await.is_none());
    }
    assert_eq!(queue.hosts_known(), (1, 1));
    drop(held);
    assert_eq!(queue.hosts_known(), (0, 0));
    assert!(now(&queue, "http://shared-b.test/").await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_host_is_asked_ten_times_a_second_for_each_place() {
    let queue = queue(9, 2);
    let times = row(&queue, "http://quick.test/", 24).await;
    assert_eq!((&times[..20], &times[20..]), (&[0; 20][..], &[50, 100, 150, 200][..]));
    // This machine is not spared, and other hosts never notice.
    for free in ["http://127.0.0.1:8001/", "http://localhost:8002/", "http://[::1]:8003/"] {
        assert_eq!(row(&queue, free, 100).await, [0; 100], "{free}");
    }
    assert_eq!(row(&queue, "http://other.test/", 20).await, [0; 20]);
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_slow_a_host_down() {
    let queue = queue(9, 2);
    for _ in 0..3 {
        note(&queue, "http://a.slow.test/", 429, &[]);
    }
    assert_eq!(row(&queue, "http://b.slow.test/", 3).await, [0, 2000, 4000]);
    assert_eq!(row(&queue, "http://other.test/", 3).await, [0, 0, 0]);
    for _ in 0..10 {
        note(&queue, "http://a.slow.test/", 304, &[]);
    }
    tokio::time::advance(Duration::from_secs(9)).await;
    assert_eq!(row(&queue, "http://b.slow.test/", 3).await, [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_used_up_is_waited_for_or_told() {
    let queue = queue(9, 2);
    let short = [("ratelimit", "\"a\";r=0;t=50")];
    note(&queue, "http://a.short.test/", 429, &short);
    let start = Instant::now();
    let mut waiting = Box::pin(turn(&queue, "http://b.short.test/"));
    assert!(soon(waiting.as_mut()).await.is_none());
    let held: Vec<Turn> =
        vec![now(&queue, "http://c.test/").await.unwrap(), now(&queue, "http://d.test/").await.unwrap()];
    drop(held);
    waiting.await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 50);

    let long = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "600")];
    let mut moving = turn(&queue, "http://b.short.test/").await.unwrap();
    let mut waiting = vec![];
    let first = [
        turn(&queue, "http://long.test/1").await.unwrap(),
        turn(&queue, "http://long.test/2").await.unwrap(),
    ];
    for _ in 0..3 {
        waiting.push(Box::pin(turn(&queue, "http://long.test/")));
        assert!(soon(waiting.last_mut().unwrap().as_mut()).await.is_none());
    }
    note(&queue, "http://long.test/", 200, &long);
    drop(first);
    let at_hop = moving.go_to(&"http://long.test/".parse().unwrap(), true).await;
    let mut complaints = vec![at_hop.unwrap_err()];
    complaints.push(turn(&queue, "http://feeds.long.test/").await.err().unwrap());
    for waiting in waiting {
        complaints.push(waiting.await.err().unwrap());
    }
    for complaint in complaints {
        assert_eq!(complaint.kind, FetchErrorKind::Held);
        assert_eq!(complaint.retry_after_seconds, Some(600), "{complaint:?}");
        assert!(complaint.says.contains("its host asked for quiet until 2"), "{complaint:?}");
        assert!(complaint.says.ends_with(" UTC; nothing was sent"), "{complaint:?}");
    }
    tokio::time::advance(Duration::from_secs(540)).await;
    turn(&queue, "http://long.test/").await.unwrap();
    assert_eq!(queue.hosts_known().0, 1, "only who moved is still somewhere");
}

#[tokio::test(start_paused = true)]
async fn space_is_kept_by_those_who_heed_it() {
    let queue = queue(9, 2);
    let url: Url = "http://www.wide.test/".parse().unwrap();
    queue.space(&url, Duration::from_secs(20));
    queue.space(&url, Duration::from_secs(5));
    assert_eq!(row(&queue, "http://wide.test/", 3).await, [0, 20_000, 40_000]);
    let start = Instant::now();
    let careless = queue.turn_within(Guard::new(&[]), Network::Any, &url, Duration::ZERO);
    let mut turn = careless.await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    // Each hop is a request.
    turn.go_to(&url, true).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 20);
    queue.space(&url, Duration::from_secs(600));
    assert_eq!(
        super::tests::turn(&queue, "http://wide.test/").await.err().unwrap().retry_after_seconds,
        Some(600)
    );
    // A redirect within a host is not held up for longer than one waits.
    turn.go_to(&url, true).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 80);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_pace_holds_neither_address_nor_slot() {
    let queue = queue(1, 1);
    note(&queue, "http://shared-a.test/", 429, &[]);
    drop(turn(&queue, "http://shared-a.test/").await.unwrap());
    let mut waiting = Box::pin(turn(&queue, "http://shared-a.test/"));
    assert!(soon(waiting.as_mut()).await.is_none());
    drop(now(&queue, "http://shared-b.test/").await.expect("address and slot are free"));
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_host_that_does_not_answer_never_has_many_waiting_for_it() {
    let queue = queue(64, 64);
    let url = |n: usize| format!("http://slow.test/{n}");
    let mut waiting = vec![];
    while let Some(turn) = now(&queue, &url(waiting.len())).await {
        waiting.push(turn);
    }
    assert_eq!(waiting.len(), 8);
    // Each answer makes room for another one beside the one that ends.
    for _ in 0..20 {
        note(&queue, "http://slow.test/", 200, &[]);
    }
    while let Some(turn) = now(&queue, &url(waiting.len())).await {
        waiting.push(turn);
    }
    assert_eq!(waiting.len(), 28);
    assert!(now(&queue, "http://other.test/").await.is_some(), "the slots are free for others");
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_pace_keeps_its_place_in_the_row() {
    let queue = queue(8, 4);
    queue.space(&"http://slow.test/".parse().unwrap(), Duration::from_secs(3));
    let order = Arc::new(std::sync::Mutex::new(vec![]));
    let eager = |name: usize, rounds: usize| {
        let (queue, order) = (queue.clone(), order.clone());
        async move {
            for _ in 0..rounds {
                drop(turn(&queue, "http://slow.test/").await.unwrap());
                order.lock().unwrap().push(name);
            }
        }
    };
    tokio::join!(eager(1, 3), eager(2, 3), eager(3, 3), eager(4, 3));
    assert_eq!(*order.lock().unwrap(), [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn whoever_takes_a_slot_back_does_not_stand_behind_all_newcomers() {
    let queue = queue(1, 9);
    let mut slow = now(&queue, "http://slow.test/").await.unwrap();
    slow.lend_slot();
    let held = now(&queue, "http://quick.test/").await.expect("the slot was lent");
    let urls: Vec<String> = (0..10).map(|n| format!("http://new-{n}.test/")).collect();
    let mut newcomers: Vec<_> = urls.iter().map(|url| Box::pin(turn(&queue, url))).collect();
    for newcomer in &mut newcomers {
        assert!(soon(newcomer.as_mut()).await.is_none());
    }
    let mut back = Box::pin(slow.take_slot_back());
    assert!(soon(back.as_mut()).await.is_none());
    drop(held);
    // The first newcomer stood in line before; nobody else did.
    drop(soon(newcomers[0].as_mut()).await.unwrap().unwrap());
    assert!(soon(back.as_mut()).await.is_some());
    assert!(soon(newcomers[1].as_mut()).await.is_none(), "it has the only slot");
    drop(back);
    drop(slow);
    assert!(soon(newcomers[1].as_mut()).await.is_some());
}
