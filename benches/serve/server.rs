//! A server on a core of its own, as a child that ends with its owner.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The core of the servers, and that of the load.
const CORE: &str = "0";
pub const LOAD_CORE: &str = "1";
/// Ticks of the kernel's accounts in a second (`USER_HZ`, the same on every Linux).
const TICKS_PER_SECOND: f64 = 100.0;
const START_SECONDS_MAX: u64 = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    Bare,
    House,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Bare => "hyper",
            Self::House => "nashra",
        }
    }
}

pub struct Server {
    pub kind: Kind,
    pub address: SocketAddr,
    child: Child,
}

impl Server {
    /// `None` where it is not installed.
    pub fn start(kind: Kind, folder: &Path) -> Option<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", CORE]);
        let (child, address) = match kind {
            Kind::Nginx => nginx(command, folder)?,
            Kind::Bare | Kind::House => {
                let role = if kind == Kind::Bare { "bare" } else { "house" };
                command.arg(std::env::current_exe().unwrap()).arg(role).stdout(Stdio::piped());
                let mut child = command.spawn().expect("taskset (util-linux) is needed");
                let mut line = String::new();
                BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
                (child, line.trim().parse().unwrap())
            }
        };
        Some(Self { kind, address, child })
    }

    /// CPU time that it has used so far, in the kernel and outside.
    pub fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name in brackets may hold anything; what follows it are numbers.
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
        Duration::from_secs_f64(ticks / TICKS_PER_SECOND)
    }

    pub fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn nginx(mut command: Command, folder: &Path) -> Option<(Child, SocketAddr)> {
    Command::new("nginx").arg("-v").stderr(Stdio::null()).status().ok()?;
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let place = folder.display();
    let settings = format!(
        "worker_processes 1; master_process off; daemon off; pid {place}/nginx.pid; error_log {place}/error.log;\n\
         worker_rlimit_nofile 30000;\n\
         events {{ worker_connections 20000; }}\n\
         http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 600;\n\
         client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;\n\
         uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;\n\
         types {{ application/atom+xml atom; }} gzip_static on; gzip_vary on; open_file_cache max=100;\n\
         server {{ listen {address} backlog=10000; root {place};\n\
         add_header Cache-Control \"public, max-age=60\"; add_header Access-Control-Allow-Origin *; }} }}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, settings).unwrap();
    let child = command.arg("nginx").arg("-p").arg(folder).arg("-c").arg(&file).spawn().ok()?;
    let began = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(began.elapsed() < Duration::from_secs(START_SECONDS_MAX), "nginx does not start");
        std::thread::yield_now();
    }
    Some((child, address))
}
