//! From bytes to documents, in pure stages. Stages never import one another: `ingest` and `publish`
//! compose them. (`text` and `link` are no stages but vocabularies: any stage may use them.)
#![deny(clippy::disallowed_methods)]

pub mod decide;
pub mod dedupe;
mod ingest;
pub mod ledger;
pub mod link;
pub mod merge;
pub mod moves;
pub mod normalize;
pub mod oddity;
pub mod ours;
pub mod owner;
pub mod parse;
pub mod plan;
mod publish;
pub mod render;
pub mod rhythm;
pub mod sanitize;
pub mod search;
pub mod section;
pub mod story;
pub mod text;
pub mod why;
pub mod window;

pub use decide::{notice_id, notices_id, source_id};
pub use ingest::{
    Prepared, accept, configuration, forget_other_place, ingest, read, understand, wanted_keys,
};
pub use moves::moved_to;
pub use publish::{
    Edition, FoundStory, item_document, lay_out, print, publish, recalled, search_document,
    search_feed_document, story_document,
};
