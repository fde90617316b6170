//! What is said to callbacks: questions that they must echo, and deliveries.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LINK};
use http::{Method, StatusCode};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use url::{Url, form_urlencoded};

use super::fate::Outcome;
use super::form::{Intent, with_query};
use super::stock::{Content, Parcelled, Stock};
use super::{Settings, answer};
use crate::edge::fetch::{Parcel, Receipt};
use crate::model::{SignatureMethod, Subscriber, SubscriberKind};

/// How long a callback may take.
const TIME_MAX: Duration = Duration::from_secs(10);
/// Bytes of an answer that are looked at.
const ANSWER_BYTES_MAX: usize = 4 << 10;
/// Nobody guesses so many random bytes.
const CHALLENGE_BYTES: usize = 32;
const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature");

/// Asks whether a callback wants what somebody asked for in its name (WebSub §5.3).
pub(super) async fn verify(
    settings: &Settings,
    callback: &Url,
    topic: &str,
    intent: &Intent,
) -> Result<(), String> {
    let challenge = challenge().ok_or("no random numbers can be had")?;
    let mut query = vec![("hub.mode", "unsubscribe"), ("hub.topic", topic), ("hub.challenge", &challenge)];
    let lease;
    if let Intent::Subscribe { lease: asked, .. } = intent {
        lease = asked.as_secs().to_string();
        query[0].1 = "subscribe";
        query.push(("hub.lease_seconds", &lease));
    }
    let receipt = send(settings, get(with_query(callback, &query))).await?;
    echoed(&receipt, |body| body == challenge.as_bytes())
}

/// Tells a callback that its subscription is refused or has ended (WebSub §5.2).
pub(super) async fn deny(
    settings: &Settings,
    callback: &Url,
    topic: &str,
    reason: &str,
) -> Result<(), String> {
    let query = [("hub.mode", "denied"), ("hub.topic", topic), ("hub.reason", reason)];
    send(settings, get(with_query(callback, &query))).await.map(|_| ())
}

/// Tries whether a reader hears where it says; somebody else's address must echo a challenge.
pub(super) async fn try_cloud(
    settings: &Settings,
    callback: &Url,
    topic: &str,
    is_challenged: bool,
) -> Result<(), String> {
    if !is_challenged {
        let receipt = send(settings, post(callback, form(&[("url", topic)]))).await?;
        return echoed(&receipt, |_| true);
    }
    let challenge = challenge().ok_or("no random numbers can be had")?;
    let query = [("url", topic), ("challenge", &challenge)];
    let receipt = send(settings, get(with_query(callback, &query))).await?;
    echoed(&receipt, |body| body.trim_ascii() == challenge.as_bytes())
}

/// Delivers; says what came of it and up to which announcement that went.
pub(super) async fn deliver(
    settings: &Settings,
    stock: &Arc<Stock>,
    to: &Subscriber,
    content: Content,
    upto: u64,
) -> (Outcome, u64) {
    let (parcel, upto) = match to.kind {
        SubscriberKind::Cloud => (post(&to.callback, form(&[("url", &to.topic)])), upto),
        SubscriberKind::Hub => {
            // Some hubs know the one word, some the other.
            let form = form(&[("hub.mode", "publish"), ("hub.url", &to.topic), ("hub.topic", &to.topic)]);
            (post(&to.callback, form), upto)
        }
        SubscriberKind::WebSub => {
            let path = settings.path_of(&to.topic).unwrap_or_default();
            let Parcelled { document, upto } = match stock.document(&to.topic, path, content, upto).await {
                Ok(parcelled) => parcelled,
                Err(why) => return (Outcome::Failed(why, None), upto),
            };
            let Some((body, content_type)) = document else { return (Outcome::Dropped, upto) };
            (distribution(settings, to, body, &content_type), upto)
        }
    };
    let outcome = match settings.fetcher.send(parcel, &settings.policy).await {
        Ok(receipt) => Outcome::of(receipt.status, &receipt.headers),
        Err(error) => Outcome::Failed(error.message, None),
    };
    (outcome, upto)
}

/// WebSub §7: the type of the topic, the links of the topic, the signature of the very bytes.
fn distribution(settings: &Settings, to: &Subscriber, body: Bytes, content_type: &str) -> Parcel {
    let mut headers = HeaderMap::new();
    let links = format!("<{}>; rel=\"hub\", <{}>; rel=\"self\"", settings.hub_url(), to.topic);
    let signature = to.secret.as_deref().map(|secret| signature(to.signature, secret, &body));
    let said = [(CONTENT_TYPE, Some(content_type.to_owned())), (LINK, Some(links)), (SIGNATURE, signature)];
    for (name, value) in said {
        // Each of them is ASCII: addresses are percent-encoded where they are read.
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    Parcel { headers, body, ..parcel(Method::POST, to.callback.clone()) }
}

fn signature(method: SignatureMethod, secret: &str, body: &[u8]) -> String {
    let algorithm = match method {
        SignatureMethod::Sha256 => hmac::HMAC_SHA256,
        SignatureMethod::Sha384 => hmac::HMAC_SHA384,
        SignatureMethod::Sha512 => hmac::HMAC_SHA512,
    };
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret.as_bytes()), body);
    format!("{}={}", method.name(), hex(tag.as_ref()))
}

fn challenge() -> Option<String> {
    let mut bytes = [0; CHALLENGE_BYTES];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn echoed(receipt: &Receipt, is_echo: impl FnOnce(&[u8]) -> bool) -> Result<(), String> {
    if receipt.status == StatusCode::NOT_FOUND {
        return Err("it does not want this".to_owned());
    }
    if !receipt.status.is_success() {
        return Err(format!("it answered {}", receipt.status.as_u16()));
    }
    if is_echo(&receipt.body) { Ok(()) } else { Err("it did not echo the challenge".to_owned()) }
}

async fn send(settings: &Settings, parcel: Parcel) -> Result<Receipt, String> {
    settings.fetcher.send(parcel, &settings.policy).await.map_err(|error| error.message)
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn get(url: Url) -> Parcel {
    parcel(Method::GET, url)
}

fn post(url: &Url, form: String) -> Parcel {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(answer::FORM))]);
    Parcel { headers, body: form.into(), ..parcel(Method::POST, url.clone()) }
}

fn parcel(method: Method, url: Url) -> Parcel {
    Parcel {
        method,
        url,
        headers: HeaderMap::new(),
        body: Bytes::new(),
        answer_bytes_max: ANSWER_BYTES_MAX,
        time_max: TIME_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231 §4.3.
    #[test]
    fn signatures_are_those_of_the_standard() {
        for (method, expected) in [
            (
                SignatureMethod::Sha256,
                "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                SignatureMethod::Sha512,
                "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                 9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
        ] {
            assert_eq!(signature(method, "Jefe", b"what do ya want for nothing?"), expected);
        }
    }

    #[test]
    fn challenges_differ() {
        let (one, other) = (challenge().unwrap(), challenge().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 2 * CHALLENGE_BYTES);
    }
}
