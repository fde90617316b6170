//! What is read in the store for an answer: on a thread of its own, so that nobody else waits for it.

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::ask;
use crate::app::archive::Archive;
use crate::app::catalogue::{self, Catalogue};
use crate::app::daemon::{Event, Refusal};
use crate::app::entries::{self, Wanted};
use crate::app::hide::{Order, meant};
use crate::app::why;
use crate::edge::admin::{AdminRequest, AdminResponse};
use crate::edge::store::StoreError;
use crate::model::{SectionId, SourceId};

/// `?of=` what to explain. What nobody knows is an answer too.
pub(super) async fn why(events: &mpsc::Sender<Event>, request: &AdminRequest) -> Option<AdminResponse> {
    let Some(of) = parameter(request, "of").map(str::to_owned) else {
        return Some(AdminResponse::text(400, "nothing is asked for: add ?of= and an id, a link or a key"));
    };
    read(events, true, move |archive| {
        Ok(AdminResponse::json(200, &serde_json::json!(why::explain(archive, &of)?)))
    })
    .await
}

/// `?of=` what to take out of every output, or to let back, `?story=1` with its whole story. Which entry is meant is
/// looked up beside the loop.
pub(super) async fn hide(
    events: &mpsc::Sender<Event>,
    request: &AdminRequest,
    hide: bool,
) -> Option<AdminResponse> {
    let Some(of) = parameter(request, "of").map(str::to_owned) else {
        return Some(AdminResponse::text(400, "nothing is named: add ?of= and an id, a link or a key"));
    };
    let story = parameter(request, "story") == Some("1");
    let archive = ask(events, |reply| Event::Archive(true, reply)).await?;
    let key = match spawn_blocking(move || meant(&archive, &of, story)).await {
        Ok(Ok(Ok(key))) => key,
        Ok(Ok(Err(why))) => return Some(AdminResponse::text(404, &why)),
        Ok(Err(error)) => return Some(AdminResponse::text(500, &error.to_string())),
        Err(_) => return Some(AdminResponse::text(500, "it could not be looked up: the log says why")),
    };
    let order = Order { key, story, hide };
    Some(match ask(events, |reply| Event::Hide(order, reply)).await? {
        Ok(done) => AdminResponse::json(200, &serde_json::json!(done)),
        Err(Refusal::Unknown(why)) => AdminResponse::text(404, &why),
        Err(Refusal::Failed(why)) => AdminResponse::text(500, &why),
    })
}

/// Every address that has a document.
pub(super) async fn documents(events: &mpsc::Sender<Event>) -> Option<AdminResponse> {
    let (archive, front) = ask(events, Event::Documents).await?;
    let listed = spawn_blocking(move || Catalogue::of(archive, front).list()).await;
    Some(match listed {
        Ok(list) => AdminResponse::json(200, &serde_json::json!({ "documents": list })),
        Err(_) => AdminResponse::text(500, "the documents cannot be listed: the log says why"),
    })
}

/// The body is a list of paths in JSON; the answer has as many of their documents as go into it.
pub(super) async fn deliver(events: &mpsc::Sender<Event>, request: &AdminRequest) -> Option<AdminResponse> {
    let Ok(paths) = serde_json::from_slice::<Vec<String>>(&request.body) else {
        return Some(AdminResponse::text(400, "the body is no list of paths in JSON, such as [\"/sport\"]"));
    };
    let (archive, front) = ask(events, Event::Documents).await?;
    let packed = spawn_blocking(move || {
        let (done, delivered) = Catalogue::of(archive, front).deliver(&paths);
        catalogue::packed(done, &delivered)
    });
    Some(match packed.await {
        Ok(bytes) => AdminResponse::document("application/octet-stream", bytes),
        Err(_) => AdminResponse::text(500, "the documents cannot be rendered: the log says why"),
    })
}

/// A page of `?section=`, `?source=`, `?since=` (RFC 3339), `?before=` (where the last page ended), `?limit=`.
pub(super) async fn entries(events: &mpsc::Sender<Event>, request: &AdminRequest) -> Option<AdminResponse> {
    let wanted = match wanted(request) {
        Ok(wanted) => wanted,
        Err(why) => return Some(AdminResponse::text(400, &why)),
    };
    read(events, false, move |archive| {
        if let Err(why) = entries::check(archive, &wanted)? {
            return Ok(AdminResponse::text(404, &why));
        }
        Ok(AdminResponse::json(200, &serde_json::json!(entries::page(archive, &wanted)?)))
    })
    .await
}

/// `None` where the loop has ended.
async fn read(
    events: &mpsc::Sender<Event>,
    places: bool,
    work: impl FnOnce(&Archive) -> Result<AdminResponse, StoreError> + Send + 'static,
) -> Option<AdminResponse> {
    let archive = ask(events, |reply| Event::Archive(places, reply)).await?;
    let answered = spawn_blocking(move || work(&archive)).await;
    Some(match answered {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => AdminResponse::text(500, &error.to_string()),
        Err(_) => AdminResponse::text(500, "the answer could not be worked out: the log says why"),
    })
}

fn wanted(request: &AdminRequest) -> Result<Wanted, String> {
    let parse = |name: &str, what: &str| format!("{name} is no {what}");
    let since = parameter(request, "since").map(str::parse).transpose();
    let before = parameter(request, "before").map(str::parse).transpose();
    let limit = parameter(request, "limit").map(str::parse).transpose();
    Ok(Wanted {
        section: parameter(request, "section").map(|id| SectionId(id.to_owned())),
        source: parameter(request, "source").map(|id| SourceId(id.to_owned())),
        since: since.map_err(|_| parse("since", "moment as RFC 3339 writes it"))?,
        before: before.map_err(|()| parse("before", "key of an entry"))?,
        limit: limit.map_err(|_| parse("limit", "number"))?,
    })
}

fn parameter<'a>(request: &'a AdminRequest, name: &str) -> Option<&'a str> {
    let found = request.query.iter().find(|(key, value)| key == name && !value.is_empty());
    found.map(|(_, value)| value.as_str())
}
