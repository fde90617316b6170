//! Which addresses a source may live at: public ones, and what its `allow_private` names.
//!
//! The ranges are those of the IANA special-purpose address registries (RFC 6890 and its successors).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Ranges of IPv4 that are no place for a public feed, with what they are.
const NOT_PUBLIC_V4: [(Ipv4Net, &str); 15] = [
    (v4(0, 0, 0, 0, 8), "an address of \"this network\""),
    (v4(10, 0, 0, 0, 8), "a private address"),
    (v4(100, 64, 0, 0, 10), "an address behind a carrier's NAT"),
    (v4(127, 0, 0, 0, 8), "a loopback address"),
    (v4(169, 254, 0, 0, 16), "a link-local address"),
    (v4(172, 16, 0, 0, 12), "a private address"),
    (v4(192, 0, 0, 0, 24), "an address for protocols"),
    (v4(192, 0, 2, 0, 24), "an address for documentation"),
    (v4(192, 88, 99, 0, 24), "an address of 6to4 relays"),
    (v4(192, 168, 0, 0, 16), "a private address"),
    (v4(198, 18, 0, 0, 15), "an address for benchmarks"),
    (v4(198, 51, 100, 0, 24), "an address for documentation"),
    (v4(203, 0, 113, 0, 24), "an address for documentation"),
    (v4(224, 0, 0, 0, 4), "a multicast address"),
    (v4(240, 0, 0, 0, 4), "a reserved address"),
];

/// The same for IPv6; what lies outside of `2000::/3` and in none of these is refused as well.
const NOT_PUBLIC_V6: [(Ipv6Net, &str); 18] = [
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), "the unspecified address"),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), "a loopback address"),
    (COMPATIBLE, "an IPv4-compatible address"),
    (TRANSLATED, "an IPv4-translated address"),
    (NAT64, "an address behind NAT64"),
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), "an address behind a local NAT64"),
    (v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), "a discard-only address"),
    (v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64), "a dummy address"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), "a Teredo address"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "an address for protocols"),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "an address for documentation"),
    (SIX_TO_FOUR, "a 6to4 address"),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "an address for documentation"),
    (v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16), "a segment-routing address"),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), "a private address"),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "a link-local address"),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), "a site-local address"),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "a multicast address"),
];

const COMPATIBLE: Ipv6Net = v6([0, 0, 0, 0, 0, 0, 0, 0], 96);
const TRANSLATED: Ipv6Net = v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96);
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16);
const GLOBAL_UNICAST: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// What a source may connect to. Two guards that allow the same are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Guard {
    allowed: Vec<IpNet>,
}

/// Why an address may not be connected to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{address} is {what}: add it to allow_private if the source may live there")]
pub(super) struct Refusal {
    address: IpAddr,
    what: &'static str,
}

impl Guard {
    /// Lets public addresses pass, and those in `allow_private`.
    pub(super) fn new(allow_private: &[IpNet]) -> Self {
        let mut allowed: Vec<IpNet> = allow_private.iter().map(IpNet::trunc).collect();
        allowed.sort_unstable();
        allowed.dedup();
        Self { allowed }
    }

    /// Lets every address pass.
    pub(super) fn everything() -> Self {
        Self::new(&[IpNet::V4(v4(0, 0, 0, 0, 0)), IpNet::V6(v6([0; 8], 0))])
    }

    /// Whether this address may be connected to.
    pub(super) fn check(&self, address: IpAddr) -> Result<(), Refusal> {
        // A mapped address is the IPv4 address to the system that connects.
        let canonical = address.to_canonical();
        let allowed = self.allows(address) || self.allows(canonical);
        match canonical {
            IpAddr::V4(v4) => not_public_v4(v4).filter(|_| !allowed),
            IpAddr::V6(v6) => match not_public_v6(v6) {
                Some(what) if !allowed => Some(what),
                // A translator that may be used still must not lead where we may not go.
                _ => embedded(v6).filter(|inner| !self.allows(IpAddr::V4(*inner))).and_then(not_public_v4),
            },
        }
        .map_or(Ok(()), |what| Err(Refusal { address, what }))
    }

    /// Whether nothing at all is refused, so that it does not matter where a name leads.
    pub(super) fn allows_everything(&self) -> bool {
        Self::everything().allowed.iter().all(|net| self.allowed.contains(net))
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|net| net.contains(&address))
    }
}

fn not_public_v4(address: Ipv4Addr) -> Option<&'static str> {
    NOT_PUBLIC_V4.iter().find(|(net, _)| net.contains(&address)).map(|(_, what)| *what)
}

fn not_public_v6(address: Ipv6Addr) -> Option<&'static str> {
    let known = NOT_PUBLIC_V6.iter().find(|(net, _)| net.contains(&address)).map(|(_, what)| *what);
    known.or_else(|| (!GLOBAL_UNICAST.contains(&address)).then_some("a reserved address"))
}

/// The IPv4 address that an IPv6 address is another spelling of.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bytes = address.octets();
    let from = |at: usize| {
        let four: Option<[u8; 4]> = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
        four.map(Ipv4Addr::from)
    };
    if address.is_unspecified() || address.is_loopback() {
        None
    } else if [COMPATIBLE, TRANSLATED, NAT64].iter().any(|net| net.contains(&address)) {
        from(12)
    } else if SIX_TO_FOUR.contains(&address) {
        from(2)
    } else {
        None
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(s: [u16; 8], bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]), bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(allow: &[&str], address: &str) -> bool {
        let allow: Vec<IpNet> = allow.iter().map(|net| net.parse().unwrap()).collect();
        Guard::new(&allow).check(address.parse().unwrap()).is_ok()
    }

    #[test]
    fn only_public_addresses_pass() {
        let refused = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.0.9 169.254.169.254 \
            172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 \
            198.19.255.255 198.51.100.1 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 \
            :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 ::8.8.8.8 ::ffff:0:8.8.8.8 \
            64:ff9b::8.8.8.8 64:ff9b::7f00:1 64:ff9b:1::1 100::1 100:0:0:1::1 2001::1 2001:2::1 \
            2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:808:808::1 3fff::1 3fff:fff::1 4000::1 \
            5f00::1 fc00::1 fd12:3456::1 fe80::1 febf::1 fec0::1 ff02::1";
        for address in refused.split(' ') {
            assert!(!passes(&[], address), "{address}");
            let everywhere = ["0.0.0.0/0", "::/0"];
            assert!(passes(&everywhere, address), "{address} is allowed but refused");
        }
        let public = "8.8.8.8 1.1.1.1 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1 \
            198.20.0.1 223.255.255.255 ::ffff:8.8.8.8 2001:200::1 2606:4700::1111 2a00:1450::1 2003::1 \
            3fff:1000::1";
        for address in public.split(' ') {
            assert!(passes(&[], address), "{address}");
        }
    }

    #[test]
    fn what_is_allowed_is_no_wider_than_it_says() {
        assert!(passes(&["127.0.0.0/8"], "127.0.0.1"));
        assert!(passes(&["127.0.0.0/8"], "::ffff:127.0.0.1"));
        assert!(!passes(&["127.0.0.0/8"], "10.0.0.1"));
        assert!(!passes(&["127.0.0.0/8"], "::1"));
        assert!(passes(&["fd00::/8"], "fd12::1"));
        assert!(!passes(&["fd00::/8"], "fc12::1"));
        // NAT64 leads to the public IPv4 network only, unless more is allowed.
        assert!(passes(&["64:ff9b::/96"], "64:ff9b::8.8.8.8"));
        assert!(!passes(&["64:ff9b::/96"], "64:ff9b::127.0.0.1"));
        assert!(passes(&["64:ff9b::/96", "127.0.0.0/8"], "64:ff9b::127.0.0.1"));
        assert!(!passes(&["2002::/16"], "2002:a00:1::1"));
    }

    #[test]
    fn guards_that_allow_the_same_are_equal() {
        let nets = |all: &[&str]| Guard::new(&all.iter().map(|net| net.parse().unwrap()).collect::<Vec<_>>());
        assert_eq!(nets(&["10.0.0.0/8", "127.0.0.0/8"]), nets(&["127.0.0.1/8", "10.0.0.0/8", "10.9.9.9/8"]));
        assert_ne!(nets(&["10.0.0.0/8"]), nets(&["10.0.0.0/9"]));
    }
}
