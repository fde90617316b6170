//! Cookies: ignored unless they are wanted, and then sent to nobody but who set them.

use nashra::model::*;

use super::{body, fetcher, source};
use crate::kit::origin::{Origin, Reply};

/// A server that sets a cookie and sends whoever has none back to where it came from.
fn insisting() -> Origin {
    Origin::start(|asked| match asked.header("cookie").as_str() {
        "" => Reply::new(302, &[("Location", "/feed"), ("Set-Cookie", "seen=1; Path=/")], ""),
        _ => Reply::ok("<rss/>"),
    })
}

#[tokio::test]
async fn cookies_are_sent_back_where_they_are_wanted() {
    let origin = insisting();
    let (fetcher, mut source) = (fetcher(), source(&origin.url("/feed")));
    let refused = super::error(fetcher.fetch(&source, &Validators::default()).await.0);
    assert!(refused.message.contains("set cookies = true"), "{refused}");
    source.fetch.cookies = true;
    for _ in 0..2 {
        assert_eq!(body(fetcher.fetch(&source, &Validators::default()).await.0).bytes, "<rss/>");
    }
    let sent: Vec<String> = origin.asked().iter().map(|asked| asked.header("cookie")).collect();
    assert_eq!(sent, ["", "", "seen=1", "seen=1"]);
    // Another source has a jar of its own, and the admin's own cookie stays.
    source.id = SourceId("another".to_owned());
    source.fetch.headers = vec![("Cookie".to_owned(), "own=1".to_owned())];
    body(fetcher.fetch(&source, &Validators::default()).await.0);
    assert_eq!(origin.asked()[4].header("cookie"), "own=1");
}

#[tokio::test]
async fn a_circle_with_cookies_ends_all_the_same() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let origin = Origin::start(move |_| {
        let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Reply::new(302, &[("Location", "/feed"), ("Set-Cookie", &format!("n={n}"))], "")
    });
    let mut source = source(&origin.url("/feed"));
    source.fetch.cookies = true;
    let error = super::error(super::ask(&source).await);
    assert!(error.message.contains("after 10 redirects"), "{error}");
    assert_eq!(origin.asked().len(), 11);
}

#[tokio::test]
async fn cookies_never_go_to_another_host() {
    let origin = Origin::start(|asked| {
        let port = asked.header("host").rsplit(':').next().unwrap().to_owned();
        match asked.path.as_str() {
            "/start" => Reply::new(
                302,
                &[
                    ("Location", &format!("http://b.site.test:{port}/other")),
                    ("Set-Cookie", "wide=1; Domain=site.test; Path=/"),
                    ("Set-Cookie", "own=1; Path=/"),
                    ("Set-Cookie", "secure=1; Path=/; Secure"),
                ],
                "",
            ),
            "/other" => Reply::redirect(302, &format!("http://a.site.test:{port}/back")),
            _ => Reply::ok("<rss/>"),
        }
    });
    let mut source = source(&origin.named("a.site.test", "/start"));
    source.fetch.cookies = true;
    body(super::ask(&source).await);
    let sent: Vec<String> = origin.asked().iter().map(|asked| asked.header("cookie")).collect();
    assert_eq!(sent, ["", "", "wide=1; own=1"]);
}
