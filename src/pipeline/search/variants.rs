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
    /// Folded.
    pub(super) word: String,
    /// Whether it is longer than the word, else shorter.
    pub(super) is_longer: bool,
}

/// A folded word with what may be joined to it.
pub(super) fn longer(word: &str) -> Vec<Variant> {
    if !text::is_arabic(word) {
        return vec![];
    }
    let root = bare(word);
    let forms = JOINED.iter().map(|front| Variant { word: format!("{front}{root}"), is_longer: true });
    differing(word, forms)
}

/// A folded word without what may be joined to it.
pub(super) fn shorter(word: &str) -> Vec<Variant> {
    if !text::is_arabic(word) {
        return vec![];
    }
    differing(word, text::unjoined(word).map(|form| Variant { word: form.to_owned(), is_longer: false }))
}

/// Those that are found by something else than `word`, each once.
fn differing(word: &str, forms: impl Iterator<Item = Variant>) -> Vec<Variant> {
    let own = term(word);
    let mut found: Vec<Variant> = vec![];
    for form in forms {
        let is_known = |one: &Variant| term(&one.word) == term(&form.word);
        if term(&form.word) != own && !found.iter().any(is_known) {
            found.push(form);
        }
    }
    found
}

/// Whether a variant that `found` entries have is the same word as one that `own` have. What the index holds tells
/// it better than a list of words would.
pub(super) fn is_same(variant: &Variant, found: u64, own: u64) -> bool {
    if variant.is_longer { found <= OTHER_WORD_FACTOR * (own + 1) } else { found >= SAME_WORD_FACTOR * own }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_and_shorter_forms() {
        let has = |forms: Vec<Variant>, form: &str| forms.iter().any(|one| one.word == text::fold(form));
        for form in ["بمراكش", "ومراكش", "لمراكش", "وبمراكش"] {
            assert!(has(longer("مراكش"), form), "{form}");
            assert!(has(shorter(&text::fold(form)), "مراكش"), "{form}");
        }
        assert!(longer("minister").is_empty() && shorter("minister").is_empty());
    }

    #[test]
    fn what_is_frequent_is_a_word_of_its_own() {
        let [longer, shorter] = [true, false].map(|is_longer| Variant { word: String::new(), is_longer });
        assert!(is_same(&longer, 8, 0) && is_same(&longer, 60, 50));
        assert!(!is_same(&longer, 300, 1));
        assert!(is_same(&shorter, 80, 20) && is_same(&shorter, 3, 0));
        assert!(!is_same(&shorter, 1, 300));
    }
}
