//! WebSub on the wire, as a subscriber speaks it: requests to hubs, questions of hubs, and what they bring with the
//! signature under it.

mod ask;
mod delivery;
mod question;
pub mod signature;

use ring::rand::{SecureRandom as _, SystemRandom};
use url::form_urlencoded::Serializer;

use crate::model::{Secret, Subscription, Wish};

pub use ask::ask;
pub use delivery::Delivery;
pub use question::{Question, question};

/// Where hubs reach us, below `site.url`.
pub const CALLBACK_PATH: &str = "/websub/";
/// 192 bits, so that nobody guesses one.
const TOKEN_BYTES: usize = 24;
/// 256 bits; as text it stays below the 200 bytes that a hub takes.
const SECRET_BYTES: usize = 32;

/// A new name for a callback, and a new secret; `None` where the system has no randomness.
pub fn names() -> Option<(Secret, Secret)> {
    Some((random::<TOKEN_BYTES>()?, random::<SECRET_BYTES>()?))
}

fn random<const BYTES: usize>() -> Option<Secret> {
    let mut bytes = [0; BYTES];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(Secret(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// The body of a request to a hub (WebSub §5.1).
pub fn form(subscription: &Subscription, wish: Wish, lease_seconds: u64) -> String {
    let callback = format!("{}{CALLBACK_PATH}{}", subscription.site, subscription.token.0);
    let mut form = Serializer::new(String::new());
    form.append_pair("hub.mode", wish.word());
    form.append_pair("hub.topic", &subscription.topic);
    form.append_pair("hub.callback", &callback);
    if wish == Wish::Subscribe {
        form.append_pair("hub.lease_seconds", &lease_seconds.to_string());
        form.append_pair("hub.secret", &subscription.secret.0);
    }
    form.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_is_asked_in_its_language() {
        let subscription = Subscription {
            hub: "https://hub.example/".to_owned(),
            topic: "https://e.example/feed?a=1&b=رياضة".to_owned(),
            site: "https://news.example.org/ar".to_owned(),
            token: Secret("t0".to_owned()),
            secret: Secret("s0".to_owned()),
            pending: None,
            since: None,
            verified_at: None,
            until: None,
        };
        let common = "&hub.topic=https%3A%2F%2Fe.example%2Ffeed%3Fa%3D1%26b%3D%D8%B1%D9%8A%D8%A7%D8%B6%D8%A9&\
                      hub.callback=https%3A%2F%2Fnews.example.org%2Far%2Fwebsub%2Ft0";
        let subscribe = format!("hub.mode=subscribe{common}&hub.lease_seconds=60&hub.secret=s0");
        assert_eq!(form(&subscription, Wish::Subscribe, 60), subscribe);
        assert_eq!(form(&subscription, Wish::Unsubscribe, 60), format!("hub.mode=unsubscribe{common}"));
    }

    #[test]
    fn names_are_long_and_never_the_same() {
        let (one, other) = (names().unwrap(), names().unwrap());
        assert_eq!((one.0.0.len(), one.1.0.len()), (48, 64));
        assert!(one.0 != other.0 && one.1 != other.1);
    }
}
