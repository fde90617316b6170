//! Redirects, followed by hand (RFC 9110 §10.2.2, §15.4), so that every address is looked at first.

use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use url::Url;

use super::complaint::Complaint;
use crate::model::{FetchErrorKind, Ports};

/// Redirects that are followed, one after the other.
pub(super) const HOPS_MAX: usize = 10;
const LOCATION_BYTES_MAX: usize = 8 << 10;

/// The addresses asked so far, the present one last.
pub(super) struct Route {
    first: Url,
    hops: usize,
    hops_max: usize,
    /// Those that need not be asked again: they would say the same.
    seen: Vec<Url>,
    now: Url,
    /// Where the redirects lead that are for good, and whether there have been no others yet.
    permanent: Option<Url>,
    is_permanent: bool,
}

impl Route {
    pub(super) fn new(url: &Url, hops_max: usize) -> Self {
        Self {
            first: url.clone(),
            hops: 0,
            hops_max,
            seen: vec![],
            now: url.clone(),
            permanent: None,
            is_permanent: true,
        }
    }

    /// The address to ask now.
    pub(super) fn url(&self) -> &Url {
        &self.now
    }

    /// How messages call the present address.
    pub(super) fn place(&self) -> String {
        match self.hops {
            0 => host(&self.now),
            n => format!("{} (redirect {n} from {})", host(&self.now), host(&self.first)),
        }
    }

    /// Whether the present address is one that may be asked at all; its IP address is looked at later.
    pub(super) fn check(&self, ports: &Ports) -> Result<(), Complaint> {
        let port = self.now.port_or_known_default().unwrap_or_default();
        let allowed = match ports {
            Ports::Any => true,
            Ports::Only(ranges) => ranges.iter().any(|(low, high)| (*low..=*high).contains(&port)),
        };
        if allowed {
            return Ok(());
        }
        let says = format!("may not be fetched: port {port} is not among the ports allowed, add it to ports");
        Err(Complaint::new(FetchErrorKind::Forbidden, says))
    }

    /// Where an unbroken chain of 301 and 308 leads; `None` where the first answer was no such redirect.
    pub(super) fn permanent(&self) -> Option<&Url> {
        self.permanent.as_ref()
    }

    /// Whether the present address stands for the first one for good.
    pub(super) fn is_permanent(&self) -> bool {
        self.is_permanent
    }

    /// Goes on to where a redirect leads. `has_news` says that whoever was asked before may answer otherwise
    /// now: then it is no circle to come back.
    pub(super) fn follow(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        has_news: bool,
    ) -> Result<(), Complaint> {
        let mut target = self.target(headers)?;
        let hops_max = self.hops_max;
        if self.hops >= hops_max {
            return Err(complaint(format!("redirects once more after {hops_max} redirects")));
        }
        // An https source stays private and authentic on its whole way. One that begins with http has
        // promised neither.
        if self.first.scheme() == "https" && target.scheme() == "http" {
            return Err(complaint(format!(
                "redirects from https to http: write url = \"{target}\" if you accept that"
            )));
        }
        if target.fragment().is_none() {
            target.set_fragment(self.now.fragment());
        }
        let next = without_fragment(&target);
        if has_news {
            self.seen.clear();
        } else {
            self.seen.push(without_fragment(&self.now));
        }
        if self.seen.contains(&next) {
            let says = format!(
                "redirects in a circle, back to {next}: perhaps it insists on cookies, set cookies = true"
            );
            return Err(complaint(says));
        }
        self.is_permanent &= matches!(status.as_u16(), 301 | 308);
        if self.is_permanent {
            self.permanent = Some(target.clone());
        }
        self.hops += 1;
        self.now = target;
        Ok(())
    }

    fn target(&self, headers: &HeaderMap) -> Result<Url, Complaint> {
        let location = headers.get(LOCATION).map_or(&[][..], |value| value.as_bytes()).trim_ascii();
        if location.is_empty() {
            return Err(complaint("redirects without saying where to".to_owned()));
        }
        if location.len() > LOCATION_BYTES_MAX {
            return Err(complaint(format!("redirects to an address of {} bytes", location.len())));
        }
        let text = escaped(location);
        let mut target = self.now.join(&text).map_err(|error| {
            complaint(format!("redirects to `{}`, which is no address ({error})", text.escape_debug()))
        })?;
        if !matches!(target.scheme(), "http" | "https") {
            return Err(complaint(format!(
                "redirects to {}:, which is neither http nor https",
                target.scheme()
            )));
        }
        // Whoever redirects has no credentials of ours to hand on. Neither call fails for http.
        let _ = target.set_username("");
        let _ = target.set_password(None);
        Ok(target)
    }
}

fn complaint(says: String) -> Complaint {
    Complaint::new(FetchErrorKind::Redirect, says)
}

/// Host and port, as an admin would write them.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn without_fragment(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    url
}

/// Bytes that are no UTF-8 are escaped one by one, as they stand; `Url` escapes the rest.
fn escaped(location: &[u8]) -> String {
    location.utf8_chunks().fold(String::new(), |mut text, chunk| {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("%{byte:02X}")));
        text
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// Where `location` leads from `url`, or what is said about it.
    fn follow(url: &str, location: &[u8]) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_bytes(location).unwrap());
        let mut route = Route::new(&url.parse().unwrap(), HOPS_MAX);
        route
            .follow(StatusCode::FOUND, &headers, false)
            .map(|()| route.url().to_string())
            .map_err(|complaint| complaint.says)
    }

    #[test]
    fn targets_are_resolved() {
        let base = "http://a.example/one/two?q#part";
        let check = |location: &[u8], expected: &str| {
            assert_eq!(follow(base, location).as_deref(), Ok(expected), "{}", location.escape_ascii());
        };
        check(b"three", "http://a.example/one/three#part");
        check(b"/three#own", "http://a.example/three#own");
        check(b"//b.example/", "http://b.example/#part");
        check(b"?page=2", "http://a.example/one/two?page=2#part");
        check(b"  https://b.example/x y  ", "https://b.example/x%20y#part");
        check("http://b.example/أ".as_bytes(), "http://b.example/%D8%A3#part");
        check(b"http://b.example/caf\xe9", "http://b.example/caf%E9#part");
        check(b"http://user:secret@b.example/", "http://b.example/#part");
        check(b"http://2130706433/", "http://127.0.0.1/#part");
    }

    #[test]
    fn bad_targets_are_named() {
        let check = |url: &str, location: &str, expected: &str| {
            let says = follow(url, location.as_bytes()).unwrap_err();
            assert!(says.contains(expected), "{says}");
        };
        check("http://a.example/", "", "without saying where to");
        check("http://a.example/", "ftp://a.example/", "neither http nor https");
        check("http://a.example/", "file:///etc/passwd", "neither http nor https");
        check("http://a.example/", "http://[::1", "no address");
        check("http://a.example/x", "#again", "in a circle");
        check("https://a.example/", "http://a.example/", "from https to http");
        check("http://a.example/", &"x".repeat(9000), "9000 bytes");
    }
}
