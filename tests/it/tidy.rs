//! The floor plan, executable. Change a wall here first, then in `src/`.

use std::fs;
use std::path::{Path, PathBuf};

/// Room → the rooms that it may use.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("schedule", &["model"]),
    // The pipeline for its `text` alone: what a pattern can find depends on how texts are folded.
    ("config", &["model", "schedule", "pipeline"]),
    ("pipeline", &["model"]),
    ("edge", &["model"]),
    ("app", &["model", "schedule", "config", "pipeline", "edge"]),
    ("cli", &["model", "config", "pipeline", "edge", "app"]),
];

/// Crate → the only places that may name it.
const HOMES: &[(&str, &[&str])] = &[
    ("sled", &["edge/store/"]),
    ("crc32fast", &["edge/journal", "edge/snapshot", "edge/store/seal", "edge/editions"]),
    ("hyper", &["edge/fetch", "edge/serve", "edge/admin"]),
    ("hyper_util", &["edge/fetch", "edge/serve", "edge/admin"]),
    ("hyper_rustls", &["edge/fetch"]),
    ("rustls", &["edge/fetch"]),
    // Whoever signs and whoever checks signatures.
    ("ring", &["edge/hub", "edge/websub"]),
    ("rustls_native_certs", &["edge/fetch"]),
    ("webpki_roots", &["edge/fetch"]),
    ("psl", &["edge/fetch/host"]),
    ("tower_service", &["edge/fetch"]),
    ("brotli", &["edge/fetch", "pipeline/render/pack"]),
    ("zstd", &["edge/fetch", "edge/snapshot", "edge/store", "edge/editions", "pipeline/render/pack"]),
    ("notify", &["edge/watch"]),
    ("sd_notify", &["edge/systemd"]),
    ("listenfd", &["edge/listeners"]),
    ("rustix", &["edge/listeners", "edge/room", "edge/serve/files", "edge/serve/twin", "edge/clock/ticks"]),
    ("socket2", &["edge/serve/lanes"]),
    ("rss", &["pipeline/parse", "pipeline/render"]),
    ("atom_syndication", &["pipeline/parse", "pipeline/render"]),
    ("encoding_rs", &["pipeline/parse", "config"]),
    ("chardetng", &["pipeline/parse"]),
    ("simdutf8", &["pipeline/parse"]),
    ("ammonia", &["pipeline/sanitize"]),
    ("askama", &["pipeline/render"]),
    ("flate2", &["pipeline/render/pack", "edge/fetch"]),
    ("unicode_normalization", &["pipeline/text"]),
    ("markup5ever", &["pipeline/text"]),
    ("uuid", &["pipeline/decide"]),
    ("cron", &["schedule"]),
    ("toml", &["config"]),
    ("humantime", &["config", "schedule", "cli/entries"]),
    ("strsim", &["config"]),
    ("clap", &["cli/"]),
    ("tracing_subscriber", &["cli/"]),
    ("tracing", &["app/", "edge/"]),
    ("tokio", &["app/", "edge/", "cli/"]),
    ("http", &["edge/"]),
    ("http_body_util", &["edge/"]),
    ("httpdate", &["edge/"]),
    ("bytes", &["model/", "edge/"]),
    ("arc_swap", &["app/", "edge/serve", "edge/hub"]),
    ("serde_json", &["pipeline/parse", "pipeline/render", "edge/", "app/", "cli/"]),
    ("regex", &["config", "pipeline/section"]),
    ("regex_syntax", &["config/rules"]),
    ("blake3", &["model/id"]),
    ("memchr", &["pipeline/", "edge/journal", "edge/serve/gate"]),
    ("ipnet", &["model/policy", "config", "edge/fetch", "app/probe"]),
    ("percent_encoding", &["config", "pipeline/section", "pipeline/why", "edge/"]),
    (
        "chrono_tz",
        &["model/section", "config", "schedule", "pipeline/normalize", "pipeline/render", "app/writer"],
    ),
];

/// Crates whose types are part of our own vocabulary: every room may name them.
const AT_HOME_EVERYWHERE: &[&str] = &["chrono", "url", "serde", "thiserror"];

/// Files of the pipeline that compose stages; every other file keeps to itself, `text` and `link`.
const COMPOSERS: &[&str] = &["mod", "ingest", "publish", "why", "window", "ledger"];
const VOCABULARIES: &[&str] = &["text", "link"];

/// The longest file, in lines.
const LINES_MAX: usize = 400;

struct Source {
    /// Below `src/`, with slashes.
    path: String,
    text: String,
}

impl Source {
    fn room(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap()
    }

    /// The lines that the compiler reads, with their numbers; a `use` that goes over several lines is one.
    fn code(&self) -> Vec<(usize, String)> {
        let mut lines: Vec<(usize, String)> = Vec::new();
        let mut open = false;
        for (index, line) in self.text.lines().enumerate() {
            let line = line.trim();
            if line.starts_with("//") {
                continue;
            }
            match lines.last_mut().filter(|_| open) {
                Some((_, statement)) => statement.push_str(line),
                None => lines.push((index + 1, line.to_owned())),
            }
            let statement = lines.last().map_or("", |(_, statement)| statement);
            let is_use =
                ["use ", "pub use ", "pub(super) use "].iter().any(|word| statement.starts_with(word));
            open = is_use && !statement.ends_with(';');
        }
        lines
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let read = |path: PathBuf| Source {
        path: path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/"),
        text: fs::read_to_string(&path).unwrap(),
    };
    let sources: Vec<Source> = rust_files(&src).into_iter().map(read).collect();
    assert!(sources.len() > 20, "the tidy test sees only {} files", sources.len());
    sources
}

/// Fails with all findings at once.
fn check(what: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{what}:\n  {}", findings.join("\n  "));
}

/// The first path segments after each `needle` in a line: `crate::model::X` → `model`, and each name of
/// `crate::{model, edge}`.
fn named_after<'a>(line: &'a str, needle: &str) -> Vec<&'a str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = Vec::new();
    for (at, _) in line.match_indices(needle) {
        let rest = &line[at + needle.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let inside = group.split('}').next().unwrap_or_default();
            names.extend(inside.split(',').map(|name| name.trim().split("::").next().unwrap_or_default()));
        } else {
            names.push(rest.split(|c| !is_name(c)).next().unwrap_or_default());
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn rooms_use_only_the_rooms_that_they_may() {
    let mut findings = Vec::new();
    for source in sources() {
        let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == source.room()) else {
            assert!(matches!(source.room(), "main" | "lib"), "{} is in no room of ROOMS", source.path);
            continue;
        };
        for (number, line) in source.code() {
            for name in named_after(&line, "crate::") {
                let is_room = ROOMS.iter().any(|(room, _)| *room == name);
                if is_room && name != source.room() && !allowed.contains(&name) {
                    findings.push(format!(
                        "src/{}:{number}: {} may not use {name}",
                        source.path,
                        source.room()
                    ));
                }
            }
        }
    }
    check("walls that are broken", &findings);
}

#[test]
fn crates_stay_at_home() {
    let mut findings = Vec::new();
    for source in sources() {
        for (number, line) in source.code() {
            for (name, homes) in HOMES {
                let at_home = homes.iter().any(|home| source.path.starts_with(home));
                if !at_home && names_crate(&line, name) {
                    findings.push(format!(
                        "src/{}:{number}: {name} lives in {}",
                        source.path,
                        homes.join(", ")
                    ));
                }
            }
        }
    }
    check("crates that are named away from home", &findings);
}

/// `name::` at the start of a path: not `other::name::`, not `other_name::`.
fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':')
    })
}

#[test]
fn every_crate_has_its_homes() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, rest) = manifest.split_once("[dependencies]").unwrap();
    let (dependencies, _) = rest.split_once("\n[").unwrap();
    let names = dependencies
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.replace('-', "_"));
    let homeless = |name: &String| {
        !HOMES.iter().any(|(known, _)| known == name) && !AT_HOME_EVERYWHERE.contains(&name.as_str())
    };
    let findings: Vec<String> = names.filter(homeless).collect();
    check("crates without a home in HOMES", &findings);
}

#[test]
fn stages_keep_to_themselves() {
    let mut findings = Vec::new();
    let sources = sources();
    let stage_of = |path: &str| {
        let inside = path.strip_prefix("pipeline/")?;
        Some(inside.split(['/', '.']).next().unwrap().to_owned())
    };
    let stages: Vec<String> = sources.iter().filter_map(|source| stage_of(&source.path)).collect();
    for source in &sources {
        let Some(stage) = stage_of(&source.path) else { continue };
        if COMPOSERS.contains(&stage.as_str()) {
            continue;
        }
        for (number, line) in source.code() {
            // As many `super::` as there are folders lead to the pipeline itself.
            let up = "super::".repeat(source.path.matches('/').count());
            for needle in ["crate::pipeline::", up.as_str()] {
                for name in named_after(&line, needle) {
                    let other = stages.iter().any(|one| one == name) && name != stage;
                    if other && !VOCABULARIES.contains(&name) {
                        findings.push(format!("src/{}:{number}: {stage} may not use {name}", source.path));
                    }
                }
            }
        }
    }
    check("stages that know each other", &findings);
}

#[test]
fn only_the_edge_side_waits_and_reads_the_clock() {
    let pure = ["model", "config", "schedule", "pipeline"];
    let forbidden = [
        ".await",
        "async fn",
        "Utc::now",
        "Instant::now",
        "SystemTime::now",
        "std::fs",
        "std::net::Tcp",
        "tokio::",
    ];
    let mut findings = Vec::new();
    for source in sources().iter().filter(|source| pure.contains(&source.room())) {
        for (number, line) in source.code() {
            for word in forbidden.iter().filter(|word| line.contains(**word)) {
                findings.push(format!("src/{}:{number}: {word} in a pure room", source.path));
            }
        }
    }
    for source in sources().iter().filter(|source| source.path != "edge/clock/ticks.rs") {
        for (number, line) in source.code().into_iter().filter(|(_, line)| line.contains("Utc::now")) {
            findings.push(format!("src/{}:{number}: the clock is edge/clock: {}", source.path, line.trim()));
        }
    }
    check("impure code", &findings);
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut findings = Vec::new();
    for folder in ["src", "tests", "benches", "fuzz", "crash"] {
        let folder = root().join(folder);
        for path in rust_files(&folder)
            .iter()
            .filter(|path| !path.components().any(|part| part.as_os_str() == "target"))
        {
            let text = fs::read_to_string(path).unwrap();
            let shown = path.strip_prefix(root()).unwrap().display();
            let lines = text.lines().count();
            if lines > LINES_MAX {
                findings.push(format!("{shown}: {lines} lines, at most {LINES_MAX}: split the room"));
            }
            if !text.lines().any(|line| line.starts_with("//!")) {
                findings.push(format!("{shown}: does not say what it is (//!)"));
            }
        }
    }
    check("untidy files", &findings);
}

#[test]
fn nothing_is_left_open() {
    let words = ["todo!(", "unimplemented!(", "dbg!(", "#[ignore", "TODO", "FIXME"];
    let mut findings = Vec::new();
    for folder in ["src", "tests", "benches", "crash"] {
        for path in rust_files(&root().join(folder)).iter().filter(|path| !path.ends_with("it/tidy.rs")) {
            let text = fs::read_to_string(path).unwrap();
            for (index, line) in text.lines().enumerate() {
                for word in words.iter().filter(|word| line.contains(**word)) {
                    findings.push(format!("{}:{}: {word}", path.display(), index + 1));
                }
            }
        }
    }
    check("left open", &findings);
}

#[test]
fn the_changelog_names_the_version() {
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    assert!(
        changelog.contains(env!("CARGO_PKG_VERSION")),
        "CHANGELOG.md says nothing of {}",
        env!("CARGO_PKG_VERSION")
    );
}
