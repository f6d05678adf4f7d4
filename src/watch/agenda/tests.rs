use std::collections::BTreeMap;

use super::*;
use crate::settings::{Source, SourceKind, parse};

fn watch(passes: &str) -> Watch {
    let text = format!("watch: {{passes: {{{passes}}}}}");
    let source = Source { name: "orca.yml".into(), kind: SourceKind::Main, text };
    parse(&[source], &BTreeMap::new()).unwrap().watch
}

fn passes(text: &str) -> Vec<(String, Schedule)> {
    watch(text).passes.into_iter().collect()
}

fn agenda(text: &str, now: Now) -> Agenda {
    Agenda::new(&passes(text), &watch(text), "host", now)
}

fn start() -> Now {
    Now { at: Instant::now(), wall: "2026-11-21T10:02:00Z".parse().unwrap() }
}

fn later(now: Now, by: Duration) -> Now {
    Now { at: now.at + by, wall: now.wall.checked_add(by).unwrap() }
}

#[test]
fn what_has_set_times_is_not_run_by_another_config() {
    let now = start();
    let mut agenda = agenda("gc: {cron: '0 4 * * *'}", now);
    agenda.demand(Cause::Config, now);
    assert_eq!(agenda.take(now), None);
    agenda.demand(Cause::Signal, now);
    assert_eq!(agenda.take(now), Some(("gc".to_owned(), Cause::Signal)));
}

#[test]
fn what_runs_is_not_begun_again_and_keeps_nothing_waiting() {
    let now = start();
    let mut agenda = agenda("gc: {every: 1h, jitter: 0s}, autoheal: {every: 1m, jitter: 0s}", now);
    assert_eq!(agenda.take(now).map(|(pass, _)| pass).as_deref(), Some("autoheal"));
    assert_eq!(agenda.take(now).map(|(pass, _)| pass).as_deref(), Some("gc"));
    agenda.ran("autoheal", Left::Nothing, now);
    agenda.demand(Cause::Signal, now);
    // Asked for while it runs: after that. Nor is it begun beside itself when it leaves the config and comes back.
    let (with, watch) =
        (passes("gc: {every: 1h, jitter: 0s}, autoheal: {every: 1m, jitter: 0s}"), watch("autoheal: {every: 1m}"));
    agenda.change(&[], &watch, "host", now);
    agenda.change(&with, &watch, "host", now);
    agenda.demand(Cause::Signal, now);
    assert_eq!(agenda.take(now), Some(("autoheal".to_owned(), Cause::Signal)));
    agenda.ran("autoheal", Left::Nothing, now);
    assert_eq!((agenda.take(now), agenda.idle(now)), (None, LOOK));
    agenda.ran("gc", Left::Nothing, now);
    assert_eq!(agenda.take(now), Some(("gc".to_owned(), Cause::Signal)));
}

#[test]
fn a_clock_that_is_set_back_keeps_nothing_waiting() {
    let mut now = start();
    let mut agenda = agenda("gc: {every: 1h, jitter: 0s}", now);
    assert_eq!(agenda.take(now), Some(("gc".to_owned(), Cause::Start)));
    agenda.ran("gc", Left::Nothing, now);
    now.wall = "2026-11-14T10:02:00Z".parse().unwrap();
    assert_eq!(agenda.take(now), None);
    assert_eq!(agenda.take(later(now, Duration::from_secs(3599))), None);
    assert_eq!(agenda.take(later(now, Duration::from_secs(3600))), Some(("gc".to_owned(), Cause::Schedule)));
}

#[test]
fn what_has_set_times_is_given_up_until_the_next() {
    let mut now = start();
    let mut agenda = agenda("gc: {cron: '0 4 * * *'}", now);
    now.wall = "2026-11-22T04:00:00Z".parse().unwrap();
    let mut causes = Vec::new();
    for _ in 0..60 {
        if let Some((pass, cause)) = agenda.take(now) {
            causes.push(cause);
            agenda.ran(&pass, Left::Everything, now);
        }
        now = later(now, LONGEST);
    }
    assert_eq!(causes.remove(0), Cause::Schedule);
    assert_eq!(causes, [Cause::Retry; TRIES as usize]);
    now.wall = "2026-11-23T04:00:00Z".parse().unwrap();
    assert_eq!(agenda.take(now), Some(("gc".to_owned(), Cause::Schedule)));
}
