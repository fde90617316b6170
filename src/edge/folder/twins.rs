//! The compressed forms of a file that web servers can send in its place.

use std::io::Write as _;

use flate2::{Compression, GzBuilder};

/// What they are called behind the file's own name.
pub(super) const ENDINGS: [&str; 3] = [".gz", ".br", ".zst"];
/// The highest: a file is written once and read often.
const GZIP_LEVEL: u32 = 9;
/// Of 11; the two above take ten times as long.
const BROTLI_QUALITY: u32 = 9;
/// Of 22; brotli's window is as large as most documents.
const BROTLI_WINDOW_BITS: u32 = 22;
/// Of 22.
const ZSTD_LEVEL: i32 = 12;

/// The same bytes give the same bytes.
pub(super) fn twins(body: &[u8]) -> [(&'static str, Vec<u8>); 3] {
    let [gzip, brotli, zstd] = ENDINGS;
    // Vectors take every byte, so none of these can fail.
    let mut gzipped = GzBuilder::new().mtime(0).write(Vec::new(), Compression::new(GZIP_LEVEL));
    let gzipped = gzipped.write_all(body).and_then(|()| gzipped.finish()).unwrap_or_default();
    let mut packed = brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_QUALITY, BROTLI_WINDOW_BITS);
    let packed = packed.write_all(body).map(|()| packed.into_inner()).unwrap_or_default();
    let zipped = zstd::bulk::compress(body, ZSTD_LEVEL).unwrap_or_default();
    [(gzip, gzipped), (brotli, packed), (zstd, zipped)]
}
