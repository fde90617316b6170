//! Text.
use std::borrow::Cow;
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}
pub fn plain(text: &str) -> String {
    text.to_lowercase()
}
pub fn xml_safe(text: &str) -> Cow<'_, str> {
    text.into()
}
