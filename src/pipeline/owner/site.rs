//! The site of an address: its host as far as owners differ by it.

use std::borrow::Cow;

/// Labels under which a country registers names, so that a site has one label more.
const REGISTRIES: &[&str] = &[
    "ac", "co", "com", "edu", "go", "gob", "gouv", "gov", "gv", "mil", "ne", "net", "nom", "or", "org",
    "press",
];

/// No name is longer in DNS (RFC 1035 §2.3.4), so nobody answers there; sites are remembered with each source.
const HOST_BYTES_MAX: usize = 253;

/// The site of an address of the web: the last two labels of its host (three under `co.uk` and the like), so that
/// `www.`, `m.` and sections with a name of their own are one site. An address in digits, or a name without a dot,
/// stands for itself with its port. `None` where it is no address of the web.
///
/// No list of public suffixes is asked: two blogs of one provider count as one site, so a change of owner between
/// them is not seen, which is the harmless mistake.
pub(super) fn site_of(address: &str) -> Option<Cow<'_, str>> {
    let (scheme, rest) = address.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.is_empty() || host.len() > HOST_BYTES_MAX {
        return None;
    }
    let in_digits = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = host.rsplit_once('.').is_some_and(|(_, top)| !in_digits(top));
    let site = match (is_name, port) {
        (true, _) => last_labels(host),
        (false, "" | "80" | "443") => host,
        (false, _) => authority,
    };
    let has_capitals = site.bytes().any(|byte| byte.is_ascii_uppercase());
    Some(if has_capitals { Cow::Owned(site.to_ascii_lowercase()) } else { Cow::Borrowed(site) })
}

fn last_labels(host: &str) -> &str {
    let mut labels = host.rsplit('.');
    let (top, second) = (labels.next().unwrap_or_default(), labels.next().unwrap_or_default());
    let is_registry =
        top.len() == 2 && REGISTRIES.iter().any(|registry| second.eq_ignore_ascii_case(registry));
    let mut bytes = top.len() + 1 + second.len();
    if let Some(third) = labels.next().filter(|_| is_registry) {
        bytes += 1 + third.len();
    }
    host.get(host.len().saturating_sub(bytes)..).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, expected: &str) {
        assert_eq!(site_of(address).as_deref().unwrap_or_default(), expected, "{address}");
    }

    #[test]
    fn what_is_one_site() {
        check("https://example.org/a", "example.org");
        check("http://WWW.Example.ORG:8080?x=/y", "example.org");
        check("https://user:word@m.example.org./a", "example.org");
        check("https://sport.news.example.org", "example.org");
        check("https://www.paper.co.ma/a", "paper.co.ma");
        check("https://paper.co.ma", "paper.co.ma");
        check("https://co.ma/a", "co.ma");
        check("https://a.paper.press.ma", "paper.press.ma");
        check("http://127.0.0.1:8001/feed", "127.0.0.1:8001");
        check("http://127.0.0.1:80/feed", "127.0.0.1");
        check("http://[::1]:8001/feed", "[::1]:8001");
        check("http://[::1]/feed", "[::1]");
        check("http://localhost:9/feed", "localhost:9");
        check("mailto:a@example.org", "");
        check("https:///a", "");
        check(
            &format!("https://{}.example/a", "a".repeat(HOST_BYTES_MAX - 8)),
            &format!("{}.example", "a".repeat(HOST_BYTES_MAX - 8)),
        );
        check(&format!("https://{}.example/a", "a".repeat(HOST_BYTES_MAX - 7)), "");
    }
}
