//! Stacks on real engines: what `orca stacks deploy` makes of a compose file is what `docker stack deploy` makes of it, field
//! by field; either takes over what the other has made and finds nothing to do; and a stack goes without leaving a thing.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::lab::{Lab, Report};

const FULL: &str = r#"version: "3.13"
x-common: &common
  init: true
services:
  web:
    <<: *common
    image: 127.0.0.1:1/bb:1
    command: sh -c "trap 'exit 0' TERM; while :; do sleep 0.2; done"
    environment: {B: override, C: "${ORCA_TEST_TAG:-seven}", D: "a$$b", E: 15, F: yes}
    env_file: web.env
    labels: [tier=front]
    networks: {front: {aliases: [www]}, back: }
    ports: ["8080:80", "53:53/udp", "7000-7001:70-71", {target: 90, published: 9090, mode: host, protocol: tcp}]
    volumes:
      - data:/data
      - /tmp:/b:ro,rslave
      - ./:/here:ro
      - /anon
      - {type: tmpfs, target: /t, tmpfs: {size: 1048576}}
      - {type: volume, source: named, target: /n, read_only: true, volume: {nocopy: true}}
    secrets: [key, {source: key, target: other, uid: "1000", gid: "1000", mode: 0400}]
    configs: [conf, {source: conf, target: /etc/web.conf}]
    healthcheck: {test: "true", interval: 1s, timeout: 2s, retries: 3, start_period: 1s}
    logging: {driver: json-file, options: {max-size: 1m, tag: x}}
    cap_add: [net_admin, SYS_PTRACE]
    cap_drop: [CAP_CHOWN]
    ulimits: {nofile: {soft: 1024, hard: 2048}, nproc: 512}
    sysctls: {net.core.somaxconn: 1024}
    dns: [10.0.0.53]
    dns_search: example.org
    extra_hosts: ["db:10.0.0.9", "six:[::1]"]
    hostname: h-{{.Task.Slot}}
    user: "0:0"
    working_dir: /tmp
    read_only: true
    stop_grace_period: 3s
    stop_signal: SIGTERM
    tty: true
    stdin_open: true
    deploy:
      replicas: 2
      labels: {team: web}
      update_config: {parallelism: 2, order: start-first, max_failure_ratio: 0.25, failure_action: rollback}
      rollback_config: {order: stop-first, monitor: 1s}
      resources: {limits: {cpus: "0.5", memory: 64M, pids: 100}, reservations: {memory: 8M}}
      restart_policy: {condition: any, delay: 1s, max_attempts: 5, window: 10s}
      placement: {constraints: [node.role == manager], preferences: [{spread: node.labels.zone}], max_replicas_per_node: 2}
      endpoint_mode: vip
  bare:
    image: 127.0.0.1:1/bb:1
    networks: [theirs]
    command: [sleep, "1000"]
    stop_grace_period: 0s
  agent:
    image: 127.0.0.1:1/bb:1
    command: [sleep, "1000"]
    restart: on-failure:3
    stop_grace_period: 0s
    depends_on: [web]
    deploy: {mode: global, update_config: {}, resources: {limits: {memory: 32M}}}
  once:
    image: 127.0.0.1:1/bb:1
    entrypoint: ["true"]
    deploy: {mode: replicated-job, replicas: 1, restart_policy: {condition: none}}
networks:
  front: {attachable: true, labels: {a: b}}
  back: {driver: overlay, internal: true, ipam: {config: [{subnet: 10.77.0.0/24}]}}
  theirs: {external: true, name: not-ours}
volumes:
  data: {driver: local, labels: {keep: "yes"}}
  named: {name: my-own}
secrets: {key: {file: key.txt}}
configs: {conf: {file: ./web.conf}}
"#;

impl Desk {
    fn with_stack() -> Self {
        // What a test that failed has left.
        Lab::existing().try_docker(1, "stack rm shop");
        let desk = Self::new("stacks", "{}");
        desk.gone();
        desk.write("stack.yml", FULL);
        desk.write("web.env", "A=from file\nB=two\nORCA_TEST_NOT_SET\n# note\n");
        desk.write("key.txt", "hunter2");
        desk.write("web.conf", "listen 80;");
        desk
    }

    fn deploy(&self, node: usize, more: &[&str]) -> Report {
        let file = self.path("stack.yml");
        self.fine(node, &[&["deploy", &file, "--stack", "shop", "--no-resolve"], more].concat())
    }

    fn docker(&self, node: usize) {
        let file = self.path("stack.yml");
        self.lab.docker(node, &format!("stack deploy -d --resolve-image never -c {file} shop"));
    }

    /// What the stack has, as docker shows it: services, networks, secrets and configs by kind and name.
    fn all(&self, node: usize) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        for kind in ["service", "network", "secret", "config"] {
            let listed = self.lab.docker(node, &format!("{kind} ls -q --filter label=com.docker.stack.namespace=shop"));
            for id in listed.split_whitespace() {
                // It may be about to go.
                let Some(json) = self.lab.try_docker(node, &format!("{kind} inspect {id}")) else { continue };
                let json: Value = serde_json::from_str(&json).unwrap();
                let (name, shown) = if kind == "network" {
                    let keys = ["Driver", "Scope", "Internal", "Attachable", "Labels", "IPAM", "EnableIPv6"];
                    let shown: Value = keys.iter().map(|key| (*key, json[0][*key].clone())).collect();
                    (json[0]["Name"].clone(), shown)
                } else {
                    (json[0]["Spec"]["Name"].clone(), json[0]["Spec"].clone())
                };
                all.insert(format!("{kind} {}", name.as_str().unwrap()), plain(shown));
            }
        }
        all
    }

    /// Until no engine lists anything of it: one with an ending task lists networks that the swarm has no more, and docker
    /// itself would take them for there.
    fn gone(&self) {
        let lists = |node: usize, kind: &str| {
            let listed = format!("{kind} ls -q --filter label=com.docker.stack.namespace=shop");
            !self.lab.docker(node, &listed).trim().is_empty()
        };
        self.lab.wait_for("the stack is gone", || {
            (1..=3).all(|node| ["service", "network", "secret", "config"].iter().all(|kind| !lists(node, kind)))
        });
    }
}

/// Ids are another each time: the names beside them are compared. Subnets that the swarm has chosen, too. Lists of
/// ports and networks have no order.
fn plain(mut value: Value) -> Value {
    if let Some(networks) = value.pointer_mut("/TaskTemplate/Networks").and_then(Value::as_array_mut) {
        for network in networks.iter_mut() {
            network["Target"] = "id".into();
        }
        networks.sort_by_key(ToString::to_string);
    }
    if let Some(ports) = value.pointer_mut("/EndpointSpec/Ports").and_then(Value::as_array_mut) {
        ports.sort_by_key(ToString::to_string);
    }
    // Of several files docker sorts them, of one file it doesn't.
    if let Some(mounts) = value.pointer_mut("/TaskTemplate/ContainerSpec/Mounts").and_then(Value::as_array_mut) {
        mounts.sort_by_key(ToString::to_string);
    }
    for list in ["Secret", "Config"] {
        let path = format!("/TaskTemplate/ContainerSpec/{list}s");
        if let Some(files) = value.pointer_mut(&path).and_then(Value::as_array_mut) {
            for file in files.iter_mut() {
                file[format!("{list}ID")] = "id".into();
            }
            // Docker itself has two files of one secret now in this order, now in that.
            files.sort_by_key(ToString::to_string);
        }
    }
    if let Some(ranges) = value.pointer_mut("/IPAM/Config").and_then(Value::as_array_mut) {
        ranges.retain(|range| range["Subnet"] == "10.77.0.0/24");
    }
    value
}

fn compare(what: &str, docker: &BTreeMap<String, Value>, orca: &BTreeMap<String, Value>) {
    assert_eq!(docker.keys().collect::<Vec<_>>(), orca.keys().collect::<Vec<_>>(), "{what}");
    for (name, wanted) in docker {
        let found = &orca[name];
        assert_eq!(wanted, found, "{what}: {name}\ndocker: {wanted:#}\norca: {found:#}");
    }
}

#[test]
fn a_stack_is_what_docker_makes_of_the_same_file_on_every_engine() {
    let desk = Desk::with_stack();
    desk.lab.try_docker(1, "network rm not-ours");
    desk.lab.docker(1, "network create -d overlay not-ours");
    for node in 1..=3 {
        desk.docker(node);
        let docker = desk.all(node);
        assert_eq!(docker.len(), 9, "node-{node}: {docker:#?}");
        // What docker has made is as the file says.
        let taken = desk.deploy(node, &[]);
        assert!(taken.actions().is_empty(), "node-{node}: {}", taken.json);
        desk.fine(node, &["remove", "shop", "--yes"]);
        desk.gone();
        let made = desk.deploy(node, &[]);
        assert_eq!(made.actions().len(), 9, "node-{node}: {}", made.json);
        compare(&format!("node-{node}"), &docker, &desk.all(node));
        for again in 1..=3 {
            let report = desk.deploy(again, &[]);
            assert!(report.actions().is_empty(), "made on node-{node}, again on node-{again}: {}", report.json);
        }
        // Docker finds its own, too: it writes, and nothing of it is another.
        desk.docker(node);
        compare(&format!("node-{node}, docker after orca"), &docker, &desk.all(node));
        let listed = desk.lab.docker(node, "stack ls --format {{.Name}}={{.Services}}");
        assert_eq!(listed.trim(), "shop=4");
        desk.fine(node, &["remove", "shop", "--yes"]);
        desk.gone();
    }
    desk.lab.wait_for("the network is free", || desk.lab.try_docker(1, "network rm not-ours").is_some());
}

const BASE: &str = r#"version: "3.13"
services:
  web:
    image: 127.0.0.1:1/bb:1
    command: [sleep, "1000"]
    stop_grace_period: 0s
    environment: [A=1, B=2]
    env_file: one.env
    labels: [a=1, b=2]
    dns: 10.0.0.53
    dns_search: [one.example]
    extra_hosts: ["one:10.0.0.1"]
    ports: ["127.0.0.1:8080:80", "7000-7002:70-72", {target: 90, published: 9090, mode: host}]
    volumes: ["data:/data:ro", "/tmp:/tmp"]
    secrets: [{source: key, target: one}]
    logging: {driver: json-file, options: {max-size: 1m}}
    cap_add: [net_admin]
    networks: {front: {aliases: [one]}, back: {aliases: [both]}}
    sysctls: [net.core.somaxconn=1024]
    deploy: {replicas: 1, labels: [a=1, b=2], placement: {constraints: [node.role == manager]}}
networks: {front: {labels: {a: b}}, back: {attachable: true}}
volumes: {data: {labels: {a: b}}, other: {}}
secrets: {key: {file: key.txt, labels: {a: b}}}
"#;
const OVER: &str = r#"version: "3.13"
services:
  web:
    environment: {B: 3, C: 4}
    env_file: [two.env]
    labels: {b: 3}
    dns: [10.0.0.54]
    dns_search: two.example
    extra_hosts: {two: 10.0.0.2}
    ports: ["8080:81", "7001:99", "9090:91"]
    volumes: ["other:/data"]
    secrets: [{source: key, target: two}]
    logging: {driver: none}
    cap_add: [SYS_PTRACE]
    networks: {front: {aliases: [two]}, back: }
    sysctls: {net.core.somaxconn: 2048}
    deploy: {labels: {b: 3}, placement: {constraints: [node.labels.none != x]}}
networks: {front: {labels: {c: d}}}
volumes: {data: {}}
secrets: {key: {file: key.txt, labels: {c: d}}}
"#;

#[test]
fn several_files_are_put_over_each_other_as_docker_puts_them() {
    let desk = Desk::with_stack();
    desk.write("base.yml", BASE);
    desk.write("over.yml", OVER);
    desk.write("one.env", "A=file\nD=one\n");
    desk.write("two.env", "D=two\n");
    let (base, over) = (desk.path("base.yml"), desk.path("over.yml"));
    desk.lab.docker(3, &format!("stack deploy -d --resolve-image never -c {base} -c {over} shop"));
    let docker = desk.all(3);
    let deploy = ["deploy", &base, &over, "--stack", "shop", "--no-resolve"];
    let report = desk.fine(3, &deploy);
    assert!(report.actions().is_empty(), "{}", report.json);
    assert!(!report.json["warnings"].to_string().contains("differs"), "{}", report.json);
    desk.fine(3, &["remove", "shop", "--yes"]);
    desk.gone();
    desk.fine(3, &deploy);
    compare("two files", &docker, &desk.all(3));
    desk.fine(3, &["remove", "shop", "--yes"]);
    desk.gone();
}

#[test]
fn a_name_without_a_tag_is_pinned_as_docker_pins_it() {
    let desk = Desk::with_stack();
    let image = format!("{}/plain", desk.lab.run(&["registry"]).trim());
    desk.lab.docker(1, &format!("tag 127.0.0.1:1/bb:1 {image}:latest"));
    desk.lab.docker(1, &format!("push -q {image}:latest"));
    desk.write(
        "stack.yml",
        &format!(
            "version: '3.13'\nservices: {{web: {{image: {image}, command: [sleep, '1000'], stop_grace_period: 0s}}}}\n"
        ),
    );
    let file = desk.path("stack.yml");
    let pinned = |node: usize| desk.lab.spec(node, "shop_web")["TaskTemplate"]["ContainerSpec"]["Image"].clone();
    for node in 1..=3 {
        desk.lab.docker(node, &format!("stack deploy -d --resolve-image always -c {file} shop"));
        let docker = pinned(node);
        assert!(docker.as_str().unwrap().starts_with(&format!("{image}:latest@sha256:")), "node-{node}: {docker}");
        for how in [&["deploy", &file, "--stack", "shop"][..], &["deploy", &file, "--stack", "shop", "--no-resolve"]] {
            let report = desk.fine(node, how);
            assert!(report.actions().is_empty(), "node-{node}: {}", report.json);
        }
        desk.fine(node, &["remove", "shop", "--yes"]);
        desk.gone();
        desk.fine(node, &["deploy", &file, "--stack", "shop"]);
        assert_eq!(pinned(node), docker, "node-{node}");
        desk.fine(node, &["remove", "shop", "--yes"]);
        desk.gone();
    }
}

#[test]
fn a_port_that_is_taken_over_is_given_up_first() {
    let desk = Desk::with_stack();
    let text = |services: &[(&str, u16)]| {
        let one = |(name, port): &(&str, u16)| {
            format!(
                "  {name}: {{image: '127.0.0.1:1/bb:1', command: [sleep, '1000'], stop_grace_period: 0s, ports: ['{port}:80']}}\n"
            )
        };
        format!("services:\n{}", services.iter().map(one).collect::<String>())
    };
    let port = |node: usize, name: &str| {
        desk.lab.spec(node, &format!("shop_{name}"))["EndpointSpec"]["Ports"][0]["PublishedPort"].clone()
    };
    // It is the leader that refuses or not, whomever one asks.
    let node = 3;
    desk.write("stack.yml", &text(&[("api", 8181), ("web", 8180)]));
    desk.deploy(node, &["--wait=3m"]);
    // Renamed: the managers refuse the new one for as long as the old one is there.
    desk.write("stack.yml", &text(&[("api", 8181), ("front", 8180)]));
    let report = desk.deploy(node, &["--prune", "--wait=3m"]);
    assert_eq!(report.actions(), ["service.remove", "service.create"], "node-{node}: {}", report.json);
    // Handed on, the later name first.
    desk.write("stack.yml", &text(&[("api", 8180), ("front", 8182)]));
    let report = desk.deploy(node, &["--wait=3m"]);
    assert_eq!(report.actions(), ["service.field.set"; 2], "node-{node}: {}", report.json);
    assert_eq!((port(node, "api"), port(node, "front")), (json!(8180), json!(8182)));
    // Somebody else's: told of before anything is written.
    desk.lab.docker(node, "service create -d --no-resolve-image --name theirs -p 8183:80 127.0.0.1:1/bb:1 sleep 1000");
    desk.write("stack.yml", &text(&[("api", 8180), ("front", 8182), ("late", 8183), ("new", 8184)]));
    let file = desk.path("stack.yml");
    let refused = desk.run(node, &["deploy", &file, "--stack", "shop", "--no-resolve"]);
    assert_eq!((refused.exit, refused.actions().len()), (75, 0), "node-{node}: {}", refused.json);
    assert!(refused.json["blocked"].to_string().contains("published by `theirs`"), "{}", refused.json);
    desk.lab.docker(node, "service rm theirs");
    desk.fine(node, &["remove", "shop", "--yes"]);
    desk.gone();
}

#[test]
fn what_others_use_stays_and_the_rest_of_a_stack_goes() {
    let desk = Desk::with_stack();
    let text = "services: {web: {image: '127.0.0.1:1/bb:1', command: [sleep, '1000'], stop_grace_period: 0s, networks: [a, b], secrets: [key]}}\n\
                networks: {a: {}, b: {attachable: true}}\nsecrets: {key: {file: key.txt}}\n";
    for node in 1..=3 {
        desk.write("stack.yml", text);
        desk.deploy(node, &["--wait=3m"]);
        desk.lab.docker(
            node,
            "service create -d --no-resolve-image --name theirs --network shop_a 127.0.0.1:1/bb:1 sleep 1000",
        );
        desk.lab.docker(node, "run -d --name joined --network shop_b 127.0.0.1:1/bb:1 sleep 1000");
        let removed = desk.run(node, &["remove", "shop", "--yes"]);
        let blocked = removed.json["blocked"].to_string();
        assert!(blocked.contains("network/shop_a#remove") && blocked.contains("`theirs`"), "{}", removed.json);
        let error = removed.json["error"].to_string();
        assert!(removed.exit != 0 && error.contains("`shop_b`") && error.contains("a container"), "{}", removed.json);
        let left: Vec<String> = desk.all(node).into_keys().collect();
        assert_eq!(left, ["network shop_a", "network shop_b"]);
        desk.lab.docker(node, "rm -f joined");
        desk.lab.docker(node, "service rm theirs");
        // What has just gone is in use for a moment more: that is waited for.
        desk.fine(node, &["remove", "shop", "--yes"]);
        desk.gone();
    }
}

#[test]
fn a_stack_runs_is_changed_says_how_it_is_and_goes() {
    let desk = Desk::with_stack();
    let text = "services:\n  web:\n    image: 127.0.0.1:1/bb:1\n    command: [sh, -c, 'echo hello; cat /run/secrets/key; echo; sleep 1000']\n    \
                secrets: [key]\n    stop_grace_period: 0s\n    deploy: {replicas: 2}\nsecrets: {key: {file: key.txt}}\n";
    desk.write("stack.yml", text);
    let report = desk.deploy(2, &["--wait=3m"]);
    assert_eq!(report.actions(), ["swarm.network.create", "secret.create", "service.create"], "{}", report.json);
    desk.fine(1, &["status", "shop"]);
    let logs = desk.fine(3, &["logs", "shop", "--patience", "30s"]).json["data"]["lines"].to_string();
    assert!(logs.contains("hello") && logs.contains("hunter2"), "{logs}");
    let before = desk.lab.docker(1, "service ps -q shop_web");
    let report = desk.fine(1, &["redeploy", "shop", "--wait=3m"]);
    assert_eq!(report.actions(), ["service.force_update"]);
    assert_ne!(desk.lab.docker(1, "service ps -q shop_web"), before);
    // One more service, one that can't run, and a secret of another content.
    desk.write("stack.yml", &text.replace("secrets: {key: {file", "  lost: {image: '127.0.0.1:1/bb:1', deploy: {placement: {constraints: [node.labels.none == x]}}}\nsecrets: {key: {file"));
    assert_eq!(desk.deploy(3, &[]).actions(), ["service.create"]);
    desk.lab.wait_for("it is told", || {
        let status = desk.run(1, &["status", "shop"]);
        status.exit != 0 && status.json["data"]["findings"].to_string().contains("shop_lost")
    });
    for node in 1..=3 {
        desk.write("key.txt", "hunter3");
        let file = desk.path("stack.yml");
        let refused = desk.run(node, &["deploy", &file, "--stack", "shop", "--no-resolve"]);
        assert_eq!((refused.exit, refused.actions().len()), (75, 0), "node-{node}: {}", refused.json);
        assert!(refused.json["blocked"].to_string().contains("Swarm can't change it"), "{}", refused.json);
        desk.write("key.txt", "hunter2");
        assert!(desk.deploy(node, &[]).actions().is_empty());
    }
    assert_eq!(desk.run(1, &["remove", "shop"]).exit, 75);
    let gone = desk.fine(1, &["remove", "shop", "--yes"]);
    assert_eq!(gone.actions().len(), 4, "{}", gone.json);
    // A node may still let go of a network.
    assert!(desk.all(1).keys().all(|left| left.starts_with("network ")), "{:?}", desk.all(1));
    desk.gone();
}

#[test]
fn images_of_a_stack_are_built_pushed_and_run() {
    let desk = Desk::with_stack();
    let address = desk.lab.run(&["registry"]).trim().to_owned();
    let folder = std::path::PathBuf::from(desk.path("made"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(
        folder.join("Other"),
        "FROM 127.0.0.1:1/bb:1 AS first\nARG WORD\nRUN echo $WORD > /word\nFROM first\nRUN false\n",
    )
    .unwrap();
    let image = format!("{address}/shop/made:1");
    let text = format!(
        "services:\n  web:\n    image: {image}\n    build: {{context: made, dockerfile: Other, target: first, args: {{WORD: there}}}}\n    \
         command: [sh, -c, 'cat /word; sleep 1000']\n    stop_grace_period: 0s\n"
    );
    desk.write("stack.yml", &text);
    let file = desk.path("stack.yml");
    let built = desk.fine(1, &["build", &file]);
    assert_eq!(built.actions(), ["image.build", "image.push"], "{}", built.json);
    let digest = built.json["data"]["builds"][0]["digest"].as_str().unwrap().to_owned();
    desk.fine(1, &["deploy", &file, "--stack", "shop", "--wait=3m"]);
    let runs = desk.lab.spec(1, "shop_web")["TaskTemplate"]["ContainerSpec"]["Image"].clone();
    assert_eq!(runs, json!(format!("{image}@{digest}")));
    let logs = desk.fine(1, &["logs", "shop", "--patience", "30s"]).json["data"]["lines"].to_string();
    assert!(logs.contains("there"), "{logs}");
    assert!(Path::new(&file).exists());
    desk.fine(1, &["remove", "shop", "--yes"]);
}
