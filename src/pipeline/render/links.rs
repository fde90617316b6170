//! Links of a feed beside its bytes: not every format has a place for them.

use std::sync::Arc;

use super::values::percent_encoded;
use crate::model::Site;

/// The header `Link` of the feed at `path`: its hubs and its own address (WebSub §4), as RFC 8288 writes them. `None`
/// where no hub tells of changes.
pub fn links(site: &Site, path: &str) -> Option<Arc<str>> {
    if site.hubs.is_empty() {
        return None;
    }
    let link = |address: &str, relation| format!("<{}>; rel=\"{relation}\"", percent_encoded(address));
    let hubs = site.hubs.iter().map(|hub| link(hub, "hub"));
    let own = link(&format!("{}{path}", site.url), "self");
    Some(hubs.chain([own]).collect::<Vec<_>>().join(", ").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hubs_come_before_the_feed_itself() {
        let check = |hubs: &[&str], expected: Option<&str>| {
            let hubs = hubs.iter().map(|hub| (*hub).to_owned()).collect();
            let site = Site {
                title: "نشرة".to_owned(),
                url: "https://n.example/a".to_owned(),
                language: "ar".to_owned(),
                timezone: chrono_tz::UTC,
                contact: None,
                hubs,
                has_cloud: true,
                has_search: true,
            };
            assert_eq!(links(&site, "/sport.json").as_deref(), expected);
        };
        let own = "<https://n.example/a/sport.json>; rel=\"self\"";
        check(&[], None);
        check(&["https://n.example/a/hub"], Some(&format!("<https://n.example/a/hub>; rel=\"hub\", {own}")));
        check(
            &["https://h.example/م>", "https://i.example/?a=b&c"],
            Some(&format!(
                "<https://h.example/%D9%85%3E>; rel=\"hub\", <https://i.example/?a=b&c>; rel=\"hub\", {own}"
            )),
        );
    }
}
