//! Somebody who is subscribed at the hub: everything that becomes visible is to reach them, and only what they had not
//! acknowledged may come a second time.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::page::{Format, Page};
use crate::wire::{Message, Reply};

/// Nobody is kept waiting for longer.
const GATE_PATIENCE: Duration = Duration::from_secs(20);

/// An entry and how often it had changed.
type Version = (u64, usize);

#[derive(Default)]
pub struct Subscriber {
    state: Mutex<State>,
    opened: Condvar,
}

#[derive(Default)]
struct State {
    /// Whether deliveries are left without an answer.
    is_closed: bool,
    /// Whether nothing is said of what comes again.
    is_forgiving: bool,
    /// Whether there is no daemon: what comes now was on its way.
    is_dead: bool,
    /// Everything that was brought.
    told: HashSet<Version>,
    deliveries: u64,
    repeated: u64,
    /// The last delivery.
    last: HashSet<Version>,
    /// What may come again: a kill came before its acknowledgement was written down for certain.
    pardoned: HashSet<Version>,
    findings: Vec<String>,
}

impl Subscriber {
    /// Answers a question of the hub's with its challenge, and a delivery with thanks.
    pub fn answer(&self, request: &Message) -> Option<Reply> {
        let (method, target) = request.target();
        let ok = |body: Vec<u8>| Some(Reply { status: 200, headers: vec![], body });
        if method == "GET" {
            let (_, query) = target.split_once('?')?;
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            let challenge = pairs.find(|(name, _)| name == "hub.challenge")?.1.into_owned();
            return ok(challenge.into_bytes());
        }
        let mut state = self.state();
        state.take(&request.body);
        let wait = self.opened.wait_timeout_while(state, GATE_PATIENCE, |state| state.is_closed);
        let (state, late) = wait.unwrap_or_else(PoisonError::into_inner);
        drop(state);
        // Whoever has waited for so long hears nothing.
        if late.timed_out() { None } else { ok(vec![]) }
    }

    /// Leaves deliveries without an answer until [`Subscriber::killed`].
    pub fn close(&self) {
        self.state().is_closed = true;
    }

    /// From now on the store may be an older one.
    pub fn forgive_repeats(&self) {
        self.state().is_forgiving = true;
    }

    /// The daemon is gone.
    pub fn killed(&self) {
        let mut state = self.state();
        let last = state.last.clone();
        state.pardoned.extend(last);
        (state.is_dead, state.is_closed) = (true, false);
        self.opened.notify_all();
    }

    /// There is another daemon.
    pub fn started(&self) {
        self.state().is_dead = false;
    }

    /// Those of these entries that were never brought.
    pub fn lacks(&self, numbers: impl IntoIterator<Item = u64>) -> BTreeSet<u64> {
        let state = self.state();
        let told: HashSet<u64> = state.told.iter().map(|(number, _)| *number).collect();
        numbers.into_iter().filter(|number| !told.contains(number)).collect()
    }

    /// How many deliveries came, and how many entries in them came again.
    pub fn counts(&self) -> (u64, u64) {
        let state = self.state();
        (state.deliveries, state.repeated)
    }

    pub fn take_findings(&self) -> Vec<String> {
        std::mem::take(&mut self.state().findings)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, body: &[u8]) {
        self.deliveries += 1;
        let page = match Page::read(Format::Atom, body) {
            Ok(page) => page,
            Err(why) => return self.findings.push(format!("a delivery of the hub cannot be read: {why}")),
        };
        let all: Option<HashSet<Version>> =
            page.items.iter().map(|item| Some((item.number()?, item.changes()?))).collect();
        let Some(all) = all else {
            return self.findings.push("a delivery of the hub has an entry that nobody published".to_owned());
        };
        for version in &all {
            if !self.told.insert(*version) {
                self.repeated += 1;
                if !self.is_forgiving && !self.pardoned.contains(version) {
                    self.findings.push(format!("the hub repeats what was acknowledged: entry {version:?}"));
                }
            }
        }
        if self.is_dead {
            self.pardoned.extend(&all);
        } else {
            self.pardoned.clear();
        }
        self.last = all;
    }
}
