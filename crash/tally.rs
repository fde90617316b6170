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
pub struct Tally(BTreeMap<String, Line>);

impl Tally {
    /// A round has ended; whether the daemon died where it was meant to.
    pub fn note(&mut self, way: &str, is_reached: bool) {
        let line = self.0.entry(way.to_owned()).or_default();
        line.rounds += 1;
        line.reached += u32::from(is_reached);
    }

    /// Readers were answered so long after the start behind such a round.
    pub fn note_wait(&mut self, way: &str, wait: Duration) {
        self.0.entry(way.to_owned()).or_default().waits.push(wait);
    }

    pub fn rounds(&self) -> u32 {
        self.0.values().map(|line| line.rounds).sum()
    }

    pub fn print(&self) -> String {
        let mut out = format!(
            "{:<28}{:>7}{:>9}   first good answer after the next start, ms (min / median / max)\n",
            "died", "rounds", "reached"
        );
        let mut all = vec![];
        for (way, line) in &self.0 {
            let waits = times(&line.waits);
            let _ = writeln!(out, "{way:<28}{:>7}{:>9}   {waits}", line.rounds, line.reached);
            all.extend(&line.waits);
        }
        let (rounds, reached) = (self.rounds(), self.0.values().map(|line| line.reached).sum::<u32>());
        let _ = writeln!(out, "{:<28}{rounds:>7}{reached:>9}   {}", "all", times(&all));
        out
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
