//! Certificates, and a TLS front before something that speaks plainly.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;

/// A folder with ca.pem, cert.pem, key.pem, and the server's pair beside them.
pub struct Certs(tempfile::TempDir);

pub type Authority = Issuer<'static, KeyPair>;

/// What stands behind a front.
#[derive(Debug, Clone)]
pub enum Behind {
    Port(u16),
    Socket(PathBuf),
}

impl Certs {
    pub fn new() -> Self {
        Self::of(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])
    }

    /// With a server that has these names.
    pub fn of(names: Vec<String>) -> Self {
        let certs = Self(tempfile::tempdir().unwrap());
        let ca = certs.authority();
        certs.leaf(&ca, "server", names);
        certs.leaf(&ca, "client", Vec::new());
        std::fs::rename(certs.path("client-cert.pem"), certs.path("cert.pem")).unwrap();
        std::fs::rename(certs.path("client-key.pem"), certs.path("key.pem")).unwrap();
        certs
    }

    pub fn authority(&self) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "lab");
        let key = KeyPair::generate().unwrap();
        std::fs::write(self.path("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Issuer::new(params, key)
    }

    pub fn leaf(&self, ca: &Authority, name: &str, names: Vec<String>) {
        let params = CertificateParams::new(names).unwrap();
        let key = KeyPair::generate().unwrap();
        std::fs::write(self.path(&format!("{name}-cert.pem")), params.signed_by(&key, ca).unwrap().pem()).unwrap();
        std::fs::write(self.path(&format!("{name}-key.pem")), key.serialize_pem()).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A server with this folder's server pair.
    pub fn acceptor(&self, wants_client: bool) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let builder = if wants_client {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certs(&self.path("ca.pem")));
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::from_pem_file(self.path("server-key.pem")).unwrap();
        let config = builder.with_single_cert(certs(&self.path("server-cert.pem")), key).unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// Lets those who speak TLS reach what is behind, until the test ends; returns the front's port.
    pub fn front(&self, wants_client: bool, behind: Behind) -> u16 {
        let acceptor = self.acceptor(wants_client);
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap().port()).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    tokio::spawn(pass_on(acceptor.clone(), stream, behind.clone()));
                }
            });
        });
        told.recv().unwrap()
    }
}

/// Who breaks off is the test's business, not the front's.
async fn pass_on(acceptor: TlsAcceptor, stream: TcpStream, behind: Behind) {
    let Ok(mut secured) = acceptor.accept(stream).await else { return };
    let _ = match behind {
        Behind::Port(port) => {
            let mut plain = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            copy_bidirectional(&mut secured, &mut plain).await
        }
        Behind::Socket(path) => {
            let mut plain = UnixStream::connect(path).await.unwrap();
            copy_bidirectional(&mut secured, &mut plain).await
        }
    };
}

fn certs(path: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path).unwrap().map(Result::unwrap).collect()
}
