//! Whether two entries tell one event: their headlines side by side, with their texts as evidence.

use std::cell::OnceCell;

use super::align::Alignment;
use super::evidence::Evidence;
use super::veto;
use super::words::{Headline, Word};
use crate::model::FeedEntry;

/// Telling words that headlines must share to speak for themselves.
const WORDS_MIN: usize = 3;
/// What these must weigh, in hundredths of a rare word.
const WEIGHT_MIN: u32 = 240;
/// Headlines that share so many telling words, of this weight, are no formula.
const WORDS_SURE: usize = 5;
const WEIGHT_SURE: u32 = 430;
/// What one headline may add to the other, in percent of what they share.
const ADDED_MAX_PERCENT: u32 = 80;
/// A text of fewer pairs of words is a deck: each newsroom writes its own.
const DECK_PAIRS_MAX: usize = 40;
/// How much of the shorter text the longer one must hold under a headline that may be a formula.
const FORMULA_SHARE_MIN_PERCENT: usize = 50;
/// Pairs of words from which on a text is its own proof, under headlines that share little.
const PROOF_PAIRS_MIN: usize = 24;
/// The same, where they share half.
const HELP_PAIRS_MIN: usize = 10;
/// How much the texts must share, weighed, to explain headlines that each have words of their own.
const TOPIC_MIN_PERCENT: u32 = 30;

/// One entry, read as far as the comparison needs it.
#[derive(Debug)]
pub(super) struct Side<'a> {
    said: &'a FeedEntry,
    headline: OnceCell<Headline>,
    /// Whether its source has given this title to another entry.
    recurs: bool,
    evidence: OnceCell<Evidence>,
}

impl<'a> Side<'a> {
    pub(super) fn of(said: &'a FeedEntry, recurs: bool) -> Self {
        Self { said, headline: OnceCell::new(), recurs, evidence: OnceCell::new() }
    }

    fn headline(&self) -> &Headline {
        self.headline.get_or_init(|| Headline::of(self.said.title.as_deref().unwrap_or_default()))
    }

    fn evidence(&self) -> &Evidence {
        self.evidence.get_or_init(|| Evidence::of(self.said))
    }
}

/// How well the two match, 0 to 100; `None` where they are not one story.
pub(super) fn verdict(one: &Side<'_>, other: &Side<'_>) -> Option<u8> {
    let (first, second) = (one.headline(), other.headline());
    if veto::contradict(first, second) {
        return None;
    }
    let alignment = Alignment::of(first, second);
    let left = [alignment.left_weight(0), alignment.left_weight(1)];
    let common = alignment.common;
    let whole = common + left[0].min(left[1]);
    let cover = common * 100 / whole.max(1);
    let doubtful = veto::one_denies(first, second) || veto::roles_differ(first, second, &alignment);
    let are_equal = first.reads_as(second);
    let telling = are_equal || alignment.common_count >= WORDS_MIN && common >= WEIGHT_MIN;
    let like_titles = telling
        && !doubtful
        && match left {
            [0, 0] => true,
            [added, 0] | [0, added] => added * 100 <= common * ADDED_MAX_PERCENT,
            _ => false,
        };
    let joins = if like_titles {
        !texts_differ(one, other, &alignment)
    } else {
        texts_agree(one, other, &alignment, cover, doubtful)
    };
    let score = (2 * common * 100).checked_div(2 * common + left[0] + left[1]).unwrap_or_default();
    joins.then(|| u8::try_from(score.min(99)).unwrap_or_default())
}

/// Whether the texts under headlines that are alike speak of different events.
fn texts_differ(one: &Side<'_>, other: &Side<'_>, alignment: &Alignment<'_>) -> bool {
    let recurs = one.recurs || other.recurs;
    let (one, other) = (one.evidence(), other.evidence());
    if one.count == 0 || other.count == 0 {
        return recurs;
    }
    let is_formula = recurs || alignment.common_count < WORDS_SURE || alignment.common < WEIGHT_SURE;
    let shared = one.shared_pairs(other);
    let are_decks = one.pairs.len().min(other.pairs.len()) < DECK_PAIRS_MAX;
    // The same words with other numbers are tomorrow's edition.
    let renumbered = one.numbers_differ(other) && (is_formula || one.shared_words(other) >= 50);
    renumbered || is_formula && (recurs || !are_decks) && shared < FORMULA_SHARE_MIN_PERCENT
}

/// Whether the texts make one story of headlines that alone do not.
fn texts_agree(
    one: &Side<'_>,
    other: &Side<'_>,
    alignment: &Alignment<'_>,
    cover: u32,
    doubtful: bool,
) -> bool {
    let (first, second) = (one.evidence(), other.evidence());
    if first.count == 0 || second.count == 0 || first.numbers_differ(second) {
        return false;
    }
    let unexplained = |side: usize, theirs: &Evidence| -> Vec<&Word> {
        let left = alignment.left.get(side).into_iter().flatten();
        left.filter(|word| !theirs.says(word)).copied().collect()
    };
    let (mine, theirs) = (unexplained(0, second), unexplained(1, first));
    let pairs_min = if cover >= 50 { HELP_PAIRS_MIN } else { PROOF_PAIRS_MIN };
    if first.is_verbatim(second, pairs_min) {
        // A word of the title that its own text repeats and the other text lacks is what differs.
        let is_kept = |words: &[&Word], own: &Evidence| words.iter().any(|word| own.says(word));
        let contradicts = is_kept(&mine, first) && is_kept(&theirs, second);
        let share_min = if doubtful { 75 } else { 0 };
        return !contradicts && first.shared_pairs(second) >= share_min;
    }
    !doubtful
        && mine.is_empty()
        && theirs.is_empty()
        && cover >= 50
        && alignment.common_count >= 2
        && first.shared_words(second) >= TOPIC_MIN_PERCENT
}
