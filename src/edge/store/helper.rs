//! Another process for what this one is better not to do itself: the same program, told by its arguments what to do. It
//! says how far it has come one JSON value a line, and is ended where it does not get on. Whoever asked answers each
//! word with a byte, and closes the pipe where it ends itself: nobody works on for one who is gone.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use crate::edge::fault;

/// What the allocator of glibc is told (mallopt(3)): one pool, of which it gives back what is free. By itself it has a
/// pool for each thread, and a million entries with their index take a third more memory: 256 MiB instead of 186. Above
/// the size of a segment of sled: at each opening it writes zeros over all that are free, and from memory that is fresh
/// each time the system would write them in small parts, for each of which it has to read the disk first.
pub const THRIFT: &[(&str, &str)] = &[
    ("MALLOC_ARENA_MAX", "1"),
    ("MALLOC_TRIM_THRESHOLD_", "1048576"),
    ("MALLOC_MMAP_THRESHOLD_", "1048576"),
];

/// What is said of one that was ended for a file that it may not write.
pub(super) const TOO_LARGE: &str = "it needs larger files than it may write";

/// How often it is looked at whether the other process gets on.
const PULSE_INTERVAL: Duration = Duration::from_millis(50);
/// Ends whoever writes beyond the limit on a file's size.
const SIGXFSZ: i32 = 25;
/// Milliseconds of a tick of the times in `/proc/PID/stat`.
const TICK_MS: u64 = 10;
/// A disk that writes fewer bytes a second stands still.
const WRITTEN_BYTES_PER_SECOND: u64 = 2 << 20;

/// A program that can be asked.
#[derive(Clone, Debug)]
pub struct Helper {
    program: PathBuf,
}

/// How long another process may go without getting on, and what it may use up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Time on a processor without reading or saying anything: it runs in circles.
    pub(super) cpu: Duration,
    /// Any time without reading or saying anything: a disk may be that slow.
    pub(super) wall: Duration,
    /// Bytes read: they are the same ones again and again.
    pub(super) read_bytes_max: u64,
    /// Memory.
    pub(super) resident_bytes_max: u64,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum End<E> {
    /// By itself, or by somebody else.
    Came(ExitStatus),
    /// It did not get on: how.
    GivenUp(String),
    /// Whoever heard it wanted no more.
    Stopped(E),
}

/// What the system tells of a process.
#[derive(Clone, Copy, Debug, Default)]
struct Pulse {
    cpu: Duration,
    read_bytes: u64,
    resident_bytes: u64,
}

impl Helper {
    /// The program that this process runs, also where another one has taken its place on the disk.
    pub fn of_this_program() -> Option<Self> {
        let running = PathBuf::from("/proc/self/exe");
        let program = if running.exists() { Some(running) } else { std::env::current_exe().ok() };
        Some(Self { program: program? })
    }

    /// Another program that understands the same arguments.
    pub fn at(program: PathBuf) -> Self {
        Self { program }
    }

    /// Asked for `what`, and as fast as it can be done.
    pub(super) fn command(&self, what: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(what);
        // They are for a process that is to stay small, and hold up one that reads all.
        for (name, _) in THRIFT {
            command.env_remove(name);
        }
        fault::pass_on(&mut command);
        command
    }

    /// The same with as little memory as it can do with.
    pub(super) fn thrifty_command(&self, what: &str) -> Command {
        let mut command = self.command(what);
        command.envs(THRIFT.iter().copied());
        command
    }
}

impl Patience {
    /// With one that reads so many bytes.
    pub(super) fn for_looking(store_bytes: u64) -> Self {
        Self {
            cpu: Duration::from_secs(5),
            wall: Duration::from_secs(60),
            read_bytes_max: (256 << 20) + store_bytes.saturating_mul(16),
            resident_bytes_max: (512 << 20) + store_bytes / 2,
        }
    }

    /// With one that makes a store of so many bytes: it reads some of it again and again, and then all of it has to reach
    /// the disk.
    pub(super) fn for_making(bytes: u64) -> Self {
        let wall = Duration::from_secs(120 + bytes / WRITTEN_BYTES_PER_SECOND);
        Self { cpu: Duration::from_secs(60), wall, read_bytes_max: u64::MAX, ..Self::for_looking(bytes) }
    }
}

/// Lets it work. `hear` is told what it says, and is called now and then without a word; it may make an end of it.
pub(super) fn converse<W: DeserializeOwned + Send + 'static, E>(
    mut command: Command,
    patience: Patience,
    mut hear: impl FnMut(Option<W>) -> Result<(), E>,
) -> io::Result<End<E>> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let words = listen(&mut child);
    // It stays open until the other process has ended.
    let mut answers = child.stdin.take();
    let mut watch = Watch::new(patience, child.id());
    let over = loop {
        let word = match words.recv_timeout(PULSE_INTERVAL) {
            Ok(word) => Some(word),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break None,
        };
        let is_word = word.is_some();
        if let Err(stopped) = hear(word) {
            break Some(End::Stopped(stopped));
        }
        if is_word {
            watch.gets_on();
            answer(answers.as_mut());
        }
        if let Some(why) = watch.gives_up() {
            break Some(End::GivenUp(why));
        }
    };
    if over.is_some() {
        // It may have ended by now.
        let _ = child.kill();
    }
    let status = child.wait()?;
    Ok(over.unwrap_or(End::Came(status)))
}

/// Who has ended hears nothing any more.
fn answer(answers: Option<&mut ChildStdin>) {
    if let Some(answers) = answers {
        let _ = answers.write_all(b"\n");
    }
}

/// Whether it ended for writing more than it may.
pub(super) fn is_too_large(status: ExitStatus) -> bool {
    status.signal() == Some(SIGXFSZ)
}

/// What the other process says, as it says it; it ends with the process.
fn listen<W: DeserializeOwned + Send + 'static>(child: &mut Child) -> Receiver<W> {
    // Few words, and who waits for them does nothing else.
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
            return Some(format!("stands still for {} s", wall.as_secs()));
        }
        let now = Pulse::of(self.pid)?;
        if now.resident_bytes > resident_bytes_max {
            return Some(format!("takes more than {} MiB of memory", resident_bytes_max >> 20));
        }
        if now.read_bytes > read_bytes_max {
            return Some(format!("takes more than {} MiB from the disk", read_bytes_max >> 20));
        }
        if now.read_bytes > self.then.0.read_bytes {
            self.then = (now, Instant::now());
        }
        let spent = now.cpu.saturating_sub(self.then.0.cpu);
        (spent > cpu).then(|| "goes on for ever".to_owned())
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
