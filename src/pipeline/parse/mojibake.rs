//! UTF-8 that somebody took for windows-1252 and encoded once more: `Ø£Ø®Ø¨Ø§Ø±` for `أخبار`.

use encoding_rs::WINDOWS_1252;

/// The text as it was meant; `None` where it is not encoded twice. Every character beyond ASCII must belong
/// to a sequence that is UTF-8 again, so that an honest `Ã` is left alone.
pub(super) fn undone(text: &str) -> Option<String> {
    // The first byte of each such sequence, encoded again, begins with this byte.
    let first = memchr::memchr(0xc3, text.as_bytes())?;
    // An honest letter is followed by ASCII more often than not; this spares most French texts the work.
    text.as_bytes().get(first + 2).filter(|byte| !byte.is_ascii())?;
    let mut bytes = Vec::with_capacity(text.len());
    for found in text.chars() {
        bytes.push(byte_of(found)?);
    }
    let meant = String::from_utf8(bytes).ok()?;
    // `é`, a space and `»` make up a Chinese character by chance; alphabets and punctuation are no accident.
    let plausible = |found: char| found < '\u{800}' || matches!(found, '\u{2000}'..='\u{22ff}');
    (meant.len() < text.len() && meant.chars().all(plausible)).then_some(meant)
}

/// The byte that a character was read from: windows-1252, and Latin-1 in its gaps.
fn byte_of(found: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(u32::from(found)) {
        return Some(byte);
    }
    let mut buffer = [0; 4];
    let (bytes, _, failed) = WINDOWS_1252.encode(found.encode_utf8(&mut buffer));
    bytes.first().copied().filter(|_| !failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_twice() {
        let twice = |text: &str| WINDOWS_1252.decode_without_bom_handling(text.as_bytes()).0.into_owned();
        for text in ["أخبار الرياضة", "Neige verglaçante à Paris", "it’s – “so”"] {
            assert_eq!(undone(&twice(text)).as_deref(), Some(text));
        }
        for text in [
            "Ã la carte",
            "été à Paris",
            "plain",
            "São",
            "Ñandú «x»",
            "أخبار Ã©",
            "le café\u{a0}»",
            "café\u{a0}…",
        ] {
            assert_eq!(undone(text), None, "{text}");
        }
    }
}
