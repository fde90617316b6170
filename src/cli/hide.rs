//! `nashra hide` and `nashra unhide`: takes an entry out of every output, and lets it back.

use std::path::Path;
use std::time::Duration;

use chrono::SecondsFormat;
use url::form_urlencoded::Serializer;

use super::{CliError, answer, block_on, load, options, socket, table};
use crate::app::{self, Done};
use crate::pipeline::why::Relative;

/// The daemon looks the entry up and publishes anew.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The id that readers see, the key of 32 digits, the address of our page of it, its link, or the guid that its
    /// source gives it.
    #[arg(value_name = "ID|URL")]
    of: String,
    /// Its whole story: what all sources have told of it, and what they tell later.
    #[arg(long)]
    story: bool,
    /// Print what was done as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args, hide: bool, config_path: &Path) -> Result<(), CliError> {
    let config = load(config_path)?;
    let options = options(&config, config_path);
    let mut query = Serializer::new(String::new());
    query.append_pair("of", &args.of);
    if args.story {
        query.append_pair("story", "1");
    }
    let word = if hide { "hide" } else { "unhide" };
    let address = format!("/api/{word}?{}", query.finish());
    let asked = block_on(async { socket::send(&options, "POST", &address, &[], ANSWER_TIMEOUT).await })?;
    let done: Done = match asked {
        Some(done) => done,
        None => app::stored_hide(&options, &config, &args.of, args.story, hide)?,
    };
    if args.json {
        let line = serde_json::to_string(&done).map_err(|error| CliError::Failed(error.to_string()))?;
        answer(&line);
        return Ok(());
    }
    if let Some(since) = done.already_since {
        answer(&format!("already hidden since {}", since.to_rfc3339_opts(SecondsFormat::Secs, true)));
        return Ok(());
    }
    for entry in &done.entries {
        say(if hide { "hidden" } else { "back" }, entry);
    }
    if !done.sections.is_empty() {
        let what = if hide { "gone from" } else { "belongs to" };
        answer(&format!("{what}: {}", done.sections.join(", ")));
    }
    done.instead.iter().for_each(|entry| say("now told by", entry));
    Ok(())
}

fn say(what: &str, entry: &Relative) {
    let name = match (&entry.title, entry.source.as_str()) {
        (_, "") => "removed by retention".to_owned(),
        (Some(title), source) => format!("{source}: {title}"),
        (None, source) => format!("{source}: {}", entry.id),
    };
    answer(&table::safe_line(&format!("{what}: {name} ({})", entry.key)));
}
