//! Any bytes as a snapshot and as what is in one, and any damage to one that was whole: it is refused, or says what was
//! written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nashra::edge::journal::{Changes, Record, Rows};
use nashra::edge::snapshot::{Head, Part, SnapshotError, Summary, Writer, head, read, read_bodies};

fn parts(bytes: &[u8]) -> Result<(Summary, Vec<Part>), SnapshotError> {
    let mut parts = vec![];
    let told = read(bytes, |part| {
        parts.push(part);
        Ok::<_, SnapshotError>(())
    })?;
    Ok((told, parts))
}

fuzz_target!(|input: (&[u8], Vec<(&str, &[u8], &[u8])>, Vec<&[u8]>, Vec<(u16, u8)>, Option<u16>)| {
    let (bytes, rows, bodies, flips, cut) = input;
    let _ = (head(bytes), read_bodies(bytes));
    if let Ok((told, _)) = parts(bytes) {
        assert_eq!(told.bytes, bytes.len() as u64);
    }

    let mut whole = vec![];
    let head = Head { schema: 1, before: 6, made_at: Default::default(), version: String::new() };
    let mut writer = Writer::new(&mut whole, head).unwrap();
    for (tree, name, value) in &rows {
        writer.row(tree, name, value).unwrap();
    }
    for (sequence, body) in (7..).zip(&bodies) {
        let (mut rows, mut changes) = (Rows::default(), Changes::default());
        rows.insert(&b"name"[..], *body);
        rows.remove(*body);
        changes.of("entries", rows);
        writer.record(&Record { sequence, changes }).unwrap();
    }
    let sequence = 6 + bodies.len() as u64;
    let written = writer.finish(sequence).unwrap();
    let (told, expected) = parts(&whole).unwrap();
    assert_eq!((&told, told.sequence, told.rows()), (&written, sequence, rows.len() as u64));

    let mut damaged = whole.clone();
    for (at, by) in flips {
        let at = usize::from(at) % damaged.len();
        damaged[at] ^= by;
    }
    damaged.truncate(cut.map_or(usize::MAX, usize::from));
    if let Ok((_, read)) = parts(&damaged) {
        assert!(damaged == whole && read == expected);
    }
});
