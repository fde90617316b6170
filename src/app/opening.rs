//! Opening the store, whatever has become of it: it is looked at first, mended where it is broken, and opened under a
//! deadline. Blocking, and it may take minutes: readers are served from what was shown last meanwhile.

mod book;
mod patience;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use self::book::Book;
pub(super) use self::book::Repair;
use self::patience::Patience;
use super::{Options, reclaim, restore};
use crate::edge::store::{
    self, Exchanged, Helper, Holes, Lock, Lost, Mended, Obstacle, ObstacleKind, Rebuilt, Sealing, Seen,
    Store, StoreError,
};
use crate::edge::{clock, fault};

/// How long opening may take that was looked at before: so many seconds, and one for so many bytes.
const DEADLINE_SECONDS: usize = 120;
const BYTES_PER_SECOND: u64 = 2 << 20;
/// Repairs in one opening; what none of them mends is told, and left to the next one.
const REPAIRS_MAX: usize = 3;
/// No repair waits for longer because the one before did not help.
const REST_SECONDS_MAX: usize = 600;
/// What is named of a long list.
const NAMED_MAX: usize = 10;

/// An open store, and what was mended of late.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) store: Store,
    /// Repairs that the admin may not have heard of yet, the newest first.
    pub(super) repairs: Vec<Repair>,
}

/// Opens the store of a command, or of a round without a daemon. Whatever has to wait fails.
pub(super) fn open_here(options: &Options) -> Result<Store, StoreError> {
    let lock = Lock::take(&options.state_folder)?;
    clock::keep_in(lock.folder());
    let opened = Opening { lock, helper: options.helper.as_ref(), waits: None }.open()?;
    note_standing(&options.state_folder);
    Ok(opened.store)
}

/// Opens the store of the daemon, which has taken its lock.
pub(super) fn open(
    lock: Lock,
    helper: Option<&Helper>,
    waits: &dyn Fn(Obstacle),
) -> Result<Opened, StoreError> {
    clock::keep_in(lock.folder());
    Opening { lock, helper, waits: Some(waits) }.open()
}

/// The store that was opened can be used: what comes now is no consequence of a repair that did not help.
pub(super) fn note_standing(folder: &Path) {
    change(folder, Book::note_standing);
}

/// The store that was open could not be used any longer: the next opening does not trust it.
pub(super) fn note_fatal(folder: &Path, why: &str) {
    change(folder, |book| book.fatal = Some(why.to_owned()));
}

fn change(folder: &Path, change: impl FnOnce(&mut Book)) {
    let before = Book::read(folder);
    let mut book = before.clone();
    change(&mut book);
    if book != before {
        book.write(folder);
    }
}

/// What is known of a store before it is opened.
enum Doubt {
    None,
    /// It may be used, but it is better made anew where that loses fewer than so many commits.
    Suspect(String, u64),
    /// It cannot be used.
    Broken(String, Cause),
}

impl Doubt {
    fn broken(error: &StoreError) -> Self {
        let cause = if error.is_about_disk() { Cause::Disk } else { Cause::Damage };
        Self::Broken(error.reason(), cause)
    }
}

/// What makes a store unusable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// What stands in it.
    Damage,
    /// A disk that does not give it, or not at the moment.
    Disk,
}

struct Opening<'a> {
    lock: Lock,
    helper: Option<&'a Helper>,
    /// Who hears of what a patient one waits for; any other one fails instead.
    waits: Option<&'a dyn Fn(Obstacle)>,
}

impl Opening<'_> {
    /// Waits for a disk that is full, read-only or failing, where it is patient: mending needs one as well.
    fn open(&self) -> Result<Opened, StoreError> {
        let mut patience = Patience::default();
        loop {
            match (self.open_now(), self.waits) {
                (Err(error), Some(waits)) if error.is_about_disk() => patience.wait(&error, waits),
                (opened, _) => return opened,
            }
        }
    }

    fn open_now(&self) -> Result<Opened, StoreError> {
        store::sweep(&self.lock)?;
        restore::take_pending(&self.lock, self.helper, clock::now());
        let mut book = Book::read(self.lock.folder());
        let mut exchanged = store::take_up(&self.lock, book.fatal.is_none())?;
        let (mut repairs, mut holes) = (0, Holes::Refused);
        let mut doubt = self.suspect(&book, exchanged.is_some(), &mut holes)?;
        loop {
            match doubt {
                Doubt::None => {}
                Doubt::Suspect(why, _) | Doubt::Broken(why, _) if exchanged.is_some() => {
                    doubt = self.put_back(&mut exchanged, &why)?;
                    continue;
                }
                Doubt::Suspect(why, lost) => {
                    let is_better = |rebuilt: &Rebuilt| commits_lost(rebuilt) < lost;
                    if !self.mend(&mut book, &why, Cause::Damage, is_better)? {
                        tracing::warn!("what came of it would lack something: the old store stays if it can");
                        doubt = self.look(&why)?;
                        continue;
                    }
                }
                Doubt::Broken(why, cause) if repairs < REPAIRS_MAX => {
                    repairs += 1;
                    self.mend(&mut book, &why, cause, |_| true)?;
                }
                Doubt::Broken(why, _) => {
                    let place = self.lock.folder().display().to_string();
                    return Err(StoreError::Damaged { place, why });
                }
            }
            doubt = match self.open_in_time(holes) {
                Ok(store) => {
                    read_anew(&store, &book)?;
                    exchanged.map(Exchanged::finish).into_iter().for_each(reclaim::tell);
                    return Ok(Opened { store, repairs: book.news(clock::now()) });
                }
                Err(StoreError::Behind { held, first }) => {
                    // Where a snapshot has nothing of what is missing, what is there is better than what it has.
                    holes = if holes == Holes::Refused { Holes::Accepted } else { holes };
                    let why = StoreError::Behind { held, first }.to_string();
                    Doubt::Suspect(why, first.saturating_sub(held + 1).max(1))
                }
                Err(error) if error.is_mendable() => Doubt::broken(&error),
                Err(error) if exchanged.is_some() && !error.is_about_room() => Doubt::broken(&error),
                Err(error) => return Err(error),
            };
        }
    }

    /// What is wrong with the store, before this process touches it.
    fn suspect(&self, book: &Book, is_fresh: bool, holes: &mut Holes) -> Result<Doubt, StoreError> {
        let folder = self.lock.folder();
        if store::is_gone(&self.lock) {
            return Ok(Doubt::Broken("its folder is gone".to_owned(), Cause::Damage));
        }
        if !Store::exists(folder) {
            return Ok(Doubt::None);
        }
        match store::prepare(&self.lock) {
            Err(error) if error.is_mendable() => return Ok(Doubt::broken(&error)),
            prepared => prepared?,
        }
        if is_fresh {
            return self.look("it was made anew");
        }
        if let Some(fatal) = &book.fatal {
            return Ok(Doubt::Suspect(fatal.clone(), 1));
        }
        let changed = match store::sealing(&self.lock) {
            Sealing::Whole => return Ok(Doubt::None),
            Sealing::Broken { store, strange } => {
                if !strange.is_empty() {
                    store::set_aside(&self.lock, &strange)?;
                    *holes = Holes::Distrusted;
                }
                store
            }
            Sealing::None => vec![],
        };
        if changed.is_empty() {
            return self.look("it was not closed well");
        }
        let names: Vec<String> =
            changed.iter().take(NAMED_MAX).map(|name| name.display().to_string()).collect();
        let why = format!("changed by somebody else since it was closed: {}", names.join(", "));
        Ok(Doubt::Suspect(why, 1))
    }

    /// The store that was made anew cannot be used: the one before comes back.
    fn put_back(&self, exchanged: &mut Option<Exchanged>, why: &str) -> Result<Doubt, StoreError> {
        tracing::error!(why, "the store that was made anew cannot be used: the one before comes back");
        exchanged.take().map(Exchanged::put_back).transpose()?;
        store::prepare(&self.lock)?;
        self.look("it is the one before")
    }

    /// What another process sees in it.
    fn look(&self, why: &str) -> Result<Doubt, StoreError> {
        let begun = Instant::now();
        let ask = |helper| {
            let seen = store::ask(helper, self.lock.folder());
            seen.inspect_err(|error| tracing::warn!(%error, "the store cannot be looked at beforehand")).ok()
        };
        let Some(seen) = self.helper.and_then(ask) else { return Ok(Doubt::None) };
        let ms = begun.elapsed().as_millis();
        match seen {
            Seen::Good { sequence, rows, entries } => {
                tracing::info!(why, sequence, rows, entries, ms, "the store was read through and is sound");
                Ok(Doubt::None)
            }
            Seen::Broken(why) => Ok(Doubt::Broken(why, Cause::Damage)),
            Seen::Unreadable(why) => Ok(Doubt::Broken(why, Cause::Disk)),
            Seen::Waits { kind, why } => Err(StoreError::Obstacle(Obstacle { kind, why })),
            Seen::Refused(why) => Err(StoreError::Refused(why)),
            Seen::Rows(_) => Ok(Doubt::None),
        }
    }

    /// Opens it on a thread that is left alone where it does not come back.
    fn open_in_time(&self, holes: Holes) -> Result<Store, StoreError> {
        let lock = self.lock.clone();
        let (done, opened) = sync_channel(1);
        let begun = thread::Builder::new().name("sled".to_owned()).spawn(move || {
            // Nobody waits any more where this fails.
            drop(done.send(Store::open_locked(lock, holes)));
        });
        let folder = self.lock.folder();
        begun.map_err(|source| StoreError::Folder { path: folder.display().to_string(), source })?;
        let seconds = fault::limit("opening.seconds", DEADLINE_SECONDS) as u64;
        let deadline = Duration::from_secs(seconds + store::bytes_below(folder) / BYTES_PER_SECOND);
        opened.recv_timeout(deadline).unwrap_or_else(|error| {
            let why = match error {
                RecvTimeoutError::Timeout => StoreError::Hung(deadline.as_secs()),
                RecvTimeoutError::Disconnected => StoreError::Damaged {
                    place: folder.display().to_string(),
                    why: "opening it panicked".to_owned(),
                },
            };
            Err(why)
        })
    }

    /// Makes it anew; where it did so just before and that did not help, after a while. Where the disk does not give the
    /// store, another one is made once, and then the disk is waited for: all snapshots may be whole, and none is left
    /// out. Says whether the store is another one now.
    fn mend(
        &self,
        book: &mut Book,
        why: &str,
        cause: Cause,
        is_better: impl FnOnce(&Rebuilt) -> bool,
    ) -> Result<bool, StoreError> {
        let folder = self.lock.folder();
        let before = book.clone();
        let (rest, skipped) = book.begin(clock::now());
        let rest = rest.min(Duration::from_secs(fault::limit("mend.rest", REST_SECONDS_MAX) as u64));
        let skipped = if cause == Cause::Disk { 0 } else { skipped };
        let broken = |why: String| Obstacle { kind: ObstacleKind::Broken, why };
        match self.waits {
            _ if !rest.is_zero() && cause == Cause::Disk => {
                let why = format!("{why}; another store did not help just before");
                return Err(StoreError::Obstacle(Obstacle { kind: ObstacleKind::Failing, why }));
            }
            None if !rest.is_zero() => {
                let (place, seconds) = (folder.display().to_string(), rest.as_secs());
                let why = format!("{why}; it was made anew just before, and is not again for {seconds} s");
                return Err(StoreError::Damaged { place, why });
            }
            Some(waits) if !rest.is_zero() => {
                let seconds = rest.as_secs();
                tracing::error!(seconds, "it was made anew just before: this has to wait");
                waits(broken(format!("{why}; it is made anew in {seconds} s")));
                thread::sleep(rest);
            }
            Some(waits) => waits(broken(format!("{why}; it is being made anew"))),
            None => {}
        }
        tracing::error!(
            why,
            "the store is broken, or may be: it is made anew from the last snapshot and the journal"
        );
        let (begun, now) = (Instant::now(), clock::now());
        book.note_begun(now);
        book.write(folder);
        let mended = store::mend(&self.lock, self.helper, skipped, now, is_better);
        if mended.as_ref().map_or_else(StoreError::is_about_disk, Option::is_none) {
            // It was no repair.
            *book = before;
            book.write(folder);
        }
        let Some(mended) = mended? else { return Ok(false) };
        let ms = begun.elapsed().as_millis();
        let Rebuilt { sequence, rows, records, .. } = mended.rebuilt;
        let mut repair = repair(why, now, &mended);
        if mended.is_from_nothing() && store::was_shown(&self.lock) {
            repair.lost = vec!["all that was stored".to_owned()];
        }
        tracing::warn!(
            from = repair.from,
            sequence,
            rows,
            records,
            ms,
            aside = repair.aside,
            "the store is made anew"
        );
        repair.lost.iter().for_each(|lost| tracing::error!(lost, "the store was broken: this is lost"));
        book.note(repair);
        book.write(folder);
        Ok(true)
    }
}

/// Sources that answered before something was lost are to answer in full: they may list it still.
fn read_anew(store: &Store, book: &Book) -> Result<(), StoreError> {
    let now = store.lacks_commits().then(clock::now);
    let Some(since) = now.or_else(|| book.lost_at()) else { return Ok(()) };
    let sources = store.distrust_answers(since)?;
    if sources > 0 {
        tracing::warn!(sources, "what they list is read anew, for something was lost");
    }
    Ok(())
}

/// How many commits a store lacks.
fn commits_lost(rebuilt: &Rebuilt) -> u64 {
    let count = |lost: &Lost| match lost {
        Lost::Before(_) => u64::MAX,
        Lost::Commits(places) => places.end.saturating_sub(places.start),
    };
    rebuilt.lost.iter().map(count).fold(0, u64::saturating_add)
}

/// What the admin is told of it.
fn repair(why: &str, at: chrono::DateTime<chrono::Utc>, mended: &Mended) -> Repair {
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let from = match &mended.snapshot {
        Some(snapshot) => format!("the snapshot {} and the journal", name(snapshot)),
        None if mended.is_from_nothing() => {
            "nothing: there is neither a snapshot nor a journal that can be read".to_owned()
        }
        None => "the journal alone".to_owned(),
    };
    let lost = mended.rebuilt.lost.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    let notes = mended.unreadable.iter().take(NAMED_MAX).map(|what| format!("Not usable: {what}")).collect();
    Repair { at, why: why.to_owned(), from, lost, notes, aside: mended.aside.as_ref().map(name) }
}
