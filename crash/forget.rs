//! Power cuts: what the daemon has not synced is forgotten. The model is in `forget.c`, which is compiled when it is
//! needed and preloaded into the daemon.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = include_str!("forget.c");

/// What a power cut would leave of a folder.
pub struct Forget {
    library: PathBuf,
    root: PathBuf,
    shadow: PathBuf,
}

impl Forget {
    /// Begins with everything below `root` durable. `None` where there is no C compiler.
    pub fn new(folder: &Path, root: &Path) -> io::Result<Option<Self>> {
        let (source, library) = (folder.join("forget.c"), folder.join("forget.so"));
        fs::write(&source, SOURCE)?;
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-w", "-o"])
            .args([&library, &source])
            .args(["-ldl", "-lpthread"])
            .output();
        match compiled {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        fs::create_dir_all(root)?;
        let forget = Self { library, root: root.to_owned(), shadow: folder.join("shadow") };
        forget.take_over()?;
        Ok(Some(forget))
    }

    /// What the daemon must be started with.
    pub fn environment(&self) -> Vec<(String, String)> {
        let pair = |name: &str, path: &Path| (name.to_owned(), path.display().to_string());
        vec![
            pair("LD_PRELOAD", &self.library),
            pair("FORGET_ROOT", &self.root),
            pair("FORGET_SHADOW", &self.shadow),
        ]
    }

    /// The power goes: the folder becomes what is durable of it. The daemon must have been killed.
    pub fn cut(&self) -> io::Result<()> {
        let aside = self.root.with_extension("after");
        fs::create_dir(&aside)?;
        self.restore(fs::metadata(&self.root)?.ino(), &aside)?;
        fs::remove_dir_all(&self.root)?;
        fs::rename(&aside, &self.root)?;
        self.take_over()
    }

    fn restore(&self, inode: u64, folder: &Path) -> io::Result<()> {
        let names = match fs::read_to_string(self.shadow.join(format!("{inode}.names"))) {
            Ok(names) => names,
            // Nothing in it is durable.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for line in names.lines() {
            let mut words = line.splitn(3, ' ');
            let (kind, inode, name) = (words.next(), words.next(), words.next().unwrap_or_default());
            let inode = inode.and_then(|inode| inode.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
            let path = folder.join(name);
            if kind == Some("d") {
                fs::create_dir(&path)?;
                self.restore(inode, &path)?;
                continue;
            }
            match fs::copy(self.shadow.join(format!("{inode}.bytes")), &path) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => fs::write(&path, "")?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Everything that is there is durable.
    fn take_over(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.shadow) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir(&self.shadow)?,
        }
        self.take_over_folder(&self.root)
    }

    fn take_over_folder(&self, folder: &Path) -> io::Result<()> {
        let mut names = String::new();
        for file in fs::read_dir(folder)? {
            let file = file?;
            let (kind, path, name) = (file.file_type()?, file.path(), file.file_name());
            let inode = file.metadata()?.ino();
            if kind.is_dir() {
                self.take_over_folder(&path)?;
            } else if kind.is_file() {
                fs::copy(&path, self.shadow.join(format!("{inode}.bytes")))?;
                fs::hard_link(&path, self.shadow.join(format!("{inode}.held")))?;
            } else {
                continue;
            }
            let _ = writeln!(
                names,
                "{} {inode} {}",
                if kind.is_dir() { 'd' } else { 'f' },
                name.to_string_lossy()
            );
        }
        fs::write(self.shadow.join(format!("{}.names", fs::metadata(folder)?.ino())), names)
    }
}
