//! Ends without a tag, as WHATWG HTML §13.2.6.4.7 implies them.

use super::super::allow::{Element, Kind};
use super::Tree;

impl Tree<'_> {
    /// What the start of an element ends before it.
    pub(super) fn before_flow(&mut self, element: &'static Element) {
        match element.kind {
            Kind::Heading => {
                self.end_paragraph();
                // What is between two headings and is not written would leave one in the other.
                let parent = self.open.iter().rposition(|open| open.written);
                if let Some(at) = parent.filter(|at| self.is_heading(*at)) {
                    self.certain = false;
                    self.close_from(at);
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

    fn is_heading(&self, at: usize) -> bool {
        self.open.get(at).is_some_and(|open| open.element.kind == Kind::Heading)
    }

    /// A paragraph ends where a block begins.
    pub(super) fn end_paragraph(&mut self) {
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
    pub(super) fn end_ruby_text(&mut self, element: &Element) -> bool {
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

    /// Ends an element and what is open in it; certain where each of those may end without a tag.
    pub(super) fn close_implied_from(&mut self, at: usize) {
        self.close_implied_above(at);
        self.close_from(at);
    }

    pub(super) fn close_implied_above(&mut self, at: usize) {
        let above = self.open.get(at + 1..).unwrap_or_default();
        self.certain &= above.iter().all(|open| is_implied(open.element.kind));
        self.close_from(at + 1);
    }
}

fn is_paragraph(element: &Element) -> bool {
    element.kind == Kind::Paragraph
}

/// What a search for a paragraph does not leave.
pub(super) fn is_scope(element: &Element) -> bool {
    matches!(element.kind, Kind::Table | Kind::Cell | Kind::Caption)
}

/// What the search for the start of `closing` does not leave.
pub(super) fn is_barrier(open: &Element, closing: &Element) -> bool {
    match closing.kind {
        Kind::Table => false,
        Kind::Caption | Kind::Columns | Kind::Rows | Kind::Row | Kind::Cell => open.kind == Kind::Table,
        Kind::Item => is_scope(open) || matches!(open.name, "ul" | "ol"),
        _ => is_scope(open),
    }
}

/// Whether the end of a phrase does not reach beyond it (WHATWG HTML, "special").
pub(super) fn is_special(element: &Element) -> bool {
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
