//! Who is told of news: `[publish] hub` and `rsscloud`.

use url::Url;

use super::notes::Notes;
use super::table::{Item, Table};
use super::values::web_url;
use crate::model::{PushOut, Site};

const EXAMPLE: &str = "\"own\", \"off\", \"https://hub.example.org/\" or a list of hubs";
const URL_BYTES_MAX: usize = 2000;
/// Each of them is told of every feed that changes.
const HUBS_MAX: usize = 8;

/// Reads both keys of `[publish]`.
pub(super) fn read(table: &Table<'_>, notes: &mut Notes) -> PushOut {
    let mut push = PushOut::default();
    if let Some(item) = table.get("hub") {
        push.is_hub = false;
        let hubs = if item.is_list() { item.list(EXAMPLE, HUBS_MAX, notes) } else { Some(vec![item]) };
        hubs.unwrap_or_default().into_iter().for_each(|hub| read_hub(hub, &mut push, notes));
    }
    if let Some(is_cloud) = table.get("rsscloud").and_then(|item| item.boolean(notes)) {
        push.is_cloud = is_cloud;
    }
    push
}

fn read_hub(item: Item<'_, '_>, push: &mut PushOut, notes: &mut Notes) {
    let Some(text) = item.line(EXAMPLE, URL_BYTES_MAX, notes) else { return };
    let message = match (text, web_url(text)) {
        ("own", _) => return push.is_hub = true,
        ("off", _) => return,
        (_, Ok(url)) if url.fragment().is_some() => format!("`{text}` has a fragment: take out the `#…`"),
        (_, Ok(url)) => {
            if !push.hubs.contains(&url) {
                push.hubs.push(url);
            }
            return;
        }
        _ => format!("`{text}` is no hub: write {EXAMPLE}"),
    };
    item.mistake(message, notes);
}

/// Lets the feeds of a site name whom readers may ask.
pub(super) fn name(push: &PushOut, site: &mut Site) {
    let own = push.is_hub.then(|| format!("{}/hub", site.url));
    site.hubs = own.into_iter().chain(push.hubs.iter().map(Url::to_string)).collect();
    site.has_cloud = push.is_cloud;
}
