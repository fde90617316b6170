//! How politely a source is asked: `hints`, `robots`, `cookies`.

use super::notes::Notes;
use super::table::{Item, Keys, Table};
use crate::model::{FetchPolicy, Hints};

const HINT_KEYS: Keys = Keys {
    known: &[
        "cache_control",
        "ttl",
        "update_period",
        "skip_hours",
        "skip_days",
        "retry_after",
        "crawl_delay",
    ],
    planned: &[],
    elsewhere: &[
        (&["max_age", "expires"], "as cache_control = false"),
        (&["update_frequency", "update_base"], "as update_period = false"),
    ],
};

/// Reads the keys over what `policy` holds already.
pub(super) fn read(table: &Table<'_>, policy: &mut FetchPolicy, notes: &mut Notes) {
    if let Some(item) = table.get("hints") {
        read_hints(item, &mut policy.hints, notes);
    }
    if let Some(value) = table.get("robots").and_then(|item| item.boolean(notes)) {
        policy.robots = value;
    }
    if let Some(value) = table.get("cookies").and_then(|item| item.boolean(notes)) {
        policy.cookies = value;
    }
}

/// `true`, `false`, or a table that switches single hints on or off.
fn read_hints(item: Item<'_, '_>, hints: &mut Hints, notes: &mut Notes) {
    if let Some(all) = item.as_boolean() {
        *hints = Hints::all(all);
        return;
    }
    let Some(table) = item.inline_table("{ ttl = false }, or hints = false for all of them", notes) else {
        return;
    };
    table.check_keys(&HINT_KEYS, notes);
    let each = [
        ("cache_control", &mut hints.cache_control),
        ("ttl", &mut hints.ttl),
        ("update_period", &mut hints.update_period),
        ("skip_hours", &mut hints.skip_hours),
        ("skip_days", &mut hints.skip_days),
        ("retry_after", &mut hints.retry_after),
        ("crawl_delay", &mut hints.crawl_delay),
    ];
    for (key, hint) in each {
        if let Some(value) = table.get(key).and_then(|item| item.boolean(notes)) {
            *hint = value;
        }
    }
}
