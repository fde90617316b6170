//! Bytes to [`RawFeed`]: translates, judges nothing.
//!
//! Text by `encoding`, then a tolerant front end (`rewrite`, with `tokens`, `grammar`, `names` and
//! `entities`) that makes of anything a plain document for the crates `rss` and `atom_syndication`; `rss`,
//! `atom` and `extras` bring what those have read into the inner shape. JSON Feed goes its own way.

mod alternates;
mod atom;
mod encoding;
mod entities;
mod extras;
mod grammar;
mod json;
mod mojibake;
mod names;
mod notes;
mod rewrite;
mod rss;
mod sniff;
mod tokens;

use std::borrow::Cow;

pub use alternates::{Alternate, alternates};
use grammar::Family;
use notes::Notes;

use crate::model::{Problem, RawFeed};

/// Why a document is no feed: one clear line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAFeed(pub String);

/// Reads a feed document of any dialect. `content_type` is the header that it came with; its charset
/// counts, its media type does not, because too many publishers get that wrong.
pub fn parse(bytes: &[u8], content_type: Option<&str>) -> Result<RawFeed, NotAFeed> {
    read(bytes, || decode(bytes, content_type))
}

/// Reads a feed document in the encoding that the admin has named, whatever it and its header say, a byte order
/// mark included. `encoding` is a label of the Encoding Standard; one that is none counts for nothing.
pub fn parse_as(bytes: &[u8], encoding: &str) -> Result<RawFeed, NotAFeed> {
    read(bytes, || decode_as(bytes, encoding))
}

fn read<'a>(
    bytes: &[u8],
    decode: impl FnOnce() -> (Cow<'a, str>, Vec<Problem>),
) -> Result<RawFeed, NotAFeed> {
    if let Some(what) = sniff::binary(bytes) {
        return Err(NotAFeed(what));
    }
    let (text, problems) = decode();
    let mut feed = match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => json::read(text.trim()).map_err(|what| NotAFeed(format!("this is {what}")))?,
        _ => xml(&text)?,
    };
    feed.problems.splice(0..0, problems);
    Ok(feed)
}

/// Bytes to text, with what had to be guessed or repaired; never fails. [`parse`] begins with it.
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> (Cow<'a, str>, Vec<Problem>) {
    let mut notes = Notes::default();
    let text = encoding::decode(bytes, content_type, &mut notes);
    (text, notes.into_problems())
}

/// Bytes to text in the encoding that the admin has named, as [`parse_as`] does it; never fails.
pub fn decode_as<'a>(bytes: &'a [u8], encoding: &str) -> (Cow<'a, str>, Vec<Problem>) {
    let mut notes = Notes::default();
    let text = encoding::decode_as(bytes, encoding, &mut notes);
    (text, notes.into_problems())
}

fn xml(text: &str) -> Result<RawFeed, NotAFeed> {
    let rewritten = rewrite::rewrite(text).ok_or_else(|| NotAFeed(sniff::text(text)))?;
    // What the front end writes is well-formed by construction; should a crate refuse it all the same,
    // the admin hears of it, and the source keeps its last good entries.
    let refused = |error: String| NotAFeed(format!("this feed cannot be read: {error}"));
    let document = rewritten.text.as_bytes();
    let (extras, entries) = (rewritten.extras, rewritten.entries);
    let mut feed = match rewritten.family {
        Family::Rss => {
            let read = ::rss::Channel::read_from(document).map_err(|error| refused(error.to_string()))?;
            rss::feed(read, extras, entries)
        }
        Family::Atom => {
            let read =
                atom_syndication::Feed::read_from(document).map_err(|error| refused(error.to_string()))?;
            atom::feed(read, extras, entries)
        }
    };
    // A page or a manual that shows what a feed looks like is none.
    let shown = rewritten.problems.iter().any(|problem| problem.code == "junk-before");
    if feed.entries.is_empty() && shown {
        return Err(NotAFeed(sniff::text(text)));
    }
    feed.format = rewritten.format;
    feed.problems = rewritten.problems;
    Ok(feed)
}
