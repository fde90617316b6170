//! Accept-Encoding as RFC 9110 §12.5.3 reads it, and A-IM, which has the same grammar (RFC 3229 §10.5.3).

use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderName};

use crate::model::{Coding, Document};

/// Which changes of a document the client could read instead of the whole (RFC 3229).
pub(super) const A_IM: HeaderName = HeaderName::from_static("a-im");

/// How much a client wants each coding, in thousandths, in the order of [`Coding::ALL`]; 0 is a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted([u16; 4]);

impl Accepted {
    /// What a client says that says nothing.
    const ANY: Self = Self([1, 1, 1, 1000]);

    /// What the Accept-Encoding lines of a request say together. Without any, every coding may be sent, but
    /// a client that does not mention gzip may be unable to read it: identity is preferred.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if !headers.contains_key(ACCEPT_ENCODING) {
            return Self::ANY;
        }
        let (mut named, mut any) = ([None; 4], None);
        for (name, weight) in members(headers, &ACCEPT_ENCODING) {
            let name = if name.eq_ignore_ascii_case("x-gzip") { "gzip" } else { name };
            for (place, coding) in named.iter_mut().zip(Coding::ALL) {
                if name.eq_ignore_ascii_case(coding.name()) {
                    *place = Some(weight);
                }
            }
            if name == "*" {
                any = Some(weight);
            }
        }
        let [br, zstd, gzip, identity] = named;
        // Acceptable unless it, or everything that is not named, is refused; but what is named comes first.
        let identity = identity.unwrap_or(u16::from(any != Some(0)));
        let [br, zstd, gzip] = [br, zstd, gzip].map(|weight| weight.or(any).unwrap_or(0));
        Self([br, zstd, gzip, identity])
    }

    /// The coding in which a document is sent; `None` where the client refuses all of them.
    ///
    /// Of those whose bytes are there. What is not compressed yet will be in a moment, and nobody waits for it who
    /// can read something else.
    pub(super) fn best(self, document: &Document) -> Option<Coding> {
        let is_worth_it = document.is_worth_packing();
        let is_offered = |coding| coding == Coding::Identity || is_worth_it && document.is_ready(coding);
        self.best_of(is_offered).or_else(|| self.best_of(|_| true))
    }

    /// Compresses a document that was made for this one request: with gzip where that will do, which is the quickest.
    pub(super) fn prepare(self, document: &Document) {
        let is_gzip_enough = self.takes(Coding::Gzip) && !self.is_silent();
        let coding = if is_gzip_enough { Some(Coding::Gzip) } else { self.best_of(|_| true) };
        if let Some(coding) = coding.filter(|_| document.is_worth_packing()) {
            // Where the encoder fails, it is sent as it is.
            let _ = document.body(coding);
        }
    }

    /// The best of those that are offered; the smaller one where they are equal.
    pub(super) fn best_of(self, is_offered: impl Fn(Coding) -> bool) -> Option<Coding> {
        let mut best = (0, None);
        for (weight, coding) in self.0.into_iter().zip(Coding::ALL) {
            if weight > best.0 && is_offered(coding) {
                best = (weight, Some(coding));
            }
        }
        best.1
    }

    /// Whether the client says nothing of codings.
    pub(super) fn is_silent(self) -> bool {
        self == Self::ANY
    }

    /// Whether the client takes a coding at all.
    pub(super) fn takes(self, coding: Coding) -> bool {
        self.best_of(|one| one == coding).is_some()
    }
}

/// Whether a client reads feeds that hold what is new alone, and likes them no less than whole ones.
pub(super) fn wants_news(headers: &HeaderMap) -> bool {
    let (mut feed, mut whole) = (0, 0);
    for (name, weight) in members(headers, &A_IM) {
        if name.eq_ignore_ascii_case("feed") {
            feed = weight;
        } else if name.eq_ignore_ascii_case("identity") {
            whole = weight;
        }
    }
    feed > 0 && feed >= whole
}

/// The members of a list with their weights. One with a weight that is none says nothing.
fn members<'a>(headers: &'a HeaderMap, header: &HeaderName) -> impl Iterator<Item = (&'a str, u16)> {
    let values = headers.get_all(header).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|member| {
        let (name, parameters) = member.split_once(';').unwrap_or((member, ""));
        Some((name.trim(), weight(parameters)?))
    })
}

/// The weight among a member's parameters in thousandths; 1000 where there is none, `None` where it breaks
/// the grammar (`0[.ddd]` or `1[.000]`).
fn weight(parameters: &str) -> Option<u16> {
    // Nearly all are of this kind.
    if parameters.is_empty() {
        return Some(1000);
    }
    let mut weights = parameters.split(';').filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    let Some(value) = weights.next() else { return Some(1000) };
    let (whole, digits) = value.split_once('.').unwrap_or((value, ""));
    if digits.len() > 3 {
        return None;
    }
    let mut thousandths = 0;
    for place in 0..3 {
        let digit = digits.as_bytes().get(place).copied().unwrap_or(b'0');
        thousandths = thousandths * 10 + char::from(digit).to_digit(10)?;
    }
    match whole {
        "0" => u16::try_from(thousandths).ok(),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_follow_the_grammar() {
        for (parameters, expected) in [
            ("", Some(1000)),
            ("q=1", Some(1000)),
            (" Q = 0.5 ", Some(500)),
            ("q=0.001", Some(1)),
            ("q=0.", Some(0)),
            ("q=1.000", Some(1000)),
            ("level=9;q=0.25", Some(250)),
            ("q=1.001", None),
            ("q=0.0001", None),
            ("q=0.x", None),
            ("q=2", None),
            ("q=-0", None),
            ("q=1e-1", None),
            ("q=NaN", None),
            ("q=", None),
        ] {
            assert_eq!(weight(parameters), expected, "{parameters:?}");
        }
    }

    #[test]
    fn news_are_for_those_who_ask_for_them() {
        for (values, expected) in [
            (vec![], false),
            (vec![""], false),
            (vec!["feed"], true),
            (vec!["Feed"], true),
            (vec!["vcdiff, feed;q=0.1"], true),
            (vec!["vcdiff", "gzip, feed"], true),
            (vec!["feed;q=0"], false),
            (vec!["feed;q=0.000, vcdiff"], false),
            (vec!["feed;q=2"], false),
            (vec!["vcdiff, gzip"], false),
            (vec!["feeds, feed feed"], false),
            (vec!["feed;q=0.5, identity"], false),
            (vec!["feed;q=0.5, identity;q=0.5"], true),
            (vec!["*"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in &values {
                headers.append(A_IM, value.parse().unwrap());
            }
            assert_eq!(wants_news(&headers), expected, "{values:?}");
        }
    }
}
