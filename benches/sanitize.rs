//! Sanitising one article, the short way and by the parser: `cargo bench --bench sanitize`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nashra::pipeline::sanitize::{clean, clean_by_parser, clean_simple};
use url::Url;

/// What the system of a newsroom sends: comments, classes, relative links, a late image, an embedded player.
fn article() -> String {
    let paragraph = "<!-- wp:paragraph -->\n<p class=\"has-text-align-right\" style=\"text-align:right\">قال المدرب إن \
        <strong>الفريق</strong> جاهز&nbsp;&#8211; وأضاف أن <a href=\"/players/7?x=1&#038;y=2\" target=\"_blank\" \
        rel=\"noreferrer noopener\">اللاعبين</a> في أحسن حال&#8230;<br />سطر آخر</p>\n<!-- /wp:paragraph -->\n";
    let figure = "<figure class=\"wp-block-image size-large\"><img decoding=\"async\" width=\"1024\" height=\"683\" \
        src=\"data:image/gif;base64,R0lGODlhAQABAAAAACw=\" data-src=\"https://cdn.example.org/a-1024x683.jpg\" alt=\"صورة\" \
        data-srcset=\"https://cdn.example.org/a-1024x683.jpg 1024w, https://cdn.example.org/a-300x200.jpg 300w\" \
        sizes=\"(max-width: 1024px) 100vw, 1024px\" class=\"lazyload\" /><figcaption>تعليق</figcaption></figure>\n";
    let player = "<div class=\"embed\"><iframe title=\"x\" width=\"500\" height=\"281\" \
        src=\"https://www.youtube.com/embed/x?feature=oembed\" frameborder=\"0\" allowfullscreen></iframe></div>\n";
    [&paragraph.repeat(4), figure, &paragraph.repeat(4), player].concat()
}

fn plain() -> String {
    "قال المدرب إن الفريق جاهز، وأضاف أن اللاعبين في أحسن حال قبل المباراة المقبلة. ".repeat(40)
}

/// What comes out: no change is needed, only the proof of that.
fn cleaned(base: &Url) -> String {
    clean(&article(), Some(base)).html
}

fn bench(criterion: &mut Criterion) {
    let base = Url::parse("https://wire.example/news/1").unwrap();
    let articles = [("text", plain()), ("article", article()), ("clean article", cleaned(&base))];
    let mut group = criterion.benchmark_group("sanitize");
    for (name, html) in &articles {
        assert!(clean_simple(html, Some(&base)).is_some(), "{name} does not take the short way");
        group.throughput(Throughput::Bytes(html.len() as u64));
        group.bench_with_input(BenchmarkId::new("short way", name), html, |bencher, html| {
            bencher.iter(|| clean(black_box(html), Some(&base)));
        });
        group.bench_with_input(BenchmarkId::new("parser", name), html, |bencher, html| {
            bencher.iter(|| clean_by_parser(black_box(html), Some(&base)));
        });
    }
    // Wrongly nested, so that the parser is asked.
    let odd = article() + "<b><i>x</b></i>";
    group.throughput(Throughput::Bytes(odd.len() as u64));
    group.bench_function("odd article", |bencher| bencher.iter(|| clean(black_box(&odd), Some(&base))));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
