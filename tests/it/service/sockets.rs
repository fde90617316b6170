//! Sockets that outlive the process that serves on them: given by the service manager, or handed over by a daemon that
//! starts again in its place.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

const OPENING: &str = "READY=1\nSTATUS=opening the store: what was published last is served";

fn restart(home: &Home) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let socket = home.path("state/nashra.sock");
    let asked = admin::call(&socket, "POST", "/api/restart", &[], DEADLINE);
    assert_eq!(runtime.block_on(asked).unwrap().0, 202);
}

/// One socket: the same process, the same address, nobody refused.
#[test]
fn nobody_is_refused_while_nashra_starts_again_in_its_place() {
    let home = Home::new(CONFIG);
    let manager = Manager::new(&home);
    let daemon = home.start_with(&[("NOTIFY_SOCKET", &manager.path)]);
    assert_eq!(manager.next(), OPENING);
    assert_eq!(manager.next(), "STATUS=");
    let (done, address, begun) = (AtomicBool::new(false), daemon.address, Instant::now());
    let done = &done;
    std::thread::scope(|scope| {
        let readers = [(); 4].map(|()| {
            scope.spawn(move || {
                let mut answers = 0;
                while !done.load(Ordering::Relaxed) && begun.elapsed() < DEADLINE {
                    assert_eq!(ask_at(address, "GET", "/sport.rss", &[]).status, 200);
                    answers += 1;
                }
                answers
            })
        });
        for times in 0..2 {
            restart(&home);
            let waits =
                daemon.wait_for("the restart", |line| line["message"] == "nashra starts again in its place");
            assert_eq!(waits["wait_seconds"], times, "it never spins");
            let reloading = manager.next();
            assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
            assert_eq!(manager.next(), "STATUS=starting again: the admin wants it");
            let serves = daemon.wait_for("the other run", |line| line["message"] == "nashra serves");
            assert_eq!(serves["listen"], daemon.address.to_string());
            assert_eq!(manager.next(), OPENING);
            assert_eq!(manager.next(), "STATUS=");
        }
        done.store(true, Ordering::Relaxed);
        let answers: Vec<u32> = readers.map(|reader| reader.join().unwrap()).to_vec();
        assert!(answers.iter().all(|answers| *answers > 2), "{answers:?}");
    });
    // It is the process that was started.
    assert!(daemon.stop().success());
}

/// A file that is half written at that moment.
#[test]
fn what_is_in_force_stays_in_force_in_its_place() {
    let home = Home::new(CONFIG);
    let daemon = home.start();
    assert_eq!(daemon.get("/sport.rss").status, 200);
    home.configure("[sections.sport\n");
    daemon
        .wait_for("the refusal", |line| line["message"].as_str().unwrap_or_default().contains("not usable"));
    restart(&home);
    daemon.wait_for("the other run", |line| line["message"] == "nashra serves");
    daemon.wait_for("the same", |line| line["message"].as_str().unwrap_or_default().contains("not usable"));
    assert_eq!(daemon.get("/sport.rss").status, 200);
    assert!(health(&home)["config_mistakes"].to_string().contains("feeds.toml:"), "{}", health(&home));
    // Once it is mended, it is taken.
    home.configure(&CONFIG.replace("title = \"", "title = \"جديد "));
    daemon.wait_for("the mended one", |line| line["message"] == "feeds.toml is in force");
    assert!(daemon.stop().success());
    // A start is no such moment.
    home.configure("[sections.sport\n");
    assert_eq!(home.run(&["run"]).status.code(), Some(64));
}

#[test]
fn sockets_of_the_service_manager_are_used() {
    let home = Home::new(CONFIG);
    let [public, admins] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let (address, at_admins) = (public.local_addr().unwrap(), admins.local_addr().unwrap());
    let start = || home.start_on(admins.try_clone().unwrap(), public.try_clone().unwrap(), "admin:public");
    let daemon = start();
    assert_eq!((daemon.address, daemon.admin), (address, Some(at_admins)));
    assert_eq!(daemon.get("/sport.rss").status, 200);
    assert_eq!(ask_at(at_admins, "GET", "/healthz", &[]).status, 200);
    // Both outlive another run in the same process.
    restart(&home);
    daemon.wait_for("the restart", |line| line["message"] == "nashra starts again in its place");
    let serves = daemon.wait_for("the other run", |line| line["message"] == "nashra serves");
    let told = [&serves["listen"], &serves["admin"]].map(|address| address.as_str().unwrap().to_owned());
    assert_eq!(told, [address.to_string(), at_admins.to_string()]);
    assert!(daemon.stop().success());
    // Whoever comes while there is no process waits for the next one.
    let mut early = TcpStream::connect(address).unwrap();
    early.write_all(b"GET /sport.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let daemon = start();
    let mut answer = String::new();
    early.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(daemon.stop().success());
}

#[test]
fn what_cannot_be_used_is_said_and_left() {
    let home = Home::new(CONFIG);
    let socket = || TcpListener::bind("127.0.0.1:0").unwrap();
    let warned = |daemon: &Daemon, of: &str| {
        let said = |line: &Value| line["message"].as_str().is_some_and(|message| message.contains(of));
        let count = daemon.before.iter().filter(|line| line["level"] == "WARN" && said(line)).count();
        assert_eq!(count, 1, "{of}: {:?}", daemon.before);
    };
    // Without names of ours, and without an address for admins in feeds.toml.
    let public = socket();
    let daemon = home.start_on(public.try_clone().unwrap(), socket(), "x.socket:x.socket");
    assert_eq!((daemon.address, daemon.admin), (public.local_addr().unwrap(), None));
    warned(&daemon, "nobody knows what for");
    assert!(daemon.stop().success());
    // It is at hand, but cannot be listened on.
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = udp.local_addr().unwrap();
    let daemon = home.start_on(udp, public.try_clone().unwrap(), "public:x");
    assert_ne!(daemon.address, address);
    warned(&daemon, "no TCP socket that listens");
    assert_eq!(daemon.get("/sport.rss").status, 200);
    assert!(daemon.stop().success());
    // Elsewhere than feeds.toml says.
    home.write(
        "feeds.toml",
        &format!("[server]\nlisten = \"127.0.0.1:9\"\n[store]\npath = \"state\"\n{CONFIG}"),
    );
    let daemon = home.start_on(public.try_clone().unwrap(), socket(), "public:admin");
    assert_eq!(daemon.address, public.local_addr().unwrap());
    warned(&daemon, "what feeds.toml says under server.listen does not count");
    assert!(daemon.stop().success());
}

/// However often it has begun anew just before, and so however long it waits.
#[test]
fn who_waits_to_start_again_may_be_stopped() {
    let home = Home::new(CONFIG);
    let daemon = home.start_with(&[("NASHRA_RESTARTS", "6")]);
    restart(&home);
    let waits = daemon.wait_for("the restart", |line| line["message"] == "nashra starts again in its place");
    assert_eq!(waits["wait_seconds"], 32);
    let told = Instant::now();
    assert!(daemon.stop().success());
    assert!(told.elapsed() < Duration::from_secs(16), "{:?}", told.elapsed());
}
