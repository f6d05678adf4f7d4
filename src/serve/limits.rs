//! How much one client may ask for, and how slowly.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// So many clients are told apart; beyond, those that have been silent for longest are forgotten.
const CLIENTS: usize = 1024;
/// Who takes nothing of what he has asked for is sent away after this.
const STUCK: Duration = Duration::from_secs(20);

/// Tokens that fill up again.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// A rate: so many a second, and so many at once.
#[derive(Debug)]
pub(super) struct Rate {
    each_second: f64,
    burst: f64,
    clients: HashMap<IpAddr, Bucket>,
}

impl Rate {
    /// Nobody has asked yet.
    pub(super) fn new(each_second: f64, burst: f64) -> Self {
        Self { each_second, burst, clients: HashMap::new() }
    }

    /// Whether this client may ask once more at `now`; if so, it is counted.
    pub(super) fn take(&mut self, client: IpAddr, now: Instant) -> bool {
        let left = self.left(client, now);
        let may = left >= 1.0;
        self.put(client, if may { left - 1.0 } else { left }, now);
        may
    }

    /// Whether this client could ask once more; nothing is counted.
    pub(super) fn has_room(&self, client: IpAddr, now: Instant) -> bool {
        self.left(client, now) >= 1.0
    }

    fn left(&self, client: IpAddr, now: Instant) -> f64 {
        self.clients.get(&client).map_or(self.burst, |bucket| {
            (bucket.left + now.duration_since(bucket.at).as_secs_f64() * self.each_second).min(self.burst)
        })
    }

    fn put(&mut self, client: IpAddr, left: f64, now: Instant) {
        if self.clients.len() >= CLIENTS && !self.clients.contains_key(&client) {
            let oldest = self.clients.iter().min_by_key(|(_, bucket)| bucket.at).map(|(client, _)| *client);
            oldest.map(|oldest| self.clients.remove(&oldest));
        }
        self.clients.insert(client, Bucket { left, at: now });
    }
}

/// A connection that breaks when its other end takes nothing for [`STUCK`].
#[derive(Debug)]
pub(super) struct Patient {
    stream: TcpStream,
    stuck: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, stuck: None }
    }

    fn watch<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(STUCK)));
        stuck.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_too_much_waits_and_no_other() {
        let (mut rate, now) = (Rate::new(2.0, 3.0), Instant::now());
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        assert_eq!((0..4).map(|_| rate.take(one, now)).collect::<Vec<_>>(), [true, true, true, false]);
        assert!(rate.take(other, now));
        assert!(rate.take(one, now + Duration::from_millis(500)), "it fills up again");
        assert!(!rate.take(one, now + Duration::from_millis(500)));
        for client in 0..3000_u32 {
            rate.take(IpAddr::from(client.to_be_bytes()), now);
        }
        assert!(rate.clients.len() <= CLIENTS, "it doesn't grow without end");
    }
}
