//! The least that hyper can do: a table of documents, one header to look at, no deadlines.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header;
use http_body_util::Full;
use hyper::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::documents;
use nashra::model::Coding;

pub fn main() {
    let table: HashMap<&str, _> = documents::all().into();
    let table = Arc::new(table);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let table = Arc::clone(&table);
            let answer = move |request: hyper::Request<hyper::body::Incoming>| {
                let document = &table[request.uri().path()];
                let is_known = request.headers().contains_key(header::IF_NONE_MATCH);
                let response = Response::builder()
                    .status(if is_known { 304 } else { 200 })
                    .header(header::ETAG, Coding::Gzip.etag(document.version))
                    .header(header::CONTENT_TYPE, document.content_type)
                    .header(header::CONTENT_ENCODING, "gzip")
                    .header(header::VARY, "Accept-Encoding")
                    .body(Full::new(if is_known {
                        Bytes::new()
                    } else {
                        document.body(Coding::Gzip).unwrap().clone()
                    }))
                    .unwrap();
                async move { Ok::<_, Infallible>(response) }
            };
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
        }
    });
}
