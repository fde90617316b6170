//! Cookies, where a source's policy wants them: kept in memory, by source, for the host that set them alone.
//!
//! RFC 6265, without its `Domain`: a cookie never goes to another host, whatever it says.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{HeaderValue, SET_COOKIE};
use url::Url;

use crate::model::SourceId;

/// Cookies of one source.
const COOKIES_MAX: usize = 50;
/// One cookie, name and value.
const COOKIE_BYTES_MAX: usize = 4 << 10;
/// All cookies of one source; servers accept hardly more in one request.
const JAR_BYTES_MAX: usize = 16 << 10;
/// Sources whose cookies are kept; when there are more, all are forgotten but the newest.
const SOURCES_MAX: usize = 1024;
/// A cookie that lives longer lives this long.
const LIFETIME_SECONDS_MAX: u64 = 400 * 24 * 3600;

/// The cookies of all sources.
#[derive(Default)]
pub(super) struct Cookies {
    jars: Mutex<HashMap<SourceId, Vec<Cookie>>>,
}

/// One cookie. The last in its jar is the newest.
#[derive(Clone, Debug, PartialEq)]
struct Cookie {
    name: Vec<u8>,
    value: Vec<u8>,
    host: String,
    path: String,
    secure: bool,
    until: Option<SystemTime>,
}

impl Cookies {
    /// Keeps what an answer from `url` sets. Whether that changed anything.
    pub(super) fn keep(&self, source: &SourceId, url: &Url, headers: &HeaderMap, now: SystemTime) -> bool {
        let mut jars = self.jars.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = false;
        for line in headers.get_all(SET_COOKIE) {
            let Some(cookie) = Cookie::parse(line.as_bytes(), url, now) else { continue };
            if jars.len() >= SOURCES_MAX && !jars.contains_key(source) {
                jars.clear();
            }
            changed |= put(jars.entry(source.clone()).or_default(), cookie, now);
        }
        changed
    }

    /// The value of `Cookie` for a request to `url`, longer paths first (RFC 6265 §5.4).
    pub(super) fn of(&self, source: &SourceId, url: &Url, now: SystemTime) -> Option<HeaderValue> {
        let jars = self.jars.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fitting: Vec<&Cookie> =
            jars.get(source)?.iter().filter(|cookie| cookie.fits(url, now)).collect();
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<Vec<u8>> =
            fitting.iter().map(|cookie| [&cookie.name[..], b"=", &cookie.value].concat()).collect();
        let mut value = HeaderValue::from_bytes(&pairs.join(&b"; "[..])).ok()?;
        value.set_sensitive(true);
        (!pairs.is_empty()).then_some(value)
    }
}

/// Whether that changed anything that would be sent.
fn put(jar: &mut Vec<Cookie>, cookie: Cookie, now: SystemTime) -> bool {
    let old = jar
        .iter()
        .position(|old| (&old.name, &old.host, &old.path) == (&cookie.name, &cookie.host, &cookie.path));
    let old = old.map(|at| jar.remove(at));
    jar.retain(|cookie| cookie.is_alive(now));
    if !cookie.is_alive(now) {
        return old.is_some();
    }
    let changed = old.is_none_or(|old| old.value != cookie.value);
    jar.push(cookie);
    while jar.len() > COOKIES_MAX || jar.iter().map(Cookie::bytes).sum::<usize>() > JAR_BYTES_MAX {
        jar.remove(0);
    }
    changed
}

impl Cookie {
    /// Reads a line of `Set-Cookie` (RFC 6265 §5.2) that `url` sent; `None` where it sets nothing that we keep.
    fn parse(line: &[u8], url: &Url, now: SystemTime) -> Option<Self> {
        let mut parts = line.split(|byte| *byte == b';');
        let (name, value) = pair(parts.next()?);
        let value = value?;
        let is_clean = !name.is_empty() && !line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t');
        if !is_clean || name.len() + value.len() > COOKIE_BYTES_MAX {
            return None;
        }
        let is_https = url.scheme() == "https";
        let host = host_of(url)?;
        let mut cookie = Self {
            name: name.to_vec(),
            value: value.to_vec(),
            path: default_path(url),
            secure: false,
            until: None,
            host,
        };
        let (mut has_domain, mut has_max_age) = (false, false);
        for part in parts {
            let (attribute, value) = pair(part);
            let value = String::from_utf8_lossy(value.unwrap_or_default());
            match attribute.to_ascii_lowercase().as_slice() {
                b"domain" if !value.is_empty() => {
                    has_domain = true;
                    cookie.host_is_in(&value).then_some(())?;
                }
                b"path" => {
                    let path = Some(&*value).filter(|path| path.starts_with('/'));
                    cookie.path = path.map_or_else(|| default_path(url), ToOwned::to_owned);
                }
                b"secure" => cookie.secure = true,
                b"max-age" => {
                    if let Some(until) = max_age(&value, now) {
                        (cookie.until, has_max_age) = (Some(until), true);
                    }
                }
                b"expires" if !has_max_age => cookie.until = expires(&value).or(cookie.until),
                _ => {}
            }
        }
        // What is only for https is not set over http either (RFC 6265bis).
        let is_believed = !cookie.secure || is_https;
        (is_believed && cookie.keeps_its_prefix(has_domain)).then_some(cookie)
    }

    /// The promises that a name makes (RFC 6265bis §4.1.3).
    fn keeps_its_prefix(&self, has_domain: bool) -> bool {
        let begins = |prefix: &[u8]| {
            self.name
                .split_at_checked(prefix.len())
                .is_some_and(|(name, _)| name.eq_ignore_ascii_case(prefix))
        };
        let is_host = begins(b"__Host-");
        (!is_host && !begins(b"__Secure-") || self.secure) && (!is_host || self.path == "/" && !has_domain)
    }

    fn host_is_in(&self, domain: &str) -> bool {
        let domain = domain.strip_prefix('.').unwrap_or(domain).to_ascii_lowercase();
        self.host.strip_suffix(&domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    fn fits(&self, url: &Url, now: SystemTime) -> bool {
        let below = url.path().strip_prefix(&self.path);
        host_of(url).as_ref() == Some(&self.host)
            && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || self.path.ends_with('/'))
            && (!self.secure || url.scheme() == "https")
            && self.is_alive(now)
    }

    fn is_alive(&self, now: SystemTime) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    fn bytes(&self) -> usize {
        self.name.len() + self.value.len() + self.path.len()
    }
}

/// Name and value around the first `=`, without the space around them.
fn pair(part: &[u8]) -> (&[u8], Option<&[u8]>) {
    match part.iter().position(|byte| *byte == b'=') {
        Some(at) => {
            let (name, value) = part.split_at(at);
            (name.trim_ascii(), value.get(1..).map(<[u8]>::trim_ascii))
        }
        None => (part.trim_ascii(), None),
    }
}

fn host_of(url: &Url) -> Option<String> {
    url.host_str().map(|host| host.trim_end_matches('.').to_owned())
}

/// RFC 6265 §5.1.4.
fn default_path(url: &Url) -> String {
    match url.path().rsplit_once('/') {
        Some(("", _)) | None => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
    }
}

/// Zero and less mean the past.
fn max_age(value: &str, now: SystemTime) -> Option<SystemTime> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = if value.starts_with('-') { 0 } else { digits.parse().unwrap_or(u64::MAX) };
    now.checked_add(Duration::from_secs(seconds.min(LIFETIME_SECONDS_MAX)))
}

/// A date of HTTP, or the same with hyphens, as many servers write it.
fn expires(value: &str) -> Option<SystemTime> {
    let value = value.trim_matches('"');
    httpdate::parse_http_date(value).or_else(|_| httpdate::parse_http_date(&value.replace('-', " "))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "Wed, 25 Nov 2026 10:00:00 GMT";

    fn now() -> SystemTime {
        httpdate::parse_http_date(NOW).unwrap()
    }

    /// What a jar that was given these lines by `from` sends to `to`.
    fn sent(from: &str, lines: &[&str], to: &str) -> String {
        let (cookies, id) = (Cookies::default(), SourceId("a".to_owned()));
        set(&cookies, &id, from, lines);
        let value = cookies.of(&id, &to.parse().unwrap(), now());
        value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
    }

    fn set(cookies: &Cookies, id: &SourceId, from: &str, lines: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(SET_COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        cookies.keep(id, &from.parse().unwrap(), &headers, now())
    }

    #[test]
    fn lines_are_read() {
        let check = |lines: &[&str], expected: &str| {
            assert_eq!(
                sent("https://a.example/x/feed", lines, "https://a.example/x/y"),
                expected,
                "{lines:?}"
            );
        };
        check(&["a=b"], "a=b");
        check(&["  a = b=c ; HttpOnly; SameSite=Lax"], "a=b=c");
        check(&["a=\"b c\""], "a=\"b c\"");
        check(&["a=é"], "a=é");
        check(&["a="], "a=");
        check(&["a=1", "b=2", "a=3"], "b=2; a=3");
        check(&["a=1; Path=/", "b=2; path=/x"], "b=2; a=1");
        check(&["=b", "b", ";", ""], "");
        check(&["a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "a=1");
        check(&["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60"], "a=1");
        check(&["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "");
        check(&["a=1; Expires=Thu, 01-Jan-1970 00:00:00 GMT"], "");
        check(&["a=1; Expires=Fri, 25-Dec-2026 10:00:00 GMT"], "a=1");
        check(&["a=1; Expires=whenever; Max-Age=soon"], "a=1");
        check(&["a=1", "a=; Max-Age=0"], "");
        check(&["a=1", "a=; Max-Age=-5"], "");
        check(&["a=1; Path=/other"], "");
        check(&["a=1; Path=other"], "a=1");
        check(&["__Host-a=1; Path=/; Secure"], "__Host-a=1");
        check(&["__Host-a=1; Secure", "__Secure-a=1", "__host-b=1; Path=/; Secure; Domain=a.example"], "");
    }

    #[test]
    fn cookies_go_home_only() {
        let check = |from: &str, line: &str, to: &str, expected: bool| {
            assert_eq!(!sent(from, &[line], to).is_empty(), expected, "{from} {line} {to}");
        };
        check("http://a.example/", "a=1", "http://a.example:8080/", true);
        check("http://a.example/", "a=1", "http://A.example./", true);
        check("http://a.example/", "a=1", "http://b.a.example/", false);
        check("http://a.example/", "a=1; Domain=a.example", "http://b.a.example/", false);
        check("http://b.a.example/", "a=1; Domain=.A.example", "http://b.a.example/", true);
        check("http://b.a.example/", "a=1; Domain=a.example", "http://a.example/", false);
        check("http://a.example/", "a=1; Domain=b.example", "http://a.example/", false);
        check("http://a.example/", "a=1; Domain=ample", "http://a.example/", false);
        check("http://a.example/", "a=1; Domain=b.example", "http://b.example/", false);
        check("https://a.example/", "a=1; Secure", "http://a.example/", false);
        check("http://a.example/", "a=1; Secure", "https://a.example/", false);
        check("http://a.example/x/y", "a=1", "http://a.example/x/z/", true);
        check("http://a.example/x/y", "a=1", "http://a.example/xz", false);
        check("http://a.example/x/y", "a=1; Path=/x/", "http://a.example/x", false);
    }

    #[test]
    fn jars_are_bounded() {
        let (cookies, id) = (Cookies::default(), SourceId("a".to_owned()));
        let many: Vec<String> = (0..COOKIES_MAX + 5).map(|n| format!("n{n}=x")).collect();
        let lines: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(set(&cookies, &id, "http://a.example/", &lines));
        assert!(!set(&cookies, &id, "http://a.example/", &["n9=x"]), "it was known");
        let jar = cookies.jars.lock().unwrap()[&id].clone();
        assert_eq!((jar.len(), &jar[0].name[..]), (COOKIES_MAX, &b"n5"[..]));
        assert!(!set(&cookies, &id, "http://a.example/", &[&format!("a={}", "x".repeat(COOKIE_BYTES_MAX))]));
        for n in 0..5 {
            set(&cookies, &id, "http://a.example/", &[&format!("large{n}={}", "x".repeat(4000))]);
        }
        let bytes: usize = cookies.jars.lock().unwrap()[&id].iter().map(Cookie::bytes).sum();
        assert!((12_000..=JAR_BYTES_MAX).contains(&bytes), "{bytes}");
        for n in 0..SOURCES_MAX * 2 {
            set(&cookies, &SourceId(n.to_string()), "http://a.example/", &["a=1"]);
        }
        assert!(cookies.jars.lock().unwrap().len() <= SOURCES_MAX);
    }
}
