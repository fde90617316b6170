//! `nashra render`: the documents as files, whole, quiet and nothing else's.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

use super::archives::listed;
use super::*;

const CONFIG: &str = "[site]\nlanguage = \"ar\"\n[publish]\nentries = 10\ncount_clicks = true\n\
    [sections.sport]\ntitle = \"رياضة\"\n\
    [sources.wire]\nurl = \"file:wire.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n";

/// Every file with its inode and its time.
fn files(folder: &Path) -> BTreeMap<String, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(place) = waiting.pop() {
        for file in fs::read_dir(place).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let (name, meta) = (path.strip_prefix(folder).unwrap(), path.metadata().unwrap());
            found.insert(name.to_str().unwrap().to_owned(), (meta.ino(), meta.modified().unwrap()));
        }
    }
    found.remove(".nashra-render.json").expect("a manifest");
    found
}

fn render(home: &Home) -> String {
    let output = home.run(&["render", "out"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(home: &Home, folder: &str) -> String {
    let output = home.run(&["render", folder]);
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// The file must hold what is served at the address, and so must its twins.
fn check_same(home: &Home, daemon: &Daemon, path: &str, name: &str) {
    let served = daemon.get(path);
    assert_eq!(served.status, 200, "{path}");
    let file = home.path("out").join(name);
    assert_eq!(fs::read(&file).unwrap(), served.body, "{path}");
    let twin = |ending: &str| fs::read(format!("{}{ending}", file.display())).unwrap();
    let mut gunzipped = vec![];
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&twin(".gz")[..]), &mut gunzipped).unwrap();
    assert_eq!(gunzipped, served.body, "{path}");
    assert_eq!(zstd::stream::decode_all(&twin(".zst")[..]).unwrap(), served.body, "{path}");
    let mut unpacked = vec![];
    std::io::Read::read_to_end(&mut brotli::Decompressor::new(&twin(".br")[..], 4096), &mut unpacked)
        .unwrap();
    assert_eq!(unpacked, served.body, "{path}");
    if let Some(modified) = served.headers.get("last-modified") {
        let time: chrono::DateTime<chrono::Utc> = file.metadata().unwrap().modified().unwrap().into();
        assert_eq!(time.format("%a, %d %b %Y %H:%M:%S GMT").to_string(), *modified, "{path}");
    }
}

#[test]
fn the_files_are_what_is_served() {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &listed("wire", 100..125));
    assert!(refused(&home, "out").contains("nothing is stored yet"));
    let daemon = home.start();
    daemon.wait_for_poll("wire", "ok");
    render(&home);
    for (path, name) in [
        ("/", "index.html"),
        ("/sport", "sport.html"),
        ("/sport.atom", "sport.atom"),
        ("/latest.rss", "latest.rss"),
        ("/most-read.json", "most-read.json"),
        ("/bot", "bot.html"),
        ("/robots.txt", "robots.txt"),
        ("/style.css", "style.css"),
        ("/sport/archive/1.atom", "sport/archive/1.atom"),
        ("/sport/archive/3.atom", "sport/archive/3.atom"),
    ] {
        check_same(&home, &daemon, path, name);
    }
    let before = files(&home.path("out"));
    let html = |name: &str| fs::read_to_string(home.path("out").join(name)).unwrap();
    let is_item = |name: &&String| name.strip_suffix(".html").is_some_and(|name| name.starts_with("item/"));
    let items: Vec<&String> = before.keys().filter(is_item).collect();
    assert!(items.len() >= 10, "what is shown, and what is related to it");
    assert!(items.iter().all(|name| !html(name).contains("/go/")), "nobody counts there");
    // Every address of ours in a page or a feed leads to a file.
    let names = before.keys().filter(|name| {
        Path::new(name)
            .extension()
            .is_some_and(|ending| ["html", "atom", "rss", "json"].contains(&ending.to_str().unwrap()))
    });
    for name in names {
        for rest in html(name).split("http://127.0.0.1:8080").skip(1) {
            let end = |c: char| !(c.is_ascii_alphanumeric() || "/.-".contains(c));
            let path = rest.split(end).next().unwrap().trim_start_matches('/');
            // The id of a story's feed is its address without the ending.
            let found = ["", ".html", ".atom"].map(|ending| format!("{path}{ending}"));
            let leads = path.is_empty()
                || path.starts_with("sources/")
                || ["hub", "rsscloud"].contains(&path)
                || path.starts_with("search")
                || found.iter().any(|file| before.contains_key(file));
            assert!(leads, "{name} leads to {path:?}");
        }
    }
    // Nothing is new, with the daemon and without: no file is touched.
    assert!(render(&home).contains(" 0 written, 0 removed"));
    assert!(daemon.stop().success());
    assert!(render(&home).contains(" 0 written, 0 removed"));
    assert_eq!(files(&home.path("out")), before);
}

#[test]
fn only_what_changes_is_written_and_only_what_was_written_is_removed() {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &listed("wire", 100..105));
    assert!(home.run(&["poll", "--once"]).status.success());
    render(&home);
    let before = files(&home.path("out"));
    home.write("out/mine.txt", "not of nashra");
    home.write("out/item/mine.html", "not of nashra");
    let hidden = home.run(&["hide", "https://wire.example/104"]);
    assert!(hidden.status.success());
    render(&home);
    let after = files(&home.path("out"));
    assert!(after.contains_key("mine.txt") && after.contains_key("item/mine.html"));
    let items = |files: &BTreeMap<String, (u64, SystemTime)>| {
        files.keys().filter(|name| name.ends_with(".html.br")).count()
    };
    assert_eq!(items(&before) - items(&after), 1, "its page is gone with its twins");
    assert_ne!(after["sport.atom"], before["sport.atom"]);
    assert!(after["sport.atom"].1 > before["sport.atom"].1, "web servers tell them apart by their times");
    for same in ["style.css", "style.css.gz", "bot.html", "icon.png"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    // A section leaves, and with it its folder.
    home.configure(
        &CONFIG.replace("[sections.sport]", "[sections.culture]").replace("\"sport\"", "\"culture\""),
    );
    render(&home);
    assert!(!home.path("out/sport").exists() && home.path("out/culture/archive/1.atom").exists());
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let home = Home::new(CONFIG);
    home.write("wire.xml", &listed("wire", 100..105));
    assert!(home.run(&["poll", "--once"]).status.success());
    fs::create_dir(home.path("mine")).unwrap();
    home.write("mine/letter.txt", "not of nashra");
    let why = refused(&home, "mine");
    assert!(why.contains("mine") && why.contains("letter.txt") && why.contains("empty folder"), "{why}");
    assert_eq!(fs::read_dir(home.path("mine")).unwrap().count(), 1);
    assert!(refused(&home, "wire.xml").contains("wire.xml"));
    fs::create_dir(home.path("empty")).unwrap();
    assert!(home.run(&["render", "empty"]).status.success());
    fs::write(home.path("empty/.nashra-render.json"), "?").unwrap();
    assert!(refused(&home, "empty").contains("remove the folder"));
}
