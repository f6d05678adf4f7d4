//! The metrics, one by one: name, type, help, and what of a tally they show. The names are a contract, see the README.

use std::fmt::Write as _;

use super::{PassTally, Tally};

/// One series: labels besides `pass`, and the value.
type Series = (Vec<(&'static str, String)>, f64);

/// A metric and where its series come from.
struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    /// The pass that alone has it; none: all have it.
    only: Option<&'static str>,
    series: fn(&PassTally) -> Vec<Series>,
}

/// Everything that was counted, as Prometheus text.
pub fn render(tally: &Tally) -> String {
    let passes: Vec<_> = tally.passes.iter().map(|(name, pass)| (name.as_str(), pass)).collect();
    text(&passes)
}

/// What was counted of one pass, as Prometheus text; empty if nothing was.
pub fn render_pass(tally: &Tally, name: &str) -> String {
    let pass = tally.passes.get_key_value(name).map(|(name, pass)| (name.as_str(), pass));
    text(pass.as_slice())
}

fn text(passes: &[(&str, &PassTally)]) -> String {
    let mut text = String::new();
    for family in OWN.iter().chain(ORCASTRA) {
        let mut lines = String::new();
        for (name, pass) in passes.iter().filter(|(name, _)| family.only.is_none_or(|only| is(only, name))) {
            for (labels, value) in (family.series)(pass) {
                line(&mut lines, family, name, &labels, value);
            }
        }
        if !lines.is_empty() {
            let Family { name, kind, help, .. } = family;
            // Writing to a string can't fail.
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{lines}");
        }
    }
    text
}

/// Whether this is the pass, or a half of it that was wanted alone.
fn is(only: &str, name: &str) -> bool {
    name.strip_prefix(only).is_some_and(|half| matches!(half, "" | "_services" | "_containers"))
}

fn line(text: &mut String, family: &Family, pass: &str, labels: &[(&str, String)], value: f64) {
    // The parts of a summary are named after it.
    let (suffix, labels) = match labels {
        [("", suffix), rest @ ..] => (suffix.as_str(), rest),
        _ => ("", labels),
    };
    let _ = write!(text, "{}{suffix}{{pass=\"{pass}\"", family.name);
    for (key, value) in labels {
        let _ = write!(text, ",{key}=\"{}\"", escaped(value));
    }
    let _ = writeln!(text, "}} {value}");
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// orca's own.
const OWN: &[Family] = &[
    Family {
        name: "orca_build_info",
        kind: "gauge",
        help: "Always 1; the label says which orca made the last run.",
        only: None,
        series: |pass| vec![(vec![("version", pass.last.version.clone())], 1.0)],
    },
    Family {
        name: "orca_pass_runs_total",
        kind: "counter",
        help: "Runs of a pass, by the outcome in their report.",
        only: None,
        series: |pass| pass.runs.iter().map(|(outcome, n)| (vec![("outcome", outcome.clone())], count(*n))).collect(),
    },
    Family {
        name: "orca_pass_duration_seconds",
        kind: "summary",
        help: "Wall time of all runs of a pass.",
        only: None,
        series: |pass| {
            let part = |suffix: &str, value| (vec![("", suffix.to_owned())], value);
            let (runs, sum) = pass.timed;
            if runs == 0 { Vec::new() } else { vec![part("_sum", seconds(sum)), part("_count", count(runs))] }
        },
    },
    Family {
        name: "orca_pass_last_duration_seconds",
        kind: "gauge",
        help: "Wall time of the last run of a pass.",
        only: None,
        series: last_duration,
    },
    Family {
        name: "orca_last_run_timestamp_seconds",
        kind: "gauge",
        help: "When the last run of a pass ended, in seconds since 1970.",
        only: None,
        series: |pass| plain(Some(time(pass.last.at_ms))),
    },
    Family {
        name: "orca_last_success_timestamp_seconds",
        kind: "gauge",
        help: "When a run of a pass last ended without an error, in seconds since 1970.",
        only: None,
        series: |pass| plain(pass.last_success_ms.map(time)),
    },
    Family {
        name: "orca_actions_total",
        kind: "counter",
        help: "Changes that a pass planned, by kind and by what became of them.",
        only: None,
        series: |pass| {
            let labels = |kind: &String, status: &String| vec![("kind", kind.clone()), ("status", status.clone())];
            let kinds = pass.actions.iter();
            kinds.flat_map(|(kind, by)| by.iter().map(move |(status, n)| (labels(kind, status), count(*n)))).collect()
        },
    },
    Family {
        name: "orca_blocked",
        kind: "gauge",
        help: "What the last run of a pass refused to do.",
        only: None,
        series: |pass| plain(Some(count(pass.last.blocked))),
    },
    Family {
        name: "orca_warnings",
        kind: "gauge",
        help: "Warnings of the last run of a pass.",
        only: None,
        series: |pass| plain(Some(count(pass.last.warnings))),
    },
    Family {
        name: "orca_engine_requests_total",
        kind: "counter",
        help: "Requests to the engine that runs of a pass have made.",
        only: None,
        series: |pass| plain(Some(count(pass.requests)).filter(|requests| *requests > 0.0)),
    },
    Family {
        name: "orca_engine_requests",
        kind: "gauge",
        help: "Requests to the engine that the last run of a pass has made.",
        only: None,
        series: |pass| plain(pass.last.requests.map(count)),
    },
    Family {
        name: "orca_leader",
        kind: "gauge",
        help: "Whether the engine led the swarm in the last run of a pass.",
        only: None,
        series: |pass| plain(pass.last.leader.map(flag)),
    },
    Family {
        name: "orca_paused",
        kind: "gauge",
        help: "Whether orca was paused in the last run of a pass; anchors that were paused are named, anchor=\"\" is the whole swarm.",
        only: None,
        series: |pass| {
            let whole = pass.last.paused.map(|paused| (vec![("anchor", String::new())], flag(paused)));
            let anchors = pass.last.paused_anchors.iter().map(|name| (vec![("anchor", name.clone())], 1.0));
            whole.into_iter().chain(anchors).collect()
        },
    },
];

/// Orcastra's names, where they mean the same.
const ORCASTRA: &[Family] = &[
    Family {
        name: "anchor_updates_total",
        kind: "counter",
        help: "As in Orcastra: runs of the anchors pass, not updates.",
        only: Some("anchors_follow"),
        series: |pass| plain(Some(runs(pass))),
    },
    Family {
        name: "anchor_sync_errors_total",
        kind: "counter",
        help: "As in Orcastra: runs of the anchors pass that failed.",
        only: Some("anchors_follow"),
        series: |pass| plain(Some(failures(pass))),
    },
    Family {
        name: "anchor_sync_last_duration_seconds",
        kind: "gauge",
        help: "As in Orcastra: wall time of the last run of the anchors pass.",
        only: Some("anchors_follow"),
        series: last_duration,
    },
    Family {
        name: "dependent_updates_total",
        kind: "counter",
        help: "As in Orcastra: dependents restarted.",
        only: Some("anchors_follow"),
        series: |pass| plain(Some(actions(pass, "service.force_update", &["done"]))),
    },
    Family {
        name: "swarm_orch_leader",
        kind: "gauge",
        help: "As in Orcastra, but true for the leader alone, not for every manager.",
        only: Some("anchors_follow"),
        series: |pass| plain(pass.last.leader.map(flag)),
    },
    Family {
        name: "rebalance_attempts_total",
        kind: "counter",
        help: "As in Orcastra: moves tried.",
        only: Some("rebalance_apply"),
        series: |pass| plain(Some(actions(pass, "task.move", &["done", "failed"]))),
    },
    Family {
        name: "rebalance_success_total",
        kind: "counter",
        help: "As in Orcastra: moves made.",
        only: Some("rebalance_apply"),
        series: |pass| plain(Some(actions(pass, "task.move", &["done"]))),
    },
    Family {
        name: "rebalance_failures_total",
        kind: "counter",
        help: "As in Orcastra: moves that failed.",
        only: Some("rebalance_apply"),
        series: |pass| plain(Some(actions(pass, "task.move", &["failed"]))),
    },
    Family {
        name: "rebalance_last_duration_seconds",
        kind: "gauge",
        help: "As in Orcastra: wall time of the last run of rebalance apply.",
        only: Some("rebalance_apply"),
        series: last_duration,
    },
    Family {
        name: "autoheal_attempts_total",
        kind: "counter",
        help: "As in Orcastra: healings tried.",
        only: Some("autoheal"),
        series: |pass| plain(Some(any_action(pass, &["done", "failed"]))),
    },
    Family {
        name: "autoheal_success_total",
        kind: "counter",
        help: "As in Orcastra: healings made.",
        only: Some("autoheal"),
        series: |pass| plain(Some(any_action(pass, &["done"]))),
    },
    Family {
        name: "autoheal_failures_total",
        kind: "counter",
        help: "As in Orcastra: healings that failed.",
        only: Some("autoheal"),
        series: |pass| plain(Some(any_action(pass, &["failed"]))),
    },
    Family {
        name: "gc_prune_runs_total",
        kind: "counter",
        help: "As in Orcastra: runs of gc.",
        only: Some("gc"),
        series: |pass| plain(Some(runs(pass))),
    },
    Family {
        name: "gc_prune_errors_total",
        kind: "counter",
        help: "As in Orcastra: runs of gc that failed.",
        only: Some("gc"),
        series: |pass| plain(Some(failures(pass))),
    },
    Family {
        name: "gc_prune_last_duration_seconds",
        kind: "gauge",
        help: "As in Orcastra: wall time of the last run of gc.",
        only: Some("gc"),
        series: last_duration,
    },
    Family {
        name: "mod_downloads_total",
        kind: "counter",
        help: "As in Orcastra: mods fetched.",
        only: Some("mods_fetch"),
        series: |pass| plain(Some(actions(pass, "mod.fetch", &["done"]))),
    },
    Family {
        name: "mod_download_errors_total",
        kind: "counter",
        help: "As in Orcastra: mods that could not be fetched.",
        only: Some("mods_fetch"),
        series: |pass| plain(Some(actions(pass, "mod.fetch", &["failed"]))),
    },
    Family {
        name: "mod_refresh_last_duration_seconds",
        kind: "gauge",
        help: "As in Orcastra: wall time of the last run of mods fetch.",
        only: Some("mods_fetch"),
        series: last_duration,
    },
];

/// The names of all metrics, for the documentation and its test.
pub fn names() -> Vec<&'static str> {
    OWN.iter().chain(ORCASTRA).map(|family| family.name).collect()
}

fn plain(value: Option<f64>) -> Vec<Series> {
    value.map(|value| (Vec::new(), value)).into_iter().collect()
}

fn last_duration(pass: &PassTally) -> Vec<Series> {
    plain(pass.last.duration_ms.map(seconds))
}

fn runs(pass: &PassTally) -> f64 {
    count(pass.runs.values().sum())
}

/// Runs that ended with an error, or with some of the actions failed.
fn failures(pass: &PassTally) -> f64 {
    count(["failed", "partial"].iter().filter_map(|outcome| pass.runs.get(*outcome)).sum())
}

fn actions(pass: &PassTally, kind: &str, statuses: &[&str]) -> f64 {
    let by_status = pass.actions.get(kind);
    count(statuses.iter().filter_map(|status| by_status?.get(*status)).sum())
}

fn any_action(pass: &PassTally, statuses: &[&str]) -> f64 {
    pass.actions.keys().map(|kind| actions(pass, kind, statuses)).sum()
}

fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers")]
fn count(value: u64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers")]
fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers")]
fn time(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}
