//! A look at a store that may be damaged: sled can fail on damage, panic, run for ever or take all memory. So another
//! process looks first, the same program under a name of its own, and is ended where it does not get on.

mod through;

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use self::through::{ahead, through};

/// How often it is looked at whether the other process gets on.
const PULSE_INTERVAL: Duration = Duration::from_millis(50);
/// Ends whoever writes beyond the limit on a file's size.
const SIGXFSZ: i32 = 25;
/// Milliseconds of a tick of the times in `/proc/PID/stat`.
const TICK_MS: u64 = 10;
/// What the allocator is told (mallopt(3)) is for a process that is to stay small, and holds up one that reads all.
const ALLOCATOR: &[&str] = &["MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"];

/// What a look has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// It is not through yet: rows so far.
    Rows(u64),
    /// Every row can be read.
    Good {
        /// The place of the last commit that sled holds.
        sequence: u64,
        /// Rows of all trees.
        rows: u64,
        /// Entries, as they were counted when they were stored.
        entries: u64,
    },
    /// It is damaged: why.
    Broken(String),
    /// The disk does not give it: why.
    Unreadable(String),
    /// It cannot be opened before the disk takes something again: why.
    Waits(String),
    /// It is not to be used by this version, or at this time, damaged or not: why.
    Refused(String),
}

/// How long another process may go without getting on, and what it may use up.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// Time on a processor without reading or saying anything: it runs in circles.
    cpu: Duration,
    /// Any time without reading or saying anything: a disk may be that slow.
    wall: Duration,
    /// Bytes read: they are the same ones again and again.
    read_bytes_max: u64,
    /// Memory.
    resident_bytes_max: u64,
}

impl Patience {
    fn with(store_bytes: u64) -> Self {
        Self {
            cpu: Duration::from_secs(5),
            wall: Duration::from_secs(60),
            read_bytes_max: (256 << 20) + store_bytes.saturating_mul(16),
            resident_bytes_max: (512 << 20) + store_bytes / 2,
        }
    }
}

/// What the system tells of a process.
#[derive(Clone, Copy, Debug, Default)]
struct Pulse {
    cpu: Duration,
    read_bytes: u64,
    resident_bytes: u64,
}

/// The work of the other process: opens sled in the state folder, whose lock the one that asks holds, and reads every
/// row. Says how far it has come, and at last what it has found.
pub fn look(folder: &Path, say: impl Fn(&Seen) + Sync) {
    let place = folder.join("db");
    ahead(place.join("db"));
    let seen = match through(&place, &say) {
        Ok(seen) => seen,
        Err(error) if error.is_about_room() => Seen::Waits(error.to_string()),
        Err(error) if error.is_fatal() && error.is_about_disk() => Seen::Unreadable(error.reason()),
        Err(error) if error.is_fatal() => Seen::Broken(error.reason()),
        Err(error) => Seen::Refused(error.to_string()),
    };
    say(&seen);
}

/// Has another process look at the store in `folder`: `program` with `arguments`, and the folder behind them. It is to
/// write what it says one JSON value a line, and to end when its standard input does. Fails where there is no such
/// process to be had.
pub fn ask(program: &Path, arguments: &[&str], folder: &Path) -> io::Result<Seen> {
    let mut command = Command::new(program);
    command.args(arguments).arg(folder);
    for name in ALLOCATOR {
        command.env_remove(name);
    }
    watch(command, Patience::with(bytes_below(&folder.join("db"))))
}

fn watch(mut command: Command, patience: Patience) -> io::Result<Seen> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let words = listen(&mut child);
    let mut seen = None;
    let mut watch = Watch::new(patience, child.id());
    let given_up = loop {
        match words.recv_timeout(PULSE_INTERVAL) {
            Ok(word) => {
                watch.gets_on();
                seen = Some(word);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break None,
        }
        if let Some(why) = watch.gives_up() {
            break Some(why);
        }
    };
    if given_up.is_some() {
        // It may have ended by now.
        let _ = child.kill();
    }
    let status = child.wait()?;
    Ok(match (given_up, seen) {
        (Some(why), _) => Seen::Broken(why),
        (None, Some(seen)) if !matches!(seen, Seen::Rows(_)) => seen,
        (None, _) if status.signal() == Some(SIGXFSZ) => {
            Seen::Waits("it needs larger files than it may write".to_owned())
        }
        (None, _) => Seen::Broken(format!("whoever looked at it ended early ({status})")),
    })
}

/// What the other process says, as it says it; it ends with the process.
fn listen(child: &mut Child) -> Receiver<Seen> {
    // A word a thousand rows, and who waits for them does nothing else.
    let (say, words) = channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            // What is no word of ours tells nothing.
            for word in lines.filter_map(|line| serde_json::from_str(&line).ok()) {
                if say.send(word).is_err() {
                    break;
                }
            }
        });
    }
    words
}

/// Whether a process gets on.
struct Watch {
    patience: Patience,
    pid: u32,
    /// What it had used when it last got on, and when that was.
    then: (Pulse, Instant),
}

impl Watch {
    fn new(patience: Patience, pid: u32) -> Self {
        Self { patience, pid, then: (Pulse::default(), Instant::now()) }
    }

    fn gets_on(&mut self) {
        self.then = (Pulse::of(self.pid).unwrap_or_default(), Instant::now());
    }

    /// Why it is not to be waited for any longer.
    fn gives_up(&mut self) -> Option<String> {
        let Patience { cpu, wall, read_bytes_max, resident_bytes_max } = self.patience;
        if self.then.1.elapsed() > wall {
            return Some(format!("reading it stands still for {} s", wall.as_secs()));
        }
        let now = Pulse::of(self.pid)?;
        if now.resident_bytes > resident_bytes_max {
            return Some(format!("reading it takes more than {} MiB of memory", resident_bytes_max >> 20));
        }
        if now.read_bytes > read_bytes_max {
            return Some(format!("reading it takes more than {} MiB from the disk", read_bytes_max >> 20));
        }
        if now.read_bytes > self.then.0.read_bytes {
            self.then = (now, Instant::now());
        }
        let spent = now.cpu.saturating_sub(self.then.0.cpu);
        (spent > cpu).then(|| "reading it goes on for ever".to_owned())
    }
}

impl Pulse {
    /// `None` where the system does not tell.
    fn of(pid: u32) -> Option<Self> {
        let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).ok();
        let named = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        // The fields behind the name of the program, which may hold anything (proc(5)).
        let stat = read("stat")?;
        let fields = stat.rsplit_once(')')?.1.split_whitespace();
        let ticks: Vec<u64> = fields.skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
        Some(Self {
            cpu: Duration::from_millis(ticks.iter().sum::<u64>().saturating_mul(TICK_MS)),
            read_bytes: named(&read("io")?, "rchar:")?,
            resident_bytes: named(&read("status")?, "VmRSS:").unwrap_or_default() << 10,
        })
    }
}

/// How large everything in the folder is; what cannot be read counts nothing.
pub fn bytes_below(folder: &Path) -> u64 {
    let mut folders: Vec<PathBuf> = vec![folder.to_path_buf()];
    let mut bytes = 0;
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).into_iter().flatten().flatten() {
            match file.metadata() {
                Ok(about) if about.is_dir() => folders.push(file.path()),
                Ok(about) => bytes += about.len(),
                Err(_) => {}
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, patience: Patience) -> Seen {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        watch(command, patience).unwrap()
    }

    fn why(seen: Seen) -> String {
        match seen {
            Seen::Broken(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_gets_on_is_waited_for() {
        let good =
            r#"echo '{"rows":1000}'; echo noise; echo '{"good":{"sequence":3,"rows":1234,"entries":7}}'"#;
        let expected = Seen::Good { sequence: 3, rows: 1234, entries: 7 };
        assert_eq!(shell(good, Patience::with(0)), expected);
        assert_eq!(shell(r#"echo '{"refused":"no"}'"#, Patience::with(0)), Seen::Refused("no".to_owned()));
    }

    #[test]
    fn who_does_not_is_ended() {
        let patience = Patience { cpu: Duration::from_millis(200), ..Patience::with(0) };
        assert_eq!(why(shell("while :; do :; done", patience)), "reading it goes on for ever");
        assert_eq!(
            why(shell("read forever", Patience { wall: Duration::from_millis(1), ..patience })),
            "reading it stands still for 0 s"
        );
        let greedy = Patience { resident_bytes_max: 1, ..patience };
        assert!(why(shell("read forever", greedy)).contains("memory"));
        let reads = Patience { read_bytes_max: 1, ..patience };
        assert!(why(shell("read forever", reads)).contains("from the disk"));
        assert!(why(shell("echo '{\"rows\":1000}'; kill -6 $$", patience)).contains("signal: 6"));
    }
}
