//! What the admin is told in `/admin.atom`: every change of a source's health, and a feeds.toml that is refused.

use chrono::{SecondsFormat, SubsecRound as _};

use super::opening::Repair;
use super::reclaim::mib;
use super::trouble::Told;
use crate::edge::store::Try;
use crate::model::{Health, HealthKind, Notice, Notices, Site, SourceId, SourceState, Timestamp};
use crate::pipeline;

/// Notices in the feed.
const NOTICES_MAX: usize = 100;
/// Characters of all mistakes of a feeds.toml together.
const MISTAKES_CHARS_MAX: usize = 4000;

/// A feeds.toml that could not be put in force.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// Since when.
    pub(super) since: Timestamp,
    /// Every mistake, one line each; never empty.
    pub(super) mistakes: Vec<String>,
}

/// What there is to be told about nashra itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ours<'a> {
    /// A feeds.toml that is not in force.
    pub(super) refused: Option<&'a Refused>,
    /// Stores that were broken.
    pub(super) repairs: &'a [Repair],
    /// Since when no snapshot can be made, and why.
    pub(super) no_snapshot: Option<&'a (Timestamp, String)>,
    /// Stores that were made anew for the space that they took, or should have been.
    pub(super) tries: &'a [Try],
}

/// The newest notices about these sources and about ourselves.
pub(super) fn notices<'a>(
    site: &Site,
    sources: impl Iterator<Item = (&'a SourceId, &'a SourceState)>,
    ours: &Ours<'_>,
    troubles: impl Iterator<Item = &'a Told>,
) -> Notices {
    let sources: Vec<(&SourceId, &SourceState)> = sources.collect();
    let mut changes: Vec<Change<'a>> = sources.iter().flat_map(|(id, state)| changes(id, state)).collect();
    // Sources that fail together are in the order of their names, so that the same facts give the same bytes.
    changes.sort_unstable_by(|a, b| b.to.since.cmp(&a.to.since).then_with(|| a.source.cmp(b.source)));
    changes.truncate(NOTICES_MAX);
    let mut list: Vec<Notice> = changes.iter().map(Change::notice).collect();
    for notice in sources.iter().flat_map(|(id, state)| about_keys(id, state)) {
        list.insert(list.partition_point(|other| other.at > notice.at), notice);
    }
    list.truncate(NOTICES_MAX);
    let Ours { refused, repairs, no_snapshot, tries } = *ours;
    let about_us = refused.map(about_config).into_iter().chain(repairs.iter().map(about_repair));
    let about_us = about_us.chain(no_snapshot.map(about_snapshots)).chain(tries.iter().map(about_space));
    let about_us = about_us.chain(troubles.map(about_disk));
    for notice in about_us {
        let place = list.partition_point(|other| other.at > notice.at);
        list.insert(place, notice);
        list.truncate(NOTICES_MAX);
    }
    Notices {
        id: pipeline::notices_id(&site.url),
        title: format!("{}: the health of its sources", site.title),
        list,
    }
}

/// One change of one source's health.
struct Change<'a> {
    source: &'a SourceId,
    from: Option<&'a Health>,
    to: &'a Health,
}

/// The changes that are remembered. The oldest one is left out once what came before it is forgotten: its
/// words would change under the same id.
fn changes<'a>(source: &'a SourceId, state: &'a SourceState) -> impl Iterator<Item = Change<'a>> {
    let known = state.past.len() < Health::PAST_MAX;
    let healths = state.past.iter().chain(&state.health);
    let before = std::iter::once(None).chain(healths.clone().map(Some));
    let all = before.zip(healths).map(move |(from, to)| Change { source, from, to });
    // That a new source is well is no news.
    all.filter(move |change| change.from.is_some() || known && change.to.is != HealthKind::Ok)
}

impl Change<'_> {
    fn notice(&self) -> Notice {
        let Self { source, from, to } = self;
        let (word, before) = (to.is.word(), from.map_or("new", |health| health.is.word()));
        let now = format!("The source {source} is {word} since {}.", moment(to.since));
        let was = from.map(|from| format!("It was {before} since {}.", moment(from.since)));
        let why = (!to.why.is_empty()).then(|| format!("Why: {}", to.why));
        let text: Vec<String> = [Some(now), was, why].into_iter().flatten().collect();
        Notice {
            id: pipeline::notice_id(&source.0, to.since),
            title: format!("{source}: {before} → {word}"),
            why: to.why.clone(),
            text: text.join(" "),
            word: word.to_owned(),
            at: to.since.trunc_subsecs(0),
        }
    }
}

/// That the entries of a source came under other ids, and that some of its keys are none.
fn about_keys(source: &SourceId, state: &SourceState) -> Vec<Notice> {
    let notice = |what: &str, word: &str, at: Timestamp, title: String, why: String| Notice {
        id: pipeline::notice_id(&format!("{what}\n{source}"), at),
        title,
        text: format!("The source {source}, seen at {}: {why}.", moment(at)),
        why,
        word: word.to_owned(),
        at: at.trunc_subsecs(0),
    };
    let renamed = state.renamed.as_ref().map(|renamed| {
        let title = format!("{source}: {} entries came under other ids or links", renamed.count);
        notice("renamed", "renamed", renamed.at, title, renamed.how.clone())
    });
    let habits = &state.habits;
    let volatile = [("guids", &habits.guids), ("links", &habits.links)].into_iter().filter_map(|(what, habit)| {
        let title = format!("{source}: its {what} are no keys");
        let why = format!(
            "its {what} change with every fetch, or are the same for all: its entries are recognised without them"
        );
        Some(notice(what, "volatile", habit.volatile_since?, title, why))
    });
    renamed.into_iter().chain(volatile).chain(about_push(source, state)).collect()
}

/// That a source could push and does not.
fn about_push(source: &SourceId, state: &SourceState) -> Option<Notice> {
    let trouble = state.push.as_ref()?.trouble.as_ref()?;
    let since = trouble.since;
    Some(Notice {
        id: pipeline::notice_id(&format!("push\n{source}"), since),
        title: format!("{source}: its hub does not push"),
        why: trouble.why.clone(),
        text: format!(
            "The source {source}, seen at {}: {}. It is polled as ever, and its hubs are asked again now and then.",
            moment(since),
            trouble.why
        ),
        word: "push".to_owned(),
        at: since.trunc_subsecs(0),
    })
}

/// That no daily snapshot can be made.
fn about_snapshots((since, why): &(Timestamp, String)) -> Notice {
    Notice {
        id: pipeline::notice_id("snapshots", *since),
        title: "no snapshot of the store can be made".to_owned(),
        why: why.clone(),
        text: format!(
            "Since {} no snapshot could be made: {why}. The journal keeps everything meanwhile, and grows. It is tried \
             again every hour.",
            moment(*since)
        ),
        word: "snapshot".to_owned(),
        at: since.trunc_subsecs(0),
    }
}

fn about_config(refused: &Refused) -> Notice {
    let since = refused.since;
    let all: String = refused.mistakes.join(" · ").chars().take(MISTAKES_CHARS_MAX).collect();
    Notice {
        id: pipeline::notice_id("feeds.toml", since),
        title: "feeds.toml is not usable: an older one stays in force".to_owned(),
        why: refused.mistakes.first().cloned().unwrap_or_default(),
        text: format!("Refused at {}. {all}", moment(since)),
        word: "refused".to_owned(),
        at: since.trunc_subsecs(0),
    }
}

/// What is told once is told alike for ever: that it is over makes no other notice of it.
fn about_disk(told: &Told) -> Notice {
    let Told { since, obstacle, .. } = told;
    Notice {
        id: pipeline::notice_id("store", *since),
        title: format!("The store cannot be written: {}", obstacle.kind.words()),
        why: obstacle.to_string(),
        text: format!("Since {}: {obstacle}. Meanwhile {}.", moment(*since), told.means()),
        word: obstacle.kind.word().to_owned(),
        at: since.trunc_subsecs(0),
    }
}

/// That the store was made anew.
fn about_repair(repair: &Repair) -> Notice {
    let Repair { at, why, from, lost, notes, aside } = repair;
    let what =
        if lost.is_empty() { "nothing is lost".to_owned() } else { format!("lost: {}", lost.join("; ")) };
    let aside = aside.as_ref().map(|aside| format!("The broken one is kept as {aside}."));
    let notes: Vec<String> = notes.iter().cloned().chain(aside).collect();
    Notice {
        id: pipeline::notice_id("store", *at),
        title: format!("The store was broken and is made anew: {what}"),
        why: why.clone(),
        text: format!(
            "Made anew at {} from {from}; {what}. What was wrong: {why}. {}",
            moment(*at),
            notes.join(" ")
        ),
        word: "repaired".to_owned(),
        at: at.trunc_subsecs(0),
    }
}

/// That the store was made anew for the space that it took, or could not be.
fn about_space(tried: &Try) -> Notice {
    let Try { at, old, made } = tried;
    let took = format!("took {} for {} of entries", mib(old.disk_bytes), mib(old.live_bytes));
    let (title, word, why, then) = match made {
        Ok(disk_bytes) => (
            format!(
                "The store was made anew: {} given back",
                mib(old.disk_bytes.saturating_sub(*disk_bytes))
            ),
            "reclaimed",
            format!("it {took}"),
            format!("It was made anew, and takes {}.", mib(*disk_bytes)),
        ),
        Err(why) => (
            "The store could not be made anew".to_owned(),
            "not-reclaimed",
            why.clone(),
            format!("It could not be made anew: {why}. It stays as it is, and is tried again in a day."),
        ),
    };
    Notice {
        id: pipeline::notice_id("space", *at),
        title,
        why,
        text: format!("At {} the store {took}. {then}", moment(*at)),
        word: word.to_owned(),
        at: at.trunc_subsecs(0),
    }
}

fn moment(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::edge::store::Size;
    use crate::model::{Push, Renamed, Trouble};

    fn health(is: HealthKind, seconds: i64) -> Health {
        let since = Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds);
        Health { is, since, why: format!("at {seconds}") }
    }

    fn state(healths: &[(HealthKind, i64)]) -> SourceState {
        let mut past: Vec<Health> = healths.iter().map(|(is, at)| health(*is, *at)).collect();
        let now = past.pop();
        past.drain(..past.len().saturating_sub(Health::PAST_MAX));
        SourceState { health: now, past, ..SourceState::default() }
    }

    fn check(states: &[(&str, SourceState)], refused: Option<i64>, expected: &[&str]) -> Notices {
        let site = Site {
            title: "S".to_owned(),
            url: "http://s.example".to_owned(),
            language: "en".to_owned(),
            timezone: "UTC".parse().unwrap(),
            contact: None,
            hubs: vec![],
            has_cloud: false,
            has_search: false,
        };
        let refused = refused.map(|at| Refused {
            since: Timestamp::UNIX_EPOCH + TimeDelta::seconds(at),
            mistakes: vec!["feeds.toml:1:1: no".to_owned()],
        });
        let ids: Vec<(SourceId, &SourceState)> =
            states.iter().map(|(id, state)| (SourceId((*id).to_owned()), state)).collect();
        let ids = ids.iter().map(|(id, state)| (id, *state));
        let ours = Ours { refused: refused.as_ref(), ..Ours::default() };
        let told = notices(&site, ids, &ours, [].into_iter());
        let titles: Vec<&str> = told.list.iter().map(|notice| notice.title.as_str()).collect();
        assert_eq!(titles, expected);
        told
    }

    use HealthKind::{Failing, Gone, Ok};

    #[test]
    fn changes_are_told_newest_first() {
        let a = state(&[(Ok, 1), (Failing, 5), (Ok, 9)]);
        let b = state(&[(Failing, 5), (Gone, 7)]);
        let told = check(
            &[("b", b), ("a", a), ("c", state(&[(Ok, 99)])), ("d", SourceState::default())],
            Some(6),
            &[
                "a: failing → ok",
                "b: failing → gone",
                "feeds.toml is not usable: an older one stays in force",
                "a: ok → failing",
                "b: new → failing",
            ],
        );
        assert_eq!((told.list[1].why.as_str(), told.list[1].word.as_str()), ("at 7", "gone"));
        assert!(told.list[1].text.contains("since 1970-01-01T00:00:07Z"), "{}", told.list[1].text);
    }

    #[test]
    fn a_source_that_renames_its_entries_is_told_of() {
        let moment = |seconds| Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let mut a = state(&[(Ok, 1), (Failing, 5)]);
        a.renamed = Some(Renamed {
            at: moment(3),
            count: 20,
            how: "new ids".to_owned(),
            minutes: vec![],
            midnights: vec![],
        });
        a.habits.guids.volatile_since = Some(moment(7));
        let told = check(
            &[("a", a)],
            None,
            &["a: its guids are no keys", "a: ok → failing", "a: 20 entries came under other ids or links"],
        );
        let words: Vec<&str> = told.list.iter().map(|notice| notice.word.as_str()).collect();
        assert_eq!(words, ["volatile", "failing", "renamed"]);
        assert_eq!(told.list[2].text, "The source a, seen at 1970-01-01T00:00:03Z: new ids.");
    }

    #[test]
    fn a_hub_that_does_not_push_is_told_of_once() {
        let moment = |seconds| Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let mut a = state(&[(Ok, 1), (Failing, 5)]);
        let trouble = Trouble { since: moment(7), why: "h answered 500".to_owned(), over: None };
        a.push = Some(Box::new(Push { trouble: Some(trouble.clone()), ..Push::default() }));
        let expected = &["a: its hub does not push", "a: ok → failing"];
        let told = check(&[("a", a.clone())], None, expected);
        assert_eq!((told.list[0].word.as_str(), told.list[0].why.as_str()), ("push", "h answered 500"));
        // That it is over makes no other notice of it.
        let over = Some(Trouble { over: Some(moment(9)), ..trouble });
        a.push.as_mut().unwrap().trouble = over;
        assert_eq!(check(&[("a", a)], None, expected), told);
    }

    #[test]
    fn what_became_of_the_space_is_told() {
        let old = Size { disk_bytes: 900 << 20, live_bytes: 100 << 20 };
        for (made, title, word, then) in [
            (
                Result::Ok(150 << 20),
                "The store was made anew: 750.0 MiB given back",
                "reclaimed",
                "It was made anew, and takes 150.0 MiB.",
            ),
            (
                Err("no room".to_owned()),
                "The store could not be made anew",
                "not-reclaimed",
                "It could not be made anew: no room. It stays as it is, and is tried again in a day.",
            ),
        ] {
            let told = about_space(&Try { at: Timestamp::UNIX_EPOCH, old, made });
            assert_eq!((told.title.as_str(), told.word.as_str()), (title, word));
            let took = "At 1970-01-01T00:00:00Z the store took 900.0 MiB for 100.0 MiB of entries.";
            assert_eq!(told.text, format!("{took} {then}"));
        }
    }

    #[test]
    fn what_is_told_once_is_told_alike_for_ever() {
        let long: Vec<(HealthKind, i64)> =
            (0..40).map(|at| (if at % 2 == 0 { Failing } else { Ok }, at)).collect();
        let told = |count: usize| {
            let states = [(SourceId("a".to_owned()), state(&long[..count]))];
            let list = states.iter().flat_map(|(id, state)| changes(id, state));
            list.map(|change| change.notice()).collect::<Vec<_>>()
        };
        for count in 1..40 {
            let (before, after) = (told(count), told(count + 1));
            let kept = before.iter().filter(|old| after.iter().any(|new| new.id == old.id));
            kept.for_each(|old| assert!(after.contains(old), "{count}: {old:?}"));
            assert!(after.len() > before.len() || count >= Health::PAST_MAX, "{count}");
        }
        let many: Vec<(String, SourceState)> =
            (0..150).map(|n| (format!("s{n}"), state(&[(Failing, n)]))).collect();
        let named: Vec<(&str, SourceState)> = many.iter().map(|(id, s)| (id.as_str(), s.clone())).collect();
        let newest: Vec<String> = (50..150).rev().map(|n| format!("s{n}: new → failing")).collect();
        check(&named, None, &newest.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
