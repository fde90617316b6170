//! Changes of files are noticed, however they are made, and each once.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nashra::edge::watch::Watch;

use crate::kit::daemon::DEADLINE;

/// Longer than a save takes to settle.
const QUIET: Duration = Duration::from_millis(600);

struct Watched {
    folder: tempfile::TempDir,
    watch: Watch,
    changed: Receiver<PathBuf>,
}

impl Watched {
    /// Watches these names in a folder that `prepare` fills before.
    fn start(names: &[&str], prepare: impl Fn(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let (tell, changed) = channel();
        let watch = Watch::start(move |file| drop(tell.send(file))).unwrap();
        let mut watched = Self { folder, watch, changed };
        watched.set(names);
        watched
    }

    fn set(&mut self, names: &[&str]) {
        self.watch.set(names.iter().map(|name| self.folder.path().join(name)).collect());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Does something, and expects these files to be named, each once, and then nothing more.
    fn check(&self, what: &str, act: impl Fn(&Path), expected: &[&str]) {
        act(self.folder.path());
        let mut named = BTreeSet::new();
        for _ in expected {
            let file = self.changed.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("{what}: not noticed"));
            assert!(named.insert(file.clone()), "{what}: {} twice", file.display());
        }
        assert_eq!(named, expected.iter().map(|name| self.path(name)).collect(), "{what}");
        if let Ok(file) = self.changed.recv_timeout(QUIET) {
            panic!("{what}: {} was named, too", file.display());
        }
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
}

/// As editors do.
fn write_aside(folder: &Path, name: &str, text: &str) {
    write(folder, &format!(".{name}.swp"), text);
    fs::rename(folder.join(format!(".{name}.swp")), folder.join(name)).unwrap();
}

#[test]
fn every_way_to_change_a_file_is_one_change() {
    let watched = Watched::start(&["a.toml", "b.xml"], |folder| {
        write(folder, "a.toml", "1");
        write(folder, "other.txt", "1");
    });
    watched.check("write in place", |folder| write(folder, "a.toml", "2"), &["a.toml"]);
    watched.check("write aside and rename", |folder| write_aside(folder, "a.toml", "3"), &["a.toml"]);
    let burst = |folder: &Path| {
        for number in 0..50 {
            write(folder, "a.toml", &"x".repeat(number));
            write_aside(folder, "a.toml", "4");
        }
    };
    watched.check("fifty saves in a row", burst, &["a.toml"]);
    watched.check("delete", |folder| fs::remove_file(folder.join("a.toml")).unwrap(), &["a.toml"]);
    watched.check("make again", |folder| write(folder, "a.toml", "5"), &["a.toml"]);
    let again = |folder: &Path| {
        fs::remove_file(folder.join("a.toml")).unwrap();
        write(folder, "a.toml", "6");
    };
    watched.check("delete and make again", again, &["a.toml"]);
    let allow = |folder: &Path| {
        fs::set_permissions(folder.join("a.toml"), fs::Permissions::from_mode(0o600)).unwrap();
    };
    watched.check("other permissions", allow, &["a.toml"]);
    let both = |folder: &Path| {
        write(folder, "a.toml", "7");
        write(folder, "b.xml", "1");
    };
    watched.check("two files", both, &["a.toml", "b.xml"]);
    let neither = |folder: &Path| {
        write(folder, "other.txt", "2");
        drop(fs::read(folder.join("a.toml")).unwrap());
    };
    watched.check("another file, and reading", neither, &[]);
}

#[test]
fn a_change_that_hides_its_time_is_one() {
    let watched = Watched::start(&["a.toml"], |folder| write(folder, "a.toml", "1"));
    let replace = |folder: &Path| {
        let before = fs::metadata(folder.join("a.toml")).unwrap().modified().unwrap();
        write(folder, "new", "2");
        fs::File::options().write(true).open(folder.join("new")).unwrap().set_modified(before).unwrap();
        fs::rename(folder.join("new"), folder.join("a.toml")).unwrap();
    };
    watched.check("same length, same time", replace, &["a.toml"]);
}

/// How a mounted `ConfigMap` is replaced: the file is a link to `..data/file`, and `..data` a link to a folder.
#[test]
fn a_link_that_leads_elsewhere_is_a_change() {
    let generation = |folder: &Path, name: &str| {
        fs::create_dir(folder.join(name)).unwrap();
        write(folder, &format!("{name}/a.toml"), name);
        symlink(name, folder.join("..data_tmp")).unwrap();
        fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
    };
    let watched = Watched::start(&["a.toml"], |folder| {
        generation(folder, "..1");
        symlink("..data/a.toml", folder.join("a.toml")).unwrap();
    });
    let swap = |folder: &Path| {
        generation(folder, "..2");
        fs::remove_dir_all(folder.join("..1")).unwrap();
    };
    watched.check("the link is swapped", swap, &["a.toml"]);
    // Where it leads is not watched; it is looked at now and then.
    watched.check("the target is edited", |folder| write(folder, "..2/a.toml", "3"), &["a.toml"]);
}

#[test]
fn a_folder_may_come_later_and_go_again() {
    let watched = Watched::start(&["later/a.xml"], |_| {});
    let make = |folder: &Path| {
        fs::create_dir(folder.join("later")).unwrap();
        write(folder, "later/a.xml", "1");
    };
    watched.check("the folder is made", make, &["later/a.xml"]);
    watched.check("the file is changed", |folder| write(folder, "later/a.xml", "2"), &["later/a.xml"]);
    let replace = |folder: &Path| {
        fs::rename(folder.join("later"), folder.join("old")).unwrap();
        make(folder);
    };
    watched.check("the folder is replaced", replace, &["later/a.xml"]);
    watched.check("the new file is changed", |folder| write(folder, "later/a.xml", "3"), &["later/a.xml"]);
}

#[test]
fn the_set_may_change_and_end() {
    let mut watched = Watched::start(&["a.toml"], |folder| {
        write(folder, "a.toml", "1");
        write(folder, "b.xml", "1");
    });
    watched.set(&["b.xml"]);
    let both = |folder: &Path| {
        write(folder, "a.toml", "2");
        write(folder, "b.xml", "2");
    };
    watched.check("only what is in the set", both, &["b.xml"]);
    // The callback is dropped with the thread.
    drop(watched.watch);
    assert!(watched.changed.recv_timeout(DEADLINE).is_err());
    let ended = watched.changed.recv_timeout(DEADLINE);
    assert_eq!(ended, Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
}
