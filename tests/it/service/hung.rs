//! The daemon when its loop hangs: nobody feeds the watchdog for it, readers are served, and a stop ends it.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use super::{CONFIG, Manager};
use crate::kit::daemon::*;

/// systemd may not hear of a loop that hangs for longer than it waits for a word.
const INTERVAL: Duration = Duration::from_millis(400);

#[test]
fn a_loop_that_hangs_is_not_reported_and_a_stop_ends_it() {
    let home = Home::new(CONFIG);
    let manager = Manager::new(&home);
    let interval = INTERVAL.as_micros().to_string();
    // The second edition is never swapped in.
    let daemon = home.start_with(&[
        ("NOTIFY_SOCKET", &manager.path),
        ("WATCHDOG_USEC", &interval),
        ("NASHRA_FAULT", "publish.swap:2:hang"),
        ("NASHRA_LIMITS", "stop.seconds=1"),
    ]);
    assert!(manager.next().starts_with("READY=1\n"));
    home.configure(&CONFIG.replace("title = \"", "title = \"جديد "));
    // It goes on until it hangs; then nothing more is heard for longer than systemd waits.
    manager.socket.set_read_timeout(Some(3 * INTERVAL)).unwrap();
    let begun = Instant::now();
    let mut space = [0; 4096];
    while manager.socket.recv(&mut space).is_ok() {
        assert!(begun.elapsed() < DEADLINE, "the watchdog is fed for a loop that hangs");
    }
    assert_eq!(daemon.get("/sport.rss").status, 200);
    daemon.signal("TERM");
    assert_eq!(daemon.ended().code(), Some(74));
}

#[test]
fn a_watchdog_of_somebody_else_is_not_fed() {
    let home = Home::new(CONFIG);
    let manager = Manager::new(&home);
    let daemon = home.start_with(&[
        ("NOTIFY_SOCKET", &manager.path),
        ("WATCHDOG_USEC", "1000"),
        ("WATCHDOG_PID", "1"),
    ]);
    assert!(manager.any().starts_with("READY=1\n"));
    daemon.signal("TERM");
    let last =
        std::iter::repeat_with(|| manager.any()).find(|word| word == "STOPPING=1" || word == "WATCHDOG=1");
    assert_eq!(last.as_deref(), Some("STOPPING=1"));
    assert!(daemon.ended().success());
}

#[cfg(target_os = "linux")]
#[test]
fn a_socket_without_a_file_is_spoken_to() {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::SocketAddr;
    let home = Home::new(CONFIG);
    let name = format!("nashra-test-{}", std::process::id());
    let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let daemon = home.start_with(&[("NOTIFY_SOCKET", &format!("@{name}"))]);
    let mut space = [0; 100];
    let length = socket.recv(&mut space).unwrap();
    assert!(space[..length].starts_with(b"READY=1\n"));
    assert!(daemon.stop().success());
}
