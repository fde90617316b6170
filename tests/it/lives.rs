//! Lives of sources: whatever a source does to its ids, links, dates and titles, what is old is never new, what is
//! new always is, every published id stays, and the admin is told once.

mod life;

use life::*;
use nashra::model::*;

const MOVED: &[&str] = &["identities-moved"];

/// A source that lists twenty entries in one shape, and then in another.
fn check(before: Shape, after: Shape, told: &[&str]) {
    for (purged, news) in [(false, 0), (false, 3), (false, 200), (true, 0), (true, 3)] {
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
        life.lists(0..23 + news);
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
fn a_source_spells_its_links_in_another_way() {
    for spelling in [Spelling::Lower, Spelling::Upper, Spelling::Decomposed] {
        for (guid, told) in [(Guid::Permalink, MOVED), (Guid::Integer, &[][..]), (Guid::Absent, &[])] {
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
