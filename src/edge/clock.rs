//! The only clock of the house.

use chrono::SubsecRound as _;

use crate::model::Timestamp;

/// Now, to the millisecond.
pub fn now() -> Timestamp {
    chrono::Utc::now().trunc_subsecs(3)
}
