//! Who has a word or a phrase, and how much it is about it: one list for each segment.

use std::collections::BTreeSet;

use super::index::Index;
use super::posting::{Posting, Postings};
use super::query::Part;
use super::rank::weight;
use super::segment::Segment;
use super::variants::{is_same, longer, shorter};
use super::words::{bare, each, form, term};

/// What the very form that was asked for weighs, in percent of another form.
const SAME_FORM_PERCENT: u32 = 130;
/// What a longer or a shorter form weighs.
const VARIANT_PERCENT: u32 = 75;
/// What a word weighs of which the beginning was asked for.
const PREFIX_PERCENT: u32 = 60;
/// What Arabic endings begin with.
const ENDING_LETTERS: [char; 6] = ['ا', 'و', 'ي', 'ت', 'ه', 'ن'];
/// Letters of a beginning.
const PREFIX_LETTERS_MIN: usize = 2;

/// The numbers of entries that have something, ascending, with what it weighs in each.
pub(super) type List = Vec<(u32, u32)>;

/// One list for each segment of the index, in their order.
pub(super) type Lists = Vec<List>;

/// Who has this part of a question. `may_begin` lets what nobody has be the beginning of a word.
pub(super) fn lists(index: &Index, part: &Part, may_begin: bool) -> Lists {
    let mut words: Vec<(&str, u8)> = vec![];
    each(&part.folded, |term, form| words.push((term, form)));
    let ([(first, form)], false) = (&words[..], part.folded.is_empty()) else {
        return index.segments.values().map(|segment| phrase(segment, &words)).collect();
    };
    if part.is_prefix {
        return prefixed(index, &part.folded);
    }
    let own = having(index, first, *form, 100);
    if !part.is_open {
        return own;
    }
    let mut others = vec![];
    add_longer(index, &part.folded, &own, &mut others);
    for variant in shorter(&part.folded) {
        let more = having(index, term(&variant.word), 0, VARIANT_PERCENT);
        if is_same(&variant, found(&more), found(&own)) {
            add_longer(index, &variant.word, &more, &mut others);
            others.push(more);
        }
    }
    let all = merged(own, &others);
    if may_begin && found(&all) == 0 { prefixed(index, &part.folded) } else { all }
}

/// Adds who has a longer form of a word that `own` have.
fn add_longer(index: &Index, word: &str, own: &Lists, others: &mut Vec<Lists>) {
    for variant in longer(word) {
        let more = having(index, term(&variant.word), 0, VARIANT_PERCENT);
        if is_same(&variant, found(&more), found(own)) {
            others.push(more);
        }
    }
}

/// How many entries are in the lists.
pub(super) fn found(lists: &Lists) -> u64 {
    lists.iter().map(|list| list.len() as u64).sum()
}

fn having(index: &Index, term: &str, form: u8, percent: u32) -> Lists {
    let of_segment = |segment: &Segment| {
        Postings::new(&segment.postings(term))
            .filter_map(|posting| weighed(segment, &posting, form, percent))
            .collect()
    };
    index.segments.values().map(of_segment).collect()
}

fn prefixed(index: &Index, word: &str) -> Lists {
    let beginning = bare(word);
    if beginning.chars().nth(PREFIX_LETTERS_MIN - 1).is_none() {
        return having(index, term(word), form(word), 100);
    }
    let terms = index.segments.values().flat_map(|segment| segment.terms_from(beginning));
    // The word may have lost its end in the index, of which a letter may be here already: «البرلما» for «البرلمان».
    let shorter = beginning.strip_suffix(ENDING_LETTERS).filter(|rest| rest.chars().nth(2).is_some());
    let terms: BTreeSet<&str> = terms.chain([term(word)]).chain(shorter).collect();
    let nobody: Lists = index.segments.values().map(|_| vec![]).collect();
    let of_term = |term: &str| having(index, term, form(word), PREFIX_PERCENT);
    merged(nobody, &terms.into_iter().map(of_term).collect::<Vec<Lists>>())
}

/// What a posting weighs; nothing where its entry is dead.
fn weighed(segment: &Segment, posting: &Posting<'_>, form: u8, percent: u32) -> Option<(u32, u32)> {
    let doc = segment.docs.get(posting.doc as usize).filter(|doc| !doc.is_dead)?;
    let same_form = if posting.forms & form == 0 { 100 } else { SAME_FORM_PERCENT };
    let weight = weight(posting.count, doc.length, posting.in_title);
    Some((posting.doc, weight * same_form / 100 * percent / 100))
}

/// Who has these words one behind the other.
fn phrase(segment: &Segment, words: &[(&str, u8)]) -> List {
    let bytes: Vec<_> = words.iter().map(|(term, _)| segment.postings(term)).collect();
    let mut all: Vec<std::iter::Peekable<Postings<'_>>> =
        bytes.iter().map(|bytes| Postings::new(bytes).peekable()).collect();
    let Some((first, others)) = all.split_first_mut() else { return vec![] };
    let mut found = vec![];
    'entries: for posting in first {
        let mut starts: Vec<u32> = posting.places().collect();
        let mut weight = 0;
        for (postings, distance) in others.iter_mut().zip(1..) {
            while postings.next_if(|other| other.doc < posting.doc).is_some() {}
            let Some(other) = postings.peek().copied().filter(|other| other.doc == posting.doc) else {
                continue 'entries;
            };
            let places: Vec<u32> = other.places().collect();
            starts.retain(|start| places.binary_search(&(start + distance)).is_ok());
            if starts.is_empty() {
                continue 'entries;
            }
            weight += weighed(segment, &other, 0, 100).map_or(0, |(_, weight)| weight);
        }
        found.extend(weighed(segment, &posting, 0, 100).map(|(doc, own)| (doc, own + weight)));
    }
    found
}

/// Brings lists together; an entry that is in several has the greatest weight.
fn merged(mut all: Lists, others: &[Lists]) -> Lists {
    for (at, list) in all.iter_mut().enumerate() {
        let own = list.len();
        let more = others.iter().filter_map(|lists| lists.get(at));
        more.for_each(|more| list.extend_from_slice(more));
        if list.len() > own {
            // All parts are in order, of which this sort makes use.
            list.sort_by_key(|(doc, weight)| (*doc, std::cmp::Reverse(*weight)));
            list.dedup_by_key(|(doc, _)| *doc);
        }
    }
    all
}
