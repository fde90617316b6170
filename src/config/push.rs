//! Who is told of news: `[publish] hub` and `rsscloud`.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::notes::Notes;
use super::table::{Item, Table};
use super::values::web_url;
use crate::model::{Push, Site};

const EXAMPLE: &str = "\"own\", \"off\", \"https://hub.example.org/\" or a list of hubs";
const URL_BYTES_MAX: usize = 2000;
/// Each of them is told of every feed that changes.
const HUBS_MAX: usize = 8;

/// Reads both keys of `[publish]`.
pub(super) fn read(table: &Table<'_>, notes: &mut Notes) -> Push {
    let mut push = Push::default();
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

fn read_hub(item: Item<'_, '_>, push: &mut Push, notes: &mut Notes) {
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
pub(super) fn name(push: &Push, site: &mut Site) {
    let own = push.is_hub.then(|| format!("{}/hub", site.url));
    site.hubs = own.into_iter().chain(push.hubs.iter().map(Url::to_string)).collect();
    site.has_cloud = push.is_cloud;
}

/// What an admin should know who believes that everybody can be told of news; `None` where they can.
pub(super) fn remark(push: &Push, site: &Site) -> Option<String> {
    let url: Url = site.url.parse().ok()?;
    let is_local = match url.host()? {
        Host::Domain(name) => matches!(name.rsplit('.').next(), Some("localhost" | "local")),
        Host::Ipv4(address) => is_local_v4(address),
        Host::Ipv6(address) => address.to_ipv4_mapped().map_or_else(|| is_local_v6(address), is_local_v4),
    };
    (is_local && (push.is_hub || push.is_cloud)).then(|| {
        format!(
            "site.url is {}, which others cannot reach: the hub works for readers on this machine or network only",
            site.url
        )
    })
}

fn is_local_v4(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_private() || address.is_link_local() || address.is_unspecified()
}

fn is_local_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}
