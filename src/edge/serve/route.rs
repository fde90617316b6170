//! Which addresses are answered from the snapshot, which read the store, and which take mail.

/// Bytes of a form: a subscription, a ping.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a document that a hub brings: as much as a source may have by itself.
const DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A document in memory, or nothing.
    Snapshot,
    /// A page that is rendered from the store on request.
    Stored,
    /// On to the page at the source.
    Go,
    /// What other programs say to us; their bodies are read up to so many bytes.
    Mail(usize),
}

impl Route {
    /// By the path as it was sent.
    pub(super) fn of(path: &str) -> Self {
        let rest = path.trim_start_matches('/');
        let (first, is_deeper) = rest.split_once('/').map_or((rest, false), |(first, _)| (first, true));
        match first {
            "item" | "story" | "search" | "search.atom" if path.starts_with('/') => Self::Stored,
            "go" => Self::Go,
            "hub" | "rsscloud" => Self::Mail(FORM_BYTES_MAX),
            "websub" => Self::Mail(DOCUMENT_BYTES_MAX),
            _ if is_deeper && path.contains("/archive/") => Self::Stored,
            _ => Self::Snapshot,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_door() {
        for (path, expected) in [
            ("/", Route::Snapshot),
            ("/sport.atom", Route::Snapshot),
            ("/items", Route::Snapshot),
            ("/item/0190", Route::Stored),
            ("/story/0190.atom", Route::Stored),
            ("/search", Route::Stored),
            ("/search.atom", Route::Stored),
            ("/sport/archive/3.atom", Route::Stored),
            ("/sport/archive", Route::Snapshot),
            ("/archive/3.atom", Route::Stored),
            ("/go/0190", Route::Go),
            ("/hub", Route::Mail(FORM_BYTES_MAX)),
            ("/hubs", Route::Snapshot),
            ("/rsscloud/pleaseNotify", Route::Mail(FORM_BYTES_MAX)),
            ("/websub/abc", Route::Mail(DOCUMENT_BYTES_MAX)),
        ] {
            assert_eq!(Route::of(path), expected, "{path}");
        }
    }
}
