//! Balances tags in one pass: a stack of open elements with the implied ends of WHATWG HTML §13.2.6, within
//! a depth. What it writes nests as it stands, whatever comes in; so no parser behind it can be made to
//! work hard. What came in less simple than that is reported, and a real parser decides.

use url::Url;

use super::address::Addresses;
use super::allow::{Element, Kind, element};
use super::chars::Sink;
use super::start::Starts;
use super::token::{Token, Tokens, is_space};

/// Elements deeper than this are flattened.
const DEPTH_MAX: usize = 100;

/// HTML after one pass.
#[derive(Debug)]
pub(super) struct Tidied {
    pub(super) html: String,
    pub(super) lead_image: Option<String>,
    /// Whether a real parser, asked for the same, would answer the same.
    pub(super) certain: bool,
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
    Tidied { certain: tidied.certain && again.certain, ..again }
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
    (Tidied { html: tree.starts.sink.html, lead_image: tree.starts.lead_image, certain }, is_full)
}

impl Tree<'_> {
    fn text(&mut self, text: &str) {
        if !text.bytes().all(is_space) {
            self.starts.last_image = None;
            self.enter_cell();
        }
        let at_start_of_pre = self.pre == Some(self.starts.sink.html.len());
        // Parsers drop the first line break of a `pre`, so that it must not matter.
        let text = if at_start_of_pre { text.trim_start_matches(['\n', '\r']) } else { text };
        self.starts.sink.text(text);
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

    /// What the start of an element ends before it.
    fn before_flow(&mut self, element: &'static Element) {
        match element.kind {
            Kind::Heading => {
                self.end_paragraph();
                if self.open.last().is_some_and(|last| last.element.kind == Kind::Heading) {
                    self.certain = false;
                    self.close_from(self.open.len().saturating_sub(1));
                }
            }
            Kind::Item | Kind::Term => {
                self.end_item(element.kind);
                self.end_paragraph();
            }
            Kind::Block | Kind::Paragraph | Kind::Pre | Kind::Table => self.end_paragraph(),
            Kind::Anchor => self.end_anchor(),
            _ => {}
        }
    }

    /// A paragraph ends where a block begins.
    fn end_paragraph(&mut self) {
        let mut inner =
            self.open.iter().rposition(|open| is_scope(open.element) || is_paragraph(open.element));
        inner = inner.filter(|at| self.open.get(*at).is_some_and(|open| is_paragraph(open.element)));
        if let Some(at) = inner {
            self.certain &= at + 1 == self.open.len();
            self.close_from(at);
        }
    }

    /// A list item ends where the next one of its list begins.
    fn end_item(&mut self, kind: Kind) {
        for at in (0..self.open.len()).rev() {
            let Some(element) = self.open.get(at).map(|open| open.element) else { return };
            if element.kind == kind {
                self.close_implied_from(at);
                return;
            }
            let is_passed = element.out == "div" || is_paragraph(element);
            // A renamed block stops this search before it is renamed, and not after.
            self.certain &= element.out != "div" || element.name == "div" || element.name == "address";
            if is_special(element) && !is_passed {
                return;
            }
        }
    }

    /// Links do not nest.
    fn end_anchor(&mut self) {
        let Some(at) = self.open.iter().rposition(|open| open.element.kind == Kind::Anchor) else { return };
        self.certain = false;
        let inside = self.open.get(at..).unwrap_or_default();
        if !inside.iter().any(|open| is_special(open.element)) {
            self.close_from(at);
        }
    }

    /// The text beside a ruby ends where the next one begins. `false` outside of rubies.
    fn end_ruby_text(&mut self, element: &Element) -> bool {
        let inner = self.open.iter().rev().find(|open| open.element.name == "ruby" || is_scope(open.element));
        if inner.is_none_or(|open| is_scope(open.element)) {
            return false;
        }
        let stays = |last: &Element| last.name == "rtc" && matches!(element.name, "rt" | "rp");
        while let Some(last) = self.open.last().map(|open| open.element) {
            if last.kind != Kind::RubyText || stays(last) {
                self.certain &= last.name == "ruby" || stays(last);
                break;
            }
            self.close_from(self.open.len().saturating_sub(1));
        }
        true
    }

    fn column(&mut self, element: &'static Element) {
        if self.open.last().is_none_or(|last| last.element.kind != Kind::Columns) {
            self.certain = false;
            if !self.close_down_to(&[Kind::Table]) || !self.insert("colgroup") {
                return;
            }
        }
        self.write(element);
    }

    /// Opens what is missing between a table and a row.
    fn enter_rows(&mut self) -> bool {
        if !self.close_down_to(&[Kind::Rows, Kind::Table]) {
            return false;
        }
        let in_table = self.open.last().is_some_and(|last| last.element.kind == Kind::Table);
        !in_table || self.insert("tbody")
    }

    /// Opens what is missing between a table and a cell.
    fn enter_row(&mut self) -> bool {
        if self.close_down_to(&[Kind::Row, Kind::Rows, Kind::Table]) {
            if self.open.last().is_some_and(|last| last.element.kind == Kind::Row) {
                return true;
            }
            self.certain = false;
            return self.enter_rows() && self.insert("tr");
        }
        false
    }

    /// What stands between the cells of a table gets a cell.
    fn enter_cell(&mut self) {
        let is_between = |kind| matches!(kind, Kind::Table | Kind::Rows | Kind::Row | Kind::Columns);
        if self.open.last().is_some_and(|last| is_between(last.element.kind)) {
            self.certain = false;
            if self.enter_row() {
                self.insert("td");
            }
        }
    }

    /// Opens an element that has no tag.
    fn insert(&mut self, name: &str) -> bool {
        let Some(element) = element(name).filter(|_| self.open.len() < DEPTH_MAX) else { return false };
        let written = self.starts.write(element, &[], false);
        self.open.push(Open { element, written });
        true
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
        let is_phrase = !is_special(element) && element.kind != Kind::RubyText;
        if is_phrase && above.iter().any(|open| is_special(open.element)) {
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

    /// Ends everything above the innermost element of these kinds, within the innermost table.
    fn close_down_to(&mut self, kinds: &[Kind]) -> bool {
        let found = self
            .open
            .iter()
            .rposition(|open| kinds.contains(&open.element.kind) || open.element.kind == Kind::Table);
        let Some(at) = found else { return false };
        self.close_implied_above(at);
        true
    }

    /// Ends an element and what is open in it; certain where each of those may end without a tag.
    fn close_implied_from(&mut self, at: usize) {
        self.close_implied_above(at);
        self.close_from(at);
    }

    fn close_implied_above(&mut self, at: usize) {
        let above = self.open.get(at + 1..).unwrap_or_default();
        self.certain &= above.iter().all(|open| is_implied(open.element.kind));
        self.close_from(at + 1);
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

fn is_paragraph(element: &Element) -> bool {
    element.kind == Kind::Paragraph
}

/// What a search for a paragraph does not leave.
fn is_scope(element: &Element) -> bool {
    matches!(element.kind, Kind::Table | Kind::Cell | Kind::Caption)
}

/// What the search for the start of `closing` does not leave.
fn is_barrier(open: &Element, closing: &Element) -> bool {
    match closing.kind {
        Kind::Table => false,
        Kind::Caption | Kind::Columns | Kind::Rows | Kind::Row | Kind::Cell => open.kind == Kind::Table,
        Kind::Item => is_scope(open) || matches!(open.name, "ul" | "ol"),
        _ => is_scope(open),
    }
}

/// Whether the end of a phrase does not reach beyond it (WHATWG HTML, "special").
fn is_special(element: &Element) -> bool {
    !matches!(element.kind, Kind::Formatting | Kind::Anchor | Kind::Inline | Kind::Player | Kind::RubyText)
}

/// What may end without a tag.
fn is_implied(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Paragraph
            | Kind::Item
            | Kind::Term
            | Kind::RubyText
            | Kind::Caption
            | Kind::Columns
            | Kind::Rows
            | Kind::Row
            | Kind::Cell
    )
}
