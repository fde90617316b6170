//! Which sections an entry belongs to: where its source sends it, and what the rules say.

mod explain;
mod facts;
mod matcher;
mod names;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use explain::{Because, Explained, RuleHit};
use facts::Facts;
use matcher::Test;
pub use names::{WITHOUT_QUERY, names, names_of};

use crate::model::{
    Condition, Entry, Field, Hidden, Rule, Rules, Section, SectionId, SectionOrder, Source, SourceCard,
    SourceId,
};

/// The sources as readers see them; the language of an entry that names none is that of its feed.
pub type Cards = BTreeMap<SourceId, Arc<SourceCard>>;

/// All rules of a configuration, compiled.
#[derive(Clone, Debug)]
pub struct Sorter {
    sections: Vec<SectionRules>,
    sources: BTreeMap<SourceId, SourceRules>,
    asks_language: bool,
    hidden: Arc<Hidden>,
}

#[derive(Clone, Debug)]
struct SectionRules {
    id: SectionId,
    takes_all: bool,
    rules: Compiled,
}

#[derive(Clone, Debug)]
struct SourceRules {
    sections: Vec<SectionId>,
    rules: Compiled,
}

/// Both lists as they are written, and compiled.
#[derive(Clone, Debug)]
struct Compiled {
    written: Rules,
    include: Vec<Test>,
    exclude: Vec<Test>,
}

impl Sorter {
    /// Compiles the rules.
    pub fn new(sections: &[Section], sources: &[Source]) -> Self {
        let of_sections = sections.iter().map(|section| &section.rules);
        let rules = of_sections.chain(sources.iter().map(|source| &source.rules));
        let asks_language = rules.flat_map(|rules| rules.include.iter().chain(&rules.exclude)).any(|rule| {
            let looks = |part: &Rule| matches!(part, Rule::Field(Condition { field: Field::Language, .. }));
            rule.has(&looks)
        });
        // What is read most is chosen from what the others show.
        let sections = sections
            .iter()
            .filter(|section| section.order == SectionOrder::Newest)
            .map(|section| SectionRules {
                id: section.id.clone(),
                takes_all: section.takes_all,
                rules: Compiled::new(&section.rules),
            })
            .collect();
        let sources = sources
            .iter()
            .map(|source| {
                let rules =
                    SourceRules { sections: source.sections.clone(), rules: Compiled::new(&source.rules) };
                (source.id.clone(), rules)
            })
            .collect();
        Self { sections, sources, asks_language, hidden: Arc::default() }
    }

    /// The same where the admin has taken these entries out of every output.
    #[must_use]
    pub fn without(self, hidden: Arc<Hidden>) -> Self {
        Self { hidden, ..self }
    }

    /// What decides which sources send what where, as text.
    pub fn of_sources(&self) -> String {
        let source = |(id, source): (&SourceId, &SourceRules)| {
            format!("{id} {:?} {:?}\n", source.sections, source.rules.written)
        };
        self.sources.iter().map(source).collect()
    }

    /// What the admin has taken out of every output.
    pub fn hidden(&self) -> &Arc<Hidden> {
        &self.hidden
    }

    /// Whether any rule looks at the language of entries, which may be that of their feed.
    pub fn asks_language(&self) -> bool {
        self.asks_language
    }

    /// Whether any entry of a source can belong to a section at all.
    pub fn may_show(&self, section: &SectionId, source: &SourceId) -> bool {
        let Some(rules) = self.sections.iter().find(|rules| rules.id == *section) else { return false };
        let Some(source) = self.sources.get(source) else { return false };
        rules.takes_all || !rules.rules.include.is_empty() || source.sections.contains(section)
    }

    /// The sections that show `entry`, in the order of the file. Empty where a rule of its source drops
    /// it, where the admin has hidden it, and where the source is not configured any more.
    pub fn sections_of(&self, entry: &Entry, cards: &Cards) -> Vec<&SectionId> {
        if self.hides(entry) {
            return vec![];
        }
        let Some(source) = self.sources.get(&entry.source) else { return vec![] };
        let facts = Facts::new(entry, feed_language(entry, cards));
        let wanted = source.rules.include.is_empty() || source.rules.includes(&facts).is_some();
        if !wanted || source.rules.excludes(&facts).is_some() {
            return vec![];
        }
        self.sections
            .iter()
            .filter(|section| {
                let sent = section.takes_all || source.sections.contains(&section.id);
                (sent || section.rules.includes(&facts).is_some()) && section.rules.excludes(&facts).is_none()
            })
            .map(|section| &section.id)
            .collect()
    }
}

fn feed_language<'a>(entry: &Entry, cards: &'a Cards) -> Option<&'a str> {
    cards.get(&entry.source)?.language.as_deref()
}

impl Compiled {
    fn new(rules: &Rules) -> Self {
        let compile = |rules: &[Rule]| rules.iter().map(Test::new).collect();
        Self { written: rules.clone(), include: compile(&rules.include), exclude: compile(&rules.exclude) }
    }

    /// The first rule that takes the entry in, counted from 0.
    fn includes(&self, facts: &Facts<'_>) -> Option<usize> {
        self.include.iter().position(|rule| rule.holds(facts))
    }

    /// The first rule that leaves it out.
    fn excludes(&self, facts: &Facts<'_>) -> Option<usize> {
        self.exclude.iter().position(|rule| rule.holds(facts))
    }
}
