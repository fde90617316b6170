//! Any bytes as a segment of the journal, and any damage to one that was whole: what comes out was put in, and what was
//! not touched comes out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nashra::edge::journal::{Changes, Record, Rows, read_body, read_bytes, write_bytes};

fuzz_target!(|input: (&[u8], Vec<&[u8]>, Vec<(u16, u8)>)| {
    let (bytes, bodies, flips) = input;
    // Nobody can know what a segment's records begin with.
    if let Ok((facts, records)) = read_bytes(bytes) {
        assert_eq!(facts.records, records.len() as u64);
        assert!(facts.bytes_whole <= facts.bytes);
    }
    read_body(bytes);

    let commit = |body: &&[u8]| {
        let (mut rows, mut changes) = (Rows::default(), Changes::default());
        rows.insert(&b"name"[..], *body);
        rows.remove(*body);
        changes.of("entries", rows);
        changes
    };
    let commits: Vec<Changes> = bodies.iter().map(commit).collect();
    let (mut segment, begins) = write_bytes(&commits).unwrap();
    let mut touched = vec![false; segment.len()];
    for (at, by) in flips {
        let at = usize::from(at) % segment.len();
        segment[at] ^= by;
        touched[at] = true;
    }
    let (_, read) = read_bytes(&segment).unwrap();
    let records = (1..).zip(commits).map(|(sequence, changes)| Record { sequence, changes });
    let records: Vec<Record> = records.collect();
    assert!(read.iter().all(|record| records.contains(record)));
    for (record, part) in records.iter().zip(begins.windows(2)) {
        let is_touched = touched[part[0]..part[1]].contains(&true);
        assert!(is_touched || read.contains(record));
    }
});
