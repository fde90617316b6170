//! A source as feeds.toml describes it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::{FetchPolicy, Rules, SectionId, SourceId};

/// `[sources.ID]` with the defaults of `[fetch]` filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its key.
    pub id: SourceId,
    /// The name that readers see; the feed's own title where absent.
    pub title: Option<String>,
    /// Where it is.
    pub location: Location,
    /// The sections that it sends its entries to, in the order of the file.
    pub sections: Vec<SectionId>,
    /// Whether it is polled; its stored entries stay in the feeds either way.
    pub enabled: bool,
    /// When it is polled.
    pub schedule: Schedule,
    /// Multiplies `per_source_max`, in percent: 100 is an ordinary source.
    pub weight_percent: u32,
    /// Which of its entries to show.
    pub rules: Rules,
    /// Texts to cut out of titles, summaries and contents.
    pub strip: Vec<String>,
    /// The source whose pages it shows at another address: links that differ in the host alone are equal.
    pub mirror_of: Option<SourceId>,
    /// Whether another source is a mirror of this one.
    pub is_mirrored: bool,
    /// Whether it may change hands without the admin's consent: it is never quarantined.
    pub trust: bool,
    /// Entries of it that are kept; what it lists is kept in any case.
    pub keep_entries: u32,
    /// How it is fetched.
    pub fetch: FetchPolicy,
}

/// Where a source is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// http or https.
    Web(Url),
    /// `file:`, resolved against the folder of feeds.toml.
    File(PathBuf),
}

/// When a source is polled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Every so often, at a steady offset of the source's own.
    Every(Duration),
    /// At the minutes of a crontab expression, in the site's zone.
    Crontab(Crontab),
    /// In the rhythm in which the source has news; between `min_interval` and `max_interval`.
    Auto,
}

/// A crontab(5) expression that `schedule::parse` has checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crontab(pub String);

/// As it is written in feeds.toml: "every 15m", "*/10 * * * *", "auto".
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Crontab(Crontab(expression)) => f.write_str(expression),
            Self::Every(interval) => {
                let millis = interval.as_millis();
                // The largest unit that says it exactly.
                let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")];
                let (size, unit) =
                    units.into_iter().find(|(size, _)| millis % size == 0).unwrap_or((1, "ms"));
                write!(f, "every {}{unit}", millis / size)
            }
        }
    }
}

/// As it is written in feeds.toml, a file with its whole path.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Web(url) => url.fmt(f),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_said_in_their_largest_unit() {
        let said = |seconds| Schedule::Every(Duration::from_secs(seconds)).to_string();
        for (seconds, expected) in [(1, "1s"), (90, "90s"), (900, "15m"), (5400, "90m"), (86_400, "1d")] {
            assert_eq!(said(seconds), format!("every {expected}"));
        }
        assert_eq!(Schedule::Every(Duration::from_millis(1500)).to_string(), "every 1500ms");
    }
}
