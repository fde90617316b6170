//! A start after feeds.toml was changed, or after something was taken out, or on a damaged disk.

use super::*;

/// What is done to the bytes of a file.
type Harm = fn(&[u8]) -> Vec<u8>;

#[test]
fn a_section_that_is_no_more_is_not_shown() {
    let (home, before) = killed();
    home.configure(&CONFIG.replace("[sections.sport]", "[sections.games]").replace("\"sport\"", "\"games\""));
    let held = Held::new(&home);
    let daemon = home.begin_with(&[]);
    for path in ["/sport", "/sport.rss", "/sport.atom", "/sport.json", "/", "/feeds.opml"] {
        assert_eq!(daemon.get(path).status, 503, "{path}");
    }
    for path in ["/latest.rss", "/latest", "/bot"] {
        assert_eq!(look(&daemon, &[path])[path], before[path]);
    }
    held.release();
    open(&daemon);
    assert_eq!(daemon.get("/sport.rss").status, 404);
    assert!(daemon.get("/games.rss").text().contains("First story"));
}

#[test]
fn a_site_that_has_moved_shows_no_old_addresses() {
    let (home, _) = killed();
    home.configure(&CONFIG.replace("[site]", "[site]\nurl = \"https://elsewhere.example\""));
    let held = Held::new(&home);
    let daemon = home.begin_with(&[]);
    assert!(PATHS.iter().all(|path| daemon.get(path).status == 503));
    held.release();
    open(&daemon);
    assert!(daemon.get("/sport.rss").text().contains("https://elsewhere.example/sport"));
}

#[test]
fn a_file_that_was_saved_meanwhile_is_in_force_soon() {
    let (home, _) = killed();
    let held = Held::new(&home);
    let daemon = home.begin_with(&[]);
    home.configure(&CONFIG.replace("رياضة", "ألعاب"));
    held.release();
    daemon.wait_for("the new file", |line| line["message"] == "feeds.toml is in force");
    assert!(daemon.get("/sport.rss").text().contains("ألعاب"));
    // And so is one that a signal speaks of.
    daemon.kill();
    let held = Held::new(&home);
    let daemon = home.begin_with(&[]);
    daemon.signal("HUP");
    assert_eq!(daemon.get("/latest").status, 200);
    held.release();
    daemon.wait_for("the reload", |line| line["message"] == "feeds.toml is in force");
}

#[test]
fn what_was_hidden_is_not_shown_for_a_moment_either() {
    for with_daemon in [true, false] {
        let (home, _) = killed();
        let daemon = with_daemon.then(|| home.start());
        let hidden = home.run(&["hide", "First story"]);
        assert!(hidden.status.success(), "{}", String::from_utf8_lossy(&hidden.stderr));
        drop(daemon);
        for pack in fs::read_dir(home.path("state/published")).unwrap() {
            let path = pack.unwrap().path();
            assert!(with_daemon, "{} was not removed", path.display());
        }
        let held = Held::new(&home);
        let daemon = home.begin_with(&[]);
        for (path, (status, _, body)) in look(&daemon, PATHS) {
            assert!(!String::from_utf8_lossy(&body).contains("First story"), "{path}");
            assert_eq!(status, if with_daemon { 200 } else { 503 }, "{path}");
        }
        held.release();
        open(&daemon);
        assert!(!daemon.get("/sport.rss").text().contains("First story"));
        assert!(daemon.get("/sport.rss").text().contains("Second story"));
    }
}

#[test]
fn damaged_documents_come_back_with_the_store() {
    let harms: [(&str, Harm); 6] = [
        ("emptied", |_| vec![]),
        ("cut", |bytes| bytes[..bytes.len() / 2].to_vec()),
        ("shortened", |bytes| bytes[..bytes.len() - 1].to_vec()),
        ("a bit of a body flipped", |bytes| flipped(bytes, 60)),
        ("a bit of the footer flipped", |bytes| flipped(bytes, bytes.len() - 9)),
        ("zeroed", |bytes| vec![0; bytes.len()]),
    ];
    let (home, before) = killed();
    for (harm, damage) in harms {
        for pack in fs::read_dir(home.path("state/published")).unwrap() {
            let path = pack.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, damage(&bytes)).unwrap();
        }
        let held = Held::new(&home);
        let daemon = home.begin_with(&[]);
        for (path, seen) in look(&daemon, PATHS) {
            assert!(seen.0 == 503 || seen == before[&path], "{harm}: {path} {seen:?}");
        }
        held.release();
        open(&daemon);
        assert_eq!(look(&daemon, PATHS), before, "{harm}");
        daemon.kill();
    }
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 4;
    bytes
}
