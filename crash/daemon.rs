//! The program under test: a process, its log, and its end.

use std::fs::File;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often it is looked whether it has ended.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// Whoever works for a daemon hears at once that it is gone.
const HELPERS_LIMIT: Duration = Duration::from_secs(10);

/// A running daemon; killed when dropped.
pub struct Daemon {
    child: Child,
    pub began: Instant,
}

impl Daemon {
    /// Starts it in `folder`, where its feeds.toml is; its log is written behind what is there.
    pub fn start(program: &Path, folder: &Path, environment: &[(String, String)]) -> io::Result<Self> {
        let mut log = File::options().create(true).append(true).open(log_of(folder))?;
        let shown: Vec<String> = environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        writeln!(log, "\n── start {}", shown.join(" "))?;
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .args(["--config", "feeds.toml", "run"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .envs(environment.iter().cloned());
        for name in ["RUST_LOG", "STATE_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_USEC"] {
            command.env_remove(name);
        }
        let began = Instant::now();
        Ok(Self { child: command.spawn()?, began })
    }

    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits until it has ended by itself; `None` where it has not.
    pub fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let end = Instant::now() + limit;
        loop {
            match self.ended()? {
                None if Instant::now() < end => thread::sleep(LOOK_INTERVAL),
                ended => return Ok(ended),
            }
        }
    }

    /// Whoever works for it ends with it.
    pub fn kill(&mut self) -> io::Result<()> {
        let helpers = self.helpers();
        self.child.kill()?;
        self.child.wait()?;
        let end = Instant::now() + HELPERS_LIMIT;
        while let Some(helper) = helpers.iter().find(|helper| is_alive(helper)) {
            if Instant::now() > end {
                return Err(io::Error::other(format!("the process {helper} outlives the daemon")));
            }
            thread::sleep(LOOK_INTERVAL);
        }
        Ok(())
    }

    /// The processes that work for it; none where the system does not tell.
    fn helpers(&self) -> Vec<String> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten();
        let of = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("children")).ok();
        let all: Vec<String> = threads.flatten().filter_map(of).collect();
        all.iter().flat_map(|some| some.split_whitespace()).map(str::to_owned).collect()
    }

    /// SIGTERM; it is to end in good order.
    pub fn stop(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        self.wait(limit)
    }
}

/// One that has ended and that nobody has asked for yet is none.
fn is_alive(process: &str) -> bool {
    let told = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    told.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.kill());
    }
}

/// Whether it died of a fault that it was asked to die of.
pub fn has_aborted(status: ExitStatus) -> bool {
    const SIGABRT: i32 = 6;
    status.signal() == Some(SIGABRT)
}

pub fn log_of(folder: &Path) -> PathBuf {
    folder.join("log.txt")
}

/// An address that nobody listens at.
pub fn free_address() -> io::Result<SocketAddr> {
    std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()
}
