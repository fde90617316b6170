//! Where the entries of a feed stand in its bytes: what is sent to those who have the rest already.

use std::ops::Range;
use std::sync::Arc;

use memchr::memmem;

use crate::model::{Digest, Entry, Named, News, Piece, Pieces, Placed, Removed, SectionFeed, SectionOrder};

const DELETED: &[u8] = b"<at:deleted-entry";

/// The entries of an Atom document and what it says of deleted ones (RFC 6721). Every `<` of a text is escaped there.
pub fn atom_pieces(document: &[u8]) -> Option<Pieces> {
    let deleted = elements(document, DELETED, b"</at:deleted-entry>");
    let entries = elements(document, b"<entry", b"</entry>");
    pieces(document, "", deleted.into_iter().chain(entries).collect())
}

/// The items of an RSS document. Sanitised texts name no element `item`, also where they stand in CDATA.
pub fn rss_pieces(document: &[u8]) -> Option<Pieces> {
    pieces(document, "", elements(document, b"<item>", b"</item>"))
}

/// The items of a JSON Feed, which are objects in the last member of the document.
pub fn json_pieces(document: &[u8]) -> Option<Pieces> {
    const ITEMS: &[u8] = b"\"items\":[";
    let start = memmem::rfind(document, ITEMS).filter(|_| document.ends_with(b"]}"));
    let start = start.map_or(document.len(), |at| at + ITEMS.len());
    let (mut found, mut depth, mut began) = (vec![], 0_usize, start);
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in document.iter().enumerate().skip(start) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' => {
                if depth == 0 {
                    began = at;
                }
                depth += 1;
            }
            b'}' if depth == 1 => {
                depth = 0;
                found.push(began..at + 1);
            }
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    pieces(document, ",", found)
}

/// Says of every entry of `feed` what it tells those who are told of news: a new entry, a meaningful change, an entry
/// that was taken out. What came with the first fetch of a source tells nothing until it changes.
pub fn with_news(mut pieces: Pieces, document: &[u8], feed: &SectionFeed) -> Pieces {
    let is_ranked = feed.section.order == SectionOrder::MostRead;
    let is_notice =
        |piece: &Piece| document.get(piece.range.clone()).is_some_and(|it| it.starts_with(DELETED));
    let (notices, entries): (Vec<_>, Vec<_>) = pieces.list.iter_mut().partition(|piece| is_notice(piece));
    // They stand in the order of the feed; otherwise nobody could tell which is which.
    if entries.len() == feed.placed.len() {
        for (piece, placed) in entries.into_iter().zip(&feed.placed) {
            (piece.news, piece.names) = (told(&placed.entry, is_ranked), named(placed));
        }
    }
    if notices.len() == feed.removed.len() {
        notices.into_iter().zip(&feed.removed).for_each(|(piece, one)| piece.news = Some(taken_out(one)));
    }
    pieces
}

fn told(entry: &Entry, is_ranked: bool) -> Option<News> {
    let changed = entry.changed_at();
    let version = [&entry.key.0[..], &entry.digest.0, &changed.timestamp().to_be_bytes()];
    let news = News {
        entry: Digest::of([entry.id.as_bytes()]),
        version: Digest::of(version),
        at: (!is_ranked).then_some(changed),
    };
    (!entry.backfill || entry.updated.is_some()).then_some(news)
}

fn named(placed: &Placed) -> Arc<[Named]> {
    let beside = placed.also.iter().chain(&placed.related).map(|also| &also.entry);
    std::iter::once(&placed.entry).chain(beside).map(|entry| Named::of(entry)).collect()
}

fn taken_out(one: &Removed) -> News {
    let version = [one.id.as_bytes(), &one.at.timestamp().to_be_bytes()];
    News { entry: Digest::of([one.id.as_bytes()]), version: Digest::of(version), at: Some(one.at) }
}

/// Every element from its start tag to the next end tag.
fn elements(document: &[u8], start: &[u8], end: &[u8]) -> Vec<Range<usize>> {
    let (starts, ends) = (memmem::find_iter(document, start), memmem::find_iter(document, end));
    let ends = ends.map(|at| at + end.len());
    starts.zip(ends).map(|(start, end)| start..end).collect()
}

/// `None` where there are none: what has no entries has no part that could be left out.
fn pieces(document: &[u8], separator: &'static str, mut ranges: Vec<Range<usize>>) -> Option<Pieces> {
    ranges.sort_by_key(|range| range.start);
    let piece = |range: Range<usize>| {
        let bytes = document.get(range.clone())?;
        Some(Piece { digest: Digest::of([bytes]), range, news: None, names: Arc::default() })
    };
    let list: Vec<Piece> = ranges.into_iter().map(piece).collect::<Option<_>>()?;
    (!list.is_empty()).then_some(Pieces { separator, list })
}
