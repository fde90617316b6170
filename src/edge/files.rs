//! Small text files, and files that are there whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Bytes that are written at once.
const WRITE_BYTES: usize = 256 * 1024;

/// Reads a text file of at most `bytes_max` bytes. UTF-8 only; a byte order mark is dropped.
pub fn read_text(path: &Path, bytes_max: u64) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(bytes_max + 1).read_to_string(&mut text)?;
    if text.len() as u64 > bytes_max {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {bytes_max} bytes"),
        ));
    }
    match text.strip_prefix('\u{feff}') {
        Some(rest) => Ok(rest.to_owned()),
        None => Ok(text),
    }
}

/// Refuses what is no ordinary file, or a link to one: a pipe may have nobody who writes to it, and a device no end.
pub fn expect_ordinary(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.is_file() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no ordinary file"))
}

/// Reads at most `bytes_max` bytes of a file, or of standard input where the path is `-`.
pub fn read_bytes(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut source: Box<dyn io::Read> =
        if path == Path::new("-") { Box::new(io::stdin().lock()) } else { Box::new(File::open(path)?) };
    source.by_ref().take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {bytes_max} bytes"),
        ));
    }
    Ok(bytes)
}

/// What changes when a file is written anew or replaced: which one it is, when it was changed, and its length. `None`
/// where there is none.
pub fn stamp(path: &Path) -> Option<(u64, i64, i64, u64)> {
    let file = path.metadata().ok()?;
    Some((file.ino(), file.mtime(), file.mtime_nsec(), file.len()))
}

/// Whether something is there.
pub fn exists(path: &Path) -> bool {
    path.exists()
}

/// What a file is called until it is whole.
pub fn aside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    path.with_file_name(name)
}

/// Makes a file, which only its owner can read, out of what `write` writes, or leaves what is there as it is. `check` is
/// given the place at which it is whole and not in use yet. It is durable when this returns what `check` says. A link
/// stays, and what it leads to is written; what is no ordinary file is refused.
pub fn write_whole<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    check: impl FnOnce(&Path) -> io::Result<T>,
) -> io::Result<T> {
    let path = &to_write(path)?;
    let aside = aside(path);
    let written = || {
        let file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&aside)?;
        let mut out = BufWriter::with_capacity(WRITE_BYTES, file);
        write(&mut out)?;
        out.flush()?;
        out.get_ref().sync_all()?;
        let checked = check(&aside)?;
        fs::rename(&aside, path)?;
        sync_folder_of(path)?;
        Ok(checked)
    };
    written().inspect_err(|_| drop(fs::remove_file(&aside)))
}

/// Where a file is that may be replaced.
fn to_write(path: &Path) -> io::Result<PathBuf> {
    let path = if path.is_symlink() { fs::canonicalize(path)? } else { path.to_owned() };
    match expect_ordinary(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(path),
    }
}

/// Makes the names in the folder of a file durable.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
