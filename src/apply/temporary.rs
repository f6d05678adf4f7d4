//! Services of orca's own that are there for a short while: made, listened to, and removed again, whatever happens.
//!
//! Those that work on every node are no jobs: the containers of a job stay on the nodes when it is removed. Their tasks
//! do their work, say what they did, and sleep until the service is removed.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};

use crate::engine::Engine;
use crate::engine::logs::Logs;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::model::{NodeId, Service, Task};
use crate::plan::Warning;

/// What is kept of a run for removing a service, and for what comes after.
pub(crate) const RESERVE: Duration = Duration::from_secs(5);
/// How often the tasks are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// What one node is told to say, line by line.
pub(crate) trait Lines: Default {
    /// Takes a line; what is no part of the answer is left out, and a line may come again.
    fn take(&mut self, line: &str);
    /// All of it was said.
    fn complete(&self) -> bool;
}

/// What was heard of the nodes.
#[derive(Debug, Default)]
pub(crate) struct Answers<L> {
    /// By node id.
    pub(crate) said: BTreeMap<NodeId, L>,
    /// The last words of the tasks that have ended, by node id.
    pub(crate) failed: BTreeMap<NodeId, String>,
}

impl<L: Lines> Answers<L> {
    /// Nothing more is to be expected of this node.
    pub(crate) fn done(&self, node: &NodeId) -> bool {
        self.failed.contains_key(node) || self.said.get(node).is_some_and(Lines::complete)
    }
}

/// What listens to a service that was made on nodes.
#[derive(Debug)]
pub(crate) struct Listener<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) api: &'a str,
    /// Of the service.
    pub(crate) id: &'a str,
    /// Those that are to answer.
    pub(crate) nodes: Vec<NodeId>,
    /// No longer than this; a signal ends it, too.
    pub(crate) until: Instant,
    pub(crate) interrupt: &'a Interrupt,
}

/// Makes a service, or a config for one; returns its id.
///
/// # Errors
/// If the engine refuses or is lost, or there is one of that name.
pub(crate) async fn make(engine: &Engine, api: &str, collection: &str, spec: &Value) -> Result<String> {
    let made = engine.create(collection, api, spec).await?;
    made.ok_or_else(|| {
        let name = spec["Name"].as_str().unwrap_or_default();
        let text = format!("there is a {} `{name}` already", collection.trim_end_matches('s'));
        Error::new(ErrorKind::Conflict, text).into()
    })
}

/// Removes what [`make`] made under this name, or may have made: an answer that was lost may have been that it was.
///
/// # Errors
/// If the engine refuses, or is lost.
pub(crate) async fn remove(engine: &Engine, collections: &[&str], name: &str) -> Result<()> {
    for collection in collections {
        engine.remove(collection, name).await?;
    }
    Ok(())
}

/// Removes what an orca that was killed has left behind; `what` are words for it, `code` is the warnings'.
pub(crate) async fn sweep(
    engine: &Engine,
    left: impl Iterator<Item = &Service>,
    collections: &[&str],
    (code, what): (&str, &str),
    warnings: &mut Vec<Warning>,
) {
    for Service { name, .. } in left {
        let text = match remove(engine, collections, name).await {
            Ok(()) => format!("`{name}`, {what}, was removed"),
            Err(error) => format!("`{name}`, {what}, can't be removed: {error:#}"),
        };
        warnings.push(Warning::new(code, text));
    }
}

impl Listener<'_> {
    /// Reads the logs until every node has said all, or can't.
    pub(crate) async fn listen<L: Lines>(&self, heard: &mut Answers<L>) {
        tokio::select! {
            _ = self.interrupt.nth(1) => {}
            () = self.hear(heard) => {}
        }
    }

    async fn hear<L: Lines>(&self, heard: &mut Answers<L>) {
        let engine = self.engine.until(self.until);
        let (mut logs, mut looked): (Option<Logs>, Option<Instant>) = (None, None);
        while Instant::now() < self.until {
            if looked.is_none_or(|at| at.elapsed() >= LOOK) {
                for Task { node, status, .. } in
                    engine.tasks_of(self.id).await.unwrap_or_default().into_iter().filter(Task::ended)
                {
                    let why = if status.err.is_empty() { status.state.name().to_owned() } else { status.err };
                    heard.failed.insert(node, why);
                }
                looked = Some(Instant::now());
            }
            if self.nodes.iter().all(|node| heard.done(node)) {
                return;
            }
            let Some(open) = &mut logs else {
                let opened = timeout_at(self.until, engine.service_logs(self.api, self.id)).await;
                logs = opened.ok().and_then(Result::ok);
                if logs.is_none() {
                    tokio::time::sleep(LOOK).await;
                }
                continue;
            };
            match timeout(LOOK, open.next()).await {
                Ok(Ok(Some(lines))) => {
                    for line in lines {
                        heard.said.entry(NodeId(line.node)).or_default().take(&line.text);
                    }
                }
                // The stream ended, or broke; what was said will be said again.
                Ok(_) => {
                    logs = None;
                    tokio::time::sleep(LOOK).await;
                }
                Err(_) => {}
            }
        }
    }
}
