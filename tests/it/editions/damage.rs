//! What a disk may do to packs.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;

use nashra::edge::editions::Index;
use proptest::prelude::*;

use super::*;

/// What happens to a file.
#[derive(Clone, Debug)]
enum Damage {
    /// It ends before this part of a thousand of it.
    Cut(u64),
    /// A bit there is another one.
    Flipped(u64),
    /// Zeroes from there on, as after a power cut.
    Zeroed(u64),
    /// Something follows.
    Grown,
    Emptied,
    Gone,
    /// A folder has its name.
    Folder,
    /// A pipe has it, to which nobody writes.
    Pipe,
}

impl Damage {
    fn befall(&self, path: &Path) {
        let length = path.metadata().unwrap().len();
        let file = || OpenOptions::new().read(true).write(true).open(path).unwrap();
        match self {
            Self::Cut(part) => file().set_len(length * part / 1000).unwrap(),
            Self::Flipped(part) if length > 0 => {
                let (at, mut byte) = ((length - 1) * part / 1000, [0]);
                file().read_exact_at(&mut byte, at).unwrap();
                file().write_all_at(&[byte[0] ^ 0x10], at).unwrap();
            }
            Self::Zeroed(part) => {
                file().set_len(length * part / 1000).unwrap();
                file().set_len(length).unwrap();
            }
            Self::Grown => file().write_all_at(b"more", length).unwrap(),
            Self::Emptied => file().set_len(0).unwrap(),
            Self::Gone => fs::remove_file(path).unwrap(),
            Self::Folder => {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
            }
            Self::Pipe => {
                fs::remove_file(path).unwrap();
                assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
            }
            Self::Flipped(_) => {}
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (0..1000_u64).prop_map(Damage::Cut),
        (0..=1000_u64).prop_map(Damage::Flipped),
        (0..1000_u64).prop_map(Damage::Zeroed),
        Just(Damage::Grown),
        Just(Damage::Emptied),
        Just(Damage::Gone),
        Just(Damage::Folder),
        Just(Damage::Pipe),
    ]
}

/// Keeps several editions, and says what each of them was. `kept` hears of each.
fn keep(folder: &Path, editions: &[Vec<(u8, u64)>], kept: impl Fn()) -> Vec<BTreeMap<String, Seen>> {
    let (keeper, _) = Editions::open(folder, recalled);
    let mut all = vec![];
    for texts in editions {
        let names: Vec<(String, u64)> =
            texts.iter().map(|(name, seed)| (format!("/{name}"), *seed)).collect();
        let now = edition(names.iter().map(|(name, seed)| (name.as_str(), noise(*seed, 700))));
        keeper.keep(&now, &imprint()).unwrap();
        kept();
        all.push(seen(&now.documents));
    }
    all
}

/// The same where none of them was synced, and so none is removed: as a kill leaves it.
fn kept(folder: &Path, editions: &[Vec<(u8, u64)>]) -> Vec<BTreeMap<String, Seen>> {
    let scratch = tempfile::tempdir().unwrap();
    let published = folder.join("published");
    fs::create_dir(&published).unwrap();
    keep(scratch.path(), editions, || {
        // The newest stays whatever is synced meanwhile.
        let newest = packs(scratch.path()).pop().unwrap();
        fs::copy(&newest, published.join(newest.file_name().unwrap())).unwrap();
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_damaged_pack_shows_nothing_that_never_was(
        editions in prop::collection::vec(prop::collection::vec((0..6_u8, 0..9_u64), 1..6), 1..6),
        harms in prop::collection::vec((any::<prop::sample::Index>(), damage()), 0..4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let all = kept(folder.path(), &editions);
        let newest = packs(folder.path()).pop().unwrap();
        let mut is_whole = true;
        for (which, harm) in harms {
            let packs: Vec<PathBuf> = packs(folder.path()).into_iter().filter(|path| path.is_file()).collect();
            if packs.is_empty() {
                continue;
            }
            is_whole = false;
            harm.befall(&packs[which.index(packs.len())]);
        }
        let is_there = packs(folder.path()).last().is_some_and(|path| path.file_stem() == newest.file_stem());
        let found = seen(&recall(folder.path()).documents);
        if is_whole {
            prop_assert_eq!(Some(&found), all.last());
        }
        // All of it is of one edition, of which some may be missing, and of the newest unless that is gone.
        let mut all = all;
        if is_there {
            all.drain(..all.len() - 1);
        }
        let is_of = |one: &BTreeMap<String, Seen>| found.iter().all(|(path, seen)| one.get(path) == Some(seen));
        prop_assert!(all.iter().any(is_of));
        // And the next edition is kept, whatever lies around.
        let last = keep(folder.path(), &[vec![(1, 77), (2, 78)]], || {}).pop();
        prop_assert_eq!(Some(seen(&recall(folder.path()).documents)), last);
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>()) {
        prop_assert!(Index::of_pack(&bytes).is_none());
        let folder = tempfile::tempdir().unwrap();
        kept(folder.path(), &[vec![(1, 1), (2, 2)]]);
        let mut pack = fs::read(&packs(folder.path())[0]).unwrap();
        let index = Index::of_pack(&pack);
        prop_assert!(index.as_ref().is_some_and(|index| index.rows.len() == 2));
        let at = at.index(pack.len());
        pack.splice(at..(at + bytes.len()).min(pack.len()), bytes);
        let read = Index::of_pack(&pack);
        prop_assert!(read.is_none() || read == index);
    }
}

/// Readers would go back in time.
#[test]
fn nothing_older_is_shown_where_the_last_is_torn() {
    let editions = [vec![(1, 1), (2, 2)], vec![(1, 1), (2, 3)], vec![(1, 4), (2, 3)]];
    let check = |harm: Damage| {
        let folder = tempfile::tempdir().unwrap();
        keep(folder.path(), &editions, || {});
        assert!(packs(folder.path()).len() > 1, "the last one needs the bodies of others");
        harm.befall(packs(folder.path()).last().unwrap());
        let found = recall(folder.path());
        assert!(found.documents.is_empty() && found.damaged > 0, "{harm:?}: {found:?}");
        // The next one is whole again.
        let last = keep(folder.path(), &editions, || {}).pop().unwrap();
        assert_eq!(seen(&recall(folder.path()).documents), last, "{harm:?}");
    };
    for harm in [
        Damage::Cut(0),
        Damage::Cut(500),
        Damage::Cut(999),
        Damage::Zeroed(0),
        Damage::Zeroed(900),
        Damage::Flipped(1000),
        Damage::Flipped(990),
        Damage::Grown,
        Damage::Emptied,
        Damage::Gone,
        Damage::Folder,
    ] {
        check(harm);
    }
}

/// Of an edition that no reader has seen nothing may be left; then the one before is what they saw last.
#[test]
fn the_one_before_is_shown_where_the_last_was_never_seen() {
    let folder = tempfile::tempdir().unwrap();
    let all = kept(folder.path(), &[vec![(1, 1), (2, 2)], vec![(1, 1), (2, 3)]]);
    fs::remove_file(packs(folder.path()).pop().unwrap()).unwrap();
    let found = recall(folder.path());
    assert_eq!((seen(&found.documents), found.damaged), (all[0].clone(), 0));
}

/// Whoever asks for it hears that it comes; all others are served.
#[test]
fn one_damaged_document_is_missed_alone() {
    let folder = tempfile::tempdir().unwrap();
    let all = keep(folder.path(), &[vec![(1, 1), (2, 2)], vec![(1, 1), (2, 3)]], || {}).pop().unwrap();
    let older = packs(folder.path()).remove(0);
    assert!(older.extension().is_some_and(|end| end == "bodies"), "{older:?}");
    Damage::Flipped(100).befall(&older);
    let found = recall(folder.path());
    assert_eq!(
        (found.documents.keys().map(String::as_str).collect::<Vec<_>>(), found.damaged),
        (vec!["/2"], 1)
    );
    assert_eq!(seen(&found.documents)["/2"], all["/2"]);
}
