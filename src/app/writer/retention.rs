//! What the writer forgets: entries that nobody lists any more, and much later the keys that they were known by.

mod memory;

use std::collections::HashSet;

use chrono::TimeDelta;

use super::Writer;
use crate::edge::store::{Purged, Store, StoreError};
use crate::model::{EntryKey, SourceId, SourceState, Timestamp, Update, Validators};
use crate::pipeline::{merge, window};

impl Writer {
    /// Does one batch of the work; says whether there may be more. Readers see what is removed at the end of it. What
    /// is old is decided by `counted`, which is `now` but for jumps of the clock.
    pub(in crate::app) fn retain(&mut self, now: Timestamp, counted: Timestamp) -> Result<bool, StoreError> {
        if self.delist_one_that_left(now)? {
            return Ok(true);
        }
        let kept_since = counted - TimeDelta::days(i64::from(self.keep_days));
        let Purged { gone, looked_at_any } = self.store.purge(kept_since, now)?;
        if looked_at_any {
            self.note_removed(&gone);
            return Ok(true);
        }
        if self.purge_surplus(now)? {
            return Ok(true);
        }
        self.take_out_removed()?;
        if self.removed_count > 0 {
            self.sweep = Some(Store::SWEEP_START);
        }
        let entries = std::mem::take(&mut self.removed_count);
        if entries > 0 {
            tracing::info!(entries, "removed what no source lists any more");
        }
        if self.forget_notices(kept_since)? || self.sweep_archives()? {
            return Ok(true);
        }
        let has_old_stories = self.stories.forget(&self.store, counted)?;
        let forgotten = self.store.forget(kept_since - TimeDelta::days(memory::DAYS_MAX))?;
        let has_surplus = self.forget_surplus(now)?;
        Ok(has_old_stories || has_surplus || forgotten + self.store.forget_stubs(kept_since)? > 0)
    }

    fn note_removed(&mut self, gone: &[EntryKey]) {
        self.removed_count += gone.len();
        self.finder.note(gone.iter().copied());
        self.stale |= self.shows && self.shelf.forget(gone);
        gone.iter().for_each(|key| self.window.clicks.remove(*key));
        self.removed.extend(gone.iter().filter(|key| self.window.entries.contains_key(key)));
    }

    /// One step of removing what is more than `keep_entries` of a source; says whether there may be more. A walk over
    /// all that is not listed any more begins once a day, and where the configuration has changed.
    fn purge_surplus(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let rest = TimeDelta::days(1);
        if self.surplus.is_none() {
            // A clock that was put back does not hold it up.
            let is_due = self.surplus_at.is_none_or(|at| now >= at + rest || now < at);
            let fewest = self.sources.values().map(|source| source.keep_entries).min().unwrap_or(u32::MAX);
            if !is_due || self.store.entries_stored()? <= u64::from(fewest) {
                return Ok(false);
            }
            self.surplus_at = Some(now);
        }
        let mut walk = self.surplus.take().unwrap_or_default();
        let (sources, states) = (&self.sources, &self.states);
        let allowed = |id: &SourceId| {
            // One that is not configured any more loses its entries in time.
            let kept = sources.get(id).map_or(u32::MAX, |source| source.keep_entries);
            let listed = states.get(id).map_or(0, |state| state.listed.len());
            u64::from(kept).saturating_sub(listed as u64)
        };
        let Purged { gone, looked_at_any } = self.store.purge_surplus(&mut walk, allowed, now)?;
        self.note_removed(&gone);
        if looked_at_any {
            self.surplus = Some(walk);
        }
        Ok(looked_at_any)
    }

    /// Drops archive pages that have lost all of their entries, some at a time; says whether there may be more.
    fn sweep_archives(&mut self) -> Result<bool, StoreError> {
        let Some(after) = self.sweep.take() else { return Ok(false) };
        self.sweep = self.store.sweep_archive(&after)?;
        self.store.flush()?;
        self.stale |= self.shows && self.store.archive_ends(&self.window.archives)? != self.window.archives;
        Ok(self.sweep.is_some())
    }

    /// A source that is not configured any more is never asked again, so nobody else would notice that it does
    /// not list its entries any more. One that comes back is read anew, and lists them again.
    fn delist_one_that_left(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let mut left = self.states.iter().filter(|(id, _)| !self.sources.contains_key(*id));
        let Some((id, state)) = left.find(|(_, state)| !state.listed.is_empty()) else { return Ok(false) };
        let gone = SourceState {
            config: None,
            asked_as: None,
            validators: Validators::default(),
            document: None,
            listed: vec![],
            ..state.clone()
        };
        let update = Update { delisted: state.listed.clone(), ..Update::about(id.clone(), gone, now) };
        self.store.apply(&update)?;
        let (entries, keep_days) = (update.delisted.len(), self.keep_days);
        tracing::info!(source = %update.source, entries, keep_days, "it is not in feeds.toml any more: its entries go in time");
        self.states.insert(update.source, update.state);
        Ok(true)
    }

    /// Takes what was removed out of the window, and reads older entries back where they are needed.
    fn take_out_removed(&mut self) -> Result<(), StoreError> {
        if self.removed.is_empty() {
            return Ok(());
        }
        self.store.flush()?;
        let removed: HashSet<EntryKey> = std::mem::take(&mut self.removed).into_iter().collect();
        let needs_others = self.needs_others_for(&removed);
        self.window.entries.retain(|key, _| !removed.contains(key));
        self.window.places.retain(|key, _| !removed.contains(key));
        // An edition that came out meanwhile has found them in the window once more.
        self.shelf.forget(&removed);
        if needs_others {
            self.fill_window()?;
        }
        self.publish();
        Ok(())
    }

    /// Whether other entries are to take the places of these, which the window may not hold. A section that is
    /// not full has all of its entries in the window, and what is not shown leaves no place.
    fn needs_others_for(&self, removed: &HashSet<EntryKey>) -> bool {
        let mut found = window::candidates(&self.window, &self.edition);
        self.edition.sections.iter().any(|section| {
            let entries = found.remove(&section.id).unwrap_or_default();
            if entries.len() < section.limits.entries_max {
                return false;
            }
            let shown = merge::merge(section, entries, &self.window.sources, &self.edition.weights).placed;
            shown.len() >= section.limits.entries_max
                && shown.iter().any(|placed| removed.contains(&placed.entry.key))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::Arc;

    use super::super::shelf::Shelf;
    use super::*;
    use crate::app::hide::Order;
    use crate::app::poller::Brought;
    use crate::config;
    use crate::edge::store::PURGE_BATCH_MAX;
    use crate::model::{Answer, Body, Manners, Retrieved, SectionId, SourceId};
    use crate::pipeline;

    const CONFIG: &str = "[site]\nurl = \"http://127.0.0.1:8080\"\n[sources.wire]\nurl = \"file:wire.xml\"\n\
        [sources.other]\nurl = \"file:other.xml\"\n";

    /// A poll of a source that listed these entries.
    fn listed(writer: &mut Writer, source: &str, numbers: impl IntoIterator<Item = usize>, now: Timestamp) {
        let item = |n| {
            let link = format!("<link>https://e.example/{n}</link>");
            format!("<item><guid>g{n}</guid><title>Story {n} of the day</title>{link}</item>")
        };
        brought(writer, source, &numbers.into_iter().map(item).collect::<String>(), now);
    }

    /// A poll of a source that listed these items.
    fn brought(writer: &mut Writer, source: &str, items: &str, now: Timestamp) {
        let id = SourceId(source.to_owned());
        let (source, _) = writer.source(&id).unwrap();
        let body = Body {
            bytes: format!("<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>").into(),
            content_type: None,
            url: "file:///wire.xml".to_owned(),
            is_delta: false,
            validators: Validators::default(),
        };
        let retrieved = Retrieved {
            at: now,
            elapsed_ms: 1,
            wire_bytes: 1,
            status: None,
            manners: Manners::default(),
            outcome: Ok(Answer::Body(body)),
        };
        let fetched = pipeline::read(source, None, "http://127.0.0.1:8080", retrieved);
        let asked_as = pipeline::configuration(source);
        assert_eq!(writer.take(vec![Brought { source: id, asked_as, fetched, load: None }], now).len(), 1);
        writer.publish();
    }

    fn open(folder: &Path, now: Timestamp) -> Writer {
        let config = config::read(CONFIG, "feeds.toml", Path::new(".")).unwrap();
        Writer::new(Arc::new(Store::open(folder).unwrap()), &config, now).unwrap()
    }

    #[test]
    fn those_that_wait_for_their_stories_hold_up_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let mut writer = open(folder.path(), now);
        let told_twice = PURGE_BATCH_MAX + 20;
        listed(&mut writer, "wire", 0..=told_twice, now);
        listed(&mut writer, "other", 0..told_twice, now + TimeDelta::hours(1));
        // The one that nobody else tells leaves last.
        listed(&mut writer, "wire", [told_twice], now + TimeDelta::days(1));
        listed(&mut writer, "wire", [], now + TimeDelta::days(2));
        let stored = |writer: &Writer| usize::try_from(writer.store.entries_stored().unwrap()).unwrap();
        assert_eq!(stored(&writer), 2 * told_twice + 1);
        let later = now + TimeDelta::days(i64::from(writer.keep_days) + 3);
        while writer.retain(later, later).unwrap() {}
        assert_eq!(stored(&writer), 2 * told_twice);
    }

    #[test]
    fn a_source_is_remembered_for_as_many_entries_as_it_may_list_again() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let mut writer = open(folder.path(), now);
        for hour in 0..6 {
            let from = usize::try_from(hour).unwrap() * 500;
            listed(&mut writer, "wire", from..from + 500, now + TimeDelta::hours(hour));
        }
        listed(&mut writer, "wire", [], now + TimeDelta::hours(6));
        let later = now + TimeDelta::days(i64::from(writer.keep_days) + 3);
        while writer.retain(later, later).unwrap() {}
        assert_eq!(writer.store.entries_stored().unwrap(), 0);
        listed(&mut writer, "wire", 0..3_000, later);
        assert_eq!(writer.store.entries_stored().unwrap(), 1_000, "those of the first two hours");
        // It may list so many again.
        listed(&mut writer, "wire", [], later + TimeDelta::hours(1));
        let later = later + TimeDelta::days(i64::from(writer.keep_days) + 3);
        while writer.retain(later, later).unwrap() {}
        listed(&mut writer, "wire", 0..3_000, later);
        assert_eq!(writer.store.entries_stored().unwrap(), 0);
    }

    #[test]
    fn archives_and_notices_go_in_their_time() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let mut writer = open(folder.path(), now);
        listed(&mut writer, "wire", 0..30, now);
        listed(&mut writer, "wire", 30..70, now);
        let latest = SectionId("latest".to_owned());
        assert_eq!(writer.window.archives[&latest].page, 2);
        // Which entries of one poll come first is a matter of their keys.
        let second = writer.store.archive_page(&latest, 2).unwrap().unwrap().keys;
        let key = *writer.window.entries.keys().next().unwrap();
        let kept = *second.iter().find(|other| **other != key).unwrap();
        let order = Order { key, story: false, hide: true };
        assert_eq!(writer.carry_out(order, now).unwrap().unwrap().sections, ["latest", "most-read"]);
        assert_eq!(writer.window.removed[&latest].len(), 1);
        let guid = writer.window.entries[&kept].identity.value.clone();
        let kept: usize = guid.trim_start_matches('g').parse().unwrap();
        listed(&mut writer, "wire", kept..=kept, now + TimeDelta::days(1));
        let later = now + TimeDelta::days(i64::from(writer.keep_days) + 2);
        while writer.retain(later, later).unwrap() {}
        writer.publish();
        let (oldest, newest) = writer.store.archive_range(&latest).unwrap();
        assert_eq!(oldest, newest, "the other page has no entry left");
        assert_eq!(writer.window.removed.get(&latest), None, "readers have heard it by now");
        assert!(writer.edition.sorter.hidden().entries().contains_key(&key), "and it stays away");
        listed(&mut writer, "wire", 0..70, later);
        assert_eq!(writer.window.entries.len(), 1);
        // Under another guid and title neither, but another source may tell of the same page.
        let link = writer.edition.sorter.hidden().entries()[&key].names[1].value.clone();
        let item = format!("<item><guid>anew</guid><title>In other words</title><link>{link}</link></item>");
        let told = |writer: &Writer| {
            let front = writer.front.load();
            let feed = &front.documents["/latest.json"].identity;
            String::from_utf8_lossy(feed).matches("\"title\":\"In other words\"").count()
        };
        brought(&mut writer, "wire", &item, later + TimeDelta::hours(1));
        assert_eq!(told(&writer), 0);
        assert_eq!(writer.edition.sorter.hidden().entries().len(), 2, "it has a record of its own");
        brought(&mut writer, "other", &item, later + TimeDelta::hours(2));
        assert_eq!(told(&writer), 1);
        let order = Order { key, story: false, hide: false };
        assert_eq!(writer.carry_out(order, later).unwrap().unwrap().entries.len(), 2);
        assert!(writer.edition.sorter.hidden().is_empty());
        let shown = writer.window.entries.values().filter(|entry| !writer.edition.sorter.hides(entry));
        assert_eq!(shown.count(), 3);
    }

    #[test]
    fn what_is_removed_is_not_named_as_related_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let mut writer = open(folder.path(), now);
        listed(&mut writer, "wire", [1, 2], now);
        let keys: Vec<EntryKey> = writer.window.entries.keys().copied().collect();
        let key = |title: &str| {
            let of_title = |key: &&EntryKey| writer.window.entries[key].said.title.as_deref() == Some(title);
            *keys.iter().find(of_title).unwrap()
        };
        let (kept, gone) = (key("Story 1 of the day"), key("Story 2 of the day"));
        writer.store.relate(&BTreeMap::from([(kept, vec![gone])])).unwrap();
        writer.shelf = Shelf::default();
        listed(&mut writer, "wire", [1], now + TimeDelta::days(1));
        assert_eq!(writer.window.related[&kept].len(), 1);
        let later = now + TimeDelta::days(i64::from(writer.keep_days) + 2);
        // As the loop does it: an edition may come out before the last batch is done.
        while writer.retain(later, later).unwrap() {
            writer.publish();
        }
        assert_eq!(writer.window.entries.keys().collect::<Vec<_>>(), [&kept]);
        assert_eq!(writer.window.related[&kept], []);
    }
}
