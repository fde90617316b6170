//! What searching costs: memory and time with 100,000 entries of 100 words: `cargo bench --bench search`. A number as
//! an argument is taken for the number of entries.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::format_push_string
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use nashra::model::{
    DateOrigin, Digest, Entry, EntryKey, FeedEntry, Identity, IdentityKind, SourceId, StoryReason, Timestamp,
};
use nashra::pipeline::search::{Index, Order, Query, Texts};

/// How often each question is put.
const TIMES: u32 = 50;

fn main() {
    let entries = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(100_000_u64);
    let before = resident_bytes();
    let mut index = Index::default();
    let (mut folding, mut putting, mut sealing) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for number in 0..entries {
        let entry = entry(number);
        let began = Instant::now();
        let texts = Texts::of(&entry);
        let folded = Instant::now();
        index.insert(&entry, &texts);
        let put = Instant::now();
        if let Some(ripe) = index.ripe() {
            index.seal(ripe);
            sealing = sealing.max(put.elapsed());
        }
        folding += folded - began;
        putting += put - folded;
    }
    let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
    let micros = |spent: Duration| spent.as_secs_f64() * 1e6 / entries as f64;
    println!(
        "{} entries: {:.1} MiB by its own count, {:.1} MiB of the process; folding {:.1} us, putting in {:.1} us an entry, sealing {:.0} ms at most",
        index.len(),
        mib(index.bytes()),
        mib(resident_bytes().saturating_sub(before)),
        micros(folding),
        micros(putting),
        sealing.as_secs_f64() * 1e3
    );
    let common = word(0);
    let (usual, rare) = (word(300), word(30_000));
    for (what, query) in [
        ("the most common word", common.clone()),
        ("a usual word", usual.clone()),
        ("a rare word", rare.clone()),
        ("three words", format!("{common} {usual} {}", word(50))),
        ("ten words", (0..10).map(|n| word(n * 7)).collect::<Vec<_>>().join(" ")),
        ("a phrase", format!("\"{common} {usual}\"")),
        ("one and not the other", format!("{common} -{usual}")),
        ("a beginning", format!("{}*", usual.chars().take(6).collect::<String>())),
        ("all of a source", "source:s7".to_owned()),
        ("nobody has it", "zzz".to_owned()),
    ] {
        let mut line = format!("{what:<24}");
        for order in [Order::Best, Order::Newest] {
            let query = Query::parse(&query).unwrap();
            let (mut slowest, mut fastest) = (Duration::ZERO, Duration::MAX);
            let began = Instant::now();
            let mut hits = 0;
            for _ in 0..TIMES {
                let one = Instant::now();
                hits = black_box(index.find(&query, order, 1_500, |_| true)).len();
                let took = one.elapsed();
                (slowest, fastest) = (slowest.max(took), fastest.min(took));
            }
            let mean = began.elapsed().as_secs_f64() * 1e3 / f64::from(TIMES);
            let [fastest, slowest] = [fastest, slowest].map(|took| took.as_secs_f64() * 1e3);
            line += &format!(
                "{order:?}: {fastest:>6.2} to {slowest:>6.2} ms, {mean:>6.2} on average, {hits:>4} hits   "
            );
        }
        println!("{line}");
    }
}

/// Invented words in the frequencies of a language.
fn entry(number: u64) -> Entry {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut text = |count: usize| {
        let mut words = Vec::with_capacity(count);
        for _ in 0..count {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let share = (state >> 11) as f64 / (1_u64 << 53) as f64;
            // Zipf's law over 60,000 words: the rank is even in its logarithm.
            words.push(word((60_000_f64.ln() * share).exp() as u64 - 1));
        }
        words.join(" ")
    };
    let said = FeedEntry {
        title: Some(text(10)),
        content: Some(format!("<p>{}</p>", text(90))),
        ..FeedEntry::default()
    };
    let published = Timestamp::from_timestamp(1_790_000_000 + number as i64 * 60, 0).unwrap();
    let key = EntryKey::new(published, Digest::of([&number.to_be_bytes()[..]]));
    Entry {
        key,
        id: format!("urn:x:{number}"),
        source: SourceId(format!("s{}", number % 500)),
        identity: Identity { kind: IdentityKind::Guid, value: number.to_string() },
        said,
        published,
        dated: DateOrigin::Source,
        first_seen: published,
        first_seen_millis: 0,
        updated: None,
        backfill: false,
        story: key,
        story_reason: StoryReason::First,
        matched: None,
        digest: Digest([0; 16]),
        former: vec![],
        revision: 0,
        life: vec![],
    }
}

/// A word of its own for each number, some with an article.
fn word(number: u64) -> String {
    let mut word = if number.is_multiple_of(3) { "ال".to_owned() } else { String::new() };
    let mut left = number + 500;
    while left > 0 {
        word.push(['ب', 'ت', 'ح', 'د', 'ر', 'س', 'ع', 'ق'][(left % 8) as usize]);
        left /= 8;
    }
    word
}

/// What the process takes of memory; 0 where the system does not say.
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok()).unwrap_or(0) * 1024
}
