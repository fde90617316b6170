//! What a find weighs. In whole numbers, so that the order is the same on every machine.

/// Fractional bits of logarithms and ranks.
const FRACTION: u32 = 16;
/// What is this much older must match twice as well, in seconds.
const HALF_LIFE_SECONDS: i64 = 30 * 24 * 3600;
/// Dates beyond the year 6000 are all alike, in milliseconds since 1970.
const MILLIS_MAX: i64 = 1 << 47;
/// Words of an entry of ordinary length.
const WORDS_USUAL: u64 = 120;
/// What a word in the title weighs beside its count.
const TITLE: u32 = 4_000;

/// What the length of an entry of so many words counts for in [`weight`].
pub(super) fn length(words: usize) -> u16 {
    let words = u64::try_from(words).unwrap_or(u64::MAX).min(10 * WORDS_USUAL);
    u16::try_from(1_200 * (250 + 750 * words / WORDS_USUAL) / 1_000).unwrap_or(u16::MAX)
}

/// How much an entry of this `length` is about what it has `count` times (BM25 with k1 = 1.2, b = 0.75), in
/// thousandths, with the weight of the title.
pub(super) fn weight(count: u8, length: u16, in_title: bool) -> u32 {
    let count = u32::from(count);
    let saturated = count * 2_200_000 / (count * 1_000 + u32::from(length)).max(1);
    saturated + if in_title { TITLE } else { 0 }
}

/// How much a word tells that `found` of `all` entries have. Never nothing.
pub(super) fn rarity(found: u64, all: u64) -> u64 {
    let ratio = ((all.max(found) + 1) << FRACTION) / (found + 1);
    (log2(ratio).saturating_sub(u64::from(FRACTION) << FRACTION) >> 8) + 64
}

/// The place of an entry that was published then, in milliseconds since 1970: higher comes first. Age counts against
/// it as decay does, whose order does not depend on the moment of looking.
pub(super) fn rank(score: u64, published_millis: i64) -> i64 {
    let millis = published_millis.clamp(-MILLIS_MAX, MILLIS_MAX);
    let decay = (millis << FRACTION) / (HALF_LIFE_SECONDS * 1000);
    i64::try_from(log2(score + 1)).unwrap_or_default().saturating_add(decay)
}

/// The logarithm of a number above zero, the mantissa taken for a straight line.
fn log2(number: u64) -> u64 {
    let whole = number.max(1).ilog2();
    let mantissa =
        if whole >= FRACTION { number >> (whole - FRACTION) } else { number << (FRACTION - whole) };
    (u64::from(whole) << FRACTION) + mantissa.saturating_sub(1 << FRACTION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_for_more() {
        let [short, usual, long] = [50, 100, 400].map(length);
        assert!(weight(2, usual, false) > weight(1, usual, false));
        assert!(weight(1, short, false) > weight(1, long, false));
        assert!(weight(1, long, true) > weight(16, usual, false));
        assert!(rarity(1, 100_000) > 2 * rarity(10_000, 100_000) && rarity(9, 9) > 0);
        let day = 24 * 3600 * 1000;
        assert!(rank(1000, 2 * day) > rank(1000, day));
        assert_eq!(rank(2 * 4095 + 1, 0), rank(4095, 30 * day));
    }

    #[test]
    fn logarithms_grow() {
        assert_eq!([1, 2, 3, 4, 1 << 40].map(log2), [0, 1 << 16, 3 << 15, 2 << 16, 40 << 16]);
        assert!((1..5000_u64).all(|n| log2(n) < log2(n + 1)));
        assert_eq!(log2(0), 0);
    }
}
