//! The release program as an admin has it: a folder with a feeds.toml, a process, its log and its port.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Nothing that a test waits for takes this long, even on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A folder with a feeds.toml.
pub struct Home {
    pub folder: tempfile::TempDir,
}

/// A running daemon; killed when dropped.
pub struct Daemon {
    child: Child,
    pub address: SocketAddr,
    /// Where admins connect, if feeds.toml says so.
    pub admin: Option<SocketAddr>,
    /// What it said before it served.
    pub before: Vec<Value>,
    log: Receiver<Value>,
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name} in {:?}", self.headers))
    }
}

impl Home {
    /// A folder with this feeds.toml, behind a `[server]` that listens on any free port.
    pub fn new(config: &str) -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        home.configure(config);
        home
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn configure(&self, config: &str) {
        let head = "[server]\nlisten = \"127.0.0.1:0\"\n[store]\npath = \"state\"\n";
        self.write("feeds.toml", &format!("{head}{config}"));
    }

    /// Writes a file as editors do: aside, then renamed.
    pub fn write(&self, name: &str, text: &str) {
        let aside = self.path(&format!("{name}.new"));
        fs::write(&aside, text).unwrap();
        fs::rename(aside, self.path(name)).unwrap();
    }

    /// Runs a command of nashra's in the folder and waits for it.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The same with variables of the environment.
    pub fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        self.command(arguments).envs(environment.iter().copied()).output().unwrap()
    }

    /// Starts the daemon and waits until its store is open.
    pub fn start(&self) -> Daemon {
        self.start_with(&[])
    }

    /// The same with variables of the environment.
    pub fn start_with(&self, environment: &[(&str, &str)]) -> Daemon {
        let mut command = self.command(&["--log-format", "json", "run"]);
        command.envs(environment.iter().copied()).stdout(Stdio::null());
        let daemon = Self::serving(&mut command);
        daemon.wait_for("the store is open", |line| line["message"] == "the store is open");
        daemon
    }

    /// Starts the daemon and waits until it serves: its store may not be open yet.
    pub fn begin_with(&self, environment: &[(&str, &str)]) -> Daemon {
        let mut command = self.command(&["--log-format", "json", "run"]);
        command.envs(environment.iter().copied()).stdout(Stdio::null());
        Self::serving(&mut command)
    }

    /// The same as a service manager does it that listens on these sockets already, under these names.
    pub fn start_on(&self, one: impl Into<OwnedFd>, other: impl Into<OwnedFd>, names: &str) -> Daemon {
        let script = "export LISTEN_PID=$$; exec \"$@\" 3<&0 4<&1 </dev/null >/dev/null";
        let program = env!("CARGO_BIN_EXE_nashra");
        let mut command = self.bare("sh", &["-c", script, "sh", program, "--log-format", "json", "run"]);
        command.env("LISTEN_FDS", "2").env("LISTEN_FDNAMES", names);
        command.stdin(Stdio::from(one.into())).stdout(Stdio::from(other.into()));
        let daemon = Self::serving(&mut command);
        daemon.wait_for("the store is open", |line| line["message"] == "the store is open");
        daemon
    }

    fn serving(command: &mut Command) -> Daemon {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (lines, log) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if lines.send(value).is_err() {
                    break;
                }
            }
        });
        let mut daemon =
            Daemon { child, address: ([127, 0, 0, 1], 0).into(), admin: None, before: vec![], log };
        let (before, serving) = daemon.read_until("nashra serves", |line| line["message"] == "nashra serves");
        daemon.before = before;
        daemon.address = serving["listen"].as_str().unwrap().parse().unwrap();
        daemon.admin = serving["admin"].as_str().map(|address| address.parse().unwrap());
        daemon
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.bare(env!("CARGO_BIN_EXE_nashra"), arguments)
    }

    fn bare(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .args(arguments)
            .env_remove("RUST_LOG")
            .env_remove("STATE_DIRECTORY")
            .env_remove("NOTIFY_SOCKET")
            .env_remove("WATCHDOG_USEC");
        command
    }
}

impl Daemon {
    /// Reads the log until a line fulfils `wanted`.
    pub fn wait_for(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.read_until(what, wanted).1
    }

    /// The same with the lines before that one.
    fn read_until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> (Vec<Value>, Value) {
        let end = Instant::now() + DEADLINE;
        let mut seen = Vec::new();
        while let Ok(line) = self.log.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if wanted(&line) {
                return (seen, line);
            }
            seen.push(line);
        }
        let seen: Vec<String> = seen.iter().map(Value::to_string).collect();
        panic!("the log never said {what:?}:\n{}", seen.join("\n"));
    }

    /// Reads the log until this source was polled with this status.
    pub fn wait_for_poll(&self, source: &str, status: &str) -> Value {
        self.wait_for(&format!("{source} {status}"), |line| {
            line["source"] == source && line["status"] == status
        })
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[])
    }

    /// One request on a connection of its own.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask_at(self.address, method, path, headers)
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Sends SIGTERM and waits for the end.
    pub fn stop(self) -> ExitStatus {
        self.signal("TERM");
        self.ended()
    }

    /// Waits for the end.
    pub fn ended(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Kills it without a word of warning.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// One request on a connection of its own.
pub fn ask_at(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n").unwrap();
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n").unwrap();
    }
    write!(stream, "\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an HTTP head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let pair = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    Answer { status, headers: lines.map(pair).collect(), body: bytes[end + 4..].to_vec() }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The repository's own folder.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
