//! Opening and closing the doors around the daemon, and the round that needs none of them.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::error::{SendError, TrySendError};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinError, JoinSet};

use super::admin::Admin;
use super::binder::Binder;
use super::daemon::{Daemon, Event, Over};
use super::ending::{End, History, close};
use super::hub::{self, HubLink};
use super::items::Items;
use super::jobs::{self, Report, Summary};
use super::mail::Post;
use super::opening::{self, Looker, Repair};
use super::packing::keep_packed;
use super::poller::{Caught, Poller, said};
use super::pushes::Pushes;
use super::row::Row;
use super::snapshots::Keeper;
use super::writer::Writer;
use super::{AppError, socket};
use crate::config::Config;
use crate::edge::admin::AdminApi;
use crate::edge::hub::Hub;
use crate::edge::listeners::Listeners;
use crate::edge::store::Lock;
use crate::edge::watch::Watch;
use crate::edge::{admin, clock, fault, serve, stop, systemd};

const SIGXFSZ: i32 = 25;
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

/// Runs until a signal stops it, or until only a new beginning can help. `config` is what `options.config_path` said at
/// start, `given` the listeners that were there before us.
///
/// This is to be what the runtime blocks on, not a task: the loop calls the store, which waits for the disk,
/// and on a worker thread that would hold up readers.
pub async fn run(options: Options, config: Config, given: Listeners) -> Result<End, AppError> {
    let history = History::read();
    outlive_size_limits();
    let (listener, admin_listener, kept) = listen(&config, given).await?;
    let listen = local_address(&listener)?;
    let admin_listen = admin_listener.as_ref().map(local_address).transpose()?;
    let ours: Vec<SocketAddr> = [Some(listen), admin_listen].into_iter().flatten().collect();
    let admin_listen = admin_listen.map(tracing::field::display);
    // After a restart in place the watchdog is on.
    if history.is_restart() {
        systemd::watchdog();
    }
    let (writer, repairs) = systemd::patiently(|| open_store(&options, &config))?;
    let store = Arc::clone(&writer.store);
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
    let folder = options.state_folder.clone();
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
    if history.is_restart() {
        systemd::status("");
    }
    systemd::ready();
    let over = tokio::select! {
        lived = Caught::new(daemon.live(results, events, deliveries)) => lived.unwrap_or_else(|panic| {
            Over::Failed(format!("the loop failed; please report it ({})", said(&panic)))
        }),
        // Without its doors a daemon is of no use.
        lost = doors.join_next() => Over::Failed(format!("a listener was lost: {}", why_lost(lost))),
    };
    let is_whole = matches!(over, Over::Stopped | Over::Restart(_));
    if is_whole {
        // Polls that are committed but were still to be published.
        daemon.report_committed();
    }
    let end = history.end(over, kept, &impatient, &folder).await;
    // Receivers live in the doors; those that have closed already do not need to hear it.
    let _ = stop.send(true);
    close(doors, &end, &impatient).await;
    if !is_whole {
        // What is broken may never be closed; what was to be durable is.
        std::mem::forget((daemon, store));
        return Ok(end);
    }
    daemon.keep_clicks();
    keeper.stop();
    if let Err(error) = store.flush() {
        // It has been told, and what is not durable was shown to nobody.
        tracing::error!(%error, "the store could not be flushed");
    }
    clock::write();
    if matches!(end, End::Stopped) {
        tracing::info!("nashra stopped");
    }
    Ok(end)
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

/// The one writer over the open store, and what was mended of it.
fn open_store(options: &Options, config: &Config) -> Result<(Writer, Vec<Repair>), AppError> {
    let opened = opening::open(Lock::take(&options.state_folder)?, options.looker.as_ref())?;
    let writer = Writer::new(Arc::new(opened.store), config, clock::now())?;
    opening::note_standing(&options.state_folder);
    Ok((writer, opened.repairs))
}

/// Who writes beyond the limit on a file's size (`setrlimit(2)`) hears of it by the error, and is not killed.
fn outlive_size_limits() {
    if let Err(error) = signal(SignalKind::from_raw(SIGXFSZ)) {
        tracing::warn!(%error, "a limit on the size of files would end this process");
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

/// The listener for readers and the one for admins, and another hold on both. What was there before us goes before what
/// feeds.toml says.
async fn listen(
    config: &Config,
    given: Listeners,
) -> Result<(TcpListener, Option<TcpListener>, Listeners), AppError> {
    let public = bind(given.public, Some(config.server.listen), "listen").await?;
    let admin = bind(given.admin, config.server.admin, "admin").await?;
    let held = Listeners { public, admin };
    let failed = |source| AppError::Io { what: "the listeners cannot be held".to_owned(), source };
    let kept = held.try_clone().map_err(failed)?;
    let public = held.public.map(TcpListener::from_std).transpose().map_err(failed)?;
    let public = public.ok_or_else(|| failed(std::io::Error::other("there is none")))?;
    Ok((public, held.admin.map(TcpListener::from_std).transpose().map_err(failed)?, kept))
}

/// The listener that is there already, or else one at `wanted`, which is what feeds.toml says under `key`.
async fn bind(
    given: Option<std::net::TcpListener>,
    wanted: Option<SocketAddr>,
    key: &str,
) -> Result<Option<std::net::TcpListener>, AppError> {
    let Some(given) = given else {
        let Some(address) = wanted else { return Ok(None) };
        let failed = |source| AppError::Io { what: format!("cannot listen on {address}"), source };
        let listener = TcpListener::bind(address).await.and_then(TcpListener::into_std);
        return listener.map(Some).map_err(failed);
    };
    let failed = |source| AppError::Io { what: "the listener has no address".to_owned(), source };
    let listen = given.local_addr().map_err(failed)?;
    let is_as_wanted = wanted.is_some_and(|wanted| listen == wanted || wanted.port() == 0);
    if !is_as_wanted {
        let wanted = wanted.map(tracing::field::display);
        tracing::warn!(%listen, wanted, "the socket was given to nashra: what feeds.toml says under server.{key} does not count");
    }
    Ok(Some(given))
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

/// Why a door has closed that nobody closed.
fn why_lost(lost: Option<Result<std::io::Result<()>, JoinError>>) -> String {
    let end = lost.map(|lost| lost.map_err(std::io::Error::other).and_then(|end| end));
    end.and_then(Result::err).map_or_else(|| "it ended by itself".to_owned(), |error| error.to_string())
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
    let tell = move |_| match events.try_send(Event::Clock) {
        Err(TrySendError::Closed(_)) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
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
