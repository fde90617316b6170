//! Between serving and polling: the store is opened beside the reactor, while readers see what was shown last.

use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::AppError;
use super::admin::{self, Admin};
use super::daemon::Event;
use super::ending::close_store;
use super::items::Items;
use super::mail::Post;
use super::opening::{self, Repair};
use super::shown::Shown;
use super::writer::Writer;
use crate::config::Config;
use crate::edge::admin::{AdminApi, AdminRequest, AdminResponse, Taker};
use crate::edge::serve::{Admission, Envelope, Mail, Mailbox, Pages, Reply, STARTING_SECONDS};
use crate::edge::store::{Helper, Lock, Obstacle, StoreError};
use crate::edge::{clock, systemd};
use crate::model::Document;

/// How long a command waits for the store. Opening takes a moment; to build it anew may take minutes, and who asks
/// then is told so.
const COMMAND_PATIENCE: Duration = Duration::from_secs(10);
/// How long the service manager is told that all is well, though the store is not open. A large one that is built anew
/// takes its time, and readers are served meanwhile; beyond this it hangs.
const PATIENCE: Duration = Duration::from_secs(3600);
/// How long a stop waits for a store that was about to be open, and how often it looks whether it is closed.
const CLOSING: Duration = Duration::from_secs(5);
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
const STARTING: &str = "nashra is opening its store: try again in a moment";

/// What lies behind the store, once that is open.
pub(super) struct Behind {
    pub(super) items: Items,
    pub(super) post: Post,
    pub(super) admin: Admin,
}

/// How far a start has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Opening,
    Open,
    /// It was told to stop.
    Over,
}

/// The doors to what lies behind the store. Until it is open, they say that it is not.
pub(super) struct Porch {
    behind: OnceLock<Behind>,
    /// Rings when it is there, and when it will never be.
    stage: watch::Sender<Stage>,
    /// What the opening waits for.
    waits: Mutex<Option<Obstacle>>,
    sources: usize,
}

impl Porch {
    pub(super) fn new(config: &Config) -> Arc<Self> {
        let (behind, stage) = (OnceLock::new(), watch::Sender::new(Stage::Opening));
        Arc::new(Self { behind, stage, waits: Mutex::default(), sources: config.sources.len() })
    }

    /// What the opening of the store waits for.
    fn waits(&self) -> Option<Obstacle> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn note_waiting(&self, obstacle: Obstacle) {
        *self.waits.lock().unwrap_or_else(PoisonError::into_inner) = Some(obstacle);
    }

    /// Opens the doors.
    pub(super) fn open(&self, behind: Behind) {
        // Nobody else does.
        let _ = self.behind.set(behind);
        self.stage.send_replace(Stage::Open);
    }

    /// They will not open any more: nobody waits for that.
    pub(super) fn close(&self) {
        self.stage.send_replace(Stage::Over);
    }
}

impl Pages for Porch {
    fn page(&self, path: &str, query: Option<&str>) -> Option<Arc<Document>> {
        self.behind.get()?.items.page(path, query)
    }

    fn open(&self, key: &str, is_reader: bool) -> Option<String> {
        self.behind.get()?.items.open(key, is_reader)
    }

    fn is_gone(&self, path: &str) -> bool {
        self.behind.get().is_some_and(|behind| behind.items.is_gone(path))
    }

    fn trouble(&self) -> Option<&'static str> {
        match self.behind.get() {
            Some(behind) => behind.items.trouble(),
            None => Some(self.waits()?.kind.words()),
        }
    }

    fn is_open(&self) -> bool {
        self.behind.get().is_some()
    }
}

impl Mailbox for Porch {
    fn admit(&self, envelope: Envelope<'_>) -> Admission {
        match self.behind.get() {
            Some(behind) => behind.post.admit(envelope),
            None => envelope.put_off(STARTING_SECONDS, "This site is starting: try again soon.\n"),
        }
    }

    fn take(&self, mail: Mail) -> Reply {
        match self.behind.get() {
            Some(behind) => behind.post.take(mail),
            // None was admitted.
            None => Box::pin(async move { mail.nobody() }),
        }
    }
}

/// The doors for the command line.
pub(super) struct Gate(pub(super) Arc<Porch>);

impl AdminApi for Gate {
    fn taker(&self, request: &AdminRequest) -> Option<Taker> {
        match self.0.behind.get() {
            Some(behind) => behind.admin.taker(request),
            None if admin::takes(request) => {
                Some(Box::new(|_| Box::pin(async { AdminResponse::text(503, STARTING) })))
            }
            None => None,
        }
    }

    fn handle(&self, request: AdminRequest) -> Pin<Box<dyn Future<Output = AdminResponse> + Send>> {
        if let Some(behind) = self.0.behind.get() {
            return behind.admin.handle(request);
        }
        let porch = Arc::clone(&self.0);
        Box::pin(async move {
            if request.path == "/healthz" {
                let waits = porch.waits();
                let health = serde_json::json!({
                    "status": if waits.is_some() { "degraded" } else { "starting" },
                    "trouble": waits.map(|obstacle| serde_json::json!({
                        "kind": obstacle.kind.word(),
                        "why": obstacle.to_string(),
                    })),
                    "version": env!("CARGO_PKG_VERSION"),
                    "sources": porch.sources,
                });
                return AdminResponse::json(200, &health);
            }
            let mut stage = porch.stage.subscribe();
            // Where it takes too long, the stage says so.
            let _ = timeout(COMMAND_PATIENCE, stage.wait_for(|stage| *stage != Stage::Opening)).await;
            match porch.behind.get() {
                Some(behind) => behind.admin.handle(request).await,
                None if *porch.stage.borrow() == Stage::Over => {
                    AdminResponse::text(503, "nashra is stopping")
                }
                None => AdminResponse::text(503, STARTING),
            }
        })
    }
}

/// What a start comes to.
pub(super) struct Opened {
    pub(super) writer: Writer,
    /// What the admin is to hear of the store.
    pub(super) repairs: Vec<Repair>,
}

/// The store on its way.
pub(super) struct Opening {
    done: oneshot::Receiver<Result<Opened, AppError>>,
    thread: JoinHandle<()>,
}

impl Opening {
    /// Waits until the store that nobody wants any more is closed, so that the next start need not look it through; but
    /// not for long, for to be killed meanwhile harms no store.
    async fn give_up(self, porch: &Porch) {
        // Whoever is about to hand it over closes it instead.
        drop(self.done);
        let end = Instant::now() + CLOSING;
        while !self.thread.is_finished() && porch.waits().is_none() && Instant::now() < end {
            sleep(LOOK_INTERVAL).await;
        }
    }
}

/// Opens the store, and shows what it holds in place of what was shown last. On a thread of its own, so that a process
/// that is told to end need not wait for it.
pub(super) fn begin(
    lock: Lock,
    helper: Option<Helper>,
    shown: Shown,
    config: Arc<Config>,
    porch: &Arc<Porch>,
) -> Result<Opening, AppError> {
    let (done, opened) = oneshot::channel();
    let porch = Arc::clone(porch);
    let open = move || {
        let folder = lock.folder().to_path_buf();
        let opening::Opened { store, repairs } =
            opening::open(lock, helper.as_ref(), &|waits| porch.note_waiting(waits))?;
        let store = Arc::new(store);
        let writer =
            Writer::behind(shown, Arc::clone(&store), &config, clock::now()).inspect_err(|error| {
                if error.is_fatal() {
                    // What is broken may never be closed.
                    std::mem::forget(Arc::clone(&store));
                }
            })?;
        opening::note_standing(&folder);
        Ok(Opened { writer, repairs })
    };
    let begun = thread::Builder::new().name("opening".to_owned()).spawn(move || {
        if let Err(Ok(Opened { writer, .. })) = done.send(open()) {
            // Nobody hears it: the process is about to end.
            let store = Arc::clone(&writer.store);
            writer.stop_reading();
            drop(writer);
            close_store(store);
        }
    });
    let failed = |source| AppError::Io { what: "the store cannot be opened".to_owned(), source };
    Ok(Opening { done: opened, thread: begun.map_err(failed)? })
}

/// Waits for that. The service manager hears meanwhile that this is alive, as long as the work is not given up for
/// hanging. Breaks where it is told to end; gives back whether it was told to reload.
pub(super) async fn wait(
    mut opening: Opening,
    events: &mut mpsc::Receiver<Event>,
    porch: &Porch,
) -> ControlFlow<(), (Result<Opened, AppError>, bool)> {
    let (begun, mut reload) = (Instant::now(), false);
    let rhythm = systemd::watchdog_interval().map(|interval| interval / 2);
    loop {
        let next = Instant::now() + rhythm.unwrap_or(PATIENCE);
        tokio::select! {
            done = &mut opening.done => {
                // What it does not survive may be what it holds.
                let lost = || StoreError::Damaged {
                    place: "db".to_owned(),
                    why: "whoever opened it has panicked; please report it".to_owned(),
                };
                return ControlFlow::Continue((done.unwrap_or_else(|_| Err(lost().into())), reload));
            }
            event = events.recv() => match event {
                Some(Event::Stop) | None => {
                    opening.give_up(porch).await;
                    return ControlFlow::Break(());
                }
                Some(Event::Reload) => reload = true,
                // All others come through doors that are not open yet.
                Some(_) => {}
            },
            () = sleep_until(next) => {
                if rhythm.is_some() && (begun.elapsed() < PATIENCE || porch.waits().is_some()) {
                    systemd::watchdog();
                }
            }
        }
    }
}
