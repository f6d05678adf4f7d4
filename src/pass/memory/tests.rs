use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

#[test]
fn only_watched_time_counts() {
    let mut watch = None;
    // A day without orca, then a clock that jumps back.
    for (now, total) in [(0, 0), (30, 30), (86_400, 630), (100, 630), (160, 690)] {
        let ticked = Stopwatch::tick(watch, at(now));
        assert_eq!(ticked.total(), Duration::from_secs(total), "at {now}");
        watch = Some(ticked);
    }
}

#[test]
fn time_around_a_look_that_found_otherwise_does_not_count() {
    let watch = Stopwatch::tick(Some(Stopwatch::tick(None, at(0))), at(10)).stop();
    assert_eq!(watch.total(), Duration::from_secs(10));
    let watch = Stopwatch::tick(Some(watch), at(40));
    assert_eq!(watch.total(), Duration::from_secs(10), "neither before nor after that look");
    assert_eq!(Stopwatch::tick(Some(watch), at(45)).total(), Duration::from_secs(15));
}

#[test]
fn a_stopwatch_of_an_older_orca_goes_on() {
    let old = serde_json::from_value(serde_json::json!({"total_ms": 5000, "last": at(0)})).unwrap();
    assert_eq!(Stopwatch::tick(Some(old), at(5)).total(), Duration::from_secs(10));
}
