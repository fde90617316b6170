//! Opening and closing the doors around the daemon, and the round that needs none of them.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::error::{SendError, TrySendError};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinError, JoinSet};

use super::admin::Admin;
use super::binder::Binder;
use super::daemon::{Daemon, Event, Over};
use super::ending::{End, History, close, close_all};
use super::hub::{self, HubLink};
use super::items::Items;
use super::jobs::{self, Report, Summary};
use super::mail::Post;
use super::opening;
use super::packing::keep_packed;
use super::poller::{Caught, Poller, said};
use super::ports::{listen, local_address, open_to_admins};
use super::pushes::{Pushed, Pushes};
use super::row::Row;
use super::shown::Shown;
use super::snapshots::Keeper;
use super::start::{self, Behind, Gate, Opened, Porch};
use super::writer::Writer;
use super::{AppError, in_force, restore, socket};
use crate::config::Config;
use crate::edge::admin::AdminApi;
use crate::edge::clock::Beat;
use crate::edge::hub::Hub;
use crate::edge::listeners::Listeners;
use crate::edge::store::{Helper, Lock, Obstacle, ObstacleKind, StoreError};
use crate::edge::watch::Watch;
use crate::edge::{clock, fault, files, serve, stop, systemd};

const SIGXFSZ: i32 = 25;
/// Events that wait for the loop.
const EVENTS_MAX: usize = 256;

/// What systemd is told until the store is open.
const OPENING: &str = "opening the store: what was published last is served";

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The feeds.toml that is in force, read again on SIGHUP and when it changes.
    pub config_path: PathBuf,
    /// The folder of the store and the socket.
    pub state_folder: PathBuf,
    /// Who looks at the store before it is opened, and makes it anew where that is due. Without one it is opened as it is,
    /// and may hang where it is damaged; and made in this process, which keeps the memory that it takes.
    pub helper: Option<Helper>,
    /// Whether that file says something that cannot be, and an older one is in force.
    pub is_older: bool,
}

/// Runs until a signal stops it, or until only a new beginning can help. `config` is what `options.config_path` said at
/// start, `given` the listeners that were there before us.
///
/// The order is what readers need, once nobody else has the state folder: the port, so that none is refused; what they
/// were shown last; then the store, and the sources.
///
/// This is to be what the runtime blocks on, not a task: the loop calls the store, which waits for the disk,
/// and on a worker thread that would hold up readers.
pub async fn run(options: Options, config: Config, given: Listeners) -> Result<End, AppError> {
    let mut history = History::read();
    outlive_size_limits();
    let lock = Lock::take(&options.state_folder)?;
    restore::make_way(&lock);
    let (mut house, listeners, kept) = House::bind(&config, given).await?;
    let stamp = files::stamp(&options.config_path);
    let shown = Shown::recall(&options.state_folder, &config);
    house.open(listeners, &options, &config, &shown);
    let config = Arc::new(config);
    let (folder, helper) = (options.state_folder.clone(), options.helper.clone());
    let opening = start::begin(lock, helper.clone(), shown, Arc::clone(&config), &house.porch)?;
    let (poller, results) = Poller::new(&config)?;
    let waited = tokio::select! {
        waited = start::wait(opening, &mut house.events, &house.porch) => waited,
        lost = house.doors.join_next() => ControlFlow::Continue((Err(lost_door(lost)), false)),
    };
    let ControlFlow::Continue((opened, reload)) = waited else {
        systemd::stopping();
        house.close(&End::Stopped).await;
        tracing::info!("nashra stopped before its store was open");
        return Ok(End::Stopped);
    };
    let Opened { writer, repairs } = match opened {
        Ok(opened) => opened,
        Err(error) => return house.give_up(history, error, kept, &folder).await,
    };
    let store = Arc::clone(&writer.store);
    // What was saved while nobody watched it.
    let reload = reload || options.is_older || stamp != files::stamp(&options.config_path);
    in_force::keep(&options.config_path, &folder);
    let (mut daemon, deliveries) = match house.furnish(options, &config, writer, poller) {
        Ok(furnished) => furnished,
        Err(error) => {
            // What is broken may never be closed.
            std::mem::forget(store);
            return house.give_up(history, error, kept, &folder).await;
        }
    };
    history.note_standing();
    let keeper = Keeper::start(Arc::clone(&store), &folder, helper, take_the_fresh_one(&house.events_in));
    daemon.repairs = repairs;
    daemon.snapshots = Some(Arc::clone(keeper.told()));
    drop(config);
    if reload {
        // It is not full: nobody else has sent anything yet.
        drop(house.events_in.try_send(Event::Reload));
    }
    let over = tokio::select! {
        lived = Caught::new(daemon.live(results, &mut house.events, deliveries)) => lived.unwrap_or_else(|panic| {
            Over::Failed(format!("the loop failed; please report it ({})", said(&panic)))
        }),
        // Without its doors a daemon is of no use.
        lost = house.doors.join_next() => Over::Failed(lost_door(lost).to_string()),
    };
    let is_whole = matches!(over, Over::Stopped | Over::Restart(_));
    if is_whole {
        // Polls that are committed but were still to be published.
        daemon.report_committed();
    }
    // Signals that come from now on are heard by whoever waits to begin anew.
    house.events.close();
    let end = history.end(over, kept, &house.impatient, &folder).await;
    house.close(&end).await;
    if !is_whole {
        // What is broken may never be closed; what was to be durable is.
        std::mem::forget((daemon, store, keeper));
        return Ok(end);
    }
    drop(house);
    close_all(daemon, keeper, store);
    if matches!(end, End::Stopped) {
        tracing::info!("nashra stopped");
    }
    Ok(end)
}

/// Everything around the loop.
struct House {
    doors: JoinSet<std::io::Result<()>>,
    /// Where it listens.
    ours: Vec<SocketAddr>,
    /// What the doors lead to.
    porch: Arc<Porch>,
    events_in: mpsc::Sender<Event>,
    events: mpsc::Receiver<Event>,
    stop: watch::Sender<bool>,
    /// Hears of signals to stop that come after the loop has ended.
    impatient: Arc<Notify>,
}

impl House {
    /// Takes the addresses: from now on nobody is refused, though nobody is answered yet.
    async fn bind(
        config: &Config,
        given: Listeners,
    ) -> Result<(Self, [Option<TcpListener>; 2], Listeners), AppError> {
        let (listener, admin_listener, kept) = listen(config, given).await?;
        let listeners = [Some(listener), admin_listener];
        let ours = listeners.iter().flatten().map(local_address).collect::<Result<_, _>>()?;
        let (events_in, events) = mpsc::channel(EVENTS_MAX);
        let impatient = listen_for_signals(&events_in)?;
        let (stop, _) = watch::channel(false);
        let (doors, porch) = (JoinSet::new(), Porch::new(config));
        Ok((Self { doors, ours, porch, events_in, events, stop, impatient }, listeners, kept))
    }

    /// Serves what is shown, and says so.
    fn open(
        &mut self,
        [listener, admin_listener]: [Option<TcpListener>; 2],
        options: &Options,
        config: &Config,
        shown: &Shown,
    ) {
        let stopped = self.stop.subscribe();
        let (pages, mailbox) = (Arc::clone(&self.porch) as _, Arc::clone(&self.porch) as _);
        let public = serve::Doors { front: Arc::clone(&shown.front), pages, mailbox };
        let listener = listener.into_iter();
        listener.for_each(|listener| {
            drop(self.doors.spawn(serve::run(listener, public.clone(), until(stopped.clone()))));
        });
        let api: Arc<dyn AdminApi> = Arc::new(Gate(Arc::clone(&self.porch)));
        open_to_admins(&mut self.doors, &api, admin_listener, socket(&options.state_folder), &stopped);
        tokio::spawn(keep_packed(Arc::clone(&shown.front), shown.news.subscribe()));
        let documents = shown.front.load().documents.len();
        let [listen, admin] =
            [self.ours.first(), self.ours.get(1)].map(|one| one.map(tracing::field::display));
        let (sources, sections) = (config.sources.len(), config.sections.len());
        tracing::info!(listen, admin, sources, sections, documents, "nashra serves");
        let warnings = config.warnings.iter().map(ToString::to_string).chain(fault::complaint());
        warnings.for_each(|warning| tracing::warn!("{warning}"));
        systemd::ready_but(OPENING);
    }

    /// Lets in what lives on the open store.
    fn furnish(
        &mut self,
        options: Options,
        config: &Config,
        writer: Writer,
        poller: Poller,
    ) -> Result<(Daemon, mpsc::Receiver<Pushed>), AppError> {
        let settings = hub::settings(config, poller.fetcher(), &self.ours);
        let editions = writer.editions.subscribe();
        let (hub, desk) =
            Hub::open(Arc::clone(&writer.store), Arc::clone(&writer.front), editions, settings)?;
        self.doors.spawn(desk.run(until(self.stop.subscribe())));
        let (pushes, deliveries) =
            Pushes::new(&config.site.url, &writer.states, &writer.sources, self.events_in.clone());
        self.porch.open(Behind {
            items: pages(&writer, &self.events_in),
            post: Post { hub: hub.clone(), pushes: Arc::clone(&pushes.board) },
            admin: Admin {
                events: self.events_in.clone(),
                hub: hub.clone(),
                store: Arc::clone(&writer.store),
                state_folder: options.state_folder.clone(),
            },
        });
        watch_clock(&self.events_in)?;
        let watch = watch_files(&self.events_in);
        let mut daemon = Daemon::new(options, writer, poller, watch, config);
        daemon.hub = Some(HubLink { hub, listen: self.ours.clone() });
        daemon.subscribe(pushes);
        // Files are watched by now: whoever reads this may change them.
        tracing::info!("the store is open");
        systemd::status("");
        Ok((daemon, deliveries))
    }

    /// The store cannot be opened, or not be used: another run is to, which mends it where that can help. What no other
    /// run can help is the error.
    async fn give_up(
        mut self,
        history: History,
        error: AppError,
        kept: Listeners,
        folder: &Path,
    ) -> Result<End, AppError> {
        if matches!(error, AppError::Store(StoreError::InUse(_) | StoreError::Refused(_))) {
            return Err(error);
        }
        let (kind, why) = (ObstacleKind::Broken, error.to_string());
        self.porch.note_waiting(Obstacle { kind, why });
        self.events.close();
        let end = history.end(Over::of(&error), kept, &self.impatient, folder).await;
        self.close(&end).await;
        Ok(end)
    }

    /// Lets running requests end.
    async fn close(&mut self, end: &End) {
        self.porch.close();
        // Whoever waits for the loop hears that it has ended.
        drop(std::mem::replace(&mut self.events, mpsc::channel(1).1));
        // Receivers live in the doors; those that have closed already do not need to hear it.
        let _ = self.stop.send(true);
        close(std::mem::take(&mut self.doors), end, &self.impatient).await;
    }
}

fn lost_door(lost: Option<Result<std::io::Result<()>, JoinError>>) -> AppError {
    let source = lost.and_then(|lost| lost.map_err(std::io::Error::other).and_then(|end| end).err());
    let source = source.unwrap_or_else(|| std::io::Error::other("it ended by itself"));
    AppError::Io { what: "a listener was lost".to_owned(), source }
}

/// Polls the named sources once, or all enabled ones, without a server. `on_row` hears of each as it ends.
pub async fn poll_once(
    options: Options,
    config: Config,
    sources: &[String],
    mut on_row: impl FnMut(&Row, usize),
) -> Result<Summary, AppError> {
    // Before anything is made on the disk.
    jobs::check_names(sources, config.sources.iter().map(|source| &source.id)).map_err(AppError::Usage)?;
    let store = Arc::new(opening::open_here(&options)?);
    let writer = Writer::with_nothing_to_show(store, &config, clock::now())?;
    let (poller, mut results) = Poller::new(&config)?;
    let mut daemon = Daemon::new(options, writer, poller, None, &config);
    // The writer has what it needs of it.
    drop(config);
    // It holds one row a source and a summary at most.
    let (rows, mut reports) = mpsc::unbounded_channel();
    let total = daemon.start_job(sources, rows).map_err(AppError::Usage)?;
    loop {
        while let Ok(report) = reports.try_recv() {
            match report {
                Report::Row(row) => on_row(&row, total),
                Report::Done(summary) => return Ok(summary),
            }
        }
        daemon.take_results(&mut results).await;
        daemon.report_committed();
    }
}

/// Who writes beyond the limit on a file's size (`setrlimit(2)`) hears of it by the error, and is not killed.
fn outlive_size_limits() {
    if let Err(error) = signal(SignalKind::from_raw(SIGXFSZ)) {
        tracing::warn!(%error, "a limit on the size of files would end this process");
    }
}

/// Has the loop begin anew, once there is a store that was made anew.
fn take_the_fresh_one(events: &mpsc::Sender<Event>) -> impl Fn() + Send + Sync + use<> {
    let events = events.clone();
    move || {
        let why = "the store was made anew, and takes less of the disk".to_owned();
        // Nobody hears it where the loop has ended: the next start forgets it.
        drop(events.blocking_send(Event::Restart(why)));
    }
}

/// What reads the store for readers.
fn pages(writer: &Writer, events: &mpsc::Sender<Event>) -> Items {
    Items {
        store: Arc::clone(&writer.store),
        cards: Arc::clone(&writer.cards),
        counter: Arc::clone(&writer.counter),
        finder: Arc::clone(&writer.finder),
        events: events.clone(),
        binder: Binder::default(),
    }
}

pub(super) async fn until(mut stopped: watch::Receiver<bool>) {
    // The sender lives as long as the daemon; its end means the same.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Passes signals on as events. What comes back hears of signals to stop that come after the loop has ended.
fn listen_for_signals(events: &mpsc::Sender<Event>) -> Result<Arc<Notify>, AppError> {
    let failed = |source| AppError::Io { what: "cannot listen for signals".to_owned(), source };
    let impatient = Arc::new(Notify::new());
    for (kind, event) in [
        (SignalKind::terminate(), (|| Event::Stop) as fn() -> Event),
        (SignalKind::interrupt(), || Event::Stop),
        (SignalKind::hangup(), || Event::Reload),
    ] {
        let mut stream = signal(kind).map_err(failed)?;
        let (events, impatient) = (events.clone(), Arc::clone(&impatient));
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                if matches!(event(), Event::Stop) {
                    stop::begin();
                }
                if let Err(SendError(Event::Stop)) = events.send(event()).await {
                    impatient.notify_one();
                }
            }
        });
    }
    Ok(impatient)
}

/// Turns the loop when the clocks say so: where timers stop because their own clock is set back, it must go on.
fn watch_clock(events: &mpsc::Sender<Event>) -> Result<(), AppError> {
    let events = events.clone();
    // A queue that is full turns the loop as well.
    let tell = move |beat| {
        let event = match beat {
            Beat::Look => Event::Clock,
            Beat::TimersBroken => Event::Restart("the clock that its timers go by was set back".to_owned()),
        };
        match events.try_send(event) {
            Err(TrySendError::Closed(_)) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    };
    clock::watch(tell)
        .map_err(|source| AppError::Io { what: "the clock cannot be watched".to_owned(), source })
}

fn watch_files(events: &mpsc::Sender<Event>) -> Option<Watch> {
    let events = events.clone();
    let changed = move |path: PathBuf| {
        // On the watch's own thread, so that a full queue loses nothing. Nobody hears it only when the loop
        // has ended already.
        let _ = events.blocking_send(Event::FileChanged(path));
    };
    Watch::start(changed)
        .inspect_err(|error| tracing::warn!(%error, "changes of files are not noticed: use SIGHUP to reload"))
        .ok()
}
