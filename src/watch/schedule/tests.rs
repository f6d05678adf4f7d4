use std::collections::BTreeMap;

use super::*;
use crate::settings::{Source, SourceKind, parse};

fn schedule(text: &str) -> Schedule {
    let text = format!("watch: {{passes: {{gc: {text}}}}}");
    let source = Source { name: "orca.yml".into(), kind: SourceKind::Main, text };
    parse(&[source], &BTreeMap::new()).unwrap().watch.schedule("gc").unwrap()
}

/// The runs of a schedule from one time to another, by the clock in Berlin.
fn runs(text: &str, from: &str, to: &str) -> Vec<String> {
    let (schedule, to) = (schedule(text), to.parse::<Timestamp>().unwrap());
    let mut now: Timestamp = from.parse().unwrap();
    let mut runs = Vec::new();
    while let Some(at) = next(&schedule, Lateness(0.0), now).filter(|at| *at < to) {
        runs.push(at.in_tz("Europe/Berlin").unwrap().strftime("%d %H:%M %Z").to_string());
        now = at;
    }
    runs
}

#[test]
fn a_change_of_the_clock_doubles_and_loses_no_run() {
    let daily = "{cron: '30 2 * * *', tz: Europe/Berlin}";
    // On 29 March 2026 there is no half past two.
    let spring = runs(daily, "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z");
    assert_eq!(spring, ["28 02:30 CET", "29 03:00 CEST", "30 02:30 CEST"]);
    // On 25 October there are two.
    let autumn = runs(daily, "2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z");
    assert_eq!(autumn, ["24 02:30 CEST", "25 02:30 CEST", "26 02:30 CET"]);
    // What runs every hour runs in both of them.
    let hourly = runs("{cron: '0 * * * *', tz: Europe/Berlin}", "2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z");
    assert_eq!(hourly, ["25 02:00 CEST", "25 02:00 CET", "25 03:00 CET"]);
}

#[test]
fn what_is_late_runs_once() {
    let schedule = schedule("{cron: '*/5 * * * *'}");
    // It was due twelve times in the hour before: the next time is the next time.
    let now = "2026-11-21T10:02:00Z".parse().unwrap();
    let at = next(&schedule, Lateness(0.0), now).unwrap();
    assert_eq!(at.to_string(), "2026-11-21T10:05:00Z");
}

#[test]
fn jitter_is_the_same_each_time_and_another_on_each_host() {
    let now = Timestamp::UNIX_EPOCH;
    let at = |text: &str, host: &str| next(&schedule(text), Lateness::of(host, "gc"), now).unwrap().as_millisecond();
    assert_eq!(at("{every: 60s}", "a"), at("{every: 60s}", "a"));
    assert_ne!(at("{every: 60s}", "a"), at("{every: 60s}", "b"));
    for host in ["a", "b", "c", "d"] {
        assert!((60_000..=66_000).contains(&at("{every: 60s}", host)));
        assert!((60_000..=61_000).contains(&at("{every: 60s, jitter: 1s}", host)));
        assert_eq!(at("{every: 60s, jitter: 0s}", host), 60_000);
    }
}
