//! Where a word stands: for each entry that has it a few bytes, one after the other.
//!
//! A posting is the distance from the number of the entry before, a byte with the mark of the title and the number of
//! places, a byte with the forms, and the distances between the places. Distances have seven bits a byte, the lowest
//! first.

use super::words::Word;

/// Places of one word in one entry that are kept, the first ones.
const PLACES_MAX: usize = 16;
const IN_TITLE: u8 = 0x80;

/// One entry that has a word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Posting<'a> {
    /// The number of the entry in its segment.
    pub(super) doc: u32,
    pub(super) in_title: bool,
    /// How often, as far as it is counted.
    pub(super) count: u8,
    /// The bits of the forms in which it is written.
    pub(super) forms: u8,
    places: &'a [u8],
}

/// Those of one word, in the order of their numbers.
pub(super) struct Postings<'a> {
    rest: &'a [u8],
    doc: u32,
}

impl<'a> Postings<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, doc: 0 }
    }
}

impl<'a> Iterator for Postings<'a> {
    type Item = Posting<'a>;

    fn next(&mut self) -> Option<Posting<'a>> {
        let step = take(&mut self.rest)?;
        let ([head, forms], after) = self.rest.split_first_chunk()?;
        let count = head & !IN_TITLE;
        // The last byte of each distance has no high bit.
        let mut left = count;
        let mut length = 0;
        while left > 0 {
            left -= u8::from(*after.get(length)? < 0x80);
            length += 1;
        }
        let (places, rest) = after.split_at_checked(length)?;
        self.rest = rest;
        self.doc += step;
        Some(Posting { doc: self.doc, in_title: head & IN_TITLE != 0, count, forms: *forms, places })
    }
}

impl<'a> Posting<'a> {
    /// Where it stands, the first place first.
    pub(super) fn places(self) -> impl Iterator<Item = u32> + use<'a> {
        let (mut rest, mut place) = (self.places, 0);
        std::iter::from_fn(move || {
            place += take(&mut rest)?;
            Some(place)
        })
    }
}

/// Appends the posting of an entry that is `step` behind the one before. `words` are all with this term, in order.
pub(super) fn write(bytes: &mut Vec<u8>, step: u32, words: &[Word<'_>]) {
    put(bytes, step);
    let kept = words.get(..PLACES_MAX.min(words.len())).unwrap_or_default();
    let in_title = if kept.iter().any(|word| word.in_title) { IN_TITLE } else { 0 };
    bytes.push(in_title | u8::try_from(kept.len()).unwrap_or_default());
    bytes.push(words.iter().fold(0, |forms, word| forms | word.form));
    let mut before = 0;
    for word in kept {
        put(bytes, u32::from(word.place - before));
        before = word.place;
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u32) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return bytes.push(low & 0x7F);
        }
        bytes.push(low | 0x80);
    }
}

fn take(rest: &mut &[u8]) -> Option<u32> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u32::from(byte & 0x7F).checked_shl(shift)?;
        shift += 7;
        if *byte < 0x80 {
            return Some(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_back() {
        let word = |place, in_title| Word { term: "x", form: if in_title { 1 } else { 4 }, place, in_title };
        let mut bytes = vec![];
        write(&mut bytes, 0, &[word(0, true), word(7, false), word(400, false)]);
        write(&mut bytes, 16_000, &(0..40).map(|place| word(place * 300, false)).collect::<Vec<_>>());
        let found: Vec<_> = Postings::new(&bytes).collect();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].doc, found[0].in_title, found[0].count, found[0].forms), (0, true, 3, 5));
        assert_eq!(found[0].places().collect::<Vec<_>>(), [0, 7, 400]);
        assert_eq!((found[1].doc, found[1].in_title, found[1].count), (16_000, false, 16));
        assert_eq!(found[1].places().last(), Some(15 * 300));
        // What breaks off ends there.
        for end in 0..bytes.len() {
            assert!(Postings::new(&bytes[..end]).count() < 2);
        }
    }
}
