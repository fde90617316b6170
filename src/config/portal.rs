//! `[site]`, `[server]`, `[store]` and `[publish]`.

use std::path::Path;

use chrono_tz::Tz;

use super::notes::Notes;
use super::table::{Item, Keys, Table};
use super::values::{language, size, socket, timezone, web_url};
use super::{Server, StoreSettings, hub};
use crate::model::{PublishLimits, PushOut, Site};

const TITLE_BYTES_MAX: usize = 500;
const URL_BYTES_MAX: usize = 2000;
/// A pebibyte: no disk has more to spare.
const MIN_FREE_BYTES_MAX: u64 = 1 << 50;
const KEEP_DAYS_MAX: u32 = 36_500;
/// Entries of a source that are kept where nobody says otherwise, and the bounds of what may be said.
const KEEP_ENTRIES: u32 = 50_000;
const KEEP_ENTRIES_MIN: u32 = 100;
const KEEP_ENTRIES_MAX: u32 = 10_000_000;

/// The most entries that a live feed may hold; archives hold the rest.
pub(super) const ENTRIES_MAX: u32 = 1000;

const SITE_KEYS: Keys =
    Keys { known: &["title", "url", "language", "timezone", "contact"], planned: &[], elsewhere: &[] };
const SERVER_KEYS: Keys = Keys { known: &["listen", "admin"], planned: &[], elsewhere: &[] };
const STORE_KEYS: Keys =
    Keys { known: &["path", "keep_days", "keep_entries", "min_free"], planned: &[], elsewhere: &[] };
const PUBLISH_KEYS: Keys = Keys {
    known: &["entries", "max_per_source", "count_clicks", "search", "hub", "rsscloud"],
    planned: &[],
    elsewhere: &[(&["keep_days"], "in [store]"), (&["stories"], "in [sections.ID]")],
};

/// Reads `[site]`.
pub(super) fn read_site(item: Option<Item<'_, '_>>, notes: &mut Notes) -> Site {
    let mut site = Site {
        title: "نشرة".to_owned(),
        url: "http://127.0.0.1:8080".to_owned(),
        language: "ar".to_owned(),
        timezone: Tz::UTC,
        contact: None,
        hubs: vec![],
        has_cloud: false,
        has_search: true,
    };
    let Some(table) = open(item, &SITE_KEYS, notes) else { return site };
    if let Some(title) = table.get("title").and_then(|item| item.line("\"نشرة\"", TITLE_BYTES_MAX, notes))
    {
        title.clone_into(&mut site.title);
    }
    if let Some(url) = table.get("url").and_then(|item| public_address(item, notes)) {
        site.url = url;
    }
    if let Some(language) = table.get("language").and_then(|item| language(item, notes)) {
        site.language = language;
    }
    if let Some(timezone) = table.get("timezone").and_then(|item| timezone(item, notes)) {
        site.timezone = timezone;
    }
    site.contact = table.get("contact").and_then(|item| contact(item, notes));
    site
}

/// Reads `[server]`.
pub(super) fn read_server(item: Option<Item<'_, '_>>, notes: &mut Notes) -> Server {
    let mut server = Server { listen: ([127, 0, 0, 1], 8080).into(), admin: None };
    let Some(table) = open(item, &SERVER_KEYS, notes) else { return server };
    if let Some(listen) = table.get("listen").and_then(|item| socket(item, notes)) {
        server.listen = listen;
    }
    let Some(admin) = table.get("admin") else { return server };
    server.admin = socket(admin, notes);
    if server.admin == Some(server.listen) && server.listen.port() != 0 {
        admin.mistake(
            "is the address of `listen`: write another port, so that readers cannot reach it",
            notes,
        );
    }
    server
}

/// Reads `[store]`; a relative path begins at `folder`.
pub(super) fn read_store(item: Option<Item<'_, '_>>, folder: &Path, notes: &mut Notes) -> StoreSettings {
    let mut store =
        StoreSettings { path: None, keep_days: 90, keep_entries: KEEP_ENTRIES, min_free_bytes: None };
    let Some(table) = open(item, &STORE_KEYS, notes) else { return store };
    let path = table.get("path").and_then(|item| item.line("\"data\"", URL_BYTES_MAX, notes));
    store.path = path.map(|path| folder.join(path));
    if let Some(days) = table.get("keep_days").and_then(|item| item.integer(1, KEEP_DAYS_MAX, notes)) {
        store.keep_days = days;
    }
    store.min_free_bytes = table.get("min_free").and_then(|item| size(item, 0, MIN_FREE_BYTES_MAX, notes));
    if let Some(entries) = read_keep_entries(&table, notes) {
        store.keep_entries = entries;
    }
    store
}

/// Reads `keep_entries` of `[store]` or a source.
pub(super) fn read_keep_entries(table: &Table<'_>, notes: &mut Notes) -> Option<u32> {
    table.get("keep_entries")?.integer(KEEP_ENTRIES_MIN, KEEP_ENTRIES_MAX, notes)
}

/// Reads `[publish]`: the limits of sections that do not say otherwise, `count_clicks`, who is told of news, and
/// `search`, which goes into `site`.
pub(super) fn read_publish(
    item: Option<Item<'_, '_>>,
    site: &mut Site,
    notes: &mut Notes,
) -> (PublishLimits, bool, PushOut) {
    let mut limits = PublishLimits { entries_max: 50, per_source_max: 20 };
    let Some(table) = open(item, &PUBLISH_KEYS, notes) else { return (limits, false, PushOut::default()) };
    read_limits(&table, &mut limits, notes);
    let count_clicks = table.get("count_clicks").and_then(|item| item.boolean(notes));
    if let Some(has_search) = table.get("search").and_then(|item| item.boolean(notes)) {
        site.has_search = has_search;
    }
    (limits, count_clicks.unwrap_or(false), hub::read(&table, notes))
}

/// Reads `entries` and `max_per_source` over what `limits` holds already.
pub(super) fn read_limits(table: &Table<'_>, limits: &mut PublishLimits, notes: &mut Notes) {
    let count = |key, notes: &mut Notes| {
        let value = table.get(key).and_then(|item| item.integer(1, ENTRIES_MAX, notes))?;
        usize::try_from(value).ok()
    };
    if let Some(entries) = count("entries", notes) {
        limits.entries_max = entries;
    }
    if let Some(per_source) = count("max_per_source", notes) {
        limits.per_source_max = per_source;
    }
}

fn open<'t>(item: Option<Item<'_, 't>>, keys: &Keys, notes: &mut Notes) -> Option<Table<'t>> {
    let table = item?.table(notes)?;
    table.check_keys(keys, notes);
    Some(table)
}

fn public_address(item: Item<'_, '_>, notes: &mut Notes) -> Option<String> {
    let text = item.line("\"https://news.example.org\"", URL_BYTES_MAX, notes)?;
    let message = match web_url(text) {
        Err(message) => message,
        Ok(url) if url.query().is_some() || url.fragment().is_some() => {
            "every address begins with it, so it cannot hold `?` or `#`: write \"https://news.example.org\""
                .to_owned()
        }
        Ok(url) => return Some(url.as_str().trim_end_matches('/').to_owned()),
    };
    item.mistake(message, notes);
    None
}

fn contact(item: Item<'_, '_>, notes: &mut Notes) -> Option<String> {
    let text = item.line("\"mailto:admin@example.org\"", URL_BYTES_MAX, notes)?;
    let plain = text.bytes().all(|b| (b'!'..=b'~').contains(&b) && !b"()<>\"\\".contains(&b));
    let mail = text.strip_prefix("mailto:").is_some_and(|address| address.contains('@'));
    if plain && (mail || web_url(text).is_ok()) {
        return Some(text.to_owned());
    }
    let instead = if plain && text.contains('@') && !text.contains(':') {
        format!("\"mailto:{text}\"")
    } else {
        "\"mailto:admin@example.org\" or \"https://example.org/contact\"".to_owned()
    };
    item.mistake(format!("publishers must be able to reach it: write {instead}"), notes);
    None
}
