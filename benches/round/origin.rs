//! The origin: all feeds compressed in advance, conditional requests honoured, in a process of its own.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::feeds;

/// After how many milliseconds `/late/N` answers.
pub const LATE_MS: usize = 100;

struct Shelf {
    feeds: Vec<(&'static str, Bytes)>,
    late: Late,
}

/// How the late answers go.
#[derive(Default)]
struct Late {
    in_flight: AtomicU64,
    in_flight_max: AtomicU64,
    began: Mutex<Option<Instant>>,
    micros: AtomicU64,
    answers: AtomicU64,
}

/// Serves until stdin is closed. Says on stdout where, and how many bytes the feeds have.
pub fn main(count: usize) {
    let (feeds, bytes) = compressed(count);
    let shelf = Arc::new(Shelf { feeds, late: Late::default() });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{} {} {bytes}", listener.local_addr().unwrap(), hanging.local_addr().unwrap());
        std::io::stdout().flush().unwrap();
        tokio::spawn(serve(listener, shelf));
        tokio::spawn(async move {
            let mut held = vec![];
            while let Ok((stream, _)) = hanging.accept().await {
                held.push(stream);
                if held.len() > 256 {
                    held.remove(0);
                }
            }
        });
        let bench_ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut vec![]));
        let _ = bench_ended.await;
    });
}

fn compressed(count: usize) -> (Vec<(&'static str, Bytes)>, usize) {
    let next = AtomicUsize::new(0);
    let (done, bytes) = (Mutex::new(vec![None; count]), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count {
                        return;
                    }
                    let feed = feeds::feed(n);
                    bytes.fetch_add(feed.text.len(), Ordering::Relaxed);
                    let mut encoder = GzEncoder::new(vec![], Compression::default());
                    encoder.write_all(feed.text.as_bytes()).unwrap();
                    let body = Bytes::from(encoder.finish().unwrap());
                    done.lock().unwrap()[n] = Some((feed.media_type, body));
                }
            });
        }
    });
    (done.into_inner().unwrap().into_iter().flatten().collect(), bytes.into_inner())
}

async fn serve(listener: TcpListener, shelf: Arc<Shelf>) {
    while let Ok((stream, _)) = listener.accept().await {
        // Without it a small answer may wait 40 ms for an acknowledgement.
        stream.set_nodelay(true).unwrap();
        let shelf = Arc::clone(&shelf);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let shelf = Arc::clone(&shelf);
                async move { Ok::<_, Infallible>(respond(&shelf, &request).await) }
            });
            // A client that went away is no concern of ours.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(shelf: &Shelf, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let response = Response::builder();
    let path = request.uri().path();
    let number = |from: &str| path.strip_prefix(from).and_then(|number| number.parse::<usize>().ok());
    if let Some((media_type, body)) = number("/feed/").and_then(|n| shelf.feeds.get(n)) {
        let etag = format!("\"{}\"", body.len());
        let known =
            request.headers().get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
        let response = response.header(ETAG, etag);
        if known {
            return response.status(304).body(Full::default()).unwrap();
        }
        let response = response.header(CONTENT_TYPE, *media_type).header(CONTENT_ENCODING, "gzip");
        return response.body(Full::new(body.clone())).unwrap();
    }
    if let Some(n) = number("/late/") {
        shelf.late.begin();
        sleep(Duration::from_millis(LATE_MS as u64)).await;
        shelf.late.end();
        let response = response.header(CONTENT_TYPE, "application/rss+xml");
        return response.body(Full::from(feeds::small(n))).unwrap();
    }
    if path == "/served" {
        return response.body(Full::from(shelf.late.said())).unwrap();
    }
    response.status(404).body(Full::default()).unwrap()
}

impl Late {
    fn begin(&self) {
        self.began.lock().unwrap().get_or_insert_with(Instant::now);
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.in_flight_max.fetch_max(now, Ordering::Relaxed);
    }

    fn end(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.answers.fetch_add(1, Ordering::Relaxed);
        let began = self.began.lock().unwrap();
        let micros = began.map_or(0, |began| u64::try_from(began.elapsed().as_micros()).unwrap());
        self.micros.fetch_max(micros, Ordering::Relaxed);
    }

    fn said(&self) -> String {
        let seconds = Duration::from_micros(self.micros.load(Ordering::Relaxed)).as_secs_f64();
        let [in_flight_max, answers] =
            [&self.in_flight_max, &self.answers].map(|count| count.load(Ordering::Relaxed));
        format!("{seconds:.3} {in_flight_max} {answers}")
    }
}
