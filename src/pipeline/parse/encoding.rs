//! Bytes to text. Byte order mark, then `Content-Type`, then the XML declaration, then detection; whoever
//! is found out lying is not believed. Never loses more than the bytes that mean nothing.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::entities::is_legal;
use super::notes::{Notes, shown};

/// The XML declaration is looked for this far, in bytes.
const DECLARATION_BYTES_MAX: usize = 1024;
/// One invalid byte among this many valid characters is a slip in UTF-8, not another encoding.
const VALID_PER_INVALID_MIN: usize = 4;

/// Decodes a document. `content_type` is the header as received.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>, notes: &mut Notes) -> Cow<'a, str> {
    let text = match wide(bytes) {
        Some(text) => Cow::Owned(text),
        None => narrow(bytes, content_type, notes),
    };
    legal(text, notes)
}

/// Decodes a document of which the admin knows better than anybody what it is in.
pub(super) fn decode_as<'a>(bytes: &'a [u8], label: &str, notes: &mut Notes) -> Cow<'a, str> {
    let Some(encoding) = Encoding::for_label(label.as_bytes()) else { return decode(bytes, None, notes) };
    let (text, failed) = encoding.decode_with_bom_removal(bytes);
    notes.add_if(failed, "invalid-bytes", "some bytes mean nothing in the encoding that feeds.toml names");
    legal(text, notes)
}

/// UTF-16 and UTF-32, which show themselves: by a byte order mark, or by the zeros around the first `<`.
fn wide(bytes: &[u8]) -> Option<String> {
    let quad = |big: bool, from: usize| {
        let number = |four: &[u8]| {
            let four = <[u8; 4]>::try_from(four).unwrap_or_default();
            if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
        };
        let decoded = bytes[from..].chunks(4).map(|four| char::from_u32(number(four)).unwrap_or('\u{fffd}'));
        Some(decoded.collect())
    };
    let pair = |encoding: &'static Encoding, from: usize| {
        let (text, _) = encoding.decode_without_bom_handling(&bytes[from..]);
        Some(text.into_owned())
    };
    match bytes {
        [0, 0, 0xfe, 0xff, ..] => quad(true, 4),
        [0xff, 0xfe, 0, 0, ..] => quad(false, 4),
        [0, 0, 0, b'<', ..] => quad(true, 0),
        [b'<', 0, 0, 0, ..] => quad(false, 0),
        [0xfe, 0xff, ..] => pair(UTF_16BE, 2),
        [0xff, 0xfe, ..] => pair(UTF_16LE, 2),
        [0, b'<' | b'{' | b'\n' | b'\r' | b' ', ..] => pair(UTF_16BE, 0),
        [b'<' | b'{' | b'\n' | b'\r' | b' ', 0, ..] => pair(UTF_16LE, 0),
        _ => None,
    }
}

fn narrow<'a>(bytes: &'a [u8], content_type: Option<&str>, notes: &mut Notes) -> Cow<'a, str> {
    let (bytes, marked) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    let valid = simdutf8::basic::from_utf8(bytes).ok();
    let header = content_type.and_then(charset_of).and_then(|label| labelled(&label, notes));
    let declared = declaration(bytes).and_then(|label| labelled(&label, notes));
    let claims = [header, declared].map(|claim| claim.filter(|_| !marked));
    let says_utf8 = claims.into_iter().flatten().next().is_none_or(|first| first == UTF_8);
    let claimed = claims.into_iter().flatten().find(|encoding| *encoding != UTF_8);
    if let Some(text) = valid {
        // Bytes that are UTF-8 beyond ASCII are hardly ever anything else, whatever is claimed. ASCII is the
        // same in all encodings, but for the one that hides in it.
        let lies = !says_utf8 && !text.is_ascii();
        notes.add_if(lies, "wrong-encoding", "the document is UTF-8, though it says otherwise");
        if says_utf8 || lies || claimed != Some(ISO_2022_JP) {
            return Cow::Borrowed(text);
        }
    }
    let Some(claimed) = claimed.filter(|_| !says_utf8 || !is_mostly_utf8(bytes)) else {
        return utf8(bytes, notes);
    };
    let other = claims.into_iter().flatten().filter(|encoding| *encoding != UTF_8 && *encoding != claimed);
    for encoding in [claimed].into_iter().chain(other) {
        let (text, failed) = encoding.decode_without_bom_handling(bytes);
        if !failed {
            return text;
        }
    }
    // All claims fail somewhere: the first one is still the best guess.
    notes.add("invalid-bytes", || format!("some bytes mean nothing in {}", claimed.name()));
    claimed.decode_without_bom_handling(bytes).0
}

/// UTF-8 with whatever slipped in: single bytes of another encoding, or the whole document in one.
fn utf8<'a>(bytes: &'a [u8], notes: &mut Notes) -> Cow<'a, str> {
    if !is_mostly_utf8(bytes) {
        return detected(bytes, notes);
    }
    notes.add("invalid-bytes", || "some bytes are no UTF-8; they were read as windows-1252".to_owned());
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let (other, _) = WINDOWS_1252.decode_without_bom_handling(chunk.invalid());
        text.push_str(&other);
    }
    Cow::Owned(text)
}

/// Whether invalid bytes are rare slips among characters of UTF-8.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let valid = bytes.utf8_chunks().flat_map(|chunk| chunk.valid().chars()).filter(|c| !c.is_ascii()).count();
    let invalid = bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum::<usize>();
    valid >= invalid * VALID_PER_INVALID_MIN
}

fn detected<'a>(bytes: &'a [u8], notes: &mut Notes) -> Cow<'a, str> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let encoding = detector.guess(None, Utf8Detection::Allow);
    notes
        .add("guessed-encoding", || format!("the bytes are no UTF-8; they were read as {}", encoding.name()));
    encoding.decode_without_bom_handling(bytes).0
}

/// The encoding of a label, tolerant of the ways in which it is misspelt. UTF-16 has been seen before: a
/// claim of it here is wrong.
fn labelled(label: &str, notes: &mut Notes) -> Option<&'static Encoding> {
    let label = label.trim().trim_matches(['"', '\'', ';']).to_ascii_lowercase().replace('_', "-");
    let found = Encoding::for_label(label.as_bytes()).or_else(|| {
        let squeezed: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
        let spelled = match squeezed.find(|c: char| c.is_ascii_digit()) {
            Some(at) if squeezed.starts_with("iso8859") => format!("iso-8859-{}", &squeezed[at + 4..]),
            Some(at) => format!("{}-{}", &squeezed[..at], &squeezed[at..]),
            None => squeezed.clone(),
        };
        let known = match squeezed.as_str() {
            "macroman" => "macintosh",
            "maccyrillic" => "x-mac-cyrillic",
            "mscyrl" => "windows-1251",
            other => other,
        };
        Encoding::for_label(known.as_bytes()).or_else(|| Encoding::for_label(spelled.as_bytes()))
    });
    let is_wide = found == Some(UTF_16LE) || found == Some(UTF_16BE) || label.starts_with("utf-32");
    if is_wide || found.is_none() && !label.is_empty() {
        notes.add("wrong-encoding", || {
            format!("the document claims the encoding {:?}, which it is not", shown(&label))
        });
    }
    found.filter(|_| !is_wide)
}

/// The charset of a `Content-Type`.
fn charset_of(content_type: &str) -> Option<String> {
    let mut parameters = content_type.split(';').skip(1);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().to_owned())
    })
}

/// The encoding that the XML declaration names.
fn declaration(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(DECLARATION_BYTES_MAX)];
    let begin = memchr::memmem::find(head, b"<?xml")?;
    let end = begin + memchr::memchr(b'>', &head[begin..])?;
    let text = String::from_utf8_lossy(&head[begin..end]);
    let (_, after) = text.split_once("encoding")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let label = match quote {
        Some(quote) => value[1..].split(quote).next(),
        None => value.split([' ', '?']).next(),
    };
    label.map(str::to_owned)
}

/// Drops what XML cannot hold; it would only come back at every later step.
fn legal<'a>(text: Cow<'a, str>, notes: &mut Notes) -> Cow<'a, str> {
    let bytes = text.as_bytes();
    // Written so that the compiler compares many bytes at once: most documents hold none of these.
    let control = bytes.chunks(256).any(|chunk| {
        let bad = |byte: u8| byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r';
        chunk.iter().fold(false, |found, byte| found | bad(*byte))
    });
    let has = |three: &[u8]| memchr::memmem::find(bytes, three).is_some();
    let wide = memchr::memchr(0xef, bytes).is_some()
        && (has(b"\xef\xbf\xbe") || has(b"\xef\xbf\xbf") || has(b"\xef\xbb\xbf"));
    // Nobody means the control characters U+0080 to U+009F: they were bytes of windows-1252.
    let high = memchr::memchr_iter(0xc2, bytes).any(|at| bytes.get(at + 1).is_some_and(|byte| *byte < 0xa0));
    if !control && !wide && !high {
        return text;
    }
    notes.add_if(
        high || !text.chars().all(is_legal),
        "control-characters",
        "control characters were dropped or read as windows-1252",
    );
    let kept = text.chars().filter(|c| is_legal(*c) && *c != '\u{feff}');
    Cow::Owned(kept.map(|c| if ('\u{80}'..='\u{9f}').contains(&c) { meant(c) } else { c }).collect())
}

/// The character of windows-1252 in the place of a control character.
fn meant(found: char) -> char {
    let byte = [u8::try_from(u32::from(found)).unwrap_or_default()];
    WINDOWS_1252.decode_without_bom_handling(&byte).0.chars().next().unwrap_or(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], content_type: Option<&str>, expected: &str) {
        assert_eq!(decode(bytes, content_type, &mut Notes::default()), expected);
    }

    #[test]
    fn claims_and_lies() {
        let arabic = "<?xml version=\"1.0\"?><a>أخبار الرياضة</a>";
        check(arabic.as_bytes(), Some("text/xml; charset=iso-8859-1"), arabic);
        check(arabic.as_bytes(), Some("text/xml; charset=\"UTF8\""), arabic);
        let (cp1256, _, _) = encoding_rs::WINDOWS_1256.encode("<a>أخبار الرياضة</a>");
        check(&cp1256, Some("application/xml; charset=windows-1256"), "<a>أخبار الرياضة</a>");
        check(&cp1256, Some("application/xml; charset=cp1256"), "<a>أخبار الرياضة</a>");
        let declared = [b"<?xml version='1.0' encoding='Windows-1256'?>", cp1256.as_ref()].concat();
        check(
            &declared,
            Some("text/xml"),
            "<?xml version='1.0' encoding='Windows-1256'?><a>أخبار الرياضة</a>",
        );
        check(
            b"<?xml version=\"1.0\" encoding=\"utf-16\"?><a/>",
            None,
            "<?xml version=\"1.0\" encoding=\"utf-16\"?><a/>",
        );
        let header = [b"<?xml version='1.0' encoding='windows-1256'?>".as_ref(), &cp1256].concat();
        let meant = "<?xml version='1.0' encoding='windows-1256'?><a>أخبار الرياضة</a>";
        check(&header, Some("text/xml; charset=utf-8"), meant);
        check(b"<a>caf\xe9 \xe9t\xe9</a>", Some("text/xml; charset=iso88591"), "<a>café été</a>");
    }

    #[test]
    fn the_admin_knows_better() {
        let check = |bytes: &[u8], label: &str, expected: &str| {
            assert_eq!(decode_as(bytes, label, &mut Notes::default()), expected);
        };
        let (cp1256, _, _) = encoding_rs::WINDOWS_1256.encode("<a>أخبار الرياضة</a>");
        check(&cp1256, "windows-1256", "<a>أخبار الرياضة</a>");
        check(
            b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?><a>\xe9</a>",
            "windows-1252",
            "ï»¿<?xml version='1.0' encoding='utf-8'?><a>é</a>",
        );
        check("\u{feff}<a>é</a>".as_bytes(), "UTF-8", "<a>é</a>");
        check("<a>é</a>".as_bytes(), "no such thing", "<a>é</a>");
    }

    #[test]
    fn wide_forms() {
        for (bom, big) in [(true, true), (true, false), (false, true), (false, false)] {
            let text = if bom { "\u{feff}<a>ب</a>" } else { "<a>ب</a>" };
            let units = text.encode_utf16();
            let bytes: Vec<u8> =
                units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect();
            check(&bytes, None, "<a>ب</a>");
            let quads = text.chars().map(u32::from);
            let bytes: Vec<u8> =
                quads.flat_map(|code| if big { code.to_be_bytes() } else { code.to_le_bytes() }).collect();
            check(&bytes, None, "<a>ب</a>");
        }
    }

    #[test]
    fn slips() {
        check("\u{feff}<a>é</a>".as_bytes(), None, "<a>é</a>");
        check(b"<a>\xd8\xa3\xd8\xae\xd8\xa8\xd8\xa7\xd8\xb1 \x93x</a>", None, "<a>أخبار “x</a>");
        check(b"a\x08b\x00c", None, "abc");
        check("don\u{92}t".as_bytes(), None, "don’t");
    }
}
