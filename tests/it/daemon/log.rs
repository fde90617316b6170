//! A log that nobody reads holds up nothing and ends nothing.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::*;

fn wire(story: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>Wire</title><link>http://w.example/</link><item><title>{story}</title>\
         <link>http://w.example/{story}</link></item></channel></rss>"
    )
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < DEADLINE, "{what} never came");
        std::thread::yield_now();
    }
}

/// A daemon that has this for its log. Its address cannot be read there.
fn begin(home: &Home, log: UnixStream) -> (Child, SocketAddr) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let config = "[sections.news]\ntitle = \"News\"\n\
        [sources.wire]\nurl = \"file:wire.xml\"\nsection = \"news\"\nschedule = \"every 1s\"\nmin_interval = \"0s\"\n";
    let head = format!("[server]\nlisten = \"{address}\"\n[store]\npath = \"state\"\n");
    home.write("feeds.toml", &format!("{head}{config}"));
    home.write("wire.xml", &wire("first"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_nashra"));
    command.current_dir(home.folder.path()).env_remove("STATE_DIRECTORY");
    let child = command.stdout(Stdio::null()).stderr(OwnedFd::from(log)).spawn().unwrap();
    wait_until("the port", || TcpStream::connect(address).is_ok());
    (child, address)
}

/// It polls, shows what is new, and stops when it is told to.
fn check_lives(mut child: Child, address: SocketAddr, home: &Home) {
    let is_shown = |story: &str| ask_at(address, "GET", "/latest.atom", &[]).text().contains(story);
    wait_until("the first story", || is_shown("first"));
    home.write("wire.xml", &wire("second"));
    wait_until("the second story", || is_shown("second"));
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn whoever_reads_it_may_go() {
    let home = Home { folder: tempfile::tempdir().unwrap() };
    let (ours, theirs) = UnixStream::pair().unwrap();
    drop(ours);
    let (child, address) = begin(&home, theirs);
    check_lives(child, address, &home);
}

#[test]
fn nobody_needs_to_read_it() {
    let home = Home { folder: tempfile::tempdir().unwrap() };
    let (_unread, mut theirs) = UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    while theirs.write(&[b'x'; 512]).is_ok() {}
    theirs.set_nonblocking(false).unwrap();
    let (child, address) = begin(&home, theirs);
    check_lives(child, address, &home);
}
