//! Any bytes: rules that answer for any address, whatever its escapes, and a delay within its bounds.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use nashra::edge::fetch::robots::Robots;
use url::Url;

fuzz_target!(|input: (&[u8], &str)| {
    let (file, path) = input;
    let robots = Robots::parse(file);
    assert!(robots.crawl_delay().is_none_or(|delay| delay <= Duration::from_secs(366 * 24 * 3600)));
    assert!(robots.allows(&Url::parse("http://a.example/robots.txt").unwrap()));
    let base = Url::parse("http://a.example/").unwrap();
    let Ok(url) = base.join(path) else { return };
    let is_allowed = robots.allows(&url);
    // The host and the fragment are no part of what is matched.
    let mut other = url.clone();
    other.set_fragment(Some("part"));
    assert_eq!(robots.allows(&other), is_allowed);
    // A mark before the file and a comment behind it change nothing.
    let marked = [b"\xef\xbb\xbf", file, b"\n# end"].concat();
    if !file.starts_with(b"\xef\xbb\xbf") && marked.len() < 500 << 10 {
        assert_eq!(Robots::parse(&marked), robots);
    }
});
