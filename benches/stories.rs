//! How well stories are told apart, by the labelled pairs in `tests/data/stories`, and what it costs to look one up:
//! `cargo bench --bench stories`; the name of a language as an argument shows that one alone.
#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::format_push_string,
    clippy::wildcard_imports
)]

#[path = "../tests/it/kit/entries.rs"]
mod entries;
#[path = "../tests/it/kit/pairs.rs"]
mod pairs;

use std::hint::black_box;
use std::time::{Duration, Instant};

use nashra::model::{Digest, EntryKey, FeedEntry, Sketch, SourceId};
use nashra::pipeline::story::{self, Index};

use self::pairs::{Figures, LANGUAGES, pairs};

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let languages = LANGUAGES
        .into_iter()
        .filter(|language| wanted.is_empty() || wanted.iter().any(|one| one == language));
    println!(
        "{:<10}{:>6}{:>6}{:>8}{:>8}{:>12}{:>9}",
        "", "same", "other", "missed", "wrong", "precision", "recall"
    );
    let mut errors = String::new();
    for language in languages {
        let pairs = pairs(language);
        let figures = Figures::of(&pairs);
        println!(
            "{language:<10}{:>6}{:>6}{:>8}{:>8}{:>11.1}%{:>8.1}%",
            figures.right + figures.missed,
            figures.wrong + figures.apart,
            figures.missed,
            figures.wrong,
            figures.precision_percent(),
            figures.recall_percent()
        );
        errors.push_str(&format!("{language}\n{}", figures.errors));
    }
    println!("\n{errors}");
    if wanted.is_empty() {
        cost();
    }
}

/// What one new entry costs with more and more entries indexed: titles and texts of words that are as common as
/// those of newsrooms.
fn cost() {
    let mut index = Index::default();
    let mut number = 0;
    for held in [1_000, 10_000, 100_000] {
        while index.len() < held - 1_000 {
            index.insert(sketch(number, &entry(number)));
            number += 1;
        }
        let entries: Vec<FeedEntry> = (0..1_000).map(|n| entry(number + n)).collect();
        let mut spent = [Duration::ZERO; 3];
        let mut found = 0;
        for (at, entry) in (0..).zip(&entries) {
            let started = Instant::now();
            let sketch = sketch(number + at, entry);
            let compared = Instant::now();
            found += index.candidates(&sketch.features, &sketch.source, sketch.key.published()).len();
            let asked = Instant::now();
            black_box(index.related(&sketch.features, sketch.story, 5));
            spent[0] += compared - started;
            spent[2] += asked.elapsed();
            let inserting = Instant::now();
            index.insert(sketch);
            spent[1] += (asked - compared) + inserting.elapsed();
        }
        number += 1_000;
        let micros = spent.map(|spent| spent.as_secs_f64() * 1e6 / 1_000.0);
        println!(
            "{held:>7} indexed: features {:.1} us, candidates and insert {:.1} us, related {:.1} us; {found} candidates of 1,000 entries",
            micros[0], micros[1], micros[2]
        );
    }
}

fn sketch(number: u64, entry: &FeedEntry) -> Sketch {
    let first_seen = entries::at("2026-11-24T08:00:00Z");
    let key = EntryKey::new(first_seen, Digest::of([number.to_be_bytes().as_slice()]));
    let source = SourceId(format!("s{}", number % 500));
    Sketch { key, story: key, source, first_seen, features: story::features(entry) }
}

/// An entry of invented words, some of which are in every second one.
fn entry(number: u64) -> FeedEntry {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // Zipf's law, nearly: the square of a number below one is mostly small.
        let share = (state >> 11) as f64 / (1_u64 << 53) as f64;
        format!("كلمة{}", letters((share * share * share * 40_000.0) as u64))
    };
    let title: Vec<String> = (0..10).map(|_| word()).collect();
    let text: Vec<String> = (0..60).map(|_| word()).collect();
    FeedEntry { title: Some(title.join(" ")), summary: Some(text.join(" ")), ..FeedEntry::default() }
}

fn letters(mut number: u64) -> String {
    let mut out = String::new();
    loop {
        out.push(['ب', 'ت', 'ح', 'د', 'ر', 'س', 'ع', 'ق'][(number % 8) as usize]);
        number /= 8;
        if number == 0 {
            return out;
        }
    }
}
