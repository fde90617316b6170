//! A polling round under load, beside a bare program: `cargo bench --bench round [-- --quick]`.
//!
//! The program starts itself again as the origin and as the yardstick, and the release binary of nashra as
//! it is installed. Everything is on loopback, in a temporary folder, and bounded in count and time.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod bare;
mod child;
mod feeds;
mod origin;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use child::{Cost, Origin};

/// Feeds of the round, as the contract has them.
const FEEDS: usize = 1_000;
/// Sources of an origin that answers late, and of one that never answers.
const LATE: usize = 10_000;
const HANGING: usize = 1_000;
/// What is measured once is measured this often; the best counts.
const TIMES: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["origin", feeds] => origin::main(feeds.parse().unwrap()),
        ["bare", origin, feeds, folder] => bare::main(origin, feeds.parse().unwrap(), Path::new(folder)),
        _ => {
            // Without `--bench` it is a test that asks whether it still runs.
            let quick = words.contains(&"--quick") || !words.contains(&"--bench");
            let only =
                |name| words.contains(&name) || !["round", "late"].iter().any(|one| words.contains(one));
            if only("round") {
                round(if quick { 20 } else { FEEDS }, if quick { 1 } else { TIMES });
            }
            if only("late") {
                late(if quick { 200 } else { LATE }, if quick { 20 } else { HANGING });
            }
        }
    }
}

/// The same feeds fetched by the yardstick and by nashra: cold, and when nothing has changed.
fn round(feeds: usize, times: usize) {
    let origin = Origin::start(feeds);
    println!("{feeds} feeds, {:.1} MB, {} entries", origin.megabytes, feeds * feeds::ENTRIES);
    println!("{:<20} {:>8} {:>8} {:>10} {:>8}", "", "CPU s", "wall s", "RSS MiB", "ratio");
    let (mut bare, mut cold, mut unchanged) = (None, None, None);
    for _ in 0..times {
        let folder = tempfile::tempdir().unwrap();
        let mut yardstick = Command::new(std::env::current_exe().unwrap());
        yardstick.args(["bare", &origin.address, &feeds.to_string()]).arg(folder.path().join("bare"));
        best(&mut bare, child::run(&mut yardstick));
        let sources: Vec<String> =
            (0..feeds).map(|n| format!("http://{}/feed/{n}", origin.address)).collect();
        let mut poll = nashra(folder.path(), &sources, "30s");
        let (first, again) = (child::run(&mut poll), child::run(&mut poll));
        assert_eq!(first.number("entries_seen"), feeds * feeds::ENTRIES, "{}", first.said);
        assert_eq!((first.number("ok"), again.number("unchanged")), (feeds, feeds), "{}", again.said);
        best(&mut cold, first);
        best(&mut unchanged, again);
    }
    let yardstick = bare.as_ref().map_or(0.0, |bare| bare.cpu_seconds);
    let rows = [("bare", &bare), ("nashra, cold", &cold), ("nashra, unchanged", &unchanged)];
    for (name, cost) in rows.into_iter().filter_map(|(name, cost)| Some((name, cost.as_ref()?))) {
        cost.print(name, Some(cost.cpu_seconds / yardstick));
    }
}

/// Many sources that answer after a while, with and without others that never do.
fn late(late: usize, hanging: usize) {
    for hanging in [0, hanging] {
        let origin = Origin::start(1);
        let folder = tempfile::tempdir().unwrap();
        let mut sources: Vec<String> =
            (0..late).map(|n| format!("http://{}/late/{n}", origin.address)).collect();
        sources.extend((0..hanging).map(|n| format!("http://{}/{n}", origin.hanging)));
        let mut poll = nashra(folder.path(), &sources, "30s");
        // The others would have to be waited for much longer.
        let mut looked = Instant::now();
        let are_served = || {
            let is_time = hanging > 0 && looked.elapsed() > Duration::from_millis(200);
            looked = if is_time { Instant::now() } else { looked };
            is_time && origin.served().answers == late
        };
        let (cost, ended) = child::run_until(&mut poll, are_served);
        assert_eq!(ended.success(), hanging == 0, "{ended} {}", cost.said);
        let allowed = f64::from(u32::try_from(late * origin::LATE_MS).unwrap()) / 64.0 / 1000.0;
        println!("\n{late} sources that answer after {} ms, {hanging} that never do", origin::LATE_MS);
        cost.print("nashra", None);
        let served = origin.served();
        println!(
            "all late ones answered after {:.2} s ({:.0} % of {allowed:.2} s), {} in flight",
            served.seconds,
            served.seconds / allowed * 100.0,
            served.in_flight_max
        );
    }
}

/// `nashra poll --once --json` over these sources, with its state in `folder`.
fn nashra(folder: &Path, sources: &[String], timeout: &str) -> Command {
    let mut text = format!(
        "[site]\ntitle = \"نشرة\"\nurl = \"http://127.0.0.1:8080\"\nlanguage = \"ar\"\n\
         [store]\npath = \"{}\"\n\
         [fetch]\ntimeout = \"{timeout}\"\nconcurrency = 64\nper_host = 64\nmin_interval = \"0s\"\n\
         allow_private = [\"127.0.0.0/8\"]\nports = \"any\"\n\
         [sections.news]\ntitle = \"أخبار\"\n",
        folder.join("state").display()
    );
    for (n, source) in sources.iter().enumerate() {
        writeln!(text, "[sources.source-{n:05}]\nurl = \"{source}\"\nsection = \"news\"").unwrap();
    }
    let path = folder.join("feeds.toml");
    fs::write(&path, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_nashra"));
    command.arg("--config").arg(path).args(["poll", "--once", "--json"]);
    command
}

fn best(kept: &mut Option<Cost>, cost: Cost) {
    if kept.as_ref().is_none_or(|kept| cost.cpu_seconds < kept.cpu_seconds) {
        *kept = Some(cost);
    }
}
