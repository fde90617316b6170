//! Where the larger part of a sealed segment may be kept instead of in memory.

use std::fmt::Debug;
use std::ops::Range;

/// Bytes that are kept outside memory, and are dropped with this.
pub trait Aside: Debug + Send + Sync {
    /// Some of them. `None` where they cannot be read: then nothing is found there.
    fn read(&self, range: Range<usize>) -> Option<Vec<u8>>;
}
