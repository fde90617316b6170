//! A scripted server on loopback: answers by path, broken ones byte for byte, and a log of what was asked.

use std::fmt::Write as _;
use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::daemon::DEADLINE;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `GET` or `POST`.
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, Vec<u8>)>,
    /// Empty where no `Content-Length` announces one.
    pub body: Vec<u8>,
    /// Which connection it came on, from 0.
    pub connection: usize,
}

impl Asked {
    /// The bytes of a header; none where it is absent.
    pub fn bytes(&self, name: &str) -> &[u8] {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &value[..]).unwrap_or_default()
    }

    /// The same as text.
    pub fn header(&self, name: &str) -> String {
        String::from_utf8_lossy(self.bytes(name)).into_owned()
    }
}

/// What to send back.
#[derive(Clone, Debug)]
pub struct Reply {
    parts: Vec<Part>,
    keep_open: bool,
}

#[derive(Clone, Debug)]
enum Part {
    Bytes(Vec<u8>),
    /// Until the gate opens.
    Wait(Gate),
    /// Until the client goes away.
    Hang,
    /// These bytes again and again, in this rhythm, until the client goes away.
    Drip(Vec<u8>, Duration),
}

impl Reply {
    /// An ordinary answer.
    pub fn new(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        Self { parts: vec![Part::Bytes([head.as_bytes(), b"\r\n", body].concat())], keep_open: true }
    }

    pub fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::new(200, &[], body)
    }

    pub fn redirect(status: u16, location: &str) -> Self {
        Self::new(status, &[("Location", location)], "")
    }

    /// Exactly these bytes, then the end of the connection.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self { parts: vec![Part::Bytes(bytes.as_ref().to_vec())], keep_open: false }
    }

    pub fn then_hang(mut self) -> Self {
        self.parts.push(Part::Hang);
        self
    }

    pub fn then_drip(mut self, bytes: &[u8], rhythm: Duration) -> Self {
        self.parts.push(Part::Drip(bytes.to_vec(), rhythm));
        self
    }

    /// Answers only once the gate is open.
    pub fn behind(mut self, gate: &Gate) -> Self {
        self.parts.insert(0, Part::Wait(gate.clone()));
        self
    }
}

/// Holds answers back until a test opens it.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Waits until it is open.
    pub fn wait(&self) {
        let closed = self.0.0.lock().unwrap();
        let (_guard, late) = self.0.1.wait_timeout_while(closed, DEADLINE, |open| !*open).unwrap();
        assert!(!late.timed_out(), "nobody opened the gate");
    }
}

/// The server. It ends with the test.
pub struct Origin {
    pub address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    asked: Mutex<Vec<Asked>>,
    changed: Condvar,
    connections: AtomicUsize,
    open: AtomicUsize,
    over: AtomicBool,
}

impl Origin {
    /// Answers every request with what `script` says.
    pub fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0", script)
    }

    pub fn at(address: &str, script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, script) = (Arc::new(Seen::default()), Arc::new(script));
        let shared = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.over.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let number = shared.connections.fetch_add(1, Ordering::SeqCst);
                let (seen, script) = (shared.clone(), script.clone());
                // A client that goes away ends the connection and nothing else.
                seen.open.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || {
                    serve(&stream, number, &seen, &*script);
                    seen.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, seen }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The same server under a name.
    pub fn named(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.address.port())
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.seen.asked.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        self.seen.open.load(Ordering::SeqCst)
    }

    /// Waits until so many requests have come.
    pub fn wait_for(&self, count: usize) -> Vec<Asked> {
        let end = Instant::now() + DEADLINE;
        let mut asked = self.seen.asked.lock().unwrap();
        while asked.len() < count {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "only {} of {count} requests came: {asked:?}", asked.len());
            asked = self.seen.changed.wait_timeout(asked, left).unwrap().0;
        }
        asked.clone()
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.seen.over.store(true, Ordering::SeqCst);
        // Wakes the listener, so that its thread ends.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: &TcpStream, connection: usize, seen: &Seen, script: &dyn Fn(&Asked) -> Reply) {
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read(&mut reader, connection) {
        seen.asked.lock().unwrap().push(asked.clone());
        seen.changed.notify_all();
        let reply = script(&asked);
        for part in &reply.parts {
            if send(stream, part).is_none() {
                return;
            }
        }
        if !reply.keep_open {
            let _ = stream.shutdown(std::net::Shutdown::Write);
            // Whoever closes with unread bytes resets the connection.
            let _ = reader.read_to_end(&mut vec![]);
            return;
        }
    }
}

fn read(reader: &mut impl std::io::BufRead, connection: usize) -> Option<Asked> {
    let mut lines = vec![];
    loop {
        let mut line = vec![];
        reader.read_until(b'\n', &mut line).ok().filter(|read| *read > 0)?;
        match line.trim_ascii_end() {
            [] => break,
            text => lines.push(text.to_vec()),
        }
    }
    let first = String::from_utf8(lines.first()?.clone()).unwrap();
    let mut words = first.split(' ');
    let method = words.next().unwrap().to_owned();
    assert!(method == "GET" || method == "POST", "{first}");
    let header = |line: &Vec<u8>| {
        let colon = line.iter().position(|byte| *byte == b':').unwrap();
        let value = line[colon + 1..].trim_ascii_start().to_vec();
        (String::from_utf8(line[..colon].to_vec()).unwrap(), value)
    };
    let headers = lines[1..].iter().map(header).collect();
    let path = words.next().unwrap().to_owned();
    let mut asked = Asked { method, path, headers, body: vec![], connection };
    let length = asked.header("content-length").parse().unwrap_or(0);
    asked.body.resize(length, 0);
    reader.read_exact(&mut asked.body).ok()?;
    Some(asked)
}

/// `None` when the client is gone.
fn send(mut stream: &TcpStream, part: &Part) -> Option<()> {
    match part {
        Part::Bytes(bytes) => stream.write_all(bytes).ok(),
        Part::Wait(gate) => {
            gate.wait();
            Some(())
        }
        Part::Hang => {
            while stream.read(&mut [0; 1024]).is_ok_and(|read| read > 0) {}
            None
        }
        Part::Drip(bytes, rhythm) => {
            stream.set_read_timeout(Some(*rhythm)).unwrap();
            while stream.write_all(bytes).is_ok() {
                // The read ends with the rhythm, or with the client.
                if stream.read(&mut [0; 1024]).is_ok() {
                    break;
                }
            }
            None
        }
    }
}
