//! What only real engines can prove: that a write changes nothing but the field asked for, on every engine version, and
//! what happens when the leader dies in the middle of a pass. Run by `scripts/test`, which starts the lab.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod bootstrap;
mod catalog;
mod exporter;
mod files;
mod flapping;
mod lab;
mod metrics;
mod node_side;
mod proxy;
mod registry;
mod updates;
mod watch;

use std::time::Duration;

use lab::Lab;
use serde_json::{Value, json};

/// Every option that `docker service create` knows and a swarm without plugins accepts.
const EVERY_OPTION: &str = "--replicas 2 --label a=b --container-label cl=1 --env A=b --hostname h --host extra:1.2.3.4 \
    --dns 198.18.255.1 --dns-option ndots:1 --dns-search x.y --cap-add NET_ADMIN --cap-drop MKNOD \
    --sysctl net.core.somaxconn=256 --ulimit nofile=100:200 --stop-signal SIGINT --stop-grace-period 3s --init --user 0:0 \
    --group 5 --workdir /tmp --tty --read-only --mount type=tmpfs,dst=/t,tmpfs-size=1000000 \
    --mount type=volume,src=v,dst=/v,volume-label=x=y,volume-nocopy=true,volume-opt=o=size=1m \
    --mount type=bind,src=/tmp,dst=/b,readonly,bind-propagation=rslave --secret source=sec,target=s,mode=0400 \
    --config source=cfg,target=/c,uid=1 --network name=ov,alias=al --publish target=80,protocol=tcp,mode=ingress \
    --endpoint-mode vip --health-cmd true --health-interval 1s --health-retries 2 --health-timeout 2s \
    --health-start-period 1s --limit-cpu 0.5 --limit-memory 64M --limit-pids 100 --reserve-cpu 0.1 --reserve-memory 8M \
    --log-driver json-file --log-opt max-size=1m --restart-condition any --restart-delay 1s --restart-max-attempts 5 \
    --restart-window 10s --update-parallelism 2 --update-delay 1s --update-monitor 2s --update-failure-action pause \
    --update-max-failure-ratio 0.25 --update-order start-first --rollback-parallelism 1 --rollback-delay 1s \
    --rollback-monitor 2s --rollback-failure-action continue --rollback-max-failure-ratio 0.1 --rollback-order stop-first \
    --placement-pref spread=node.labels.zone --replicas-max-per-node 2 --isolation default \
    --constraint node.labels.nowhere==true";

#[test]
fn a_write_changes_only_the_field_asked_for() {
    let lab = Lab::clean();
    lab.docker(1, "network create -d overlay ov");
    lab.docker_with_input(1, "secret create sec -", "s");
    lab.docker_with_input(1, "config create cfg -", "c");
    lab.service("web_db", "");
    for node in 1..=3 {
        // Its tasks stay pending for ever: what matters here is what is written, and every engine must be able to hold it.
        lab.docker(
            node,
            &format!("service create -d --no-resolve-image --name web_plain {EVERY_OPTION} 127.0.0.1:1/bb:1 true"),
        );
        lab.docker(
            node,
            &format!(
                "service create -d --no-resolve-image --name web_tied --constraint node.labels.db==true {EVERY_OPTION} \
                 127.0.0.1:1/bb:1 true"
            ),
        );
        lab.wait_running("web_db");
        let before = (lab.spec(node, "web_plain"), lab.spec(node, "web_tied"));
        let config = "dependencies: {db: {stack: web, enforce: true, retry_intervals: [0], services: [plain, tied]}}";
        let state = tempfile::tempdir().unwrap();
        let kinds: Vec<String> = (0..2)
            .flat_map(|_| lab.orca(node, config, state.path(), &["anchors", "follow"]).actions())
            .filter(|kind| kind.starts_with("service."))
            .collect();
        assert_eq!(kinds, ["service.constraint.add", "service.force_update"], "node-{node}");

        let (mut plain, mut tied) = before;
        let constraints = plain.pointer_mut("/TaskTemplate/Placement/Constraints").and_then(Value::as_array_mut);
        constraints.unwrap().push(json!("node.labels.db==true"));
        assert_eq!(plain, lab.spec(node, "web_plain"), "node-{node}: a constraint was added");
        tied["TaskTemplate"]["ForceUpdate"] = json!(1);
        assert_eq!(tied, lab.spec(node, "web_tied"), "node-{node}: a force update was made");
        lab.docker(node, "service rm web_plain web_tied");
    }
}

#[test]
fn a_leader_killed_in_mid_pass_is_reported_and_the_next_pass_completes() {
    let lab = Lab::clean();
    let leader = lab.leader();
    let config = "nodes: {node-1: {labels: {a: x}}, node-2: {labels: {a: x}}, node-3: {labels: {a: x}}}";
    let state = tempfile::tempdir().unwrap();
    // The second write reaches nobody: the leader dies when it is about to be asked.
    let host = proxy::at_nth_write(&lab.socket(leader), 2, move || {
        drop(Lab::existing().run(&["kill", &leader.to_string()]));
        true
    });
    let report = Lab::orca_at(&host, config, state.path(), &["labels", "sync"]);
    let statuses = report.strings("/actions", "status");
    assert_eq!(statuses, ["done", "failed", "skipped"], "{}", report.json);
    assert_eq!((report.exit, report.json["outcome"].as_str()), (69, Some("partial")), "{}", report.json);
    assert_eq!(report.json["error"]["kind"], "unreachable");

    let next = if leader == 1 { 2 } else { 1 };
    lab.wait_for("a new leader", Duration::from_secs(60), || lab.try_docker(next, "node ls").is_some());
    let report = lab.orca(next, config, state.path(), &["labels", "sync"]);
    assert_eq!((report.exit, report.json["summary"]["done"].as_u64()), (0, Some(2)), "{}", report.json);
    for node in 1..=3 {
        assert_eq!(lab.docker(next, &format!("node inspect node-{node} --format {{{{.Spec.Labels.a}}}}")).trim(), "x");
    }
    lab.run(&["start", &leader.to_string()]);
}
