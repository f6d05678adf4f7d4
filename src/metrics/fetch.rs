//! One bounded `GET` of figures. Everything that goes wrong is words: a target that fails is a node without figures.

use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use super::url::Url;
use crate::engine::address::{Address, Endpoint, TlsFiles};
use crate::engine::wire::{Reply, Tuning, Wire};

/// The largest answer that is read.
const MAX_BODY: usize = 16 << 20;

/// Where figures are asked for, and how long.
#[derive(Debug, Clone)]
pub(super) struct Target {
    wire: Wire,
    path: String,
    shown: String,
}

impl Target {
    /// A target of which nothing is asked yet.
    pub(super) fn new(url: &Url, timeout: Duration, deadline: Instant) -> Result<Self, String> {
        let tls = url.secure.then(TlsFiles::default);
        let address = Address::Tcp { host: url.host.clone(), port: url.port, base: String::new(), tls };
        let tuning = Tuning { connect: timeout, silence: timeout, max_body: MAX_BODY, ..Tuning::default() };
        let wire = Wire::tuned(Endpoint::new(address, "metrics"), tuning).map_err(|error| words(&error))?;
        // An answer that trickles is bounded as a whole, too.
        let deadline = deadline.min(Instant::now() + timeout);
        Ok(Self { wire: wire.with_deadline(Some(deadline)), path: url.path.clone(), shown: url.to_string() })
    }

    /// Asks for the target's own path.
    pub(super) async fn text(&self) -> Result<String, String> {
        let reply = self.get("").await?;
        if !reply.is_success() {
            return Err(format!("{} answered {}", self.shown, reply.status));
        }
        String::from_utf8(reply.body).map_err(|_| format!("the answer of {} is no text", self.shown))
    }

    /// Asks for something below the target's path, whatever the status of the answer.
    pub(super) async fn get(&self, below: &str) -> Result<Reply, String> {
        let path = format!("{}{below}", self.path.trim_end_matches(if below.is_empty() { "" } else { "/" }));
        let reply = self.wire.get(&path).await;
        reply.map_err(|error| {
            let words = words(&error);
            // The URL says what was asked.
            let why = words.strip_prefix("GET ").and_then(|rest| rest.split_once(": ")).map_or(&*words, |(_, why)| why);
            format!("{}: {why}", self.shown)
        })
    }
}

/// What went wrong, without what only engines have.
pub(super) fn words(error: &anyhow::Error) -> String {
    let (top, root) = (error.to_string(), error.root_cause().to_string());
    if !top.starts_with("cannot connect to the engine at ") {
        // A target has a deadline of its own, which is not that of the pass.
        return top.trim_end_matches(", all that was left of the pass").to_owned();
    }
    match top.split_once(": no connection within ") {
        Some((_, time)) => format!("no connection within {time}"),
        None if root == top => "cannot connect".to_owned(),
        None => format!("cannot connect: {root}"),
    }
}
