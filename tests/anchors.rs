//! What `anchors follow` plans look after look, with clocks that the test sets.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use orca::model::ServiceId;
use orca::pass::Pass;
use orca::pass::memory::{HealedService, Memory};
use orca::plan::{Change, Plan};
use orca::settings::{Settings, Source, SourceKind, parse};
use orca::snapshot::Snapshot;
use serde_json::{Value, json};

const CONFIG: &str = "stack: web\ndependencies: { db: [app] }\n";
const NOW: &str = "2026-11-21T12:00:00Z";

/// `web_db` runs on `node-2`, which has the label; `web_app` is constrained on it.
struct World {
    /// Where the dependent's task is; none: it is pending.
    app_on: Option<&'static str>,
    app_state: &'static str,
    /// Why the scheduler has not placed it.
    err: &'static str,
    update: Option<&'static str>,
    constrained: bool,
    db_runs: bool,
    /// By the engine's clock, before now.
    age: SignedDuration,
    /// The engine's clock is ahead of orca's by this.
    ahead: SignedDuration,
}

impl World {
    fn new() -> Self {
        Self {
            app_on: Some("node-2"),
            app_state: "running",
            err: "",
            update: None,
            constrained: true,
            db_runs: true,
            age: SignedDuration::from_hours(1),
            ahead: SignedDuration::ZERO,
        }
    }

    /// Runs on a node where its anchor does not.
    fn astray() -> Self {
        Self { app_on: Some("node-1"), ..Self::new() }
    }

    fn snapshot(&self, now: Timestamp) -> Snapshot {
        let there = now + self.ahead;
        let made = (there - self.age).to_string();
        let node = |name: &str, labels: Value| {
            json!({"ID": name, "Version": {"Index": 1}, "Spec": {"Labels": labels, "Role": "manager", "Availability": "active"},
                "Description": {"Hostname": name}, "Status": {"State": "ready"}})
        };
        let service = |name: &str, constraints: &[&str], update: Option<&str>| {
            let mut raw = json!({"ID": name, "Version": {"Index": 1}, "Spec": {"Name": name, "Mode": {"Replicated": {"Replicas": 1}},
                "TaskTemplate": {"ContainerSpec": {"Image": "127.0.0.1:1/bb:1"}, "Placement": {"Constraints": constraints}}}});
            if let Some(state) = update {
                raw["UpdateStatus"] = json!({"State": state});
            }
            raw
        };
        let task = |service: &str, node: &str, state: &str, err: &str| {
            json!({"ID": format!("task-of-{service}"), "Version": {"Index": 1}, "CreatedAt": made, "ServiceID": service, "Slot": 1,
                "NodeID": node, "DesiredState": "running", "Status": {"State": state, "Err": err, "Timestamp": made}})
        };
        let constraints: &[&str] = if self.constrained { &["node.labels.db==true"] } else { &[] };
        let mut tasks = vec![task("web_app", self.app_on.unwrap_or_default(), self.app_state, self.err)];
        tasks.extend(self.db_runs.then(|| task("web_db", "node-2", "running", "")));
        let document = json!({
            "schema": "orca.snapshot/1", "taken_at": now, "api": "1.51",
            "info": {"Name": "node-1", "SystemTime": there, "Swarm": {"NodeID": "node-1", "Cluster": {"ID": "c"}}},
            "nodes": [node("node-1", json!({})), node("node-2", json!({"db": "true"}))],
            "services": [service("web_app", constraints, self.update), service("web_db", &[], None)],
            "tasks": tasks,
        });
        Snapshot::parse(&document.to_string()).unwrap()
    }
}

/// An orca that looks again and again.
struct Watch {
    settings: Settings,
    memory: Memory,
    now: Timestamp,
}

impl Watch {
    fn new() -> Self {
        Self::with(CONFIG)
    }

    fn with(config: &str) -> Self {
        let source = Source { name: "orca.yml".to_owned(), kind: SourceKind::Main, text: config.to_owned() };
        let settings = parse(&[source], &BTreeMap::new()).unwrap();
        Self { settings, memory: Memory::default(), now: NOW.parse().unwrap() }
    }

    /// Looks so many seconds after the last look.
    fn look(&mut self, later: i64, world: &World) -> Plan {
        self.now += SignedDuration::from_secs(later);
        let plan = Pass::Anchors(None).plan(&world.snapshot(self.now), &self.settings, &self.memory, self.now);
        self.memory = plan.memory.clone().unwrap();
        plan
    }

    /// The same, and carries out what is planned as far as orca's memory goes.
    fn act(&mut self, later: i64, world: &World) -> Plan {
        let plan = self.look(later, world);
        for key in plan.actions.iter().filter_map(|action| action.attempt.as_deref()) {
            self.memory.attempt(key, self.now);
        }
        plan
    }
}

fn restarts(plan: &Plan) -> usize {
    plan.actions.iter().filter(|action| matches!(action.change, Change::ForceUpdate { .. })).count()
}

fn reasons(plan: &Plan) -> String {
    plan.blocked.iter().flat_map(|blocked| blocked.reasons.clone()).collect::<Vec<_>>().join("; ")
}

#[test]
fn what_other_passes_remember_stays() {
    let mut watch = Watch::new();
    let web = ServiceId("web_app".to_owned());
    watch.memory.autoheal.services.insert(web.clone(), HealedService::default());
    drop(watch.look(0, &World::new()));
    assert!(watch.memory.autoheal.services.contains_key(&web), "autoheal would begin its ladder anew");
}

#[test]
fn a_rollout_that_goes_on_by_itself_is_no_reason_to_call_somebody() {
    let pending = World { app_on: None, app_state: "pending", err: "no suitable node", ..World::new() };
    let starting = World { app_state: "starting", ..World::new() };
    for update in ["updating", "rollback_started"] {
        for world in [World::new(), World::astray(), World { ..pending }, World { ..starting }] {
            let (world, mut watch) = (World { update: Some(update), ..world }, Watch::new());
            // However long it takes.
            for later in [0, 30, 30, 600, 600] {
                let plan = watch.look(later, &world);
                assert_eq!((restarts(&plan), reasons(&plan).as_str()), (0, ""), "{update}");
                assert_eq!(plan.unsettled.len(), 1, "--wait waits for it: {plan:#?}");
            }
        }
    }
}

#[test]
fn a_rollout_that_keeps_orca_from_a_repair_that_is_due_is_said() {
    let (mut watch, rolls) = (Watch::new(), World { update: Some("updating"), ..World::astray() });
    drop(watch.look(0, &World::astray()));
    drop(watch.look(1, &World::astray()));
    assert_eq!(reasons(&watch.look(1, &rolls)), "", "not yet due: its time does not count");
    // One that orca began does not bring the dependent back, and the next step of the ladder is due.
    let mut watch = Watch::new();
    drop(watch.look(0, &World::astray()));
    assert_eq!(restarts(&watch.act(5, &World::astray())), 1);
    assert_eq!(reasons(&watch.look(5, &rolls)), "");
    assert_eq!(reasons(&watch.look(6, &rolls)), "an update is in progress");
}

#[test]
fn what_is_stuck_is_said_at_once() {
    for (update, reason) in [
        ("paused", "its update is paused"),
        ("rollback_paused", "its rollback is paused"),
        ("of_the_future", "its update is in a state that this orca does not know"),
    ] {
        let world = |world| World { update: Some(update), ..world };
        assert_eq!(reasons(&Watch::new().look(0, &world(World::astray()))), reason);
        let plan = Watch::new().look(0, &world(World { app_state: "starting", ..World::new() }));
        assert_eq!(reasons(&plan), reason, "nothing moves any more");
        let plan = Watch::new().look(0, &world(World::new()));
        assert_eq!((reasons(&plan).as_str(), plan.unsettled.as_slice()), ("", [].as_slice()), "it is in place");
    }
}

#[test]
fn a_rollout_stands_in_the_way_of_a_constraint_only_where_there_is_a_place() {
    let config = "stack: web\noptions: { enforce: true }\ndependencies: { db: [app] }\n";
    let world = |db_runs| World { constrained: false, update: Some("updating"), db_runs, ..World::new() };
    assert!(reasons(&Watch::with(config).look(0, &world(true))).contains("an update is in progress"));
    assert_eq!(reasons(&Watch::with(config).look(0, &world(false))), "", "there is nothing to be added yet");
}

#[test]
fn two_mismatches_that_pass_are_not_one_that_stays() {
    let starting = World { app_state: "starting", ..World::new() };
    for between in [World::new(), starting] {
        let mut watch = Watch::new();
        for (later, world) in [(0, &World::astray()), (30, &between), (30, &World::astray())] {
            assert_eq!(restarts(&watch.look(later, world)), 0, "{later}");
        }
        assert_eq!(restarts(&watch.look(3, &World::astray())), 1, "one that stays is repaired");
    }
}

/// The ladder itself is not reset by a look at a dependent that is well placed for a moment.
#[test]
fn a_moment_in_place_does_not_shorten_the_way_to_giving_up() {
    let mut watch = Watch::new();
    drop(watch.look(0, &World::astray()));
    assert_eq!(restarts(&watch.act(2, &World::astray())), 1);
    let young = World { age: SignedDuration::from_secs(1), ..World::new() };
    let mut gave_up = None;
    for round in 0..200 {
        drop(watch.act(10, &World::astray()));
        if reasons(&watch.act(10, &World::astray())).contains("gave up") {
            gave_up = Some(round);
            break;
        }
        drop(watch.act(5, &young));
    }
    // Two seconds at first, then ten a round (twenty in the first): the time around a look that found it in place is not counted.
    assert_eq!(gave_up, Some(58));
}

#[test]
fn what_was_just_made_is_on_its_way_by_the_engines_clock() {
    let pending = World { app_on: None, app_state: "pending", ..World::new() };
    for ahead in [SignedDuration::ZERO, SignedDuration::from_hours(-3), SignedDuration::from_hours(3)] {
        let young = World { age: SignedDuration::from_secs(5), ahead, ..pending };
        let plan = Watch::new().look(0, &young);
        assert_eq!(plan.unsettled, ["`web_app` is on its way"], "{ahead}");
        let plan = Watch::new().look(0, &World { age: SignedDuration::from_secs(61), ..young });
        assert_eq!(plan.unsettled, ["`web_app`: it is pending"], "{ahead}");
        // The scheduler has looked at it and says why: that is no matter of time.
        let plan = Watch::new().look(0, &World { err: "no suitable node", ..young });
        assert_eq!(plan.unsettled, ["`web_app`: it is pending: no suitable node"], "{ahead}");
    }
}

#[test]
fn how_long_an_anchor_has_been_absent_is_only_what_was_seen() {
    let config = "stack: web\noptions: { hold: 10m }\ndependencies: { db: [app] }\n";
    let (mut watch, absent) = (Watch::with(config), World { db_runs: false, ..World::new() });
    for (later, world) in [(0, &absent), (500, &absent), (50, &World::new()), (50, &absent), (500, &absent)] {
        assert_eq!(watch.look(later, world).actions.len(), 0, "{later}");
    }
    assert_eq!(watch.look(100, &absent).actions.len(), 1, "ten minutes in a row");
}
