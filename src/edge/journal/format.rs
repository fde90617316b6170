//! How it is written. Numbers are big-endian, checksums are CRC-32.
//!
//! A segment begins with its title: a line with the version, a letter that says whether its records follow those of the
//! segment before, eight random bytes, and a checksum of all this.
//!
//! A record: the mark of its segment, which is four bytes that are always the same and the eight random ones of the
//! title; the length of its body in four bytes; its place in eight; the checksum of the body, and the checksum of all
//! that is before it. Then the body. Nobody outside knows the random bytes: nothing that a feed says can be taken for a
//! record, also not where damage is skipped or the file system shows what another file left behind.
//!
//! The body: how many trees; for each its name behind its length, and how many rows; for each row its name behind its
//! length, and its value behind its length, which is the largest number where the row is removed.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};
use std::io;

use super::changes::{Changes, Record, Rows};

/// The mark, the length, the place and two checksums.
pub(super) const HEAD_BYTES: usize = 32;
/// A body of more bytes is refused: it would be no commit of ours.
pub(super) const BODY_BYTES_MAX: usize = 256 << 20;
/// What every mark begins with.
pub(super) const SIGN: [u8; 4] = *b"\xabnr1";
/// What every record of a segment begins with.
pub(super) type Mark = [u8; 12];
const REMOVED: u32 = u32::MAX;

const TITLE_TEXT: &[u8; 17] = b"nashra journal 1\n";
/// Where the version is in it.
const VERSION_AT: usize = 15;
pub(super) const TITLE_BYTES: usize = TITLE_TEXT.len() + 1 + 8 + 4;
const FOLLOWS: u8 = b'f';
const ANEW: u8 = b'a';

/// What is at the beginning of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Title {
    /// A title of this version.
    Ours { mark: Mark, is_anew: bool },
    /// One of another version, unharmed.
    Foreign,
    /// Something else.
    Damaged,
}

impl Title {
    /// The title of a segment that is to be begun.
    pub(super) fn of_new(is_anew: bool) -> (Mark, Vec<u8>) {
        // Keyed by the system's random numbers.
        let random = RandomState::new().hash_one(0_u8).to_be_bytes();
        let mut title = TITLE_TEXT.to_vec();
        title.push(if is_anew { ANEW } else { FOLLOWS });
        title.extend(random);
        title.extend(crc32fast::hash(&title).to_be_bytes());
        (mark(random), title)
    }

    /// What these bytes begin with.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let parts = || {
            let (said, rest) = bytes.split_at_checked(TITLE_BYTES - 4)?;
            let is_whole = rest.first_chunk()? == &crc32fast::hash(said).to_be_bytes();
            let (text, rest) = said.split_first_chunk::<{ TITLE_TEXT.len() }>()?;
            let (letter, random) = rest.split_first()?;
            is_whole.then_some((text, *letter, random.first_chunk().copied()?))
        };
        let Some((text, letter, random)) = parts() else { return Self::Damaged };
        match (text == TITLE_TEXT, letter) {
            (true, FOLLOWS | ANEW) => Self::Ours { mark: mark(random), is_anew: letter == ANEW },
            _ if text[..VERSION_AT] == TITLE_TEXT[..VERSION_AT] => Self::Foreign,
            _ => Self::Damaged,
        }
    }
}

fn mark(random: [u8; 8]) -> Mark {
    let mut mark = [0; 12];
    let (sign, rest) = mark.split_at_mut(SIGN.len());
    sign.copy_from_slice(&SIGN);
    rest.copy_from_slice(&random);
    mark
}

/// A commit as the bytes of a record that has no place yet.
#[derive(Debug)]
pub struct Encoded(pub(super) Vec<u8>);

impl Encoded {
    /// Fails where a part of it is longer than its length can say.
    pub fn of(changes: &Changes) -> io::Result<Self> {
        let size = |(tree, rows): &(Cow<'static, str>, Rows)| tree.len() + 8 + rows.bytes();
        let mut out = Vec::with_capacity(HEAD_BYTES + 4 + changes.0.iter().map(size).sum::<usize>());
        out.resize(HEAD_BYTES, 0);
        count(&mut out, changes.0.len())?;
        for (tree, rows) in &changes.0 {
            bytes(&mut out, tree.as_bytes())?;
            count(&mut out, rows.0.len())?;
            for (name, value) in &rows.0 {
                bytes(&mut out, name)?;
                match value {
                    Some(value) => bytes(&mut out, value)?,
                    None => out.extend(REMOVED.to_be_bytes()),
                }
            }
        }
        let (head, body) = out.split_at_mut(HEAD_BYTES);
        if body.len() > BODY_BYTES_MAX {
            return Err(too_large());
        }
        let length = u32::try_from(body.len()).map_err(io::Error::other)?;
        head[12..16].copy_from_slice(&length.to_be_bytes());
        head[24..28].copy_from_slice(&crc32fast::hash(body).to_be_bytes());
        Ok(Self(out))
    }

    /// Gives it its place in a segment.
    pub(super) fn seal(&mut self, mark: Mark, place: u64) {
        let Some(head) = self.0.first_chunk_mut::<HEAD_BYTES>() else { return };
        head[..12].copy_from_slice(&mark);
        head[16..24].copy_from_slice(&place.to_be_bytes());
        let sum = crc32fast::hash(&head[..28]);
        head[28..].copy_from_slice(&sum.to_be_bytes());
    }
}

/// What the head of a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) mark: Mark,
    pub(super) place: u64,
    pub(super) body_bytes: usize,
    sum: u32,
}

impl Head {
    /// `None` where it is none, or damaged.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (said, rest) = bytes.split_first_chunk::<28>()?;
        if rest.first_chunk()? != &crc32fast::hash(said).to_be_bytes() || !said.starts_with(&SIGN) {
            return None;
        }
        let (mark, rest) = said.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (place, sum) = rest.split_first_chunk()?;
        let body_bytes = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (place, sum) = (u64::from_be_bytes(*place), u32::from_be_bytes(*sum.first_chunk()?));
        (body_bytes <= BODY_BYTES_MAX).then_some(Self { mark: *mark, place, body_bytes, sum })
    }

    /// Whether this is the body.
    pub(super) fn fits(&self, body: &[u8]) -> bool {
        crc32fast::hash(body) == self.sum
    }
}

/// What a body says; `None` where it has another form than this version writes.
pub(super) fn changes(sequence: u64, mut body: &[u8]) -> Option<Record> {
    let mut trees = vec![];
    for _ in 0..number(&mut body)? {
        let name = String::from_utf8(some_bytes(&mut body)?.to_vec()).ok()?;
        let mut rows = Rows::default();
        for _ in 0..number(&mut body)? {
            let name = some_bytes(&mut body)?.to_vec();
            let length = number(&mut body)?;
            let value = if length == REMOVED { None } else { Some(take(&mut body, length)?.to_vec()) };
            rows.0.push((name, value));
        }
        trees.push((Cow::Owned(name), rows));
    }
    body.is_empty().then_some(Record { sequence, changes: Changes(trees) })
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "a commit is too large for the journal")
}

fn count(out: &mut Vec<u8>, count: usize) -> io::Result<()> {
    let count = u32::try_from(count).ok().filter(|count| *count != REMOVED);
    out.extend(count.ok_or_else(too_large)?.to_be_bytes());
    Ok(())
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
    count(out, bytes.len())?;
    out.extend(bytes);
    Ok(())
}

fn number(body: &mut &[u8]) -> Option<u32> {
    let (number, rest) = body.split_first_chunk()?;
    *body = rest;
    Some(u32::from_be_bytes(*number))
}

fn take<'a>(body: &mut &'a [u8], length: u32) -> Option<&'a [u8]> {
    let (bytes, rest) = body.split_at_checked(usize::try_from(length).ok()?)?;
    *body = rest;
    Some(bytes)
}

fn some_bytes<'a>(body: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = number(body)?;
    take(body, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut rows = Rows::default();
        rows.insert(*b"a", *b"1");
        rows.insert(*b"b", []);
        rows.remove(*b"c");
        let mut changes_made = Changes::default();
        changes_made.of("entries", rows);
        let mut encoded = Encoded::of(&changes_made).unwrap();
        let (mark, _) = Title::of_new(false);
        encoded.seal(mark, 7);
        let head = Head::read(&encoded.0).unwrap();
        let body = &encoded.0[HEAD_BYTES..];
        assert_eq!((head.mark, head.place, head.body_bytes), (mark, 7, body.len()));
        assert!(head.fits(body));
        assert_eq!(changes(7, body).unwrap(), Record { sequence: 7, changes: changes_made });
        // Room for it was made once.
        assert!(encoded.0.capacity() < encoded.0.len() + 16);
    }

    #[test]
    fn a_title_tells_its_version_from_damage() {
        for is_anew in [false, true] {
            let (mark, title) = Title::of_new(is_anew);
            assert_eq!(title.len(), TITLE_BYTES);
            assert_eq!(Title::read(&title), Title::Ours { mark, is_anew });
            for at in 0..title.len() {
                let mut damaged = title.clone();
                damaged[at] ^= 1;
                assert_eq!(Title::read(&damaged), Title::Damaged, "byte {at}");
                assert_eq!(Title::read(&title[..at]), Title::Damaged, "{at} bytes");
            }
            let mut newer = title.clone();
            newer[VERSION_AT] = b'2';
            let sum = crc32fast::hash(&newer[..TITLE_BYTES - 4]);
            newer[TITLE_BYTES - 4..].copy_from_slice(&sum.to_be_bytes());
            assert_eq!(Title::read(&newer), Title::Foreign);
        }
        assert_ne!(Title::of_new(false).0, Title::of_new(false).0);
    }

    #[test]
    fn another_form_is_told() {
        let mut encoded = Encoded::of(&Changes::default()).unwrap().0.split_off(HEAD_BYTES);
        assert!(changes(1, &encoded).is_some());
        encoded.push(0);
        assert_eq!(changes(1, &encoded), None);
        assert_eq!(changes(1, &u32::MAX.to_be_bytes()), None);
    }
}
