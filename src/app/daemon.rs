//! The loop of events: a closed set of things that can happen, one at a time, in one place.

mod answers;
mod changes;
mod event;
mod jumps;
mod pushes;
mod trouble;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::hub::HubLink;
use super::jobs::{self, Job, Report};
use super::notices::Refused;
use super::opening::Repair;
use super::poller::{Brought, Poller};
use super::pushes::{Pushed, Pushes};
use super::reload::AtStart;
use super::row::Row;
use super::run::Options;
use super::snapshots::Told;
use super::trouble::Troubles;
use super::writer::Writer;
use crate::config::Config;
use crate::edge::watch::Watch;
use crate::edge::{clock, systemd};
use crate::model::SourceId;
use crate::schedule;

pub(super) use answers::Refusal;
pub(super) use event::{Event, Over};

/// Results committed together, with one flush.
const GROUP_MAX: usize = 64;
/// Documents are derived at most this often: a round of a thousand sources is not a thousand editions.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(250);
/// The loop looks around at least this often.
const WAKE_MAX: Duration = Duration::from_secs(30);
/// What readers open is kept this often.
const CLICKS_INTERVAL: Duration = Duration::from_secs(5);
/// The loop does something else for so long between two steps of bringing archives up to date.
const FILING_PAUSE: Duration = Duration::from_millis(20);
/// Retention looks for work this often.
const PURGE_INTERVAL: Duration = Duration::from_secs(3600);

/// The daemon between its doors.
pub(super) struct Daemon {
    options: Options,
    writer: Writer,
    poller: Poller,
    jobs: Vec<Job>,
    /// As long as it lasts, nothing is due.
    lull: Option<schedule::Lull>,
    /// Polls that are committed but not yet shown; they are reported when they are.
    committed: Vec<Row>,
    published_at: Instant,
    /// Local sources that changed while they were being read.
    again: HashSet<SourceId>,
    /// Why the last reload was refused; `None` after a good one.
    refused: Option<Refused>,
    /// What was mended of late.
    pub(super) repairs: Vec<Repair>,
    watch: Option<Watch>,
    at_start: AtStart,
    /// Who tells others of news; a round by itself tells nobody.
    pub(super) hub: Option<HubLink>,
    /// How the daily snapshots go; a round by itself makes none.
    pub(super) snapshots: Option<Arc<Told>>,
    /// When nothing can be written.
    troubles: Troubles,
    /// How far the time of the house had jumped when the states were last moved with it.
    stepped: TimeDelta,
    /// The last time that it did, and by how much.
    jumped: Option<(TimeDelta, Instant)>,
    /// `None` where nobody can reach us: in a round by itself.
    pushes: Option<Pushes>,
}

impl Daemon {
    /// A daemon that has nothing to do yet. `config` is in force, `watch` tells it of changed files.
    pub(super) fn new(
        options: Options,
        writer: Writer,
        poller: Poller,
        watch: Option<Watch>,
        config: &Config,
    ) -> Self {
        let mut daemon = Self {
            options,
            writer,
            poller,
            jobs: vec![],
            lull: None,
            committed: vec![],
            published_at: Instant::now(),
            again: HashSet::new(),
            refused: None,
            repairs: vec![],
            watch,
            at_start: AtStart::of(config),
            hub: None,
            snapshots: None,
            troubles: Troubles::new(),
            stepped: clock::stepped(),
            jumped: None,
            pushes: None,
        };
        daemon.watch_sources();
        daemon
    }

    /// Nobody searches any more, so nothing need be read for that.
    pub(super) fn stop_reading(&self) {
        self.writer.stop_reading();
    }

    /// Lives until an event ends it.
    pub(super) async fn live(
        &mut self,
        mut results: mpsc::Receiver<Brought>,
        events: &mut mpsc::Receiver<Event>,
        mut pushed: mpsc::Receiver<Pushed>,
    ) -> Over {
        let (mut next_purge, mut next_clicks) = (Instant::now(), Instant::now());
        // The board holds a sender, so its queue cannot end while the daemon lives.
        let mut arrived = vec![];
        loop {
            self.keep_waits();
            if let ControlFlow::Break(over) = self.tend_disk() {
                return over;
            }
            if !self.can_write() {
                // What readers open is counted in memory meanwhile, and what is to be removed stays.
                let later = self.troubles.look_at();
                (next_clicks, next_purge) = (next_clicks.max(later), next_purge.max(later));
            }
            if Instant::now() >= next_clicks {
                self.keep_clicks();
                next_clicks = Instant::now() + CLICKS_INTERVAL;
            }
            if Instant::now() >= next_purge {
                next_purge = Instant::now() + self.purge();
            }
            if self.writer.is_filing() {
                next_purge = next_purge.min(Instant::now() + FILING_PAUSE);
            }
            self.show_committed();
            let next_push = if self.can_write() { self.tend_pushes() } else { None };
            let mut wake = (Instant::now() + self.ask_due()).min(next_purge).min(self.troubles.look_at());
            if let Some(at) = next_push {
                wake = wake.min(Instant::now() + (at - clock::now()).to_std().unwrap_or_default());
            }
            if self.writer.is_stale() && !self.writer.is_held_back() {
                wake = wake.min(self.published_at + PUBLISH_INTERVAL);
            }
            if self.writer.counts_clicks() {
                wake = wake.min(next_clicks);
            }
            systemd::watchdog();
            let can_write = self.can_write();
            tokio::select! {
                // What is on its way waits in these queues, which are short: who fills them waits, too.
                () = self.take_results(&mut results), if can_write => {}
                _ = pushed.recv_many(&mut arrived, GROUP_MAX), if can_write => self.take_pushed(&mut arrived),
                event = events.recv() => match event {
                    Some(event) => if let ControlFlow::Break(over) = self.handle(event) { return over },
                    None => return Over::Stopped,
                },
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Starts what is due; says how long there is nothing else to do.
    fn ask_due(&mut self) -> Duration {
        let now = clock::now();
        if !self.can_write() {
            // Nobody's turn is lost: they are due as soon as it can be.
            return WAKE_MAX;
        }
        let wake = self.lull.and_then(|lull| lull.rest(now)).unwrap_or_else(|| {
            let due = self.writer.due(now);
            self.start(&due.ask);
            self.lull = Some(schedule::Lull::after(&due, now));
            due.wake
        });
        let watchdog = systemd::watchdog_interval().unwrap_or(WAKE_MAX) / 2;
        (wake - now).to_std().unwrap_or_default().min(WAKE_MAX).min(watchdog)
    }

    /// Starts to ask those that are not being asked, once that is written down.
    fn start(&mut self, ids: &[SourceId]) {
        let ids: Vec<&SourceId> = ids.iter().filter(|id| !self.poller.is_busy(id)).collect();
        if ids.is_empty() {
            return;
        }
        if !self.can_write() {
            self.again.extend(ids.into_iter().cloned());
            return;
        }
        systemd::patiently(|| self.writer.note_asking(&ids, clock::now()));
        for id in ids {
            if let Some((source, state)) = self.writer.source(id) {
                self.poller.start(Arc::clone(source), state);
            }
        }
    }

    /// Waits for a result, takes as many as have come by then, and commits them together.
    pub(super) async fn take_results(&mut self, results: &mut mpsc::Receiver<Brought>) {
        let mut batch = Vec::new();
        if results.recv_many(&mut batch, GROUP_MAX).await == 0 {
            // The poller holds a sender, so this queue cannot end while the daemon lives.
            return std::future::pending().await;
        }
        self.take(batch);
    }

    /// Commits what has come, and what has waited for that.
    fn take(&mut self, batch: Vec<Brought>) {
        let mut batch = self.writer.with_held(batch);
        self.keep_waits();
        self.keep_time(&mut batch);
        let ids: Vec<SourceId> = batch.iter().map(|brought| brought.source.clone()).collect();
        let rows = systemd::patiently(|| self.writer.take(batch, clock::now()));
        self.committed.extend(rows);
        // They are not asked again before that is stored.
        let held = self.writer.held();
        self.pushes.iter_mut().for_each(|pushes| pushes.touch(ids.iter().cloned()));
        for id in ids.into_iter().filter(|id| !held.contains(id)) {
            self.poller.finished(&id);
            let next_at = self.writer.source(&id).and_then(|(_, state)| state.next_at);
            self.lull.iter_mut().for_each(|lull| lull.shorten(next_at));
            if self.again.remove(&id) {
                self.start(&[id]);
            }
        }
    }

    /// Publishes what is committed when the time has come, and then reports it.
    fn show_committed(&mut self) {
        if self.writer.is_held_back() {
            return;
        }
        if self.writer.is_stale() {
            if self.published_at.elapsed() < PUBLISH_INTERVAL {
                return;
            }
            self.writer.publish_news();
            self.published_at = Instant::now();
            if self.writer.is_held_back() {
                return;
            }
        }
        self.report_committed();
    }

    /// Logs each poll and tells those who wait for it.
    pub(super) fn report_committed(&mut self) {
        for row in std::mem::take(&mut self.committed) {
            row.log();
            self.jobs.iter_mut().for_each(|job| job.note(&row));
        }
        self.finish_jobs();
    }

    /// Breaks where the daemon is to end.
    fn handle(&mut self, event: Event) -> ControlFlow<Over> {
        // It may change when sources are due, but for what readers ask, hubs say and clocks show.
        self.lull = self.lull.filter(|_| matches!(event, Event::Related(..) | Event::Push(_) | Event::Clock));
        match event {
            Event::Stop => return ControlFlow::Break(Over::Stopped),
            Event::Restart(why) => return ControlFlow::Break(Over::Restart(why)),
            Event::Reload => self.reload(),
            Event::FileChanged(path) => self.file_changed(&path),
            Event::Poll { sources, rows, accepted } => {
                // A caller that went away meanwhile needs no answer.
                let _ = accepted.send(self.start_job(&sources, rows).map(|_| ()));
            }
            // Who has waited too long needs no answer.
            Event::Related(entry, reply) => drop(reply.try_send(self.writer.nearest(&entry))),
            Event::Push(said) => self.hear(said),
            // The loop has turned, which is all that is wanted.
            Event::Clock => {}
            Event::Health(reply) => drop(reply.send(self.health())),
            Event::Sources(named, reply) => drop(reply.send(self.sources(&named))),
            Event::Politeness(named, reply) => drop(reply.send(self.politeness(&named))),
            Event::Archive(places, reply) => drop(reply.send(self.writer.archive(places))),
            Event::Documents(reply) => {
                let shown = (self.writer.archive(true), self.writer.front.load_full());
                drop(reply.send(shown));
            }
            Event::Notices(reply) => drop(reply.send(self.notices())),
            Event::InForce(reply) => drop(reply.send(self.writer.in_force())),
            Event::Accept(named, reply) => drop(reply.send(self.accept(&named))),
            Event::Hide(order, reply) => drop(reply.send(self.hide(order))),
            Event::Asking(named, reply) => drop(reply.send(self.permit(&named))),
        }
        ControlFlow::Continue(())
    }

    /// Starts a round; says how many sources it has.
    pub(super) fn start_job(
        &mut self,
        named: &[String],
        rows: mpsc::UnboundedSender<Report>,
    ) -> Result<usize, String> {
        jobs::check_names(named, self.writer.sources.keys())?;
        let wanted: HashSet<SourceId> = self
            .writer
            .sources
            .values()
            .filter(|source| if named.is_empty() { source.enabled } else { named.contains(&source.id.0) })
            .map(|source| source.id.clone())
            .collect();
        let total = wanted.len();
        let mut job = Job::new(wanted.clone(), rows);
        let (now, mut asked) = (clock::now(), vec![]);
        for id in &wanted {
            let Some((source, state)) = self.writer.source(id) else { continue };
            let earliest = schedule::earliest_ask(source, state, now).filter(|at| *at > now);
            if let Some(row) = self.held_up(id) {
                job.note(&row);
                continue;
            }
            match (earliest, state.gone_at.filter(|_| named.is_empty())) {
                _ if self.poller.is_busy(id) => {}
                // A source that is gone is asked by name alone.
                (_, Some(since)) => job.note(&Row::gone(id, since)),
                (Some(at), None) => job.note(&Row::too_soon(id, (at - now).num_seconds() + 1)),
                (None, None) => asked.push(id.clone()),
            }
        }
        self.start(&self.writer.in_order_of_hope(asked));
        self.jobs.push(job);
        self.finish_jobs();
        Ok(total)
    }

    fn finish_jobs(&mut self) {
        if self.jobs.is_empty() {
            return;
        }
        let stored = self.writer.store.entries_stored().unwrap_or_default();
        self.jobs.retain_mut(|job| !job.is_abandoned() && !job.finish(stored));
    }

    /// Keeps what readers have opened since the last time.
    pub(super) fn keep_clicks(&mut self) {
        systemd::patiently(|| self.writer.take_clicks(clock::now()));
    }

    /// Waits until what is shown is durable on disk.
    pub(super) fn sync_shown(&self) {
        systemd::patiently(|| self.writer.sync_shown());
    }

    fn purge(&mut self) -> Duration {
        if self.writer.is_filing() {
            return self.file_more();
        }
        match systemd::patiently(|| self.writer.retain(clock::now(), clock::counted())) {
            // One batch at a time, so that retention never holds up a poll.
            Ok(true) => Duration::from_millis(100),
            Ok(false) => PURGE_INTERVAL,
            Err(error) => {
                tracing::error!(%error, "retention failed");
                PURGE_INTERVAL
            }
        }
    }
}
