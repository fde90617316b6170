//! Closing: what an end tag ends, what was left open, and what is read over.

use super::super::grammar::Place;
use super::super::names::{Ns, split};
use super::super::notes::shown;
use super::super::tokens::Token;
use super::{Family, Frame, Rewriter};

impl<'a> Rewriter<'a> {
    /// Closes what an end tag closes: the innermost open element of that name, and what was left open in it.
    pub(super) fn end(&mut self, name: &'a str) {
        let Some(at) = self.frames.iter().rposition(|frame| frame.name.eq_ignore_ascii_case(name)) else {
            let (_, local) = split(name);
            let same = |frame: &Frame<'_>| split(frame.name).1.eq_ignore_ascii_case(local);
            let at = self.frames.iter().rposition(same);
            self.notes.add("stray-end-tag", || format!("</{}> closes nothing", shown(name)));
            if let Some(at) = at.filter(|at| *at > 0) {
                self.close_down_to(at);
            }
            return;
        };
        if at == 0 {
            // What follows is looked through for items that were put behind the end.
            self.close_to_feed();
            self.ended = true;
            return;
        }
        if at + 1 < self.frames.len() {
            self.note_unclosed();
        }
        self.close_down_to(at);
    }

    fn note_unclosed(&mut self) {
        let name = self.top().name;
        self.notes.add("unclosed-element", || format!("<{}> is never closed", shown(name)));
    }

    pub(super) fn close_down_to(&mut self, at: usize) {
        while self.frames.len() > at.max(1) {
            self.pop();
        }
    }

    /// A new entry begins: whatever was left open ends here.
    pub(super) fn close_to_feed(&mut self) {
        while self.frames.len() > 1 && self.top().place != Place::Feed {
            self.note_unclosed();
            self.pop();
        }
    }

    pub(super) fn pop(&mut self) {
        if let Some(frame) = self.frames.pop() {
            self.close_tag(frame.emitted);
            self.scopes.close(frame.mark);
        }
    }

    /// Reads over an element that nobody needs, without a stack.
    pub(super) fn skip(&mut self, name: &'a str, empty: bool) {
        if empty {
            return;
        }
        let mut depth = 1_usize;
        loop {
            let at = self.tokens.position();
            match self.tokens.next() {
                None => return,
                Some(Token::Start { name: other, empty, .. }) => {
                    if self.begins_entry(other) {
                        // It was never closed.
                        self.tokens.rewind(at);
                        return;
                    }
                    depth += usize::from(!empty && other.eq_ignore_ascii_case(name));
                }
                Some(Token::End { name: other }) => {
                    if other.eq_ignore_ascii_case(name) {
                        depth -= 1;
                        if depth == 0 {
                            return;
                        }
                    } else if self.closes_entry(other) {
                        self.tokens.rewind(at);
                        return;
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// Whether a start tag begins a new entry of this dialect.
    pub(super) fn begins_entry(&self, name: &str) -> bool {
        let wanted = if self.family == Family::Rss { "item" } else { "entry" };
        let (prefix, local) = split(name);
        local.eq_ignore_ascii_case(wanted) && self.dialect(self.scopes.of(prefix)) == Ns::Core
    }

    /// Whether an end tag closes the entry that is open, or the feed.
    pub(super) fn closes_entry(&self, name: &str) -> bool {
        let mut open = self.frames.iter().filter(|frame| matches!(frame.place, Place::Entry | Place::Feed));
        open.any(|frame| frame.name.eq_ignore_ascii_case(name))
    }
}
