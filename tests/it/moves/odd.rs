//! What is strange about a good answer, and what only looks so.

use std::path::PathBuf;

use super::*;

fn check(update: &Update, expected: Option<&str>) {
    match (&update.state.oddity, expected) {
        (None, None) => {}
        (Some(found), Some(expected)) => {
            assert!(found.contains(expected) && !found.contains('\n'), "{found:?} lacks {expected:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_source_that_only_repeats_others() {
    let mut days = Days::of(HOME);
    let first = source("first", &[]);
    let copied = |range: std::ops::Range<usize>| -> Vec<FeedEntry> {
        range.map(|n| FeedEntry { id: Some(format!("copy-{n}")), ..story(n, "first.example") }).collect()
    };
    days.memory.poll(&first, &brought(stories(0..20, "first.example"), "2026-11-01T11:00:00Z"));
    check(&days.feed(0, None, copied(0..5)), Some("all of its 5 entries repeat"));
    // Still so when all of them are known; and not any more with the first story of its own.
    check(&days.feed(1, None, copied(0..6)), Some("all of its 6 entries repeat"));
    check(&days.unchanged(1, None), Some("all of its 6 entries repeat"));
    // Of what retention has removed nobody knows whose it was.
    let entries = days.memory.entries.clone();
    let gone = days.state().listed[0];
    days.memory.entries.remove(&gone);
    check(&days.feed(1, None, copied(0..6)), None);
    days.memory.entries = entries;
    let mut own = copied(0..6);
    own.push(story(1, "a.example"));
    check(&days.feed(1, None, own), None);
    check(&days.feed(1, None, copied(0..4)), None);
}

#[test]
fn a_feed_that_shrinks() {
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..50, "a.example"));
    check(&days.feed(1, None, stories(0..11, "a.example")), None);
    days.feed(1, None, stories(0..50, "a.example"));
    check(
        &days.feed(1, None, stories(0..10, "a.example")),
        Some("it lists 10 entries, where 50 were expected"),
    );
    check(&days.feed(1, None, vec![]), Some("it lists no entries, where 45 were expected"));
    // One that stays small is not odd for ever, and one that is small never was.
    let last = (0..30).map(|n| days.feed(24, None, vec![story(n, "a.example")])).last().unwrap();
    check(&last, None);
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..9, "a.example"));
    check(&days.feed(1, None, vec![]), None);
}

#[test]
fn dates_that_stand_still() {
    let dated = |range: std::ops::Range<usize>, date: &str| -> Vec<FeedEntry> {
        range.map(|n| FeedEntry { published: Some(at(date)), ..story(n, "a.example") }).collect()
    };
    let mut days = Days::of(HOME);
    days.feed(0, None, dated(0..10, "2026-10-01T00:00:00Z"));
    // Many of one day are nothing strange where days have no hours.
    let midnight = "2026-11-01T00:00:00Z";
    days.feed(1, None, dated(0..13, midnight));
    check(&days.feed(12, None, dated(8..16, midnight)), None);
    check(&days.feed(24, None, dated(10..17, midnight)), None);
    check(&days.feed(24, None, dated(10..18, midnight)), Some("its dates stand still: 8 entries"));
    let mut moves = dated(10..18, midnight);
    moves.extend(dated(18..19, "2026-11-04T00:00:00Z"));
    check(&days.feed(1, None, moves), None);
    // All to come.
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..10, "a.example"));
    check(&days.feed(1, None, dated(20..24, "2027-05-01T00:00:00Z")), None);
    check(&days.feed(1, None, dated(20..25, "2027-05-01T00:00:00Z")), Some("dated in the future"));
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..10, "a.example"));
    check(&days.feed(1, None, dated(20..30, "2026-11-01T23:00:00Z")), None);
}

#[test]
fn another_language_of_the_same_owner() {
    let spoken = |language: &str| {
        feed_with(stories(0..5, "a.example"), |feed| feed.language = Some(language.to_owned()))
    };
    let mut days = Days::of(HOME);
    days.poll(0, None, spoken("fr"));
    check(&days.poll(1, None, spoken("fr-MA")), None);
    check(&days.poll(1, None, spoken("es")), Some("its language changed from fr to es"));
    check(&days.poll(1, None, feed(stories(0..6, "a.example"))), None);
}

#[test]
fn nothing_is_odd_about_real_feeds_that_did_not_change() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/feeds");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("SKIPPED: shared/feeds is not beside this checkout");
        return;
    };
    let (mut seen, mut odd) = (0, vec![]);
    for file in files {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let read = pipeline::understand(&bytes, None, None, "https://a.example/feed", &[]);
        let Ok(understood) = read else { continue };
        seen += 1;
        let reading = || Reading::Feed {
            feed: Box::new(understood.clone()),
            document: Digest([1; 16]),
            is_delta: false,
            validators: Validators::default(),
        };
        let mut days = Days::of(HOME);
        days.poll(0, None, reading());
        for hours in [1, 24 * 30] {
            let update = days.poll(hours, None, reading());
            let SourceState { oddity, quarantine, .. } = update.state;
            if oddity.is_some() || quarantine.is_some() || !update.new.is_empty() {
                odd.push(format!("{}: {oddity:?} {quarantine:?} {} new", path.display(), update.new.len()));
            }
        }
    }
    assert!(seen > 0 && odd.is_empty(), "{seen} feeds\n{}", odd.join("\n"));
}
