//! What a run that writes on this host holds on to: a lock, and the state.

use std::path::Path;

use anyhow::Result;

use super::Options;
use crate::lock::{self, Lock};
use crate::pass::memory::Memory;
use crate::plan::Warning;
use crate::state::{self, State};

/// Both of them.
#[derive(Debug)]
pub(crate) struct Hold {
    pub(crate) state: State,
    pub(crate) lock: Lock,
}

impl Options {
    /// Takes the lock of this name in the state directory, and opens the state; nothing in a dry run.
    ///
    /// # Errors
    /// With the kind `Locked` if another orca has the lock; if the directory or the state can't be used.
    pub(crate) async fn hold(&self, name: &str, warnings: &mut Vec<Warning>) -> Result<Option<Hold>> {
        self.hold_at(&self.state_dir, name, warnings).await
    }

    /// The same with the lock in another directory, which is there.
    pub(crate) async fn hold_at(&self, dir: &Path, name: &str, warnings: &mut Vec<Warning>) -> Result<Option<Hold>> {
        if self.dry_run {
            return Ok(None);
        }
        state::make_dir(&self.state_dir)?;
        let lock = lock::take(dir, name, self.lock_timeout).await?;
        let (mut state, warning) = State::open(&self.state_dir)?;
        warnings.extend(warning);
        warnings.extend(state.mend(&self.state_dir)?);
        Ok(Some(Hold { state, lock }))
    }

    /// What is remembered under this key, without a hold on it; nothing if it can't be read.
    pub(crate) fn peek_memory(&self, key: &str) -> Memory {
        State::peek(&self.state_dir).ok().flatten().and_then(|state| state.memory(key).ok()).unwrap_or_default()
    }
}
