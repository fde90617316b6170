//! Which words of one headline are words of another one, and which are left over.

use super::lexicon::{Meaning, lexicon};
use super::words::{Headline, Tail, Word};
use crate::pipeline::text;

/// Letters of a word that may be spelt with another vowel.
const SPELLING_LETTERS_MIN: usize = 5;
/// Letters of a noun that an ending is taken off.
const OBJECT_LETTERS_MIN: usize = 4;
/// Consonants of a foreign name that may be written with others.
const FOREIGN_LETTERS_MIN: usize = 4;
/// Letters of a half word at the end of a cut headline.
const FRAGMENT_LETTERS_MIN: usize = 2;

/// Two headlines, side by side.
#[derive(Debug)]
pub(super) struct Alignment<'a> {
    /// Words that both have.
    pub(super) pairs: Vec<(usize, usize)>,
    /// Telling words that only one of them has.
    pub(super) left: [Vec<&'a Word>; 2],
    /// What the words in common weigh.
    pub(super) common: u32,
    /// How many telling words they have in common.
    pub(super) common_count: usize,
}

impl<'a> Alignment<'a> {
    pub(super) fn of(one: &'a Headline, other: &'a Headline) -> Self {
        let mut pairs = vec![];
        let mut free = [telling(one), telling(other)];
        let passes: [fn(&Word, &Word) -> bool; 4] = [is_same, is_synonym, has_root, is_spelt_alike];
        for alike in passes {
            meet(one, other, &mut free, &mut pairs, alike);
        }
        meet_compounds(one, other, &mut free, &mut pairs, false);
        meet_compounds(other, one, &mut free, &mut pairs, true);
        for (at, cut) in [one.is_cut, other.is_cut].into_iter().enumerate() {
            if cut {
                mend(one, other, &mut free, &mut pairs, at);
            }
        }
        pairs.sort_unstable();
        let common_count =
            pairs.iter().filter(|(at, _)| one.words.get(*at).is_some_and(Word::is_content)).count();
        let common = pairs
            .iter()
            .filter_map(|(i, j)| Some(one.words.get(*i)?.weight().min(other.words.get(*j)?.weight())));
        let common = common.sum();
        let last = [pairs.iter().map(|(i, _)| *i).max(), pairs.iter().map(|(_, j)| *j).max()];
        let ends_alike = |side: usize| free[side].last().copied() <= last[side];
        let is_rest = [other.is_cut && ends_alike(1), one.is_cut && ends_alike(0)];
        for (side, is_rest) in is_rest.into_iter().enumerate() {
            if is_rest {
                drop_rest(&mut free[side], last[side]);
            }
        }
        let mut left = [words_at(one, &free[0]), words_at(other, &free[1])];
        drop_site_names(one, other, &mut left);
        Self { pairs, left, common, common_count }
    }

    pub(super) fn left_weight(&self, side: usize) -> u32 {
        self.left.get(side).map_or(0, |words| words.iter().map(|word| word.weight()).sum())
    }
}

fn telling(headline: &Headline) -> Vec<usize> {
    headline.words.iter().enumerate().filter(|(_, word)| word.weight() > 0).map(|(at, _)| at).collect()
}

fn words_at<'a>(headline: &'a Headline, at: &[usize]) -> Vec<&'a Word> {
    at.iter()
        .filter_map(|at| headline.words.get(*at))
        .filter(|word| word.is_content() || word.number().is_some())
        .collect()
}

/// Pairs the free words that are alike, each with the first one.
fn meet(
    one: &Headline,
    other: &Headline,
    free: &mut [Vec<usize>; 2],
    pairs: &mut Vec<(usize, usize)>,
    alike: fn(&Word, &Word) -> bool,
) {
    let [free_one, free_other] = free;
    free_one.retain(|at| {
        let Some(word) = one.words.get(*at) else { return false };
        // Of two equal words the one that stands after the last that was found.
        let after = pairs.last().map_or(0, |(_, j)| *j);
        let fits = |j: &usize| other.words.get(*j).is_some_and(|other| alike(word, other));
        let place = free_other
            .iter()
            .position(|j| *j > after && fits(j))
            .or_else(|| free_other.iter().position(fits));
        let Some(place) = place else { return true };
        pairs.push((*at, free_other.remove(place)));
        false
    });
}

/// Pairs what one writes as one word and the other one as two: "healthcare", "health-care".
fn meet_compounds(
    one: &Headline,
    other: &Headline,
    free: &mut [Vec<usize>; 2],
    pairs: &mut Vec<(usize, usize)>,
    is_turned: bool,
) {
    let [first, second] = free;
    let (mine, theirs) = if is_turned { (second, first) } else { (first, second) };
    mine.retain(|at| {
        let Some(word) = one.words.get(*at).filter(|word| word.number().is_none()) else { return true };
        let is_split = |pair: &[Word]| match pair {
            [head, tail] => {
                let head = if word.text.starts_with(&head.text) { &head.text } else { &head.stem };
                let rest = word.text.strip_prefix(head.as_str());
                let rest = rest.or_else(|| word.stem.strip_prefix(head.as_str()));
                !head.is_empty() && rest.is_some_and(|rest| rest == tail.text || rest == tail.stem)
            }
            _ => false,
        };
        let Some(place) = other.words.windows(2).position(is_split) else { return true };
        let halves = [place, place + 1];
        let Some(half) = halves.into_iter().find(|half| theirs.contains(half)) else { return true };
        theirs.retain(|at| !halves.contains(at));
        pairs.push(if is_turned { (half, *at) } else { (*at, half) });
        false
    });
}

fn is_same(one: &Word, other: &Word) -> bool {
    match (one.number(), other.number()) {
        (Some(one), Some(other)) => one == other,
        (None, None) => {
            let is_joined =
                || text::is_joined(&one.stem, &other.stem) || text::is_joined(&one.text, &other.text);
            one.text == other.text
                || one.stem == other.stem
                || text::is_arabic(&one.text)
                    && (is_joined() || is_object(one, other) || is_object(other, one))
        }
        _ => false,
    }
}

/// Whether the one is the other as the object of a verb: «مصنعا», «مصنع».
fn is_object(one: &Word, other: &Word) -> bool {
    let rest = one.text.strip_suffix('ا').filter(|rest| rest.chars().count() >= OBJECT_LETTERS_MIN);
    one.meaning != Some(Meaning::Name) && rest == Some(&other.text)
}

fn is_synonym(one: &Word, other: &Word) -> bool {
    match (one.meaning, other.meaning) {
        (Some(Meaning::Group(group, _)), Some(Meaning::Group(group_other, _))) => {
            lexicon().are_synonyms((&one.text, group), (&other.text, group_other))
        }
        (Some(one @ (Meaning::Weekday(_) | Meaning::Month(_))), Some(other)) => one == other,
        _ => false,
    }
}

/// Whether the two are forms of one verb: «ينظم», «تنظيم». Of two nouns none is, be their consonants the same:
/// «محمد», «أحمد».
fn has_root(one: &Word, other: &Word) -> bool {
    let is_plain = |word: &Word| word.meaning.is_none() && text::is_arabic(&word.text);
    let is_verbal = |word: &Word| {
        word.text.starts_with(['ي', 'ت', 'ن']) || word.text.starts_with('ا') && !word.text.starts_with("ال")
    };
    is_plain(one)
        && is_plain(other)
        && (is_verbal(one) || is_verbal(other))
        && text::root(&one.stem).is_some_and(|root| text::root(&other.stem) == Some(root))
}

/// Whether the two differ by how a vowel is written, «نتنياهو», «نتانياهو», or a letter that Arabic has not:
/// «غوتيريش», «جوتيريش».
fn is_spelt_alike(one: &Word, other: &Word) -> bool {
    let letters = |word: &Word| word.stem.chars().count();
    let is_plain = |word: &Word| word.meaning.is_none() && letters(word) >= SPELLING_LETTERS_MIN;
    if !is_plain(one) || !is_plain(other) {
        return false;
    }
    let apart = letters(one).abs_diff(letters(other));
    let first = |word: &Word| word.stem.chars().next();
    let (bones, foreign) = (skeleton(&one.stem, |c| c), skeleton(&one.stem, foreign));
    let is_vowel = || bones.len() >= 3 && bones == skeleton(&other.stem, |c| c) && first(one) == first(other);
    // «استقلال» is not «استغلال».
    let is_foreign = || {
        let is_own =
            |word: &Word| ["است", "مست", "يست", "تست"].iter().any(|start| word.stem.starts_with(start));
        let sounds = |word: &Word| first(word).map(self::foreign);
        text::is_arabic(&one.text)
            && !is_own(one)
            && foreign.len() >= FOREIGN_LETTERS_MIN
            && foreign == skeleton(&other.stem, self::foreign)
            && sounds(one) == sounds(other)
    };
    apart == 1 && is_vowel() || apart <= 1 && is_foreign()
}

/// The consonants of a word, each as `sound` has it.
fn skeleton(word: &str, sound: fn(char) -> char) -> Vec<char> {
    let vowel = |c: &char| !matches!(c, 'ا' | 'و' | 'ي' | 'ه' | 'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'h');
    let mut kept: Vec<char> = word.chars().filter(vowel).map(sound).collect();
    kept.dedup();
    kept
}

/// One letter for those that write one foreign sound.
fn foreign(c: char) -> char {
    match c {
        'ج' | 'ق' | 'غ' | 'ڭ' | 'گ' => 'ك',
        'ڤ' => 'ف',
        'پ' => 'ب',
        'ث' | 'ط' => 'ت',
        'ص' => 'س',
        c => c,
    }
}

/// The half word at the end of the cut headline `side` meets its whole.
fn mend(
    one: &Headline,
    other: &Headline,
    free: &mut [Vec<usize>; 2],
    pairs: &mut Vec<(usize, usize)>,
    side: usize,
) {
    let (cut, whole) = if side == 0 { (one, other) } else { (other, one) };
    let Some(last) = cut.words.len().checked_sub(1) else { return };
    let Some(half) = cut.words.get(last).filter(|half| half.text.chars().count() >= FRAGMENT_LETTERS_MIN)
    else {
        return;
    };
    let [mine, theirs] = free;
    let (mine, theirs) = if side == 0 { (mine, theirs) } else { (theirs, mine) };
    if mine.last() != Some(&last) {
        return;
    }
    let fits = |j: &usize| whole.words.get(*j).is_some_and(|word| word.text.starts_with(&half.text));
    if let Some(place) = theirs.iter().position(fits) {
        mine.pop();
        let j = theirs.remove(place);
        pairs.push(if side == 0 { (last, j) } else { (j, last) });
    } else if (0..whole.words.len()).any(|j| fits(&j)) {
        // Of a word that tells nothing.
        mine.pop();
    }
}

/// What follows in the whole where the other headline is cut.
fn drop_rest(free: &mut Vec<usize>, last: Option<usize>) {
    free.retain(|at| last.is_none_or(|last| *at < last));
}

/// Behind a bar, and behind a dash that only one of them has, stands the name of the site.
fn drop_site_names(one: &Headline, other: &Headline, left: &mut [Vec<&Word>; 2]) {
    let is_foreign = |headline: &Headline, left: &[&Word]| {
        let tail = headline.words.iter().filter(|word| word.tail != Tail::No && word.is_content()).count();
        tail > 0 && left.iter().filter(|word| word.tail != Tail::No).count() == tail
    };
    let foreign = [is_foreign(one, &left[0]), is_foreign(other, &left[1])];
    let both = foreign == [true, true];
    for (words, foreign) in left.iter_mut().zip(foreign) {
        if foreign {
            words.retain(|word| word.tail == Tail::No || both && word.tail == Tail::Dash);
        }
    }
}
