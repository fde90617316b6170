//! Who is told of news, and the ledger of what they are still to be told.

use nashra::edge::store::Ledger;

use super::*;

fn announcement(number: u64, text: &str) -> Announcement {
    Announcement {
        number,
        at: Timestamp::UNIX_EPOCH,
        content_type: "application/atom+xml".to_owned(),
        head: "<feed>".to_owned(),
        separator: String::new(),
        entries: vec![(Digest([1; 16]), text.to_owned())],
        names: vec![],
        tail: "</feed>".to_owned(),
    }
}

#[test]
fn what_is_to_be_delivered_is_kept_until_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let callback: url::Url = "https://r.example/cb?x=1".parse().unwrap();
    let topics = ["http://n.example/a.atom", "http://n.example/b.atom"].map(str::to_owned);
    let it = Subscriber::new(SubscriberKind::WebSub, callback, topics[0].clone(), Timestamp::UNIX_EPOCH, 1);
    let state = Topic { topic: topics[0].clone(), last: 3, ..Topic::default() };
    let long = "خبر ".repeat(50_000);
    let store = Store::open(folder.path()).unwrap();
    let numbered =
        |topic: &String, number| (topic.clone(), announcement(number, &format!("{number} {long}")));
    let sizes = store.note_deliveries(&Ledger {
        subscriptions: vec![(it.id(), Some(it.clone()))],
        topics: vec![(topics[0].clone(), Some(state.clone()))],
        announcements: vec![numbered(&topics[0], 1), numbered(&topics[0], 2), numbered(&topics[0], 3)],
        forgotten: vec![],
    });
    // A text that repeats itself takes little room.
    assert!(sizes.unwrap().iter().all(|bytes| *bytes < long.len() / 10));
    store
        .note_deliveries(&Ledger { announcements: vec![numbered(&topics[1], 9)], ..Ledger::default() })
        .unwrap();
    store.flush().unwrap();
    drop(store);

    let store = Store::open(folder.path()).unwrap();
    assert_eq!((store.subscriptions().unwrap(), store.topics().unwrap()), (vec![it.clone()], vec![state]));
    let numbers = |topic: &str, after, bytes| -> Vec<u64> {
        store.announcements(topic, after, bytes).unwrap().iter().map(|one| one.number).collect()
    };
    assert_eq!(numbers(&topics[0], 0, usize::MAX), [1, 2, 3]);
    assert_eq!(numbers(&topics[0], 1, usize::MAX), [2, 3]);
    assert_eq!(numbers(&topics[0], 0, 10), [1]);
    assert_eq!(numbers(&topics[0], 3, 10), Vec::<u64>::new());
    assert_eq!(store.announcements(&topics[1], 0, 10).unwrap(), [numbered(&topics[1], 9).1]);
    let forgotten = vec![(topics[0].clone(), 1), (topics[0].clone(), 2)];
    let (subscriptions, gone) = (vec![(it.id(), None)], vec![(topics[0].clone(), None)]);
    store.note_deliveries(&Ledger { subscriptions, topics: gone, forgotten, ..Ledger::default() }).unwrap();
    assert_eq!((store.subscriptions().unwrap(), store.topics().unwrap()), (vec![], vec![]));
    let kept: Vec<u64> = store.announced(&topics[0]).unwrap().into_iter().map(|(number, _)| number).collect();
    assert_eq!(kept, [3]);
}
