//! What it costs to publish a commit: `cargo bench --bench press`.
//!
//! 50 sections of 50 entries each; one entry comes into one of them, and so into `latest` and the front page. What
//! compresses the documents runs beside, and is timed by itself; so is what is kept on disk for the next start.
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use nashra::edge::editions::{Editions, Imprint};
use nashra::model::{
    Coding, DateOrigin, Digest, Document, Entry, EntryKey, FeedEntry, Identity, IdentityKind, PublishLimits,
    Published, Rules, Section, SectionId, SectionOrder, Site, SourceCard, SourceId, StoryReason, Timestamp,
    Window,
};
use nashra::pipeline::{self, Edition};

const SECTIONS: usize = 50;
const ENTRIES: usize = 50;
/// Entries of the window that a section does not show: the window is trimmed when it has doubled.
const BEYOND: usize = 25;
const SOURCES: usize = 40;
const RELATED: usize = 5;

fn moment(minute: i64) -> Timestamp {
    Timestamp::from_timestamp(1_795_000_000 + minute * 60, 0).unwrap()
}

/// An article of Arabic text with markup, as newsrooms send it: about 5 kB.
fn entry(number: usize) -> Entry {
    let identity = Digest::of([&number.to_le_bytes()[..]]);
    let published = moment(i64::try_from(number).unwrap());
    let mut content = String::new();
    for paragraph in 0..10 {
        let turn = (number * 31 + paragraph * 17) % 97;
        write!(
            content,
            "<p>فقرة {paragraph} من الخبر {number}: قال المدرب رقم {turn} إن <strong>الفريق</strong> جاهز، وأضاف أن \
             <a href=\"https://wire.example/players/{turn}\">اللاعبين</a> في أحسن حال قبل المباراة المقبلة في الملعب {}، \
             وهذا ما أكده الطبيب بعد الفحوصات التي جرت صباح اليوم.</p>",
            turn * number % 89
        )
        .unwrap();
    }
    let key = EntryKey::new(published, identity);
    Entry {
        key,
        id: format!("https://wire.example/{number}"),
        source: SourceId(format!("source-{}", number % SOURCES)),
        identity: Identity { kind: IdentityKind::Guid, value: number.to_string() },
        said: FeedEntry {
            title: Some(format!("المنتخب الوطني يستعد للمباراة رقم {number} أمام جمهوره")),
            link: Some(format!("https://wire.example/{number}")),
            summary: Some(format!("<p>ملخص الخبر رقم {number} وتفاصيله الأولى</p>")),
            content: Some(content),
            image: Some(format!("https://wire.example/images/{number}.jpg")),
            published: Some(published),
            ..FeedEntry::default()
        },
        published,
        dated: DateOrigin::Source,
        first_seen: published,
        first_seen_millis: 0,
        updated: None,
        backfill: false,
        story: key,
        story_reason: StoryReason::First,
        matched: None,
        digest: identity,
        former: vec![],
        revision: 0,
        life: vec![],
    }
}

fn section(id: String, takes_all: bool) -> Section {
    Section {
        title: format!("قسم {id}"),
        id: SectionId(id),
        description: None,
        rules: Rules::default(),
        limits: PublishLimits { entries_max: ENTRIES, per_source_max: 20 },
        takes_all,
        stories: true,
        order: SectionOrder::Newest,
    }
}

fn edition() -> Edition {
    let site = Site {
        title: "نشرة".to_owned(),
        url: "http://127.0.0.1:8080".to_owned(),
        language: "ar".to_owned(),
        timezone: chrono_tz::UTC,
        contact: None,
        hubs: vec![],
        has_cloud: false,
        has_search: true,
    };
    let sections = (0..SECTIONS).map(|number| section(format!("section-{number}"), false));
    let all = [section("latest".to_owned(), true)].into_iter().chain(sections).collect();
    Edition::new(site, all, &[])
}

fn put(window: &mut Window, number: usize) {
    let entry = Arc::new(entry(number));
    let places = ["latest".to_owned(), format!("section-{}", number % SECTIONS)].map(SectionId);
    window.places.insert(entry.key, places.into());
    let related: Vec<_> = window.entries.values().rev().step_by(SECTIONS).take(RELATED).cloned().collect();
    window.related.insert(entry.key, related);
    window.entries.insert(entry.key, entry);
}

fn window() -> Window {
    let card = |number: usize| SourceCard {
        id: SourceId(format!("source-{number}")),
        title: format!("وكالة {number}"),
        link: Some(format!("https://wire.example/{number}/")),
        feed_url: Some(format!("https://wire.example/{number}/feed")),
        feed_id: format!("https://wire.example/{number}/feed"),
        language: None,
        image: None,
        rights: None,
    };
    let cards = (0..SOURCES).map(card).map(|card| (card.id.clone(), Arc::new(card)));
    let mut window = Window { sources: cards.collect::<BTreeMap<_, _>>(), ..Window::default() };
    (0..SECTIONS * (ENTRIES + BEYOND)).for_each(|number| put(&mut window, number));
    window
}

fn bench(criterion: &mut Criterion) {
    let (edition, before) = (edition(), window());
    let shown = pipeline::publish(&edition, &before, &Published::default());
    let mut after = before.clone();
    put(&mut after, SECTIONS * 1000 + 7);
    let published = pipeline::publish(&edition, &after, &shown);
    let changed = |(path, document): (&String, &Arc<Document>)| {
        !shown.documents.get(path).is_some_and(|old| Arc::ptr_eq(old, document))
    };
    let changed: Vec<Document> = published
        .documents
        .iter()
        .filter(|(path, document)| changed((path, document)))
        .map(|(_, document)| document.as_ref().clone())
        .collect();
    assert_eq!(changed.len(), 9, "a section, `latest` and the front page");
    let bytes: usize = changed.iter().map(|document| document.identity.len()).sum();
    let mut group = criterion.benchmark_group(format!("one entry in one section of {SECTIONS}"));
    group.bench_function("publish", |bencher| {
        bencher.iter(|| pipeline::publish(&edition, &after, &shown));
    });
    group.bench_function("of that, lay out", |bencher| {
        bencher.iter(|| pipeline::lay_out(&edition, &after));
    });
    group.bench_function("publish with nothing new", |bencher| {
        bencher.iter(|| pipeline::publish(&edition, &before, &shown));
    });
    let folder = tempfile::tempdir().unwrap();
    let (editions, _) = Editions::open(folder.path(), pipeline::recalled);
    let imprint = Imprint::default();
    editions.keep(&published, &imprint).unwrap();
    let mut turn = false;
    group.bench_function(format!("then keep {} KB in 9 documents on disk", bytes / 1000), |bencher| {
        bencher.iter(|| {
            turn = !turn;
            editions.keep(if turn { &shown } else { &published }, &imprint).unwrap();
        });
    });
    editions.sync();
    let all: usize = published.documents.values().map(|document| document.identity.len()).sum();
    let name = format!("a start reads {} KB in {} documents", all / 1000, published.documents.len());
    group.bench_function(name, |bencher| {
        bencher.iter(|| Editions::open(folder.path(), pipeline::recalled).1.documents.len());
    });
    group.bench_function("keep all of them anew, and sync", |bencher| {
        bencher.iter(|| editions.keep_alone(&published, &imprint));
    });
    for coding in Coding::PACKED {
        let name = format!("beside: {} KB in 9 documents as {}", bytes / 1000, coding.name());
        group.bench_function(name, |bencher| {
            let pack = |document: &Document| document.pack(coding, &document.identity).unwrap().len();
            bencher.iter_batched(|| (), |()| changed.iter().map(pack).sum::<usize>(), BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
