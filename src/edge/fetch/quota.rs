//! Quotas that a host tells of in its answers: when they are used up, and for how long.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::DATE;

/// Longer headers are not read.
const HEADER_BYTES_MAX: usize = 2 << 10;
/// Numbers above this are no seconds to wait but a time since 1970, and above this one in milliseconds.
const EPOCH_SECONDS_MIN: f64 = 1e9;
const EPOCH_MILLISECONDS_MIN: f64 = 1e12;
/// Bounds the arithmetic only.
const WAIT_SECONDS_MAX: f64 = 1e9;

/// How long the host wants nothing more, where its quota is used up: `RateLimit` and `RateLimit-Policy`
/// (draft-ietf-httpapi-ratelimit-headers, in its present and its earlier spellings), and the `X-RateLimit-…`
/// that many send instead. `now` is our clock; the server's own `Date` goes before it.
pub(super) fn used_up(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let listed = by_list(headers);
    let pairs = ["ratelimit", "x-ratelimit", "x-rate-limit"];
    let paired = pairs.iter().filter_map(|prefix| by_pair(headers, prefix, now));
    paired.chain(listed).max().filter(|wait| !wait.is_zero())
}

/// `RateLimit: "day";r=0;t=3600`, or `limit=100, remaining=0, reset=3600`.
fn by_list(headers: &HeaderMap) -> Option<Duration> {
    let state = text(headers, "ratelimit")?;
    let policies = text(headers, "ratelimit-policy").unwrap_or_default();
    let mut longest = None;
    for (name, parameters) in items(&state) {
        let Some(left) = number(&parameters, "r") else { continue };
        if left < 1.0 {
            // Where it is not said when there is more, the window of the quota is the most that it can be.
            let policy = || items(&policies).into_iter().find(|(other, _)| *other == name);
            let wait = number(&parameters, "t").or_else(|| number(&policy()?.1, "w"));
            longest = longest.max(wait.and_then(seconds));
        }
    }
    let earlier = |key: &str| {
        let found = items(&state).into_iter().find_map(|(name, _)| {
            let (name, value) = name.split_once('=')?;
            (name.trim() == key).then(|| value.trim().parse::<f64>().ok())?
        });
        found.filter(|value| value.is_finite())
    };
    let earlier = earlier("remaining").filter(|left| *left < 1.0).and_then(|_| seconds(earlier("reset")?));
    longest.max(earlier)
}

/// `X-RateLimit-Remaining: 0` and `X-RateLimit-Reset: 3600`.
fn by_pair(headers: &HeaderMap, prefix: &str, now: SystemTime) -> Option<Duration> {
    let read = |what: &str| {
        let text = text(headers, &format!("{prefix}-{what}"))?;
        text.trim().parse::<f64>().ok().filter(|value| value.is_finite())
    };
    read("remaining").filter(|left| *left < 1.0)?;
    let reset = read("reset")?;
    let epoch = match reset {
        ms if ms >= EPOCH_MILLISECONDS_MIN => ms / 1000.0,
        s if s >= EPOCH_SECONDS_MIN => s,
        wait => return seconds(wait),
    };
    let date = headers.get(DATE).and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok());
    let now = date.unwrap_or(now).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    seconds(epoch - now.as_secs_f64())
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    let text = values.join(",");
    (!text.is_empty() && text.len() <= HEADER_BYTES_MAX).then_some(text)
}

fn seconds(wait: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(wait.clamp(0.0, WAIT_SECONDS_MAX)).ok()
}

fn number(parameters: &[(String, String)], key: &str) -> Option<f64> {
    let (_, value) = parameters.iter().find(|(name, _)| name == key)?;
    value.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// The members of a list of structured fields (RFC 9651 §3.1) with their parameters, read forgivingly.
fn items(list: &str) -> Vec<(String, Vec<(String, String)>)> {
    let parameter = |part: &String| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
    };
    let item = |member: String| {
        let mut parts = split(&member, ';').into_iter();
        let name = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        (name, parts.filter_map(|part| parameter(&part)).collect())
    };
    split(list, ',').into_iter().map(item).collect()
}

/// Splits outside of quotes.
fn split(text: &str, at: char) -> Vec<String> {
    let (mut parts, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for sign in text.chars() {
        if sign == at && !quoted {
            parts.push(String::new());
            continue;
        }
        match sign {
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = sign == '\\' && quoted && !escaped;
        if let Some(part) = parts.last_mut() {
            part.push(sign);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    /// What these headers ask for at second 2,000,000,000, in seconds.
    fn wait(lines: &[(&'static str, &str)]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
        used_up(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn the_draft_is_understood() {
        let check = |state: &str, policy: &str, expected| {
            assert_eq!(wait(&[("ratelimit", state), ("ratelimit-policy", policy)]), expected, "{state}");
        };
        check("\"default\";r=0;t=30", "", Some(30));
        check("\"default\";r=1;t=30", "", None);
        check("\"burst\";r=4;t=1, \"day\";r=0;t=7200", "", Some(7200));
        check("\"burst\";r=0;t=1, \"day\";r=0;t=7200", "", Some(7200));
        check("\"day\";r=0", "\"burst\";q=10;w=1, \"day\";q=100;w=86400", Some(86_400));
        check("\"day\";r=0", "\"other\";q=10;w=1", None);
        check("\"a,\\\";r=5\"; R=0; T=9;pk=:QUJD:", "", Some(9));
        check("limit=100, remaining=0, reset=50", "", Some(50));
        check("limit=100, remaining=3, reset=50", "", None);
        check("\"x\";r=0;t=0", "", None);
        check("\"x\";r=0;t=-4", "", None);
        for bad in ["", ";", "\"", "r=0;t=9", "\"x\";r;t", "\"x\";r=nan;t=9", "\"x\";r=0;t=inf"] {
            assert!(matches!(wait(&[("ratelimit", bad)]), None | Some(9)), "{bad}");
        }
    }

    #[test]
    fn the_usual_pairs_are_understood() {
        let check = |remaining: &str, reset: &str, expected| {
            for prefix in ["ratelimit", "x-ratelimit", "x-rate-limit"] {
                let names =
                    ["remaining", "reset"].map(|what| format!("{prefix}-{what}").leak() as &'static str);
                assert_eq!(
                    wait(&[(names[0], remaining), (names[1], reset)]),
                    expected,
                    "{remaining} {reset}"
                );
            }
        };
        check("0", "120", Some(120));
        check("0.0", "41.5", Some(41));
        check("1", "120", None);
        check("0", "2000000060", Some(60));
        check("0", "2000000060000", Some(60));
        check("0", "1999999999", None);
        check("0", "soon", None);
        check("none", "120", None);
        assert_eq!(wait(&[("x-ratelimit-remaining", "0")]), None);
        assert_eq!(wait(&[("x-ratelimit-reset", "7")]), None);
        // 2033-05-18 03:33:20 UTC is second 2,000,000,000: the server's clock is ten seconds late.
        let date = ("date", "Wed, 18 May 2033 03:33:10 GMT");
        assert_eq!(
            wait(&[date, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2000000060")]),
            Some(70)
        );
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(state in "[\\x20-\\x7e]{0,60}", reset in "[-0-9.eE]{0,20}") {
            wait(&[("ratelimit", &state), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset)]);
        }
    }
}
