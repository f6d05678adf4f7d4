//! What a deployment writes, and that a second one writes nothing.

use serde_json::{Value, json};

use crate::common::poll;
use crate::stage::{IMAGE, Stage, kinds, strings};

const FULL: &str = "services:
  web:
    image: 127.0.0.1:1/bb:1
    command: sleep 1000
    environment: {B: '2', A: '${WHO:-nobody}', C: '$$x'}
    env_file: [web.env]
    labels: [tier=front]
    networks: {front: {aliases: [www]}}
    ports: ['8080:80', {target: 90, published: 9090, mode: host}]
    volumes: ['data:/data', './here:/b:ro', {type: tmpfs, target: /t}]
    secrets: [key]
    configs: [{source: conf, target: /etc/web.conf, mode: 0440}]
    healthcheck: {test: 'true', interval: 5s}
    logging: {driver: json-file, options: {max-size: 1m}}
    ulimits: {nofile: 1024}
    cap_add: [net_admin]
    extra_hosts: ['db:10.0.0.9']
    deploy:
      replicas: 2
      labels: {team: web}
      update_config: {order: start-first}
      restart_policy: {condition: on-failure}
      resources: {limits: {memory: 64M}}
  agent:
    image: 127.0.0.1:1/bb:1
    restart: always
    deploy: {mode: global}
networks: {front: {attachable: true}}
volumes: {data: {driver: local}}
secrets: {key: {file: key.txt}}
configs: {conf: {file: web.conf}}
";

fn full() -> Stage {
    let stage = Stage::new();
    stage.write("key.txt", "hunter2");
    stage.write("web.conf", "listen");
    stage.write("web.env", "A=file\nD=4\n");
    stage.write(".env", "WHO=\"dot env\"\n");
    stage
}

#[test]
fn all_of_a_stack_comes_to_be_and_a_second_deployment_writes_nothing() {
    let stage = full();
    let report = stage.deploy(0, FULL, &[]);
    let made =
        ["network.create", "network.create", "secret.create", "config.create", "service.create", "service.create"];
    let made: Vec<String> = made.iter().map(|kind| kind.replace("network.", "swarm.network.")).collect();
    assert_eq!(kinds(&report), made, "{report:#}");
    let spec = stage.service("shop_web").unwrap()["Spec"].clone();
    let container = &spec["TaskTemplate"]["ContainerSpec"];
    assert_eq!(container["Env"], json!(["A=dot env", "B=2", "C=$x", "D=4"]));
    assert_eq!(container["Labels"], json!({"tier": "front", "com.docker.stack.namespace": "shop"}));
    let labels = json!({"team": "web", "com.docker.stack.namespace": "shop", "com.docker.stack.image": IMAGE});
    assert_eq!(spec["Labels"], labels, "nothing of orca's own: the service is as docker's");
    let secret = &stage.listed("/secrets")[0];
    let file = json!({"Name": "key", "UID": "0", "GID": "0", "Mode": 0o444});
    assert_eq!(container["Secrets"], json!([{"File": file, "SecretID": secret["ID"], "SecretName": "shop_key"}]));
    assert_eq!(
        (&container["Configs"][0]["File"]["Mode"], &container["Hosts"][0]),
        (&json!(0o440), &json!("10.0.0.9 db"))
    );
    let network = stage.sim.engine.get("/networks/shop_front").unwrap();
    assert_eq!(
        (&network["Attachable"], &network["Labels"]["com.docker.stack.namespace"]),
        (&json!(true), &json!("shop"))
    );
    assert_eq!(
        spec["TaskTemplate"]["Networks"][0],
        json!({"Target": network["Id"], "Aliases": ["www", "web"], "DriverOpts": {}})
    );
    let bind = container["Mounts"][1]["Source"].as_str().unwrap();
    assert_eq!(bind, stage.orca.path("here").display().to_string());
    assert_eq!(spec["UpdateConfig"]["Order"], "start-first");
    let agent = stage.service("shop_agent").unwrap()["Spec"].clone();
    assert_eq!(
        (&agent["Mode"], &agent["TaskTemplate"]["RestartPolicy"]["Condition"]),
        (&json!({"Global": {}}), &json!("any"))
    );
    let (before, count) = (stage.all(), stage.service("shop_web").unwrap()["Version"].clone());
    let again = stage.deploy(0, FULL, &[]);
    assert_eq!((&again["outcome"], kinds(&again).len()), (&json!("unchanged"), 0), "{again:#}");
    assert_eq!((stage.all(), stage.service("shop_web").unwrap()["Version"].clone()), (before, count));
}

#[test]
fn what_is_shown_before_is_what_is_done_and_no_content_is_shown() {
    let stage = full();
    let shown = stage.deploy(0, FULL, &["--dry-run"]);
    assert!(stage.all().is_empty(), "{shown:#}");
    let done = stage.deploy(0, FULL, &[]);
    assert_eq!(strings(&shown, "actions", "id"), strings(&done, "actions", "id"));
    for report in [&shown, &done] {
        let text = report.to_string();
        assert!(!text.contains("hunter2") && !text.contains("aHVudGVyMg"), "{text}");
    }
}

#[test]
fn the_file_is_the_whole_truth_but_for_what_orca_itself_has_set() {
    let stage = full();
    stage.deploy(0, FULL, &[]);
    let service = stage.service("shop_web").unwrap();
    let mut spec = service["Spec"].clone();
    spec["Labels"]["theirs"] = "x".into();
    spec["Labels"]["orca.update"] = "false".into();
    spec["TaskTemplate"]["ContainerSpec"]["Hostname"] = "theirs".into();
    let path = format!("/services/{}/update?version={}", service["ID"].as_str().unwrap(), service["Version"]["Index"]);
    stage.sim.engine.post(&path, &spec).unwrap();
    let smaller =
        FULL.replace("    ulimits: {nofile: 1024}\n", "").replace("      update_config: {order: start-first}\n", "");
    let mut report = Value::Null;
    crate::common::poll::until("the rollout ends", || {
        report = stage.stacks(&["deploy", "stack.yml", "--stack", "shop", "--dry-run"]).report()?;
        Ok(report["blocked"].as_array().into_iter().flatten().map(ToString::to_string).collect())
    })
    .unwrap();
    let report = stage.deploy(0, &smaller, &[]);
    assert!(!kinds(&report).is_empty(), "{report:#}");
    let spec = stage.service("shop_web").unwrap()["Spec"].clone();
    let container = &spec["TaskTemplate"]["ContainerSpec"];
    assert_eq!((&spec["Labels"]["theirs"], &spec["Labels"]["orca.update"]), (&Value::Null, &json!("false")));
    assert_eq!(
        (&container["Hostname"], &container["Ulimits"], &spec["UpdateConfig"]),
        (&Value::Null, &json!([]), &Value::Null)
    );
    assert_eq!(container["CapabilityAdd"], json!(["CAP_NET_ADMIN"]));
}

#[test]
fn services_that_are_not_in_the_file_are_named_and_pruned_when_asked() {
    let stage = full();
    stage.deploy(0, FULL, &[]);
    let smaller =
        FULL.replace("  agent:\n    image: 127.0.0.1:1/bb:1\n    restart: always\n    deploy: {mode: global}\n", "");
    let report = stage.deploy(0, &smaller, &[]);
    assert_eq!(report["data"]["orphaned"], json!(["shop_agent"]), "{report:#}");
    assert!(strings(&report, "warnings", "code").contains(&"orphaned"), "{report:#}");
    // Neither of these is of the stack, whatever it is called.
    let stranger = |name: &str, stack: &str| {
        json!({"Name": name, "Labels": {"com.docker.stack.namespace": stack}, "Mode": {"Replicated": {"Replicas": 1}},
            "TaskTemplate": {"ContainerSpec": {"Image": IMAGE}, "Placement": {}}})
    };
    stage.sim.engine.post("/services/create", &stranger("shop_theirs", "")).unwrap();
    stage.sim.engine.post("/services/create", &stranger("shop_x_web", "shop_x")).unwrap();
    let before = stage.all();
    assert_eq!(kinds(&stage.deploy(0, &smaller, &["--prune", "--dry-run"])), ["service.remove"]);
    assert_eq!(stage.all(), before);
    let report = stage.deploy(0, &smaller, &["--prune"]);
    assert_eq!(
        (kinds(&report), strings(&report, "warnings", "code").contains(&"orphaned")),
        (vec!["service.remove"], false)
    );
    let gone: Vec<String> = before.into_iter().filter(|one| one != "services shop_agent").collect();
    assert_eq!(stage.all(), gone);
    assert!(stage.service("shop_theirs").is_some() && stage.service("shop_x_web").is_some());
    // What takes the place of another is there before that goes, and where a part can't be done nothing goes.
    let renamed = smaller
        .replace("  web:\n", "  front:\n")
        .replace("'8080:80', ", "")
        .replace(", {target: 90, published: 9090, mode: host}", "");
    let lost =
        renamed.replace("networks: {front: {attachable: true}}", "networks: {front: {external: true, name: nowhere}}");
    let report = stage.deploy(75, &lost, &["--prune"]);
    assert!(kinds(&report).is_empty() && stage.service("shop_web").is_some(), "{report:#}");
    let report = stage.deploy(0, &renamed, &["--prune"]);
    assert_eq!(kinds(&report), ["service.create", "service.remove"], "{report:#}");
    assert_eq!(kinds(&stage.deploy(0, &renamed, &["--prune"])), [""; 0]);
}

#[test]
fn a_write_whose_answer_is_lost_is_looked_for() {
    let stage = Stage::new();
    stage.write("key.txt", "one");
    let text = |more: &str| {
        format!(
            "services:\n  web: {{image: {IMAGE}, networks: [front], secrets: [{more}]}}\nnetworks: {{front: {{}}}}\nsecrets: {{key: {{file: key.txt}}, other: {{file: key.txt}}}}\n"
        )
    };
    let lose = |path: &str| {
        stage.sim.admin("/fault", &json!({"kind": "cut", "method": "POST", "path": path, "times": 1})).unwrap()
    };
    lose("/services/create");
    let report = stage.deploy(0, &text("key"), &[]);
    assert!(strings(&report, "actions", "status").iter().all(|status| *status == "done"), "{report:#}");
    let id = stage.service("shop_web").unwrap()["ID"].as_str().unwrap().to_owned();
    lose(&format!("/services/{id}/update"));
    let report = stage.deploy(0, &text("key, other"), &[]);
    assert!(strings(&report, "actions", "status").iter().all(|status| *status == "done"), "{report:#}");
}

#[test]
fn what_was_stopped_comes_back_as_it_was_and_a_device_that_is_given_up_is_free() {
    let stage = Stage::new();
    let gpu = "deploy: {resources: {reservations: {cpus: '0.1', generic_resources: [{discrete_resource_spec: {kind: gpu, value: 1}}]}}}";
    let text = |more: &str| format!("services:\n  web: {{image: {IMAGE}, {more}}}\n");
    stage.deploy(0, &text("hostname: a"), &[]);
    let run = |args: &[&str]| assert_eq!(stage.orca.run(args).unwrap().exit, Some(0), "{args:?}");
    run(&["services", "scale", "shop_web=3"]);
    run(&["stacks", "stop", "shop"]);
    stage.deploy(0, &text("hostname: a"), &[]);
    let spec = || stage.service("shop_web").unwrap()["Spec"].clone();
    assert_eq!(
        (&spec()["Mode"]["Replicated"]["Replicas"], &spec()["Labels"]["orca.stopped"]),
        (&json!(3), &Value::Null)
    );
    stage.deploy(0, &text(gpu), &[]);
    let reserved = || spec()["TaskTemplate"]["Resources"]["Reservations"]["GenericResources"].clone();
    assert_eq!(reserved().as_array().map(Vec::len), Some(1));
    stage.deploy(0, &text("deploy: {resources: {reservations: {cpus: '0.1'}}}"), &[]);
    assert!(reserved().as_array().is_none_or(Vec::is_empty), "{}", reserved());
}

/// Services of one stack, each with the ports that it publishes.
fn publishing(services: &[(&str, &str)]) -> String {
    let lines = services.iter().map(|(name, ports)| format!("  {name}: {{image: {IMAGE}, ports: [{ports}]}}\n"));
    format!("services:\n{}", lines.collect::<String>())
}

#[test]
fn a_port_that_is_taken_over_is_given_up_first() {
    let stage = Stage::new();
    stage.deploy(0, &publishing(&[("api", "'81:80'"), ("b", "'82:80'"), ("web", "'80:80', '90:90'")]), &[]);
    // Renamed: the old one goes before the new one comes, and the rest goes last.
    let renamed = publishing(&[("a", "'80:80'"), ("api", "'81:80'")]);
    let report = stage.deploy(75, &renamed, &[]);
    assert!(
        report["blocked"].to_string().contains("port 80/tcp is published by `shop_web`, which keeps it"),
        "{report:#}"
    );
    let report = stage.deploy(0, &renamed, &["--prune"]);
    let done: Vec<(&str, &str)> = report["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["kind"].as_str().unwrap(), one["target"]["name"].as_str().unwrap()))
        .collect();
    let expected = [("service.remove", "shop_web"), ("service.create", "shop_a"), ("service.remove", "shop_b")];
    assert_eq!(done, expected, "{report:#}");
    // Handed on from one to the next, whatever their names.
    let report = stage.deploy(0, &publishing(&[("a", "'81:80'"), ("api", "'82:80'"), ("z", "'80:80'")]), &[]);
    let order: Vec<&str> =
        report["actions"].as_array().unwrap().iter().map(|one| one["target"]["name"].as_str().unwrap()).collect();
    assert_eq!(order, ["shop_api", "shop_a", "shop_z"], "{report:#}");
    assert_eq!(
        kinds(&stage.deploy(0, &publishing(&[("a", "'81:80'"), ("api", "'82:80'"), ("z", "'80:80'")]), &[])),
        [""; 0]
    );
    // Each would have to be the second.
    let report = stage.deploy(75, &publishing(&[("a", "'82:80'"), ("api", "'81:80'"), ("z", "'80:80'")]), &[]);
    assert!(report["blocked"].to_string().contains("waits for a port of a service that waits"), "{report:#}");
    assert!(kinds(&report).is_empty(), "{report:#}");
}

/// The worst moment: the old service is gone, and the new one not yet made.
#[test]
fn a_kill_between_giving_up_a_port_and_taking_it_is_put_right_by_the_next_deployment() {
    let stage = Stage::new();
    stage.deploy(0, &publishing(&[("web", "'80:80'")]), &[]);
    let renamed = publishing(&[("a", "'80:80'")]);
    stage.write("stack.yml", &renamed);
    stage.sim.admin("/fault", &json!({"kind": "hold", "method": "POST", "path": "/services/create"})).unwrap();
    let running = stage.orca.start(&["stacks", "deploy", "stack.yml", "--stack", "shop", "--prune"]).unwrap();
    poll::until("the old one is gone", || {
        Ok(stage.service("shop_web").map(|raw| raw.to_string()).into_iter().collect())
    })
    .unwrap();
    running.signal("KILL").unwrap();
    running.end().unwrap();
    stage.sim.engine.ask("DELETE", "/_sim/fault", None).unwrap();
    stage.deploy(0, &renamed, &["--prune"]);
    assert_eq!(stage.all(), ["networks shop_default", "services shop_a"]);
    assert_eq!(kinds(&stage.deploy(0, &renamed, &["--prune"])), [""; 0]);
}

#[test]
fn a_port_of_another_service_is_told_of_before_anything_is_written() {
    let stage = Stage::new();
    let theirs = json!({"Name": "theirs", "Labels": {}, "Mode": {"Replicated": {"Replicas": 1}},
        "EndpointSpec": {"Ports": [{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 80, "PublishMode": "ingress"}]},
        "TaskTemplate": {"ContainerSpec": {"Image": IMAGE}, "Placement": {}}});
    stage.sim.engine.post("/services/create", &theirs).unwrap();
    for taken in ["'80:8080'", "'80:8080/tcp', '81:81'", "{target: 8080, published: 80, mode: host}"] {
        let report = stage.deploy(75, &publishing(&[("api", ""), ("web", taken)]), &[]);
        assert!(report["blocked"].to_string().contains("port 80/tcp is published by `theirs`"), "{report:#}");
        assert_eq!(stage.all(), [""; 0], "{taken}");
    }
    let report = stage.deploy(75, &publishing(&[("api", "'81:80'"), ("web", "'81:81'")]), &[]);
    assert!(report["blocked"].to_string().contains("port 81/tcp is also wanted by `shop_api`"), "{report:#}");
    // Neither another protocol nor what each node has for itself is in the way.
    let beside = publishing(&[
        ("api", "{target: 1, published: 85, mode: host}"),
        ("b", "{target: 2, published: 85, mode: host}"),
        ("web", "'80:80/udp'"),
    ]);
    stage.deploy(0, &beside, &[]);
}

#[test]
fn files_are_put_over_each_other() {
    let stage = full();
    stage.write("base.yml", FULL);
    let over = "services: {web: {image: '127.0.0.1:1/bb:2', environment: [B=3], ports: ['8081:80'], \
                deploy: {replicas: 5}}}\n";
    stage.write("over.yml", over);
    let report = stage.report(0, &["deploy", "base.yml", "over.yml", "--stack", "shop"]);
    assert_eq!(kinds(&report).len(), 6, "{report:#}");
    let spec = stage.service("shop_web").unwrap()["Spec"].clone();
    let env = &spec["TaskTemplate"]["ContainerSpec"]["Env"];
    assert_eq!(env, &json!(["A=dot env", "B=3", "C=$x", "D=4"]));
    assert_eq!(spec["Mode"]["Replicated"]["Replicas"], 5);
    assert_eq!(spec["EndpointSpec"]["Ports"].as_array().unwrap().len(), 3);
    assert_eq!(spec["TaskTemplate"]["ContainerSpec"]["Image"], "127.0.0.1:1/bb:2");
}

#[test]
fn what_swarm_has_no_use_for_is_told_of_at_its_place() {
    let stage = Stage::new();
    let text = format!(
        "name: shop\nservices:\n  web:\n    image: {IMAGE}\n    container_name: x\n    depends_on: [db]\n    links: [db]\n\
         \x20   tmpfs: /t\n    build: .\n    ports: ['127.0.0.1:80:80']\n    networks: {{default: {{ipv4_address: 10.0.0.1}}}}\n\
         \x20   environment: {{A: $NOTHING}}\n    volumes:\n    - '/srv/:/srv:ro,z'\n\
        \x20   - {{type: bind, source: /a, target: /a, bind: {{create_host_path: true}}}}\n"
    );
    stage.write("stack.yml", &text);
    let report = stage.report(0, &["deploy", "stack.yml"]);
    let said: Vec<&str> = strings(&report, "warnings", "message");
    for (place, word) in [
        ("stack.yml:5:", "container_name"),
        ("stack.yml:6:", "depends_on"),
        ("stack.yml:7:", "links"),
        ("stack.yml:8:", "tmpfs"),
        ("stack.yml:9:", "build"),
        ("stack.yml:10:", "127.0.0.1"),
        ("stack.yml:11:", "ipv4_address"),
        ("stack.yml:12:", "NOTHING"),
        ("stack.yml:14:", "`z`"),
        ("stack.yml:15:", "create_host_path"),
    ] {
        assert!(said.iter().any(|text| text.contains(place) && text.contains(word)), "{place} {word}: {said:#?}");
    }
    let spec = stage.service("shop_web").unwrap()["Spec"].clone();
    assert_eq!(spec["EndpointSpec"]["Ports"][0]["PublishedPort"], 80);
    assert_eq!(spec["TaskTemplate"]["ContainerSpec"]["Mounts"][0]["Source"], "/srv/", "as docker writes it");
}
