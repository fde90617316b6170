//! Any feeds.toml: a configuration, or mistakes that each have a place within the file.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use nashra::config::read;

fuzz_target!(|text: &str| {
    if let Err(mistakes) = read(text, "feeds.toml", Path::new("/etc/nashra")) {
        assert!(!mistakes.is_empty());
        let lines = text.split('\n').count();
        for mistake in mistakes {
            assert!((1..=lines).contains(&mistake.line) && mistake.column >= 1, "{mistake}");
        }
    }
});
