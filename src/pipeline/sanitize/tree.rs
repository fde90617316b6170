//! Balances tags in one pass: a stack of open elements with the implied ends of WHATWG HTML §13.2.6, within
//! a depth. What it writes nests as it stands, whatever comes in; so no parser behind it can be made to
//! work hard. What came in less simple than that is reported, and a real parser decides.

mod implied;
mod table;

use url::Url;

use super::address::Addresses;
use super::allow::{Element, Kind, element};
use super::chars::{Sink, is_dropped};
use super::start::Starts;
use super::token::{Token, Tokens, is_space};
use implied::{is_barrier, is_special};

/// Elements deeper than this are flattened.
const DEPTH_MAX: usize = 100;

/// HTML after one pass.
#[derive(Debug)]
pub(super) struct Tidied {
    pub(super) html: String,
    pub(super) lead_image: Option<String>,
    /// Whether a real parser, asked for the same, would answer the same.
    pub(super) certain: bool,
    /// Whether it relies on XML's empty elements, so that a browser would lose what follows one.
    pub(super) is_xml: bool,
}

impl Tidied {
    pub(super) fn is_certain(&self) -> bool {
        self.certain
    }
}

#[derive(Clone, Copy)]
struct Open {
    element: &'static Element,
    /// Whether the start tag was written.
    written: bool,
}

struct Tree<'a> {
    tokens: Tokens<'a>,
    starts: Starts<'a>,
    open: Vec<Open>,
    /// Elements below the depth that are open and were not written.
    ignored: usize,
    certain: bool,
    /// The length of what was written when a `pre` began.
    pre: Option<usize>,
}

/// Writes `html` anew: allowed elements and attributes only, balanced, with absolute addresses.
pub(super) fn tidy(html: &str, base: Option<&Url>) -> Tidied {
    let (tidied, is_full) = pass(html, base);
    if !is_full {
        return tidied;
    }
    // Where exactly it is cut off depends on the ends that were implied; now there are none.
    let (again, _) = pass(&tidied.html, base);
    Tidied { certain: tidied.certain && again.certain, is_xml: tidied.is_xml, ..again }
}

/// The second value says whether something was cut off.
fn pass(html: &str, base: Option<&Url>) -> (Tidied, bool) {
    let addresses = Addresses { base };
    let sink = Sink { html: String::with_capacity(html.len() + html.len() / 8), ..Sink::default() };
    let starts = Starts { addresses, sink, lead_image: None, last_image: None, picture_source: None };
    let mut tree =
        Tree { tokens: Tokens::new(html), starts, open: Vec::new(), ignored: 0, certain: true, pre: None };
    while !tree.starts.sink.is_full() {
        match tree.tokens.next() {
            Some(Token::Text(text)) => tree.text(text),
            Some(Token::Open(name)) => tree.start(name),
            Some(Token::Close(name)) => tree.end(name),
            None => break,
        }
    }
    tree.close_from(0);
    let certain = tree.certain && !tree.tokens.odd && !tree.starts.sink.unsure;
    let is_full = tree.starts.sink.is_full();
    let Starts { sink, lead_image, .. } = tree.starts;
    (Tidied { html: sink.html, lead_image, certain, is_xml: tree.tokens.is_xml }, is_full)
}

impl Tree<'_> {
    fn text(&mut self, text: &str) {
        if !text.bytes().all(is_space) {
            self.enter_cell();
        }
        let at_start_of_pre = self.pre == Some(self.starts.sink.html.len());
        // Parsers drop the first line break of a `pre`, so that none must stand there.
        let goes = |c: char| matches!(c, '\n' | '\r') || is_dropped(c);
        let kept = if at_start_of_pre { text.trim_start_matches(goes) } else { text };
        self.certain &= !(at_start_of_pre && (kept.starts_with('&') || text.contains('\0')));
        self.starts.sink.text(kept);
    }

    fn start(&mut self, name: &str) {
        let Some(element) = element(name) else {
            self.certain = false;
            return;
        };
        match element.kind {
            // Shown as browsers without scripts show it.
            Kind::Transparent => {}
            Kind::Gone => self.certain = false,
            Kind::Raw => {
                self.certain &= matches!(element.name, "script" | "style");
                self.tokens.skip_raw(element.name);
            }
            Kind::Hidden => self.tokens.skip_nested(element.name),
            Kind::Frame => {
                self.enter_cell();
                self.write(element);
                self.tokens.skip_raw(element.name);
            }
            Kind::Void | Kind::Image => {
                self.enter_cell();
                self.write(element);
            }
            Kind::Rule => {
                self.end_paragraph();
                self.enter_cell();
                self.write(element);
            }
            Kind::Source | Kind::Track => self.part_of_media(element),
            Kind::Column => self.column(element),
            _ => self.container(element),
        }
    }

    /// Parts of a picture or player count only directly within it.
    fn part_of_media(&mut self, element: &'static Element) {
        let parent = self.open.last().filter(|parent| parent.written).map(|parent| parent.element);
        let is_player = parent.is_some_and(|parent| parent.kind == Kind::Player);
        let is_picture = parent.is_some_and(|parent| parent.name == "picture");
        if is_player || (is_picture && element.kind == Kind::Source) {
            self.write(element);
        } else {
            self.certain = false;
        }
    }

    fn container(&mut self, element: &'static Element) {
        if self.ignored > 0 {
            self.ignored += 1;
            return;
        }
        let fits = match element.kind {
            Kind::Caption | Kind::Columns | Kind::Rows => self.close_down_to(&[Kind::Table]),
            Kind::Row => self.enter_rows(),
            Kind::Cell => self.enter_row(),
            Kind::RubyText => self.end_ruby_text(element),
            _ => {
                self.before_flow(element);
                self.enter_cell();
                true
            }
        };
        if !fits {
            // A part of a table or a ruby outside of it.
            self.certain = false;
            return;
        }
        // A table without room for its cells would hold what must not stand between them.
        let depth_max = if element.kind == Kind::Table { DEPTH_MAX - 4 } else { DEPTH_MAX };
        if self.open.len() < depth_max {
            self.push(element);
        } else {
            self.ignored += 1;
            self.certain = false;
        }
    }

    fn push(&mut self, element: &'static Element) {
        let written = self.write(element);
        self.open.push(Open { element, written });
        if element.kind == Kind::Pre {
            self.pre = Some(self.starts.sink.html.len());
        }
        if element.name == "picture" {
            self.starts.picture_source = None;
        }
    }

    fn write(&mut self, element: &'static Element) -> bool {
        let in_link = self.open.iter().any(|open| open.written && open.element.kind == Kind::Anchor);
        self.starts.write(element, &self.tokens.attributes, in_link)
    }

    fn end(&mut self, name: &str) {
        let Some(element) = element(name) else {
            self.certain = false;
            return;
        };
        match element.kind {
            Kind::Transparent | Kind::Image | Kind::Source => return,
            Kind::Void if element.name == "br" => {
                self.certain = false;
                self.enter_cell();
                self.write(element);
                return;
            }
            Kind::Void
            | Kind::Rule
            | Kind::Track
            | Kind::Column
            | Kind::Gone
            | Kind::Raw
            | Kind::Hidden
            | Kind::Frame => {
                self.certain = false;
                return;
            }
            _ if self.ignored > 0 => {
                self.ignored -= 1;
                return;
            }
            _ => {}
        }
        match self
            .open
            .iter()
            .rposition(|open| std::ptr::eq(open.element, element) || is_barrier(open.element, element))
        {
            Some(at) if self.open.get(at).is_some_and(|open| std::ptr::eq(open.element, element)) => {
                self.end_at(at, element);
            }
            _ => self.certain = false,
        }
    }

    fn end_at(&mut self, at: usize, element: &Element) {
        let above = self.open.get(at + 1..).unwrap_or_default();
        if !is_special(element) && above.iter().any(|open| is_special(open.element)) {
            // The end of a phrase does not end the blocks within it.
            self.certain = false;
            return;
        }
        let is_formatting = matches!(element.kind, Kind::Formatting | Kind::Anchor);
        self.certain &= !is_formatting || above.is_empty();
        self.close_implied_from(at);
        if element.name == "picture" {
            self.starts.picture_source = None;
        }
    }

    fn close_from(&mut self, at: usize) {
        while self.open.len() > at {
            let Some(open) = self.open.pop() else { return };
            if open.written {
                let html = &mut self.starts.sink.html;
                html.push_str("</");
                html.push_str(open.element.out);
                html.push('>');
            }
        }
    }
}
