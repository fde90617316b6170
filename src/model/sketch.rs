//! What is kept at hand of an entry so that other coverage of its event, and what is related to it, can be found
//! without reading the store.

use super::{EntryKey, SourceId, Timestamp};

/// An entry in the index of stories.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    /// The entry.
    pub key: EntryKey,
    /// The story that it belongs to.
    pub story: EntryKey,
    /// Who carries it.
    pub source: SourceId,
    /// When nashra first saw it, in whole seconds.
    pub first_seen: Timestamp,
    /// What it is compared by.
    pub features: Features,
}

/// What an entry is compared by: hashes only; `pipeline::story` makes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// The terms, the topics, the bands, one after the other.
    hashes: Box<[u32]>,
    terms: u8,
    topics: u8,
}

impl Features {
    /// Terms that are kept of one title.
    pub const TERMS_MAX: usize = 24;
    /// Topics that are kept of one text.
    pub const TOPICS_MAX: usize = 8;
    /// Bands that are kept of one text.
    pub const BANDS_MAX: usize = 6;
    /// The longest that [`Features::to_bytes`] writes.
    pub const BYTES_MAX: usize = 3 + 4 * (Self::TERMS_MAX + Self::TOPICS_MAX + Self::BANDS_MAX);

    /// Takes what fits of each.
    pub fn new(terms: &[u32], topics: &[u32], bands: &[u32]) -> Self {
        let first = |hashes: &[u32], max: usize| hashes.len().min(max);
        let (terms_count, topics_count) = (first(terms, Self::TERMS_MAX), first(topics, Self::TOPICS_MAX));
        let bands_count = first(bands, Self::BANDS_MAX);
        let mut hashes = Vec::with_capacity(terms_count + topics_count + bands_count);
        for (of_kind, count) in [(terms, terms_count), (topics, topics_count), (bands, bands_count)] {
            hashes.extend(of_kind.iter().take(count));
        }
        let count = |count: usize| u8::try_from(count).unwrap_or_default();
        Self { terms: count(terms_count), topics: count(topics_count), hashes: hashes.into() }
    }

    /// The stems of its title's words, in their order.
    pub fn terms(&self) -> &[u32] {
        self.hashes.get(..self.terms.into()).unwrap_or_default()
    }

    /// Terms and topics, one after the other.
    pub fn words(&self) -> &[u32] {
        self.hashes.get(..usize::from(self.terms) + usize::from(self.topics)).unwrap_or_default()
    }

    /// Its categories, and the stems of the beginning of its text that its title has not.
    pub fn topics(&self) -> &[u32] {
        let start = usize::from(self.terms);
        self.hashes.get(start..start + usize::from(self.topics)).unwrap_or_default()
    }

    /// What two texts that begin nearly alike have in common at least one of.
    pub fn bands(&self) -> &[u32] {
        self.hashes.get(usize::from(self.terms) + usize::from(self.topics)..).unwrap_or_default()
    }

    /// Appends at most [`Features::BYTES_MAX`] bytes that [`Features::from_bytes`] understands: three counts, then
    /// every hash in four bytes, big-endian.
    pub fn to_bytes(&self, out: &mut Vec<u8>) {
        out.reserve(3 + 4 * self.hashes.len());
        let counts = [self.terms().len(), self.topics().len(), self.bands().len()];
        out.extend(counts.iter().map(|count| u8::try_from(*count).unwrap_or_default()));
        out.extend(self.hashes.iter().flat_map(|hash| hash.to_be_bytes()));
    }

    /// Reads what [`Features::to_bytes`] wrote, and returns what follows it; `None` where it is something else.
    pub fn from_bytes(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let ([terms, topics, bands], rest) = bytes.split_first_chunk::<3>()?;
        let fits = usize::from(*terms) <= Self::TERMS_MAX
            && usize::from(*topics) <= Self::TOPICS_MAX
            && usize::from(*bands) <= Self::BANDS_MAX;
        let count = usize::from(*terms) + usize::from(*topics) + usize::from(*bands);
        let (hashes, rest) = rest.split_at_checked(4 * count).filter(|_| fits)?;
        let hashes = hashes.as_chunks::<4>().0.iter().map(|hash| u32::from_be_bytes(*hash)).collect();
        Some((Self { hashes, terms: *terms, topics: *topics }, rest))
    }
}

/// A stored entry that may be about the same event as a listed one, as the index has it; the texts decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The stored entry.
    pub key: EntryKey,
    /// How alike the two are by their hashes, 0 to 100.
    pub score_percent: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_back() {
        let many: Vec<u32> = (0..99).map(|n| n * 0x0101_0107).collect();
        for (terms, topics, bands) in
            [(0, 0, 0), (3, 0, 6), (0, 8, 0), (Features::TERMS_MAX, 8, 6), (99, 99, 99)]
        {
            let features = Features::new(&many[..terms], &many[..topics], &many[..bands]);
            let mut bytes = vec![];
            features.to_bytes(&mut bytes);
            assert!(bytes.len() <= Features::BYTES_MAX);
            for end in 0..bytes.len() {
                assert_eq!(Features::from_bytes(&bytes[..end]), None);
            }
            bytes.extend(b"rest");
            assert_eq!(Features::from_bytes(&bytes), Some((features, b"rest".as_slice())));
        }
        assert_eq!(Features::from_bytes(&[200, 0, 0]), None);
    }
}
