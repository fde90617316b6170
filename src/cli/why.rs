//! `nashra why`: the life of an entry, or why there is none.

use std::path::Path;
use std::time::Duration;

use chrono::SecondsFormat;
use url::form_urlencoded::Serializer;

use super::{CliError, answer, block_on, load, options, socket, table};
use crate::app::{self, Told};
use crate::model::Timestamp;
use crate::pipeline::why::{Account, Gone, Life, Place, Relative};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Other entries of a story that are shown.
const OTHERS_SHOWN_MAX: usize = 10;
/// The column in which what is said of a label begins.
const LABEL_WIDTH: usize = 11;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The id that readers see, the key of 32 digits, the address of our page of it, its link, or the guid that its
    /// source gives it.
    #[arg(value_name = "ID|URL")]
    of: String,
    /// Print one JSON object a line for each entry that may be meant.
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args, config_path: &Path) -> Result<(), CliError> {
    let config = load(config_path)?;
    let options = options(&config, config_path);
    let query = Serializer::new(String::new()).append_pair("of", &args.of).finish();
    let address = format!("/api/why?{query}");
    let asked = block_on(async { socket::send(&options, "GET", &address, &[], ANSWER_TIMEOUT).await })?;
    let told: Told = match asked {
        Some(told) => told,
        None => app::stored_why(&options, &config, &args.of)?,
    };
    if told.found.is_empty() {
        return Err(CliError::Failed(told.missing.join("\n")));
    }
    for (index, account) in told.found.iter().enumerate() {
        if args.json {
            let line = serde_json::to_string(account);
            answer(&line.map_err(|error| CliError::Failed(error.to_string()))?);
            continue;
        }
        if index > 0 {
            answer("");
        }
        let (head, lines) = match account {
            Account::Stored(life) => stored(life),
            Account::Dropped(gone) => self::gone(gone, "dropped"),
            Account::Removed(gone) => self::gone(gone, "removed"),
        };
        print(&head, &lines);
    }
    Ok(())
}

/// A label and what is said of it; an empty label goes on with the one before.
type Line = (&'static str, String);

fn print(head: &str, lines: &[Line]) {
    // Nothing that a source said can command the terminal.
    answer(&table::safe(head));
    for (label, text) in lines {
        answer(table::safe_line(&format!("  {label:LABEL_WIDTH$} {text}")).trim_end());
    }
}

fn stored(life: &Life) -> (String, Vec<Line>) {
    let head = life.title.clone().unwrap_or_else(|| "(without a title)".to_owned());
    let mut lines: Vec<Line> = vec![("id", life.id.clone()), ("", life.published_id.text.clone())];
    lines.push(("key", life.key.clone()));
    lines.extend(life.link.iter().map(|link| ("link", link.clone())));
    lines.extend(life.sections.iter().any(|place| place.belongs).then(|| ("page", life.page.clone())));
    lines.extend(source(life));
    lines.push(("first seen", format!("{}, {}", moment(life.came.first_seen), life.came.text)));
    lines.push(("known", format!("{}: {}", life.identity.text, life.identity.value)));
    lines.push(("published", format!("{}: {}", moment(life.dates.published), life.dates.text)));
    lines.extend(life.language.iter().map(|language| ("language", language.clone())));
    lines.push(("story", life.story.text.clone()));
    let others = &life.story.others;
    lines.extend(others.iter().take(OTHERS_SHOWN_MAX).map(|other| ("", format!("also: {}", named(other)))));
    if others.len() > OTHERS_SHOWN_MAX {
        lines.push(("", format!("and {} more", others.len() - OTHERS_SHOWN_MAX)));
    }
    lines.extend(life.story.apart.iter().map(|apart| ("", apart.text.clone())));
    lines.extend(changes(life));
    lines.push(("listed", life.listing.text.clone()));
    lines.extend(sections(&life.sections));
    (head, lines)
}

/// Where it belongs, section by section; then where it does not, by reason.
fn sections(places: &[Place]) -> Vec<Line> {
    let mut lines = vec![];
    let mut others: Vec<(&str, Vec<&str>)> = vec![];
    for place in places {
        if place.belongs {
            lines.push(("section", format!("{}: {}", place.section, place.text)));
            lines.push(("", format!("because {}", place.reason)));
        } else if let Some((_, sections)) = others.iter_mut().find(|(reason, _)| *reason == place.reason) {
            sections.push(&place.section);
        } else {
            others.push((&place.reason, vec![&place.section]));
        }
    }
    for (reason, sections) in others {
        lines.push(("not in", sections.join(", ")));
        lines.push(("", format!("because {reason}")));
    }
    lines
}

fn source(life: &Life) -> Vec<Line> {
    let source = &life.source;
    let title = source.title.as_deref().map(|title| format!(" ({title})")).unwrap_or_default();
    let mut lines = vec![("source", format!("{}{title}", source.id))];
    lines.extend(source.url.iter().map(|url| ("", url.clone())));
    let asked = source.asked_at_url.as_ref();
    lines.extend(asked.map(|url| ("", format!("it has moved: {url} is asked instead"))));
    if !source.configured {
        lines.push(("", "it is not in feeds.toml any more".to_owned()));
    } else if !source.enabled {
        lines.push(("", "it is switched off (enabled = false)".to_owned()));
    }
    lines.extend(source.error.iter().map(|error| ("", format!("it failed the last time: {error}"))));
    lines.extend(source.quarantine.iter().map(|why| ("", format!("it is in quarantine: {why}"))));
    let useless = [("guids", source.guids_useless_since), ("links", source.links_useless_since)];
    let useless = useless.into_iter().filter_map(|(what, since)| Some((what, moment(since?))));
    lines.extend(
        useless.map(|(what, since)| ("", format!("its {what} are no keys since {since}: they do not hold"))),
    );
    let renamed = source.renamed.iter();
    lines.extend(renamed.map(|renamed| ("", format!("{}: {}", moment(renamed.at), renamed.how))));
    lines
}

fn changes(life: &Life) -> Vec<Line> {
    let events = life.changes.iter().map(|change| format!("{}: {}", moment(change.at), change.text));
    let mut lines: Vec<Line> = events.map(|event| ("", event)).collect();
    if lines.is_empty() {
        let before = match life.revision {
            0 => "never".to_owned(),
            times => format!("{times} times, before changes were recorded"),
        };
        lines.push(("", before));
    }
    if let Some((label, _)) = lines.first_mut() {
        *label = "changed";
    }
    lines
}

fn gone(gone: &Gone, how: &str) -> (String, Vec<Line>) {
    let name = gone.title.as_ref().or(gone.link.as_ref()).or(gone.source_id.as_ref());
    let head = name.cloned().unwrap_or_else(|| "(forgotten)".to_owned());
    let mut lines: Vec<Line> = vec![];
    let when = gone.at.map(|at| format!("{}: ", moment(at))).unwrap_or_default();
    lines.push((if how == "dropped" { "dropped" } else { "removed" }, format!("{when}{}", gone.text)));
    let ids = [("id", &gone.id), ("guid", &gone.source_id), ("link", &gone.link), ("source", &gone.source)];
    lines.extend(ids.into_iter().filter_map(|(label, text)| Some((label, text.clone()?))));
    lines.extend(gone.first_seen.map(|at| ("first seen", moment(at))));
    lines.extend(gone.published.map(|at| ("published", moment(at))));
    lines.extend(gone.of.iter().map(|of| ("see", of.key.clone())));
    (head, lines)
}

fn named(other: &Relative) -> String {
    format!("{}: {} ({})", other.source, other.title.as_deref().unwrap_or(&other.id), other.key)
}

fn moment(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
