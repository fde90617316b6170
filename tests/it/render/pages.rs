//! The HTML pages.

use super::*;

fn site_in(language: &str) -> Site {
    Site { language: language.to_owned(), contact: Some("mailto:news@example.org".to_owned()), ..site() }
}

fn item(said: FeedEntry) -> String {
    let placed = placed(entry("urn:x-test:1", said));
    text(render::item_page(&site(), &placed, false))
}

/// Fails unless the page holds each of these, in this order.
fn check(page: &str, expected: &[&str]) {
    let mut rest = page;
    for part in expected {
        let Some((_, after)) = rest.split_once(part) else {
            panic!("{part} is not where it belongs in {page}")
        };
        rest = after;
    }
}

#[test]
fn pages_speak_the_language_of_the_site() {
    for (language, root, empty) in [
        ("ar", "<html lang=\"ar\" dir=\"rtl\">", "لا شيء هنا بعد."),
        ("ar-MA", "<html lang=\"ar-MA\" dir=\"rtl\">", "لا شيء هنا بعد."),
        ("fr", "<html lang=\"fr\" dir=\"ltr\">", "Rien ici pour le moment."),
        ("en-GB", "<html lang=\"en-GB\" dir=\"ltr\">", "Nothing here yet."),
        ("he", "<html lang=\"he\" dir=\"rtl\">", "Nothing here yet."),
    ] {
        let site = site_in(language);
        check(&text(render::section_page(&site, &feed(vec![]))), &[root, empty]);
        check(&text(render::front_page(&site, &[feed(vec![])])), &[root, empty]);
        check(&text(render::bot_page(&site)), &[root, "User-Agent: nashra/", "mailto:news@example.org"]);
    }
}

#[test]
fn the_front_page_shows_latest_first_and_then_the_order_of_the_file() {
    let named = |id: &str| SectionFeed { section: section(id, 50, 50), ..unusual() };
    let page = text(render::front_page(&site(), &[named("sport"), named("latest"), named("arts")]));
    let blocks = ["<h2 id=\"latest\">", "<h2 id=\"sport\">", "<h2 id=\"arts\">"];
    check(&page, &[&["<main"], &blocks[..]].concat());
    for id in ["latest", "sport", "arts"] {
        for kind in ["rss", "atom", "json"] {
            let href = format!("href=\"http://127.0.0.1:8080/{id}.{kind}\"");
            assert_eq!(page.matches(&href).count(), 2, "{href}: in the head and in the block");
        }
        assert!(page.contains(&format!("href=\"http://127.0.0.1:8080/{id}\"")));
    }
    assert!(page.contains("rel=\"alternate\" type=\"application/atom+xml\""));
}

#[test]
fn an_entry_keeps_its_own_language_and_direction() {
    let page = text(render::section_page(&site(), &unusual()));
    check(
        &page,
        &[
            "<h2 dir=\"ltr\" lang=\"fr-MA\"><a href=\"http://127.0.0.1:8080/item/",
            "أيضــــــًا: «A &#38; B» &#60;i&#62;",
        ],
    );
    check(&page, &["<bdi class=\"source\">Source a</bdi>", "ومصدران آخران"]);
    check(&page, &["<time datetime=\"2026-11-22T21:40:00Z\">22 نونبر 2026، 22:40</time>"]);
    check(&page, &["<h2 dir=\"auto\">", "Source local"]);
}

#[test]
fn the_item_page_shows_the_entry_and_credits_the_source() {
    let feed = unusual();
    let first = &feed.placed[0];
    let page = text(render::item_page(&site(), first, false));
    let link = "https://a.example/%D8%B1%D9%8A%D8%A7%D8%B6%D8%A9/%D8%AE%D8%A8%D8%B1?a=1&#38;b=%5B2%5D";
    check(
        &page,
        &[
            &format!("<link rel=\"canonical\" href=\"{link}\">"),
            "<article dir=\"ltr\" lang=\"fr-MA\">",
            "<a class=\"source\" href=\"https://a.example/\"><bdi>Source a</bdi></a>",
            "<bdi>أمل &#38; Co</bdi>",
            "<img class=\"lead\" src=\"https://a.example/i/1.jpg",
            "<p>Content with a\nline &lt;entry&gt;",
            "<audio controls preload=\"none\" src=\"https://a.example/a%20b.mp3?x=1&#38;y=2\"></audio>",
            &format!("href=\"{link}\""),
            "<bdi>رياضة</bdi>",
            "نقلته أيضا",
            "https://b.example/a?b=1&#38;c=2",
            "Source b",
        ],
    );
    assert!(!page.contains("javascript:"));
}

#[test]
fn an_image_that_the_text_shows_is_not_shown_twice() {
    let with = |content: &str| {
        let image = Some("https://a.example/1.jpg?w=300".to_owned());
        item(FeedEntry { image, content: Some(content.to_owned()), ..said("1", "t", "", DAY) })
    };
    assert!(!with("<p>x <img src=\"https://a.example/1.jpg?w=900\"></p>").contains("class=\"lead\""));
    assert!(with("<p>x <img src=\"https://a.example/2.jpg\"></p>").contains("class=\"lead\""));
    assert!(with("<p>x</p>").contains("class=\"lead\""));
}

#[test]
fn the_policy_of_the_server_is_kept() {
    for page in all(&unusual(), &site_in("ar")).into_iter().skip(3).map(text) {
        check_legal(&page);
        for forbidden in ["<script", "<style", " style=", " onclick", "@import", "javascript:"] {
            assert!(!page.contains(forbidden), "{forbidden} in {page}");
        }
    }
    let style = text(render::style_css());
    assert!(!style.contains("url(") && !style.contains("@import"));
    assert!(style.contains("prefers-color-scheme: dark"));
    for physical in
        ["margin-left", "margin-right", "padding-left", "padding-right", "text-align: left", "float:"]
    {
        assert!(!style.contains(physical), "{physical}");
    }
}

#[test]
fn a_portal_without_contact_says_so() {
    let page = text(render::bot_page(&Site { contact: None, ..site_in("en") }));
    check(&page, &["This site’s editor has given no address."]);
    let page = text(render::bot_page(&Site {
        contact: Some("https://news.example/contact".to_owned()),
        ..site_in("en")
    }));
    check(&page, &["<a href=\"https://news.example/contact\">"]);
    let page =
        text(render::bot_page(&Site { contact: Some("javascript:alert(1)".to_owned()), ..site_in("en") }));
    check(&page, &["This site’s editor has given no address."]);
}

#[test]
fn robots_may_read() {
    assert!(text(render::robots_txt(&site())).starts_with("User-agent: *\nAllow: /\n"));
    assert!(render::icon_png().starts_with(b"\x89PNG\r\n\x1a\n"));
}
