//! Accept-Encoding and If-None-Match, as RFC 9110 §12.5.3 and §13.1.2 read them.

use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};

/// The codings that documents are ready in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
}

/// The best coding that the client takes; `None` where it refuses both. gzip wins where they are equal.
pub(super) fn accepts(headers: &HeaderMap) -> Option<Coding> {
    if !headers.contains_key(ACCEPT_ENCODING) {
        return Some(Coding::Identity);
    }
    let (mut gzip, mut identity, mut any) = (None, None, None);
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for part in values.flat_map(|value| value.split(',')) {
        let mut pieces = part.split(';').map(str::trim);
        let name = pieces.next().unwrap_or_default().to_ascii_lowercase();
        let quality = pieces.find_map(|piece| quality(piece)).unwrap_or(1000);
        match name.as_str() {
            "gzip" | "x-gzip" => gzip = Some(quality),
            "identity" => identity = Some(quality),
            "*" => any = Some(quality),
            _ => {}
        }
    }
    let gzip = gzip.or(any).unwrap_or(0);
    // identity is acceptable unless it, or everything that is not named, is refused.
    let identity = identity.unwrap_or(if any == Some(0) { 0 } else { 1 });
    match (gzip, identity) {
        (0, 0) => None,
        (gzip, identity) if gzip >= identity => Some(Coding::Gzip),
        _ => Some(Coding::Identity),
    }
}

/// `q=0.5` in thousandths; `None` where the parameter is another one or no weight.
fn quality(parameter: &str) -> Option<u32> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let value: f32 = value.trim().parse().ok().filter(|value| (0.0..=1.0).contains(value))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
    Some((value * 1000.0).round() as u32)
}

/// Whether an If-None-Match names `etag`, compared weakly, or is `*`.
pub(super) fn matches_any<'a>(values: impl Iterator<Item = &'a HeaderValue>, etag: &str) -> bool {
    values.filter_map(|value| value.to_str().ok()).any(|value| {
        value.trim() == "*" || tags(value).any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == etag)
    })
}

/// The entity tags of a list; a comma inside the quotes belongs to the tag.
fn tags(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let open = rest.find('"')?;
        let end = open + 1 + rest[open + 1..].find('"')?;
        let tag = &rest[..=end];
        rest = &rest[end + 1..];
        Some(tag)
    })
}
