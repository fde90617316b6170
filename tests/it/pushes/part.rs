//! What a pushed document changes, decided without a daemon.

use nashra::model::*;
use nashra::pipeline::Prepared;

use crate::kit::entries::*;

const NOW: &str = "2026-06-01T10:00:00Z";

fn fetched(entries: Vec<FeedEntry>, change: impl Fn(&mut Feed)) -> Fetched {
    let mut fetched = brought(entries, NOW);
    if let Reading::Feed { feed, is_delta, .. } = &mut fetched.reading {
        *is_delta = true;
        change(feed);
    }
    fetched
}

fn entry(id: &str, title: &str) -> FeedEntry {
    said(id, title, &format!("https://x.example/{id}"), "2026-06-01T08:00:00Z")
}

/// A source that was polled, with two entries, and names a hub.
fn polled(memory: &mut Memory, source: &Source) -> SourceState {
    let mut answer = brought(vec![entry("a", "One"), entry("b", "Two")], "2026-06-01T09:00:00Z");
    answer.manners.url = "https://x.example/feed".parse().ok();
    answer.manners.links = Links {
        hubs: vec!["https://hub.example/".to_owned()],
        own: Some("https://x.example/feed".to_owned()),
    };
    if let Reading::Feed { feed, validators, .. } = &mut answer.reading {
        (feed.id, feed.hubs) = (Some("urn:x".to_owned()), vec!["https://other.example/".to_owned()]);
        validators.etag = Some(b"\"1\"".to_vec());
    }
    memory.poll(source, &answer).state
}

fn pushed(
    memory: &Memory,
    source: &Source,
    state: &SourceState,
    fetched: &Fetched,
) -> Result<Update, String> {
    let prepared = Prepared::new(source, state, fetched);
    prepared.take_pushed(state, &memory.known(&prepared.wanted_keys()), at(NOW))
}

#[test]
fn a_push_is_a_part_and_leaves_the_rest_alone() {
    let (mut memory, source) = (Memory::default(), source("x", &[]));
    let state = polled(&mut memory, &source);
    let push = state.push.clone().unwrap();
    assert_eq!(
        (&push.hubs[..], push.topic.as_deref()),
        (&["https://hub.example/".to_owned()][..], Some("https://x.example/feed"))
    );
    let brings = fetched(vec![entry("c", "Three"), entry("b", "Two, corrected")], |feed| {
        feed.hubs = vec!["https://evil.example/".to_owned()];
        (feed.title, feed.language) = (Some("Another title".to_owned()), Some("fr".to_owned()));
        feed.schedules.ttl_minutes = Some(1000);
    });
    let update = pushed(&memory, &source, &state, &brings).unwrap();
    assert_eq!((update.new.len(), update.changed.len(), update.delisted.len()), (1, 1, 0));
    assert!(!update.new[0].backfill && update.changed[0].updated.is_some());
    assert_eq!(update.state.listed.len(), 3);
    let rest = SourceState { listed: state.listed.clone(), rhythm: state.rhythm.clone(), ..update.state };
    assert_eq!(rest, state);
}

#[test]
fn what_polling_would_not_take_is_not_taken() {
    let (mut memory, source) = (Memory::default(), source("x", &[]));
    let state = polled(&mut memory, &source);
    let check = |state: &SourceState, fetched: &Fetched, expected: &str| {
        let told = pushed(&memory, &source, state, fetched).map(|update| update.tally).unwrap_err();
        assert!(told.contains(expected), "{told}");
    };
    let news = || vec![entry("c", "Three")];
    let plain = fetched(news(), |_| ());
    assert!(pushed(&memory, &source, &state, &plain).is_ok());
    check(&state, &fetched(news(), |feed| feed.id = Some("urn:y".to_owned())), "another feed");
    let elsewhere = |id: &str| said(id, "خبر عاجل", &format!("https://y.example/{id}"), "");
    let stranger =
        fetched(vec![elsewhere("1"), elsewhere("2")], |feed| feed.language = Some("ar".to_owned()));
    let mut known = state.clone();
    known.owner.as_mut().unwrap().language = Some("fr".to_owned());
    check(&known, &stranger, "somebody else");
    let quarantine = Some(Quarantine { since: at(NOW), why: "another host".to_owned() });
    check(&SourceState { quarantine, ..state.clone() }, &plain, "quarantined: another host");
    check(&SourceState { place: Some(Digest([9; 16])), ..state.clone() }, &plain, "nothing was polled");
    check(&SourceState::default(), &plain, "nothing was polled");
    let mut nothing = plain.clone();
    nothing.reading = Reading::NotAFeed("a page".to_owned());
    check(&state, &nothing, "a page");
    nothing.reading = Reading::Unchanged { validators: Validators::default() };
    check(&state, &nothing, "empty");
    // The one that knows an entry is the feed, whatever its id is now.
    let mut both = news();
    both.push(entry("a", "One"));
    assert!(
        pushed(&memory, &source, &state, &fetched(both, |feed| feed.id = Some("urn:y".to_owned()))).is_ok()
    );
}

#[test]
fn hubs_are_those_of_the_last_whole_answer() {
    let (mut memory, source) = (Memory::default(), source("x", &[]));
    let mut named = |hubs: &[&str], own: Option<&str>, is_delta: bool| {
        let mut answer = brought(vec![entry("a", "One")], "2026-06-01T09:00:00Z");
        if let Reading::Feed { feed, is_delta: delta, .. } = &mut answer.reading {
            feed.hubs = hubs.iter().map(|hub| (*hub).to_owned()).collect();
            (feed.self_url, *delta) = (own.map(str::to_owned), is_delta);
        }
        let push = memory.poll(&source, &answer).state.push.unwrap_or_default();
        (push.hubs.len(), push.topic)
    };
    let own = Some("https://x.example/feed");
    let topic = own.map(str::to_owned);
    assert_eq!(named(&[], own, false), (0, None));
    assert_eq!(named(&["https://hub.example/"], None, false), (0, None), "nothing to subscribe to");
    let long = format!("https://hub.example/{}", "x".repeat(Push::URL_BYTES_MAX));
    assert_eq!(named(&["ftp://hub.example/", &long, "https://hub.example/"], own, false), (1, topic.clone()));
    assert_eq!(named(&[], None, true), (1, topic), "a part need not repeat it");
    assert_eq!(named(&[], own, false), (0, None));
}
