//! `nashra look`: what a nashra that is about to open a store has another process do first.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::exit;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::{FAILED, answer};
use crate::edge::store;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The state folder, locked by whoever asks.
    folder: PathBuf,
}

pub(super) fn main(args: &Args) {
    drop(Asker::heed());
    store::look(&args.folder, |seen| Asker::tell(&serde_json::json!(seen).to_string()));
}

/// The process that this one works for. It answers what it is told with a byte, and is gone when standard input ends.
pub(super) struct Asker {
    answers: Receiver<()>,
}

impl Asker {
    /// From now on this process ends with the one that asked.
    pub(super) fn heed() -> Self {
        let (heard, answers) = channel();
        thread::spawn(move || {
            let mut byte = [0];
            // Who waits for no answers takes none.
            while std::io::stdin().read(&mut byte).is_ok_and(|read| read > 0) {
                let _ = heard.send(());
            }
            // Nobody is to hold a store open for one who is gone.
            exit(FAILED.into());
        });
        Self { answers }
    }

    pub(super) fn tell(word: &str) {
        answer(word);
        // A reader that went away ends us.
        let _ = std::io::stdout().flush();
    }

    /// Waits for the answer to what was told.
    pub(super) fn has_answered(&self) -> bool {
        self.answers.recv().is_ok()
    }
}
