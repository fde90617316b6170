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
        (path, render::document(TYPE, text(bytes), Some(at), Digest([1; 16])))
    })
}

pub fn published() -> Published {
    let documents = all().map(|(path, document)| (path.to_owned(), Arc::new(document)));
    Published { documents: HashMap::from(documents) }
}

/// Puts them where nginx looks for them, with their gzip twins.
pub fn write(folder: &Path) {
    for (path, document) in all() {
        let file = folder.join(&path[1..]);
        fs::write(&file, &document.identity).unwrap();
        fs::write(file.with_extension("atom.gz"), document.body(Coding::Gzip).unwrap()).unwrap();
    }
}

/// Words that repeat about as often as those of news do.
fn text(bytes: usize) -> Vec<u8> {
    let mut text = String::from("<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\">");
    let mut state = 1_u64;
    while text.len() < bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (state >> 33) as f64 / f64::from(1_u32 << 31);
        let word = 4000_f64.powf(share) as u64;
        write!(text, "{:x} ", word.wrapping_mul(0x9e37_79b9) % 0xff_ffff).unwrap();
    }
    text.truncate(bytes - 7);
    text.push_str("</feed>");
    text.into_bytes()
}
