//! SIGINT and SIGTERM: the first asks the pass to finish its current action and report, the second ends it at once.

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

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
                signals.send_modify(|seen| *seen = Seen { count: seen.count + 1, exit_code });
            }
        });
        Ok(Self { seen, sender })
    }

    /// As if a signal had come: whoever wanted what is under way is gone.
    pub fn raise(&self) {
        self.sender.send_modify(|seen| *seen = Seen { count: seen.count + 1, exit_code: 143 });
    }

    /// The exit code of the signal that came, if one came.
    pub fn exit_code(&self) -> Option<u8> {
        let seen = *self.seen.borrow();
        (seen.count > 0).then_some(seen.exit_code)
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
