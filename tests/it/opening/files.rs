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
    for part in ["db/conf", "db/db", "db/blobs", "journal"] {
        assert!(names.iter().any(|name| name.starts_with(part)), "no {part} in {names:?}");
    }
    // Where it was not closed well, nobody can tell another store's file, if it is sound, from ours.
    let killed = ALL.iter().filter(|damage| **damage != Damage::OfAnother).map(|damage| (*damage, false));
    let closed = [Damage::OfAnother, Damage::BytesFlipped, Damage::Removed].map(|damage| (damage, true));
    let kinds: Vec<(Damage, bool)> = killed.chain(closed).collect();
    let cases = names
        .iter()
        .flat_map(|name| kinds.iter().map(|(damage, is_closed)| (name.clone(), *damage, *is_closed)));
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
