//! The decisions that are taken on an entry once, when it is first seen, and then kept.

use std::sync::LazyLock;

use chrono::SubsecRound as _;
use url::Url;
use uuid::{Builder, Uuid};

use crate::model::{DateOrigin, Digest, EntryKey, FeedEntry, Identity, IdentityKind, SourceId, Timestamp};

/// The version of the UUIDs that [`spare_id`] makes.
const SPARE_VERSION: usize = 8;

/// The namespace of the ids that nashra makes: version 5 of the URL namespace and the project's name.
static NAMESPACE: LazyLock<Uuid> = LazyLock::new(|| Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:nashra:entry"));

/// When an entry counts as published. Upstream dates are hints: a missing one is the moment we first
/// saw it, and so is a future one, lest it sit on top of every feed until its day comes, and one that only says
/// that there is none, such as 1970.
pub fn published(said: &FeedEntry, first_seen: Timestamp) -> (Timestamp, DateOrigin) {
    let first_seen = first_seen.trunc_subsecs(0);
    let real = |at: Option<Timestamp>| at.filter(|at| !DateOrigin::is_absurd(*at));
    match (real(said.published), real(said.updated)) {
        (Some(at), _) if at <= first_seen => (at, DateOrigin::Source),
        (None, Some(at)) if at <= first_seen => (at, DateOrigin::SourceUpdated),
        (Some(_), _) | (None, Some(_)) => (first_seen, DateOrigin::Future),
        (None, None) if said.published.or(said.updated).is_some() => (first_seen, DateOrigin::Absurd),
        (None, None) => (first_seen, DateOrigin::Missing),
    }
}

/// Whether an entry has nothing that a reader could be shown; such a one is not taken in.
pub fn says_nothing(said: &FeedEntry) -> bool {
    let texts = [&said.title, &said.link, &said.summary, &said.content, &said.image];
    texts.iter().all(|text| text.is_none()) && said.enclosures.is_empty()
}

/// The id that the source gave, where readers can use it: a URL, tag: or urn: (RFC 4287 §4.2.6).
pub fn own_id(said: &FeedEntry, identity: &Identity) -> Option<String> {
    let id = said.id.as_deref().filter(|_| identity.kind == IdentityKind::Guid)?;
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`[]".contains(c);
    if id.contains(forbidden) || id.matches('#').count() > 1 || !has_sound_escapes(id) {
        return None;
    }
    // Those that `spare_id` makes are nobody else's.
    if Uuid::try_parse(id).is_ok_and(|uuid| uuid.get_version_num() == SPARE_VERSION) {
        return None;
    }
    let url = Url::parse(id).ok()?;
    let usable = match url.scheme() {
        "http" | "https" => url.has_host() && id[url.scheme().len()..].starts_with("://"),
        "tag" | "urn" => id.len() > url.scheme().len() + 1,
        _ => false,
    };
    usable.then(|| id.to_owned())
}

/// The id that we make where the source's own cannot be used: a version 5 UUID (RFC 9562 §5.5) of
/// (source, identity), so that it is the same after any restart and on any machine.
pub fn made_id(source: &SourceId, identity: &Identity) -> String {
    let kind = match identity.kind {
        IdentityKind::Guid => "guid",
        IdentityKind::Link => "link",
        IdentityKind::Content => "content",
    };
    let name = format!("{source}\n{kind}\n{}", identity.value);
    format!("urn:uuid:{}", Uuid::new_v5(&NAMESPACE, name.as_bytes()))
}

/// The id of the entry with this key where somebody else has the made one already: a version 8 UUID (RFC 9562
/// §5.8), which [`own_id`] takes from nobody, so that it is always free.
pub fn spare_id(source: &SourceId, key: EntryKey) -> String {
    let bytes = Digest::of([source.0.as_bytes(), &key.0]).0;
    format!("urn:uuid:{}", Builder::from_custom_bytes(bytes).into_uuid())
}

/// The id of a feed that has none of its own and no public address.
pub fn source_id(source: &SourceId) -> String {
    format!("urn:uuid:{}", Uuid::new_v5(&NAMESPACE, format!("source\n{source}").as_bytes()))
}

/// The id of a notice to the admin: what `about` was at `at` has one id for ever.
pub fn notice_id(about: &str, at: Timestamp) -> String {
    let name = format!("notice\n{about}\n{}", at.timestamp_millis());
    format!("urn:uuid:{}", Uuid::new_v5(&NAMESPACE, name.as_bytes()))
}

/// The id of the admin's private feed on the site with this address.
pub fn notices_id(site_url: &str) -> String {
    format!("urn:uuid:{}", Uuid::new_v5(&NAMESPACE, format!("notices\n{site_url}").as_bytes()))
}

/// A percent sign that starts no escape makes an IRI invalid.
fn has_sound_escapes(id: &str) -> bool {
    id.match_indices('%').all(|(at, _)| {
        id.as_bytes().get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, kept: bool) {
        let said = FeedEntry { id: Some(id.to_owned()), ..FeedEntry::default() };
        let identity = Identity { kind: IdentityKind::Guid, value: id.to_owned() };
        assert_eq!(own_id(&said, &identity).is_some(), kept, "{id}");
    }

    #[test]
    fn which_ids_readers_can_use() {
        check("https://example.org/?p=12", true);
        check("https://example.org/خبر", true);
        check("tag:example.org,2026:1", true);
        check("urn:uuid:60a76c80-d399-11d9-b93c-0003939e0af6", true);
        check("12345", false);
        check("example.org/?p=12", false);
        check("https:relative", false);
        check("https://example.org/a b", false);
        check("https://example.org/100%", false);
        check("javascript:alert(1)", false);
        check(&spare_id(&SourceId("a".to_owned()), EntryKey([7; 16])), false);
    }

    #[test]
    fn made_ids_depend_on_source_and_identity_only() {
        let identity = |value: &str| Identity { kind: IdentityKind::Guid, value: value.to_owned() };
        let source = |id: &str| SourceId(id.to_owned());
        let id = made_id(&source("a"), &identity("1"));
        assert_eq!(id, made_id(&source("a"), &identity("1")));
        assert_ne!(id, made_id(&source("b"), &identity("1")));
        assert_ne!(id, made_id(&source("a"), &identity("2")));
        assert!(id.starts_with("urn:uuid:") && id.as_bytes()[23] == b'5', "{id}");
    }
}
