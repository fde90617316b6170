//! Where an entry stands in each section, or why it does not.

use std::sync::Arc;

use super::{Case, Place, Relative, relative};
use crate::model::{Entry, EntryKey, Section, SectionFeed, SectionOrder};
use crate::pipeline::merge;
use crate::pipeline::section::{Because, Explained, RuleHit};

/// What each section makes of `entry`, in the order of feeds.toml.
pub(super) fn places(entry: &Entry, case: &Case<'_>) -> Vec<Place> {
    let explained = case.edition.sorter.explain(entry, case.cards);
    let place = |Explained { section, belongs, because }: Explained| {
        let feed = case.feeds.iter().find(|feed| feed.section.id == section);
        let reason = reason(&because);
        let found = feed.filter(|_| belongs).map(|feed| find(entry, feed, case));
        let of = feed.map_or(0, |feed| feed.placed.len());
        let Found { position, behind, text } =
            found.unwrap_or_else(|| Found { text: "not in it".to_owned(), ..Found::default() });
        Place { section: section.0, belongs, because, reason, position, of, behind, text }
    };
    // What no section has is ranked nowhere, though others of its story are.
    let has_any = explained.iter().any(|one| one.belongs);
    let ranks = case.feeds.iter().filter(|feed| has_any && feed.section.order == SectionOrder::MostRead);
    let ranked = |feed: &SectionFeed| {
        let section = feed.section.id.clone();
        // What no other section shows, by itself or by the first of its story, cannot be ranked.
        let is_shown = case
            .feeds
            .iter()
            .filter(|other| other.section.order != SectionOrder::MostRead)
            .any(|other| other.placed.iter().any(|placed| placed.entry.story == entry.story));
        is_shown.then_some(Explained { section, belongs: true, because: Because::Ranked })
    };
    let ranked: Vec<Explained> = ranks.filter_map(ranked).collect();
    explained.into_iter().chain(ranked).map(place).collect()
}

#[derive(Default)]
struct Found {
    position: Option<usize>,
    behind: Option<Relative>,
    text: String,
}

/// Where an entry that belongs to a section stands in what it shows.
fn find(entry: &Entry, feed: &SectionFeed, case: &Case<'_>) -> Found {
    let position =
        |key: EntryKey| feed.placed.iter().position(|placed| placed.entry.key == key).map(|index| index + 1);
    let (id, of) = (&feed.section.id, feed.placed.len());
    if let Some(position) = position(entry.key) {
        let text = format!("number {position} of {of} in /{id}, /{id}.rss, /{id}.atom and /{id}.json");
        return Found { position: Some(position), behind: None, text };
    }
    let lead = lead(entry, &feed.section, case);
    let Some(lead) = lead else {
        return Found { text: absence("not shown", entry, feed, case), ..Found::default() };
    };
    let name = name(&lead);
    let text = if let Some(position) = position(lead.key) {
        format!("told under the first entry of its story here, {name}, which is number {position} of {of}")
    } else {
        let start = format!("told under the first entry of its story here, {name}, which is not shown");
        absence(&start, &lead, feed, case)
    };
    Found { position: None, behind: Some(relative(&lead)), text }
}

/// The entry that stands for the story of `entry` in a section, where that is another one.
fn lead(entry: &Entry, section: &Section, case: &Case<'_>) -> Option<Arc<Entry>> {
    let belongs = |other: &&Arc<Entry>| {
        let sections = case.edition.sorter.sections_of(other, case.cards);
        // Whatever any section shows is ranked.
        let is_ranked = section.order == SectionOrder::MostRead && !sections.is_empty();
        other.key == entry.key || is_ranked || sections.contains(&&section.id)
    };
    let members = case.members.iter().filter(belongs).cloned().collect();
    let stories = merge::stories(section, members);
    let own = stories.iter().find(|story| story.iter().any(|member| member.key == entry.key))?;
    own.first().filter(|lead| lead.key != entry.key).cloned()
}

/// Why a section does not show an entry that stands for itself there.
fn absence(start: &str, entry: &Entry, feed: &SectionFeed, case: &Case<'_>) -> String {
    let section = &feed.section;
    let (shown, most) = (feed.placed.len(), section.limits.entries_max);
    let Some(last) = feed.placed.last().filter(|_| shown >= most) else {
        return format!("{start}: its source is not shown, or the next edition is not out yet");
    };
    if section.order == SectionOrder::MostRead {
        return format!("{start}: {shown} others were read more, or are told by more sources");
    }
    let is_older = (entry.published, &entry.id) < (last.entry.published, &last.entry.id);
    if is_older {
        let published = super::words::moment(last.entry.published);
        return format!("{start}: the last of the {shown} shown is newer, of {published}");
    }
    let of_source = feed.placed.iter().filter(|placed| placed.entry.source == entry.source).count();
    let weight = case.edition.weights.get(&entry.source).copied().unwrap_or(100);
    format!(
        "{start}: its source has {of_source} entries here already; max_per_source = {} and weight {weight} % \
         leave the rest to others",
        section.limits.per_source_max
    )
}

/// The reason for people.
fn reason(because: &Because) -> String {
    let by = |hit: &RuleHit| format!("rule {} {}", hit.number, hit.rule);
    match because {
        Because::TakesAll => "every source belongs here".to_owned(),
        Because::Sent => "its source sends its entries here".to_owned(),
        Because::Included(hit) => format!("the section's include has {}", by(hit)),
        Because::Excluded(hit) => format!("the section's exclude has {}", by(hit)),
        Because::ExcludedBySource(hit) => format!("its source's exclude has {}, for every section", by(hit)),
        Because::NotIncludedBySource => "its source has include, and no rule there takes it in".to_owned(),
        Because::Hidden => {
            "the admin has taken it out of every output (nashra unhide brings it back)".to_owned()
        }
        Because::SourceGone => "its source is not in feeds.toml any more".to_owned(),
        Because::Ranked => {
            "it ranks what the other sections show: what is read most, then what most sources tell".to_owned()
        }
        Because::NotAddressed => "its source does not send here, and no include rule takes it in".to_owned(),
    }
}

/// An entry in a sentence.
pub(super) fn name(entry: &Entry) -> String {
    super::words::quoted(entry.said.title.as_deref(), &entry.id, &entry.source.0)
}
