//! What an admin should know of, as `/admin.atom` tells it.

use super::Timestamp;

/// The private feed of the admin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notices {
    /// Its Atom id; stable.
    pub id: String,
    /// Its name.
    pub title: String,
    /// Newest first.
    pub list: Vec<Notice>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its Atom id; stable.
    pub id: String,
    /// What happened, in a few words.
    pub title: String,
    /// Why, one sentence; empty where there is nothing to say.
    pub why: String,
    /// All of it, in plain sentences.
    pub text: String,
    /// The kind, one stable word.
    pub word: String,
    /// When.
    pub at: Timestamp,
}
