//! News without end: documents made from their number alone, of sources that take turns.

use std::time::Duration;

use chrono::TimeDelta;
use nashra::model::{
    Digest, Feed, FeedEntry, FetchPolicy, Fetched, Format, Location, Manners, Reading, Rules, Schedule,
    Schedules, Source, SourceId, Timestamp, Validators,
};

/// Entries of one document.
pub const PER_DOCUMENT: usize = 35;
/// Sources that take turns.
pub const SOURCES: usize = 200;
/// Time between two entries: the 30 days of the index of stories hold ten thousand, however many are stored.
const STEP_SECONDS: usize = 259;
/// The same where the news are so busy that the index is as full as it gets: 72 hours hold ten thousand.
const BUSY_STEP_SECONDS: usize = 26;
/// Words of each language: the n-th is used about 1/n times as often as the first.
const WORDS: u64 = 20_000;
/// Of so many entries one repeats the title of an entry of the document before, with a word changed.
const COPY_EVERY: u64 = 8;

/// What a language writes with, as syllables.
const SYLLABLES: [&[&str]; 3] = [
    &["ال", "م", "با", "ري", "تس", "نو", "كا", "حم", "دو", "لي", "شر", "قي", "ها", "بن", "صف", "ور"],
    &[
        "le", "ra", "mon", "ti", "cou", "pré", "sen", "dé", "vil", "ga", "tion", "ner", "qui", "bo", "eux",
        "lan",
    ],
    &[
        "the", "re", "ing", "con", "ter", "ble", "sou", "wa", "ry", "for", "min", "pla", "ed", "gro", "ch",
        "est",
    ],
];

/// Makes documents.
pub struct News {
    step_seconds: usize,
    /// The titles of the document before, by language.
    before: [Vec<String>; 3],
}

impl News {
    pub fn new(is_busy: bool) -> Self {
        let step_seconds = if is_busy { BUSY_STEP_SECONDS } else { STEP_SECONDS };
        Self { step_seconds, before: Default::default() }
    }

    /// Document number `n`, and its source.
    pub fn document(&mut self, n: usize) -> (Source, Fetched) {
        let language = n % SOURCES % SYLLABLES.len();
        let mut dice = Dice(n as u64 ^ 0x2545_F491_4F6C_DD1D);
        let moment = |entries: usize| moment(entries * self.step_seconds);
        let at = moment((n + 1) * PER_DOCUMENT);
        let source = source(n % SOURCES);
        let entry = |k: usize| {
            let copied = (dice.below(COPY_EVERY) == 0).then(|| self.before[language].get(k)).flatten();
            let mut title: Vec<String> = match copied {
                Some(title) => title.split(' ').map(str::to_owned).collect(),
                None => (0..7 + dice.below(7)).map(|_| word(language, dice.zipf())).collect(),
            };
            let last = title.len() - 1;
            title[last] = word(language, dice.zipf());
            let text: Vec<String> = (0..60 + dice.below(60)).map(|_| word(language, dice.zipf())).collect();
            let link = format!(
                "https://{}.example/news/{}-{}",
                source.id,
                n * PER_DOCUMENT + k,
                dice.below(1 << 30)
            );
            FeedEntry {
                id: Some(format!("{link}?guid")),
                title: Some(title.join(" ")),
                link: Some(link),
                content: Some(format!("<p>{}</p>", text.join(" "))),
                published: Some(moment(n * PER_DOCUMENT + k)),
                ..FeedEntry::default()
            }
        };
        let entries: Vec<FeedEntry> = (0..PER_DOCUMENT).map(entry).collect();
        self.before[language] = entries.iter().filter_map(|entry| entry.title.clone()).collect();
        (source, fetched(n, entries, at))
    }
}

fn moment(seconds: usize) -> Timestamp {
    let first: Timestamp = "2016-01-01T00:00:00Z".parse().unwrap();
    first + TimeDelta::seconds(seconds.try_into().unwrap())
}

fn source(n: usize) -> Source {
    let id = format!("wire-{n:03}");
    Source {
        mirror_of: None,
        is_mirrored: false,
        keep_entries: 50_000,
        title: None,
        location: Location::Web(format!("https://{id}.example/feed").parse().unwrap()),
        sections: vec![],
        enabled: true,
        schedule: Schedule::Every(Duration::from_secs(900)),
        weight_percent: 100,
        rules: Rules::default(),
        strip: vec![],
        trust: true,
        fetch: FetchPolicy::default(),
        id: SourceId(id),
    }
}

fn fetched(n: usize, entries: Vec<FeedEntry>, at: Timestamp) -> Fetched {
    let feed = Feed {
        format: Format::Rss20,
        id: None,
        title: Some("A wire".to_owned()),
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
    Fetched {
        at,
        elapsed_ms: 1,
        wire_bytes: 1,
        status: Some(200),
        manners: Manners::default(),
        reading: Reading::Feed {
            feed: Box::new(feed),
            document: Digest::of([&n.to_be_bytes()[..]]),
            is_delta: false,
            validators: Validators::default(),
        },
    }
}

/// Word number `n` of a language: short ones first, as in every language.
fn word(language: usize, mut n: u64) -> String {
    let syllables = SYLLABLES[language];
    let mut word = String::new();
    loop {
        word.push_str(syllables[usize::try_from(n % 16).unwrap()]);
        n /= 16;
        if n == 0 {
            return word;
        }
    }
}

/// Numbers that look random and are the same at every run (a linear congruential generator, Knuth's constants).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A number below [`WORDS`]: n about 1/n times as often as one.
    fn zipf(&mut self) -> u64 {
        let share = self.next() as f64 / f64::from(1_u32 << 31);
        (((WORDS as f64).powf(share)) as u64).min(WORDS) - 1
    }
}
