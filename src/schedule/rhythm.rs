//! The rhythm in which a source has news, and what follows from it.

use std::time::Duration;

use super::moments::between;
use crate::model::{Rhythm, Timestamp};

/// The interval of a source whose rhythm is not known yet, in seconds.
const UNKNOWN_SECONDS: u64 = 30 * 60;

/// A rhythm is known from this many moments of news on.
const KNOWN_MIN: usize = 3;

/// The gaps that the rhythm is taken from, the silence since the last news among them.
const GAPS: usize = 10;

/// Silence is judged from this many moments of news on.
const SILENT_KNOWN_MIN: usize = 5;

/// The shortest silence that is worth a word, in seconds.
const SILENT_SECONDS_MIN: u64 = 3 * 24 * 3600;

/// A silence of this many mean gaps is much longer than the rhythm.
const SILENT_MEAN_GAPS: u32 = 10;

/// And so is one of this many of the longest gap: who writes ten pieces a week, all of them on Friday, is not
/// silent on Thursday.
const SILENT_LONGEST_GAPS: u32 = 2;

/// How often to look for news, seen from `asked`: half of the mean of the last ten gaps between news. The
/// silence since the last news is the last of these gaps: it slows the askings down, news speed them up. Two
/// askings for each news, so that one waits for a quarter of a gap on average. Half an hour while fewer than
/// three moments of news are known.
pub(super) fn interval(rhythm: &Rhythm, asked: Timestamp) -> Duration {
    let news = &rhythm.news;
    let used = news.len().min(GAPS);
    let Some(first) = news.get(news.len() - used).filter(|_| news.len() >= KNOWN_MIN) else {
        return Duration::from_secs(UNKNOWN_SECONDS);
    };
    // The gaps follow one another, so their sum is the time that they take.
    let gaps = u32::try_from(used).unwrap_or(1).max(1);
    between(*first, asked) / gaps / 2
}

/// A silence that is much longer than the rhythm: since when, and the mean gap before. It is longer than three
/// days, ten mean gaps and twice the longest gap; at least five moments of news must be known.
pub(super) fn silence(rhythm: &Rhythm, now: Timestamp) -> Option<(Timestamp, Duration)> {
    let (first, last) = (*rhythm.news.first()?, *rhythm.news.last()?);
    if rhythm.news.len() < SILENT_KNOWN_MIN {
        return None;
    }
    let pairs = rhythm.news.iter().zip(rhythm.news.iter().skip(1));
    let longest = pairs.map(|(one, next)| between(*one, *next)).max().unwrap_or_default();
    let gaps = u32::try_from(rhythm.news.len() - 1).unwrap_or(u32::MAX);
    let mean = between(first, last) / gaps;
    let usual = (mean * SILENT_MEAN_GAPS)
        .max(longest * SILENT_LONGEST_GAPS)
        .max(Duration::from_secs(SILENT_SECONDS_MIN));
    (between(last, now) > usual).then_some((last, mean))
}
