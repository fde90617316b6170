//! Processes that the bench starts, what they cost, and their end.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// A run that takes longer is ended and fails.
const RUN_SECONDS_MAX: u64 = 300;
/// How often the memory of a run is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// A tick of the counters in /proc is 10 ms on every Linux (`USER_HZ`), so that is how exact they are.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process cost from its start to its end.
pub struct Cost {
    pub cpu_seconds: f64,
    pub wall_seconds: f64,
    pub rss_mib: f64,
    /// What it wrote on stdout.
    pub said: String,
}

impl Cost {
    /// A number of the JSON object that it wrote.
    pub fn number(&self, name: &str) -> usize {
        let said: serde_json::Value = serde_json::from_str(&self.said).unwrap();
        said[name].as_u64().unwrap().try_into().unwrap()
    }

    pub fn print(&self, name: &str, ratio: Option<f64>) {
        let Self { cpu_seconds, wall_seconds, rss_mib, .. } = self;
        let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        println!("{name:<20} {cpu_seconds:>8.2} {wall_seconds:>8.2} {rss_mib:>10.1} {ratio:>8}");
    }
}

/// Runs a command to its end, one at a time: what ended children have cost is known as a sum only.
pub fn run(command: &mut Command) -> Cost {
    let (cost, ended) = run_until(command, || false);
    assert!(ended.success(), "{command:?} ended with {ended}");
    cost
}

/// The same, but ends it when there is enough.
pub fn run_until(command: &mut Command, mut is_enough: impl FnMut() -> bool) -> (Cost, ExitStatus) {
    let (before, began) = (cpu_seconds_of_children(), Instant::now());
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let reader = thread::spawn(move || {
        let mut said = String::new();
        stdout.read_to_string(&mut said).unwrap();
        said
    });
    let status = format!("/proc/{}/status", child.id());
    let mut rss_kib = 0;
    let ended = loop {
        rss_kib = fs::read_to_string(&status).ok().and_then(|text| peak_kib(&text)).unwrap_or(rss_kib);
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        if began.elapsed().as_secs() > RUN_SECONDS_MAX || is_enough() {
            child.kill().unwrap();
        }
        sleep(LOOK_INTERVAL);
    };
    let wall_seconds = began.elapsed().as_secs_f64();
    let cost = Cost {
        cpu_seconds: cpu_seconds_of_children() - before,
        wall_seconds,
        rss_mib: f64::from(rss_kib) / 1024.0,
        said: reader.join().unwrap(),
    };
    (cost, ended)
}

/// The largest resident set so far (`VmHWM`); nothing of a process that has ended.
fn peak_kib(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// User and system time of the children that were waited for (`cutime`, `cstime` in proc(5)).
fn cpu_seconds_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // The name in parentheses may hold spaces; after it come the fields from the third on.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(13).take(2).map(|field| field.parse::<f64>().unwrap());
    ticks.sum::<f64>() / TICKS_PER_SECOND
}

/// The process that serves the feeds. It ends with this value, or with the bench.
pub struct Origin {
    /// Where it answers.
    pub address: String,
    /// Where it accepts connections and says nothing.
    pub hanging: String,
    pub megabytes: f64,
    child: Child,
    /// It lives until this is closed.
    _stdin: ChildStdin,
}

/// How the late answers went.
pub struct Served {
    /// From the first question to the last answer.
    pub seconds: f64,
    pub in_flight_max: u64,
    /// How many there were.
    pub answers: usize,
}

impl Origin {
    pub fn start(feeds: usize) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["origin", &feeds.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let [address, hanging, bytes] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("the origin says {line:?}")
        };
        let megabytes = bytes.parse::<f64>().unwrap() / 1e6;
        Self { address: address.to_owned(), hanging: hanging.to_owned(), megabytes, child, _stdin: stdin }
    }

    pub fn served(&self) -> Served {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        write!(stream, "GET /served HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let body = answer.split("\r\n\r\n").nth(1).unwrap();
        let [seconds, in_flight, answers] = body.split(' ').collect::<Vec<_>>()[..] else {
            panic!("the origin says {body:?}")
        };
        Served {
            seconds: seconds.parse().unwrap(),
            in_flight_max: in_flight.parse().unwrap(),
            answers: answers.parse().unwrap(),
        }
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
