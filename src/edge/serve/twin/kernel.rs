//! Files in memory, and `sendfile`.

use std::io::{self, ErrorKind, IoSlice, Write as _};
use std::ops::Range;
use std::os::fd::OwnedFd;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create, sendfile};
use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
use tokio::net::TcpStream;

/// What the file is called in lists of open files.
const NAME: &str = "nashra document";

/// A file in memory whose bytes never change.
pub(super) struct File(OwnedFd);

impl File {
    pub(super) fn new(bytes: &[u8]) -> io::Result<Self> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        // Nobody is to run it. Kernels before 6.3 do not know how to say that.
        let file =
            memfd_create(NAME, flags | MemfdFlags::NOEXEC_SEAL).or_else(|_| memfd_create(NAME, flags))?;
        let mut file = std::fs::File::from(file);
        file.write_all(bytes)?;
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL)?;
        Ok(Self(file.into()))
    }

    /// Sends the slices, and a part of the file behind them. How many bytes of both were taken; what went wrong only
    /// where none were.
    pub(super) fn send(
        &self,
        stream: &TcpStream,
        before: &[IoSlice<'_>],
        range: Range<usize>,
    ) -> io::Result<usize> {
        let wanted: usize = before.iter().map(|slice| slice.len()).sum();
        let mut sent = 0;
        if wanted > 0 {
            // The head of an answer and the beginning of its body leave in one packet.
            let flags = SendFlags::MORE | SendFlags::NOSIGNAL;
            sent = sendmsg(stream, before, &mut SendAncillaryBuffer::default(), flags)?;
            if sent < wanted {
                return Ok(sent);
            }
        }
        let mut offset = range.start as u64;
        match sendfile(stream, &self.0, Some(&mut offset), range.len()) {
            // The file is as long as the body, so this cannot be.
            Ok(0) if sent == 0 => Err(ErrorKind::UnexpectedEof.into()),
            Ok(more) => Ok(sent + more),
            Err(_) if sent > 0 => Ok(sent),
            Err(error) => Err(error.into()),
        }
    }
}
