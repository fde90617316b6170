//! What makes connections different: addresses of one family, certificates, and names that change their minds.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nashra::edge::fetch::Fetcher;
use nashra::model::*;
use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::{self, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::tls::{site, site_for, trusting};
use super::{body, error, fetcher, fetcher_within, source};
use crate::kit::origin::{Origin, Reply};

async fn ask(fetcher: &Fetcher, source: &Source) -> Retrieved {
    fetcher.fetch(source, &Validators::default()).await.0
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test]
async fn only_addresses_of_the_network_are_connected() {
    let v4 = Origin::start(|_| Reply::ok("v4"));
    let port = v4.address.port();
    let v6 = Origin::at(&format!("[::1]:{port}"), |_| Reply::ok("v6"));
    let fetcher = fetcher_within(|surroundings, _| {
        surroundings.lookup = Arc::new(|name| {
            Ok(match name {
                "old.test" => vec![ip("127.0.0.1")],
                "new.test" => vec![ip("::1")],
                _ => vec![ip("127.0.0.1"), ip("::1")],
            })
        });
    });
    let check = async |host: &str, network, expected: Result<&str, &str>| {
        let mut source = source(&format!("http://{host}:{port}/"));
        source.fetch.allow_private = ["127.0.0.0/8", "::1/128"].map(|net| net.parse().unwrap()).into();
        source.fetch.network = network;
        let retrieved = ask(&fetcher, &source).await;
        match expected {
            Ok(bytes) => assert_eq!(body(retrieved).bytes, bytes, "{host} {network:?}"),
            Err(words) => {
                let error = error(retrieved);
                assert_eq!(error.kind, FetchErrorKind::Connect, "{error}");
                assert_eq!(error.message, format!("{host}:{port} {words}"));
            }
        }
    };
    check("both.test", Network::V4, Ok("v4")).await;
    check("both.test", Network::V6, Ok("v6")).await;
    check("old.test", Network::Any, Ok("v4")).await;
    check("new.test", Network::Any, Ok("v6")).await;
    check("old.test", Network::V6, Err("has no IPv6 address, and network allows no other")).await;
    check("new.test", Network::V4, Err("has no IPv4 address, and network allows no other")).await;
    let other = |address, family| {
        format!("may not be connected to: {address} is no {family} address, and network allows no other")
    };
    check("127.0.0.1", Network::V6, Err(&other("127.0.0.1", "IPv6"))).await;
    check("[::1]", Network::V4, Err(&other("::1", "IPv4"))).await;
    // A mapped address is one of IPv4.
    check("[::ffff:7f00:1]", Network::V6, Err(&other("::ffff:127.0.0.1", "IPv6"))).await;
    check("[::ffff:7f00:1]", Network::V4, Ok("v4")).await;
    assert_eq!((v4.asked().len(), v6.asked().len()), (3, 2));
}

/// A lookup that answers these addresses in turn, the last one for ever, and how often it was asked.
fn fickle(answers: &[&str]) -> (Fetcher, Arc<AtomicUsize>) {
    let answers: Vec<IpAddr> = answers.iter().map(|text| ip(text)).collect();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let fetcher = fetcher_within(|surroundings, _| {
        surroundings.lookup = Arc::new(move |_| {
            let at = counted.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            Ok(vec![answers[at]])
        });
    });
    (fetcher, count)
}

/// Lets time pass for the fetcher without waiting for it.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_name_that_changes_its_mind_leads_nowhere_new() {
    // What stands for a public address here is 127.0.0.2, and 127.0.0.1 for one of our own.
    let public = Origin::at("127.0.0.2:0", |_| Reply::new(200, &[("Connection", "close")], "public"));
    let inside = Origin::at(&format!("127.0.0.1:{}", public.address.port()), |_| Reply::ok("secret"));
    let mut source = source(&public.named("rebound.example", "/"));
    source.fetch.allow_private = vec!["127.0.0.2/32".parse().unwrap()];

    let (fetcher, count) = fickle(&["127.0.0.2", "127.0.0.1"]);
    for _ in 0..3 {
        assert_eq!(body(ask(&fetcher, &source).await).bytes, "public");
    }
    assert_eq!(count.load(Ordering::SeqCst), 1, "what was looked up is kept");
    pass(Duration::from_secs(31)).await;
    assert_eq!(error(ask(&fetcher, &source).await).kind, FetchErrorKind::Forbidden);
    assert_eq!(count.load(Ordering::SeqCst), 2, "but not for ever");

    let (fetcher, count) = fickle(&["127.0.0.1", "127.0.0.2"]);
    for _ in 0..2 {
        assert_eq!(error(ask(&fetcher, &source).await).kind, FetchErrorKind::Forbidden);
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
    pass(Duration::from_secs(31)).await;
    assert_eq!(body(ask(&fetcher, &source).await).bytes, "public");
    assert_eq!((public.asked().len(), inside.connections()), (4, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_looked_up_once_at_a_time() {
    let origin = Origin::start(|_| Reply::ok("x"));
    let names = Arc::new(Mutex::new(vec![]));
    let log = names.clone();
    let fetcher = fetcher_within(|surroundings, _| {
        surroundings.lookup = Arc::new(move |name| {
            log.lock().unwrap().push(name.to_owned());
            if name == "gone.test" {
                Err(std::io::Error::other("no such name"))
            } else {
                Ok(vec![ip("127.0.0.1")])
            }
        });
    });
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (fetcher, one) = (fetcher.clone(), source(&origin.named("one.test", "/")));
        tasks.spawn(async move { body(ask(&fetcher, &one).await) });
    }
    tasks.join_all().await;
    body(ask(&fetcher, &source(&origin.url("/"))).await);
    for _ in 0..3 {
        assert!(error(ask(&fetcher, &source("http://gone.test/")).await).message.contains("no such name"));
    }
    assert_eq!(*names.lock().unwrap(), ["one.test", "gone.test"], "and addresses never");
}

#[tokio::test]
async fn any_certificate_is_believed_where_the_admin_says_so() {
    let site = site(&[b"h2"]).await;
    let fetcher = fetcher();
    let careful = source(&format!("https://other.test:{}/", site.address.port()));
    let mut careless = careful.clone();
    careless.fetch.insecure_tls = true;
    // They share no connection, in whichever order they come.
    for _ in 0..2 {
        assert_eq!(body(ask(&fetcher, &careless).await).bytes, "over TLS");
        assert_eq!(error(ask(&fetcher, &careful).await).kind, FetchErrorKind::Tls);
    }
    assert_eq!(site.asked.lock().unwrap().len(), 2);
}

/// Lets in who shows any certificate, and notes it.
#[derive(Debug, Default)]
struct Doorkeeper(Mutex<Vec<CertificateDer<'static>>>);

impl ClientCertVerifier for Doorkeeper {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.0.lock().unwrap().push(shown.clone().into_owned());
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        crypto::verify_tls12_signature(message, cert, signed, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        crypto::verify_tls13_signature(message, cert, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/fetch/tls").join(name)
}

#[tokio::test]
async fn a_client_certificate_is_shown_by_who_has_one() {
    let door = Arc::new(Doorkeeper::default());
    let site = site_for(&[b"http/1.1"], door.clone()).await;
    let fetcher = trusting();
    let without = source(&format!("https://feeds.test:{}/", site.address.port()));
    let mut with = without.clone();
    // Both may be in one file.
    with.fetch.client_cert = Some(ClientCert { cert: file("client.pem"), key: file("client.pem") });
    for _ in 0..2 {
        assert_eq!(body(ask(&fetcher, &with).await).bytes, "over TLS");
        let error = error(ask(&fetcher, &without).await);
        // The alert may be overtaken by the end of the connection.
        assert!(matches!(error.kind, FetchErrorKind::Tls | FetchErrorKind::Broken), "{error}");
        let is_clear = error.message.ends_with("wants a certificate of ours: set client_cert and client_key");
        assert!(is_clear || error.kind == FetchErrorKind::Broken, "{error}");
    }
    assert_eq!(door.0.lock().unwrap().len(), 1, "one connection, shown once");
    assert_eq!(site.asked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn bad_client_certificates_are_named_and_nothing_is_sent() {
    let site = site(&[b"http/1.1"]).await;
    let folder = tempfile::tempdir().unwrap();
    let written = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let good = file("client.pem");
    let check = async |cert: PathBuf, key: PathBuf, path: &str, words: &str| {
        let mut source = source(&format!("https://feeds.test:{}/", site.address.port()));
        source.fetch.client_cert = Some(ClientCert { cert, key });
        let retrieved = ask(&trusting(), &source).await;
        let error = error(retrieved);
        assert_eq!(error.kind, FetchErrorKind::Unsendable, "{error}");
        assert!(error.message.contains(" was not asked: ") && error.message.contains(path), "{error}");
        assert!(error.message.contains(words), "{error}");
    };
    check(file("none.pem"), good.clone(), "client_cert /", "none.pem cannot be read (No such file").await;
    check(good.clone(), file("none.pem"), "client_key /", "none.pem cannot be read (No such file").await;
    let empty = written("empty.pem", b"");
    check(
        empty.clone(),
        good.clone(),
        "empty.pem",
        "holds no certificate in PEM that can be read (it holds none)",
    )
    .await;
    check(good.clone(), empty, "empty.pem", "holds no unencrypted private key in PEM that can be read").await;
    let der = file("certificate.der");
    check(der, good.clone(), "certificate.der", "holds no certificate in PEM").await;
    let torn = written("torn.pem", b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n");
    check(torn, good.clone(), "torn.pem", "holds no certificate in PEM that can be read").await;
    let large = written("large.pem", &vec![b'x'; 300 << 10]);
    check(large, good.clone(), "large.pem", "is too large for a certificate or key").await;
    check(good, file("other-key.pem"), "client.pem and the key", "do not work together").await;
    assert_eq!(site.connections.load(Ordering::SeqCst), 0);
}
