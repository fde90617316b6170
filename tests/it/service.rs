//! The daemon as its service manager meets it: notifications, reloads, stops, and the socket in its folder.

mod hung;
mod sockets;

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::time::{Duration, Instant};

use nashra::edge::admin;
use serde_json::Value;

use crate::kit::daemon::*;

/// A source that is never asked.
const CONFIG: &str = "[site]\nlanguage = \"ar\"\n[sections.sport]\ntitle = \"رياضة\"\n\
    [sources.wire]\nurl = \"file:wire.xml\"\nsection = \"sport\"\nenabled = false\n";
const IN_FORCE: &str = "feeds.toml is in force";

/// What a daemon says to its service manager.
struct Manager {
    socket: UnixDatagram,
    path: String,
}

impl Manager {
    fn new(home: &Home) -> Self {
        let path = home.path("notify").to_str().unwrap().to_owned();
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self { socket, path }
    }

    /// The next message that is not about the watchdog.
    fn next(&self) -> String {
        loop {
            let message = self.any();
            if message != "WATCHDOG=1" {
                return message;
            }
        }
    }

    fn any(&self) -> String {
        let mut space = [0; 4096];
        let length = self.socket.recv(&mut space).expect("the daemon said nothing");
        String::from_utf8_lossy(&space[..length]).trim_end().to_owned()
    }
}

fn health(home: &Home) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let socket = home.path("state/nashra.sock");
    let (status, body) = runtime.block_on(admin::call(&socket, "GET", "/healthz", &[], DEADLINE)).unwrap();
    assert_eq!(status, 200);
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn systemd_hears_of_everything() {
    let home = Home::new(CONFIG);
    let manager = Manager::new(&home);
    let daemon = home.start_with(&[("NOTIFY_SOCKET", &manager.path), ("WATCHDOG_USEC", "200000")]);
    assert_eq!(manager.next(), "READY=1\nSTATUS=opening the store: what was published last is served");
    assert_eq!(manager.next(), "STATUS=");
    // Fed without end, and at least twice an interval.
    let begun = Instant::now();
    for _ in 0..5 {
        while manager.any() != "WATCHDOG=1" {}
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "the watchdog is hungry");
    let reload = || {
        daemon.signal("HUP");
        let reloading = manager.next();
        assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
        let status = manager.next();
        assert_eq!(manager.next(), "READY=1");
        status
    };
    assert_eq!(reload(), "STATUS=");
    home.write("feeds.toml", "[site\n");
    // The saved file is noticed, too: that is a reload of its own.
    let noticed = manager.next();
    assert!(noticed.starts_with("RELOADING=1"), "{noticed}");
    let status = manager.next();
    assert!(status.starts_with("STATUS=running on an older feeds.toml: feeds.toml:1:"), "{status}");
    assert_eq!(manager.next(), "READY=1");
    assert!(reload().contains("running on an older feeds.toml"));
    daemon.signal("TERM");
    assert_eq!(manager.next(), "STOPPING=1");
    assert!(daemon.ended().success());
}

#[test]
fn every_signal_to_stop_is_obeyed() {
    let home = Home::new(CONFIG);
    for signal in ["TERM", "INT"] {
        let daemon = home.start();
        daemon.signal(signal);
        daemon.wait_for("the end", |line| line["message"] == "nashra stopped");
        assert!(daemon.ended().success(), "{signal}");
    }
}

/// A stop between a commit and its publication leaves no poll out of the log.
#[test]
fn the_last_polls_are_logged() {
    for _ in 0..5 {
        let home = Home::new("[sources.wire]\nurl = \"file:wire.xml\"\n");
        home.write(
            "wire.xml",
            "<rss version='2.0'><channel><title>W</title><item><title>A</title></item></channel></rss>",
        );
        let daemon = home.start();
        while health(&home)["entries_stored"] != 1 {}
        daemon.signal("TERM");
        daemon.wait_for_poll("wire", "ok");
        assert!(daemon.ended().success());
    }
}

/// What is wrong with a feeds.toml keeps the running one in force, and is said in the log and by `/healthz`.
#[test]
fn a_damaged_file_changes_nothing() {
    let home = Home::new(CONFIG);
    let daemon = home.start();
    assert_eq!(health(&home)["status"], "ok");
    let whole = fs::read_to_string(home.path("feeds.toml")).unwrap();
    let half = &whole[..whole.find("\nurl").unwrap() + 8];
    for (what, damage) in [
        ("broken", whole.replace("title", "tittle")),
        ("half written", half.to_owned()),
        ("emptied", String::new()),
        ("nothing but a comment", "# later\n".to_owned()),
        ("no text", "\u{0}".repeat(100)),
    ] {
        home.write("feeds.toml", &damage);
        daemon.wait_for(what, |line| line["message"].as_str().unwrap().contains("stays in force"));
        let health = health(&home);
        assert_eq!(health["status"], "degraded", "{what}");
        let mistake = health["config_mistakes"][0].as_str().unwrap();
        assert!(mistake.starts_with("feeds.toml:"), "{what}: {mistake}");
        assert_eq!(daemon.get("/sport.rss").status, 200, "{what}");
        assert_eq!(health["sources"], 1, "{what}");
    }
    fs::remove_file(home.path("feeds.toml")).unwrap();
    daemon.wait_for("removed", |line| line["message"].as_str().unwrap().contains("cannot be read"));
    assert_eq!(daemon.get("/sport.rss").status, 200);
    fs::create_dir(home.path("feeds.toml")).unwrap();
    daemon.wait_for("a folder", |line| line["message"].as_str().unwrap().contains("cannot be read"));
    fs::remove_dir(home.path("feeds.toml")).unwrap();
    home.write("feeds.toml", &whole);
    daemon.wait_for("whole again", |line| line["message"] == IN_FORCE);
    assert_eq!(health(&home)["status"], "ok");
    assert!(daemon.stop().success());
}

#[test]
fn the_socket_is_private_and_leaves_with_the_daemon() {
    let home = Home::new(CONFIG);
    let path = home.path("state/nashra.sock");
    // What a crash leaves behind is no obstacle.
    fs::create_dir_all(home.path("state")).unwrap();
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let daemon = home.start();
    let metadata = fs::metadata(&path).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert_eq!(health(&home)["status"], "ok");
    daemon.kill();
    assert!(path.exists());
    let daemon = home.start();
    assert_eq!(health(&home)["status"], "ok");
    assert!(daemon.stop().success());
    assert!(!path.exists());
}
