//! What reports say, as Prometheus text.

use jiff::Timestamp;
use orca::error::ErrorKind;
use orca::plan::{ActionKind, Target, TargetKind};
use orca::report::metrics::{Tally, render, render_pass};
use orca::report::{Cluster, Report, ReportedAction, ReportedError, Run, Status};
use serde_json::{Value, json};

fn report(command: &str) -> Report {
    let mut report = Report::new(command, Run::start(false));
    report.run.duration_ms = 1500;
    report.cluster = Some(Cluster {
        id: Some("c".to_owned()),
        node: "n1".to_owned(),
        leader: true,
        engine: "28.5.2".to_owned(),
        api: "1.51".to_owned(),
    });
    report.data.insert("requests".to_owned(), 5.into());
    report
}

fn action(kind: ActionKind, status: Status) -> ReportedAction {
    ReportedAction {
        id: "service/web#force_update".to_owned(),
        kind,
        target: Target::unknown(TargetKind::Service, "web"),
        reason: String::new(),
        disruptive: true,
        before: Value::Null,
        after: Value::Null,
        version: 1,
        status,
        duration_ms: 1,
        error: None,
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn has(text: &str, line: &str) {
    assert!(text.lines().any(|other| other == line), "no `{line}` in\n{text}");
}

#[test]
fn counters_add_up_and_gauges_are_of_the_last_run() {
    let mut tally = Tally::default();
    let mut first = report("anchors follow");
    first.actions = vec![
        action(ActionKind::ServiceForceUpdate, Status::Done),
        action(ActionKind::ServiceForceUpdate, Status::Failed),
    ];
    first.error = Some(ReportedError::new(ErrorKind::Failed, "x"));
    first.conclude(0);
    assert_eq!(tally.count(&first, at(100)), ["anchors_follow"]);
    let mut second = report("anchors follow");
    second.run.duration_ms = 500;
    second.data.insert("paused".to_owned(), json!([{"anchor": null}, {"anchor": "a\"b"}]));
    second.conclude(1);
    tally.count(&second, at(200));
    let text = render(&tally);
    has(&text, "orca_pass_runs_total{pass=\"anchors_follow\",outcome=\"partial\"} 1");
    has(&text, "orca_pass_runs_total{pass=\"anchors_follow\",outcome=\"unchanged\"} 1");
    has(&text, "orca_pass_duration_seconds_sum{pass=\"anchors_follow\"} 2");
    has(&text, "orca_pass_duration_seconds_count{pass=\"anchors_follow\"} 2");
    has(&text, "orca_pass_last_duration_seconds{pass=\"anchors_follow\"} 0.5");
    has(&text, "orca_last_success_timestamp_seconds{pass=\"anchors_follow\"} 200");
    has(&text, "orca_actions_total{pass=\"anchors_follow\",kind=\"service.force_update\",status=\"failed\"} 1");
    has(&text, "orca_engine_requests{pass=\"anchors_follow\"} 5");
    has(&text, "orca_engine_requests_total{pass=\"anchors_follow\"} 10");
    has(&text, "orca_paused{pass=\"anchors_follow\",anchor=\"\"} 1");
    has(&text, "orca_paused{pass=\"anchors_follow\",anchor=\"a\\\"b\"} 1");
    has(&text, "anchor_sync_errors_total{pass=\"anchors_follow\"} 1");
    has(&text, "dependent_updates_total{pass=\"anchors_follow\"} 1");
    // A file of one pass has nothing of another, and a tally survives being written down.
    tally.count(&report("gc"), at(300));
    let kept: Tally = serde_json::from_str(&serde_json::to_string(&tally).unwrap()).unwrap();
    assert_eq!(kept, tally);
    assert!(!render_pass(&kept, "gc").contains("anchors_follow"));
    has(&render_pass(&kept, "gc"), "gc_prune_runs_total{pass=\"gc\"} 1");
}

#[test]
fn a_run_of_several_passes_counts_each_and_its_actions_once() {
    let mut part = report("labels sync");
    part.run.duration_ms = 0;
    part.actions = vec![action(ActionKind::NodeLabelSet, Status::Done)];
    part.conclude(0);
    let mut whole = report("reconcile");
    whole.actions.clone_from(&part.actions);
    whole.data.insert("passes".to_owned(), json!([part]));
    whole.conclude(0);
    let mut tally = Tally::default();
    assert_eq!(tally.count(&whole, at(1)), ["reconcile", "labels_sync"]);
    let text = render(&tally);
    has(&text, "orca_pass_runs_total{pass=\"reconcile\",outcome=\"changed\"} 1");
    has(&text, "orca_pass_runs_total{pass=\"labels_sync\",outcome=\"changed\"} 1");
    assert_eq!(text.matches("orca_actions_total{").count(), 1, "{text}");
    assert!(!text.contains("orca_pass_last_duration_seconds{pass=\"labels_sync\"}"), "nobody took its time\n{text}");
}

#[test]
fn a_dry_run_counts_as_nothing() {
    let mut tally = Tally::default();
    let mut rehearsal = report("gc");
    rehearsal.run.dry_run = true;
    assert!(tally.count(&rehearsal, at(1)).is_empty());
    assert_eq!(render(&tally), "");
}

/// Every metric is announced once, and lines of one metric stand together, as the format wants it.
#[test]
fn the_text_is_well_formed() {
    let mut tally = Tally::default();
    for command in ["anchors follow", "gc", "rebalance apply", "autoheal", "mods fetch", "labels sync"] {
        tally.count(&report(command), at(1));
    }
    let text = render(&tally);
    let mut announced = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let name = rest.split(' ').next().unwrap().to_owned();
            assert!(!announced.contains(&name), "{name} twice");
            announced.push(name);
        } else if !line.starts_with('#') {
            let name = line.split('{').next().unwrap();
            let last = announced.last().unwrap();
            assert!(
                name == last || name.strip_prefix(last.as_str()).is_some_and(|s| s == "_sum" || s == "_count"),
                "{line}"
            );
            assert!(line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(), "{line}");
        }
    }
    for name in orca::report::metrics::names() {
        assert!(announced.iter().any(|other| other == name) || name == "orca_actions_total", "{name} not rendered");
    }
}
