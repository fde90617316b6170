//! `nashra parse`: what nashra understands of one document, as the JSON of DESIGN §4.

use std::path::Path;

use serde::Serialize;

use super::{CliError, answer, block_on};
use crate::app;
use crate::edge::files;
use crate::model::{Enclosure, Feed, FeedEntry, Origin, Person, Problem, Timestamp};
use crate::pipeline;

/// A document may have this many bytes.
const DOCUMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A file, an http(s) address, or - for standard input.
    #[arg(value_name = "FILE|URL|-")]
    document: String,
    /// The address that the document came from: the base of its relative links.
    #[arg(long, value_name = "BASE")]
    url: Option<String>,
    /// The Content-Type that it came with.
    #[arg(long, value_name = "CT")]
    content_type: Option<String>,
}

pub(super) fn main(args: &Args) -> Result<(), CliError> {
    if let Some(base) = args.url.as_deref().filter(|base| url::Url::parse(base).is_err()) {
        return Err(CliError::Usage(format!("--url {base}: this is no absolute address")));
    }
    let is_web = args.document.starts_with("http://") || args.document.starts_with("https://");
    let (bytes, content_type, url) = if is_web {
        let body = block_on(async { app::fetch_document(&args.document).await.map_err(CliError::Failed) })?;
        (body.bytes.to_vec(), body.content_type, body.url)
    } else {
        // feeds.toml writes `file:` before a path.
        let path = args.document.strip_prefix("file:").unwrap_or(&args.document);
        let path = path.strip_prefix("//").unwrap_or(path);
        let bytes = files::read_bytes(Path::new(path), DOCUMENT_BYTES_MAX)
            .map_err(|error| CliError::Failed(format!("{}: {error}", args.document)))?;
        (bytes, None, String::new())
    };
    let content_type = args.content_type.clone().or(content_type);
    let url = args.url.clone().unwrap_or(url);
    let feed = pipeline::understand(&bytes, content_type.as_deref(), None, &url, &[])
        .map_err(|reason| CliError::Failed(format!("{}: {reason}", args.document)))?;
    let json = serde_json::to_string(&view(&feed)).map_err(|error| CliError::Failed(error.to_string()))?;
    answer(&json);
    Ok(())
}

#[derive(Serialize)]
struct FeedView<'a> {
    format: &'static str,
    title: Option<&'a str>,
    link: Option<&'a str>,
    description: Option<&'a str>,
    language: Option<&'a str>,
    updated: Option<String>,
    authors: Vec<&'a str>,
    image: Option<&'a str>,
    ttl_minutes: Option<u32>,
    hub: Option<&'a str>,
    #[serde(rename = "self")]
    self_url: Option<&'a str>,
    items: Vec<ItemView<'a>>,
    problems: &'a [Problem],
}

#[derive(Serialize)]
struct ItemView<'a> {
    id: Option<&'a str>,
    title: Option<&'a str>,
    link: Option<&'a str>,
    summary: Option<&'a str>,
    content: Option<&'a str>,
    published: Option<String>,
    updated: Option<String>,
    authors: Vec<&'a str>,
    categories: Vec<&'a str>,
    enclosures: Vec<EnclosureView<'a>>,
    image: Option<&'a str>,
    comments: Option<&'a str>,
    source: Option<&'a Origin>,
    language: Option<&'a str>,
}

#[derive(Serialize)]
struct EnclosureView<'a> {
    url: &'a str,
    #[serde(rename = "type")]
    media_type: Option<&'a str>,
    length: Option<u64>,
}

fn view(feed: &Feed) -> FeedView<'_> {
    FeedView {
        format: feed.format.name(),
        title: feed.title.as_deref(),
        link: feed.link.as_deref(),
        description: feed.description.as_deref(),
        language: feed.language.as_deref(),
        updated: feed.updated.map(moment),
        authors: names(&feed.authors),
        image: feed.image.as_deref(),
        ttl_minutes: feed.schedules.ttl_minutes,
        hub: feed.hubs.first().map(String::as_str),
        self_url: feed.self_url.as_deref(),
        items: feed.entries.iter().map(item).collect(),
        problems: &feed.problems,
    }
}

fn item(entry: &FeedEntry) -> ItemView<'_> {
    ItemView {
        id: entry.id.as_deref(),
        title: entry.title.as_deref(),
        link: entry.link.as_deref(),
        summary: entry.summary.as_deref(),
        content: entry.content.as_deref(),
        published: entry.published.map(moment),
        updated: entry.updated.map(moment),
        authors: names(&entry.authors),
        categories: entry.categories.iter().map(|category| category.term.as_str()).collect(),
        enclosures: entry.enclosures.iter().map(enclosure).collect(),
        image: entry.image.as_deref(),
        comments: entry.comments.as_deref(),
        source: entry.origin.as_ref(),
        language: entry.language.as_deref(),
    }
}

fn enclosure(file: &Enclosure) -> EnclosureView<'_> {
    EnclosureView { url: &file.url, media_type: file.media_type.as_deref(), length: file.length }
}

fn names(people: &[Person]) -> Vec<&str> {
    people.iter().map(|person| person.name.as_str()).collect()
}

fn moment(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
