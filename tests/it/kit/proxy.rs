//! Scripted proxies on loopback, HTTP and SOCKS 5: who connects where is the test's word, and a log of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use nashra::model::{Proxy, ProxyKind};

/// What a proxy does with a request.
#[derive(Clone, Debug)]
pub enum Lead {
    /// Connects to this address, whatever was asked for.
    To(SocketAddr),
    /// Says these bytes and closes: an answer of HTTP, or in SOCKS the code of a refusal.
    Says(Vec<u8>),
    /// Says nothing until the client goes away.
    Hangs,
}

/// A request to a proxy.
#[derive(Clone, Debug)]
pub struct Proxied {
    /// Host and port as they were asked for.
    pub target: String,
    /// The head of the request; in SOCKS the user and password.
    pub head: String,
}

/// The proxy. It ends with the test.
pub struct ProxyServer {
    pub address: SocketAddr,
    kind: ProxyKind,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    asked: Mutex<Vec<Proxied>>,
    over: AtomicBool,
}

type Script = dyn Fn(&Proxied) -> Lead + Send + Sync;

impl ProxyServer {
    pub fn start(kind: ProxyKind, script: impl Fn(&Proxied) -> Lead + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, script): (_, Arc<Script>) = (Arc::new(Seen::default()), Arc::new(script));
        let shared = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.over.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), seen, script) = (stream, shared.clone(), script.clone()) else { continue };
                // A client that goes away ends the connection and nothing else.
                std::thread::spawn(move || match kind {
                    ProxyKind::Http => http(&stream, &seen, &*script),
                    ProxyKind::Socks5 => socks(&stream, &seen, &*script),
                });
            }
        });
        Self { address, kind, seen }
    }

    /// How sources name it.
    pub fn proxy(&self) -> Proxy {
        let (host, port) = (self.address.ip().to_string(), self.address.port());
        Proxy { kind: self.kind, host, port, auth: None }
    }

    pub fn asked(&self) -> Vec<Proxied> {
        self.seen.asked.lock().unwrap().clone()
    }

    pub fn targets(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.target).collect()
    }
}

impl Drop for ProxyServer {
    fn drop(&mut self) {
        self.seen.over.store(true, Ordering::SeqCst);
        // Wakes the listener, so that its thread ends.
        let _ = TcpStream::connect(self.address);
    }
}

fn lead(asked: Proxied, seen: &Seen, script: &Script) -> Lead {
    let lead = script(&asked);
    seen.asked.lock().unwrap().push(asked);
    lead
}

fn http(stream: &TcpStream, seen: &Seen, script: &Script) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).ok().filter(|read| *read > 0)?;
    }
    let mut words = head.split(' ');
    let (method, address) = (words.next()?.to_owned(), words.next()?.to_owned());
    let whole = address.strip_prefix("http://").map(|rest| rest.split_at(rest.find('/').unwrap()));
    let target = whole.map_or(address.as_str(), |(authority, _)| authority).to_owned();
    match lead(Proxied { target, head: head.clone() }, seen, script) {
        Lead::Hangs => hang(stream),
        Lead::Says(bytes) => say(stream, &bytes),
        Lead::To(address) => {
            let mut upstream = TcpStream::connect(address).ok()?;
            match whole {
                None => {
                    assert_eq!(method, "CONNECT");
                    say(stream, b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")?;
                }
                Some((authority, path)) => {
                    let whole = format!("http://{authority}{path}");
                    upstream.write_all(head.replacen(&whole, path, 1).as_bytes()).ok()?;
                }
            }
            pipe(stream, &upstream)
        }
    }
}

fn socks(mut stream: &TcpStream, seen: &Seen, script: &Script) -> Option<()> {
    let [5, count] = bytes(stream)? else { return None };
    let mut methods = vec![0; count.into()];
    stream.read_exact(&mut methods).ok()?;
    let mut head = String::new();
    if methods.contains(&2) {
        say(stream, &[5, 2])?;
        let [1] = bytes(stream)? else { return None };
        head = format!("{}:{}", text(stream)?, text(stream)?);
        say(stream, &[1, u8::from(head.contains("wrong"))])?;
    } else {
        say(stream, &[5, 0])?;
    }
    let [5, 1, 0, kind] = bytes(stream)? else { return None };
    let host = match kind {
        1 => Ipv4Addr::from(bytes::<4>(stream)?).to_string(),
        3 => text(stream)?,
        4 => format!("[{}]", Ipv6Addr::from(bytes::<16>(stream)?)),
        _ => return None,
    };
    let target = format!("{host}:{}", u16::from_be_bytes(bytes(stream)?));
    match lead(Proxied { target, head }, seen, script) {
        Lead::Hangs => hang(stream),
        Lead::Says(code) => say(stream, &[&[5], &code[..], &[0, 1, 0, 0, 0, 0, 0, 0]].concat()),
        Lead::To(address) => {
            let upstream = TcpStream::connect(address).ok()?;
            // A name is the longest form that the address may have.
            say(stream, &[&[5, 0, 0, 3, 9], &b"somewhere"[..], &[1, 187]].concat())?;
            pipe(stream, &upstream)
        }
    }
}

fn bytes<const N: usize>(mut stream: &TcpStream) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn text(mut stream: &TcpStream) -> Option<String> {
    let [length] = bytes(stream)?;
    let mut text = vec![0; length.into()];
    stream.read_exact(&mut text).ok()?;
    String::from_utf8(text).ok()
}

fn say(mut stream: &TcpStream, bytes: &[u8]) -> Option<()> {
    stream.write_all(bytes).ok()
}

fn hang(mut stream: &TcpStream) -> Option<()> {
    while stream.read(&mut [0; 1024]).ok()? > 0 {}
    None
}

fn pipe(client: &TcpStream, upstream: &TcpStream) -> Option<()> {
    let copy = |mut from: TcpStream, mut to: TcpStream| {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    };
    let (from, to) = (client.try_clone().ok()?, upstream.try_clone().ok()?);
    let there = std::thread::spawn(move || copy(from, to));
    copy(upstream.try_clone().ok()?, client.try_clone().ok()?);
    there.join().ok()
}
