//! Opens one byte stream to an engine. What goes over it is not known here.

use std::io;
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};

use crate::engine::address::{Address, Endpoint};
use crate::engine::wire::Tuning;
use crate::engine::{fault, ssh, tls};

/// Both directions of a connection.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// An open connection.
pub(crate) struct Stream {
    pub(crate) io: Box<dyn Duplex>,
    /// What ssh says on the side; it explains a connection that ends early.
    pub(crate) said: Option<ssh::Said>,
}

impl Stream {
    fn plain(io: impl Duplex + 'static) -> Self {
        Self { io: Box::new(io), said: None }
    }
}

/// Opens connections to one endpoint.
pub(crate) struct Dialer {
    pub(crate) endpoint: Endpoint,
    tls: Option<tls::Client>,
    tuning: Tuning,
}

impl Dialer {
    /// Reads the TLS material, once for all connections.
    pub(crate) fn new(endpoint: Endpoint, tuning: Tuning) -> Result<Self> {
        let tls = match &endpoint.address {
            Address::Tcp { host, tls: Some(files), .. } => Some(tls::Client::new(host, files)?),
            _ => None,
        };
        Ok(Self { endpoint, tls, tuning })
    }

    /// Opens a connection, before `deadline` if there is one and within the connect timeout in any case.
    pub(crate) async fn dial(&self, deadline: Option<Instant>) -> Result<Stream> {
        let begun = Instant::now();
        let limit = begun + self.tuning.connect;
        let limit = deadline.map_or(limit, |deadline| deadline.min(limit));
        match timeout_at(limit, self.open(limit)).await {
            Ok(opened) => opened.map_err(|cause| fault::no_connection(&self.endpoint, cause)),
            Err(_) => Err(fault::no_connection_within(&self.endpoint, begun.elapsed())),
        }
    }

    async fn open(&self, limit: Instant) -> io::Result<Stream> {
        match &self.endpoint.address {
            Address::Unix(path) => Ok(Stream::plain(UnixStream::connect(path).await?)),
            Address::Tcp { host, port, .. } => {
                let stream = connect(host, *port, limit).await?;
                stream.set_nodelay(true)?;
                match &self.tls {
                    Some(tls) => Ok(Stream::plain(tls.secure(stream).await?)),
                    None => Ok(Stream::plain(stream)),
                }
            }
            Address::Ssh(target) => {
                let (io, said) = ssh::open(&self.tuning.ssh, target, self.tuning.connect)?;
                Ok(Stream { io: Box::new(io), said: Some(said) })
            }
        }
    }
}

/// Tries every address of a name in turn, each with a fair share of the time left: a dead IPv6 route must not use it
/// all up.
async fn connect(host: &str, port: u16, limit: Instant) -> io::Result<TcpStream> {
    // The system gives this failure no kind of its own.
    let unknown = |error| io::Error::new(io::ErrorKind::NotFound, error);
    let addresses: Vec<_> = tokio::net::lookup_host((host, port)).await.map_err(unknown)?.collect();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for (tried, address) in addresses.iter().enumerate() {
        let left = limit.saturating_duration_since(Instant::now());
        let others = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = (left / others).max(Duration::from_millis(1));
        match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, format!("{address} doesn't answer")),
        }
    }
    Err(last)
}
