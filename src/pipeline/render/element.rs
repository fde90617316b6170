//! Elements of vocabularies that RSS and Atom share, in the shapes that the two crates want.

use std::collections::BTreeMap;

use super::values::escape;

/// The namespaces behind our prefixes.
const NAMESPACES: &[(&str, &str)] = &[
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("podcast", "https://podcastindex.org/namespace/1.0"),
];

/// An element with its prefix. Nothing in it is escaped yet, and everything is legal in XML.
#[derive(Debug, Default)]
pub(super) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    text: Option<String>,
    children: Vec<Element>,
}

/// By prefix and name, as both crates keep extensions.
type Map<E> = BTreeMap<String, BTreeMap<String, Vec<E>>>;

impl Element {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// An element that holds nothing but text.
    pub(super) fn of_text(name: &'static str, text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::new(name) }
    }

    /// With an attribute, where there is a value for it.
    pub(super) fn with(mut self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        self.attributes.extend(value.map(|value| (name, value.into())));
        self
    }

    /// With another one in it, where there is text for it.
    pub(super) fn holding(mut self, name: &'static str, text: Option<&String>) -> Self {
        self.children.extend(text.map(|text| Self::of_text(name, text)));
        self
    }

    fn key(&self) -> (String, String) {
        let (prefix, local) = self.name.split_once(':').unwrap_or(("", self.name));
        (prefix.to_owned(), local.to_owned())
    }

    fn rss(self) -> rss::extension::Extension {
        let (attrs, children) = (self.attributes.into_iter(), self.children.into_iter());
        rss::extension::Extension {
            name: self.name.to_owned(),
            value: self.text,
            attrs: attrs.map(|(name, value)| (name.to_owned(), value)).collect(),
            children: by_name(children.map(|child| (child.key().1, child.rss()))),
        }
    }

    /// The crate does not escape the attributes of extensions, so they are escaped here.
    fn atom(self) -> atom_syndication::extension::Extension {
        let (attrs, children) = (self.attributes.into_iter(), self.children.into_iter());
        atom_syndication::extension::Extension {
            name: self.name.to_owned(),
            value: self.text,
            attrs: attrs.map(|(name, value)| (name.to_owned(), escape(&value))).collect(),
            children: by_name(children.map(|child| (child.key().1, child.atom()))),
        }
    }
}

/// The elements of an item.
pub(super) fn in_rss(elements: Vec<Element>) -> rss::extension::ExtensionMap {
    mapped(elements, Element::rss)
}

/// The elements of an entry.
pub(super) fn in_atom(elements: Vec<Element>) -> atom_syndication::extension::ExtensionMap {
    mapped(elements, Element::atom)
}

/// The declarations of the prefixes that are used.
pub(super) fn namespaces<'a, E: 'a>(used: impl Iterator<Item = &'a Map<E>>) -> BTreeMap<String, String> {
    let prefixes: std::collections::BTreeSet<&str> =
        used.flat_map(BTreeMap::keys).map(String::as_str).collect();
    let declared = NAMESPACES.iter().filter(|(prefix, _)| prefixes.contains(prefix));
    declared.map(|(prefix, uri)| ((*prefix).to_owned(), (*uri).to_owned())).collect()
}

fn mapped<E>(elements: Vec<Element>, into: fn(Element) -> E) -> Map<E> {
    let mut map = Map::new();
    for element in elements {
        let (prefix, local) = element.key();
        map.entry(prefix).or_default().entry(local).or_default().push(into(element));
    }
    map
}

fn by_name<E>(children: impl Iterator<Item = (String, E)>) -> BTreeMap<String, Vec<E>> {
    let mut map: BTreeMap<String, Vec<E>> = BTreeMap::new();
    for (name, child) in children {
        map.entry(name).or_default().push(child);
    }
    map
}
