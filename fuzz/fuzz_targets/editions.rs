//! Any bytes as a pack of published documents, and any harm to a real one: an index that was written, or none.
#![no_main]

use std::fs;
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use nashra::edge::editions::{Editions, Imprint, Index};
use nashra::model::{Digest, Published};
use nashra::pipeline::{recalled, render::document};

/// A folder with one pack, and that pack.
static KEPT: LazyLock<(std::path::PathBuf, Vec<u8>)> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("nashra-editions-{}", std::process::id()));
    let one = |text: &str| {
        let new = document("text/html; charset=utf-8", text.repeat(99).into_bytes(), None, Digest([0; 16]));
        (text.to_owned(), Arc::new(new))
    };
    let documents = ["/", "/a.atom", "/b"].map(one).into();
    let (editions, _) = Editions::open(&folder, recalled);
    let _ = editions.keep_alone(&Published { documents, is_starting: false }, &Imprint::default());
    let pack = fs::read_dir(folder.join("published")).unwrap().next().unwrap().unwrap().path();
    let bytes = fs::read(&pack).unwrap();
    (pack, bytes)
});

fuzz_target!(|input: (u16, &[u8])| {
    let (at, bytes) = input;
    let (path, pack) = &*KEPT;
    let _ = Index::of_pack(bytes);
    let mut harmed = pack.clone();
    let at = usize::from(at) % harmed.len();
    let end = (at + bytes.len()).min(harmed.len());
    harmed.splice(at..end, bytes.iter().copied());
    let index = Index::of_pack(&harmed);
    assert!(index.is_none() || index == Index::of_pack(pack));
    fs::write(path, &harmed).unwrap();
    let (_, found) = Editions::open(path.parent().unwrap().parent().unwrap(), recalled);
    for (name, document) in found.documents {
        assert_eq!(document.identity, name.repeat(99));
    }
});
