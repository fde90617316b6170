//! How much room a disk has, setting some of it aside, and what the system is told of files (`statvfs(3)`,
//! `fallocate(2)`, `posix_fadvise(2)`).

use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::ops::Range;
use std::path::Path;

use rustix::fs::{Advice, FallocateFlags, StatVfsMountFlags, fadvise, fallocate, statvfs};
use rustix::io::Errno;

/// What a file system says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// Bytes that we may take.
    pub bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
    /// Files that may still be made; `None` where it does not count them.
    pub files: Option<u64>,
    /// Whether nothing can be written.
    pub is_read_only: bool,
}

impl Free {
    /// Asks the file system that `folder` is on.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let said = statvfs(folder)?;
        Ok(Self {
            bytes: said.f_bavail.saturating_mul(said.f_frsize),
            total_bytes: said.f_blocks.saturating_mul(said.f_frsize),
            files: (said.f_files > 0).then_some(said.f_favail),
            is_read_only: said.f_flag.contains(StatVfsMountFlags::RDONLY),
        })
    }
}

/// Sets `bytes` aside behind the end of a file, which is `length` bytes long and stays so: what is appended to it up to
/// there finds room, whatever others take meanwhile, and within every quota. Says whether the file system can do that.
pub fn set_aside(file: &File, length: u64, bytes: u64) -> io::Result<bool> {
    match fallocate(file, FallocateFlags::KEEP_SIZE, length, bytes) {
        Ok(()) => Ok(true),
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Asks the system to read these places of a file into its memory, in their order. It is a hint: nobody is told where
/// that fails.
pub fn read_ahead(file: &File, places: &Range<u64>) {
    let length = NonZeroU64::new(places.end.saturating_sub(places.start));
    // The hint is all there is to it.
    let _ = fadvise(file, places.start, length, Advice::WillNeed);
}
