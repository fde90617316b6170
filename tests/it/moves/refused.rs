//! What is no feed or none of a source, and in which encoding it is read.

use super::*;

const SITE: &str = "https://nashra.example/bulletin";

fn read_from(document: &[u8], url: &str, change: impl FnOnce(&mut Source, &mut Body)) -> Reading {
    let mut source = source("a", &[]);
    let mut body = Body {
        bytes: document.to_vec().into(),
        content_type: None,
        url: url.to_owned(),
        is_delta: false,
        validators: Validators::default(),
    };
    change(&mut source, &mut body);
    let manners = Manners { url: url.parse().ok(), ..Manners::default() };
    let retrieved = Retrieved {
        at: at("2026-11-01T12:00:00Z"),
        elapsed_ms: 1,
        wire_bytes: 1,
        status: Some(200),
        manners,
        outcome: Ok(Answer::Body(body)),
    };
    pipeline::read(&source, None, SITE, retrieved).reading
}

/// Why a document is refused; empty where it is a feed.
fn refused(document: &str, url: &str) -> String {
    match read_from(document.as_bytes(), url, |_, _| {}) {
        Reading::NotAFeed(reason) => reason,
        Reading::Feed { .. } => String::new(),
        other => panic!("{other:?}"),
    }
}

fn rss(head: &str, link: &str) -> String {
    format!(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>T</title>{head}\
         <item><title>One</title><link>{link}</link></item></channel></rss>"
    )
}

#[test]
fn our_own_outputs_are_no_sources() {
    let check = |document: &str, url: &str, is_ours: bool| {
        let reason = refused(document, url);
        assert_eq!(reason.contains("is one of our own outputs"), is_ours, "{reason:?}\n{document}");
        assert_eq!(reason.is_empty(), !is_ours);
    };
    let plain = rss("", "https://a.example/1");
    check(&plain, HOME, false);
    check(&plain, "https://nashra.example/bulletin/latest.rss", true);
    check(&plain, "http://nashra.example/bulletin", true);
    check(&plain, "https://nashra.example/feed", false);
    check(&plain, "https://nashra.example/bulletins/x", false);
    check(&plain, "https://nashra.example:8443/bulletin/latest.rss", false);
    let own = "<atom:link rel=\"self\" href=\"https://nashra.example/bulletin/sport.rss\"/>";
    check(&rss(own, "https://a.example/1"), HOME, true);
    check(
        &rss("<atom:link rel=\"self\" href=\"https://a.example/feed\"/>", "https://a.example/1"),
        HOME,
        false,
    );
    let generator = "<generator>nashra</generator>";
    check(&rss(generator, "https://nashra.example/bulletin/item/1"), HOME, true);
    check(&rss(generator, "https://a.example/1"), HOME, false);
    check(&rss("<generator>WordPress</generator>", "https://nashra.example/bulletin/item/1"), HOME, false);
    let json = "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\
        \"feed_url\":\"https://nashra.example/bulletin/latest.json\",\"items\":[]}";
    check(json, HOME, true);
}

#[test]
fn a_page_is_named_with_the_feeds_that_it_names() {
    let page = "<!DOCTYPE html><html><head><title>News</title><base href=\"/fr/\">\
        <link rel=\"alternate\" type=\"application/rss+xml\" href=\"comments/feed\" title=\"Comments\">\
        <link rel=\"alternate\" type=\"application/rss+xml\" href=\"feed?a=1&amp;b=2\">\
        <link rel=\"alternate\" type=\"application/atom+xml\" href=\"https://other.example/atom\"></head></html>";
    assert_eq!(
        refused(page, "https://a.example/x/y"),
        "this is an HTML page (News), not a feed; it names these feeds: https://a.example/fr/feed?a=1&b=2, \
         https://other.example/atom, https://a.example/fr/comments/feed — write one as url"
    );
    let bare = "<html><head><title>Sorry</title></head></html>";
    assert_eq!(refused(bare, HOME), "this is an HTML page (Sorry), not a feed");
    // It is what `nashra sources` shows, and the last good entries stay.
    let mut days = Days::of(HOME);
    days.feed(0, None, stories(0..3, "a.example"));
    let update = days.poll(1, None, Reading::NotAFeed(refused(page, HOME)));
    assert!(update.state.error.as_deref().unwrap().contains("write one as url"));
    assert_eq!((update.state.listed.len(), update.state.failures), (3, 1));
}

#[test]
fn the_admins_encoding_counts_more_than_any_other_word() {
    let title = |document: &[u8], content_type: &str, encoding: Option<&str>| {
        let reading = read_from(document, HOME, |source, body| {
            source.fetch.encoding = encoding.map(str::to_owned);
            body.content_type = Some(content_type.to_owned());
        });
        let Reading::Feed { feed, .. } = reading else { panic!("{reading:?}") };
        feed.entries[0].title.clone().unwrap()
    };
    let head =
        b"<?xml version='1.0' encoding='iso-8859-1'?><rss version='2.0'><channel><item><title>".to_vec();
    let document = [&head[..], b"\xc7\xce\xc8\xc7\xd1</title></item></channel></rss>"].concat();
    assert_eq!(title(&document, "text/xml; charset=iso-8859-1", Some("windows-1256")), "اخبار");
    assert_eq!(title(&document, "text/xml; charset=windows-1256", Some("windows-1252")), "ÇÎÈÇÑ");
    assert_eq!(title(&document, "text/xml; charset=windows-1256", None), "اخبار");
}

#[test]
fn an_empty_part_says_that_nothing_changed() {
    let reading = read_from(b" \n", HOME, |_, body| {
        body.is_delta = true;
        body.validators.etag = Some(b"\"2\"".to_vec());
    });
    let Reading::Unchanged { validators } = reading else { panic!("{reading:?}") };
    assert_eq!(validators.etag.as_deref(), Some(&b"\"2\""[..]));
    assert!(matches!(read_from(b" \n", HOME, |_, _| {}), Reading::NotAFeed(_)));
}
