//! Any bytes, under any charset, become text that XML can hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nashra::pipeline::parse::decode;

fuzz_target!(|input: (&str, &[u8])| {
    let (charset, bytes) = input;
    let (text, _) = decode(bytes, Some(&format!("text/xml; charset={charset}")));
    assert!(!text.chars().any(
        |c| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
    ));
});
