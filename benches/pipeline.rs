//! Parse → normalize → sanitize → ingest → merge → render, on one core: `cargo bench --bench pipeline`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nashra::model::{
    Digest, FetchPolicy, Fetched, Known, Location, Manners, PublishLimits, Published, Reading, Rules,
    Schedule, Section, SectionId, SectionOrder, Site, Source, SourceCard, SourceId, SourceState, Timestamp,
    Validators, Window,
};
use nashra::pipeline::{self, Edition};

const ITEMS: usize = 200;

/// A feed like those of newsrooms: Arabic titles, a few paragraphs each, an image, categories.
fn feed() -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
         <channel><title>وكالة</title><link>https://wire.example/</link><description>أخبار</description>",
    );
    for n in 0..ITEMS {
        let (day, hour) = (1 + n / 24, n % 24);
        write!(
            text,
            "<item><title>المنتخب الوطني يستعد للمباراة رقم {n} أمام جمهوره</title><link>https://wire.example/{n}</link>\
             <guid isPermaLink=\"true\">https://wire.example/{n}</guid><dc:creator>هيئة التحرير</dc:creator>\
             <pubDate>{day:02} Nov 2026 {hour:02}:00:00 +0100</pubDate><category>رياضة</category>\
             <description>ملخص الخبر رقم {n} &amp;amp; تفاصيله</description><content:encoded><![CDATA["
        )
        .unwrap();
        for paragraph in 0..8 {
            write!(
                text,
                "<p>فقرة {paragraph} من الخبر {n}: قال المدرب إن <strong>الفريق</strong> جاهز، وأضاف أن \
                 <a href=\"/players/{n}\">اللاعبين</a> في أحسن حال قبل المباراة المقبلة.</p>"
            )
            .unwrap();
        }
        text.push_str("<p><img src=\"/images/1.jpg\" alt=\"صورة\" width=\"640\" height=\"360\"></p>]]></content:encoded></item>");
    }
    text.push_str("</channel></rss>");
    text
}

fn source() -> Source {
    Source {
        mirror_of: None,
        is_mirrored: false,
        keep_entries: 50_000,
        id: SourceId("wire".to_owned()),
        title: None,
        location: Location::Web("https://wire.example/feed".parse().unwrap()),
        sections: vec![],
        enabled: true,
        schedule: Schedule::Auto,
        weight_percent: 100,
        rules: Rules::default(),
        strip: vec![],
        trust: false,
        fetch: FetchPolicy::default(),
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
    let section = Section {
        stories: true,
        order: SectionOrder::Newest,
        id: SectionId("latest".to_owned()),
        title: "اخر الاخبار".to_owned(),
        description: None,
        rules: Rules::default(),
        limits: PublishLimits { entries_max: 50, per_source_max: 50 },
        takes_all: true,
    };
    Edition::new(site, vec![section], &[source()])
}

fn bench(criterion: &mut Criterion) {
    let text = feed();
    let source = source();
    let now: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    let understand =
        || pipeline::understand(text.as_bytes(), None, None, "https://wire.example/feed", &[]).unwrap();
    let fetched = Fetched {
        at: now,
        elapsed_ms: 0,
        wire_bytes: 0,
        status: Some(200),
        manners: Manners::default(),
        reading: Reading::Feed {
            feed: Box::new(understand()),
            document: Digest::of([text.as_bytes()]),
            is_delta: false,
            validators: Validators::default(),
        },
    };
    let ingest = || pipeline::ingest(&source, &SourceState::default(), &Known::default(), &fetched, now);
    let card = SourceCard {
        id: source.id.clone(),
        title: "Wire".to_owned(),
        link: None,
        feed_url: Some("https://wire.example/feed".to_owned()),
        feed_id: "https://wire.example/feed".to_owned(),
        language: None,
        image: None,
        rights: None,
    };
    let window = Window {
        entries: ingest().new.into_iter().map(|entry| (entry.key, Arc::new(entry))).collect(),
        sources: BTreeMap::from([(source.id.clone(), Arc::new(card))]),
        ..Window::default()
    };
    assert_eq!(window.entries.len(), ITEMS);
    let edition = edition();
    let mut group = criterion.benchmark_group("one feed of 200 entries");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("parse, normalize and sanitize", |bencher| bencher.iter(understand));
    group.bench_function("ingest", |bencher| bencher.iter(ingest));
    group.bench_function("merge and render", |bencher| {
        bencher.iter(|| pipeline::publish(&edition, &window, &Published::default()));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
