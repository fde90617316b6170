//! Seven kinds of damage, and more, to each file.

use std::os::unix::fs::FileExt as _;
use std::sync::Mutex;

use super::*;

/// What can become of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    Emptied,
    Halved,
    Shortened,
    FirstPageZeroed,
    PageZeroed,
    BytesFlipped,
    Removed,
    Folder,
    OfAnother,
}

const ALL: [Damage; 9] = [
    Damage::Emptied,
    Damage::Halved,
    Damage::Shortened,
    Damage::FirstPageZeroed,
    Damage::PageZeroed,
    Damage::BytesFlipped,
    Damage::Removed,
    Damage::Folder,
    Damage::OfAnother,
];
const PAGE_BYTES: u64 = 4096;

impl Damage {
    /// `other` is the file of that name, or of that kind, in another store.
    fn inflict(self, path: &Path, other: &Path) {
        let bytes = path.metadata().unwrap().len();
        let open = || fs::File::options().read(true).write(true).open(path).unwrap();
        // The same file is damaged in the same places each time.
        let random = bytes.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5555_aaaa;
        let zero = |at: u64| {
            let length = PAGE_BYTES.min(bytes.saturating_sub(at));
            open().write_all_at(&vec![0; usize::try_from(length).unwrap()], at).unwrap();
        };
        match self {
            Self::Emptied => open().set_len(0).unwrap(),
            Self::Halved => open().set_len(bytes / 2).unwrap(),
            Self::Shortened => open().set_len(bytes.saturating_sub(7)).unwrap(),
            Self::FirstPageZeroed => zero(0),
            Self::PageZeroed => zero(random % bytes.div_ceil(PAGE_BYTES) * PAGE_BYTES),
            Self::BytesFlipped => {
                for count in 1..=8 {
                    let at = random.rotate_left(count * 7) % bytes.max(1);
                    let mut byte = [0];
                    open().read_exact_at(&mut byte, at).unwrap();
                    open().write_all_at(&[!byte[0]], at).unwrap();
                }
            }
            Self::Removed => fs::remove_file(path).unwrap(),
            Self::Folder => {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
            }
            Self::OfAnother => drop(fs::copy(other, path).unwrap()),
        }
    }
}

/// A file of another store for each file of this one.
fn counterpart(other: &Home, name: &Path) -> PathBuf {
    let (state, folder) = (other.path("state"), name.parent().unwrap());
    let all = files(&state);
    let kind = |name: &Path| name.file_name().unwrap().to_string_lossy().chars().take(4).collect::<String>();
    let same = all.iter().find(|file| *file == name);
    let alike = || all.iter().find(|file| file.parent() == Some(folder) && kind(file) == kind(name));
    state.join(same.or_else(alike).or_else(|| all.iter().find(|file| file.parent() == Some(folder))).unwrap())
}

/// Damages one file; everything must be there again, and stay so without another repair.
fn check(home: &Home, other: &Home, name: &Path, damage: Damage, is_closed: bool, expected: &str) {
    let what = format!("{} {damage:?}, {}", name.display(), if is_closed { "closed" } else { "killed" });
    let home = twin(home);
    if !is_closed {
        fs::remove_file(home.path("state/closed.json")).unwrap();
    }
    damage.inflict(&home.path("state").join(name), &counterpart(other, name));
    check_same(&entries(&home, &what), expected, &what);
    let mended = repairs(&home);
    assert!(mended.len() <= 1, "{what}: {mended:?}");
    assert!(mended.iter().all(|repair| repair["lost"] == serde_json::json!([])), "{what}: {mended:?}");
    check_same(&entries(&home, &what), expected, &format!("{what}, the second time"));
    assert_eq!(repairs(&home), mended, "{what}: it was mended again");
}

#[test]
fn every_entry_survives_damage_to_any_file() {
    let (home, other) = (stocked(), stocked());
    let expected = entries(&home, "before");
    assert_eq!(expected.lines().count(), ROUNDS * PER_ROUND);
    let names = files(&home.path("state"));
    for part in ["db/conf", "db/db", "db/blobs", "journal", "snapshots"] {
        assert!(names.iter().any(|name| name.starts_with(part)), "no {part} in {names:?}");
    }
    // The first segment and the last one; snapshots are a matter of their own.
    let segments: Vec<&PathBuf> = names.iter().filter(|name| name.starts_with("journal")).collect();
    assert!(segments.len() > 2, "{segments:?}");
    let is_wanted = |name: &&PathBuf| {
        if name.starts_with("journal") {
            *name == segments[0] || Some(name) == segments.last()
        } else {
            !name.starts_with("snapshots")
        }
    };
    // Where it was not closed well, nobody can tell another store's file, if it is sound, from ours.
    let killed = ALL.iter().filter(|damage| **damage != Damage::OfAnother).map(|damage| (*damage, false));
    let closed = [Damage::OfAnother, Damage::BytesFlipped].map(|damage| (damage, true));
    let kinds: Vec<(Damage, bool)> = killed.chain(closed).collect();
    let names = names.iter().filter(is_wanted);
    let cases =
        names.flat_map(|name| kinds.iter().map(|(damage, is_closed)| (name.clone(), *damage, *is_closed)));
    let cases = Mutex::new(cases.collect::<Vec<_>>());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((name, damage, is_closed)) = cases.lock().unwrap().pop() else { break };
                    check(&home, &other, &name, damage, is_closed, &expected);
                }
            });
        }
    });
}

/// The store is broken, and so is the newest snapshot, or a part of the journal that the snapshot has as well.
#[test]
fn an_older_snapshot_helps_where_the_newest_is_damaged() {
    let (home, other) = (stocked(), stocked());
    let expected = entries(&home, "before");
    let names = files(&home.path("state"));
    let snapshots: Vec<&PathBuf> = names.iter().filter(|name| name.starts_with("snapshots")).collect();
    let first = names.iter().find(|name| name.starts_with("journal")).unwrap();
    // That of another store is sound, and nothing says whose it is.
    let kinds =
        ALL.iter().filter(|damage| **damage != Damage::OfAnother).map(|damage| (snapshots[1], *damage));
    for (name, damage) in kinds.chain([(first, Damage::Removed)]) {
        let (home, what) = (twin(&home), format!("{} {damage:?}", name.display()));
        damage.inflict(&home.path("state").join(name), &counterpart(&other, name));
        fs::remove_file(home.path("state/closed.json")).unwrap();
        Damage::Halved.inflict(&home.path("state/db/conf"), Path::new(""));
        check_same(&entries(&home, &what), &expected, &what);
        let mended = repairs(&home);
        assert_eq!((mended.len(), &mended[0]["lost"]), (1, &serde_json::json!([])), "{what}: {mended:?}");
        let from = mended[0]["from"].as_str().unwrap();
        let used = if name == first { snapshots[1] } else { snapshots[0] };
        assert!(from.contains(used.file_name().unwrap().to_str().unwrap()), "{what}: {mended:?}");
    }
}

/// Neither a snapshot nor the beginning of the journal: what is there is there, and the rest is named.
#[test]
fn what_is_lost_is_told() {
    let home = stocked();
    let names = files(&home.path("state"));
    let expected = entries(&home, "before");
    for name in names.iter().filter(|name| name.starts_with("snapshots")) {
        fs::remove_file(home.path("state").join(name)).unwrap();
    }
    let first = names.iter().find(|name| name.starts_with("journal")).unwrap();
    fs::remove_file(home.path("state").join(first)).unwrap();
    Damage::Halved.inflict(&home.path("state/db/conf"), Path::new(""));
    let left = entries(&home, "after");
    assert!(!left.is_empty() && left.lines().all(|line| expected.contains(line)), "{left}");
    let mended = repairs(&home);
    let lost = mended[0]["lost"][0].as_str().unwrap();
    assert!(lost.contains("what was stored before commit"), "{mended:?}");
    check_same(&entries(&home, "again"), &left, "again");
    assert_eq!(repairs(&home).len(), 1);
}

#[test]
fn the_daemon_is_up_whatever_was_damaged() {
    let (home, other) = (stocked(), stocked());
    let expected = entries(&home, "before");
    for (count, name) in files(&home.path("state")).iter().enumerate() {
        let home = twin(&home);
        ALL[count % ALL.len()].inflict(&home.path("state").join(name), &counterpart(&other, name));
        let daemon = home.start();
        assert_eq!(daemon.get("/news.json").status, 200);
        check_same(&entries(&home, "served"), &expected, &name.display().to_string());
        assert!(daemon.stop().success());
    }
}
