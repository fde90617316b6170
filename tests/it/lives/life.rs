//! A source with a scripted life: what it lists, how it shows it now, and what must hold after every document.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use nashra::model::*;
use unicode_normalization::UnicodeNormalization as _;

use crate::kit::entries::*;

/// What an entry is called by its source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Guid {
    Integer,
    Uuid,
    /// `SITE/?p=N`
    Query,
    /// The link as it is shown.
    Permalink,
    /// A number that a database without sense made: another one in every document.
    Random,
    /// The permalink with a token of the document.
    Token,
    /// The moment at which the document was made, for all.
    Moment,
    /// The same for all, always.
    Same,
    /// The same for every third one.
    SomeSame,
    Empty,
    Absent,
}

/// Where the page of an entry is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layout {
    /// `/خبر/SLUG`
    Slug,
    /// `/خبر/SLUG/`
    Slash,
    /// `/YEAR/SLUG-N.html`
    Html,
    /// `/node/N`
    Node,
    /// `/article?id=N`
    Query,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spelling {
    Raw,
    Lower,
    Upper,
    Decomposed,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dates {
    Exact,
    Minutes,
    Hours(i64),
    /// Midnight of the day, so many hours from UTC.
    Days(i64),
    /// One moment for all: that at which the CMS was filled.
    Filled,
    Absent,
}

/// How a source shows its entries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    pub guid: Guid,
    pub site: &'static str,
    pub layout: Layout,
    pub spelling: Spelling,
    pub dates: Dates,
    /// `?utm_source=…` on every link.
    pub tracked: bool,
    /// A token of the document in every link.
    pub tokens: bool,
    pub reversed: bool,
    /// Every so many titles are other than they were.
    pub edited_every: Option<usize>,
}

pub const PLAIN: Shape = Shape {
    guid: Guid::Integer,
    site: "http://a.example",
    layout: Layout::Slug,
    spelling: Spelling::Raw,
    dates: Dates::Exact,
    tracked: false,
    tokens: false,
    reversed: false,
    edited_every: None,
};

const WHO: [&str; 11] = [
    "الحكومة المغربية",
    "المنتخب الوطني",
    "وزير الصحة",
    "مجلس النواب",
    "البنك المركزي",
    "الوداد البيضاوي",
    "جامعة فاس",
    "رئيس البلدية",
    "شركة الطيران",
    "محكمة الرباط",
    "نقابة المعلمين",
];
const WHAT: [&str; 7] = [
    "تعلن عن خطة",
    "يفوز بعد مباراة",
    "ترفض مشروع",
    "يناقش تقرير",
    "تستعيد مكانة",
    "يؤجل قرار",
    "تندد بحادث",
];
const OF: [&str; 13] = [
    "السكن",
    "القطار السريع",
    "مياه الشرب",
    "الانتخابات",
    "الميزانية الجديدة",
    "أسعار المحروقات",
    "الجفاف",
    "السياحة",
    "كأس إفريقيا",
    "التعليم العالي",
    "الموانئ",
    "الطاقة الشمسية",
    "حرائق الغابات",
];

/// One source, its truth, and what nashra knows of it.
pub struct Life {
    pub memory: Memory,
    pub source: Source,
    pub shape: Shape,
    /// Entries that are shown in another one.
    pub part: Option<(std::ops::Range<usize>, Shape)>,
    /// How many documents it has given.
    documents: usize,
    now: Timestamp,
    /// The key and the id of each entry that was listed.
    born: BTreeMap<usize, (EntryKey, String)>,
    /// Every problem that was reported since the last look.
    pub told: Vec<String>,
}

impl Life {
    /// Begins with a first document of these entries.
    pub fn new(shape: Shape, listed: std::ops::Range<usize>) -> Self {
        let mut life = Self {
            memory: Memory::default(),
            source: source("a", &["sport"]),
            shape,
            part: None,
            documents: 0,
            now: at("2026-11-20T12:00:00Z"),
            born: BTreeMap::new(),
            told: vec![],
        };
        life.lists(listed);
        life.told.clear();
        life
    }

    /// The source gives a document of these entries: those that it has never listed must be new, no other, and
    /// each of the others must be recognised as itself.
    pub fn lists(&mut self, listed: std::ops::Range<usize>) -> Update {
        self.documents += 1;
        self.now += TimeDelta::hours(1);
        let whole = self.shape;
        let mut entries: Vec<FeedEntry> = vec![];
        for n in listed.clone() {
            let of_part = self.part.as_ref().filter(|(part, _)| part.contains(&n));
            self.shape = of_part.map_or(whole, |(_, shape)| *shape);
            entries.push(self.entry(n));
            self.shape = whole;
        }
        if self.shape.reversed {
            entries.reverse();
        }
        let update = self.memory.poll(&self.source, &brought(entries, &self.now.to_rfc3339()));
        self.told.extend(update.problems.iter().map(|problem| problem.code.clone()));
        let what = format!("document {}, {:?}: {:#?}", self.documents, self.shape, update.problems);
        let news: BTreeSet<String> =
            listed.clone().filter(|n| !self.born.contains_key(n)).map(|n| self.title(n)).collect();
        let new: BTreeSet<String> =
            update.new.iter().map(|entry| entry.said.title.clone().unwrap()).collect();
        assert_eq!(new, news, "what is new in {what}");
        assert_eq!(update.new.len(), news.len(), "{what}");
        for n in listed.clone() {
            if let Some(entry) = update.new.iter().find(|entry| entry.said.title == Some(self.title(n))) {
                self.born.entry(n).or_insert((entry.key, entry.id.clone()));
            }
        }
        let expected: BTreeSet<EntryKey> = listed.map(|n| self.born[&n].0).collect();
        assert_eq!(
            update.state.listed.iter().copied().collect::<BTreeSet<_>>(),
            expected,
            "listed by {what}"
        );
        for (key, id) in self.born.values() {
            let Some(entry) = self.memory.entries.get(key) else { continue };
            assert_eq!((&entry.id, entry.key), (id, *key), "{what}");
        }
        update
    }

    /// The source answers nothing of use.
    pub fn fails(&mut self) {
        self.now += TimeDelta::hours(1);
        let error = FetchError { kind: FetchErrorKind::Timeout, message: "slow".to_owned() };
        self.memory.poll(&self.source, &fetched(Reading::Failed(error), &self.now.to_rfc3339()));
    }

    /// The source says that nothing has changed.
    pub fn is_unchanged(&mut self) {
        self.now += TimeDelta::hours(1);
        let reading = Reading::Unchanged { validators: Validators::default() };
        self.memory.poll(&self.source, &fetched(reading, &self.now.to_rfc3339()));
    }

    /// nashra stops and starts: what it knows goes through JSON.
    pub fn restart(&mut self) {
        fn again<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
            serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
        }
        self.memory.states = again(&self.memory.states);
        for entry in self.memory.entries.values_mut() {
            *entry = again(entry);
        }
        self.memory.keys = self.memory.keys.iter().map(|(key, entry)| (again(key), *entry)).collect();
    }

    /// Retention removes every entry; the keys stay.
    pub fn purge(&mut self) {
        self.memory.entries.clear();
    }

    pub fn state(&self) -> &SourceState {
        &self.memory.states[&self.source.id]
    }

    /// How many keys of a kind lead to entries.
    pub fn keys(&self, kind: KeyKind) -> usize {
        self.memory.keys.keys().filter(|key| key.kind == kind).count()
    }

    /// Compares what the admin was told since the last look.
    pub fn was_told(&mut self, expected: &[&str]) {
        assert_eq!(self.told, expected, "{:?}", self.shape);
        self.told.clear();
    }

    fn title(&self, n: usize) -> String {
        let base = format!(
            "{} {} {}",
            WHO[n % WHO.len()],
            WHAT[n / WHO.len() % WHAT.len()],
            OF[(n * 5 + n / 77) % OF.len()]
        );
        match self.shape.edited_every {
            Some(every) if n.is_multiple_of(every) => format!("{base} بعد تصويت"),
            _ => base,
        }
    }

    fn entry(&self, n: usize) -> FeedEntry {
        let link = self.link(n);
        let first = at("2026-11-01T06:00:17Z");
        let exact = first + TimeDelta::seconds(i64::try_from(n).unwrap() * 1_373);
        let published = match self.shape.dates {
            Dates::Exact => Some(exact),
            Dates::Minutes => Some(exact - TimeDelta::seconds(exact.timestamp().rem_euclid(60))),
            Dates::Hours(hours) => Some(exact + TimeDelta::hours(hours)),
            Dates::Days(zone) => {
                let local = exact.timestamp() + zone * 3_600;
                Some(exact - TimeDelta::seconds(local.rem_euclid(86_400)))
            }
            Dates::Filled => Some(at("2026-11-20T16:20:09Z")),
            Dates::Absent => None,
        };
        let text = format!("<p>نص الخبر {} من {} حول {} بتفاصيل.</p>", n * 31, OF[n % 13], WHO[n % 7]);
        FeedEntry {
            id: self.guid(n, &link),
            content: Some(text),
            published,
            ..said("", &self.title(n), &link, "")
        }
    }

    fn guid(&self, n: usize, link: &str) -> Option<String> {
        let document = self.documents;
        let id = match self.shape.guid {
            Guid::Uuid => format!("urn:uuid:0f0e0d0c-0000-4000-8000-{n:012}"),
            Guid::Query => format!("{}/?p={n}", self.shape.site),
            Guid::Permalink => link.to_owned(),
            Guid::Random => Digest::of([&n.to_be_bytes()[..], &document.to_be_bytes()]).to_string(),
            Guid::Token => format!("{link}?session={document}"),
            Guid::Moment => format!("{document}"),
            Guid::Same => "http://a.example/".to_owned(),
            Guid::SomeSame if n.is_multiple_of(3) => "0".to_owned(),
            Guid::Integer | Guid::SomeSame => format!("{}", 4_000 + n),
            Guid::Empty => String::new(),
            Guid::Absent => return None,
        };
        Some(id)
    }

    fn link(&self, n: usize) -> String {
        let Shape { site, layout, spelling, .. } = self.shape;
        let slug = format!("{}-{n}", WHO[n % WHO.len()].replace(' ', "-"));
        let path = match layout {
            Layout::Slug => format!("خبر/{slug}"),
            Layout::Slash => format!("خبر/{slug}/"),
            Layout::Html => format!("2026/{slug}.html"),
            Layout::Node => format!("node/{n}"),
            Layout::Query => format!("article?id={n}"),
        };
        let path = match spelling {
            Spelling::Raw => path,
            Spelling::Decomposed => path.nfd().collect(),
            Spelling::Lower | Spelling::Upper => {
                let escape = |byte: u8| match spelling {
                    _ if byte.is_ascii() => char::from(byte).to_string(),
                    Spelling::Lower => format!("%{byte:02x}"),
                    _ => format!("%{byte:02X}"),
                };
                path.bytes().map(escape).collect()
            }
        };
        let mark = if path.contains('?') { '&' } else { '?' };
        let token = |name: &str, is_on: bool| {
            if is_on { format!("{mark}{name}={}", self.documents) } else { String::new() }
        };
        format!("{site}/{path}{}{}", token("utm_source", self.shape.tracked), token("sid", self.shape.tokens))
    }
}
