//! Persons: a name, an address and a page, out of whatever was written.

use super::links::{Bases, Use, quietly};
use super::words;
use crate::model::{Person, RawPerson};
use crate::pipeline::text;

/// Persons of one entry.
const PERSONS_MAX: usize = 50;
/// A longer address is none (RFC 5321 §4.5.3.1), in bytes.
const EMAIL_BYTES_MAX: usize = 254;

/// Persons in document order; one who is named twice is one, and nobody is without a name.
pub(super) fn read(raw: Vec<RawPerson>, bases: &Bases) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for person in raw.into_iter().take(PERSONS_MAX).filter_map(|person| one(&person, bases)) {
        match people.iter_mut().find(|known| is_same(known, &person)) {
            Some(known) => merge(known, person),
            None => people.push(person),
        }
    }
    people
}

fn one(raw: &RawPerson, bases: &Bases) -> Option<Person> {
    let (name, written) = raw.name.as_deref().map_or((None, None), apart);
    let page = |uri: &str| quietly(uri, None, bases, Use::Link);
    let mut email = raw.email.as_deref().and_then(email).or(written);
    let mut url = raw.uri.as_deref().and_then(page);
    // Some give an address where a page belongs, or a page where a name belongs.
    if let Some(address) = url.as_deref().and_then(|url| url.strip_prefix("mailto:")) {
        email = email.or_else(|| self::email(address));
        url = None;
    }
    if let Some(address) =
        name.as_deref().filter(|name| name.starts_with("http://") || name.starts_with("https://"))
    {
        url = url.or_else(|| page(address));
    }
    let name = name.or_else(|| email.clone()).or_else(|| url.clone())?;
    Some(Person { name, email, url })
}

/// Name and address of "a@b.c (Name)", "Name <a@b.c>", "Name (a@b.c)", "Name, a@b.c" or only one of them.
fn apart(text: &str) -> (Option<String>, Option<String>) {
    let decoded = text::decode(text);
    let text = decoded.trim().trim_start_matches("mailto:");
    if let Some(alone) = email(text) {
        return (None, Some(alone));
    }
    for (open, close) in [('<', '>'), ('(', ')'), ('[', ']')] {
        let Some((outside, rest)) = text.split_once(open) else { continue };
        let inside = rest.split(close).next().unwrap_or_default().trim().trim_start_matches("mailto:");
        if let Some(address) = email(outside) {
            return (named(inside), Some(address));
        }
        if let Some(address) = email(inside) {
            return (named(outside), Some(address));
        }
    }
    let mut words = text.split([' ', ',', ';', '\t', '\n']).filter(|word| !word.is_empty());
    if let Some(word) = words.find(|word| email(word).is_some()) {
        let rest = text.replacen(word, "", 1);
        return (named(&rest), email(word));
    }
    (named(text), None)
}

/// A name without what surrounded it. Of what software writes for nobody, nothing is left.
fn named(text: &str) -> Option<String> {
    let name = words::name(text)?;
    let name =
        name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | ',' | ';' | '-' | '<' | '>'));
    let has_name = name.chars().any(char::is_alphanumeric);
    let nobody = ["noreply", "no-reply", "unknown", "null", "undefined", "(unknown)"];
    let is_nobody = nobody.iter().any(|one| name.eq_ignore_ascii_case(one));
    (has_name && !is_nobody).then(|| name.to_owned())
}

/// The address in `text`, where it is one and nothing else.
fn email(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches("mailto:");
    let (local, domain) = text.split_once('@')?;
    let is_part = |part: &str, more: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || more.contains(c))
    };
    let fits = text.len() <= EMAIL_BYTES_MAX
        && is_part(local, "!#$%&'*+-/=?^_`{|}~.")
        && is_part(domain, "-.")
        && !domain.starts_with('.');
    fits.then(|| text.to_owned())
}

fn is_same(one: &Person, other: &Person) -> bool {
    let same_email = one.email.is_some() && one.email == other.email;
    let is_address = |person: &Person| person.email.as_deref() == Some(person.name.as_str());
    // Two of one name with two addresses are two; an address alone may be anybody's who gives it.
    let differ = one.email.is_some() && other.email.is_some() && one.email != other.email;
    same_email && (one.name == other.name || is_address(one) || is_address(other))
        || one.name.to_lowercase() == other.name.to_lowercase() && !differ
}

fn merge(known: &mut Person, other: Person) {
    if known.email.as_deref() == Some(known.name.as_str()) {
        known.name = other.name;
    }
    known.email = known.email.take().or(other.email);
    known.url = known.url.take().or(other.url);
}
