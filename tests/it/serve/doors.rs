//! A listener on loopback with short limits, and clients that speak bytes.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use nashra::edge::serve::{Doors, Limits, Mail, Mailbox, Pages as Behind, Reply, run_with, text};
use nashra::model::{Document, Published};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;

use super::{document, published};
use crate::kit::daemon::DEADLINE;

/// Longer than any test runs: what must not happen by itself.
pub(crate) const NEVER: Duration = Duration::from_secs(3600);
/// Soon, where a test waits for it to pass.
pub(crate) const SOON: Duration = Duration::from_millis(200);
/// A document that fits into no socket's buffers.
pub(crate) const BIG_BYTES: usize = 32 << 20;

/// No deadline that a test does not ask for.
pub(crate) fn patient() -> Limits {
    Limits {
        head: NEVER,
        idle: NEVER,
        body: NEVER,
        write: NEVER,
        age: NEVER,
        drain: NEVER,
        grace: DEADLINE,
        items_wait: NEVER,
        ..Limits::default()
    }
}

/// Item pages behind a gate: `/item/slow` waits until it is opened.
#[derive(Default)]
pub(crate) struct Pages {
    open: Mutex<bool>,
    changed: Condvar,
    pub asked: AtomicUsize,
    pub waiting: AtomicUsize,
    /// How often `/go/` was told that somebody reads.
    pub read: AtomicUsize,
}

impl Pages {
    pub fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

impl Behind for Pages {
    fn page(&self, path: &str, _query: Option<&str>) -> Option<Arc<Document>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match path.strip_prefix("/item/")? {
            "slow" => {
                self.waiting.fetch_add(1, Ordering::SeqCst);
                drop(self.changed.wait_while(self.open.lock().unwrap(), |open| !*open).unwrap());
                self.waiting.fetch_sub(1, Ordering::SeqCst);
            }
            "خبر" | "quick" => {}
            "broken" => panic!("this page is broken on purpose"),
            _ => return None,
        }
        Some(document("text/html; charset=utf-8", "<h1>"))
    }

    fn open(&self, key: &str, is_reader: bool) -> Option<String> {
        self.read.fetch_add(usize::from(is_reader), Ordering::SeqCst);
        match key {
            "خبر" => Some("https://e.example/%D8%AE?a=1&b=2".to_owned()),
            "impossible" => Some("https://e.example/\r\nSet-Cookie: a=b".to_owned()),
            _ => None,
        }
    }
}

/// Says how many bytes came, and from where.
struct Echo;

impl Mailbox for Echo {
    fn take(&self, mail: Mail) -> Reply {
        let known = mail.path == "/hub" && mail.peer.ip().is_loopback() && mail.body == "a=b";
        let status = if known { http::StatusCode::ACCEPTED } else { http::StatusCode::NOT_FOUND };
        Box::pin(async move { text(status, "", &mail.method) })
    }
}

/// A listener in a runtime of its own.
pub(crate) struct House {
    pub address: SocketAddr,
    pub pages: Arc<Pages>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl House {
    pub fn open(limits: Limits) -> Self {
        Self::with(limits, [])
    }

    /// With further documents.
    pub fn with<const N: usize>(limits: Limits, further: [(&str, Arc<Document>); N]) -> Self {
        let mut documents: HashMap<_, _> = published().documents;
        documents.extend(further.map(|(path, document)| (path.to_owned(), document)));
        documents.insert("/big.atom".to_owned(), document("application/atom+xml", vec![b'a'; BIG_BYTES]));
        let front = Arc::new(ArcSwap::from_pointee(Published { documents, is_starting: false }));
        let pages = Arc::new(Pages::default());
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let items = Arc::clone(&pages);
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            let result = runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let stopped = async { drop(stopped.await) };
                run_with(listener, Doors { front, pages: items, mailbox: Arc::new(Echo) }, stopped, limits)
                    .await
            });
            runtime.shutdown_background();
            result
        });
        Self { address: told.recv().unwrap(), pages, stop: Some(stop), thread: Some(thread) }
    }

    /// Tells it to stop, and does not wait.
    pub fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    pub fn ended(mut self) {
        self.stop();
        self.thread.take().unwrap().join().unwrap().unwrap();
    }

    pub fn call(&self) -> Caller {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Caller { stream, heard: Vec::new() }
    }

    /// A caller who can take in little at once.
    pub fn call_with_small_ears(&self) -> Caller {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stream = runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(4096).unwrap();
            socket.connect(self.address).await.unwrap().into_std().unwrap()
        });
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Caller { stream, heard: Vec::new() }
    }

    /// The same by somebody who says nothing more.
    pub fn say_all(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut caller = self.call();
        caller.send(bytes);
        caller.hush();
        caller.rest()
    }

    /// All that is said to these bytes until the listener hangs up.
    pub fn say(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut caller = self.call();
        caller.send(bytes);
        caller.rest()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.pages.open();
        self.stop();
    }
}

/// One connection.
pub(crate) struct Caller {
    pub stream: TcpStream,
    heard: Vec<u8>,
}

pub(crate) struct Heard {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Caller {
    /// Sends; a listener that has hung up meanwhile is no failure.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    pub fn ask(&mut self, line: &str) {
        self.send(format!("{line} HTTP/1.1\r\nHost: x\r\n\r\n"));
    }

    /// The next answer to a GET.
    pub fn hear(&mut self) -> Heard {
        self.hear_of(true)
    }

    /// The next answer, without a body where there can be none.
    pub fn hear_of(&mut self, with_body: bool) -> Heard {
        let end = loop {
            if let Some(end) = self.heard.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            assert!(self.more(), "hung up after {:?}", String::from_utf8_lossy(&self.heard));
        };
        let head = String::from_utf8(self.heard.drain(..end + 4).collect()).unwrap();
        let mut lines = head.trim_end().lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: BTreeMap<String, String> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let length = if with_body { length } else { 0 };
        while self.heard.len() < length {
            assert!(self.more(), "hung up within a body");
        }
        Heard { status, headers, body: self.heard.drain(..length).collect() }
    }

    fn more(&mut self) -> bool {
        let mut space = [0; 16 * 1024];
        match self.stream.read(&mut space) {
            Ok(0) => false,
            Ok(length) => {
                self.heard.extend_from_slice(&space[..length]);
                true
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => false,
            Err(error) => panic!("nothing in {DEADLINE:?}: {error}"),
        }
    }

    /// Everything until the listener hangs up.
    pub fn rest(&mut self) -> String {
        while self.more() {}
        String::from_utf8_lossy(&std::mem::take(&mut self.heard)).into_owned()
    }

    /// Says that nothing more comes, and goes on listening.
    pub fn hush(&mut self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}
