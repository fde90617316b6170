//! The running daemon, asked through its socket.

use std::io;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::CliError;
use crate::app::{self, Options};
use crate::edge::admin::{self, AdminCallError, Source};

/// What the daemon answers about these sources; `None` where no daemon runs.
pub(super) async fn ask<T: DeserializeOwned>(
    options: &Options,
    method: &str,
    path: &str,
    sources: &[String],
    deadline: Duration,
) -> Result<Option<T>, CliError> {
    let names = sources.iter().map(|source| ("source", source));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(names).finish();
    send(options, method, &format!("{path}?{query}"), &[], deadline).await
}

/// The same for whatever the address and the body say.
pub(super) async fn send<T: DeserializeOwned>(
    options: &Options,
    method: &str,
    path_and_query: &str,
    body: &[u8],
    deadline: Duration,
) -> Result<Option<T>, CliError> {
    let Some(body) = bytes(options, method, path_and_query, body, deadline).await? else { return Ok(None) };
    read(&body).map(Some)
}

/// The same as bytes.
pub(super) async fn bytes(
    options: &Options,
    method: &str,
    path_and_query: &str,
    body: &[u8],
    deadline: Duration,
) -> Result<Option<Vec<u8>>, CliError> {
    let socket = app::socket(&options.state_folder);
    heard(admin::call(&socket, method, path_and_query, body, deadline).await)
}

/// Gives the answer to `take`, piece by piece; says whether a daemon runs.
pub(super) async fn download(
    options: &Options,
    path_and_query: &str,
    take: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<bool, CliError> {
    let socket = app::socket(&options.state_folder);
    Ok(heard(admin::download(&socket, path_and_query, take).await)?.is_some())
}

/// Sends what `write` writes.
pub(super) async fn upload<T: DeserializeOwned>(
    options: &Options,
    path_and_query: &str,
    write: impl FnOnce(&mut Source) -> io::Result<()> + Send + 'static,
    deadline: Duration,
) -> Result<Option<T>, CliError> {
    let socket = app::socket(&options.state_folder);
    let Some(body) = heard(admin::upload(&socket, path_and_query, write, deadline).await)? else {
        return Ok(None);
    };
    read(&body).map(Some)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, CliError> {
    serde_json::from_slice(body)
        .map_err(|error| CliError::Failed(format!("the daemon's answer cannot be read: {error}")))
}

/// `None` where no daemon runs.
fn heard(answered: Result<(u16, Vec<u8>), AdminCallError>) -> Result<Option<Vec<u8>>, CliError> {
    match answered {
        Ok((200, body)) => Ok(Some(body)),
        Ok((404, body)) => Err(CliError::Usage(String::from_utf8_lossy(&body).trim().to_owned())),
        Ok((status, body)) => Err(CliError::Failed(format!(
            "the daemon answered {status}: {}",
            String::from_utf8_lossy(&body).trim()
        ))),
        Err(AdminCallError::NotRunning) => Ok(None),
        Err(error) => Err(CliError::Failed(format!("the daemon does not answer: {error}"))),
    }
}
