//! Which time it is, from a clock that may jump and one that only ever counts on. Pure.
//!
//! The house has a time of its own: it goes on with the ticks since the machine was started, and follows the wall
//! clock in small steps alone. Where that jumps, it is doubted until others bear it out.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// The house follows the wall clock where they differ by no more.
const SLACK: TimeDelta = TimeDelta::seconds(60);
/// Nobody's clock is right that shows an earlier time, in seconds since 1970: nashra is younger than 2025.
const EARLIEST_SECONDS: i64 = 1_735_689_600;
/// The date of an answer bears out a time that differs from it by no more.
const AGREEMENT_MAX: TimeDelta = TimeDelta::hours(6);
/// What other servers say is forgotten after so long.
const EVIDENCE_AGE_MAX: TimeDelta = TimeDelta::days(1);
/// One server alone is not the world.
const SEVERAL: usize = 2;
/// Servers whose dates are remembered.
const WITNESSES_MAX: usize = 5;
/// A jump that nobody contradicts is believed after so long, however large it is.
const DOUBT_MAX: TimeDelta = TimeDelta::hours(24);
/// A jump ahead by no more is believed as soon as several others bear it out: a machine was paused, and the world was
/// not.
const PAUSE_MAX: TimeDelta = TimeDelta::days(30);
/// A machine that was switched off is believed to have been so for no longer, until others bear it out.
const OFF_MAX: TimeDelta = TimeDelta::days(400);
/// A machine that was off for less has kept its time.
const RESTART_MAX: TimeDelta = TimeDelta::hours(1);
/// What is forgotten with age counts a jump ahead only when the machine has run for so long after it.
const REPAID_AFTER: TimeDelta = TimeDelta::days(7);
/// A jump ahead by less puts off nothing that waits to be counted already.
const SMALL_DEBT_MAX: TimeDelta = TimeDelta::days(2);

/// What the two clocks show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock.
    pub wall: Timestamp,
    /// The time since the machine was started, that in which it slept too.
    pub ticks: TimeDelta,
}

/// What outlives the process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Which start of the machine the ticks belong to; `None` where that cannot be known.
    #[serde(default)]
    pub boot: Option<String>,
    /// The ticks, in milliseconds.
    pub ticks_ms: i64,
    /// The time of the house at these ticks.
    pub at: Timestamp,
    /// Whether others have ever borne the time out.
    #[serde(default)]
    pub is_confirmed: bool,
    /// Whether they have since the machine was started.
    #[serde(default)]
    pub is_confirmed_here: bool,
    /// What retention does not count yet, in milliseconds.
    #[serde(default)]
    pub owed_ms: i64,
    /// For how long it will not, in milliseconds.
    #[serde(default)]
    pub unpaid_ms: i64,
}

/// What a look has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The wall clock is off by so much from now on.
    Doubted(TimeDelta),
    /// The wall clock is right again.
    Settled,
    /// The house has taken the time of the wall clock, and so jumped by this much itself.
    Stepped(TimeDelta),
    /// Others bear out the time of the house.
    Confirmed,
}

/// A wall clock that is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// How far it is ahead of the house.
    pub by: TimeDelta,
    /// Since when, in ticks.
    since: TimeDelta,
    /// Since when others bear it out without a break, in ticks.
    agreed: Option<TimeDelta>,
    /// Whether others have borne out the time of the house meanwhile.
    is_contradicted: bool,
}

/// The date that a server has sent.
#[derive(Clone, Debug)]
struct Witness {
    host: String,
    /// When the machine was started, if the date is right.
    boot_at: Timestamp,
    ticks: TimeDelta,
}

/// The time of the house.
#[derive(Clone, Debug)]
pub struct Steady {
    /// When the machine was started, as the house believes.
    boot_at: Timestamp,
    /// What it believed before it last jumped.
    before: Option<Timestamp>,
    ticks: TimeDelta,
    /// Whether it began with a time that was not that of the wall clock.
    is_held: bool,
    is_confirmed: bool,
    is_confirmed_here: bool,
    doubt: Option<Doubt>,
    witnesses: Vec<Witness>,
    owed: TimeDelta,
    unpaid: TimeDelta,
}

impl Steady {
    /// The time of a house that knows nothing of an earlier one.
    pub fn new(reading: Reading) -> Self {
        let earliest = Timestamp::UNIX_EPOCH + TimeDelta::seconds(EARLIEST_SECONDS);
        Self::at(reading.wall.max(earliest), reading)
    }

    /// The time of a house that goes on after `record`. While the machine was running, no time is lost or won; where
    /// it was off, the wall clock tells for how long, unless what it says cannot be.
    pub fn resume(record: &Record, boot: Option<&str>, reading: Reading) -> Self {
        let since = TimeDelta::milliseconds(record.ticks_ms);
        if boot.is_some() && record.boot.as_deref() == boot && reading.ticks >= since {
            let mut steady = Self::at(record.at + (reading.ticks - since), reading);
            steady.is_confirmed_here = record.is_confirmed_here;
            steady.take_over(record);
            steady.repay(reading.ticks - since);
            return steady;
        }
        let off = reading.wall - record.at;
        let mut steady = if (-SLACK..=OFF_MAX).contains(&off) {
            Self::at(reading.wall, reading)
        } else {
            let ran = if boot.is_some() { reading.ticks } else { TimeDelta::zero() };
            Self::at(record.at + ran, reading)
        };
        steady.take_over(record);
        if !steady.is_held && off > RESTART_MAX {
            steady.owe(off);
        }
        steady
    }

    fn at(now: Timestamp, reading: Reading) -> Self {
        Self {
            boot_at: now - reading.ticks,
            before: None,
            ticks: reading.ticks,
            is_held: now != reading.wall,
            is_confirmed: false,
            is_confirmed_here: false,
            doubt: None,
            witnesses: vec![],
            owed: TimeDelta::zero(),
            unpaid: TimeDelta::zero(),
        }
    }

    fn take_over(&mut self, record: &Record) {
        self.is_confirmed = record.is_confirmed;
        self.owed = TimeDelta::milliseconds(record.owed_ms);
        self.unpaid = TimeDelta::milliseconds(record.unpaid_ms);
    }

    /// What is to outlive the process.
    pub fn record(&self, boot: Option<&str>) -> Record {
        Record {
            boot: boot.map(str::to_owned),
            ticks_ms: self.ticks.num_milliseconds(),
            at: self.now(),
            is_confirmed: self.is_confirmed,
            is_confirmed_here: self.is_confirmed_here,
            owed_ms: self.owed.num_milliseconds(),
            unpaid_ms: self.unpaid.num_milliseconds(),
        }
    }

    /// The time at the last look.
    pub fn now(&self) -> Timestamp {
        self.boot_at + self.ticks
    }

    /// The time that is counted for what is forgotten with age: a jump ahead counts late, and may be taken back before.
    pub fn counted(&self) -> Timestamp {
        self.now() - self.owed
    }

    /// Why the wall clock is not believed; `None` where it is.
    pub fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    /// Looks at the clocks.
    pub fn look(&mut self, reading: Reading) -> Option<Turn> {
        // Ticks that went back would be no ticks.
        let ticks = reading.ticks.max(self.ticks);
        self.repay(ticks - self.ticks);
        self.ticks = ticks;
        let by = reading.wall - self.now();
        if by.abs() <= SLACK {
            self.boot_at += by;
            return self.doubt.take().map(|_| Turn::Settled);
        }
        match &mut self.doubt {
            Some(doubt) if (doubt.by - by).abs() <= SLACK => doubt.by = by,
            _ => {
                self.doubt = Some(Doubt { by, since: ticks, agreed: None, is_contradicted: false });
                return self.may_step(by).then(|| self.step(by)).or(Some(Turn::Doubted(by)));
            }
        }
        self.may_step(by).then(|| self.step(by))
    }

    /// Hears what time it is for a server that has just answered.
    pub fn hear(&mut self, host: &str, date: Timestamp) -> Option<Turn> {
        let ticks = self.ticks;
        self.witnesses.retain(|one| one.host != host && ticks - one.ticks <= EVIDENCE_AGE_MAX);
        if self.witnesses.len() >= WITNESSES_MAX {
            self.witnesses.remove(0);
        }
        self.witnesses.push(Witness { host: host.to_owned(), boot_at: date - ticks, ticks });
        let house = self.boot_at;
        let Some(doubt) = &mut self.doubt else {
            let agrees = median(&self.witnesses, None).is_some_and(|at| (at - house).abs() <= AGREEMENT_MAX);
            let is_news = agrees && !self.is_confirmed_here;
            self.is_confirmed_here |= agrees;
            self.is_confirmed |= agrees;
            return is_news.then_some(Turn::Confirmed);
        };
        let at = median(&self.witnesses, Some(doubt.since))?;
        let (from_house, from_wall) = ((at - house).abs(), (at - (house + doubt.by)).abs());
        if from_wall < from_house && from_wall <= AGREEMENT_MAX {
            doubt.agreed.get_or_insert(ticks);
        } else {
            doubt.agreed = None;
            doubt.is_contradicted |= from_house <= AGREEMENT_MAX;
        }
        let by = doubt.by;
        self.may_step(by).then(|| self.step(by))
    }

    /// Whether the time of the wall clock is to be believed now.
    fn may_step(&self, by: TimeDelta) -> bool {
        let Some(doubt) = self.doubt else { return false };
        let to = self.boot_at + by;
        if to + self.ticks < Timestamp::UNIX_EPOCH + TimeDelta::seconds(EARLIEST_SECONDS) {
            return false;
        }
        let Some(agreed) = doubt.agreed else {
            // A clock that was set once the network was there, after a start with none.
            let was_set = self.is_held && !self.is_confirmed_here && by > TimeDelta::zero() && by <= OFF_MAX;
            return !doubt.is_contradicted && (was_set || self.ticks - doubt.since >= DOUBT_MAX);
        };
        let is_undone = self.before.is_some_and(|before| (to - before).abs() <= AGREEMENT_MAX);
        let is_plausible = if by > TimeDelta::zero() {
            !self.is_confirmed_here || by <= PAUSE_MAX && self.agree_on(to, doubt.since) >= SEVERAL
        } else {
            // What others have borne out once cannot lie in the future.
            !self.is_confirmed
        };
        is_undone || is_plausible || self.ticks - agreed >= DOUBT_MAX
    }

    /// How many servers have borne this out since then.
    fn agree_on(&self, boot_at: Timestamp, since: TimeDelta) -> usize {
        let agree = |one: &&Witness| one.ticks >= since && (one.boot_at - boot_at).abs() <= AGREEMENT_MAX;
        self.witnesses.iter().filter(agree).count()
    }

    fn step(&mut self, by: TimeDelta) -> Turn {
        let agreed = self.doubt.take().is_some_and(|doubt| doubt.agreed.is_some());
        self.before = Some(self.boot_at);
        self.boot_at += by;
        self.is_held = false;
        self.is_confirmed_here = agreed;
        self.is_confirmed |= agreed;
        if by > TimeDelta::zero() {
            self.owe(by);
        } else {
            self.owed = (self.owed + by).max(TimeDelta::zero());
        }
        Turn::Stepped(by)
    }

    fn owe(&mut self, by: TimeDelta) {
        if self.owed.is_zero() || by >= SMALL_DEBT_MAX {
            self.unpaid = REPAID_AFTER;
        }
        self.owed += by;
    }

    /// The machine has run for `ran`.
    fn repay(&mut self, ran: TimeDelta) {
        self.unpaid = (self.unpaid - ran).max(TimeDelta::zero());
        if self.unpaid.is_zero() {
            self.owed = TimeDelta::zero();
        }
    }
}

/// The middle one of what they say since `since`.
fn median(witnesses: &[Witness], since: Option<TimeDelta>) -> Option<Timestamp> {
    let heard = witnesses.iter().filter(|one| since.is_none_or(|since| one.ticks >= since));
    let mut said: Vec<Timestamp> = heard.map(|one| one.boot_at).collect();
    said.sort_unstable();
    said.get(said.len() / 2).copied()
}
