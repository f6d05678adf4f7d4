//! TLS as docker's own client does it: a private authority, a client certificate, or no verification at all.

use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::engine::address::TlsFiles;
use crate::engine::fault;
use crate::error::Error;

/// Secures connections to one host.
pub(crate) struct Client {
    name: ServerName<'static>,
    connector: TlsConnector,
}

impl Client {
    /// Reads the files. An error names the file, never what is in it.
    pub(crate) fn new(host: &str, files: &TlsFiles) -> Result<Self, Error> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| fault::unreachable(format!("`{host}` is no name that a certificate can have")))?;
        let provider = Arc::new(ring::default_provider());
        let trust = if files.skip_verify { Trust::Any } else { known(files, provider.clone())? };
        let config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|e| fault::unreachable(format!("TLS: {e}")))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier { provider: provider.clone(), trust }));
        let config = match identity(files, &provider)? {
            Some(identity) => config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity))),
            None => config.with_no_client_auth(),
        };
        Ok(Self { name, connector: TlsConnector::from(Arc::new(config)) })
    }

    pub(crate) async fn secure(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}

/// Trust in `ca.pem`, or without one in the system's authorities.
fn known(files: &TlsFiles, provider: Arc<CryptoProvider>) -> Result<Trust, Error> {
    let certs = match &files.ca {
        Some(path) => certificates(path)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certs.iter().cloned());
    if added == 0 {
        let place = files.ca.as_ref().map_or_else(|| "this system".to_owned(), |path| format!("`{}`", path.display()));
        let error = fault::unreachable(format!("TLS: no usable authority in {place}"));
        return Err(error.hint("ca.pem must hold the certificate that signed the engine's, in PEM form"));
    }
    let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|e| fault::unreachable(format!("TLS: {e}")))?;
    // Only what a file names is taken as itself; a system's bundle holds authorities alone.
    let pinned = if files.ca.is_some() { certs } else { Vec::new() };
    Ok(Trust::Known { chains, pinned })
}

/// This client's certificate and key, if there are both.
fn identity(files: &TlsFiles, provider: &CryptoProvider) -> Result<Option<CertifiedKey>, Error> {
    let (cert, key) = match (&files.cert, &files.key) {
        (Some(cert), Some(key)) => (cert, key),
        (None, None) => return Ok(None),
        (Some(path), None) | (None, Some(path)) => {
            let error = fault::unreachable(format!("TLS: `{}` without its other half", path.display()));
            return Err(error.hint("a client certificate needs both cert.pem and key.pem"));
        }
    };
    let chain = certificates(cert)?;
    if chain.is_empty() {
        return Err(fault::unreachable(format!("TLS: no certificate in `{}`", cert.display())));
    }
    let encrypted = "must be one unencrypted private key in PEM form";
    let no_key = |why: String| fault::unreachable(format!("TLS: `{}`: {why}", key.display())).hint(encrypted);
    // The parser's own messages may quote the file, and this file is a secret.
    let der = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_| no_key("no usable private key".to_owned()))?;
    let signer = provider.key_provider.load_private_key(der).map_err(|_| no_key("unknown kind of key".to_owned()))?;
    let identity = CertifiedKey::new(chain, signer);
    match identity.keys_match() {
        Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) => {
            let text = format!("`{}` is not the key of `{}`", key.display(), cert.display());
            Err(fault::unreachable(format!("TLS: {text}")))
        }
        // Certificates of version 1, which `openssl x509 -req` makes, can't be read here; the engine takes them.
        _ => Ok(Some(identity)),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<_, _>>()
        .map_err(|_| fault::unreachable(format!("TLS: `{}` is not a PEM file", path.display())))
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|e| {
        let error = fault::unreachable(format!("TLS: `{}`: {e}", path.display()));
        error.hint("set DOCKER_CERT_PATH to the folder with ca.pem, cert.pem and key.pem")
    })
}

/// Whose certificates are taken. Whoever it is, the server must own its certificate's key.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    trust: Trust,
}

#[derive(Debug)]
enum Trust {
    /// Chains to an authority, and a certificate that is itself in `ca.pem`.
    Known { chains: Arc<WebPkiServerVerifier>, pinned: Vec<CertificateDer<'static>> },
    /// Any, as `SkipTLSVerify` asks.
    Any,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        cert: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Trust::Known { chains, pinned } = &self.trust else { return Ok(ServerCertVerified::assertion()) };
        match chains.verify_server_cert(cert, intermediates, name, ocsp, now) {
            // One self-signed certificate as both authority and server, as `openssl req -x509` makes it, is refused
            // as "CA used as end entity", which has no name of its own here. Docker's client takes it. The validity
            // period was checked before; the name was not.
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(_))) if pinned.contains(cert) => {
                verify_server_name(&ParsedCertificate::try_from(cert)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
