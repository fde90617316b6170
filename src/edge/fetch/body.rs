//! Bodies, read within bounds of size and patience.

use std::time::{Duration, Instant};

use http::HeaderMap;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;

use super::Patience;
use super::complaint::{Complaint, duration, size};
use super::decode::Decoder;
use crate::model::FetchErrorKind;

/// How much of an answer that is no document is read: enough to recognise it, and to use its connection again.
const ASIDE_BYTES_MAX: u64 = 64 << 10;
/// A body may be this slow on average, once its first seconds are over.
const BYTES_PER_SECOND_MIN: u64 = 100;
/// What is decoded before other tasks get their turn.
const SLICE_BYTES_MAX: usize = 4 << 10;

/// Reads a document and undoes its codings. `wire_bytes` counts along.
pub(super) async fn document(
    headers: &HeaderMap,
    mut body: Incoming,
    bytes_max: u64,
    patience: &Patience,
    wire_bytes: &mut u64,
) -> Result<Vec<u8>, Complaint> {
    let mut decoder = Decoder::new(headers, bytes_max)?;
    let announced = body.size_hint().lower();
    if announced > bytes_max {
        let says = format!("announces {}, more than max_body ({})", size(announced), size(bytes_max));
        return Err(Complaint::new(FetchErrorKind::TooLarge, says));
    }
    let began = Instant::now();
    loop {
        let Ok(frame) = timeout(patience.silence, body.frame()).await else {
            return Err(silent(patience, *wire_bytes));
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| Complaint::of_body(&error, *wire_bytes))?;
        // Trailers say nothing that we need.
        let Ok(data) = frame.into_data() else { continue };
        *wire_bytes += data.len() as u64;
        too_slow(*wire_bytes, began.elapsed(), patience)?;
        for slice in data.chunks(SLICE_BYTES_MAX) {
            decoder.push(slice)?;
            tokio::task::consume_budget().await;
        }
    }
    decoder.finish()
}

fn silent(patience: &Patience, wire_bytes: u64) -> Complaint {
    let silence = duration(patience.silence);
    let says = format!("stopped for {silence} in the middle of its answer, after {wire_bytes} bytes");
    Complaint::new(FetchErrorKind::Timeout, says)
}

fn too_slow(bytes: u64, elapsed: Duration, patience: &Patience) -> Result<(), Complaint> {
    let expected = elapsed.saturating_sub(patience.slow_start).as_secs().saturating_mul(BYTES_PER_SECOND_MIN);
    if bytes >= expected {
        return Ok(());
    }
    let says = format!("sends less than {BYTES_PER_SECOND_MIN} bytes a second");
    Err(Complaint::new(FetchErrorKind::Timeout, says))
}

/// Reads the beginning of an answer that is no document, as long as it comes quickly and can be decoded. However
/// that ends, it changes nothing about what the answer means.
pub(super) async fn aside(
    headers: &HeaderMap,
    mut body: Incoming,
    patience: &Patience,
    wire_bytes: &mut u64,
) -> Vec<u8> {
    let mut decoder = Decoder::new(headers, ASIDE_BYTES_MAX).ok();
    let mut left = ASIDE_BYTES_MAX;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            let Ok(data) = frame.into_data() else { continue };
            *wire_bytes += data.len() as u64;
            for slice in data.chunks(SLICE_BYTES_MAX) {
                // After a failure, what has been decoded stands.
                let _ = decoder.as_mut().map(|decoder| decoder.push(slice));
            }
            left = left.saturating_sub(data.len() as u64);
            if left == 0 {
                break;
            }
        }
    };
    let _ = timeout(patience.aside, reading).await;
    decoder.map(Decoder::so_far).unwrap_or_default()
}

/// Reads the beginning of a document and undoes its codings; where it is longer than `bytes_max`, or grows more
/// than it may, what came so far is enough.
pub(super) async fn beginning(
    headers: &HeaderMap,
    mut body: Incoming,
    bytes_max: u64,
    patience: &Patience,
    wire_bytes: &mut u64,
) -> Result<Vec<u8>, Complaint> {
    let mut decoder = Decoder::new(headers, bytes_max)?;
    while let Ok(frame) = timeout(patience.silence, body.frame()).await {
        let Some(frame) = frame else { return decoder.finish() };
        let frame = frame.map_err(|error| Complaint::of_body(&error, *wire_bytes))?;
        let Ok(data) = frame.into_data() else { continue };
        *wire_bytes += data.len() as u64;
        for slice in data.chunks(SLICE_BYTES_MAX) {
            match decoder.push(slice) {
                Err(complaint) if complaint.kind == FetchErrorKind::TooLarge => return Ok(decoder.so_far()),
                pushed => pushed?,
            }
        }
    }
    Err(silent(patience, *wire_bytes))
}
