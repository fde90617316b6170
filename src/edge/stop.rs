//! A stop that ends. The loop waits for the disk, and where that hangs no stop would be heard.

use std::process::exit;
use std::sync::Once;
use std::thread;
use std::time::Duration;

use super::fault;

/// Seconds from the first signal to stop to the end of the process, whatever hangs. The unit gives it 30.
const STOP_SECONDS_MAX: usize = 25;
/// Exit code of a process that had to be ended (`EX_IOERR` of sysexits.h).
const HUNG: i32 = 74;

/// A signal to stop has come: begins to count, the first time. Nothing is lost by the end that it may bring, which is
/// like a kill: what readers have seen is in the journal.
pub fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let seconds = fault::limit("stop.seconds", STOP_SECONDS_MAX);
        let wait = move || {
            thread::sleep(Duration::from_secs(seconds as u64));
            // Whoever writes the log may hang as well.
            let _ = thread::Builder::new()
                .spawn(|| tracing::error!("the stop hangs, on the disk most likely: ended"));
            thread::sleep(Duration::from_millis(100));
            exit(HUNG);
        };
        if let Err(error) = thread::Builder::new().name("stop".to_owned()).spawn(wait) {
            tracing::warn!(%error, "nobody watches that this stop ends");
        }
    });
}
