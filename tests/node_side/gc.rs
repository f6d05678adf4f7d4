//! What `gc` takes and what it leaves, case by case.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use orca::engine::local::{Identity, Stock};
use orca::model::stock::DiskUse;
use orca::pass::gc::keep::{Facts, Keep};
use orca::pass::gc::{Input, Sweep, plan};
use orca::settings::{Exclude, Gc};
use orca::snapshot::Snapshot;
use serde_json::{Value, json};

pub const NOW: i64 = 1_800_000_000;
/// Long before, and shortly before.
const OLD: i64 = NOW - 1_000_000;
const NEW: i64 = NOW - 60;

pub fn stock(df: Value, networks: Value) -> Stock {
    let mut df: DiskUse = serde_json::from_value(df).unwrap();
    Stock {
        engine: Identity { now: Timestamp::from_second(NOW).unwrap(), node: "n1".to_owned(), ..Identity::default() },
        containers: df.containers(),
        images: df.images(),
        volumes: df.volumes(),
        networks: serde_json::from_value(networks).unwrap(),
        build_cache: std::mem::take(&mut df.build_cache),
        layers_bytes: df.layers_size,
        ..Stock::default()
    }
}

pub fn cluster(services: &Value, tasks: &Value) -> Snapshot {
    let text = json!({"schema": "orca.snapshot/1", "taken_at": "2027-01-15T08:00:00Z", "api": "1.51",
        "info": {"Name": "node-1", "Swarm": {"NodeID": "n1", "Cluster": {"ID": "c"}}},
        "nodes": [], "services": services, "tasks": tasks});
    Snapshot::parse(&text.to_string()).unwrap()
}

fn container(name: &str, image: &str, state: &str, status: &str, more: Value) -> Value {
    let mut raw = json!({"Id": format!("id-{name}"), "Names": [format!("/{name}")], "ImageID": image, "Created": OLD,
        "State": state, "Status": status, "Labels": {}, "SizeRw": 10, "Mounts": [], "NetworkSettings": {"Networks": {}}});
    raw.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    raw
}

fn image(id: &str, tags: &[&str], created: i64) -> Value {
    json!({"Id": format!("sha256:{id}"), "RepoTags": tags, "RepoDigests": [], "Created": created, "Size": 100,
        "SharedSize": 40, "Labels": null, "ParentId": ""})
}

fn volume(name: &str, created: &str) -> Value {
    json!({"Name": name, "Driver": "local", "CreatedAt": created, "Labels": null,
        "UsageData": {"RefCount": 0, "Size": 7}})
}

fn service(image: &str, previous: Option<&str>, mounts: Value) -> Value {
    let spec = |image: &str, mounts: Value| {
        json!({"Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": image, "Mounts": mounts}, "Placement": {}},
            "Mode": {"Replicated": {"Replicas": 1}}})
    };
    let mut raw = json!({"ID": "s1", "Version": {"Index": 1}, "Spec": spec(image, mounts)});
    if let Some(previous) = previous {
        raw["PreviousSpec"] = spec(previous, json!([{"Type": "volume", "Source": "before"}]));
    }
    raw
}

/// What goes, as `kind name`.
fn goes(sweep: &Sweep) -> Vec<String> {
    sweep.plan.actions.iter().map(|action| format!("{} {}", action.target.kind.name(), action.target.name)).collect()
}

fn sweep_with(stock: &Stock, facts: Facts<'_>, settings: &Gc, volumes: &[&str], disk: Option<f64>) -> Sweep {
    let volumes: BTreeSet<String> = volumes.iter().map(|name| (*name).to_owned()).collect();
    plan(&Input { node: "node-1", stock, facts, settings, volumes: &volumes, only: None, disk })
}

fn sweep(stock: &Stock) -> Sweep {
    sweep_with(stock, Facts::Standalone, &Gc::default(), &[], None)
}

#[test]
fn stopped_containers_go_after_the_grace() {
    let pinned = json!({"Labels": {"orca.gc": "keep"}});
    for (name, state, status, more, wanted) in [
        ("running", "running", "Up 3 days", json!({}), false),
        ("paused", "paused", "Up 3 days (Paused)", json!({}), false),
        ("restarting", "restarting", "Restarting (1) 4 days ago", json!({}), false),
        ("old", "exited", "Exited (0) 4 hours ago", json!({}), true),
        // It may be two and a half.
        ("about", "exited", "Exited (0) 3 hours ago", json!({}), false),
        ("fresh", "exited", "Exited (137) 5 minutes ago", json!({}), false),
        ("never-started", "created", "Created", json!({}), true),
        ("just-made", "created", "Created", json!({"Created": NEW}), false),
        ("dead", "dead", "Dead", json!({}), true),
        ("leaving", "removing", "Removal In Progress", json!({}), false),
        ("pinned", "exited", "Exited (0) 4 days ago", pinned, false),
        ("odd", "exited", "Exited (0) some time ago", json!({}), false),
    ] {
        let df = json!({"Containers": [container(name, "sha256:aa", state, status, more)]});
        assert_eq!(!goes(&sweep(&stock(df, json!([])))).is_empty(), wanted, "{name}");
    }
}

#[test]
fn containers_of_tasks_stay_while_the_managers_need_them() {
    let task = |id: &str| json!({"Labels": {"com.docker.swarm.task.id": id}});
    let exited = |name: &str, id: &str| container(name, "sha256:aa", "exited", "Exited (1) 2 days ago", task(id));
    let df = json!({"Containers": [exited("alive", "t1"), exited("last", "t3"), exited("before", "t2"), exited("forgotten", "t9")]});
    let stock = stock(df, json!([]));
    let past = |id: &str, state: &str, at: &str| {
        json!({"ID": id, "ServiceID": "s1", "NodeID": "n1", "Slot": 1, "CreatedAt": at, "DesiredState": "shutdown",
            "Status": {"State": state, "Timestamp": at}})
    };
    let mut alive = past("t1", "ready", "2027-01-01T00:00:02Z");
    alive["DesiredState"] = json!("ready");
    let tasks =
        json!([alive, past("t2", "failed", "2027-01-01T00:00:00Z"), past("t3", "failed", "2027-01-01T00:00:01Z")]);
    let keep = Keep::of(&cluster(&json!([service("x:1", None, json!([]))]), &tasks)).unwrap();
    let known = sweep_with(&stock, Facts::Known(&keep), &Gc::default(), &[], None);
    assert_eq!(goes(&known), ["container before", "container forgotten"]);
    let unknown = sweep_with(&stock, Facts::Unknown("no manager"), &Gc::default(), &[], None);
    assert_eq!((goes(&unknown).len(), unknown.plan.blocked.len()), (0, 1));
}

#[test]
fn images_that_the_cluster_needs_stay() {
    let df = json!({"Images": [
        image("01", &["app:1"], OLD), image("02", &["app:2"], OLD), image("03", &["app:3"], OLD),
        image("04", &["task:1"], OLD), image("05", &[], OLD), image("06", &["fresh:1"], NEW),
        image("07", &["docker.io/library/spec:1", "other:1"], OLD),
    ]});
    let stock = stock(df, json!([]));
    let services = json!([service("app:2@sha256:ff", Some("app:1"), json!([]))]);
    let tasks = json!([{"ID": "t", "ServiceID": "s0", "DesiredState": "running", "Status": {"State": "running"},
        "Spec": {"ContainerSpec": {"Image": "task:1"}}}]);
    let keep = Keep::of(&cluster(&services, &tasks)).unwrap();
    let known = sweep_with(&stock, Facts::Known(&keep), &Gc::default(), &[], None);
    assert_eq!(
        goes(&known),
        ["image 000005", "image app:3", "image docker.io/library/spec:1"].map(|name| name.replace("000005", "05"))
    );
    assert!(goes(&sweep_with(&stock, Facts::Unknown("?"), &Gc::default(), &[], None)).is_empty());
    assert_eq!(known.plan.actions[0].change.bytes(), 60, "shared layers don't count");
}

#[test]
fn settings_keep_images() {
    let mut images: Vec<Value> = (1..=4).map(|n| image(&format!("0{n}"), &[&format!("app:{n}")], OLD + n)).collect();
    images[3]["Labels"] = json!({"orca.gc": "keep"});
    images.push(image("09", &["registry:5000/base:1"], OLD));
    let stock = stock(json!({"Images": images}), json!([]));
    let with = |settings: Gc| goes(&sweep_with(&stock, Facts::Standalone, &settings, &[], None));
    let all = ["image app:1", "image app:2", "image app:3", "image registry:5000/base:1"];
    assert_eq!(with(Gc::default()), all);
    assert_eq!(with(Gc { keep_images: 2, ..Gc::default() }), ["image app:1", "image app:2"]);
    assert_eq!(with(Gc { min_images: 4, ..Gc::default() }), all);
    assert!(with(Gc { min_images: 5, ..Gc::default() }).is_empty());
    assert!(with(Gc { images: false, ..Gc::default() }).is_empty());
    let exclude = |pattern: &str| Exclude { images: vec![pattern.to_owned()], ..Exclude::default() };
    assert_eq!(with(Gc { exclude: exclude("registry:5000/*"), ..Gc::default() }), all[..3]);
    assert_eq!(with(Gc { exclude: exclude("app"), ..Gc::default() }), all[3..]);
}

#[test]
fn what_came_within_the_grace_stays_whenever_it_was_built() {
    let mut stock = stock(json!({"Images": [image("01", &["app:1"], OLD), image("02", &["app:2"], OLD)]}), json!([]));
    stock.arrived = vec!["app:1".to_owned()];
    assert_eq!(goes(&sweep(&stock)), ["image app:2"]);
    stock.events_since = Some(Timestamp::from_second(NEW).unwrap());
    assert_eq!(sweep(&stock).plan.warnings[0].code, "events_forgotten");
}

#[test]
fn what_containers_use_goes_after_them_or_stays() {
    let mounts =
        json!({"Mounts": [{"Name": "a".repeat(64)}], "NetworkSettings": {"Networks": {"net": {"NetworkID": ""}}}});
    let df = json!({
        "Containers": [container("gone", "sha256:01", "exited", "Exited (0) 2 days ago", mounts),
            container("stays", "sha256:02", "exited", "Exited (0) 2 minutes ago", json!({}))],
        "Images": [image("01", &["a:1"], OLD), image("02", &["b:1"], OLD)],
        "Volumes": [volume(&"a".repeat(64), "2026-01-01T00:00:00Z")],
    });
    let networks = json!([
        {"Id": "x1", "Name": "net", "Scope": "local", "Created": "2026-01-01T00:00:00Z"},
        {"Id": "x2", "Name": "bridge", "Scope": "local", "Created": "2026-01-01T00:00:00Z"},
        {"Id": "x3", "Name": "mesh", "Scope": "swarm", "Created": "2026-01-01T00:00:00Z"},
        {"Id": "x4", "Name": "settings", "Scope": "local", "ConfigOnly": true, "Created": "2026-01-01T00:00:00Z"},
    ]);
    let stock = stock(df, networks);
    let sweep = sweep_with(&stock, Facts::Standalone, &Gc { volumes: true, ..Gc::default() }, &[], None);
    assert_eq!(goes(&sweep), ["container gone", "image a:1", &format!("volume {}", "a".repeat(64)), "network net"]);
    for action in &sweep.plan.actions[1..] {
        assert_eq!(action.requires, ["container/node-1/gone#remove"], "{}", action.id);
    }
}

#[test]
fn an_image_goes_after_those_built_on_it_or_stays_with_them() {
    let child = |id: &str, parent: &str, tag: &str| {
        let mut raw = image(id, &[tag], OLD);
        raw["ParentId"] = json!(format!("sha256:{parent}"));
        raw
    };
    let df = json!({"Images": [image("01", &["a:base"], OLD), child("02", "01", "b:mid"), child("03", "02", "c:top"),
        image("04", &["d:base"], OLD), child("05", "04", "e:used")],
        "Containers": [container("c", "sha256:05", "running", "Up 1 day", json!({}))]});
    assert_eq!(goes(&sweep(&stock(df, json!([])))), ["image c:top", "image b:mid", "image a:base"]);
}

#[test]
fn volumes_go_only_when_asked_for() {
    let hex = "0123456789abcdef".repeat(4);
    let (old, new) = ("2026-01-01T00:00:00Z", "2027-01-15T07:59:00Z");
    let mut plugin = volume("plugin", old);
    plugin["Driver"] = json!("rexray");
    let mut unknown = volume(&"f".repeat(64), old);
    unknown["UsageData"] = json!({"RefCount": -1, "Size": -1});
    let labelled = json!({"Name": "l", "Driver": "local", "CreatedAt": old, "Labels": {"com.docker.volume.anonymous": ""},
        "UsageData": {"RefCount": 0, "Size": 1}});
    let df = json!({"Volumes": [volume("db", old), volume("data-2", old), volume("before", old), volume("young", new),
        volume("named", old), volume(&hex, old), plugin, unknown, labelled]});
    let stock = stock(df, json!([]));
    let mounts = json!([{"Type": "volume", "Source": "db"}, {"Type": "volume", "Source": "data-{{.Task.Slot}}"}]);
    let keep = Keep::of(&cluster(&json!([service("x:1", Some("x:0"), mounts)]), &json!([]))).unwrap();
    let with = |settings: &Gc, named: &[&str]| sweep_with(&stock, Facts::Known(&keep), settings, named, None);
    assert!(goes(&with(&Gc::default(), &[])).is_empty());
    let volumes = Gc { volumes: true, ..Gc::default() };
    assert_eq!(goes(&with(&volumes, &[])), [format!("volume {hex}"), "volume l".to_owned()]);
    let named = with(&Gc::default(), &["db", "data-2", "before", "young", "plugin", "named"]);
    assert_eq!(goes(&named), ["volume named"]);
    let refused: BTreeMap<&str, &str> =
        named.plan.blocked.iter().map(|b| (b.target.name.as_str(), b.reasons[0].as_str())).collect();
    let service = "it stays: a service needs it";
    let wanted = [
        ("before", service),
        ("data-2", service),
        ("db", service),
        ("plugin", "it stays: not only of this node"),
        ("young", "it stays: younger than the grace"),
    ];
    assert_eq!(refused, wanted.into());
    let unknown = sweep_with(&stock, Facts::Unknown("?"), &volumes, &["named"], None);
    assert!(goes(&unknown).is_empty(), "what is not known stays");
}

#[test]
fn build_cache_goes_as_one() {
    let record = |used: &str, in_use: bool, shared: bool| json!({"InUse": in_use, "Shared": shared, "Size": 5, "CreatedAt": used, "LastUsedAt": used});
    let (old, new) = ("2026-01-01T00:00:00Z", "2027-01-15T07:59:00Z");
    let df = json!({"BuildCache": [record(old, false, false), record(old, false, false), record(old, true, false),
        record(old, false, true), record(new, false, false)]});
    let sweep = sweep(&stock(df, json!([])));
    assert_eq!((goes(&sweep), sweep.plan.actions[0].change.bytes()), (vec!["build_cache build cache".to_owned()], 10));
}

#[test]
fn a_disk_that_is_not_full_is_left_alone() {
    let stock = stock(json!({"Images": [image("01", &["a:1"], OLD)]}), json!([]));
    let settings = Gc { when_disk_above: Some(0.8), ..Gc::default() };
    let with = |disk| sweep_with(&stock, Facts::Standalone, &settings, &[], disk);
    assert_eq!((goes(&with(Some(0.81))).len(), with(Some(0.81)).plan.blocked.len()), (1, 0));
    assert_eq!((goes(&with(Some(0.8))).len(), with(Some(0.8)).plan.blocked.len()), (0, 0));
    assert_eq!((goes(&with(None)).len(), with(None).plan.blocked.len()), (0, 1), "unknown is not full");
}

#[test]
fn without_a_grace_everything_unused_goes() {
    let stock = stock(json!({"Images": [image("01", &["a:1"], NOW + 10)]}), json!([]));
    let settings = Gc { grace: Duration::ZERO, ..Gc::default() };
    assert_eq!(goes(&sweep_with(&stock, Facts::Standalone, &settings, &[], None)), ["image a:1"]);
}
