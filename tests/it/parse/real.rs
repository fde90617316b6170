//! Feeds of real sites, where a folder `shared/feeds` lies beside the checkout.

use std::path::PathBuf;

use nashra::pipeline::parse;

/// A folder beside the checkout; `None`, and a word about it, where it is not there.
fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    if !path.exists() {
        println!("SKIPPED: {name} is not beside this checkout");
        return None;
    }
    Some(path)
}

#[test]
fn every_real_feed_gives_its_items() {
    let (Some(folder), Some(list)) = (shared("feeds"), shared("feeds.tsv")) else { return };
    let list = std::fs::read_to_string(list).unwrap();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for line in list.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let Ok(bytes) = std::fs::read(folder.join(columns[0])) else { continue };
        seen += 1;
        match parse::parse(&bytes, None) {
            Ok(feed) if feed.entries.len().to_string() == columns[7] => {}
            Ok(feed) => wrong.push(format!("{}: {} of {} items", columns[0], feed.entries.len(), columns[7])),
            Err(error) => wrong.push(format!("{}: {error}", columns[0])),
        }
    }
    assert!(seen > 0 && wrong.is_empty(), "{seen} feeds\n{}", wrong.join("\n"));
}

#[test]
fn what_is_no_feed_is_refused_in_one_line() {
    let Some(folder) = shared("notfeeds") else { return };
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let refused = parse::parse(&std::fs::read(&path).unwrap(), None);
        let line = refused.expect_err(&path.display().to_string()).to_string();
        assert!(line.contains("not a feed") || line.contains("empty") || line.contains("JSON"), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
    }
}
