//! Where the entries of a feed stand in its bytes: what is sent to those who have the rest already.

use std::ops::Range;

use memchr::memmem;

use crate::model::{Digest, Piece, Pieces};

/// The entries of an Atom document and what it says of deleted ones (RFC 6721). Every `<` of a text is escaped there.
pub fn atom_pieces(document: &[u8]) -> Option<Pieces> {
    let deleted = elements(document, b"<at:deleted-entry", b"</at:deleted-entry>");
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
        Some(Piece { digest: Digest::of([bytes]), range })
    };
    let list: Vec<Piece> = ranges.into_iter().map(piece).collect::<Option<_>>()?;
    (!list.is_empty()).then_some(Pieces { separator, list })
}
