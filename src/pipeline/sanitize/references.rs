//! Character references (WHATWG HTML §13.2.5.72): those that have one meaning wherever they stand.

use std::borrow::Cow;

/// Names that newsrooms write, each with its character, in order of name. Other references are left to a
/// real parser.
const NAMED: &[&str] = &[
    "AElig Æ",
    "Aacute Á",
    "Acirc Â",
    "Agrave À",
    "Aring Å",
    "Atilde Ã",
    "Auml Ä",
    "Ccedil Ç",
    "Eacute É",
    "Ecirc Ê",
    "Egrave È",
    "Euml Ë",
    "Iacute Í",
    "Icirc Î",
    "Iuml Ï",
    "Ntilde Ñ",
    "OElig Œ",
    "Oacute Ó",
    "Ocirc Ô",
    "Oslash Ø",
    "Otilde Õ",
    "Ouml Ö",
    "Scaron Š",
    "Uacute Ú",
    "Ugrave Ù",
    "Uuml Ü",
    "aacute á",
    "acirc â",
    "acute ´",
    "aelig æ",
    "agrave à",
    "amp &",
    "aring å",
    "atilde ã",
    "auml ä",
    "bdquo „",
    "bull •",
    "ccedil ç",
    "cent ¢",
    "copy ©",
    "dagger †",
    "deg °",
    "divide ÷",
    "eacute é",
    "ecirc ê",
    "egrave è",
    "euml ë",
    "euro €",
    "frac12 ½",
    "frac14 ¼",
    "gt >",
    "hearts ♥",
    "hellip …",
    "iacute í",
    "icirc î",
    "iexcl ¡",
    "igrave ì",
    "infin ∞",
    "iquest ¿",
    "iuml ï",
    "laquo «",
    "larr ←",
    "ldquo “",
    "lsaquo ‹",
    "lsquo ‘",
    "lt <",
    "mdash —",
    "middot ·",
    "minus −",
    "ndash –",
    "ntilde ñ",
    "oacute ó",
    "ocirc ô",
    "oelig œ",
    "ograve ò",
    "ordf ª",
    "ordm º",
    "oslash ø",
    "otilde õ",
    "ouml ö",
    "para ¶",
    "plusmn ±",
    "pound £",
    "prime ′",
    "radic √",
    "raquo »",
    "rarr →",
    "rdquo ”",
    "reg ®",
    "rsaquo ›",
    "rsquo ’",
    "sbquo ‚",
    "scaron š",
    "sect §",
    "szlig ß",
    "times ×",
    "trade ™",
    "uacute ú",
    "ucirc û",
    "ugrave ù",
    "uml ¨",
    "uuml ü",
    "yen ¥",
    "yuml ÿ",
];

/// Names of characters that cannot be seen, and of those that quote.
const UNSEEN: &[(&str, char)] = &[
    ("quot", '"'),
    ("apos", '\''),
    ("emsp", '\u{2003}'),
    ("ensp", '\u{2002}'),
    ("lrm", '\u{200E}'),
    ("nbsp", '\u{A0}'),
    ("rlm", '\u{200F}'),
    ("shy", '\u{AD}'),
    ("thinsp", '\u{2009}'),
    ("zwj", '\u{200D}'),
    ("zwnj", '\u{200C}'),
];

/// What follows an ampersand.
pub(super) enum Reference {
    /// A character, and the length of the reference behind the ampersand.
    Char(char, usize),
    /// The ampersand is one.
    Literal,
    /// Only a real parser can tell.
    Unsure,
}

/// The value of an attribute without its references. Sets `unsure` where only a real parser could tell.
pub(super) fn decode<'a>(raw: &'a str, unsure: &mut bool) -> Cow<'a, str> {
    if !raw.contains(['&', '\r']) {
        return Cow::Borrowed(raw);
    }
    let mut decoded = String::with_capacity(raw.len());
    let mut parts = raw.split('&');
    decoded.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let rest = match reference(part, true) {
            Reference::Char(char, length) => {
                decoded.push(char);
                part.get(length..).unwrap_or_default()
            }
            other => {
                *unsure |= matches!(other, Reference::Unsure);
                decoded.push('&');
                part
            }
        };
        decoded.push_str(rest);
    }
    if decoded.contains('\r') {
        decoded = decoded.replace("\r\n", "\n").replace('\r', "\n");
    }
    Cow::Owned(decoded)
}

/// What `after`, the text behind an ampersand, means.
pub(super) fn reference(after: &str, in_value: bool) -> Reference {
    let digits = after.strip_prefix('#');
    let body = digits.unwrap_or(after);
    let length = body.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(body.len());
    let (name, behind) = body.split_at(length);
    let closed = behind.starts_with(';');
    if name.is_empty() {
        return Reference::Literal;
    }
    let found = match digits {
        Some(_) if closed => numeric(name),
        // No reference without a semicolon has one letter, and none counts before an equals sign in a value.
        None if !closed && (name.len() == 1 || (in_value && behind.starts_with('='))) => {
            return Reference::Literal;
        }
        None if closed => named(name),
        _ => None,
    };
    match found {
        Some(char) => Reference::Char(char, usize::from(digits.is_some()) + length + 1),
        None => Reference::Unsure,
    }
}

fn named(name: &str) -> Option<char> {
    if let Some((_, char)) = UNSEEN.iter().find(|(unseen, _)| *unseen == name) {
        return Some(*char);
    }
    let split = |row: &'static str| row.split_once(' ').unwrap_or_default();
    let at = NAMED.binary_search_by(|row| split(row).0.cmp(name)).ok()?;
    split(NAMED.get(at)?).1.chars().next()
}

fn numeric(name: &str) -> Option<char> {
    let code = match name.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => name.parse().ok()?,
    };
    // Browsers replace some of the others by what Windows meant.
    let is_sure =
        (code >= 0x20 || matches!(code, 9 | 10)) && !(0x7F..=0x9F).contains(&code) && code & 0xFFFE != 0xFFFE;
    char::from_u32(code).filter(|_| is_sure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(NAMED.is_sorted_by(|a, b| a.split(' ').next() < b.split(' ').next()));
        assert!(
            NAMED.iter().all(|row| row.split_once(' ').is_some_and(|(_, char)| char.chars().count() == 1))
        );
    }
}
