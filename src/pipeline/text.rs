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
pub fn entity(name: &str) -> Option<(char, Option<char>)> {
    let (a, b) = markup5ever::data::NAMED_ENTITIES.get(format!("{name};").as_str())?;
    Some((char::from_u32(*a)?, char::from_u32(*b).filter(|c| *c != '\0')))
}
