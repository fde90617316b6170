//! Images: those that scripts load late, those that count readers, the one that leads.

use super::{base, check, cleaned};
use nashra::pipeline::sanitize::{clean, clean_by_parser};

/// An image tag with these attributes must load `address`.
fn loads(attributes: &str, address: &str) {
    check(&format!("<img {attributes}>"), &format!("<img src=\"{address}\">"));
}

#[test]
fn late_images_load() {
    let real = "https://example.org/a.jpg";
    loads("src=/a.jpg", real);
    loads("data-src=/a.jpg", real);
    loads("src='data:image/gif;base64,R0lGOD' data-src=/a.jpg", real);
    loads("src=/img/placeholder.png data-lazy-src=/a.jpg", real);
    loads("src=/img/blank.gif data-original=/a.jpg", real);
    loads("src='' data-lazy=/a.jpg", real);
    check("<img src=/a.jpg data-src=/b.jpg>", "<img src=\"https://example.org/a.jpg\">");
    check(
        "<img srcset='/s.jpg 320w, /l.jpg 1280w' sizes='100vw' alt=x>",
        "<img src=\"https://example.org/l.jpg\" srcset=\"https://example.org/s.jpg 320w, https://example.org/l.jpg 1280w\" sizes=\"100vw\" alt=\"x\">",
    );
    check(
        "<img src='data:,' srcset='data:image/gif;base64,R0 1w' data-srcset='/a.jpg 2x' loading=lazy>",
        "<img src=\"https://example.org/a.jpg\" srcset=\"https://example.org/a.jpg 2x\" loading=\"lazy\">",
    );
    check(
        "<img data-src=/a.jpg><noscript><img src=/a.jpg></noscript>",
        "<img src=\"https://example.org/a.jpg\">",
    );
    check(
        "<img src='data:,'><noscript><img src=/a.jpg alt=y></noscript>",
        "<img src=\"https://example.org/a.jpg\" alt=\"y\">",
    );
    check("<img src=/a.jpg>&#xa;<br>\u{1}<img src=/a.jpg>", "<img src=\"https://example.org/a.jpg\">\n<br>");
    check(
        "<img src=/a.jpg>x<img src=/a.jpg>",
        "<img src=\"https://example.org/a.jpg\">x<img src=\"https://example.org/a.jpg\">",
    );
    check(
        "<picture><source data-srcset='/a.webp 1x' type=image/webp><img src='data:,'></picture>",
        "<picture><source srcset=\"https://example.org/a.webp 1x\" type=\"image/webp\"><img src=\"https://example.org/a.webp\"></picture>",
    );
    check(
        "<img src=/a.jpg width=640px height=auto title=t>",
        "<img src=\"https://example.org/a.jpg\" title=\"t\" width=\"640\">",
    );
}

#[test]
fn images_that_count_readers_go() {
    for pixel in [
        "src=https://e.org/a.gif width=1 height=1",
        "src=https://e.org/a.gif width=0",
        "src=https://e.org/a.gif height='0px'",
        "src=https://e.org/a.gif style='width: 1px; height:1px'",
        "src=https://e.org/a.gif style='DISPLAY : none'",
        "src=http://feeds.feedburner.com/~r/news/~4/abc",
        "src=http://feeds.example.org/~ff/news?d=yIl2AUoC8zA",
        "src=https://pixel.wp.com/b.gif?blog=1",
        "src=https://stats.wordpress.com/b.gif?x=1",
        "src=https://ad.doubleclick.net/ad/x",
        "src=http://rss.feedsportal.com/c/1/f/2/mf.gif",
        "src=https://www.facebook.com/tr?id=1&amp;ev=PageView",
        "src=https://counter.theconversation.com/content/1/count.gif",
        "src=https://e.org/img/spacer.gif",
        "src=javascript:alert(1)",
        "src=data:image/svg+xml,x",
        "alt=nothing",
    ] {
        check(&format!("<p>a<img {pixel}></p>"), "<p>a</p>");
    }
}

#[test]
fn the_first_real_image_leads() {
    let leads = |html: &str, expected: Option<&str>| {
        assert_eq!(cleaned(html).lead_image.as_deref(), expected, "{html}");
        assert_eq!(clean_by_parser(html, Some(&base())).lead_image.as_deref(), expected, "{html}");
    };
    leads("<p>a</p>", None);
    leads("<img src=/a.jpg><img src=/b.jpg>", Some("https://example.org/a.jpg"));
    leads(
        "<img src=/icons/x.png><img src=/b.jpg width=32 height=32><img src=/c.jpg>",
        Some("https://example.org/c.jpg"),
    );
    leads(
        "<img src=https://s.w.org/images/core/emoji/72x72/1.png><img src='data:,' data-src=/b.jpg>",
        Some("https://example.org/b.jpg"),
    );
    leads("<img src=https://pixel.wp.com/b.gif?x=1><img width=1 height=1 src=/a.jpg>", None);
    leads("<video poster=/p.jpg></video>", Some("https://example.org/p.jpg"));
    assert_eq!(clean("<img src=/a.jpg>", None).lead_image, None);
}
