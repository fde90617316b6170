//! Connections that ask once and then do nothing, held by a child of their own: each end takes a file descriptor.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

/// The child that holds them.
pub struct Crowd(Child);

impl Crowd {
    /// Comes back when all of them have had an answer.
    pub fn gather(address: SocketAddr, count: usize) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["idle", &address.to_string(), &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        Self(child)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Holds them until nobody wants them any more.
pub fn main(address: SocketAddr, count: usize) {
    let held: Vec<TcpStream> = (0..count).map(|_| ask(address)).collect();
    print!(".");
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read(&mut [0]);
    drop(held);
}

fn ask(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let question =
        "GET /30.atom HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: *\r\nAccept-Encoding: gzip\r\n\r\n";
    stream.write_all(question.as_bytes()).unwrap();
    let read = stream.read(&mut [0; 4096]).unwrap();
    assert!(read > 0);
    stream
}
