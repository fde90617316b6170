//! What each element means where it stands, for both families of dialects at once. This is the table to
//! edit when a feed uses an element that nobody reads yet.
//!
//! Elements that the crates `rss` and `atom_syndication` know keep their names. What those crates have no
//! place for goes into a vocabulary of our own, prefix `n`, which they hand through as extensions; the
//! names in it are those that `extras.rs` looks for.

use super::names::Ns;

/// The two families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// RSS 0.9x, 1.0 and 2.0.
    Rss,
    /// Atom 0.3 and 1.0.
    Atom,
}

/// Where we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the channel or feed.
    Feed,
    /// In an item or entry.
    Entry,
    /// In an author or contributor.
    Person,
    /// In an Atom `source`.
    Source,
    /// In the `image` of a channel.
    Image,
    /// In `skipHours` or `skipDays`.
    Skip,
    /// In a Media RSS element.
    Media,
}

/// What to do with an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// A line of text under this name.
    Text(&'static str),
    /// Text that may be or hold markup.
    Html(&'static str),
    /// An element with children of its own kind.
    Open(&'static str, Place),
    /// Only its attributes count.
    Empty(&'static str),
    /// Its tags do not count, its children do.
    Through,
    /// Nobody reads it.
    Skip,
}

use Act::{Empty, Html, Open, Skip, Text, Through};

/// What the element `ns:local` (in lower case) means in `place`.
pub(super) fn act(family: Family, place: Place, ns: Ns, local: &str) -> Act {
    match (place, ns) {
        (Place::Feed, Ns::Core) if family == Family::Rss => channel(local),
        (Place::Entry, Ns::Core) if family == Family::Rss => item(local),
        (Place::Feed, Ns::Core) => feed(local),
        (Place::Entry, Ns::Core) => entry(local),
        (Place::Entry, Ns::Atom) => atom_in_item(local),
        (Place::Feed, Ns::Atom) => atom_in_channel(local),
        // The crate `rss` has a place for it, the crate `atom_syndication` has not.
        (Place::Entry, Ns::Content) if family == Family::Rss && local == "encoded" => Html("content:encoded"),
        (Place::Person, _) => person(local),
        (Place::Source, Ns::Core | Ns::Atom) => source(local),
        (Place::Image, Ns::Core) => image(local),
        (Place::Skip, _) => match local {
            "hour" => Text("hour"),
            "day" => Text("day"),
            _ => Skip,
        },
        (Place::Media, Ns::Media) => media(local),
        (Place::Feed | Place::Entry, _) => extension(place == Place::Entry, ns, local),
        _ => Skip,
    }
}

fn channel(local: &str) -> Act {
    match local {
        "channel" | "rss" | "rdf" => Through,
        "item" | "entry" => Open("item", Place::Entry),
        "title" => Html("title"),
        "link" => Text("link"),
        "url" => Text("n:link"),
        "description" => Html("description"),
        "tagline" | "subtitle" => Html("n:summary"),
        "language" => Text("language"),
        "copyright" => Html("copyright"),
        "rights" => Html("n:rights"),
        "managingeditor" => Text("managingEditor"),
        "author" => Open("n:author", Place::Person),
        "pubdate" => Text("pubDate"),
        "lastbuilddate" => Text("lastBuildDate"),
        "modified" | "updated" => Text("n:updated"),
        "generator" => Text("generator"),
        "category" => Text("category"),
        "ttl" => Text("ttl"),
        "skiphours" => Open("skipHours", Place::Skip),
        "skipdays" => Open("skipDays", Place::Skip),
        "image" => Open("image", Place::Image),
        "logo" | "icon" => Text("n:image"),
        _ => Skip,
    }
}

fn item(local: &str) -> Act {
    match local {
        "title" => Html("title"),
        "link" => Text("link"),
        "url" => Text("n:link"),
        "description" => Html("description"),
        "summary" | "abstract" => Html("n:summary"),
        "content" | "body" | "fulltext" => Html("n:content"),
        "author" => Open("n:author", Place::Person),
        "contributor" => Open("n:contributor", Place::Person),
        "category" => Text("category"),
        "keywords" => Text("n:keywords"),
        "comments" => Text("comments"),
        "enclosure" => Empty("enclosure"),
        "guid" => Text("guid"),
        "id" => Text("n:id"),
        "pubdate" => Text("pubDate"),
        "published" | "issued" => Text("n:published"),
        "created" => Text("n:created"),
        "date" => Text("n:date"),
        "updated" | "modified" => Text("n:updated"),
        "source" => Text("source"),
        "image" | "thumbnail" => Open("n:image", Place::Image),
        "language" => Text("n:language"),
        "rights" | "copyright" => Html("n:rights"),
        _ => Skip,
    }
}

fn feed(local: &str) -> Act {
    match local {
        "feed" | "channel" => Through,
        "entry" | "item" => Open("entry", Place::Entry),
        "title" => Html("title"),
        "subtitle" | "tagline" | "description" => Html("subtitle"),
        "id" => Text("id"),
        "link" => Empty("link"),
        "updated" | "modified" | "lastbuilddate" => Text("n:updated"),
        "published" | "pubdate" | "issued" | "created" => Text("n:published"),
        "author" => Open("author", Place::Person),
        "contributor" => Open("contributor", Place::Person),
        "category" => Empty("category"),
        "generator" => Text("generator"),
        "icon" => Text("icon"),
        "logo" => Text("logo"),
        "rights" | "copyright" => Html("rights"),
        "language" => Text("n:language"),
        _ => Skip,
    }
}

fn entry(local: &str) -> Act {
    match local {
        "title" => Html("title"),
        "id" | "guid" => Text("id"),
        "link" => Empty("link"),
        "updated" | "modified" => Text("n:updated"),
        "published" | "issued" | "pubdate" => Text("n:published"),
        "created" => Text("n:created"),
        "author" => Open("author", Place::Person),
        "contributor" => Open("contributor", Place::Person),
        "category" => Empty("category"),
        "summary" => Html("summary"),
        "description" => Html("n:summary"),
        "content" => Html("content"),
        "rights" | "copyright" => Html("rights"),
        "source" => Open("source", Place::Source),
        "language" => Text("n:language"),
        _ => Skip,
    }
}

fn atom_in_channel(local: &str) -> Act {
    match local {
        "link" => Empty("atom:link"),
        "author" => Open("n:author", Place::Person),
        "updated" | "modified" => Text("n:updated"),
        "id" => Text("n:id"),
        "subtitle" | "tagline" => Html("n:summary"),
        "logo" | "icon" => Text("n:image"),
        "rights" => Html("n:rights"),
        "entry" => Open("item", Place::Entry),
        _ => Skip,
    }
}

fn atom_in_item(local: &str) -> Act {
    match local {
        "link" => Empty("atom:link"),
        "author" => Open("n:author", Place::Person),
        "contributor" => Open("n:contributor", Place::Person),
        "updated" | "modified" => Text("n:updated"),
        "published" | "issued" => Text("n:published"),
        "created" => Text("n:created"),
        "id" => Text("n:id"),
        "title" => Html("n:title"),
        "summary" => Html("n:summary"),
        "content" => Html("n:content"),
        "rights" => Html("n:rights"),
        "category" => Empty("n:category"),
        _ => Skip,
    }
}

fn source(local: &str) -> Act {
    match local {
        "title" => Html("title"),
        "id" => Text("id"),
        "link" => Empty("link"),
        _ => Skip,
    }
}

fn person(local: &str) -> Act {
    match local {
        "name" => Text("name"),
        "email" => Text("email"),
        "uri" | "url" | "homepage" => Text("uri"),
        _ => Skip,
    }
}

fn image(local: &str) -> Act {
    match local {
        "url" => Text("url"),
        "title" => Text("title"),
        "link" => Text("link"),
        _ => Skip,
    }
}

fn media(local: &str) -> Act {
    match local {
        "group" => Open("n:group", Place::Media),
        "content" => Open("n:content", Place::Media),
        "thumbnail" => Empty("n:thumbnail"),
        "title" => Html("n:title"),
        "description" => Html("n:description"),
        "credit" => Text("n:credit"),
        "player" => Empty("n:player"),
        "keywords" => Text("n:keywords"),
        _ => Skip,
    }
}

/// Elements of other vocabularies in a channel, feed, item or entry.
fn extension(in_entry: bool, ns: Ns, local: &str) -> Act {
    match (ns, local) {
        (Ns::Rdf, "rdf") => Through,
        (Ns::Dc | Ns::Dcterms, _) => dublin_core(local),
        (Ns::Content, "encoded") if in_entry => Html("n:encoded"),
        (Ns::Xhtml, "body" | "div") if in_entry => Html("n:content"),
        (Ns::Media, "group") if in_entry => Open("n:media", Place::Media),
        (Ns::Media, "content") if in_entry => Open("n:mediacontent", Place::Media),
        (Ns::Media, "thumbnail") => Empty("n:thumbnail"),
        (Ns::Media, "title") if in_entry => Html("n:mediatitle"),
        (Ns::Media, "description") if in_entry => Html("n:mediadescription"),
        (Ns::Media, "credit") | (Ns::Podcast, "person") if in_entry => Text("n:credit"),
        (Ns::Media, "category") if in_entry => Text("n:subject"),
        (Ns::Media, "keywords") => Text("n:keywords"),
        (Ns::Itunes, _) => podcast(in_entry, local),
        (Ns::Podcast, "season") => Text("n:season"),
        (Ns::Podcast, "episode") => Text("n:episode"),
        (Ns::Sy, "updateperiod") => Text("n:updateperiod"),
        (Ns::Sy, "updatefrequency") => Text("n:updatefrequency"),
        (Ns::Sy, "updatebase") => Text("n:updatebase"),
        (Ns::Proxy, "origlink") => Text("n:origlink"),
        (Ns::Proxy, "origenclosurelink") => Text("n:origenclosure"),
        _ => Skip,
    }
}

fn dublin_core(local: &str) -> Act {
    match local {
        "creator" | "author" => Text("n:creator"),
        "contributor" => Text("n:contributorname"),
        "publisher" => Text("n:publisher"),
        "date" => Text("n:date"),
        "issued" | "available" => Text("n:issued"),
        "created" => Text("n:created"),
        "modified" => Text("n:modified"),
        "subject" => Text("n:subject"),
        "title" => Html("n:title"),
        "description" | "abstract" => Html("n:summary"),
        "language" => Text("n:language"),
        "rights" => Html("n:rights"),
        _ => Skip,
    }
}

fn podcast(in_entry: bool, local: &str) -> Act {
    match local {
        "author" => Text("n:castauthor"),
        "owner" if !in_entry => Open("n:owner", Place::Person),
        "summary" | "description" => Html("n:castsummary"),
        "subtitle" => Html("n:castsubtitle"),
        "title" if in_entry => Html("n:title"),
        "image" => Empty("n:castimage"),
        "duration" => Text("n:duration"),
        "episode" => Text("n:episode"),
        "season" => Text("n:season"),
        "explicit" => Text("n:explicit"),
        "keywords" => Text("n:keywords"),
        _ => Skip,
    }
}

/// Attributes that are handed on, in lower case and as they are handed on.
pub(super) const ATTRIBUTES: &[(&str, &str)] = &[
    ("url", "url"),
    ("href", "href"),
    ("src", "src"),
    ("uri", "uri"),
    ("type", "type"),
    ("rel", "rel"),
    ("hreflang", "hreflang"),
    ("title", "title"),
    ("length", "length"),
    ("domain", "domain"),
    ("ispermalink", "isPermaLink"),
    ("term", "term"),
    ("scheme", "scheme"),
    ("label", "label"),
    ("medium", "medium"),
    ("filesize", "fileSize"),
    ("duration", "duration"),
    ("width", "width"),
    ("role", "role"),
    ("mode", "mode"),
];

/// Attributes that hold an address.
pub(super) fn holds_address(name: &str) -> bool {
    matches!(name, "url" | "href" | "src" | "uri")
}

/// Whether a start tag of this name shows that an open text element was left unclosed. Within markup only
/// what HTML does not have can show that.
pub(super) fn ends_text(local: &str, may_hold_markup: bool) -> bool {
    match local {
        "item" | "entry" | "channel" | "pubdate" | "lastbuilddate" | "guid" | "published" | "updated"
        | "issued" | "modified" | "managingeditor" | "webmaster" | "enclosure" => true,
        "title" | "link" | "description" | "author" | "category" | "comments" | "source" | "summary"
        | "content" | "id" | "image" | "language" | "generator" | "ttl" => !may_hold_markup,
        _ => false,
    }
}
