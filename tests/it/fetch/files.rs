//! `file:` sources.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use nashra::model::*;

use super::{ask, body, error, fetcher, source};

fn at(path: &Path) -> Source {
    let mut source = source("http://unused.test/");
    source.location = Location::File(path.to_owned());
    source
}

fn set_changed(path: &Path, when: SystemTime) {
    File::options().write(true).open(path).unwrap().set_modified(when).unwrap();
}

#[tokio::test]
async fn a_file_is_a_document_without_an_address() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("أ b.xml");
    fs::write(&path, "<rss/>").unwrap();
    let retrieved = ask(&at(&path)).await;
    assert_eq!((retrieved.status, retrieved.wire_bytes), (None, 6));
    let body = body(retrieved);
    assert_eq!((&body.bytes[..], body.content_type), (&b"<rss/>"[..], None));
    // Nothing to resolve links against, and no path that could get out.
    assert!(url::Url::parse(&body.url).is_err());
    assert!(!body.url.contains("b.xml"));
}

#[tokio::test]
async fn a_file_that_stays_is_not_read_again() {
    // A file of the repository was not changed a moment ago, as one written by the test would be.
    let old = at(&crate::kit::daemon::repository().join("LICENSE-APACHE"));
    let fetcher = fetcher();
    let first = body(fetcher.fetch(&old, &Validators::default()).await.0);
    assert!(first.validators.last_modified.is_some() && first.validators.etag.is_none());
    let second = fetcher.fetch(&old, &first.validators).await.0;
    assert!(matches!(second.outcome, Ok(Answer::NotModified { .. })), "{second:?}");
    let other = at(&crate::kit::daemon::repository().join("LICENSE-MIT"));
    body(fetcher.fetch(&other, &first.validators).await.0);
}

#[tokio::test]
async fn a_file_that_has_just_changed_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.xml");
    let fetcher = fetcher();
    let mut known = Validators::default();
    // The same size and the same time of change: only what is in it differs.
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for text in ["one", "two", "six"] {
        fs::write(&path, text).unwrap();
        set_changed(&path, long_ago);
        let body = body(fetcher.fetch(&at(&path), &known).await.0);
        assert_eq!(body.bytes, text);
        known = body.validators;
        assert_eq!(known, Validators::default());
    }
}

#[tokio::test]
async fn what_is_no_ordinary_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&pipe, &link).unwrap();
    let check = async |path: &Path, words: &str| {
        let error = error(ask(&at(path)).await);
        assert_eq!(error.kind, FetchErrorKind::File);
        assert_eq!(error.message, format!("{} {words}", path.display()));
    };
    check(&pipe, "is a pipe: name an ordinary file").await;
    check(&link, "is a pipe: name an ordinary file").await;
    check(&socket, "is a socket: name an ordinary file").await;
    check(Path::new("/dev/zero"), "is a device: name an ordinary file").await;
    check(folder.path(), "is a folder: name an ordinary file").await;
    check(&folder.path().join("none"), "does not exist: check the path in url").await;
}

#[tokio::test]
async fn a_file_has_its_limit_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.xml");
    let mut source = at(&path);
    source.fetch.body_bytes_max = 1024;
    fs::write(&path, [b'x'; 1024]).unwrap();
    assert_eq!(body(ask(&source).await).bytes.len(), 1024);
    fs::write(&path, [b'x'; 1025]).unwrap();
    let error = error(ask(&source).await);
    assert_eq!(error.kind, FetchErrorKind::TooLarge);
    assert!(error.message.contains("has more than 1 KiB"), "{error}");
}
