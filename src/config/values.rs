//! Values with a grammar of their own: durations, sizes, addresses, networks, ports, zones, languages, ids.

use std::net::SocketAddr;
use std::time::Duration;

use chrono_tz::{TZ_VARIANTS, Tz};
use ipnet::IpNet;

use super::notes::{Notes, nearest};
use super::table::Item;
use crate::model::Ports;

/// The longest id, in bytes.
const ID_BYTES_MAX: usize = 64;

/// The longest short text such as a duration, in bytes.
const WORD_BYTES_MAX: usize = 100;

/// Networks or port ranges in one list.
const LIST_LEN_MAX: usize = 1000;

/// A humantime duration within bounds.
pub(super) fn duration(
    item: Item<'_, '_>,
    min: Duration,
    max: Duration,
    notes: &mut Notes,
) -> Option<Duration> {
    if let Some(number) = item.as_integer() {
        item.mistake(format!("a number alone has no unit: write \"{number}s\""), notes);
        return None;
    }
    let text = item.line("\"30s\"", WORD_BYTES_MAX, notes)?;
    let message = match humantime::parse_duration(text) {
        Ok(value) if value < min => {
            format!("is too short: write \"{}\" or longer", humantime::format_duration(min))
        }
        Ok(value) if value > max => {
            format!("is too long: write \"{}\" or shorter", humantime::format_duration(max))
        }
        Ok(value) => return Some(value),
        Err(_) if text.bytes().all(|b| b.is_ascii_digit()) => format!("has no unit: write \"{text}s\""),
        Err(_) => format!("`{text}` is no duration: write \"30s\", \"15m\" or \"24h\""),
    };
    item.mistake(message, notes);
    None
}

/// A size in bytes within bounds: `16MiB`, `500kB`.
pub(super) fn size(item: Item<'_, '_>, min: u64, max: u64, notes: &mut Notes) -> Option<u64> {
    if let Some(number) = item.as_integer() {
        item.mistake(format!("a number alone has no unit: write \"{number}B\" or \"16MiB\""), notes);
        return None;
    }
    let text = item.line("\"16MiB\"", WORD_BYTES_MAX, notes)?;
    let Some(bytes) = parse_size(text) else {
        item.mistake(format!("`{text}` is no size: write \"16MiB\", \"500kB\" or \"1000000B\""), notes);
        return None;
    };
    if (min..=max).contains(&bytes) {
        return Some(bytes);
    }
    item.mistake(format!("is out of range: write \"{}KiB\" to \"{}MiB\"", min >> 10, max >> 20), notes);
    None
}

fn parse_size(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 7] = [
        ("b", 1),
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("kb", 1000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
    ];
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start().to_ascii_lowercase();
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// `127.0.0.1:8080`.
pub(super) fn socket(item: Item<'_, '_>, notes: &mut Notes) -> Option<SocketAddr> {
    if let Some(port) = item.as_integer() {
        item.mistake(format!("an address is missing: write \"127.0.0.1:{port}\""), notes);
        return None;
    }
    let text = item.line("\"127.0.0.1:8080\"", WORD_BYTES_MAX, notes)?;
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let is_port = |port: &str| port.parse::<u16>().is_ok();
    let instead = match text.rsplit_once(':') {
        Some(("", port)) if is_port(port) => format!("\"0.0.0.0:{port}\" for every interface"),
        Some(("localhost", port)) if is_port(port) => format!("\"127.0.0.1:{port}\""),
        Some(("*", port)) if is_port(port) => format!("\"0.0.0.0:{port}\""),
        _ if is_port(text) => format!("\"127.0.0.1:{text}\""),
        _ if text.parse::<std::net::Ipv4Addr>().is_ok() => format!("\"{text}:8080\""),
        _ => "an IP address and a port such as \"127.0.0.1:8080\" or \"[::1]:8080\"".to_owned(),
    };
    item.mistake(format!("`{text}` is no address to listen on: write {instead}"), notes);
    None
}

/// A list of CIDR networks.
pub(super) fn networks(item: Item<'_, '_>, notes: &mut Notes) -> Option<Vec<IpNet>> {
    let example = "[\"10.1.0.0/16\"]";
    let mut networks = vec![];
    for element in item.list(example, LIST_LEN_MAX, notes)? {
        let Some(text) = element.line("\"10.1.0.0/16\"", WORD_BYTES_MAX, notes) else { continue };
        match (text.parse::<IpNet>(), text.parse::<std::net::IpAddr>()) {
            (Ok(network), _) => networks.push(network.trunc()),
            (_, Ok(address)) => {
                let bits = if address.is_ipv4() { 32 } else { 128 };
                element.mistake(format!("`{text}` has no prefix length: write \"{text}/{bits}\""), notes);
            }
            _ => element.mistake(format!("`{text}` is no network: write one such as \"10.1.0.0/16\""), notes),
        }
    }
    Some(networks)
}

/// `"any"`, or a list of ports and `"a-b"` ranges.
pub(super) fn ports(item: Item<'_, '_>, notes: &mut Notes) -> Option<Ports> {
    const EXAMPLE: &str = "[80, 443, \"8000-8999\"] or \"any\"";
    if let Some(text) = item.as_str() {
        if text == "any" {
            return Some(Ports::Any);
        }
        item.mistake(format!("`{text}` is not understood: write {EXAMPLE}"), notes);
        return None;
    }
    let elements = item.list(EXAMPLE, LIST_LEN_MAX, notes)?;
    if elements.is_empty() {
        item.mistake(format!("is empty, so that no source could be asked: write {EXAMPLE}"), notes);
        return None;
    }
    let mut ranges = vec![];
    for element in elements {
        let range = match (element.as_integer(), element.as_str()) {
            (Some(port), _) => u16::try_from(port).ok().map(|port| (port, port)),
            (_, Some(text)) => {
                let (from, to) = text.split_once('-').unwrap_or((text, text));
                from.trim().parse().ok().zip(to.trim().parse().ok())
            }
            _ => None,
        };
        match range {
            Some((from @ 1.., to)) if from <= to => ranges.push((from, to)),
            _ => {
                element.mistake("is no port: write a number from 1 to 65535 or a range \"8000-8999\"", notes);
            }
        }
    }
    Some(Ports::Only(ranges))
}

/// An IANA time zone.
pub(super) fn timezone(item: Item<'_, '_>, notes: &mut Notes) -> Option<Tz> {
    let text = item.line("\"Africa/Casablanca\"", WORD_BYTES_MAX, notes)?;
    if let Ok(zone) = text.parse() {
        return Some(zone);
    }
    let names = TZ_VARIANTS.iter().map(|zone| zone.name());
    // Cities are better known than continents.
    let city = || {
        TZ_VARIANTS.iter().map(|zone| zone.name()).find(|name| {
            name.rsplit('/')
                .next()
                .is_some_and(|city| city.replace('_', " ").eq_ignore_ascii_case(&text.replace('_', " ")))
        })
    };
    let meant = city().or_else(|| nearest(text, names));
    let instead = meant.map_or_else(
        || "one such as \"Africa/Casablanca\" or \"UTC\"".to_owned(),
        |name| format!("\"{name}\""),
    );
    item.mistake(format!("`{text}` is no IANA time zone: write {instead}"), notes);
    None
}

/// A well-formed BCP 47 tag (RFC 5646 §2.1, by its shape).
pub(super) fn language(item: Item<'_, '_>, notes: &mut Notes) -> Option<String> {
    let text = item.line("\"ar\"", WORD_BYTES_MAX, notes)?;
    match language_tag(text) {
        Ok(()) => Some(text.to_owned()),
        Err(message) => {
            item.mistake(message, notes);
            None
        }
    }
}

/// Whether `text` has the shape of a BCP 47 tag, or what to write instead.
pub(super) fn language_tag(text: &str) -> Result<(), String> {
    if is_language(text) {
        return Ok(());
    }
    let dashed = text.split('.').next().unwrap_or(text).replace('_', "-");
    let instead = if is_language(&dashed) { dashed } else { "ar".to_owned() };
    Err(format!("`{text}` is no language tag (BCP 47): write one such as \"{instead}\""))
}

fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or("");
    (2..=3).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Whether `id` may name a section or a source: `[a-z0-9][a-z0-9-]*`, at most 64 bytes. Notes what to write
/// otherwise, at the key of `item`.
pub(super) fn check_id(item: Item<'_, '_>, notes: &mut Notes) -> bool {
    let id = item.key;
    let message = if id.len() > ID_BYTES_MAX {
        format!("an id has at most {ID_BYTES_MAX} characters")
    } else if is_id(id) {
        return true;
    } else {
        let slug: String = id
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect::<String>()
            .split('-')
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        let instead = if is_id(&slug) { format!(": write `{slug}`") } else { String::new() };
        format!("an id has only a-z, 0-9 and -, and begins with a letter or digit{instead}")
    };
    notes.mistake(item.key_at, item.path(), message);
    false
}

fn is_id(id: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !id.is_empty() && !id.starts_with('-') && id.bytes().all(allowed)
}

/// Whether `text` is http or https with a host, or what to write instead.
pub(super) fn web_url(text: &str) -> Result<url::Url, String> {
    let url = match url::Url::parse(text) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) if text.starts_with("//") => {
            return Err(format!("`{text}` has no scheme: write \"https:{text}\""));
        }
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            return Err(format!("`{text}` has no scheme: write \"https://{text}\""));
        }
        Err(error) => {
            return Err(format!("`{text}` is no URL ({error}): write \"https://example.org/feed\""));
        }
    };
    if !matches!(url.scheme(), "http" | "https") {
        if url.scheme().contains('.') || url.scheme() == "localhost" {
            // `example.org:8080/feed` reads as a scheme and a path.
            return Err(format!("`{text}` has no scheme: write \"https://{text}\""));
        }
        return Err(format!("the scheme `{}` is not supported: write \"https://…\"", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a name or password: take it out of the address".to_owned());
    }
    Ok(url)
}
