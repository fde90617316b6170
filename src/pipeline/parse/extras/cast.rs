//! What a document says of a podcast episode.

use super::Extras;
use crate::model::{RawCast, RawSideFile};

impl Extras {
    /// A file about the episode: of its chapters the first counts.
    pub(super) fn add_side_file(&mut self, name: &str, url: String, value: impl Fn(&str) -> Option<String>) {
        let (media_type, language, relation) = (value("type"), value("language"), value("rel"));
        let file = RawSideFile { url, media_type, language, relation };
        if name == "transcript" {
            self.cast.transcripts.push(file);
        } else {
            self.cast.chapters.get_or_insert(file);
        }
    }

    /// Of two covers the first counts.
    pub(super) fn set_cover(&mut self, url: Option<&String>) {
        if self.cast.image.is_none() {
            self.cast.image = url.cloned();
        }
    }

    /// The episode; its texts stay, for they may have to stand in for those of the entry.
    pub(super) fn take_cast(&mut self) -> RawCast {
        let text =
            |name: &str| self.texts.iter().find(|(known, _)| *known == name).map(|(_, text)| text.clone());
        let value = |name: &str| text(name).map(|text| text.value);
        RawCast {
            kind: value("episodetype"),
            title: text("casttitle"),
            author: value("castauthor"),
            subtitle: text("castsubtitle"),
            summary: text("castsummary"),
            block: value("block"),
            ..std::mem::take(&mut self.cast)
        }
    }
}
