//! The callbacks that hubs know: `/websub/TOKEN`. What comes there is admitted within a budget, answered at once, and
//! read beside the loop, for each source in the order in which it came.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::spawn_blocking;

use super::PushEvent;
use crate::app::daemon::Event;
use crate::edge::serve::{Admission, Envelope, Mail, Pass, Reply};
use crate::edge::websub::{CALLBACK_PATH, Delivery, Question, question};
use crate::model::{Digest, Fetched, Push, Secret, Source, SourceId, Subscription};
use crate::pipeline;
use crate::schedule::push::Heard;

/// Bytes of all deliveries together, from the moment that they are admitted until they are taken in.
const BYTES_MAX: usize = 64 << 20;
/// Deliveries at once.
const DELIVERIES_MAX: usize = 256;
/// Deliveries of one source at once.
const DELIVERIES_OF_ONE_MAX: usize = 8;
/// When a hub that has to wait may try again, in seconds.
const RETRY_SECONDS: u32 = 30;
/// Deliveries that are read at a time.
const READERS_MAX: usize = 2;

/// A delivery that was read.
pub(in crate::app) struct Pushed {
    /// Whose it is.
    pub(in crate::app) source: SourceId,
    /// The callback that it came to.
    pub(in crate::app) token: Secret,
    /// The [`pipeline::configuration`] that it was read under.
    pub(in crate::app) read_as: Digest,
    /// Its length.
    pub(in crate::app) bytes: usize,
    /// What it says, or why it is thrown away.
    pub(in crate::app) brought: Result<Fetched, String>,
    /// Gives room to others when it is dropped.
    pub(in crate::app) pass: Pass,
}

/// All callbacks.
pub(in crate::app) struct Board {
    lines: RwLock<HashMap<Secret, Arc<Line>>>,
    tokens: Mutex<HashMap<SourceId, Vec<Secret>>>,
    site: RwLock<Arc<str>>,
    budget: Arc<Budget>,
    readers: Arc<Semaphore>,
    events: mpsc::Sender<Event>,
    pushed: mpsc::Sender<Pushed>,
}

/// One callback.
struct Line {
    id: SourceId,
    token: Secret,
    secret: Secret,
    /// `None` for one that has left the file, whose hub is still to hear of it.
    source: Option<Arc<Source>>,
    /// The base of relative links.
    base: String,
    state: LineState,
    inbox: Arc<Inbox>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineState {
    /// The hub has not verified it yet.
    Asked,
    Live,
    Leaving,
}

#[derive(Default)]
struct Inbox(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    deliveries: VecDeque<Delivery>,
    /// Whether somebody reads them.
    is_read: bool,
}

/// What is in memory, over all sources and of each.
#[derive(Default)]
struct Budget(Mutex<Used>);

#[derive(Default)]
struct Used {
    bytes: usize,
    count: usize,
    of_each: HashMap<SourceId, usize>,
}

/// Room in the budget; given back when it is dropped.
struct Ticket {
    budget: Arc<Budget>,
    source: SourceId,
    bytes: usize,
}

impl Board {
    pub(super) fn new(site: &str, events: mpsc::Sender<Event>, pushed: mpsc::Sender<Pushed>) -> Self {
        Self {
            lines: RwLock::default(),
            tokens: Mutex::default(),
            site: RwLock::new(site.into()),
            budget: Arc::default(),
            readers: Arc::new(Semaphore::new(READERS_MAX)),
            events,
            pushed,
        }
    }

    /// Our own outputs, below this address, are no sources.
    pub(in crate::app) fn set_site(&self, site: &str) {
        *self.site.write().unwrap_or_else(PoisonError::into_inner) = site.into();
    }

    /// Hangs out the callbacks of a source as they are now, and takes down its others.
    pub(super) fn put(&self, id: &SourceId, push: &Push, source: Option<&Arc<Source>>) {
        let base = push.base.as_ref().map(ToString::to_string);
        let line = |one: &Subscription, state| Line {
            id: id.clone(),
            token: one.token.clone(),
            secret: one.secret.clone(),
            source: source.cloned(),
            base: base.clone().unwrap_or_else(|| one.topic.clone()),
            state,
            inbox: Arc::default(),
        };
        let current = push
            .subscription
            .iter()
            .map(|one| line(one, if one.verified_at.is_some() { LineState::Live } else { LineState::Asked }));
        let leaving = push.leaving.iter().map(|one| line(one, LineState::Leaving));
        let all: Vec<Line> = current.chain(leaving).collect();
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let before = tokens.remove(id).unwrap_or_default();
        if !all.is_empty() {
            tokens.insert(id.clone(), all.iter().map(|line| line.token.clone()).collect());
        } else if before.is_empty() {
            return;
        }
        let mut lines = self.lines.write().unwrap_or_else(PoisonError::into_inner);
        let mut inboxes: HashMap<Secret, Arc<Inbox>> = HashMap::new();
        for token in before {
            inboxes.extend(lines.remove(&token).map(|line| (token, Arc::clone(&line.inbox))));
        }
        for mut line in all {
            line.inbox = inboxes.remove(&line.token).unwrap_or_default();
            lines.insert(line.token.clone(), Arc::new(line));
        }
    }

    fn line(&self, path: &str) -> Option<Arc<Line>> {
        let token = Secret(path.strip_prefix(CALLBACK_PATH)?.to_owned());
        self.lines.read().unwrap_or_else(PoisonError::into_inner).get(&token).cloned()
    }

    /// Says whether a mail is read at all. Who does not know a callback cannot make us hold anything.
    pub(in crate::app) fn admit(&self, envelope: Envelope<'_>) -> Admission {
        let Some(line) = self.line(envelope.path) else { return envelope.nobody() };
        if envelope.method.as_str() != "POST" {
            // A question has no body worth reading.
            return if envelope.bytes == 0 {
                Admission::Read(Pass::default())
            } else {
                envelope.refuse(400, "Nothing is expected here.\n")
            };
        }
        match (line.state, &line.source) {
            (LineState::Leaving, _) => return envelope.refuse(410, "This subscription is over.\n"),
            (LineState::Live, Some(source)) => {
                if envelope.bytes as u64 > source.fetch.body_bytes_max {
                    return envelope.refuse(413, "The document is too long.\n");
                }
            }
            _ => return envelope.nobody(),
        }
        match self.budget.take(&line.id, envelope.bytes) {
            Some(ticket) => Admission::Read(Pass::holding(ticket)),
            None => envelope.put_off(RETRY_SECONDS, "Too much is coming at once.\n"),
        }
    }

    /// Answers what comes to a callback.
    pub(in crate::app) fn take(&self, mail: Mail) -> Reply {
        let line = self.line(&mail.path);
        match (mail.method.as_str(), line) {
            ("GET", Some(line)) => self.answer(mail, &line),
            ("POST", Some(line)) if line.state == LineState::Live => {
                let accepted = mail.says(202, "");
                self.receive(line, Delivery::of(mail));
                Box::pin(async move { accepted })
            }
            (_, None) | ("POST", _) => Box::pin(async move { mail.nobody() }),
            _ => Box::pin(async move { mail.not_allowed("GET, POST") }),
        }
    }

    fn answer(&self, mail: Mail, line: &Line) -> Reply {
        let Some(Question { intent, challenge }) = mail.query.as_deref().and_then(question) else {
            return Box::pin(async move { mail.nobody() });
        };
        let (reply, heard) = oneshot::channel();
        let said = PushEvent::Said { source: line.id.clone(), token: line.token.clone(), intent, reply };
        let events = self.events.clone();
        Box::pin(async move {
            // A loop that has ended wants nothing any more.
            let _ = events.send(Event::Push(said)).await;
            match heard.await.unwrap_or(Heard::Unknown) {
                Heard::Wanted => mail.echo(challenge),
                Heard::Noted => mail.echo(String::new()),
                Heard::Unknown => mail.nobody(),
            }
        })
    }

    /// Puts a delivery into the inbox of its source, and sees to it that somebody reads it.
    fn receive(&self, line: Arc<Line>, delivery: Delivery) {
        let mut waiting = line.inbox.lock();
        waiting.deliveries.push_back(delivery);
        if std::mem::replace(&mut waiting.is_read, true) {
            return;
        }
        drop(waiting);
        let (readers, pushed) = (Arc::clone(&self.readers), self.pushed.clone());
        let site = Arc::clone(&self.site.read().unwrap_or_else(PoisonError::into_inner));
        tokio::spawn(async move {
            while let Some(delivery) = line.inbox.next() {
                // It is never closed.
                let _turn = readers.acquire().await;
                let (line, site) = (Arc::clone(&line), Arc::clone(&site));
                let reading = spawn_blocking(move || read(&line, &site, delivery));
                match reading.await {
                    Ok(one) => {
                        if pushed.send(one).await.is_err() {
                            return;
                        }
                    }
                    Err(error) => {
                        tracing::error!(%error, "a pushed document made nashra fail; please report it");
                    }
                }
            }
        });
    }
}

/// Checks the signature, and only then looks at the document.
fn read(line: &Line, site: &str, mut delivery: Delivery) -> Pushed {
    let bytes = delivery.bytes();
    let pass = std::mem::take(&mut delivery.pass);
    let (read_as, brought) = match &line.source {
        Some(source) => {
            let opened = delivery.open(&line.secret, &line.base).map_err(|refusal| refusal.to_string());
            let brought = opened.map(|retrieved| pipeline::read(source, None, site, retrieved));
            (pipeline::configuration(source), brought)
        }
        None => (Digest([0; 16]), Err("its source has left".to_owned())),
    };
    Pushed { source: line.id.clone(), token: line.token.clone(), read_as, bytes, brought, pass }
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next delivery; where there is none, nobody reads from now on.
    fn next(&self) -> Option<Delivery> {
        let mut waiting = self.lock();
        let next = waiting.deliveries.pop_front();
        waiting.is_read = next.is_some();
        next
    }
}

impl Budget {
    fn lock(&self) -> MutexGuard<'_, Used> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(self: &Arc<Self>, source: &SourceId, bytes: usize) -> Option<Ticket> {
        let mut used = self.lock();
        let of_this = used.of_each.get(source).copied().unwrap_or(0);
        let is_full = used.count >= DELIVERIES_MAX
            || of_this >= DELIVERIES_OF_ONE_MAX
            || used.bytes.saturating_add(bytes) > BYTES_MAX;
        if is_full {
            return None;
        }
        used.bytes += bytes;
        used.count += 1;
        used.of_each.insert(source.clone(), of_this + 1);
        Some(Ticket { budget: Arc::clone(self), source: source.clone(), bytes })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut used = self.budget.lock();
        used.bytes = used.bytes.saturating_sub(self.bytes);
        used.count = used.count.saturating_sub(1);
        if let Some(count) = used.of_each.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                used.of_each.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_kept() {
        let (budget, id) = (Arc::<Budget>::default(), |name: &str| SourceId(name.to_owned()));
        let of_one: Vec<Ticket> =
            (0..DELIVERIES_OF_ONE_MAX).filter_map(|_| budget.take(&id("a"), 1)).collect();
        assert_eq!(of_one.len(), DELIVERIES_OF_ONE_MAX);
        assert!(budget.take(&id("a"), 1).is_none());
        assert!(budget.take(&id("b"), BYTES_MAX).is_none());
        let large = budget.take(&id("b"), BYTES_MAX - of_one.len());
        assert!(large.is_some() && budget.take(&id("c"), 1).is_none());
        drop((of_one, large));
        assert!(budget.take(&id("a"), BYTES_MAX).is_some());
        let many: Vec<Ticket> =
            (0..2 * DELIVERIES_MAX).filter_map(|n| budget.take(&id(&n.to_string()), 1)).collect();
        assert_eq!(many.len(), DELIVERIES_MAX);
        drop(many);
        assert!(budget.lock().of_each.is_empty());
    }
}
