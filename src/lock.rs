//! One orca per cluster and state directory at a time, but for what nobody needs to wait for.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::{Instant, sleep};

use crate::error::{Error, ErrorKind};

/// The lock; released when dropped, and by the kernel when orca is killed.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    /// Whether another orca had it first: what was read before is stale.
    pub waited: bool,
}

/// Takes the lock of a cluster, waiting at most `limit` for another orca to give it up.
pub async fn take(state_dir: &Path, cluster: &str, limit: Duration) -> Result<Lock> {
    let safe: String = cluster.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let path = state_dir.join(format!("{safe}.lock"));
    let file = File::options().create(true).write(true).truncate(false).open(&path);
    let file = file.with_context(|| format!("can't open the lock file `{}`", path.display()))?;
    let started = Instant::now();
    let mut waited = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock { _file: file, waited }),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("can't lock `{}`", path.display()));
            }
            Err(TryLockError::WouldBlock) if started.elapsed() >= limit => {
                let text = format!("another orca works on this cluster (lock `{}`)", path.display());
                return Err(Error::new(ErrorKind::Locked, text)
                    .hint("run again later, or wait for it with --lock-timeout 1m")
                    .into());
            }
            Err(TryLockError::WouldBlock) => {
                waited = true;
                sleep(Duration::from_millis(50).min(limit.saturating_sub(started.elapsed()))).await;
            }
        }
    }
}
