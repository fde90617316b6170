//! Section feeds to documents. Same facts, same bytes.
use crate::model::*;
pub fn rss(_feed: &SectionFeed, _site: &Site) -> Vec<u8> {
    vec![]
}
pub fn atom(_feed: &SectionFeed, _site: &Site) -> Vec<u8> {
    vec![]
}
pub fn json(_feed: &SectionFeed, _site: &Site) -> Vec<u8> {
    vec![]
}
pub fn front_page(_site: &Site, _feeds: &[SectionFeed]) -> Vec<u8> {
    vec![]
}
pub fn section_page(_site: &Site, _feed: &SectionFeed) -> Vec<u8> {
    vec![]
}
pub fn item_page(_site: &Site, _entry: &Entry, _source: &SourceCard, _also: &[Also]) -> Vec<u8> {
    vec![]
}
pub fn bot_page(_site: &Site) -> Vec<u8> {
    vec![]
}
pub fn robots_txt(_site: &Site) -> Vec<u8> {
    vec![]
}
pub fn style_css() -> Vec<u8> {
    vec![]
}
pub fn document(
    _content_type: &'static str,
    _body: Vec<u8>,
    _last_modified: Option<Timestamp>,
    _fingerprint: Digest,
) -> Document {
    unreachable!()
}
