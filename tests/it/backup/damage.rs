//! A file that is not what was written is refused, whatever is wrong with it.

use nashra::edge::snapshot::{self, Head, Part, SnapshotError, Writer};

use super::*;

fn parts(bytes: &[u8]) -> Result<(Summary, Vec<Part>), SnapshotError> {
    let mut parts = vec![];
    let told = snapshot::read(bytes, |part| {
        parts.push(part);
        Ok::<_, SnapshotError>(())
    })?;
    Ok((told, parts))
}

fn small() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    poll(&store, &source("a", &[]), &brought(many(0, 2), NOW));
    let mut bytes = vec![];
    store.snapshot(&mut bytes, at(NOW), || {}).unwrap();
    bytes
}

#[test]
fn every_cut_and_every_flipped_byte_is_noticed() {
    let bytes = small();
    let told = parts(&bytes).unwrap().0;
    assert!(told.rows() > 5 && told.bytes == bytes.len() as u64, "{told:?}");
    for at in 0..bytes.len() {
        assert!(parts(&bytes[..at]).is_err(), "cut at {at}");
        for bit in [1, 0x80] {
            let mut flipped = bytes.clone();
            flipped[at] ^= bit;
            assert!(parts(&flipped).is_err(), "byte {at}");
        }
        let without = [&bytes[..at], &bytes[at + 1..]].concat();
        assert!(parts(&without).is_err(), "without byte {at}");
    }
    assert!(parts(&[&bytes[..], b"x"].concat()).is_err());
}

#[test]
fn it_says_what_is_wrong_and_where() {
    let bytes = small();
    // What a block begins with.
    let finder = bytes.windows(4).enumerate().filter(|(_, window)| *window == b"\xabns1");
    let blocks: Vec<usize> = finder.map(|(at, _)| at).collect();
    let check = |bytes: &[u8], expected: &str| {
        let error = parts(bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(b"", "no snapshot of nashra");
    check(b"PK\x03\x04", "no snapshot of nashra");
    check(b"nashra snapshot 2\nwhatever", "has form 2, written by a newer nashra");
    check(b"nashra snapshot 99999999999\n", "no snapshot of nashra");
    check(b"nashra snapshot 0\n", "no snapshot of nashra");
    check(&bytes[..18], &format!("cut off in block 1, which begins at byte {}", blocks[0]));
    check(&bytes[..blocks[2]], &format!("cut off in block 3, which begins at byte {}", blocks[2]));
    let mut flipped = bytes.clone();
    flipped[blocks[2] + 20] ^= 1;
    check(&flipped, &format!("block 3, which begins at byte {}, is damaged: its checksum", blocks[2]));
    let mut long = bytes.clone();
    long[blocks[1] + 5..blocks[1] + 9].fill(0xff);
    check(&long, "longer than any block");
    let swapped = [
        &bytes[..blocks[1]],
        &bytes[blocks[2]..blocks[3]],
        &bytes[blocks[1]..blocks[2]],
        &bytes[blocks[3]..],
    ];
    check(&swapped.concat(), "block 2");
    check(&[&bytes[..], b"more"].concat(), "does not say what came before");
}

#[test]
fn what_cannot_follow_is_refused() {
    let head = Head { schema: 1, before: 5, made_at: at(NOW), version: String::new() };
    let record = |sequence| nashra::edge::journal::Record {
        sequence,
        changes: nashra::edge::journal::Changes::default(),
    };
    let check = |sequences: &[u64], end: u64, is_right: bool| {
        let mut bytes = vec![];
        let mut writer = Writer::new(&mut bytes, head.clone()).unwrap();
        writer.row("meta", b"a", b"b").unwrap();
        sequences.iter().for_each(|sequence| writer.record(&record(*sequence)).unwrap());
        writer.finish(end).unwrap();
        assert_eq!(parts(&bytes).is_ok(), is_right, "{sequences:?} {end}");
    };
    check(&[], 5, true);
    check(&[6, 7], 7, true);
    check(&[6, 8], 8, false);
    check(&[5, 6], 6, false);
    check(&[6], 7, false);
    check(&[], 6, false);
}
