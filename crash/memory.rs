//! Everything that a reader has ever seen, and what must therefore hold of what is seen next.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::{DateTime, Utc};

use crate::origin::{self, World};
use crate::page::{Format, Item, Page};
use crate::wire::Message;

/// The section that has room for everything, and the one that has not.
pub const LONG: &str = "latest";
pub const SHORT: &str = "short";
/// What is read, in turn.
pub const PATHS: [&str; 6] =
    ["/latest.atom", "/latest.json", "/short.atom", "/latest.rss", "/latest.atom", "/short.json"];
/// Two clocks that read the same time may part by so much.
const CLOCK_SECONDS: i64 = 2;
/// What is said of one document at most.
const FINDINGS_MAX: usize = 12;

/// What was seen.
#[derive(Clone, Default)]
pub struct Memory {
    /// The versions of each document by their tags: a hash of the bytes.
    versions: HashMap<(String, String), u64>,
    /// The version that was seen last of each document.
    last: HashMap<String, (String, Page)>,
    /// Entries by their ids: as they were last seen.
    entries: HashMap<String, Item>,
    /// By section: what it showed last, in its order.
    shown: BTreeMap<String, Vec<String>>,
    /// By section: everything that it ever showed.
    ever: BTreeMap<String, HashSet<String>>,
    updated: HashMap<String, i64>,
    modified: HashMap<String, i64>,
    pub documents: u64,
    pub findings: Vec<String>,
}

impl Memory {
    /// The version of a document that was seen last.
    pub fn etag(&self, path: &str) -> Option<&str> {
        self.last.get(path).map(|(etag, _)| etag.as_str())
    }

    /// The numbers of all entries that a section ever showed.
    pub fn numbers(&self, section: &str) -> Vec<u64> {
        self.ever.get(section).into_iter().flatten().filter_map(|id| origin::number_in(id)).collect()
    }

    /// Takes in an answer to a question for a feed, with the ETag that was asked with; says whether it was a good one.
    pub fn take(&mut self, path: &str, asked: Option<&str>, answer: &Message, world: &World) -> bool {
        let before = self.findings.len();
        let page = match answer.status() {
            200 => self.new_version(path, answer),
            304 => self.same_version(path, asked),
            // Nothing can be shown yet.
            503 => return false,
            status => {
                self.find(path, &format!("is answered with {status}"));
                None
            }
        };
        if let Some(page) = page {
            self.documents += 1;
            self.check(path, &page, world);
        }
        self.note_modified(path, answer);
        if self.findings.len() > before + FINDINGS_MAX {
            let more = self.findings.len() - before - FINDINGS_MAX;
            self.findings.truncate(before + FINDINGS_MAX);
            self.find(path, &format!("has {more} more faults"));
        }
        self.findings.len() == before
    }

    fn new_version(&mut self, path: &str, answer: &Message) -> Option<Page> {
        let Some(etag) = answer.header("etag").map(str::to_owned) else {
            self.find(path, "has no ETag");
            return None;
        };
        let mut hasher = DefaultHasher::new();
        answer.body.hash(&mut hasher);
        match self.versions.entry((path.to_owned(), etag.clone())) {
            Slot::Occupied(known) if *known.get() != hasher.finish() => {
                self.find(path, &format!("has two bodies under one ETag, {etag}"));
            }
            Slot::Occupied(_) => {}
            Slot::Vacant(new) => {
                new.insert(hasher.finish());
            }
        }
        match Page::read(Format::of(path), &answer.body) {
            Ok(page) => {
                self.last.insert(path.to_owned(), (etag, page.clone()));
                Some(page)
            }
            Err(why) => {
                self.find(path, &format!("cannot be read: {why}"));
                None
            }
        }
    }

    fn same_version(&mut self, path: &str, asked: Option<&str>) -> Option<Page> {
        match self.last.get(path) {
            Some((etag, page)) if Some(etag.as_str()) == asked => Some(page.clone()),
            _ => {
                self.find(path, "is said to be unchanged, and nobody asked for that");
                None
            }
        }
    }

    fn note_modified(&mut self, path: &str, answer: &Message) {
        let text = answer.header("last-modified");
        let Some(at) = text.and_then(|text| DateTime::parse_from_rfc2822(text).ok()) else { return };
        let at = at.timestamp();
        if at > Utc::now().timestamp() + CLOCK_SECONDS {
            self.find(path, "has a Last-Modified in the future");
        }
        let before = self.modified.insert(path.to_owned(), at).unwrap_or(at);
        if before > at {
            self.find(path, &format!("has a Last-Modified that went back by {} s", before - at));
        }
    }

    fn check(&mut self, path: &str, page: &Page, world: &World) {
        let section = path.trim_start_matches('/').split(['.', '/']).next().unwrap_or_default().to_owned();
        if let Some(at) = page.updated {
            let before = self.updated.insert(path.to_owned(), at).unwrap_or(at);
            if before > at {
                self.find(path, &format!("was updated {} s before what it was before", before - at));
            }
        }
        let mut ids = HashSet::new();
        for item in &page.items {
            if !ids.insert(item.id.as_str()) {
                self.find(path, &format!("shows {} twice", item.id));
            }
            self.compare(path, item, world);
        }
        self.check_places(path, &section, page, &ids);
    }

    /// One entry with what it was.
    fn compare(&mut self, path: &str, item: &Item, world: &World) {
        let published = item.number().and_then(|number| world.entries.get(&number));
        let Some((source, entry)) = published else {
            return self.find(path, &format!("shows {}, which nobody published", item.id));
        };
        let is_ours = item.id == origin::id(*source, entry.number);
        let changes = item.changes().filter(|changes| *changes <= entry.changes);
        let title = changes.map(|changes| origin::title(*source, entry.number, changes));
        if !is_ours || title.as_ref() != Some(&item.title) || item.link != origin::link(*source, entry.number)
        {
            return self.find(path, &format!("shows {item:?}, which nobody published"));
        }
        let mut faults = vec![];
        match self.entries.get_mut(&item.id) {
            None => {
                self.entries.insert(item.id.clone(), item.clone());
            }
            Some(known) => {
                if known.published.is_some() && item.published != known.published {
                    faults.push(format!("published {:?}, before {:?}", item.published, known.published));
                }
                if known.changes() > changes {
                    faults.push(format!("title {:?}, before {:?}", item.title, known.title));
                }
                if item.updated.is_some() && known.updated > item.updated {
                    faults.push(format!("updated {:?}, before {:?}", item.updated, known.updated));
                }
                known.title.clone_from(&item.title);
                known.published = known.published.or(item.published);
                known.updated = known.updated.max(item.updated);
            }
        }
        for fault in faults {
            self.find(path, &format!("has changed {}: {fault}", item.id));
        }
    }

    /// What was shown is still there, and where it was among the others.
    fn check_places(&mut self, path: &str, section: &str, page: &Page, ids: &HashSet<&str>) {
        let shown = self.shown.remove(section).unwrap_or_default();
        let ever = self.ever.remove(section).unwrap_or_default();
        if section == LONG {
            for gone in shown.iter().filter(|id| !ids.contains(id.as_str())) {
                self.find(path, &format!("has lost {gone}"));
            }
        }
        let places: HashMap<&str, usize> = shown.iter().map(String::as_str).zip(0..).collect();
        let mut before = None;
        for item in &page.items {
            let place = places.get(item.id.as_str()).copied();
            if place.is_some() && place < before {
                self.find(path, &format!("has moved {}", item.id));
            }
            if place.is_none() && ever.contains(&item.id) {
                self.find(path, &format!("shows {} again, which had left", item.id));
            }
            before = place.max(before);
        }
        let now: Vec<String> = page.items.iter().map(|item| item.id.clone()).collect();
        let mut ever = ever;
        ever.extend(now.iter().cloned());
        self.ever.insert(section.to_owned(), ever);
        self.shown.insert(section.to_owned(), now);
    }

    /// The ids of everything that a section ever showed.
    pub fn ever(&self, section: &str) -> HashSet<String> {
        self.ever.get(section).cloned().unwrap_or_default()
    }

    pub fn find(&mut self, path: &str, what: &str) {
        self.findings.push(format!("{path} {what}"));
    }
}
