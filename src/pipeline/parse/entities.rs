//! References to characters, resolved once, as tolerantly as browsers do.

use std::borrow::Cow;

use memchr::memchr;

use super::super::text;

/// What is known of references, and what had to be tolerated.
#[derive(Debug, Default)]
pub(super) struct References<'a> {
    /// Names that the document itself declares, with their plain texts.
    pub(super) declared: Vec<(&'a str, &'a str)>,
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
pub(super) fn resolve<'a>(raw: &'a str, references: &mut References<'_>) -> Cow<'a, str> {
    let Some(first) = memchr(b'&', raw.as_bytes()) else { return Cow::Borrowed(raw) };
    let mut out = String::with_capacity(raw.len());
    out.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while !rest.is_empty() {
        // `rest` begins with a `&`.
        let inside = &rest[1..];
        // Escaped markup is full of these.
        let common = match inside.as_bytes() {
            [b'l', b't', b';', ..] => Some(('<', 4)),
            [b'g', b't', b';', ..] => Some(('>', 4)),
            [b'a', b'm', b'p', b';', ..] => Some(('&', 5)),
            [b'q', b'u', b'o', b't', b';', ..] => Some(('"', 6)),
            _ => None,
        };
        if let Some((meant, taken)) = common {
            out.push(meant);
            rest = copied(&rest[taken..], &mut out);
            continue;
        }
        let window = inside.as_bytes();
        let end = memchr(b';', &window[..window.len().min(REFERENCE_BYTES_MAX)]);
        let taken = if let Some(end) = end.filter(|end| reference(&inside[..*end], &mut out, references)) {
            end + 2
        } else {
            references.bare_ampersand = true;
            out.push('&');
            1
        };
        rest = copied(&rest[taken..], &mut out);
    }
    Cow::Owned(out)
}

/// Copies up to the next `&`; what follows from there on.
fn copied<'a>(text: &'a str, out: &mut String) -> &'a str {
    let next = memchr(b'&', text.as_bytes()).unwrap_or(text.len());
    out.push_str(&text[..next]);
    &text[next..]
}

/// Declarations of one document that are kept.
const DECLARED_MAX: usize = 64;
/// Bytes of a declared text.
const DECLARED_BYTES_MAX: usize = 256;

/// The names that a document type declaration gives to plain texts. Texts that hold references or markup, and
/// texts that lie elsewhere, are left alone: nothing is ever expanded twice, and nothing is fetched.
pub(super) fn declared(doctype: &str) -> Vec<(&str, &str)> {
    let found =
        doctype.match_indices("<!ENTITY").filter_map(|(at, word)| declaration(&doctype[at + word.len()..]));
    found.take(DECLARED_MAX).collect()
}

/// The name and the text of one declaration.
fn declaration(rest: &str) -> Option<(&str, &str)> {
    let (name, rest) = rest.trim_start().split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, _) = rest.get(1..)?.split_once(quote)?;
    let plain = value.len() <= DECLARED_BYTES_MAX && !value.contains(['&', '<', '%']);
    (plain && name.len() <= REFERENCE_BYTES_MAX).then_some((name, value))
}

/// Resolves one reference; says whether it is one.
fn reference(name: &str, out: &mut String, references: &mut References<'_>) -> bool {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        };
        let Some(code) = code.filter(|_| !number.starts_with(['+', '-'])) else { return false };
        match character(code) {
            Some(found) => out.push(found),
            None => references.illegal_character = true,
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
            if let Some((_, value)) = references.declared.iter().find(|(known, _)| *known == name) {
                out.push_str(value);
                return true;
            }
            let Some((first, second)) = text::entity(name) else { return false };
            references.html_entity = true;
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
            assert_eq!(resolve(raw, &mut References::default()), expected, "{raw}");
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

    #[test]
    fn declarations() {
        let doctype = "<!DOCTYPE rss [<!ENTITY a \"one\"><!ENTITY b '&a;&a;'><!ENTITY c SYSTEM \"file:///etc/passwd\">\
            <!ENTITY % d \"x\">]>";
        assert_eq!(declared(doctype), [("a", "one")]);
    }
}
