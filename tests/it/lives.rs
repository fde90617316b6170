//! Lives of sources: whatever a source does to its ids, links, dates and titles, what is old is never new, what is
//! new always is, every published id stays, and the admin is told once.

mod life;
mod precise;
mod random;

use life::*;
use nashra::model::KeyKind;

const MOVED: &[&str] = &["identities-moved"];

/// A source that lists twenty entries in one shape, and then in another.
fn check(before: Shape, after: Shape, told: &[&str]) {
    for (purged, news) in [(false, 3), (false, 60), (true, 0)] {
        let mut life = Life::new(before, 0..20);
        life.lists(2..22);
        life.was_told(&[]);
        if purged {
            life.purge();
        }
        life.is_unchanged();
        life.fails();
        life.restart();
        life.shape = after;
        let update = life.lists(2..22 + news);
        assert_eq!(update.tally.updated, 0, "{after:?} {:#?}", update.changed.first());
        life.restart();
        let update = life.lists(2..22 + news);
        assert_eq!(update.changed, [], "{after:?}");
        // Of a link to another host nothing is known where nothing is stored to compare it with.
        if purged {
            life.told.clear();
        }
        life.was_told(if purged { &[] } else { told });
        // Of what is not there any more, a title without a date says too little.
        let first = if purged && after.dates == Dates::Absent { 2 } else { 0 };
        life.lists(first..23 + news);
        life.was_told(&[]);
    }
}

#[test]
fn a_source_changes_its_guids() {
    let with = |guid| Shape { guid, ..PLAIN };
    for (before, after) in [
        (Guid::Integer, Guid::Uuid),
        (Guid::Permalink, Guid::Uuid),
        (Guid::Query, Guid::Permalink),
        (Guid::Query, Guid::Integer),
        (Guid::Integer, Guid::Absent),
        (Guid::Absent, Guid::Uuid),
        (Guid::Integer, Guid::Empty),
    ] {
        check(with(before), with(after), MOVED);
    }
}

#[test]
fn a_source_changes_its_address() {
    for guid in [Guid::Permalink, Guid::Query] {
        let before = Shape { guid, ..PLAIN };
        for site in ["https://a.example", "https://www.a.example", "https://b.example"] {
            check(before, Shape { site, ..before }, MOVED);
        }
    }
    for site in ["https://a.example", "https://b.example"] {
        check(PLAIN, Shape { site, ..PLAIN }, MOVED);
    }
}

#[test]
fn a_source_changes_its_cms() {
    let guids = [(Guid::Query, Guid::Uuid), (Guid::Permalink, Guid::Permalink), (Guid::Absent, Guid::Absent)];
    for (before, after) in guids {
        for layout in [Layout::Slash, Layout::Html, Layout::Node, Layout::Query] {
            for dates in [Dates::Exact, Dates::Minutes, Dates::Hours(1), Dates::Hours(-3)] {
                let before = Shape { guid: before, ..PLAIN };
                let after = Shape {
                    guid: after,
                    layout,
                    dates,
                    site: "https://news.example",
                    reversed: true,
                    ..PLAIN
                };
                check(before, after, MOVED);
            }
        }
    }
}

#[test]
fn a_source_changes_its_cms_which_knows_other_dates() {
    for (guid, layout) in [(Guid::Uuid, Layout::Node), (Guid::Permalink, Layout::Query)] {
        for dates in [Dates::Days(0), Dates::Days(1), Dates::Days(-5), Dates::Filled, Dates::Absent] {
            let before = Shape { guid: Guid::Permalink, ..PLAIN };
            check(before, Shape { guid, layout, dates, ..before }, MOVED);
        }
    }
}

#[test]
fn a_part_of_a_source_moves() {
    for (part, told) in [(9, MOVED), (4, &[])] {
        let mut life = Life::new(Shape { guid: Guid::Permalink, ..PLAIN }, 0..30);
        let moved = Shape { layout: Layout::Node, ..life.shape };
        life.part = Some((3..3 + part, moved));
        let update = life.lists(0..32);
        assert_eq!((update.tally.updated, update.new.len()), (0, 2));
        life.was_told(told);
        life.restart();
        life.lists(0..32);
        // Each time another part: that is told once a day.
        life.part = Some((3..20, moved));
        life.lists(0..33);
        life.was_told(if told.is_empty() { MOVED } else { &[] });
        life.part = None;
        life.lists(0..33);
        life.was_told(&[]);
    }
}

#[test]
fn a_source_spells_its_links_in_another_way() {
    for spelling in [Spelling::Lower, Spelling::Upper, Spelling::Decomposed] {
        for guid in [Guid::Permalink, Guid::Integer, Guid::Absent] {
            // Few letters can be taken apart, so few guids change by it.
            let most = guid == Guid::Permalink && spelling != Spelling::Decomposed;
            let told = if most { MOVED } else { &[] };
            let before = Shape { guid, ..PLAIN };
            check(before, Shape { spelling, ..before }, told);
            check(Shape { spelling, ..before }, before, told);
        }
    }
    for (before, after) in [(false, true), (true, false)] {
        let with = |tracked| Shape { guid: Guid::Absent, tracked, ..PLAIN };
        check(with(before), with(after), &[]);
    }
}

/// What is no key is found out: told once, and no keys are learnt by it any more.
fn check_useless(shape: Shape, told: &[&str]) {
    // Where one entry alone is stored, another link is a change as any.
    for purged in [false, !shape.tokens] {
        let mut life = Life::new(shape, 0..20);
        if purged {
            life.purge();
        }
        for n in 1..6 {
            let update = life.lists(n..n + 20);
            assert_eq!((update.tally.updated, update.new.len()), (0, 1), "{shape:?}: {:#?}", update.changed);
            life.restart();
        }
        life.was_told(told);
        let before = (life.keys(KeyKind::Guid), life.keys(KeyKind::Link), life.keys(KeyKind::Content));
        for _ in 0..10 {
            let update = life.lists(5..25);
            assert_eq!((&update.new[..], &update.changed[..]), (&[][..], &[][..]), "{shape:?}");
        }
        life.was_told(&[]);
        let after = (life.keys(KeyKind::Guid), life.keys(KeyKind::Link), life.keys(KeyKind::Content));
        assert_eq!(before, after, "{shape:?}");
        // Real news and a real move are seen as ever.
        life.lists(5..105);
        life.was_told(&[]);
        life.shape = Shape { site: "https://b.example", layout: Layout::Slash, ..shape };
        life.lists(90..110);
        life.lists(91..111);
        assert!(purged || life.told == MOVED || shape.tokens, "{shape:?}: {:?}", life.told);
    }
}

#[test]
fn guids_that_change_with_every_document_are_found_out() {
    for (guid, told) in [
        (Guid::Random, &["identities-moved", "keys-volatile"][..]),
        (Guid::Token, &["identities-moved", "keys-volatile"]),
        (Guid::Moment, &[]),
        (Guid::Same, &[]),
        (Guid::SomeSame, &[]),
        (Guid::Empty, &[]),
    ] {
        check_useless(Shape { guid, ..PLAIN }, told);
        if guid != Guid::Token {
            check_useless(Shape { guid, layout: Layout::Query, dates: Dates::Absent, ..PLAIN }, told);
        }
    }
}

#[test]
fn links_that_change_with_every_document_are_found_out() {
    let tokens = Shape { tokens: true, ..PLAIN };
    for guid in [Guid::Integer, Guid::Random, Guid::Permalink, Guid::Absent] {
        check_useless(Shape { guid, ..tokens }, &["identities-moved", "keys-volatile"]);
    }
}

#[test]
fn one_change_after_the_other() {
    for told_late in [false, true] {
        let mut life = Life::new(PLAIN, 0..20);
        let html = Shape { guid: Guid::Uuid, layout: Layout::Html, edited_every: Some(5), ..PLAIN };
        let host = Shape { site: "https://b.example", dates: Dates::Hours(-1), ..html };
        let slash = Shape { guid: Guid::Permalink, layout: Layout::Slash, dates: Dates::Minutes, ..host };
        let shapes =
            [Shape { guid: Guid::Query, ..PLAIN }, html, host, slash, Shape { guid: Guid::Absent, ..slash }];
        for (step, shape) in shapes.into_iter().enumerate() {
            life.shape = shape;
            life.lists(3 * step..3 * step + 22);
            // In the same document as a move, or after it.
            if told_late {
                life.fails();
                life.lists(3 * step..3 * step + 22);
                life.restart();
                life.lists(3 * step + 1..3 * step + 23);
            } else {
                life.lists(3 * step..3 * step + 23);
            }
            life.was_told(MOVED);
        }
        assert_eq!(life.state().habits.trust(), nashra::model::Trust::default());
    }
}

#[test]
fn what_was_no_key_may_become_one_again() {
    let mut life = Life::new(Shape { guid: Guid::Random, ..PLAIN }, 0..20);
    (0..4).for_each(|_| _ = life.lists(0..20));
    life.told.clear();
    life.shape.guid = Guid::Uuid;
    (0..30).for_each(|_| _ = life.lists(0..20));
    life.was_told(&["keys-steady"]);
    // They were learnt: what has other links and dates is recognised by them.
    life.shape = Shape { layout: Layout::Node, dates: Dates::Absent, ..life.shape };
    let before = life.keys(KeyKind::Guid);
    life.lists(0..20);
    assert_eq!(life.keys(KeyKind::Guid), before);
}
