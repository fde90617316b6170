//! `url`: where a source is.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use super::notes::Notes;
use super::sources::Surroundings;
use super::table::Item;
use super::values::web_url;
use crate::model::{Location, is_answered_by, is_on_site};

const URL_BYTES_MAX: usize = 4000;

/// Reads the address of a source. `file:` paths begin at the folder of feeds.toml.
pub(super) fn read(item: Item<'_, '_>, around: &Surroundings<'_>, notes: &mut Notes) -> Option<Location> {
    let text = item.line("\"https://example.org/feed\"", URL_BYTES_MAX, notes)?;
    let location = match scheme(text).as_deref() {
        Some("file") => file(text, around.folder),
        Some("feed" | "webcal" | "feeds" | "webcals") => {
            let rest = text.split_once(':').map_or("", |(_, rest)| rest).trim_start_matches('/');
            let rest = rest.strip_prefix("https://").or(rest.strip_prefix("http://")).unwrap_or(rest);
            Err(format!("is for browsers that subscribe: write \"https://{rest}\""))
        }
        None if looks_like_path(text) => Err(format!("`{text}` has no scheme: write \"file:{text}\"")),
        _ => web(text, around),
    };
    match location {
        Ok(location) => Some(location),
        Err(message) => {
            item.mistake(message, notes);
            None
        }
    }
}

fn scheme(text: &str) -> Option<String> {
    let (scheme, _) = text.split_once(':')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
    (!scheme.is_empty() && scheme.bytes().all(plain)).then(|| scheme.to_ascii_lowercase())
}

/// Whether a text without a scheme is a path rather than a host.
fn looks_like_path(text: &str) -> bool {
    let first = text.split('/').next().unwrap_or_default();
    !text.starts_with("//")
        && (matches!(first, "" | "." | "..") || !first.contains('.') || is_feed_file(text))
}

fn is_feed_file(text: &str) -> bool {
    let extension = Path::new(text).extension().unwrap_or_default();
    !text.contains('/') && ["xml", "rss", "atom", "json", "rdf"].iter().any(|known| extension == *known)
}

fn web(text: &str, around: &Surroundings<'_>) -> Result<Location, String> {
    let url = web_url(text).map_err(|message| {
        if message.starts_with("holds a name") {
            let auth = "auth = { basic = { user = \"…\", password_env = \"NAME\" } }";
            return format!("{message} and write {auth}");
        }
        message
    })?;
    let own = [
        ("it begins with site.url", around.site.as_ref().is_some_and(|site| is_on_site(&url, site))),
        ("server.listen answers there", is_answered_by(&url, around.listen)),
        ("server.admin answers there", around.admin.is_some_and(|admin| is_answered_by(&url, admin))),
    ];
    if let Some((why, _)) = own.into_iter().find(|(_, is_ours)| *is_ours) {
        return Err(format!("is one of our own outputs ({why}): name the source itself"));
    }
    Ok(Location::Web(url))
}

/// `file:feeds/a.xml`, `file:/var/a.xml`, `file:///var/a.xml` (RFC 8089, with relative paths beside it).
fn file(text: &str, folder: &Path) -> Result<Location, String> {
    let rest = text.split_once(':').map_or("", |(_, rest)| rest);
    let path = match rest.strip_prefix("//") {
        None => rest,
        Some(authority) => match authority.strip_prefix("localhost").unwrap_or(authority) {
            path if path.starts_with('/') => path,
            _ => return Err(format!("`{text}` names a host: write \"file:{authority}\" or \"file:///…\"")),
        },
    };
    // What is no escape stays as written, and so does a path that would not be text.
    let path = percent_decode_str(path).decode_utf8().map_or_else(|_| path.to_owned(), Into::into);
    if path.is_empty() || path.ends_with('/') || path.contains('\0') {
        return Err(format!("`{text}` names no file: write \"file:examples/feed.xml\""));
    }
    Ok(Location::File(folder.join(PathBuf::from(path))))
}
