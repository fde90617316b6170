//! Any text: a date within its bounds, or none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nashra::pipeline::normalize::moment as date;

fuzz_target!(|text: &str| {
    if let Some(moment) = date(text) {
        assert!(moment.timestamp() > 0 && moment.timestamp() < 7_258_204_800, "{text:?} is {moment}");
        // What we write ourselves is read again.
        assert_eq!(date(&moment.to_rfc3339()), Some(moment));
        assert_eq!(date(&moment.to_rfc2822()), Some(moment));
    }
});
