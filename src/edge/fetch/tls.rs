//! TLS as a source wants it: whom to believe, and the certificate that we show.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::task::spawn_blocking;

use super::FetchSetupError;
use super::complaint::Complaint;
use crate::model::{ClientCert, FetchErrorKind};

/// A certificate with its chain, or a key.
const PEM_BYTES_MAX: u64 = 256 << 10;

/// What all connections over TLS share.
pub(super) struct Tls {
    provider: Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
    /// For sources without wishes of their own: their sessions are resumed.
    plain: ClientConfig,
}

/// What a source wants of TLS. It holds a secret key: it is never printed.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Wishes {
    /// Whether any certificate is believed.
    pub(super) insecure: bool,
    /// The certificate that we show.
    pub(super) shown: Option<Arc<Shown>>,
}

/// The files of a client certificate as they are now.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Shown {
    files: ClientCert,
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl Tls {
    /// Trusts the system's roots where there are any, the bundled ones of webpki, and `more`.
    pub(super) fn new(more: Vec<CertificateDer<'static>>) -> Result<Self, FetchSetupError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        // What the system has and cannot be read is none of our troubles: the bundled ones remain.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add_parsable_certificates(more);
        let (provider, roots) = (Arc::new(rustls::crypto::ring::default_provider()), Arc::new(roots));
        let builder =
            ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| FetchSetupError::Tls(error.to_string()))?;
        let plain = builder.with_root_certificates(roots.clone()).with_no_client_auth();
        Ok(Self { provider, roots, plain })
    }

    /// The settings that fulfil these wishes.
    pub(super) fn config(&self, wishes: &Wishes) -> Result<ClientConfig, Complaint> {
        if *wishes == Wishes::default() {
            return Ok(self.plain.clone());
        }
        let builder =
            ClientConfig::builder_with_provider(self.provider.clone()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| unsendable(format!("TLS cannot be set up ({error})")))?;
        let builder = if wishes.insecure {
            let anybody = Arc::new(Anybody(self.provider.clone()));
            builder.dangerous().with_custom_certificate_verifier(anybody)
        } else {
            builder.with_root_certificates(self.roots.clone())
        };
        let Some(shown) = &wishes.shown else { return Ok(builder.with_no_client_auth()) };
        let (chain, key) = shown.parse()?;
        builder.with_client_auth_cert(chain, key).map_err(|error| {
            let ClientCert { cert, key } = &shown.files;
            let (cert, key) = (cert.display(), key.display());
            unsendable(format!(
                "the client certificate {cert} and the key {key} do not work together ({error})"
            ))
        })
    }
}

impl Shown {
    /// Reads the files, off the reactor. They are read for every fetch, so that a certificate that has been
    /// renewed is shown from then on.
    pub(super) async fn read(files: &ClientCert) -> Result<Arc<Self>, Complaint> {
        let files = files.clone();
        let read = spawn_blocking(move || {
            let cert = read(&files.cert, "client_cert")?;
            let key = read(&files.key, "client_key")?;
            Ok(Arc::new(Self { files, cert, key }))
        });
        read.await.unwrap_or_else(|error| Err(unsendable(format!("client_cert cannot be read ({error})"))))
    }

    fn parse(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Complaint> {
        let unread = |path: &Path, what: &str, error: &pem::Error| {
            let why = match error {
                pem::Error::NoItemsFound => "it holds none".to_owned(),
                error => error.to_string(),
            };
            unsendable(format!("{} holds no {what} in PEM that can be read ({why})", path.display()))
        };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.cert).collect();
        let chain =
            chain.and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) });
        let chain = chain.map_err(|error| unread(&self.files.cert, "certificate", &error))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|error| unread(&self.files.key, "unencrypted private key", &error))?;
        Ok((chain, key))
    }
}

fn read(path: &Path, key: &str) -> Result<Vec<u8>, Complaint> {
    let mut bytes = vec![];
    let read =
        std::fs::File::open(path).and_then(|file| file.take(PEM_BYTES_MAX + 1).read_to_end(&mut bytes));
    let shown = path.display();
    read.map_err(|error| unsendable(format!("{key} {shown} cannot be read ({error})")))?;
    if bytes.len() as u64 > PEM_BYTES_MAX {
        return Err(unsendable(format!("{key} {shown} is too large for a certificate or key")));
    }
    Ok(bytes)
}

fn unsendable(why: impl std::fmt::Display) -> Complaint {
    Complaint::new(FetchErrorKind::Unsendable, format!("was not asked: {why}"))
}

/// Believes any certificate; that the other side holds its key is checked all the same.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
