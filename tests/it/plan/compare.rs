//! Two editions of the same facts, compared.

use std::sync::Arc;

use nashra::model::*;
use nashra::pipeline::plan::{Change, Plan, Side, plan};
use nashra::pipeline::{Edition, lay_out};
use proptest::prelude::*;

use crate::kit::entries::*;

type Portal = (Vec<Source>, Vec<Section>);

fn compared(memory: &Memory, old: &Portal, new: &Portal) -> Plan {
    let feeds = |(sources, sections): &Portal| {
        lay_out(&Edition::new(site(), sections.clone(), sources), &memory.window(sources))
    };
    let shared = |(sources, _): &Portal| sources.iter().cloned().map(Arc::new).collect::<Vec<_>>();
    let (before, after, was, wanted, site) = (feeds(old), feeds(new), shared(old), shared(new), site());
    plan(
        Side { site: &site, keep_days: 90, count_clicks: false, sources: &was, feeds: &before },
        Side { site: &site, keep_days: 90, count_clicks: false, sources: &wanted, feeds: &after },
    )
}

/// Three sources with one story, and one of its own each.
fn told() -> (Memory, Portal) {
    let sources = ["a", "b", "c"].map(|id| source(id, &["sport"])).to_vec();
    let mut memory = Memory::default();
    for (index, source) in sources.iter().enumerate() {
        let id = &source.id.0;
        let wire = said(&format!("urn:{id}"), "Wire", "https://wire.example/1", "2026-11-20T08:00:00Z");
        let own =
            said(&format!("urn:{id}:own"), &format!("Own {id}"), "", &format!("2026-11-20T0{index}:00:00Z"));
        memory.poll(source, &brought(vec![wire, own], &format!("2026-11-20T1{index}:00:00Z")));
    }
    (memory, (sources, vec![section("sport", 9, 9)]))
}

#[test]
fn a_removed_source_takes_its_entries_and_its_coverage_along() {
    let (memory, old) = told();
    let without =
        |id: &str| (old.0.iter().filter(|source| source.id.0 != id).cloned().collect(), old.1.clone());
    let ids = |lines: &[nashra::pipeline::plan::Line]| {
        lines.iter().map(|line| (line.position, line.id.clone())).collect::<Vec<_>>()
    };
    let line = |position, id: &str| (position, id.to_owned());
    let Plan { sources, sections, .. } = compared(&memory, &old, &without("b"));
    assert_eq!((sources.len(), sources[0].change, &*sources[0].source.0), (1, Change::Removed, "b"));
    assert_eq!(ids(&sections[0].vanish), [line(3, "urn:b:own")]);
    assert_eq!(ids(&sections[0].differ), [line(1, "urn:a")]);
    assert_eq!(sections[0].differ[0].also, [SourceId("c".to_owned())]);
    // Where the first goes, the next leads.
    let Plan { sections, .. } = compared(&memory, &old, &without("a"));
    assert_eq!(ids(&sections[0].vanish), [line(1, "urn:a"), line(4, "urn:a:own")]);
    assert_eq!(ids(&sections[0].appear), [line(1, "urn:b")]);
    assert!(sections[0].moves.is_empty() && sections[0].differ.is_empty());
}

#[test]
fn keys_that_say_something_else_are_named() {
    let (memory, old) = told();
    let mut new = old.clone();
    new.0[0].title = Some("Renamed".to_owned());
    new.0[0].weight_percent = 150;
    new.1[0].stories = false;
    let Plan { sources, sections, settings, front } = compared(&memory, &old, &new);
    let keys: Vec<&str> = sources[0].settings.iter().map(|setting| setting.key.as_str()).collect();
    assert_eq!(keys, ["title", "weight"]);
    assert_eq!(sources[0].settings[1].after.as_deref(), Some("1.5"));
    assert_eq!(sections[0].settings[0].key, "stories");
    assert_eq!((settings, front), (vec![], None));
    assert_eq!(sections[0].appear.len(), 2);
}

proptest! {
    /// Going from one to the other and back: what appears on the way there vanishes on the way back, and nothing is
    /// planned where nothing is changed.
    #[test]
    fn the_way_back_is_the_opposite(
        entries in 1_usize..8, other in 1_usize..8, share in 1_usize..4, stories in any::<bool>(), gone in 0_usize..4
    ) {
        let (memory, old) = told();
        let old = (old.0.clone(), vec![section("sport", entries, 2)]);
        let sources = old.0.iter().enumerate().filter(|(index, _)| *index != gone).map(|(_, one)| one.clone());
        let new = (sources.collect(), vec![Section { stories, ..section("sport", other, share) }]);
        prop_assert!(compared(&memory, &old, &old).is_empty() && compared(&memory, &new, &new).is_empty());
        let (there, back) = (compared(&memory, &old, &new), compared(&memory, &new, &old));
        let flat = |plan: &Plan| {
            let none = (vec![], vec![], vec![]);
            plan.sections.first().map_or(none, |section| {
                let moves = section.moves.iter().map(|one| (one.from, one.to.position)).collect();
                let keys = |lines: &[nashra::pipeline::plan::Line]| lines.iter().map(|one| (one.position, one.key)).collect();
                (keys(&section.appear), keys(&section.vanish), moves)
            })
        };
        let ((appear, vanish, moves), (again, away, returns)) = (flat(&there), flat(&back));
        let turned: Vec<(usize, usize)> = moves.into_iter().map(|(from, to)| (to, from)).collect();
        prop_assert_eq!((appear, vanish), (away, again));
        prop_assert_eq!(turned, returns);
    }
}
