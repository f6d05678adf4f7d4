//! What has to be remembered by whichever orca acts next: a config object of the swarm, where several take turns.
//!
//! On one host the state file does. Where orca acts only beside the leader, the host changes with the leader, and the
//! next one must not restart what the last one has just restarted. So what a restart depends on is kept by the managers
//! themselves, written before the restart is made, and only when it has changed. A config's data can't be changed, but
//! its labels can, and each change is a compare-and-set: of two orcas that both think it is their turn one is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::labelled::{Labelled, config_spec};
use crate::engine::{Engine, Written};
use crate::error::{Error, ErrorKind};
use crate::pass::memory::Memory;
use crate::plan::Warning;
use crate::state::State;

/// The object's name.
const NAME: &str = "orca.memory";
/// Managers take a label of 900 kB (measured on 20.10, 26.1 and 28.5), but every one of them keeps it in memory.
const LARGEST: usize = 400_000;
/// How often it may change under an orca that keeps something else in it.
const TRIES: u32 = 4;
/// One read or write takes no longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The part of the memory that the swarm keeps.
#[derive(Debug)]
pub struct Shared {
    engine: Engine,
    api: String,
    /// For people.
    node: String,
    /// Version and id, if it has been made.
    object: Option<(u64, String)>,
    parts: BTreeMap<String, Memory>,
    /// What the report is to say.
    pub(super) warning: Option<Warning>,
}

/// What is remembered under this key by now: of rollouts under way, what this host has just written down counts beside what
/// was read from the swarm when the run began.
///
/// # Errors
/// If the state file can't be read.
pub fn newest(state: &State, shared: Option<&Shared>, key: &str) -> Result<Memory> {
    let own = state.memory(key)?;
    let proving = own.proving.clone();
    let mut known = match shared {
        Some(shared) => shared.over(key, own),
        None => own,
    };
    for (id, own) in proving {
        // Another host may have taken over since.
        if known.proving.get(&id).is_none_or(|other| other.since <= own.since) {
            known.proving.insert(id, own);
        }
    }
    Ok(known)
}

impl Shared {
    /// Reads it.
    ///
    /// # Errors
    /// If the engine is lost, or the object is not one that orca has made.
    pub async fn load(engine: &Engine, api: &str, node: &str) -> Result<Self> {
        let mut shared = Self {
            engine: engine.clone(),
            api: api.to_owned(),
            node: node.to_owned(),
            object: None,
            parts: BTreeMap::new(),
            warning: None,
        };
        let Some(raw) = engine.object("configs", NAME).await? else { return Ok(shared) };
        let unreadable = || {
            Error::new(ErrorKind::Failed, format!("the config `{NAME}` can't be read"))
                .hint(format!("`docker config rm {NAME}` makes orca begin afresh: cooldowns are forgotten"))
        };
        let object = Labelled::read(&raw).with_context(unreadable)?;
        if let Some(text) = object.label(NAME) {
            shared.parts = serde_json::from_str(text).with_context(unreadable)?;
        }
        shared.object = Some((object.version(), object.id));
        Ok(shared)
    }

    /// What this host remembers, with what another one knows better laid over it.
    pub fn over(&self, key: &str, own: Memory) -> Memory {
        match self.parts.get(key) {
            Some(theirs) => own.overlaid(theirs),
            None => own,
        }
    }

    /// Keeps what matters of it, if that has changed.
    ///
    /// # Errors
    /// With the kind `Locked` if another orca has written meanwhile; if the engine is lost.
    pub async fn keep(&mut self, key: &str, memory: &Memory) -> Result<()> {
        let part = memory.shared();
        if self.parts.get(key).map_or_else(|| part == Memory::default(), |known| *known == part) {
            return Ok(());
        }
        let known = self.parts.get(key).cloned();
        for _ in 0..TRIES {
            let mut parts = self.parts.clone();
            parts.insert(key.to_owned(), part.clone());
            let text = serde_json::to_string(&parts)?;
            if text.len() > LARGEST {
                let text =
                    format!("too much for the config `{NAME}` ({} bytes): only this host remembers it", text.len());
                self.warning = Some(Warning::new("memory", text));
                return Ok(());
            }
            let done = self.write(&text).await? == Written::Done;
            // The next change needs the new version. With the version of what another has written since, it would undo that.
            let read = Self::load(&self.engine(), &self.api, &self.node).await?;
            (self.object, self.parts) = (read.object, read.parts);
            match self.parts.get(key) {
                Some(kept) if done && *kept == part => return Ok(()),
                // What else is kept may be another's: updates run beside everything.
                kept if !done && kept == known.as_ref() => {}
                _ => break,
            }
        }
        let text = format!("another orca has changed the config `{NAME}` meanwhile");
        Err(Error::new(ErrorKind::Locked, text).hint("it acts on this swarm now; run again later").into())
    }

    async fn write(&self, text: &str) -> Result<Written> {
        let (engine, spec) = (self.engine(), self.spec(text));
        Ok(match &self.object {
            None => match engine.create("configs", &self.api, &spec).await? {
                Some(_) => Written::Done,
                None => Written::Conflict,
            },
            Some((version, id)) => engine.update("configs", id, &self.api, *version, &spec).await?,
        })
    }

    /// Whatever time the run has left, what it has done is to be remembered.
    fn engine(&self) -> Engine {
        self.engine.until(Instant::now() + PATIENCE)
    }

    fn spec(&self, text: &str) -> Value {
        let at = format!("{:.0}", Timestamp::now());
        config_spec(NAME, &json!({ NAME: text, "orca.memory.node": self.node, "orca.memory.at": at }))
    }
}
