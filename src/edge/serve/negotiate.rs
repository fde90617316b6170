//! Accept-Encoding as RFC 9110 §12.5.3 reads it.

use http::header::{ACCEPT_ENCODING, HeaderMap};

/// The codings that documents are ready in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
}

/// How much a client wants each coding, in thousandths; 0 is a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    gzip: u16,
    identity: u16,
}

impl Accepted {
    /// What the Accept-Encoding lines of a request say together. Without any, every coding may be sent, but
    /// a client that does not mention gzip may be unable to read it: identity is preferred.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if !headers.contains_key(ACCEPT_ENCODING) {
            return Self { gzip: 1, identity: 1000 };
        }
        let (mut gzip, mut identity, mut any) = (None, None, None);
        let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        for member in values.flat_map(|value| value.split(',')) {
            let (name, parameters) = member.split_once(';').unwrap_or((member, ""));
            // A member with a weight that is none says nothing.
            let Some(weight) = weight(parameters) else { continue };
            match name.trim().to_ascii_lowercase().as_str() {
                "gzip" | "x-gzip" => gzip = Some(weight),
                "identity" => identity = Some(weight),
                "*" => any = Some(weight),
                _ => {}
            }
        }
        Self {
            gzip: gzip.or(any).unwrap_or(0),
            // Acceptable unless it, or everything that is not named, is refused; but what is named comes first.
            identity: identity.unwrap_or(u16::from(any != Some(0))),
        }
    }

    /// The coding to send; `None` where the client refuses both. gzip wins where they are equal.
    pub(super) fn best(self) -> Option<Coding> {
        match (self.gzip, self.identity) {
            (0, 0) => None,
            (gzip, identity) if gzip >= identity => Some(Coding::Gzip),
            _ => Some(Coding::Identity),
        }
    }

    /// Whether the client takes a coding at all.
    pub(super) fn takes(self, coding: Coding) -> bool {
        match coding {
            Coding::Identity => self.identity > 0,
            Coding::Gzip => self.gzip > 0,
        }
    }
}

/// The weight among a member's parameters in thousandths; 1000 where there is none, `None` where it breaks
/// the grammar (`0[.ddd]` or `1[.000]`).
fn weight(parameters: &str) -> Option<u16> {
    let mut weights = parameters.split(';').filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    let Some(value) = weights.next() else { return Some(1000) };
    let (whole, digits) = value.split_once('.').unwrap_or((value, ""));
    if digits.len() > 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{digits:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
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
            ("q=2", None),
            ("q=-0", None),
            ("q=1e-1", None),
            ("q=NaN", None),
            ("q=", None),
        ] {
            assert_eq!(weight(parameters), expected, "{parameters:?}");
        }
    }
}
