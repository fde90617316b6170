//! What is answered to those who ask the hub or the rssCloud.

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};

use crate::edge::serve::{Mail, text};

pub(super) const FORM: &str = "application/x-www-form-urlencoded";
const PAGE: &str = "This is the WebSub hub of the feeds of this site: https://www.w3.org/TR/websub/\n\n\
    POST hub.mode=subscribe (or unsubscribe), hub.topic (the address that a feed calls self) and hub.callback, and\n\
    if you like hub.lease_seconds, hub.secret and hub.signature (sha256, sha384 or sha512).\n";
/// When those who were too many may try again.
const RETRY_SECONDS: &str = "60";

/// An answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// What a hub is.
    Page,
    /// It will be verified.
    Accepted,
    /// It cannot be granted as it stands.
    Bad(String),
    /// It may not be granted.
    Forbidden(String),
    /// It is about something that is not there.
    Missing(String),
    /// Not so often.
    TooMany(String),
    /// Not now.
    Busy(String),
    /// The body is no form.
    NoForm,
    /// Only these methods.
    Methods(&'static str),
    /// Of the rssCloud: what went well, or why it did not.
    Cloud(Result<String, String>),
    /// Thanks for a ping.
    Pinged,
}

impl Answer {
    /// Why this is no request at all.
    pub(super) fn of_no_form(mail: &Mail, methods: &'static str) -> Option<Self> {
        if mail.method != Method::POST {
            return Some(Self::Methods(methods));
        }
        let kind = mail.headers.get(header::CONTENT_TYPE)?.to_str().unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        (!kind.eq_ignore_ascii_case(FORM)).then_some(Self::NoForm)
    }

    pub(super) fn response(self, method: &Method) -> Response<Bytes> {
        let say = |status, what: &str| text(status, format!("{what}\n"), method);
        match self {
            Self::Page => text(StatusCode::OK, PAGE, method),
            Self::Accepted => say(StatusCode::ACCEPTED, "The callback will be asked whether it wants this."),
            Self::Bad(why) => say(StatusCode::BAD_REQUEST, &why),
            Self::Forbidden(why) => say(StatusCode::FORBIDDEN, &why),
            Self::Missing(why) => say(StatusCode::NOT_FOUND, &why),
            Self::TooMany(why) => later(say(StatusCode::TOO_MANY_REQUESTS, &why)),
            Self::Busy(why) => later(say(StatusCode::SERVICE_UNAVAILABLE, &why)),
            Self::NoForm => say(StatusCode::UNSUPPORTED_MEDIA_TYPE, &format!("A form is wanted: {FORM}")),
            Self::Methods(methods) => {
                let mut response =
                    say(StatusCode::METHOD_NOT_ALLOWED, &format!("Only {methods} are answered here."));
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
                response
            }
            Self::Cloud(Ok(message)) => xml("notifyResult", true, &message, method),
            Self::Cloud(Err(message)) => xml("notifyResult", false, &message, method),
            Self::Pinged => xml("result", true, "Thanks for the ping.", method),
        }
    }
}

fn later(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    response
}

/// What rssCloud answers, also where it does not help.
fn xml(element: &str, success: bool, message: &str, method: &Method) -> Response<Bytes> {
    let mut safe = String::with_capacity(message.len());
    for c in message.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    let body = format!("<?xml version=\"1.0\"?>\n<{element} success=\"{success}\" msg=\"{safe}\"/>\n");
    let mut response = text(StatusCode::OK, body, method);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"));
    response
}
