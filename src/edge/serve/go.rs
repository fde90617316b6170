//! `/go/ID`: on to the page at the source, and whether somebody reads there. Nothing is set and nobody is named.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};

use super::respond::{Request, text};

/// What programs call themselves that open links by themselves: crawlers, previews of messengers, tools, and feed
/// readers, which fetch what their owner may read later.
const MACHINES: &[&str] = &[
    "bot",
    "crawl",
    "spider",
    "slurp",
    "preview",
    "prefetch",
    "fetch",
    "scrap",
    "archiver",
    "monitor",
    "headless",
    "externalhit",
    "embed",
    "whatsapp",
    "feed",
    "rss",
    "curl",
    "wget",
    "libwww",
    "python",
    "httpclient",
    "http-client",
    "go-http",
    "java/",
    "axios",
];
/// A maker of phones, whose browsers say its name.
const NO_MACHINE: &str = "cubot";
/// Headers with which browsers say that nobody has asked for a page yet.
const AHEAD: [HeaderName; 4] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-purpose"),
    HeaderName::from_static("x-moz"),
];
const DESTINATION: HeaderName = HeaderName::from_static("sec-fetch-dest");
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// Whether a person has opened a link, as far as the request tells.
pub(super) fn is_reader(request: &Request<'_>) -> bool {
    let headers = request.headers;
    let agent = value(headers, &header::USER_AGENT).replace(NO_MACHINE, "");
    let is_machine = agent.trim().is_empty() || MACHINES.iter().any(|word| agent.contains(word));
    let is_ahead = AHEAD.iter().any(|name| {
        let purpose = value(headers, name);
        ["prefetch", "prerender", "preview"].iter().any(|word| purpose.contains(word))
    });
    // A picture or a script that names the address is no reader either.
    let destination = value(headers, &DESTINATION);
    let is_page = destination.is_empty() || destination == "document";
    *request.method == Method::GET && !is_machine && !is_ahead && is_page
}

/// All values of a header in lower case; what is no text counts as none.
fn value(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.map(str::to_ascii_lowercase).collect::<Vec<_>>().join(",")
}

/// 302 (RFC 9110 §15.4.3), which nobody keeps: each opening asks again. `None` where the address cannot stand in a
/// header.
pub(super) fn redirect(destination: &str, method: &Method) -> Option<Response<Bytes>> {
    let location = HeaderValue::from_str(destination).ok()?;
    let mut response = text(StatusCode::FOUND, "The page is at its source.\n", method);
    response.headers_mut().extend([
        (header::LOCATION, location),
        (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
        (ROBOTS, HeaderValue::from_static("noindex, nofollow")),
    ]);
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: &str =
        "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36";

    fn check(method: &str, lines: &[(&str, &str)], expected: bool) {
        let header = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        let headers: HeaderMap = lines.iter().map(header).collect();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = Request { method: &method, path: "/go/x", headers: &headers };
        assert_eq!(is_reader(&request), expected, "{method} {lines:?}");
    }

    #[test]
    fn only_people_read() {
        check("GET", &[("user-agent", PHONE)], true);
        check("HEAD", &[("user-agent", PHONE)], false);
        check("GET", &[], false);
        check("GET", &[("user-agent", " ")], false);
        check("GET", &[("user-agent", "\u{ff}")], false);
        for machine in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (compatible; Yahoo! Slurp)",
            "facebookexternalhit/1.1",
            "WhatsApp/2.23",
            "Feedly/1.0",
            "NetNewsWire (RSS Reader; https://netnewswire.com/)",
            "curl/8.5.0",
            "Python-urllib/3.12",
        ] {
            check("GET", &[("user-agent", machine)], false);
        }
        check("GET", &[("user-agent", "Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) Chrome/130.0")], true);
        for (name, ahead) in [
            ("sec-purpose", "prefetch;prerender"),
            ("Purpose", "prefetch"),
            ("X-Moz", "Prefetch"),
            ("x-purpose", "preview"),
        ] {
            check("GET", &[("user-agent", PHONE), (name, ahead)], false);
        }
        check("GET", &[("user-agent", PHONE), ("sec-fetch-dest", "document")], true);
        check("GET", &[("user-agent", PHONE), ("sec-fetch-dest", "image")], false);
    }
}
