//! What a run that may write holds: the lock of the cluster on this host, the state file, and a deadline.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use tokio::time::Instant;

use super::Options;
use crate::apply::memory::{Shared, newest};
use crate::engine::Engine;
use crate::keys::{cluster_id, updates_key};
use crate::lock::{self, Lock};
use crate::pass::memory::Memory;
use crate::pass::proving;
use crate::plan::Warning;
use crate::snapshot::Snapshot;
use crate::state::{self, State};

/// The means to write; others on this host are locked out as long as it lives.
#[derive(Debug)]
pub struct Live {
    /// The manager; every request fails once the deadline has passed.
    pub engine: Engine,
    /// Memory and journal.
    pub state: State,
    /// What of the memory the swarm keeps, where several orcas take turns (`--leader-only`).
    pub shared: Option<Shared>,
    /// The run ends then.
    pub deadline: Instant,
    _lock: Lock,
}

impl Live {
    /// Takes the lock and opens the state. A cluster that another orca has changed meanwhile is
    /// observed again. What others need not wait for has a lock of its own, `aside`, in place of that of the cluster.
    pub async fn enter(
        engine: Engine,
        options: &Options,
        cluster: &mut Snapshot,
        deadline: Instant,
        aside: Option<&str>,
        observe: impl AsyncFn(&Engine) -> Result<Snapshot>,
    ) -> Result<(Self, Option<Warning>)> {
        let (mut engine, mut deadline) = (engine, deadline);
        state::make_dir(&options.state_dir)?;
        let lock = lock::take(&options.state_dir, aside.unwrap_or(cluster_id(cluster)), options.lock_timeout).await?;
        if lock.waited {
            // Waiting for the other was no part of this pass.
            deadline = Instant::now() + options.timeout;
            engine = engine.until(deadline);
            *cluster = observe(&engine).await?;
        }
        let (state, warning) = State::open(&options.state_dir)?;
        let shared = if options.leader_only && cluster.leader() {
            Some(Shared::load(&engine, &cluster.api, &cluster.node_name).await?)
        } else {
            None
        };
        Ok((Self { engine, state, shared, deadline, _lock: lock }, warning))
    }

    /// What is remembered under this key.
    ///
    /// # Errors
    /// If the state file can't be read.
    pub fn memory(&self, key: &str) -> Result<Memory> {
        let own = self.state.memory(key)?;
        Ok(match &self.shared {
            Some(shared) => shared.over(key, own),
            None => own,
        })
    }

    /// Marks in what was just observed which services have an update that another run still proves.
    ///
    /// # Errors
    /// If the state file can't be read.
    pub fn mark(&self, cluster: &mut Snapshot) -> Result<()> {
        let key = updates_key(cluster);
        // The look may be older than what another run has noted since.
        proving::mark(cluster, &newest(&self.state, self.shared.as_ref(), &key)?, Timestamp::now());
        Ok(())
    }

    /// Replaces what is remembered under this key.
    ///
    /// # Errors
    /// If it can't be written.
    pub async fn remember(&mut self, key: &str, memory: &Memory) -> Result<()> {
        self.state.remember(key, memory)?;
        match &mut self.shared {
            Some(shared) => shared.keep(key, memory).await,
            None => Ok(()),
        }
    }
}

/// The name of a state directory, which no other has: whoever holds its lock speaks for all runs that bear the name.
pub fn host_id(state_dir: &Path) -> Result<String> {
    let path = state_dir.join("id");
    let unusable = || format!("can't use `{}`", path.display());
    match std::fs::read_to_string(&path) {
        Ok(id) if !id.trim().is_empty() => return Ok(id.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(unusable),
    }
    // Not from /proc: a service that is shut in sees little of it.
    let mut bytes = [0_u8; 16];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).context("can't make a random id")?;
    let id = bytes.iter().fold(String::new(), |id, byte| id + &format!("{byte:02x}"));
    let mut file = tempfile::NamedTempFile::new_in(state_dir).with_context(unusable)?;
    file.write_all(id.as_bytes()).with_context(unusable)?;
    file.persist(&path).with_context(unusable)?;
    Ok(id)
}
