//! Laws that hold for every cluster and every config: planning again finds nothing to do, equal input gives an equal
//! plan, nothing makes a planner panic, and what is not orca's is never touched.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use orca::engine::edit::edited_spec;
use orca::model::node::{RECORD_LABEL, record_keys};
use orca::pass::Pass;
use orca::pass::memory::Memory;
use orca::plan::{Action, Change, Plan, TargetKind};
use orca::settings::{Settings, Source, SourceKind, parse};
use orca::snapshot::Snapshot;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

/// Keys that configs give to nodes, that anchors use, and that belong to others.
const STATIC: [&str; 3] = ["ssd", "zone", "rack"];
const ANCHORS: [&str; 3] = ["db", "app", "cache"];
const FOREIGN: [&str; 2] = ["mine", "com.example.x"];
const NAMES: [&str; 3] = ["n1", "n2", "n3"];
const SERVICES: [&str; 5] = ["web_db", "web_app", "web_cache", "web_proxy", "web_cron"];
const STATES: [&str; 16] = [
    "new",
    "allocated",
    "pending",
    "assigned",
    "accepted",
    "preparing",
    "ready",
    "starting",
    "running",
    "complete",
    "shutdown",
    "failed",
    "rejected",
    "remove",
    "orphaned",
    "hibernating",
];
const STAMPS: [&str; 5] = [
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:01.5Z",
    "2025-12-31T23:00:00.123456789Z",
    "2099-01-01T00:00:00Z",
    "when?",
];
const NOW: &str = "2026-01-01T00:10:00Z";

/// A cluster's raw objects, in the engine's order.
#[derive(Debug, Clone)]
struct World {
    nodes: Vec<Value>,
    services: Vec<Value>,
    tasks: Vec<Value>,
}

fn text(choices: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(choices).prop_map(str::to_owned)
}

fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    let keys = [&STATIC[..], &ANCHORS, &FOREIGN].concat();
    let record = option::of(subsequence([&STATIC[..], &FOREIGN, &ANCHORS[..1], &["gone"]].concat(), 0..4));
    (btree_map(select(keys).prop_map(str::to_owned), text(&["true", "a", "b", ""]), 0..6), record).prop_map(
        |(mut labels, record)| {
            labels.extend(record.map(|keys| (RECORD_LABEL.to_owned(), keys.join(","))));
            labels
        },
    )
}

fn node() -> impl Strategy<Value = (String, Value)> {
    let state = prop_oneof![4 => Just("ready".to_owned()), 1 => text(&["down", "unknown", "disconnected", "dreaming"])];
    let availability = text(&["active", "active", "pause", "drain", "resting"]);
    (text(&NAMES), state, availability, labels(), option::of(any::<bool>())).prop_map(
        |(name, state, availability, labels, leader)| {
            let mut node = json!({
                "Spec": {"Labels": labels, "Role": "manager", "Availability": availability, "Future": {"kept": [1]}},
                "Description": {"Hostname": name}, "Status": {"State": state}, "Later": true,
            });
            if let Some(leader) = leader {
                node["ManagerStatus"] = json!({"Leader": leader});
            }
            (name, node)
        },
    )
}

fn service(name: &'static str) -> impl Strategy<Value = Value> {
    let fitting = select(vec!["node.labels.db==true", "node.labels.app == TRUE", "node.labels.cache==true"]);
    let constraint = prop_oneof![3 => fitting, 1 => select(vec!["node.labels.db!=true", "node.role==worker", "?"])];
    let other =
        [json!({"Global": {}}), json!({"ReplicatedJob": {}}), json!({"GlobalJob": {}}), json!({"Swarming": {}})];
    let replicated = (0..3_u64).prop_map(|replicas| json!({"Replicated": {"Replicas": replicas}}));
    let mode = prop_oneof![6 => replicated, 1 => select(other.to_vec())];
    let update = option::weighted(
        0.3,
        text(&[
            "updating",
            "paused",
            "completed",
            "rollback_started",
            "rollback_paused",
            "rollback_completed",
            "dreaming",
        ]),
    );
    let placement = prop_oneof![8 => Just(true), 1 => Just(false)];
    (vec(constraint, 0..3), mode, update, placement, 0..3_u64).prop_map(
        move |(constraints, mode, update, placement, forced)| {
            let mut service = json!({
                "Spec": {
                    "Name": name, "Mode": mode, "Labels": {"x": "y"},
                    "TaskTemplate": {"ContainerSpec": {"Image": "i", "Later": 1}, "ForceUpdate": forced},
                },
            });
            if placement {
                service["Spec"]["TaskTemplate"]["Placement"] = json!({"Constraints": constraints, "Later": 2});
            }
            if let Some(state) = update {
                service["UpdateStatus"] = json!({"State": state});
            }
            service
        },
    )
}

fn task() -> impl Strategy<Value = Value> {
    let service = prop_oneof![9 => (0..SERVICES.len()).prop_map(|at| format!("s{at}")), 1 => Just(String::new())];
    let node = prop_oneof![6 => (0..3_usize).prop_map(|at| format!("node{at}")), 1 => text(&["node9", ""])];
    let desired = prop_oneof![4 => Just("running".to_owned()), 1 => text(&["ready", "shutdown", "complete", "remove", "hibernating"])];
    let stamps = (option::of(text(&STAMPS)), option::of(text(&STAMPS)));
    let state = prop_oneof![4 => Just("running".to_owned()), 1 => text(&STATES)];
    (service, node, desired, state, stamps, 0..3_u64, option::of(text(&["no suitable node", ""]))).prop_map(
        |(service, node, desired, state, (created, changed), slot, err)| {
            let mut task = json!({
                "ServiceID": service, "NodeID": node, "DesiredState": desired, "Slot": slot,
                "Status": {"State": state, "Later": 3},
            });
            if let Some(created) = created {
                task["CreatedAt"] = created.into();
            }
            if let Some(changed) = changed {
                task["Status"]["Timestamp"] = changed.into();
            }
            if let Some(err) = err {
                task["Status"]["Err"] = err.into();
            }
            task
        },
    )
}

fn world() -> impl Strategy<Value = World> {
    let services: Vec<_> = SERVICES.map(|name| option::weighted(0.8, service(name)).boxed()).into();
    (vec(node(), 2..5), services, vec(task(), 0..14)).prop_map(|(nodes, services, tasks)| {
        let identify = |(at, mut object): (usize, Value), prefix: &str| {
            object["ID"] = format!("{prefix}{at}").into();
            object["Version"] = json!({"Index": 100 + at});
            object
        };
        World {
            nodes: nodes.into_iter().map(|(_, node)| node).enumerate().map(|pair| identify(pair, "node")).collect(),
            services: services
                .into_iter()
                .enumerate()
                .filter_map(|(at, service)| Some(identify((at, service?), "s")))
                .collect(),
            tasks: tasks.into_iter().enumerate().map(|pair| identify(pair, "t")).collect(),
        }
    })
}

/// A config that is right, whatever it says.
fn config() -> impl Strategy<Value = String> {
    let name = select(vec!["n1", "n2", "n3", "n4", "node0"]);
    let labels = btree_map(select(STATIC.to_vec()), select(vec!["true", "a", "b"]), 0..3);
    let anchor = (any::<bool>(), any::<bool>(), option::of(0..1000_u32), any::<bool>());
    let flags = (any::<bool>(), anchor, btree_set(select(ANCHORS.to_vec()), 1..4));
    (btree_map(name, labels, 0..4), flags).prop_map(|(nodes, (prune, (enforce, restart, hold, chain), anchors))| {
        let nodes: BTreeMap<_, _> = nodes.into_iter().map(|(name, labels)| (name, json!({"labels": labels}))).collect();
        let dependents = |anchor: &str| match anchor {
            "db" if chain => json!(["app", "cron"]),
            "db" => json!(["cron"]),
            "app" => json!(["proxy"]),
            _ if chain => json!([]),
            _ => json!(["absent"]),
        };
        let anchors: BTreeMap<_, _> = anchors.into_iter().map(|anchor| (anchor, dependents(anchor))).collect();
        let mut options = json!({
            "prune_unknown_labels": prune, "enforce": enforce, "restart_dependents": restart,
            "retry_intervals": [1, 60], "max_mismatch": 1800,
        });
        if let Some(hold) = hold {
            options["hold"] = hold.into();
        }
        json!({"stack": "web", "nodes": nodes, "options": options, "dependencies": anchors}).to_string()
    })
}

fn memory() -> impl Strategy<Value = Memory> {
    let stamp = || option::of(select(STAMPS[..4].to_vec()));
    let watch = || {
        let watch = (0..2_000_000_u64, select(STAMPS[..4].to_vec()));
        option::of(watch.prop_map(|(total, last)| json!({"total_ms": total, "last": last})))
    };
    let tasks = || btree_map(text(&["1", "2"]), (0..14_usize).prop_map(|at| format!("t{at}")), 0..3);
    let anchor = (tasks(), watch()).prop_map(|(tasks, absent)| json!({"tasks": tasks, "absent": absent}));
    let dependent = (0..5_u32, stamp(), watch(), watch(), tasks(), any::<bool>()).prop_map(
        |(attempts, last_attempt, misplaced, placed, successors, keeps_ending)| {
            json!({
                "attempts": attempts, "last_attempt": last_attempt, "misplaced": misplaced, "placed": placed,
                "successors": successors, "keeps_ending": keeps_ending,
            })
        },
    );
    let keys = text(&["db/cron", "db/app", "app/proxy", "cache/absent"]);
    (btree_map(text(&ANCHORS), anchor, 0..4), btree_map(keys, dependent, 0..5)).prop_map(|(anchors, dependents)| {
        serde_json::from_value(json!({"anchors": anchors, "dependents": dependents})).unwrap()
    })
}

fn settings(config: &str) -> Settings {
    let source = Source { name: "orca.yml".to_owned(), kind: SourceKind::Main, text: config.to_owned() };
    parse(&[source], &BTreeMap::new()).unwrap_or_else(|problems| panic!("{config}: {problems:?}"))
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

impl World {
    fn snapshot(&self) -> Snapshot {
        let Self { nodes, services, tasks } = self;
        let document = json!({
            "schema": "orca.snapshot/1", "taken_at": NOW, "api": "1.51",
            "info": {"Name": "n1", "Swarm": {"NodeID": "node0", "Cluster": {"ID": "c"}}},
            "nodes": nodes, "services": services, "tasks": tasks,
        });
        Snapshot::parse(&document.to_string()).unwrap()
    }

    fn plan(&self, pass: &Pass, config: &str, memory: &Memory) -> Plan {
        pass.plan(&self.snapshot(), &settings(config), memory, now())
    }

    /// Makes the changes as orca would write them; nothing else happens.
    fn apply(&self, actions: &[Action]) -> Self {
        let mut after = self.clone();
        for action in actions {
            let objects = if action.target.kind == TargetKind::Node { &mut after.nodes } else { &mut after.services };
            let object = objects.iter_mut().find(|object| object["ID"] == action.target.id.as_str()).unwrap();
            let raw = serde_json::value::to_raw_value(object).unwrap();
            object["Spec"] = edited_spec(&raw, &[&action.change]).unwrap();
        }
        after
    }

    fn labels(&self, id: &str) -> BTreeMap<String, String> {
        let node = self.nodes.iter().find(|node| node["ID"] == id).unwrap();
        serde_json::from_value(node["Spec"]["Labels"].clone()).unwrap()
    }
}

fn label_key(change: &Change) -> Option<&str> {
    match change {
        Change::LabelSet { key, .. } | Change::LabelRemove { key, .. } => Some(key),
        _ => None,
    }
}

fn shuffled() -> impl Strategy<Value = (World, World)> {
    world().prop_flat_map(|world| {
        let World { nodes, services, tasks } = world.clone();
        let other = (Just(nodes).prop_shuffle(), Just(services).prop_shuffle(), Just(tasks).prop_shuffle());
        let other = other.prop_map(|(nodes, services, tasks)| World { nodes, services, tasks });
        (Just(world), other)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn labels_once_synced_are_in_sync(world in world(), config in config()) {
        let plan = world.plan(&Pass::Labels, &config, &Memory::default());
        let after = world.apply(&plan.actions);
        let again = after.plan(&Pass::Labels, &config, &Memory::default());
        prop_assert!(again.actions.is_empty(), "first {plan:#?}\nthen {again:#?}");
        prop_assert_eq!(again.blocked, plan.blocked);
    }

    #[test]
    fn labels_of_others_are_never_touched(world in world(), config in config()) {
        let settings = settings(&config);
        let plan = world.plan(&Pass::Labels, &config, &Memory::default());
        let after = world.apply(&plan.actions);
        let anchors: BTreeSet<_> = settings.anchors.iter().map(|anchor| anchor.label.key.as_str()).collect();
        let named: BTreeSet<_> = settings.nodes.values().flat_map(|node| node.labels.keys().map(String::as_str)).collect();
        for (old, new) in world.nodes.iter().zip(&after.nodes) {
            let id = old["ID"].as_str().unwrap();
            let (before, now) = (world.labels(id), after.labels(id));
            let record = record_keys(before.get(RECORD_LABEL).map(String::as_str));
            let keys = before.keys().chain(now.keys()).filter(|key| before.get(*key) != now.get(*key));
            for key in keys.filter(|key| *key != RECORD_LABEL) {
                let ours = named.contains(key.as_str()) || record.contains(key) || settings.options.prune_unknown_labels;
                prop_assert!(ours && !anchors.contains(key.as_str()), "{key} of {id}: {plan:#?}");
            }
            // Nothing but labels has changed, known or unknown.
            let (mut old, mut new) = (old.clone(), new.clone());
            old["Spec"]["Labels"].take();
            new["Spec"]["Labels"].take();
            prop_assert_eq!(old, new);
        }
    }

    #[test]
    fn labels_that_the_file_gives_are_there_in_the_end(world in world(), config in config()) {
        let plan = world.plan(&Pass::Labels, &config, &Memory::default());
        let after = world.apply(&plan.actions);
        for action in &plan.actions {
            if let Change::LabelSet { key, after: value, .. } = &action.change {
                let labels = after.labels(&action.target.id);
                prop_assert_eq!(labels.get(key), Some(value));
                prop_assert!(record_keys(labels.get(RECORD_LABEL).map(String::as_str)).contains(key));
            }
        }
    }

    #[test]
    fn anchors_once_followed_have_their_labels(world in world(), config in config(), memory in memory()) {
        let plan = world.plan(&Pass::Anchors(None), &config, &memory);
        let after = world.apply(&plan.actions);
        let next = plan.memory.clone().unwrap();
        let again = after.plan(&Pass::Anchors(None), &config, &next);
        let lasting = |action: &&Action| !matches!(action.change, Change::ForceUpdate { .. });
        prop_assert_eq!(again.actions.iter().find(lasting), None, "first {:#?}", plan);
    }

    #[test]
    fn an_anchor_that_runs_nowhere_keeps_its_label(world in world(), config in config(), memory in memory()) {
        let settings = settings(&config);
        let snapshot = world.snapshot();
        let plan = world.plan(&Pass::Anchors(None), &config, &memory);
        for anchor in settings.anchors.iter().filter(|anchor| anchor.hold.is_none()) {
            let service = anchor.service.iter().find_map(|name| snapshot.service(name));
            let runs = service.is_some_and(|service| {
                snapshot.tasks.iter().any(|task| {
                    let node = snapshot.node(&task.node);
                    task.service == service.id && task.running() && node.is_some_and(|node| node.state == orca::model::node::NodeState::Ready)
                })
            });
            let removes = |action: &&Action| matches!(&action.change, Change::LabelRemove { key, .. } if *key == anchor.label.key);
            prop_assert!(runs || !plan.actions.iter().any(|action| removes(&action)), "{}: {plan:#?}", anchor.name);
        }
    }

    #[test]
    fn anchors_touch_no_other_label(world in world(), config in config(), memory in memory()) {
        let settings = settings(&config);
        let anchors: BTreeSet<_> = settings.anchors.iter().map(|anchor| anchor.label.key.as_str()).collect();
        let plan = world.plan(&Pass::Anchors(None), &config, &memory);
        let keys = plan.actions.iter().filter_map(|action| label_key(&action.change));
        prop_assert!(keys.into_iter().all(|key| anchors.contains(key)), "{plan:#?}");
    }

    #[test]
    fn equal_input_gives_an_equal_plan((one, other) in shuffled(), config in config(), memory in memory()) {
        for pass in &Pass::ALL {
            let plan = one.plan(pass, &config, &memory);
            let told = |world: &World| world.plan(pass, &config, &memory);
            prop_assert_eq!(&plan, &told(&other));
            let (one, other) = (one.apply(&plan.actions), other.apply(&plan.actions));
            prop_assert_eq!(told(&one), told(&other));
        }
    }

    #[test]
    fn every_action_says_why_and_is_there_once(world in world(), config in config(), memory in memory()) {
        let followed = world.apply(&world.plan(&Pass::Anchors(None), &config, &memory).actions);
        for (world, pass) in [(&world, &Pass::Labels), (&world, &Pass::Anchors(None)), (&followed, &Pass::Anchors(None))] {
            let plan = world.plan(pass, &config, &memory);
            let ids: BTreeSet<_> = plan.actions.iter().map(|action| &action.id).collect();
            prop_assert_eq!(ids.len(), plan.actions.len(), "{:#?}", plan);
            prop_assert!(plan.actions.iter().all(|action| !action.reason.is_empty()), "{plan:#?}");
            prop_assert!(plan.blocked.iter().all(|blocked| !blocked.reasons.is_empty()), "{plan:#?}");
            // What an action waits for comes before it.
            for (at, action) in plan.actions.iter().enumerate() {
                let earlier: BTreeSet<_> = plan.actions[..at].iter().map(|action| &action.id).collect();
                prop_assert!(action.requires.iter().all(|id| earlier.contains(id)), "{plan:#?}");
            }
        }
    }
}
