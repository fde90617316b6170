//! What is remembered of robots.txt: by origin, for a day, in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Robots;

/// How long a robots.txt holds (RFC 9309 §2.4), and how long an origin counts as one that was asked before.
const HOURS_MAX: u64 = 24;
/// How long one that could not be read is left alone.
const FAILURE_MINUTES: u64 = 10;
/// Origins that are remembered; when there are more, the half that was asked longest ago is forgotten.
const ORIGINS_MAX: usize = 32 << 10;
/// The same for what their rules take in memory.
const RULES_BYTES_MAX: usize = 16 << 20;

/// What is known of an origin's robots.txt.
#[derive(Clone, Debug)]
pub(in super::super) enum Rulebook {
    /// What it says; of one that does not exist, nothing.
    Read(Arc<Robots>),
    /// Why it could not be read: "answered 503", as words that follow its name.
    Unreadable(Arc<str>),
}

/// What to do before an origin is asked.
pub(in super::super) enum Look {
    /// Nothing: this is known.
    Known(Rulebook),
    /// Nothing: it is the first time, and whoever does not insist asks without.
    FirstTime,
    /// Fetch it, one at a time: whoever holds the lock looks again first.
    Unknown(Arc<tokio::sync::Mutex<()>>),
}

/// The memory.
#[derive(Default)]
pub(in super::super) struct Book {
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    by_origin: HashMap<String, Page>,
    /// What all rules take in memory.
    rules_bytes: usize,
}

/// One origin.
#[derive(Default)]
struct Page {
    asked_at: Option<Instant>,
    known: Option<(Rulebook, Instant)>,
    one_at_a_time: Arc<tokio::sync::Mutex<()>>,
}

impl Book {
    /// Looks an origin up that will be asked now. `insists` says whether it must not be asked without its
    /// robots.txt.
    pub(in super::super) fn look(&self, origin: &str, insists: bool, now: Instant) -> Look {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let page = pages.of(origin);
        let before = page.asked_at.replace(now);
        if let Some(rulebook) = page.known(now) {
            return Look::Known(rulebook);
        }
        let is_asked_again = before.is_some_and(|before| now.duration_since(before) < hours(HOURS_MAX));
        if insists || is_asked_again {
            return Look::Unknown(page.one_at_a_time.clone());
        }
        Look::FirstTime
    }

    /// What somebody else has found out meanwhile.
    pub(in super::super) fn known(&self, origin: &str, now: Instant) -> Option<Rulebook> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).by_origin.get(origin)?.known(now)
    }

    /// Remembers what was found out.
    pub(in super::super) fn keep(&self, origin: &str, rulebook: Rulebook, now: Instant) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let until = match &rulebook {
            Rulebook::Read(_) => hours(HOURS_MAX),
            Rulebook::Unreadable(_) => Duration::from_secs(FAILURE_MINUTES * 60),
        };
        let page = pages.of(origin);
        let before = page.bytes();
        page.known = Some((rulebook, now + until));
        let after = page.bytes();
        pages.rules_bytes = pages.rules_bytes.saturating_sub(before) + after;
        while pages.by_origin.len() > 1 && pages.rules_bytes > RULES_BYTES_MAX {
            pages.forget_half();
        }
    }
}

impl Pages {
    fn of(&mut self, origin: &str) -> &mut Page {
        if self.by_origin.len() >= ORIGINS_MAX && !self.by_origin.contains_key(origin) {
            self.forget_half();
        }
        self.by_origin.entry(origin.to_owned()).or_default()
    }

    /// Forgets those that were asked longest ago.
    fn forget_half(&mut self) {
        let mut times: Vec<Option<Instant>> = self.by_origin.values().map(|page| page.asked_at).collect();
        times.sort_unstable();
        let (median, mut left) = (times.get(times.len() / 2).copied().flatten(), times.len().div_ceil(2));
        self.by_origin.retain(|_, page| {
            // Many may have been asked in one moment.
            let goes = left > 0 && page.asked_at <= median;
            left -= usize::from(goes);
            !goes
        });
        self.rules_bytes = self.by_origin.values().map(Page::bytes).sum();
    }
}

impl Page {
    fn known(&self, now: Instant) -> Option<Rulebook> {
        self.known.as_ref().filter(|(_, until)| now < *until).map(|(rulebook, _)| rulebook.clone())
    }

    fn bytes(&self) -> usize {
        match &self.known {
            Some((Rulebook::Read(robots), _)) => robots.bytes(),
            _ => 0,
        }
    }
}

const fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Rulebook {
        Rulebook::Read(Arc::new(Robots::parse(text.as_bytes())))
    }

    fn word(look: &Look) -> &'static str {
        match look {
            Look::Known(Rulebook::Read(_)) => "read",
            Look::Known(Rulebook::Unreadable(_)) => "unreadable",
            Look::FirstTime => "first",
            Look::Unknown(_) => "unknown",
        }
    }

    #[test]
    fn the_first_time_costs_nothing_unless_somebody_insists() {
        let (book, start) = (Book::default(), Instant::now());
        let check = |origin: &str, insists: bool, minutes: u64, expected: &str| {
            let now = start + Duration::from_secs(minutes * 60);
            assert_eq!(word(&book.look(origin, insists, now)), expected, "{origin} {minutes}");
        };
        check("a", false, 0, "first");
        check("b", true, 0, "unknown");
        check("a", false, 24 * 60, "first");
        check("a", false, 25 * 60, "unknown");
        book.keep("a", read(""), start);
        check("a", false, 24 * 60 - 1, "read");
        check("a", true, 24 * 60 - 1, "read");
        check("a", true, 24 * 60, "unknown");
        book.keep("b", Rulebook::Unreadable("answered 500".into()), start);
        check("b", true, 9, "unreadable");
        check("b", true, 10, "unknown");
    }

    #[test]
    fn memory_is_bounded() {
        let (book, start) = (Book::default(), Instant::now());
        for n in 0..ORIGINS_MAX + 10 {
            let now = start + Duration::from_millis(n as u64 / 3);
            book.look(&n.to_string(), false, now);
        }
        let count = book.pages.lock().unwrap().by_origin.len();
        assert_eq!(count, ORIGINS_MAX / 2 + 10);
        assert_eq!(word(&book.look("0", false, start)), "first");
        assert_eq!(word(&book.look(&ORIGINS_MAX.to_string(), false, start)), "unknown");
        let large = format!("User-agent: *\n{}", format!("Disallow: /{}\n", "x".repeat(500)).repeat(1000));
        for n in 0..40 {
            book.keep(&n.to_string(), read(&large), start);
        }
        let pages = book.pages.lock().unwrap();
        let bytes: usize = pages.by_origin.values().map(Page::bytes).sum();
        assert!(bytes == pages.rules_bytes && bytes <= RULES_BYTES_MAX, "{bytes}");
    }
}
