//! Listening sockets that are there before us: from systemd's socket units, or from ourselves before a restart in
//! place (`sd_listen_fds(3)`). The queue of a socket outlives whoever accepts, so nobody is refused meanwhile.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsRawFd as _, RawFd};
use std::process::Command;

use listenfd::ListenFd;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::sockopt::socket_acceptconn;

const FDS: &str = "LISTEN_FDS";
const PID: &str = "LISTEN_PID";
const NAMES: &str = "LISTEN_FDNAMES";
/// The first descriptor that is handed over.
const FIRST_FD: RawFd = 3;
/// How the socket for readers is named, and the one for admins.
const PUBLIC: &str = "public";
const ADMIN: &str = "admin";
/// The name of a descriptor that is none of ours.
const NOTHING: &str = "-";

/// The listeners that are there.
#[derive(Debug, Default)]
pub struct Listeners {
    /// For readers.
    pub public: Option<TcpListener>,
    /// For admins.
    pub admin: Option<TcpListener>,
}

impl Listeners {
    /// Takes what the environment names, for its children not to take it too. `wants_admin` says whether feeds.toml
    /// has an address for admins: a socket without a name of ours is used for nothing that it does not ask for.
    ///
    /// To be called once, before there are other threads: it changes the environment.
    pub fn take(wants_admin: bool) -> Self {
        let names = std::env::var(NAMES).unwrap_or_default();
        let mut given = ListenFd::from_env();
        let names: Vec<&str> = names.split(':').chain(std::iter::repeat("")).take(given.len()).collect();
        let mut listeners = Self::default();
        for ((index, name), usage) in names.iter().enumerate().zip(usages(&names, wants_admin)) {
            let place = match usage {
                Usage::Public => &mut listeners.public,
                Usage::Admin => &mut listeners.admin,
                Usage::Nothing => continue,
                Usage::Surplus => {
                    tracing::warn!(
                        name,
                        "a socket from the service manager is not used: nobody knows what for; one is to be \
                         named \"public\" and one \"admin\" (FileDescriptorName=)"
                    );
                    continue;
                }
            };
            match listening(&mut given, index) {
                Ok(listener) => *place = Some(listener),
                Err(error) => tracing::warn!(
                    name,
                    %error,
                    "a socket from the service manager is not used: it is no TCP socket that listens"
                ),
            }
        }
        listeners
    }

    /// Another hold on the same sockets.
    pub fn try_clone(&self) -> io::Result<Self> {
        let again =
            |listener: &Option<TcpListener>| listener.as_ref().map(TcpListener::try_clone).transpose();
        Ok(Self { public: again(&self.public)?, admin: again(&self.admin)? })
    }

    /// Hands them over to the program that takes the place of this process.
    pub fn hand_over(&self, command: &mut Command) -> io::Result<()> {
        let ours = [(PUBLIC, &self.public), (ADMIN, &self.admin)];
        let mut names = vec![];
        for (name, listener) in ours.into_iter().filter_map(|(name, one)| Some((name, one.as_ref()?))) {
            fcntl_setfd(listener, FdFlags::empty())?;
            let index = usize::try_from(listener.as_raw_fd() - FIRST_FD).map_err(io::Error::other)?;
            if names.len() <= index {
                names.resize(index + 1, NOTHING);
            }
            if let Some(place) = names.get_mut(index) {
                *place = name;
            }
        }
        if names.is_empty() {
            command.env_remove(FDS).env_remove(PID).env_remove(NAMES);
        } else {
            command.env(FDS, names.len().to_string());
            // The number of a process does not change when another program takes its place.
            command.env(PID, std::process::id().to_string());
            command.env(NAMES, names.join(":"));
        }
        Ok(())
    }
}

/// What a socket is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Usage {
    Public,
    Admin,
    /// It is none of ours.
    Nothing,
    /// There is no use for it.
    Surplus,
}

/// What sockets with these names are used for: those with a name of ours by it, others in order.
fn usages(names: &[&str], wants_admin: bool) -> Vec<Usage> {
    let is_free = |of: &'static str| !names.contains(&of);
    let mut in_order: Vec<Usage> = vec![];
    in_order.extend(is_free(ADMIN).then_some(Usage::Admin).filter(|_| wants_admin));
    in_order.extend(is_free(PUBLIC).then_some(Usage::Public));
    let usage = |(index, name): (usize, &&str)| {
        let is_first = names.iter().position(|other| other == name) == Some(index);
        match *name {
            NOTHING => Usage::Nothing,
            PUBLIC if is_first => Usage::Public,
            ADMIN if is_first => Usage::Admin,
            PUBLIC | ADMIN => Usage::Surplus,
            _ => in_order.pop().unwrap_or(Usage::Surplus),
        }
    };
    names.iter().enumerate().map(usage).collect()
}

fn listening(given: &mut ListenFd, index: usize) -> io::Result<TcpListener> {
    let listener = given.take_tcp_listener(index)?;
    let listener = listener.ok_or_else(|| io::Error::other("it is taken already"))?;
    if !socket_acceptconn(&listener)? {
        return Err(io::Error::other("it does not listen"));
    }
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str], wants_admin: bool, expected: &[Usage]) {
        assert_eq!(usages(names, wants_admin), expected, "{names:?} {wants_admin}");
    }

    #[test]
    fn sockets_are_used_by_their_names_and_else_in_order() {
        use Usage::{Admin, Nothing, Public, Surplus};
        check(&[], true, &[]);
        check(&["admin", "public"], false, &[Admin, Public]);
        check(&["", ""], true, &[Public, Admin]);
        check(&["nashra.socket", "nashra.socket"], false, &[Public, Surplus]);
        check(&["x", "public"], true, &[Admin, Public]);
        check(&["x", "public"], false, &[Surplus, Public]);
        check(&["x", "admin", "y"], true, &[Public, Admin, Surplus]);
        check(&["public", "public", "admin", "admin"], true, &[Public, Surplus, Admin, Surplus]);
        check(&["-", "-", "public", "-", "admin"], false, &[Nothing, Nothing, Public, Nothing, Admin]);
    }

    #[test]
    fn what_is_handed_over_is_named_by_its_place() {
        let bind = || Some(TcpListener::bind("127.0.0.1:0").unwrap());
        let listeners = Listeners { public: bind(), admin: bind() };
        let mut command = Command::new("nobody");
        listeners.hand_over(&mut command).unwrap();
        let said = |name: &str| {
            let (_, value) = command.get_envs().find(|(key, _)| *key == name).unwrap();
            value.unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(said(PID), std::process::id().to_string());
        let (names, count) = (said(NAMES), said(FDS));
        let names: Vec<&str> = names.split(':').collect();
        assert_eq!(names.len().to_string(), count);
        let place = |listener: &Option<TcpListener>| {
            usize::try_from(listener.as_ref().unwrap().as_raw_fd() - FIRST_FD).unwrap()
        };
        assert_eq!(names[place(&listeners.public)], PUBLIC);
        assert_eq!(names[place(&listeners.admin)], ADMIN);
        assert_eq!(names.iter().filter(|name| **name != NOTHING).count(), 2);
    }
}
