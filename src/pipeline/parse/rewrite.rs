//! The tolerant front end: any text that holds a feed → a well-formed document in the plain dialect that
//! the crates `rss` and `atom_syndication` read without loss.
//!
//! Prefixes become ours, text becomes CDATA, references are resolved once, tags are closed, `xml:base` and
//! `xml:lang` are handed on as elements, dates keep their spelling, and what nobody reads is left out, so
//! that nothing deep, long or strange ever reaches the crates.

mod capture;
mod close;
mod emit;
mod fields;
mod root;
mod typed;

use std::rc::Rc;

use url::Url;

use super::entities::References;
use super::extras::Extras;
use super::grammar::{Act, Family, Place, act};
use super::names::{Lower, Ns, Scopes, split};
use super::notes::Notes;
use super::tokens::{Token, Tokens, quoted_attributes};
use crate::model::{Format, Problem};

/// Entries that are read; the rest is reported and left.
pub(super) const ENTRIES_MAX: usize = 20_000;
/// Elements of one entry or of the feed that are handed on.
const ELEMENTS_PER_ENTRY_MAX: usize = 1_000;
/// Open elements; deeper ones are skipped.
const DEPTH_MAX: usize = 32;
/// Attributes of one tag that are looked at.
const ATTRIBUTES_MAX: usize = 100;

/// A document for the crates.
#[derive(Debug)]
pub(super) struct Rewritten {
    /// Well-formed XML.
    pub(super) text: String,
    /// The dialect of the original.
    pub(super) format: Format,
    /// The family, which says which crate reads it.
    pub(super) family: Family,
    /// What the crates have no place for, of the feed.
    pub(super) extras: Extras,
    /// The same of each entry, in the order of `text`.
    pub(super) entries: Vec<Extras>,
    /// What had to be repaired.
    pub(super) problems: Vec<Problem>,
}

/// Rewrites a document; `None` where it holds no feed.
pub(super) fn rewrite(text: &str) -> Option<Rewritten> {
    let mut tokens = Tokens::new(text);
    let mut notes = Notes::default();
    let root = root::find(&mut tokens, &mut notes)?;
    let mut rewriter = Rewriter {
        tokens,
        out: String::with_capacity(text.len() + text.len() / 8 + 512),
        frames: Vec::new(),
        scopes: Scopes::default(),
        family: root.family,
        feed_extras: Extras::default(),
        entry_extras: Vec::new(),
        pieces: Vec::new(),
        expects_channel: root.name.to_ascii_lowercase().ends_with("rss"),
        has_returns: memchr::memchr(b'\r', text.as_bytes()).is_some(),
        ended: false,
        notes,
        references: References { declared: root.declared.clone(), ..References::default() },
    };
    let format = rewriter.open_root(&root);
    if !root.empty {
        rewriter.read();
    }
    Some(rewriter.finish(format))
}

/// What an element hands down to those in it.
#[derive(Clone, Debug, Default)]
struct Inherited {
    lang: Option<Rc<str>>,
    base: Option<Rc<str>>,
}

/// An open element.
#[derive(Debug)]
struct Frame<'a> {
    /// Its name as written.
    name: &'a str,
    /// Its name as handed on; empty where its tags do not count.
    emitted: &'static str,
    place: Place,
    /// The declarations in force before it.
    mark: usize,
    inherited: Inherited,
    /// What it has been given already, of which there can be one only.
    seen: u32,
    /// How many elements were handed on in it.
    elements: usize,
}

struct Rewriter<'a> {
    tokens: Tokens<'a>,
    out: String,
    frames: Vec<Frame<'a>>,
    scopes: Scopes<'a>,
    family: Family,
    feed_extras: Extras,
    entry_extras: Vec<Extras>,
    /// The pieces of the text that is being read; kept for its memory.
    pieces: Vec<Token<'a>>,
    /// Whether items belong into a channel: in RSS they do, in RDF they do not.
    expects_channel: bool,
    /// Whether the document holds a carriage return.
    has_returns: bool,
    /// Whether the root has been closed.
    ended: bool,
    notes: Notes,
    references: References<'a>,
}

impl<'a> Rewriter<'a> {
    fn read(&mut self) {
        while let Some(token) = self.tokens.next() {
            match token {
                Token::Start { name, attributes, empty } => {
                    if self.entry_extras.len() == ENTRIES_MAX && self.begins_entry(name) {
                        let sentence = || format!("more than {ENTRIES_MAX} entries; the rest was left");
                        self.notes.add("too-many-entries", sentence);
                        self.close_down_to(1);
                        self.ended = true;
                        return;
                    }
                    self.start(name, attributes, empty);
                }
                Token::End { name } => self.end(name),
                Token::Text(text) => self.loose_text(text, false),
                Token::Cdata(text) => self.loose_text(text, true),
                Token::Instruction | Token::Doctype(_) | Token::Ignored => {}
            }
        }
    }

    fn start(&mut self, name: &'a str, attrs: &'a str, empty: bool) {
        let mark = self.scopes.mark();
        let mut inherited = self.top().inherited.clone();
        let mut own = false;
        if !attrs.is_empty() {
            for (name, value, quoted) in quoted_attributes(attrs).take(ATTRIBUTES_MAX) {
                own |= self.declare(name, value, &mut inherited);
                self.notes.add_if(!quoted, "unquoted-attribute", "the value of an attribute has no quotes");
            }
        }
        let (prefix, local) = split(name);
        let lower = Lower::of(local);
        let ns = self.dialect(self.scopes.of(prefix));
        if ns == Ns::Core && matches!(lower.as_str(), "item" | "entry") {
            self.close_to_feed();
        }
        let what = act(self.family, self.top().place, ns, lower.as_str());
        self.note_name(local, what);
        let opens_entry = matches!(what, Act::Open(_, Place::Entry));
        let behind = self.ended && self.top().place == Place::Feed && !opens_entry;
        self.notes.add_if(behind, "junk-behind", "something stands behind the feed; it was left");
        if behind || self.is_full() {
            self.scopes.close(mark);
            return self.skip(name, empty);
        }
        match what {
            Act::Open(emitted, place) if self.frames.len() < DEPTH_MAX => {
                self.open(Tag { name, attrs, empty }, emitted, place, inherited, mark);
                return;
            }
            Act::Through if !empty => {
                let place = self.top().place;
                self.push(name, "", place, inherited, mark);
                if own {
                    self.keep_scope();
                }
                return;
            }
            Act::Text(emitted) => {
                self.text(Tag { name, attrs, empty }, emitted, false, own.then_some(&inherited));
            }
            Act::Html(emitted) => {
                self.text(Tag { name, attrs, empty }, emitted, true, own.then_some(&inherited));
            }
            Act::Empty(emitted) => self.empty(Tag { name, attrs, empty }, emitted, own.then_some(&inherited)),
            Act::Open(..) | Act::Through | Act::Skip => self.skip(name, empty),
        }
        self.scopes.close(mark);
    }

    /// XML tells capitals from small letters; publishers sometimes do not.
    fn note_name(&mut self, local: &str, what: Act) {
        if let Act::Text(name) | Act::Html(name) | Act::Open(name, _) | Act::Empty(name) = what {
            let other = !name.starts_with('+') && name != local && name.eq_ignore_ascii_case(local);
            self.notes.add_if(other, "wrong-case", "a name is written with other capitals than it should be");
        }
    }

    /// Atom's own elements are the core of an Atom document.
    fn dialect(&self, ns: Ns) -> Ns {
        if self.family == Family::Atom && ns == Ns::Atom { Ns::Core } else { ns }
    }

    fn open(&mut self, tag: Tag<'a>, emitted: &'static str, place: Place, inherited: Inherited, mark: usize) {
        let Tag { name, attrs, empty } = tag;
        if place == Place::Image && emitted == "image" && !self.first(emitted) {
            self.scopes.close(mark);
            return self.skip(name, empty);
        }
        let outside = place == Place::Entry && self.expects_channel && self.frames.len() == 1;
        self.notes.add_if(outside, "outside-channel", "an item stands outside of the channel");
        match (emitted.strip_prefix('+'), place) {
            (None, _) => self.open_tag(emitted, attrs),
            (Some(role), Place::Person) => self.extras().add_person(role),
            (Some("group"), _) => {}
            (Some(name), _) => {
                let found = self.known_attributes(attrs, None);
                self.extras().add_element(name, &found);
            }
        }
        if place == Place::Entry {
            self.entry_extras.push(Extras::default());
        }
        self.push(name, emitted, place, inherited, mark);
        if place == Place::Entry {
            self.keep_scope();
            self.keep_about(attrs);
        }
        if empty {
            self.pop();
        }
    }

    fn push(
        &mut self,
        name: &'a str,
        emitted: &'static str,
        place: Place,
        inherited: Inherited,
        mark: usize,
    ) {
        self.frames.push(Frame { name, emitted, place, mark, inherited, seen: 0, elements: 0 });
    }

    fn top(&self) -> &Frame<'a> {
        // The root's frame is never popped.
        &self.frames[self.frames.len() - 1]
    }

    fn is_full(&mut self) -> bool {
        let full = self.top().elements >= ELEMENTS_PER_ENTRY_MAX && self.frames.len() > 1;
        let sentence = "an entry has more elements than any reader needs; the rest was left";
        self.notes.add_if(full, "too-many-elements", sentence);
        full
    }

    /// Takes in a declaration of a namespace, a language or a base; says whether it was one of the latter two.
    fn declare(&mut self, name: &'a str, value: &'a str, inherited: &mut Inherited) -> bool {
        if let Some(prefix) = name.strip_prefix("xmlns") {
            match prefix.strip_prefix(':') {
                Some(prefix) => self.scopes.declare(prefix, value),
                None if prefix.is_empty() => self.scopes.declare("", value),
                None => {}
            }
            return false;
        }
        match name {
            "xml:lang" => {
                let lang = self.attribute(value);
                inherited.lang = Some(lang.trim().into()).filter(|lang: &Rc<str>| !lang.is_empty());
                true
            }
            "xml:base" => {
                let base = self.attribute(value);
                inherited.base = joined(inherited.base.as_deref(), base.trim()).map(Rc::from);
                true
            }
            _ => false,
        }
    }

    fn finish(mut self, format: Format) -> Rewritten {
        let open = self.frames.len() > 1 || !self.ended;
        self.close_down_to(1);
        self.out.push_str(match self.family {
            Family::Rss => emit::RSS_TAIL,
            Family::Atom => emit::ATOM_TAIL,
        });
        let seen = self.tokens.tolerated;
        let notes = &mut self.notes;
        notes.add_if(open, "truncated", "the document ends before the feed does");
        notes.add_if(seen.stray_less_than, "stray-less-than", "a < begins no tag");
        notes.add_if(seen.unterminated, "unterminated", "a tag, comment or CDATA section never ends");
        notes.add_if(seen.nested_cdata, "nested-cdata", "a CDATA section lies within another one");
        let undeclared = self.scopes.undeclared();
        notes.add_if(undeclared, "undeclared-prefix", "a prefix is declared nowhere; it was read as usual");
        let references = &self.references;
        notes.add_if(references.bare_ampersand, "bare-ampersand", "a & begins no reference");
        notes.add_if(
            references.html_entity,
            "html-entity",
            "a name of HTML's, which XML does not know, was resolved",
        );
        let illegal = "a reference to a character that XML cannot hold was dropped";
        notes.add_if(references.illegal_character, "illegal-character", illegal);
        let problems = std::mem::take(&mut self.notes).into_problems();
        Rewritten {
            text: self.out,
            format,
            family: self.family,
            extras: self.feed_extras,
            entries: self.entry_extras,
            problems,
        }
    }
}

/// A start tag as written.
#[derive(Clone, Copy)]
struct Tag<'a> {
    name: &'a str,
    attrs: &'a str,
    empty: bool,
}

/// A base within a base: as absolute as can be. `None` where there is none.
fn joined(outer: Option<&str>, inner: &str) -> Option<String> {
    let outer_url = outer.and_then(|outer| Url::parse(outer).ok());
    match outer_url.map(|outer| outer.join(inner)) {
        Some(Ok(url)) => Some(url.into()),
        _ if inner.is_empty() => outer.map(str::to_owned),
        _ => Some(inner.to_owned()),
    }
}
