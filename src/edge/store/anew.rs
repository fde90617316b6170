//! Making a store anew in another process: what that takes is given back with its end. sled keeps something for every
//! page that it ever had, and this process has better use for its memory.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::failure::Failure;
use super::helper::{End, Helper, Patience, TOO_LARGE, converse, is_too_large};
use super::lock::{failed, is_sled_in_use};
use super::mend::remove;
use super::rebuild::{Rebuilt, Recipe, rebuild};
use super::{Obstacle, ObstacleKind};

/// How often it is tried where the other process is ended by somebody else.
const TRIES: usize = 2;

/// What whoever makes it says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    /// Rows and commits so far: it waits for an answer.
    Rows(u64),
    /// It is made, and durable.
    Made(Rebuilt),
    /// It cannot be made.
    Failed(Failure),
}

/// Makes a store in the folder `place`, which must not be there yet: see [`rebuild`]. `breathe` is called again and again,
/// and may give it up; nothing goes on while it does not return. Where it fails, nothing is left in `place`. The lock on
/// the state folder stays with this process.
pub fn make_aside(
    helper: Option<&Helper>,
    place: &Path,
    recipe: Recipe<'_>,
    mut breathe: impl FnMut() -> Result<(), StoreError>,
) -> Result<Rebuilt, StoreError> {
    let made = attempts(helper, place, recipe, &mut breathe);
    let made = made.inspect_err(|_| drop(clear(place)))?;
    if !made.damaged.is_empty() {
        tracing::error!(damaged = ?made.damaged, "parts of the journal cannot be read");
    }
    Ok(made)
}

/// Removes what another making has left there. Whoever made it may be about to end.
pub fn clear(place: &Path) -> Result<(), StoreError> {
    if is_sled_in_use(place) {
        return Err(StoreError::InUse(format!("{}: another process", place.display())));
    }
    remove(place).map_err(failed(place))
}

/// The work of the other process. Says how far it has come, and waits whether it is to go on; at last what came of it.
pub fn make_for(place: &Path, recipe: Recipe<'_>, say: impl Fn(&str), go_on: impl Fn() -> bool) {
    let say = |word: &Word| say(&serde_json::json!(word).to_string());
    let made = rebuild(place, recipe, |rows| {
        say(&Word::Rows(rows));
        if go_on() { Ok(()) } else { Err(StoreError::Unfinished("nobody wants it any more".to_owned())) }
    });
    say(&match made {
        Ok(made) => Word::Made(made),
        Err(error) => Word::Failed(Failure::of(error)),
    });
}

/// The arguments that say what is to be made, behind the name of the command.
fn arguments(place: &Path, recipe: Recipe<'_>) -> Vec<PathBuf> {
    let mut arguments = vec![place.to_path_buf()];
    for (name, path) in [("--snapshot", recipe.snapshot), ("--journal", recipe.journal)] {
        arguments.extend(path.into_iter().flat_map(|path| [PathBuf::from(name), path.to_path_buf()]));
    }
    arguments
}

fn attempts(
    helper: Option<&Helper>,
    place: &Path,
    recipe: Recipe<'_>,
    breathe: &mut impl FnMut() -> Result<(), StoreError>,
) -> Result<Rebuilt, StoreError> {
    for left in (0..TRIES).rev() {
        let Some(helper) = helper else { break };
        match asked(helper, place, recipe, breathe) {
            Err(error) => {
                tracing::warn!(%error, "there is no other process to make the store: it is made in this one");
                break;
            }
            Ok(Err(error @ StoreError::Unfinished(_))) if left > 0 => {
                tracing::warn!(%error, "it is tried once more");
                clear(place)?;
            }
            Ok(made) => return made,
        }
    }
    rebuild(place, recipe, |_| breathe())
}

/// Fails where there is no such process to be had.
fn asked(
    helper: &Helper,
    place: &Path,
    recipe: Recipe<'_>,
    breathe: &mut impl FnMut() -> Result<(), StoreError>,
) -> io::Result<Result<Rebuilt, StoreError>> {
    let mut command = helper.thrifty_command("make");
    command.args(arguments(place, recipe));
    let bytes = recipe.snapshot.and_then(|path| path.metadata().ok()).map_or(0, |about| about.len());
    let bytes = bytes + recipe.journal.map_or(0, super::helper::bytes_below);
    let mut last = None;
    let end = converse(command, Patience::for_making(bytes), |word| {
        last = word.or(last.take());
        breathe()
    })?;
    Ok(match (end, last) {
        (End::Stopped(error), _) => Err(error),
        (_, Some(Word::Made(made))) => Ok(made),
        (_, Some(Word::Failed(failure))) => Err(failure.into()),
        (End::GivenUp(why), _) => Err(StoreError::Unfinished(format!("making it {why}"))),
        (End::Came(status), _) => Err(ended_early(status)),
    })
}

fn ended_early(status: ExitStatus) -> StoreError {
    if is_too_large(status) {
        let (kind, why) = (ObstacleKind::NoRoom, TOO_LARGE.to_owned());
        return StoreError::Obstacle(Obstacle { kind, why });
    }
    StoreError::Unfinished(format!("whoever was to make it ended early ({status})"))
}
