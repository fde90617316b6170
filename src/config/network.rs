//! The way to a source: `proxy`, `client_cert`, `insecure_tls`, `network`, `encoding`.

use std::path::Path;

use encoding_rs::Encoding;
use url::Url;

use super::auth;
use super::notes::Notes;
use super::table::{Item, Table};
use crate::model::{ClientCert, FetchPolicy, Network, Proxy, ProxyKind};

const TEXT_BYTES_MAX: usize = 2000;
/// RFC 1928 §3 names no other.
const SOCKS_PORT: u16 = 1080;

/// Reads the keys over what `policy` holds already; relative files begin at `folder`.
pub(super) fn read(table: &Table<'_>, folder: &Path, policy: &mut FetchPolicy, notes: &mut Notes) {
    if let Some(item) = table.get("proxy") {
        policy.proxy = read_proxy(item, notes);
    }
    if let Some(item) = table.get("proxy_auth") {
        match &mut policy.proxy {
            Some(proxy) => proxy.auth = auth::read_proxy(item, notes),
            None if table.get("proxy").is_none() => item.mistake("stands without `proxy`: name one", notes),
            None => {}
        }
    }
    read_client_cert(table, folder, policy, notes);
    if let Some(item) = table.get("insecure_tls")
        && let Some(value) = item.boolean(notes)
    {
        policy.insecure_tls = value;
        if value {
            item.warning(
                "believes any certificate: whoever sits on the way can read and change what comes",
                notes,
            );
        }
    }
    if let Some(value) = table.get("network").and_then(|item| read_network(item, notes)) {
        policy.network = value;
    }
    if let Some(item) = table.get("encoding")
        && let Some(label) = item.line("\"windows-1256\"", TEXT_BYTES_MAX, notes)
    {
        match Encoding::for_label(label.as_bytes()) {
            Some(encoding) => policy.encoding = Some(encoding.name().to_owned()),
            None => item.mistake(
                format!(
                    "`{label}` is no encoding of the Encoding Standard: write one such as \"windows-1256\""
                ),
                notes,
            ),
        }
    }
}

fn read_proxy(item: Item<'_, '_>, notes: &mut Notes) -> Option<Proxy> {
    const EXAMPLE: &str = "\"http://proxy.example:3128\", \"socks5://127.0.0.1:1080\" or \"none\"";
    let text = item.line(EXAMPLE, TEXT_BYTES_MAX, notes)?;
    if text == "none" {
        return None;
    }
    let message = match Url::parse(text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "holds a name or password: take it out and write proxy_auth = { user = \"…\", password_env = \"NAME\" }"
                .to_owned()
        }
        Ok(url) => match proxy(&url) {
            Some(proxy) => return Some(proxy),
            None => format!("`{text}` is no proxy: write {EXAMPLE}"),
        },
        Err(error) => format!("`{text}` is no proxy ({error}): write {EXAMPLE}"),
    };
    item.mistake(message, notes);
    None
}

fn proxy(url: &Url) -> Option<Proxy> {
    let (kind, port) = match url.scheme() {
        "http" => (ProxyKind::Http, 80),
        // Names are always looked up here, so that the guard sees where they lead.
        "socks5" | "socks5h" => (ProxyKind::Socks5, SOCKS_PORT),
        _ => return None,
    };
    let host = url.host_str().filter(|host| !host.is_empty())?.trim_matches(['[', ']']).to_owned();
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    bare.then(|| Proxy { kind, host, port: url.port().unwrap_or(port), auth: None })
}

fn read_client_cert(table: &Table<'_>, folder: &Path, policy: &mut FetchPolicy, notes: &mut Notes) {
    let path = |key, notes: &mut Notes| {
        let text = table.get(key)?.line("\"client.pem\"", TEXT_BYTES_MAX, notes)?;
        Some(folder.join(text))
    };
    let (cert, key) = (path("client_cert", notes), path("client_key", notes));
    match (cert, key) {
        (Some(cert), key) => {
            policy.client_cert = Some(ClientCert { key: key.unwrap_or_else(|| cert.clone()), cert });
        }
        (None, Some(_)) => {
            if let Some(item) = table.get("client_key").filter(|_| table.get("client_cert").is_none()) {
                item.mistake("stands without `client_cert`: name the certificate", notes);
            }
        }
        (None, None) => {}
    }
}

fn read_network(item: Item<'_, '_>, notes: &mut Notes) -> Option<Network> {
    match item.line("\"ipv4\", \"ipv6\" or \"any\"", TEXT_BYTES_MAX, notes)? {
        "any" => Some(Network::Any),
        "ipv4" => Some(Network::V4),
        "ipv6" => Some(Network::V6),
        other => {
            item.mistake(format!("`{other}` is no network: write \"ipv4\", \"ipv6\" or \"any\""), notes);
            None
        }
    }
}
