//! How well stories are told apart, by the labelled pairs in `tests/data/stories`, and what it costs to look one up:
//! `cargo bench --bench stories`; the name of a language as an argument shows that one alone.
#![allow(missing_docs, dead_code, unreachable_pub, clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/it/kit/entries.rs"]
mod entries;
#[path = "../tests/it/kit/pairs.rs"]
mod pairs;

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
}
