//! Open connections, kept for the next request.
//!
//! hyper's connections are used without `hyper_util`'s pooling client, for three things that one hides: whether a
//! failed request was ever sent, what ssh said when a connection broke, and how many connections are opened.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use crate::engine::dial::Dialer;
use crate::engine::{fault, ssh};

/// What is sent as the body of a request.
pub(crate) type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// Idle connections that are kept; more than a pass ever uses at once.
const MAX_IDLE: usize = 8;

/// How long an idle connection is trusted not to be cut by something in between.
const MAX_IDLE_TIME: Duration = Duration::from_secs(90);

/// One connection that speaks HTTP.
pub(crate) struct Connection {
    pub(crate) sender: http1::SendRequest<Body>,
    pub(crate) said: Option<ssh::Said>,
    /// It has answered a request before.
    pub(crate) reused: bool,
}

/// Connections to one engine.
pub(crate) struct Pool {
    pub(crate) dialer: Dialer,
    idle: Mutex<Vec<(Instant, Connection)>>,
}

impl Pool {
    pub(crate) fn new(dialer: Dialer) -> Self {
        Self { dialer, idle: Mutex::default() }
    }

    /// A connection that is ready for a request: the idle one used last, else a new one.
    pub(crate) async fn take(&self, deadline: Option<Instant>) -> Result<Connection> {
        if let Some(idle) = self.take_idle() {
            return Ok(idle);
        }
        // A stream of bollard's that was just read to its end gives its connection back in a task of its own.
        tokio::task::yield_now().await;
        if let Some(idle) = self.take_idle() {
            return Ok(idle);
        }
        // Boxed: TLS makes a future large, and most requests never need it.
        let stream = Box::pin(self.dialer.dial(deadline)).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream.io))
            .await
            .with_context(|| fault::unreachable(format!("cannot connect to the engine at {}", self.dialer.endpoint)))?;
        // It ends with its sender, or when the other side closes. Its errors come out of the request.
        tokio::spawn(connection.with_upgrades());
        Ok(Connection { sender, said: stream.said, reused: false })
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(since, connection)| since.elapsed() < MAX_IDLE_TIME && connection.sender.is_ready());
        idle.pop().map(|(_, connection)| connection)
    }

    /// Keeps a connection, once its last answer is read to the end; drops it if it can't be used again.
    pub(crate) async fn give_back(&self, mut connection: Connection) {
        if connection.sender.ready().await.is_err() {
            return;
        }
        connection.reused = true;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push((Instant::now(), connection));
        }
    }
}
