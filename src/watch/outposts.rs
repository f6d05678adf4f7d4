//! Ears at other nodes' engines: the only ones that hear an anchor's container start there.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;

use super::scout::{Interest, Scout, Sight};
use crate::nodes;
use crate::settings::Settings;

/// Scouts at the engines of `nodes.*.host`, as long as this is there.
pub(super) struct Outposts {
    sights: mpsc::Sender<Sight>,
    alarm: Arc<Notify>,
    posted: Vec<AbortHandle>,
}

impl Outposts {
    /// None yet. What they hear is told to `sights`, and the manager's scout is woken by `alarm`.
    pub(super) fn new(sights: mpsc::Sender<Sight>, alarm: Arc<Notify>) -> Self {
        Self { sights, alarm, posted: Vec::new() }
    }

    /// Takes those that are there away, and listens where the config wants that.
    pub(super) fn post(&mut self, settings: &Settings, interest: &watch::Sender<Arc<Interest>>) {
        self.recall();
        if !settings.watch.subscribe_nodes || !interest.borrow().events {
            return;
        }
        for (name, node) in &settings.nodes {
            let Some(host) = &node.host else { continue };
            match nodes::engine_at(host, &format!("nodes.{name}.host")) {
                Ok(engine) => {
                    let (tell, alarm) = (self.sights.clone(), Arc::clone(&self.alarm));
                    let outpost = Scout { engine, interest: interest.subscribe(), tell, alarm, outpost: true };
                    self.posted.push(tokio::spawn(outpost.run()).abort_handle());
                }
                Err(error) => tracing::warn!("not listening to `{name}`: {error:#}"),
            }
        }
    }

    fn recall(&mut self) {
        self.posted.drain(..).for_each(|outpost| outpost.abort());
    }
}

impl Drop for Outposts {
    fn drop(&mut self) {
        self.recall();
    }
}
