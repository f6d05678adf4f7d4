//! When what happens in the swarm makes passes run: the trailing edge of a burst, and never too often. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// Events on one side, moments to act on the other.
///
/// Hints ("a node has changed") wait for a silence of `quiet`, but no longer than `max_wait`: a storm of them costs one
/// run in each `max_wait`. What is known to need a run ("the anchor runs elsewhere now") runs at once, unless the last
/// run began less than `quiet` ago. Whatever comes after a run has begun asks for another: no storm ends without one.
#[derive(Debug, Clone)]
pub struct Debounce {
    quiet: Duration,
    max_wait: Duration,
    /// The first and the last hint since the last run began.
    hints: Option<(Instant, Instant)>,
    urgent: Option<Instant>,
    began: Option<Instant>,
}

impl Debounce {
    /// Nothing has happened yet.
    pub fn new(quiet: Duration, max_wait: Duration) -> Self {
        Self { quiet, max_wait, hints: None, urgent: None, began: None }
    }

    /// Something has happened that may need a run.
    pub fn hint(&mut self, now: Instant) {
        self.hints = Some((self.hints.map_or(now, |(first, _)| first), now));
    }

    /// Something has happened that needs one.
    pub fn urge(&mut self, now: Instant) {
        self.urgent.get_or_insert(now);
    }

    /// Something is waiting that needs a run.
    pub fn is_urgent(&self) -> bool {
        self.urgent.is_some()
    }

    /// When a run is due; none: nothing has happened since the last.
    pub fn due(&self) -> Option<Instant> {
        let hinted = self.hints.map(|(first, last)| (last + self.quiet).min(first + self.max_wait));
        let asked = match (hinted, self.urgent) {
            (Some(hinted), Some(urgent)) => hinted.min(urgent),
            (hinted, urgent) => hinted.or(urgent)?,
        };
        Some(self.began.map_or(asked, |began| asked.max(began + self.quiet)))
    }

    /// A run begins, which sees all that has happened until now.
    pub fn begin(&mut self, now: Instant) {
        (self.hints, self.urgent, self.began) = (None, None, Some(now));
    }

    /// Goes on with other limits.
    pub fn limit(&mut self, quiet: Duration, max_wait: Duration) {
        (self.quiet, self.max_wait) = (quiet, max_wait);
    }
}

#[cfg(test)]
mod tests;
