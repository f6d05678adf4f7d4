//! What an update waits for besides its image: a window of time, and programs before and after it.

use std::fs::read_to_string;

use serde_json::{Value, json};

use crate::common::cluster::text;
use crate::common::poll;

use super::plan::digest;
use super::stage::{Stage, ended, image, outcomes};

fn label(key: &'static str, value: String) -> impl Fn(&mut Value) {
    move |spec| spec["Labels"][key] = value.clone().into()
}

fn image_of(stage: &Stage, name: &str) -> String {
    text(&stage.spec(name)["TaskTemplate"]["ContainerSpec"]["Image"])
}

/// `HH:MM-HH:MM`, so many hours from now.
fn hours(from: i64, to: i64) -> String {
    let now = jiff::Timestamp::now();
    let at = |hours| {
        (now + jiff::SignedDuration::from_hours(hours)).to_zoned(jiff::tz::TimeZone::UTC).strftime("%H:%M").to_string()
    };
    format!("{}-{}", at(from), at(to))
}

#[test]
fn outside_of_its_window_a_service_waits_and_says_until_when() {
    let stage = Stage::new();
    // A minute may pass meanwhile.
    let (closed, usual) = (hours(2, 3), hours(5, 6));
    stage.create("closed", label("orca.update.window", closed.clone()));
    stage.create("open", label("orca.update.window", hours(-1, 1)));
    stage.create("usual", |_| ());
    stage.orca.config(&format!("update:\n  window: {usual} UTC\n")).unwrap();
    for name in ["closed", "open", "usual"] {
        stage.publish(&format!("r.invalid/{name}:1"), 'b');
    }
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, outcomes(&report)), (75, vec![("open".to_owned(), "proven".to_owned())]), "{report:#}");
    let why = |at: usize| text(&report["blocked"][at]["reasons"][0]);
    let start = |hours: &str| format!("its window `{hours}` opens ");
    assert!(why(0).starts_with(&start(&closed)) && why(0).contains(" UTC, ") && why(0).contains('h'), "{report:#}");
    assert!(why(1).starts_with(&start(&format!("{usual} UTC"))), "{report:#}");
    assert_eq!(image_of(&stage, "closed"), image("closed", 'a'));
    let (exit, report) = stage.run(&["services", "update", "--now"]);
    assert_eq!((exit, outcomes(&report).len()), (0, 2), "{report:#}");
}

/// Hooks that write down what they are told.
const HOOKS: &str = r#"
notify:
  command: ["true", "secret"]
update:
  hooks:
    note: {command: [sh, -c, 'echo "$ORCA_HOOK $ORCA_SERVICE $ORCA_IMAGE_BEFORE $ORCA_IMAGE $ORCA_OUTCOME" >> "$0"', HERE/hooks.log]}
    refuse: {command: [sh, -c, 'echo the backup is full >&2; exit 3']}
    hang: {command: [sleep, "60"], timeout: 300ms}
    slow: {command: [sh, -c, 'while [ ! -e "$0" ]; do sleep 0.05; done', HERE/go]}
    lost: {command: [/nowhere/to/be/found]}
"#;

fn staged() -> Stage {
    let stage = Stage::new();
    stage.orca.config(&HOOKS.replace("HERE", stage.orca.folder.path().to_str().unwrap())).unwrap();
    stage
}

#[test]
fn a_hook_runs_before_and_one_after_and_both_are_told_what_it_is_about() {
    let stage = staged();
    stage.create("web", |spec| {
        spec["Labels"]["orca.update.pre"] = "note".into();
        spec["Labels"]["orca.update.post"] = "note".into();
    });
    stage.publish("r.invalid/web:1", 'b');
    let (exit, report) = stage.run(&["services", "update", "-n"]);
    assert_eq!((exit, &report["data"]["updates"][0]["hooks"]["pre"]), (0, &json!("note")), "{report:#}");
    assert!(!stage.orca.path("hooks.log").exists(), "a rehearsal runs nothing");
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{report:#}");
    let told = |last: &str| format!("web {} {} {last}", image("web", 'a'), image("web", 'b'));
    let log = read_to_string(stage.orca.path("hooks.log")).unwrap();
    assert_eq!(log, format!("pre {}\npost {}\n", told(""), told("proven")));
    // Nothing to do: nothing runs.
    stage.run(&["services", "update"]);
    assert_eq!(read_to_string(stage.orca.path("hooks.log")).unwrap(), log);
}

#[test]
fn a_hook_that_fails_before_leaves_the_service_alone_and_one_after_is_a_warning() {
    let stage = staged();
    let hooks = [
        ("refused", "refuse", "ended with exit status: 3: the backup is full"),
        ("hung", "hang", "took too long"),
        ("lost", "lost", "can't start `/nowhere"),
        ("injected", "sh -c reboot", "update.hooks of the config has none of that name"),
    ];
    for (name, hook, _) in hooks {
        stage.create(name, label("orca.update.pre", hook.to_owned()));
        stage.publish(&format!("r.invalid/{name}:1"), 'b');
    }
    stage.create("told", label("orca.update.post", "refuse".to_owned()));
    stage.publish("r.invalid/told:1", 'b');
    let (exit, report) = stage.run(&["services", "update", "--parallel", "3"]);
    assert_eq!((exit, outcomes(&report)), (75, vec![("told".to_owned(), "proven".to_owned())]), "{report:#}");
    for (name, _, why) in hooks {
        assert_eq!(image_of(&stage, name), image(name, 'a'));
        let blocked = report["blocked"].as_array().unwrap().iter();
        let reasons: Vec<String> =
            blocked.filter(|one| one["target"]["name"] == name).map(|one| text(&one["reasons"][0])).collect();
        assert!(reasons.len() == 1 && reasons[0].contains(why), "{name}: {reasons:?}");
    }
    let warned = text(&report["warnings"][0]["message"]);
    assert!(warned.contains("`refuse` after the update of `told` has failed"), "{report:#}");
}

#[test]
fn while_a_hook_runs_other_rollouts_are_watched_and_what_changes_meanwhile_is_heard() {
    let stage = staged();
    stage.create("slow", label("orca.update.pre", "slow".to_owned()));
    stage.create("other", |_| ());
    for name in ["slow", "other"] {
        stage.publish(&format!("r.invalid/{name}:1"), 'b');
    }
    let running = stage.orca.start(&["services", "update", "--parallel", "2"]).unwrap();
    poll::until("the other is begun", || {
        let begun = stage.cluster().service("other")?["UpdateStatus"]["State"].is_string();
        Ok(if begun { Vec::new() } else { vec!["not yet".to_owned()] })
    })
    .unwrap();
    // Whoever opts out while the hook runs is left alone.
    let service = stage.cluster().service("slow").unwrap().clone();
    let mut spec = service["Spec"].clone();
    spec["Labels"]["orca.update"] = "false".into();
    let path = format!("/services/{}/update?version={}", text(&service["ID"]), service["Version"]["Index"]);
    stage.sim.engine.post(&path, &spec).unwrap();
    std::fs::write(stage.orca.path("go"), "").unwrap();
    let (exit, report) = ended(&running.end().unwrap());
    assert_eq!(outcomes(&report), [("other".to_owned(), "proven".to_owned())], "{exit}: {report:#}");
    assert_eq!(image_of(&stage, "slow"), image("slow", 'a'));
}

#[test]
fn a_signal_ends_a_hook_and_nothing_is_written() {
    let stage = staged();
    let begun = stage.orca.path("begun");
    let hook = format!("[sh, -c, 'touch \"$0\"; exec sleep 600', {}]", begun.display());
    stage.orca.config(&format!("update: {{hooks: {{wait: {{command: {hook}, timeout: 700s}}}}, pre: wait}}")).unwrap();
    stage.create("web", |_| ());
    stage.publish("r.invalid/web:1", 'b');
    stage.sim.reset_requests().unwrap();
    let running = stage.orca.start(&["services", "update"]).unwrap();
    poll::until("the hook runs", || Ok(if begun.exists() { Vec::new() } else { vec!["not yet".to_owned()] })).unwrap();
    running.signal("TERM").unwrap();
    let (exit, report) = ended(&running.end().unwrap());
    assert_eq!((exit, stage.writes(), &report["actions"][0]["status"]), (143, 0, &json!("skipped")), "{report:#}");
    assert_eq!(image_of(&stage, "web"), format!("r.invalid/web:1@{}", digest('a')));
}
