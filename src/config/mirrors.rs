//! `mirror_of` in `[sources.ID]`: which source shows the pages of which other one.

use std::collections::HashMap;

use super::notes::Notes;
use super::table::{Item, Table};
use crate::model::{Source, SourceId};

/// Reads the key in every `[sources.ID]` of `items`, and writes it into those of `sources` that could be read. The
/// source that is mirrored may be disabled; it must not be a mirror itself.
pub(super) fn read(items: &[Item<'_, '_>], sources: &mut [Source], notes: &mut Notes) {
    let named: Vec<Item<'_, '_>> =
        items.iter().filter(|item| item.keys().contains(&"mirror_of")).copied().collect();
    let tables: Vec<(&str, Table<'_>)> =
        named.iter().filter_map(|item| Some((item.key, item.table(notes)?))).collect();
    let mut targets: HashMap<&str, &str> = HashMap::new();
    let mut mirrors = vec![];
    for (mirror, table) in &tables {
        let Some(value) = table.get("mirror_of") else { continue };
        let Some(target) = value.string("mirror_of = \"SOURCE\"", notes) else { continue };
        targets.insert(mirror, target);
        mirrors.push((*mirror, value, target));
    }
    for (mirror, value, target) in mirrors {
        if target == mirror {
            value.mistake("names itself: name the source whose pages it shows, or remove the key", notes);
        } else if let Some(further) = targets.get(target) {
            let remedy =
                if *further == mirror { "one of the two is the mirror" } else { "name that one, or another" };
            let message = format!("`{target}` is a mirror itself, of `{further}`: {remedy}");
            value.mistake(message, notes);
        } else if items.iter().any(|item| item.key == target) {
            let [mirror, target] = [mirror, target].map(|id| SourceId(id.to_owned()));
            for source in sources.iter_mut() {
                source.is_mirrored |= source.id == target;
                if source.id == mirror {
                    source.mirror_of = Some(target.clone());
                }
            }
        } else if !notes.broken {
            let others = items.iter().map(|item| item.key).filter(|key| *key != mirror);
            let mut suggestion = notes.suggest(target, others);
            if suggestion.is_empty() {
                suggestion = format!(": write [sources.{target}] or name another");
            }
            value.mistake(format!("there is no source `{target}`{suggestion}"), notes);
        }
    }
}
