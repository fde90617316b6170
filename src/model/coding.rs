//! The content codings in which documents are served (RFC 9110 §8.4.1), and the entity tags of their bytes.

use super::{Digest, EntryKey};

/// A content coding, the smallest first: this is their order where a client likes them equally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Brotli (RFC 7932).
    Br,
    /// Zstandard (RFC 8878).
    Zstd,
    /// RFC 1952.
    Gzip,
    /// The bytes as they are.
    Identity,
}

impl Coding {
    /// All of them, the preferred first.
    pub const ALL: [Self; 4] = [Self::Br, Self::Zstd, Self::Gzip, Self::Identity];
    /// Those that take an encoder, in the order in which readers can use them.
    pub const PACKED: [Self; 3] = [Self::Gzip, Self::Br, Self::Zstd];

    /// Its name in headers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Br => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    /// How hard its encoder tries; the next levels cost twice the time for one part in fifty.
    pub const fn level(self) -> u8 {
        match self {
            Self::Br => 5,
            Self::Zstd => 9,
            Self::Gzip => 6,
            Self::Identity => 0,
        }
    }

    /// The strong ETag of a version of a document in this coding, with its quotes.
    ///
    /// It names the bytes before the coding, the coding and the level, from which the coded bytes follow. So it is
    /// known before they are made, no two codings share one (RFC 9110 §8.8.3.3), and other levels have other tags.
    pub fn etag(self, version: Digest) -> String {
        match self {
            Self::Identity => format!("\"{version}\""),
            _ => format!("\"{version}-{}{}\"", self.name(), self.level()),
        }
    }

    /// What an ETag of ours names; `None` for others. With its quotes, and without `W/`.
    pub fn of_etag(tag: &[u8]) -> Option<(Digest, Self)> {
        let inside = std::str::from_utf8(tag).ok()?.strip_prefix('"')?.strip_suffix('"')?;
        let (version, suffix) = inside.split_once('-').map_or((inside, None), |(a, b)| (a, Some(b)));
        // The same 32 digits as those of a key.
        let version = Digest(version.parse::<EntryKey>().ok()?.0);
        let Some(suffix) = suffix else { return Some((version, Self::Identity)) };
        let names = |coding: &&Self| {
            let level = suffix.strip_prefix(coding.name());
            level.is_some_and(|level| level == coding.level().to_string())
        };
        Self::PACKED.iter().find(names).map(|coding| (version, *coding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_coding_has_a_tag_of_its_own() {
        let version = Digest([0xab; 16]);
        let tags = Coding::ALL.map(|coding| coding.etag(version));
        let digits = "ab".repeat(16);
        let expected = ["-br5", "-zstd9", "-gzip6", ""].map(|suffix| format!("\"{digits}{suffix}\""));
        assert_eq!(tags, expected);
        for (tag, coding) in tags.iter().zip(Coding::ALL) {
            assert_eq!(Coding::of_etag(tag.as_bytes()), Some((version, coding)));
        }
        for other in ["", "\"", "\"\"", "\"ab\"", "W/\"", &digits, "\"ab-br5\"", "\u{fc}"] {
            assert_eq!(Coding::of_etag(other.as_bytes()), None, "{other}");
        }
        for suffix in ["-", "-br", "-br4", "-br05", "-BR5", "-identity0", "-gzip6-gzip6"] {
            assert_eq!(Coding::of_etag(format!("\"{digits}{suffix}\"").as_bytes()), None, "{suffix}");
        }
        assert_eq!(Coding::of_etag(format!("\"{}\"", digits.to_uppercase()).as_bytes()), None);
    }
}
