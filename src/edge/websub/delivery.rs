//! What a hub brings, as it came: nothing in it is believed before its signature is.

use bytes::Bytes;
use http::header::CONTENT_TYPE;

use super::signature::{self, Refusal, Signature};
use crate::edge::clock;
use crate::edge::serve::{Mail, Pass};
use crate::model::{Answer, Body, Manners, Retrieved, Secret, Timestamp, Validators};

/// A document that was pushed.
#[derive(Debug)]
pub struct Delivery {
    at: Timestamp,
    signature: Result<Signature, Refusal>,
    content_type: Option<String>,
    body: Bytes,
    /// What is to be held until it is taken in.
    pub pass: Pass,
}

impl Delivery {
    /// Takes a mail for a delivery.
    pub fn of(mail: Mail) -> Self {
        let content_type = mail.headers.get(CONTENT_TYPE);
        Self {
            at: clock::now(),
            signature: signature::of(&mail.headers),
            content_type: content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
            body: mail.body,
            pass: mail.pass,
        }
    }

    /// How long it is, in bytes.
    pub fn bytes(&self) -> usize {
        self.body.len()
    }

    /// The document as if it had been polled at `base` and held only what changed, once its signature is checked.
    pub fn open(&self, secret: &Secret, base: &str) -> Result<Retrieved, Refusal> {
        self.signature.as_ref().map_err(|refusal| *refusal)?.check(secret, &self.body)?;
        let body = Body {
            bytes: self.body.clone(),
            content_type: self.content_type.clone(),
            url: base.to_owned(),
            is_delta: true,
            validators: Validators::default(),
        };
        Ok(Retrieved {
            at: self.at,
            elapsed_ms: 0,
            wire_bytes: self.body.len() as u64,
            status: None,
            manners: Manners::default(),
            outcome: Ok(Answer::Body(body)),
        })
    }
}
