//! How many connections the file descriptors of this process allow, so that some are left for all else.

/// File descriptors for the store, the sources that are asked, bodies that the kernel sends, and the admin listener,
/// where there are that many.
const RESERVE: u64 = 1024;

/// As many connections as are wanted, or as there are file descriptors for. Raises their number as far as it may.
pub(super) fn connections_max(wanted: u32) -> u32 {
    let fitting = files_max().map_or(u32::MAX, fitting);
    if fitting < wanted {
        tracing::warn!(
            connections_max = fitting,
            "few file descriptors are allowed (ulimit -n): fewer readers are served at once"
        );
    }
    wanted.min(fitting)
}

/// Where there are few, readers get half of them.
fn fitting(files: u64) -> u32 {
    u32::try_from(files - RESERVE.min(files / 2)).unwrap_or(u32::MAX)
}

/// `None` where there is no limit.
#[cfg(target_os = "linux")]
fn files_max() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limits.maximum, maximum: limits.maximum };
    // Where that is forbidden, what there is has to do.
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limits.maximum,
        Err(_) => limits.current,
    }
}

/// Elsewhere nobody is asked: what is usual there.
#[cfg(not(target_os = "linux"))]
fn files_max() -> Option<u64> {
    Some(256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_left_for_all_else() {
        for (files, expected) in [(16_384, 15_360), (4096, 3072), (1024, 512), (256, 128), (0, 0)] {
            assert_eq!(fitting(files), expected, "{files}");
        }
        assert!(connections_max(10) <= 10);
    }
}
