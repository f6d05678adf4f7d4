//! `exporter deploy` against a simulated swarm and made-up exporters: what the service is, what is left alone, what is set
//! right, what is refused, and what is said of exporters that aren't what they should be.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::common::poll;
use crate::common::sim::Sim;
use crate::metrics::{Answer, Server, exposition};

const IMAGE: &str =
    "example.org/node-exporter:1@sha256:0000000000000000000000000000000000000000000000000000000000000001";

struct Host {
    dir: tempfile::TempDir,
    sim: Sim,
    exporters: Server,
}

impl Host {
    /// Three nodes, whose exporters are pages of one server.
    fn new() -> Self {
        let host = Self { dir: tempfile::tempdir().unwrap(), sim: Sim::three().unwrap(), exporters: Server::start() };
        for node in 1..=3 {
            host.exporters.text(&format!("/{node}"), exposition(&format!("node-{node}"), 8.0, 4.0));
        }
        host
    }

    fn config(&self, further: &str) -> String {
        let node = |k: usize| format!("node-{k}: '{}'", self.exporters.url(&format!("/{k}")));
        let nodes: Vec<String> = (1..=3).map(node).collect();
        format!(
            "exporter: {{ image: '{IMAGE}' {further} }}\nrebalance: {{ metrics: {{ timeout: 1s, node_exporters: {{ {} }} }} }}",
            nodes.join(", ")
        )
    }

    fn orca(&self, config: &str, args: &[&str]) -> (i32, Value) {
        let output = self.command(config, args).output().unwrap();
        (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap_or_default())
    }

    /// `orca health`: exit code, findings as `node-1 code`, what is counted.
    fn health(&self, config: &str) -> (i32, Vec<String>, Value) {
        let mut command = self.command(config, &[]);
        let words: Vec<_> = command.get_args().map(std::ffi::OsStr::to_os_string).collect();
        command = Command::new(env!("CARGO_BIN_EXE_orca"));
        command.env_clear().args(&words[..words.len() - 2]).arg("health").stdin(Stdio::null());
        let output = command.output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = report["data"]["findings"].as_array().unwrap().iter();
        let findings = findings
            .map(|one| format!("{} {}", one["target"]["name"].as_str().unwrap(), one["code"].as_str().unwrap()));
        (output.status.code().unwrap(), findings.collect(), report["data"]["counts"]["exporters"].clone())
    }

    fn command(&self, config: &str, args: &[&str]) -> Command {
        let file = self.dir.path().join("orca.yml");
        std::fs::write(&file, config).unwrap();
        let mut orca = Command::new(env!("CARGO_BIN_EXE_orca"));
        orca.env_clear().args(["-o", "json", "-H", &self.sim.engine.host(), "-c"]).arg(file);
        orca.arg("--state-dir").arg(self.dir.path().join("state")).args(["exporter", "deploy"]).args(args);
        orca.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        orca
    }

    fn service(&self) -> Value {
        self.sim.engine.get("/services/node_exporter").unwrap()
    }

    fn tasks(&self) -> Vec<String> {
        let tasks = self.sim.engine.get(r"/tasks?filters=%7B%22desired-state%22%3A%5B%22running%22%5D%7D").unwrap();
        let mut ids: Vec<String> =
            tasks.as_array().unwrap().iter().map(|task| task["ID"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    fn writes(&self) -> usize {
        let requests = self.sim.requests().unwrap();
        let listed = requests.as_array().or_else(|| requests["requests"].as_array()).unwrap();
        listed.iter().filter(|request| !matches!(request["method"].as_str(), Some("GET" | "HEAD"))).count()
    }

    fn edit(&self, change: impl Fn(&mut Value)) {
        let id = self.service()["ID"].as_str().unwrap().to_owned();
        self.sim.engine.edit("services", &id, change).unwrap();
    }
}

fn strings(report: &Value, list: &str, key: &str) -> Vec<String> {
    let items = report.pointer(list).and_then(Value::as_array).unwrap();
    items.iter().map(|item| item[key].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_service_has_the_hosts_files_to_read_a_port_of_the_node_and_nothing_else() {
    let host = Host::new();
    let (exit, report) = host.orca(&host.config(""), &[]);
    assert_eq!((exit, report["outcome"].as_str()), (0, Some("changed")), "{report:#}");
    assert_eq!(strings(&report, "/actions", "kind"), ["service.create"]);
    assert_eq!(strings(&report, "/data/targets", "state"), ["up", "up", "up"], "{report:#}");
    let spec = &host.service()["Spec"];
    assert_eq!((&spec["Mode"], &spec["Labels"]), (&json!({"Global": {}}), &json!({"orca.exporter": "node_exporter"})));
    let template = &spec["TaskTemplate"];
    let container = &template["ContainerSpec"];
    assert_eq!((container["Image"].as_str(), container["ReadOnly"].as_bool()), (Some(IMAGE), Some(true)));
    assert_eq!((&container["CapabilityDrop"], &container["CapabilityAdd"]), (&json!(["ALL"]), &json!([])));
    assert_eq!((&container["User"], &container["Hostname"]), (&json!("65534:65534"), &json!("{{.Node.Hostname}}")));
    let mounts = container["Mounts"].as_array().unwrap();
    let sources: Vec<&str> = mounts.iter().map(|mount| mount["Source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["/proc", "/sys", "/"]);
    assert!(mounts.iter().all(|mount| mount["Type"] == "bind" && mount["ReadOnly"] == true), "{mounts:?}");
    let args = json!([
        "--path.procfs=/host/proc",
        "--path.sysfs=/host/sys",
        "--path.rootfs=/host/root",
        "--web.listen-address=:9100"
    ]);
    assert_eq!(container["Args"], args);
    let limits = json!({"MemoryBytes": 128 << 20, "NanoCPUs": 500_000_000, "Pids": 128});
    assert_eq!(template["Resources"]["Limits"], limits);
    assert!(template["Placement"].is_object(), "managers crash without one");
    let port = json!([{"Protocol": "tcp", "TargetPort": 9100, "PublishedPort": 9100, "PublishMode": "host"}]);
    assert_eq!(spec["EndpointSpec"]["Ports"], port);
}

#[test]
fn an_equal_service_is_left_alone_also_when_its_lists_are_sorted_otherwise() {
    let host = Host::new();
    host.orca(&host.config(""), &[]);
    host.edit(|spec| spec["TaskTemplate"]["ContainerSpec"]["Mounts"].as_array_mut().unwrap().reverse());
    let (before, tasks) = (host.service(), host.tasks());
    host.sim.reset_requests().unwrap();
    let (exit, report) = host.orca(&host.config(""), &[]);
    assert_eq!((exit, report["outcome"].as_str()), (0, Some("unchanged")), "{report:#}");
    assert_eq!((host.writes(), host.service(), host.tasks()), (0, before, tasks));
}

#[test]
fn only_what_has_drifted_is_set_and_what_orca_does_not_know_stays() {
    let host = Host::new();
    host.orca(&host.config(""), &[]);
    host.edit(|spec| {
        spec["Future"] = json!({"x": [null]});
        spec["Labels"]["theirs"] = json!("kept");
        spec["TaskTemplate"]["ContainerSpec"]["CapabilityAdd"] = json!(["CAP_SYS_ADMIN"]);
        spec["TaskTemplate"]["ContainerSpec"]["Env"] = json!(["SECRET=hush"]);
        spec["TaskTemplate"]["Resources"]["Limits"]["MemoryBytes"] = json!(1 << 30);
        spec["TaskTemplate"]["Resources"]["Reservations"] = json!({"MemoryBytes": 1 << 20});
        spec["EndpointSpec"]["Ports"][0]["PublishMode"] = json!("ingress");
    });
    let mut wanted = host.service()["Spec"].clone();
    wanted["TaskTemplate"]["ContainerSpec"]["CapabilityAdd"] = json!([]);
    wanted["TaskTemplate"]["ContainerSpec"]["Env"] = json!([]);
    wanted["TaskTemplate"]["Resources"]["Limits"]["MemoryBytes"] = json!(128 << 20);
    wanted["EndpointSpec"]["Ports"][0]["PublishMode"] = json!("host");
    let (_, planned) = host.orca(&host.config(""), &["-n"]);
    host.sim.reset_requests().unwrap();
    let (exit, report) = host.orca(&host.config(""), &[]);
    assert_eq!((exit, report["outcome"].as_str()), (0, Some("changed")), "{report:#}");
    assert_eq!(strings(&planned, "/actions", "id"), strings(&report, "/actions", "id"), "what was planned was done");
    assert_eq!(strings(&report, "/actions", "kind"), ["service.field.set"; 4]);
    assert_eq!((host.writes(), &host.service()["Spec"]), (1, &wanted), "one write");
    assert!(!report.to_string().contains("hush"), "values of variables are nobody's business");
    assert_eq!(host.orca(&host.config(""), &[]).1["outcome"], "unchanged");
    // A setting is named as the reason.
    let (_, report) = host.orca(&host.config(", memory: 64M"), &["-n"]);
    assert_eq!(strings(&report, "/actions", "reason"), ["exporter.memory (orca.yml:1)"]);
}

#[test]
fn another_writer_is_not_overwritten() {
    let host = Host::new();
    host.orca(&host.config(""), &[]);
    host.edit(|spec| spec["TaskTemplate"]["Resources"]["Limits"]["Pids"] = json!(5));
    host.sim.admin("/fault", &json!({"kind": "conflict", "method": "POST", "times": 1})).unwrap();
    let (exit, report) = host.orca(&host.config(""), &[]);
    assert_eq!((exit, strings(&report, "/actions", "status")), (0, vec!["done".to_owned()]), "{report:#}");
    let spec = &host.service()["Spec"];
    assert_eq!(
        (&spec["TaskTemplate"]["Resources"]["Limits"]["Pids"], &spec["Labels"]["sim.other"]),
        (&json!(128), &json!("1"))
    );
}

#[test]
fn a_lost_answer_is_looked_after_and_a_name_that_is_taken_meanwhile_is_left_to_whoever_took_it() {
    let host = Host::new();
    host.sim.admin("/fault", &json!({"kind": "cut", "method": "POST", "times": 1})).unwrap();
    let (exit, report) = host.orca(&host.config(""), &[]);
    assert_eq!((exit, strings(&report, "/actions", "status")), (0, vec!["done".to_owned()]), "{report:#}");
    host.sim.engine.ask("DELETE", "/services/node_exporter", None).unwrap();
    host.sim.engine.ask("DELETE", "/_sim/fault", None).unwrap();
    host.sim.admin("/fault", &json!({"kind": "hold", "method": "POST", "times": 1})).unwrap();
    let running = host.command(&host.config(""), &["--timeout", "20s"]).spawn().unwrap();
    poll::until("the write is held", || {
        let state = host.sim.engine.get("/_sim/state")?;
        Ok(if state["faults"][0]["struck"] == 1 { Vec::new() } else { vec![state["faults"].to_string()] })
    })
    .unwrap();
    let spec = json!({"Name": "node_exporter", "TaskTemplate": {"ContainerSpec": {"Image": "theirs"}, "Placement": {}},
        "Mode": {"Global": {}}});
    host.sim.engine.post("/services/create", &spec).unwrap();
    host.sim.engine.ask("DELETE", "/_sim/fault", None).unwrap();
    let output = running.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(strings(&report, "/actions", "status"), ["skipped"], "{report:#}");
    assert!(output.status.code() != Some(0), "{report:#}");
    assert_eq!(host.service()["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"], "theirs");
}

#[test]
fn a_dry_run_writes_nothing_anywhere() {
    let host = Host::new();
    let file = host.dir.path().join("targets.json");
    let (exit, report) = host.orca(&host.config(""), &["-n", "--file-sd", file.to_str().unwrap()]);
    assert_eq!((exit, report["outcome"].as_str()), (0, Some("planned")), "{report:#}");
    assert_eq!(strings(&report, "/data/targets", "state"), ["unasked"; 3]);
    assert_eq!(report["data"]["file_sd"]["written"], false);
    assert!(!file.exists() && !host.dir.path().join("state").exists());
    assert!((host.writes(), host.exporters.asked().len()) == (0, 0));
}

#[test]
fn a_service_of_somebody_elses_is_never_touched() {
    let host = Host::new();
    let spec = json!({"Name": "node_exporter", "TaskTemplate": {"ContainerSpec": {"Image": "x"}, "Placement": {}},
        "Mode": {"Global": {}}});
    host.sim.engine.post("/services/create", &spec).unwrap();
    let before = host.service();
    let (exit, report) = host.orca(&host.config(""), &[]);
    let reason = report["blocked"][0]["reasons"][0].as_str().unwrap();
    assert_eq!((exit, report["outcome"].as_str()), (75, Some("blocked")), "{report:#}");
    assert!(reason.contains("orca has not made") && reason.contains("--label-add orca.exporter"), "{reason}");
    assert_eq!((host.service(), host.exporters.asked().len()), (before, 0));
    // Its own service by another name, on another port, is none of its business.
    let (exit, report) = host.orca(&host.config(", name: other, port: 9101"), &[]);
    assert_eq!((exit, report["outcome"].as_str()), (0, Some("changed")), "{report:#}");
    // Once it was given away, it is made what it has to be; but a service's mode can't be.
    host.edit(|spec| spec["Labels"] = json!({"orca.exporter": "node_exporter"}));
    let (exit, report) = host.orca(&host.config(""), &[]);
    assert_eq!(
        (exit, &host.service()["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]),
        (0, &json!(IMAGE)),
        "{report:#}"
    );
    host.sim.engine.ask("DELETE", "/services/node_exporter", None).unwrap();
    let spec = json!({"Name": "node_exporter", "Labels": {"orca.exporter": "x"}, "Mode": {"Replicated": {"Replicas": 1}},
        "TaskTemplate": {"ContainerSpec": {"Image": "x"}, "Placement": {}}});
    host.sim.engine.post("/services/create", &spec).unwrap();
    let (exit, report) = host.orca(&host.config(""), &[]);
    let reason = report["blocked"][0]["reasons"][0].as_str().unwrap();
    assert!(exit == 75 && reason.contains("is not a global service"), "{reason}");
}

#[test]
fn each_exporter_must_answer_and_be_that_node() {
    let host = Host::new();
    host.orca(&host.config(""), &[]);
    host.exporters.text("/1", exposition("node-2", 8.0, 4.0));
    host.exporters.set("/2", Answer::Silence);
    host.exporters.text("/3", "<html>it works</html>");
    let file = host.dir.path().join("targets.json");
    let (exit, report) = host.orca(&host.config(""), &["--file-sd", file.to_str().unwrap()]);
    assert_eq!((exit, report["outcome"].as_str()), (1, Some("failed")), "{report:#}");
    assert_eq!(strings(&report, "/data/targets", "state"), ["other", "silent", "silent"]);
    let message = report["error"]["message"].as_str().unwrap();
    for part in [
        "3 of 3 exporters",
        "`node-1`: http",
        "is that of `node-2`, not of `node-1`",
        "no answer within 1 s",
        "no node_uname_info",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    // What is silent is to be noticed; what is another's would be taken for what it is not.
    let targets: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let names: Vec<&Value> = targets.as_array().unwrap().iter().map(|target| &target["labels"]["node"]).collect();
    assert_eq!(names, ["node-2", "node-3"], "{targets:#}");
}

#[test]
fn a_silent_exporter_is_no_healthy_swarm_where_the_config_wants_one() {
    let host = Host::new();
    let config = host.config("");
    // It is not there yet, which makes nothing ill.
    let none = json!({"total": 0, "up": 0});
    assert_eq!(host.health(&config), (0, vec!["node_exporter exporter_missing".to_owned()], none));
    host.orca(&config, &[]);
    let asked = host.exporters.asked().len();
    assert_eq!(host.health(&config), (0, Vec::new(), json!({"total": 3, "up": 3})));
    assert_eq!(host.exporters.asked().len(), asked + 3, "each is asked once");
    host.exporters.set("/2", Answer::Silence);
    host.exporters.text("/3", exposition("node-1", 8.0, 4.0));
    let (exit, findings, counts) = host.health(&config);
    assert_eq!((exit, counts), (1, json!({"total": 3, "up": 1})));
    assert_eq!(findings, ["node-2 exporter_silent", "node-3 exporter_silent"]);
    // Whose config says nothing of exporters is told nothing of them.
    assert_eq!(host.health("nodes: {}\n"), (0, Vec::new(), Value::Null));
    // A node that is down is ill enough.
    host.exporters.text("/2", exposition("node-2", 8.0, 4.0));
    host.sim.admin("/nodes/node-3", &json!({"state": "down"})).unwrap();
    let (_, findings, _) = host.health(&config);
    assert!(findings.contains(&"node-3 node_down".to_owned()), "{findings:?}");
    assert!(!findings.iter().any(|finding| finding.contains("exporter")), "{findings:?}");
}

#[test]
fn a_node_without_a_running_task_is_named_with_the_reason() {
    let host = Host::new();
    let node = host.sim.engine.get("/nodes").unwrap()[2]["ID"].as_str().unwrap().to_owned();
    let why = "starting container failed: path / is mounted on / but it is not a shared or slave mount";
    host.sim.admin("/images", &json!({"match": "example.org", "state": "rejected", "err": why})).unwrap();
    let (exit, report) = host.orca(&host.config(""), &["--timeout", "6s"]);
    let message = report["error"]["message"].as_str().unwrap();
    assert_eq!((exit, report["outcome"].as_str()), (1, Some("partial")), "{report:#}");
    assert!(message.contains(why) && message.contains("make-rshared"), "{message}");
    assert_eq!(host.exporters.asked().len(), 0, "another exporter on that port is not the service's");
    // A node that takes no tasks has none, which is said and is no failure.
    let host = Host::new();
    host.sim.engine.edit("nodes", &node, |spec| spec["Availability"] = json!("drain")).unwrap();
    let (exit, report) = host.orca(&host.config(""), &[]);
    assert_eq!((exit, strings(&report, "/data/targets", "node").len()), (0, 2), "{report:#}");
    assert_eq!(strings(&report, "/warnings", "code"), ["left_out"]);
    // One that is down isn't asked; Prometheus is told of it all the same.
    host.sim.engine.edit("nodes", &node, |spec| spec["Availability"] = json!("active")).unwrap();
    host.sim.admin("/nodes/node-3", &json!({"state": "down"})).unwrap();
    let file = host.dir.path().join("targets.json");
    let (exit, report) = host.orca(&host.config(""), &["--file-sd", file.to_str().unwrap()]);
    assert_eq!(
        (exit, strings(&report, "/data/targets", "state")),
        (0, ["up", "up", "down"].map(str::to_owned).to_vec()),
        "{report:#}"
    );
    assert_eq!(
        (strings(&report, "/warnings", "code"), &report["data"]["file_sd"]["targets"]),
        (vec!["node_down".to_owned()], &json!(3))
    );
}

#[test]
fn a_port_that_another_service_has_is_no_reason_to_wait_for_long() {
    let host = Host::new();
    host.orca(&host.config(""), &[]);
    let (exit, report) = host.orca(&host.config(", name: second"), &["--timeout", "60s"]);
    let message = report["error"]["message"].as_str().unwrap();
    assert!(exit == 1 && message.contains("its task is pending: no suitable node"), "{report:#}");
    assert!(report["run"]["duration_ms"].as_u64().unwrap() < 20_000, "{report:#}");
}

#[test]
fn targets_have_their_nodes_name_id_and_labels() {
    let host = Host::new();
    let nodes = host.sim.engine.get("/nodes").unwrap();
    let id = nodes[0]["ID"].as_str().unwrap();
    host.sim
        .engine
        .edit("nodes", id, |spec| spec["Labels"] = json!({"rack.row": "b", "orca.labels": "rack.row"}))
        .unwrap();
    let file = host.dir.path().join("targets.json");
    let args = ["--file-sd", file.to_str().unwrap()];
    let (_, report) = host.orca(&host.config(""), &args);
    assert_eq!(report["data"]["file_sd"]["changed"], true, "{report:#}");
    let targets: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let labels = json!({"node": "node-1", "node_id": id, "node_label_rack_row": "b", "__metrics_path__": "/1"});
    assert_eq!(targets[0], json!({"targets": [host.exporters.address.to_string()], "labels": labels}));
    let (_, report) = host.orca(&host.config(""), &args);
    assert_eq!(report["data"]["file_sd"]["changed"], false, "an equal file is not written again");
    let (exit, _) = host.orca(&host.config(""), &["--file-sd", "targets.txt"]);
    assert_eq!(exit, 64, "Prometheus would not read it");
    let (exit, report) = host.orca(&host.config(""), &["--file-sd", "/nonexistent/targets.json"]);
    assert!(
        exit == 1 && report["error"]["message"].as_str().unwrap().contains("can't write the targets"),
        "{report:#}"
    );
}

#[test]
fn an_image_without_a_digest_is_said_to_be_unpinned_and_once_pinned_stays() {
    let host = Host::new();
    let config = host.config("").replace(IMAGE, "example.org/node-exporter:1");
    let (exit, report) = host.orca(&config, &[]);
    assert_eq!((exit, strings(&report, "/warnings", "code")), (0, vec!["unpinned".to_owned()]), "{report:#}");
    host.edit(|spec| spec["TaskTemplate"]["ContainerSpec"]["Image"] = json!(IMAGE));
    let (exit, report) = host.orca(&config, &[]);
    assert_eq!(
        (exit, report["outcome"].as_str(), &report["warnings"]),
        (0, Some("unchanged"), &json!([])),
        "{report:#}"
    );
}

#[test]
fn networks_must_be_the_swarms() {
    let host = Host::new();
    for (name, why) in [("nowhere", "there is no network `nowhere`"), ("bridge", "`bridge` is no network of the swarm")]
    {
        let (exit, report) = host.orca(&host.config(&format!(", networks: [{name}]")), &[]);
        let reason = report["blocked"][0]["reasons"][0].as_str().unwrap();
        assert!(exit == 75 && reason.contains(why), "{reason}");
    }
    assert_eq!(host.writes(), 0);
    let id =
        host.sim.engine.post("/networks/create", &json!({"Name": "mon", "Driver": "overlay"})).unwrap()["Id"].clone();
    let (exit, report) = host.orca(&host.config(", networks: [mon]"), &[]);
    assert_eq!(
        (exit, &host.service()["Spec"]["TaskTemplate"]["Networks"]),
        (0, &json!([{"Target": id}])),
        "{report:#}"
    );
    assert_eq!(host.orca(&host.config(", networks: [mon]"), &[]).1["outcome"], "unchanged");
}

#[test]
fn orcastras_file_is_taken_as_it_is_but_for_what_it_got_wrong() {
    let host = Host::new();
    host.sim.engine.post("/networks/create", &json!({"Name": "monitor-net", "Driver": "overlay"})).unwrap();
    let older = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/orcastra/deploy_node_exporter.yml");
    let config = host.config("").replace(&format!("image: '{IMAGE}'"), "memory: 64M");
    let (exit, report) = host.orca(&config, &["--from", older]);
    assert_eq!((exit, report["outcome"].as_str()), (0, Some("changed")), "{report:#}");
    let spec = &host.service()["Spec"];
    let container = &spec["TaskTemplate"]["ContainerSpec"];
    assert_eq!(spec["EndpointSpec"]["Ports"][0]["PublishMode"], "host");
    assert_eq!(container["Args"][0], "--path.procfs=/host/proc");
    assert_eq!(container["Args"].as_array().unwrap().len(), 4, "no others than the file's own");
    let mounts = container["Mounts"].as_array().unwrap();
    assert!(mounts.len() == 5 && mounts.iter().all(|mount| mount["ReadOnly"] == true), "{mounts:?}");
    assert_eq!(container["Healthcheck"]["Test"], json!(["CMD", "wget", "-qO-", "http://127.0.0.1:9100/metrics"]));
    assert_eq!(container["Env"], json!(["TZ=UTC"]));
    assert_eq!(spec["TaskTemplate"]["RestartPolicy"]["Condition"], "on-failure");
    assert_eq!(spec["TaskTemplate"]["LogDriver"]["Options"]["max-size"], "10m");
    assert_eq!(spec["Labels"]["monitoring.enabled"], "true");
    assert_eq!(spec["Labels"]["swarm.stack"], "ops");
    assert_eq!(spec["TaskTemplate"]["Resources"]["Limits"]["MemoryBytes"], 64 << 20, "orca.yml says more");
    assert_eq!(host.orca(&config, &["--from", older]).1["outcome"], "unchanged");
    let wrong = host.dir.path().join("wrong.yml");
    std::fs::write(&wrong, "image: x\nports: [{published: 0}]\ndeploy: {mode: replicated}\nmount: []\n").unwrap();
    let (exit, report) = host.orca(&config, &["--from", wrong.to_str().unwrap()]);
    let problems = report["data"]["problems"].to_string();
    assert_eq!(exit, 78, "{report:#}");
    for part in ["must be global", "between 1 and 65535", "unknown key"] {
        assert!(problems.contains(part), "{part}: {problems}");
    }
}
