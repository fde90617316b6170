//! The paths of rules: `*` and a final `$`, and one form for every way to escape (RFC 9309 §2.2.2, §2.2.3).

use std::fmt::Write as _;

use url::Url;

/// A longer pattern is cut after its beginning, and matches all that begins so.
const PATTERN_BYTES_MAX: usize = 4 << 10;

/// A pattern in normal form: a `*` is a wildcard, since a star that is meant literally is escaped.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    text: Box<str>,
    /// Whether the path must end where the pattern does.
    is_anchored: bool,
}

impl Pattern {
    /// The value of an `Allow` or `Disallow` line; `None` where it is empty or no path.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        if !matches!(value.first()?, b'/' | b'*') {
            return None;
        }
        let (value, is_cut) = match value.split_at_checked(PATTERN_BYTES_MAX) {
            Some((beginning, rest)) if !rest.is_empty() => (beginning, true),
            _ => (value, false),
        };
        let (path, is_anchored) = match value.strip_suffix(b"$") {
            Some(path) if !is_cut => (path, true),
            _ => (value, false),
        };
        Some(Self { text: normal(path, true).into(), is_anchored })
    }

    /// Whether a path, in normal form itself, is meant. Linear in its length.
    pub(super) fn matches(&self, path: &str) -> bool {
        let mut pieces = self.text.split('*');
        let Some(mut rest) = pieces.next().and_then(|beginning| path.strip_prefix(beginning)) else {
            return false;
        };
        let mut pieces = pieces.peekable();
        if pieces.peek().is_none() {
            return !self.is_anchored || rest.is_empty();
        }
        while let Some(piece) = pieces.next() {
            if self.is_anchored && pieces.peek().is_none() {
                return rest.ends_with(piece);
            }
            // The first place is as good as any later one: it leaves the most for what follows.
            let Some((_, after)) = rest.split_once(piece) else { return false };
            rest = after;
        }
        true
    }

    /// How specific it is: octets (RFC 9309 §2.2.2).
    pub(super) fn length(&self) -> usize {
        self.text.len() + usize::from(self.is_anchored)
    }

    /// The pattern in normal form.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// Path and query of an address in normal form.
pub(super) fn path_of(url: &Url) -> String {
    let mut path = url.path().to_owned();
    if let Some(query) = url.query() {
        path.push('?');
        path.push_str(query);
    }
    normal(path.as_bytes(), false)
}

/// One form for all: unreserved characters and, in a query, `:`, `/`, `?` and `@` stand for themselves; other
/// reserved ones as they were written; everything else is escaped. `*` and `$` are escaped where they are no
/// signs of a pattern.
fn normal(text: &[u8], is_pattern: bool) -> String {
    let mut form = String::with_capacity(text.len());
    let mut in_query = false;
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        let (byte, was_escaped) = match (byte, after) {
            (b'%', [high, low, ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, true),
                _ => (b'%', false),
            },
            _ => (*byte, false),
        };
        rest = if was_escaped { after.get(2..).unwrap_or_default() } else { after };
        in_query |= byte == b'?' && !was_escaped;
        let is_plain = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => true,
            b':' | b'/' | b'?' | b'@' if in_query => true,
            b'*' => is_pattern && !was_escaped,
            b':' | b'/' | b'?' | b'#' | b'[' | b']' | b'@' | b'!' | b'&' | b'\'' | b'(' | b')' | b'+'
            | b',' | b';' | b'=' => !was_escaped,
            _ => false,
        };
        if is_plain {
            form.push(char::from(byte));
        } else {
            // Writing to a String never fails.
            let _ = write!(form, "%{byte:02X}");
        }
    }
    form
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_patterns_keep_their_beginning() {
        let path = |length: usize| format!("/{}", "a".repeat(length));
        let pattern = Pattern::parse(format!("{}$", path(PATTERN_BYTES_MAX)).as_bytes()).unwrap();
        assert!(pattern.matches(&path(PATTERN_BYTES_MAX + 5)));
        assert!(!pattern.matches(&path(10)));
    }

    #[test]
    fn overlaps_are_no_matches() {
        let check = |pattern: &str, path: &str, expected| {
            assert_eq!(
                Pattern::parse(pattern.as_bytes()).unwrap().matches(path),
                expected,
                "{pattern} {path}"
            );
        };
        check("/ab*ba$", "/aba", false);
        check("/ab*ba$", "/abba", true);
        check("/a*$", "/a", true);
        check("*$", "/", true);
        check("/*a*a", "/a", false);
        check("/*a*a", "/aa", true);
    }
}
