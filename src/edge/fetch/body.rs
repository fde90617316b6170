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
const ASIDE_BYTES_MAX: usize = 64 << 10;
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
            let silence = duration(patience.silence);
            let says = format!("stopped for {silence} in the middle of its answer, after {wire_bytes} bytes");
            return Err(Complaint::new(FetchErrorKind::Timeout, says));
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

fn too_slow(bytes: u64, elapsed: Duration, patience: &Patience) -> Result<(), Complaint> {
    let expected = elapsed.saturating_sub(patience.slow_start).as_secs().saturating_mul(BYTES_PER_SECOND_MIN);
    if bytes >= expected {
        return Ok(());
    }
    let says = format!("sends less than {BYTES_PER_SECOND_MIN} bytes a second");
    Err(Complaint::new(FetchErrorKind::Timeout, says))
}

/// Reads the beginning of an answer that is no document, as long as it comes quickly. However that ends, it
/// changes nothing about what the answer means.
pub(super) async fn aside(mut body: Incoming, patience: &Patience, wire_bytes: &mut u64) -> Vec<u8> {
    let mut beginning = vec![];
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            let Ok(data) = frame.into_data() else { continue };
            *wire_bytes += data.len() as u64;
            let room = ASIDE_BYTES_MAX - beginning.len();
            beginning.extend_from_slice(data.get(..room).unwrap_or(&data));
            if beginning.len() == ASIDE_BYTES_MAX {
                break;
            }
        }
    };
    let _ = timeout(patience.aside, reading).await;
    beginning
}
