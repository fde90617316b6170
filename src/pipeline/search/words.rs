//! Texts as the words that they are found by.

use crate::model::{Entry, FeedEntry};
use crate::pipeline::text;

/// Words of an entry that are indexed, its title first.
const WORDS_MAX: usize = 400;
/// Bytes of the markup of one text that are looked at for that.
const TEXT_BYTES_MAX: usize = 16 << 10;
/// Categories and authors that are indexed.
const LABELS_MAX: usize = 16;
/// Places that are left free between two texts, so that no phrase goes over both.
const GAP: u16 = 4;
/// What begins like a word with an article and is none.
const WHOLE: [&str; 16] = [
    "الله",
    "والله",
    "بالله",
    "الان",
    "والان",
    "التي",
    "والتي",
    "الذي",
    "والذي",
    "الذين",
    "والذين",
    "الاف",
    "البوم",
    "المانيا",
    "الماني",
    "البانيا",
];

/// Of these nothing is cut at the end: names that end as a dual does.
const WHOLE_NAMES: [&str; 16] = [
    "الله",
    "والله",
    "بالله",
    "المان",
    "البان",
    "لبنان",
    "ايران",
    "سودان",
    "يابان",
    "عمان",
    "باكستان",
    "افغانستان",
    "رمضان",
    "عثمان",
    "سلمان",
    "سليمان",
];

/// One word at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// What it is found by.
    pub(super) term: &'a str,
    /// A bit that stands for the very form in which it was written.
    pub(super) form: u8,
    /// Where it stands; title words come first.
    pub(super) place: u16,
    pub(super) in_title: bool,
}

/// The folded texts of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    title: String,
    others: Vec<String>,
}

impl Texts {
    /// Folds what `entry` says, as far as it is indexed.
    pub fn of(entry: &Entry) -> Self {
        let said = &entry.said;
        let title = text::fold(said.title.as_deref().unwrap_or_default());
        let mut others = bodies(said);
        let labels = said.categories.iter().map(|one| one.label.as_ref().unwrap_or(&one.term));
        let authors = said.authors.iter().map(|author| &author.name);
        others.extend(labels.chain(authors).take(LABELS_MAX).map(|label| text::fold(label)));
        others.retain(|other| !other.is_empty());
        Self { title, others }
    }

    /// The words in their order.
    pub(super) fn words(&self) -> Vec<Word<'_>> {
        let mut words = vec![];
        let mut place = 0;
        for (index, folded) in std::iter::once(&self.title).chain(&self.others).enumerate() {
            each(folded, |term, form| {
                if words.len() < WORDS_MAX {
                    words.push(Word { term, form, place, in_title: index == 0 });
                    place += 1;
                }
            });
            place += GAP;
        }
        words
    }
}

/// Summary and content; one that is part of the other is not counted twice.
fn bodies(said: &FeedEntry) -> Vec<String> {
    let folded = |html: &Option<String>| {
        let html = html.as_deref().unwrap_or_default();
        text::fold(&text::plain(text::start(html, TEXT_BYTES_MAX)))
    };
    let (summary, content) = (folded(&said.summary), folded(&said.content));
    match () {
        () if content.contains(&summary) => vec![content],
        () if summary.contains(&content) => vec![summary],
        () => vec![summary, content],
    }
}

/// Hands out the term and the form of each word of a folded text.
pub(super) fn each<'a>(folded: &'a str, mut take: impl FnMut(&'a str, u8)) {
    for word in folded.split(' ').filter(|word| !word.is_empty()) {
        if is_unspaced(word) {
            pairs(word).for_each(|pair| take(pair, form(pair)));
        } else {
            take(term(word), form(word));
        }
    }
}

/// What a folded word is found by.
pub(super) fn term(word: &str) -> &str {
    // «بـ3» is "with 3".
    if let Some(digits) = text::unjoined_digits(word).filter(|digits| !digits.is_empty()) {
        return digits;
    }
    text::stem(bare(word), |word| WHOLE_NAMES.contains(&word))
}

/// A folded word without its article.
pub(super) fn bare(word: &str) -> &str {
    text::bare(word, |word| WHOLE.contains(&word))
}

/// One of eight bits; different forms of one word mostly have different ones.
pub(super) fn form(word: &str) -> u8 {
    let hash =
        word.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    1 << ((hash ^ (hash >> 15)) % 8)
}

/// A word of a script without spaces, as pairs of neighbouring characters; one character is its own.
fn pairs(word: &str) -> impl Iterator<Item = &str> {
    let ends = word.char_indices().map(|(at, c)| at + c.len_utf8());
    let second_ends = ends.skip(1);
    let only = word.chars().nth(1).is_none().then_some(word);
    let starts = word.char_indices().map(|(at, _)| at);
    only.into_iter().chain(starts.zip(second_ends).filter_map(|(start, end)| word.get(start..end)))
}

/// Chinese, Japanese, Thai and their like.
fn is_unspaced(word: &str) -> bool {
    word.chars().next().is_some_and(|c| {
        matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}'
            | '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{2FFFF}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_word_have_one_term() {
        for (forms, expected) in [
            ("رئيس الرئيس للرئيس والرئيس بالرئيس رَئِيس رئيـــس", "رييس"),
            ("حكومة الحكومة حكومات الحكومه", "حكوم"),
            ("٣ 3 ۳ بـ3 و3", "3"),
            ("أخبار اخبار الأخبار", "اخبار"),
            ("ألمانيا الماني الألماني", "المان"),
            ("لبنان اللبناني لبنانية اللبنانيون", "لبنان"),
            ("Élections elections ELECTION", "election"),
            ("الله والله", "الله"),
        ] {
            let folded = text::fold(forms);
            for word in folded.split(' ') {
                let expected = if word == "والله" { "والله" } else { expected };
                assert_eq!(term(word), expected, "{word}");
            }
        }
        assert_eq!(term("و"), "و");
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_pairs() {
        let mut found = vec![];
        each("東京大学 京 a", |term, _| found.push(term));
        assert_eq!(found, ["東京", "京大", "大学", "京", "a"]);
    }
}
