//! `[sections.ID]` and the section that is built in.

use std::collections::HashSet;

use super::notes::Notes;
use super::portal::read_limits;
use super::rules;
use super::table::{Item, Keys};
use super::values::check_id;
use crate::model::{PublishLimits, Rules, Section, SectionId, SectionOrder};

const SECTIONS_MAX: usize = 500;
const TITLE_BYTES_MAX: usize = 500;
const DESCRIPTION_BYTES_MAX: usize = 2000;

/// The section of all sources.
pub(super) const LATEST: &str = "latest";

/// Ids whose addresses mean something else.
const RESERVED: [&str; 21] = [
    "item",
    "story",
    "search",
    "hub",
    "feeds",
    "healthz",
    "status",
    "metrics",
    "api",
    "admin",
    "bot",
    "robots",
    "opensearch",
    "archive",
    "go",
    "rsscloud",
    "favicon",
    "static",
    "index",
    "sitemap",
    "well-known",
];

const KEYS: Keys = Keys {
    known: &["title", "description", "include", "exclude", "entries", "max_per_source", "stories"],
    planned: &[],
    elsewhere: &[
        (&["url", "schedule", "section", "sections", "weight", "strip"], "in [sources.ID]"),
        (&["sources"], "as section = \"ID\" in each source"),
    ],
};

/// Reads `[sections]`; `latest` comes first where the file does not place it.
pub(super) fn read(
    item: Option<Item<'_, '_>>,
    limits: PublishLimits,
    site_language: &str,
    notes: &mut Notes,
) -> Vec<Section> {
    let mut sections = vec![];
    if let Some((item, table)) = item.and_then(|item| Some((item, item.table(notes)?))) {
        if table.len() > SECTIONS_MAX {
            item.mistake(format!("{} sections: at most {SECTIONS_MAX} are allowed", table.len()), notes);
            return sections;
        }
        sections.extend(table.items().filter_map(|item| read_section(item, limits, site_language, notes)));
    }
    if !sections.iter().any(|section| section.takes_all) {
        sections.insert(0, latest(limits, site_language));
    }
    sections
}

/// Every id that a source may name: those that stand in the file, right or wrong, and the built-in one.
pub(super) fn ids<'t>(item: Option<Item<'_, 't>>) -> HashSet<&'t str> {
    let written = item.into_iter().flat_map(|item| item.keys());
    written.chain([LATEST]).collect()
}

fn read_section(
    item: Item<'_, '_>,
    limits: PublishLimits,
    site_language: &str,
    notes: &mut Notes,
) -> Option<Section> {
    let id = item.key;
    if id == "most-read" {
        notes.mistake(item.key_at, item.path(), "is not supported by this version: remove the section");
        return None;
    }
    if RESERVED.contains(&id) {
        let message =
            format!("the address /{id} has a meaning of its own: choose another id, such as `{id}-news`");
        notes.mistake(item.key_at, item.path(), message);
        return None;
    }
    check_id(item, notes);
    let table = item.table(notes)?;
    table.check_keys(&KEYS, notes);
    let mut section = if id == LATEST { latest(limits, site_language) } else { plain(id, limits) };
    if let Some(title) = table.get("title").and_then(|item| item.line("\"…\"", TITLE_BYTES_MAX, notes)) {
        title.clone_into(&mut section.title);
    }
    let description = table.get("description");
    let description = description.and_then(|item| item.line("\"…\"", DESCRIPTION_BYTES_MAX, notes));
    section.description = description.map(str::to_owned);
    section.rules = rules::read(&table, notes);
    if let Some(include) = table.get("include").filter(|_| section.takes_all) {
        include.warning("has no effect: every source belongs to `latest` already", notes);
    }
    read_limits(&table, &mut section.limits, notes);
    section.stories = table.get("stories").and_then(|item| item.boolean(notes)).unwrap_or(true);
    Some(section)
}

fn plain(id: &str, limits: PublishLimits) -> Section {
    Section {
        id: SectionId(id.to_owned()),
        title: id.to_owned(),
        description: None,
        rules: Rules::default(),
        limits,
        takes_all: false,
        stories: true,
        order: SectionOrder::Newest,
    }
}

fn latest(limits: PublishLimits, site_language: &str) -> Section {
    let title = match site_language.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "ar" => "اخر الاخبار",
        "fr" => "À la une",
        _ => "Latest news",
    };
    Section { title: title.to_owned(), takes_all: true, ..plain(LATEST, limits) }
}
