//! `nashra subscriptions`: who is told of news by the hub and the rssCloud, and how that goes.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::moment::relative;
use super::{CliError, answer, block_on, load, options, socket, table};
use crate::app;
use crate::edge::clock;
use crate::edge::hub::SubscriptionView;
use crate::model::Timestamp;

/// The hub answers long before this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print one JSON object a line instead of a table.
    #[arg(long)]
    json: bool,
}

/// What the daemon answers.
#[derive(Deserialize)]
struct Subscriptions {
    subscriptions: Vec<SubscriptionView>,
}

pub(super) fn main(args: &Args, config_path: &Path) -> Result<(), CliError> {
    let config = load(config_path)?;
    let options = options(&config, config_path);
    let asked = socket::ask(&options, "GET", "/api/subscriptions", &[], ANSWER_TIMEOUT);
    let list = match block_on(asked)? {
        Some(Subscriptions { subscriptions }) => subscriptions,
        None => app::stored_subscriptions(&options)?,
    };
    if !args.json {
        let now = clock::now();
        table::print(COLUMNS, &list.iter().map(|one| cells(one, now)).collect::<Vec<_>>());
        return Ok(());
    }
    for one in &list {
        answer(&serde_json::to_string(one).map_err(|error| CliError::Failed(error.to_string()))?);
    }
    Ok(())
}

const COLUMNS: &[&str] =
    &["TOPIC", "KIND", "HOST", "EXPIRES", "DELIVERED", "PENDING", "FAILURES", "NEXT", "WHY"];

fn cells(one: &SubscriptionView, now: Timestamp) -> Vec<String> {
    let moment = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| relative(at, now));
    vec![
        one.topic.clone(),
        one.kind.clone(),
        one.host.clone(),
        moment(one.expires),
        moment(one.delivered_at),
        one.pending.to_string(),
        one.failures.to_string(),
        // What is due is sent as soon as there is a place for it.
        moment(one.next_at.map(|at| at.max(now))),
        one.error.clone().unwrap_or_default(),
    ]
}
