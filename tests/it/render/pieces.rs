//! Where the entries of a document stand in its bytes.

use std::collections::HashSet;

use nashra::model::{Digest, Document, Pieces, Removed, SectionFeed, SectionOrder};

use super::*;

/// A document of which every entry can be left out, and what is left still is a document.
fn check(
    body: Vec<u8>,
    find: impl Fn(&[u8]) -> Option<Pieces>,
    entries: usize,
    count: impl Fn(&[u8]) -> usize,
) {
    let pieces = find(&body).unwrap();
    assert_eq!(pieces.list.len(), entries);
    let document =
        Document { pieces: Some(pieces), ..render::document("text/xml", body, None, Digest([0; 16])) };
    let all: Vec<Digest> =
        document.pieces.iter().flat_map(|pieces| &pieces.list).map(|one| one.digest).collect();
    assert_eq!(document.without(&HashSet::new()).unwrap(), document.identity, "nobody knows anything");
    for known in 0..=entries {
        let some: HashSet<Digest> = all.iter().take(known).copied().collect();
        assert_eq!(count(&document.without(&some).unwrap()), entries - known);
    }
    let only_first: HashSet<Digest> = all.iter().skip(1).copied().collect();
    assert_eq!(count(&document.without(&only_first).unwrap()), 1);
}

#[test]
fn entries_can_be_left_out_of_every_format() {
    let feed = unusual();
    let entries = feed.placed.len();
    assert!(entries > 2, "the fixture shows too little");
    check(render::rss(&feed, &site()), render::rss_pieces, entries, |bytes| {
        ::rss::Channel::read_from(bytes).unwrap().items().len()
    });
    check(render::atom(&feed, &site()), render::atom_pieces, entries, |bytes| {
        atom_syndication::Feed::read_from(bytes).unwrap().entries().len()
    });
    check(render::json(&feed, &site()), render::json_pieces, entries, |bytes| {
        let document: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        document["items"].as_array().unwrap().len()
    });
}

#[test]
fn a_document_without_entries_has_no_pieces() {
    let nothing = feed(vec![]);
    assert_eq!(render::rss_pieces(&render::rss(&nothing, &site())), None);
    assert_eq!(render::atom_pieces(&render::atom(&nothing, &site())), None);
    assert_eq!(render::json_pieces(&render::json(&nothing, &site())), None);
}

#[test]
fn a_piece_tells_what_is_new_of_its_entry_alone() {
    let told = |feed: &SectionFeed| {
        let body = render::atom(feed, &site());
        let pieces = render::with_news(render::atom_pieces(&body).unwrap(), &body, feed);
        pieces.list.into_iter().map(|piece| piece.news).collect::<Vec<_>>()
    };
    let mut feed = unusual();
    let before = told(&feed);
    assert!(before.iter().all(|news| news.is_some_and(|news| news.at.is_some())));
    let versions: HashSet<Digest> = before.iter().flatten().map(|news| news.version).collect();
    assert_eq!(versions.len(), feed.placed.len());
    // Other coverage is no news of the entry, a change is, and so is none of what was there from the beginning.
    feed.placed[1].also = vec![also("b", "Another")];
    assert_eq!(told(&feed), before);
    Arc::make_mut(&mut feed.placed[1].entry).updated = Some(at("2026-11-25T10:00:00Z"));
    Arc::make_mut(&mut feed.placed[2].entry).backfill = true;
    Arc::make_mut(&mut feed.placed[3].entry).backfill = true;
    let after = told(&feed);
    assert_ne!(after[1].unwrap().version, before[1].unwrap().version);
    assert_eq!(after[1].unwrap().entry, before[1].unwrap().entry);
    assert_eq!((after[0], after[2], after[3]), (before[0], before[2], None));
    // An entry that is taken out is news as well.
    let id = feed.placed.remove(4).entry.id.clone();
    feed.removed = vec![Removed { id, at: at("2026-11-25T11:00:00Z") }];
    let removed = told(&feed);
    let notice = removed.iter().flatten().find(|news| news.at == Some(at("2026-11-25T11:00:00Z")));
    assert_eq!(notice.map(|news| news.entry), before[4].map(|news| news.entry));
    assert_eq!(removed.len(), after.len());
    // What is ranked has no time at which it becomes news.
    feed.section.order = SectionOrder::MostRead;
    assert!(told(&feed).into_iter().flatten().any(|news| news.at.is_none()));
}

#[test]
fn news_leave_the_other_entries_as_they_were() {
    let digests = |feed: &SectionFeed| {
        let of =
            |pieces: Option<Pieces>| pieces.unwrap().list.into_iter().map(|piece| piece.digest).collect();
        let found: [HashSet<Digest>; 3] = [
            of(render::rss_pieces(&render::rss(feed, &site()))),
            of(render::atom_pieces(&render::atom(feed, &site()))),
            of(render::json_pieces(&render::json(feed, &site()))),
        ];
        found
    };
    let before = digests(&unusual());
    let mut news = unusual();
    let mut newest = entry("urn:x-test:news", said("n", "News of a source", "https://a.example/news", DAY));
    newest.published = at("2026-11-25T00:00:00Z");
    news.placed.insert(0, placed(newest));
    news.updated = at("2026-11-25T00:00:00Z");
    for (before, after) in before.iter().zip(digests(&news)) {
        assert_eq!(before.difference(&after).count(), 0);
        assert_eq!(after.difference(before).count(), 1);
    }
}
