//! A feed of nashra's as a reader sees it, whatever its format.

use chrono::DateTime;
use serde_json::Value;

use crate::origin;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Rss,
    Atom,
    Json,
}

impl Format {
    /// Of a document at this address.
    pub fn of(path: &str) -> Self {
        match path.rsplit('.').next() {
            Some("rss") => Self::Rss,
            Some("json") => Self::Json,
            _ => Self::Atom,
        }
    }
}

/// An entry. Times are in seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    pub id: String,
    pub link: String,
    pub title: String,
    pub published: Option<i64>,
    pub updated: Option<i64>,
}

impl Item {
    /// Its number, where it is one of the origin's.
    pub fn number(&self) -> Option<u64> {
        origin::number_in(&self.id)
    }

    /// How often it had changed, by its title.
    pub fn changes(&self) -> Option<usize> {
        origin::changes_in(&self.title)
    }
}

/// A feed.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub updated: Option<i64>,
    pub items: Vec<Item>,
    /// The address of the archive page before it.
    pub previous: Option<String>,
}

impl Page {
    pub fn read(format: Format, body: &[u8]) -> Result<Self, String> {
        match format {
            Format::Rss => rss(body),
            Format::Atom => atom(body),
            Format::Json => json(body),
        }
    }
}

fn rss(body: &[u8]) -> Result<Page, String> {
    let channel = rss::Channel::read_from(body).map_err(|error| error.to_string())?;
    let seconds = |text: &str| DateTime::parse_from_rfc2822(text).ok().map(|at| at.timestamp());
    let item = |item: &rss::Item| Item {
        id: item.guid().map(|guid| guid.value().to_owned()).unwrap_or_default(),
        link: item.link().unwrap_or_default().to_owned(),
        title: item.title().unwrap_or_default().to_owned(),
        published: item.pub_date().and_then(seconds),
        updated: None,
    };
    let items = channel.items().iter().map(item).collect();
    Ok(Page { updated: channel.last_build_date().and_then(seconds), items, previous: None })
}

fn atom(body: &[u8]) -> Result<Page, String> {
    let feed = atom_syndication::Feed::read_from(body).map_err(|error| error.to_string())?;
    let item = |entry: &atom_syndication::Entry| Item {
        id: entry.id().to_owned(),
        link: entry
            .links()
            .iter()
            .find(|link| link.rel() == "alternate")
            .map(|it| it.href().to_owned())
            .unwrap_or_default(),
        title: entry.title().to_string(),
        published: entry.published().map(DateTime::timestamp),
        updated: Some(entry.updated().timestamp()),
    };
    let items = feed.entries().iter().map(item).collect();
    let previous = feed.links().iter().find(|link| link.rel() == "prev-archive");
    let previous = previous.map(|link| link.href().to_owned());
    Ok(Page { updated: Some(feed.updated().timestamp()), items, previous })
}

fn json(body: &[u8]) -> Result<Page, String> {
    let feed: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let items = feed["items"].as_array().ok_or("there are no items")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let seconds = |value: &Value| {
        value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok()).map(|at| at.timestamp())
    };
    let item = |item: &Value| Item {
        id: text(&item["id"]),
        link: text(&item["url"]),
        title: text(&item["title"]),
        published: seconds(&item["date_published"]),
        updated: seconds(&item["date_modified"]),
    };
    Ok(Page { updated: None, items: items.iter().map(item).collect(), previous: None })
}
