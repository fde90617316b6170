//! What systemd is told (`sd_notify(3)`); without `NOTIFY_SOCKET` nothing happens.

use std::cell::Cell;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;

thread_local! {
    /// When this thread last reported, where it is the one that the watchdog watches.
    static REPORTED_AT: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The daemon serves, or a reload has ended.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The daemon serves already, while it does what the line says.
pub fn ready_but(line: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(line)]);
}

/// A reload begins; `Type=notify-reload` wants to know when.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// One line for `systemctl status`.
pub fn status(line: &str) {
    tell(&[NotifyState::Status(line)]);
}

/// The daemon is about to end.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// The loop has turned. Its thread is the one that is watched from then on.
pub fn watchdog() {
    REPORTED_AT.set(Some(Instant::now()));
    if watchdog_interval().is_some() {
        tell(&[NotifyState::Watchdog]);
    }
}

/// Long work of the loop has come a step further: a call to the disk has returned, a batch is done. It costs little
/// and is said at each step. On any other thread it means nothing: that one of them gets on says nothing of the loop,
/// and a loop that waits for a disk that hangs says nothing at all.
pub fn alive() {
    let Some(reported_at) = REPORTED_AT.get() else { return };
    let Some(interval) = watchdog_interval() else { return };
    if reported_at.elapsed() >= interval / 4 {
        watchdog();
    }
}

/// How often systemd wants to hear [`watchdog`]; `None` where it does not.
pub fn watchdog_interval() -> Option<Duration> {
    static INTERVAL: OnceLock<Option<Duration>> = OnceLock::new();
    *INTERVAL.get_or_init(sd_notify::watchdog_enabled)
}

/// Does a piece of the loop's work that may take a while, such as a commit; a long one says [`alive`] as it goes.
pub fn patiently<T>(work: impl FnOnce() -> T) -> T {
    alive();
    let result = work();
    alive();
    result
}

fn tell(states: &[NotifyState<'_>]) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(&name, states) {
        tracing::debug!(%error, "systemd cannot be told");
    }
}

fn send(name: &OsStr, states: &[NotifyState<'_>]) -> io::Result<()> {
    let message: String = states.iter().map(|state| format!("{state}\n")).collect();
    let socket = UnixDatagram::unbound()?;
    // Systemd reads without end. Where it does not, the loop is not to wait for it.
    socket.set_nonblocking(true)?;
    socket.send_to_addr(message.as_bytes(), &address(name)?).map(drop)
}

/// A path, or behind an `@` a name that no file system has.
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = name.as_bytes().strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt as _;
        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported_at() -> Option<Instant> {
        REPORTED_AT.get()
    }

    #[test]
    fn only_the_thread_of_the_loop_is_watched() {
        let other = || {
            patiently(alive);
            reported_at()
        };
        assert_eq!(std::thread::spawn(other).join().unwrap(), None);
        let watched = || {
            watchdog();
            reported_at()
        };
        assert!(std::thread::spawn(watched).join().unwrap().is_some());
    }

    #[test]
    fn addresses_have_two_forms() {
        let path = address(OsStr::new("/run/systemd/notify")).unwrap();
        assert_eq!(path.as_pathname(), Some(std::path::Path::new("/run/systemd/notify")));
        assert!(address(OsStr::new("@nashra/notify")).unwrap().as_pathname().is_none());
    }
}
