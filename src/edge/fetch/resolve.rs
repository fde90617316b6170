//! Names and their addresses: looked up once for all who ask, kept for a moment, and only those that pass.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout};

use super::connect::Unconnected;
use super::guard::Guard;
use crate::model::Network;

/// Names that are looked up at the same time.
const LOOKUPS_MAX: usize = 32;
/// Threads for look-ups. One that hangs keeps its thread for as long as the system likes, though nobody waits
/// for it any more; the rest of the program must not run out of threads for that.
const THREADS_MAX: usize = 128;
/// How long somebody waits for a look-up when many are before it.
const WAIT: Duration = Duration::from_secs(60);
/// Addresses of one name that are looked at.
const ADDRESSES_MAX: usize = 32;
/// How long the addresses of a name are kept, and the news that it has none.
const FOUND_LASTS: Duration = Duration::from_secs(30);
const MISSING_LASTS: Duration = Duration::from_secs(5);
/// Names that are kept.
const NAMES_MAX: usize = 4096;

/// Finds the addresses of a name, in its own time and on a thread of its own.
pub type Lookup = Arc<dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync>;

/// The system's look-up (`getaddrinfo`).
pub(super) fn system_lookup() -> Lookup {
    Arc::new(|name| Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect()))
}

/// The look-up that everybody shares. What it knows is checked by everybody who uses it, each time anew.
#[derive(Clone)]
pub(super) struct Resolver {
    lookup: Lookup,
    running: Arc<Semaphore>,
    threads: Arc<Semaphore>,
    time_max: Duration,
    known: Arc<Mutex<HashMap<String, Answer>>>,
}

/// What came of a look-up and until when that counts; nothing yet while it runs.
type Answer = watch::Receiver<Option<(Found, Instant)>>;
type Found = Result<Arc<[IpAddr]>, Missing>;

#[derive(Clone, Debug)]
enum Missing {
    Unresolved(String),
    Late,
}

impl Resolver {
    pub(super) fn new(lookup: Lookup, time_max: Duration) -> Self {
        Self {
            lookup,
            running: Arc::new(Semaphore::new(LOOKUPS_MAX)),
            threads: Arc::new(Semaphore::new(THREADS_MAX)),
            time_max,
            known: Arc::default(),
        }
    }

    /// The addresses of `host`, a name or an address with or without brackets, that a source of this guard and
    /// network may connect to: at least one.
    pub(super) async fn addresses(
        &self,
        host: &str,
        guard: &Guard,
        network: Network,
    ) -> Result<Vec<IpAddr>, Unconnected> {
        if let Some(passed) = check_literal(host, guard, network) {
            return passed.map(|address| vec![address]);
        }
        let (mut passed, mut refused) = (vec![], None);
        for address in self.resolve(host).await?.iter().copied() {
            match guard.check(address) {
                Ok(()) => passed.push(address),
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        if let Some(refusal) = refused.filter(|_| passed.is_empty()) {
            return Err(Unconnected::Refused(refusal));
        }
        passed.retain(|address| fits(*address, network));
        if passed.is_empty() { Err(Unconnected::NoAddress(network)) } else { Ok(passed) }
    }

    async fn resolve(&self, name: &str) -> Result<Arc<[IpAddr]>, Unconnected> {
        let mut answer = self.answer(name);
        let found = match timeout(WAIT, answer.wait_for(Option::is_some)).await {
            Ok(Ok(answer)) => answer.as_ref().map(|(found, _)| found.clone()),
            // The look-up ended without a word.
            Ok(Err(_)) => None,
            Err(_) => return Err(Unconnected::LookupTimeout(WAIT)),
        };
        match found {
            Some(Ok(addresses)) => Ok(addresses),
            Some(Err(Missing::Late)) => Err(Unconnected::LookupTimeout(self.time_max)),
            Some(Err(Missing::Unresolved(why))) => Err(Unconnected::Unresolved(why)),
            None => Err(Unconnected::Unresolved("the look-up failed".to_owned())),
        }
    }

    /// What is known of the name, or is about to be.
    fn answer(&self, name: &str) -> Answer {
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = known.get(name).filter(|answer| counts(answer, now)) {
            return answer.clone();
        }
        if known.len() >= NAMES_MAX {
            known.retain(|_, answer| counts(answer, now));
        }
        if known.len() >= NAMES_MAX {
            // Those that wait for a look-up have their own hold on its answer.
            known.clear();
        }
        let (tell, answer) = watch::channel(None);
        known.insert(name.to_owned(), answer.clone());
        let (resolver, name) = (self.clone(), name.to_owned());
        // On its own: whoever asked first may go away while others still wait.
        tokio::spawn(async move {
            let found = resolver.look_up(name).await;
            let lasts = if found.is_ok() { FOUND_LASTS } else { MISSING_LASTS };
            tell.send_replace(Some((found, Instant::now() + lasts)));
        });
        answer
    }

    async fn look_up(self, name: String) -> Found {
        let unresolved = |error: &dyn ToString| Missing::Unresolved(error.to_string());
        // The thread is given back when it ends, the place when our patience does.
        let thread = self.threads.acquire_owned().await.map_err(|error| unresolved(&error))?;
        let _running = self.running.acquire_owned().await.map_err(|error| unresolved(&error))?;
        let lookup = self.lookup;
        let task = tokio::task::spawn_blocking(move || {
            let found = lookup(&name);
            drop(thread);
            found
        });
        match timeout(self.time_max, task).await {
            Err(_) => Err(Missing::Late),
            Ok(Err(error)) => Err(unresolved(&error)),
            Ok(Ok(Err(error))) => Err(unresolved(&error)),
            Ok(Ok(Ok(found))) if found.is_empty() => Err(unresolved(&"it has no address")),
            Ok(Ok(Ok(found))) => Ok(found.into_iter().take(ADDRESSES_MAX).collect()),
        }
    }
}

/// The address that stands in place of a name, if it may be connected to.
pub(super) fn check_literal(
    host: &str,
    guard: &Guard,
    network: Network,
) -> Option<Result<IpAddr, Unconnected>> {
    let address: IpAddr = host.trim_matches(['[', ']']).parse().ok()?;
    Some(match guard.check(address) {
        Err(refusal) => Err(Unconnected::Refused(refusal)),
        Ok(()) if fits(address, network) => Ok(address),
        Ok(()) => Err(Unconnected::OtherNetwork { address, network }),
    })
}

/// Whether an answer still counts: one that is to come always does.
fn counts(answer: &Answer, now: Instant) -> bool {
    match answer.borrow().as_ref() {
        Some((_, until)) => now < *until,
        None => answer.has_changed().is_ok(),
    }
}

/// A mapped address is the IPv4 address to the system that connects.
fn fits(address: IpAddr, network: Network) -> bool {
    match network {
        Network::Any => true,
        Network::V4 => address.to_canonical().is_ipv4(),
        Network::V6 => address.to_canonical().is_ipv6(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    fn resolver(lookup: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Resolver {
        Resolver::new(Arc::new(lookup), Duration::from_secs(5))
    }

    async fn ask(resolver: &Resolver, host: &str) -> Result<Vec<IpAddr>, String> {
        let found = resolver.addresses(host, &Guard::new(&[]), Network::Any).await;
        found.map_err(|error| error.to_string())
    }

    #[tokio::test(start_paused = true)]
    async fn answers_are_kept_for_their_time() {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let resolver = resolver(move |name| {
            counted.fetch_add(1, Ordering::SeqCst);
            match name {
                "gone.test" => Err(io::Error::other("no such name")),
                "odd.test" => panic!("a look-up that panics"),
                _ => Ok(vec![[8, 8, 8, 8].into(); 100]),
            }
        });
        for (name, lasts) in
            [("here.test", FOUND_LASTS), ("gone.test", MISSING_LASTS), ("odd.test", MISSING_LASTS)]
        {
            let before = count.load(Ordering::SeqCst);
            for (wait, expected) in [(Duration::ZERO, 1), (lasts / 2, 1), (lasts / 2, 2)] {
                tokio::time::advance(wait).await;
                let found = ask(&resolver, name).await;
                assert_eq!(
                    found.map(|found| found.len()).ok(),
                    (name == "here.test").then_some(ADDRESSES_MAX)
                );
                assert_eq!(count.load(Ordering::SeqCst) - before, expected, "{name} after {wait:?}");
            }
        }
        for n in 0..2 * NAMES_MAX {
            ask(&resolver, &format!("{n}.test")).await.unwrap();
        }
        assert!(resolver.known.lock().unwrap().len() <= NAMES_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn look_ups_that_hang_give_their_places_back() {
        let (open, gate) = mpsc::channel::<()>();
        let gate = Mutex::new(gate);
        let resolver = resolver(move |name| {
            if name.starts_with("hang") {
                // Ends with the test.
                let _ = gate.lock().unwrap().recv();
            }
            Ok(vec![[8, 8, 8, 8].into()])
        });
        // The clock stands still while a thread is at work, so it is moved by hand.
        let mut waiting = tokio::task::JoinSet::new();
        for n in 0..LOOKUPS_MAX {
            let resolver = resolver.clone();
            waiting.spawn(async move { ask(&resolver, &format!("hang-{n}.test")).await });
        }
        for _ in 0..52 {
            tokio::task::yield_now().await;
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        for found in waiting.join_all().await {
            assert_eq!(found.unwrap_err(), "did not resolve within 5s: check the name servers");
        }
        // Their threads hang still.
        assert_eq!(ask(&resolver, "other.test").await.unwrap().len(), 1);
        assert_eq!(resolver.threads.available_permits(), THREADS_MAX - LOOKUPS_MAX);
        drop(open);
    }
}
