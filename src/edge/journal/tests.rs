//! What is appended comes back, and nothing else, whatever happens to the files.

mod syncing;

use super::*;

fn commit(text: &str) -> Changes {
    let mut rows = Rows::default();
    rows.insert(text.as_bytes(), "ش".repeat(text.len()));
    rows.remove(*b"gone");
    let mut changes = Changes::default();
    changes.of("entries", rows);
    changes
}

fn append(journal: &Journal, text: &str) -> io::Result<u64> {
    journal.begin().append(Encoded::of(&commit(text)).unwrap())
}

fn open(folder: &Path) -> Journal {
    Journal::open(look(folder).unwrap(), 0, false).unwrap()
}

/// A journal with these many commits, `1` to `count`.
fn filled(count: u64) -> (tempfile::TempDir, Journal) {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    (1..=count).for_each(|place| assert_eq!(append(&journal, &place.to_string()).unwrap(), place));
    journal.sync().unwrap();
    (folder, journal)
}

/// The places behind `after`, each of which must say what was appended there.
fn places(folder: &Path, after: u64) -> (Vec<u64>, Read) {
    let mut places = vec![];
    let read = read_after(folder, after, |record| {
        assert_eq!(record.changes, commit(&record.sequence.to_string()));
        places.push(record.sequence);
        Ok(())
    });
    (places, read.unwrap())
}

fn to(last: u64) -> Vec<u64> {
    (1..=last).collect()
}

fn only(missing: std::ops::Range<u64>) -> Vec<std::ops::Range<u64>> {
    std::iter::once(missing).collect()
}

fn only_file(folder: &Path) -> PathBuf {
    Segment::all(folder).unwrap().pop().unwrap().path
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn it_goes_on_where_it_ended() {
    let (folder, journal) = filled(3);
    drop(journal);
    let journal = open(folder.path());
    assert_eq!((journal.last(), journal.base(), journal.torn_bytes()), (3, None, 0));
    append(&journal, "4").unwrap();
    drop(journal);
    assert_eq!(places(folder.path(), 0).0, [1, 2, 3, 4]);
    assert_eq!(places(folder.path(), 2).0, [3, 4]);
    assert!(places(folder.path(), u64::MAX).0.is_empty());
    assert_eq!(Segment::all(folder.path()).unwrap().len(), 1);
}

#[test]
fn a_torn_end_is_cut_off_wherever_it_is_torn() {
    let (folder, journal) = filled(2);
    drop(journal);
    let path = only_file(folder.path());
    let two = fs::read(&path).unwrap();
    let journal = open(folder.path());
    append(&journal, "3").unwrap();
    drop(journal);
    let three = fs::read(&path).unwrap();
    for cut in two.len()..three.len() {
        for garbage in [&b""[..], b"\0\0\0\0\0\0\0\0", b"\xabnr1\xff\xff"] {
            fs::write(&path, [&three[..cut], garbage].concat()).unwrap();
            let journal = open(folder.path());
            assert_eq!(journal.last(), 2, "{cut}");
            assert_eq!(journal.torn_bytes(), (cut - two.len() + garbage.len()) as u64);
            append(&journal, "3").unwrap();
            drop(journal);
            let (found, read) = places(folder.path(), 0);
            assert_eq!((found, read.damaged, read.missing), (to(3), vec![], vec![]));
        }
    }
    let torn = fs::read_dir(folder.path()).unwrap();
    let torn =
        torn.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().ends_with(TORN_SUFFIX));
    assert_eq!(torn.count(), 1, "each went to the same place");
}

#[test]
fn damage_in_the_middle_is_told_and_the_rest_read() {
    let (folder, journal) = filled(5);
    drop(journal);
    let path = only_file(folder.path());
    let record = Encoded::of(&commit("1")).unwrap().0.len();
    let from = format::TITLE_BYTES + record;
    // A byte of the second record and one of the third.
    change(&path, |bytes| {
        bytes[from + 40] ^= 4;
        bytes[from + record + 13] ^= 4;
    });
    let (found, read) = places(folder.path(), 0);
    assert_eq!(found, [1, 4, 5]);
    let range = from as u64..(from + 2 * record) as u64;
    assert_eq!(read.damaged, [Damaged { path: path.clone(), range, missing: 2..4 }]);
    assert_eq!(read.missing, only(2..4));
    assert!(read.damaged[0].to_string().ends_with("cannot be read, commits 2 to 3"));
    let journal = open(folder.path());
    assert_eq!(append(&journal, "6").unwrap(), 6);
    drop(journal);
    assert_eq!(places(folder.path(), 2).0, [4, 5, 6]);
}

#[test]
fn without_its_title_a_segment_is_read_and_not_written_to() {
    for damage in [0, format::TITLE_BYTES - 1, 20] {
        let (folder, journal) = filled(3);
        drop(journal);
        let path = only_file(folder.path());
        change(&path, |bytes| bytes[damage] ^= 0x11);
        let before = fs::read(&path).unwrap();
        let journal = open(folder.path());
        append(&journal, "4").unwrap();
        drop(journal);
        let (found, read) = places(folder.path(), 0);
        assert_eq!((found, read.missing), (to(4), vec![]));
        assert_eq!(read.damaged.len(), 1);
        assert!(read.damaged[0].missing.is_empty(), "{:?}", read.damaged);
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn other_files_are_none_of_ours() {
    let (folder, journal) = filled(2);
    drop(journal);
    for name in
        ["x.log", "-1.log", "00000000000000000009.log.new", "notes.txt", "99999999999999999999999.log"]
    {
        fs::write(folder.path().join(name), b"garbage").unwrap();
    }
    fs::create_dir(folder.path().join("00000000000000000007.log")).unwrap();
    let journal = open(folder.path());
    assert_eq!(journal.last(), 2);
    drop(journal);
    assert_eq!(places(folder.path(), 0).0, to(2));
    assert!(!folder.path().join("00000000000000000009.log.new").exists());
    assert!(folder.path().join("notes.txt").exists());
}

#[test]
fn an_empty_last_segment_keeps_its_place() {
    for content in [&b""[..], b"nashra jou", b"garbage"] {
        let (folder, journal) = filled(2);
        drop(journal);
        fs::write(folder.path().join(format!("{:020}.log", 9)), content).unwrap();
        let journal = open(folder.path());
        assert_eq!((journal.last(), append(&journal, "9").unwrap()), (8, 9));
        drop(journal);
        let (found, read) = places(folder.path(), 0);
        assert_eq!((found, read.missing), (vec![1, 2, 9], only(3..9)));
    }
}

#[test]
fn what_a_newer_version_wrote_is_left_alone() {
    let (folder, journal) = filled(2);
    drop(journal);
    let path = only_file(folder.path());
    change(&path, |bytes| {
        bytes[15] = b'2';
        let sum = crc32fast::hash(&bytes[..format::TITLE_BYTES - 4]);
        bytes[format::TITLE_BYTES - 4..format::TITLE_BYTES].copy_from_slice(&sum.to_be_bytes());
        bytes.extend(b"torn");
    });
    let before = fs::read(&path).unwrap();
    for error in [look(folder.path()).unwrap_err(), read_after(folder.path(), 0, |_| Ok(())).unwrap_err()] {
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        assert!(error.to_string().contains("newer nashra"), "{error}");
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn places_that_two_segments_have_are_read_once() {
    let (folder, journal) = filled(4);
    drop(journal);
    let path = only_file(folder.path());
    let one = fs::read(&path).unwrap();
    // What a crash between two steps could leave: the same records in a segment that begins later, and copies.
    fs::write(folder.path().join(format!("{:020}.log", 3)), &one).unwrap();
    fs::write(folder.path().join("5.log"), &one).unwrap();
    change(&path, |bytes| bytes.extend(&one));
    let (found, read) = places(folder.path(), 0);
    assert_eq!((found, read.missing), (to(4), vec![]));
    let journal = open(folder.path());
    assert_eq!(append(&journal, "5").unwrap(), 5);
    drop(journal);
    assert_eq!(places(folder.path(), 0).0, to(5));
}

#[test]
fn a_later_segment_has_the_later_word_and_an_earlier_one_helps_out() {
    let (folder, mut journal) = filled(2);
    append(&journal, "3").unwrap();
    append(&journal, "4").unwrap();
    journal.rotate(false).unwrap();
    append(&journal, "5").unwrap();
    drop(journal);
    // A segment that begins with 3, of which the first record is damaged.
    let first = Segment::all(folder.path()).unwrap()[0].path.clone();
    let record = Encoded::of(&commit("1")).unwrap().0.len();
    let title = format::TITLE_BYTES;
    let mut bytes = fs::read(&first).unwrap();
    bytes.drain(title..title + 2 * record);
    bytes[title + 50] ^= 1;
    fs::write(folder.path().join(format!("{:020}.log", 3)), bytes).unwrap();
    let (found, read) = places(folder.path(), 0);
    assert_eq!((found, read.missing), (to(5), vec![]));
    assert_eq!(read.damaged.len(), 1);
}

#[test]
fn what_a_feed_says_is_never_taken_for_a_record() {
    // Somebody has seen another journal, and sends a record of it.
    let (other, _journal) = filled(1);
    let forged = fs::read(only_file(other.path())).unwrap().split_off(format::TITLE_BYTES);
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let mut rows = Rows::default();
    rows.insert(*b"entry", forged);
    let mut changes = Changes::default();
    changes.of("entries", rows);
    journal.begin().append(Encoded::of(&changes).unwrap()).unwrap();
    append(&journal, "2").unwrap();
    drop(journal);
    change(&only_file(folder.path()), |bytes| bytes[format::TITLE_BYTES + 1] ^= 1);
    assert_eq!(places(folder.path(), 0).0, [2]);
}

#[test]
fn segments_that_are_not_needed_go_but_for_the_last() {
    let (folder, mut journal) = filled(2);
    for place in 3..=6 {
        if place % 2 == 1 {
            journal.rotate(false).unwrap();
        }
        append(&journal, &place.to_string()).unwrap();
    }
    let whole = |place| journal.bytes_behind(place).unwrap();
    let (all, half) = (whole(0), whole(2));
    assert!(
        whole(1) == all && half < all && whole(3) == half && whole(9) > 0 && whole(9) < half,
        "{all} {half}"
    );
    let left = |place| {
        journal.drop_before(place).unwrap();
        Segment::all(folder.path()).unwrap().iter().map(|segment| segment.first).collect::<Vec<_>>()
    };
    assert_eq!(left(0), [1, 3, 5]);
    assert_eq!(left(1), [1, 3, 5]);
    assert_eq!(left(2), [3, 5]);
    assert_eq!(left(100), [5]);
    append(&journal, "7").unwrap();
    drop(journal);
    assert_eq!(places(folder.path(), 4).0, [5, 6, 7]);
    let look = look(folder.path()).unwrap();
    assert_eq!((look.base, look.last), (Some(4), 7));
    let mut facts = vec![];
    segments(folder.path(), |one| {
        facts.push((one.segment.first, one.records, one.last, one.bytes == one.bytes_whole));
        Ok(())
    })
    .unwrap();
    assert_eq!(facts, [(5, 3, Some(7), true)]);
}

#[test]
fn a_gap_that_is_left_on_purpose_is_remembered() {
    let (folder, journal) = filled(2);
    drop(journal);
    let journal = Journal::open(look(folder.path()).unwrap(), 7, false).unwrap();
    assert_eq!((journal.last(), journal.base()), (7, Some(7)));
    append(&journal, "8").unwrap();
    drop(journal);
    let journal = open(folder.path());
    assert_eq!((journal.last(), journal.base()), (8, Some(7)));
    drop(journal);
    let (found, read) = places(folder.path(), 0);
    assert_eq!((found, read.missing), (vec![1, 2, 8], only(3..8)));
}

#[test]
fn a_long_journal_goes_into_several_segments() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let mut changes = Changes::default();
    let mut rows = Rows::default();
    rows.insert(*b"a", vec![7; 6 << 20]);
    changes.of("entries", rows);
    for place in 1..=7 {
        assert_eq!(journal.begin().append(Encoded::of(&changes).unwrap()).unwrap(), place);
    }
    drop(journal);
    let firsts: Vec<u64> = Segment::all(folder.path()).unwrap().iter().map(|segment| segment.first).collect();
    assert_eq!(firsts, [1, 4, 7]);
    let mut read = vec![];
    read_after(folder.path(), 2, |record| {
        assert_eq!(record.changes, changes);
        read.push(record.sequence);
        Ok(())
    })
    .unwrap();
    assert_eq!(read, [3, 4, 5, 6, 7]);
}
