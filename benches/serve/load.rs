//! Clients that ask again as soon as they have their answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

pub struct Load<'a> {
    pub address: SocketAddr,
    pub path: &'a str,
    /// Whether the client names the tag of what it has.
    pub is_known: bool,
    pub connections: usize,
}

/// What the clients saw.
pub struct Seen {
    pub requests: usize,
    pub took: Duration,
    /// How long each answer took, ascending.
    times: Vec<Duration>,
    /// What the server used meanwhile.
    pub cpu: Duration,
}

impl Seen {
    pub fn per_second(&self) -> f64 {
        self.requests as f64 / self.took.as_secs_f64()
    }

    pub fn percentile(&self, percent: usize) -> Duration {
        self.times[(self.times.len() - 1) * percent / 100]
    }
}

impl Load<'_> {
    pub fn run(&self, time: Duration) -> Seen {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let question =
                format!("GET {} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n", self.path);
            let (head, body) = first(self.address, &format!("{question}\r\n")).await;
            let tag = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("etag: ").map(str::to_owned));
            let question = match (self.is_known, tag) {
                (true, Some(tag)) => format!("{question}If-None-Match: {tag}\r\n\r\n"),
                (true, None) => panic!("no ETag: {head}"),
                (false, _) => format!("{question}\r\n"),
            };
            let (again, rest) =
                if self.is_known { first(self.address, &question).await } else { (head, body) };
            let expected = if self.is_known { "HTTP/1.1 304" } else { "HTTP/1.1 200" };
            assert!(again.starts_with(expected), "{again}");
            // Every answer is as long as the first one: so nothing needs to be read twice.
            let bytes = again.len() + rest;
            let (mut clients, began) = (JoinSet::new(), Instant::now());
            for _ in 0..self.connections {
                clients.spawn(client(self.address, question.clone(), bytes, began + time));
            }
            let mut times: Vec<Duration> = clients.join_all().await.concat();
            let took = began.elapsed();
            times.sort_unstable();
            Seen { requests: times.len(), took, times, cpu: Duration::ZERO }
        })
    }
}

async fn client(address: SocketAddr, question: String, bytes: usize, end: Instant) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut times, mut space) = (vec![], vec![0; 256 * 1024]);
    loop {
        let asked = Instant::now();
        if asked >= end {
            return times;
        }
        stream.write_all(question.as_bytes()).await.unwrap();
        let mut left = bytes;
        while left > 0 {
            let read = stream.read(&mut space).await.unwrap();
            assert!(read > 0 && read <= left, "another answer than the first one");
            left -= read;
        }
        times.push(asked.elapsed());
    }
}

/// The head of the answer, and how long its body is.
async fn first(address: SocketAddr, question: &str) -> (String, usize) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(question.as_bytes()).await.unwrap();
    let mut seen = vec![];
    loop {
        let read = stream.read_buf(&mut seen).await.unwrap();
        assert!(read > 0, "no answer: {}", String::from_utf8_lossy(&seen));
        let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&seen[..end + 4]).into_owned();
        let length = |line: &str| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok();
        let length: usize = if head.contains(" 304 ") { 0 } else { head.lines().find_map(length).unwrap() };
        return (head, length);
    }
}
