//! Moments at which a test may let the process die or a write fail, each under a name.
//!
//! Nothing happens unless the environment names one: `NASHRA_FAULT=journal.append:3` ends the process, as if it had
//! been killed, the third time that it comes by; `journal.append:3:error` lets that one write fail (EIO), and
//! `journal.append:3:full` that one and all behind it, as on a full disk, and `journal.append:3:failing` the same with
//! EIO; with `journal.append:3:hang` whoever writes never comes back from it, as from a disk that does not answer, and
//! with `journal.append:3:stall` neither do all who come by later. A program that takes the place of this process goes
//! on with the count. `NASHRA_LIMITS=journal.segment=4096` makes a limit smaller, so that what happens once a week
//! happens every second. Both are for tests and `cargo run --example crash`.

use std::io;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// What a disk says that fails, and one that is full (errno(3)).
const EIO: i32 = 5;
const ENOSPC: i32 = 28;
/// Names the moment.
pub const FAULT_VARIABLE: &str = "NASHRA_FAULT";
/// Names limits and what they are.
pub const LIMITS_VARIABLE: &str = "NASHRA_LIMITS";

/// Every moment that has a name. A test compares them with what the source names.
pub const POINTS: &[&str] = &[
    "journal.append",
    "journal.append.half",
    "journal.append.after",
    "journal.sync",
    "journal.sync.after",
    "journal.rotate",
    "journal.rotate.made",
    "journal.rotate.titled",
    "journal.rotate.written",
    "journal.rotate.named",
    "journal.rotate.after",
    "journal.renew",
    "journal.cut",
    "journal.drop",
    "store.open",
    "store.states",
    "store.subscriptions",
    "store.transaction",
    "store.transaction.after",
    "store.replay",
    "store.sign",
    "keys.settle",
    "keys.settle.written",
    "keys.tidy",
    "keys.tidy.removed",
    "keys.merge",
    "keys.merge.written",
    "keys.merge.removed",
    "snapshot.begin",
    "snapshot.written",
    "snapshot.named",
    "restore.received",
    "restore.rebuilt",
    "restore.aside",
    "restore.moved",
    "restore.placed",
    "snapshot.rows",
    "snapshot.removed",
    "mend.made",
    "mend.aside",
    "mend.placed",
    "anew.begin",
    "anew.step",
    "anew.made",
    "reclaim.begin",
    "reclaim.made",
    "reclaim.noted",
    "reclaim.take",
    "reclaim.aside",
    "reclaim.placed",
    "reclaim.opened",
    "reclaim.removed",
    "editions.write",
    "editions.write.half",
    "editions.rename",
    "editions.rename.after",
    "editions.sync",
    "editions.sync.after",
    "editions.remove",
    "publish.swap",
    "publish.swap.after",
    "hub.note",
    "hub.note.after",
];
/// What the names of moments of other processes begin with, which work for one that goes on.
pub const OF_HELPERS: &str = "anew.";
/// Every limit that can be made smaller.
pub const LIMITS: &[&str] = &[
    "journal.segment",
    "keys.fresh",
    "mend.rest",
    "opening.seconds",
    "reclaim.floor",
    "reclaim.grown",
    "reclaim.interval",
    "reclaim.times",
    "snapshots.first",
    "snapshots.interval",
    "snapshots.journal",
    "snapshots.look",
    "snapshots.percent",
    "stop.seconds",
];

/// Not looked up yet, nothing named, something named.
static STATE: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const QUIET: u8 = 1;
const ARMED: u8 = 2;

static ASKED_FOR: OnceLock<AskedFor> = OnceLock::new();

/// What happens at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// The process ends at once.
    Abort,
    /// One write fails.
    Error,
    /// Every write fails from then on.
    Failing,
    /// The same, as on a full disk.
    Full,
    /// Whoever comes by never goes on.
    Hang,
    /// Nobody who comes by goes on from then on.
    Stall,
}

impl How {
    /// By its name in the environment; nothing stands for the first one.
    fn parse(name: Option<&str>) -> Option<Self> {
        Some(match name {
            None => Self::Abort,
            Some("error") => Self::Error,
            Some("failing") => Self::Failing,
            Some("full") => Self::Full,
            Some("hang") => Self::Hang,
            Some("stall") => Self::Stall,
            Some(_) => return None,
        })
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Self::Abort => None,
            Self::Error => Some("error"),
            Self::Failing => Some("failing"),
            Self::Full => Some("full"),
            Self::Hang => Some("hang"),
            Self::Stall => Some("stall"),
        }
    }

    /// Whether it goes on once it has begun.
    fn lasts(self) -> bool {
        matches!(self, Self::Failing | Self::Full | Self::Stall)
    }
}

/// What the environment asks for.
#[derive(Debug, Default)]
struct AskedFor {
    fault: Option<Fault>,
    limits: Vec<(String, usize)>,
}

#[derive(Debug)]
struct Fault {
    name: String,
    /// The time that counts, from 1.
    count: u64,
    how: How,
    /// How often somebody came by.
    passed: AtomicU64,
}

/// A moment at which the process may die.
#[inline]
pub fn point(name: &'static str) {
    if is_armed() {
        drop(strike(name));
    }
}

/// The same before a write, which may also fail.
#[inline]
pub fn failing(name: &'static str) -> io::Result<()> {
    if is_armed() { strike(name) } else { Ok(()) }
}

/// Whether anything is asked for: then a write may be done in pieces.
#[inline]
pub fn is_armed() -> bool {
    match STATE.load(Ordering::Relaxed) {
        QUIET => false,
        ARMED => true,
        _ => look_up(),
    }
}

/// A limit, which may have been made smaller; never larger.
#[inline]
pub fn limit(name: &'static str, limit: usize) -> usize {
    if is_armed() { smaller(name, limit) } else { limit }
}

/// Lets the program that takes the place of this process go on with the count.
pub fn hand_over(command: &mut Command) {
    if !is_armed() {
        return;
    }
    match ASKED_FOR.get().and_then(|asked_for| asked_for.fault.as_ref()).and_then(Fault::rest) {
        Some(rest) => drop(command.env(FAULT_VARIABLE, rest)),
        None => drop(command.env_remove(FAULT_VARIABLE)),
    }
}

/// A process that works for this one meets the moments that are its own, and none else; it counts from the beginning.
pub fn pass_on(command: &mut Command) {
    if !is_armed() {
        return;
    }
    let fault = ASKED_FOR.get().and_then(|asked_for| asked_for.fault.as_ref());
    if !fault.is_some_and(|fault| fault.name.starts_with(OF_HELPERS)) {
        command.env_remove(FAULT_VARIABLE);
    }
}

/// Why the environment asks for something that is not there, if it does.
pub fn complaint() -> Option<String> {
    let fault = variable(FAULT_VARIABLE).filter(|text| Fault::parse(text).is_none());
    let limits = variable(LIMITS_VARIABLE).filter(|text| limits(text).is_none());
    let say = |name: &str, text: String| format!("{name}={text} names nothing that there is");
    fault.map(|text| say(FAULT_VARIABLE, text)).or(limits.map(|text| say(LIMITS_VARIABLE, text)))
}

#[cold]
fn look_up() -> bool {
    let asked_for = ASKED_FOR.get_or_init(|| AskedFor {
        fault: variable(FAULT_VARIABLE).and_then(|text| Fault::parse(&text)),
        limits: variable(LIMITS_VARIABLE).and_then(|text| limits(&text)).unwrap_or_default(),
    });
    let is_armed = asked_for.fault.is_some() || !asked_for.limits.is_empty();
    STATE.store(if is_armed { ARMED } else { QUIET }, Ordering::Relaxed);
    is_armed
}

#[cold]
fn strike(name: &str) -> io::Result<()> {
    let fault = ASKED_FOR.get().and_then(|asked_for| asked_for.fault.as_ref());
    match fault.and_then(|fault| fault.pass(name)) {
        None => Ok(()),
        Some(How::Abort) => {
            tracing::error!(name, "the process ends here, because {FAULT_VARIABLE} says so");
            std::process::abort();
        }
        Some(How::Error | How::Failing) => {
            tracing::error!(name, "this fails because {FAULT_VARIABLE} says so");
            Err(io::Error::from_raw_os_error(EIO))
        }
        Some(How::Hang | How::Stall) => loop {
            std::thread::park();
        },
        Some(How::Full) => Err(io::Error::from_raw_os_error(ENOSPC)),
    }
}

#[cold]
fn smaller(name: &str, limit: usize) -> usize {
    let limits = ASKED_FOR.get().map(|asked_for| asked_for.limits.as_slice()).unwrap_or_default();
    limits.iter().find(|(named, _)| named == name).map_or(limit, |(_, smaller)| limit.min(*smaller))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn limits(text: &str) -> Option<Vec<(String, usize)>> {
    let one = |part: &str| {
        let (name, number) = part.split_once('=')?;
        let is_known = LIMITS.contains(&name);
        Some((name.to_owned(), number.parse().ok().filter(|number| is_known && *number > 0)?))
    };
    text.split(',').map(one).collect()
}

impl Fault {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let name = parts.next().filter(|name| POINTS.contains(name))?.to_owned();
        let count = parts.next()?.parse().ok().filter(|count| *count > 0)?;
        let how = How::parse(parts.next())?;
        parts.next().is_none().then_some(Self { name, count, how, passed: AtomicU64::new(0) })
    }

    /// Somebody comes by: what happens?
    fn pass(&self, name: &str) -> Option<How> {
        if self.name != name {
            return None;
        }
        let times = self.passed.fetch_add(1, Ordering::Relaxed) + 1;
        let is_now = times == self.count || (times > self.count && self.how.lasts());
        is_now.then_some(self.how)
    }

    /// What is left of it for whoever goes on with the count; `None` where it is over.
    fn rest(&self) -> Option<String> {
        let left = self.count.saturating_sub(self.passed.load(Ordering::Relaxed));
        let left = if self.how.lasts() { left.max(1) } else { left };
        let how = self.how.name().map_or_else(String::new, |how| format!(":{how}"));
        (left > 0).then(|| format!("{}:{left}{how}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_when_it_is_its_turn() {
        for (text, expected) in [
            ("journal.sync:1", [Some(How::Abort), None, None]),
            ("journal.sync:2", [None, Some(How::Abort), None]),
            ("journal.sync:2:error", [None, Some(How::Error), None]),
            ("journal.sync:2:full", [None, Some(How::Full), Some(How::Full)]),
            ("journal.sync:2:failing", [None, Some(How::Failing), Some(How::Failing)]),
            ("journal.sync:1:hang", [Some(How::Hang), None, None]),
            ("journal.sync:2:stall", [None, Some(How::Stall), Some(How::Stall)]),
            ("journal.append:1", [None, None, None]),
        ] {
            let fault = Fault::parse(text).unwrap();
            assert_eq!([(); 3].map(|()| fault.pass("journal.sync")), expected, "{text}");
        }
    }

    #[test]
    fn whoever_comes_next_goes_on_with_the_count() {
        for (text, passed, expected) in [
            ("journal.sync:3", 0, Some("journal.sync:3")),
            ("journal.sync:3", 2, Some("journal.sync:1")),
            ("journal.sync:3:error", 1, Some("journal.sync:2:error")),
            ("journal.sync:3:error", 3, None),
            ("journal.sync:1:hang", 4, None),
            ("journal.sync:3:full", 1, Some("journal.sync:2:full")),
            ("journal.sync:3:failing", 7, Some("journal.sync:1:failing")),
            ("journal.sync:1:stall", 1, Some("journal.sync:1:stall")),
        ] {
            let fault = Fault::parse(text).unwrap();
            for _ in 0..passed {
                fault.pass("journal.sync");
            }
            assert_eq!(fault.rest().as_deref(), expected, "{text} after {passed}");
        }
    }

    #[test]
    fn what_is_not_there_cannot_be_asked_for() {
        for text in
            ["", "journal.sync", "journal.sync:", "journal.sync:0", "journal.sync:x", "journal.sync:1:boom"]
        {
            assert!(Fault::parse(text).is_none(), "{text}");
        }
        for text in ["journal.other:1", "journal.sync:1:error:2", ":1"] {
            assert!(Fault::parse(text).is_none(), "{text}");
        }
        for text in ["", "keys.fresh", "keys.fresh=0", "keys.fresh=x", "other=1", "keys.fresh=1,"] {
            assert!(limits(text).is_none(), "{text}");
        }
        let both = vec![("keys.fresh".to_owned(), 5), ("journal.segment".to_owned(), 6)];
        assert_eq!(limits("keys.fresh=5,journal.segment=6"), Some(both));
    }

    #[test]
    fn without_the_environment_nothing_happens() {
        // Tests run without it.
        assert!(!is_armed() && failing("journal.sync").is_ok());
        assert_eq!(limit("keys.fresh", 7), 7);
        assert_eq!(complaint(), None);
        point("journal.sync");
    }
}
