use std::collections::BTreeMap;

use super::*;
use crate::settings::{Source, SourceKind, parse};

fn anchor() -> Anchor {
    let source = Source { name: "orca.yml".into(), kind: SourceKind::Main, text: "dependencies: {a: [b]}".into() };
    parse(&[source], &BTreeMap::new()).unwrap().anchors.remove(0)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

#[test]
fn climbs_waits_and_gives_up() {
    let seconds = Duration::from_secs;
    for (attempts, last_attempt, misplaced, now, wanted) in [
        (0, None, 0, 0, Step::Wait(seconds(2))),
        (0, None, 2, 2, Step::Due),
        (1, Some(2), 3, 3, Step::Wait(seconds(9))),
        (1, Some(2), 12, 12, Step::Due),
        (9, Some(100), 500, 500, Step::Wait(seconds(500))),
        (1, Some(2), 600, 600, Step::GiveUp(seconds(600))),
        // The clock jumps back: wait, never act early.
        (1, Some(50), 40, 0, Step::Wait(seconds(10))),
    ] {
        let watch = Stopwatch::tick(Some(Stopwatch::tick(None, at(0))), at(misplaced));
        let last_attempt = last_attempt.map(at);
        let memory = DependentMemory { attempts, last_attempt, misplaced: Some(watch), ..DependentMemory::default() };
        assert_eq!(step(&anchor(), &memory, at(now)), wanted, "{memory:?} at {now}");
    }
}
