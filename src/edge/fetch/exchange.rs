//! One source asked over HTTP: hop after hop until there is an answer, all within one deadline.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap};
use hyper_util::client::legacy::connect::CaptureConnection;
use tokio::time::timeout;
use url::Url;

use super::answer::{self, Meaning};
use super::client::Client;
use super::complaint::{Complaint, duration};
use super::queue::{Slot, Turn};
use super::redirect::Route;
use super::request::Letter;
use super::{Inner, body};
use crate::model::{Answer, Body, FetchError, FetchErrorKind, FetchPolicy, Manners, Validators};

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

/// What one hop brought.
enum Heard {
    Answer(Answer),
    Redirect(HeaderMap),
}

/// How far a hop has come, for the words when its time is over.
#[derive(Default)]
struct Progress {
    connection: Option<CaptureConnection>,
    status: Option<u16>,
    wire_bytes: u64,
}

/// Asks a source at `url`; secrets go only to the origin of `home`, its configured address. The clock runs only while there is an exchange, not while it waits for its turn.
pub(super) async fn run(
    inner: &Inner,
    policy: &FetchPolicy,
    home: &Url,
    url: &Url,
    validators: &Validators,
) -> (Report, Result<Answer, FetchError>, Slot) {
    let mut report = Report::default();
    let mut route = Route::new(url);
    let mut turn = match inner.queue.turn(policy, url, policy.hints.crawl_delay).await {
        Ok(turn) => turn,
        Err(complaint) => {
            report.manners.retry_after_seconds = complaint.retry_after_seconds;
            return (report, Err(complaint.about(&route.place())), Slot::none());
        }
    };
    let outcome = hops(inner, policy, home, validators, &mut route, &mut turn, &mut report).await;
    report.manners.url = Some(route.url().clone());
    let outcome = outcome.map_err(|complaint| {
        report.manners.retry_after_seconds = complaint.retry_after_seconds;
        complaint.about(&route.place())
    });
    (report, outcome, turn.end())
}

async fn hops(
    inner: &Inner,
    policy: &FetchPolicy,
    home: &Url,
    validators: &Validators,
    route: &mut Route,
    turn: &mut Turn,
    report: &mut Report,
) -> Result<Answer, Complaint> {
    route.check(&policy.ports)?;
    let letter = Letter::write(&inner.identity, policy, home, validators).await?;
    let client = inner.clients.of(policy).await?;
    loop {
        let (began, mut progress) = (Instant::now(), Progress::default());
        let left = policy.timeout.saturating_sub(report.elapsed);
        let asking = ask(&client, &letter, route.url(), policy, inner, &mut progress);
        let heard = timeout(left, asking).await;
        report.elapsed += began.elapsed();
        report.wire_bytes += progress.wire_bytes;
        report.status = progress.status;
        let headers = match heard.map_err(|_| progress.out_of_time(left, policy.timeout))?? {
            Heard::Answer(answer) => return Ok(answer),
            Heard::Redirect(headers) => headers,
        };
        route.follow(&headers).map_err(|mut complaint| {
            complaint.retry_after_seconds = answer::retry_after_seconds(&headers);
            complaint
        })?;
        route.check(&policy.ports)?;
        turn.go_to(route.url(), policy.hints.crawl_delay).await?;
    }
}

/// One request and its answer.
async fn ask(
    client: &Client,
    letter: &Letter,
    url: &Url,
    policy: &FetchPolicy,
    inner: &Inner,
    progress: &mut Progress,
) -> Result<Heard, Complaint> {
    let patience = &inner.patience;
    let sent = client.send(letter.to(url)?, |connection| progress.connection = Some(connection)).await;
    let (response, _in_use) = sent.map_err(|error| Complaint::of_client(&error))?;
    let (head, body) = response.into_parts();
    progress.status = Some(head.status.as_u16());
    inner.queue.note(url, head.status.as_u16(), &head.headers);
    let wire_bytes = &mut progress.wire_bytes;
    match answer::meaning(head.status, letter.is_conditional()) {
        Meaning::Document => {
            let bytes =
                body::document(&head.headers, body, policy.body_bytes_max, patience, wire_bytes).await?;
            Ok(Heard::Answer(Answer::Body(Body {
                is_delta: false,
                bytes: Bytes::from(bytes),
                content_type: content_type(&head.headers),
                url: address(url),
                validators: answer::validators(&head.headers),
            })))
        }
        Meaning::NotModified => {
            Ok(Heard::Answer(Answer::NotModified { validators: answer::validators(&head.headers) }))
        }
        Meaning::Redirect => {
            body::aside(body, patience, wire_bytes).await;
            Ok(Heard::Redirect(head.headers))
        }
        Meaning::Failure => {
            let beginning = body::aside(body, patience, wire_bytes).await;
            let credentials = letter.sent_credentials(url);
            Err(answer::failure(head.status, &head.headers, &beginning, credentials))
        }
    }
}

impl Progress {
    /// `left` is what this hop had of the whole time.
    fn out_of_time(&self, left: Duration, time_max: Duration) -> Complaint {
        let connected = self.connection.as_ref().is_some_and(|one| one.connection_metadata().is_some());
        let time = duration(time_max);
        match self.status {
            // Only who had the whole time can be said to be unreachable.
            None if !connected && left == time_max => {
                Complaint::new(FetchErrorKind::Connect, format!("accepted no connection within {time}"))
            }
            None => {
                let says = format!("did not answer within {time}: raise timeout if it is that slow");
                Complaint::new(FetchErrorKind::Timeout, says)
            }
            Some(_) => {
                let bytes = self.wire_bytes;
                let says = format!(
                    "did not finish its answer within {time}, {bytes} bytes came: raise timeout if it is that slow"
                );
                Complaint::new(FetchErrorKind::Timeout, says)
            }
        }
    }
}

/// `Content-Type` as received; bytes that are no UTF-8 are replaced.
fn content_type(headers: &HeaderMap) -> Option<String> {
    headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// An address as it may be shown: without userinfo.
fn address(url: &Url) -> String {
    let mut url = url.clone();
    // Neither call fails for http.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}
