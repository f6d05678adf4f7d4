//! Services that keep failing and tasks that find no node: what is said, and what is done.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use orca::pass::autoheal::plan;
use orca::pass::memory::Memory;
use orca::plan::{Change, Plan};
use orca::settings::{Settings, Step};
use orca::snapshot::Snapshot;
use serde_json::{Value, json};

const TAKEN: &str = "2027-01-15T08:00:00Z";

fn ago(seconds: i64) -> String {
    (TAKEN.parse::<Timestamp>().unwrap() - SignedDuration::from_secs(seconds)).to_string()
}

fn node(name: &str, memory: u64) -> Value {
    json!({"ID": name, "Version": {"Index": 1}, "Spec": {"Role": "worker", "Availability": "active", "Labels": {}},
        "Description": {"Hostname": name, "Platform": {"OS": "linux", "Architecture": "x86_64"},
            "Resources": {"NanoCPUs": 4_000_000_000_u64, "MemoryBytes": memory},
            "Engine": {"Plugins": [{"Type": "Volume", "Name": "local"}]}},
        "Status": {"State": "ready", "Addr": "10.0.0.1"}})
}

fn service(labels: &Value, template: &Value) -> Value {
    let mut spec = json!({"Name": "web", "Labels": labels, "Mode": {"Replicated": {"Replicas": 1}},
        "TaskTemplate": {"ContainerSpec": {"Image": "app:2"}, "Placement": {}, "RestartPolicy": {"Condition": "any"}}});
    merge(&mut spec["TaskTemplate"], template);
    json!({"ID": "s1", "Version": {"Index": 7}, "Spec": spec})
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

fn ended(at: i64, state: &str, err: &str, code: i64) -> Value {
    json!({"ID": format!("t{at}"), "ServiceID": "s1", "NodeID": "node-1", "Slot": 1, "CreatedAt": ago(at + 5),
        "DesiredState": "shutdown", "Spec": {"ContainerSpec": {"Image": "app:2"}},
        "Status": {"State": state, "Err": err, "Timestamp": ago(at), "ContainerStatus": {"ContainerID": "c", "ExitCode": code}}})
}

fn live(state: &str, since: i64, node: &str) -> Value {
    json!({"ID": "live", "ServiceID": "s1", "NodeID": node, "Slot": 1, "CreatedAt": ago(since), "DesiredState": "running",
        "Status": {"State": state, "Timestamp": ago(since), "Err": "no suitable node"}})
}

fn snapshot(nodes: &[Value], service: &Value, tasks: &[Value]) -> Snapshot {
    let text = json!({"schema": "orca.snapshot/1", "taken_at": TAKEN, "api": "1.51",
        "info": {"Swarm": {"NodeID": "node-1", "Cluster": {"ID": "c"}}}, "nodes": nodes, "services": [service], "tasks": tasks});
    Snapshot::parse(&text.to_string()).unwrap()
}

fn look(service: &Value, tasks: &[Value], settings: &Settings, memory: &Memory) -> Plan {
    let cluster = snapshot(&[node("node-1", 8 << 30), node("node-2", 16 << 30)], service, tasks);
    plan(&cluster, settings, memory, cluster.taken_at)
}

fn three(err: &str, code: i64) -> Vec<Value> {
    [10, 20, 30].map(|at| ended(at, "failed", err, code)).to_vec()
}

#[test]
fn names_the_cause() {
    let limit = json!({"Resources": {"Limits": {"MemoryBytes": 8 << 20}}});
    for (state, err, code, template, word, says) in [
        ("rejected", "No such image: app:2", 0, json!({}), "image_missing", "can't pull it"),
        (
            "failed",
            "task: non-zero exit (137): dockerexec: unhealthy container",
            137,
            json!({}),
            "unhealthy",
            "healthcheck",
        ),
        ("failed", "task: non-zero exit (137)", 137, limit, "killed", "limit of 8.0 MiB"),
        ("failed", "task: non-zero exit (137)", 137, json!({}), "killed", "its node ran out of memory"),
        ("failed", "task: non-zero exit (3)", 3, json!({}), "exit_code", "exit code 3"),
        ("failed", "task: non-zero exit (139)", 139, json!({}), "exit_code", "segmentation fault"),
        ("complete", "", 0, json!({}), "exit_code", "ends well"),
        (
            "rejected",
            "invalid mount config for type \"bind\": bind source path does not exist: /x",
            0,
            json!({}),
            "mount_missing",
            "mounts",
        ),
        (
            "failed",
            "starting container failed: exec: \"x\": executable file not found in $PATH",
            127,
            json!({}),
            "not_started",
            "command",
        ),
        ("failed", "driver failed: port is already allocated", 0, json!({}), "port_taken", "port"),
        ("failed", "something new", 0, json!({}), "other", "no reason"),
    ] {
        let tasks: Vec<Value> = [10, 20, 30].iter().map(|at| ended(*at, state, err, code)).collect();
        let plan = look(&service(&json!({}), &template), &tasks, &Settings::default(), &Memory::default());
        let fact = &plan.data["flapping"][0];
        assert_eq!(fact["causes"][0]["cause"], word, "{err}");
        let [blocked] = plan.blocked.as_slice() else { panic!("{err}: {:?}", plan.blocked) };
        assert!(blocked.reasons.join("; ").contains(says), "{err}: {:?}", blocked.reasons);
        assert!(blocked.reasons.join("; ").contains("next: "), "{err}: {:?}", blocked.reasons);
    }
}

#[test]
fn what_does_not_flap_is_left_in_peace() {
    let quiet = service(&json!({}), &json!({}));
    let mut updated = quiet.clone();
    updated["UpdateStatus"] = json!({"State": "completed", "StartedAt": ago(5)});
    let mut none = quiet.clone();
    none["Spec"]["Mode"] = json!({"Replicated": {"Replicas": 0}});
    let mut job = quiet.clone();
    job["Spec"]["Mode"] = json!({"ReplicatedJob": {}});
    let with = |more: Value| [three("x", 1), vec![more]].concat();
    let evicted: Vec<Value> =
        [10, 20, 30].map(|at| ended(at, "rejected", "assigned node no longer meets constraints", 0)).to_vec();
    let other_slots: Vec<Value> = three("x", 1)
        .into_iter()
        .enumerate()
        .map(|(at, mut task)| {
            task["Slot"] = json!(at);
            task
        })
        .collect();
    for (why, service, tasks) in [
        ("two are not three", &quiet, three("x", 1)[1..].to_vec()),
        (
            "one of three is long past",
            &quiet,
            [three("x", 1)[1..].to_vec(), vec![ended(601, "failed", "x", 1)]].concat(),
        ),
        ("each slot for itself", &quiet, other_slots),
        ("moved away, not failed", &quiet, evicted),
        ("stopped on purpose", &quiet, [10, 20, 30].map(|at| ended(at, "shutdown", "", 0)).to_vec()),
        ("it has been running since", &quiet, with(live("running", 200, "node-1"))),
        ("an older version", &updated, three("x", 1)),
        ("scaled to nothing", &none, three("x", 1)),
        ("a job ends", &job, three("x", 1)),
    ] {
        let plan = look(service, &tasks, &Settings::default(), &Memory::default());
        assert!(plan.actions.is_empty() && plan.blocked.is_empty(), "{why}: {:?}", plan.blocked);
    }
    let plan = look(&quiet, &with(live("running", 20, "node-1")), &Settings::default(), &Memory::default());
    assert_eq!(plan.blocked.len(), 1, "it has been running for a moment only");
}

fn policy(label: &str) -> Value {
    let mut raw = service(&json!({"orca.autoheal": label}), &json!({}));
    raw["PreviousSpec"] = raw["Spec"].clone();
    raw["PreviousSpec"]["TaskTemplate"]["ContainerSpec"]["Image"] = json!("app:1");
    raw
}

fn step(plan: &Plan) -> String {
    match plan.actions.as_slice() {
        [] => format!(
            "blocked: {}",
            plan.blocked.last().map(|b| b.reasons.last().cloned().unwrap_or_default()).unwrap_or_default()
        ),
        [action] => action.change.kind().to_string(),
        more => format!("{} actions", more.len()),
    }
}

#[test]
fn the_policy_decides_what_is_done() {
    let mut no_placement = policy("restart");
    no_placement["Spec"]["TaskTemplate"].as_object_mut().unwrap().remove("Placement");
    let mut bare_previous = policy("rollback");
    bare_previous["PreviousSpec"]["TaskTemplate"].as_object_mut().unwrap().remove("Placement");
    let mut same = policy("rollback,scale-zero");
    same["PreviousSpec"] = same["Spec"].clone();
    same["PreviousSpec"]["TaskTemplate"]["ForceUpdate"] = json!(4);
    let mut first = policy("rollback");
    first.as_object_mut().unwrap().remove("PreviousSpec");
    let busy = |state: &str| {
        let mut raw = policy("restart");
        raw["UpdateStatus"] = json!({"State": state, "StartedAt": ago(500)});
        raw
    };
    let mut global = policy("scale-zero");
    global["Spec"]["Mode"] = json!({"Global": {}});
    let mut moving = policy("restart");
    moving["PreviousSpec"]["Labels"]["orca.move.restore"] = json!("{}");
    for (raw, wanted) in [
        (policy("restart"), "service.force_update"),
        (moving, "blocked: restart is not possible: a move of one of its tasks has not ended"),
        (policy("rollback"), "service.rollback"),
        (policy(" scale-zero "), "service.scale"),
        (policy("report"), "blocked: swarm's last words: x"),
        (policy("restrat"), "blocked: swarm's last words: x"),
        (same, "service.scale"),
        (no_placement, "blocked: restart is not possible: its spec has no Placement"),
        (bare_previous, "blocked: rollback is not possible: its previous spec has no Placement"),
        (first, "blocked: rollback is not possible: it has no spec before this one"),
        (global, "blocked: scale-zero is not possible: it is not a replicated service"),
        (busy("updating"), "blocked: an update is in progress"),
        (busy("paused"), "blocked: its update is paused"),
        (busy("rollback_started"), "blocked: a rollback is in progress"),
    ] {
        let plan = look(&raw, &three("x", 1), &Settings::default(), &Memory::default());
        assert!(step(&plan).starts_with(wanted), "{}: {wanted}", step(&plan));
        assert_eq!(plan.warnings.len(), usize::from(raw["Spec"]["Labels"]["orca.autoheal"] == "restrat"));
    }
    let mut settings = Settings::default();
    settings.autoheal.services.policy = vec![Step::Restart];
    let by_file = look(&service(&json!({}), &json!({})), &three("x", 1), &settings, &Memory::default());
    assert_eq!(step(&by_file), "service.force_update");
    settings.autoheal.services.max_actions = 0;
    let over = look(&policy("restart"), &three("x", 1), &settings, &Memory::default());
    assert!(step(&over).contains("max_actions"), "{}", step(&over));
}

#[test]
fn a_task_on_a_removed_node_forbids_every_step() {
    let tasks = [three("x", 1), vec![live("starting", 1, "node-gone")]].concat();
    let plan = look(&policy("restart"), &tasks, &Settings::default(), &Memory::default());
    assert!(step(&plan).contains("a node that is gone"), "{}", step(&plan));
}

#[test]
fn steps_are_taken_one_after_another_with_time_between() {
    let (raw, tasks, settings) = (policy("restart,rollback,scale-zero"), three("x", 1), Settings::default());
    let now: Timestamp = TAKEN.parse().unwrap();
    let backoff = Duration::from_secs(900);
    let mut memory = Memory::default();
    for wanted in ["service.force_update", "service.rollback", "service.scale"] {
        let plan = look(&raw, &tasks, &settings, &memory);
        assert_eq!(step(&plan), wanted);
        memory = plan.memory.unwrap();
        memory.attempt(plan.actions[0].attempt.as_deref().unwrap(), now);
        let waits = step(&look(&raw, &tasks, &settings, &memory));
        assert!(waits.contains("waits for another") || waits.contains("given it up"), "{waits}");
        let entry = memory.autoheal.services.values_mut().next().unwrap();
        entry.last = Some(now - backoff);
    }
    let last = look(&raw, &tasks, &settings, &memory);
    assert!(step(&last).contains("given it up"), "{}", step(&last));
    // A calm service is forgotten, so that its next illness begins at the first step.
    assert!(look(&raw, &[], &settings, &memory).memory.unwrap().autoheal.services.is_empty());
}

#[test]
fn pending_tasks_are_explained_with_the_closest_node() {
    let gib = 1_u64 << 30;
    let mounts = json!([{"Type": "volume", "Source": "v", "VolumeOptions": {"DriverConfig": {"Name": "rexray"}}}]);
    for (template, says, remedy) in [
        (
            json!({"Resources": {"Reservations": {"MemoryBytes": 32 * gib}}}),
            "it has 8.0 GiB of 8.0 GiB of memory free, a task reserves 32.0 GiB",
            "--reserve-memory",
        ),
        (
            json!({"Resources": {"Reservations": {"NanoCPUs": 4_500_000_000_u64}}}),
            "it has 4 of 4 CPUs free, a task reserves 4.5",
            "--reserve-cpu",
        ),
        (
            json!({"Resources": {"Reservations": {"GenericResources": [{"DiscreteResourceSpec": {"Kind": "gpu", "Value": 1}}]}}}),
            "it has 0 of 0 `gpu` free",
            "--generic-resource",
        ),
        (
            json!({"Placement": {"Constraints": ["node.labels.zone==a"]}}),
            "`node.labels.zone==a`",
            "--label-add zone=a node-1",
        ),
        (json!({"Placement": {"Constraints": ["node.role==manager"]}}), "`node.role==manager`", "--constraint-rm"),
        (
            json!({"Placement": {"Platforms": [{"OS": "linux", "Architecture": "arm64"}]}}),
            "it is linux/x86_64, the image is for linux/arm64",
            "platform",
        ),
        (json!({"ContainerSpec": {"Mounts": mounts}}), "no plugin `rexray`", "docker plugin install rexray"),
    ] {
        let plan =
            look(&service(&json!({}), &template), &[live("pending", 90, "")], &Settings::default(), &Memory::default());
        let [blocked] = plan.blocked.as_slice() else { panic!("{says}: {:?}", plan.blocked) };
        let text = blocked.reasons.join("\n");
        assert!(
            text.contains("closest is `node-1`") && text.contains(says) && text.contains(remedy),
            "{says}:\n{text}"
        );
        assert!(plan.actions.is_empty());
    }
    let young =
        look(&service(&json!({}), &json!({})), &[live("pending", 29, "")], &Settings::default(), &Memory::default());
    assert!(young.blocked.is_empty(), "it has hardly waited");
}

#[test]
fn the_node_with_the_fewest_obstacles_is_the_closest() {
    let template = json!({"Placement": {"Constraints": ["node.labels.zone==a"], "MaxReplicas": 1},
        "Resources": {"Reservations": {"MemoryBytes": 12_u64 << 30}}});
    let mut drained = node("node-3", 64 << 30);
    drained["Spec"]["Availability"] = json!("drain");
    let nodes = [node("node-1", 8 << 30), node("node-2", 16 << 30), drained];
    let mut busy = live("running", 500, "node-2");
    (busy["ID"], busy["Slot"]) = (json!("other"), json!(2));
    for (tasks, closest, says) in [
        (vec![live("pending", 90, "")], "node-2", "node.labels.zone"),
        // It runs there already: one replica, and its memory.
        (vec![live("pending", 90, ""), busy], "node-1", "of memory free"),
    ] {
        let cluster = snapshot(&nodes, &service(&json!({}), &template), &tasks);
        let plan = plan(&cluster, &Settings::default(), &Memory::default(), cluster.taken_at);
        assert_eq!(plan.data["pending"][0]["closest"], closest);
        assert!(plan.blocked[0].reasons[1].contains(says), "{:?}", plan.blocked[0].reasons);
    }
}

#[test]
fn a_rollback_is_said_with_both_images() {
    let plan = look(&policy("rollback"), &three("x", 1), &Settings::default(), &Memory::default());
    let Change::Rollback { before, after } = &plan.actions[0].change else { panic!() };
    assert_eq!((before.as_str(), after.as_str()), ("app:2", "app:1"));
    assert!(plan.actions[0].disruptive);
}

#[test]
fn a_jobs_task_that_waits_is_explained_and_one_that_runs_takes_room() {
    let gib = 1_u64 << 30;
    let mut job = service(&json!({}), &json!({"Resources": {"Reservations": {"MemoryBytes": 12 * gib}}}));
    job["Spec"]["Mode"] = json!({"ReplicatedJob": {"MaxConcurrent": 2, "TotalCompletions": 2}});
    let task = |id: &str, state: &str, node: &str| {
        let mut raw = live(state, 90, node);
        raw["ID"] = json!(id);
        raw["DesiredState"] = json!("complete");
        raw
    };
    let tasks = [task("t1", "running", "node-2"), task("t2", "pending", "")];
    let plan = look(&job, &tasks, &Settings::default(), &Memory::default());
    let text = plan.blocked[0].reasons.join("\n");
    assert!(text.contains("1 task waits") && text.contains("2 nodes: memory"), "{text}");
}

#[test]
fn a_node_that_orca_itself_has_paused_is_not_to_be_woken_by_hand() {
    let mut paused = node("node-1", 8 << 30);
    paused["Spec"]["Availability"] = json!("pause");
    paused["Spec"]["Labels"]["orca.move.pause"] = json!("web");
    let cluster = snapshot(&[paused], &service(&json!({}), &json!({})), &[live("pending", 90, "")]);
    let plan = plan(&cluster, &Settings::default(), &Memory::default(), cluster.taken_at);
    let text = plan.blocked[0].reasons.join("\n");
    assert!(text.contains("a move of orca pauses it") && text.contains("orca rebalance recover"), "{text}");
}

#[test]
fn what_the_swarm_has_written_down_is_as_old_as_its_engine_says() {
    let (raw, tasks) = (service(&json!({}), &json!({})), [live("pending", 29, "")]);
    let mut cluster = snapshot(&[node("node-1", 8 << 30)], &raw, &tasks);
    // This host's clock is an hour ahead of the engine's.
    let ahead = cluster.taken_at + SignedDuration::from_hours(1);
    assert!(plan(&cluster, &Settings::default(), &Memory::default(), ahead).blocked.is_empty());
    cluster.engine_time += SignedDuration::from_secs(1);
    assert_eq!(plan(&cluster, &Settings::default(), &Memory::default(), ahead).blocked.len(), 1);
}
