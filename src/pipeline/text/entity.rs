//! Character references: the names of HTML 5 and numbers, read as tolerantly as browsers do.

use std::borrow::Cow;

use markup5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// The longest name is `CounterClockwiseContourIntegral`.
const NAME_BYTES_MAX: usize = 31;
/// Digits of a number, leading zeros included, beyond which it is no character.
const DIGITS_MAX: usize = 10;

/// The characters of a named entity of HTML 5 (`name` without `&` and `;`); a few are two characters.
pub fn entity(name: &str) -> Option<(char, Option<char>)> {
    if name.len() > NAME_BYTES_MAX || name.is_empty() {
        return None;
    }
    let mut key = [b';'; NAME_BYTES_MAX + 1];
    key.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
    looked_up(std::str::from_utf8(key.get(..=name.len())?).ok()?)
}

/// `text` with every reference resolved once; a lone `&` stays.
pub fn decode(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        let (before, reference) = rest.split_at(at);
        out.push_str(before);
        let used = push_reference(&mut out, reference).unwrap_or_else(|| {
            out.push('&');
            1
        });
        rest = reference.get(used..).unwrap_or_default();
    }
    if out.is_empty() && rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Appends what the reference at the start of `text` stands for and returns its length in bytes; `None`
/// where there is none. Numbers that are no character append nothing.
pub(super) fn push_reference(out: &mut String, text: &str) -> Option<usize> {
    let after = text.strip_prefix('&')?;
    if let Some(number) = after.strip_prefix('#') {
        let (c, used) = numeric(number)?;
        out.extend(c);
        return Some(2 + used);
    }
    let name_len = after.bytes().take(NAME_BYTES_MAX + 1).take_while(u8::is_ascii_alphanumeric).count();
    let name = after.get(..name_len)?;
    let (found, used) = if after.as_bytes().get(name_len) == Some(&b';') {
        (entity(name)?, name_len + 2)
    } else {
        // "&amp", "&nbsp" and other names from before HTML 4 need no semicolon, but `?a=1&copy=2` and
        // "&copyright" are no references.
        let follows = after.as_bytes().get(name_len);
        let free = !name.is_empty() && follows != Some(&b'=');
        (free.then(|| looked_up(name)).flatten()?, name_len + 1)
    };
    out.push(found.0);
    out.extend(found.1);
    Some(used)
}

/// Whether a complete reference (`&#8217;`, `&amp;`) stands at the start of `text`.
pub(super) fn is_reference(text: &str) -> bool {
    let end = text.bytes().take(NAME_BYTES_MAX + 2).position(|byte| byte == b';');
    let mut sink = String::new();
    end.is_some_and(|end| push_reference(&mut sink, text) == Some(end + 1))
}

/// The map also holds every beginning of a name, with zeros.
fn looked_up(key: &str) -> Option<(char, Option<char>)> {
    let (first, second) = NAMED_ENTITIES.get(key).copied().filter(|found| found.0 != 0)?;
    Some((char::from_u32(first)?, char::from_u32(second).filter(|c| *c != '\0')))
}

/// The character of `8217;` or `x2019;`, and the bytes that it takes.
fn numeric(text: &str) -> Option<(Option<char>, usize)> {
    let (digits, radix, prefix) = match text.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16, 1),
        None => (text, 10, 0),
    };
    let count = digits.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count();
    if count == 0 || count > DIGITS_MAX {
        return None;
    }
    let value = u32::from_str_radix(digits.get(..count)?, radix).unwrap_or(u32::MAX);
    let semicolon = usize::from(digits.as_bytes().get(count) == Some(&b';'));
    // Windows-1252 written as numbers, as every browser reads it.
    let windows = value.checked_sub(0x80).and_then(|at| C1_REPLACEMENTS.get(at as usize).copied().flatten());
    let usable = |c: &char| !c.is_control() || c.is_whitespace();
    Some((windows.or_else(|| char::from_u32(value)).filter(usable), prefix + count + semicolon))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_once() {
        let cases = [
            ("no reference", "no reference"),
            ("Tom &amp; Jerry", "Tom & Jerry"),
            ("&amp;amp; &amp;#8217;", "&amp; &#8217;"),
            ("&eacute;t&#233; &#xE9;t&#Xe9", "été été"),
            ("&rsquo;&hellip;&nbsp;&laquo;", "’…\u{a0}«"),
            ("&#146;&#x80;", "’€"),
            ("a&#0;b&#x1F;c&#xD800;d&#x110000;e", "abcde"),
            ("&acE;", "\u{223e}\u{333}"),
            ("AT&T, R&D; &unknown; & &; &#; &#x;", "AT&T, R&D; &unknown; & &; &#; &#x;"),
            ("&ampersand", "&ampersand"),
            ("?a=1&copy=2&reg=3", "?a=1&copy=2&reg=3"),
            ("Q&amp A &nbsp", "Q& A \u{a0}"),
            ("&#99999999999999999999;", "&#99999999999999999999;"),
        ];
        for (given, expected) in cases {
            assert_eq!(decode(given), expected, "{given}");
        }
    }

    #[test]
    fn names_are_looked_up_whole() {
        assert_eq!(entity("eacute"), Some(('é', None)));
        assert_eq!(entity("CounterClockwiseContourIntegral"), Some(('∳', None)));
        assert_eq!(entity("acE"), Some(('\u{223e}', Some('\u{333}'))));
        for unknown in ["", "eacut", "eacute;", "é", &"x".repeat(100)] {
            assert_eq!(entity(unknown), None, "{unknown}");
        }
        assert!(is_reference("&#8217;s") && is_reference("&amp;x"));
        assert!(!is_reference("&amp") && !is_reference("&T;") && !is_reference("&"));
    }
}
