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
