//! What a document is that is no feed, in one line that helps.

use super::entities::{self, References};
use super::names::{Lower, split};
use super::notes::shown;
use super::tokens::{Token, Tokens};

/// The `head` of a page is looked through this far, in bytes.
const HEAD_BYTES_MAX: usize = 256 * 1024;

/// Beginnings of files that are no text.
const MAGIC: &[(&[u8], &str)] = &[
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a media file"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"ID3", "an MP3 file"),
    (b"\x7fELF", "a program"),
];

/// What the bytes are, where they are no text at all.
pub(super) fn binary(bytes: &[u8]) -> Option<String> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Some("the document is empty".to_owned());
    }
    let (_, what) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic))?;
    Some(format!("this is {what}, not a feed"))
}

/// What a text without a feed in it is.
pub(super) fn text(text: &str) -> String {
    let mut tokens = Tokens::new(text);
    while let Some(token) = tokens.next() {
        let name = match token {
            Token::Start { name, .. } => name,
            Token::Text(text) if !text.trim().is_empty() => break,
            _ => continue,
        };
        let local = Lower::of(split(name).1);
        return match local.as_str() {
            "html" | "head" | "body" | "title" | "meta" | "div" | "p" | "br" | "b" | "h1" | "center"
            | "script" => page(text),
            "opml" => "this is an OPML list of feeds, not a feed".to_owned(),
            "urlset" | "sitemapindex" => "this is a sitemap, not a feed".to_owned(),
            "svg" => "this is an SVG picture, not a feed".to_owned(),
            "opensearchdescription" => "this is an OpenSearch description, not a feed".to_owned(),
            _ => format!("this is an XML document <{}>, not a feed", shown(name)),
        };
    }
    "this is plain text, not a feed".to_owned()
}

/// An HTML page, with its title.
fn page(text: &str) -> String {
    let mut tokens = Tokens::new(text);
    let (mut title, mut in_title) = (None, false);
    while let Some(token) = tokens.next().filter(|_| tokens.position() < HEAD_BYTES_MAX) {
        match token {
            Token::Start { name, .. } => in_title = name.eq_ignore_ascii_case("title") && title.is_none(),
            Token::Text(text) if in_title => {
                let words = entities::resolve(text, &mut References::default());
                title = Some(shown(&words.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
            _ => in_title = false,
        }
    }
    let title =
        title.filter(|title| !title.is_empty()).map(|title| format!(" ({title})")).unwrap_or_default();
    format!("this is an HTML page{title}, not a feed")
}
