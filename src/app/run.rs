//! Opening and closing the doors around the daemon, and the round that needs none of them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::error::SendError;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::admin::Admin;
use super::binder::Binder;
use super::daemon::{Daemon, Event};
use super::hub::{self, HubLink};
use super::items::Items;
use super::jobs::{self, Report, Summary};
use super::mail::Post;
use super::opening::{self, Looker};
use super::packing::keep_packed;
use super::poller::Poller;
use super::pushes::Pushes;
use super::row::Row;
use super::snapshots::Keeper;
use super::writer::Writer;
use super::{AppError, socket};
use crate::config::Config;
use crate::edge::admin::AdminApi;
use crate::edge::hub::Hub;
use crate::edge::store::Lock;
use crate::edge::watch::Watch;
use crate::edge::{admin, clock, fault, serve, stop, systemd};

/// Requests that are still running this long after a stop are cut off.
const STOP_DEADLINE: Duration = Duration::from_secs(15);
/// Events that wait for the loop.
const EVENTS_MAX: usize = 256;

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The feeds.toml that is in force, read again on SIGHUP and when it changes.
    pub config_path: PathBuf,
    /// The folder of the store and the socket.
    pub state_folder: PathBuf,
    /// Who looks at the store before it is opened; without one it is opened as it is, and may hang where it is damaged.
    pub looker: Option<Looker>,
}

/// Runs until a signal stops it. `config` is what `options.config_path` said at start.
///
/// This is to be what the runtime blocks on, not a task: the loop calls the store, which waits for the disk,
/// and on a worker thread that would hold up readers.
pub async fn run(options: Options, config: Config) -> Result<(), AppError> {
    let listener = bind(config.server.listen).await?;
    let listen = local_address(&listener)?;
    let admin_listener = match config.server.admin {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let admin_listen = admin_listener.as_ref().map(local_address).transpose()?;
    let ours: Vec<SocketAddr> = [Some(listen), admin_listen].into_iter().flatten().collect();
    let admin_listen = admin_listen.map(tracing::field::display);
    let opening::Opened { store, repairs } =
        systemd::patiently(|| opening::open(Lock::take(&options.state_folder)?, options.looker.as_ref()))?;
    let store = Arc::new(store);
    let writer = Writer::new(Arc::clone(&store), &config, clock::now())?;
    opening::note_standing(&options.state_folder);
    let (poller, results) = Poller::new(&config)?;
    let (events_in, events) = mpsc::channel(EVENTS_MAX);
    let (stop, stopped) = watch::channel(false);
    let items = Arc::new(pages(&writer, &events_in));
    tokio::spawn(keep_packed(Arc::clone(&writer.front), writer.editions.subscribe()));
    let settings = hub::settings(&config, poller.fetcher(), &ours);
    let editions = writer.editions.subscribe();
    let (hub, desk) = Hub::open(Arc::clone(&store), Arc::clone(&writer.front), editions, settings)?;
    let mut doors = JoinSet::new();
    doors.spawn(desk.run(until(stopped.clone())));
    let (pushes, deliveries) =
        Pushes::new(&config.site.url, &writer.states, &writer.sources, events_in.clone());
    let mailbox = Arc::new(Post { hub: hub.clone(), pushes: Arc::clone(&pushes.board) });
    let public = serve::Doors { front: Arc::clone(&writer.front), pages: items, mailbox };
    doors.spawn(serve::run(listener, public, until(stopped.clone())));
    let api: Arc<dyn AdminApi> = Arc::new(Admin {
        events: events_in.clone(),
        hub: hub.clone(),
        store: Arc::clone(&store),
        state_folder: options.state_folder.clone(),
    });
    open_to_admins(&mut doors, &api, admin_listener, socket(&options.state_folder), &stopped);
    let impatient = listen_for_signals(&events_in)?;
    let watch = watch_files(&events_in);
    let keeper = Keeper::start(Arc::clone(&store), &options.state_folder);
    let mut daemon = Daemon::new(options, writer, poller, watch, &config);
    daemon.snapshots = Some(Arc::clone(keeper.told()));
    daemon.hub = Some(HubLink { hub, listen: ours });
    daemon.repairs = repairs;
    daemon.subscribe(pushes);
    let (sources, sections) = (config.sources.len(), config.sections.len());
    // Files are watched by now: whoever reads this may change them.
    tracing::info!(%listen, admin = admin_listen, sources, sections, "nashra serves");
    let warnings = config.warnings.iter().map(ToString::to_string).chain(fault::complaint());
    warnings.for_each(|warning| tracing::warn!("{warning}"));
    watch_clock(&events_in)?;
    systemd::ready();
    let lost = tokio::select! {
        () = daemon.live(results, events, deliveries) => None,
        lost = doors.join_next() => lost,
    };
    // Polls that are committed but were still to be published.
    daemon.report_committed();
    systemd::stopping();
    // Receivers live in the doors; those that have closed already do not need to hear it.
    let _ = stop.send(true);
    tokio::select! {
        () = close(doors) => {}
        () = impatient.notified() => tracing::warn!("a second signal: running requests are cut off"),
    }
    daemon.keep_clicks();
    store.flush()?;
    keeper.stop();
    clock::write();
    if let Some(lost) = lost {
        // Without its doors a daemon is of no use: let the service manager start another one.
        let source = lost.map_err(std::io::Error::other).and_then(|end| end).err();
        let source = source.unwrap_or_else(|| std::io::Error::other("it ended by itself"));
        return Err(AppError::Io { what: "a listener was lost".to_owned(), source });
    }
    tracing::info!("nashra stopped");
    Ok(())
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

async fn bind(address: SocketAddr) -> Result<TcpListener, AppError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| AppError::Io { what: format!("cannot listen on {address}"), source })
}

/// Where it listens really: `listen` may have asked for any free port.
fn local_address(listener: &TcpListener) -> Result<SocketAddr, AppError> {
    let failed = |source| AppError::Io { what: "the listener has no address".to_owned(), source };
    listener.local_addr().map_err(failed)
}

/// The socket of the command line, and the listener that feeds.toml may name.
fn open_to_admins(
    doors: &mut JoinSet<std::io::Result<()>>,
    api: &Arc<dyn AdminApi>,
    listener: Option<TcpListener>,
    socket: PathBuf,
    stopped: &watch::Receiver<bool>,
) {
    match admin::bind_unix(&socket) {
        Ok(listener) => {
            doors.spawn(admin::serve_unix(listener, socket, Arc::clone(api), until(stopped.clone())));
        }
        Err(error) => {
            tracing::error!(%error, path = %socket.display(), "the command line cannot reach this daemon: no socket");
        }
    }
    if let Some(listener) = listener {
        doors.spawn(admin::serve_tcp(listener, Arc::clone(api), until(stopped.clone())));
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
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
    let tell = move || drop(events.try_send(Event::Clock));
    clock::watch(tell).map_err(|source| AppError::Io { what: "the clock cannot be watched".to_owned(), source })
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

async fn close(mut doors: JoinSet<std::io::Result<()>>) {
    let all = async {
        while let Some(door) = doors.join_next().await {
            if let Err(error) = door.map_err(std::io::Error::other).and_then(|end| end) {
                tracing::warn!(%error, "a listener ended badly");
            }
        }
    };
    if timeout(STOP_DEADLINE, all).await.is_err() {
        tracing::warn!("requests were still running at the deadline and are cut off");
    }
}
