//! A document ready to be sent: its bytes in every coding, what they are called, and how long they are good for.

use std::any::Any;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::{Coding, Digest, History, Named, Timestamp};

/// Shorter documents gain nothing worth a decoder: their heads are as long.
const PACKED_BYTES_MIN: usize = 1024;

/// A document ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// With charset.
    pub content_type: &'static str,
    /// The bytes as they are.
    pub identity: Bytes,
    /// The hash of `identity`. The strong entity tags of all codings are made of it: see [`Coding::etag`].
    pub version: Digest,
    /// The same bytes in the other codings.
    pub packed: Packed,
    /// The newest change in it; `None` where there is none yet.
    pub last_modified: Option<Timestamp>,
    /// How long a copy of it is good.
    pub lifetime: Lifetime,
    /// What it was made from; a document is only rendered again when this changes.
    pub fingerprint: Digest,
    /// Where its entries stand in `identity`; `None` where it has none, or is no feed.
    pub pieces: Option<Pieces>,
    /// The value of its header `Link`, where it has one: whoever wants to be told of its changes finds out here.
    pub links: Option<Arc<str>>,
    /// What its former versions held; `None` where nobody is told of changes alone.
    pub history: Option<Arc<History>>,
    /// What a door keeps with it.
    pub kept: Kept,
}

impl Document {
    /// The bytes in a coding. They are made now where nobody has made them yet, which takes about 30 ms a megabyte
    /// and is done once. `None` where the encoder fails.
    pub fn body(&self, coding: Coding) -> Option<&Bytes> {
        let Some(slot) = self.packed.slot(coding) else { return Some(&self.identity) };
        slot.get_or_init(|| self.pack(coding, &self.identity).map(Bytes::from)).as_ref()
    }

    /// Any bytes in a coding, by the encoder of this document.
    pub fn pack(&self, coding: Coding, bytes: &[u8]) -> Option<Vec<u8>> {
        (self.packed.encoder)(coding, bytes)
    }

    /// Whether the bytes in a coding are there already.
    pub fn is_ready(&self, coding: Coding) -> bool {
        self.packed.slot(coding).is_none_or(|slot| slot.get().is_some_and(Option::is_some))
    }

    /// Whether readers are better off with other codings than with the bytes as they are.
    pub fn is_worth_packing(&self) -> bool {
        self.identity.len() >= PACKED_BYTES_MIN && !self.content_type.starts_with("image/")
    }

    /// The document without the entries that are `known`; `None` where it has no entries at all.
    pub fn without(&self, known: &HashSet<Digest>) -> Option<Vec<u8>> {
        let pieces = self.pieces.as_ref()?;
        let (first, last) = (pieces.list.first()?, pieces.list.last()?);
        let (head, tail) = (self.identity.get(..first.range.start)?, self.identity.get(last.range.end..)?);
        let news = || pieces.list.iter().filter(|piece| !known.contains(&piece.digest));
        let bytes: usize = news().map(|piece| piece.range.len() + pieces.separator.len()).sum();
        let mut out = Vec::with_capacity(head.len() + bytes + tail.len());
        out.extend_from_slice(head);
        for (index, piece) in news().enumerate() {
            if index > 0 {
                out.extend_from_slice(pieces.separator.as_bytes());
            }
            out.extend_from_slice(self.identity.get(piece.range.clone())?);
        }
        out.extend_from_slice(tail);
        Some(out)
    }
}

/// Where the entries of a feed stand in its bytes. What is before the first and behind the last is the same however
/// many of them are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// What stands between two of them.
    pub separator: &'static str,
    /// They, in the order of the document; never empty.
    pub list: Vec<Piece>,
}

/// One entry of a document, or one notice that there is none any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The hash of its bytes: equal means that readers have it already.
    pub digest: Digest,
    /// Where it stands in the document.
    pub range: Range<usize>,
    /// What it tells; `None` where nobody is to be told of it, as of what came with the first fetch of a source.
    pub news: Option<News>,
    /// The entries that its text names, its own first; empty where it names none, as a notice that one is gone.
    pub names: Arc<[Named]>,
}

/// What an entry has to tell those who are told of news. It stays the same while only other stories around the entry
/// change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// Which entry.
    pub entry: Digest,
    /// Which version of it.
    pub version: Digest,
    /// Since when; `None` where it is news whenever it appears, as in what is read most.
    pub at: Option<Timestamp>,
}

/// How long a copy of a document is good, in seconds. None is good for ever: the admin may hide what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime(pub u32);

/// Turns bytes into those of a coding; `None` where that fails.
pub type Encoder = fn(Coding, &[u8]) -> Option<Vec<u8>>;

/// The bytes of a document in every coding but identity, each made once: in advance, or when it is first needed.
#[derive(Clone)]
pub struct Packed {
    encoder: Encoder,
    ready: [OnceLock<Option<Bytes>>; 3],
}

impl Packed {
    /// Nothing yet; `encoder` will make it. The same bytes must always give the same bytes.
    pub fn by(encoder: Encoder) -> Self {
        Self { encoder, ready: Default::default() }
    }

    fn slot(&self, coding: Coding) -> Option<&OnceLock<Option<Bytes>>> {
        let [br, zstd, gzip] = &self.ready;
        match coding {
            Coding::Br => Some(br),
            Coding::Zstd => Some(zstd),
            Coding::Gzip => Some(gzip),
            Coding::Identity => None,
        }
    }
}

/// What is packed follows from what it is made from, so two of one document are equal, ready or not.
impl PartialEq for Packed {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Packed {}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ready.iter().map(|slot| slot.get().is_some())).finish()
    }
}

/// What a door made from a document and keeps with it, so that it need not make it for every request. It belongs to
/// this very document: a copy, which may be changed, starts without.
#[derive(Default)]
pub struct Kept(OnceLock<Box<dyn Any + Send + Sync>>);

impl Kept {
    /// What is kept, made now where there is nothing yet; `None` where something of another type is kept.
    pub fn get_or_make<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.0.get_or_init(|| Box::new(make())).downcast_ref()
    }
}

impl Clone for Kept {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Kept {}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}
