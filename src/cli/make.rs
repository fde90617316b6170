//! `nashra make`: what a nashra has another process do that needs a store made anew.

use std::path::PathBuf;

use super::look::Asker;
use crate::edge::store::{self, Recipe};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder to be made, in a state folder that is locked by whoever asks.
    place: PathBuf,
    /// The snapshot that it is made from.
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// The folder of the journal with what came later.
    #[arg(long, value_name = "FOLDER")]
    journal: Option<PathBuf>,
}

pub(super) fn main(args: &Args) {
    let asker = Asker::heed();
    let recipe = Recipe { snapshot: args.snapshot.as_deref(), journal: args.journal.as_deref() };
    store::make_for(&args.place, recipe, Asker::tell, || asker.has_answered());
}
