//! How sources are fetched: `[fetch]`, and the same keys where a source says otherwise.

use std::path::Path;
use std::time::Duration;

use super::headers::{header_value, read_headers};
use super::notes::Notes;
use super::table::{Item, Keys, Table};
use super::values::{duration, networks, ports, size};
use super::{manners, network, push};
use crate::model::{FetchLimits, FetchPolicy, Schedule};
use crate::schedule;

const TIMEOUT_SECONDS_MAX: u64 = 600;
const INTERVAL_SECONDS_MAX: u64 = 366 * 24 * 3600;
const BODY_BYTES_MIN: u64 = 1 << 10;
const BODY_BYTES_MAX: u64 = 1 << 30;
const CONCURRENCY_MAX: u32 = 1024;
const PER_HOST_MAX: u32 = 64;

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
    ],
    planned: &[],
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
    /// What `push = "auto"` comes to.
    pub(super) push_auto: bool,
}

impl Defaults {
    /// What holds where feeds.toml says nothing.
    pub(super) fn built_in() -> Self {
        Self {
            push_auto: false,
            schedule: Schedule::Every(Duration::from_secs(15 * 60)),
            policy: FetchPolicy::default(),
            limits: FetchLimits { concurrency: 64, per_host: 2 },
        }
    }

    /// Reads `[fetch]`. `push_auto` says whether hubs can reach us.
    pub(super) fn read(
        item: Option<Item<'_, '_>>,
        folder: &Path,
        push_auto: bool,
        notes: &mut Notes,
    ) -> Self {
        let mut defaults = Self { push_auto, ..Self::built_in() };
        defaults.policy.push = push_auto;
        let Some(table) = item.and_then(|item| item.table(notes)) else { return defaults };
        table.check_keys(&FETCH_KEYS, notes);
        read_policy(&table, &mut defaults.schedule, &mut defaults.policy, folder, notes);
        push::read(&table, push_auto, &mut defaults.policy.push, notes);
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
    folder: &Path,
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
    if let Some(item) = table.get("headers") {
        read_headers(item, &mut policy.headers, notes);
    }
    manners::read(table, policy, notes);
    network::read(table, folder, policy, notes);
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
