//! What is synced is on the disk, and what cannot be synced counts for nothing.

use std::fs::OpenOptions;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::*;

const DEADLINE: Duration = Duration::from_secs(60);

/// A file that takes what is written to it and cannot be synced; the other end must be kept.
fn unsyncable() -> (Arc<File>, UnixStream) {
    let (one, other) = UnixStream::pair().unwrap();
    (Arc::new(File::from(OwnedFd::from(one))), other)
}

#[test]
fn what_could_not_be_synced_goes_into_another_segment() {
    let (folder, journal) = filled(2);
    let (lost, _other) = unsyncable();
    journal.shared.end().swap_file(lost);
    append(&journal, "3").unwrap();
    append(&journal, "4").unwrap();
    journal.sync().unwrap();
    assert_eq!(append(&journal, "5").unwrap(), 5);
    drop(journal);
    assert_eq!(places(folder.path(), 0).0, to(5));
    let firsts: Vec<u64> = Segment::all(folder.path()).unwrap().iter().map(|segment| segment.first).collect();
    assert_eq!(firsts, [1, 3]);
}

#[test]
fn where_nothing_can_be_written_nothing_counts_until_it_can() {
    let (folder, journal) = filled(2);
    let there = folder.path().to_path_buf();
    let aside = there.with_extension("aside");
    let (lost, _other) = unsyncable();
    journal.shared.end().swap_file(lost);
    append(&journal, "3").unwrap();
    fs::rename(&there, &aside).unwrap();
    assert!(journal.sync().is_err());
    assert!(journal.sync().is_err(), "it is not forgotten");
    assert!(append(&journal, "never").is_err());
    fs::rename(&aside, &there).unwrap();
    assert_eq!(append(&journal, "4").unwrap(), 4);
    journal.sync().unwrap();
    assert_eq!(places(&there, 0).0, to(4));
}

#[test]
fn a_full_disk_takes_nothing_and_leaves_everything() {
    let (folder, journal) = filled(2);
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    journal.shared.end().swap_file(Arc::new(full));
    // What may be there of it cannot be cut off: another segment is begun.
    assert_eq!(append(&journal, "never").unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(append(&journal, "3").unwrap(), 3);
    journal.sync().unwrap();
    drop(journal);
    let (found, read) = places(folder.path(), 0);
    assert_eq!((found, read.damaged), (to(3), vec![]));
}

#[test]
fn whoever_syncs_returns_when_his_own_is_durable() {
    let (folder, journal) = filled(0);
    let last = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let place = {
                        let mut held = journal.begin();
                        let text = held.next().to_string();
                        held.append(Encoded::of(&commit(&text)).unwrap()).unwrap()
                    };
                    journal.sync().unwrap();
                    assert!(journal.shared.end().durable >= place);
                    last.fetch_max(place, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(last.into_inner(), 200);
    drop(journal);
    assert_eq!(places(folder.path(), 0).0, to(200));
}

#[test]
fn nothing_stays_unsynced_for_long() {
    let (_folder, journal) = filled(1);
    append(&journal, "2").unwrap();
    let (begun, mut end) = (Instant::now(), journal.shared.end());
    while end.durable < 2 {
        assert!(begun.elapsed() < DEADLINE);
        end = journal.shared.synced.wait_timeout(end, DEADLINE).unwrap().0;
    }
    drop(end);
    let held = journal.begin();
    assert!(!held.is_sync_due());
    drop(held);
    for place in 3..3 + UNSYNCED_RECORDS_MAX as u64 {
        append(&journal, &place.to_string()).unwrap();
    }
    assert!(journal.begin().is_sync_due() || journal.shared.end().durable > 2);
}
