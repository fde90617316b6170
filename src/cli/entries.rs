//! `nashra entries`: what is stored, newest first.

use std::path::Path;
use std::time::Duration;

use chrono::{SecondsFormat, SubsecRound as _, TimeDelta};
use url::form_urlencoded::Serializer;

use super::moment::relative;
use super::{CliError, answer, block_on, load, options, socket, table};
use crate::app::{self, EntryView, Options, Page, Wanted};
use crate::edge::clock;
use crate::model::{SectionId, SourceId, Timestamp};

/// A page is read within a few seconds, however much is stored.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Rows of a table, where nobody says how many.
const TABLE_ROWS: usize = 50;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only entries that belong to this section, whether it has room for them or not.
    #[arg(long, value_name = "SECTION")]
    section: Option<String>,
    /// Only entries of this source.
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Only entries first seen within this time, such as 2h, whatever date they bear.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    since: Option<Duration>,
    /// No more than so many [default: 50 in a table, all with --json]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print one JSON object a line instead of a table.
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args, config_path: &Path) -> Result<(), CliError> {
    let config = load(config_path)?;
    let options = options(&config, config_path);
    let now = clock::now();
    let since = args.since.map(|since| {
        let since = TimeDelta::from_std(since).unwrap_or(TimeDelta::MAX);
        now.checked_sub_signed(since).unwrap_or(Timestamp::UNIX_EPOCH).trunc_subsecs(0)
    });
    let mut wanted = Wanted {
        section: args.section.clone().map(SectionId),
        source: args.source.clone().map(SourceId),
        since,
        before: None,
        limit: args.limit.or((!args.json).then_some(TABLE_ROWS)),
    };
    let mut rows = vec![];
    let mut show = |page: Page| {
        for entry in page.entries {
            if args.json {
                answer(&json(&entry));
            } else {
                rows.push(cells(&entry, now));
            }
        }
    };
    match asked(&options, &wanted)? {
        Some(mut page) => loop {
            let shown = page.entries.len();
            wanted.limit = wanted.limit.map(|limit| limit.saturating_sub(shown));
            wanted.before = page.next.as_deref().and_then(|next| next.parse().ok());
            show(page);
            if wanted.before.is_none() || wanted.limit == Some(0) {
                break;
            }
            let next = asked(&options, &wanted)?;
            page = next.ok_or_else(|| CliError::Failed("the daemon has stopped; ask again".to_owned()))?;
        },
        None => app::stored_entries(&options, &config, &wanted, show)?,
    }
    if !args.json {
        table::print(COLUMNS, &rows);
    }
    Ok(())
}

/// What the daemon says; `None` where none runs.
fn asked(options: &Options, wanted: &Wanted) -> Result<Option<Page>, CliError> {
    let Wanted { section, source, since, before, limit } = wanted;
    let pairs = [
        ("section", section.as_ref().map(ToString::to_string)),
        ("source", source.as_ref().map(ToString::to_string)),
        ("since", since.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true))),
        ("before", before.map(|key| key.to_string())),
        ("limit", limit.map(|limit| limit.to_string())),
    ];
    let pairs = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let address = format!("/api/entries?{}", Serializer::new(String::new()).extend_pairs(pairs).finish());
    block_on(async { socket::send(options, "GET", &address, &[], ANSWER_TIMEOUT).await })
}

fn json(entry: &EntryView) -> String {
    serde_json::to_string(entry).unwrap_or_default()
}

const COLUMNS: &[&str] = &["PUBLISHED", "SEEN", "SOURCE", "SECTIONS", "STORY", "TITLE"];

fn cells(entry: &EntryView, now: Timestamp) -> Vec<String> {
    let title = if entry.title.is_empty() { &entry.id } else { &entry.title };
    vec![
        relative(entry.published, now),
        relative(entry.first_seen, now),
        entry.source.clone(),
        entry.sections.join(","),
        // The end of the key, which tells stories apart.
        entry.story.get(24..).unwrap_or_default().to_owned(),
        title.clone(),
    ]
}
