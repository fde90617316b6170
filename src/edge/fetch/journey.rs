//! One exchange under way: its turn, its clock and its account. Every request of it is made here.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::Empty;
use hyper_util::client::legacy::connect::CaptureConnection;
use tokio::time::timeout;
use url::Url;

use super::client::Client;
use super::complaint::{Complaint, duration};
use super::host::host_of;
use super::queue::{Slot, Turn};
use super::{Inner, body};
use crate::model::{FetchErrorKind, FetchPolicy, Hop, Manners};

/// What an exchange cost.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Without the time that was spent waiting for a turn.
    pub(super) elapsed: Duration,
    /// Bytes of bodies as they came, over all hops.
    pub(super) wire_bytes: u64,
    pub(super) status: Option<u16>,
    pub(super) manners: Manners,
}

/// One exchange under way.
pub(super) struct Journey<'a> {
    pub(super) inner: &'a Inner,
    pub(super) policy: &'a FetchPolicy,
    pub(super) report: Report,
    client: Arc<Client>,
    turn: Option<Turn>,
}

/// How much of a body is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// All of it, or it is too large.
    Whole(u64),
    /// So many bytes.
    Beginning(u64),
    /// What comes quickly.
    Aside,
    None,
}

/// What came of one request.
pub(super) struct Heard {
    /// The head of the answer; `None` where there is none.
    pub(super) head: Option<Head>,
    /// The part of the body that was wanted, or what went wrong.
    pub(super) body: Result<Vec<u8>, Complaint>,
}

pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
}

/// How far a request has come, for the words when its time is over.
#[derive(Default)]
struct Progress {
    connection: Option<CaptureConnection>,
    head: Option<Head>,
    wire_bytes: u64,
}

impl<'a> Journey<'a> {
    pub(super) fn new(inner: &'a Inner, policy: &'a FetchPolicy, client: Arc<Client>) -> Self {
        Self { inner, policy, report: Report::default(), client, turn: None }
    }

    /// Waits for the turn at the host of `url`.
    pub(super) async fn go_to(&mut self, url: &Url) -> Result<(), Complaint> {
        let heed_spacing = self.policy.hints.crawl_delay;
        if let Some(turn) = &mut self.turn {
            return turn.go_to(url, heed_spacing).await;
        }
        self.turn = Some(self.inner.queue.turn(self.policy, url, heed_spacing).await?);
        Ok(())
    }

    /// Gives back all that others may wait for.
    pub(super) fn rest(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.rest();
        }
    }

    /// Stands in line like somebody who has only come.
    pub(super) fn begin_again(&mut self) {
        self.turn = None;
    }

    /// The time that is left of the whole.
    pub(super) fn time_left(&self) -> Duration {
        self.policy.timeout.saturating_sub(self.report.elapsed)
    }

    /// The account, and the slot that is held still.
    pub(super) fn end(self) -> (Report, Slot) {
        (self.report, self.turn.map_or_else(Slot::none, Turn::end))
    }

    /// One request and its answer, in `time_max`; `wanted` says how much of the body is read.
    pub(super) async fn hear(
        &mut self,
        url: &Url,
        request: Request<Empty<Bytes>>,
        time_max: Duration,
        wanted: impl Fn(&Head) -> Part,
    ) -> Heard {
        let (began, mut progress) = (Instant::now(), Progress::default());
        let outcome = timeout(time_max, self.ask(request, wanted, &mut progress)).await;
        self.report.elapsed += began.elapsed();
        self.report.wire_bytes += progress.wire_bytes;
        let status = progress.head.as_ref().map(|head| head.status.as_u16());
        self.report.manners.hops.push(Hop { host: host_of(url), status, wire_bytes: progress.wire_bytes });
        if let Some(head) = &progress.head {
            self.inner.queue.note(url, head.status.as_u16(), &head.headers);
        }
        let body = outcome.unwrap_or_else(|_| Err(progress.out_of_time(time_max, self.policy.timeout)));
        Heard { head: progress.head, body }
    }

    async fn ask(
        &mut self,
        request: Request<Empty<Bytes>>,
        wanted: impl Fn(&Head) -> Part,
        progress: &mut Progress,
    ) -> Result<Vec<u8>, Complaint> {
        let sending = self.client.send(request, |connection| progress.connection = Some(connection));
        let mut sending = pin!(sending);
        let sent = if let Ok(sent) = timeout(self.inner.patience.slot, sending.as_mut()).await {
            sent
        } else {
            self.turn.iter_mut().for_each(Turn::lend_slot);
            sending.await
        };
        let (response, _in_use) = sent.map_err(|error| Complaint::of_client(&error))?;
        let (parts, body) = response.into_parts();
        let head = progress.head.insert(Head { status: parts.status, headers: parts.headers });
        if let Some(turn) = &mut self.turn {
            turn.take_slot_back().await;
        }
        let (patience, wire_bytes) = (&self.inner.patience, &mut progress.wire_bytes);
        match wanted(head) {
            Part::Whole(bytes_max) => {
                body::document(&head.headers, body, bytes_max, patience, wire_bytes).await
            }
            Part::Beginning(bytes_max) => {
                body::beginning(&head.headers, body, bytes_max, patience, wire_bytes).await
            }
            Part::Aside => Ok(body::aside(&head.headers, body, patience, wire_bytes).await),
            Part::None => Ok(vec![]),
        }
    }
}

impl Progress {
    /// `left` is what this request had of the whole time.
    fn out_of_time(&self, left: Duration, time_max: Duration) -> Complaint {
        let connected = self.connection.as_ref().is_some_and(|one| one.connection_metadata().is_some());
        let time = duration(time_max);
        if self.head.is_some() {
            let bytes = self.wire_bytes;
            let says = format!(
                "did not finish its answer within {time}, {bytes} bytes came: raise timeout if it is that slow"
            );
            return Complaint::new(FetchErrorKind::Timeout, says);
        }
        // Only who had the whole time can be said to be unreachable.
        if !connected && left == time_max {
            return Complaint::new(FetchErrorKind::Connect, format!("accepted no connection within {time}"));
        }
        let says = format!("did not answer within {time}: raise timeout if it is that slow");
        Complaint::new(FetchErrorKind::Timeout, says)
    }
}
