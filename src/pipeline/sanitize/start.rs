//! What a start tag becomes: attributes by the allow-list, images that load, players that wait, and
//! frames of known hosts only.

use url::Url;

use super::address::Addresses;
use super::allow::{EVERYWHERE, Element, Kind, Value};
use super::candidates::Candidates;
use super::chars::Sink;
use super::image::{LAZY, Reader, pixels};
use super::references::decode;
use super::token::Attribute;
use super::trackers::{is_tracker, may_lead};

/// Links vouch for nobody and give no page a hold on the one that opened it. The reader's page may be
/// told to the publisher: sources see whom they owe their readers.
const REL: &str = "nofollow noopener";

/// A player of a frame may run, but not touch the page around it.
const SANDBOX: &str = "allow-scripts allow-same-origin allow-popups allow-presentation";

/// The longest text in an attribute.
const ATTRIBUTE_BYTES_MAX: usize = 2048;

/// Players that may stand in a frame: host and beginning of the path. Others become a link.
const FRAMES: &[(&str, &str)] = &[
    ("www.youtube.com", "/embed/"),
    ("youtube.com", "/embed/"),
    ("www.youtube-nocookie.com", "/embed/"),
    ("player.vimeo.com", "/video/"),
    ("www.dailymotion.com", "/embed/"),
    ("geo.dailymotion.com", "/player"),
    ("w.soundcloud.com", "/player/"),
    ("open.spotify.com", "/embed"),
    ("player.twitch.tv", "/"),
    ("clips.twitch.tv", "/embed"),
    ("embed.podcasts.apple.com", "/"),
    ("widget.deezer.com", "/widget/"),
    ("bandcamp.com", "/EmbeddedPlayer/"),
    ("player-widget.mixcloud.com", "/"),
    ("archive.org", "/embed/"),
    ("embed.ted.com", "/talks/"),
];

/// Writes start tags, and remembers what the next ones depend on.
#[derive(Debug)]
pub(super) struct Starts<'a> {
    pub(super) addresses: Addresses<'a>,
    pub(super) sink: Sink,
    /// The first image that may stand for the story.
    pub(super) lead_image: Option<String>,
    /// The image before, and where what follows it begins.
    pub(super) last_image: Option<(String, usize)>,
    /// What the first `source` of the open picture offers.
    pub(super) picture_source: Option<String>,
}

impl Starts<'_> {
    /// Writes the start tag; `false` where the element goes, and only its content stays.
    pub(super) fn write(&mut self, element: &Element, attributes: &[Attribute<'_>], in_link: bool) -> bool {
        let mut reader = Reader { attributes, addresses: self.addresses, unsure: false };
        let written = match element.kind {
            _ if element.out.is_empty() => false,
            Kind::Image => self.image(&mut reader),
            Kind::Source => self.source(&mut reader),
            Kind::Track => self.track(&mut reader),
            Kind::Frame => self.frame(&mut reader, in_link),
            Kind::Player => self.player(element, &mut reader),
            Kind::Anchor => !in_link && self.anchor(element, &mut reader),
            _ => self.plain(element, &reader),
        };
        self.sink.unsure |= reader.unsure;
        written
    }

    fn open(&mut self, name: &str) {
        self.sink.html.push('<');
        self.sink.html.push_str(name);
    }

    fn end(&mut self, reader: &Reader<'_, '_>) {
        self.attributes(EVERYWHERE, reader);
        self.sink.html.push('>');
    }

    fn plain(&mut self, element: &Element, reader: &Reader<'_, '_>) -> bool {
        let before = self.sink.html.len();
        self.open(element.out);
        let bare = self.sink.html.len();
        self.attributes(element.attributes, reader);
        self.attributes(EVERYWHERE, reader);
        // A span says nothing but its language or direction.
        if element.out == "span" && self.sink.html.len() == bare {
            self.sink.html.truncate(before);
            return false;
        }
        self.sink.html.push('>');
        true
    }

    /// Those of these attributes that are there and have a value of the right kind.
    fn attributes(&mut self, list: &[(&str, Value)], reader: &Reader<'_, '_>) {
        if reader.attributes.is_empty() {
            return;
        }
        for (name, kind) in list {
            if let Some(raw) = reader.raw(name) {
                self.attribute(name, *kind, raw);
            }
        }
    }

    fn attribute(&mut self, name: &str, kind: Value, raw: &str) {
        let value = decode(raw, &mut self.sink.unsure);
        let trimmed = value.trim();
        match kind {
            Value::Text => self.sink.attribute(name, super::cut(&value, ATTRIBUTE_BYTES_MAX)),
            Value::Flag => self.sink.attribute(name, ""),
            Value::Page => {
                if let Some(address) = self.addresses.web(&value) {
                    self.sink.attribute(name, &address);
                }
            }
            Value::Number => {
                let digits = trimmed.strip_prefix('-').unwrap_or(trimmed);
                if (1..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    self.sink.attribute(name, trimmed);
                }
            }
            Value::Language => {
                let is_tag = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
                if (1..=35).contains(&trimmed.len()) && trimmed.bytes().all(is_tag) {
                    self.sink.attribute(name, trimmed);
                }
            }
            Value::Word(words) => {
                let exact = words.iter().find(|word| **word == trimmed);
                let word = exact.or_else(|| words.iter().find(|word| word.eq_ignore_ascii_case(trimmed)));
                if let Some(word) = word {
                    self.sink.attribute(name, word);
                }
            }
        }
    }

    fn anchor(&mut self, element: &Element, reader: &mut Reader<'_, '_>) -> bool {
        let Some(value) = reader.value("href") else { return false };
        let Some(address) = self.addresses.link(&value) else { return false };
        self.open("a");
        self.sink.attribute("href", &address);
        self.sink.attribute("rel", REL);
        self.attributes(element.attributes, reader);
        self.end(reader);
        true
    }

    fn image(&mut self, reader: &mut Reader<'_, '_>) -> bool {
        let Some(image) = reader.image(self.picture_source.as_deref()) else { return false };
        if self.repeats(&image.src) {
            // Nothing of what was looked at is looked at again.
            self.last_image = Some((image.src, self.sink.html.len()));
            return false;
        }
        let (width, height) = (reader.raw("width").and_then(pixels), reader.raw("height").and_then(pixels));
        if self.lead_image.is_none() && may_lead(&image.src, width, height) {
            self.lead_image = Some(image.src.clone());
        }
        self.open("img");
        self.sink.attribute("src", &image.src);
        if let Some(srcset) = &image.srcset {
            self.sink.attribute("srcset", srcset);
            self.attributes(&[("sizes", Value::Text)], reader);
        }
        self.attributes(&[("alt", Value::Text), ("title", Value::Text)], reader);
        self.sides(width, height);
        self.attributes(&[("loading", Value::Word(&["lazy", "eager"]))], reader);
        self.end(reader);
        self.last_image = Some((image.src, self.sink.html.len()));
        true
    }

    /// Whether the same image stands right before: pages repeat late images for browsers without scripts.
    fn repeats(&self, src: &str) -> bool {
        let Some((_, end)) = self.last_image.as_ref().filter(|(last, _)| last == src) else { return false };
        let mut in_tag = false;
        let between = self.sink.html.get(*end..).unwrap_or_default();
        between.bytes().all(|byte| {
            in_tag = byte == b'<' || (in_tag && byte != b'>');
            in_tag || byte == b'>' || byte.is_ascii_whitespace()
        })
    }

    fn sides(&mut self, width: Option<u32>, height: Option<u32>) {
        for (name, side) in [("width", width), ("height", height)] {
            if let Some(side) = side {
                self.sink.attribute(name, &side.to_string());
            }
        }
    }

    fn source(&mut self, reader: &mut Reader<'_, '_>) -> bool {
        let sets = ["srcset", "data-srcset", "data-lazy-srcset"];
        let set = sets.iter().find_map(|name| reader.candidates(name).filter(|set| !set.is_empty()));
        let src = reader.web("src").or_else(|| reader.web("data-src"));
        if set.is_none() && src.is_none() {
            return false;
        }
        if self.picture_source.is_none() {
            self.picture_source = set.as_ref().and_then(Candidates::largest);
        }
        self.open("source");
        if let Some(src) = src {
            self.sink.attribute("src", &src);
        }
        if let Some(set) = set {
            self.sink.attribute("srcset", &set.written());
            self.attributes(&[("sizes", Value::Text)], reader);
        }
        self.attributes(&[("type", Value::Text), ("media", Value::Text)], reader);
        self.end(reader);
        true
    }

    fn track(&mut self, reader: &mut Reader<'_, '_>) -> bool {
        let Some(src) = reader.web("src") else { return false };
        self.open("track");
        self.sink.attribute("src", &src);
        let kinds = &["subtitles", "captions", "descriptions", "chapters"];
        let own = [("kind", Value::Word(kinds)), ("srclang", Value::Language), ("label", Value::Text)];
        self.attributes(&own, reader);
        self.end(reader);
        true
    }

    /// A player never starts by itself and loads nothing before it is asked to.
    fn player(&mut self, element: &Element, reader: &mut Reader<'_, '_>) -> bool {
        self.open(element.out);
        if let Some(src) = reader.web("src").or_else(|| reader.web("data-src")) {
            self.sink.attribute("src", &src);
        }
        if element.out == "video" {
            if let Some(poster) = reader.web("poster") {
                self.sink.attribute("poster", &poster);
                self.lead_image.get_or_insert(poster);
            }
            let side = |name| reader.raw(name).and_then(pixels);
            self.sides(side("width"), side("height"));
        }
        self.sink.attribute("controls", "");
        self.sink.attribute("preload", "none");
        self.attributes(&[("title", Value::Text)], reader);
        self.end(reader);
        true
    }

    /// A frame of a known player; of any other page, a link to it.
    fn frame(&mut self, reader: &mut Reader<'_, '_>, in_link: bool) -> bool {
        if reader.is_hidden() {
            return false;
        }
        let src = reader.web("src").or_else(|| LAZY.iter().find_map(|name| reader.web(name)));
        let Some(mut url) = src.filter(|src| !is_tracker(src)).and_then(|src| Url::parse(&src).ok()) else {
            return false;
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        let is_known = url.port().is_none()
            && FRAMES.iter().any(|(known, path)| host == *known && url.path().starts_with(path))
            && (url.scheme() == "https" || url.set_scheme("https").is_ok());
        if is_known {
            self.open("iframe");
            self.sink.attribute("src", url.as_str());
            self.attributes(&[("title", Value::Text)], reader);
            let side = |name| reader.raw(name).and_then(pixels);
            self.sides(side("width"), side("height"));
            self.sink.attribute("sandbox", SANDBOX);
            self.sink.attribute("loading", "lazy");
            self.sink.attribute("allowfullscreen", "");
            self.sink.html.push_str("></iframe>");
        } else if !in_link {
            self.open("a");
            self.sink.attribute("href", url.as_str());
            self.sink.attribute("rel", REL);
            self.sink.html.push('>');
            self.sink.text(&host);
            self.sink.html.push_str("</a>");
        }
        is_known
    }
}
