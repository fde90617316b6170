//! What each element means where it stands, for both families of dialects at once. This is the table to
//! edit when a feed uses an element that nobody reads yet.
//!
//! Elements that the crates `rss` and `atom_syndication` know keep their names and go to them. A name that
//! begins with `+` goes to `extras.rs`, because those crates have no place for it.

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
        "url" => Text("+link"),
        "description" => Html("description"),
        "tagline" | "subtitle" => Html("+summary"),
        "language" => Text("language"),
        "copyright" => Html("copyright"),
        "rights" => Html("+rights"),
        "managingeditor" => Text("managingEditor"),
        "webmaster" => Text("+publisher"),
        "author" => Open("+author", Place::Person),
        "pubdate" => Text("pubDate"),
        "lastbuilddate" => Text("lastBuildDate"),
        "modified" | "updated" => Text("+updated"),
        "generator" => Text("generator"),
        "category" => Text("category"),
        "ttl" => Text("ttl"),
        "skiphours" => Open("skipHours", Place::Skip),
        "skipdays" => Open("skipDays", Place::Skip),
        "image" => Open("image", Place::Image),
        "logo" | "icon" => Text("+image"),
        _ => Skip,
    }
}

fn item(local: &str) -> Act {
    match local {
        "title" => Html("title"),
        "link" => Text("link"),
        "url" => Text("+link"),
        "description" => Html("description"),
        "summary" | "abstract" => Html("+summary"),
        "content" | "body" | "fulltext" => Html("+content"),
        "author" => Open("+author", Place::Person),
        "contributor" => Open("+contributor", Place::Person),
        "category" => Text("category"),
        "keywords" | "tags" => Text("+keywords"),
        "comments" => Text("comments"),
        "enclosure" => Empty("enclosure"),
        "guid" => Text("guid"),
        "id" => Text("+id"),
        "pubdate" => Text("pubDate"),
        "published" | "issued" => Text("+published"),
        "created" => Text("+created"),
        "date" => Text("+date"),
        "updated" | "modified" => Text("+updated"),
        "source" => Text("source"),
        "image" | "thumbnail" => Open("+image", Place::Image),
        "language" => Text("+language"),
        "rights" | "copyright" => Html("+rights"),
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
        "updated" | "modified" | "lastbuilddate" => Text("+updated"),
        "published" | "pubdate" | "issued" | "created" => Text("+published"),
        "author" => Open("author", Place::Person),
        "contributor" => Open("contributor", Place::Person),
        "category" => Empty("category"),
        "generator" => Text("generator"),
        "icon" => Text("icon"),
        "logo" => Text("logo"),
        "rights" | "copyright" => Html("rights"),
        "language" => Text("+language"),
        _ => Skip,
    }
}

fn entry(local: &str) -> Act {
    match local {
        "title" => Html("title"),
        "id" | "guid" => Text("id"),
        "link" => Empty("link"),
        "updated" | "modified" => Text("+updated"),
        "published" | "issued" | "pubdate" => Text("+published"),
        "created" => Text("+created"),
        "author" => Open("author", Place::Person),
        "contributor" => Open("contributor", Place::Person),
        "category" => Empty("category"),
        "summary" => Html("summary"),
        "description" => Html("+summary"),
        "content" => Html("content"),
        "rights" | "copyright" => Html("rights"),
        "source" => Open("source", Place::Source),
        "language" => Text("+language"),
        _ => Skip,
    }
}

fn atom_in_channel(local: &str) -> Act {
    match local {
        "link" => Empty("+link"),
        "author" => Open("+author", Place::Person),
        "updated" | "modified" => Text("+updated"),
        "id" => Text("+id"),
        "subtitle" | "tagline" => Html("+summary"),
        "logo" | "icon" => Text("+image"),
        "rights" => Html("+rights"),
        "entry" => Open("item", Place::Entry),
        _ => Skip,
    }
}

fn atom_in_item(local: &str) -> Act {
    match local {
        "link" => Empty("+link"),
        "author" => Open("+author", Place::Person),
        "contributor" => Open("+contributor", Place::Person),
        "updated" | "modified" => Text("+updated"),
        "published" | "issued" => Text("+published"),
        "created" => Text("+created"),
        "id" => Text("+id"),
        "title" => Html("+title"),
        "summary" => Html("+summary"),
        "content" => Html("+content"),
        "rights" => Html("+rights"),
        "category" => Empty("+category"),
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
        "group" => Open("+group", Place::Media),
        "content" => Open("+content", Place::Media),
        "thumbnail" => Empty("+thumbnail"),
        "title" => Html("+mediatitle"),
        "description" => Html("+mediadescription"),
        "credit" => Text("+credit"),
        "player" => Empty("+player"),
        "keywords" => Text("+keywords"),
        _ => Skip,
    }
}

/// Elements of other vocabularies in a channel, feed, item or entry.
fn extension(in_entry: bool, ns: Ns, local: &str) -> Act {
    match (ns, local) {
        (Ns::Rdf, "rdf") => Through,
        (Ns::Dc | Ns::Dcterms, _) => dublin_core(local),
        (Ns::Content, "encoded") if in_entry => Html("+encoded"),
        (Ns::Xhtml, "body" | "div") if in_entry => Html("+content"),
        (Ns::Media, "group") if in_entry => Open("+group", Place::Media),
        (Ns::Media, "content") if in_entry => Open("+content", Place::Media),
        (Ns::Media, "thumbnail") => Empty("+thumbnail"),
        (Ns::Media, "title") if in_entry => Html("+mediatitle"),
        (Ns::Media, "description") if in_entry => Html("+mediadescription"),
        (Ns::Media, "credit") | (Ns::Podcast, "person") if in_entry => Text("+credit"),
        (Ns::Media, "category") if in_entry => Text("+subject"),
        (Ns::Media, "keywords") => Text("+keywords"),
        (Ns::Itunes, _) => podcast(in_entry, local),
        (Ns::Podcast, "season") => Text("+season"),
        (Ns::Podcast, "episode") => Text("+episode"),
        (Ns::Podcast, "transcript") if in_entry => Empty("+transcript"),
        (Ns::Podcast, "chapters") if in_entry => Empty("+chapters"),
        (Ns::Sy, "updateperiod") => Text("+updateperiod"),
        (Ns::Sy, "updatefrequency") => Text("+updatefrequency"),
        (Ns::Sy, "updatebase") => Text("+updatebase"),
        (Ns::Proxy, "origlink") => Text("+origlink"),
        (Ns::Proxy, "origenclosurelink") => Text("+origenclosure"),
        _ => Skip,
    }
}

fn dublin_core(local: &str) -> Act {
    match local {
        "creator" | "author" => Text("+creator"),
        "contributor" => Text("+contributorname"),
        "publisher" => Text("+publisher"),
        "date" => Text("+date"),
        "issued" | "available" => Text("+issued"),
        "created" => Text("+created"),
        "modified" => Text("+modified"),
        "subject" => Text("+subject"),
        "title" => Html("+title"),
        "description" | "abstract" => Html("+summary"),
        "language" => Text("+language"),
        "rights" => Html("+rights"),
        _ => Skip,
    }
}

fn podcast(in_entry: bool, local: &str) -> Act {
    match local {
        "author" => Text("+castauthor"),
        "owner" if !in_entry => Open("+owner", Place::Person),
        "summary" | "description" => Html("+castsummary"),
        "subtitle" => Html("+castsubtitle"),
        "title" if in_entry => Html("+casttitle"),
        "episodetype" if in_entry => Text("+episodetype"),
        "block" if in_entry => Text("+block"),
        "image" => Empty("+castimage"),
        "duration" => Text("+duration"),
        "episode" => Text("+episode"),
        "season" => Text("+season"),
        "explicit" => Text("+explicit"),
        "keywords" => Text("+keywords"),
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
    ("height", "height"),
    ("language", "language"),
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
