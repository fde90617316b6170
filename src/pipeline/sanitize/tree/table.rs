//! Tables: what a browser moves out of a table for standing between its cells gets a cell.

use super::super::allow::{Element, Kind, element};
use super::{DEPTH_MAX, Open, Tree};

impl Tree<'_> {
    pub(super) fn column(&mut self, element: &'static Element) {
        if self.open.last().is_none_or(|last| last.element.kind != Kind::Columns) {
            self.certain = false;
            if !self.close_down_to(&[Kind::Table]) || !self.insert("colgroup") {
                return;
            }
        }
        self.write(element);
    }

    /// Opens what is missing between a table and a row.
    pub(super) fn enter_rows(&mut self) -> bool {
        if !self.close_down_to(&[Kind::Rows, Kind::Table]) {
            return false;
        }
        let in_table = self.open.last().is_some_and(|last| last.element.kind == Kind::Table);
        !in_table || self.insert("tbody")
    }

    /// Opens what is missing between a table and a cell.
    pub(super) fn enter_row(&mut self) -> bool {
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
    pub(super) fn enter_cell(&mut self) {
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

    /// Ends everything above the innermost element of these kinds, within the innermost table.
    pub(super) fn close_down_to(&mut self, kinds: &[Kind]) -> bool {
        let found = self
            .open
            .iter()
            .rposition(|open| kinds.contains(&open.element.kind) || open.element.kind == Kind::Table);
        let Some(at) = found else { return false };
        self.close_implied_above(at);
        true
    }
}
