//! `nashra render`: every document as a file, for a web server, a CDN or a bucket without the daemon.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::{CliError, answer, block_on, load, options, socket};
use crate::app::{self, Catalogue, Delivered, Listed, Options};
use crate::edge::folder::{Folder, FolderError, Outcome, TWINS, file_name};
use crate::model::{Coding, Digest};
use crate::pipeline;

/// The daemon renders what nobody has asked for yet.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(600);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder: a new or an empty one, or one that this command has written before. What does not change in it is
    /// not touched; what it has written and is no document any more is removed.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

#[derive(Deserialize)]
struct Documents {
    documents: Vec<Listed>,
}

/// Who has the documents.
enum From<'a> {
    Daemon(&'a Options),
    Store(Box<Catalogue>),
}

pub(super) fn main(args: &Args, config_path: &Path) -> Result<(), CliError> {
    let config = load(config_path)?;
    let options = options(&config, config_path);
    let asked =
        block_on(async { socket::send(&options, "GET", "/api/documents", &[], ANSWER_TIMEOUT).await })?;
    let (from, list) = if let Some(Documents { documents }) = asked {
        (From::Daemon(&options), documents)
    } else {
        let catalogue = Catalogue::open(&options, &config)?;
        let list = catalogue.list();
        (From::Store(Box::new(catalogue)), list)
    };
    let Outcome { documents, written, removed } = render(&args.folder, &from, &list)?;
    answer(&format!("{documents} documents: {written} written, {removed} removed"));
    Ok(())
}

fn render(folder: &Path, from: &From<'_>, list: &[Listed]) -> Result<Outcome, CliError> {
    let failed = |error: FolderError| CliError::Failed(error.to_string());
    let mut folder = Folder::open(folder).map_err(failed)?;
    let name = |one: &Listed| file_name(&one.path, app::is_page(&one.path));
    let names: Vec<String> = list.iter().map(name).collect();
    folder.announce(names.iter().map(String::as_str)).map_err(failed)?;
    let mut wanted: Vec<String> = vec![];
    for (one, name) in list.iter().zip(&names) {
        if !one.etag.as_ref().is_some_and(|etag| folder.keep(name, etag)) {
            wanted.push(one.path.clone());
        }
    }
    let mut wanted = wanted.as_slice();
    while !wanted.is_empty() {
        let (done, delivered) = from.deliver(wanted)?;
        for Delivered { head, body } in delivered {
            let name = file_name(&head.path, head.is_page);
            if !folder.keep(&name, &head.etag) {
                let twins = twins(&name, &body);
                folder.put(&name, &head.etag, head.modified, &body, &twins).map_err(failed)?;
            }
        }
        wanted = wanted.get(done.max(1)..).unwrap_or_default();
    }
    folder.finish().map_err(failed)
}

/// The compressed forms of a file; pictures are compressed by themselves.
fn twins(name: &str, body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    if Path::new(name).extension().is_some_and(|ending| ending == "png") {
        return vec![];
    }
    let document = pipeline::render::document("text/plain", body.to_vec(), None, Digest([0; 16]));
    let twin = |(ending, coding)| Some((ending, document.body(coding)?.to_vec()));
    TWINS.into_iter().zip(Coding::PACKED).filter_map(twin).collect()
}

impl From<'_> {
    fn deliver(&self, paths: &[String]) -> Result<(usize, Vec<Delivered>), CliError> {
        let options = match self {
            Self::Store(catalogue) => return Ok(catalogue.deliver(paths)),
            Self::Daemon(options) => options,
        };
        let failed = |what: String| CliError::Failed(what);
        let body = serde_json::to_vec(paths).map_err(|error| failed(error.to_string()))?;
        let answer = block_on(async {
            socket::bytes(options, "POST", "/api/documents", &body, ANSWER_TIMEOUT).await
        })?;
        let bytes = answer.ok_or_else(|| failed("the daemon has stopped; run it again".to_owned()))?;
        app::unpacked(&bytes).ok_or_else(|| failed("the daemon's answer cannot be read".to_owned()))
    }
}
