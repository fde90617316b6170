//! Finding the whole records in the bytes of a segment, whatever has become of them, a window at a time.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use super::format::{HEAD_BYTES, Head, Mark, SIGN, TITLE_BYTES, Title};

/// So much is read at once.
const READ_BYTES: usize = 256 << 10;
/// What cannot be read is skipped in pieces of this size, and so often at most: a disk that is gone is an error.
const UNREADABLE_BYTES: u64 = 4096;
const UNREADABLE_MAX: usize = 64;

/// A part of a segment.
#[derive(Debug)]
pub(super) enum Part<'a> {
    /// A whole record.
    Record { place: u64, body: &'a [u8], end: u64 },
    /// What is none, up to the next one or the end.
    Broken(Range<u64>),
}

/// Reads a segment.
pub(super) struct Scanner<R> {
    from: R,
    /// How many bytes there are in all.
    bytes: u64,
    window: Vec<u8>,
    /// What of the window is done with.
    done: usize,
    /// Where the rest of the window is in the segment.
    at: u64,
    title: Title,
    /// What every record begins with, once that is known.
    mark: Option<Mark>,
    unreadable: usize,
}

impl<R: Read + Seek> Scanner<R> {
    pub(super) fn new(mut from: R) -> io::Result<Self> {
        let bytes = from.seek(SeekFrom::End(0))?;
        from.rewind()?;
        let (window, title) = (vec![], Title::Damaged);
        let mut it = Self { from, bytes, window, done: 0, at: 0, title, mark: None, unreadable: 0 };
        it.fill(TITLE_BYTES)?;
        it.title = Title::read(it.rest());
        if let Title::Ours { mark, .. } = it.title {
            it.mark = Some(mark);
            it.skip(TITLE_BYTES);
        }
        Ok(it)
    }

    pub(super) fn title(&self) -> Title {
        self.title
    }

    /// Where the next part begins.
    pub(super) fn position(&self) -> u64 {
        self.at
    }

    /// How many bytes the segment has.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the system failed to read a part of it.
    pub(super) fn is_unreadable(&self) -> bool {
        self.unreadable > 0
    }

    /// The next part; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Part<'_>>> {
        let from = self.at;
        loop {
            if let Some(head) = self.whole()? {
                if self.at > from {
                    return Ok(Some(Part::Broken(from..self.at)));
                }
                let bytes = HEAD_BYTES + head.body_bytes;
                self.skip(bytes);
                let body = self.window.get(self.done - head.body_bytes..self.done).unwrap_or_default();
                return Ok(Some(Part::Record { place: head.place, body, end: self.at }));
            }
            if !self.skip_to_mark()? {
                return Ok((self.at > from).then_some(Part::Broken(from..self.at)));
            }
        }
    }

    /// The head of the whole record that begins here.
    fn whole(&mut self) -> io::Result<Option<Head>> {
        self.fill(HEAD_BYTES)?;
        let Some(head) = Head::read(self.rest()) else { return Ok(None) };
        if self.mark.is_some_and(|mark| mark != head.mark) {
            return Ok(None);
        }
        let bytes = HEAD_BYTES + head.body_bytes;
        // More than there is would only be read to be dismissed.
        if self.at.saturating_add(bytes as u64) > self.bytes {
            return Ok(None);
        }
        self.fill(bytes)?;
        let body = self.rest().get(HEAD_BYTES..bytes);
        if !body.is_some_and(|body| head.fits(body)) {
            return Ok(None);
        }
        // Where the title is damaged, the first whole record says what the others begin with.
        self.mark = Some(head.mark);
        Ok(Some(head))
    }

    /// Goes on to the next place where a record may begin; `false` where there is none.
    fn skip_to_mark(&mut self) -> io::Result<bool> {
        let mark = self.mark;
        let mark = mark.as_ref().map_or(&SIGN[..], |mark| &mark[..]);
        self.skip(1);
        loop {
            if let Some(skipped) = memchr::memmem::find(self.rest(), mark) {
                self.skip(skipped);
                return Ok(true);
            }
            // The last bytes of the window may begin one.
            let kept = self.rest().len().min(mark.len() - 1);
            self.skip(self.rest().len() - kept);
            if !self.fill(mark.len())? {
                self.skip(kept);
                return Ok(false);
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.window.get(self.done..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        let bytes = bytes.min(self.rest().len());
        self.done += bytes;
        self.at += bytes as u64;
    }

    /// Reads until the window has so many bytes more; `false` where there are fewer.
    fn fill(&mut self, wanted: usize) -> io::Result<bool> {
        if self.rest().len() >= wanted {
            return Ok(true);
        }
        self.window.drain(..self.done);
        self.done = 0;
        while self.window.len() < wanted {
            let (had, position) = (self.window.len(), self.at + self.window.len() as u64);
            let left = usize::try_from(self.bytes.saturating_sub(position)).unwrap_or(usize::MAX);
            let more = left.min(READ_BYTES.max(wanted - had));
            if more == 0 {
                return Ok(false);
            }
            self.window.resize(had + more, 0);
            let read = self.from.read(self.window.get_mut(had..).unwrap_or_default());
            match read {
                Ok(0) => {
                    // It has become shorter.
                    self.window.truncate(had);
                    self.bytes = position;
                }
                Ok(read) => self.window.truncate(had + read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => self.window.truncate(had),
                Err(error) => {
                    self.unreadable += 1;
                    if self.unreadable > UNREADABLE_MAX {
                        return Err(error);
                    }
                    // Zeros are no record.
                    let skipped = UNREADABLE_BYTES - position % UNREADABLE_BYTES;
                    let skipped = usize::try_from(skipped).unwrap_or(more).min(more);
                    self.window.truncate(had);
                    self.window.resize(had + skipped, 0);
                    self.from.seek(SeekFrom::Start(position + skipped as u64))?;
                }
            }
        }
        Ok(true)
    }
}
