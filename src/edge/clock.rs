//! The only clock of the house. It goes on evenly where the clock of the machine jumps ([`Steady`]).

mod record;
mod steady;
mod ticks;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{SubsecRound as _, TimeDelta};

pub use self::record::Keeper;
pub use self::steady::{Doubt, Reading, Record, Steady, Turn};
use crate::model::Timestamp;

/// The clocks are compared at least this often while somebody watches them.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Whoever watches hears of it this often, though nothing has happened.
const BEAT_INTERVAL: TimeDelta = TimeDelta::seconds(30);
/// The record is written this often.
const RECORD_INTERVAL: TimeDelta = TimeDelta::hours(1);

static HOUSE: LazyLock<Mutex<House>> = LazyLock::new(|| Mutex::new(House::default()));
/// No date that we send is later, in seconds since 1970.
static LATEST_SECONDS: AtomicI64 = AtomicI64::new(i64::MAX);
/// The time as of the last look, in seconds since 1970.
static NOW_SECONDS: AtomicI64 = AtomicI64::new(0);
/// Whether somebody looks every second.
static IS_WATCHED: AtomicBool = AtomicBool::new(false);

/// Now, to the millisecond.
pub fn now() -> Timestamp {
    house().look().trunc_subsecs(3)
}

/// The time that is counted for what is forgotten with age: a jump ahead counts only after days, so that one that is
/// taken back has removed nothing.
pub fn counted() -> Timestamp {
    let mut house = house();
    house.look();
    house.steady.counted().trunc_subsecs(3)
}

/// By how much the house itself has jumped in this process, all in all: to be added to whatever waits for a moment.
pub fn stepped() -> TimeDelta {
    house().stepped
}

/// How far the wall clock is ahead, where it is not believed.
pub fn doubt() -> Option<TimeDelta> {
    house().steady.doubt().map(|doubt| doubt.by)
}

/// What a server says that the time is, in an answer that has just come.
pub fn hear(host: &str, date: Timestamp) {
    let mut house = house();
    house.look();
    let turn = house.steady.hear(host, date);
    house.note(turn);
}

/// Whether a date that is sent lies in the future, for us or for our machine. It is as of the last look.
pub fn is_future(at: Timestamp) -> bool {
    at.timestamp() > LATEST_SECONDS.load(Relaxed)
}

/// Now, in seconds since 1970: at most a second ago, which costs nothing, where somebody watches the clocks.
pub fn seconds() -> i64 {
    if IS_WATCHED.load(Relaxed) { NOW_SECONDS.load(Relaxed) } else { now().timestamp() }
}

/// Goes on after what is written down in this folder, and writes down there how it goes on.
pub fn keep_in(folder: &Path) {
    let keeper = Keeper::new(folder);
    let mut house = house();
    if let Some(record) = keeper.read() {
        let reading = ticks::read();
        house.steady = Steady::resume(&record, ticks::boot(), reading);
        house.look();
    }
    house.keeper = Some(keeper);
    house.write();
}

/// Writes down what the next process has to know.
pub fn write() {
    let mut house = house();
    house.look();
    house.write();
}

/// What whoever watches the clocks is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// The house jumps or doubts, or 30 seconds have passed.
    Look,
    /// The clock that timers go by was set back, which no kernel does by itself: none of them can be relied on.
    TimersBroken,
}

/// Watches the clocks on a thread of its own, whose sleep no clock can change. It ends when `tell` says so.
pub fn watch(tell: impl Fn(Beat) -> ControlFlow<()> + Send + 'static) -> std::io::Result<()> {
    let (mut told, mut seen, mut before) = (ticks::read().ticks, house().turns, Instant::now());
    let watch = move || {
        IS_WATCHED.store(true, Relaxed);
        loop {
            thread::sleep(LOOK_INTERVAL);
            let (turns, ticks) = house().beat();
            let timers = Instant::now();
            let beat = if timers < before {
                Beat::TimersBroken
            } else if turns != seen || ticks - told >= BEAT_INTERVAL {
                Beat::Look
            } else {
                before = timers;
                continue;
            };
            (told, seen, before) = (ticks, turns, timers);
            if tell(beat).is_break() {
                break IS_WATCHED.store(false, Relaxed);
            }
        }
    };
    thread::Builder::new().name("clock".to_owned()).spawn(watch).map(drop)
}

struct House {
    steady: Steady,
    stepped: TimeDelta,
    /// How often something has happened.
    turns: u64,
    keeper: Option<Keeper>,
    written: TimeDelta,
}

impl Default for House {
    fn default() -> Self {
        let reading = ticks::read();
        Self {
            steady: Steady::new(reading),
            stepped: TimeDelta::zero(),
            turns: 0,
            keeper: None,
            written: reading.ticks,
        }
    }
}

impl House {
    fn look(&mut self) -> Timestamp {
        let reading = ticks::read();
        let turn = self.steady.look(reading);
        self.note(turn);
        let now = self.steady.now();
        NOW_SECONDS.store(now.timestamp(), Relaxed);
        LATEST_SECONDS.store(now.min(reading.wall).timestamp(), Relaxed);
        now
    }

    fn beat(&mut self) -> (u64, TimeDelta) {
        self.look();
        let ticks = ticks::read().ticks;
        if ticks - self.written >= RECORD_INTERVAL {
            self.write();
        }
        (self.turns, ticks)
    }

    fn note(&mut self, turn: Option<Turn>) {
        let Some(turn) = turn else { return };
        self.turns += 1;
        let now = self.steady.now();
        match turn {
            Turn::Doubted(by) => tracing::warn!(
                by_seconds = by.num_seconds(),
                time = %now.format("%F %T UTC"),
                "the clock of this machine has jumped: nashra goes on by its own time until answers bear the jump out"
            ),
            Turn::Settled => tracing::info!("the clock of this machine is right again"),
            Turn::Confirmed => {}
            Turn::Stepped(by) => {
                self.stepped += by;
                let by_seconds = by.num_seconds();
                tracing::warn!(by_seconds, time = %now.format("%F %T UTC"), "nashra takes over the time of this machine");
            }
        }
        self.write();
    }

    fn write(&mut self) {
        let record = self.steady.record(ticks::boot());
        self.written = ticks::read().ticks;
        if let Some(keeper) = &self.keeper {
            keeper.write(&record);
        }
    }
}

fn house() -> MutexGuard<'static, House> {
    HOUSE.lock().unwrap_or_else(PoisonError::into_inner)
}
