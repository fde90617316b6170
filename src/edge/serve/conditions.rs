//! Conditional requests: the four preconditions for GET and HEAD, in the order of RFC 9110 §13.2.2.

use http::header::{
    HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
};

use super::heads;
use super::negotiate::Accepted;
use crate::model::{Coding, Document, Timestamp};

/// What the preconditions of a request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Send the document.
    Proceed,
    /// The client holds this representation: 304.
    NotModified(Coding),
    /// The client wants another state of the document than ours: 412.
    Failed,
}

/// Evaluates the preconditions. `best` is the coding that would be sent.
///
/// A client may hold any representation that it accepts, and which of those is selected is ours to choose.
/// So an If-None-Match that names the tag of an acceptable coding selects that coding, and 304 carries its
/// tag; the tag of a coding that the client refuses now matches nothing.
pub(super) fn evaluate(
    document: &Document,
    accepted: Accepted,
    best: Coding,
    headers: &HeaderMap,
) -> Outcome {
    let codings = || [best].into_iter().chain(Coding::ALL).filter(|coding| accepted.takes(*coding));
    if headers.contains_key(IF_MATCH) {
        let named = Named::by(headers, &IF_MATCH, document, false);
        if !codings().any(|coding| named.names(coding)) {
            return Outcome::Failed;
        }
    } else if let (Some(until), Some(at)) = (date(headers, &IF_UNMODIFIED_SINCE), document.last_modified)
        && at.timestamp() > until.timestamp()
    {
        return Outcome::Failed;
    }
    if let Some(first) = headers.get(IF_NONE_MATCH) {
        // For a client that mentions no coding, a cache may ask with the tags of all that it has stored: it is not
        // told that a coding will do which that client never named, and may be unable to read.
        let is_told = |coding: &Coding| *coding == Coding::Identity || !accepted.is_silent();
        // Nearly all name the one that they would be sent.
        if is_told(&best) && heads::etag(document, best).is_some_and(|tag| tag == first) {
            return Outcome::NotModified(best);
        }
        let named = Named::by(headers, &IF_NONE_MATCH, document, true);
        let held = codings().filter(is_told).find(|coding| named.names(*coding));
        return held.map_or(Outcome::Proceed, Outcome::NotModified);
    }
    match (date(headers, &IF_MODIFIED_SINCE), document.last_modified) {
        (Some(since), Some(at)) if at.timestamp() <= since.timestamp() => Outcome::NotModified(best),
        _ => Outcome::Proceed,
    }
}

/// The representations of one document that a list of entity tags names.
struct Named([bool; 4]);

impl Named {
    /// Those in the lines of `header`; all where one is `*`. A weak tag counts only where `weak` comparison is asked.
    fn by(headers: &HeaderMap, header: &HeaderName, document: &Document, weak: bool) -> Self {
        let mut named = [false; 4];
        for value in headers.get_all(header).iter().map(HeaderValue::as_bytes) {
            if value.trim_ascii() == b"*" {
                return Self([true; 4]);
            }
            for tag in tags(value) {
                let tag = if weak { tag.strip_prefix(b"W/").unwrap_or(tag) } else { tag };
                if let Some((version, coding)) = Coding::of_etag(tag)
                    && version == document.version
                {
                    let places = named.iter_mut().zip(Coding::ALL);
                    places.filter(|(_, one)| *one == coding).for_each(|(place, _)| *place = true);
                }
            }
        }
        Self(named)
    }

    fn names(&self, coding: Coding) -> bool {
        self.0.into_iter().zip(Coding::ALL).any(|(named, one)| named && one == coding)
    }
}

/// The entity tags of a list; a comma inside the quotes belongs to the tag. What is no tag is passed over.
pub(super) fn tags(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let start = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b','))?;
        rest = rest.get(start..)?;
        let open = rest.iter().position(|byte| *byte == b'"')?;
        let length = rest.get(open + 1..)?.iter().position(|byte| *byte == b'"')?;
        let (tag, after) = rest.split_at_checked(open + length + 2)?;
        rest = after;
        Some(tag)
    })
}

/// The date of a header that is there once and valid; any other is ignored (RFC 9110 §13.1.3).
fn date(headers: &HeaderMap, header: &HeaderName) -> Option<Timestamp> {
    let mut lines = headers.get_all(header).iter();
    let value = lines.next().filter(|_| lines.next().is_none())?;
    httpdate::parse_http_date(value.to_str().ok()?).ok().map(Timestamp::from)
}
