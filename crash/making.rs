//! Stores that are made anew: moments that no round comes to by itself. A round of them goes through all of one kind, so
//! that few rounds come to every one.

use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;
use std::{fs, io};

use nashra::edge::fault::{FAULT_VARIABLE, LIMITS_VARIABLE, POINTS};

use crate::forget::Forget;
use crate::house::House;
use crate::{LIMITS, Run, daemon};

/// What the names of such moments begin with.
pub(crate) const KINDS: [&str; 4] = [MENDING, RESTORING, RECLAIMING, HELPING];
const MENDING: &str = "mend.";
const RESTORING: &str = "restore.";
const RECLAIMING: &str = "reclaim.";
/// Of a process that works for the daemon, which goes on.
const HELPING: &str = "anew.";
/// Every store is worth it, and more often than once a day.
const EAGER: &str = "reclaim.floor=1,reclaim.times=1,reclaim.grown=1,reclaim.interval=1";
/// How long such a moment is waited for.
const REACH_LIMIT: Duration = Duration::from_secs(10);
/// What the log says where a process that worked for the daemon was killed.
const HELPER_DIED: &str = "ended early";

impl Run {
    /// Dies at every moment of a kind, one behind the other. Says whether all were reached.
    pub(crate) fn making(&mut self, house: &mut House, kind: &'static str) -> io::Result<bool> {
        let mut all = true;
        let wanted = self.arguments.point.clone();
        let is_wanted = |name: &&str| wanted.as_ref().is_none_or(|wanted| wanted == name);
        for name in POINTS.iter().copied().filter(|name| name.starts_with(kind)).filter(is_wanted) {
            let is_reached = match kind {
                MENDING => mending(house, name)?,
                RESTORING => restoring(house, name)?,
                HELPING => helping(house, name)?,
                _ => dies(house, name, &format!("{LIMITS},{EAGER}"))?,
            };
            self.tally.note_moment(name, is_reached);
            all &= is_reached;
            if house.has_findings() {
                break;
            }
        }
        // What was broken off comes to its end.
        house.start(&[(LIMITS_VARIABLE.to_owned(), LIMITS.to_owned())])?;
        house.first_answer()?;
        house.check_progress()?;
        house.kill()?;
        Ok(all)
    }
}

fn environment(name: &str, limits: &str) -> [(String, String); 2] {
    [(LIMITS_VARIABLE.to_owned(), limits.to_owned()), (FAULT_VARIABLE.to_owned(), format!("{name}:1"))]
}

/// Whether the daemon dies there.
fn dies(house: &mut House, name: &str, limits: &str) -> io::Result<bool> {
    house.start(&environment(name, limits))?;
    let status = house.work(REACH_LIMIT)?;
    if let Some(status) = status.filter(|status| !daemon::has_aborted(*status)) {
        house.find(format!("{name}: it ended by itself: {status}"));
    }
    house.kill()?;
    Ok(status.is_some())
}

/// With a store that cannot be used.
fn mending(house: &mut House, name: &str) -> io::Result<bool> {
    let db = house.state().join("db");
    fs::create_dir_all(&db)?;
    let there = fs::read_dir(&db)?.flatten().map(|file| file.path()).filter(|path| path.is_file());
    for file in there.chain([db.join("conf"), db.join("db")]) {
        fs::write(file, [7; 4096])?;
    }
    dies(house, name, LIMITS)
}

/// With a backup of all that is there, which is put in the place of it.
fn restoring(house: &mut House, name: &str) -> io::Result<bool> {
    let made = command(house, &["backup", "backup.nsnap"], &[])?;
    if !made.success() {
        house.find(format!("no backup can be made: {made}"));
        return Ok(false);
    }
    let status = command(house, &["restore", "backup.nsnap"], &environment(name, LIMITS))?;
    house.kill()?;
    house.start(&[(LIMITS_VARIABLE.to_owned(), LIMITS.to_owned())])?;
    house.first_answer()?;
    house.kill()?;
    Ok(daemon::has_aborted(status))
}

/// The daemon is to go on without it, and to say so.
fn helping(house: &mut House, name: &str) -> io::Result<bool> {
    let begun = log(house)?.len();
    house.start(&environment(name, &format!("{LIMITS},{EAGER}")))?;
    let has_said = |house: &House| log(house).is_ok_and(|log| log[begun..].contains(HELPER_DIED));
    let ended = house.work_until(REACH_LIMIT, has_said)?;
    if let Some(status) = ended {
        house.find(format!("{name}: it ended by itself: {status}"));
    }
    let is_reached = has_said(house);
    house.kill()?;
    Ok(is_reached)
}

/// What the daemons have said.
fn log(house: &House) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(daemon::log_of(house.folder.path()))?).into_owned())
}

/// Runs a command where no daemon runs; says how it ended.
fn command(house: &House, arguments: &[&str], environment: &[(String, String)]) -> io::Result<ExitStatus> {
    let mut command = Command::new(&house.program);
    command
        .current_dir(house.folder.path())
        .args(["--config", "feeds.toml"])
        .args(arguments)
        .envs(environment.iter().cloned())
        .envs(house.forget.iter().flat_map(Forget::environment))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status()
}
