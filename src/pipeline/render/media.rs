//! Media RSS: the lead image with what is said of it, and files that a format has no other place for.

use super::element::Element;
use super::item::{File, Item};
use super::values::line;

/// The lead image. Some readers look for it in `media:content`, some in `media:thumbnail`.
pub(super) fn image(item: &Item<'_>) -> Vec<Element> {
    let Some(image) = &item.image else { return vec![] };
    let caption = item.entry.said.caption.clone().unwrap_or_default();
    let of = |words: &Option<String>| words.as_deref().and_then(line);
    let sized = |element: Element| {
        let pixels =
            |number: Option<u32>| number.filter(|number| *number > 0).map(|number| number.to_string());
        element.with("width", pixels(caption.width)).with("height", pixels(caption.height))
    };
    let content = Element::new("media:content").with("url", Some(image)).with("medium", Some("image"));
    let content = sized(content)
        .holding("media:title", of(&caption.title).as_ref())
        .holding("media:description", of(&caption.text).as_ref())
        .holding("media:credit", of(&caption.credit).as_ref());
    vec![content, sized(Element::new("media:thumbnail").with("url", Some(image)))]
}

/// A file with all that is known of it.
pub(super) fn file(file: &File) -> Element {
    Element::new("media:content")
        .with("url", Some(&file.url))
        .with("type", Some(&file.media_type))
        .with("fileSize", file.bytes.map(|bytes| bytes.to_string()))
        .with("duration", file.seconds.map(|seconds| seconds.to_string()))
        .holding("media:title", file.title.as_ref())
}
