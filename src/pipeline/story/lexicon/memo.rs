//! The words that were read last: news say the same few thousand again and again.

use std::cell::RefCell;

use super::{Meaning, Read};

/// Words that a thread remembers, in 100 kilobytes; a power of two.
const WORDS: usize = 2048;
/// Longer words are read anew each time.
const WORD_BYTES_MAX: usize = 24;

/// A word, filled up with zeros, which no folded word holds.
type Key = [u64; 3];

/// What was read: where in the word it is, for it is always a part of it.
#[derive(Clone, Copy)]
struct Kept {
    word: Key,
    bare_from: u8,
    stem_bytes: u8,
    meaning: Option<Meaning>,
}

thread_local! {
    static KEPT: RefCell<Vec<Kept>> = const { RefCell::new(vec![]) };
}

/// What `read_anew` makes of a word, if need be.
pub(super) fn read<'a>(word: &'a str, read_anew: impl FnOnce(&'a str) -> Read<'a>) -> Read<'a> {
    let Some(key) = key(word) else { return read_anew(word) };
    let at = place(key);
    KEPT.with_borrow_mut(|all| {
        if all.is_empty() {
            all.resize(WORDS, Kept { word: [0; 3], bare_from: 0, stem_bytes: 0, meaning: None });
        }
        if let Some(known) = all.get(at).filter(|kept| kept.word == key).and_then(|kept| kept.of(word)) {
            return known;
        }
        let read = read_anew(word);
        if let (Some(kept), Some(place)) = (Kept::new(key, word, read), all.get_mut(at)) {
            *place = kept;
        }
        read
    })
}

impl Kept {
    fn new(key: Key, word: &str, read: Read<'_>) -> Option<Self> {
        let bare_from = word.len().checked_sub(read.bare.len())?;
        let kept = Self {
            word: key,
            bare_from: u8::try_from(bare_from).ok()?,
            stem_bytes: u8::try_from(read.stem.len()).ok()?,
            meaning: read.meaning,
        };
        let is_same = kept.of(word).is_some_and(|kept| kept.bare == read.bare && kept.stem == read.stem);
        is_same.then_some(kept)
    }

    fn of<'a>(&self, word: &'a str) -> Option<Read<'a>> {
        let bare = word.get(self.bare_from.into()..)?;
        Some(Read { bare, stem: bare.get(..self.stem_bytes.into())?, meaning: self.meaning })
    }
}

fn key(word: &str) -> Option<Key> {
    let mut bytes = [0; WORD_BYTES_MAX];
    bytes.get_mut(..word.len()).filter(|_| !word.is_empty())?.copy_from_slice(word.as_bytes());
    let mut key = [0; 3];
    for (part, bytes) in key.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *part = u64::from_le_bytes(*bytes);
    }
    Some(key)
}

fn place([one, two, three]: Key) -> usize {
    let mixed = (one ^ two.rotate_left(23) ^ three.rotate_left(41)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(mixed >> 40).unwrap_or_default() % WORDS
}

#[cfg(test)]
mod tests {
    use super::super::lexicon;

    #[test]
    fn what_is_remembered_is_what_was_read() {
        let words = "وبمراكش للمغربيين الحكومه اسبانيا ministers arrested cities paris 2026 وزير w 東京 \
            unconstitutionally antidisestablishmentarianism والمستشفيات";
        for word in words.split_whitespace().cycle().take(60) {
            let (kept, anew) = (lexicon().read(word), lexicon().read_anew(word));
            assert_eq!((kept.bare, kept.stem, kept.meaning), (anew.bare, anew.stem, anew.meaning), "{word}");
        }
    }
}
