//! What wakes the loop, and where it comes from.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::config_file::Texts;
use super::scout::Sight;

/// What wakes the loop.
pub(super) enum Wake {
    Sight(Sight),
    Config(Texts),
    /// What SIGHUP has asked to be read.
    Reread(Texts),
    Hangup,
    Commands,
    Pulse,
    Time,
}

/// Where it comes from.
pub(super) struct Inbox {
    sights: mpsc::Receiver<Sight>,
    texts: mpsc::Receiver<Texts>,
    reread: mpsc::Receiver<Texts>,
    hangup: Signal,
    user: Signal,
    pulse: Option<tokio::time::Interval>,
}

impl Inbox {
    pub(super) fn new(
        sights: mpsc::Receiver<Sight>,
        texts: mpsc::Receiver<Texts>,
        reread: mpsc::Receiver<Texts>,
        pulse: Option<Duration>,
    ) -> Result<Self> {
        Ok(Self {
            sights,
            texts,
            reread,
            hangup: signal(SignalKind::hangup()).context("can't listen for SIGHUP")?,
            user: signal(SignalKind::user_defined1()).context("can't listen for SIGUSR1")?,
            pulse: pulse.map(tokio::time::interval),
        })
    }

    /// The first sight of the engine that says whether it is there.
    pub(super) async fn first(&mut self) -> Option<Sight> {
        loop {
            match self.sights.recv().await? {
                sight @ (Sight::Connected | Sight::Lost(_)) => return Some(sight),
                Sight::Changed | Sight::Moved | Sight::Leads(_) => {}
            }
        }
    }

    /// Waits for what comes next, at most so long. Nothing is lost when the wait is given up.
    pub(super) async fn next(&mut self, limit: Duration) -> Wake {
        let pulse = async {
            match &mut self.pulse {
                Some(pulse) => pulse.tick().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(sight) = self.sights.recv() => Wake::Sight(sight),
            Some(texts) = self.texts.recv() => Wake::Config(texts),
            Some(texts) = self.reread.recv() => Wake::Reread(texts),
            Some(()) = self.hangup.recv() => Wake::Hangup,
            Some(()) = self.user.recv() => Wake::Commands,
            _ = pulse => Wake::Pulse,
            () = tokio::time::sleep(limit) => Wake::Time,
        }
    }
}
