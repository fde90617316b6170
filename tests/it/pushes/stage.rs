//! A source and its hub on loopback, the daemon that is subscribed, and what a hub says to it.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use ring::hmac;
use url::form_urlencoded;

use crate::kit::daemon::{DEADLINE, Daemon, Home};
use crate::kit::origin::{Asked, Origin, Reply};
use crate::serve::doors::until;

/// Loopback may be asked, and as often as a test likes.
const FETCH: &str = "allow_private = [\"127.0.0.0/8\"]\nports = \"any\"\nmin_interval = \"0s\"\n\
    hints = { crawl_delay = false }\n";

pub struct Stage {
    pub origin: Origin,
    pub home: Home,
    feed: Arc<Mutex<String>>,
}

/// A request to a hub.
#[derive(Clone, Debug)]
pub struct Wish(BTreeMap<String, String>);

impl Wish {
    pub fn of(asked: &Asked) -> Self {
        assert_eq!(asked.header("content-type"), "application/x-www-form-urlencoded");
        Self(form_urlencoded::parse(&asked.body).into_owned().collect())
    }

    pub fn said(&self, key: &str) -> &str {
        self.0.get(key).unwrap_or_else(|| panic!("no {key} in {self:?}"))
    }

    /// Of the callback.
    pub fn path(&self) -> String {
        format!("/websub/{}", self.token())
    }

    pub fn token(&self) -> &str {
        self.said("hub.callback").rsplit('/').next().unwrap()
    }
}

/// A feed whose entries are hours apart and from the last days.
pub fn feed(items: &[(&str, &str)]) -> String {
    let item = |(id, title): &(&str, &str)| {
        format!(
            "<item><title>{title}</title><guid isPermaLink=\"false\">{id}</guid><link>https://e.example/{id}</link></item>"
        )
    };
    let items: String = items.iter().map(item).collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Wire</title>HUBS{items}</channel></rss>"
    )
}

impl Stage {
    /// A source at `/feed` with `header`, which names the hub `/hub`; `hub` answers all that are hubs.
    pub fn new(header: &'static str, hub: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::with_hubs(header, &["/hub"], hub)
    }

    pub fn with_hubs(
        header: &'static str,
        hubs: &'static [&'static str],
        hub: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let feed = Arc::new(Mutex::new(feed(&[("1", "First story")])));
        let told = Arc::clone(&feed);
        let origin = Origin::start(move |asked| {
            let here = format!("http://{}", asked.header("host"));
            match asked.path.as_str() {
                "/feed" if asked.method == "GET" => {
                    let link = |rel: &str, path: &str| {
                        format!(
                            "<link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"{rel}\" href=\"{here}{path}\"/>"
                        )
                    };
                    let links: String = hubs.iter().map(|path| link("hub", path)).collect();
                    let links = format!("{links}{}", link("self", "/feed?canonical"));
                    let body = told.lock().unwrap().replace("HUBS", &links);
                    let (name, value) = header.split_once(": ").unwrap_or(("X-Nothing", "here"));
                    Reply::new(200, &[("ETag", "\"1\""), (name, value)], body)
                }
                _ if asked.method == "POST" => hub(asked),
                _ => Reply::new(404, &[], ""),
            }
        });
        let stage = Self { home: Home::new(""), origin, feed };
        stage.configure("push = true");
        stage
    }

    /// The source under a `[fetch]` with this.
    pub fn configure(&self, fetch: &str) {
        let url = self.origin.url("/feed");
        self.home.configure(&format!(
            "[site]\nurl = \"http://127.0.0.1:9\"\n[fetch]\n{FETCH}{fetch}\n\
             [sources.wire]\nurl = \"{url}\"\nschedule = \"every 2h\"\n"
        ));
    }

    pub fn start(&self) -> Daemon {
        self.home.start()
    }

    pub fn topic(&self) -> String {
        self.origin.url("/feed?canonical")
    }

    pub fn set_feed(&self, text: String) {
        *self.feed.lock().unwrap() = text;
    }

    /// What was asked at a path.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        self.origin.asked().into_iter().filter(|asked| asked.path == path).collect()
    }

    /// Waits for the request to a hub with this number.
    pub fn wish(&self, number: usize) -> Wish {
        let posts = || -> Vec<Asked> {
            self.origin.asked().into_iter().filter(|asked| asked.method == "POST").collect()
        };
        until("a request to a hub", || posts().len() > number);
        Wish::of(&posts()[number])
    }

    /// The source as the admin sees it.
    pub fn view(&self) -> serde_json::Value {
        let told = self.home.run(&["sources", "--json"]);
        serde_json::from_slice(&told.stdout).unwrap_or_else(|error| panic!("{error}: {told:?}"))
    }
}

/// Asks as a hub whether a request was meant, with these parameters otherwise; the status, and what is echoed.
pub fn verify(daemon: &Daemon, wish: &Wish, changes: &[(&str, &str)]) -> (u16, Option<String>) {
    let mut said = BTreeMap::from([
        ("hub.mode", wish.said("hub.mode")),
        ("hub.topic", wish.said("hub.topic")),
        ("hub.challenge", "c-0 é"),
        ("hub.lease_seconds", "3600"),
    ]);
    said.extend(changes.iter().copied());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(said).finish();
    let answer = daemon.get(&format!("{}?{query}", wish.path()));
    if answer.status == 200 {
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    let text = answer.text().to_owned();
    (answer.status, (answer.status == 200).then_some(text))
}

/// Delivers a document, signed; the status.
pub fn deliver(daemon: &Daemon, wish: &Wish, method: &str, body: &str) -> u16 {
    let body = body.replace("HUBS", "");
    let signature = sign(wish, method, body.as_bytes());
    post(daemon, &wish.path(), &[("X-Hub-Signature".to_owned(), signature)], body.as_bytes())
}

pub fn sign(wish: &Wish, method: &str, body: &[u8]) -> String {
    let algorithm = match method {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        _ => hmac::HMAC_SHA512,
    };
    let tag = hmac::sign(&hmac::Key::new(algorithm, wish.said("hub.secret").as_bytes()), body);
    let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{method}={digits}")
}

/// Posts a document; the status.
pub fn post(daemon: &Daemon, path: &str, headers: &[(String, String)], body: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(daemon.address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/rss+xml\r\n\
         Content-Length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // What is not wanted is not read to its end.
    let _ = stream.write_all(body);
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {answer:?}")).parse().unwrap()
}

/// Waits until readers see this.
pub fn shown(daemon: &Daemon, title: &str) {
    until(title, || daemon.get("/latest.json").text().contains(title));
}
