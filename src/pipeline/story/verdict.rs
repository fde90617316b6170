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
/// Headlines whose common words weigh less say nothing, be they equal: "Evening news".
const WEIGHT_NOTHING: u32 = 150;
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
/// How much of the shorter text's words the other one must have where each headline has words that only it explains.
const SAME_WORDS_PERCENT: u32 = 92;
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
    let cover = common * 100 / (common + left[0].min(left[1])).max(1);
    let case = Case { one, other, alignment, cover };
    let joins = if case.titles_agree(left) { !case.texts_differ() } else { case.texts_agree() };
    let score = (2 * common * 100).checked_div(2 * common + left[0] + left[1]).unwrap_or_default();
    joins.then(|| u8::try_from(score.min(99)).unwrap_or_default())
}

/// Two entries whose headlines do not contradict each other.
struct Case<'a> {
    one: &'a Side<'a>,
    other: &'a Side<'a>,
    alignment: Alignment<'a>,
    /// How much of the shorter headline the other one has, in percent.
    cover: u32,
}

impl Case<'_> {
    /// Whether the headlines suffice, unless the texts speak against it.
    fn titles_agree(&self, left: [u32; 2]) -> bool {
        let (first, second) = (self.one.headline(), self.other.headline());
        let common = self.alignment.common;
        let telling = self.alignment.common_count >= WORDS_MIN && common >= WEIGHT_MIN;
        if !(telling || first.reads_as(second)) || self.is_doubtful() || self.adds_outcome() {
            return false;
        }
        match left {
            [0, 0] => true,
            [added, 0] | [0, added] => added * 100 <= common * ADDED_MAX_PERCENT,
            _ => false,
        }
    }

    /// Whether the same words may mean another thing.
    fn is_doubtful(&self) -> bool {
        let (first, second) = (self.one.headline(), self.other.headline());
        veto::one_denies(first, second) || veto::roles_differ(first, second, &self.alignment)
    }

    /// Whether one headline tells an outcome of which the other one and its text know nothing.
    fn adds_outcome(&self) -> bool {
        let [mine, theirs] = &self.alignment.left;
        let adds = |words: &[&Word], other: &Side<'_>| {
            words
                .iter()
                .any(|word| veto::tells_outcome(word, other.headline()) && !other.evidence().says(word))
        };
        adds(mine, self.other) || adds(theirs, self.one)
    }

    /// Whether the texts under headlines that are alike speak of different events.
    fn texts_differ(&self) -> bool {
        let recurs = self.one.recurs || self.other.recurs;
        let (one, other) = (self.one.evidence(), self.other.evidence());
        if one.count == 0 || other.count == 0 {
            return recurs;
        }
        let common = self.alignment.common;
        if common < WEIGHT_NOTHING && one.shared_words(other) < 50 {
            return true;
        }
        let is_formula = recurs || self.alignment.common_count < WORDS_SURE || common < WEIGHT_SURE;
        let are_decks = one.pairs.len().min(other.pairs.len()) < DECK_PAIRS_MAX;
        // The same words with other numbers are tomorrow's edition.
        let renumbered = one.numbers_differ(other) && (is_formula || one.shared_words(other) >= 50);
        let differ = || one.shared_pairs(other) < FORMULA_SHARE_MIN_PERCENT;
        renumbered || is_formula && (recurs || !are_decks) && differ()
    }

    /// Whether the texts make one story of headlines that alone do not.
    fn texts_agree(&self) -> bool {
        let (first, second) = (self.one.evidence(), self.other.evidence());
        if first.count == 0 || second.count == 0 || first.numbers_differ(second) {
            return false;
        }
        let doubtful = self.is_doubtful();
        if doubtful && first.denies != second.denies {
            return false;
        }
        let [left, left_other] = &self.alignment.left;
        let unexplained = |left: &[&Word], theirs: &Evidence| -> usize {
            left.iter().filter(|word| !theirs.says(word)).count()
        };
        // A word of the title that its own text repeats and the other text lacks is what differs.
        let kept = |left: &[&Word], own: &Evidence, theirs: &Evidence| {
            left.iter().any(|word| own.says(word) && !theirs.says(word))
        };
        let (mine, theirs) = (unexplained(left, second), unexplained(left_other, first));
        let pairs_min = if self.cover >= 50 { HELP_PAIRS_MIN } else { PROOF_PAIRS_MIN };
        if first.is_verbatim(second, pairs_min) {
            let shared = first.shared_pairs(second);
            let both = mine > 0 && theirs > 0;
            if both && (kept(left, first, second) || kept(left_other, second, first)) {
                return false;
            }
            if both && first.shared_words(second) < SAME_WORDS_PERCENT {
                return false;
            }
            let swapped =
                !left.is_empty() && !left_other.is_empty() && veto::tells_winner(self.one.headline());
            return shared
                >= if doubtful || self.adds_outcome() {
                    80
                } else if swapped {
                    85
                } else {
                    0
                };
        }
        !doubtful
            && !self.adds_outcome()
            && mine == 0
            && theirs == 0
            && self.cover >= 50
            && self.alignment.common_count >= 2
            && !(veto::tells_winner(self.one.headline()) && !left.is_empty() && !left_other.is_empty())
            && first.shared_words(second) >= TOPIC_MIN_PERCENT
    }
}
