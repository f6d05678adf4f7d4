//! What others may do to a service while its update is proven: nothing; and what orca does if somebody did all the same.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use orca::model::ServiceId;
use orca::pass::Pass;
use orca::pass::memory::{Memory, Proving};
use orca::pass::proving::mark;
use orca::plan::Plan;
use orca::settings::{Settings, Source, SourceKind, parse};
use orca::state::State;
use serde_json::{Value, json};

use crate::common::cluster::text;
use crate::common::orca::Running;
use crate::common::poll;

use super::plan::{NOW, cluster, digest, service};
use super::stage::{Stage, ended, image, outcomes};

/// `web` is to follow `db`, and lacks the constraint for that.
const FOLLOWS: &str = "options: { enforce: true }\ndependencies: { db: [web] }";

fn memory(image: &str, since: i64, until: i64) -> Memory {
    let now: Timestamp = NOW.parse().unwrap();
    let at = |seconds| now + SignedDuration::from_secs(seconds);
    let (image, before) = (image.to_owned(), "r/web:1@sha256:a".to_owned());
    let known = Proving { image, before, platforms: Vec::new(), since: at(since), until: at(until) };
    Memory { proving: [(ServiceId("id-web".to_owned()), known)].into(), ..Memory::default() }
}

#[test]
fn who_is_busy_and_for_how_long() {
    let new = format!("r/web:1@{}", digest('b'));
    for (what, found, since, until, busy) in [
        ("under way", new.as_str(), -10, 20, true),
        ("on its way back", "r/web:1@sha256:a", -10, 20, true),
        ("noted after the look", &new, 1, 20, true),
        ("whoever proved it was killed", &new, -100, 0, false),
        ("the clock was set back", &new, 3600, 7200, false),
        ("somebody has given it a third image", "r/web:2", -10, 20, false),
    ] {
        let mut cluster = cluster(&[service("web", found, |_| ()), service("zeb", &new, |_| ())]);
        mark(&mut cluster, &memory(&new, since, until), NOW.parse().unwrap());
        let [web, zeb] = [0, 1].map(|at| cluster.services[at].busy().map(str::to_owned));
        assert_eq!((web.is_some(), zeb), (busy, None), "{what}");
        if let Some(text) = web {
            assert!(text.contains("`r/web:1@bbbbbbbbbbbb` (until 2026-11-21T12:00:20Z at the latest)"), "{text}");
        }
        // What is read again is as busy as it was; and what another look finds is what counts.
        let mut again = cluster.services[0].clone();
        again.proving = None;
        cluster.put_service(again);
        assert_eq!(cluster.services[0].under_way().is_some(), busy, "{what}");
        mark(&mut cluster, &Memory::default(), NOW.parse().unwrap());
        assert_eq!(cluster.services[0].busy(), None, "{what}");
    }
}

fn settings(text: &str) -> Settings {
    let source = Source { name: "orca.yml".to_owned(), kind: SourceKind::Main, text: text.to_owned() };
    parse(&[source], &BTreeMap::new()).unwrap()
}

/// Everything that a plan says besides its actions.
fn said(plan: &Plan) -> String {
    let blocked = plan.blocked.iter().flat_map(|blocked| blocked.reasons.clone());
    blocked.chain(plan.unsettled.iter().cloned()).collect::<Vec<_>>().join("; ")
}

/// Each pass that would write to the service, were its update not being proven.
#[test]
fn no_pass_touches_it() {
    let new = format!("r/web:1@{}", digest('b'));
    let settings = settings(FOLLOWS);
    let now: Timestamp = NOW.parse().unwrap();
    let db = service("db", "r/db:1", |_| ());
    let web = service("web", &new, |web| web["Spec"]["TaskTemplate"]["LogDriver"] = json!({"Name": "json-file"}));
    for pass in [Pass::Anchors(None), Pass::Logs([].into()), Pass::UpdateDependents(None)] {
        let mut seen = cluster(&[db.clone(), web.clone()]);
        let free = pass.plan(&seen, &settings, &Memory::default(), now);
        let touches = |plan: &Plan| plan.actions.iter().any(|action| action.target.name == "web");
        assert!(touches(&free), "{}: {free:#?}", pass.name());
        mark(&mut seen, &memory(&new, -1, 20), NOW.parse().unwrap());
        let plan = pass.plan(&seen, &settings, &Memory::default(), now);
        assert!(!touches(&plan), "{}: {plan:#?}", pass.name());
        assert!(said(&plan).contains("orca still proves its update to `r/web:1@bbbbbbbbbbbb`"), "{}", said(&plan));
    }
}

fn words(report: &Value) -> String {
    report["blocked"].to_string()
}

impl Stage {
    /// `db`, and `web` whose new image runs, which orca goes on to prove for so many seconds.
    fn proving(seconds: u64) -> (Self, Running) {
        let stage = Self::new();
        stage.create("db", |_| ());
        stage.create("web", |spec| spec["UpdateConfig"]["Monitor"] = (seconds * 1_000_000_000).into());
        stage.orca.config(FOLLOWS).unwrap();
        stage.publish("r.invalid/web:1", 'b');
        let running = stage.begun(&[]);
        stage.content("web");
        (stage, running)
    }

    /// Waits until the engine calls the rollout complete.
    fn content(&self, name: &str) {
        poll::until("the engine is content", || {
            let service = self.cluster().service(name)?.clone();
            Ok(if service["UpdateStatus"]["State"] == "completed" { Vec::new() } else { vec!["not yet".to_owned()] })
        })
        .unwrap();
    }

    /// Returns the cluster's id.
    fn deferred(&self) -> String {
        let (exit, report) = self.run(&["anchors", "follow"]);
        assert!(
            words(&report).contains("orca still proves its update to `r.invalid/web:1@bbbbbbbbbbbb`"),
            "{report:#}"
        );
        let touched = report["actions"].as_array().unwrap().iter().any(|action| action["target"]["name"] == "web");
        assert_eq!((exit, touched), (75, false), "{report:#}");
        text(&report["cluster"]["id"])
    }

    fn followed(&self) {
        let (exit, report) = self.run(&["anchors", "follow"]);
        let kinds: Vec<&Value> = report["actions"].as_array().unwrap().iter().map(|action| &action["kind"]).collect();
        assert_eq!((exit, kinds.contains(&&json!("service.constraint.add"))), (0, true), "{report:#}");
    }

    /// A task of it dies, and so does every other of its new image.
    fn dies(&self, name: &str) {
        self.broken(&image(name, 'b'), "failed", "out of luck");
        let dies = json!({"service": name, "slot": 2, "state": "failed", "err": "out of luck"});
        self.sim.admin("/tasks", &dies).unwrap();
    }
}

#[test]
fn an_anchor_is_followed_once_the_update_is_proven_and_not_before() {
    let (stage, running) = Stage::proving(6);
    stage.deferred();
    let (exit, report) = stage.run(&["anchors", "follow", "-n"]);
    assert!(words(&report).contains("still proves") && exit == 75, "a rehearsal knows it, too: {report:#}");
    let (exit, report) = ended(&running.end().unwrap());
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{report:#}");
    stage.followed();
}

#[test]
fn whoever_is_killed_while_it_proves_keeps_nobody_waiting_for_ever() {
    let (stage, mut running) = Stage::proving(600);
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    let cluster = stage.deferred();
    // Its time is over.
    let (book, _) = State::open(&stage.orca.state_dir()).unwrap();
    let key = format!("{cluster}#updates");
    let mut memory = book.memory(&key).unwrap();
    let known = memory.proving.values_mut().next().unwrap();
    let left = known.until.duration_since(Timestamp::now());
    // Monitored twice, once for each task, and given ten minutes and one more.
    assert!(left > SignedDuration::from_mins(20) && left <= SignedDuration::from_mins(31), "{left:?}");
    known.until = Timestamp::now();
    book.remember(&key, &memory).unwrap();
    stage.followed();
}

/// A person may: then the spec before has the new image, and nobody could roll back to the old one.
#[test]
fn a_bad_image_is_undone_although_the_engine_has_forgotten_the_one_before() {
    let (stage, running) = Stage::proving(8);
    let (exit, report) = stage.run(&["services", "restart", "web"]);
    let warned = report["warnings"].as_array().unwrap().iter().any(|warning| warning["code"] == "proving");
    assert_eq!((exit, warned), (0, true), "{report:#}");
    let wanted = stage.spec("web");
    stage.content("web");
    stage.dies("web");
    let (exit, report) = ended(&running.end().unwrap());
    assert_eq!((exit, outcomes(&report)), (1, vec![("web".to_owned(), "rolled_back".to_owned())]), "{report:#}");
    // What that person has changed stays.
    let mut spec = stage.spec("web");
    assert_eq!(text(&spec["TaskTemplate"]["ContainerSpec"]["Image"]), image("web", 'a'));
    assert_eq!(spec["TaskTemplate"]["ForceUpdate"], 1);
    spec["TaskTemplate"]["ContainerSpec"]["Image"] = image("web", 'b').into();
    assert_eq!(spec, wanted, "the image, and nothing else");
    stage.followed();
}

/// The engine has forgotten it, and whoever wrote the new one was killed: it is noted.
#[test]
fn who_takes_over_still_knows_the_image_before() {
    let (stage, mut running) = Stage::proving(600);
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    let (exit, report) = stage.run(&["services", "restart", "web"]);
    assert_eq!(exit, 0, "{report:#}");
    stage.content("web");
    stage.dies("web");
    let (exit, report) = stage.run(&["services", "update", "--deadline", "1s"]);
    assert_eq!((exit, outcomes(&report)), (1, vec![("web".to_owned(), "rolled_back".to_owned())]), "{report:#}");
    assert_eq!(text(&stage.spec("web")["TaskTemplate"]["ContainerSpec"]["Image"]), image("web", 'a'));
}

/// `a` and `b` of a stack; `b` never gets ready.
#[test]
fn of_a_stack_that_gets_all_or_none_what_is_proven_is_busy_until_all_of_it_is() {
    let stage = Stage::new();
    for name in ["a", "b"] {
        stage.create(name, |spec| spec["Labels"]["com.docker.stack.namespace"] = "shop".into());
        stage.publish(&format!("r.invalid/{name}:1"), 'b');
    }
    stage.broken(&image("b", 'b'), "starting", "");
    let running = stage.orca.start(&["services", "update", "--atomic", "--deadline", "8s"]).unwrap();
    poll::until("the second rollout has begun", || {
        let begun = text(&stage.spec("b")["TaskTemplate"]["ContainerSpec"]["Image"]) == image("b", 'b');
        Ok(if begun { Vec::new() } else { vec!["not yet".to_owned()] })
    })
    .unwrap();
    // A person may restart it all the same, and is told.
    let (exit, report) = stage.run(&["services", "restart", "a"]);
    let warned = report["warnings"].to_string();
    assert!(exit == 0 && warned.contains("orca still proves its update to `r.invalid/a:1@bbbbbbbbbbbb`"), "{report:#}");
    let (exit, report) = ended(&running.end().unwrap());
    let ends = [("a".to_owned(), "rolled_back_with_stack".to_owned()), ("b".to_owned(), "rolled_back".to_owned())];
    assert_eq!((exit, outcomes(&report)), (1, ends.to_vec()), "{report:#}");
    for name in ["a", "b"] {
        assert_eq!(text(&stage.spec(name)["TaskTemplate"]["ContainerSpec"]["Image"]), image(name, 'a'));
    }
    // It is anybody's again.
    let (exit, report) = stage.run(&["services", "restart", "a", "b"]);
    assert_eq!((exit, report["warnings"].to_string().contains("still proves")), (0, false), "{report:#}");
}
