//! Podcast episodes: `itunes:` and `podcast:` in RSS and Atom, `_podcast` in JSON Feed.

use serde::Serialize;

use super::element::Element;
use super::item::{Item, UNKNOWN_TYPE};
use super::values::{language, line, media_type, web};
use crate::model::{Episode, EpisodeKind, SideFile};
use crate::pipeline::text::shorten;

/// What `podcast:chapters` are where nobody says.
const CHAPTERS_TYPE: &str = "application/json+chapters";

/// What directories read of a name or a line, in characters.
const LINE_CHARS_MAX: usize = 255;
/// What they read of a summary, in characters.
const SUMMARY_CHARS_MAX: usize = 4000;

/// An episode as it is shown. In JSON Feed the names are those of the elements, without prefixes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Podcast {
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    episode: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    season: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    episode_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explicit: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtitle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    block: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transcripts: Vec<Side>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chapters: Option<Side>,
}

/// A file about the episode.
#[derive(Serialize)]
struct Side {
    url: String,
    #[serde(rename = "type")]
    media_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rel: Option<String>,
}

impl Podcast {
    /// `None` for what is no episode. One without a cover shows its lead image, else that of its podcast.
    pub(super) fn of(item: &Item<'_>) -> Option<Self> {
        let said: &Episode = item.entry.said.episode.as_ref()?;
        let words = |text: &Option<String>| text.as_deref().and_then(line);
        let cut = |text: &Option<String>, chars_max| words(text).map(|text| shorten(text, chars_max));
        let positive = |number: Option<u32>| number.filter(|number| *number > 0);
        let cover = said.image.as_deref().and_then(web);
        Some(Self {
            duration: positive(said.duration_seconds),
            episode: positive(said.number),
            season: positive(said.season),
            episode_type: said.kind.map(EpisodeKind::word),
            explicit: said.explicit,
            title: words(&said.title),
            author: cut(&said.author, LINE_CHARS_MAX),
            subtitle: cut(&said.subtitle, LINE_CHARS_MAX),
            summary: cut(&said.summary, SUMMARY_CHARS_MAX),
            image: cover.or_else(|| item.image.clone()).or_else(|| item.source.image.clone()),
            block: said.is_blocked,
            transcripts: said.transcripts.iter().filter_map(|file| side(file, UNKNOWN_TYPE)).collect(),
            chapters: said.chapters.as_ref().and_then(|file| side(file, CHAPTERS_TYPE)),
        })
    }

    /// As elements of an item or entry.
    pub(super) fn elements(self) -> Vec<Element> {
        let number = |number: Option<u32>| number.map(|number| number.to_string());
        let texts = [
            ("itunes:author", self.author),
            ("itunes:block", self.block.then(|| "Yes".to_owned())),
            ("itunes:duration", number(self.duration)),
            ("itunes:episode", number(self.episode)),
            ("itunes:episodeType", self.episode_type.map(str::to_owned)),
            ("itunes:explicit", self.explicit.map(|explicit| explicit.to_string())),
            ("itunes:season", number(self.season)),
            ("itunes:subtitle", self.subtitle),
            ("itunes:summary", self.summary),
            ("itunes:title", self.title),
        ];
        let texts = texts.into_iter().filter_map(|(name, text)| Some(Element::of_text(name, text?)));
        let image = self.image.map(|url| Element::new("itunes:image").with("href", Some(url)));
        let side = |name, file: Side| {
            Element::new(name)
                .with("url", Some(file.url))
                .with("type", Some(file.media_type))
                .with("language", file.language)
                .with("rel", file.rel)
        };
        let transcripts = self.transcripts.into_iter().map(|file| side("podcast:transcript", file));
        let chapters = self.chapters.map(|file| side("podcast:chapters", file));
        texts.chain(image).chain(transcripts).chain(chapters).collect()
    }
}

fn side(file: &SideFile, otherwise: &str) -> Option<Side> {
    Some(Side {
        url: web(&file.url)?,
        media_type: file.media_type.as_deref().and_then(media_type).unwrap_or_else(|| otherwise.to_owned()),
        language: file.language.as_deref().and_then(language),
        rel: file.relation.as_deref().and_then(line),
    })
}
