//! The two clocks of the machine.

use std::sync::LazyLock;

use chrono::TimeDelta;

use super::Reading;

static BOOT: LazyLock<Option<String>> = LazyLock::new(|| {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
});

/// What they show.
pub(super) fn read() -> Reading {
    Reading { wall: chrono::Utc::now(), ticks: ticks() }
}

/// Which start of the machine the ticks are counted from; `None` where it does not say.
pub(super) fn boot() -> Option<&'static str> {
    BOOT.as_deref()
}

/// A clock that counts on while the machine sleeps, and that nobody sets.
#[cfg(target_os = "linux")]
fn ticks() -> TimeDelta {
    use rustix::time::{ClockId, clock_gettime};
    let now = clock_gettime(ClockId::Boottime);
    let nanos = TimeDelta::nanoseconds(now.tv_nsec);
    TimeDelta::try_seconds(now.tv_sec).unwrap_or_default() + nanos
}

/// Where there is no such clock: the time since this process first asked.
#[cfg(not(target_os = "linux"))]
fn ticks() -> TimeDelta {
    use std::time::Instant;
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    TimeDelta::from_std(BEGUN.elapsed()).unwrap_or_default()
}
