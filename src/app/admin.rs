//! What the admin listener answers: asks the loop, waits, and writes JSON.

use std::future::Future;
use std::pin::Pin;

use tokio::sync::{mpsc, oneshot};

use super::daemon::Event;
use super::jobs::{Report, Row};
use crate::edge::admin::{AdminApi, AdminRequest, AdminResponse};

/// The way into the loop.
pub(super) struct Admin {
    pub(super) events: mpsc::Sender<Event>,
}

impl AdminApi for Admin {
    fn handle(&self, request: AdminRequest) -> Pin<Box<dyn Future<Output = AdminResponse> + Send>> {
        let events = self.events.clone();
        Box::pin(async move {
            let answered = match (request.method.as_str(), request.path.as_str()) {
                ("GET" | "HEAD", "/healthz") => health(&events).await,
                ("POST", "/api/poll") => poll(&events, &request).await,
                (_, "/healthz") => Some(AdminResponse::method_not_allowed("GET, HEAD")),
                (_, "/api/poll") => Some(AdminResponse::method_not_allowed("POST")),
                _ => Some(AdminResponse::text(404, "there is no such address")),
            };
            answered.unwrap_or_else(|| AdminResponse::text(503, "nashra is stopping"))
        })
    }
}

async fn health(events: &mpsc::Sender<Event>) -> Option<AdminResponse> {
    let (reply, answer) = oneshot::channel();
    events.send(Event::Health(reply)).await.ok()?;
    Some(AdminResponse::json(200, &answer.await.ok()?))
}

async fn poll(events: &mpsc::Sender<Event>, request: &AdminRequest) -> Option<AdminResponse> {
    let named = request.query.iter().filter(|(key, _)| key == "source");
    let sources = named.map(|(_, value)| value.clone()).collect();
    let (rows, mut reports) = mpsc::unbounded_channel();
    let (accepted, answer) = oneshot::channel();
    events.send(Event::Poll { sources, rows, accepted }).await.ok()?;
    if let Err(why) = answer.await.ok()? {
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
