//! Every document, for a host that has the files alone: those in memory, and the pages from the store that they lead
//! to.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::archive::Archive;
use super::binder::Binder;
use super::clicks::Counter;
use super::items::Items;
use super::writer::Writer;
use super::{AppError, Options, opening};
use crate::config::Config;
use crate::edge::clock;
use crate::edge::serve::Pages as _;
use crate::edge::store::Store;
use crate::model::{Document, EntryKey, Published, SectionFeed, Timestamp};
use crate::pipeline::{Edition, lay_out, ledger};

/// Pages of single entries.
const ITEMS_MAX: usize = 20_000;
/// Bytes of one delivery; the last document may go beyond.
const DELIVERY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// An address that has a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The path, decoded.
    pub path: String,
    /// The ETag of the document as it is, where that is known without rendering it.
    pub etag: Option<String>,
}

/// A document on its way to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// What stands before its bytes.
    pub head: DeliveredHead,
    /// The bytes.
    pub body: Vec<u8>,
}

/// What there is to know of a document beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveredHead {
    /// The path, decoded.
    pub path: String,
    /// Its ETag.
    pub etag: String,
    /// Its newest change.
    pub modified: Option<Timestamp>,
    /// Whether it is a page in HTML.
    pub is_page: bool,
    /// How many bytes it has.
    pub bytes: usize,
}

/// All documents at one moment.
pub struct Catalogue {
    front: Arc<Published>,
    items: Items,
    /// The entries that have pages of their own.
    with_page: BTreeSet<EntryKey>,
    /// The stories that are shown.
    stories: BTreeSet<EntryKey>,
}

impl Catalogue {
    /// Where no daemon runs: as the next start would serve it.
    pub fn open(options: &Options, config: &Config) -> Result<Self, AppError> {
        let folder = &options.state_folder;
        if !Store::exists(folder) {
            let why = format!("{}: nothing is stored yet; run `nashra poll` first", folder.display());
            return Err(AppError::Usage(why));
        }
        let writer = Writer::new(Arc::new(opening::open_here(options)?), config, clock::now())?;
        Ok(Self::of(writer.archive(true), writer.front.load_full()))
    }

    /// What `front` has, and what it leads to.
    pub(super) fn of(archive: Archive, front: Arc<Published>) -> Self {
        let Archive { store, edition, window, .. } = archive;
        let feeds = lay_out(&edition, &window);
        // Nobody counts clicks there, so no link leads through `/go/`.
        let still = Arc::new(Edition { count_clicks: false, ..edition.as_ref().clone() });
        let cards = Arc::new(ArcSwap::from_pointee((still, window.sources)));
        // Nobody listens: what nobody has asked for is related to nothing.
        let (events, _) = mpsc::channel(1);
        let items = Items {
            store,
            cards,
            counter: Arc::<Counter>::default(),
            finder: Arc::default(),
            events,
            binder: Binder::default(),
        };
        let with_page = with_pages(&feeds, window.related.values().flatten().map(|entry| entry.key));
        let shown = feeds.iter().flat_map(|feed| &feed.placed);
        let related = window.related.values().flatten().map(|entry| entry.story);
        let stories = shown.map(|placed| placed.entry.story).chain(related).collect();
        Self { front, items, with_page, stories }
    }

    /// Every address, those last that lead to the others.
    pub fn list(&self) -> Vec<Listed> {
        let bare = |path: String| Listed { path, etag: None };
        let mut list: Vec<Listed> = self.with_page.iter().map(|key| bare(format!("/item/{key}"))).collect();
        list.extend(self.stories.iter().map(|key| bare(format!("/story/{key}.atom"))));
        let rules = self.items.cards.load();
        for section in ledger::sections(&rules.0) {
            let Some((oldest, newest)) = self.items.store.archive_range(&section.id) else { continue };
            list.extend((oldest..=newest).map(|page| bare(format!("/{}/archive/{page}.atom", section.id))));
        }
        let mut shown: Vec<(&String, &Arc<Document>)> = self.front.documents.iter().collect();
        shown.sort_unstable_by_key(|(path, _)| (*path == "/", *path));
        let named = |(path, document): (&String, &Arc<Document>)| Listed {
            path: path.clone(),
            etag: Some(document.version.to_string()),
        };
        list.extend(shown.iter().filter_map(|(path, document)| self.part_behind(path, document)).map(bare));
        list.extend(shown.into_iter().map(named));
        list
    }

    /// The part of an archive that a live feed goes on in.
    fn part_behind(&self, path: &str, document: &Document) -> Option<String> {
        let section = path.strip_prefix('/')?.strip_suffix(".atom")?;
        let rules = self.items.cards.load();
        let start = format!("{}/{section}/archive/", rules.0.site.url);
        let text = std::str::from_utf8(&document.identity).ok()?;
        let (_, rest) = text.split_once(start.as_str())?;
        let name = rest.split_once(".atom")?.0;
        name.contains('-').then(|| format!("/{section}/archive/{name}.atom"))
    }

    /// The document at a path.
    pub fn document(&self, path: &str) -> Option<Arc<Document>> {
        if let Some(document) = self.front.documents.get(path) {
            return Some(Arc::clone(document));
        }
        match path.strip_prefix("/item/") {
            Some(key) => self.items.item(key, |other| self.with_page.contains(&other)),
            None => self.items.page(path, None),
        }
    }

    /// As many of these documents as go into one delivery, one after the other; what is there no more is left out.
    /// Says how many of `paths` are done.
    pub fn deliver(&self, paths: &[String]) -> (usize, Vec<Delivered>) {
        let (mut done, mut bytes, mut delivered) = (0, 0, vec![]);
        for path in paths {
            if bytes >= DELIVERY_BYTES_MAX {
                break;
            }
            done += 1;
            let Some(document) = self.document(path) else { continue };
            bytes += document.identity.len();
            let head = DeliveredHead {
                path: path.clone(),
                etag: document.version.to_string(),
                modified: document.last_modified,
                is_page: is_page(path),
                bytes: document.identity.len(),
            };
            delivered.push(Delivered { head, body: document.identity.to_vec() });
        }
        (done, delivered)
    }
}

/// What is shown and what that is related to.
fn with_pages(feeds: &[SectionFeed], related: impl Iterator<Item = EntryKey>) -> BTreeSet<EntryKey> {
    let shown = feeds.iter().flat_map(|feed| &feed.placed).map(|placed| placed.entry.key);
    let mut seen = HashSet::new();
    shown.chain(related).filter(|key| seen.insert(*key)).take(ITEMS_MAX).collect()
}

/// Whether the document at a path is a page in HTML: those have no ending.
pub fn is_page(path: &str) -> bool {
    !path.rsplit('/').next().unwrap_or_default().contains('.')
}

/// A delivery as bytes: how many paths are done, then for each document a line of JSON and its bytes.
pub(super) fn packed(done: usize, delivered: &[Delivered]) -> Vec<u8> {
    let mut bytes = format!("{done}\n").into_bytes();
    for Delivered { head, body } in delivered {
        // Strings and numbers can always be written.
        bytes.extend(serde_json::to_vec(head).unwrap_or_default());
        bytes.push(b'\n');
        bytes.extend_from_slice(body);
    }
    bytes
}

/// Reads what `packed` writes; `None` where it is something else.
pub fn unpacked(bytes: &[u8]) -> Option<(usize, Vec<Delivered>)> {
    let line = |bytes: &mut &[u8]| {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let (line, rest) = bytes.split_at_checked(end)?;
        *bytes = rest.get(1..)?;
        Some(line.to_vec())
    };
    let mut rest = bytes;
    let done = String::from_utf8(line(&mut rest)?).ok()?.parse().ok()?;
    let mut delivered = vec![];
    while !rest.is_empty() {
        let head: DeliveredHead = serde_json::from_slice(&line(&mut rest)?).ok()?;
        let (body, others) = rest.split_at_checked(head.bytes)?;
        delivered.push(Delivered { head, body: body.to_vec() });
        rest = others;
    }
    Some((done, delivered))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_comes_as_it_was_sent() {
        let one = |path: &str, body: &[u8]| Delivered {
            head: DeliveredHead {
                path: path.to_owned(),
                etag: "\"a\"".to_owned(),
                modified: None,
                is_page: false,
                bytes: body.len(),
            },
            body: body.to_vec(),
        };
        let sent = [one("/a", b"x\ny\n"), one("/رياضة", b""), one("/c", b"{}")];
        let bytes = packed(7, &sent);
        assert_eq!(unpacked(&bytes), Some((7, sent.to_vec())));
        assert_eq!(unpacked(&bytes[..bytes.len() - 1]), None);
        assert_eq!(unpacked(b"no\n"), None);
    }
}
