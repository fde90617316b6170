//! Where the daemon listens: the sockets that were there before it, and those that feeds.toml names.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::AppError;
use super::run::until;
use crate::config::Config;
use crate::edge::admin::{self, AdminApi};
use crate::edge::listeners::Listeners;

/// The listener for readers and the one for admins, and another hold on both. What was there before us goes before what
/// feeds.toml says.
pub(super) async fn listen(
    config: &Config,
    given: Listeners,
) -> Result<(TcpListener, Option<TcpListener>, Listeners), AppError> {
    let public = bind(given.public, Some(config.server.listen), "listen").await?;
    let admin = bind(given.admin, config.server.admin, "admin").await?;
    let held = Listeners { public, admin };
    let failed = |source| AppError::Io { what: "the listeners cannot be held".to_owned(), source };
    let kept = held.try_clone().map_err(failed)?;
    let public = held.public.map(TcpListener::from_std).transpose().map_err(failed)?;
    let public = public.ok_or_else(|| failed(std::io::Error::other("there is none")))?;
    Ok((public, held.admin.map(TcpListener::from_std).transpose().map_err(failed)?, kept))
}

/// The listener that is there already, or else one at `wanted`, which is what feeds.toml says under `key`.
async fn bind(
    given: Option<std::net::TcpListener>,
    wanted: Option<SocketAddr>,
    key: &str,
) -> Result<Option<std::net::TcpListener>, AppError> {
    let Some(given) = given else {
        let Some(address) = wanted else { return Ok(None) };
        let failed = |source| AppError::Io { what: format!("cannot listen on {address}"), source };
        let listener = TcpListener::bind(address).await.and_then(TcpListener::into_std);
        return listener.map(Some).map_err(failed);
    };
    let failed = |source| AppError::Io { what: "the listener has no address".to_owned(), source };
    let listen = given.local_addr().map_err(failed)?;
    let is_as_wanted = wanted.is_some_and(|wanted| listen == wanted || wanted.port() == 0);
    if !is_as_wanted {
        let wanted = wanted.map(tracing::field::display);
        tracing::warn!(%listen, wanted, "the socket was given to nashra: what feeds.toml says under server.{key} does not count");
    }
    Ok(Some(given))
}

/// Where it listens really: `listen` may have asked for any free port.
pub(super) fn local_address(listener: &TcpListener) -> Result<SocketAddr, AppError> {
    let failed = |source| AppError::Io { what: "the listener has no address".to_owned(), source };
    listener.local_addr().map_err(failed)
}

/// The socket of the command line, and the listener that feeds.toml may name.
pub(super) fn open_to_admins(
    doors: &mut JoinSet<std::io::Result<()>>,
    api: &Arc<dyn AdminApi>,
    listener: Option<TcpListener>,
    socket: PathBuf,
    stopped: &watch::Receiver<bool>,
) {
    match admin::bind_unix(&socket) {
        Ok(listener) => {
            doors.spawn(admin::serve_unix(listener, socket, Arc::clone(api), until(stopped.clone())));
        }
        Err(error) => {
            tracing::error!(%error, path = %socket.display(), "the command line cannot reach this daemon: no socket");
        }
    }
    if let Some(listener) = listener {
        doors.spawn(admin::serve_tcp(listener, Arc::clone(api), until(stopped.clone())));
    }
}
