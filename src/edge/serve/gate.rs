//! What a connection says before hyper hears of it. hyper keeps 16 KiB for each connection, from its beginning to its
//! end; here one that is silent, or whose head comes in drops, costs what it has said.

use std::io;
use std::time::Duration;

use memchr::memchr;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::connection::Patience;
use super::watched::Watched;

/// What opens a connection of HTTP/2 (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes that are read at once.
const READ_BYTES: usize = 4096;
/// A connection that has only just begun when a stop comes has so long for its first request: who sends it was not told
/// that nobody is there.
const FIRST_WORD: Duration = Duration::from_millis(500);

/// Who is to go on with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// Waits until a whole head is there, or what will never be one, which hyper refuses. `None` where the connection is to
/// be closed: its time is up, the peer has gone, or a stop came before it had said anything.
pub(super) async fn wait(
    stream: &mut Watched,
    patience: &Patience,
    head_bytes_max: usize,
    mut stopped: watch::Receiver<bool>,
) -> Option<Protocol> {
    let mut head = Head { bytes_max: head_bytes_max, ..Head::default() };
    let mut last: Option<Instant> = None;
    loop {
        if let Some(protocol) = head.look(stream.heard()) {
            return Some(protocol);
        }
        let is_silent = stream.heard().is_empty();
        if !is_silent {
            patience.hear();
        }
        let at = patience.deadline(None).0;
        let at = last.map_or(at, |last| last.min(at));
        tokio::select! {
            biased;
            more = hear(stream) => match more {
                Ok(true) => {}
                // hyper finds out the same, and may still answer.
                Ok(false) if !is_silent => return Some(Protocol::Http1),
                Ok(false) | Err(_) => return None,
            },
            _ = stopped.wait_for(|stop| *stop), if last.is_none() => {
                let now = Instant::now();
                let until = if is_silent { patience.first_word_until(FIRST_WORD) } else { patience.told_to_finish() };
                if until <= now {
                    return None;
                }
                last = Some(until);
            }
            () = sleep_until(at) => return None,
        }
    }
}

/// Waits for more; says whether there will be any.
async fn hear(stream: &mut Watched) -> io::Result<bool> {
    loop {
        stream.tcp().readable().await?;
        let mut space = [0; READ_BYTES];
        match stream.tcp().try_read(&mut space) {
            Ok(length) => {
                stream.hear(space.get(..length).unwrap_or_default());
                return Ok(length > 0);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// How far a head has come.
#[derive(Default)]
struct Head {
    bytes_max: usize,
    /// Bytes that have been looked at.
    seen: usize,
    has_line: bool,
}

impl Head {
    /// Who is to go on, once that is clear. `heard` only grows from call to call.
    fn look(&mut self, heard: &[u8]) -> Option<Protocol> {
        if heard.starts_with(PREFACE) {
            return Some(Protocol::Http2);
        }
        if PREFACE.starts_with(heard) {
            return None;
        }
        // Empty lines before a request mean nothing (RFC 9112 §2.2).
        let blank = heard.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let text = heard.get(blank..).unwrap_or_default();
        let is_odd = text.first().is_some_and(|byte| !byte.is_ascii_alphabetic());
        if is_odd || heard.len() > self.bytes_max || self.is_whole(text) {
            return Some(Protocol::Http1);
        }
        None
    }

    /// Whether the empty line that ends a head is there, or the first line is none of HTTP/1.
    fn is_whole(&mut self, text: &[u8]) -> bool {
        if !self.has_line {
            let Some(end) = memchr(b'\n', text) else { return false };
            self.has_line = true;
            let line = text.get(..end).unwrap_or_default().trim_ascii_end();
            if !(line.ends_with(b" HTTP/1.1") || line.ends_with(b" HTTP/1.0")) {
                return true;
            }
        }
        let from = self.seen.saturating_sub(2).min(text.len());
        self.seen = text.len();
        let news = text.get(from..).unwrap_or_default();
        news.windows(2).any(|pair| pair == b"\n\n") || news.windows(3).any(|three| three == b"\n\r\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says it in drops; expects who goes on, and after how many bytes.
    fn check(said: &[u8], expected: Option<(Protocol, usize)>) {
        let mut head = Head { bytes_max: 100, ..Head::default() };
        let found = (0..=said.len()).find_map(|length| head.look(&said[..length]).map(|by| (by, length)));
        assert_eq!(found, expected, "{:?}", said.escape_ascii().to_string());
        // All at once, the same goes on.
        let mut head = Head { bytes_max: 100, ..Head::default() };
        assert_eq!(head.look(said), expected.map(|(by, _)| by), "{:?}", said.escape_ascii().to_string());
    }

    #[test]
    fn heads_are_waited_for_until_they_are_whole() {
        use Protocol::{Http1, Http2};
        for (said, expected) in [
            (&b""[..], None),
            (b"\r\n\r\n", None),
            (b"GET / HTTP/1.1\r\nHost: a\r\n", None),
            (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Some((Http1, 27))),
            (b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /", Some((Http1, 27))),
            (b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", Some((Http1, 22))),
            (b"GET / HTTP/1.1\nHost: a\n\n", Some((Http1, 24))),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r", None),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0", Some((Http2, 24))),
            (b"PRI * HTTP/2.0\r\n\r\nSX", Some((Http1, 20))),
            (b"SSH-2.0-OpenSSH_9.6\r\n", Some((Http1, 21))),
            (b"\x16\x03\x01", Some((Http1, 1))),
        ] {
            check(said, expected);
        }
        check(&[b'a'; 101], Some((Http1, 101)));
    }
}
