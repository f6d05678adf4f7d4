//! One task's log, as far as its managers let it through.

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::{News, Source};
use crate::engine::Engine;
use crate::engine::logs::{Extract, Message, TaskLogs};

/// What is followed only to hear what has been said so far is all here when nothing more comes for this long.
const QUIET: Duration = Duration::from_secs(1);
/// A leader says so of a node whose log stream it takes for gone.
const UNAVAILABLE: &str = " is not available";

/// How much came of what could only be followed.
enum Overheard {
    All,
    /// Why not the rest.
    Part(String),
    Nothing,
}

/// Whoever reads one task.
pub(super) struct Reader {
    pub(super) engine: Engine,
    pub(super) api: String,
    pub(super) source: Source,
    /// Its place among those that are read.
    pub(super) at: usize,
    pub(super) patience: Duration,
    pub(super) sender: mpsc::Sender<News>,
}

impl Reader {
    /// Sends on what the task says; returns why not all of it came.
    pub(super) async fn read(&self, extract: Extract) -> Option<String> {
        let why = self.relay(extract).await?;
        if extract.follow || !why.contains(UNAVAILABLE) {
            return Some(why);
        }
        // A leader that has lost a node's old connection after it got the new one refuses to ask that node until its session
        // ends (moby#35011, seen on 20.10, 26.1 and 28.5); to those who follow it still sends what the node says.
        match self.overhear(Extract { follow: true, ..extract }).await {
            Overheard::All => None,
            Overheard::Part(why) => Some(why),
            Overheard::Nothing => Some(format!(
                "{why}; if the node is well, its leader has lost its log stream (moby#35011) until its engine is restarted"
            )),
        }
    }

    async fn relay(&self, extract: Extract) -> Option<String> {
        let silent = || Some(format!("it said nothing for {} s", self.patience.as_secs()));
        let mut logs = match timeout(self.patience, self.begin(extract)).await {
            Ok(Ok(logs)) => logs,
            Ok(Err(error)) => return Some(format!("{error:#}")),
            // An engine begins its answer at once, even where nothing has been printed yet.
            Err(_) => return silent(),
        };
        loop {
            let next = if extract.follow { Ok(logs.next().await) } else { timeout(self.patience, logs.next()).await };
            match next {
                Ok(Ok(Some(messages))) => {
                    if !self.send(messages).await {
                        return None;
                    }
                }
                Ok(Ok(None)) => return None,
                Ok(Err(error)) => return Some(format!("its stream broke: {error:#}")),
                Err(_) => return silent(),
            }
        }
    }

    /// Follows until it is quiet, or patience ends.
    async fn overhear(&self, extract: Extract) -> Overheard {
        let (begun, last) = (Timestamp::now(), Instant::now() + self.patience);
        let Ok(Ok(mut logs)) = timeout_at(last, self.begin(extract)).await else { return Overheard::Nothing };
        let (mut newest, mut until) = (None, last);
        loop {
            match (timeout_at(until, logs.next()).await, newest) {
                (Ok(Ok(Some(messages))), _) => {
                    if let Some(message) = messages.last() {
                        (newest, until) = (Some(message.at), last.min(Instant::now() + QUIET));
                    }
                    if !self.send(messages).await {
                        return Overheard::All;
                    }
                }
                (Ok(Err(error)), _) => return Overheard::Part(format!("its stream broke: {error:#}")),
                (_, None) => return Overheard::Nothing,
                (Ok(Ok(None)), _) => return Overheard::All,
                // It is quiet; or it never is, and what comes by now is new.
                (Err(_), Some(at)) if until < last || at.is_some_and(|at| at >= begun) => return Overheard::All,
                (Err(_), _) => {
                    let patience = self.patience.as_secs();
                    return Overheard::Part(format!(
                        "its leader has lost its log stream (moby#35011), and {patience} s were not enough to follow it"
                    ));
                }
            }
        }
    }

    async fn begin(&self, extract: Extract) -> Result<TaskLogs> {
        self.engine.task_logs(&self.api, &self.source.id, self.source.tty, extract).await
    }

    /// Whether somebody still listens.
    async fn send(&self, messages: Vec<Message>) -> bool {
        for message in messages {
            if self.sender.send(News::Said(self.at, message)).await.is_err() {
                return false;
            }
        }
        true
    }
}
