//! What a fetch brought back, read: parse → normalize → sanitize. Needs nothing that the store knows.

use url::Url;

use super::super::{decide, normalize, ours, parse, sanitize};
use crate::model::{
    Answer, Body, Digest, Dropped, Feed, FeedEntry, Fetched, Problem, RawFeed, Reading, Retrieved, Source,
    is_on_site,
};

/// Reads what a fetch brought back. Needs nothing that the store knows, so it runs beside the fetches,
/// off the writer: it is the dearest step of all.
///
/// `known` is the hash of the document that was last read under this configuration: the same bytes say nothing
/// new. What one of our own outputs brought, below the address `site`, is refused.
pub fn read(source: &Source, known: Option<Digest>, site: &str, retrieved: Retrieved) -> Fetched {
    let Retrieved { at, elapsed_ms, wire_bytes, status, manners, outcome } = retrieved;
    let reading = match outcome {
        Err(error) => Reading::Failed(error),
        Ok(Answer::NotModified { validators }) => Reading::Unchanged { validators },
        Ok(Answer::Body(body)) => {
            let site = Url::parse(site).ok();
            let is_ours = |url: &Url| site.as_ref().is_some_and(|site| is_on_site(url, site));
            match manners.url.as_ref().filter(|url| is_ours(url)) {
                Some(url) => Reading::NotAFeed(refusal(url.as_str())),
                None => read_body(source, known, site.as_ref(), body),
            }
        }
    };
    Fetched { at, elapsed_ms, wire_bytes, status, manners, reading }
}

fn read_body(source: &Source, known: Option<Digest>, site: Option<&Url>, body: Body) -> Reading {
    let Body { bytes, content_type, url, is_delta, validators } = body;
    let document = Digest::of([bytes.as_ref()]);
    // A part is never the whole that was read before; one without anything in it says that nothing changed.
    let nothing_new =
        if is_delta { bytes.iter().all(u8::is_ascii_whitespace) } else { known == Some(document) };
    if nothing_new {
        return Reading::Unchanged { validators };
    }
    let base = Url::parse(&url).ok();
    let is_ours = |url: &Url| site.is_some_and(|site| is_on_site(url, site));
    if base.as_ref().is_some_and(is_ours) {
        return Reading::NotAFeed(refusal(&url));
    }
    let encoding = source.fetch.encoding.as_deref();
    let raw = match raw(&bytes, content_type.as_deref(), encoding, base.as_ref()) {
        Ok(raw) => raw,
        Err(reason) => return Reading::NotAFeed(reason.0),
    };
    if site.is_some_and(|site| ours::is_written_here(&raw, site)) {
        return Reading::NotAFeed(refusal("every entry"));
    }
    let mut feed = finish(raw, base.as_ref(), &source.strip);
    let own_address = feed.self_url.as_deref().and_then(|own| Url::parse(own).ok());
    if let Some(own) = own_address.filter(is_ours) {
        return Reading::NotAFeed(refusal(&format!("{own}, as it calls itself,")));
    }
    leave_out_empty(&mut feed);
    Reading::Feed { feed: Box::new(feed), document, is_delta, validators }
}

fn refusal(what: &str) -> String {
    format!("this is one of our own outputs ({what} begins with site.url): name the source itself")
}

fn leave_out_empty(feed: &mut Feed) {
    let empty: Vec<FeedEntry> = feed.entries.extract_if(.., |entry| decide::says_nothing(entry)).collect();
    let left = empty.len();
    // Nobody can ask for one without an id.
    let named = empty.into_iter().filter(|entry| entry.id.is_some());
    feed.empty.extend(named.take(Dropped::OF_ONE_DOCUMENT_MAX));
    if left > 0 {
        let message = format!("{left} entries have neither title nor text nor link and are left out");
        feed.problems.push(Problem::new("empty-entry", message));
    }
}

/// Bytes to a normalised feed.
///
/// `encoding` is the admin's word, and counts more than what document and `content_type` say; `url` is the
/// address that the bytes came from, the base of relative links; every text in `strip` is cut out of titles,
/// summaries and contents. Where a page came instead, the reason names the feeds that the page names.
pub fn understand(
    bytes: &[u8],
    content_type: Option<&str>,
    encoding: Option<&str>,
    url: &str,
    strip: &[String],
) -> Result<Feed, parse::NotAFeed> {
    let base = Url::parse(url).ok();
    Ok(finish(raw(bytes, content_type, encoding, base.as_ref())?, base.as_ref(), strip))
}

fn raw(
    bytes: &[u8],
    content_type: Option<&str>,
    encoding: Option<&str>,
    base: Option<&Url>,
) -> Result<RawFeed, parse::NotAFeed> {
    let raw = match encoding {
        Some(encoding) => parse::parse_as(bytes, encoding),
        None => parse::parse(bytes, content_type),
    };
    raw.map_err(|parse::NotAFeed(reason)| {
        let (text, _) = match encoding {
            Some(encoding) => parse::decode_as(bytes, encoding),
            None => parse::decode(bytes, content_type),
        };
        let feeds: Vec<String> = parse::alternates(&text, base).into_iter().map(|feed| feed.url).collect();
        parse::NotAFeed(match feeds.as_slice() {
            [] => reason,
            feeds => format!("{reason}; it names these feeds: {} — write one as url", feeds.join(", ")),
        })
    })
}

fn finish(raw: RawFeed, base: Option<&Url>, strip: &[String]) -> Feed {
    let clean = |html: &str, base: Option<&Url>| {
        if strip.iter().any(|cut| html.contains(cut.as_str())) {
            sanitize::clean(&cut_out(html, strip), base)
        } else {
            sanitize::clean(html, base)
        }
    };
    let mut feed = normalize::normalize(raw, base, &clean);
    for entry in &mut feed.entries {
        let cut = entry.title.take().map(|title| cut_out(&title, strip).trim().to_owned());
        entry.title = cut.filter(|title| !title.is_empty());
    }
    feed
}

fn cut_out(text: &str, strip: &[String]) -> String {
    strip
        .iter()
        .filter(|cut| !cut.is_empty())
        .fold(text.to_owned(), |text, cut| text.replace(cut.as_str(), ""))
}
