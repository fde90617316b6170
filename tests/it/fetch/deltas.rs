//! Answers that hold only what changed (RFC 3229): asked for where something is known, and read as such.

use nashra::model::*;

use super::{body, error, fetcher, known, source};
use crate::kit::origin::{Origin, Reply};

/// What a server that answers with 226 and these headers brings to somebody who knows this.
async fn ask(headers: &'static [(&'static str, &'static str)], known: &Validators) -> (Retrieved, String) {
    let origin = Origin::start(move |_| Reply::new(226, headers, "<rss/>"));
    let retrieved = fetcher().fetch(&source(&origin.url("/feed")), known).await.0;
    (retrieved, origin.asked()[0].header("a-im"))
}

#[tokio::test]
async fn what_changed_is_asked_for_where_an_etag_is_known() {
    for (etag, expected) in [(&b"\"old\""[..], "feed"), (b"", "")] {
        let (_, a_im) = ask(&[("IM", "feed")], &known(etag, b"Wed, 25 Nov 2026 10:00:00 GMT")).await;
        assert_eq!(a_im, expected);
    }
}

#[tokio::test]
async fn what_changed_is_a_document() {
    let headers = &[("IM", "Feed"), ("ETag", "\"new\""), ("Cache-Control", "max-age=60, im")];
    let (retrieved, _) = ask(headers, &known(b"\"old\"", b"")).await;
    assert_eq!((retrieved.status, retrieved.manners.fresh_seconds), (Some(226), Some(60)));
    let body = body(retrieved);
    assert_eq!((&body.bytes[..], body.is_delta), (&b"<rss/>"[..], true));
    assert_eq!(body.validators, known(b"\"new\"", b""));
}

#[tokio::test]
async fn other_changes_are_of_no_use() {
    let check = async |etag: &[u8], headers: &'static [(&'static str, &'static str)], words: &str| {
        let error = error(ask(headers, &known(etag, b"")).await.0);
        assert_eq!(error.kind, FetchErrorKind::Status);
        assert!(error.message.contains("answered 226 (IM Used)") && error.message.contains(words), "{error}");
    };
    check(b"", &[("IM", "feed")], "we had told it of no earlier answer").await;
    check(b"\"old\"", &[], "without saying which (IM)").await;
    check(b"\"old\"", &[("IM", "vcdiff")], "made by `vcdiff`, though only `feed` was asked for").await;
    check(b"\"old\"", &[("IM", "feed"), ("IM", "gzip")], "only `feed` was asked for").await;
}
