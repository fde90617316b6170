//! What the pages say of their own, in the language of the site: Arabic, French, else English.

use chrono::{Datelike as _, Timelike as _};
use chrono_tz::Tz;

use super::values::in_range;
use crate::model::Timestamp;

/// The words of one language.
pub(super) struct Words {
    /// Their BCP 47 tag.
    pub(super) language: &'static str,
    /// Their direction.
    pub(super) direction: &'static str,
    /// Describes a section's feed, given the names of section and site.
    pub(super) describes: fn(&str, &str) -> String,
    /// Describes the portal, given its name.
    pub(super) portal: fn(&str) -> String,
    /// Above the other coverage of a story.
    pub(super) also: &'static str,
    /// Above the stories related to one.
    pub(super) related: &'static str,
    /// How many others cover a story.
    pub(super) also_count: fn(usize) -> String,
    /// Leads to the page at the source; the source's name follows.
    pub(super) read_at: &'static str,
    /// Before the names of authors.
    pub(super) by: &'static str,
    /// Between the names of a list.
    pub(super) comma: &'static str,
    /// In place of entries.
    pub(super) empty: &'static str,
    /// Leads from a block to its section.
    pub(super) all_of: &'static str,
    /// Before the links to feeds.
    pub(super) subscribe: &'static str,
    /// Names the list of sections.
    pub(super) sections: &'static str,
    /// Names the list of categories.
    pub(super) categories: &'static str,
    /// Names a file without a title.
    pub(super) file: &'static str,
    /// Leads to the comments at the source.
    pub(super) comments: &'static str,
    /// Names the page about our client, and leads to it.
    pub(super) about: &'static str,
    /// What the page about our client says.
    pub(super) bot: Bot,
    /// The names of the months, as written within a date.
    months: [&'static str; 12],
    /// Between the day and the time.
    at: &'static str,
}

/// The page about our client.
pub(super) struct Bot {
    /// Who it is and what it comes for.
    pub(super) who: &'static str,
    /// How it behaves.
    pub(super) manners: [&'static str; 4],
    /// Heads the manners.
    pub(super) manners_title: &'static str,
    /// Heads the name that it goes by.
    pub(super) name_title: &'static str,
    /// Heads the contact.
    pub(super) contact_title: &'static str,
    /// What to write there.
    pub(super) contact: &'static str,
    /// Where no contact is given.
    pub(super) no_contact: &'static str,
    /// Heads how to keep it away.
    pub(super) block_title: &'static str,
    /// How.
    pub(super) block: &'static str,
}

impl Words {
    /// The words for a site in this language.
    pub(super) fn of(tag: &str) -> &'static Self {
        match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "ar" => &super::words::arabic::WORDS,
            "fr" => &super::words::french::WORDS,
            _ => &super::words::english::WORDS,
        }
    }
}

/// A date for readers: the day and the minute in the site's zone.
pub(super) fn date(at: Timestamp, zone: Tz, tag: &str) -> String {
    let words = Words::of(tag);
    let local = in_range(at).with_timezone(&zone);
    let months = if words.language == "ar" { arabic::months(tag, zone) } else { &words.months };
    let month = months.get(local.month0() as usize).copied().unwrap_or_default();
    let (day, year) = (local.day(), local.year());
    let first = if words.language == "fr" && day == 1 { "er" } else { "" };
    format!("{day}{first} {month} {year}{}{:02}:{:02}", words.at, local.hour(), local.minute())
}

mod arabic;
mod english;
mod french;
mod seek;

pub(super) use seek::Seek;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(at: &str, zone: Tz, tag: &str, expected: &str) {
        assert_eq!(date(at.parse().unwrap(), zone, tag), expected, "{at} {zone} {tag}");
    }

    #[test]
    fn dates_are_written_as_the_readers_write_them() {
        use chrono_tz::{Africa::Algiers, Africa::Cairo, Africa::Casablanca, Asia::Beirut, UTC};
        check("2026-07-01T22:40:00Z", Casablanca, "ar", "1 يوليوز 2026، 23:40");
        check("2026-07-01T22:40:00Z", UTC, "ar-MA", "1 يوليوز 2026، 22:40");
        check("2026-07-01T22:40:00Z", Algiers, "ar", "1 جويلية 2026، 23:40");
        check("2026-07-01T21:40:00Z", Beirut, "ar", "2 تموز 2026، 00:40");
        check("2026-07-01T12:05:00Z", Cairo, "ar", "1 يوليو 2026، 15:05");
        check("2026-07-01T12:05:00Z", Casablanca, "ar-EG", "1 يوليو 2026، 13:05");
        check("2026-08-01T12:05:00Z", UTC, "fr", "1er août 2026 à 12:05");
        check("2026-08-02T12:05:00Z", UTC, "fr-MA", "2 août 2026 à 12:05");
        check("2026-08-02T12:05:00Z", UTC, "sv", "2 August 2026, 12:05");
    }
}
