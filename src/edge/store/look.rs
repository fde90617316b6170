//! A look at a store that may be damaged: sled can fail on damage, panic, run for ever or take all memory. So another
//! process looks first, the same program under a name of its own, and is ended where it does not get on.

mod through;

use std::io;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use self::through::{ahead, through};
use super::ObstacleKind;
use super::helper::{End, Helper, Patience, TOO_LARGE, bytes_below, converse, is_too_large};

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
    /// It cannot be opened before the disk takes something again.
    Waits {
        /// What the disk does.
        kind: ObstacleKind,
        /// What it says.
        why: String,
    },
    /// It is not to be used by this version, or at this time, damaged or not: why.
    Refused(String),
}

/// The work of the other process: opens sled in the state folder, whose lock the one that asks holds, and reads every
/// row. Says how far it has come, and at last what it has found.
pub fn look(folder: &Path, say: impl Fn(&Seen) + Sync) {
    let place = folder.join("db");
    ahead(place.join("db"));
    let seen = through(&place, &say).unwrap_or_else(|error| match error.about_room() {
        Some(kind) => Seen::Waits { kind, why: error.to_string() },
        None if error.is_fatal() && error.is_about_disk() => Seen::Unreadable(error.reason()),
        None if error.is_fatal() => Seen::Broken(error.reason()),
        None => Seen::Refused(error.to_string()),
    });
    say(&seen);
}

/// Has another process look at the store in `folder`. Fails where there is none to be had.
pub fn ask(helper: &Helper, folder: &Path) -> io::Result<Seen> {
    let mut command = helper.command("look");
    command.arg(folder);
    watch(command, Patience::for_looking(bytes_below(&folder.join("db"))))
}

fn watch(command: Command, patience: Patience) -> io::Result<Seen> {
    let mut seen = None;
    let end = converse(command, patience, |word| {
        seen = word.or(seen.take());
        Ok::<_, ()>(())
    })?;
    Ok(match (end, seen) {
        (End::GivenUp(why), _) => Seen::Broken(format!("reading it {why}")),
        (End::Came(_), Some(seen)) if !matches!(seen, Seen::Rows(_)) => seen,
        (End::Came(status), _) if is_too_large(status) => {
            Seen::Waits { kind: ObstacleKind::NoRoom, why: TOO_LARGE.to_owned() }
        }
        (End::Came(status), _) => Seen::Broken(format!("whoever looked at it ended early ({status})")),
        (End::Stopped(()), _) => Seen::Rows(0),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        assert_eq!(shell(good, Patience::for_looking(0)), expected);
        assert_eq!(
            shell(r#"echo '{"refused":"no"}'"#, Patience::for_looking(0)),
            Seen::Refused("no".to_owned())
        );
    }

    #[test]
    fn who_does_not_is_ended() {
        let patience = Patience { cpu: Duration::from_millis(200), ..Patience::for_looking(0) };
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
