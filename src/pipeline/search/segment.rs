//! A part of the index: some thousand entries with the words that they have. One part grows, the others are sealed
//! and only lose entries.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::aside::Aside;
use super::posting;
use super::words::Word;
use crate::model::EntryKey;

/// Terms that one beginning stands for, in one segment.
const PREFIXED_MAX: usize = 200;

/// An entry in the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doc {
    pub(super) key: EntryKey,
    pub(super) story: EntryKey,
    /// The number of its source.
    pub(super) source: u32,
    /// What its length counts for.
    pub(super) length: u16,
    /// Whether it is there no more.
    pub(super) is_dead: bool,
}

#[derive(Debug, Default)]
pub(super) struct Segment {
    pub(super) docs: Vec<Doc>,
    pub(super) alive: usize,
    terms: Terms,
    /// Bytes that its postings and terms take, nearly.
    bytes: usize,
}

#[derive(Debug)]
enum Terms {
    Growing(HashMap<Box<str>, Posts>),
    /// Terms in their order, one after the other; for each where it ends and where its postings do.
    Sealed {
        text: Box<str>,
        ends: Box<[(u32, u32)]>,
        postings: Postings,
    },
}

impl Default for Terms {
    fn default() -> Self {
        Self::Growing(HashMap::new())
    }
}

/// The postings of all terms, one after the other.
#[derive(Debug)]
enum Postings {
    Here(Box<[u8]>),
    /// With the length.
    Aside(Box<dyn Aside>, usize),
}

impl Postings {
    fn len(&self) -> usize {
        match self {
            Self::Here(bytes) => bytes.len(),
            Self::Aside(_, length) => *length,
        }
    }

    /// Nothing where they cannot be read.
    fn get(&self, range: Range<usize>) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Here(bytes) => bytes.get(range).map(Cow::Borrowed),
            Self::Aside(aside, _) => aside.read(range).map(Cow::Owned),
        }
    }
}

/// The postings of a term while they grow.
#[derive(Debug, Default)]
struct Posts {
    last: u32,
    bytes: Vec<u8>,
}

impl Segment {
    /// What a term of its own costs while a segment grows, beside its letters.
    const TERM_BYTES: usize = 96;

    /// Takes in an entry; says its number. Sealed ones take none.
    pub(super) fn push(&mut self, doc: Doc, mut words: Vec<Word<'_>>) -> u32 {
        let number = u32::try_from(self.docs.len()).unwrap_or(u32::MAX);
        self.docs.push(doc);
        self.alive += 1;
        self.bytes += size_of::<Doc>();
        let Terms::Growing(terms) = &mut self.terms else { return number };
        words.sort_unstable_by_key(|word| (word.term, word.place));
        for of_term in words.chunk_by(|one, other| one.term == other.term) {
            let Some(Word { term, .. }) = of_term.first() else { continue };
            if !terms.contains_key(*term) {
                terms.insert(Box::from(*term), Posts::default());
                self.bytes += term.len() + Self::TERM_BYTES;
            }
            let Some(posts) = terms.get_mut(*term) else { continue };
            let before = posts.bytes.len();
            posting::write(&mut posts.bytes, number - posts.last, of_term);
            posts.last = number;
            self.bytes += posts.bytes.len() - before;
        }
        number
    }

    /// The same in its lasting form.
    pub(super) fn sealed(&self) -> Self {
        let Terms::Growing(terms) = &self.terms else { return Self::default() };
        let mut sorted: Vec<(&str, &[u8])> =
            terms.iter().map(|(term, posts)| (&**term, &*posts.bytes)).collect();
        sorted.sort_unstable();
        let mut text = String::with_capacity(sorted.iter().map(|(term, _)| term.len()).sum());
        let mut postings = Vec::with_capacity(sorted.iter().map(|(_, posts)| posts.len()).sum());
        let mut ends = Vec::with_capacity(sorted.len());
        let end = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        for (term, posts) in sorted {
            text.push_str(term);
            postings.extend_from_slice(posts);
            ends.push((end(text.len()), end(postings.len())));
        }
        let bytes = self.docs.len() * size_of::<Doc>()
            + text.len()
            + postings.len()
            + ends.len() * size_of::<(u32, u32)>();
        let postings = Postings::Here(postings.into());
        let terms = Terms::Sealed { text: text.into(), ends: ends.into(), postings };
        Self { docs: self.docs.clone(), alive: self.alive, terms, bytes }
    }

    /// Hands the postings of a sealed one to whoever keeps them outside memory; where that is nobody, they stay.
    pub(super) fn set_aside(&mut self, keep: impl FnOnce(&[u8]) -> Option<Box<dyn Aside>>) {
        let Terms::Sealed { postings, .. } = &mut self.terms else { return };
        let Postings::Here(bytes) = postings else { return };
        let length = bytes.len();
        if let Some(aside) = keep(bytes) {
            *postings = Postings::Aside(aside, length);
            self.bytes -= length;
        }
    }

    /// Bytes of postings that are kept outside memory.
    pub(super) fn aside_bytes(&self) -> usize {
        match &self.terms {
            Terms::Sealed { postings: postings @ Postings::Aside(..), .. } => postings.len(),
            _ => 0,
        }
    }

    /// Takes an entry out.
    pub(super) fn kill(&mut self, number: u32) {
        let doc = self.docs.get_mut(number as usize).filter(|doc| !doc.is_dead);
        if let Some(doc) = doc {
            doc.is_dead = true;
            self.alive -= 1;
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Who has a term: for [`posting::Postings`].
    pub(super) fn postings(&self, term: &str) -> Cow<'_, [u8]> {
        let bytes = match &self.terms {
            Terms::Growing(terms) => terms.get(term).map(|posts| Cow::Borrowed(&*posts.bytes)),
            Terms::Sealed { .. } => {
                let at = self.lower_bound(term);
                self.sealed_term(at).filter(|found| *found == term).and_then(|_| self.sealed_postings(at))
            }
        };
        bytes.unwrap_or_default()
    }

    /// The terms that begin so, in their order, as far as they are looked at.
    pub(super) fn terms_from(&self, prefix: &str) -> Vec<&str> {
        let is_so = |term: &&str| term.starts_with(prefix);
        let mut found: Vec<&str> = match &self.terms {
            Terms::Growing(terms) => terms.keys().map(|term| &**term).filter(is_so).collect(),
            Terms::Sealed { .. } => {
                let first = self.lower_bound(prefix);
                (first..).map_while(|at| self.sealed_term(at)).take_while(is_so).take(PREFIXED_MAX).collect()
            }
        };
        found.sort_unstable();
        found.truncate(PREFIXED_MAX);
        found
    }

    /// Where the first sealed term is that is not before `term`.
    fn lower_bound(&self, term: &str) -> usize {
        let Terms::Sealed { ends, .. } = &self.terms else { return 0 };
        let (mut low, mut high) = (0, ends.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.sealed_term(middle).is_some_and(|found| found < term) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn sealed_term(&self, at: usize) -> Option<&str> {
        let Terms::Sealed { text, ends, .. } = &self.terms else { return None };
        let start = at.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |(end, _)| *end);
        text.get(start as usize..ends.get(at)?.0 as usize)
    }

    fn sealed_postings(&self, at: usize) -> Option<Cow<'_, [u8]>> {
        let Terms::Sealed { ends, postings, .. } = &self.terms else { return None };
        let start = at.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |(_, end)| *end);
        postings.get(start as usize..ends.get(at)?.1 as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    #[derive(Debug)]
    struct Elsewhere(Vec<u8>);

    impl Aside for Elsewhere {
        fn read(&self, range: Range<usize>) -> Option<Vec<u8>> {
            self.0.get(range).map(<[u8]>::to_vec)
        }
    }

    #[test]
    fn a_segment_says_the_same_in_each_form() {
        let mut growing = Segment::default();
        let texts = ["\u{643}\u{62a}\u{627}\u{628} a b", "b c b", "c", "a \u{643}\u{62a}\u{627}\u{628}"];
        for (at, text) in (0..).zip(texts) {
            let key = EntryKey::new(chrono::DateTime::UNIX_EPOCH, Digest([at; 16]));
            let words = (0..).zip(text.split(' '));
            let words = words.map(|(place, term)| Word { term, form: 1, place, in_title: place == 0 });
            growing.push(Doc { key, story: key, source: 0, length: 3, is_dead: false }, words.collect());
        }
        let (sealed, mut aside) = (growing.sealed(), growing.sealed());
        aside.set_aside(|bytes| Some(Box::new(Elsewhere(bytes.to_vec()))));
        assert_eq!(sealed.bytes(), aside.bytes() + aside.aside_bytes());
        assert!(aside.aside_bytes() > 0 && sealed.aside_bytes() == 0);
        for term in ["\u{643}\u{62a}\u{627}\u{628}", "a", "b", "c", "d", ""] {
            let expected = growing.postings(term);
            assert_eq!((&expected, &expected), (&sealed.postings(term), &aside.postings(term)), "{term}");
        }
        // What cannot be read any more is nowhere.
        let mut lost = growing.sealed();
        lost.set_aside(|_| Some(Box::new(Elsewhere(vec![]))));
        assert!(lost.postings("a").is_empty());
    }
}
