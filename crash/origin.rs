//! The sources, as nashra meets them: four feeds of three formats on loopback whose entries bear numbers. New ones come
//! all the time, some change, and some leave.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::random::Random;
use crate::subscriber::Subscriber;
use crate::wire::{self, Message, Reply};

/// The sources: id, what its titles begin with, and whether its entries have dates.
pub const SOURCES: [(&str, &str, bool); 4] = [
    ("alpha", "Harbour report", true),
    ("beta", "تقرير الميناء", true),
    ("gamma", "Letter from the valley", true),
    ("delta", "Undated note", false),
];
/// Entries that one source lists.
const LISTED_MAX: usize = 30;
/// What the title of an entry ends with after so many changes.
const STATES: [&str; 12] = [
    "sunrise", "umbrella", "bridge", "orchard", "lantern", "copper", "meadow", "violin", "granite",
    "harvest", "compass", "winter",
];

/// An entry, as its source has it now.
#[derive(Clone, Debug)]
pub struct Entry {
    pub number: u64,
    /// How often it has changed.
    pub changes: usize,
    at: DateTime<Utc>,
    updated: DateTime<Utc>,
    /// When it came.
    pub came: Instant,
}

/// What all sources list and ever have listed.
#[derive(Default)]
pub struct World {
    /// By source, the newest last.
    listed: [Vec<u64>; SOURCES.len()],
    /// How often each has changed.
    versions: [u64; SOURCES.len()],
    /// All entries by their numbers, and whose they are.
    pub entries: BTreeMap<u64, (usize, Entry)>,
}

/// The running origin.
#[derive(Clone)]
pub struct Origin {
    pub address: SocketAddr,
    world: Arc<Mutex<World>>,
    pub subscriber: Arc<Subscriber>,
}

impl Origin {
    pub fn start() -> io::Result<Self> {
        let world = Arc::<Mutex<World>>::default();
        let subscriber = Arc::<Subscriber>::default();
        let (theirs, hears) = (Arc::clone(&world), Arc::clone(&subscriber));
        let address = wire::serve(move |request| match request.target() {
            (_, path) if path.starts_with("/cb") => hears.answer(request),
            (_, path) => Some(theirs.lock().unwrap_or_else(PoisonError::into_inner).answer(path, request)),
        })?;
        let origin = Self { address, world, subscriber };
        let mut random = Random::new(1);
        (0..40).for_each(|_| origin.world().add(&mut random));
        Ok(origin)
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// Something happens: mostly something new.
    pub fn step(&mut self, random: &mut Random) {
        match random.below(0..10) {
            0..7 => self.add(random),
            7..9 => self.change(random),
            _ => self.remove(random),
        }
    }

    pub fn add(&mut self, random: &mut Random) {
        let source = random.place(SOURCES.len());
        let number = self.entries.len() as u64 + 1;
        let at = Utc::now();
        self.entries
            .insert(number, (source, Entry { number, changes: 0, at, updated: at, came: Instant::now() }));
        let listed = &mut self.listed[source];
        listed.push(number);
        if listed.len() > LISTED_MAX {
            listed.remove(0);
        }
        self.versions[source] += 1;
    }

    fn change(&mut self, random: &mut Random) {
        let source = random.place(SOURCES.len());
        let Some(number) = random.pick(&self.listed[source]) else { return };
        let Some((_, entry)) = self.entries.get_mut(&number) else { return };
        if entry.changes + 1 < STATES.len() {
            (entry.changes, entry.updated) = (entry.changes + 1, Utc::now());
            self.versions[source] += 1;
        }
    }

    fn remove(&mut self, random: &mut Random) {
        let source = random.place(SOURCES.len());
        let listed = &mut self.listed[source];
        // More than half of a source at once would be another story.
        if listed.len() > LISTED_MAX / 2 {
            listed.remove(random.place(listed.len()));
            self.versions[source] += 1;
        }
    }

    /// The entries that are listed now, and have been for so long.
    pub fn listed_for(&self, time: Duration) -> Vec<u64> {
        let all = self.listed.iter().flatten().copied();
        all.filter(|number| self.entries.get(number).is_some_and(|(_, it)| it.came.elapsed() >= time))
            .collect()
    }

    fn answer(&self, path: &str, request: &Message) -> Reply {
        let name = path.trim_start_matches('/');
        let Some(source) = SOURCES.iter().position(|(id, ..)| *id == name) else {
            return Reply { status: 404, headers: vec![], body: vec![] };
        };
        let etag = format!("\"{}\"", self.versions[source]);
        let headers = vec![("ETag", etag.clone())];
        if request.header("if-none-match") == Some(&etag) {
            return Reply { status: 304, headers, body: vec![] };
        }
        let listed = self.listed[source].iter().rev();
        let entries: Vec<&Entry> = listed.filter_map(|number| Some(&self.entries.get(number)?.1)).collect();
        let body = match source {
            1 => atom(source, &entries),
            2 => json(source, &entries),
            _ => rss(source, &entries),
        };
        Reply { status: 200, headers, body: body.into_bytes() }
    }
}

/// The id of an entry, which readers get as it is.
pub fn id(source: usize, number: u64) -> String {
    match SOURCES[source] {
        (name, _, true) => format!("tag:{name}.example,2026:{number}"),
        // The address is the id.
        (name, _, false) => link_of(name, number),
    }
}

/// The number in an id of ours.
pub fn number_in(id: &str) -> Option<u64> {
    id.rsplit([':', '/']).next()?.parse().ok()
}

pub fn link(source: usize, number: u64) -> String {
    link_of(SOURCES[source].0, number)
}

fn link_of(name: &str, number: u64) -> String {
    format!("https://{name}.example/stories/{number}")
}

pub fn title(source: usize, number: u64, changes: usize) -> String {
    format!("{} {number}: {}", SOURCES[source].1, STATES[changes])
}

/// How often an entry had changed that has this title.
pub fn changes_in(title: &str) -> Option<usize> {
    let last = title.rsplit(' ').next()?;
    STATES.iter().position(|state| *state == last)
}

fn text(source: usize, entry: &Entry) -> String {
    let (number, state) = (entry.number, STATES[entry.changes]);
    let name = SOURCES[source].1;
    format!(
        "{name} number {number} tells of the {state}, and of everything that was seen around the {state} on that day. "
    )
    .repeat(4)
}

fn rss(source: usize, entries: &[&Entry]) -> String {
    let (name, title_of, is_dated) = SOURCES[source];
    let item = |entry: &&Entry| {
        let (number, text) = (entry.number, text(source, entry));
        let (title, id, link) =
            (title(source, number, entry.changes), id(source, number), link(source, number));
        let date =
            if is_dated { format!("<pubDate>{}</pubDate>", entry.at.to_rfc2822()) } else { String::new() };
        format!(
            "<item><title>{title}</title><link>{link}</link><guid isPermaLink=\"{}\">{id}</guid>{date}\
             <description>{text}</description></item>",
            !is_dated
        )
    };
    let items: String = entries.iter().map(item).collect();
    format!(
        "<rss version=\"2.0\"><channel><title>{title_of}</title><link>https://{name}.example/</link>\
         <description>d</description>{items}</channel></rss>"
    )
}

fn atom(source: usize, entries: &[&Entry]) -> String {
    let (name, title_of, _) = SOURCES[source];
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let item = |entry: &&Entry| {
        let (number, text) = (entry.number, text(source, entry));
        let (title, id, link) =
            (title(source, number, entry.changes), id(source, number), link(source, number));
        format!(
            "<entry><title>{title}</title><id>{id}</id><link href=\"{link}\"/><published>{}</published>\
             <updated>{}</updated><summary>{text}</summary></entry>",
            time(entry.at),
            time(entry.updated)
        )
    };
    let items: String = entries.iter().map(item).collect();
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>{title_of}</title><id>tag:{name}.example,2026:feed</id>\
         <updated>{}</updated>{items}</feed>",
        time(Utc::now())
    )
}

fn json(source: usize, entries: &[&Entry]) -> String {
    let item = |entry: &&Entry| {
        serde_json::json!({
            "id": id(source, entry.number),
            "url": link(source, entry.number),
            "title": title(source, entry.number, entry.changes),
            "content_html": text(source, entry),
            "date_published": entry.at.to_rfc3339_opts(SecondsFormat::Secs, true),
        })
    };
    let items: Vec<_> = entries.iter().map(item).collect();
    serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1", "title": SOURCES[source].1, "items": items,
    })
    .to_string()
}
