//! Section feeds to documents: RSS 2.0, Atom 1.0, JSON Feed 1.1, HTML. Same facts, same bytes.
//!
//! `item` prepares an entry once for all formats, `head` what stands above the entries; the formats
//! only put them in their own words.

mod atom;
mod document;
mod element;
mod finds;
mod head;
mod heading;
mod item;
mod json;
mod links;
mod media;
mod notices;
mod pack;
mod pages;
mod pieces;
mod podcast;
mod rhythm;
mod rss;
mod sheet;
mod static_files;
mod values;
mod words;

pub use atom::atom_of;
pub use document::document;
pub use finds::{feeds_opml, opensearch_xml, search_atom, story_atom};
pub use heading::{Heading, archive_url};
pub use item::destination;
pub use links::links;
pub use notices::notices;
pub use pages::{SearchPage, bot_page, front_entries_max, front_page, item_page, search_page};
pub use pieces::{atom_pieces, json_pieces, rss_pieces, with_news};
pub use rhythm::ttl_minutes;
pub use sheet::{Sheet, atom, json, rss, section_page};
pub use static_files::{icon_png, robots_txt, style_css};
