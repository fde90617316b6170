//! `auth`: credentials by the name of the variable that holds them, never by value.

use super::notes::Notes;
use super::table::{Item, Keys, Table};
use crate::model::Auth;

const NAME_BYTES_MAX: usize = 200;
const EXAMPLE: &str = "{ basic = { user = \"…\", password_env = \"NAME\" } } or { bearer_env = \"NAME\" }";

const KEYS: Keys = Keys {
    known: &["basic", "bearer_env"],
    planned: &[],
    elsewhere: &[
        (
            &["bearer", "token"],
            "as bearer_env = \"NAME\": secrets come from the environment, never from this file",
        ),
        (&["user", "password_env"], "as { basic = { user = \"…\", password_env = \"NAME\" } }"),
    ],
};
const BASIC_KEYS: Keys = Keys {
    known: &["user", "password_env"],
    planned: &[],
    elsewhere: &[(
        &["password", "pass"],
        "as password_env = \"NAME\": secrets come from the environment, never from this file",
    )],
};

/// Reads the credentials of a source.
pub(super) fn read(item: Item<'_, '_>, notes: &mut Notes) -> Option<Auth> {
    let table = item.inline_table(EXAMPLE, notes)?;
    table.check_keys(&KEYS, notes);
    match (table.get("basic"), table.get("bearer_env")) {
        (Some(_), Some(bearer)) => {
            bearer.mistake("stands beside `basic`: keep one of them", notes);
            None
        }
        (Some(basic), None) => {
            read_basic(&basic.inline_table("{ user = \"…\", password_env = \"NAME\" }", notes)?, notes)
        }
        (None, Some(bearer)) => Some(Auth::Bearer { token_env: variable(bearer, notes)? }),
        (None, None) => {
            // An unknown key has been reported already.
            if table.is_empty() {
                item.mistake(format!("is empty: write {EXAMPLE}"), notes);
            }
            None
        }
    }
}

/// Reads the credentials for a proxy: the user, and the name of what holds the password.
pub(super) fn read_proxy(item: Item<'_, '_>, notes: &mut Notes) -> Option<(String, String)> {
    let table = item.inline_table("{ user = \"…\", password_env = \"NAME\" }", notes)?;
    match read_basic(&table, notes)? {
        Auth::Basic { user, password_env } => Some((user, password_env)),
        Auth::Bearer { .. } => None,
    }
}

fn read_basic(table: &Table<'_>, notes: &mut Notes) -> Option<Auth> {
    table.check_keys(&BASIC_KEYS, notes);
    let (user, password) = (table.get("user"), table.get("password_env"));
    if user.is_none() {
        table.missing("user", "user = \"…\"", notes);
    }
    if password.is_none() && table.get("password").is_none() {
        table.missing("password_env", "password_env = \"NAME\"", notes);
    }
    let user = user.and_then(|item| {
        let user = item.line("\"…\"", NAME_BYTES_MAX, notes)?;
        if user.contains(':') {
            item.mistake("holds `:`, which no user name may (RFC 7617 §2)", notes);
        }
        Some(user.to_owned())
    });
    let password_env = password.and_then(|item| variable(item, notes));
    Some(Auth::Basic { user: user?, password_env: password_env? })
}

/// The name of an environment variable or a systemd credential.
fn variable(item: Item<'_, '_>, notes: &mut Notes) -> Option<String> {
    let name = item.line("\"NAME\"", NAME_BYTES_MAX, notes)?;
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if first && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)) {
        return Some(name.to_owned());
    }
    item.mistake(
        "is no name of an environment variable: write one such as \"FEED_TOKEN\", not the secret",
        notes,
    );
    None
}
