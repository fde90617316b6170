//! As much HTTP as the two sides need: one request a connection to nashra, and a small server for what nashra asks.

use std::fmt::Write as _;
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// A request or an answer: its first line, its headers with lower-case names, its body.
#[derive(Clone, Debug)]
pub struct Message {
    pub first: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Message {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The status of an answer.
    pub fn status(&self) -> u16 {
        self.first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
    }

    /// Method and address of a request.
    pub fn target(&self) -> (&str, &str) {
        let mut words = self.first.split(' ');
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }
}

/// Asks for a document.
pub fn get(address: SocketAddr, path: &str, etag: Option<&str>, limit: Duration) -> io::Result<Message> {
    let stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    let condition = etag.map(|etag| format!("If-None-Match: {etag}\r\n")).unwrap_or_default();
    converse(stream, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{condition}\r\n"))
}

/// Sends a form.
pub fn post(address: SocketAddr, path: &str, form: &str, limit: Duration) -> io::Result<Message> {
    let stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    let length = form.len();
    let kind = "Content-Type: application/x-www-form-urlencoded";
    converse(
        stream,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{kind}\r\nContent-Length: {length}\r\n\r\n{form}"
        ),
    )
}

/// Asks the daemon through its socket.
pub fn ask_socket(socket: &Path, method: &str, path: &str, limit: Duration) -> io::Result<Message> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(limit))?;
    converse(stream, &format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
}

fn converse(mut stream: impl Read + Write, request: &str) -> io::Result<Message> {
    stream.write_all(request.as_bytes())?;
    let mut reader = BufReader::new(stream);
    let mut answer = head(&mut reader)?.ok_or(ErrorKind::UnexpectedEof)?;
    match answer.header("content-length").map(str::parse::<usize>) {
        Some(Ok(length)) if answer.status() != 304 => {
            answer.body = vec![0; length];
            reader.read_exact(&mut answer.body)?;
        }
        _ if answer.header("transfer-encoding").is_some() => {
            return Err(io::Error::other("an answer in chunks is not understood here"));
        }
        _ => {}
    }
    Ok(answer)
}

/// `None` where the other side has nothing more to say.
fn head(reader: &mut impl io::BufRead) -> io::Result<Option<Message>> {
    let mut lines = vec![];
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return if lines.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let mut lines = lines.into_iter();
    let first = lines.next().unwrap_or_default();
    let header = |line: String| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    Ok(Some(Message { first, headers: lines.filter_map(header).collect(), body: vec![] }))
}

/// An answer of the server below.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// Answers what comes, each connection on a thread of its own, until the process ends.
pub fn serve(answer: impl Fn(&Message) -> Option<Reply> + Send + Sync + 'static) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            let answer = Arc::clone(&answer);
            // A client that goes away ends the connection and nothing else.
            thread::spawn(move || drop(hear(&stream, &*answer)));
        }
    });
    Ok(address)
}

fn hear(mut stream: &TcpStream, answer: &dyn Fn(&Message) -> Option<Reply>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(mut request) = head(&mut reader)? {
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        request.body = vec![0; length];
        reader.read_exact(&mut request.body)?;
        // Who gets no answer is hung up on.
        let Some(Reply { status, headers, body }) = answer(&request) else { return Ok(()) };
        let mut head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        stream.write_all(&[head.as_bytes(), b"\r\n", &body].concat())?;
    }
    Ok(())
}
