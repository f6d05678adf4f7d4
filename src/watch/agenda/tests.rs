use std::collections::BTreeMap;

use super::*;
use crate::settings::{Source, SourceKind, parse};

fn agenda(passes: &str, now: Now) -> Agenda {
    let text = format!("watch: {{passes: {{{passes}}}}}");
    let source = Source { name: "orca.yml".into(), kind: SourceKind::Main, text };
    let watch = parse(&[source], &BTreeMap::new()).unwrap().watch;
    let passes: Vec<_> = watch.passes.clone().into_iter().collect();
    Agenda::new(&passes, &watch, "host", now)
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
