//! What lies behind the snapshot: pages that read the store, and the mail of other programs.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderMap, Method, Response};

use super::respond::not_found;
use crate::model::{Document, Published};

/// Pages that are rendered from the store on request, and where entries lead.
pub trait Pages: Send + Sync + 'static {
    /// The document at this path, percent-decoded with its leading slash; `None` where there is none. May block.
    fn page(&self, path: &str, query: Option<&str>) -> Option<Arc<Document>>;

    /// Where the entry with this key leads: a URL in ASCII; `None` where there is none. `is_reader` says that somebody
    /// is about to read it there, which may be counted. May block.
    fn open(&self, key: &str, is_reader: bool) -> Option<String>;

    /// Whether there was something at this path that was taken out for good. Asked where nothing was found.
    fn is_gone(&self, _path: &str) -> bool {
        false
    }
}

/// What another program says to us: a subscription, a challenge, a delivery.
#[derive(Debug)]
pub struct Mail {
    /// The method; any.
    pub method: Method,
    /// The path as sent.
    pub path: String,
    /// What stands behind the question mark, as sent.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
    /// Who sends it, as the connection says.
    pub peer: SocketAddr,
}

impl Mail {
    /// The answer where nobody takes mail at this address.
    pub fn nobody(&self) -> Response<Bytes> {
        not_found(&self.method)
    }
}

/// The answer to a [`Mail`], once it is known.
pub type Reply = Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;

/// Where mail goes: `/hub`, `/rsscloud/…` and `/websub/…`.
pub trait Mailbox: Send + Sync + 'static {
    /// Takes one in. Does not block.
    fn take(&self, mail: Mail) -> Reply;
}

/// All that answers are made from.
#[derive(Clone)]
pub struct Doors {
    /// The snapshot.
    pub front: Arc<ArcSwap<Published>>,
    /// What reads the store.
    pub pages: Arc<dyn Pages>,
    /// What takes mail.
    pub mailbox: Arc<dyn Mailbox>,
}
