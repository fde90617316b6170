//! What the writer takes from a configuration.

use crate::config::Config;
use crate::model::{Digest, Source, SourceId};

/// The hash of what the configuration says about documents.
pub(super) fn rules(config: &Config) -> Digest {
    let of_source = |source: &Source| {
        let Source { id, title, sections, weight_percent, rules, .. } = source;
        format!("{id} {title:?} {sections:?} {weight_percent} {rules:?}")
    };
    let sources: Vec<String> = config.sources.iter().map(of_source).collect();
    let portal = [format!("{:?}", config.site), format!("{:?}", config.sections)];
    Digest::of(portal.iter().chain(&sources).map(String::as_bytes))
}

/// The sources in the order of the file.
pub(super) fn order(config: &Config) -> Vec<SourceId> {
    config.sources.iter().map(|source| source.id.clone()).collect()
}
