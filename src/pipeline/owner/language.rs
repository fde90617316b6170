//! The language of a feed, as far as owners differ by it.

use crate::model::Feed;

/// Titles that are looked at for their script.
const TITLES_MAX: usize = 24;
/// Fewer letters than this show no script.
const LETTERS_MIN: usize = 20;

/// A script: its code, its languages, its letters.
type Script = (&'static str, &'static [&'static str], &'static [(char, char)]);

/// Scripts by ISO 15924, each with the languages that are written in it alone, and its first and last letters.
/// Han is also written by Japanese, which [`script_of`] tells by its kana.
const SCRIPTS: &[Script] = &[
    (
        "Latn",
        &[
            "en", "fr", "es", "de", "it", "pt", "nl", "pl", "tr", "id", "vi", "sv", "da", "nb", "no", "nn",
            "fi", "cs", "sk", "hu", "ro", "hr", "sl", "sq", "ca", "eu", "gl", "et", "lv", "lt", "ga", "is",
            "cy", "sw", "so", "tl", "af",
        ],
        &[('A', 'Z'), ('a', 'z'), ('\u{c0}', '\u{24f}'), ('\u{1e00}', '\u{1eff}')],
    ),
    (
        "Arab",
        &["ar", "fa", "ur", "ps", "ckb", "sd", "ug"],
        &[
            ('\u{620}', '\u{6ff}'),
            ('\u{750}', '\u{77f}'),
            ('\u{8a0}', '\u{8ff}'),
            ('\u{fb50}', '\u{fdff}'),
            ('\u{fe70}', '\u{fefc}'),
        ],
    ),
    ("Cyrl", &["ru", "uk", "bg", "be", "mk"], &[('\u{400}', '\u{52f}')]),
    ("Grek", &["el"], &[('\u{370}', '\u{3ff}'), ('\u{1f00}', '\u{1fff}')]),
    ("Hebr", &["he", "yi"], &[('\u{5d0}', '\u{5ea}'), ('\u{fb1d}', '\u{fb4f}')]),
    ("Deva", &["hi", "mr", "ne"], &[('\u{900}', '\u{97f}')]),
    ("Beng", &["bn", "as"], &[('\u{980}', '\u{9ff}')]),
    ("Taml", &["ta"], &[('\u{b80}', '\u{bff}')]),
    ("Thai", &["th"], &[('\u{e00}', '\u{e7f}')]),
    ("Geor", &["ka"], &[('\u{10a0}', '\u{10ff}')]),
    ("Armn", &["hy"], &[('\u{530}', '\u{58f}')]),
    ("Ethi", &["am", "ti"], &[('\u{1200}', '\u{137f}')]),
    ("Tfng", &["zgh"], &[('\u{2d30}', '\u{2d7f}')]),
    ("Kore", &["ko"], &[('\u{ac00}', '\u{d7af}'), ('\u{1100}', '\u{11ff}')]),
    ("Jpan", &["ja"], &[('\u{3041}', '\u{30ff}')]),
    ("Hani", &["zh"], &[('\u{3400}', '\u{4dbf}'), ('\u{4e00}', '\u{9fff}')]),
];

/// The primary subtag of the feed's language, else of that of most of its entries; `und-` and the script of the
/// titles (RFC 5646 §2.2.3) where nobody says, or where the titles are not written as that language is: "en" is
/// what many a publishing system says of every feed.
pub(super) fn of(feed: &Feed) -> Option<String> {
    let declared = feed.language.as_deref().map(primary).or_else(|| of_most_entries(feed));
    let script = script_of(feed);
    let declared = declared.filter(|language| match (written_in(language), script) {
        (Some(expected), Some(script)) => expected == script,
        _ => true,
    });
    declared.map(str::to_owned).or_else(|| script.map(|script| format!("und-{script}")))
}

/// Whether two such values are languages of which both are known and one is not the other.
pub(super) fn differ(one: &str, other: &str) -> bool {
    match (one.strip_prefix("und-"), other.strip_prefix("und-")) {
        (None, None) => one != other,
        _ => matches!((written_in(one), written_in(other)), (Some(a), Some(b)) if a != b),
    }
}

/// For a sentence: `und-Arab` is a matter of tags.
pub(super) fn shown(language: &str) -> String {
    match language.strip_prefix("und-") {
        None => format!("`{language}`"),
        Some("Latn") => "one in Latin letters".to_owned(),
        Some("Arab") => "one in Arabic letters".to_owned(),
        Some("Cyrl") => "one in Cyrillic letters".to_owned(),
        Some("Hani") => "one in Chinese characters".to_owned(),
        Some(script) => format!("one in the script {script}"),
    }
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

fn of_most_entries(feed: &Feed) -> Option<&str> {
    let mut counts: Vec<(&str, usize)> = vec![];
    for language in feed.entries.iter().filter_map(|entry| entry.language.as_deref()).map(primary) {
        match counts.iter_mut().find(|(known, _)| *known == language) {
            Some((_, count)) => *count += 1,
            None => counts.push((language, 1)),
        }
    }
    counts.into_iter().find(|(_, count)| count * 2 > feed.entries.len()).map(|(language, _)| language)
}

/// The script of a language that has one only, or of `und-Script`.
fn written_in(language: &str) -> Option<&str> {
    let script = language.strip_prefix("und-");
    script.or_else(|| {
        SCRIPTS.iter().find(|(_, known, _)| known.contains(&language)).map(|(script, ..)| *script)
    })
}

/// The script of more than half of the letters in the titles.
fn script_of(feed: &Feed) -> Option<&'static str> {
    let mut counts = [0_usize; SCRIPTS.len()];
    let titles = feed.entries.iter().filter_map(|entry| entry.title.as_deref()).take(TITLES_MAX);
    for letter in titles.flat_map(str::chars) {
        let holds =
            |(_, _, ranges): &Script| ranges.iter().any(|(first, last)| (*first..=*last).contains(&letter));
        if let Some(count) = SCRIPTS.iter().position(holds).and_then(|place| counts.get_mut(place)) {
            *count += 1;
        }
    }
    let place = |script: &str| SCRIPTS.iter().position(|(known, ..)| *known == script).unwrap_or_default();
    let (han, kana) = (place("Hani"), place("Jpan"));
    // Chinese has no kana, Japanese is never long without them.
    if counts[kana] * 10 > counts[han] {
        counts[kana] += std::mem::take(&mut counts[han]);
    }
    let letters: usize = counts.iter().sum();
    let most = counts.iter().position(|count| count * 2 > letters)?;
    SCRIPTS.get(most).filter(|_| letters >= LETTERS_MIN).map(|(script, ..)| *script)
}
