//! References to characters, resolved once, as tolerantly as browsers do.

use std::borrow::Cow;

use memchr::memchr;

use super::super::text;

/// What had to be tolerated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tolerated {
    /// A `&` that begins no reference.
    pub(super) bare_ampersand: bool,
    /// A name of HTML's, which XML does not know.
    pub(super) html_entity: bool,
    /// A reference to a character that XML cannot hold.
    pub(super) illegal_character: bool,
}

/// The longest reference, in bytes without `&` and `;`.
const REFERENCE_BYTES_MAX: usize = 40;

/// Resolves the references in `raw`; what is none stays as it is.
pub(super) fn resolve<'a>(raw: &'a str, tolerated: &mut Tolerated) -> Cow<'a, str> {
    let Some(first) = memchr(b'&', raw.as_bytes()) else { return Cow::Borrowed(raw) };
    let mut out = String::with_capacity(raw.len());
    out.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while !rest.is_empty() {
        // `rest` begins with a `&`.
        let inside = &rest[1..];
        let window = inside.as_bytes();
        let end = memchr(b';', &window[..window.len().min(REFERENCE_BYTES_MAX)]);
        let taken = if let Some(end) = end.filter(|end| reference(&inside[..*end], &mut out, tolerated)) {
            end + 2
        } else {
            tolerated.bare_ampersand = true;
            out.push('&');
            1
        };
        let next = memchr(b'&', &rest.as_bytes()[taken..]).map_or(rest.len(), |at| taken + at);
        out.push_str(&rest[taken..next]);
        rest = &rest[next..];
    }
    Cow::Owned(out)
}

/// Resolves one reference; says whether it is one.
fn reference(name: &str, out: &mut String, tolerated: &mut Tolerated) -> bool {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        };
        let Some(code) = code.filter(|_| !number.starts_with(['+', '-'])) else { return false };
        match character(code) {
            Some(found) => out.push(found),
            None => tolerated.illegal_character = true,
        }
        return true;
    }
    let predefined = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let Some((first, second)) = text::entity(name) else { return false };
            tolerated.html_entity = true;
            out.push(first);
            out.extend(second);
            return true;
        }
    };
    out.push(predefined);
    true
}

/// The character with this number; `None` where XML cannot hold it. 128 to 159 are what windows-1252 has
/// there, as in browsers: nobody means control characters.
fn character(code: u32) -> Option<char> {
    let code = match code {
        0x80..=0x9f => {
            let byte = [u8::try_from(code).ok()?];
            let (found, _, _) = encoding_rs::WINDOWS_1252.decode(&byte);
            return found.chars().next().filter(|c| !c.is_control());
        }
        other => other,
    };
    char::from_u32(code).filter(|found| is_legal(*found))
}

/// Whether XML 1.0 §2.2 allows the character.
pub(super) fn is_legal(found: char) -> bool {
    !matches!(found, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let check = |raw: &str, expected: &str| {
            assert_eq!(resolve(raw, &mut Tolerated::default()), expected, "{raw}");
        };
        check("a &amp; b &lt;i&gt; &#39;&#x27;&apos;", "a & b <i> '''");
        check("&eacute;&nbsp;&hellip;", "é\u{a0}…");
        check("AT&T & R&D; x&y=1", "AT&T & R&D; x&y=1");
        check("&#146;&#150;", "’–");
        check("&#0;&#x1F;&#xFFFE;a", "a");
        check("&amp;amp; &amp;lt;", "&amp; &lt;");
        check("&", "&");
        check("&#x;&#;&;&#-5;", "&#x;&#;&;&#-5;");
        check("&سلام;", "&سلام;");
    }
}
