//! What is said of an exchange that failed, before it is known how its place is called.

use std::error::Error;
use std::io;
use std::time::Duration;

use hyper_util::client::legacy;

use super::connect::Unconnected;
use crate::model::{FetchError, FetchErrorKind};

/// A longer message is cut: servers have a say in some.
const MESSAGE_CHARS_MAX: usize = 500;

/// A failure in words that follow the name of the place: "answered 404 …".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) kind: FetchErrorKind,
    pub(super) says: String,
    /// For how long nobody shall ask again, where that is why nobody asked.
    pub(super) retry_after_seconds: Option<u64>,
}

impl Complaint {
    pub(super) fn new(kind: FetchErrorKind, says: impl Into<String>) -> Self {
        Self { kind, says: says.into(), retry_after_seconds: None }
    }

    /// For an end that says nothing of itself.
    pub(super) fn of_silence() -> Self {
        Self::new(FetchErrorKind::Broken, "did not answer")
    }

    /// The error of the door: one line that begins with `place`.
    pub(super) fn about(self, place: &str) -> FetchError {
        let line = format!("{place} {}", self.says).replace(char::is_control, " ");
        let message = line.chars().take(MESSAGE_CHARS_MAX).collect();
        FetchError { kind: self.kind, message }
    }

    /// What the client says when there is no answer.
    pub(super) fn of_client(error: &legacy::Error) -> Self {
        let kind = if error.is_connect() { FetchErrorKind::Connect } else { FetchErrorKind::Broken };
        Self::of_causes(error, kind)
    }

    /// What the connection says when a body breaks off.
    pub(super) fn of_body(error: &hyper::Error, bytes: u64) -> Self {
        let after = format!("after {bytes} bytes");
        let mut complaint = Self::of_causes(error, FetchErrorKind::Broken);
        if complaint.kind == FetchErrorKind::Broken {
            complaint.says = format!("broke off its answer {after} ({})", innermost(error));
        }
        complaint
    }

    /// The words for the first of its causes that we know.
    pub(super) fn of_causes(error: &(dyn Error + 'static), kind: FetchErrorKind) -> Self {
        causes(error)
            .find_map(known)
            .unwrap_or_else(|| Self::new(kind, format!("could not be asked: {}", innermost(error))))
    }
}

/// The words for a cause that we know, where there are better ones than its own.
fn known(cause: &(dyn Error + 'static)) -> Option<Complaint> {
    if let Some(unconnected) = cause.downcast_ref::<Unconnected>() {
        let kind = match unconnected {
            Unconnected::Refused(_) => FetchErrorKind::Forbidden,
            _ => FetchErrorKind::Connect,
        };
        return Some(Complaint::new(kind, unconnected.to_string()));
    }
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return Some(Complaint::new(FetchErrorKind::Tls, tls(error)));
    }
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        let (kind, says) = if error.is_parse_too_large() {
            (FetchErrorKind::TooLarge, "sent too many or too large headers")
        } else if error.is_parse() {
            (FetchErrorKind::Broken, "answered with something that is not HTTP")
        } else if error.is_incomplete_message() {
            (FetchErrorKind::Broken, "closed the connection before its answer was complete")
        } else {
            return None;
        };
        return Some(Complaint::new(kind, says));
    }
    let error = cause.downcast_ref::<io::Error>().filter(|error| error.get_ref().is_none())?;
    let (kind, says) = match error.kind() {
        io::ErrorKind::ConnectionRefused => (FetchErrorKind::Connect, "refuses connections: is it down?"),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            (FetchErrorKind::Connect, "cannot be reached from here: check the network")
        }
        io::ErrorKind::TimedOut => (FetchErrorKind::Connect, "does not answer connections"),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            (FetchErrorKind::Broken, "closed the connection before its answer was complete")
        }
        _ => return None,
    };
    Some(Complaint::new(kind, says))
}

fn tls(error: &rustls::Error) -> String {
    use rustls::{AlertDescription, CertificateError as Bad, Error};
    match error {
        Error::InvalidCertificate(bad) => match bad {
            Bad::Expired | Bad::ExpiredContext { .. } => "shows a certificate that has expired".to_owned(),
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                "shows a certificate that is not valid yet: is our clock right?".to_owned()
            }
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                "shows a certificate for another name".to_owned()
            }
            Bad::UnknownIssuer => {
                "shows a certificate of an authority that is not trusted here: add it to the system's store"
                    .to_owned()
            }
            other => format!("shows a bad certificate ({other})"),
        },
        Error::InvalidMessage(_) => "does not speak TLS there: does its url begin with http:?".to_owned(),
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "wants a certificate of ours: set client_cert and client_key".to_owned()
        }
        Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            "speaks only versions of TLS that are not safe any more".to_owned()
        }
        other => format!("failed to agree on TLS ({other})"),
    }
}

/// An error and what caused it, from the outside in. A custom `io::Error` hides its first cause from
/// `source`, so it is opened by hand.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn Error + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// `30s`, `1.5s`, `500ms`.
pub(super) fn duration(time: Duration) -> String {
    format!("{time:?}")
}

/// `16 MiB`, `64 KiB`, `100 bytes`: exact where the number is round.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        n if n >= 1 << 20 && n % (1 << 20) == 0 => format!("{} MiB", n >> 20),
        n if n >= 1 << 10 && n % (1 << 10) == 0 => format!("{} KiB", n >> 10),
        n => format!("{n} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_found_however_deep() {
        let check = |error: io::Error, kind, words: &str| {
            let nested = io::Error::other(io::Error::new(error.kind(), error));
            let complaint = Complaint::of_causes(&nested, FetchErrorKind::Connect);
            assert_eq!(complaint.kind, kind);
            assert!(complaint.says.contains(words), "{complaint:?}");
        };
        let tls = |bad| io::Error::other(rustls::Error::InvalidCertificate(bad));
        check(tls(rustls::CertificateError::Expired), FetchErrorKind::Tls, "has expired");
        check(tls(rustls::CertificateError::NotValidYet), FetchErrorKind::Tls, "not valid yet");
        check(tls(rustls::CertificateError::Revoked), FetchErrorKind::Tls, "bad certificate");
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        check(refused, FetchErrorKind::Connect, "refuses connections");
        check(
            io::Error::other("too many files"),
            FetchErrorKind::Connect,
            "could not be asked: too many files",
        );
    }

    #[test]
    fn an_error_is_one_line_of_bounded_length() {
        let complaint = Complaint::new(FetchErrorKind::Broken, format!("says\r\n\u{7}{}", "x".repeat(9000)));
        let error = complaint.about("a.example");
        assert!(error.message.starts_with("a.example says   xxx"), "{error}");
        assert_eq!(error.message.chars().count(), MESSAGE_CHARS_MAX);
    }

    #[test]
    fn sizes_are_exact() {
        for (bytes, text) in [(1, "1 bytes"), (1024, "1 KiB"), (1025, "1025 bytes"), (16 << 20, "16 MiB")] {
            assert_eq!(size(bytes), text);
        }
    }
}
