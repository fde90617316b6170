//! What we ask with: our name, what we understand, what we know already, and secrets for one origin only.

use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, COOKIE, FROM, HeaderMap, HeaderName, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, USER_AGENT,
};
use http::{Request, Uri};
use http_body_util::Empty;
use percent_encoding::percent_decode_str;
use tokio::task::spawn_blocking;
use url::{Origin, Url};

use super::answer::Known;
use super::complaint::Complaint;
use crate::model::{Auth, FetchErrorKind, FetchPolicy, Validators};

/// Feeds first, then what feeds are served as, then anything.
const ACCEPTED: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
    application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5";
/// What robots.txt is served as.
const ACCEPTED_ROBOTS: &str = "text/plain, */*;q=0.5";
/// What we accept in place of the whole document (RFC 3229 §10.5.3).
const A_IM: HeaderName = HeaderName::from_static("a-im");
const CODINGS: &str = "gzip, br, zstd, deflate";
const SECRET_BYTES_MAX: u64 = 8 << 10;

/// Who we are to every server.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) agent: HeaderValue,
    pub(super) from: Option<HeaderValue>,
}

/// Everything that is asked along the redirects of one source.
pub(super) struct Letter {
    /// The origin of the source's own address, the only one that `own` is for.
    origin: Origin,
    common: HeaderMap,
    own: HeaderMap,
    /// Whether `own` holds credentials.
    has_credentials: bool,
    known: Known,
}

impl Letter {
    /// Prepares the headers. A secret that is missing is told before anything is sent.
    pub(super) async fn write(
        identity: &Identity,
        policy: &FetchPolicy,
        url: &Url,
        validators: &Validators,
    ) -> Result<Self, Complaint> {
        let mut common = HeaderMap::new();
        common.insert(ACCEPT, HeaderValue::from_static(ACCEPTED));
        common.insert(ACCEPT_ENCODING, HeaderValue::from_static(CODINGS));
        let agent = policy.user_agent.as_deref().map(|agent| value("user_agent", agent.as_bytes()));
        common.insert(USER_AGENT, agent.transpose()?.unwrap_or_else(|| identity.agent.clone()));
        if let Some(from) = &identity.from {
            common.insert(FROM, from.clone());
        }
        // Exactly the bytes that the server gave; what no header can carry came from no header.
        let carried = |known: &Option<Vec<u8>>| {
            let known = known.as_deref().filter(|known| !known.is_empty())?;
            HeaderValue::from_bytes(known).ok()
        };
        let (etag, date) = (carried(&validators.etag), carried(&validators.last_modified));
        let known = Known { etag: etag.is_some(), last_modified: date.is_some() };
        if let Some(etag) = etag {
            common.insert(IF_NONE_MATCH, etag);
            common.insert(A_IM, HeaderValue::from_static("feed"));
        }
        if let Some(date) = date {
            common.insert(IF_MODIFIED_SINCE, date);
        }
        let mut own = HeaderMap::new();
        for (name, text) in &policy.headers {
            let header = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| unsendable(format!("cannot be asked: `{name}` is no header name")))?;
            own.append(header, value(name, text.as_bytes())?);
        }
        let credentials = credentials(policy.auth.as_ref(), url).await?;
        let has_credentials = credentials.is_some();
        if let Some(credentials) = credentials {
            own.insert(AUTHORIZATION, credentials);
        }
        Ok(Self { origin: url.origin(), common, own, has_credentials, known })
    }

    /// The request to this address. `cookies` join those that the admin sends.
    pub(super) fn to(
        &self,
        url: &Url,
        cookies: Option<HeaderValue>,
    ) -> Result<Request<Empty<Bytes>>, Complaint> {
        let mut request = request(url)?;
        *request.headers_mut() = self.common.clone();
        if self.is_at_home(url) {
            for name in self.own.keys() {
                request.headers_mut().remove(name);
            }
            request.headers_mut().extend(self.own.clone());
        }
        if let Some(cookies) = cookies {
            let own = request.headers().get(COOKIE).map(|own| [own.as_bytes(), b"; "].concat());
            let all = [&own.unwrap_or_default()[..], cookies.as_bytes()].concat();
            request.headers_mut().insert(COOKIE, value("Cookie", &all)?);
        }
        Ok(request)
    }

    /// The request for a robots.txt: no secrets, and nothing that we know of the feed.
    pub(super) fn to_robots(&self, url: &Url) -> Result<Request<Empty<Bytes>>, Complaint> {
        let mut request = request(url)?;
        *request.headers_mut() = self.common.clone();
        for name in [IF_NONE_MATCH, IF_MODIFIED_SINCE, A_IM] {
            request.headers_mut().remove(name);
        }
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static(ACCEPTED_ROBOTS));
        Ok(request)
    }

    /// What the server has been told that we know: whether "not modified" is an answer.
    pub(super) fn known(&self) -> Known {
        self.known
    }

    /// Whether credentials went to this address; `None` where there are none at all.
    pub(super) fn sent_credentials(&self, url: &Url) -> Option<bool> {
        self.has_credentials.then(|| self.is_at_home(url))
    }

    fn is_at_home(&self, url: &Url) -> bool {
        self.origin == url.origin()
    }
}

fn request(url: &Url) -> Result<Request<Empty<Bytes>>, Complaint> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = uri(url).ok_or_else(|| {
        unsendable("cannot be asked: its url is longer than HTTP carries or has no valid host".to_owned())
    })?;
    Ok(request)
}

/// The address without what is never sent: fragment and userinfo.
pub(super) fn uri(url: &Url) -> Option<Uri> {
    let mut url = url.clone();
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    url.as_str().parse().ok()
}

fn value(name: &str, text: &[u8]) -> Result<HeaderValue, Complaint> {
    HeaderValue::from_bytes(text)
        .map_err(|_| unsendable(format!("cannot be asked: the value of {name} fits no header")))
}

fn unsendable(says: String) -> Complaint {
    Complaint::new(FetchErrorKind::Unsendable, says)
}

/// The value of `Authorization`: what `auth` names, else the userinfo of the source's own address.
async fn credentials(auth: Option<&Auth>, url: &Url) -> Result<Option<HeaderValue>, Complaint> {
    let (text, name) = match auth {
        Some(Auth::Bearer { token_env }) => {
            (format!("Bearer {}", secret(token_env).await?), token_env.as_str())
        }
        Some(Auth::Basic { user, password_env }) => {
            (basic(format!("{user}:{}", secret(password_env).await?).as_bytes()), password_env.as_str())
        }
        None if url.username().is_empty() && url.password().is_none() => return Ok(None),
        None => {
            let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
            pair.push(b':');
            pair.extend(percent_decode_str(url.password().unwrap_or_default()));
            (basic(&pair), "the url's password")
        }
    };
    let mut value = HeaderValue::from_bytes(text.as_bytes())
        .map_err(|_| unsendable(format!("cannot be asked: the secret in {name} fits no header")))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// The secret of this name, which the environment holds or else a file among systemd's credentials.
pub(super) async fn secret(name: &str) -> Result<String, Complaint> {
    let held = std::env::var(name).ok();
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY");
    let found = match (held, folder) {
        (None, Some(folder)) => {
            let path = Path::new(&folder).join(name);
            spawn_blocking(move || credential(&path)).await.ok().flatten()
        }
        (held, _) => held,
    };
    // Whoever writes a secret into a file ends its line.
    let secret = found.map(|secret| secret.trim_end_matches(['\r', '\n']).to_owned());
    secret.filter(|secret| !secret.is_empty()).ok_or_else(|| {
        unsendable(format!(
            "was not asked: its secret is missing; set the environment variable {name} or give systemd \
             LoadCredential={name}:…"
        ))
    })
}

fn credential(path: &Path) -> Option<String> {
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(SECRET_BYTES_MAX + 1).read_to_string(&mut text).ok()?;
    (text.len() as u64 <= SECRET_BYTES_MAX).then_some(text)
}

/// RFC 7617 §2, in UTF-8.
pub(super) fn basic(pair: &[u8]) -> String {
    format!("Basic {}", base64(pair))
}

/// RFC 4648 §4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | usize::from(three.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let sign = ALPHABET.get(bits >> (18 - 6 * at) & 63).filter(|_| at <= three.len());
            text.push(sign.map_or('=', |sign| char::from(*sign)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        // RFC 4648 §10.
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
        ];
        for (plain, encoded) in vectors {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
