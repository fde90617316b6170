//! What a request to the hub or to the rssCloud means, without knowing who is subscribed.

use std::net::IpAddr;
use std::time::Duration;

use percent_encoding::percent_decode;
use url::{Host, Url, form_urlencoded};

use crate::model::SignatureMethod;

/// Leases, in seconds: a subscription ends after that, unless it is renewed.
pub(super) const LEASE_SECONDS_DEFAULT: u64 = 10 * 24 * 3600;
const LEASE_SECONDS_MIN: u64 = 60;
const LEASE_SECONDS_MAX: u64 = 30 * 24 * 3600;
/// rssCloud tells readers to ask again every day, and forgives an hour.
pub(super) const CLOUD_LEASE: Duration = Duration::from_secs(25 * 3600);
/// WebSub §5.1: a secret is shorter than 200 bytes.
const SECRET_BYTES_MAX: usize = 199;
const URL_BYTES_MAX: usize = 2048;
/// Feeds that one rssCloud request may name.
const CLOUD_URLS_MAX: usize = 50;
/// Fields of a form that are looked at.
const FIELDS_MAX: usize = 200;

/// What a subscriber asks the hub for (WebSub §5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) callback: Url,
    pub(super) topic: String,
    pub(super) intent: Intent,
}

/// What is to become of a subscription, once whoever hears there confirms it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    Subscribe { lease: Duration, secret: Option<String>, signature: SignatureMethod },
    Unsubscribe,
}

/// What a reader asks the rssCloud for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CloudWish {
    pub(super) callback: Url,
    pub(super) topics: Vec<String>,
    /// Whether whoever asks says that it is somebody else's address, who then has to prove that it wants this.
    pub(super) is_challenged: bool,
}

/// Reads a WebSub request, or says why it is none.
pub(super) fn wish(body: &[u8]) -> Result<Wish, String> {
    let form = Form::read(body)?;
    let mode = form.wanted("hub.mode")?;
    let (callback, topic) = (callback(form.wanted("hub.callback")?)?, form.wanted("hub.topic")?.to_owned());
    if topic.len() > URL_BYTES_MAX {
        return Err(format!("hub.topic is longer than {URL_BYTES_MAX} bytes"));
    }
    let intent = match mode {
        "subscribe" => Intent::Subscribe {
            lease: lease(form.get("hub.lease_seconds"))?,
            secret: secret(form.get("hub.secret"))?,
            signature: signature(form.get("hub.signature"))?,
        },
        "unsubscribe" => Intent::Unsubscribe,
        "publish" => return Err("this hub knows by itself when its own feeds change".to_owned()),
        _ => return Err("hub.mode must be subscribe or unsubscribe".to_owned()),
    };
    Ok(Wish { callback, topic, intent })
}

/// Reads an rssCloud request that came from `peer`, or says why it is none.
pub(super) fn cloud_wish(body: &[u8], peer: IpAddr) -> Result<CloudWish, String> {
    let form = Form::read(body)?;
    let scheme = match form.wanted("protocol")? {
        "http-post" => "http",
        "https-post" => "https",
        _ => return Err("protocol must be http-post or https-post".to_owned()),
    };
    let port: u16 = form.wanted("port")?.parse().map_err(|_| "port must be a number".to_owned())?;
    let path = form.get("path").unwrap_or("/");
    let domain = form.get("domain");
    let host = match (domain, peer.to_canonical()) {
        (Some(domain), _) => Host::parse(domain).map_err(|_| "domain is no name of a host".to_owned())?,
        (None, IpAddr::V4(address)) => Host::Ipv4(address),
        (None, IpAddr::V6(address)) => Host::Ipv6(address),
    };
    let slash = if path.starts_with('/') { "" } else { "/" };
    let callback = callback(&format!("{scheme}://{host}:{port}{slash}{path}"))?;
    let is_url = |name: &str| {
        name.strip_prefix("url")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    let named = form.fields.iter().filter(|(name, _)| is_url(name));
    let topics: Vec<String> = named.map(|(_, value)| value.clone()).take(CLOUD_URLS_MAX + 1).collect();
    match topics.len() {
        0 => Err("url1 must name a feed".to_owned()),
        1..=CLOUD_URLS_MAX => Ok(CloudWish { callback, topics, is_challenged: domain.is_some() }),
        _ => Err(format!("at most {CLOUD_URLS_MAX} feeds can be asked for at once")),
    }
}

/// The callback with more in its query; what stands there already is kept as it is (WebSub §5.3).
pub(super) fn with_query(callback: &Url, more: &[(&str, &str)]) -> Url {
    let more = form_urlencoded::Serializer::new(String::new()).extend_pairs(more).finish();
    let mut url = callback.clone();
    let query = url.query().filter(|query| !query.is_empty()).map(|query| format!("{query}&{more}"));
    url.set_query(Some(&query.unwrap_or(more)));
    url
}

fn callback(text: &str) -> Result<Url, String> {
    let refused = |why: &str| Err(format!("the callback {why}"));
    if text.len() > URL_BYTES_MAX {
        return refused(&format!("is longer than {URL_BYTES_MAX} bytes"));
    }
    let Ok(url) = Url::parse(text) else { return refused("is no URL") };
    if !matches!(url.scheme(), "http" | "https") {
        return refused("must begin with http:// or https://");
    }
    if url.fragment().is_some() {
        return refused("must have no fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("must hold no name and no password");
    }
    Ok(url)
}

fn lease(asked: Option<&str>) -> Result<Duration, String> {
    let seconds = match asked {
        None => LEASE_SECONDS_DEFAULT,
        Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            // One with more digits than that is as long as can be.
            text.parse().unwrap_or(u64::MAX).clamp(LEASE_SECONDS_MIN, LEASE_SECONDS_MAX)
        }
        Some(_) => return Err("hub.lease_seconds must be a number".to_owned()),
    };
    Ok(Duration::from_secs(seconds))
}

fn secret(asked: Option<&str>) -> Result<Option<String>, String> {
    match asked {
        Some(secret) if secret.len() > SECRET_BYTES_MAX => {
            Err("hub.secret must be shorter than 200 bytes".to_owned())
        }
        secret => Ok(secret.map(str::to_owned)),
    }
}

/// WebSub leaves the choice to the hub; ours can be asked for another method than SHA-256.
fn signature(asked: Option<&str>) -> Result<SignatureMethod, String> {
    match asked {
        None | Some("sha256") => Ok(SignatureMethod::Sha256),
        Some("sha384") => Ok(SignatureMethod::Sha384),
        Some("sha512") => Ok(SignatureMethod::Sha512),
        Some(_) => Err("hub.signature must be sha256, sha384 or sha512".to_owned()),
    }
}

/// A form; of a field that stands twice the first one counts.
struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    fn read(body: &[u8]) -> Result<Self, String> {
        // A secret that is no text would be another one once it is read as text.
        if percent_decode(body).decode_utf8().is_err() {
            return Err("the form must be UTF-8".to_owned());
        }
        let fields = form_urlencoded::parse(body).into_owned().take(FIELDS_MAX);
        Ok(Self { fields: fields.collect() })
    }

    /// A field; an empty one is none.
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn wanted(&self, name: &str) -> Result<&str, String> {
        self.get(name).ok_or_else(|| format!("{name} is missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKS: &str =
        "hub.mode=subscribe&hub.topic=http://n.example/a.atom&hub.callback=http://r.example/cb";

    fn check_wish(body: &str, expected: Result<(&str, u64, Option<&str>, SignatureMethod), &str>) {
        let read = wish(body.as_bytes()).map(|wish| match wish.intent {
            Intent::Subscribe { lease, secret, signature } => {
                (wish.callback.to_string(), lease.as_secs(), secret, signature)
            }
            Intent::Unsubscribe => (wish.callback.to_string(), 0, None, SignatureMethod::Sha256),
        });
        match (read, expected) {
            (Ok(read), Ok((callback, lease, secret, signature))) => {
                assert_eq!(
                    read,
                    (callback.to_owned(), lease, secret.map(str::to_owned), signature),
                    "{body}"
                );
            }
            (Err(why), Err(word)) => assert!(why.contains(word), "{body}: {why}"),
            (read, _) => panic!("{body}: {read:?}"),
        }
    }

    #[test]
    fn a_request_is_read_as_the_recommendation_says() {
        use SignatureMethod::{Sha256, Sha512};
        const CALLBACK: &str = "http://r.example/cb";
        let (day, long) = (LEASE_SECONDS_DEFAULT, "s".repeat(200));
        let with = |more: &str| format!("{ASKS}&{more}");
        check_wish(ASKS, Ok((CALLBACK, day, None, Sha256)));
        check_wish(&with("hub.unheard=of&x=y"), Ok((CALLBACK, day, None, Sha256)));
        check_wish(&with("hub.secret=s%26t&hub.signature=sha512"), Ok((CALLBACK, day, Some("s&t"), Sha512)));
        check_wish(&with("hub.secret="), Ok((CALLBACK, day, None, Sha256)));
        check_wish(&with("hub.lease_seconds=7200"), Ok((CALLBACK, 7200, None, Sha256)));
        check_wish(&with("hub.lease_seconds=0"), Ok((CALLBACK, LEASE_SECONDS_MIN, None, Sha256)));
        for digits in ["99999999", "99999999999999999999999999"] {
            let asked = with(&format!("hub.lease_seconds={digits}"));
            check_wish(&asked, Ok((CALLBACK, LEASE_SECONDS_MAX, None, Sha256)));
        }
        check_wish(&ASKS.replace("=subscribe", "=unsubscribe"), Ok((CALLBACK, 0, None, Sha256)));
        check_wish(&with("hub.lease_seconds=-1"), Err("number"));
        check_wish(&with(&format!("hub.secret={long}")), Err("200 bytes"));
        check_wish(&with("hub.secret=%ff"), Err("UTF-8"));
        check_wish(&with("hub.signature=md5"), Err("sha256"));
        check_wish(&ASKS.replace("hub.mode", "mode"), Err("hub.mode is missing"));
        check_wish(&ASKS.replace("hub.topic", "topic"), Err("hub.topic is missing"));
        check_wish(&ASKS.replace("hub.callback", "callback"), Err("hub.callback is missing"));
        check_wish(&ASKS.replace("=subscribe", "=publish"), Err("by itself"));
        check_wish(&ASKS.replace("=subscribe", "=steal"), Err("hub.mode"));
        check_wish("", Err("missing"));
        let endless = format!("http://r.example/{}", "a".repeat(2048));
        for (callback, word) in [
            ("ftp://r.example/", "http"),
            ("/cb", "no URL"),
            ("http://r.example/%23part", "fragment"),
            ("http://u:p@r.example/", "password"),
            (&endless, "2048"),
        ] {
            check_wish(&ASKS.replace(CALLBACK, callback), Err(word));
        }
    }

    #[test]
    fn the_query_of_a_callback_is_kept() {
        for (callback, expected) in [
            ("http://r.example/cb", "http://r.example/cb?hub.mode=a%26b"),
            ("http://r.example/cb?", "http://r.example/cb?hub.mode=a%26b"),
            (
                "http://r.example/cb?x=1&hub.mode=own&y=%2F",
                "http://r.example/cb?x=1&hub.mode=own&y=%2F&hub.mode=a%26b",
            ),
        ] {
            assert_eq!(with_query(&callback.parse().unwrap(), &[("hub.mode", "a&b")]).as_str(), expected);
        }
    }

    fn check_cloud(body: &str, expected: Result<(&str, usize, bool), &str>) {
        let peer = "192.0.2.7".parse().unwrap();
        match (cloud_wish(body.as_bytes(), peer), expected) {
            (Ok(read), Ok((callback, topics, is_challenged))) => {
                let read = (read.callback.to_string(), read.topics.len(), read.is_challenged);
                assert_eq!(read, (callback.to_owned(), topics, is_challenged), "{body}");
            }
            (Err(why), Err(word)) => assert!(why.contains(word), "{body}: {why}"),
            (read, _) => panic!("{body}: {read:?}"),
        }
    }

    #[test]
    fn an_rsscloud_request_is_read() {
        const ASKS: &str =
            "notifyProcedure=&port=5337&path=/notify&protocol=http-post&url1=http://n.example/a.rss";
        check_cloud(ASKS, Ok(("http://192.0.2.7:5337/notify", 1, false)));
        check_cloud(&format!("{ASKS}&url2=x&url=z&urlx=y"), Ok(("http://192.0.2.7:5337/notify", 2, false)));
        let named = format!("{ASKS}&domain=r.example").replace("http-post", "https-post");
        check_cloud(&named, Ok(("https://r.example:5337/notify", 1, true)));
        check_cloud(&ASKS.replace("/notify", "notify"), Ok(("http://192.0.2.7:5337/notify", 1, false)));
        check_cloud(&ASKS.replace("http-post", "xml-rpc"), Err("http-post"));
        check_cloud(&ASKS.replace("5337", "x"), Err("port"));
        check_cloud(&ASKS.replace("url1", "other"), Err("url1"));
        check_cloud(&format!("{ASKS}&domain=a/b"), Err("domain"));
        let many: String = (2..60).map(|n| format!("&url{n}=x")).collect();
        check_cloud(&format!("{ASKS}{many}"), Err("at most"));
    }
}
