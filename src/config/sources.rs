//! `[sources.ID]`.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;

use url::Url;

use super::auth;
use super::location;
use super::mirrors;
use super::notes::Notes;
use super::policy::{Defaults, read_policy};
use super::portal::read_keep_entries;
use super::push;
use super::rules;
use super::sections::{LATEST, MOST_READ};
use super::table::{Item, Keys, Table};
use super::values::check_id;
use crate::model::{Location, Ports, Schedule, Section, SectionId, Source, SourceId};

const SOURCES_MAX: usize = 20_000;
const TITLE_BYTES_MAX: usize = 500;
const SECTIONS_OF_ONE_MAX: usize = 100;
const STRIPS_MAX: usize = 100;
const STRIP_BYTES_MAX: usize = 2000;
const WEIGHT_MAX: f64 = 100.0;

const KEYS: Keys = Keys {
    known: &[
        "title",
        "url",
        "section",
        "sections",
        "schedule",
        "enabled",
        "weight",
        "include",
        "exclude",
        "strip",
        "headers",
        "auth",
        "allow_private",
        "timeout",
        "max_body",
        "min_interval",
        "max_interval",
        "ports",
        "user_agent",
        "hints",
        "robots",
        "cookies",
        "insecure_tls",
        "proxy",
        "proxy_auth",
        "client_cert",
        "client_key",
        "network",
        "encoding",
        "push",
        "trust",
        "mirror_of",
        "keep_entries",
    ],
    planned: &["full_content"],
    elsewhere: &[
        (&["stories"], "in [sections.ID]"),
        (&["concurrency", "per_host"], "in [fetch]"),
        (&["entries", "max_per_source"], "in [publish] or [sections.ID]"),
        (&["keep_days"], "in [store]"),
        (
            &["username", "password", "token"],
            "as auth = { basic = { user = \"…\", password_env = \"NAME\" } }",
        ),
    ],
};

/// What sources refer to.
pub(super) struct Surroundings<'a> {
    /// The folder of feeds.toml.
    pub(super) folder: &'a Path,
    /// `[fetch]`.
    pub(super) defaults: &'a Defaults,
    /// Every section that could be read.
    pub(super) sections: &'a [Section],
    /// Every key in `[sections]`, so that a mistake in a section is not reported twice.
    pub(super) section_ids: &'a HashSet<&'a str>,
    /// `site.url`.
    pub(super) site: Option<Url>,
    /// `store.keep_entries`.
    pub(super) keep_entries: u32,
    /// `server.listen`.
    pub(super) listen: SocketAddr,
    /// `server.admin`.
    pub(super) admin: Option<SocketAddr>,
}

/// Reads `[sources]`.
pub(super) fn read(item: Option<Item<'_, '_>>, around: &Surroundings<'_>, notes: &mut Notes) -> Vec<Source> {
    let Some(item) = item else {
        if !notes.broken {
            notes.mistake(0, "sources", "there are none: write [sources.ID] with url = \"https://…\"");
        }
        return vec![];
    };
    let Some(table) = item.table(notes) else { return vec![] };
    if table.is_empty() && !notes.broken {
        item.mistake("there are none: write [sources.ID] with url = \"https://…\"", notes);
    }
    if table.len() > SOURCES_MAX {
        item.mistake(format!("{} sources: at most {SOURCES_MAX} are allowed", table.len()), notes);
        return vec![];
    }
    let mut addresses: HashMap<Location, &str> = HashMap::new();
    let mut sources = vec![];
    let ids: Vec<Item<'_, '_>> = table.items().collect();
    for item in &ids {
        let Some(source) = read_source(*item, around, notes) else { continue };
        if let Some(first) = addresses.get(&source.location) {
            let message =
                format!("has the same url as sources.{first}: it is asked twice for the same entries");
            notes.warning(item.key_at, item.path(), message);
        } else {
            addresses.insert(source.location.clone(), item.key);
        }
        sources.push(source);
    }
    mirrors::read(&ids, &mut sources, notes);
    sources
}

fn read_source(item: Item<'_, '_>, around: &Surroundings<'_>, notes: &mut Notes) -> Option<Source> {
    check_id(item, notes);
    let table = item.table(notes)?;
    table.check_keys(&KEYS, notes);
    let Defaults { mut schedule, mut policy, push_auto, .. } = around.defaults.clone();
    read_policy(&table, &mut schedule, &mut policy, around.folder, notes);
    push::read(&table, push_auto, &mut policy.push, notes);
    policy.auth = table.get("auth").and_then(|item| auth::read(item, notes));
    let title = table.get("title").and_then(|item| item.line("\"…\"", TITLE_BYTES_MAX, notes));
    let enabled = table.get("enabled").and_then(|item| item.boolean(notes)).unwrap_or(true);
    let weight_percent = table.get("weight").and_then(|item| read_weight(item, notes)).unwrap_or(100);
    let sections = read_sections(&table, around, notes);
    let rules = rules::read(&table, notes);
    let trust = table.get("trust").and_then(|item| item.boolean(notes)).unwrap_or(false);
    let keep_entries = read_keep_entries(&table, notes).unwrap_or(around.keep_entries);
    let strip = table.get("strip").and_then(|item| read_strip(item, notes)).unwrap_or_default();
    let Some(url) = table.get("url") else {
        table.missing("url", "url = \"https://…\"", notes);
        return None;
    };
    let location = location::read(url, around, notes)?;
    let title = title.map(str::to_owned);
    let id = SourceId(item.key.to_owned());
    // A copy on the disk is nobody's topic.
    policy.push &= matches!(location, Location::Web(_));
    let fetch = policy;
    let source = Source {
        mirror_of: None,
        is_mirrored: false,
        id,
        title,
        location,
        sections,
        enabled,
        schedule,
        weight_percent,
        rules,
        strip,
        trust,
        keep_entries,
        fetch,
    };
    warn(&source, &table, url, notes);
    Some(source)
}

/// What works but is hardly meant.
fn warn(source: &Source, table: &Table<'_>, url: Item<'_, '_>, notes: &mut Notes) {
    let Location::Web(address) = &source.location else { return };
    if let (Ports::Only(ranges), Some(port)) = (&source.fetch.ports, address.port_or_known_default())
        && !ranges.iter().any(|(from, to)| (*from..=*to).contains(&port))
    {
        url.warning(
            format!("port {port} is not among `ports`, so it will not be asked: write ports = [{port}]"),
            notes,
        );
    }
    if let Some(auth) = table.get("auth").filter(|_| address.scheme() == "http") {
        auth.warning("goes over the network in the clear: write url = \"https://…\"", notes);
    }
    if let (Schedule::Every(every), Some(item)) = (&source.schedule, table.get("schedule"))
        && *every < source.fetch.min_interval
    {
        let least = humantime::format_duration(source.fetch.min_interval);
        item.warning(format!("is more often than min_interval allows: it is asked every {least}"), notes);
    }
}

/// 1 = 100 percent.
fn read_weight(item: Item<'_, '_>, notes: &mut Notes) -> Option<u32> {
    let weight = item.number("weight = 1.5", notes)?;
    if weight > 0.0 && weight <= WEIGHT_MAX {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 10,000")]
        return Some(((weight * 100.0).round() as u32).max(1));
    }
    item.mistake(
        format!("is out of range: write a number above 0 and up to {WEIGHT_MAX}; 1 is ordinary"),
        notes,
    );
    None
}

fn read_sections(table: &Table<'_>, around: &Surroundings<'_>, notes: &mut Notes) -> Vec<SectionId> {
    let items = match (table.get("section"), table.get("sections")) {
        (Some(_), Some(both)) => {
            both.mistake(
                "stands beside `section`: write all of them in `sections` and remove `section`",
                notes,
            );
            return vec![];
        }
        (Some(one), None) => vec![one],
        (None, Some(several)) => {
            let Some(items) = several.list("[\"sport\", \"morocco\"]", SECTIONS_OF_ONE_MAX, notes) else {
                return vec![];
            };
            if items.is_empty() {
                several.mistake("is empty: name a section or remove the key", notes);
            }
            items
        }
        (None, None) => return vec![],
    };
    let mut sections: Vec<SectionId> = vec![];
    for item in items {
        let example = if table.get("section").is_some() {
            "section = \"sport\", or sections = [\"sport\", \"morocco\"]"
        } else {
            "\"sport\""
        };
        let Some(id) = item.string(example, notes) else { continue };
        if sections.iter().any(|known| known.0 == *id) {
            item.mistake(format!("`{id}` is named twice: remove one"), notes);
        } else if id == MOST_READ {
            let message = "`most-read` fills itself from what the other sections show: name another section";
            item.mistake(message, notes);
        } else if around.section_ids.contains(id) {
            // Everything belongs to `latest` in any case.
            if id != LATEST {
                sections.push(SectionId(id.to_owned()));
            }
        } else if !notes.broken {
            let mut suggestion =
                notes.suggest(id, around.sections.iter().map(|section| section.id.0.as_str()));
            if suggestion.is_empty() {
                suggestion = format!(": write [sections.{id}] or name another");
            }
            item.mistake(format!("there is no section `{id}`{suggestion}"), notes);
        }
    }
    sections
}

fn read_strip(item: Item<'_, '_>, notes: &mut Notes) -> Option<Vec<String>> {
    let elements = item.list("[\"…\"]", STRIPS_MAX, notes)?;
    let mut texts = vec![];
    for element in elements {
        let Some(text) = element.string("\"…\"", notes) else { continue };
        if text.is_empty() || text.len() > STRIP_BYTES_MAX {
            element.mistake(format!("write a text of 1 to {STRIP_BYTES_MAX} bytes"), notes);
        } else {
            texts.push(text.to_owned());
        }
    }
    Some(texts)
}
