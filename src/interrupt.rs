//! SIGINT and SIGTERM: the first asks the pass to finish its current action and report, the second ends it at once.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::error::interrupted;

/// What has been asked so far; cheap to clone.
#[derive(Debug, Clone)]
pub struct Interrupt {
    seen: watch::Receiver<Seen>,
    sender: watch::Sender<Seen>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    count: u32,
    exit_code: u8,
    /// When the first came.
    since: Option<Instant>,
}

impl Seen {
    fn another(&mut self, exit_code: u8) {
        let since = self.since.or_else(|| Some(Instant::now()));
        *self = Self { count: self.count + 1, exit_code, since };
    }
}

impl Interrupt {
    /// Listens from now on. Must be called inside the runtime.
    pub fn listen() -> Result<Self> {
        let mut int = signal(SignalKind::interrupt())?;
        let mut term = signal(SignalKind::terminate())?;
        let (sender, seen) = watch::channel(Seen::default());
        let signals = sender.clone();
        tokio::spawn(async move {
            loop {
                let exit_code = tokio::select! { _ = int.recv() => 130, _ = term.recv() => 143 };
                signals.send_modify(|seen| seen.another(exit_code));
            }
        });
        Ok(Self { seen, sender })
    }

    /// As if a signal had come: whoever wanted what is under way is gone.
    pub fn raise(&self) {
        self.sender.send_modify(|seen| seen.another(143));
    }

    /// The exit code of the signal that came, if one came.
    pub fn exit_code(&self) -> Option<u8> {
        let seen = *self.seen.borrow();
        (seen.count > 0).then_some(seen.exit_code)
    }

    /// Does aside what may block, as a read of stdin does until somebody closes it. A signal ends the wait, not the work.
    ///
    /// # Errors
    /// `Interrupted` by a signal, or if the work panicked.
    pub async fn aside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        tokio::select! {
            _ = self.nth(1) => Err(interrupted()),
            done = tokio::task::spawn_blocking(work) => done.context("the work on it broke off"),
        }
    }

    /// Waits until so long after the first signal: one grace for all that is under way, whoever waits for it.
    pub async fn past(&self, grace: Duration) {
        self.nth(1).await;
        let since = self.seen.borrow().since;
        sleep_until(since.unwrap_or_else(Instant::now) + grace).await;
    }

    /// Waits for the n-th signal and returns its exit code.
    pub async fn nth(&self, n: u32) -> u8 {
        let mut seen = self.seen.clone();
        let code = seen.wait_for(|seen| seen.count >= n).await.ok().map(|seen| seen.exit_code);
        match code {
            Some(code) => code,
            // The listener lives as long as the runtime; if it is gone there is nothing left to wait for.
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grace_is_one_for_all() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let interrupt = Interrupt::listen().unwrap();
            let early = tokio::time::timeout(Duration::from_millis(20), interrupt.past(Duration::ZERO)).await;
            assert!(early.is_err(), "nothing has come yet");
            interrupt.raise();
            let grace = Duration::from_millis(200);
            interrupt.past(grace).await;
            // Neither who asks late nor another signal has it begin anew.
            interrupt.raise();
            let asked = Instant::now();
            interrupt.past(grace).await;
            assert!(asked.elapsed() < grace / 2, "{:?}", asked.elapsed());
        });
    }
}
