//! `headers`: what is sent beside our own.

use super::notes::Notes;
use super::table::Item;

const HEADERS_MAX: usize = 50;
const HEADER_BYTES_MAX: usize = 4000;

/// Headers that carry secrets; those belong to `auth`.
const SECRET_HEADERS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// Headers that nashra or the connection sets.
const OWN_HEADERS: [&str; 15] = [
    "host",
    "user-agent",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "accept-encoding",
    "if-none-match",
    "if-modified-since",
    "a-im",
    "range",
    "expect",
];

/// Reads `headers` over what `into` holds already: names are compared without case.
pub(super) fn read_headers(item: Item<'_, '_>, into: &mut Vec<(String, String)>, notes: &mut Notes) {
    let Some(table) = item.inline_table("{ Accept-Language = \"ar\" }", notes) else { return };
    if table.len() > HEADERS_MAX {
        item.mistake(format!("holds {} headers: at most {HEADERS_MAX} are allowed", table.len()), notes);
        return;
    }
    for header in table.items() {
        let name = header.key.to_ascii_lowercase();
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || name.len() > 100 || !name.bytes().all(is_token) {
            header.mistake("is no header name: write letters, digits and -", notes);
        } else if SECRET_HEADERS.contains(&name.as_str()) {
            header.mistake(
                "secrets do not belong into this file: write auth = { bearer_env = \"NAME\" } or auth = { basic = { \
                 user = \"…\", password_env = \"NAME\" } } in the source",
                notes,
            );
        } else if name == "user-agent" {
            header.mistake("is set by its own key: write user_agent = \"…\"", notes);
        } else if OWN_HEADERS.contains(&name.as_str()) {
            header.mistake("is set by nashra itself: remove it", notes);
        } else if let Some(value) = header_value(header, notes) {
            into.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
            into.push((header.key.to_owned(), value));
        }
    }
}

/// A value that fits a header.
pub(super) fn header_value(item: Item<'_, '_>, notes: &mut Notes) -> Option<String> {
    let text = item.line("\"…\"", HEADER_BYTES_MAX, notes)?;
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return Some(text.to_owned());
    }
    item.mistake("goes into a header: only ASCII letters, digits and signs are allowed", notes);
    None
}
