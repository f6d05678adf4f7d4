//! Waiting for something without guessing how long it takes.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long a test waits for anything. It only ends what would never come: real engines under load may need an election,
/// the minute that a new task waits for the old one, and a restart's delay.
pub const LIMIT: Duration = Duration::from_secs(180);

/// Calls `look` until it finds nothing to complain about.
pub fn until(what: &str, mut look: impl FnMut() -> Result<Vec<String>>) -> Result<()> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        let complaints = look().unwrap_or_else(|error| vec![format!("{error:#}")]);
        if complaints.is_empty() {
            return Ok(());
        }
        if started.elapsed() > LIMIT {
            bail!("{what}: still not so after {LIMIT:?}:\n  {}", complaints.join("\n  "));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}
