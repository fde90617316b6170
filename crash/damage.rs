//! Seven ways in which a file can be damaged.

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::random::Random;

/// What is overwritten of a file.
const BLOCK_BYTES: usize = 4096;

/// One way.
#[derive(Clone, Copy, Debug)]
pub enum Damage {
    Gone,
    Emptied,
    CutInHalf,
    /// The last block is zeros, as after a power cut on some file systems.
    TailZeroed,
    /// One bit somewhere is another one, and the file looks as if nobody had touched it.
    BitFlipped,
    /// The first bytes are noise.
    HeadGarbled,
    /// All of it is noise, and it looks as if nobody had touched it.
    Garbage,
}

pub const ALL: [Damage; 7] = [
    Damage::Gone,
    Damage::Emptied,
    Damage::CutInHalf,
    Damage::TailZeroed,
    Damage::BitFlipped,
    Damage::HeadGarbled,
    Damage::Garbage,
];

impl Damage {
    pub fn name(self) -> &'static str {
        match self {
            Self::Gone => "is gone",
            Self::Emptied => "is empty",
            Self::CutInHalf => "is cut in half",
            Self::TailZeroed => "ends with zeros",
            Self::BitFlipped => "has a bit flipped",
            Self::HeadGarbled => "begins with noise",
            Self::Garbage => "is noise",
        }
    }

    /// Damages a file.
    pub fn strike(self, path: &Path, random: &mut Random) -> io::Result<()> {
        if matches!(self, Self::Gone) {
            return fs::remove_file(path);
        }
        let before = fs::metadata(path)?;
        let mut bytes = fs::read(path)?;
        let length = bytes.len();
        match self {
            Self::Gone => {}
            Self::Emptied => bytes.clear(),
            Self::CutInHalf => bytes.truncate(length / 2),
            Self::TailZeroed => bytes[length.saturating_sub(BLOCK_BYTES)..].fill(0),
            Self::BitFlipped => {
                let at = random.place(length);
                bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (at % 8));
            }
            Self::HeadGarbled => noise(bytes.iter_mut().take(BLOCK_BYTES / 8), random),
            Self::Garbage => noise(bytes.iter_mut(), random),
        }
        fs::write(path, bytes)?;
        if matches!(self, Self::BitFlipped | Self::Garbage) {
            let times = FileTimes::new().set_modified(before.modified()?).set_accessed(before.accessed()?);
            File::options().write(true).open(path)?.set_times(times)?;
        }
        Ok(())
    }
}

fn noise<'a>(bytes: impl Iterator<Item = &'a mut u8>, random: &mut Random) {
    bytes.for_each(|byte| *byte = random.next().to_le_bytes()[0]);
}

/// Every file below a folder, without it, in order.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (vec![], vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for file in fs::read_dir(&next)? {
            let (file, kind) = file.and_then(|file| file.file_type().map(|kind| (file, kind)))?;
            if kind.is_dir() {
                folders.push(file.path());
            } else if kind.is_file() {
                found.extend(file.path().strip_prefix(folder).map(Path::to_owned));
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Lets `to` be what `from` is, times and all.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    match fs::remove_dir_all(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let status = Command::new("cp").arg("-a").args([from, to]).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other("cp cannot copy the store")) }
}
