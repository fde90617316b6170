//! Documents in the codings that take an encoder. The same bytes give the same bytes on every machine.
//!
//! What zlib-rs and zstd choose by the processor is how they compare and copy, never what they find. brotli weighs its
//! choices in floating point; all of it is exact in IEEE 754 but the logarithms of counts above 255, and those are
//! rounded to 24 bits from a result that has twice as many, so that they do not differ between machines either.
//! Were that ever untrue, still no reader could tell: an ETag names the bytes before the coding, and nobody joins
//! parts of two answers, for ranges are not served.

use std::io::Write as _;

use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, GzBuilder};

use crate::model::Coding;

/// Brotli's own choice; a window beyond the document costs nothing.
const BROTLI_WINDOW_LOG: i32 = 22;

/// `bytes` in a coding; `None` where its encoder fails, which happens only when memory ends.
pub(super) fn packed(coding: Coding, bytes: &[u8]) -> Option<Vec<u8>> {
    match coding {
        Coding::Br => br(bytes),
        Coding::Zstd => zstd::bulk::compress(bytes, i32::from(coding.level())).ok(),
        Coding::Gzip => gzip(bytes),
        Coding::Identity => Some(bytes.to_vec()),
    }
}

fn br(bytes: &[u8]) -> Option<Vec<u8>> {
    let parameters = BrotliEncoderParams {
        quality: i32::from(Coding::Br.level()),
        lgwin: BROTLI_WINDOW_LOG,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    let mut out = Vec::with_capacity(bytes.len() / 4);
    brotli::BrotliCompress(&mut &*bytes, &mut out, &parameters).ok()?;
    Some(out)
}

/// Without name and time.
fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let level = Compression::new(u32::from(Coding::Gzip.level()));
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::with_capacity(bytes.len() / 4), level);
    encoder.write_all(bytes).and_then(|()| encoder.finish()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    /// Where this fails after an update of an encoder: the same tags would stand for other bytes. Their readers are
    /// safe, but say so in the changelog, and write the new values here.
    #[test]
    fn coded_bytes_follow_from_the_level() {
        let text: String = (0..400).map(|n| format!("<item>خبر رقم {n} عن {}</item>", n * n % 97)).collect();
        let hash = |coding| {
            let bytes = packed(coding, text.as_bytes()).unwrap();
            assert!(bytes.len() < text.len() / 2, "{coding:?}: {} of {}", bytes.len(), text.len());
            Digest::of([bytes.as_slice()]).to_string()
        };
        assert_eq!(Coding::PACKED.map(hash), ["", "", ""]);
    }
}
