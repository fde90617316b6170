//! nashra's own listener, as the daemon opens it.

use std::future::pending;
use std::sync::Arc;

use arc_swap::ArcSwap;
use nashra::edge::serve::{self, Doors, Mail, Mailbox, Pages, Reply};
use nashra::model::Document;
use tokio::net::TcpListener;

use super::documents;

struct Nothing;

impl Pages for Nothing {
    fn page(&self, _: &str, _: Option<&str>) -> Option<Arc<Document>> {
        None
    }

    fn open(&self, _: &str, _: bool) -> Option<String> {
        None
    }
}

impl Mailbox for Nothing {
    fn take(&self, mail: Mail) -> Reply {
        Box::pin(async move { mail.nobody() })
    }
}

pub fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let served = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        let front = Arc::new(ArcSwap::from_pointee(documents::published()));
        let doors = Doors { front, pages: Arc::new(Nothing), mailbox: Arc::new(Nothing) };
        serve::run(listener, doors, pending::<()>()).await
    });
    served.unwrap();
}
