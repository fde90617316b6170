//! `nashra plan`: what a changed feeds.toml would make appear, vanish or move, before it takes effect.

mod print;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{CliError, answer, block_on, complain, options, socket};
use crate::app;
use crate::config;
use crate::pipeline::plan::Plan;

/// The daemon reads its store for the answer, as it does for a start.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(600);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The changed feeds.toml; the one in place otherwise, against what the running daemon has in force.
    #[arg(value_name = "NEWFILE")]
    new: Option<PathBuf>,
    /// Print the whole plan as one JSON object.
    #[arg(long)]
    json: bool,
    /// Print up to this many lines of each kind for each section.
    #[arg(long, value_name = "N", default_value_t = 10)]
    lines: usize,
}

pub(super) fn main(args: &Args, config_path: &Path) -> Result<(), CliError> {
    let new_path = args.new.as_deref().unwrap_or(config_path);
    let text = app::config_text(new_path).map_err(CliError::Config)?;
    // What it says of files is meant for the place where it shall stand.
    let folder = app::config_folder(config_path);
    let new = config::read(&text, &new_path.display().to_string(), folder).map_err(CliError::Config)?;
    new.warnings.iter().for_each(|warning| complain(&format!("warning: {warning}")));
    // A file that is refused now still leads to the store, through the one that shall replace it.
    let old = if args.new.is_some() { app::load_config(config_path) } else { Ok(new.clone()) };
    let options = options(old.as_ref().unwrap_or(&new), config_path);
    let plan = match asked(&options, new_path, folder, &text)? {
        Some(plan) => plan,
        None => app::plan_stored(&options, &old.map_err(CliError::Config)?, &new)?,
    };
    if args.json {
        let line = serde_json::to_string(&plan).map_err(|error| CliError::Failed(error.to_string()))?;
        answer(&line);
    } else {
        print::plan(&plan, args.lines);
    }
    Ok(())
}

/// What the daemon works out; `None` where none runs.
fn asked(options: &app::Options, path: &Path, folder: &Path, text: &str) -> Result<Option<Plan>, CliError> {
    let failed = |error: std::io::Error| CliError::Failed(format!("{}: {error}", folder.display()));
    // The daemon may live in another folder.
    let folder = std::path::absolute(folder).map_err(failed)?;
    let pairs = [("file", path.display().to_string()), ("folder", folder.display().to_string())];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let path_and_query = format!("/api/plan?{query}");
    block_on(socket::send(options, "POST", &path_and_query, text.as_bytes(), ANSWER_TIMEOUT))
}
