//! Lives that nobody wrote.

use proptest::prelude::*;

use super::life::*;

/// What happens before a document.
#[derive(Clone, Copy, Debug)]
enum Event {
    Guid(Guid),
    Site(&'static str),
    Layout(Layout),
    Spelling(Spelling),
    Dates(Dates),
    Tracked(bool),
    Tokens(bool),
    Reversed(bool),
    /// Every so many titles are edited, from now on.
    Edited(usize),
    Fails,
    Unchanged,
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    use Event::{Dates as D, Layout as L, Spelling as S};
    let guids = [
        Guid::Integer,
        Guid::Uuid,
        Guid::Query,
        Guid::Permalink,
        Guid::Random,
        Guid::Token,
        Guid::Moment,
        Guid::Same,
        Guid::SomeSame,
        Guid::Empty,
        Guid::Absent,
    ];
    let layouts = [Layout::Slug, Layout::Slash, Layout::Html, Layout::Node, Layout::Query];
    let spellings = [Spelling::Raw, Spelling::Lower, Spelling::Upper, Spelling::Decomposed];
    prop_oneof![
        3 => prop::sample::select(guids.to_vec()).prop_map(Event::Guid),
        3 => prop::sample::select(vec!["http://a.example", "https://a.example", "https://www.b.example"])
            .prop_map(Event::Site),
        3 => prop::sample::select(layouts.to_vec()).prop_map(L),
        1 => prop::sample::select(spellings.to_vec()).prop_map(S),
        2 => prop::sample::select(vec![Dates::Exact, Dates::Minutes, Dates::Hours(2), Dates::Hours(-1)])
            .prop_map(D),
        1 => any::<bool>().prop_map(Event::Tracked),
        1 => any::<bool>().prop_map(Event::Tokens),
        1 => any::<bool>().prop_map(Event::Reversed),
        1 => (4_usize..9).prop_map(Event::Edited),
        1 => Just(Event::Fails),
        1 => Just(Event::Unchanged),
        1 => Just(Event::Restart),
    ]
}

fn happen(life: &mut Life, event: Event) {
    let shape = &mut life.shape;
    match event {
        Event::Guid(guid) => shape.guid = guid,
        Event::Site(site) => shape.site = site,
        Event::Layout(layout) => shape.layout = layout,
        Event::Spelling(spelling) => shape.spelling = spelling,
        Event::Dates(dates) => shape.dates = dates,
        Event::Tracked(tracked) => shape.tracked = tracked,
        Event::Tokens(tokens) => shape.tokens = tokens,
        Event::Reversed(reversed) => shape.reversed = reversed,
        Event::Edited(every) => shape.edited_every = Some(every),
        Event::Fails => life.fails(),
        Event::Unchanged => life.is_unchanged(),
        Event::Restart => life.restart(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// [`Life::lists`] holds what must be true after every document.
    #[test]
    fn nothing_old_is_new_and_everything_new_is(
        steps in prop::collection::vec((prop::collection::vec(event(), 0..4), 0_usize..15), 1..9)
    ) {
        const WINDOW: usize = 12;
        let mut life = Life::new(PLAIN, 0..WINDOW);
        let mut first = 0;
        for (events, news) in steps {
            for event in events {
                happen(&mut life, event);
            }
            // What is half a window of news leaves half of what was known.
            let last = first + WINDOW + news;
            first += news.min(WINDOW / 2);
            life.lists(first..last);
            // Nobody moves twice in two documents.
            life.lists(first..last);
            first = last - WINDOW;
        }
        prop_assert!(life.state().habits.guids.sample.len() <= nashra::model::Habit::SAMPLE_MAX);
    }
}
