//! Names and keys: which source, which section, which entry.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// The key of a `[sources.ID]` table: `[a-z0-9][a-z0-9-]*`, checked by `config`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(pub String);

/// The key of a `[sections.ID]` table, which is also its address: `/ID.rss`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SectionId(pub String);

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for SectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first 16 bytes of a BLAKE3 hash: enough that no two inputs meet by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(#[serde(with = "hex16")] pub [u8; 16]);

impl Digest {
    /// Hashes the parts with their lengths, so that `("ab", "c")` and `("a", "bc")` differ.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Hashing::default().with(parts)
    }
}

/// A [`Digest`] of which the first parts are hashed: several may begin alike.
#[derive(Clone, Debug, Default)]
pub struct Hashing(blake3::Hasher);

impl Hashing {
    /// Begins with these parts.
    pub fn begun<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hashing = Self::default();
        hashing.add(parts);
        hashing
    }

    /// The digest of the parts that it began with and these.
    pub fn with<'a>(mut self, parts: impl IntoIterator<Item = &'a [u8]>) -> Digest {
        self.add(parts);
        let mut bytes = [0; 16];
        self.0.finalize_xof().fill(&mut bytes);
        Digest(bytes)
    }

    fn add<'a>(&mut self, parts: impl IntoIterator<Item = &'a [u8]>) {
        for part in parts {
            self.0.update(&(part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

/// Where an entry lives in the store, and its `/item/ID` address.
///
/// Eight bytes of publication time (big-endian, so keys sort by time) and eight of the hash of
/// (source, identity). It never changes, because neither part does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryKey(#[serde(with = "hex16")] pub [u8; 16]);

impl EntryKey {
    /// Builds the key of an entry that was `published` then and is known by `identity`.
    pub fn new(published: Timestamp, identity: Digest) -> Self {
        let mut bytes = [0; 16];
        // The flipped sign bit keeps dates before 1970 in order as unsigned bytes.
        let millis = published.timestamp_millis() ^ i64::MIN;
        bytes[..8].copy_from_slice(&millis.to_be_bytes());
        bytes[8..].copy_from_slice(&identity.0[..8]);
        Self(bytes)
    }

    /// The publication time that it was built from.
    pub fn published(self) -> Timestamp {
        Timestamp::from_timestamp_millis(self.published_millis()).unwrap_or_default()
    }

    /// The same in milliseconds since 1970.
    pub fn published_millis(self) -> i64 {
        let (millis, _) = self.0.split_at(8);
        millis.try_into().map_or(0, i64::from_be_bytes) ^ i64::MIN
    }

    /// Whether it was built from this identity: true of an entry that retention removed, too.
    pub fn is_of(self, identity: Digest) -> bool {
        self.0[8..] == identity.0[..8]
    }
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl FromStr for EntryKey {
    type Err = ();

    /// Reads the 32 lower-case hexadecimal digits that `Display` writes.
    fn from_str(text: &str) -> Result<Self, ()> {
        hex16::parse(text).map(Self).ok_or(())
    }
}

/// What an [`IdentityKey`] was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum KeyKind {
    /// The guid or `atom:id`, within one source.
    Guid = b'g',
    /// The canonical link, within one source.
    Link = b'l',
    /// The hash of title and content, within one source.
    Content = b'c',
    /// The folded title with the date, or else with the path of the page, within one source: finds an entry
    /// again whose guid and link both changed.
    Dated = b'd',
    /// The folded title, within one source: leads to the newest entry that bears it.
    Title = b'n',
    /// A published id, over all sources.
    Published = b'p',
    /// The canonical link, over all sources: one of the ways to find a story.
    StoryLink = b's',
    /// The folded title, over all sources: the other way.
    StoryTitle = b't',
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Guid,
        Self::Link,
        Self::Content,
        Self::Dated,
        Self::Title,
        Self::Published,
        Self::StoryLink,
        Self::StoryTitle,
    ];
}

/// A key under which an entry can be found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IdentityKey {
    /// What was hashed.
    pub kind: KeyKind,
    /// The hash.
    pub digest: Digest,
}

impl IdentityKey {
    /// The key of `parts`, hashed.
    pub fn new<'a>(kind: KeyKind, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self { kind, digest: Digest::of(parts) }
    }

    /// The 17 bytes under which the store keeps it.
    pub fn to_bytes(self) -> [u8; 17] {
        let mut bytes = [0; 17];
        bytes[0] = self.kind as u8;
        bytes[1..].copy_from_slice(&self.digest.0);
        bytes
    }
}

fn write_hex(bytes: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut text = String::with_capacity(32);
    text.extend(halves.filter_map(|half| DIGITS.get(usize::from(half))));
    f.write_str(&text)
}

/// Sixteen bytes as 32 hexadecimal digits.
mod hex16 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 16], to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&super::Digest(*bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 16], D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        parse(&text).ok_or_else(|| D::Error::custom("expected 32 hexadecimal digits"))
    }

    pub(super) fn parse(text: &str) -> Option<[u8; 16]> {
        let digits = text.as_bytes();
        if digits.len() != 32 || digits.iter().any(|d| !matches!(d, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        let value = u128::from_str_radix(text, 16).ok()?;
        Some(value.to_be_bytes())
    }
}
