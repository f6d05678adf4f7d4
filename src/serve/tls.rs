//! TLS of `orca serve`: its certificate, and whose clients are let in. The files are read again when they have changed: who
//! renews a certificate restarts nothing.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::SAY;
use super::limits::Patient;
use crate::cli;
use crate::error::{Error, ErrorKind};

/// How often the files are looked at while nobody comes.
const LOOK: Duration = Duration::from_secs(1);

/// Whose certificate a connection was opened with: the beginning of its hash.
#[derive(Debug, Clone)]
pub(super) struct Bearer(pub(super) String);

/// The files.
#[derive(Debug)]
struct Files {
    cert: PathBuf,
    key: PathBuf,
    clients: Option<PathBuf>,
}

/// When a file was last written, and how long it was; none where there is none.
type Stamp = Option<(SystemTime, u64)>;

/// What connections are secured by.
#[derive(Debug)]
pub(super) struct Tls {
    files: Files,
    config: RefCell<Arc<ServerConfig>>,
    /// As the files were when they were last read, well or not.
    seen: RefCell<[Stamp; 3]>,
    /// The authority whose clients are let in, as its file was when it was last read well.
    authority: watch::Sender<Stamp>,
}

/// A connection that is secured.
#[derive(Debug)]
pub(super) struct Secured {
    pub(super) stream: TlsStream<Patient>,
    /// Whose certificate it was opened with.
    pub(super) bearer: Option<Bearer>,
    authority: watch::Receiver<Stamp>,
}

impl Secured {
    /// The stream, its bearer, and the end of what its bearer was let in by: when another authority says who may come in.
    pub(super) fn into_parts(self) -> (TlsStream<Patient>, Option<Bearer>, impl Future<Output = ()>) {
        let Self { stream, bearer, mut authority } = self;
        let ended = async move {
            if authority.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        (stream, bearer, ended)
    }
}

impl Tls {
    /// Reads the files that the command line names; none if it names none.
    ///
    /// # Errors
    /// `Config`, with the file, if one can't be used.
    pub(super) fn load(asked: &cli::Serve) -> Result<Option<Self>, Error> {
        let (Some(cert), Some(key)) = (&asked.tls_cert, &asked.tls_key) else { return Ok(None) };
        let files = Files { cert: cert.clone(), key: key.clone(), clients: asked.tls_client_ca.clone() };
        let stamps = files.stamps();
        let config = RefCell::new(files.read()?);
        let [.., authority] = stamps;
        Ok(Some(Self { files, config, seen: RefCell::new(stamps), authority: watch::Sender::new(authority) }))
    }

    /// A connection that is secured; none if the other end can't, or isn't let in.
    pub(super) async fn accept(&self, stream: Patient) -> Option<Secured> {
        self.renew();
        let authority = self.authority.subscribe();
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config.borrow()));
        match timeout(SAY, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => {
                let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
                let bearer = shown.map(|certificate| Bearer(fingerprint(certificate)));
                Some(Secured { stream, bearer, authority })
            }
            Ok(Err(error)) => {
                tracing::debug!("a connection was not secured: {error}");
                None
            }
            Err(_) => None,
        }
    }

    /// Looks after the files for as long as it is polled: who is connected already hears of another authority, too.
    pub(super) async fn tend(&self) {
        loop {
            sleep(LOOK).await;
            self.renew();
        }
    }

    /// Files that are written one after the other don't fit each other for a moment: what was good stays.
    fn renew(&self) {
        let stamps = self.files.stamps();
        if *self.seen.borrow() == stamps {
            return;
        }
        match self.files.read() {
            Ok(config) => {
                *self.config.borrow_mut() = config;
                tracing::info!("the certificate was read again");
                let [.., authority] = stamps;
                self.authority.send_if_modified(|known| std::mem::replace(known, authority) != authority);
            }
            Err(error) => tracing::warn!("the certificate stays the one from before: {error}"),
        }
        *self.seen.borrow_mut() = stamps;
    }
}

impl Files {
    fn stamps(&self) -> [Stamp; 3] {
        let stamp = |path: &Path| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        };
        [stamp(&self.cert), stamp(&self.key), self.clients.as_deref().and_then(stamp)]
    }

    fn read(&self) -> Result<Arc<ServerConfig>, Error> {
        let provider = Arc::new(ring::default_provider());
        let wrong = |path: &Path, why: &dyn std::fmt::Display| config(format!("TLS: `{}`: {why}", path.display()));
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(&self.cert, &error))?;
        let builder = match &self.clients {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(certificates(path)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(verifier.map_err(|error| wrong(path, &error))?)
            }
        };
        let chain = certificates(&self.cert)?;
        // The parser's own messages may quote the file, and this file is a secret.
        let key = PrivateKeyDer::from_pem_slice(&read(&self.key)?).map_err(|_| {
            wrong(&self.key, &"no usable private key").hint("it must be one unencrypted private key in PEM form")
        })?;
        let mut config = builder.with_single_cert(chain, key).map_err(|error| {
            let text = format!("it doesn't go with `{}`: {error}", self.cert.display());
            wrong(&self.key, &text)
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn config(text: String) -> Error {
    Error::new(ErrorKind::Config, text)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| config(format!("TLS: can't read `{}`: {error}", path.display())))
}

/// The certificates of a PEM file, of which there must be one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<_, _>>()
        .map_err(|_| config(format!("TLS: `{}` is not a PEM file", path.display())))?;
    if found.is_empty() {
        return Err(config(format!("TLS: `{}` has no certificate in it", path.display())));
    }
    Ok(found)
}

/// Sixteen digits of a certificate's SHA-256: as `openssl x509 -fingerprint -sha256` begins.
fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let hash = Sha256::digest(certificate);
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
