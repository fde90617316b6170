//! `nashra look`: what a nashra that is about to open a store has another process do first.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::exit;
use std::thread;

use super::{FAILED, answer};
use crate::edge::store;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The state folder, locked by whoever asks.
    folder: PathBuf,
}

pub(super) fn main(args: &Args) {
    // Nobody is to hold the store open for one who is gone.
    thread::spawn(|| {
        let mut byte = [0];
        while std::io::stdin().read(&mut byte).is_ok_and(|read| read > 0) {}
        exit(FAILED.into());
    });
    store::look(&args.folder, |seen| {
        answer(&serde_json::json!(seen).to_string());
        // A reader that went away ends us.
        let _ = std::io::stdout().flush();
    });
}
