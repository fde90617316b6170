//! `push`: whether hubs are asked to push what sources have. They must be able to reach us for that.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use url::{Host, Url};

use super::notes::Notes;
use super::table::Table;

/// Ends of names that no public resolver knows (RFC 6761, RFC 6762, RFC 8375, RFC 2606, and ICANN's `internal`).
const PRIVATE_ENDS: &[&str] = &[
    "localhost",
    "local",
    "test",
    "invalid",
    "example",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "home.arpa",
    "onion",
    "alt",
];
/// Networks that std does not name.
const CARRIER: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10);
const BENCHMARKS: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(198, 18, 0, 0), 15);
const RESERVED: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(240, 0, 0, 0), 4);
const THIS: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 8);
const PUBLIC_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const DOCUMENTATION_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32);

/// Reads the key over what holds already; `auto` is what "auto" comes to.
pub(super) fn read(table: &Table<'_>, auto: bool, push: &mut bool, notes: &mut Notes) {
    const EXAMPLE: &str = "true, false or \"auto\"";
    let Some(item) = table.get("push") else { return };
    if let Some(value) = item.as_boolean() {
        *push = value;
        return;
    }
    match item.as_str() {
        Some("auto") => *push = auto,
        Some(word) => {
            item.mistake(format!("`{}` is unknown here: write {EXAMPLE}", word.escape_debug()), notes);
        }
        None => item.wrong_type(EXAMPLE, notes),
    }
}

/// Why no hub can reach an address, in a few words; `None` where one can, as far as the address shows.
pub(super) fn unreachable(site: &Url) -> Option<String> {
    let private = |what: &str| Some(format!("site.url ({site}) {what}, where no hub can reach it"));
    match site.host() {
        Some(Host::Ipv4(address)) if !is_public(address.into()) => private("is no public address"),
        Some(Host::Ipv6(address)) if !is_public(address.into()) => private("is no public address"),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let ends = |end: &&str| {
                name.strip_suffix(*end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            };
            let is_private = !name.contains('.') || PRIVATE_ENDS.iter().any(ends);
            is_private.then(|| private("is no public name")).flatten()
        }
        Some(_) => None,
        None => private("names no host"),
    }
}

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let is_special = v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_documentation()
                || v4.is_multicast();
            !is_special && ![CARRIER, BENCHMARKS, RESERVED, THIS].iter().any(|net| net.contains(&v4))
        }
        IpAddr::V6(v6) => PUBLIC_V6.contains(&v6) && !DOCUMENTATION_V6.contains(&v6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_world_can_reach() {
        for (site, expected) in [
            ("https://news.example.org", true),
            ("http://93.184.216.34:8080", true),
            ("https://[2606:2800:220:1::1]/news", true),
            ("https://xn--mgbh0fb.xn--4gbrim", true),
            ("https://latest.news", true),
            ("http://127.0.0.1:8080", false),
            ("http://10.1.2.3", false),
            ("http://100.100.1.1", false),
            ("http://192.0.2.1", false),
            ("http://[::1]:8080", false),
            ("http://[fd00::1]", false),
            ("http://[::ffff:192.168.1.1]", false),
            ("http://localhost", false),
            ("http://LOCALHOST.", false),
            ("http://news", false),
            ("http://news.local", false),
            ("http://a.home.arpa", false),
            ("http://news.internal", false),
            ("http://news.test.", false),
        ] {
            let why = unreachable(&site.parse().unwrap());
            assert_eq!(why.is_none(), expected, "{site}: {why:?}");
        }
    }
}
