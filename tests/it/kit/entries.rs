//! Sources, feeds and entries for tests, as short as they can be written.

use std::sync::Arc;
use std::time::Duration;

use nashra::model::*;
use nashra::pipeline;

/// A moment, from RFC 3339.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A source with everything ordinary, sending to `sections`.
pub fn source(id: &str, sections: &[&str]) -> Source {
    Source {
        id: SourceId(id.to_owned()),
        title: Some(format!("Source {id}")),
        location: Location::Web(format!("https://{id}.example/feed").parse().unwrap()),
        sections: sections.iter().map(|section| SectionId((*section).to_owned())).collect(),
        enabled: true,
        schedule: Schedule::Every(Duration::from_secs(900)),
        weight_percent: 100,
        rules: Rules::default(),
        strip: vec![],
        mirror_of: None,
        is_mirrored: false,
        keep_entries: 50_000,
        trust: false,
        fetch: policy(),
    }
}

/// The ordinary way to fetch.
pub fn policy() -> FetchPolicy {
    FetchPolicy { ports: Ports::Any, ..FetchPolicy::default() }
}

/// A section that shows what sources send to it.
pub fn section(id: &str, entries_max: usize, per_source_max: usize) -> Section {
    Section {
        id: SectionId(id.to_owned()),
        title: format!("Section {id}"),
        description: None,
        rules: Rules::default(),
        limits: PublishLimits { entries_max, per_source_max },
        takes_all: id == "latest",
        stories: true,
        order: SectionOrder::Newest,
    }
}

/// A site in Arabic.
pub fn site() -> Site {
    Site {
        title: "نشرة".to_owned(),
        url: "http://127.0.0.1:8080".to_owned(),
        language: "ar".to_owned(),
        timezone: chrono_tz::Africa::Casablanca,
        contact: None,
        hubs: vec![],
        has_cloud: false,
        has_search: true,
    }
}

/// What a source says: an id, a title, a link and a date; empty means that it says nothing.
pub fn said(id: &str, title: &str, link: &str, published: &str) -> FeedEntry {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    FeedEntry {
        id: some(id),
        title: some(title),
        link: some(link),
        content: Some(format!("<p>{title}</p>")),
        published: (!published.is_empty()).then(|| at(published)),
        ..FeedEntry::default()
    }
}

/// A fetch that brought these entries.
pub fn brought(entries: Vec<FeedEntry>, when: &str) -> Fetched {
    let feed = Feed {
        format: Format::Rss20,
        id: None,
        title: Some("A feed".to_owned()),
        link: None,
        description: None,
        language: None,
        updated: None,
        authors: vec![],
        image: None,
        schedules: Schedules::default(),
        hubs: vec![],
        self_url: None,
        rights: None,
        entries,
        empty: vec![],
        problems: vec![],
    };
    fetched(
        Reading::Feed {
            feed: Box::new(feed),
            document: Digest([1; 16]),
            is_delta: false,
            validators: Validators::default(),
        },
        when,
    )
}

/// A fetch with this meaning.
pub fn fetched(reading: Reading, when: &str) -> Fetched {
    Fetched {
        at: at(when),
        elapsed_ms: 1,
        wire_bytes: 1,
        status: Some(200),
        manners: Manners::default(),
        reading,
    }
}

/// A store in memory, with the one rule that matters: what is applied is known.
#[derive(Default)]
pub struct Memory {
    pub keys: std::collections::HashMap<IdentityKey, EntryKey>,
    pub entries: std::collections::BTreeMap<EntryKey, Entry>,
    pub states: std::collections::BTreeMap<SourceId, SourceState>,
    pub index: pipeline::story::Index,
}

impl Memory {
    /// One poll: looks up, decides, applies.
    pub fn poll(&mut self, source: &Source, fetched: &Fetched) -> Update {
        let state = self.states.get(&source.id).cloned().unwrap_or_default();
        let prepared = pipeline::Prepared::new(source, &state, fetched);
        let mut known = self.known(&prepared.wanted_keys());
        for key in prepared.wanted_entries(&state, &known) {
            known.entries.extend(self.entries.get(&key).map(|entry| (key, entry.clone())));
        }
        known.near = prepared.near(&known, &self.index);
        for candidate in known.near.values().flatten() {
            known.entries.insert(candidate.key, self.entries[&candidate.key].clone());
        }
        let update = prepared.ingest(&state, &known, fetched.at);
        update.sketches.iter().for_each(|sketch| self.index.insert(sketch.clone()));
        self.keys.extend(update.keys.iter().copied());
        self.entries.extend(update.new.iter().chain(&update.changed).map(|entry| (entry.key, entry.clone())));
        self.states.insert(source.id.clone(), update.state.clone());
        update
    }

    /// What is stored under these keys.
    pub fn known(&self, wanted: &[IdentityKey]) -> Known {
        let keys: std::collections::HashMap<_, _> =
            wanted.iter().filter_map(|key| Some((*key, *self.keys.get(key)?))).collect();
        let entries = keys.values().filter_map(|key| Some((*key, self.entries.get(key)?.clone()))).collect();
        Known { keys, entries, ..Known::default() }
    }

    /// Everything as a window.
    pub fn window(&self, sources: &[Source]) -> Window {
        let card = |source: &Source| SourceCard {
            id: source.id.clone(),
            title: source.title.clone().unwrap_or_default(),
            link: None,
            feed_url: Some(format!("https://{}.example/feed", source.id)),
            feed_id: format!("https://{}.example/feed", source.id),
            language: None,
            image: None,
            rights: None,
        };
        Window {
            entries: self.entries.iter().map(|(key, entry)| (*key, Arc::new(entry.clone()))).collect(),
            sources: sources.iter().map(|source| (source.id.clone(), Arc::new(card(source)))).collect(),
            ..Window::default()
        }
    }
}
