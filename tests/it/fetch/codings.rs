//! Content codings: undone piece by piece, and never further than the bounds allow.

use std::io::Write as _;

use nashra::model::*;
use proptest::prelude::*;

use super::{ask, body, error, source};
use crate::kit::origin::{Origin, Reply};

const TEXT: &str = "<rss>كرة القدم، كرة القدم، كرة القدم</rss>";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(vec![], flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(vec![], flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(vec![], 4096, 5, 22);
    encoder.write_all(bytes).unwrap();
    encoder.into_inner()
}

fn zstd(bytes: &[u8], window_log: u32) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(vec![], 3).unwrap();
    encoder.set_parameter(zstd::zstd_safe::CParameter::WindowLog(window_log)).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What a source reads from a server that sends these bytes in this coding.
async fn answer(coding: &str, bytes: &[u8], bytes_max: u64) -> Retrieved {
    let reply = Reply::new(200, &[("Content-Encoding", coding)], bytes);
    let origin = Origin::start(move |_| reply.clone());
    let mut source = source(&origin.url("/"));
    source.fetch.body_bytes_max = bytes_max;
    ask(&source).await
}

async fn decodes(coding: &str, bytes: &[u8], expected: &[u8]) {
    let retrieved = answer(coding, bytes, 1 << 20).await;
    assert_eq!(retrieved.wire_bytes, bytes.len() as u64);
    assert!(body(retrieved).bytes == expected, "{coding}");
}

async fn fails(coding: &str, bytes: &[u8], kind: FetchErrorKind, words: &str) {
    let error = error(answer(coding, bytes, 4 << 20).await);
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.message.contains(words), "{error}");
}

#[tokio::test]
async fn every_coding_is_undone() {
    let long: Vec<u8> = (0..200_000_u32).flat_map(|n| (n * 7919 % 251).to_string().into_bytes()).collect();
    for text in [TEXT.as_bytes(), b"x", &long] {
        decodes("identity", text, text).await;
        decodes("", text, text).await;
        for name in ["gzip", "x-gzip", "GZip", " gzip "] {
            decodes(name, &gzip(text), text).await;
        }
        decodes("deflate", &zlib(text), text).await;
        decodes("deflate", &raw_deflate(text), text).await;
        decodes("br", &brotli(text), text).await;
        decodes("zstd", &zstd(text, 20), text).await;
        decodes("gzip, br", &brotli(&gzip(text)), text).await;
        decodes("zstd, identity, deflate , gzip", &gzip(&zlib(&zstd(text, 20))), text).await;
    }
}

#[tokio::test]
async fn members_follow_each_other_and_padding_is_none() {
    let text = TEXT.as_bytes();
    let twice = [text, text].concat();
    decodes("gzip", &[gzip(text), gzip(text)].concat(), &twice).await;
    decodes("zstd", &[zstd(text, 20), zstd(text, 20)].concat(), &twice).await;
    decodes("gzip", &[gzip(text), gzip(b""), vec![0; 9000]].concat(), text).await;
    for (coding, bytes) in
        [("br", brotli(text)), ("deflate", zlib(text)), ("zstd", zstd(text, 20)), ("gzip", gzip(text))]
    {
        decodes(coding, &[&bytes[..], b"\nrubbish after the end"].concat(), text).await;
    }
    for coding in ["gzip", "br", "zstd", "deflate"] {
        decodes(coding, b"", b"").await;
    }
}

#[tokio::test]
async fn broken_codings_are_told() {
    let broken = FetchErrorKind::Broken;
    for (coding, whole) in [
        ("gzip", gzip(TEXT.as_bytes())),
        ("deflate", zlib(TEXT.as_bytes())),
        ("br", brotli(TEXT.as_bytes())),
        ("zstd", zstd(TEXT.as_bytes(), 20)),
    ] {
        for length in [1, whole.len() / 2, whole.len() - 1] {
            fails(coding, &whole[..length], broken, "broke off in the middle of its").await;
        }
        fails(coding, &[0xff; 100], broken, "not valid").await;
    }
    let mut checksum = gzip(TEXT.as_bytes());
    let last = checksum.len() - 8;
    checksum[last] ^= 1;
    fails("gzip", &checksum, broken, "gzip").await;
    fails("gzip", TEXT.as_bytes(), broken, "not valid gzip").await;
    fails("compress", b"x", broken, "`compress`, which nashra did not ask for").await;
    fails("utf-8", b"x", broken, "`utf-8`").await;
    fails("gzip, gzip, gzip, gzip, gzip", b"x", broken, "more than 3 times over").await;
}

#[tokio::test]
async fn bombs_do_not_go_off() {
    let zeros = vec![0; 32 << 20];
    let bombs = [
        ("gzip", gzip(&zeros)),
        ("deflate", raw_deflate(&zeros)),
        ("br", brotli(&zeros)),
        ("zstd", zstd(&zeros, 23)),
    ];
    for (coding, bomb) in &bombs {
        // Below max_body, but nothing that a feed could be.
        let error = error(answer(coding, bomb, 1 << 30).await);
        assert_eq!(
            (error.kind, error.message.contains("more than 100 times")),
            (FetchErrorKind::TooLarge, true),
            "{error}"
        );
    }
    // A bomb within a bomb, and one that fills the middle only.
    let inner = gzip(&bombs[0].1);
    fails("gzip, gzip", &inner, FetchErrorKind::TooLarge, "").await;
    let empty_members = gzip(b"").repeat(200_000);
    fails("gzip, zstd", &zstd(&empty_members, 20), FetchErrorKind::TooLarge, "more than 100 times").await;
    fails("zstd", &zstd(&zeros, 25), FetchErrorKind::TooLarge, "").await;
}

#[tokio::test]
async fn the_window_of_zstd_is_bounded() {
    // Too random to be a bomb, so that the window is what counts.
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(100_000)
    .collect();
    fails("zstd", &zstd(&noise, 24), FetchErrorKind::TooLarge, "window above 8 MiB").await;
    decodes("zstd", &zstd(&noise, 23), &noise).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever comes under the name of a coding, it ends with a bounded document or a clear line.
    #[test]
    fn any_bytes_end_well(bytes in prop::collection::vec(any::<u8>(), 0..2000), n in 0..4_usize, flip in 0..400_usize) {
        let coding = ["gzip", "deflate", "br", "zstd"][n];
        let mut damaged = [gzip, zlib, brotli, |bytes: &[u8]| zstd(bytes, 20)][n](&bytes);
        let at = flip % damaged.len();
        damaged[at] = damaged[at].wrapping_add(1);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for bytes in [&bytes, &damaged] {
            match runtime.block_on(answer(coding, bytes, 10_000)).outcome {
                Ok(Answer::Body(body)) => prop_assert!(body.bytes.len() <= 10_000),
                Ok(other) => prop_assert!(false, "{:?}", other),
                Err(error) => prop_assert!(matches!(error.kind, FetchErrorKind::Broken | FetchErrorKind::TooLarge), "{}", error),
            }
        }
    }
}
