//! Search: an index of the words of stored entries, kept within a bound and mostly outside memory, and the questions put to it.
//!
//! Words are compared as stories compare them: folded, without article and endings (`text`). What grammar joins to
//! the front of an Arabic word («بمراكش», «ومراكش») is resolved when a question is asked, by what the index holds.

mod aside;
mod find;
mod index;
mod lists;
mod posting;
mod query;
mod rank;
mod segment;
mod variants;
mod words;

pub use aside::Aside;
pub use find::{Hit, Order};
pub use index::{BYTES_MAX, ENTRIES_MAX, Index};
pub use query::{CHARS_MAX, Query, QueryError, WORDS_MAX};
pub use words::Texts;
