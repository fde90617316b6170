//! What two headlines contradict each other in: numbers, dates, opposites, who did it to whom.

use std::collections::{BTreeMap, BTreeSet};

use super::align::Alignment;
use super::lexicon::{Meaning, lexicon};
use super::words::{Headline, Word};

/// Letters of a word that another one reverses.
const REVERSED_LETTERS_MIN: usize = 4;
/// Telling words of a clause that may stand in front or at the end.
const CLAUSE_WORDS_MIN: usize = 2;

/// Whether they tell different numbers, days or outcomes. No text makes up for that.
pub(super) fn contradict(one: &Headline, other: &Headline) -> bool {
    numbers_differ(one, other) || dates_differ(one, other) || outcomes_differ(one, other)
}

/// Whether only one of them denies.
pub(super) fn one_denies(one: &Headline, other: &Headline) -> bool {
    let denies =
        |headline: &Headline| headline.words.iter().any(|word| word.meaning == Some(Meaning::Negation));
    denies(one) != denies(other) || reverses(one, other) || reverses(other, one)
}

/// Whether one has a word and the other its reverse: "safe", "unsafe".
fn reverses(one: &Headline, other: &Headline) -> bool {
    let has = |headline: &Headline, stem: &str| headline.words.iter().any(|word| word.stem == stem);
    one.words.iter().filter(|word| word.text.is_ascii()).any(|word| {
        let mut rests =
            ["un", "in", "im", "il", "ir", "non"].iter().filter_map(|not| word.stem.strip_prefix(not));
        rests.any(|rest| {
            rest.len() >= REVERSED_LETTERS_MIN
                && has(other, rest)
                && !has(one, rest)
                && !has(other, &word.stem)
        })
    })
}

/// A number with the stems of the words beside it.
struct Count<'a> {
    number: u64,
    nouns: Vec<&'a str>,
    /// "A", "first", «قتيل»: one, if at all.
    is_weak: bool,
}

fn counts(headline: &Headline) -> Vec<Count<'_>> {
    let words = &headline.words;
    let noun_at = |at: Option<usize>| {
        at.and_then(|at| words.get(at)).filter(|word| word.is_content()).map(|word| word.stem.as_str())
    };
    let is_number =
        |at: Option<usize>| at.and_then(|at| words.get(at)).is_some_and(|word| word.number().is_some());
    let mut counts = vec![];
    for (at, word) in words.iter().enumerate() {
        let around = [at.checked_add(1), at.checked_sub(1)];
        match word.meaning {
            Some(Meaning::Number(number)) => {
                let nouns = around.into_iter().filter_map(noun_at).collect();
                counts.push(Count { number, nouns, is_weak: number == 1 && !word.text.starts_with('1') });
            }
            Some(Meaning::One) => {
                let nouns = noun_at(around[0]).into_iter().collect();
                counts.push(Count { number: 1, nouns, is_weak: true });
            }
            _ => {
                // «قتيل وعشرة جرحى» counts one all the same.
                let before = [around[1], at.checked_sub(2)];
                let number = lexicon().counted(&word.text).filter(|_| !before.into_iter().any(is_number));
                counts.extend(number.map(|number| Count {
                    number,
                    nouns: vec![&word.stem],
                    is_weak: number == 1,
                }));
            }
        }
    }
    counts
}

fn numbers_differ(one: &Headline, other: &Headline) -> bool {
    let (one, other) = (counts(one), counts(other));
    let strong = |counts: &[Count<'_>]| {
        counts.iter().filter(|c| !c.is_weak).map(|c| c.number).collect::<BTreeSet<_>>()
    };
    let (ones, others) = (strong(&one), strong(&other));
    let apart = !ones.is_subset(&others) && !others.is_subset(&ones);
    apart || miscounts(&one, &other) || miscounts(&other, &one) || are_swapped(&one, &other)
}

/// Whether one counts one of what the other counts more of, or counts the same thing another way.
fn miscounts(one: &[Count<'_>], other: &[Count<'_>]) -> bool {
    one.iter().any(|count| {
        let same = other.iter().filter(|other| other.nouns.iter().any(|noun| count.nouns.contains(noun)));
        let mut numbers = same.map(|other| other.number).peekable();
        count.is_weak && numbers.peek().is_some() && numbers.all(|number| number != count.number)
    })
}

/// Whether the same numbers stand in another order, beside other words: "2-1", "1-2".
fn are_swapped(one: &[Count<'_>], other: &[Count<'_>]) -> bool {
    let strong =
        |counts: &[Count<'_>]| counts.iter().filter(|c| !c.is_weak).map(|c| c.number).collect::<Vec<_>>();
    let (ones, others) = (strong(one), strong(other));
    let (mut sorted, mut others_sorted) = (ones.clone(), others.clone());
    sorted.sort_unstable();
    others_sorted.sort_unstable();
    ones != others
        && sorted == others_sorted
        && one.iter().filter(|count| !count.is_weak).any(|count| {
            let mut same = other.iter().filter(|other| other.number == count.number);
            !same.any(|other| other.nouns.iter().any(|noun| count.nouns.contains(noun)))
        })
}

fn dates_differ(one: &Headline, other: &Headline) -> bool {
    let kinds: [fn(Meaning) -> bool; 3] = [
        |meaning| matches!(meaning, Meaning::Weekday(_)),
        |meaning| matches!(meaning, Meaning::Month(_)),
        |meaning| matches!(meaning, Meaning::Day(_)),
    ];
    let of = |headline: &Headline, kind: fn(Meaning) -> bool| {
        let meanings = headline.words.iter().filter_map(|word| word.meaning.filter(|meaning| kind(*meaning)));
        meanings.map(|meaning| format!("{meaning:?}")).collect::<BTreeSet<_>>()
    };
    kinds.into_iter().any(|kind| {
        let (one, other) = (of(one, kind), of(other, kind));
        !one.is_empty() && !other.is_empty() && one.is_disjoint(&other)
    })
}

/// Whether, of things of which an event has one, they have different ones: "win", "lose".
fn outcomes_differ(one: &Headline, other: &Headline) -> bool {
    let (one, other) = (outcomes(&one.words), outcomes(&other.words));
    one.iter().any(|(class, groups)| {
        // "Prices rise as output is cut", "prices fall as output is raised".
        let crossed =
            |others: &Vec<u16>| groups.len() > 1 && groups.first() != others.first() && others.len() > 1;
        let apart = |others: &Vec<u16>| groups.iter().all(|group| !others.contains(group));
        other.get(class).is_some_and(|others| apart(others) || crossed(others))
    })
}

/// The outcomes that only one of them tells, of classes of which the other tells nothing.
pub(super) fn tells_outcome(word: &Word, other: &Headline) -> bool {
    matches!(word.meaning, Some(Meaning::Group(_, class)) if class != 0 && !outcomes(&other.words).contains_key(&class))
}

/// The outcomes of each class, each once, in the order of the words.
fn outcomes(words: &[Word]) -> BTreeMap<u16, Vec<u16>> {
    let mut outcomes: BTreeMap<u16, Vec<u16>> = BTreeMap::new();
    for word in words {
        if let Some(Meaning::Group(group, class)) = word.meaning
            && class != 0
        {
            let groups = outcomes.entry(class).or_default();
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
    }
    outcomes
}

/// Whether it tells who won, so that another name is another event.
pub(super) fn tells_winner(headline: &Headline) -> bool {
    headline
        .words
        .iter()
        .any(|word| matches!(word.meaning, Some(Meaning::Group(group, _)) if lexicon().is_result(group)))
}

/// Whether words that both have stand in another order in a way that changes who does what: "A beats B", "B beats A".
pub(super) fn roles_differ(one: &Headline, other: &Headline, alignment: &Alignment<'_>) -> bool {
    let at = |i: &usize, j: &usize| Some((one.words.get(*i)?, other.words.get(*j)?));
    if is_turned(one, other, alignment) {
        return false;
    }
    let both: Vec<(usize, &Word, &Word)> = alignment
        .pairs
        .iter()
        .filter_map(|(i, j)| at(i, j).map(|(one, other)| (*j, one, other)))
        .filter(|(_, one, _)| one.is_content())
        .collect();
    let mut bare = vec![];
    for (place, (j, one, other)) in both.iter().enumerate() {
        for (later, after_one, after_other) in both.iter().skip(place + 1) {
            if later > j {
                continue;
            }
            // The one stands where the other stood: "A with B", "B with A" but for the conjunctions.
            let exchanged = one.role == after_other.role && after_one.role == other.role;
            if exchanged && one.role != after_one.role && !is_conjunction(one, after_one) {
                return true;
            }
            let is_bare = |word: &Word| word.role.is_empty();
            if [one, other, after_one, after_other].into_iter().all(|word| is_bare(word)) {
                bare.push((*j, *later, is_actor(one) && is_actor(after_one)));
            }
        }
    }
    // One word that was moved explains all; but two that changed places around a verb of winning do not.
    let moved = |j: usize| bare.iter().all(|(one, other, _)| *one == j || *other == j);
    let one_moved = bare.is_empty() || bare.iter().any(|(one, other, _)| moved(*one) || moved(*other));
    !one_moved || tells_winner(one) && bare.iter().any(|(_, _, actors)| *actors)
}

/// Whether a clause in front of one headline stands at the end of the other one: "After the rain, A meets B",
/// "A meets B after the rain".
fn is_turned(one: &Headline, other: &Headline, alignment: &Alignment<'_>) -> bool {
    let orders: [Vec<(usize, usize)>; 2] = [alignment.pairs.clone(), {
        let mut turned: Vec<_> = alignment.pairs.iter().map(|(i, j)| (*j, *i)).collect();
        turned.sort_unstable();
        turned
    }];
    let is_one = |pairs: &[(usize, usize)], clause: usize| {
        let (front, back): (Vec<(usize, usize)>, Vec<_>) = pairs.iter().partition(|(i, _)| *i < clause);
        let places = || back.iter().chain(&front).map(|(_, j)| *j);
        front.len() >= CLAUSE_WORDS_MIN && back.len() >= CLAUSE_WORDS_MIN && places().is_sorted()
    };
    [one.clause, other.clause].into_iter().zip(&orders).any(|(clause, pairs)| is_one(pairs, clause))
}

/// Whether the two are merely named together.
fn is_conjunction(one: &Word, other: &Word) -> bool {
    [one, other].iter().any(|word| matches!(word.role.as_str(), "و" | "and" | "et" | ":"))
}

/// Whether a word can be the one who does it.
fn is_actor(word: &Word) -> bool {
    matches!(word.meaning, None | Some(Meaning::Name)) && !word.text.starts_with(['ي', 'ت'])
}
