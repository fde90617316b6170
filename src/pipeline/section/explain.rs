//! Why an entry is in a section, or is not.

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::{Cards, SectionRules, Sorter, feed_language};
use crate::model::{Entry, Rule, SectionId};

/// What one section makes of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// The section.
    pub section: SectionId,
    /// Whether the entry belongs to it. Whether it is among those that the section has room for is another
    /// question.
    pub belongs: bool,
    /// Why.
    #[serde(flatten)]
    pub because: Because,
}

/// Why an entry belongs to a section, or does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Because {
    /// The section takes what every source has, as `latest` does.
    TakesAll,
    /// Its source sends its entries here.
    Sent,
    /// A rule in the section's `include` takes it in.
    Included(RuleHit),
    /// A rule in the section's `exclude` leaves it out; without that it would belong.
    Excluded(RuleHit),
    /// A rule in its source's `exclude` leaves it out everywhere.
    ExcludedBySource(RuleHit),
    /// Its source has `include`, and none of those rules takes it in: it is shown nowhere.
    NotIncludedBySource,
    /// Its source is not in feeds.toml any more.
    SourceGone,
    /// Nobody sends it here, and no rule takes it in.
    NotAddressed,
    /// The admin has taken it out of every output.
    Hidden,
    /// The section ranks what the others show, as `most-read` does.
    Ranked,
}

/// A rule that decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleHit {
    /// Its place in its list, from 1.
    pub number: usize,
    /// The rule as it is written in feeds.toml: `{ title = "…" }`.
    pub rule: String,
}

impl Because {
    /// Whether the entry belongs to the section.
    pub fn belongs(&self) -> bool {
        matches!(self, Self::TakesAll | Self::Sent | Self::Included(_) | Self::Ranked)
    }
}

impl Sorter {
    /// What every section makes of `entry`, in the order of the file. Those that it belongs to are those that
    /// [`Sorter::sections_of`] names.
    pub fn explain(&self, entry: &Entry, cards: &Cards) -> Vec<Explained> {
        let facts = Facts::new(entry, feed_language(entry, cards));
        let everywhere = self.decided_by_source(entry, &facts);
        let of_section = |section: &SectionRules| {
            let because = everywhere.clone().unwrap_or_else(|| self.decided_by(section, entry, &facts));
            Explained { section: section.id.clone(), belongs: because.belongs(), because }
        };
        self.sections.iter().map(of_section).collect()
    }

    /// What holds for every section, where the source decides.
    fn decided_by_source(&self, entry: &Entry, facts: &Facts<'_>) -> Option<Because> {
        if self.hides(entry) {
            return Some(Because::Hidden);
        }
        let Some(source) = self.sources.get(&entry.source) else { return Some(Because::SourceGone) };
        let rules = &source.rules;
        if let Some(index) = rules.excludes(facts) {
            return Some(Because::ExcludedBySource(hit(&rules.written.exclude, index)));
        }
        let wanted = rules.include.is_empty() || rules.includes(facts).is_some();
        (!wanted).then_some(Because::NotIncludedBySource)
    }

    fn decided_by(&self, section: &SectionRules, entry: &Entry, facts: &Facts<'_>) -> Because {
        let sends = |id: &SectionId| {
            self.sources.get(&entry.source).is_some_and(|source| source.sections.contains(id))
        };
        let addressed = if section.takes_all {
            Because::TakesAll
        } else if sends(&section.id) {
            Because::Sent
        } else if let Some(index) = section.rules.includes(facts) {
            Because::Included(hit(&section.rules.written.include, index))
        } else {
            return Because::NotAddressed;
        };
        let excluded = section.rules.excludes(facts);
        excluded.map_or(addressed, |index| Because::Excluded(hit(&section.rules.written.exclude, index)))
    }
}

fn hit(rules: &[Rule], index: usize) -> RuleHit {
    RuleHit { number: index + 1, rule: rules.get(index).map(ToString::to_string).unwrap_or_default() }
}
