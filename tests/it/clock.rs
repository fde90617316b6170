//! The time of the house, where the clock of the machine jumps; and what is waited for meanwhile.

use std::path::Path;

use chrono::{TimeDelta, TimeZone as _, Utc};
use nashra::config;
use nashra::edge::clock::{Reading, Record, Steady, Turn};
use nashra::model::{Source, SourceState, Timestamp};
use nashra::schedule;
use proptest::prelude::*;

const BOOT: Option<&str> = Some("one");

fn noon() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 6, 1, 12, 0, 0).unwrap()
}

fn days(days: i64) -> TimeDelta {
    TimeDelta::days(days)
}

/// A machine whose wall clock is `ahead` of the truth; the house has lived on it since the truth was noon.
struct Machine {
    steady: Steady,
    truth: Timestamp,
    ahead: TimeDelta,
    booted_at: Timestamp,
}

impl Machine {
    fn new() -> Self {
        let booted_at = noon() - TimeDelta::hours(3);
        let reading = Reading { wall: noon(), ticks: noon() - booted_at };
        Self { steady: Steady::new(reading), truth: noon(), ahead: TimeDelta::zero(), booted_at }
    }

    /// The same where an answer has borne the time out.
    fn confirmed() -> Self {
        let mut machine = Self::new();
        assert_eq!(machine.hear(TimeDelta::zero()), Some(Turn::Confirmed));
        machine
    }

    fn reading(&self) -> Reading {
        Reading { wall: self.truth + self.ahead, ticks: self.truth - self.booted_at }
    }

    fn jump(&mut self, by: TimeDelta) -> Option<Turn> {
        self.ahead += by;
        self.look()
    }

    fn look(&mut self) -> Option<Turn> {
        self.steady.look(self.reading())
    }

    fn run(&mut self, time: TimeDelta) -> Option<Turn> {
        self.truth += time;
        self.look()
    }

    /// Answers of two servers whose dates are so far ahead of the truth.
    fn hear(&mut self, ahead: TimeDelta) -> Option<Turn> {
        let first = self.steady.hear("one.example", self.truth + ahead);
        first.or(self.steady.hear("other.example", self.truth + ahead))
    }

    /// The process ends; the next one begins after `off`, on a machine that was started anew or not.
    fn restart(&mut self, off: TimeDelta, boot: Option<&str>) {
        let record = self.steady.record(BOOT);
        let record: Record = serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
        self.truth += off;
        if boot != BOOT {
            self.booted_at = self.truth - TimeDelta::seconds(20);
        }
        self.steady = Steady::resume(&record, boot, self.reading());
        self.look();
    }

    /// How far the house is ahead of the truth.
    fn error(&self) -> TimeDelta {
        self.steady.now() - self.truth
    }
}

#[test]
fn small_steps_are_followed() {
    let mut machine = Machine::new();
    for seconds in [1, -2, 30, -59] {
        assert_eq!(machine.jump(TimeDelta::seconds(seconds)), None);
        assert_eq!(machine.error(), machine.ahead);
    }
}

#[test]
fn the_house_goes_on_where_the_wall_clock_jumps() {
    for jump in [1, -1, 3650, -3650] {
        let mut machine = Machine::new();
        assert_eq!(machine.jump(days(jump)), Some(Turn::Doubted(days(jump))));
        assert_eq!(machine.run(TimeDelta::hours(23)), None, "{jump}");
        assert_eq!((machine.error(), machine.steady.counted()), (days(0), machine.truth), "{jump}");
        assert_eq!(machine.steady.doubt().map(|doubt| doubt.by), Some(days(jump)));
        assert_eq!(machine.jump(days(-jump)), Some(Turn::Settled), "{jump}");
        assert_eq!((machine.error(), machine.steady.doubt()), (days(0), None), "{jump}");
    }
}

/// What answers say after a jump decides: `check(confirmed before, the jump, what they say, what comes of it)`, all in
/// days.
#[test]
fn answers_decide_on_a_jump() {
    let check = |was_confirmed: bool, jump: i64, said: i64, expected: Option<i64>| {
        let mut machine = if was_confirmed { Machine::confirmed() } else { Machine::new() };
        machine.jump(days(jump));
        let turn = machine.hear(days(said));
        assert_eq!(turn, expected.map(|by| Turn::Stepped(days(by))), "{was_confirmed} {jump} {said}");
        assert_eq!(machine.error(), days(expected.unwrap_or(0)));
    };
    // The clock was set.
    check(false, 1, 1, Some(1));
    check(false, 700, 700, Some(700));
    check(false, -1, -1, Some(-1));
    // A machine that was paused.
    check(true, 1, 1, Some(1));
    check(true, 30, 30, Some(30));
    // The whole world does not jump so far, or back.
    check(true, 31, 31, None);
    check(true, 3650, 3650, None);
    check(true, -1, -1, None);
    check(true, -3650, -3650, None);
    // The answers know better.
    for was_confirmed in [false, true] {
        for jump in [1, -1, 3650, -3650] {
            check(was_confirmed, jump, 0, None);
            check(was_confirmed, jump, jump * 2, None);
        }
    }
    // No house is older than nashra.
    check(false, -3650, -3650, None);
}

#[test]
fn most_servers_decide_and_not_the_last() {
    let mut machine = Machine::new();
    machine.jump(days(10));
    let truth = machine.truth;
    assert_eq!(machine.steady.hear("a.example", truth), None);
    assert_eq!(machine.steady.hear("b.example", truth), None);
    assert_eq!(machine.steady.hear("c.example", truth + days(10)), None);
    assert_eq!(machine.steady.hear("d.example", truth + days(10)), Some(Turn::Stepped(days(10))));
}

#[test]
fn one_server_alone_is_not_the_world() {
    let mut machine = Machine::confirmed();
    machine.jump(days(1));
    for _ in 0..3 {
        let said = machine.truth + days(1);
        assert_eq!(machine.steady.hear("one.example", said), None);
    }
    assert_eq!(machine.hear(days(1)), Some(Turn::Stepped(days(1))));
}

#[test]
fn a_jump_that_stands_for_a_day_is_believed_unless_answers_contradict() {
    for (jump, contradicts, expected) in
        [(3650, false, 3650), (-1, false, -1), (3650, true, 0), (-1, true, 0)]
    {
        let mut machine = Machine::confirmed();
        machine.jump(days(jump));
        if contradicts {
            machine.hear(days(0));
        }
        machine.run(TimeDelta::hours(25));
        assert_eq!(machine.error(), days(expected), "{jump} {contradicts}");
    }
    // So is one that answers bear out, though it goes back.
    let mut machine = Machine::confirmed();
    machine.jump(days(-1));
    for _ in 0..25 {
        machine.hear(days(-1));
        machine.run(TimeDelta::hours(1));
    }
    assert_eq!(machine.error(), days(-1));
}

#[test]
fn a_step_is_undone_where_the_clock_goes_back_to_what_it_was() {
    let mut machine = Machine::confirmed();
    machine.jump(days(1));
    assert_eq!(machine.hear(days(1)), Some(Turn::Stepped(days(1))));
    assert_eq!(machine.steady.counted(), machine.truth);
    machine.jump(days(-1));
    assert_eq!(machine.hear(days(0)), Some(Turn::Stepped(days(-1))));
    assert_eq!((machine.error(), machine.steady.counted()), (days(0), machine.truth));
}

/// Between two runs: `check(how long it was off, the jump meanwhile, the boot afterwards, the error)` in days.
#[test]
fn a_start_goes_on_after_the_last_one() {
    let check = |off: TimeDelta, jump: i64, boot: Option<&str>, expected: TimeDelta| {
        let mut machine = Machine::confirmed();
        machine.run(TimeDelta::hours(1));
        machine.ahead = days(jump);
        machine.restart(off, boot);
        assert_eq!(machine.error(), expected, "{off} {jump} {boot:?}");
        assert!(machine.steady.counted() <= machine.truth, "{off} {jump} {boot:?}");
    };
    let (minute, month) = (TimeDelta::minutes(1), days(30));
    for jump in [1, -1, 3650, -3650] {
        check(minute, jump, BOOT, days(0));
        check(month, jump, BOOT, days(0));
    }
    for boot in [Some("another"), None] {
        check(minute, 0, boot, days(0));
        check(month, 0, boot, days(0));
        // Nothing tells it from a machine that was off.
        check(minute, 1, boot, days(1));
    }
    // No machine was off for ten years, or for less than no time: it goes on where it was, as long as it runs.
    let ran = TimeDelta::seconds(20);
    check(minute, 3650, Some("another"), ran - minute);
    check(minute, -1, Some("another"), ran - minute);
    check(minute, -3650, None, -minute);
}

#[test]
fn a_machine_without_a_clock_takes_the_time_over_once_it_is_set() {
    let mut machine = Machine::confirmed();
    machine.ahead = days(-20_000);
    machine.restart(days(3), Some("another"));
    assert_eq!(machine.error(), TimeDelta::seconds(20) - days(3));
    machine.ahead = days(0);
    assert!(matches!(machine.look(), Some(Turn::Stepped(_))));
    assert_eq!((machine.error(), machine.steady.doubt()), (days(0), None));
}

#[test]
fn retention_counts_what_the_machine_was_off_when_it_has_run_for_a_week() {
    let mut machine = Machine::confirmed();
    let before = machine.truth;
    machine.restart(days(100), Some("another"));
    assert_eq!((machine.error(), machine.steady.counted()), (days(0), before));
    machine.run(days(6));
    assert_eq!(machine.steady.counted(), before + days(6));
    // What it is off does not count as running.
    machine.restart(days(1), Some("another"));
    assert_eq!(machine.steady.counted(), before + days(6));
    machine.run(days(1));
    assert_eq!(machine.steady.counted(), machine.truth);
}

#[test]
fn records_of_other_versions_are_read() {
    let record: Record =
        serde_json::from_str(r#"{"ticks_ms": 5, "at": "2026-06-01T12:00:00Z", "more": true}"#).unwrap();
    assert_eq!((record.boot, record.at, record.is_confirmed), (None, noon(), false));
}

fn source(schedule: &str) -> Source {
    let text = format!("[sources.wire]\nurl = \"https://example.org/\"\nschedule = \"{schedule}\"\n");
    config::read(&text, "feeds.toml", Path::new("")).unwrap().sources.remove(0)
}

proptest! {
    /// Whatever jumps, and whatever answers say: the next asking comes no later than without the jump, and not within
    /// `min_interval`.
    #[test]
    fn polling_keeps_its_rhythm(
        jump in -630_720_000_i64..630_720_000,
        said in prop_oneof![Just(None), Just(Some(false)), Just(Some(true))],
        was_confirmed: bool,
        after in 0_i64..3600,
    ) {
        let mut machine = if was_confirmed { Machine::confirmed() } else { Machine::new() };
        let source = source("every 1h");
        let mut state = SourceState { asked_at: Some(noon()), ..SourceState::default() };
        state.next_at = schedule::next_at(&source, &state, chrono_tz::UTC, noon());
        let planned = state.next_at.unwrap() - noon();
        machine.run(TimeDelta::seconds(after));
        let mut turns = vec![machine.jump(TimeDelta::seconds(jump))];
        turns.extend(said.map(|agrees| machine.hear(if agrees { machine.ahead } else { TimeDelta::zero() })));
        for turn in turns.into_iter().flatten() {
            if let Turn::Stepped(by) = turn {
                schedule::shift(&mut state, by);
            }
        }
        let states = [(source.id.clone(), state)].into();
        let is_due = |at: TimeDelta| {
            let now = machine.steady.now() + (at - TimeDelta::seconds(after));
            !schedule::due([&source].into_iter(), &states, now).ask.is_empty()
        };
        // Small steps are followed, so they shift by that much.
        let slack = TimeDelta::seconds(61);
        prop_assert!(is_due(planned + slack));
        let min_interval = TimeDelta::from_std(source.fetch.min_interval).unwrap();
        prop_assert!(!is_due(planned.max(min_interval) - slack));
    }
}

#[test]
fn what_is_waited_for_moves_and_what_is_told_stays() {
    let at = |seconds| Some(noon() + TimeDelta::seconds(seconds));
    let before = SourceState {
        next_at: at(1),
        asked_at: at(2),
        unanswered_at: at(3),
        retry_after: at(4),
        fresh_until: at(5),
        ok_at: at(6),
        first_at: at(7),
        gone_at: at(8),
        ..SourceState::default()
    };
    let mut state = before.clone();
    schedule::shift(&mut state, days(3));
    let moved = |at: Option<Timestamp>| at.map(|at| at + days(3));
    let expected = SourceState {
        next_at: moved(before.next_at),
        asked_at: moved(before.asked_at),
        unanswered_at: moved(before.unanswered_at),
        retry_after: moved(before.retry_after),
        fresh_until: moved(before.fresh_until),
        ..before.clone()
    };
    assert_eq!(state, expected);
    schedule::shift(&mut state, days(-3));
    assert_eq!(state, before);
}
