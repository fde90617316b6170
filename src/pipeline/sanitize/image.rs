//! Images: what the attributes of a tag say, and which of its addresses is the real one.

use std::borrow::Cow;

use super::address::Addresses;
use super::candidates::Candidates;
use super::references::decode;
use super::token::Attribute;
use super::trackers::{is_placeholder, is_tracker};

/// Where scripts that load images late put the address, and the list of addresses.
pub(super) const LAZY: &[&str] = &[
    "data-src",
    "data-lazy-src",
    "data-lazy",
    "data-original",
    "data-orig-src",
    "data-original-src",
    "data-actualsrc",
    "data-echo",
    "data-litespeed-src",
];
pub(super) const LAZY_SETS: &[&str] = &["data-srcset", "data-lazy-srcset", "data-original-set"];

/// The addresses of an image.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) src: String,
    pub(super) srcset: Option<String>,
}

/// Reads attributes of one tag.
pub(super) struct Reader<'a, 'b> {
    pub(super) attributes: &'b [Attribute<'a>],
    pub(super) addresses: Addresses<'b>,
    /// Whether a value came that only a real parser should judge.
    pub(super) unsure: bool,
}

impl<'a> Reader<'a, '_> {
    /// The first attribute of that name, as written.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        let mut all = self.attributes.iter();
        all.find(|attribute| attribute.name.eq_ignore_ascii_case(name)).map(|attribute| attribute.value)
    }

    pub(super) fn value(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let raw = self.raw(name)?;
        Some(decode(raw, &mut self.unsure))
    }

    /// An address on the web, absolute.
    pub(super) fn web(&mut self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        self.addresses.web(&value).map(Cow::into_owned)
    }

    /// Whether it is there to be loaded but not to be seen.
    pub(super) fn is_hidden(&mut self) -> bool {
        let side = |raw: Option<&str>| raw.and_then(pixels);
        let (width, height) = (side(self.raw("width")), side(self.raw("height")));
        if width == Some(0) || height == Some(0) || (width == Some(1) && height == Some(1)) {
            return true;
        }
        let Some(style) = self.value("style") else { return false };
        let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
        let style = style.to_ascii_lowercase();
        let tiny = |side: &str| {
            style
                .split(';')
                .filter_map(|rule| rule.strip_prefix(side))
                .any(|size| matches!(size.trim_end_matches("!important"), ":0" | ":0px" | ":1px"))
        };
        style.contains("display:none")
            || style.contains("visibility:hidden")
            || (tiny("width") && tiny("height"))
    }

    /// The real addresses of an `img`; `fallback` is what a `source` beside it offers. `None` where it
    /// shows nothing or counts readers.
    pub(super) fn image(&mut self, fallback: Option<&str>) -> Option<Image> {
        if self.is_hidden() {
            return None;
        }
        let own = self.web("src");
        let sets = ["srcset"].iter().chain(LAZY_SETS);
        let sets: Vec<Candidates> =
            sets.filter_map(|name| self.candidates(name)).filter(|set| !set.is_empty()).collect();
        let real = own.clone().filter(|src| !is_placeholder(src));
        let src = real
            .or_else(|| LAZY.iter().find_map(|name| self.web(name)))
            .or_else(|| sets.iter().find_map(Candidates::largest))
            .or_else(|| fallback.map(str::to_owned))
            .or(own)
            .filter(|src| !is_tracker(src))?;
        Some(Image { src, srcset: sets.first().map(Candidates::written) })
    }

    /// A list of addresses, as written again.
    pub(super) fn candidates(&mut self, name: &str) -> Option<Candidates> {
        let value = self.value(name)?;
        Some(Candidates::read(&value, self.addresses))
    }
}

/// A width or height as written, where it is a number of pixels.
pub(super) fn pixels(raw: &str) -> Option<u32> {
    let raw = raw.trim();
    let digits = raw.strip_suffix("px").unwrap_or(raw);
    digits.parse().ok().filter(|_| digits.len() <= 5 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}
