//! What can happen to the daemon, and how its loop ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use tokio::sync::{mpsc, oneshot};

use super::Refusal;
use crate::app::AppError;
use crate::app::archive::Archive;
use crate::app::hide::{Done, Order};
use crate::app::jobs::Report;
use crate::app::permit::Permit;
use crate::app::plan::InForce;
use crate::app::pushes::PushEvent;
use crate::app::sources::Accepted;
use crate::app::view::{HostView, SourceView};
use crate::model::{Entry, EntryKey, Notices, Published, SourceId};

/// Everything that can happen to the daemon beside finished fetches and the passing of time.
pub(in crate::app) enum Event {
    /// SIGHUP, or feeds.toml changed.
    Reload,
    /// A local source changed.
    FileChanged(PathBuf),
    /// Somebody wants a round now, of all sources or of these.
    Poll {
        sources: Vec<String>,
        rows: mpsc::UnboundedSender<Report>,
        accepted: oneshot::Sender<Result<(), String>>,
    },
    /// Somebody asks how we are.
    Health(oneshot::Sender<serde_json::Value>),
    /// Somebody asks how all sources are, or these.
    Sources(Vec<String>, oneshot::Sender<Result<Vec<SourceView>, String>>),
    /// Somebody asks what it has cost the hosts of all sources, or of these.
    Politeness(Vec<String>, oneshot::Sender<Result<Vec<HostView>, String>>),
    /// Somebody reads in the store: what it takes to explain what is there, with the window where places are asked
    /// for.
    Archive(bool, oneshot::Sender<Archive>),
    /// Somebody wants every document: what is shown, and what it takes to render the pages that it leads to.
    Documents(oneshot::Sender<(Archive, Arc<Published>)>),
    /// The clocks were compared.
    Clock,
    /// Somebody reads what the admin should know of.
    Notices(oneshot::Sender<Notices>),
    /// Somebody wants to know what another feeds.toml would change.
    InForce(oneshot::Sender<InForce>),
    /// The admin ends the quarantine of these sources.
    Accept(Vec<String>, oneshot::Sender<Result<Accepted, Refusal>>),
    /// The admin takes an entry out of every output, or lets it back.
    Hide(Order, oneshot::Sender<Result<Done, Refusal>>),
    /// Somebody is going to ask these sources itself, as far as it may.
    Asking(Vec<SourceId>, oneshot::Sender<Vec<Permit>>),
    /// Somebody opens the page of an entry of which nobody knows yet what is related to it.
    Related(Box<Entry>, SyncSender<Vec<EntryKey>>),
    /// A hub has said something.
    Push(PushEvent),
    /// Only a new beginning can help, or somebody wants one; says why.
    Restart(String),
    /// SIGTERM or SIGINT.
    Stop,
}

/// Why the loop has ended.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::app) enum Over {
    /// A signal.
    Stopped,
    /// It is to begin anew, and can be closed before; says why.
    Restart(String),
    /// The same, but nobody knows what the loop has left behind.
    Failed(String),
    /// The same because the store is of no use any more.
    Broken(String),
}

impl Over {
    /// How a run ends that could not begin.
    pub(in crate::app) fn of(error: &AppError) -> Self {
        match error {
            AppError::Store(error) if error.is_fatal() => Self::Broken(error.to_string()),
            other => Self::Failed(other.to_string()),
        }
    }
}
