//! One request to a hub, under the guard of the source that names it.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

use super::form;
use super::question::plain;
use crate::edge::fetch::{Fetcher, Parcel, Receipt};
use crate::model::{FetchPolicy, Subscription, Wish};

/// Other hubs that a hub may send us on to (WebSub §5.1.2).
const REDIRECTS_MAX: usize = 3;
/// How long a hub has for its answer.
const TIME_MAX: Duration = Duration::from_secs(20);
/// Bytes of an answer that are read: a hub says in it what it does not like.
const ANSWER_BYTES_MAX: usize = 2048;

/// Asks the hub of a subscription for this. It says that it will verify it, or why it will not.
pub async fn ask(
    fetcher: &Fetcher,
    policy: &FetchPolicy,
    subscription: &Subscription,
    wish: Wish,
    lease_seconds: u64,
) -> Result<(), String> {
    let mut url = Url::parse(&subscription.hub).map_err(|error| format!("{}: {error}", subscription.hub))?;
    let body = Bytes::from(form(subscription, wish, lease_seconds));
    for _ in 0..=REDIRECTS_MAX {
        let parcel = Parcel {
            method: Method::POST,
            url: url.clone(),
            headers: HeaderMap::from_iter([(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            )]),
            body: body.clone(),
            answer_bytes_max: ANSWER_BYTES_MAX,
            time_max: TIME_MAX,
        };
        let receipt = fetcher.send(parcel, policy).await.map_err(|error| error.message)?;
        match receipt.status.as_u16() {
            200..=299 => return Ok(()),
            307 | 308 => url = elsewhere(&receipt, &url)?,
            _ => return Err(refusal(&receipt, &url)),
        }
    }
    Err(format!("{}: more than {REDIRECTS_MAX} redirects", place(&url)))
}

fn elsewhere(receipt: &Receipt, url: &Url) -> Result<Url, String> {
    let location = receipt.headers.get(LOCATION).and_then(|location| location.to_str().ok());
    let location = location.and_then(|location| url.join(location).ok());
    location.ok_or_else(|| format!("{}: a redirect that leads nowhere", place(url)))
}

fn refusal(receipt: &Receipt, url: &Url) -> String {
    let why = plain(&String::from_utf8_lossy(&receipt.body));
    // A page is for people to look at.
    let why = if why.is_empty() || why.starts_with('<') { String::new() } else { format!(": {why}") };
    format!("{} answered {}{why}", place(url), receipt.status.as_u16())
}

/// Host and port.
fn place(url: &Url) -> &str {
    &url[url::Position::BeforeHost..url::Position::AfterPort]
}
