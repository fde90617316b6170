//! Language tags: what feeds write, as BCP 47 (RFC 5646).

use super::notes::Notes;

/// The longest tag that is looked at, in bytes.
const TAG_BYTES_MAX: usize = 64;

/// What is written for a language → its shortest code (RFC 5646 §4.5): ISO 639-2, retired codes, names.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("ara", "ar"),
    ("arabic", "ar"),
    ("العربية", "ar"),
    ("عربي", "ar"),
    ("eng", "en"),
    ("english", "en"),
    ("fra", "fr"),
    ("fre", "fr"),
    ("french", "fr"),
    ("français", "fr"),
    ("francais", "fr"),
    ("deu", "de"),
    ("ger", "de"),
    ("german", "de"),
    ("deutsch", "de"),
    ("spa", "es"),
    ("spanish", "es"),
    ("español", "es"),
    ("ita", "it"),
    ("italian", "it"),
    ("italiano", "it"),
    ("por", "pt"),
    ("portuguese", "pt"),
    ("português", "pt"),
    ("rus", "ru"),
    ("russian", "ru"),
    ("русский", "ru"),
    ("tur", "tr"),
    ("turkish", "tr"),
    ("türkçe", "tr"),
    ("fas", "fa"),
    ("per", "fa"),
    ("persian", "fa"),
    ("farsi", "fa"),
    ("فارسی", "fa"),
    ("urd", "ur"),
    ("urdu", "ur"),
    ("heb", "he"),
    ("hebrew", "he"),
    ("iw", "he"),
    ("in", "id"),
    ("ji", "yi"),
    ("nld", "nl"),
    ("dut", "nl"),
    ("dutch", "nl"),
    ("pol", "pl"),
    ("polish", "pl"),
    ("jpn", "ja"),
    ("japanese", "ja"),
    ("zho", "zh"),
    ("chi", "zh"),
    ("chinese", "zh"),
    ("kor", "ko"),
    ("korean", "ko"),
    ("jp", "ja"),
    ("cn", "zh"),
    ("kr", "ko"),
    ("gr", "el"),
    ("dk", "da"),
    ("se-se", "sv-SE"),
    ("cz", "cs"),
];

/// The tag in the form that RFC 5646 §2.1.1 recommends (`ar-MA`, `zh-Hant-TW`); `None`, with a problem,
/// where it is no tag, and without one where it says that it does not know.
pub(super) fn tidy(raw: Option<&str>, notes: &mut Notes) -> Option<String> {
    let raw = raw?.trim();
    if raw.is_empty() {
        return None;
    }
    let found = (raw.len() <= TAG_BYTES_MAX).then(|| read(raw)).flatten();
    if found.is_none() {
        notes.add_about("bad-language", "this is no language tag (BCP 47)", raw);
    }
    found.filter(|tag| !matches!(tag.as_str(), "und" | "zxx" | "mul" | "mis"))
}

fn read(raw: &str) -> Option<String> {
    // The first of a list; a locale of POSIX without its character set.
    let first = raw.split([',', ';', '.', '@']).next()?.trim();
    let lower = first.to_lowercase().replace('_', "-");
    let (primary, rest) =
        lower.split_once('-').map_or((lower.as_str(), None), |(one, rest)| (one, Some(rest)));
    let known = |name: &str| OTHER_NAMES.iter().find(|(other, _)| *other == name).map(|(_, code)| *code);
    if let Some(code) = known(&lower) {
        return Some(code.to_owned());
    }
    let primary = known(primary).unwrap_or(primary);
    let is_letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !matches!(primary.len(), 2 | 3) || !is_letters(primary) {
        return None;
    }
    let mut tag = primary.to_owned();
    let mut single = false;
    for part in rest.iter().flat_map(|rest| rest.split('-')) {
        if part.is_empty() || part.len() > 8 || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        tag.push('-');
        match part.len() {
            // Behind a singleton (`u`, `x`) everything is in lower case.
            _ if single => tag.push_str(part),
            1 => {
                single = true;
                tag.push_str(part);
            }
            2 if is_letters(part) => tag.push_str(&part.to_ascii_uppercase()),
            4 if is_letters(part) => {
                let (initial, others) = part.split_at(1);
                tag.push_str(&initial.to_ascii_uppercase());
                tag.push_str(others);
            }
            3..=8 => tag.push_str(part),
            _ => return None,
        }
    }
    // A singleton introduces something, so "utf-8" is no tag.
    tag.rsplit('-').next().is_some_and(|last| last.len() > 1).then_some(tag)
}
