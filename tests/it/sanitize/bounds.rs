//! Content that is made to be dear: bounded in time, depth and size, on a small stack.

use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use nashra::pipeline::sanitize::{HTML_BYTES_MAX, clean, clean_by_parser};

use super::{base, walker};

/// Far more than it takes, even unoptimised on a busy machine; what is quadratic takes minutes.
const LIMIT: Duration = Duration::from_secs(20);

fn check(what: &str, html: String) {
    let what = what.to_owned();
    let job = move || {
        let began = Instant::now();
        let first = clean(&html, Some(&base()));
        let elapsed = began.elapsed();
        assert!(elapsed < LIMIT, "{what}: {elapsed:?}");
        assert!(first.html.len() <= HTML_BYTES_MAX, "{what}: {} bytes", first.html.len());
        assert_eq!(walker::findings(&first.html), Ok(()), "{what}");
        assert!(clean(&first.html, Some(&base())) == first, "{what}: not stable");
        assert!(clean_by_parser(&html, Some(&base())) == first, "{what}: the parser disagrees");
        eprintln!("{what}: {} kB in {elapsed:?}", html.len() >> 10);
    };
    // As on a thread of the runtime.
    thread::Builder::new().stack_size(2 << 20).spawn(job).unwrap().join().unwrap();
}

fn up_to(bytes: usize, piece: &str) -> String {
    piece.repeat(bytes / piece.len())
}

fn numbered(range: Range<u32>, piece: impl Fn(u32) -> String) -> String {
    range.map(piece).collect::<Vec<_>>().concat()
}

#[test]
fn nesting_is_flattened() {
    check("a million tags", "<i>".repeat(1_000_000));
    for tag in [
        "<div>",
        "<b>",
        "<p>",
        "<span>",
        "<table>",
        "<blockquote>",
        "<ul><li>",
        "<table><tr><td>",
        "<svg>",
        "<a href=/>",
        "<dl><dd>",
        "<ruby><rt>",
        "<select>",
        "<template>",
        "<custom>",
        "<noscript>",
        "<form>",
        "<object>",
        "<button>",
    ] {
        check(tag, up_to(500_000, tag));
    }
    check("<ul><li>", "<ul><li>".repeat(20_000));
    check("closed", "<div>".repeat(50_000) + &"</div>".repeat(50_000));
}

#[test]
fn wrong_nesting_is_not_dear() {
    check("adoption", up_to(500_000, "<b><p></b>"));
    check(
        "reconstruction",
        numbered(0..90, |n| format!("<font size={n}>")) + &up_to(300_000, "<p>x<div>y</div>"),
    );
    check(
        "reconstruction by language",
        numbered(0..90, |n| format!("<b lang=a{n}>")) + &up_to(20_000, "<p>x"),
    );
    check("within the parser's means", numbered(0..120, |n| format!("<i lang=a{n}>")) + &"<p>x".repeat(380));
    check("links", up_to(500_000, "<a href=x><p>"));
    check("misnested", up_to(500_000, "<i><b></i></b>"));
    check("foster parents", up_to(500_000, "<table>x<b>"));
    check("ends", up_to(500_000, "</p></div></a>"));
    check("breaks", up_to(500_000, "</br>"));
}

#[test]
fn attributes_and_tokens_are_bounded() {
    check("attributes", format!("<p {}>x", numbered(0..100_000, |n| format!("a{n}=1 "))));
    check(
        "attributes within the parser's means",
        format!("<p x=\"\" =\" {}>x", numbered(0..7000, |n| format!("{n:x} "))),
    );
    check("images", up_to(400_000, "<img src=a>"));
    check("repeated images", up_to(400_000, "<img src=a><br>"));
    check("candidates", format!("<img srcset=\"{}\">", up_to(500_000, "a 1x,")));
    check("comments", up_to(500_000, "<!--"));
    check("comment ends", up_to(500_000, "<!---->"));
    check("brackets", up_to(500_000, "<"));
    check("ampersands", up_to(1_200_000, "&"));
    check("references", up_to(500_000, "&notit;"));
    check("open quotes", up_to(500_000, "<a href=\""));
    check("scripts", up_to(500_000, "<script>"));
    check("frames", up_to(500_000, "<iframe src=x>"));
    check("cdata", up_to(500_000, "<![CDATA["));
    check("text", up_to(3_000_000, "نص "));
    check(
        "an image within",
        format!("<p>a</p><img src=\"data:image/png;base64,{}\"><p>b</p>", "A".repeat(500_000)),
    );
}

#[test]
fn comments_and_quotes_hide_no_depth() {
    check("after an odd comment", "<!--><b>--!><i>-->".to_owned() + &up_to(400_000, "<div>"));
    check("in a section", "<svg><![CDATA[</svg>]]>".to_owned() + &up_to(400_000, "<div>"));
    check("after a quote", "<a title='>\" ".to_owned() + &up_to(400_000, "<div>"));
    check(
        "after a script",
        "<script><!--<script></script>--></script>".to_owned() + &up_to(400_000, "<div>"),
    );
    check("in plain text", "<plaintext>".to_owned() + &up_to(400_000, "<div>"));
}
