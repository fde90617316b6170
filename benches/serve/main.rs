//! How fast documents are served, beside nginx and bare hyper: `cargo bench --bench serve [-- SECONDS]`.
//!
//! Servers run one after the other on the same core and in turns, the load comes from another core. Each serves the
//! same documents, compressed in advance, to connections that stay open. The CPU time of a request is what the server
//! itself used: it tells more than requests a second where the machine does something else as well.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod bare;
mod documents;
mod house;
mod idle;
mod load;
mod server;

use std::process::Command;
use std::time::Duration;

use load::{Load, Seen};
use server::{Kind, Server};

/// Connections that ask at once, and those that do nothing.
const BUSY: usize = 64;
const IDLE: usize = 10_000;
/// Turns of each server; the median counts.
const TURNS: usize = 5;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["house"] => house::main(),
        ["bare"] => bare::main(),
        ["idle", address, count] => idle::main(address.parse().unwrap(), count.parse().unwrap()),
        // Without another core the load would share that of the servers, and measure itself.
        ["load", seconds] => compare(Duration::from_secs_f64(seconds.parse().unwrap()), TURNS, IDLE),
        // Without `--bench` it is a test that asks whether it still runs.
        [] if !std::env::args().any(|word| word == "--bench") => compare(Duration::from_millis(100), 1, 50),
        [] => elsewhere("3"),
        [seconds] => elsewhere(seconds),
        _ => panic!("usage: serve [SECONDS]"),
    }
}

/// Runs the load on a core of its own.
fn elsewhere(seconds: &str) {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("taskset");
    command.args(["-c", server::LOAD_CORE]).arg(program).args(["--bench", "load", seconds]);
    assert!(command.status().expect("taskset (util-linux) is needed").success());
}

/// What is asked for: the document, whether it is known already, and whether `Accept-Encoding` is sent.
const QUESTIONS: [(&str, &str, bool); 4] = [
    ("150 KB, 200", "/150.atom", false),
    ("30 KB, 200", "/30.atom", false),
    ("150 KB, 304", "/150.atom", true),
    ("30 KB, 304", "/30.atom", true),
];

fn compare(time: Duration, turns: usize, idle: usize) {
    let folder = tempfile::tempdir().unwrap();
    documents::write(folder.path());
    let servers: Vec<Server> = [Kind::Nginx, Kind::Bare, Kind::House]
        .into_iter()
        .filter_map(|kind| Server::start(kind, folder.path()))
        .collect();
    if !servers.iter().any(|server| server.kind == Kind::Nginx) {
        println!("nginx is not installed: there is no yardstick but bare hyper");
    }
    println!("{BUSY} connections, one core each for server and load, median of {turns} turns of {time:?}");
    println!("{:<14}{:<8}{:>12}{:>10}{:>10}{:>12}", "", "", "requests/s", "p50 µs", "p99 µs", "CPU µs each");
    for (name, path, is_known) in QUESTIONS {
        let mut seen: Vec<Vec<Seen>> = servers.iter().map(|_| vec![]).collect();
        for _ in 0..turns {
            for (server, seen) in servers.iter().zip(&mut seen) {
                seen.push(ask(server, path, is_known, time));
            }
        }
        for (server, seen) in servers.iter().zip(seen) {
            println!("{name:<14}{:<8}{}", server.kind.name(), median(seen));
        }
    }
    for server in &servers {
        let before = server.resident_kib();
        let crowd = idle::Crowd::gather(server.address, idle);
        let after = server.resident_kib();
        let seen = (0..turns).map(|_| ask(server, "/30.atom", false, time)).collect();
        let mib = (after as f64 - before as f64) / 1024.0;
        println!("{idle} idle: {:<8}{} +{mib:.1} MiB", server.kind.name(), median(seen));
        drop(crowd);
    }
}

fn ask(server: &Server, path: &str, is_known: bool, time: Duration) -> Seen {
    let before = server.cpu();
    let mut seen = Load { address: server.address, path, is_known, connections: BUSY }.run(time);
    seen.cpu = server.cpu().saturating_sub(before);
    seen
}

/// The turn in the middle, by each of the figures: one that something else disturbed counts for none of them.
fn median(mut seen: Vec<Seen>) -> String {
    seen.sort_by(|a, b| a.per_second().total_cmp(&b.per_second()));
    let each = |seen: &Seen| seen.cpu.as_secs_f64() * 1e6 / seen.requests as f64;
    let mut cpu: Vec<f64> = seen.iter().map(each).collect();
    cpu.sort_by(f64::total_cmp);
    let middle = &seen[seen.len() / 2];
    let at = |percent: usize| {
        let mut all: Vec<u128> = seen.iter().map(|seen| seen.percentile(percent).as_micros()).collect();
        all.sort_unstable();
        all[all.len() / 2]
    };
    format!("{:>12.0}{:>10}{:>10}{:>12.2}", middle.per_second(), at(50), at(99), cpu[cpu.len() / 2])
}
