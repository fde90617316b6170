//! One message to another program, outside of polling: a subscription, a challenge, a delivery. The same guard holds
//! as for sources; redirects are told, never followed.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderMap, USER_AGENT};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

use super::Fetcher;
use super::complaint::Complaint;
use super::guard::Guard;
use super::redirect::Route;
use super::request::uri;
use crate::model::{FetchError, FetchErrorKind, FetchPolicy};

/// What is sent.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// GET or POST.
    pub method: Method,
    /// Where to; http or https.
    pub url: Url,
    /// Beside the User-Agent, which says who we are.
    pub headers: HeaderMap,
    /// The body; empty for GET.
    pub body: Bytes,
    /// Bytes of the answer that are read; one that is longer is cut there.
    pub answer_bytes_max: usize,
    /// How long all of it may take.
    pub time_max: Duration,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Any status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as far as it was wanted; empty where it broke off.
    pub body: Bytes,
}

impl Fetcher {
    /// Why nothing may be sent to this address, as far as it says that itself: names are looked up when something is
    /// sent.
    pub fn refusal(&self, url: &Url, policy: &FetchPolicy) -> Option<String> {
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        let route = Route::new(url, 0);
        if let Err(complaint) = route.check(&policy.ports) {
            return Some(complaint.about("it").message);
        }
        let guard = Guard::new(&policy.allow_private);
        literal.and_then(|address| guard.check(address).err()).map(|refusal| refusal.to_string())
    }

    /// Sends a message on the way that `policy` allows (addresses, ports, proxy, TLS). Hosts are not spared here as
    /// sources are: whoever sends many bounds them.
    pub async fn send(&self, parcel: Parcel, policy: &FetchPolicy) -> Result<Receipt, FetchError> {
        let (route, time_max, bytes_max) =
            (Route::new(&parcel.url, 0), parcel.time_max, parcel.answer_bytes_max);
        let deadline = Instant::now() + time_max;
        let sent = timeout_at(deadline, self.hand_over(parcel, &route, policy)).await;
        let slow = || Complaint::new(FetchErrorKind::Timeout, format!("did not answer within {time_max:?}"));
        let response = sent.unwrap_or_else(|_| Err(slow()));
        let (head, body) = response.map_err(|complaint| complaint.about(&route.place()))?.into_parts();
        // The status says what matters, also where the rest never comes.
        let body = timeout_at(deadline, Limited::new(body, bytes_max).collect()).await;
        let body = body.ok().and_then(Result::ok).map(http_body_util::Collected::to_bytes);
        Ok(Receipt { status: head.status, headers: head.headers, body: body.unwrap_or_default() })
    }

    async fn hand_over(
        &self,
        parcel: Parcel,
        route: &Route,
        policy: &FetchPolicy,
    ) -> Result<Response<Incoming>, Complaint> {
        route.check(&policy.ports)?;
        let address = uri(&parcel.url).ok_or_else(|| {
            Complaint::new(FetchErrorKind::Unsendable, "cannot be asked: its url has no valid host")
        })?;
        let client = self.inner.clients.of(policy).await?;
        let mut request = Request::new(Full::new(parcel.body));
        *request.method_mut() = parcel.method;
        *request.uri_mut() = address;
        *request.headers_mut() = parcel.headers;
        request.headers_mut().insert(USER_AGENT, self.inner.identity.agent.clone());
        client.post(request).await.map_err(|error| Complaint::of_client(&error))
    }
}
