//! What Swarm's scheduler would refuse, and what data forbids: nothing of it is ever planned.

use serde_json::{Value, json};

use crate::cluster::{Cluster, moves, reasons, restarts};

/// `n1` full, `n2` empty, one service that would go from one to the other.
fn hog(change: impl FnOnce(&mut Value)) -> Cluster {
    Cluster::default()
        .node("n1", 1000, 100)
        .node("n2", 1000, 100)
        .service("hog", &[("n1", 300)])
        .with(change)
        .service("rest", &[("n1", 400)])
}

fn template(change: impl FnOnce(&mut Value)) -> impl FnOnce(&mut Value) {
    |spec| change(&mut spec["TaskTemplate"])
}

#[test]
fn a_free_task_moves() {
    let planned = hog(|_| {}).unguarded(restarts(1));
    assert_eq!(moves(&planned), ["hog.1: n1 -> n2"]);
    let [action] = planned.plan.actions.as_slice() else { panic!() };
    assert_eq!(
        serde_json::to_value(&action.target).unwrap(),
        json!({"type": "task", "id": "task-hog-1", "name": "hog.1", "service": "hog", "slot": 1})
    );
    assert_eq!(action.change.values(), (json!("n1"), json!("n2")));
    assert!(action.disruptive);
}

#[test]
fn what_forbids_a_move_is_named() {
    let cases: Vec<(&str, Cluster)> = vec![
        ("local-volume", mounted(&json!({"Type": "volume", "Source": "data", "Target": "/d"}))),
        ("bind-mount", mounted(&json!({"Type": "bind", "Source": "/srv", "Target": "/d"}))),
        ("anonymous-or-external-volume", mounted(&json!({"Type": "volume", "Target": "/d"}))),
        ("csi-volume", mounted(&json!({"Type": "cluster", "Source": "c", "Target": "/d"}))),
        ("nil-placement", hog(template(|t| t["Placement"] = Value::Null))),
        ("restart-none", hog(template(|t| t["RestartPolicy"] = json!({"Condition": "none"})))),
        ("pinned", constrained("node.id == id-n1")),
        ("pinned", constrained("node.hostname==n1")),
        ("pinned", constrained("node.role == manager")),
        ("pinned", constrained("node.labels.disk == ssd")),
        ("pinned", constrained("engine.labels.gpu == yes")),
        ("pinned", constrained("node.platform.arch != x86_64")),
        ("pinned", constrained("node.nonsense != x")),
        (
            "platform",
            hog(template(|t| t["Placement"] = json!({"Platforms": [{"OS": "windows", "Architecture": "amd64"}]}))),
        ),
        ("opt-out", hog(|spec| spec["Labels"] = json!({"orca.rebalance": "off"}))),
        ("opt-out", hog(|spec| spec["Labels"] = json!({"orchestration.rebalance": "False"}))),
        ("not-converged", hog(|spec| spec["Mode"] = json!({"Replicated": {"Replicas": 2}}))),
        ("global", hog(|spec| spec["Mode"] = json!({"Global": {}}))),
        ("job", hog(|spec| spec["Mode"] = json!({"ReplicatedJob": {"MaxConcurrent": 1}}))),
    ];
    for (reason, cluster) in cases {
        let planned = cluster.unguarded(restarts(5));
        assert_eq!(reasons(&planned, "hog"), [reason], "{}", cluster.services[0]);
        assert!(moves(&planned).iter().all(|step| !step.starts_with("hog")), "{reason}");
    }
}

fn mounted(mount: &Value) -> Cluster {
    hog(template(|t| t["ContainerSpec"]["Mounts"] = json!([mount])))
}

fn constrained(text: &str) -> Cluster {
    hog(template(|t| t["Placement"] = json!({"Constraints": [text]})))
}

#[test]
fn storage_that_is_everywhere_moves() {
    for mount in [
        json!({"Type": "tmpfs", "Target": "/t"}),
        json!({"Type": "volume", "Source": "nas", "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": {"type": "nfs"}}}}),
        json!({"Type": "volume", "Source": "x", "VolumeOptions": {"DriverConfig": {"Name": "rexray"}}}),
    ] {
        assert_eq!(reasons(&mounted(&mount).unguarded(restarts(5)), "hog"), Vec::<String>::new());
    }
    let opted_in =
        mounted(&json!({"Type": "bind", "Source": "/nas", "Target": "/d"})).service("other", &[]).with(|_| {});
    let mut cluster = opted_in;
    cluster.services[0]["Spec"]["Labels"] = json!({"orca.rebalance.storage": "shared"});
    assert_eq!(reasons(&cluster.unguarded(restarts(5)), "hog"), Vec::<String>::new());
    cluster.services[0]["Spec"]["TaskTemplate"]["ContainerSpec"]["StopGracePeriod"] = json!(60_000_000_000_u64);
    assert_eq!(reasons(&cluster.unguarded(restarts(5)), "hog"), ["stop-grace-over60s"]);
}

#[test]
fn what_has_no_room_anywhere_stays() {
    // Only the hog could go: what it needs is all taken on n2.
    let base = |hog: fn(&mut Value), other: fn(&mut Value)| {
        Cluster::default()
            .node("n1", 1000, 100)
            .with_node(|node| {
                node["Description"]["Resources"]["GenericResources"] =
                    json!([{"DiscreteResourceSpec": {"Kind": "gpu", "Value": 1}}]);
            })
            .node("n2", 1000, 100)
            .service("hog", &[("n1", 300)])
            .with(hog)
            .service("other", &[("n2", 10)])
            .with(other)
    };
    let nothing: fn(&mut Value) = |_| {};
    let port: fn(&mut Value) = |spec| {
        spec["EndpointSpec"]["Ports"] =
            json!([{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 80, "PublishMode": "host"}]);
    };
    let memory: fn(&mut Value) =
        |spec| spec["TaskTemplate"]["Resources"] = json!({"Reservations": {"MemoryBytes": 600_u64 << 20}});
    let cpu: fn(&mut Value) =
        |spec| spec["TaskTemplate"]["Resources"] = json!({"Reservations": {"NanoCPUs": 5_000_000_000_u64}});
    let gpu: fn(&mut Value) = |spec| {
        spec["TaskTemplate"]["Resources"] =
            json!({"Reservations": {"GenericResources": [{"NamedResourceSpec": {"Kind": "gpu", "Value": "0"}}]}});
    };
    for (reason, hog, other) in [
        ("host-port-conflict", port, port),
        ("reservation-no-fit", memory, memory),
        ("reservation-no-fit", cpu, cpu),
        ("generic-resource", gpu, nothing),
    ] {
        let mut cluster = base(hog, other);
        // The other task would make room if it could.
        cluster.services[1]["Spec"]["Labels"] = json!({"orca.rebalance": "off"});
        let planned = cluster.unguarded(restarts(5));
        assert_eq!(reasons(&planned, "hog"), [reason]);
        assert_eq!(moves(&planned), Vec::<String>::new());
    }
}

#[test]
fn replicas_never_crowd() {
    let cluster = Cluster::default()
        .node("n1", 1000, 100)
        .node("n2", 1000, 50)
        .node("n3", 1000, 700)
        .service("web", &[("n1", 300), ("n2", 100), ("n3", 10)]);
    let planned = cluster.unguarded(restarts(5));
    assert_eq!(moves(&planned), Vec::<String>::new());
    assert_eq!(reasons(&planned, "web"), ["spread-would-worsen"]);
    let mut limited = cluster.clone();
    limited.services[0]["Spec"]["TaskTemplate"]["Placement"] = json!({"MaxReplicas": 1});
    assert_eq!(reasons(&limited.unguarded(restarts(5)), "web"), ["max-replicas"]);
}

#[test]
fn of_several_replicas_only_the_last_on_the_most_crowded_node_moves() {
    let cluster = Cluster::default()
        .node("n1", 1000, 100)
        .node("n2", 1000, 100)
        .node("n3", 1000, 100)
        .service("web", &[("n1", 300), ("n1", 200), ("n2", 100)]);
    let planned = cluster.unguarded(restarts(1));
    assert_eq!(moves(&planned), ["web.2: n1 -> n3"]);
    assert_eq!(serde_json::to_value(planned.balance.moves[0].mechanism).unwrap(), "scale");
    assert_eq!(reasons(&planned, "web"), ["multi-copy-on-source"]);
}

#[test]
fn nodes_that_take_no_tasks_are_no_targets() {
    let states: [fn(&mut Value); 4] = [
        |node| node["Spec"]["Availability"] = json!("pause"),
        |node| node["Spec"]["Availability"] = json!("drain"),
        |node| node["Status"]["State"] = json!("down"),
        |node| node["Status"]["State"] = json!("unknown"),
    ];
    for change in states {
        let cluster = Cluster::default()
            .node("n1", 1000, 100)
            .node("n2", 1000, 100)
            .with_node(change)
            .service("hog", &[("n1", 300)]);
        assert_eq!(moves(&cluster.unguarded(restarts(5))), Vec::<String>::new());
    }
}

#[test]
fn anchor_groups_move_together_or_not_at_all() {
    let follow = |name: &str| {
        let text = format!("node.labels.db == {name}");
        move |spec: &mut Value| spec["TaskTemplate"]["Placement"] = json!({"Constraints": [text]})
    };
    let cluster = Cluster::default()
        .node("n1", 1000, 100)
        .with_node(|node| node["Spec"]["Labels"] = json!({"db": "true"}))
        .node("n2", 1000, 100)
        .service("s_db", &[("n1", 300)])
        .service("s_app", &[("n1", 200)])
        .with(follow("true"))
        .service("rest", &[("n1", 300)])
        .with(|spec| spec["Labels"] = json!({"orca.rebalance": "off"}));
    let yaml = "stack: s\ndependencies: {db: [app]}";
    let plan = |cluster: &Cluster, most| {
        let request =
            orca::pass::rebalance::Request { goal: restarts(most), guarded: false, at_once: false, start_first: false };
        cluster.try_plan(yaml, &orca::pass::memory::Memory::default(), &request).unwrap()
    };
    let planned = plan(&cluster, 2);
    assert_eq!(moves(&planned), ["s_db.1: n1 -> n2", "s_app.1: n1 -> n2"]);
    assert_eq!(planned.balance.restarts, 2);
    assert_eq!(serde_json::to_value(planned.balance.moves[1].mechanism).unwrap(), "follow");
    assert_eq!(moves(&plan(&cluster, 1)), Vec::<String>::new());
    let mut stuck = cluster.clone();
    stuck.services[1]["Spec"]["TaskTemplate"]["ContainerSpec"]["Mounts"] = json!([{"Type": "bind", "Source": "/x"}]);
    let planned = plan(&stuck, 5);
    assert_eq!(moves(&planned), Vec::<String>::new());
    assert_eq!(reasons(&planned, "s_db"), ["group-incomplete"]);
    assert_eq!(reasons(&planned, "s_app"), ["bind-mount", "group-incomplete"]);
}
