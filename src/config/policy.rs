//! How sources are fetched: `[fetch]`, and the same keys where a source says otherwise.

use std::time::Duration;

use super::notes::Notes;
use super::table::{Item, Keys, Table};
use super::values::{duration, networks, ports, size};
use crate::model::{FetchLimits, FetchPolicy, Ports, Schedule};
use crate::schedule;

const TIMEOUT_SECONDS_MAX: u64 = 600;
const INTERVAL_SECONDS_MAX: u64 = 366 * 24 * 3600;
const BODY_BYTES_MIN: u64 = 1 << 10;
const BODY_BYTES_MAX: u64 = 1 << 30;
const CONCURRENCY_MAX: u32 = 1024;
const PER_HOST_MAX: u32 = 64;
const HEADERS_MAX: usize = 50;
const HEADER_BYTES_MAX: usize = 4000;

const FETCH_KEYS: Keys = Keys {
    known: &[
        "schedule",
        "timeout",
        "max_body",
        "concurrency",
        "per_host",
        "min_interval",
        "max_interval",
        "allow_private",
        "ports",
        "user_agent",
        "hints",
        "headers",
    ],
    planned: &["proxy", "robots", "cookies", "insecure_tls", "client_cert", "encoding"],
    elsewhere: &[
        (
            &["auth", "weight", "strip", "include", "exclude", "section", "sections", "enabled"],
            "in [sources.ID]",
        ),
        (&["entries", "max_per_source"], "in [publish]"),
    ],
};

/// What every source starts from.
#[derive(Clone)]
pub(super) struct Defaults {
    pub(super) schedule: Schedule,
    pub(super) policy: FetchPolicy,
    pub(super) limits: FetchLimits,
}

impl Defaults {
    /// What holds where feeds.toml says nothing.
    pub(super) fn built_in() -> Self {
        Self {
            schedule: Schedule::Every(Duration::from_secs(15 * 60)),
            policy: FetchPolicy {
                timeout: Duration::from_secs(30),
                body_bytes_max: 16 << 20,
                min_interval: Duration::from_secs(60),
                max_interval: Duration::from_secs(24 * 3600),
                allow_private: vec![],
                ports: Ports::Only(vec![(80, 80), (443, 443), (8000, 8999)]),
                headers: vec![],
                auth: None,
                user_agent: None,
                hints: true,
            },
            limits: FetchLimits { concurrency: 64, per_host: 2 },
        }
    }

    /// Reads `[fetch]`.
    pub(super) fn read(item: Option<Item<'_, '_>>, notes: &mut Notes) -> Self {
        let mut defaults = Self::built_in();
        let Some(table) = item.and_then(|item| item.table(notes)) else { return defaults };
        table.check_keys(&FETCH_KEYS, notes);
        read_policy(&table, &mut defaults.schedule, &mut defaults.policy, notes);
        let count = |key, max, notes: &mut Notes| {
            let value = table.get(key).and_then(|item| item.integer(1, max, notes))?;
            usize::try_from(value).ok()
        };
        if let Some(value) = count("concurrency", CONCURRENCY_MAX, notes) {
            defaults.limits.concurrency = value;
        }
        if let Some(value) = count("per_host", PER_HOST_MAX, notes) {
            defaults.limits.per_host = value;
        }
        defaults
    }
}

/// Reads the keys that `[fetch]` and sources share over what `schedule` and `policy` hold already.
pub(super) fn read_policy(
    table: &Table<'_>,
    schedule: &mut Schedule,
    policy: &mut FetchPolicy,
    notes: &mut Notes,
) {
    let seconds = Duration::from_secs;
    if let Some(value) = table.get("schedule").and_then(|item| read_schedule(item, notes)) {
        *schedule = value;
    }
    let set = |key, min, max, into: &mut Duration, notes: &mut Notes| {
        if let Some(value) = table.get(key).and_then(|item| duration(item, seconds(min), seconds(max), notes))
        {
            *into = value;
        }
    };
    set("timeout", 1, TIMEOUT_SECONDS_MAX, &mut policy.timeout, notes);
    set("min_interval", 0, INTERVAL_SECONDS_MAX, &mut policy.min_interval, notes);
    set("max_interval", 1, INTERVAL_SECONDS_MAX, &mut policy.max_interval, notes);
    check_intervals(table, policy, notes);
    if let Some(value) =
        table.get("max_body").and_then(|item| size(item, BODY_BYTES_MIN, BODY_BYTES_MAX, notes))
    {
        policy.body_bytes_max = value;
    }
    if let Some(value) = table.get("allow_private").and_then(|item| networks(item, notes)) {
        policy.allow_private = value;
    }
    if let Some(value) = table.get("ports").and_then(|item| ports(item, notes)) {
        policy.ports = value;
    }
    if let Some(value) = table.get("user_agent").and_then(|item| header_value(item, notes)) {
        policy.user_agent = Some(value);
    }
    if let Some(value) = table.get("hints").and_then(|item| item.boolean(notes)) {
        policy.hints = value;
    }
    if let Some(item) = table.get("headers") {
        read_headers(item, &mut policy.headers, notes);
    }
}

fn read_schedule(item: Item<'_, '_>, notes: &mut Notes) -> Option<Schedule> {
    if let Some(number) = item.as_integer() {
        item.mistake(format!("a number alone has no unit: write \"every {number}m\""), notes);
        return None;
    }
    let text = item.string("\"every 15m\"", notes)?;
    match schedule::parse(text) {
        Ok(schedule) => Some(schedule),
        Err(message) => {
            item.mistake(message, notes);
            None
        }
    }
}

/// Notes intervals that contradict each other, where this table names one of them.
fn check_intervals(table: &Table<'_>, policy: &FetchPolicy, notes: &mut Notes) {
    let (min, max) = (table.get("min_interval"), table.get("max_interval"));
    let Some(item) = min.or(max) else { return };
    if policy.min_interval > policy.max_interval {
        item.mistake(
            format!(
                "min_interval ({}) is longer than max_interval ({}): raise max_interval or lower min_interval",
                humantime::format_duration(policy.min_interval),
                humantime::format_duration(policy.max_interval)
            ),
            notes,
        );
    }
    if let Some(item) = min.filter(|_| policy.min_interval.is_zero()) {
        item.warning(
            "switches the protection of the sources off: nothing bounds how often one is asked",
            notes,
        );
    }
}

/// Headers that carry secrets; those belong to `auth`.
const SECRET_HEADERS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// Headers that nashra or the connection sets.
const OWN_HEADERS: [&str; 15] = [
    "host",
    "user-agent",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "accept-encoding",
    "if-none-match",
    "if-modified-since",
    "a-im",
    "range",
    "expect",
];

/// Reads `headers` over what `into` holds already: names are compared without case.
fn read_headers(item: Item<'_, '_>, into: &mut Vec<(String, String)>, notes: &mut Notes) {
    let Some(table) = item.inline_table("{ Accept-Language = \"ar\" }", notes) else { return };
    if table.len() > HEADERS_MAX {
        item.mistake(format!("holds {} headers: at most {HEADERS_MAX} are allowed", table.len()), notes);
        return;
    }
    for header in table.items() {
        let name = header.key.to_ascii_lowercase();
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || name.len() > 100 || !name.bytes().all(is_token) {
            header.mistake("is no header name: write letters, digits and -", notes);
        } else if SECRET_HEADERS.contains(&name.as_str()) {
            header.mistake(
                "secrets do not belong into this file: write auth = { bearer_env = \"NAME\" } or auth = { basic = { \
                 user = \"…\", password_env = \"NAME\" } } in the source",
                notes,
            );
        } else if name == "user-agent" {
            header.mistake("is set by its own key: write user_agent = \"…\"", notes);
        } else if OWN_HEADERS.contains(&name.as_str()) {
            header.mistake("is set by nashra itself: remove it", notes);
        } else if let Some(value) = header_value(header, notes) {
            into.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
            into.push((header.key.to_owned(), value));
        }
    }
}

fn header_value(item: Item<'_, '_>, notes: &mut Notes) -> Option<String> {
    let text = item.line("\"…\"", HEADER_BYTES_MAX, notes)?;
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return Some(text.to_owned());
    }
    item.mistake("goes into a header: only ASCII letters, digits and signs are allowed", notes);
    None
}
