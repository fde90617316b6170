//! Files of an entry: what is offered to players and readers, and the image that leads it.

use super::links::{Bases, Use, resolve};
use super::notes::Notes;
use super::words;
use crate::model::{Caption, Enclosure, RawMedia, RawMediaKind, RawText};

/// Files of one entry.
const FILES_MAX: usize = 100;
/// A narrower image is a spacer or a counter, in pixels.
const IMAGE_PIXELS_MIN: u32 = 3;
/// A longer playing time is a mistake, in seconds.
const DURATION_SECONDS_MAX: u64 = 30 * 24 * 3600;

/// Extension → the type of such files.
const TYPES: &[(&str, &str)] = &[
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("m4b", "audio/mp4"),
    ("aac", "audio/aac"),
    ("ogg", "audio/ogg"),
    ("oga", "audio/ogg"),
    ("opus", "audio/ogg"),
    ("flac", "audio/flac"),
    ("wav", "audio/wav"),
    ("wma", "audio/x-ms-wma"),
    ("mp4", "video/mp4"),
    ("m4v", "video/mp4"),
    ("mov", "video/quicktime"),
    ("webm", "video/webm"),
    ("ogv", "video/ogg"),
    ("mkv", "video/x-matroska"),
    ("avi", "video/x-msvideo"),
    ("mpg", "video/mpeg"),
    ("mpeg", "video/mpeg"),
    ("3gp", "video/3gpp"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
    ("svg", "image/svg+xml"),
    ("bmp", "image/bmp"),
    ("pdf", "application/pdf"),
    ("epub", "application/epub+zip"),
    ("zip", "application/zip"),
    ("torrent", "application/x-bittorrent"),
];

/// What a file is, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Class {
    Image,
    Media,
    Other,
}

/// What is found among the files of an entry.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// What is offered to players and readers, without doubles.
    pub(super) enclosures: Vec<Enclosure>,
    /// The image that leads the entry, absolute.
    pub(super) image: Option<String>,
    /// What is said of it.
    pub(super) caption: Option<Caption>,
}

/// Reads the files of an entry. Every enclosure is a file; of
/// Media RSS only what is played or read is one.
///
/// The image is the widest of `media:content`, else a thumbnail, else that of iTunes or JSON Feed, else an
/// enclosed one; a portrait of the author, as blogs send it, comes last.
pub(super) fn read(media: &[RawMedia], bases: &Bases, notes: &mut Notes) -> Files {
    let mut files: Vec<Enclosure> = Vec::new();
    let mut images: Vec<(u8, u32, String, &RawMedia)> = Vec::new();
    for raw in media.iter().take(FILES_MAX) {
        let named = media_type(raw.media_type.as_deref());
        let guessed = named.clone().or_else(|| by_extension(&raw.url).map(str::to_owned));
        let class = class(raw, guessed.as_deref());
        let is_picture =
            matches!(raw.kind, RawMediaKind::Image | RawMediaKind::Thumbnail) || class == Class::Image;
        let is_file =
            raw.kind == RawMediaKind::Enclosure || raw.kind == RawMediaKind::Content && class == Class::Media;
        if !is_file && !is_picture {
            continue;
        }
        let usage = if is_file { Use::File } else { Use::Image };
        let Some(url) = resolve(&raw.url, raw.base.as_deref(), bases, usage, notes) else { continue };
        let width = raw.width.as_deref().and_then(words::number);
        if is_picture && url.starts_with("http") && width.is_none_or(|width| width >= IMAGE_PIXELS_MIN) {
            images.push((rank(raw.kind, &url), u32::MAX - width.unwrap_or(0), url.clone(), raw));
        }
        if is_file {
            add(&mut files, file(raw, url, guessed));
        }
    }
    // The first of the best and widest: sorting keeps the order of equals.
    images.sort_by_key(|(rank, narrowness, _, _)| (*rank, *narrowness));
    let lead = images.into_iter().next();
    let caption = lead.as_ref().and_then(|(_, _, _, raw)| caption(raw));
    Files { enclosures: files, image: lead.map(|(_, _, url, _)| url), caption }
}

fn caption(raw: &RawMedia) -> Option<Caption> {
    let pixels = |text: &Option<String>| text.as_deref().and_then(words::number).filter(|pixels| *pixels > 0);
    let caption = Caption {
        title: raw.title.as_deref().and_then(words::name),
        text: words::paragraph(raw.text.clone().map(|value| RawText { value, ..RawText::default() })),
        credit: raw.credit.as_deref().and_then(words::name),
        width: pixels(&raw.width),
        height: pixels(&raw.height),
    };
    (caption != Caption::default()).then_some(caption)
}

/// Seconds of `1:02:03`, `62:03`, `3723`, `3723.5`, `PT1H2M3S`, `1h 2m 3s`.
pub(super) fn seconds(text: &str) -> Option<u32> {
    let text = text.trim().to_ascii_lowercase();
    let whole = |part: &str| part.trim().split(['.', ',']).next()?.parse::<u64>().ok();
    let units = text.strip_prefix("pt").unwrap_or(&text);
    let total = if text.contains(':') {
        text.split(':').take(5).try_fold(0_u64, |sum, part| sum.checked_mul(60)?.checked_add(whole(part)?))?
    } else if units.contains(['h', 'm', 's']) {
        with_units(units)?
    } else {
        whole(&text)?
    };
    u32::try_from(total).ok().filter(|_| (1..=DURATION_SECONDS_MAX).contains(&total))
}

fn with_units(text: &str) -> Option<u64> {
    let mut total = 0_u64;
    let mut number = String::new();
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        let unit = match c {
            '0'..='9' | '.' => {
                number.push(c);
                continue;
            }
            'h' => 3600,
            'm' => 60,
            's' => 1,
            // The rest of "min" or "sec".
            _ if number.is_empty() && total > 0 => continue,
            _ => return None,
        };
        if number.is_empty() {
            continue;
        }
        let value: u64 = number.split('.').next()?.parse().ok()?;
        total = total.checked_add(value.checked_mul(unit)?)?;
        number.clear();
    }
    number.is_empty().then_some(total)
}

fn file(raw: &RawMedia, url: String, media_type: Option<String>) -> Enclosure {
    // Who cannot tell the size writes 0 (RSS Best Practices Profile, "enclosure").
    let digits = raw.length.as_deref().map(|text| text.trim().replace([',', ' ', '\u{A0}'], ""));
    Enclosure {
        url,
        media_type,
        length: digits.and_then(|digits| digits.parse().ok()).filter(|length| *length > 0),
        duration_seconds: raw.duration.as_deref().and_then(seconds),
        title: raw.title.as_deref().and_then(words::name),
    }
}

/// A file that is named twice is one, with what either says of it.
fn add(files: &mut Vec<Enclosure>, file: Enclosure) {
    let Some(known) = files.iter_mut().find(|known| known.url == file.url) else {
        return files.push(file);
    };
    known.media_type = known.media_type.take().or(file.media_type);
    known.length = known.length.or(file.length);
    known.duration_seconds = known.duration_seconds.or(file.duration_seconds);
    known.title = known.title.take().or(file.title);
}

/// The type in lower case, without parameters.
pub(super) fn media_type(raw: Option<&str>) -> Option<String> {
    let bare = raw?.split(';').next()?.trim().to_ascii_lowercase();
    let (main, sub) = bare.split_once('/')?;
    let is_token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    (is_token(main) && is_token(sub) && bare.len() <= 255).then_some(bare)
}

fn by_extension(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next()?.trim();
    let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
    TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension)).map(|(_, media_type)| *media_type)
}

fn class(raw: &RawMedia, media_type: Option<&str>) -> Class {
    let medium = raw.medium.as_deref().map(|medium| medium.trim().to_ascii_lowercase());
    match medium.as_deref() {
        Some("image") => return Class::Image,
        Some("audio" | "video" | "document") => return Class::Media,
        _ => {}
    }
    match media_type {
        Some(named) if named.starts_with("image/") => Class::Image,
        Some(named) if named.starts_with("audio/") || named.starts_with("video/") => Class::Media,
        Some(
            "application/ogg" | "application/pdf" | "application/epub+zip" | "application/vnd.apple.mpegurl",
        ) => Class::Media,
        _ => Class::Other,
    }
}

fn rank(kind: RawMediaKind, url: &str) -> u8 {
    match kind {
        _ if url.contains("gravatar.com/avatar") => 4,
        RawMediaKind::Content => 0,
        RawMediaKind::Thumbnail => 1,
        RawMediaKind::Image => 2,
        RawMediaKind::Enclosure => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playing_times() {
        let cases = [
            ("1:02:03", Some(3723)),
            ("62:03", Some(3723)),
            (" 3723 ", Some(3723)),
            ("3723.9", Some(3723)),
            ("00:00:30.5", Some(30)),
            ("PT1H2M3S", Some(3723)),
            ("PT45M", Some(2700)),
            ("1h 2m", Some(3720)),
            ("12 min", Some(720)),
            ("0", None),
            ("", None),
            ("long", None),
            ("1:xx", None),
            ("99999999999999999999:00", None),
            ("-5", None),
            ("9999999999", None),
        ];
        for (text, expected) in cases {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn types() {
        assert_eq!(media_type(Some(" Audio/MPEG; charset=x ")).as_deref(), Some("audio/mpeg"));
        assert_eq!(media_type(Some("mp3")), None);
        assert_eq!(by_extension("https://e.org/a.b/Show.MP3?x=1.png#y"), Some("audio/mpeg"));
        assert_eq!(by_extension("https://e.org/show"), None);
        assert_eq!(by_extension(""), None);
    }
}
