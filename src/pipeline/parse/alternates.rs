//! The feeds that a web page names (HTML Living Standard §4.6.7.1, `rel=alternate`).

use url::Url;

use super::entities::{self, References};
use super::tokens::{Token, Tokens, attributes};

/// Feeds of one page that are named.
const ALTERNATES_MAX: usize = 5;
/// A page is looked through this far, in bytes.
const PAGE_BYTES_MAX: usize = 512 * 1024;
/// An address that is longer is no address to write down, in bytes.
const URL_BYTES_MAX: usize = 2000;
/// Titles are cut here, in characters.
const TITLE_CHARS_MAX: usize = 100;

/// Media types that only feeds have; `application/json` is one where the address speaks of a feed.
const TYPES: &[&str] = &[
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/x-rss+xml",
    "application/x-atom+xml",
    "application/x.atom+xml",
    "text/rss+xml",
    "text/rss",
    "text/atom+xml",
    "text/rdf+xml",
];
/// Elements whose inside is no markup.
const RAW: &[&str] = &["script", "style", "textarea", "template", "noembed", "xmp"];
/// Words by which a feed of comments is known; they stand behind the others.
const COMMENTS: &[&str] = &["comment", "comentario", "kommentar", "تعليق", "комментар"];

/// A feed that a page names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternate {
    /// Its address; absolute where the page's own address or its `<base>` is known.
    pub url: String,
    /// What the page calls it.
    pub title: Option<String>,
    /// The media type that the page gives it, in lower case, without parameters.
    pub media_type: String,
}

/// The feeds that a page names in `<link rel="alternate">`, at most 5, each address once, in the order of the
/// page, but feeds of comments last. `document` is the address of the page.
pub fn alternates(page: &str, document: Option<&Url>) -> Vec<Alternate> {
    let mut tokens = Tokens::new(page);
    let (mut base, mut raw): (Option<Url>, Option<&str>) = (None, None);
    let mut links = vec![];
    while let Some(token) = tokens.next().filter(|_| tokens.position() < PAGE_BYTES_MAX) {
        match (token, raw) {
            (Token::End { name }, Some(open)) if name.eq_ignore_ascii_case(open) => raw = None,
            (Token::Start { name, attributes, empty }, None) => {
                if name.eq_ignore_ascii_case("base") && base.is_none() {
                    // The first `<base href>` counts for the whole page, links before it included.
                    base = value(attributes, "href").and_then(|href| joined(&href, document));
                } else if name.eq_ignore_ascii_case("link") {
                    links.extend(link(attributes));
                } else if !empty {
                    raw = RAW.iter().find(|known| name.eq_ignore_ascii_case(known)).copied();
                }
            }
            _ => {}
        }
    }
    let mut found: Vec<Alternate> = vec![];
    for link in links {
        let url = match joined(&link.url, base.as_ref().or(document)) {
            Some(url) => String::from(url),
            // Without any base the admin still wants to see what is written there.
            None if base.is_none() && document.is_none() && !link.url.contains(':') => link.url,
            None => continue,
        };
        if url.len() <= URL_BYTES_MAX && !found.iter().any(|known| known.url == url) {
            found.push(Alternate { url, ..link });
        }
    }
    found.sort_by_key(is_of_comments);
    found.truncate(ALTERNATES_MAX);
    found
}

/// `<link rel="alternate" type="application/rss+xml" href="…">`.
fn link(attributes: &str) -> Option<Alternate> {
    let is_alternate =
        value(attributes, "rel")?.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("alternate"));
    let media_type = value(attributes, "type")?.to_ascii_lowercase();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
    let href = value(attributes, "href").filter(|href| !href.is_empty())?;
    let is_feed = TYPES.contains(&media_type.as_str())
        || media_type == "application/json" && href.to_ascii_lowercase().contains("feed");
    let title = value(attributes, "title").map(|title| plain(&title)).filter(|title| !title.is_empty());
    (is_alternate && is_feed).then_some(Alternate { url: href, title, media_type })
}

fn value(attrs: &str, wanted: &str) -> Option<String> {
    let (_, value) = attributes(attrs).find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
    Some(entities::resolve(value, &mut References::default()).trim().to_owned())
}

/// An address of the web, without its fragment.
fn joined(href: &str, base: Option<&Url>) -> Option<Url> {
    // `feed:` is what browsers once subscribed with.
    let href = href.strip_prefix("feed:").unwrap_or(href);
    let mut url = match Url::parse(href) {
        Ok(url) => url,
        Err(_) => base?.join(href).ok()?,
    };
    url.set_fragment(None);
    matches!(url.scheme(), "http" | "https").then_some(url)
}

fn plain(title: &str) -> String {
    let words = title.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().filter(|c| !c.is_control()).take(TITLE_CHARS_MAX).collect()
}

fn is_of_comments(feed: &Alternate) -> bool {
    let named = [Some(feed.url.as_str()), feed.title.as_deref()].into_iter().flatten();
    named.map(str::to_lowercase).any(|name| COMMENTS.iter().any(|word| name.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: &str, document: Option<&str>, expected: &[&str]) {
        let document = document.map(|url| Url::parse(url).unwrap());
        let found: Vec<String> =
            alternates(page, document.as_ref()).into_iter().map(|feed| feed.url).collect();
        assert_eq!(found, expected, "{page}");
    }

    fn link(media_type: &str, href: &str) -> String {
        format!("<link rel=\"alternate\" type=\"{media_type}\" href=\"{href}\">")
    }

    #[test]
    fn which_links_are_feeds() {
        let page = Some("https://a.example/news/");
        check(&link("application/rss+xml", "feed.xml"), page, &["https://a.example/news/feed.xml"]);
        check(&link("Application/Atom+XML; charset=utf-8", "/a"), page, &["https://a.example/a"]);
        check(&link("application/feed+json", "//b.example/f"), page, &["https://b.example/f"]);
        check(
            &link("application/rdf+xml", "?feed=rdf&amp;x=1"),
            page,
            &["https://a.example/news/?feed=rdf&x=1"],
        );
        check(&link("application/json", "/feed.json"), page, &["https://a.example/feed.json"]);
        check(&link("application/json", "/wp-json/wp/v2/posts/1"), page, &[]);
        check(&link("text/html", "/feed"), page, &[]);
        check(&link("application/rss+xml", ""), page, &[]);
        check(&link("application/rss+xml", "javascript:alert(1)"), page, &[]);
        check(&link("application/rss+xml", "feed://a.example/rss"), page, &["https://a.example/rss"]);
        check(&link("application/rss+xml", "feed:https://a.example/rss"), page, &["https://a.example/rss"]);
        check("<LINK REL='home ALTERNATE' TYPE=application/rss+xml HREF=/x>", page, &["https://a.example/x"]);
        check("<link rel=stylesheet type=application/rss+xml href=/x>", page, &[]);
    }

    #[test]
    fn what_they_are_relative_to() {
        let rss = link("application/rss+xml", "rss.xml");
        check(
            &format!("{rss}<base href=\"/fr/\">"),
            Some("https://a.example/x"),
            &["https://a.example/fr/rss.xml"],
        );
        check(
            &format!("<base target=_top href=\"https://c.example/\">{rss}"),
            None,
            &["https://c.example/rss.xml"],
        );
        check(&rss, None, &["rss.xml"]);
    }

    #[test]
    fn each_once_comments_last_and_few() {
        let (main, comments) =
            (link("application/rss+xml", "/feed"), link("application/rss+xml", "/comments/feed"));
        let page = format!("{comments}{main}{main}<!-- {} -->", link("application/rss+xml", "/old"));
        check(
            &page,
            Some("https://a.example"),
            &["https://a.example/feed", "https://a.example/comments/feed"],
        );
        let script = format!("<script>document.write('{main}')</script>{comments}");
        check(&script, Some("https://a.example"), &["https://a.example/comments/feed"]);
        let many: String = (0..9).map(|n| link("application/rss+xml", &format!("/{n}"))).collect();
        let found = alternates(&many, Some(&Url::parse("https://a.example").unwrap()));
        assert_eq!(found.len(), ALTERNATES_MAX);
        let named = "<link rel=alternate type='application/rss+xml' title='نشرة &amp;\n أخبار' href='/a'>";
        assert_eq!(alternates(named, None)[0].title.as_deref(), Some("نشرة & أخبار"));
    }
}
