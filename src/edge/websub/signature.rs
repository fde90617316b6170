//! `X-Hub-Signature`: who knows the secret has written this (WebSub §7.1).

use http::HeaderMap;
use ring::hmac::{self, Algorithm, Key};

use crate::model::Secret;

/// The header. (Its name in lower case, as all are kept.)
const HEADER: &str = "x-hub-signature";
/// The longest hash that is known, in bytes.
const HASH_BYTES_MAX: usize = 64;

/// Why a delivery is thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No header.
    #[error("it is not signed")]
    Missing,
    /// More than one header, no hexadecimal digits, or a method that is not known.
    #[error("its signature cannot be read")]
    Unreadable,
    /// Another secret, or another body.
    #[error("its signature is wrong")]
    Wrong,
}

/// The signature that a delivery bears, to be checked against its body.
#[derive(Clone, Debug)]
pub struct Signature {
    algorithm: Algorithm,
    tag: Vec<u8>,
}

/// The signature in these headers.
pub fn of(headers: &HeaderMap) -> Result<Signature, Refusal> {
    let mut lines = headers.get_all(HEADER).iter();
    let line = lines.next().ok_or(Refusal::Missing)?;
    if lines.next().is_some() {
        return Err(Refusal::Unreadable);
    }
    line.to_str().ok().and_then(read).ok_or(Refusal::Unreadable)
}

fn read(line: &str) -> Option<Signature> {
    let (method, digits) = line.trim().split_once('=')?;
    let algorithm = match method.to_ascii_lowercase().as_str() {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return None,
    };
    if digits.len() > 2 * HASH_BYTES_MAX || !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.as_bytes().chunks_exact(2);
    let byte = |pair: &[u8]| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?);
    Some(Signature { algorithm, tag: pairs.map(byte).collect::<Option<_>>()? })
}

impl Signature {
    /// Whether this body was signed with this secret. Takes the same time wherever it differs.
    pub fn check(&self, secret: &Secret, body: &[u8]) -> Result<(), Refusal> {
        let key = Key::new(self.algorithm, secret.0.as_bytes());
        hmac::verify(&key, body, &self.tag).map_err(|_| Refusal::Wrong)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const BODY: &[u8] = b"what do ya want for nothing?";
    /// RFC 2202 test 2 and RFC 4231 test 2: the key "Jefe".
    const SIGNED: [&str; 4] = [
        "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ];

    fn check(lines: &[&str], body: &[u8], expected: Result<(), Refusal>) {
        let mut headers = HeaderMap::new();
        lines.iter().for_each(|line| _ = headers.append(HEADER, HeaderValue::from_str(line).unwrap()));
        let checked = of(&headers).and_then(|found| found.check(&Secret("Jefe".to_owned()), body));
        assert_eq!(checked, expected, "{lines:?}");
    }

    #[test]
    fn a_signature_holds_for_one_body_and_one_secret() {
        for line in SIGNED {
            check(&[line], BODY, Ok(()));
            let (method, digits) = line.split_once('=').unwrap();
            check(&[&format!("{}={}", method.to_uppercase(), digits.to_uppercase())], BODY, Ok(()));
            check(&[line], b"what do ya want for nothing!", Err(Refusal::Wrong));
            check(&[&line[..line.len() - 2]], BODY, Err(Refusal::Wrong));
            check(
                &[&format!("{line}00")],
                BODY,
                Err(if method == "sha512" { Refusal::Unreadable } else { Refusal::Wrong }),
            );
            check(&[line, line], BODY, Err(Refusal::Unreadable));
        }
        // The hash of another method.
        check(&[&SIGNED[1].replace("sha256", "sha512")], BODY, Err(Refusal::Wrong));
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        check(&[], BODY, Err(Refusal::Missing));
        for line in
            ["", "sha256", "md5=00", "=00", "sha256=0", "sha256=0g", "sha256=+1", "sha1 = 00", "sha256=é"]
        {
            let header = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            let headers = HeaderMap::from_iter([(http::HeaderName::from_static(HEADER), header)]);
            assert_eq!(of(&headers).map(|_| ()), Err(Refusal::Unreadable), "{line}");
        }
        check(&["sha256="], BODY, Err(Refusal::Wrong));
    }

    proptest! {
        #[test]
        fn nothing_that_is_made_up_is_believed(line in "(sha1|sha256|sha384|sha512|.{0,8})=[0-9a-fA-F]{0,140}", body: Vec<u8>) {
            if let Some(signature) = read(&line) {
                prop_assert!(signature.check(&Secret("k".to_owned()), &body).is_err());
            }
        }

        #[test]
        fn what_is_signed_is_believed(secret in "[ -~]{1,80}", body: Vec<u8>, other: Vec<u8>) {
            let key = Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            let tag = hmac::sign(&key, &body);
            let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            let signature = read(&format!("sha256={digits}")).unwrap();
            prop_assert_eq!(signature.check(&Secret(secret.clone()), &body), Ok(()));
            let checked = signature.check(&Secret(secret), &other);
            prop_assert_eq!(checked.is_ok(), other == body);
        }
    }
}
