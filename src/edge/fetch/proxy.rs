//! Connections through a proxy, HTTP (RFC 9110 §9.3.6) or SOCKS 5 (RFC 1928), to addresses checked here.
//!
//! Whoever connects for us is told an address and no name, so that a name that means something else to the
//! proxy leads nowhere new.

use std::io;
use std::net::IpAddr;

use http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::way::{Via, authority};
use crate::model::ProxyKind;

/// The head of an answer to CONNECT.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Where a proxy is to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Address(IpAddr),
    /// Only for who may connect to every address, so that there is nothing to check.
    Name(String),
}

/// Why a proxy has not connected us, in words that follow its name.
#[derive(Debug)]
pub(super) enum Failure {
    /// It would fail with any other address too.
    Itself(String),
    /// It cannot connect to this address.
    Target(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                Self::Target("closed the connection before it was through".to_owned())
            }
            _ => Self::Target(format!("broke off ({error})")),
        }
    }
}

/// Makes a connection to the proxy one to the target.
pub(super) async fn tunnel(
    stream: &mut TcpStream,
    via: &Via,
    target: &Target,
    port: u16,
) -> Result<(), Failure> {
    match via.kind {
        ProxyKind::Http => connect(stream, via, target, port).await,
        ProxyKind::Socks5 => socks(stream, via, target, port).await,
    }
}

async fn connect(stream: &mut TcpStream, via: &Via, target: &Target, port: u16) -> Result<(), Failure> {
    let target = match target {
        Target::Address(address) => authority(&address.to_canonical().to_string(), port),
        Target::Name(name) => authority(name, port),
    };
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    if let Some(value) = via.authorization() {
        request.extend([b"Proxy-Authorization: ", value.as_bytes(), b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    stream.write_all(&request).await?;
    let head = head(stream).await?;
    let status =
        status(&head).ok_or_else(|| Failure::Itself("does not speak HTTP: check proxy".to_owned()))?;
    if status.is_success() {
        return Ok(());
    }
    let answered =
        format!("answered {} ({})", status.as_u16(), status.canonical_reason().unwrap_or("without a reason"));
    Err(match (status, &via.credentials) {
        (StatusCode::PROXY_AUTHENTICATION_REQUIRED, None) => {
            Failure::Itself(format!("{answered}: it wants credentials, set proxy_auth"))
        }
        (StatusCode::PROXY_AUTHENTICATION_REQUIRED, Some(_)) => {
            Failure::Itself(format!("{answered}: it does not accept our credentials, check proxy_auth"))
        }
        _ => Failure::Target(format!("{answered} when it was to connect to {target}")),
    })
}

/// The head of an answer, its empty line included. Nobody speaks behind it before we do.
async fn head(stream: &mut TcpStream) -> Result<Vec<u8>, Failure> {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        let mut piece = [0; 1024];
        let read = stream.read(&mut piece).await?;
        if read == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        head.extend(piece.iter().take(read));
        let ends = head.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        if head.len() > HEAD_BYTES_MAX || ends.is_some_and(|end| end < head.len() && is_success(&head)) {
            return Err(Failure::Itself("answered with more than a head: check proxy".to_owned()));
        }
        // What else is said to a refusal is of no use.
        if ends.is_some() {
            break;
        }
    }
    Ok(head)
}

fn is_success(head: &[u8]) -> bool {
    status(head).is_some_and(|status| status.is_success())
}

fn status(head: &[u8]) -> Option<StatusCode> {
    let rest = head.strip_prefix(b"HTTP/1.1 ").or_else(|| head.strip_prefix(b"HTTP/1.0 "))?;
    StatusCode::from_bytes(rest.get(..3)?).ok()
}

const VERSION: u8 = 5;
const NO_CREDENTIALS: u8 = 0;
const CREDENTIALS: u8 = 2;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

async fn socks(stream: &mut TcpStream, via: &Via, target: &Target, port: u16) -> Result<(), Failure> {
    let itself = |words: &str| Err(Failure::Itself(words.to_owned()));
    let methods: &[u8] =
        if via.credentials.is_some() { &[NO_CREDENTIALS, CREDENTIALS] } else { &[NO_CREDENTIALS] };
    stream.write_all(&[&[VERSION, length(methods)], methods].concat()).await?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await?;
    match (answer, &via.credentials) {
        ([VERSION, NO_CREDENTIALS], _) => {}
        ([VERSION, CREDENTIALS], Some((user, password))) => {
            // RFC 1929 §2.
            let (user, password) = (user.as_bytes(), password.as_bytes());
            stream.write_all(&[&[1, length(user)], user, &[length(password)], password].concat()).await?;
            stream.read_exact(&mut answer).await?;
            if answer != [1, 0] {
                return itself("does not accept our credentials: check proxy_auth");
            }
        }
        ([VERSION, _], None) => return itself("wants credentials: set proxy_auth"),
        ([VERSION, _], Some(_)) => return itself("wants other credentials than a password"),
        _ => return itself("does not speak SOCKS 5: check proxy"),
    }
    let mut request = vec![VERSION, CONNECT, 0];
    match target {
        Target::Address(address) => match address.to_canonical() {
            IpAddr::V4(address) => request.extend([&[IPV4], &address.octets()[..]].concat()),
            IpAddr::V6(address) => request.extend([&[IPV6], &address.octets()[..]].concat()),
        },
        Target::Name(name) if name.len() > usize::from(u8::MAX) => {
            return Err(Failure::Target("takes no name that is so long".to_owned()));
        }
        Target::Name(name) => request.extend([&[NAME, length(name.as_bytes())], name.as_bytes()].concat()),
    }
    request.extend(port.to_be_bytes());
    stream.write_all(&request).await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    let [version, reply, _, kind] = answer;
    if version != VERSION {
        return itself("does not speak SOCKS 5: check proxy");
    }
    if reply != 0 {
        return Err(Failure::Target(format!("could not connect: {}", reason(reply))));
    }
    // The address that it connects from is of no use, but it stands before what comes next.
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(stream.read_u8().await?),
        _ => return itself("does not speak SOCKS 5: check proxy"),
    };
    stream.read_exact(&mut vec![0; length + 2]).await?;
    Ok(())
}

/// Of what has been checked to be no longer than a byte counts.
fn length(bytes: &[u8]) -> u8 {
    u8::try_from(bytes.len()).unwrap_or(u8::MAX)
}

/// RFC 1928 §6.
fn reason(reply: u8) -> &'static str {
    match reply {
        1 => "it failed",
        2 => "its rules forbid it",
        3 => "it cannot reach the network",
        4 => "it cannot reach the host",
        5 => "the host refuses connections",
        6 => "the host is too far away",
        7 => "it does not connect for others",
        8 => "it knows no addresses of this kind",
        _ => "it does not say why",
    }
}
