//! What went wrong on the way to an engine, said so that an operator can act on it.
//!
//! Every error made here is [`ErrorKind::Unreachable`], but for a pass that ran out of time before it asked.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use crate::engine::address::{Address, Endpoint, FORMS, TlsFiles};
use crate::error::{Error, ErrorKind};

/// Marks an error of a write that may or may not have been applied: it was sent, and no complete answer came.
///
/// Without this mark nothing was changed.
#[derive(Debug, Clone, Copy)]
pub struct MaybeApplied;

impl fmt::Display for MaybeApplied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was sent: it may or may not have been applied")
    }
}

impl StdError for MaybeApplied {}

/// True when the failed request may have changed something all the same.
pub fn maybe_applied(error: &anyhow::Error) -> bool {
    error.is::<MaybeApplied>()
}

/// An error of this transport while it travels through a foreign error type.
#[derive(Debug)]
pub(crate) struct Carried(pub(crate) anyhow::Error);

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl StdError for Carried {}

/// The error behind one of bollard's: this transport's own comes back whole, with kind, hint and mark.
pub fn from_bollard(error: bollard::errors::Error) -> anyhow::Error {
    use bollard::errors::Error as Typed;
    match error {
        Typed::IOError { err } => match err.downcast::<Carried>() {
            Ok(carried) => carried.0,
            Err(err) => anyhow::Error::new(err).context(unreachable("connection to the engine lost")),
        },
        Typed::HyperResponseError { err } => {
            anyhow::Error::new(err).context(unreachable("connection to the engine lost"))
        }
        Typed::RequestTimeoutError => unreachable("the engine doesn't answer").into(),
        other => anyhow::Error::new(other),
    }
}

pub(crate) fn unreachable(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unreachable, message)
}

/// A duration as a person says it.
pub(crate) fn spoken(time: Duration) -> String {
    let millis = (time.as_micros() + 500) / 1000;
    if millis < 1000 {
        return format!("{millis} ms");
    }
    // Timers fire late, never early: 60.001 s are "60 s".
    if millis % 1000 < 50 || millis >= 10_000 {
        return format!("{} s", millis / 1000);
    }
    format!("{}.{} s", millis / 1000, millis % 1000 / 100)
}

/// No connection: `cause` is what the operating system, TLS or ssh says.
pub(crate) fn no_connection(endpoint: &Endpoint, cause: io::Error) -> anyhow::Error {
    let error = unreachable(format!("cannot connect to the engine at {endpoint}"));
    let error = match hint(endpoint, &cause) {
        Some(hint) => error.hint(hint),
        None => error,
    };
    anyhow::Error::new(cause).context(error)
}

/// No connection in time.
pub(crate) fn no_connection_within(endpoint: &Endpoint, time: Duration) -> anyhow::Error {
    let text = format!("cannot connect to the engine at {endpoint}: no connection within {}", spoken(time));
    unreachable(text).hint("is the host up, and the port open in its firewall?").into()
}

/// What to do about a failed connection.
pub(crate) fn hint(endpoint: &Endpoint, cause: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(tls) = find::<rustls::Error>(cause) {
        return Some(tls_hint(endpoint, tls));
    }
    let kind = find::<io::Error>(cause)?.kind();
    match (&endpoint.address, kind) {
        (Address::Unix(path), io::ErrorKind::NotFound) => Some(format!(
            "is the engine running? `{}` doesn't exist; name another engine with -H or DOCKER_HOST",
            path.display()
        )),
        (Address::Unix(_), io::ErrorKind::PermissionDenied) => {
            Some("run orca as root, or as a user of the group that owns the socket (as a rule `docker`)".to_owned())
        }
        (Address::Unix(_), io::ErrorKind::ConnectionRefused) => {
            Some("nobody listens on this socket: is the engine running? (`systemctl status docker`)".to_owned())
        }
        (Address::Tcp { port, .. }, io::ErrorKind::ConnectionRefused) => {
            Some(format!("nobody listens on port {port}: is the engine running, with `-H tcp://`?"))
        }
        (Address::Tcp { host, .. }, io::ErrorKind::NotFound) => {
            Some(format!("is `{host}` the name of a host? {FORMS}"))
        }
        (Address::Ssh(_), io::ErrorKind::NotFound) => Some("install ssh (OpenSSH client) on this host".to_owned()),
        _ => None,
    }
}

fn tls_hint(endpoint: &Endpoint, error: &rustls::Error) -> String {
    use rustls::{AlertDescription as Alert, CertificateError as Bad};
    let files = match &endpoint.address {
        Address::Tcp { tls: Some(files), .. } => files.clone(),
        _ => TlsFiles::default(),
    };
    let name = |file: &Option<std::path::PathBuf>, none: &str| {
        file.as_ref().map_or_else(|| none.to_owned(), |path| format!("`{}`", path.display()))
    };
    match error {
        rustls::Error::InvalidCertificate(Bad::UnknownIssuer | Bad::BadSignature) => {
            let fix = if endpoint.origin.starts_with("context") {
                "give the context its authority: `docker context update --docker ...,ca=FILE`"
            } else {
                "set DOCKER_CERT_PATH to the folder with its ca.pem"
            };
            format!(
                "the engine's certificate is not signed by {}: {fix}",
                name(&files.ca, "an authority of this system")
            )
        }
        rustls::Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            "address the engine by a name or IP address that its certificate has as subjectAltName".to_owned()
        }
        rustls::Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => {
            "renew the engine's certificate, or check this host's clock".to_owned()
        }
        rustls::Error::AlertReceived(Alert::CertificateRequired | Alert::HandshakeFailure) if files.cert.is_none() => {
            "the engine wants a client certificate: put cert.pem and key.pem beside ca.pem".to_owned()
        }
        rustls::Error::AlertReceived(_) => {
            format!("the engine refused this client: is {} signed by its authority?", name(&files.cert, "cert.pem"))
        }
        rustls::Error::InvalidMessage(_) => {
            "the port doesn't speak TLS: unset DOCKER_TLS_VERIFY, or use the TLS port (as a rule 2376)".to_owned()
        }
        _ => format!("TLS material: ca {}, cert {}", name(&files.ca, "system"), name(&files.cert, "none")),
    }
}

/// The first error of type `E` in a chain, those that hide inside an I/O error included.
pub(crate) fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // An I/O error made from another error names that one's source as its own, and skips the error itself.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| find::<E>(inner)) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_as_people_say_them() {
        for (millis, text) in [(0, "0 ms"), (300, "300 ms"), (1001, "1 s"), (2500, "2.5 s"), (60_001, "60 s")] {
            assert_eq!(spoken(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn an_error_is_found_inside_an_io_error() {
        let inner = io::Error::other(rustls::Error::DecryptError);
        let outer = io::Error::other(inner);
        assert_eq!(find::<rustls::Error>(&outer), Some(&rustls::Error::DecryptError));
        assert!(find::<rustls::Error>(&io::Error::from(io::ErrorKind::NotFound)).is_none());
    }
}
