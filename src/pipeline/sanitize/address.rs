//! Addresses in markup: absolute, of a harmless scheme, in the form that the URL standard writes.

use std::borrow::Cow;

use url::Url;

/// The longest address that is kept.
const ADDRESS_BYTES_MAX: usize = 4096;

/// Schemes of links. What they start is up to the reader, who is asked; none runs in the page.
pub(super) const LINK_SCHEMES: &[&str] = &["http", "https", "mailto", "tel", "magnet"];

/// Resolves against the address of the document, if there is one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses<'a> {
    pub(super) base: Option<&'a Url>,
}

impl Addresses<'_> {
    /// The absolute form of a link.
    pub(super) fn link(self, value: &str) -> Option<Cow<'_, str>> {
        self.absolute(value, LINK_SCHEMES)
    }

    /// The absolute form of the address of a page or a file: http or https.
    pub(super) fn web(self, value: &str) -> Option<Cow<'_, str>> {
        self.absolute(value, &["http", "https"])
    }

    fn absolute<'v>(self, value: &'v str, schemes: &[&str]) -> Option<Cow<'v, str>> {
        let value = value.trim_matches(|c: char| c <= ' ');
        if value.is_empty() || value.len() > ADDRESS_BYTES_MAX {
            return None;
        }
        if is_canonical(value) {
            return Some(Cow::Borrowed(value));
        }
        let mut url = match self.base {
            Some(base) => base.join(value).ok()?,
            None if value.starts_with("//") => Url::parse(&format!("https:{value}")).ok()?,
            None => Url::parse(value).ok()?,
        };
        if !schemes.contains(&url.scheme()) {
            return None;
        }
        if url.has_host() && !(url.username().is_empty() && url.password().is_none()) {
            // `https://bank.example@evil.example/` is meant to be misread.
            url.set_username("").ok()?;
            url.set_password(None).ok()?;
        }
        Some(String::from(url)).filter(|url| url.len() <= ADDRESS_BYTES_MAX).map(Cow::Owned)
    }
}

/// Whether the URL standard would write `value` as it stands. Says no rather than look closely.
fn is_canonical(value: &str) -> bool {
    let Some(rest) = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://")) else {
        return false;
    };
    let Some((host, path)) = rest.split_once('/') else { return false };
    let in_host =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let named = host.rsplit('.').next().is_some_and(|top| top.starts_with(|c: char| c.is_ascii_lowercase()));
    let is_plain = named
        && host.bytes().all(in_host)
        && !host.starts_with(['.', '-'])
        && !host.contains("..")
        && !host.contains("--");
    let in_path = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'-' | b'.'
                    | b'_'
                    | b'~'
                    | b'!'
                    | b'$'
                    | b'&'
                    | b'('
                    | b')'
                    | b'*'
                    | b'+'
                    | b','
                    | b';'
                    | b'='
                    | b':'
                    | b'@'
                    | b'/'
                    | b'%'
                    | b'?'
                    | b'#'
            )
    };
    // `/./` and `/%2e%2e/` are steps in the path.
    let steps = path.starts_with('.') || path.contains("/.") || path.contains("%2e") || path.contains("%2E");
    is_plain && !steps && path.bytes().all(in_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Option<&str>) {
        let base = Url::parse("https://example.org/news/1.html").unwrap();
        assert_eq!(Addresses { base: Some(&base) }.link(value).as_deref(), expected, "{value:?}");
    }

    #[test]
    fn addresses_are_absolute_and_harmless() {
        check("https://e.org/a?b=1&c=2#d", Some("https://e.org/a?b=1&c=2#d"));
        check("HTTPS://E.org", Some("https://e.org/"));
        check("//e.org/a", Some("https://e.org/a"));
        check("../a b", Some("https://example.org/a%20b"));
        check("#top", Some("https://example.org/news/1.html#top"));
        check("/خبر", Some("https://example.org/%D8%AE%D8%A8%D8%B1"));
        check(" \u{1}java\tscript:alert(1)", None);
        check("java\nscript:alert(1)", None);
        check("vbscript:x", None);
        check("data:text/html,x", None);
        check("mailto:a@e.org", Some("mailto:a@e.org"));
        check("https://bank.example@evil.example/", Some("https://evil.example/"));
        check("https://e.org:99999/", None);
        check("http://127.1/", Some("http://127.0.0.1/"));
        check("", None);
        check(&format!("https://e.org/{}", "a".repeat(ADDRESS_BYTES_MAX)), None);
    }

    #[test]
    fn without_a_base_only_absolute_addresses_count() {
        let none = Addresses { base: None };
        assert_eq!(none.link("/a"), None);
        assert_eq!(none.link("//e.org/a").as_deref(), Some("https://e.org/a"));
        assert_eq!(none.web("mailto:a@e.org"), None);
    }
}
