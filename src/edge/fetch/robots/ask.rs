//! What robots.txt has to say before an address is asked: fetched where it is not known, and obeyed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use url::Url;

use super::super::answer::retry_after_seconds;
use super::super::complaint::Complaint;
use super::super::journey::{Head, Heard, Journey, Part};
use super::super::redirect::Route;
use super::super::request::Letter;
use super::book::{Look, Rulebook};
use super::{BYTES_MAX, Robots};
use crate::model::FetchErrorKind;

/// A longer `Crawl-delay` counts as this long: it is kept by all sources of a host together.
const DELAY_MAX: Duration = Duration::from_secs(3600);
/// Redirects of a robots.txt that are followed (RFC 9309 §2.3.1.2).
const HOPS_MAX: usize = 5;
/// What is read of one, decoded: a piece more than counts.
const READ_BYTES_MAX: u64 = BYTES_MAX as u64 + (64 << 10);
/// The part of the time for a whole exchange that its robots.txt may take.
const TIME_SHARE: u32 = 3;

/// The questions of one exchange.
#[derive(Default)]
pub(in super::super) struct Inquiry {
    /// The origins that were looked up, and what was found.
    asked: Vec<(String, Option<Rulebook>)>,
}

impl Inquiry {
    /// Goes to the host of `url`, where its robots.txt lets us, in the pace that it wants. Fails where it
    /// forbids the address, and where the host is to be left alone.
    pub(in super::super) async fn go_to(
        &mut self,
        journey: &mut Journey<'_>,
        letter: &Letter,
        url: &Url,
    ) -> Result<(), Complaint> {
        let policy = journey.policy;
        if policy.robots || policy.hints.crawl_delay {
            let rulebook = self.look(journey, letter, url).await?;
            if policy.robots {
                permit(rulebook.as_ref(), url)?;
            }
        }
        journey.go_to(url).await
    }

    /// Finds out what is to be known of the origin of `url`.
    async fn look(
        &mut self,
        journey: &mut Journey<'_>,
        letter: &Letter,
        url: &Url,
    ) -> Result<Option<Rulebook>, Complaint> {
        let origin = url.origin().ascii_serialization();
        if let Some((_, rulebook)) = self.asked.iter().find(|(known, _)| *known == origin) {
            return Ok(rulebook.clone());
        }
        let book = &journey.inner.book;
        let rulebook = match book.look(&origin, journey.policy.robots, Instant::now()) {
            Look::FirstTime => None,
            Look::Known(rulebook) => {
                space(journey, url, &rulebook);
                Some(rulebook)
            }
            Look::Unknown(one_at_a_time) => {
                // Whoever stands in line here keeps nobody waiting elsewhere.
                journey.rest();
                let _alone = one_at_a_time.lock().await;
                let rulebook = if let Some(rulebook) = book.known(&origin, Instant::now()) {
                    rulebook
                } else {
                    // On the heap: few ask, and thousands wait.
                    let rulebook = Box::pin(fetch(journey, letter, url)).await?;
                    book.keep(&origin, rulebook.clone(), Instant::now());
                    rulebook
                };
                if space(journey, url, &rulebook) && self.asked.is_empty() {
                    journey.begin_again();
                }
                Some(rulebook)
            }
        };
        self.asked.push((origin, rulebook.clone()));
        Ok(rulebook)
    }
}

/// Tells the queue how far apart requests shall be. Whether they shall.
fn space(journey: &Journey<'_>, url: &Url, rulebook: &Rulebook) -> bool {
    let policy = journey.policy;
    let delay = match rulebook {
        Rulebook::Read(robots) if policy.hints.crawl_delay => robots.crawl_delay(),
        _ => None,
    };
    match delay.filter(|delay| !delay.is_zero()) {
        Some(delay) => {
            journey.inner.queue.space(url, delay.min(policy.max_interval).min(DELAY_MAX));
            true
        }
        None => false,
    }
}

/// Whether an address may be asked, in words where it may not.
fn permit(rulebook: Option<&Rulebook>, url: &Url) -> Result<(), Complaint> {
    let says = match rulebook {
        Some(Rulebook::Read(robots)) => match robots.forbidding(url) {
            None => return Ok(()),
            Some(rule) => format!(
                "was not asked: its robots.txt forbids that (Disallow: {rule}); ask the publisher or set \
                 robots = false"
            ),
        },
        Some(Rulebook::Unreadable(why)) => format!(
            "was not asked: its robots.txt {why}, and until it can be read everything counts as forbidden; we \
             shall ask again later"
        ),
        None => "was not asked: its robots.txt is not known".to_owned(),
    };
    Err(Complaint::new(FetchErrorKind::Robots, says))
}

/// Fetches the robots.txt of the origin of `url` (RFC 9309 §2.3). Fails only where nothing was asked.
async fn fetch(journey: &mut Journey<'_>, letter: &Letter, url: &Url) -> Result<Rulebook, Complaint> {
    let mut place = url.clone();
    place.set_path("/robots.txt");
    place.set_query(None);
    place.set_fragment(None);
    let mut route = Route::new(&place, HOPS_MAX);
    let time_max = journey.time_left() / TIME_SHARE;
    let began = journey.report.elapsed;
    journey.go_to(route.url()).await?;
    loop {
        let spent = journey.report.elapsed.saturating_sub(began);
        let request = match letter.to_robots(route.url()) {
            Ok(request) => request,
            Err(complaint) => return Ok(unreadable(&complaint)),
        };
        let asking = journey.hear(route.url(), request, time_max.saturating_sub(spent), |head| {
            if head.status.is_success() { Part::Beginning(READ_BYTES_MAX) } else { Part::Aside }
        });
        let heard = asking.await;
        if let Some(rulebook) = understood(&heard) {
            // Whoever needs it waits as long as it says; nobody else does.
            if let (Rulebook::Unreadable(_), Some(head), true) =
                (&rulebook, &heard.head, journey.policy.robots)
            {
                let waits = &mut journey.report.manners.retry_after_seconds;
                *waits = (*waits).max(retry_after_seconds(&head.headers));
            }
            return Ok(rulebook);
        }
        let Some(Head { status, headers }) = heard.head else {
            return Ok(Rulebook::Unreadable("did not come".into()));
        };
        if route.follow(status, &headers, false).is_err() {
            // A redirect that leads nowhere: there is no robots.txt (RFC 9309 §2.3.1.2).
            return Ok(Rulebook::Read(Arc::default()));
        }
        let went = match route.check(&journey.policy.ports) {
            Ok(()) => journey.go_to(route.url()).await,
            refused => refused,
        };
        if let Err(complaint) = went {
            return Ok(unreadable(&complaint));
        }
    }
}

/// What an answer says; `None` where it is a redirect.
fn understood(heard: &Heard) -> Option<Rulebook> {
    let body = match &heard.body {
        Ok(body) => body,
        Err(complaint) => return Some(unreadable(complaint)),
    };
    let status = heard.head.as_ref().map(|head| head.status).unwrap_or_default();
    match status.as_u16() {
        200..=299 => Some(Rulebook::Read(Arc::new(Robots::parse(body)))),
        300..=399 if status != StatusCode::NOT_MODIFIED => None,
        400..=499 => Some(Rulebook::Read(Arc::default())),
        other => Some(Rulebook::Unreadable(format!("answered {other}").into())),
    }
}

fn unreadable(complaint: &Complaint) -> Rulebook {
    Rulebook::Unreadable(format!("could not be read (it {})", complaint.says).into())
}
