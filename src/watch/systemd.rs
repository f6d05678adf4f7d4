//! What systemd wants to know of a service of `Type=notify`: one datagram to `$NOTIFY_SOCKET` for each message.
//!
//! A message that can't be sent is lost: nothing depends on it.

use std::collections::BTreeMap;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Where systemd listens, if it does.
#[derive(Debug, Default)]
pub struct Systemd {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// A sign of life is due within this; none: nobody waits for one.
    watchdog: Option<Duration>,
}

impl Systemd {
    /// As the environment says.
    pub fn new(env: &BTreeMap<String, String>) -> Self {
        let address = env.get("NOTIFY_SOCKET").and_then(|name| match name.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name).ok(),
            None if name.starts_with('/') => SocketAddr::from_pathname(name).ok(),
            None => None,
        });
        let socket = address.and_then(|address| {
            let socket = UnixDatagram::unbound().ok()?;
            // A full queue must not hold the passes up.
            socket.set_nonblocking(true).ok()?;
            Some((socket, address))
        });
        let number = |name: &str| env.get(name).and_then(|text| text.parse::<u64>().ok());
        let own = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|usec| own && *usec > 0).map(Duration::from_micros);
        Self { socket, watchdog }
    }

    /// How often a sign of life is to be given: twice as often as it is asked for.
    pub fn pulse(&self) -> Option<Duration> {
        self.watchdog.filter(|_| self.socket.is_some()).map(|due| due / 2)
    }

    /// All is set up.
    pub fn ready(&self) {
        self.send("READY=1");
    }

    /// orca is alive, and its loop goes round.
    pub fn alive(&self) {
        self.send("WATCHDOG=1");
    }

    /// One line for `systemctl status`.
    pub fn status(&self, line: &str) {
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
        self.send(&format!("STATUS={line}"));
    }

    /// The config is read again; [`Self::ready`] ends it.
    pub fn reloading(&self) {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let usec = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1_000;
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={usec}"));
    }

    /// orca has been told to stop.
    pub fn stopping(&self) {
        self.send("STOPPING=1");
    }

    fn send(&self, message: &str) {
        if let Some((socket, address)) = &self.socket {
            let _ = socket.send_to_addr(message.as_bytes(), address);
        }
    }
}

#[cfg(test)]
mod tests;
