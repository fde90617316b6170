//! How many rounds there were of which kind, and how long readers waited after them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

#[derive(Default)]
struct Line {
    rounds: u32,
    reached: u32,
    /// From the start behind the kill to the first good answer.
    waits: Vec<Duration>,
}

/// A table that fills as rounds end.
#[derive(Default)]
pub struct Tally {
    lines: BTreeMap<String, Line>,
    /// How often a moment with a name was tried, and reached.
    moments: BTreeMap<&'static str, (u32, u32)>,
}

impl Tally {
    /// A round has ended; whether the daemon died where it was meant to.
    pub fn note(&mut self, way: &str, is_reached: bool) {
        let line = self.lines.entry(way.to_owned()).or_default();
        line.rounds += 1;
        line.reached += u32::from(is_reached);
    }

    /// A moment was to be reached; a round may have several.
    pub fn note_moment(&mut self, name: &'static str, is_reached: bool) {
        let (tried, reached) = self.moments.entry(name).or_default();
        *tried += 1;
        *reached += u32::from(is_reached);
    }

    /// Whether anything has ever died at this moment.
    pub fn has_reached(&self, name: &str) -> bool {
        self.moments.get(name).is_some_and(|(_, reached)| *reached > 0)
    }

    /// Which of all moments something has died at, how often, and which were tried in vain.
    fn print_moments(&self, all: usize) -> String {
        if self.moments.is_empty() {
            return String::new();
        }
        let reached = self.moments.iter().filter(|(_, (_, reached))| *reached > 0);
        let reached: Vec<String> = reached.map(|(name, (_, times))| format!("{name} ×{times}")).collect();
        let missed = self.moments.iter().filter(|(_, (_, reached))| *reached == 0).map(|(name, _)| *name);
        let missed: Vec<&str> = missed.collect();
        let mut out = format!("{} of {all} moments reached: {}\n", reached.len(), reached.join(", "));
        if !missed.is_empty() {
            let _ = writeln!(out, "tried, and not reached: {}", missed.join(", "));
        }
        out
    }

    /// Readers were answered so long after the start behind such a round.
    pub fn note_wait(&mut self, way: &str, wait: Duration) {
        self.lines.entry(way.to_owned()).or_default().waits.push(wait);
    }

    pub fn rounds(&self) -> u32 {
        self.lines.values().map(|line| line.rounds).sum()
    }

    /// Everything, where there are so many moments in all.
    pub fn print(&self, moments: usize) -> String {
        let mut out = format!(
            "{:<28}{:>7}{:>9}   first good answer after the next start, ms (min / median / max)\n",
            "died", "rounds", "reached"
        );
        let mut all = vec![];
        for (way, line) in &self.lines {
            let waits = times(&line.waits);
            let _ = writeln!(out, "{way:<28}{:>7}{:>9}   {waits}", line.rounds, line.reached);
            all.extend(&line.waits);
        }
        let (rounds, reached) = (self.rounds(), self.lines.values().map(|line| line.reached).sum::<u32>());
        let _ = writeln!(out, "{:<28}{rounds:>7}{reached:>9}   {}", "all", times(&all));
        out + &self.print_moments(moments)
    }
}

fn times(waits: &[Duration]) -> String {
    let mut millis: Vec<u128> = waits.iter().map(Duration::as_millis).collect();
    millis.sort_unstable();
    match (millis.first(), millis.get(millis.len() / 2), millis.last()) {
        (Some(min), Some(median), Some(max)) => format!("{min} / {median} / {max}"),
        _ => "–".to_owned(),
    }
}
