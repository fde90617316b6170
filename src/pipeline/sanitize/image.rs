//! Images: which address is the real one, which are only there to count readers, which may lead a story.

use std::borrow::Cow;

use super::address::Addresses;
use super::chars::decode;
use super::token::Attribute;

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

/// The longest list of addresses, and the most addresses in it.
const SRCSET_BYTES_MAX: usize = 8192;
const CANDIDATES_MAX: usize = 24;

/// An image whose sides are both shorter leads no story, in pixels.
const LEAD_SIDE_MIN: u32 = 80;

/// Hosts, with all below them, that only count or advertise.
const TRACKER_HOSTS: &[&str] = &[
    "doubleclick.net",
    "googlesyndication.com",
    "googletagmanager.com",
    "google-analytics.com",
    "amazon-adsystem.com",
    "scorecardresearch.com",
    "quantserve.com",
    "imrworldwide.com",
    "pixel.wp.com",
    "pixel.mathtag.com",
    "feedsportal.com",
    "pheedo.com",
    "bat.bing.com",
    "px.ads.linkedin.com",
    "analytics.twitter.com",
    "mc.yandex.ru",
    "counter.yadro.ru",
    "top-fwz1.mail.ru",
    "logs.xiti.com",
    "rss.buysellads.com",
    "stats.wordpress.com",
    "hits.theguardian.com",
    "counter.theconversation.com",
    "tracking.feedpress.it",
    "tracking.feedpress.com",
    "statcounter.com",
    "chartbeat.net",
    "ad.doubleclick.net",
];

/// Parts of `host/path` that only count or advertise. FeedBurner also runs under its customers' names.
const TRACKER_PATHS: &[&str] = &[
    "/~r/",
    "/~ff/",
    "/~a/",
    "/~at/",
    "feeds.wordpress.com/1.0/",
    "facebook.com/tr?",
    "facebook.com/tr/",
    "assoc-amazon.com/e/",
    "medium.com/_/stat",
    "list-manage.com/track/",
    "blogger.googleusercontent.com/tracker/",
    "/piwik.php",
    "/matomo.php",
    "/b.gif?",
    "/count.gif",
    "/counter.gif",
    "/pixel.gif",
    "/pixel.png",
    "/spacer.gif",
    "/blank.gif",
    "/1x1.gif",
    "/1x1.png",
    "/transparent.gif",
    "/clear.gif",
    "/clear-pixel.gif",
];

/// Words in the last part of a path that stand for "the image comes later".
const PLACEHOLDERS: &[&str] = &[
    "placeholder",
    "lazy",
    "lazyload",
    "loading",
    "loader",
    "blank",
    "spacer",
    "transparent",
    "pixel",
    "1x1",
    "grey",
    "gray",
    "empty",
    "dummy",
    "trans",
    "clear",
];

/// Words in a path that stand for decoration.
const DECORATION: &[&str] = &[
    "emoji",
    "emojis",
    "emoticon",
    "emoticons",
    "smiley",
    "smilies",
    "smileys",
    "icon",
    "icons",
    "favicon",
    "gravatar",
    "avatar",
    "avatars",
    "logo",
    "logos",
    "badge",
    "badges",
    "button",
    "buttons",
    "sprite",
    "sprites",
    "share",
    "sharing",
    "spacer",
    "blank",
    "placeholder",
    "pixel",
    "loader",
    "bullet",
    "rating",
];

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
            sets.filter_map(|name| self.candidates(name)).filter(|set| !set.0.is_empty()).collect();
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

/// What a `srcset` offers: addresses and descriptors.
#[derive(Debug)]
pub(super) struct Candidates(Vec<(String, String)>);

impl Candidates {
    /// As WHATWG HTML §4.8.4.3.8 splits it: an address ends at a space, and may hold commas.
    fn read(value: &str, addresses: Addresses<'_>) -> Self {
        let mut found = Vec::new();
        let mut bytes = 0;
        let mut rest = value;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
            if rest.is_empty() || found.len() == CANDIDATES_MAX {
                return Self(found);
            }
            let (address, behind) =
                rest.split_at(rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len()));
            let bare = address.trim_end_matches(',');
            let descriptor = if bare.len() < address.len() {
                rest = behind;
                ""
            } else {
                let (descriptor, after) = behind.split_once(',').unwrap_or((behind, ""));
                rest = after;
                descriptor.trim_matches(|c: char| c.is_ascii_whitespace())
            };
            if !(descriptor.is_empty() || is_descriptor(descriptor)) {
                continue;
            }
            // A comma at an end of the address would not be read as a part of it.
            let address = addresses.web(bare).filter(|url| !url.ends_with(',') && !is_placeholder(url));
            let Some(address) = address else { continue };
            bytes += address.len() + descriptor.len() + 3;
            if bytes > SRCSET_BYTES_MAX {
                return Self(found);
            }
            found.push((address.into_owned(), descriptor.to_owned()));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn written(&self) -> String {
        let mut written = String::new();
        for (address, descriptor) in &self.0 {
            if !written.is_empty() {
                written.push_str(", ");
            }
            written.push_str(address);
            if !descriptor.is_empty() {
                written.push(' ');
                written.push_str(descriptor);
            }
        }
        written
    }

    pub(super) fn largest(&self) -> Option<String> {
        let size = |descriptor: &str| descriptor.trim_end_matches(['w', 'x']).parse::<f32>().unwrap_or(1.0);
        let mut all = self.0.iter();
        let first = all.next()?;
        let largest = all.fold(first, |best, one| if size(&one.1) > size(&best.1) { one } else { best });
        Some(largest.0.clone())
    }
}

/// `640w` or `1.5x`.
fn is_descriptor(text: &str) -> bool {
    let Some(number) = text.strip_suffix(['w', 'x']) else { return false };
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    !number.is_empty() && number.len() <= 8 && number.chars().all(is_number) && number.parse::<f32>().is_ok()
}

/// A width or height as written, where it is a number of pixels.
pub(super) fn pixels(raw: &str) -> Option<u32> {
    let raw = raw.trim();
    let digits = raw.strip_suffix("px").unwrap_or(raw);
    digits.parse().ok().filter(|_| digits.len() <= 5 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether an absolute address is only there to count readers or to advertise.
pub(super) fn is_tracker(url: &str) -> bool {
    let rest = behind_scheme(url);
    let host = rest.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let below = |tracker: &str| {
        host.strip_suffix(tracker).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    TRACKER_HOSTS.iter().any(|tracker| below(tracker)) || TRACKER_PATHS.iter().any(|part| rest.contains(part))
}

/// Whether an image, as published, may stand for its story.
pub(super) fn may_lead(url: &str, width: Option<u32>, height: Option<u32>) -> bool {
    let small = |side: Option<u32>| side.is_some_and(|side| side < LEAD_SIDE_MIN);
    let is_icon = match (width, height) {
        (Some(_), Some(_)) => small(width) && small(height),
        _ => small(width) || small(height),
    };
    let address = behind_scheme(url).split(['?', '#']).next().unwrap_or_default();
    !is_icon && !words(address).any(|word| DECORATION.iter().any(|one| word.eq_ignore_ascii_case(one)))
}

fn is_placeholder(url: &str) -> bool {
    let path = behind_scheme(url).split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    words(file).any(|word| PLACEHOLDERS.iter().any(|one| word.eq_ignore_ascii_case(one)))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
}

fn behind_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_addresses_are_split_at_spaces() {
        let check = |value: &str, written: &str, largest: Option<&str>| {
            let set = Candidates::read(value, Addresses { base: None });
            assert_eq!((set.written().as_str(), set.largest().as_deref()), (written, largest), "{value}");
        };
        let two = "https://e.org/a.jpg 1x, https://e.org/b,c.jpg 2x";
        check(two, two, Some("https://e.org/b,c.jpg"));
        check(
            "https://e.org/a.jpg,\nhttps://e.org/b.jpg",
            "https://e.org/a.jpg, https://e.org/b.jpg",
            Some("https://e.org/a.jpg"),
        );
        check("javascript:x 1x, data:image/gif;base64,xx 2x, /c.jpg 3x", "", None);
        check(
            "https://e.org/a.jpg onerror, https://e.org/b.jpg 640w",
            "https://e.org/b.jpg 640w",
            Some("https://e.org/b.jpg"),
        );
        check(",, ,", "", None);
    }

    #[test]
    fn trackers_and_icons_are_told_from_pictures() {
        assert!(is_tracker("https://ad.doubleclick.net/x"));
        assert!(is_tracker("http://feeds.example.org/~r/news/~4/x"));
        assert!(!is_tracker("https://notdoubleclick.net/x"));
        assert!(!is_tracker("https://e.org/phones/pixel.jpg"));
        assert!(may_lead("https://e.org/iconic.jpg", None, None));
        assert!(may_lead("https://e.org/a.jpg", Some(640), Some(60)));
        assert!(!may_lead("https://e.org/a.jpg", Some(32), None));
        assert!(!may_lead("https://s.w.org/images/core/emoji/15/72x72/1f600.png", None, None));
    }
}
