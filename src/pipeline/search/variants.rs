//! The forms of a word that a question means: with what grammar joins to its front, and without.

use super::words::{bare, term};
use crate::pipeline::text;

/// What is joined to the front of an Arabic word: one particle or two.
const JOINED: [&str; 15] =
    ["و", "ف", "ب", "ل", "ك", "س", "وب", "ول", "فب", "فل", "وس", "فس", "وك", "ال", "لل"];
/// A longer form is taken for another word («وزير» for «زير») when it is so many times as frequent.
const OTHER_WORD_FACTOR: u64 = 8;
/// What remains without a particle is taken for the word when it is so many times as frequent.
const SAME_WORD_FACTOR: u64 = 4;

/// Another form of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    pub(super) term: String,
    /// Whether it is longer than the word, else shorter.
    pub(super) is_longer: bool,
}

/// What else a folded word may be found by.
pub(super) fn variants(word: &str) -> Vec<Variant> {
    if !text::is_arabic(word) {
        return vec![];
    }
    let (own, root) = (term(word), bare(word));
    let longer = JOINED.iter().map(|front| format!("{front}{root}"));
    let longer = longer.map(|form| Variant { term: term(&form).to_owned(), is_longer: true });
    let shorter = text::unjoined(word).map(|form| Variant { term: term(form).to_owned(), is_longer: false });
    let mut found: Vec<Variant> = vec![];
    for variant in longer.chain(shorter) {
        if variant.term != own && !found.iter().any(|one| one.term == variant.term) {
            found.push(variant);
        }
    }
    found
}

/// Whether a variant that `found` entries have is the same word as one that `own` have. What the index holds tells
/// it better than a list of words would.
pub(super) fn is_same(variant: &Variant, found: u64, own: u64) -> bool {
    if variant.is_longer {
        found <= OTHER_WORD_FACTOR * (own + 1)
    } else {
        found >= SAME_WORD_FACTOR * own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_and_shorter_forms() {
        let of = |word: &str| variants(&text::fold(word));
        let has = |word: &str, form: &str, is_longer: bool| {
            let term = term(&text::fold(form)).to_owned();
            of(word).contains(&Variant { term, is_longer })
        };
        for form in ["بمراكش", "ومراكش", "لمراكش", "وبمراكش"] {
            assert!(has("مراكش", form, true), "{form}");
            assert!(has(form, "مراكش", false), "{form}");
        }
        assert!(of("minister").is_empty());
    }

    #[test]
    fn what_is_frequent_is_a_word_of_its_own() {
        let [longer, shorter] =
            [true, false].map(|is_longer| Variant { term: String::new(), is_longer });
        assert!(is_same(&longer, 8, 0) && is_same(&longer, 60, 50));
        assert!(!is_same(&longer, 300, 1));
        assert!(is_same(&shorter, 80, 20) && is_same(&shorter, 3, 0));
        assert!(!is_same(&shorter, 1, 300));
    }
}
