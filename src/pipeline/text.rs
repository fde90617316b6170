//! Text.
use std::borrow::Cow;
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}
/// The text of HTML, naively.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                out.push(' ');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    let out = out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    let out = out.replace("&nbsp;", "\u{a0}").replace("&amp;", "&");
    out.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}
/// Without the characters that XML 1.0 forbids.
pub fn xml_safe(text: &str) -> Cow<'_, str> {
    let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(legal) { text.into() } else { text.chars().filter(|c| legal(*c)).collect() }
}
pub fn entity(name: &str) -> Option<(char, Option<char>)> {
    let (a, b) = markup5ever::data::NAMED_ENTITIES.get(format!("{name};").as_str())?;
    Some((char::from_u32(*a)?, char::from_u32(*b).filter(|c| *c != '\0')))
}
