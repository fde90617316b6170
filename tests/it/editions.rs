//! Documents on disk: what was kept last comes back whole, or something that was kept before it, and never anything else.

mod damage;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nashra::edge::editions::{Editions, Imprint, Recalled, forget};
use nashra::model::{Digest, Document, Lifetime, Published, Timestamp};
use nashra::pipeline::{recalled, render};

use crate::kit::entries::at;

const ATOM: &str = "application/atom+xml; charset=utf-8";

/// An edition whose documents have these texts.
fn edition<'a>(texts: impl IntoIterator<Item = (&'a str, String)>) -> Published {
    let document = |(path, text): (&str, String)| (path.to_owned(), Arc::new(document(text)));
    Published { documents: texts.into_iter().map(document).collect(), is_starting: false }
}

fn document(text: String) -> Document {
    let seconds = u32::try_from(text.len() % 1000).unwrap();
    let changed = (!text.is_empty()).then(|| at("2026-11-20T08:00:00.5Z"));
    let links = text.contains("hub").then(|| Arc::from("<https://h.example/>; rel=\"hub\""));
    let history = links.is_some().then(Arc::default);
    let new = render::document(ATOM, text.into_bytes(), changed, Digest::of([]));
    Document { lifetime: Lifetime(seconds), links, history, ..new }
}

fn imprint() -> Imprint {
    let (sections, sources) = (vec!["a".to_owned()], vec!["wire".to_owned()]);
    Imprint { site_url: "https://n.example".to_owned(), sections, sources }
}

/// What readers can tell of a document.
type Seen = (&'static str, Vec<u8>, Digest, Option<Timestamp>, Lifetime, Option<Arc<str>>, bool);

fn seen(documents: &HashMap<String, Arc<Document>>) -> BTreeMap<String, Seen> {
    let of = |it: &Document| {
        let (bytes, links, has_news) = (it.identity.to_vec(), it.links.clone(), it.history.is_some());
        (it.content_type, bytes, it.version, it.last_modified, it.lifetime, links, has_news)
    };
    documents.iter().map(|(path, document)| (path.clone(), of(document))).collect()
}

fn recall(folder: &Path) -> Recalled {
    Editions::open(folder, recalled).1
}

/// The packs in a state folder, the oldest first.
fn packs(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        fs::read_dir(folder.join("published")).unwrap().map(|file| file.unwrap().path()).collect();
    all.sort_by_key(|path| path.file_stem().unwrap().to_str().unwrap().parse::<u64>().unwrap());
    all
}

fn bytes(folder: &Path) -> u64 {
    // One may have gone meanwhile.
    packs(folder).iter().filter_map(|path| path.metadata().ok()).map(|file| file.len()).sum()
}

/// A text that does not compress well, another one for each number.
fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b' ' + u8::try_from(state % 90).unwrap())
    };
    (0..bytes).map(|_| next()).collect()
}

#[test]
fn what_was_kept_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (editions, nothing) = Editions::open(folder.path(), recalled);
    assert!(nothing.documents.is_empty() && nothing.damaged == 0);
    let first = edition([("/", String::new()), ("/a.atom", "خبر hub".to_owned()), ("/b", noise(1, 9_000))]);
    editions.keep(&first, &imprint()).unwrap();
    let found = recall(folder.path());
    assert_eq!(seen(&found.documents), seen(&first.documents));
    assert_eq!((found.imprint, found.damaged), (imprint(), 0));
    // Only what changed is written again, and what has gone is gone.
    let second = edition([("/a.atom", "أخبار".to_owned()), ("/b", noise(1, 9_000))]);
    editions.keep(&second, &imprint()).unwrap();
    let last = packs(folder.path()).pop().unwrap();
    assert!(last.metadata().unwrap().len() < 1_000, "{last:?}");
    assert_eq!(seen(&recall(folder.path()).documents), seen(&second.documents));
    // The same again is nothing to write; another configuration is.
    editions.keep(&second, &imprint()).unwrap();
    assert_eq!(packs(folder.path()).pop().unwrap(), last);
    editions.keep(&second, &Imprint::default()).unwrap();
    assert_eq!(recall(folder.path()).imprint, Imprint::default());
}

#[test]
fn a_keeper_goes_on_where_another_one_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let texts = |n: u64| [("/a", noise(1, 5_000)), ("/b", noise(n, 5_000))];
    for n in 0..5 {
        let (editions, found) = Editions::open(folder.path(), recalled);
        assert_eq!(found.documents.len(), if n == 0 { 0 } else { 2 });
        editions.keep(&edition(texts(n)), &imprint()).unwrap();
        // A kill: nobody syncs, nobody says goodbye.
        std::mem::forget(editions);
    }
    fs::write(folder.path().join("published/9.tmp"), "half of one").unwrap();
    assert_eq!(seen(&recall(folder.path()).documents), seen(&edition(texts(4)).documents));
    assert!(!folder.path().join("published/9.tmp").exists());
}

#[test]
fn what_is_of_no_use_goes() {
    let folder = tempfile::tempdir().unwrap();
    let (editions, _) = Editions::open(folder.path(), recalled);
    let names: Vec<String> = (0..40).map(|n| format!("/{n}")).collect();
    let mut texts: Vec<u64> = (0..40).collect();
    for n in 0..200 {
        texts[usize::try_from(n % 40).unwrap()] = 1_000 + n;
        let now = names.iter().zip(&texts).map(|(name, text)| (name.as_str(), noise(*text, 20_000)));
        editions.keep(&edition(now), &imprint()).unwrap();
    }
    let live = 40 * 20_000;
    // Whatever is loose then is made one, within a second.
    let end = std::time::Instant::now() + crate::kit::daemon::DEADLINE;
    while bytes(folder.path()) > 2 * live + (2 << 20) || packs(folder.path()).len() > 65 {
        assert!(std::time::Instant::now() < end, "{} bytes for {live}", bytes(folder.path()));
        std::thread::yield_now();
    }
    let now = names.iter().zip(&texts).map(|(name, text)| (name.as_str(), noise(*text, 20_000)));
    assert_eq!(seen(&recall(folder.path()).documents), seen(&edition(now).documents));
}

#[test]
fn what_is_taken_out_is_nowhere_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let (editions, _) = Editions::open(folder.path(), recalled);
    for n in 0..5 {
        editions.keep(&edition([("/a", noise(n, 3_000)), ("/b", noise(9, 3_000))]), &imprint()).unwrap();
    }
    let clean = edition([("/a", noise(7, 3_000)), ("/b", noise(9, 3_000))]);
    editions.keep_alone(&clean, &imprint()).unwrap();
    let left = packs(folder.path());
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(seen(&recall(folder.path()).documents), seen(&clean.documents));
    // With that one damaged, there is nothing; but never what was before.
    fs::write(&left[0], "").unwrap();
    assert!(recall(folder.path()).documents.is_empty());
    editions.keep(&clean, &Imprint::default()).unwrap();
    drop(editions);
    forget(folder.path()).unwrap();
    assert!(recall(folder.path()).documents.is_empty() && packs(folder.path()).is_empty());
    forget(&folder.path().join("nowhere")).unwrap();
}

#[test]
fn a_disk_that_takes_nothing_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("published"), "a file where a folder is to be").unwrap();
    let (editions, found) = Editions::open(folder.path(), recalled);
    assert!(found.documents.is_empty());
    let one = edition([("/a", "text".to_owned())]);
    assert!(editions.keep(&one, &imprint()).is_err());
    assert!(editions.keep_alone(&one, &imprint()).is_err());
    // And when it does again, all of it is kept.
    fs::remove_file(folder.path().join("published")).unwrap();
    editions.keep(&one, &imprint()).unwrap();
    assert_eq!(seen(&recall(folder.path()).documents), seen(&one.documents));
}

#[test]
fn a_type_that_no_document_has_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let (editions, _) = Editions::open(folder.path(), recalled);
    let mut one = edition([("/a", "text".to_owned()), ("/b", "text".to_owned())]);
    let foreign = Document { content_type: "application/x-evil", ..document("text".to_owned()) };
    one.documents.insert("/b".to_owned(), Arc::new(foreign));
    editions.keep(&one, &imprint()).unwrap();
    let found = recall(folder.path());
    assert_eq!(found.documents.keys().collect::<Vec<_>>(), ["/a"]);
    assert_eq!(found.damaged, 1);
}
