//! A document as a tree, with its namespaces resolved.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

/// An element.
#[derive(Debug, Default)]
pub struct Node {
    /// `prefix:local` with the prefixes that everybody knows; Atom's own elements have `atom`.
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// The text in it, without that of its children.
    pub text: String,
    pub children: Vec<Node>,
}

impl Node {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub fn one(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of this name; empty where there is none.
    pub fn text_of(&self, name: &str) -> &str {
        self.one(name).map_or("", |child| &child.text)
    }
}

/// The names that the rules know the namespaces by.
const NAMESPACES: &[(&str, &str)] = &[
    ("http://www.w3.org/2005/Atom", "atom"),
    ("http://purl.org/rss/1.0/modules/content/", "content"),
    ("http://purl.org/dc/elements/1.1/", "dc"),
    ("http://www.itunes.com/dtds/podcast-1.0.dtd", "itunes"),
    ("https://podcastindex.org/namespace/1.0", "podcast"),
    ("http://search.yahoo.com/mrss/", "media"),
    ("http://purl.org/syndication/history/1.0", "fh"),
    ("http://purl.org/atompub/tombstones/1.0", "at"),
    ("urn:x-nashra:atom", "nashra"),
];

/// Reads strictly; the error is the first thing that is not well-formed, or a namespace that is not declared.
pub fn tree(document: &str) -> Result<Node, String> {
    let mut reader = quick_xml::Reader::from_str(document);
    reader.config_mut().check_end_names = true;
    let mut open: Vec<(Node, usize)> = vec![];
    let mut scopes: Vec<(String, String)> = vec![("xml".to_owned(), "xml".to_owned())];
    let mut root = None;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let ended = match event {
            Event::Start(start) => {
                let mark = scopes.len();
                open.push((node(&start, &mut scopes)?, mark));
                None
            }
            Event::Empty(start) => {
                let mark = scopes.len();
                Some((node(&start, &mut scopes)?, mark))
            }
            Event::End(_) => open.pop(),
            Event::Text(text) => {
                add(&mut open, std::str::from_utf8(&text).map_err(|error| error.to_string())?)?;
                None
            }
            Event::CData(text) => {
                add(&mut open, std::str::from_utf8(&text).map_err(|error| error.to_string())?)?;
                None
            }
            Event::GeneralRef(name) => {
                let name = std::str::from_utf8(&name).map_err(|error| error.to_string())?.to_owned();
                add(&mut open, &character(&name)?.to_string())?;
                None
            }
            Event::DocType(_) => return Err("a document type".to_owned()),
            Event::Eof => break,
            _ => None,
        };
        if let Some((node, mark)) = ended {
            scopes.truncate(mark);
            match open.last_mut() {
                Some((parent, _)) => parent.children.push(node),
                None => root = Some(node),
            }
        }
    }
    root.filter(|_| open.is_empty()).ok_or_else(|| "it ends too early".to_owned())
}

fn node(start: &BytesStart<'_>, scopes: &mut Vec<(String, String)>) -> Result<Node, String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string());
    let mut attributes = vec![];
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        let name = text(attribute.key.as_ref())?;
        match name.strip_prefix("xmlns") {
            Some(prefix) => scopes.push((prefix.trim_start_matches(':').to_owned(), value.into_owned())),
            None => attributes.push((name, value.into_owned())),
        }
    }
    let resolved = |name: &str, is_element: bool| {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        if prefix.is_empty() && !is_element || prefix == "xml" {
            return Ok(name.to_owned());
        }
        let uri = scopes.iter().rev().find(|(known, _)| known == prefix).map(|(_, uri)| uri.as_str());
        match uri.map(|uri| NAMESPACES.iter().find(|(known, _)| *known == uri)) {
            Some(Some((_, known))) => Ok(format!("{known}:{local}")),
            None if prefix.is_empty() => Ok(local.to_owned()),
            _ => Err(format!("the prefix of {name} means nothing")),
        }
    };
    let named = attributes.into_iter().map(|(name, value)| Ok((resolved(&name, false)?, value)));
    let attributes = named.collect::<Result<_, String>>()?;
    Ok(Node { name: resolved(&text(start.name().as_ref())?, true)?, attributes, ..Node::default() })
}

fn add(open: &mut [(Node, usize)], text: &str) -> Result<(), String> {
    match open.last_mut() {
        Some((node, _)) => node.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err("text outside of the document".to_owned()),
    }
    Ok(())
}

fn character(name: &str) -> Result<char, String> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let found = match (name, name.strip_prefix('#')) {
        ("amp", _) => Some('&'),
        ("lt", _) => Some('<'),
        ("gt", _) => Some('>'),
        ("quot", _) => Some('"'),
        ("apos", _) => Some('\''),
        (_, Some(digits)) => {
            digits.strip_prefix('x').map_or_else(|| number(digits, 10), |digits| number(digits, 16))
        }
        _ => None,
    };
    found.ok_or_else(|| format!("&{name}; is not known"))
}
