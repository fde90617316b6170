//! Bot walls: who stands before a server and asks for a browser, told by headers that only they send, or by
//! their pages.

use http::{HeaderMap, StatusCode};

/// How much of a page is looked at. Pages of walls are short, or say who they are at their beginning.
const PAGE_BYTES_MAX: usize = 64 << 10;
/// How much is looked at to tell a page from a feed.
const SNIFF_BYTES_MAX: usize = 4 << 10;
/// Ordinary pages are longer than those of walls.
const WALL_PAGE_BYTES_MAX: usize = 16 << 10;

/// What is said of a wall that does not name itself.
const CAPTCHA: &str = "a captcha";

/// Headers of refusals.
const BY_HEADER: [(&str, &str); 9] = [
    ("cf-mitigated", "Cloudflare"),
    ("x-amzn-waf-action", "AWS WAF"),
    ("x-datadome", "DataDome"),
    ("x-dd-b", "DataDome"),
    ("x-vercel-mitigated", "Vercel"),
    ("x-vercel-challenge-token", "Vercel"),
    ("x-sucuri-block", "Sucuri"),
    ("x-px-block", "PerimeterX"),
    ("sg-captcha", "SiteGround"),
];

/// What stands only in the page of a wall, in lower case.
const SURE: [(&str, &str); 32] = [
    ("<title>just a moment...</title>", "Cloudflare"),
    ("<title>attention required! | cloudflare</title>", "Cloudflare"),
    ("_cf_chl_opt", "Cloudflare"),
    ("cf-browser-verification", "Cloudflare"),
    ("/orchestrate/chl_page", "Cloudflare"),
    ("<title>sucuri website firewall", "Sucuri"),
    ("sucuri_cloudproxy_js", "Sucuri"),
    ("incapsula incident id", "Imperva"),
    ("_incapsula_resource?cwudnsai=", "Imperva"),
    ("<title>pardon our interruption", "Imperva"),
    ("geo.captcha-delivery.com", "DataDome"),
    ("ct.captcha-delivery.com", "DataDome"),
    ("sec-if-cpt-container", "Akamai"),
    ("/_sec/cp_challenge/", "Akamai"),
    ("gokuprops", "AWS WAF"),
    ("awswafintegration.forcerefreshtoken", "AWS WAF"),
    ("/.within.website/x/cmd/anubis", "Anubis"),
    ("anubis_challenge", "Anubis"),
    ("<title>ddos-guard</title>", "DDoS-Guard"),
    ("/.well-known/ddos-guard/", "DDoS-Guard"),
    ("px-captcha", "PerimeterX"),
    ("<title>vercel security checkpoint</title>", "Vercel"),
    ("/.well-known/sgcaptcha/", "SiteGround"),
    ("validate.perfdrive.com", "Radware"),
    ("/149e9513-01fa-4fb0-aad4-566afd725d1b/", "Kasada"),
    ("<title>bot verification</title>", CAPTCHA),
    ("<title>verify you are human", CAPTCHA),
    ("<title>are you a robot?", CAPTCHA),
    ("<title>are you a human?", CAPTCHA),
    ("<title>robot check", CAPTCHA),
    ("<title>human verification", CAPTCHA),
    ("<title>captcha", CAPTCHA),
];

/// What ordinary pages carry too, when the one behind the wall is let through: it counts in a refusal, and in
/// no long page.
const LIKELY: [(&str, &str); 19] = [
    ("/cdn-cgi/challenge-platform/", "Cloudflare"),
    ("cf-error-details", "Cloudflare"),
    ("sucuri", "Sucuri"),
    ("_incapsula_resource", "Imperva"),
    ("errors.edgesuite.net", "Akamai"),
    ("reference&#32;&#35;", "Akamai"),
    (".token.awswaf.com/", "AWS WAF"),
    ("ddos-guard", "DDoS-Guard"),
    ("wordfence", "Wordfence"),
    ("checking your browser", CAPTCHA),
    ("verify you are human", CAPTCHA),
    ("verifying you are human", CAPTCHA),
    ("are not a robot", CAPTCHA),
    ("you're not a robot", CAPTCHA),
    ("unusual traffic", CAPTCHA),
    ("g-recaptcha", CAPTCHA),
    ("h-captcha", CAPTCHA),
    ("cf-turnstile", CAPTCHA),
    ("enable javascript and cookies to continue", CAPTCHA),
];

/// What to call the page, where it is one of a wall: "a page of Cloudflare". `page` is its decoded beginning.
pub(super) fn page(status: StatusCode, headers: &HeaderMap, page: &[u8]) -> Option<String> {
    match wall(status, headers, page)? {
        CAPTCHA => Some("a page with a captcha".to_owned()),
        wall => Some(format!("a page of {wall}")),
    }
}

/// Whose wall it is.
fn wall(status: StatusCode, headers: &HeaderMap, page: &[u8]) -> Option<&'static str> {
    let is_document = matches!(status.as_u16(), 200 | 203 | 226);
    let is_refusal = matches!(status.as_u16(), 202 | 401 | 403 | 405 | 406 | 429 | 503);
    if is_refusal {
        let by_header = BY_HEADER.iter().find(|(name, _)| headers.contains_key(*name));
        if let Some((_, wall)) = by_header {
            return Some(wall);
        }
        // Cloudflare's shortest refusal is one line of text.
        if page.starts_with(b"error code: 10") {
            return Some("Cloudflare");
        }
    }
    // What else is no document, a 404 for one, speaks of the address itself.
    if !(is_document || is_refusal) || !is_html(page) {
        return None;
    }
    let is_short = page.len() <= WALL_PAGE_BYTES_MAX;
    let page = String::from_utf8_lossy(page.get(..PAGE_BYTES_MAX).unwrap_or(page)).to_ascii_lowercase();
    let sign_in = |signs: &[(&str, &'static str)]| {
        signs.iter().find(|(sign, _)| page.contains(sign)).map(|(_, wall)| *wall)
    };
    sign_in(&SURE).or_else(|| sign_in(&LIKELY).filter(|_| is_refusal && is_short))
}

/// Whether bytes are an HTML page and no feed, whatever their `Content-Type` says.
fn is_html(page: &[u8]) -> bool {
    const NAMES: [&str; 17] = [
        "html", "head", "body", "title", "script", "meta", "style", "link", "div", "p", "a", "h1", "h2",
        "center", "iframe", "noscript", "form",
    ];
    let page = page.get(..SNIFF_BYTES_MAX).unwrap_or(page);
    let text = String::from_utf8_lossy(page).to_ascii_lowercase();
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let Some(tag) = rest.strip_prefix('<') else { return false };
        let end = if tag.starts_with("!--") {
            "-->"
        } else if tag.starts_with('?') {
            "?>"
        } else if tag.starts_with("!doctype") {
            return tag.split(['>', '[']).next().is_some_and(|doctype| {
                doctype.split_ascii_whitespace().nth(1).is_some_and(|name| name == "html")
            });
        } else {
            let name = tag.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != ':').next();
            return name.is_some_and(|name| NAMES.contains(&name));
        };
        let Some((_, after)) = tag.split_once(end) else { return false };
        rest = after.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn check(status: u16, headers: &[(&'static str, &'static str)], page: &str, expected: Option<&str>) {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let found = wall(StatusCode::from_u16(status).unwrap(), &headers, page.as_bytes());
        assert_eq!(found, expected, "{status} {page}");
    }

    fn html(inside: &str) -> String {
        format!("<!DOCTYPE html>\n<html lang=en><head>{inside}</head><body></body></html>")
    }

    #[test]
    fn walls_are_named() {
        let anywhere = |page: &str, expected: &str| {
            for status in [200, 202, 403, 429, 503] {
                check(status, &[], &html(page), Some(expected));
            }
        };
        anywhere("<title>Just a moment...</title>", "Cloudflare");
        anywhere("<title>Attention Required! | Cloudflare</title>", "Cloudflare");
        anywhere("<script>window._cf_chl_opt={cvId:'3'}</script>", "Cloudflare");
        anywhere("<title>Sucuri WebSite Firewall - Access Denied</title>", "Sucuri");
        anywhere("<p>Request unsuccessful. Incapsula incident ID: 1-2", "Imperva");
        anywhere("<iframe src=\"/_Incapsula_Resource?CWUDNSAI=9&xinfo=1\">", "Imperva");
        anywhere("<script src=\"https://ct.captcha-delivery.com/c.js\"></script>", "DataDome");
        anywhere("<div id=\"sec-if-cpt-container\">", "Akamai");
        anywhere("<script>window.gokuProps = {\"key\":\"A\"};</script>", "AWS WAF");
        anywhere("<script id=\"anubis_challenge\" type=\"application/json\">{}</script>", "Anubis");
        anywhere("<title>DDoS-Guard</title>", "DDoS-Guard");
        anywhere("<title>Vercel Security Checkpoint</title>", "Vercel");
        anywhere("<meta http-equiv=refresh content=\"0;/.well-known/sgcaptcha/?r=%2F\">", "SiteGround");
        anywhere("<title>Robot Check</title>", CAPTCHA);

        check(403, &[], &html("<script src=/cdn-cgi/challenge-platform/h/b>"), Some("Cloudflare"));
        check(403, &[], &html("<a href=https://errors.edgesuite.net/1>"), Some("Akamai"));
        check(503, &[], &html("Checking your browser before accessing"), Some(CAPTCHA));
        check(429, &[], &html("<div class=\"g-recaptcha\">"), Some(CAPTCHA));
        check(403, &[], "error code: 1020", Some("Cloudflare"));
        check(403, &[("cf-mitigated", "challenge")], "", Some("Cloudflare"));
        check(202, &[("x-amzn-waf-action", "challenge")], "", Some("AWS WAF"));
        check(403, &[("x-datadome", "protected")], "{}", Some("DataDome"));
        check(
            200,
            &[],
            "\u{feff}<?xml version=\"1.0\"?><!-- x -->\n<!DOCTYPE html PUBLIC \"\">\n<title>Just a moment...</title>",
            Some("Cloudflare"),
        );
    }

    #[test]
    fn others_are_not() {
        let words = "<title>Just a moment...</title> _cf_chl_opt Incapsula incident ID gokuProps";
        for feed in [
            format!("<rss version=\"2.0\"><channel>{words}</channel></rss>"),
            format!(
                "<?xml version=\"1.0\"?>\n<!-- x --><feed xmlns=\"http://www.w3.org/2005/Atom\">{words}</feed>"
            ),
            format!("<rdf:RDF>{words}</rdf:RDF>"),
            format!("<!DOCTYPE rss PUBLIC \"x\"><rss>{words}</rss>"),
            format!("{{\"title\": \"{words}\"}}"),
            words.trim_start_matches('<').to_owned(),
            String::new(),
        ] {
            for status in [200, 203, 226] {
                check(status, &[("cf-mitigated", "challenge"), ("x-datadome", "protected")], &feed, None);
            }
        }
        let page = "<title>News</title><script src=/cdn-cgi/challenge-platform/scripts/jsd/main.js></script>\
                    <div class=g-recaptcha></div>how to verify you are human";
        for status in [200, 404, 500] {
            check(status, &[("server", "cloudflare")], &html(page), None);
        }
        check(403, &[("server", "cloudflare")], &html("<h1>Forbidden</h1>"), None);
        check(403, &[], &html(&format!("{page}{}", "x".repeat(WALL_PAGE_BYTES_MAX))), None);
        check(404, &[("x-datadome", "protected")], &html("<title>Just a moment...</title>"), None);
        check(403, &[], "You are not allowed: Just a moment...", None);
    }
}
