//! The yardstick: fetches, parses with feed-rs, stores one record an entry in sled, flushes once. Nothing else.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Requests in flight.
const IN_FLIGHT_MAX: usize = 64;

type Http = Client<HttpConnector, Empty<Bytes>>;

pub fn main(origin: &str, feeds: usize, folder: &Path) {
    let db = sled::open(folder).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let entries: usize = runtime.block_on(async {
        let client: Http = Client::builder(TokioExecutor::new()).build_http();
        let turns = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
        let mut asked = JoinSet::new();
        for n in 0..feeds {
            let (client, db, turns) = (client.clone(), db.clone(), turns.clone());
            let url = format!("http://{origin}/feed/{n}");
            asked.spawn(async move {
                let _turn = turns.acquire().await.unwrap();
                let request = Request::get(url).header("accept-encoding", "gzip").body(Empty::new()).unwrap();
                let body = client.request(request).await.unwrap().into_body();
                store(n, &db, &body.collect().await.unwrap().to_bytes())
            });
        }
        asked.join_all().await.into_iter().sum()
    });
    db.flush().unwrap();
    println!("{{\"entries\":{entries}}}");
}

/// Says how many entries there were.
fn store(n: usize, db: &sled::Db, body: &[u8]) -> usize {
    let mut text = vec![];
    GzDecoder::new(body).read_to_end(&mut text).unwrap();
    let feed = feed_rs::parser::parse(&text[..]).unwrap();
    for entry in &feed.entries {
        let record = serde_json::json!({
            "id": entry.id,
            "title": entry.title.as_ref().map(|text| &text.content),
            "link": entry.links.first().map(|link| &link.href),
            "summary": entry.summary.as_ref().map(|text| &text.content),
            "content": entry.content.as_ref().and_then(|content| content.body.as_ref()),
            "published": entry.published,
            "categories": entry.categories.iter().map(|category| &category.term).collect::<Vec<_>>(),
            "authors": entry.authors.iter().map(|person| &person.name).collect::<Vec<_>>(),
        });
        db.insert(format!("{n}/{}", entry.id), record.to_string().as_bytes()).unwrap();
    }
    feed.entries.len()
}
