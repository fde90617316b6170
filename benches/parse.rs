//! Bytes to the inner shape, against the crate `feed-rs`, on one core: `cargo bench --bench parse`.
//!
//! Uses the feeds of real sites in `../shared/feeds` where that folder is there, else generated ones.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use nashra::pipeline::parse;

fn real() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/feeds");
    let Ok(files) = std::fs::read_dir(folder) else { return vec![] };
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Feeds of newsrooms: Arabic titles, a few paragraphs each; every second one broken in the usual ways.
fn generated() -> Vec<Vec<u8>> {
    (0..40).map(|n| document(30 + n * 3, n % 2 == 1).into_bytes()).collect()
}

fn document(items: usize, broken: bool) -> String {
    let mut text = String::from(if broken { "\n" } else { "" });
    text.push_str(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
         <channel><title>وكالة</title><link>https://wire.example/</link><description>أخبار</description>",
    );
    let space = if broken { "&nbsp;&" } else { "&#160;&amp;" };
    for n in 0..items {
        let paragraph = "&lt;p&gt;قال المدرب إن الفريق جاهز للمباراة المقبلة.&lt;/p&gt;".repeat(20);
        write!(
            text,
            "<item><title>المنتخب يستعد للمباراة {n}{space} جمهوره</title><link>https://wire.example/{n}</link>\
             <guid>https://wire.example/{n}</guid><dc:creator>هيئة التحرير</dc:creator>\
             <pubDate>Mon, 23 Nov 2026 10:00:00 +0100</pubDate><category>رياضة</category>\
             <description>{paragraph}</description><content:encoded><![CDATA[<p>{n}</p>{}]]></content:encoded></item>",
            "<p>فقرة من الخبر &amp; تفاصيله</p>".repeat(40)
        )
        .unwrap();
    }
    text.push_str("</channel></rss>");
    text
}

fn run(group: &mut BenchmarkGroup<'_, WallTime>, what: &str, documents: &[&Vec<u8>]) {
    if documents.is_empty() {
        return;
    }
    let bytes: usize = documents.iter().map(|document| document.len()).sum();
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function(format!("{what}: nashra"), |bencher| {
        bencher.iter(|| documents.iter().for_each(|one| drop(black_box(parse::parse(one, None)))));
    });
    group.bench_function(format!("{what}: feed-rs"), |bencher| {
        bencher.iter(|| {
            documents.iter().for_each(|one| drop(black_box(feed_rs::parser::parse(one.as_slice()))));
        });
    });
}

fn bench(criterion: &mut Criterion) {
    let (real, generated) = (real(), generated());
    let (all, origin) = if real.is_empty() { (&generated, "generated feeds") } else { (&real, "real feeds") };
    // What the yardstick refuses costs it little: only what both can read is compared.
    let readable = |one: &&Vec<u8>| {
        std::panic::catch_unwind(|| feed_rs::parser::parse(one.as_slice()).is_ok()).unwrap_or(false)
    };
    let sound = |one: &&Vec<u8>| parse::parse(one, None).is_ok_and(|feed| feed.problems.is_empty());
    let both: Vec<&Vec<u8>> = all.iter().filter(readable).collect();
    let (well_formed, broken): (Vec<&Vec<u8>>, Vec<&Vec<u8>>) = both.into_iter().partition(sound);
    let mut group = criterion.benchmark_group(origin);
    group.measurement_time(Duration::from_secs(8)).sample_size(20);
    run(&mut group, "well-formed", &well_formed);
    run(&mut group, "broken, as far as feed-rs reads it", &broken);
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
