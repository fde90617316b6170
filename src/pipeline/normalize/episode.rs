//! A podcast episode: what its publisher says beside the facts of any entry.

use super::links::{self, Bases, Use};
use super::notes::Notes;
use super::{files, language, words};
use crate::model::{Episode, EpisodeKind, RawEntry, RawSideFile, SideFile};

/// The episode; `None` where nothing is said that only a podcast says.
pub(super) fn read(raw: &mut RawEntry, bases: &Bases, notes: &mut Notes) -> Option<Episode> {
    let cast = std::mem::take(&mut raw.cast);
    let number = |text: &Option<String>| text.as_deref().and_then(words::number);
    let image = cast.image.as_deref();
    let image = image.and_then(|url| links::quietly(url, None, bases, Use::Image));
    let mut side_file = |file: &RawSideFile| side_file(file, bases, notes);
    let transcripts = cast.transcripts.iter().filter_map(&mut side_file).take(Episode::TRANSCRIPTS_MAX);
    let transcripts = transcripts.collect();
    let chapters = cast.chapters.as_ref().and_then(side_file);
    let episode = Episode {
        duration_seconds: raw.duration.as_deref().and_then(files::seconds),
        number: number(&raw.episode),
        season: number(&raw.season),
        explicit: raw.explicit.as_deref().and_then(explicit),
        kind: cast.kind.as_deref().and_then(kind),
        title: words::title(cast.title),
        author: cast.author.as_deref().and_then(words::name),
        subtitle: words::paragraph(cast.subtitle),
        summary: words::paragraph(cast.summary),
        image,
        is_blocked: cast.block.as_deref().and_then(explicit).unwrap_or_default(),
        transcripts,
        chapters,
    };
    (episode != Episode::default()).then_some(episode)
}

fn side_file(raw: &RawSideFile, bases: &Bases, notes: &mut Notes) -> Option<SideFile> {
    let relation = raw.relation.as_deref().map(str::trim).filter(|relation| *relation == "captions");
    Some(SideFile {
        url: links::quietly(&raw.url, None, bases, Use::Link)?,
        media_type: files::media_type(raw.media_type.as_deref()),
        language: language::tidy(raw.language.as_deref(), notes),
        relation: relation.map(str::to_owned),
    })
}

fn kind(text: &str) -> Option<EpisodeKind> {
    let text = text.trim();
    let kinds = [EpisodeKind::Full, EpisodeKind::Trailer, EpisodeKind::Bonus];
    kinds.into_iter().find(|kind| kind.word().eq_ignore_ascii_case(text))
}

/// The words of Apple, old and new.
fn explicit(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "true" | "explicit" | "1" => Some(true),
        "no" | "false" | "clean" | "0" => Some(false),
        _ => None,
    }
}
