//! What is new in an edition of a feed, and how several announcements become one document. No I/O, no clock.

use std::collections::HashSet;

use chrono::TimeDelta;

use crate::model::{Announcement, Digest, Document, Hidden, Piece, Timestamp, Topic};

/// Decisions can overtake each other by as much: one of two entries that came at the same time may be shown later.
/// What became news longer ago than that is no news any more, whoever shows it now: a rule that takes in old
/// entries floods nobody.
const LATE_MAX: TimeDelta = TimeDelta::hours(1);
/// Remembered of what is no longer shown.
const KNOWN_MAX: usize = 5_000;
/// Bytes of a document that is put together from several announcements.
pub(super) const DOCUMENT_BYTES_MAX: usize = 1 << 20;

/// A topic whose document as it is now is known to everybody.
pub(super) fn begin(topic: &str, document: &Document, now: Timestamp) -> Topic {
    let mut begun = Topic { topic: topic.to_owned(), until: now, ..Topic::default() };
    take(&mut begun, document, now);
    begun.last = 0;
    begun
}

/// Takes an edition of the document in. `None` where nobody need be told of it.
pub(super) fn take(topic: &mut Topic, document: &Document, now: Timestamp) -> Option<Announcement> {
    // A clock that was ahead for a while must not silence us until that time comes.
    let until = topic.until.min(now);
    let known: HashSet<Digest> = topic.known.iter().map(|(version, _)| *version).collect();
    let pieces = document.pieces.iter().flat_map(|pieces| &pieces.list);
    let (mut shown, mut entries) = (HashSet::new(), vec![]);
    for (piece, news) in pieces.filter_map(|piece| Some((piece, piece.news?))) {
        shown.insert(news.version);
        if known.contains(&news.version) {
            continue;
        }
        topic.known.push((news.version, news.at));
        if news.at.is_none_or(|at| at >= until - LATE_MAX) {
            entries.push((piece, news.entry));
        }
    }
    topic.until = until.max(now);
    forget(topic, &shown);
    let announcement = tell(document, &entries, topic.last + 1, now)?;
    topic.last = announcement.number;
    Some(announcement)
}

/// An announcement of these pieces of a document; `None` where there are none.
fn tell(document: &Document, told: &[(&Piece, Digest)], number: u64, at: Timestamp) -> Option<Announcement> {
    let pieces = document.pieces.as_ref().filter(|_| !told.is_empty())?;
    let (head, tail) = (pieces.list.first()?.range.start, pieces.list.last()?.range.end);
    let text_of = |piece: &Piece| text(document, piece.range.start, piece.range.end);
    Some(Announcement {
        number,
        at,
        content_type: document.content_type.to_owned(),
        head: text(document, 0, head),
        separator: pieces.separator.to_owned(),
        entries: told.iter().map(|(piece, entry)| (*entry, text_of(piece))).collect(),
        names: told.iter().map(|(piece, _)| piece.names.to_vec()).collect(),
        tail: text(document, tail, document.identity.len()),
    })
}

/// Whether an announcement names nothing that is hidden.
pub(super) fn is_clear(one: &Announcement, hidden: &Hidden) -> bool {
    hidden.is_empty()
        || knows_names(one) && !one.names.iter().flatten().any(|named| hidden.covers_named(*named))
}

/// Whether it is known which entries an announcement names.
pub(super) fn knows_names(one: &Announcement) -> bool {
    one.names.len() == one.entries.len()
}

/// Whether a document names nothing that is hidden.
pub(super) fn is_clear_document(document: &Document, hidden: &Hidden) -> bool {
    let mut named =
        document.pieces.iter().flat_map(|pieces| &pieces.list).flat_map(|piece| piece.names.iter());
    hidden.is_empty() || !named.any(|named| hidden.covers_named(*named))
}

/// An announcement without what is hidden; `None` where nothing is left of it. Where a hidden entry is named beside
/// another one, the others are told as `current`, which names nothing hidden, has them now.
pub(super) fn cleansed(one: Announcement, hidden: &Hidden, current: &Document) -> Option<Announcement> {
    if is_clear(&one, hidden) {
        return Some(one);
    }
    let is_hidden = |names: &Vec<_>| names.first().is_some_and(|named| hidden.covers_named(*named));
    let Announcement { number, at, .. } = one;
    let (entries, names) =
        one.entries.into_iter().zip(one.names).filter(|(_, names)| !is_hidden(names)).unzip();
    let left = Announcement { entries, names, ..one };
    if is_clear(&left, hidden) {
        return (!left.entries.is_empty()).then_some(left);
    }
    let wanted: HashSet<Digest> = left.entries.iter().map(|(name, _)| *name).collect();
    let pieces = current.pieces.iter().flat_map(|pieces| &pieces.list);
    let of_news = pieces.filter_map(|piece| Some((piece, piece.news?.entry)));
    let told: Vec<(&Piece, Digest)> = of_news.filter(|(_, entry)| wanted.contains(entry)).collect();
    tell(current, &told, number, at)
}

/// Drops what would not be announced again anyway.
fn forget(topic: &mut Topic, shown: &HashSet<Digest>) {
    let horizon = topic.until - LATE_MAX;
    topic.known.retain(|(version, at)| shown.contains(version) || at.is_none_or(|at| at >= horizon));
    let mut surplus = topic.known.len().saturating_sub(shown.len() + KNOWN_MAX);
    topic.known.retain(|(version, _)| {
        let dropped = surplus > 0 && !shown.contains(version);
        surplus -= usize::from(dropped);
        !dropped
    });
}

fn text(document: &Document, start: usize, end: usize) -> String {
    String::from_utf8_lossy(document.identity.get(start..end).unwrap_or_default()).into_owned()
}

/// How many of these announcements, which follow one another, can be sent as one document.
pub(super) fn together(announcements: &[Announcement]) -> usize {
    let Some(first) = announcements.first() else { return 0 };
    let mut bytes = 0;
    let fits = |one: &&Announcement| {
        bytes += one.bytes();
        // Names of namespaces hold for the whole document, which declares those alone that it needs itself.
        one.content_type == first.content_type
            && root(&one.head) == root(&first.head)
            && bytes <= DOCUMENT_BYTES_MAX
    };
    announcements.iter().take_while(fits).count().max(1)
}

/// One document of several announcements, the newest first; of an entry that stands in several the newest version.
pub(super) fn compose(announcements: &[Announcement]) -> String {
    let Some(newest) = announcements.last() else { return String::new() };
    let mut named = HashSet::new();
    let entries = announcements.iter().rev().flat_map(|one| &one.entries);
    let entries: Vec<&str> =
        entries.filter(|(name, _)| named.insert(*name)).map(|(_, text)| text.as_str()).collect();
    [&newest.head, &entries.join(&newest.separator), &newest.tail].map(String::as_str).concat()
}

/// The start tag of an XML document; nothing of a JSON one.
fn root(head: &str) -> &str {
    let is_name = |rest: &str| rest.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic);
    let start = head.match_indices('<').map(|(at, _)| at).find(|at| head.get(*at..).is_some_and(is_name));
    let tag = start.and_then(|start| head.get(start..)).unwrap_or_default();
    tag.split_inclusive('>').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;
    use crate::model::{EntryKey, Hiding, Kept, Lifetime, Named, News, Packed, Pieces};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    /// Letters are entries, capitals are announced; a digit behind one is its version.
    fn document(entries: &[(&str, Option<i64>)]) -> Document {
        let mut body = "<?xml version=\"1.0\"?><feed x=\"1\"><t/>".to_owned();
        let list = entries.iter().map(|(name, seconds)| {
            let start = body.len();
            body.extend(["<entry>", name, "</entry>"]);
            let digest = Digest::of([name.as_bytes()]);
            let entry = Digest::of([&name.as_bytes()[..1]]);
            let is_told = name.starts_with(|c: char| c.is_ascii_uppercase());
            let news = is_told.then(|| News { entry, version: digest, at: seconds.map(at) });
            Piece { digest, range: start..body.len(), news, names: Arc::default() }
        });
        let list: Vec<Piece> = list.collect();
        body.push_str("</feed>");
        Document {
            content_type: "application/atom+xml",
            version: Digest::of([body.as_bytes()]),
            identity: Bytes::from(body),
            packed: Packed::by(|_, _| None),
            last_modified: None,
            lifetime: Lifetime(60),
            fingerprint: Digest([0; 16]),
            pieces: (!list.is_empty()).then_some(Pieces { separator: "", list }),
            links: None,
            history: None,
            kept: Kept::default(),
        }
    }

    fn names(announcement: Option<Announcement>) -> String {
        let entries = announcement.map(|one| one.entries).unwrap_or_default();
        entries.iter().map(|(_, text)| text.replace("<entry>", "").replace("</entry>", "")).collect()
    }

    #[test]
    fn an_edition_is_told_as_far_as_it_is_new() {
        let mut topic = begin("t", &document(&[("A", Some(0)), ("b", Some(0))]), at(10));
        let mut check = |entries: &[(&str, Option<i64>)], now, expected: &str| {
            assert_eq!(names(take(&mut topic, &document(entries), at(now))), expected, "{entries:?}");
        };
        check(&[("A", Some(0)), ("b", Some(0))], 11, "");
        check(&[("C", Some(20)), ("A", Some(0))], 20, "C");
        check(&[("C2", Some(30)), ("C", Some(20)), ("d", Some(30))], 30, "C2");
        // What was decided a little earlier may be shown later.
        check(&[("E", Some(5)), ("C2", Some(30))], 40, "E");
        // It leaves and comes back.
        check(&[("C2", Some(30))], 50, "");
        check(&[("E", Some(5)), ("C2", Some(30))], 60, "");
        check(&[], 70, "");
        check(&[("E", Some(5)), ("C2", Some(30))], 80, "");
        check(&[], 7000, "");
        // A rule takes in what was new long ago.
        check(&[("F", Some(5)), ("G", Some(8000))], 8000, "G");
        check(&[("F", Some(5)), ("G", Some(8000))], 20_000, "");
        // What is ranked is news when it first appears.
        check(&[("H", None), ("G", Some(8000))], 20_001, "H");
        check(&[("G", Some(8000))], 30_000, "");
        check(&[("H", None), ("G", Some(8000))], 40_000, "");
        assert_eq!(topic.last, 5);
    }

    #[test]
    fn a_clock_that_was_ahead_silences_nobody() {
        let mut topic = begin("t", &document(&[]), at(900_000));
        assert_eq!(names(take(&mut topic, &document(&[("A", Some(10))]), at(10))), "A");
    }

    fn named(name: &str) -> Named {
        let key = EntryKey(Digest::of([name.as_bytes()]).0);
        Named { entry: key, story: key }
    }

    /// `names` are the letters that each text names, its own first.
    fn naming(entries: &[&str], names: &[&str]) -> Document {
        let told: Vec<_> = entries.iter().map(|name| (*name, Some(1))).collect();
        let mut document = document(&told);
        for (piece, names) in document.pieces.iter_mut().flat_map(|pieces| &mut pieces.list).zip(names) {
            piece.names = names.split_inclusive(|_| true).map(named).collect();
        }
        document
    }

    #[test]
    fn what_is_hidden_is_told_no_more() {
        let check = |hide: &[&str], stories: &[&str], expected: Option<&str>| {
            let mut topic = begin("t", &document(&[]), at(0));
            let stored = naming(&["A", "B", "C"], &["A", "BD", "C"]);
            let stored = take(&mut topic, &stored, at(2)).unwrap();
            let as_stored = stories.iter().map(|name| (named(name).entry, at(0))).collect();
            let mut hidden = Hidden::default();
            hidden.stories = as_stored;
            hidden.extend(hide.iter().map(|name| (named(name).entry, Hiding::default())));
            // What stood beside B has gone from it, and C has left the feed.
            let current = naming(&["E", "B2", "A"], &["E", "B", "A"]);
            let is_same = is_clear(&stored, &hidden);
            let told = cleansed(stored.clone(), &hidden, &current);
            assert_eq!(told.as_ref() == Some(&stored), is_same);
            assert!(told.iter().all(|told| (told.number, told.at) == (stored.number, stored.at)));
            assert_eq!(told.map(|told| names(Some(told))).as_deref(), expected, "{hide:?} {stories:?}");
        };
        check(&[], &[], Some("ABC"));
        check(&["E"], &[], Some("ABC"));
        check(&["A"], &[], Some("BC"));
        check(&[], &["A"], Some("BC"));
        check(&["A", "B", "C"], &[], None);
        check(&["D"], &[], Some("B2A"));
        check(&["D"], &["A"], Some("B2"));
        check(&["B", "D"], &[], Some("AC"));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut topic = begin("t", &document(&[]), at(0));
        let names: Vec<String> = (0..KNOWN_MAX + 500).map(|number| format!("A{number}")).collect();
        for some in names.chunks(100) {
            let entries: Vec<_> = some.iter().map(|name| (name.as_str(), Some(1))).collect();
            take(&mut topic, &document(&entries), at(2)).unwrap();
        }
        assert_eq!(topic.known.len(), KNOWN_MAX + 100);
        take(&mut topic, &document(&[]), at(10_000));
        assert_eq!(topic.known.len(), 0);
    }

    #[test]
    fn announcements_become_one_document() {
        let mut topic = begin("t", &document(&[]), at(0));
        let mut tell = |entries: &[(&str, Option<i64>)]| take(&mut topic, &document(entries), at(9)).unwrap();
        let all =
            [tell(&[("A", Some(1)), ("B", Some(1))]), tell(&[("A2", Some(2))]), tell(&[("C", Some(3))])];
        assert_eq!(together(&all), 3);
        let expected = "<entry>C</entry><entry>A2</entry><entry>B</entry>";
        let whole = format!("<?xml version=\"1.0\"?><feed x=\"1\"><t/>{expected}</feed>");
        assert_eq!(compose(&all), whole);
        let [mut one, other, _] = all;
        one.head = one.head.replace("x=\"1\"", "x=\"2\"");
        assert_eq!(together(&[one.clone(), other.clone()]), 1);
        one.head = other.head.clone();
        one.entries[0].1 = "x".repeat(DOCUMENT_BYTES_MAX + 1);
        assert_eq!((together(&[one.clone(), other.clone()]), together(&[other, one])), (1, 1));
        assert_eq!((together(&[]), compose(&[])), (0, String::new()));
    }
}
