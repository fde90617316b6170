//! How the daemon ends: for good, or to begin anew in its place.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::daemon::{Daemon, Over};
use super::snapshots::Keeper;
use super::{in_force, opening};
use crate::edge::listeners::Listeners;
use crate::edge::store::Store;
use crate::edge::{clock, fault, systemd};

/// Requests that are still running this long after a stop are cut off.
const STOP_DEADLINE: Duration = Duration::from_secs(15);
/// The same before a restart in place: others wait already.
const DRAIN: Duration = Duration::from_secs(1);
/// Whoever has run for so long has not failed at once.
const CALM: Duration = Duration::from_secs(60);
/// How long the second restart in a row waits; each further one waits twice as long as the one before.
const BACK_OFF: Duration = Duration::from_secs(1);
const BACK_OFF_MAX: Duration = Duration::from_secs(60);
/// How long whoever still reads the store is waited for, and how often that is looked at.
const READERS: Duration = Duration::from_secs(3);
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// Holds how many restarts in a row there have been.
const RESTARTS: &str = "NASHRA_RESTARTS";

/// How a run has ended.
#[derive(Debug)]
pub enum End {
    /// For good.
    Stopped,
    /// The program is to begin anew, in the same process.
    Restart(Restart),
}

/// What another run is given along.
#[derive(Debug)]
pub struct Restart {
    listeners: Listeners,
    restarts: u32,
    state_folder: PathBuf,
}

impl Restart {
    /// Hands everything over to the program that takes the place of this process.
    pub fn prepare(&self, command: &mut Command) -> std::io::Result<()> {
        command.env(RESTARTS, self.restarts.to_string());
        in_force::hand_over(command, &self.state_folder);
        fault::hand_over(command);
        self.listeners.hand_over(command)
    }
}

/// Restarts that have followed one another, and since when this run has done its work.
pub(super) struct History {
    /// `None` where this run has taken nobody's place.
    restarts: Option<u32>,
    /// `None` until the store is open: a run that does not come so far has failed at once, however long that took.
    stands: Option<Instant>,
}

impl History {
    /// What the environment says.
    pub(super) fn read() -> Self {
        let restarts = std::env::var(RESTARTS).ok().and_then(|count| count.parse().ok());
        Self { restarts, stands: None }
    }

    /// The store is open.
    pub(super) fn note_standing(&mut self) {
        self.stands = Some(Instant::now());
    }

    /// How it ends when the loop is over; the state folder is noted where its store is broken.
    pub(super) async fn end(self, over: Over, kept: Listeners, impatient: &Notify, folder: &Path) -> End {
        match over {
            Over::Stopped => {
                // From now on callers are told at once that nobody is there.
                drop(kept);
                End::Stopped
            }
            Over::Broken(why) => {
                opening::note_fatal(folder, &why);
                tracing::error!(why, "the store cannot be used any longer");
                self.again(&why, kept, impatient, folder).await
            }
            Over::Failed(why) => {
                tracing::error!(why, "nashra cannot go on like this");
                self.again(&why, kept, impatient, folder).await
            }
            Over::Restart(why) => self.again(&why, kept, impatient, folder).await,
        }
    }

    /// Gets ready to begin anew: waits where it was tried just before, for as long as readers are served what there is.
    /// The end where a signal asks for it meanwhile.
    async fn again(self, why: &str, listeners: Listeners, impatient: &Notify, folder: &Path) -> End {
        let (wait, restarts) =
            back_off(self.restarts.unwrap_or(0), self.stands.map_or(Duration::ZERO, |since| since.elapsed()));
        tracing::warn!(why, wait_seconds = wait.as_secs(), "nashra starts again in its place");
        systemd::reloading();
        systemd::status(&format!("starting again: {why}"));
        let end = Instant::now() + wait;
        while Instant::now() < end {
            systemd::watchdog();
            let step = systemd::watchdog_interval().map_or(end, |interval| Instant::now() + interval / 2);
            tokio::select! {
                () = sleep_until(end.min(step)) => {}
                () = impatient.notified() => return End::Stopped,
            }
        }
        End::Restart(Restart { listeners, restarts, state_folder: folder.to_path_buf() })
    }
}

/// How long a run waits before it begins anew, and what number that is among those in a row: `restarts` have gone
/// before, and this run has done its work for `ran`.
fn back_off(restarts: u32, ran: Duration) -> (Duration, u32) {
    let before = if ran >= CALM { 0 } else { restarts };
    let doubled = before.checked_sub(1).map_or(Duration::ZERO, |times| {
        BACK_OFF.saturating_mul(1_u32.checked_shl(times).unwrap_or(u32::MAX))
    });
    (doubled.min(BACK_OFF_MAX), before.saturating_add(1))
}

/// Waits until the doors are closed, as long as it may take, or until somebody is impatient.
pub(super) async fn close(mut doors: JoinSet<std::io::Result<()>>, end: &End, impatient: &Notify) {
    let all = async {
        while let Some(door) = doors.join_next().await {
            if let Err(error) = door.map_err(std::io::Error::other).and_then(|end| end) {
                tracing::warn!(%error, "a listener ended badly");
            }
        }
    };
    let deadline = match end {
        End::Stopped => {
            systemd::stopping();
            STOP_DEADLINE
        }
        End::Restart(_) => DRAIN,
    };
    tokio::select! {
        closed = timeout(deadline, all) => if closed.is_err() {
            tracing::warn!("requests were still running at the deadline and are cut off");
        },
        () = impatient.notified() => tracing::warn!("a second signal: running requests are cut off"),
    }
}

/// Closes what lived behind the doors, in good order.
pub(super) fn close_all(mut daemon: Daemon, keeper: Keeper, store: Arc<Store>) {
    daemon.keep_clicks();
    keeper.stop();
    daemon.sync_shown();
    if let Err(error) = store.flush() {
        // It has been told, and what is not durable was shown to nobody.
        tracing::error!(%error, "the store could not be flushed");
    }
    clock::write();
    daemon.stop_reading();
    drop(daemon);
    close_store(store);
}

/// Closes the store, as soon as nobody reads it any more: then it is marked as closed well. Where somebody goes on for too
/// long it is left as it is, which is like a kill: the next start looks it through. Blocks meanwhile.
pub(super) fn close_store(mut store: Arc<Store>) {
    let end = Instant::now() + READERS;
    loop {
        store = match Arc::try_unwrap(store) {
            Ok(store) => return drop(store),
            Err(shared) => shared,
        };
        if Instant::now() > end {
            tracing::warn!("the store is still being read: the next start looks it through");
            // Whoever has it last would close it while the process ends.
            return std::mem::forget(store);
        }
        thread::sleep(LOOK_INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restarts_in_a_row_wait_longer_each_time() {
        let (mut restarts, mut waits) = (0, vec![]);
        for _ in 0..9 {
            let (wait, next) = back_off(restarts, Duration::from_secs(3));
            (restarts, waits) = (next, [waits, vec![wait.as_secs()]].concat());
        }
        assert_eq!(waits, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(back_off(u32::MAX, Duration::ZERO), (BACK_OFF_MAX, u32::MAX));
        assert_eq!(back_off(restarts, CALM), (Duration::ZERO, 1));
    }
}
