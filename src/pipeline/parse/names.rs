//! Namespaces: whatever prefix a publisher chose, here an element has one of the names that we know.

/// A vocabulary that feeds use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ns {
    /// The dialect's own elements.
    Core,
    /// Atom within RSS.
    Atom,
    /// Dublin Core.
    Dc,
    /// Dublin Core terms.
    Dcterms,
    /// `content:encoded`.
    Content,
    /// Media RSS.
    Media,
    /// Podcasts as Apple and Google describe them.
    Itunes,
    /// Podcasts as podcastindex.org describes them.
    Podcast,
    /// The syndication module: when to come again.
    Sy,
    /// RDF.
    Rdf,
    /// XHTML.
    Xhtml,
    /// FeedBurner and Pheedo: the links that they replaced.
    Proxy,
    /// `xml:`.
    Xml,
    /// Anything else, which nobody reads.
    Other,
}

/// Beginnings of namespace addresses, in lower case and without scheme.
const URIS: &[(&str, Ns)] = &[
    ("www.w3.org/2005/atom", Ns::Atom),
    ("purl.org/atom/ns", Ns::Atom),
    ("example.com/newformat", Ns::Atom),
    ("example.com/necho", Ns::Atom),
    ("purl.org/echo/", Ns::Atom),
    ("uri/of/echo/namespace", Ns::Atom),
    ("purl.org/pie/", Ns::Atom),
    ("purl.org/rss/1.0/modules/content", Ns::Content),
    ("purl.org/rss/1.0/modules/syndication", Ns::Sy),
    ("purl.org/rss/1.0/modules/", Ns::Other),
    ("purl.org/rss/", Ns::Core),
    ("my.netscape.com/rdf/simple/0.9", Ns::Core),
    ("channel.netscape.com/rdf/simple/0.9", Ns::Core),
    ("my.netscape.com/publish/formats/rss-0.9", Ns::Core),
    ("purl.org/net/rss1.1", Ns::Core),
    ("backend.userland.com/rss", Ns::Core),
    ("blogs.law.harvard.edu/tech/rss", Ns::Core),
    ("cyber.law.harvard.edu/rss", Ns::Core),
    ("www.rssboard.org/", Ns::Core),
    ("purl.org/dc/elements/", Ns::Dc),
    ("purl.org/dc/terms", Ns::Dcterms),
    ("search.yahoo.com/mrss", Ns::Media),
    ("tools.search.yahoo.com/mrss", Ns::Media),
    ("video.search.yahoo.com/mrss", Ns::Media),
    ("www.itunes.com/dtds/podcast", Ns::Itunes),
    ("example.com/dtds/podcast", Ns::Itunes),
    ("www.google.com/schemas/play-podcasts", Ns::Itunes),
    ("podcastindex.org/namespace/", Ns::Podcast),
    ("github.com/podcastindex-org/podcast-namespace", Ns::Podcast),
    ("www.w3.org/1999/02/22-rdf-syntax-ns", Ns::Rdf),
    ("www.w3.org/1999/xhtml", Ns::Xhtml),
    ("www.w3.org/tr/rec-html40", Ns::Xhtml),
    ("rssnamespace.org/feedburner", Ns::Proxy),
    ("www.pheedo.com/namespace/pheedo", Ns::Proxy),
    ("www.w3.org/xml/1998/namespace", Ns::Xml),
];

/// What prefixes mean where nobody says.
const PREFIXES: &[(&str, Ns)] = &[
    ("dc", Ns::Dc),
    ("dcterms", Ns::Dcterms),
    ("content", Ns::Content),
    ("media", Ns::Media),
    ("mrss", Ns::Media),
    ("itunes", Ns::Itunes),
    ("googleplay", Ns::Itunes),
    ("podcast", Ns::Podcast),
    ("atom", Ns::Atom),
    ("atom03", Ns::Atom),
    ("atom10", Ns::Atom),
    ("a10", Ns::Atom),
    ("sy", Ns::Sy),
    ("rdf", Ns::Rdf),
    ("rss", Ns::Core),
    ("xhtml", Ns::Xhtml),
    ("feedburner", Ns::Proxy),
    ("pheedo", Ns::Proxy),
    ("xml", Ns::Xml),
];

/// The vocabulary behind a namespace address; `None` where it is not known.
pub(super) fn of_uri(uri: &str) -> Option<Ns> {
    let lower = uri.trim().to_ascii_lowercase();
    let bare = lower.strip_prefix("http://").or_else(|| lower.strip_prefix("https://")).unwrap_or(&lower);
    URIS.iter().find(|(start, _)| bare.starts_with(start)).map(|(_, ns)| *ns)
}

/// The vocabulary behind a prefix that is not declared.
pub(super) fn of_prefix(prefix: &str) -> Option<Ns> {
    PREFIXES.iter().find(|(known, _)| known.eq_ignore_ascii_case(prefix)).map(|(_, ns)| *ns)
}

/// `prefix:local`; an empty prefix where there is none.
pub(super) fn split(name: &str) -> (&str, &str) {
    name.split_once(':').filter(|(_, local)| !local.is_empty()).unwrap_or(("", name))
}

/// A name in lower case without an allocation; longer ones than we know become empty.
#[derive(Clone, Copy)]
pub(super) struct Lower {
    bytes: [u8; 32],
    length: usize,
}

impl Lower {
    pub(super) fn of(name: &str) -> Self {
        let mut lower = Self { bytes: [0; 32], length: 0 };
        if name.len() <= 32 && name.is_ascii() {
            lower.length = name.len();
            lower.bytes[..name.len()].copy_from_slice(name.as_bytes());
            lower.bytes[..name.len()].make_ascii_lowercase();
        }
        lower
    }

    pub(super) fn as_str(&self) -> &str {
        // ASCII by construction.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

/// The declarations in force, innermost last.
#[derive(Debug, Default)]
pub(super) struct Scopes<'a> {
    bindings: Vec<(&'a str, Option<Ns>)>,
}

impl<'a> Scopes<'a> {
    /// How many declarations are in force; `close` takes it back.
    pub(super) fn mark(&self) -> usize {
        self.bindings.len()
    }

    /// Ends the declarations that came after `mark`.
    pub(super) fn close(&mut self, mark: usize) {
        self.bindings.truncate(mark);
    }

    /// A declaration of `prefix`, which is empty for the default namespace.
    pub(super) fn declare(&mut self, prefix: &'a str, uri: &str) {
        // Ones that nobody can need would only slow down the search.
        if self.bindings.len() < 256 {
            self.bindings.push((prefix, of_uri(uri)));
        }
    }

    /// The vocabulary of a prefix. An address that nobody knows tells nothing, so the prefix must do.
    pub(super) fn of(&self, prefix: &str) -> Ns {
        let bound = self.bindings.iter().rev().find(|(known, _)| *known == prefix).map(|(_, ns)| *ns);
        match (bound.flatten(), prefix) {
            (Some(ns), _) => ns,
            (None, "") => Ns::Core,
            (None, prefix) => of_prefix(prefix).unwrap_or(Ns::Other),
        }
    }
}
