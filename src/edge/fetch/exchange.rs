//! One source asked over HTTP: hop after hop until there is an answer, all within one deadline.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use chrono::TimeDelta;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, DATE};
use url::Url;

use super::Inner;
use super::answer::{self, Meaning};
use super::client::Client;
use super::complaint::Complaint;
use super::freshness::{self, fresh_seconds};
use super::journey::{Head, Heard, Journey, Part, Report};
use super::links::links;
use super::queue::Slot;
use super::redirect::{HOPS_MAX, Route};
use super::request::Letter;
use super::robots::ask::Inquiry;
use crate::edge::clock;
use crate::model::{Answer, Body, FetchError, FetchPolicy, Source, Timestamp, Validators};

/// Asks a source at `url`; secrets go only to the origin of `home`, its configured address. The clock runs only
/// while there is an exchange, not while it waits for its turn.
pub(super) async fn run(
    inner: &Inner,
    source: &Source,
    home: &Url,
    url: &Url,
    validators: &Validators,
) -> (Report, Result<Answer, FetchError>, Slot) {
    let mut route = Route::new(url, HOPS_MAX);
    let (mut report, outcome, slot) =
        match Box::pin(prepare(inner, &source.fetch, &route, home, validators)).await {
            Ok((client, letter)) => {
                let mut journey = Journey::new(inner, &source.fetch, client);
                let outcome = travel(&mut journey, &mut route, source, &letter).await;
                let (report, slot) = journey.end();
                (report, outcome, slot)
            }
            Err(complaint) => (Report::default(), Err(complaint), Slot::none()),
        };
    report.manners.url = Some(shown(route.url()));
    report.manners.permanent = route.permanent().cloned();
    let outcome = outcome.map_err(|complaint| {
        let manners = &mut report.manners;
        manners.retry_after_seconds = manners.retry_after_seconds.max(complaint.retry_after_seconds);
        complaint.about(&route.place())
    });
    (report, outcome, slot)
}

/// What is missing is told before anything is sent.
async fn prepare(
    inner: &Inner,
    policy: &FetchPolicy,
    route: &Route,
    home: &Url,
    validators: &Validators,
) -> Result<(Arc<Client>, Letter), Complaint> {
    route.check(&policy.ports)?;
    let letter = Letter::write(&inner.identity, policy, home, validators).await?;
    Ok((inner.clients.of(policy).await?, letter))
}

async fn travel(
    journey: &mut Journey<'_>,
    route: &mut Route,
    source: &Source,
    letter: &Letter,
) -> Result<Answer, Complaint> {
    let policy = &source.fetch;
    let mut inquiry = Inquiry::default();
    loop {
        inquiry.go_to(journey, letter, route.url()).await?;
        let (url, now) = (route.url(), SystemTime::from(clock::now()));
        let jar = policy.cookies.then_some(&journey.inner.cookies);
        let request = letter.to(url, jar.and_then(|jar| jar.of(&source.id, url, now)))?;
        journey.report.status = None;
        let meaning = |head: &Head| answer::meaning(head.status, &head.headers, letter.known());
        // On the heap, so that the thousands who wait for their turn are small.
        let asking = Box::pin(journey.hear(url, request, journey.time_left(), |head| match meaning(head) {
            Meaning::Document | Meaning::Delta => Part::Whole(policy.body_bytes_max),
            Meaning::Redirect | Meaning::Failure => Part::Aside,
            Meaning::NotModified => Part::None,
        }));
        let Heard { head, body } = asking.await;
        let Some(head) = head else { return Err(body.err().unwrap_or_else(Complaint::of_silence)) };
        let meaning = meaning(&head);
        note(&mut journey.report, &head, meaning);
        hear_time(url, &head);
        let has_new_cookies = jar.is_some_and(|jar| jar.keep(&source.id, url, &head.headers, now));
        let body = body?;
        match meaning {
            Meaning::Redirect => {
                route.follow(head.status, &head.headers, has_new_cookies)?;
                route.check(&policy.ports)?;
            }
            Meaning::Failure => {
                let credentials = letter.sent_credentials(url);
                let for_good = route.is_permanent();
                return Err(answer::failure(head.status, &head.headers, &body, credentials, for_good));
            }
            Meaning::NotModified => {
                said_beside(&mut journey.report, &head, url, now);
                return Ok(Answer::NotModified { validators: answer::validators(&head.headers) });
            }
            Meaning::Document | Meaning::Delta => {
                if let Some(complaint) = answer::walled(head.status, &head.headers, &body) {
                    return Err(complaint);
                }
                said_beside(&mut journey.report, &head, url, now);
                return Ok(Answer::Body(Body {
                    is_delta: meaning == Meaning::Delta,
                    bytes: Bytes::from(body),
                    content_type: content_type(&head.headers),
                    url: shown(url).into(),
                    validators: answer::validators(&head.headers),
                }));
            }
        }
    }
}

/// What a good answer says beside its document.
fn said_beside(report: &mut Report, head: &Head, url: &Url, now: SystemTime) {
    report.manners.fresh_seconds = fresh_seconds(&head.headers, now);
    report.manners.links = links(&head.headers, url);
}

/// Tells the clock what time it is there: the date of the answer and its age since, where a cache has kept it.
fn hear_time(url: &Url, head: &Head) {
    let date = head.headers.get(DATE).and_then(freshness::date).map(Timestamp::from);
    let age = TimeDelta::try_seconds(i64::try_from(freshness::age_seconds(&head.headers)).unwrap_or(0));
    let now = date.zip(age).and_then(|(date, age)| date.checked_add_signed(age));
    if let (Some(host), Some(now)) = (url.host_str(), now) {
        clock::hear(host, now);
    }
}

/// Notes what an answer says beside its body, also where that never comes.
fn note(report: &mut Report, head: &Head, meaning: Meaning) {
    report.status = Some(head.status.as_u16());
    if !matches!(meaning, Meaning::Document | Meaning::Delta) {
        let wait = answer::retry_after_seconds(&head.headers);
        report.manners.retry_after_seconds = report.manners.retry_after_seconds.max(wait);
    }
}

/// `Content-Type` as received; bytes that are no UTF-8 are replaced.
fn content_type(headers: &HeaderMap) -> Option<String> {
    headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// An address as it may be shown: without userinfo.
fn shown(url: &Url) -> Url {
    let mut url = url.clone();
    // Neither call fails for http.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}
