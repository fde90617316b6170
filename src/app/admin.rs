//! What the admin listener answers: asks the loop, waits, and writes JSON.

mod reading;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::backup;
use super::daemon::{Event, Refusal};
use super::jobs::Report;
use super::restore;
use super::row::Row;
use super::verify;
use crate::config;
use crate::edge::admin::{AdminApi, AdminRequest, AdminResponse, Taker, Upload};
use crate::edge::clock;
use crate::edge::hub::Hub;
use crate::edge::store::Store;
use crate::model::SourceId;
use crate::pipeline::render;

const ATOM: &str = "application/atom+xml; charset=utf-8";

/// The way into the loop.
pub(super) struct Admin {
    pub(super) events: mpsc::Sender<Event>,
    pub(super) hub: Hub,
    pub(super) store: Arc<Store>,
    pub(super) state_folder: PathBuf,
}

impl AdminApi for Admin {
    fn handle(&self, request: AdminRequest) -> Pin<Box<dyn Future<Output = AdminResponse> + Send>> {
        let (events, hub) = (self.events.clone(), self.hub.clone());
        let (store, state_folder) = (Arc::clone(&self.store), self.state_folder.clone());
        Box::pin(async move {
            let answered = match request.path.as_str() {
                "/api/subscriptions" => subscriptions(&hub, &request).await,
                "/api/backup" => Some(take_backup(&store, &request)),
                "/api/verify" if request.method == "POST" => Some(verify::answer(store, state_folder).await),
                "/api/verify" => Some(AdminResponse::method_not_allowed("POST")),
                _ => answer(&events, &request).await,
            };
            answered.unwrap_or_else(|| AdminResponse::text(503, "nashra is stopping"))
        })
    }

    fn taker(&self, request: &AdminRequest) -> Option<Taker> {
        let (events, state_folder) = (self.events.clone(), self.state_folder.clone());
        takes(request).then(|| -> Taker {
            Box::new(move |upload| Box::pin(async move { take_restore(events, state_folder, upload).await }))
        })
    }
}

/// Whether the body of a request is taken as it comes.
pub(super) fn takes(request: &AdminRequest) -> bool {
    request.method == "POST" && request.path == "/api/restore" && request.from_socket
}

/// Everything that is stored, for the owner of the socket alone.
fn take_backup(store: &Arc<Store>, request: &AdminRequest) -> AdminResponse {
    match request.method.as_str() {
        _ if !request.from_socket => AdminResponse::text(403, "only over the unix socket"),
        "GET" => backup::answer(store),
        _ => AdminResponse::method_not_allowed("GET"),
    }
}

/// Brings a snapshot into the state folder, and has it taken in by a new beginning.
async fn take_restore(events: mpsc::Sender<Event>, state_folder: PathBuf, upload: Upload) -> AdminResponse {
    let received = tokio::task::spawn_blocking(move || restore::receive(&state_folder, upload)).await;
    match received {
        Ok(Ok(restored)) => {
            match events.send(Event::Restart("a snapshot is to be restored".to_owned())).await {
                Ok(()) => AdminResponse::json(200, &serde_json::json!(restored)),
                Err(_) => {
                    AdminResponse::text(503, "nashra is stopping: the next start takes the snapshot in")
                }
            }
        }
        Ok(Err(error)) => AdminResponse::text(400, &error.to_string()),
        Err(error) => AdminResponse::text(500, &error.to_string()),
    }
}

/// `None` where the loop has ended.
async fn answer(events: &mpsc::Sender<Event>, request: &AdminRequest) -> Option<AdminResponse> {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET" | "HEAD", "/healthz") => Some(AdminResponse::json(200, &ask(events, Event::Health).await?)),
        ("GET" | "HEAD", "/admin.atom") => {
            let notices = ask(events, Event::Notices).await?;
            Some(AdminResponse::document(ATOM, render::notices(&notices)))
        }
        ("GET" | "HEAD", "/api/sources") => {
            let named = named(request);
            Some(list("sources", ask(events, |reply| Event::Sources(named, reply)).await?))
        }
        ("GET" | "HEAD", "/api/politeness") => {
            let named = named(request);
            Some(list("hosts", ask(events, |reply| Event::Politeness(named, reply)).await?))
        }
        ("GET" | "HEAD", "/api/entries") => reading::entries(events, request).await,
        ("GET" | "HEAD", "/api/why") => reading::why(events, request).await,
        ("POST", "/api/sources/accept") => accept(events, request).await,
        ("POST", "/api/sources/asking") => asking(events, request).await,
        ("GET" | "HEAD", "/api/documents") => reading::documents(events).await,
        ("POST", "/api/documents") => reading::deliver(events, request).await,
        ("POST", "/api/hide") => reading::hide(events, request, true).await,
        ("POST", "/api/unhide") => reading::hide(events, request, false).await,
        ("POST", "/api/plan") => plan(events, request).await,
        ("POST", "/api/poll") => poll(events, request).await,
        ("POST", "/api/restart") => restart(events).await,
        (
            _,
            "/healthz" | "/admin.atom" | "/api/sources" | "/api/politeness" | "/api/entries" | "/api/why",
        ) => Some(AdminResponse::method_not_allowed("GET, HEAD")),
        (_, "/api/restore") if !request.from_socket => {
            Some(AdminResponse::text(403, "only over the unix socket"))
        }
        (
            _,
            "/api/poll"
            | "/api/restart"
            | "/api/restore"
            | "/api/plan"
            | "/api/hide"
            | "/api/unhide"
            | "/api/sources/accept"
            | "/api/sources/asking",
        ) => Some(AdminResponse::method_not_allowed("POST")),
        (_, "/api/documents") => Some(AdminResponse::method_not_allowed("GET, HEAD, POST")),
        _ => Some(AdminResponse::text(404, "there is no such address")),
    }
}

/// `None` where the hub has closed.
async fn subscriptions(hub: &Hub, request: &AdminRequest) -> Option<AdminResponse> {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return Some(AdminResponse::method_not_allowed("GET, HEAD"));
    }
    Some(list("subscriptions", Ok(hub.list().await?)))
}

/// Puts a question to the loop and waits for its answer.
async fn ask<T>(
    events: &mpsc::Sender<Event>,
    question: impl FnOnce(oneshot::Sender<T>) -> Event,
) -> Option<T> {
    let (reply, answer) = oneshot::channel();
    events.send(question(reply)).await.ok()?;
    answer.await.ok()
}

fn named(request: &AdminRequest) -> Vec<String> {
    let named = request.query.iter().filter(|(key, _)| key == "source");
    named.map(|(_, value)| value.clone()).collect()
}

fn list<T: Serialize>(name: &str, found: Result<Vec<T>, String>) -> AdminResponse {
    match found {
        Ok(list) => AdminResponse::json(200, &serde_json::json!({ name: list })),
        Err(why) => AdminResponse::text(404, &why),
    }
}

async fn accept(events: &mpsc::Sender<Event>, request: &AdminRequest) -> Option<AdminResponse> {
    let named = named(request);
    if named.is_empty() {
        return Some(AdminResponse::text(400, "no source is named: add ?source=ID"));
    }
    Some(match ask(events, |reply| Event::Accept(named, reply)).await? {
        Ok(accepted) => AdminResponse::json(200, &serde_json::json!(accepted)),
        Err(Refusal::Unknown(why)) => AdminResponse::text(404, &why),
        Err(Refusal::Failed(why)) => AdminResponse::text(500, &why),
    })
}

/// The body is a list of ids in JSON: those of ten thousand sources are too long for an address.
async fn asking(events: &mpsc::Sender<Event>, request: &AdminRequest) -> Option<AdminResponse> {
    let Ok(named) = serde_json::from_slice::<Vec<SourceId>>(&request.body) else {
        return Some(AdminResponse::text(400, "the body is no list of sources in JSON, such as [\"ID\"]"));
    };
    Some(list("sources", Ok(ask(events, |reply| Event::Asking(named, reply)).await?)))
}

/// The body is the text of a feeds.toml; `file` is its name and `folder` the one that it stands in.
async fn plan(events: &mpsc::Sender<Event>, request: &AdminRequest) -> Option<AdminResponse> {
    let said = |key: &str| {
        let found = request.query.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let (file, folder, body) = (said("file"), PathBuf::from(said("folder")), request.body.clone());
    let now = clock::now();
    let in_force = ask(events, Event::InForce).await?;
    // It reads the store for as long as a start does: nobody else is to wait for that.
    let planned = tokio::task::spawn_blocking(move || {
        let text = std::str::from_utf8(&body).map_err(|_| (400, "the body is not UTF-8".to_owned()))?;
        let config = config::read(text, &file, &folder).map_err(|mistakes| {
            let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            (400, lines.join("\n"))
        })?;
        in_force.plan(&config, now).map_err(|error| (500, error.to_string()))
    });
    Some(match planned.await {
        Ok(Ok(plan)) => AdminResponse::json(200, &serde_json::json!(plan)),
        Ok(Err((status, why))) => AdminResponse::text(status, &why),
        Err(error) => AdminResponse::text(500, &error.to_string()),
    })
}

/// After a new version was put in place, say: no connection is refused meanwhile.
async fn restart(events: &mpsc::Sender<Event>) -> Option<AdminResponse> {
    events.send(Event::Restart("the admin wants it".to_owned())).await.ok()?;
    Some(AdminResponse::text(202, "nashra starts again in its place"))
}

async fn poll(events: &mpsc::Sender<Event>, request: &AdminRequest) -> Option<AdminResponse> {
    let sources = named(request);
    // It holds one row a source and a summary at most.
    let (rows, mut reports) = mpsc::unbounded_channel();
    if let Err(why) = ask(events, |accepted| Event::Poll { sources, rows, accepted }).await? {
        return Some(AdminResponse::text(404, &why));
    }
    let mut done: Vec<Row> = Vec::new();
    loop {
        match reports.recv().await? {
            Report::Row(row) => done.push(row),
            Report::Done(summary) => {
                return Some(AdminResponse::json(
                    200,
                    &serde_json::json!({ "rows": done, "summary": summary }),
                ));
            }
        }
    }
}
