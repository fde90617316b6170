//! What is in a pack: a line that says what it is, bodies of documents, an index of a whole edition, and a footer.
//!
//! A body is compressed (zstd); its document's version is a hash of its bytes, so nothing else vouches for them. The
//! index is JSON, compressed. The footer has where the index begins in eight bytes, its length and its checksum
//! (CRC-32) in four each, the checksum of these sixteen in four, and a mark. Numbers are big-endian.

use std::io;

use serde::{Deserialize, Serialize};

use crate::model::{Digest, Timestamp};

pub(super) const TITLE: &[u8] = b"nashra pack 1\n";
const MARK: [u8; 4] = *b"\xabnp1";
pub(super) const FOOTER_BYTES: usize = 24;
/// Bytes of an index, compressed and not.
const INDEX_BYTES_MAX: usize = 32 << 20;
/// Documents of an edition: five hundred sections have two thousand.
pub(super) const DOCUMENTS_MAX: usize = 10_000;
/// Bytes of a document.
pub(super) const DOCUMENT_BYTES_MAX: u64 = 64 << 20;
/// What makes little of documents in little time: 1.8 MB in 4 ms.
const LEVEL: i32 = 1;

/// What the configuration said when an edition was made. Another one may not want to show it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imprint {
    /// `site.url`.
    pub site_url: String,
    /// The sections.
    pub sections: Vec<String>,
    /// The sources.
    pub sources: Vec<String>,
}

/// A document, and where its body is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its path.
    pub path: String,
    /// With charset.
    pub content_type: String,
    /// The hash of its body.
    pub version: Digest,
    /// The newest change in it.
    pub last_modified: Option<Timestamp>,
    /// For how many seconds a copy is good.
    pub lifetime: u32,
    /// Its header `Link`.
    pub links: Option<String>,
    /// Whether readers may ask for its news alone.
    pub has_news: bool,
    /// Where its body is.
    pub place: Place,
}

/// Where a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// In which pack.
    pub pack: u64,
    /// Where it begins there.
    pub at: u64,
    /// Its bytes there.
    pub packed_bytes: u64,
    /// Its bytes.
    pub bytes: u64,
}

/// A whole edition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Who published it.
    pub imprint: Imprint,
    /// Its documents, in the order of their paths.
    pub rows: Vec<Row>,
}

impl Index {
    /// The index and the footer of a pack in which they begin at `at`.
    pub fn end(&self, at: u64) -> io::Result<Vec<u8>> {
        let mut out = compress(&serde_json::to_vec(self)?)?;
        let length = u32::try_from(out.len()).map_err(io::Error::other)?.to_be_bytes();
        let sum = crc32fast::hash(&out).to_be_bytes();
        let says = [&at.to_be_bytes()[..], &length, &sum].concat();
        out.extend_from_slice(&says);
        out.extend(crc32fast::hash(&says).to_be_bytes());
        out.extend(MARK);
        Ok(out)
    }

    /// Where the index of a pack of so many bytes begins, how long it is, and its checksum. `None` where the footer is
    /// none.
    pub fn place(footer: &[u8], pack_bytes: u64) -> Option<(u64, usize, u32)> {
        let (says, rest) = footer.split_first_chunk::<16>()?;
        let (sum, mark) = rest.split_first_chunk::<4>()?;
        if mark != MARK || u32::from_be_bytes(*sum) != crc32fast::hash(says) {
            return None;
        }
        let (at, rest) = says.split_first_chunk::<8>()?;
        let (length, sum) = rest.split_first_chunk::<4>()?;
        let (at, length) = (u64::from_be_bytes(*at), u32::from_be_bytes(*length));
        let ends = at.checked_add(u64::from(length))?.checked_add(FOOTER_BYTES as u64)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= INDEX_BYTES_MAX)?;
        (ends == pack_bytes).then_some((at, length, u32::from_be_bytes(sum.try_into().ok()?)))
    }

    /// The index that these bytes are; `None` where they are none.
    pub fn read(packed: &[u8], sum: u32) -> Option<Self> {
        if crc32fast::hash(packed) != sum {
            return None;
        }
        let index: Self = serde_json::from_slice(&decompress(packed, INDEX_BYTES_MAX)?).ok()?;
        (index.rows.len() <= DOCUMENTS_MAX).then_some(index)
    }

    /// The index of a whole pack in memory.
    pub fn of_pack(pack: &[u8]) -> Option<Self> {
        let footer = pack.get(pack.len().checked_sub(FOOTER_BYTES)?..)?;
        let (at, length, sum) = Self::place(footer, pack.len() as u64)?;
        let at = usize::try_from(at).ok()?;
        Self::read(pack.get(at..at.checked_add(length)?)?, sum)
    }
}

/// A body as it is written.
pub(super) fn compress(body: &[u8]) -> io::Result<Vec<u8>> {
    zstd::bulk::compress(body, LEVEL)
}

/// A body as it was; `None` where it has more bytes than that, or is none.
pub(super) fn decompress(packed: &[u8], bytes_max: usize) -> Option<Vec<u8>> {
    // What the frame says of itself bounds what is asked for, and the other way round.
    let says = zstd::zstd_safe::get_frame_content_size(packed).ok()??;
    let bytes = usize::try_from(says).ok().filter(|bytes| *bytes <= bytes_max)?;
    zstd::bulk::decompress(packed, bytes).ok().filter(|body| body.len() == bytes)
}
