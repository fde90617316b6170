//! Foreign HTML to HTML that is safe to show, with absolute URLs. One pass of our own (`tree`) balances and
//! filters; where it met nothing but simple markup, its answer stands. For all else a browser's parser and
//! its allow-list (`parser`) have the last word.

mod address;
mod allow;
mod candidates;
mod chars;
mod image;
mod parser;
mod references;
mod start;
mod token;
mod trackers;
mod tree;

use url::Url;

use crate::model::Clean;
use tree::{Tidied, tidy};

/// The longest HTML that is read, and the longest that comes out. The rest is cut off.
pub const HTML_BYTES_MAX: usize = 1 << 20;

/// So often parser and first pass may correct each other before only the text is kept.
const ROUNDS_MAX: usize = 4;

/// Sanitises `html`, resolving relative URLs against `base`; what cannot be made absolute is dropped.
/// Cleaning what was cleaned changes nothing.
pub fn clean(html: &str, base: Option<&Url>) -> Clean {
    let html = cut(html, HTML_BYTES_MAX);
    let tidied = tidy(html, base);
    finish(if tidied.is_certain() { tidied } else { by_parser(html, tidied, base, Tidied::is_certain) })
}

/// The answer of [`clean`] where it needs no parser, else `None`.
pub fn clean_simple(html: &str, base: Option<&Url>) -> Option<Clean> {
    let tidied = tidy(cut(html, HTML_BYTES_MAX), base);
    tidied.certain.then(|| finish(tidied))
}

/// The answer of [`clean`] when a parser is asked in any case: the measure of [`clean_simple`].
pub fn clean_by_parser(html: &str, base: Option<&Url>) -> Clean {
    let html = cut(html, HTML_BYTES_MAX);
    finish(by_parser(html, tidy(html, base), base, |_| false))
}

/// Asks the parser until it agrees with the first pass, or until that is `sure` that it will.
fn by_parser(html: &str, tidied: Tidied, base: Option<&Url>, sure: fn(&Tidied) -> bool) -> Tidied {
    let mut tidied = tidied;
    if parser::is_affordable(html) && !tidied.is_xml {
        tidied = tidy(&parser::parse(&parser::with_noscript(html)), base);
    }
    let mut parsed = String::new();
    for _ in 0..ROUNDS_MAX {
        if sure(&tidied) {
            return tidied;
        }
        parsed = parser::parse(&tidied.html);
        let again = tidy(&parsed, base);
        if parsed == tidied.html && again.html == parsed {
            return again;
        }
        tidied = again;
    }
    Tidied { html: text_of(&parsed), lead_image: None, certain: true, is_xml: false }
}

/// The text of parsed HTML: still HTML, but without a tag.
fn text_of(parsed: &str) -> String {
    let mut tokens = token::Tokens::new(parsed);
    let mut sink = chars::Sink::default();
    while let Some(token) = tokens.next() {
        if let token::Token::Text(text) = token {
            sink.text(text);
        }
    }
    sink.html
}

fn finish(tidied: Tidied) -> Clean {
    Clean { html: tidied.html.trim_ascii().to_owned(), lead_image: tidied.lead_image }
}

/// As much of `text` as fits, in whole characters.
fn cut(text: &str, bytes_max: usize) -> &str {
    let end = (0..=bytes_max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_is_kept_of_what_never_settles() {
        assert_eq!(text_of("<p>a &amp; <b title=\"x\">b</b></p>&lt;c&gt;"), "a &amp; b&lt;c&gt;");
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!((cut("aé", 2), cut("aé", 3), cut("", 0), cut("é", 1)), ("a", "aé", "", ""));
    }
}
