//! What systemd is told (`sd_notify(3)`); without `NOTIFY_SOCKET` nothing happens.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;

/// The longest work that the watchdog is told to wait for.
const PATIENCE_MAX: Duration = Duration::from_secs(600);

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

/// The loop is alive.
pub fn watchdog() {
    tell(&[NotifyState::Watchdog]);
}

/// How often systemd wants to hear [`watchdog`]; `None` where it does not.
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

/// Does work that is bounded but may take longer than systemd waits, such as reading a large store, and reports
/// for the loop meanwhile. After [`PATIENCE_MAX`] it stops that: then the work hangs.
pub fn patiently<T>(work: impl FnOnce() -> T) -> T {
    match watchdog_interval() {
        Some(interval) => accompanied(interval / 2, watchdog, work),
        None => work(),
    }
}

fn accompanied<T>(rhythm: Duration, report: impl Fn() + Send, work: impl FnOnce() -> T) -> T {
    thread::scope(|scope| {
        let (done, waiting) = channel::<()>();
        let begun = Instant::now();
        scope.spawn(move || {
            while waiting.recv_timeout(rhythm) == Err(RecvTimeoutError::Timeout)
                && begun.elapsed() < PATIENCE_MAX
            {
                report();
            }
        });
        let result = work();
        drop(done);
        result
    })
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd cannot be told");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn long_work_is_reported_while_it_lasts() {
        let (reports, heard) = channel();
        let rhythm = Duration::from_millis(1);
        // The work only ends because it is reported.
        let work = || (0..3).all(|_| heard.recv_timeout(Duration::from_secs(30)).is_ok());
        let report = move || {
            let _ = reports.send(());
        };
        assert!(accompanied(rhythm, report, work));
        assert!(heard.iter().count() < 1000, "nobody reports any more");
    }
}
