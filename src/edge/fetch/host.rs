//! What counts as one host for politeness: a name's registrable domain, else an address.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

/// The registrable domain of a name (the Public Suffix List, its private section too), else the whole name;
/// an address itself; and the port where it is neither 80 nor 443: http and https of a host are one host.
pub(super) fn host_of(url: &Url) -> String {
    let host = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            psl::domain_str(name).unwrap_or(name).to_owned()
        }
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => match address.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        },
        None => String::new(),
    };
    match unusual_port(url) {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// The same for an address that the name of `url` leads to.
pub(super) fn host_at(address: IpAddr, url: &Url) -> (IpAddr, Option<u16>) {
    (address.to_canonical(), unusual_port(url))
}

/// Whether a url names this machine itself, without a look-up.
pub(super) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|v4: Ipv4Addr| v4.is_loopback())
        }
        None => false,
    }
}

fn unusual_port(url: &Url) -> Option<u16> {
    url.port_or_known_default().filter(|port| !matches!(port, 80 | 443))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_counted_by_who_runs_them() {
        let check = |url: &str, expected: &str| {
            assert_eq!(host_of(&url.parse().unwrap()), expected, "{url}");
        };
        check("http://feeds.Example.com/a", "example.com");
        check("https://example.com./b", "example.com");
        check("https://a.b.example.co.uk:8443/", "example.co.uk:8443");
        check("http://example.com:443/", "example.com");
        check("https://someone.github.io/feed", "someone.github.io");
        check("https://deep.someone.github.io/feed", "someone.github.io");
        check("https://www.صحيفة.السعودية/", "xn--ogbhx3c3b.xn--mgberp4a5d4ar");
        check("http://www.feeds.test/", "feeds.test");
        check("http://localhost:8080/", "localhost:8080");
        check("http://com/", "com");
        check("http://192.0.2.7/", "192.0.2.7");
        check("http://0xc0000207:81/", "192.0.2.7:81");
        check("http://[::ffff:192.0.2.7]/", "192.0.2.7");
        check("http://[2001:DB8::1]:8080/", "[2001:db8::1]:8080");
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        let check = |host: &str, expected| {
            assert_eq!(is_local(&format!("http://{host}/").parse().unwrap()), expected, "{host}");
        };
        for local in
            ["localhost", "LOCALHOST.", "a.localhost", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]", "127.1"]
        {
            check(local, true);
        }
        for other in ["localhost.example", "10.0.0.1", "[::2]", "feeds.test"] {
            check(other, false);
        }
    }
}
