//! `Content-Encoding` undone piece by piece, never further than the bounds allow (RFC 9110 §8.4).

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::codings::{Coding, Outcome, broken, coding};
use super::complaint::{Complaint, size};
use crate::model::FetchErrorKind;

/// Codings on top of each other; more are a trick, and each has a window of up to 16 MiB.
const CODINGS_MAX: usize = 3;
/// How far a document may grow when decoded, beyond the floor: text compresses 20 times at best.
const EXPANSION_MAX: u64 = 100;
const EXPANSION_FLOOR_BYTES: u64 = 1 << 20;

/// Collects a document from its encoded pieces.
pub(super) struct Decoder {
    /// The outermost coding first.
    stages: Vec<Stage>,
    bounds: Bounds,
    document: Vec<u8>,
}

struct Stage {
    coding: Box<dyn Coding>,
    /// Bytes that it has given so far.
    given: u64,
}

#[derive(Clone, Copy)]
struct Bounds {
    bytes_max: u64,
    /// Bytes that came over the wire so far.
    wire_bytes: u64,
}

impl Decoder {
    /// A decoder for what these headers announce.
    pub(super) fn new(headers: &HeaderMap, bytes_max: u64) -> Result<Self, Complaint> {
        let mut stages = vec![];
        for value in headers.get_all(CONTENT_ENCODING) {
            let names = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
            for name in names.split(',').map(str::trim).filter(|name| !matches!(*name, "" | "identity")) {
                if stages.len() == CODINGS_MAX {
                    return Err(broken(format!("encoded its answer more than {CODINGS_MAX} times over")));
                }
                stages.push(Stage { coding: coding(name)?, given: 0 });
            }
        }
        // The header names them in the order in which they were applied.
        stages.reverse();
        Ok(Self { stages, bounds: Bounds { bytes_max, wire_bytes: 0 }, document: vec![] })
    }

    /// Takes the next piece from the wire.
    pub(super) fn push(&mut self, piece: &[u8]) -> Outcome {
        self.bounds.wire_bytes += piece.len() as u64;
        self.bounds.check(self.bounds.wire_bytes, false)?;
        pass(&mut self.stages, self.bounds, piece, &mut self.document)
    }

    /// What has been decoded so far, whatever became of the rest.
    pub(super) fn so_far(mut self) -> Vec<u8> {
        let _ = finish(&mut self.stages, self.bounds, &mut self.document);
        self.document
    }

    /// The whole document. No bytes at all are an empty document in every coding.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Complaint> {
        if self.bounds.wire_bytes > 0 {
            finish(&mut self.stages, self.bounds, &mut self.document)?;
        }
        Ok(self.document)
    }
}

impl Bounds {
    fn check(self, bytes: u64, expanded: bool) -> Outcome {
        if bytes > self.bytes_max {
            let says = format!("sent more than {}: raise max_body if it is worth it", size(self.bytes_max));
            return Err(Complaint::new(FetchErrorKind::TooLarge, says));
        }
        let expansion_max = self.wire_bytes.saturating_mul(EXPANSION_MAX).max(EXPANSION_FLOOR_BYTES);
        if expanded && bytes > expansion_max {
            let says = format!("sent a compressed answer that grows more than {EXPANSION_MAX} times");
            return Err(Complaint::new(FetchErrorKind::TooLarge, says));
        }
        Ok(())
    }
}

/// Hands a piece through the stages into the document.
fn pass(stages: &mut [Stage], bounds: Bounds, piece: &[u8], document: &mut Vec<u8>) -> Outcome {
    match stages.split_first_mut() {
        None => {
            document.extend_from_slice(piece);
            Ok(())
        }
        Some((Stage { coding, given }, rest)) => coding.push(piece, &mut |decoded| {
            *given += decoded.len() as u64;
            bounds.check(*given, true)?;
            pass(rest, bounds, decoded, document)
        }),
    }
}

fn finish(stages: &mut [Stage], bounds: Bounds, document: &mut Vec<u8>) -> Outcome {
    let Some((Stage { coding, given }, rest)) = stages.split_first_mut() else { return Ok(()) };
    coding.finish(&mut |decoded| {
        *given += decoded.len() as u64;
        bounds.check(*given, true)?;
        pass(rest, bounds, decoded, document)
    })?;
    finish(rest, bounds, document)
}
