//! What looks like an old entry and is none: news that share title, date or day with it.

use chrono::TimeDelta;
use nashra::model::*;

use crate::kit::entries::*;

/// An entry of a source whose entries have nothing in common; `seconds` after the first of November 2026.
fn entry(id: &str, title: &str, text: &str, seconds: i64) -> FeedEntry {
    let published = at("2026-11-01T00:00:00Z") + TimeDelta::seconds(seconds);
    FeedEntry {
        content: (!text.is_empty()).then(|| text.to_owned()),
        published: Some(published),
        ..said(id, title, &format!("https://a.example/{id}"), "")
    }
}

fn others(range: std::ops::Range<i64>, prefix: &str) -> Vec<FeedEntry> {
    let entry = |n| {
        let title = format!("The council of town {n} votes on road {}", n * 7);
        entry(
            &format!("{prefix}{n}"),
            &title,
            &format!("<p>Road {n} is closed for {} days.</p>", n * 3),
            n * 5_003,
        )
    };
    range.map(entry).collect()
}

/// Lists `before`, then `after`, each beside others that stay as they are, and compares how many are new.
fn check(before: Vec<FeedEntry>, after: Vec<FeedEntry>, new: usize, why: &str) {
    check_in(others(1..9, "o"), others(1..9, "o"), before, after, new, why);
}

fn check_in(
    others_before: Vec<FeedEntry>,
    others_after: Vec<FeedEntry>,
    before: Vec<FeedEntry>,
    after: Vec<FeedEntry>,
    new: usize,
    why: &str,
) {
    let mut memory = Memory::default();
    let source = source("a", &["sport"]);
    memory.poll(&source, &brought([others_before, before].concat(), "2026-11-20T12:00:00Z"));
    let update = memory.poll(&source, &brought([others_after, after].concat(), "2026-11-20T13:00:00Z"));
    let titles: Vec<_> = update.new.iter().map(|entry| entry.said.title.clone()).collect();
    assert_eq!(update.new.len(), new, "{why}: {titles:?}");
}

const TITLE: &str = "Parliament adopts the budget after a long night";
const TEXT: &str = "<p>The vote ended at dawn with a narrow majority.</p>";

#[test]
fn title_and_date_of_a_part() {
    let old = || entry("1", TITLE, TEXT, 30_017);
    let check = |before: FeedEntry, after: FeedEntry, new: usize, why: &str| {
        check(vec![before], vec![after], new, why);
    };
    let again = || FeedEntry { id: Some("x".to_owned()), ..entry("2", TITLE, TEXT, 30_017) };
    check(old(), again(), 0, "title and date are equal");
    check(old(), entry("2", TITLE, "", 30_017), 0, "one has no text");
    check(old(), entry("2", TITLE, &format!("{TEXT}<p>More soon.</p>"), 30_017), 0, "the text grew");
    check(old(), entry("2", TITLE, TEXT, 30_018), 1, "another second");
    check(
        old(),
        entry("2", TITLE, "<p>Something else altogether is told here.</p>", 30_017),
        1,
        "another text",
    );
    check(old(), entry("2", "Budget: live", TEXT, 30_017), 1, "another title");
    let short = |id: &str| entry(id, "Weather today", TEXT, 30_017);
    check(short("1"), short("2"), 1, "the title tells nothing");
    let midnight = |id: &str| entry(id, TITLE, TEXT, 86_400);
    check(midnight("1"), midnight("2"), 1, "the date is a day");
}

#[test]
fn what_stands_side_by_side_are_two() {
    let one = |id: &str| entry(id, TITLE, TEXT, 30_017);
    check(vec![one("1")], vec![one("1"), one("2")], 1, "the old one is listed, too");
    check(vec![one("1")], vec![one("2"), one("3")], 2, "the title recurs");
}

#[test]
fn one_date_for_all_says_nothing() {
    let all = |range: std::ops::Range<i64>| {
        let dated = |entry: FeedEntry| FeedEntry { published: Some(at("2026-11-02T08:20:11Z")), ..entry };
        others(range, "o").into_iter().map(dated).collect::<Vec<_>>()
    };
    let one = |id: &str| entry(id, TITLE, TEXT, 116_411);
    check_in(all(1..9), all(1..9), vec![one("1")], vec![one("2")], 1, "a date of the document");
}

/// A whole source gets other ids, links and dates; of each date only the day is left.
#[test]
fn the_day_alone_in_a_move() {
    let cut = |entry: FeedEntry| {
        let day = entry.published.map(|at| at - TimeDelta::seconds(at.timestamp().rem_euclid(86_400)));
        FeedEntry { published: day, ..entry }
    };
    let moved = || others(1..9, "m").into_iter().map(cut).collect::<Vec<_>>();
    let check = |before: Vec<FeedEntry>, after: Vec<FeedEntry>, new: usize, why: &str| {
        let after = after.into_iter().map(cut).collect();
        check_in(others(1..9, "o"), moved(), before, after, new, why);
    };
    let one = |id: &str, title: &str, text: &str, day: i64| entry(id, title, text, day * 86_400 + 30_017);
    check(vec![one("1", TITLE, TEXT, 3)], vec![one("x", TITLE, TEXT, 3)], 0, "title, text and day");
    let other_text = "<p>Rewritten in the new system.</p>";
    check(vec![one("1", TITLE, TEXT, 3)], vec![one("x", TITLE, other_text, 3)], 0, "title and day");
    check(vec![one("1", TITLE, TEXT, 3)], vec![one("x", TITLE, other_text, 4)], 1, "the next day");
    let daily = "Exchange rates of the day in Casablanca";
    let rates = |id: &str, day: i64| one(id, daily, &format!("<p>One euro is {day} dirhams.</p>"), day);
    check(vec![rates("1", 3), rates("2", 4)], vec![rates("x", 4), rates("y", 5)], 1, "a daily bulletin");
    let twice = |id: &str, text: &str| one(id, daily, text, 4);
    check(
        vec![twice("1", "<p>Noon: 10.</p>")],
        vec![twice("x", "<p>Night: 11, closing.</p>"), twice("y", "<p>Noon: 10.</p>")],
        1,
        "two on one day",
    );
}

#[test]
fn a_burst_after_dates_were_lost_is_news() {
    let undated = |entry: FeedEntry| FeedEntry { published: None, ..entry };
    let moved = || others(1..9, "m").into_iter().map(undated).collect::<Vec<_>>();
    let news = others(20..60, "n").into_iter().map(undated).collect();
    check_in(others(1..9, "o"), moved(), vec![], news, 40, "others");
    let rewritten = undated(entry("x", TITLE, "<p>Another text with this title.</p>", 0));
    let old = vec![entry("1", TITLE, TEXT, 30_017)];
    check_in(others(1..9, "o"), moved(), old, vec![rewritten], 1, "without a date the text must agree");
}
