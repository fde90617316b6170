//! How long an answer stays fresh for us, a private cache (RFC 9111 §4.2.1).

use std::time::SystemTime;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderValue};

/// A longer lifetime counts as this long.
const FRESH_SECONDS_MAX: u64 = 366 * 24 * 3600;

/// Seconds from now; 0 where the answer may not be kept or says something that cannot be read, `None` where it
/// says nothing. `now` stands in for a missing `Date`.
pub(super) fn fresh_seconds(headers: &HeaderMap, now: SystemTime) -> Option<u64> {
    let lifetime = lifetime_seconds(headers, now)?.min(FRESH_SECONDS_MAX);
    Some(lifetime.saturating_sub(age_seconds(headers)))
}

/// The date in a header, in any of the three forms of HTTP (RFC 9110 §5.6.7).
pub(super) fn date(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?.trim()).ok()
}

fn lifetime_seconds(headers: &HeaderMap, now: SystemTime) -> Option<u64> {
    let mut max_age: Option<u64> = None;
    for line in headers.get_all(CACHE_CONTROL) {
        let line = String::from_utf8_lossy(line.as_bytes());
        for member in members(&line) {
            let (name, value) = directive(member);
            match (name.as_str(), value) {
                // With a list of fields, `no-cache` speaks of these alone.
                ("no-store", _) | ("no-cache", None) => return Some(0),
                ("max-age", value) => {
                    let seconds = value.map_or(0, |value| delta_seconds(&value).unwrap_or(0));
                    max_age = Some(max_age.map_or(seconds, |least| least.min(seconds)));
                }
                _ => {}
            }
        }
    }
    max_age.or_else(|| {
        let from = headers.get(DATE).and_then(date).unwrap_or(now);
        let until = |value| date(value)?.duration_since(from).ok();
        let lifetimes = headers.get_all(EXPIRES).iter();
        lifetimes.map(|value| until(value).map_or(0, |lifetime| lifetime.as_secs())).min()
    })
}

/// What caches on the way have used up already. Of a list, the first member counts (RFC 9111 §5.1).
pub(super) fn age_seconds(headers: &HeaderMap) -> u64 {
    let age = headers.get(AGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    delta_seconds(age.split(',').next().unwrap_or_default().trim()).unwrap_or(0)
}

/// A number of seconds (RFC 9111 §1.2.2); what is too large to count is the largest number.
fn delta_seconds(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

/// The members of a list (RFC 9110 §5.6.1); a comma between quotes separates nothing.
fn members(list: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    list.split(move |sign: char| {
        match sign {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        sign == ',' && !quoted
    })
}

/// The name in lower case and the value without its quotes.
fn directive(member: &str) -> (String, Option<String>) {
    let (name, value) = match member.split_once('=') {
        Some((name, value)) => (name, Some(value.trim().trim_matches('"').trim().to_owned())),
        None => (member, None),
    };
    (name.trim().to_ascii_lowercase(), value)
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn fresh(lines: &[(&'static str, &str)]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let now = httpdate::parse_http_date("Wed, 25 Nov 2026 09:00:00 GMT").unwrap();
        fresh_seconds(&headers, now)
    }

    #[test]
    fn max_age_counts() {
        let check = |value: &str, expected| {
            assert_eq!(fresh(&[("cache-control", value)]), expected, "{value}");
        };
        check("max-age=600", Some(600));
        check("public, MAX-AGE = 600 , must-revalidate", Some(600));
        check("max-age=\"600\"", Some(600));
        check("max-age=600, max-age=60", Some(60));
        check("private, ext=\"a, max-age=5, \\\"no-store\", max-age=600", Some(600));
        check("no-cache=\"Set-Cookie\", max-age=600", Some(600));
        check("s-maxage=10", None);
        check("s-maxage=10, max-age=20", Some(20));
        check("x-max-age=10", None);
        check("", None);
        check("public", None);
        check("no-cache", Some(0));
        check("max-age=600, No-Store", Some(0));
        check("max-age=0", Some(0));
        for broken in ["max-age", "max-age=", "max-age=-1", "max-age=1.5", "max-age=soon", "max-age=\"\""] {
            check(broken, Some(0));
        }
        check("max-age=99999999999999999999999999", Some(FRESH_SECONDS_MAX));
        check("max-age=2147483648", Some(FRESH_SECONDS_MAX));
        check("max-age=60, \"never closed, max-age=5", Some(60));
    }

    #[test]
    fn expires_counts_where_max_age_does_not() {
        let date = ("date", "Wed, 25 Nov 2026 10:00:00 GMT");
        let check =
            |lines: &[(&'static str, &str)], expected| assert_eq!(fresh(lines), expected, "{lines:?}");
        check(&[date, ("expires", "Wed, 25 Nov 2026 10:10:00 GMT")], Some(600));
        check(&[date, ("expires", "Wednesday, 25-Nov-26 10:10:00 GMT")], Some(600));
        check(&[date, ("expires", "Wed Nov 25 10:10:00 2026")], Some(600));
        check(&[date, ("expires", "Wed, 25 Nov 2026 09:50:00 GMT")], Some(0));
        check(&[date, ("expires", "Fri, 25 Nov 2050 10:00:00 GMT")], Some(FRESH_SECONDS_MAX));
        // Without a date that can be read, our own clock counts.
        check(&[("expires", "Wed, 25 Nov 2026 10:10:00 GMT")], Some(4200));
        check(&[("date", "today"), ("expires", "Wed, 25 Nov 2026 10:10:00 GMT")], Some(4200));
        for past in ["0", "-1", "", "soon", "Wed, 25 Nov 2026 25:10:00 GMT", "\u{e9}"] {
            check(&[date, ("expires", past)], Some(0));
        }
        check(&[date, ("expires", "Wed, 25 Nov 2026 10:10:00 GMT"), ("expires", "0")], Some(0));
        check(&[date, ("expires", "0"), ("cache-control", "max-age=60")], Some(60));
        check(&[date, ("cache-control", "public"), ("expires", "Wed, 25 Nov 2026 10:00:30 GMT")], Some(30));
        check(&[("cache-control", "public"), ("cache-control", "max-age=60")], Some(60));
        check(&[("cache-control", "max-age=60"), ("cache-control", "no-cache")], Some(0));
        check(&[date], None);
    }

    #[test]
    fn age_is_used_up_already() {
        let check = |age: &str, expected| {
            let lines = [("cache-control", "max-age=60"), ("age", age)];
            assert_eq!(fresh(&lines), Some(expected), "{age}");
        };
        check("20", 40);
        check("20, 50", 40);
        check("60", 0);
        check("99999999999999999999999", 0);
        check("-5", 60);
        check("old", 60);
        check("", 60);
        assert_eq!(fresh(&[("age", "20")]), None);
    }
}
