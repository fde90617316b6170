//! Keys of feeds.toml that say something else than before, as far as readers can tell.

use super::{Setting, Side};
use crate::model::{Rule, Section, SectionId, SectionOrder, Source};

/// A key and what it says.
type Said = (&'static str, Option<String>);

/// `[site]`, `[store]` and what of `[publish]` is of no section.
pub(super) fn of_portal(old: Side<'_>, new: Side<'_>) -> Vec<Setting> {
    let said = |side: Side<'_>| -> Vec<Said> {
        let site = side.site;
        vec![
            ("site.title", Some(site.title.clone())),
            ("site.url", Some(site.url.clone())),
            ("site.language", Some(site.language.clone())),
            ("site.timezone", Some(site.timezone.name().to_owned())),
            ("site.contact", site.contact.clone()),
            ("store.keep_days", Some(side.keep_days.to_string())),
            ("publish.count_clicks", Some(side.count_clicks.to_string())),
            ("publish.search", Some(site.has_search.to_string())),
        ]
    };
    differing(said(old), said(new))
}

/// `[sections.ID]`.
pub(super) fn of_section(old: &Section, new: &Section) -> Vec<Setting> {
    let said = |section: &Section| -> Vec<Said> {
        let order = match section.order {
            SectionOrder::Newest => "newest first",
            SectionOrder::MostRead => "most read first",
        };
        vec![
            ("title", Some(section.title.clone())),
            ("description", section.description.clone()),
            ("entries", Some(section.limits.entries_max.to_string())),
            ("max_per_source", Some(section.limits.per_source_max.to_string())),
            ("stories", Some(section.stories.to_string())),
            ("order", Some(order.to_owned())),
            ("include", rules(&section.rules.include)),
            ("exclude", rules(&section.rules.exclude)),
        ]
    };
    differing(said(old), said(new))
}

/// `[sources.ID]`.
pub(super) fn of_source(old: &Source, new: &Source) -> Vec<Setting> {
    let said = |source: &Source| -> Vec<Said> {
        let ids: Vec<&str> = source.sections.iter().map(|SectionId(id)| id.as_str()).collect();
        vec![
            ("title", source.title.clone()),
            ("url", Some(source.location.to_string())),
            ("sections", (!ids.is_empty()).then(|| ids.join(", "))),
            ("enabled", Some(source.enabled.to_string())),
            ("schedule", Some(source.schedule.to_string())),
            ("weight", Some((f64::from(source.weight_percent) / 100.0).to_string())),
            ("include", rules(&source.rules.include)),
            ("exclude", rules(&source.rules.exclude)),
            ("strip", (!source.strip.is_empty()).then(|| format!("{:?}", source.strip))),
            ("mirror_of", source.mirror_of.as_ref().map(ToString::to_string)),
            ("trust", Some(source.trust.to_string())),
        ]
    };
    differing(said(old), said(new))
}

fn rules(rules: &[Rule]) -> Option<String> {
    let written: Vec<String> = rules.iter().map(ToString::to_string).collect();
    (!rules.is_empty()).then(|| format!("[{}]", written.join(", ")))
}

/// Both lists have the same keys in the same order.
fn differing(old: Vec<Said>, new: Vec<Said>) -> Vec<Setting> {
    let pairs = old.into_iter().zip(new).filter(|(before, after)| before.1 != after.1);
    pairs.map(|((key, before), (_, after))| Setting { key: key.to_owned(), before, after }).collect()
}
