//! What readers see before the store is open: the documents that the process before this one showed last.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::writer::Front;
use crate::config::Config;
use crate::edge::editions::{Editions, Imprint, Recalled};
use crate::model::Published;
use crate::pipeline;

/// Pages that show every section.
const ABOUT_ALL: &[&str] = &["/", "/feeds.opml"];
/// What stands behind the name of a section in the paths of its documents.
const FORMATS: &[&str] = &[".rss", ".atom", ".json"];

/// What readers see, and where it is kept.
pub(super) struct Shown {
    pub(super) front: Front,
    pub(super) editions: Editions,
}

impl Shown {
    /// Shows what was kept last, as far as this configuration allows that.
    pub(super) fn recall(state_folder: &Path, config: &Config) -> Self {
        let (editions, recalled) = Editions::open(state_folder, pipeline::recalled);
        if recalled.damaged > 0 {
            let damaged = recalled.damaged;
            tracing::warn!(
                damaged,
                "some of what was published last is damaged: it comes when the store is open"
            );
        }
        let front = Arc::new(ArcSwap::from_pointee(allowed(recalled, &imprint(config))));
        Self { front, editions }
    }
}

/// What a configuration says that documents must fit.
pub(super) fn imprint(config: &Config) -> Imprint {
    Imprint {
        site_url: config.site.url.clone(),
        sections: config.sections.iter().map(|section| section.id.0.clone()).collect(),
        sources: config.sources.iter().map(|source| source.id.0.clone()).collect(),
    }
}

/// What may be shown of an edition, though feeds.toml may have changed meanwhile. With another address of the site all
/// links are wrong. Which documents name a source that is gone is not known. A section that is gone takes its documents
/// along, and the pages that show all. All else is as it was a moment ago, until the first edition is there.
fn allowed(recalled: Recalled, now: &Imprint) -> Published {
    let Recalled { imprint: then, mut documents, .. } = recalled;
    let sources: HashSet<&String> = now.sources.iter().collect();
    if then.site_url != now.site_url || !then.sources.iter().all(|source| sources.contains(source)) {
        documents.clear();
    }
    let gone: HashSet<&str> =
        then.sections.iter().filter(|section| !now.sections.contains(section)).map(String::as_str).collect();
    if !gone.is_empty() {
        documents.retain(|path, _| !ABOUT_ALL.contains(&path.as_str()) && !gone.contains(section_of(path)));
    }
    Published { documents, is_starting: true }
}

fn section_of(path: &str) -> &str {
    let name = path.strip_prefix('/').unwrap_or(path);
    FORMATS.iter().find_map(|format| name.strip_suffix(format)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn imprint(site_url: &str, sections: &[&str], sources: &[&str]) -> Imprint {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Imprint { site_url: site_url.to_owned(), sections: owned(sections), sources: owned(sources) }
    }

    #[test]
    fn what_the_configuration_does_not_want_any_more_is_not_shown() {
        let paths = ["/", "/bot", "/feeds.opml", "/a", "/a.rss", "/a.atom", "/a.json", "/ab", "/ab.json"];
        let check = |now: Imprint, expected: &[&str]| {
            let document =
                || Arc::new(pipeline::recalled("text/plain; charset=utf-8", vec![], None).unwrap());
            let documents = paths.iter().map(|path| ((*path).to_owned(), document())).collect();
            let recalled =
                Recalled { imprint: imprint("u", &["a", "ab"], &["x", "y"]), documents, damaged: 0 };
            let shown = allowed(recalled, &now);
            let shown: BTreeSet<&str> = shown.documents.keys().map(String::as_str).collect();
            assert_eq!(shown, expected.iter().copied().collect(), "{now:?}");
        };
        check(imprint("u", &["a", "ab"], &["x", "y"]), &paths);
        check(imprint("u", &["ab", "a", "c"], &["z", "y", "x"]), &paths);
        check(imprint("v", &["a", "ab"], &["x", "y"]), &[]);
        check(imprint("u", &["a", "ab"], &["x"]), &[]);
        check(imprint("u", &["ab"], &["x", "y"]), &["/bot", "/ab", "/ab.json"]);
    }
}
