//! Whether two entries tell one event: their headlines side by side, with their texts as evidence.

use std::cell::OnceCell;

use super::align::Alignment;
use super::evidence::Evidence;
use super::veto;
use super::words::{Headline, RARE, Word};
use crate::model::FeedEntry;

/// Telling words that headlines must share to speak for themselves.
const WORDS_MIN: usize = 3;
/// What these must weigh, in hundredths of a rare word.
const WEIGHT_MIN: u32 = 240;
/// Words of equal headlines that speak for themselves, whatever they are.
const EQUAL_WORDS_MIN: usize = 4;
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
/// Texts under such a headline that share less of their words speak of two events.
const STRANGE_MAX_PERCENT: u32 = 20;
/// Pairs of words from which on a text is its own proof, under headlines that share little.
const PROOF_PAIRS_MIN: usize = 24;
/// The same, where they share half.
const HELP_PAIRS_MIN: usize = 10;
/// How much of the shorter text's words the other one must have where each headline has words that only it explains.
const SAME_WORDS_PERCENT: u32 = 92;
/// How much of the shorter text the longer one must hold under headlines that may mean two things.
const DOUBTFUL_SHARE_PERCENT: usize = 85;
/// The same, where one headline has the roles of the other exchanged.
const SWAPPED_SHARE_PERCENT: usize = 96;
/// How much of each headline the other text must say where the headlines share little, in percent.
const KNOWN_MIN_PERCENT: u32 = 50;
/// The same, of one of the headlines, where both have one long text.
const HINTED_MIN_PERCENT: u32 = 20;
/// Pairs of words of a long text.
const LONG_PAIRS_MIN: usize = 36;
/// How much of the shorter long text the longer one must hold.
const LONG_SHARE_MIN_PERCENT: usize = 80;
/// Words in common of headlines that differ in a verb.
const VERB_WORDS_MIN: usize = 4;
/// Headlines that may be a formula are another day's when their texts differ and so many hours lie between.
const NEXT_DAY_HOURS: i64 = 18;
/// How much headlines must share that the texts explain to each other.
const TOPIC_COVER_MIN_PERCENT: u32 = 50;
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

    fn words(&self) -> [Option<&str>; 3] {
        [&self.said.title, &self.said.summary, &self.said.content].map(Option::as_deref)
    }

    fn headline(&self) -> &Headline {
        self.headline.get_or_init(|| Headline::of(self.said.title.as_deref().unwrap_or_default()))
    }

    fn evidence(&self) -> &Evidence {
        self.evidence.get_or_init(|| Evidence::of(self.said))
    }
}

/// How well two entries match that are one story.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    /// 0 to 100.
    pub(super) score_percent: u8,
    /// Whether the texts decided, because the headlines did not suffice.
    pub(super) by_text: bool,
}

/// How well the two match; `None` where they are not one story.
pub(super) fn verdict(one: &Side<'_>, other: &Side<'_>) -> Option<Verdict> {
    // In one order, so that it does not matter which came first.
    let (one, other) = if one.words() <= other.words() { (one, other) } else { (other, one) };
    let (first, second) = (one.headline(), other.headline());
    if veto::contradict(first, second) {
        return None;
    }
    let alignment = Alignment::of(first, second);
    let left = [alignment.left_weight(0), alignment.left_weight(1)];
    let common = alignment.common;
    let cover = common * 100 / (common + left[0].min(left[1])).max(1);
    let case = Case { one, other, alignment, cover };
    let score = (2 * common * 100).checked_div(2 * common + left[0] + left[1]).unwrap_or_default();
    let by_text = !case.titles_agree(left);
    let score = if by_text { case.texts_agree(score) } else { (!case.texts_differ()).then_some(score) };
    score.map(|score| Verdict { score_percent: u8::try_from(score.min(99)).unwrap_or_default(), by_text })
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
        let equal = first.reads_as(second) && first.words.len() >= EQUAL_WORDS_MIN;
        if !(telling || equal) || self.is_doubtful() || self.adds_outcome() {
            return false;
        }
        match left {
            _ if self.verb_differs() => true,
            [0, 0] => true,
            [added, 0] | [0, added] => added * 100 <= common * ADDED_MAX_PERCENT,
            _ => false,
        }
    }

    /// Whether the same words may mean another thing.
    fn is_doubtful(&self) -> bool {
        let (first, second) = (self.one.headline(), self.other.headline());
        veto::one_denies(first, second) || self.roles_differ()
    }

    fn roles_differ(&self) -> bool {
        veto::roles_differ(self.one.headline(), self.other.headline(), &self.alignment)
    }

    /// Whether each tells that somebody won, and each has words that the other text knows from elsewhere: the winner of
    /// one may be the loser of the other.
    fn may_be_swapped(&self) -> bool {
        let own = |side: &Side<'_>, left: &[&Word], theirs: &Evidence| {
            left.iter().filter(|word| word.role != ":").any(|word| {
                !side.headline().is_part_of_known(word, left, |one, other| theirs.has_pair(one, other))
            })
        };
        let [left, left_other] = &self.alignment.left;
        veto::tells_winner(self.one.headline())
            && own(self.one, left, self.other.evidence())
            && own(self.other, left_other, self.one.evidence())
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
        let common = self.alignment.common;
        if common < WEIGHT_NOTHING && one.shared_words(other) < 50 {
            return true;
        }
        if one.count == 0 || other.count == 0 {
            return recurs;
        }
        if one.tells(other) && self.is_bulletin() && one.shared_pairs(other) < FORMULA_SHARE_MIN_PERCENT {
            return true;
        }
        let is_formula = recurs || self.alignment.common_count < WORDS_SURE || common < WEIGHT_SURE;
        let are_decks = one.pairs.len().min(other.pairs.len()) < DECK_PAIRS_MAX;
        // The same words with other numbers are tomorrow's edition.
        let renumbered = one.numbers_differ(other) && (is_formula || one.shared_words(other) >= 50);
        let differ = || one.shared_pairs(other) < FORMULA_SHARE_MIN_PERCENT;
        let is_next = is_formula && self.hours_between() >= NEXT_DAY_HOURS && differ();
        let strange = is_formula && one.tells(other) && one.shared_words(other) < STRANGE_MAX_PERCENT;
        renumbered || strange || is_next || is_formula && (recurs || !are_decks) && differ()
    }

    /// Hours between the dates that the sources give; 0 where one gives none.
    fn hours_between(&self) -> i64 {
        let dates = self.one.said.published.zip(self.other.said.published);
        dates.map_or(0, |(one, other)| (one - other).num_hours().abs())
    }

    /// Whether the headlines are those of something that comes every day: the weather, the rates.
    fn is_bulletin(&self) -> bool {
        self.one.headline().is_bulletin() || self.other.headline().is_bulletin()
    }

    /// Whether each text speaks of the other headline, so that it is no mere phrase that stands under many; of headlines
    /// that share much, one suffices.
    fn texts_know_titles(&self, one_suffices: bool) -> bool {
        let knows = |side: &Side<'_>, other: &Side<'_>| known_percent(side, other) >= KNOWN_MIN_PERCENT;
        let (one, other) = (knows(self.one, self.other), knows(self.other, self.one));
        one && other || one_suffices && (one || other)
    }

    /// Whether a long text that both have speaks of both headlines, of one at length.
    fn long_text_knows_titles(&self) -> bool {
        let (one, other) = (known_percent(self.one, self.other), known_percent(self.other, self.one));
        let min = if self.cover >= TOPIC_COVER_MIN_PERCENT { HINTED_MIN_PERCENT } else { 0 };
        one.min(other) >= min && one.max(other) >= KNOWN_MIN_PERCENT
    }

    /// Whether each headline has a name or thing that neither text says: a short text stands under many headlines.
    fn names_unheard(&self) -> bool {
        let (first, second) = (self.one.evidence(), self.other.evidence());
        let unheard = |words: &[&Word]| {
            words.iter().any(|word| {
                word.weight() == RARE
                    && word.role != ":"
                    && !word.is_verb()
                    && !first.says(word)
                    && !second.says(word)
            })
        };
        let [left, left_other] = &self.alignment.left;
        unheard(left) && unheard(left_other)
    }

    /// Whether the headlines are the same but for a verb, of which neither is known to mean another thing: «يهاتف»,
    /// «يخابر».
    fn verb_differs(&self) -> bool {
        let [[one], [other]] = [&self.alignment.left[0][..], &self.alignment.left[1][..]] else {
            return false;
        };
        let is_open = |word: &Word| word.meaning.is_none() && word.is_verb() && word.role.is_empty();
        is_open(one)
            && is_open(other)
            && one.text.chars().next() == other.text.chars().next()
            && self.alignment.common_count >= VERB_WORDS_MIN
            && self.alignment.common >= WEIGHT_SURE
    }

    /// How well the texts make one story of headlines that alone do not; `None` where they do not either.
    fn texts_agree(&self, score: u32) -> Option<u32> {
        let (first, second) = (self.one.evidence(), self.other.evidence());
        let doubtful = self.is_doubtful();
        if first.count == 0
            || second.count == 0
            || first.numbers_differ(second)
            || doubtful && first.denies != second.denies
        {
            return None;
        }
        let [left, left_other] = &self.alignment.left;
        let lacks = |words: &[&Word], theirs: &Evidence| words.iter().any(|word| !theirs.says(word));
        let (mine, theirs) = (lacks(left, second), lacks(left_other, first));
        let pairs_min = if self.cover >= 50 { HELP_PAIRS_MIN } else { PROOF_PAIRS_MIN };
        if !first.is_verbatim(second, pairs_min) {
            let explained = !mine && !theirs && self.cover >= TOPIC_COVER_MIN_PERCENT;
            let joins = explained
                && !doubtful
                && !self.adds_outcome()
                && !self.may_be_swapped()
                && self.alignment.common_count >= 2
                && first.shared_words(second) >= TOPIC_MIN_PERCENT;
            return joins.then_some(score);
        }
        let shared = first.shared_pairs(second);
        // A word of the title that its own text repeats and the other text lacks is what differs.
        let kept = |words: &[&Word], own: &Evidence, theirs: &Evidence| {
            words.iter().any(|word| own.says(word) && !theirs.says(word))
        };
        // So is a rare word where the other headline has one too, be it named in both texts.
        let is_rare = |words: &[&Word]| words.iter().any(|word| word.weight() == RARE && word.role != ":");
        let both_have = mine && theirs || is_rare(left) && is_rare(left_other);
        let differs = || kept(left, first, second) || kept(left_other, second, first);
        let pairs = first.pairs.len().min(second.pairs.len());
        let is_long = pairs >= LONG_PAIRS_MIN && shared >= LONG_SHARE_MIN_PERCENT;
        let denied = veto::one_denies(self.one.headline(), self.other.headline());
        let is_known = if is_long {
            self.long_text_knows_titles()
        } else {
            self.one.headline().reads_as(self.other.headline()) || self.texts_know_titles(self.cover >= 50)
        };
        if both_have && differs()
            || mine && theirs && first.shared_words(second) < SAME_WORDS_PERCENT
            || !is_known
            || pairs < DECK_PAIRS_MAX && (denied && !self.texts_know_titles(false) || self.names_unheard())
            || shared < self.share_min()
        {
            return None;
        }
        Some(score.max(u32::try_from(shared).unwrap_or_default()))
    }

    /// How much of the shorter text the longer one must hold.
    fn share_min(&self) -> usize {
        if self.roles_differ() {
            SWAPPED_SHARE_PERCENT
        } else if self.is_doubtful() || self.adds_outcome() || self.may_be_swapped() {
            DOUBTFUL_SHARE_PERCENT
        } else {
            0
        }
    }
}

/// How much of the headline of `side` the text of `other` says, weighed.
fn known_percent(side: &Side<'_>, other: &Side<'_>) -> u32 {
    let weight = |words: &mut dyn Iterator<Item = &Word>| words.map(Word::weight).sum::<u32>();
    let words = || side.headline().words.iter().filter(|word| word.is_content());
    let known = weight(&mut words().filter(|word| other.evidence().says(word)));
    known * 100 / weight(&mut words()).max(1)
}
