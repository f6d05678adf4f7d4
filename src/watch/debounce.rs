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
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUIET: u64 = 1_000;
    const MAX_WAIT: u64 = 10_000;

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Kind {
        Hint,
        Urgent,
    }

    /// The moments (ms) at which runs begin when these events (ms, in order) come in and each run begins when it is due.
    fn runs(events: &[(u64, Kind)]) -> Vec<u64> {
        let base = Instant::now();
        let at = |ms| base + Duration::from_millis(ms);
        let mut debounce = Debounce::new(Duration::from_millis(QUIET), Duration::from_millis(MAX_WAIT));
        let (mut runs, mut events) = (Vec::new(), events.iter().copied().peekable());
        loop {
            let due = debounce.due();
            match (due, events.peek().copied()) {
                (Some(due), next) if next.is_none_or(|(ms, _)| at(ms) > due) => {
                    runs.push(u64::try_from(due.duration_since(base).as_millis()).unwrap());
                    debounce.begin(due);
                }
                (_, Some((ms, kind))) => {
                    events.next();
                    match kind {
                        Kind::Hint => debounce.hint(at(ms)),
                        Kind::Urgent => debounce.urge(at(ms)),
                    }
                }
                (_, None) => return runs,
            }
        }
    }

    #[test]
    fn waits_for_silence_but_not_for_ever() {
        use Kind::{Hint, Urgent};
        let every = |step: usize, until: u64| (0..until).step_by(step).map(|ms| (ms, Hint)).collect::<Vec<_>>();
        for (events, wanted) in [
            (vec![], vec![]),
            (vec![(5, Hint)], vec![1_005]),
            (vec![(5, Urgent)], vec![5]),
            // A burst is one run, after its end.
            (vec![(0, Hint), (300, Hint), (900, Hint)], vec![1_900]),
            // What is urgent doesn't wait for silence, and takes the hints with it.
            (vec![(0, Hint), (300, Urgent), (2_000, Hint)], vec![300, 3_000]),
            // But not twice in a window; the second is not lost.
            (vec![(0, Urgent), (10, Urgent), (20, Urgent)], vec![0, 1_000]),
            // A database that crashes 100 times a minute.
            (every(600, 60_000), vec![10_000, 20_200, 30_400, 40_600, 50_800, 60_400]),
            // Ten thousand events in a minute.
            (every(6, 60_000), vec![10_000, 20_002, 30_004, 40_006, 50_008, 60_010]),
        ] {
            assert_eq!(runs(&events), wanted, "{} events", events.len());
        }
    }

    proptest! {
        #[test]
        fn no_storm_costs_more_than_it_may_or_ends_without_a_run(
            gaps in prop::collection::vec((0_u64..3_000, prop::bool::weighted(0.2)), 1..200)
        ) {
            let mut now = 0;
            let events: Vec<(u64, Kind)> = gaps
                .into_iter()
                .map(|(gap, urgent)| {
                    now += gap;
                    (now, if urgent { Kind::Urgent } else { Kind::Hint })
                })
                .collect();
            let runs = runs(&events);
            for pair in runs.windows(2) {
                prop_assert!(pair[1] - pair[0] >= QUIET, "{runs:?}");
            }
            for (at, kind) in events {
                let limit = if kind == Kind::Urgent { QUIET } else { MAX_WAIT };
                let seen = runs.iter().find(|run| **run >= at);
                prop_assert!(seen.is_some_and(|run| run - at <= limit), "{kind:?} at {at}: {runs:?}");
            }
        }
    }
}
