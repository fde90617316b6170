//! What lies behind the snapshot: pages that read the store, and the mail of other programs.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use super::respond::{not_found, text};
use crate::model::{Document, Published};

/// Pages that are rendered from the store on request, and where entries lead.
pub trait Pages: Send + Sync + 'static {
    /// The document at this path, percent-decoded with its leading slash; `None` where there is none. May block.
    fn page(&self, path: &str, query: Option<&str>) -> Option<Arc<Document>>;

    /// Where the entry with this key leads: a URL in ASCII; `None` where there is none. `is_reader` says that somebody
    /// is about to read it there, which may be counted. May block.
    fn open(&self, key: &str, is_reader: bool) -> Option<String>;

    /// Why nothing new comes at the moment, in a few words.
    fn trouble(&self) -> Option<&'static str> {
        None
    }

    /// Whether there was something at this path that was taken out for good. Asked where nothing was found.
    fn is_gone(&self, _path: &str) -> bool {
        false
    }

    /// Whether there is a store to read already. Does not block.
    fn is_open(&self) -> bool {
        true
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
    /// What [`Mailbox::admit`] gave it along.
    pub pass: Pass,
}

impl Mail {
    /// The answer where nobody takes mail at this address.
    pub fn nobody(&self) -> Response<Bytes> {
        not_found(&self.method)
    }

    /// An answer in a few words of our own.
    pub fn says(&self, status: u16, line: &'static str) -> Response<Bytes> {
        text(StatusCode::from_u16(status).unwrap_or_default(), line, &self.method)
    }

    /// 200 with text that the sender wants to hear again, of a kind that no browser takes for a page.
    pub fn echo(&self, said: String) -> Response<Bytes> {
        let mut response = text(StatusCode::OK, "", &self.method);
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(said.len()));
        *response.body_mut() = Bytes::from(said);
        response
    }

    /// 405 with what may be sent here.
    pub fn not_allowed(&self, allow: &'static str) -> Response<Bytes> {
        let mut response = self.says(405, "This method means nothing here.\n");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        response
    }
}

/// What is known of a [`Mail`] before its body is read.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path as sent.
    pub path: &'a str,
    /// Bytes that the body may have: those that are announced, else as many as are read at most.
    pub bytes: usize,
}

impl Envelope<'_> {
    /// Leaves the body unread.
    pub fn refuse(&self, status: u16, line: &'static str) -> Admission {
        Admission::Refuse(Box::new(text(StatusCode::from_u16(status).unwrap_or_default(), line, self.method)))
    }

    /// Leaves the body unread: it may be sent again in so many seconds.
    pub fn put_off(&self, seconds: u32, line: &'static str) -> Admission {
        let mut response = text(StatusCode::SERVICE_UNAVAILABLE, line, self.method);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        Admission::Refuse(Box::new(response))
    }

    /// Nobody takes mail at this address.
    pub fn nobody(&self) -> Admission {
        Admission::Refuse(Box::new(not_found(self.method)))
    }
}

/// Whether the body of a [`Mail`] is read.
#[derive(Debug)]
pub enum Admission {
    /// It is, and this goes along.
    Read(Pass),
    /// It is not, and this is the answer.
    Refuse(Box<Response<Bytes>>),
}

/// Whatever is to be held for as long as a [`Mail`] is in hand: room in a budget, say.
#[derive(Default)]
pub struct Pass(Option<Box<dyn Any + Send + Sync>>);

impl Pass {
    /// One that holds something.
    pub fn holding(what: impl Any + Send + Sync) -> Self {
        Self(Some(Box::new(what)))
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Pass(…)" } else { "Pass" })
    }
}

/// The answer to a [`Mail`], once it is known.
pub type Reply = Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;

/// Where mail goes: `/hub`, `/rsscloud/…` and `/websub/…`.
pub trait Mailbox: Send + Sync + 'static {
    /// Says whether the body of what comes is read. Does not block.
    fn admit(&self, _envelope: Envelope<'_>) -> Admission {
        Admission::Read(Pass::default())
    }

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
