//! Two documents of feed-like text, as files for nginx and as a snapshot for nashra.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use nashra::model::{Coding, Digest, Document, Published};
use nashra::pipeline::render;

const TYPE: &str = "application/atom+xml; charset=utf-8";

/// By address.
pub fn all() -> [(&'static str, Document); 2] {
    [("/150.atom", 150_000), ("/30.atom", 30_000)].map(|(path, bytes)| {
        let at = "2026-11-20T08:00:00Z".parse().unwrap();
        let document = render::document(TYPE, text(bytes), Some(at), Digest([1; 16]));
        // As the daemon does it beside its loop.
        Coding::PACKED.iter().for_each(|coding| assert!(document.body(*coding).is_some()));
        (path, document)
    })
}

pub fn published() -> Published {
    let documents = all().map(|(path, document)| (path.to_owned(), Arc::new(document)));
    Published { documents: HashMap::from(documents), is_starting: false }
}

/// Puts them where nginx looks for them, with their gzip twins.
pub fn write(folder: &Path) {
    for (path, document) in all() {
        let file = folder.join(&path[1..]);
        fs::write(&file, &document.identity).unwrap();
        fs::write(file.with_extension("atom.gz"), document.body(Coding::Gzip).unwrap()).unwrap();
    }
}

/// Entries whose words repeat about as often as those of news do: gzip makes a fifth of them, as of most feeds.
fn text(bytes: usize) -> Vec<u8> {
    let mut text = String::from("<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\">");
    let mut state = 1_u64;
    let mut words = |count: usize| {
        let mut words = String::new();
        for _ in 0..count {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let share = (state >> 33) as f64 / f64::from(1_u32 << 31);
            let word = 2000_f64.powf(share) as u64;
            write!(words, "{:x} ", word.wrapping_mul(0x9e37_79b9) % 0xff_ffff).unwrap();
        }
        words
    };
    for number in 0.. {
        let link = format!("https://news.example.org/2026/11/{number}");
        let entry = format!(
            "<entry xml:lang=\"ar\"><title>{}</title><id>{link}</id><updated>2026-11-20T08:00:00+00:00</updated>\
             <author><name>News desk</name></author><link href=\"{link}\" rel=\"alternate\"/>\
             <source><title>News of the day</title><id>https://news.example.org/feed</id></source>\
             <content type=\"html\">&lt;p&gt;{}&lt;/p&gt;&lt;p&gt;{}&lt;/p&gt;</content></entry>",
            words(9),
            words(50),
            words(50)
        );
        if text.len() + entry.len() + 7 > bytes {
            break;
        }
        text.push_str(&entry);
    }
    text.push_str("</feed>");
    text.into_bytes()
}
