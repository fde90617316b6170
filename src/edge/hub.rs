//! Tells others of news of our own feeds: a WebSub hub (W3C Recommendation of 2018-01-23), an rssCloud, and pings to
//! the hubs of others.
//!
//! One task, the [`Desk`], holds everything. After each edition it writes down what is new in the feeds that somebody
//! is subscribed to, makes that durable, and only then sends it; an acknowledgement is written down as well. So a kill
//! at any moment loses nothing and repeats at most what nobody had acknowledged. `form`, `news`, `fate`, `lane` and
//! `budget` decide; `stock` makes documents and `send`
//! speaks to the network; the files of `desk` do what was decided.

mod answer;
mod asks;
mod budget;
mod desk;
mod fate;
mod form;
mod lane;
mod news;
mod send;
mod stock;
mod view;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use tokio::sync::{mpsc, oneshot, watch};
use url::Url;

use self::answer::Answer;
pub use self::desk::Desk;
use self::form::{CloudWish, Wish};
pub use self::view::SubscriptionView;
use super::fetch::Fetcher;
use super::serve::{Mail, Reply};
use crate::model::{FetchPolicy, Published, is_answered_by, is_on_site};

/// Requests that wait for the desk.
const COMMANDS_MAX: usize = 256;

/// What the configuration in force says.
pub struct Settings {
    /// `site.url`: every topic begins with it.
    pub site_url: String,
    /// Whether we are a hub ourselves.
    pub is_hub: bool,
    /// Whether we are an rssCloud.
    pub is_cloud: bool,
    /// The hubs of others that are to be told.
    pub hubs: Vec<Url>,
    /// Sends.
    pub fetcher: Fetcher,
    /// Where callbacks may live: what `[fetch]` says of sources.
    pub policy: FetchPolicy,
    /// Where we listen ourselves: no callback may lead there.
    pub listen: Vec<SocketAddr>,
}

impl Settings {
    /// The path of the document that a topic is, if it can be one of ours.
    fn path_of<'a>(&self, topic: &'a str) -> Option<&'a str> {
        topic.strip_prefix(&self.site_url).filter(|path| is_feed(path))
    }

    /// The address of the hub.
    fn hub_url(&self) -> String {
        format!("{}/hub", self.site_url)
    }

    /// Why nothing may be sent to this callback.
    fn refusal(&self, callback: &Url) -> Option<String> {
        let is_ours = self.site_url.parse().is_ok_and(|site| is_on_site(callback, &site))
            || self.listen.iter().any(|address| is_answered_by(callback, *address));
        if is_ours {
            return Some("is nashra itself".to_owned());
        }
        self.fetcher.refusal(callback, &self.policy)
    }
}

/// Whether a document can be subscribed to.
fn is_feed(path: &str) -> bool {
    let name = path.strip_prefix('/').filter(|name| !name.contains('/'));
    let ending = name.and_then(|name| name.rsplit_once('.'));
    ending.is_some_and(|(_, ending)| matches!(ending, "rss" | "atom" | "json"))
}

/// The topics of an edition, in order.
fn feeds(published: &Published) -> Vec<&String> {
    let mut feeds: Vec<&String> = published.documents.keys().filter(|path| is_feed(path)).collect();
    feeds.sort_unstable();
    feeds
}

/// How many there are, for those who ask how we are.
#[derive(Debug, Default)]
struct Counts {
    subscriptions: AtomicUsize,
    failing: AtomicUsize,
}

/// What the desk is asked for.
enum Command {
    Wish(Wish, oneshot::Sender<Answer>),
    Cloud(CloudWish, oneshot::Sender<Answer>),
    List(oneshot::Sender<Vec<SubscriptionView>>),
}

/// The way to the desk.
#[derive(Clone)]
pub struct Hub {
    commands: mpsc::Sender<Command>,
    settings: watch::Sender<Arc<Settings>>,
    counts: Arc<Counts>,
}

impl Hub {
    /// Puts another configuration in force, after the documents that it makes.
    pub fn configure(&self, settings: Settings) {
        self.settings.send_replace(Arc::new(settings));
    }

    /// How many subscriptions there are, and how many of them fail.
    pub fn counts(&self) -> (usize, usize) {
        let count = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        (count(&self.counts.subscriptions), count(&self.counts.failing))
    }

    /// Every subscription; `None` where the desk has closed.
    pub async fn list(&self) -> Option<Vec<SubscriptionView>> {
        let (reply, list) = oneshot::channel();
        self.commands.send(Command::List(reply)).await.ok()?;
        list.await.ok()
    }

    /// Answers what came to `/hub` or to `/rsscloud/…`.
    pub fn take(&self, mail: Mail) -> Reply {
        let (commands, settings) = (self.commands.clone(), Arc::clone(&self.settings.borrow()));
        Box::pin(async move {
            match mail.path.as_str() {
                "/hub" if settings.is_hub => hub(&commands, &mail).await.response(&mail.method),
                "/rsscloud/pleaseNotify" if settings.is_cloud => {
                    cloud(&commands, &mail).await.response(&mail.method)
                }
                "/rsscloud/ping" if settings.is_cloud => ping(&mail).response(&mail.method),
                _ => mail.nobody(),
            }
        })
    }
}

async fn hub(commands: &mpsc::Sender<Command>, mail: &Mail) -> Answer {
    if matches!(mail.method, Method::GET | Method::HEAD) {
        return Answer::Page;
    }
    if let Some(refused) = Answer::of_no_form(mail, "GET, HEAD, POST") {
        return refused;
    }
    match form::wish(&mail.body) {
        Ok(wish) => ask(commands, |reply| Command::Wish(wish, reply)).await,
        Err(why) => Answer::Bad(why),
    }
}

async fn cloud(commands: &mpsc::Sender<Command>, mail: &Mail) -> Answer {
    if let Some(refused) = Answer::of_no_form(mail, "POST") {
        return refused;
    }
    match form::cloud_wish(&mail.body, mail.peer.ip()) {
        Ok(wish) => ask(commands, |reply| Command::Cloud(wish, reply)).await,
        Err(why) => Answer::Cloud(Err(why)),
    }
}

/// Who tells us that one of our own feeds has changed tells us nothing new.
fn ping(mail: &Mail) -> Answer {
    Answer::of_no_form(mail, "POST").unwrap_or(Answer::Pinged)
}

async fn ask(
    commands: &mpsc::Sender<Command>,
    command: impl FnOnce(oneshot::Sender<Answer>) -> Command,
) -> Answer {
    let (reply, answer) = oneshot::channel();
    match commands.try_send(command(reply)) {
        Ok(()) => answer.await.unwrap_or(Answer::Busy("nashra is stopping".to_owned())),
        Err(_) => Answer::Busy("too many ask at once".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_topics_and_nothing_else_is() {
        for (path, expected) in [
            ("/latest.atom", true),
            ("/a-b.rss", true),
            ("/a.json", true),
            ("/latest", false),
            ("/", false),
            ("/style.css", false),
            ("/a/archive/1.atom", false),
            ("latest.atom", false),
            ("", false),
        ] {
            assert_eq!(is_feed(path), expected, "{path}");
        }
    }
}
