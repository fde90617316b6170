//! Any document, under any content type: a feed or one line why not, never a panic, and what comes out is
//! the same each time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nashra::pipeline::understand;

const TYPES: &[Option<&str>] =
    &[None, Some("application/rss+xml"), Some("text/xml; charset=windows-1256"), Some("application/json")];

fuzz_target!(|input: (u8, &[u8])| {
    let (pick, bytes) = input;
    let content_type = TYPES[usize::from(pick) % TYPES.len()];
    let read = || understand(bytes, content_type, None, "https://example.org/feed", &[]);
    assert_eq!(format!("{:?}", read()), format!("{:?}", read()));
});
