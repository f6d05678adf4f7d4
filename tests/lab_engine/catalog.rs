//! The catalog on real engines: what a definition becomes, that a second deployment changes nothing, that files, catalog
//! and swarm converge, and an image that is built, pushed and pinned. The docker CLI is the witness.

use std::path::Path;

use serde_json::json;

use super::lab::{Lab, Report};

const FULL: &str = "image: 127.0.0.1:1/bb:1\nreplicas: 2\nports: ['8080:80', '53:53/udp@host']\nenv: {B: '2', A: '1'}\n\
    constraints: [node.role == manager]\nlabels: {team: web}\nnetworks: [ov]\nmounts: ['/tmp:/b:ro,rslave', 'vol:/v', 'tmpfs:/t', /anon]\n\
    command: sh -c \"trap 'exit 0' TERM; while :; do sleep 0.2; done\"\nhealthcheck: {test: 'true', interval: 1s, retries: 3}\n\
    limits: {cpus: 0.5, memory: 64M, pids: 100}\nreservations: {memory: 8M}\nsecrets: [sec, 'sec:other']\nconfigs: [cfg, 'cfg:/c']\n\
    update: {parallelism: 2, order: start-first, max_failure_ratio: 0.25, monitor: 1s}\nrollback: {order: stop-first}\n\
    restart: {condition: any, delay: 1s, max_attempts: 5}\nuser: '0:0'\nhostname: h\nworkdir: /tmp\nstop_signal: SIGINT\n\
    stop_grace_period: 3s\ninit: true\nread_only: true\nmax_replicas_per_node: 2\n";
const JOB: &str = "image: 127.0.0.1:1/bb:1\nmode: replicated-job\nreplicas: 2\ncommand: [sh, -c, 'true']\n";
const AGENT: &str = "image: 127.0.0.1:1/bb:1\nmode: global\ncommand: [sleep, '1000']\nstop_grace_period: 0s\n";

struct Desk {
    lab: Lab,
    state: tempfile::TempDir,
    dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { lab: Lab::clean(), state: tempfile::tempdir().unwrap(), dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn run(&self, node: usize, args: &[&str]) -> Report {
        let (definitions, projects) = (self.path("defs"), self.path("projects"));
        let config = format!("catalog: {{definitions: {definitions}, projects: {projects}}}");
        self.lab.orca(node, &config, self.state.path(), &[&["catalog"], args].concat())
    }

    fn fine(&self, node: usize, args: &[&str]) -> Report {
        let report = self.run(node, args);
        assert_eq!(report.exit, 0, "node-{node}: {args:?}: {}", report.json);
        report
    }

    fn counts(&self, args: &[&str]) -> [u64; 4] {
        let report = self.fine(1, &[&["reconcile"], args].concat());
        ["inserted", "updated", "deleted", "state_updated"].map(|key| report.json["data"][key].as_u64().unwrap())
    }

    /// Until all tasks run, and the catalog knows it.
    fn settle(&self) {
        let patience = std::time::Duration::from_secs(60);
        self.lab.wait_for("it runs", patience, || self.status("web") == "running");
        self.lab.wait_for("it is noted", patience, || self.counts(&["--deploy"]) == [0; 4]);
    }

    fn status(&self, name: &str) -> String {
        let listed = self.fine(1, &["ls"]).json;
        let rows = listed["data"]["services"].as_array().unwrap();
        let row = rows.iter().find(|row| row["name"] == name).unwrap();
        row["status"].as_str().unwrap().to_owned()
    }
}

#[test]
fn every_engine_takes_a_full_definition_and_a_second_deployment_changes_nothing() {
    let desk = Desk::new();
    desk.lab.docker(1, "network create -d overlay ov");
    desk.lab.docker_with_input(1, "secret create sec -", "s");
    desk.lab.docker_with_input(1, "config create cfg -", "c");
    desk.write("defs/web.yml", FULL);
    desk.write("defs/once.yml", JOB);
    desk.write("defs/agent.yml", AGENT);
    desk.counts(&[]);
    for node in 1..=3 {
        let made = desk.fine(node, &["deploy", "--all", "--no-resolve", "--wait=60s"]);
        assert_eq!(made.actions(), ["service.create"; 3], "node-{node}: {}", made.json);
        for again in 1..=3 {
            let report = desk.fine(again, &["deploy", "--all", "--no-resolve"]);
            assert!(report.actions().is_empty(), "node-{node}, then node-{again}: {}", report.json);
        }
        let spec = desk.lab.spec(node, "web");
        let container = &spec["TaskTemplate"]["ContainerSpec"];
        assert_eq!(container["Env"], json!(["A=1", "B=2"]));
        assert_eq!(
            (&container["Secrets"][1]["File"]["Name"], &container["Configs"][0]["File"]["Name"]),
            (&json!("other"), &json!("/cfg"))
        );
        assert_eq!(container["Mounts"].as_array().unwrap().len(), 4, "node-{node}");
        desk.lab.wait_for("the job completes", std::time::Duration::from_secs(60), || desk.status("once") == "stopped");
        assert_eq!((desk.status("web").as_str(), desk.status("agent").as_str()), ("running", "running"));
        // What runs is what would be written down.
        let lost = desk.fine(node, &["rm", "web"]).json["warnings"].as_array().unwrap().len();
        assert_eq!(lost, 1);
        let imported = desk.fine(node, &["import", "web"]);
        assert_eq!(imported.json["warnings"], json!([]), "node-{node}: a definition can say all of it");
        let diff = desk.fine(node, &["diff", "web"]);
        let ids = diff.strings("/actions", "id");
        assert!(ids.iter().all(|id| id == "service/web#field/Labels"), "node-{node}: {}", diff.json);
        desk.counts(&[]);
        desk.fine(node, &["stop", "web", "once", "agent"]);
        assert_eq!(desk.status("web"), "stopped");
    }
    desk.lab.docker(1, "secret rm sec");
    desk.lab.docker(1, "config rm cfg");
    desk.lab.wait_for("the network is free", std::time::Duration::from_secs(60), || {
        desk.lab.try_docker(1, "network rm ov").is_some()
    });
}

#[test]
fn files_catalog_and_swarm_converge_and_an_engine_that_is_away_changes_nothing() {
    let desk = Desk::new();
    desk.write("defs/web.yml", AGENT);
    desk.write("defs/old.yml", AGENT);
    assert_eq!(desk.counts(&["--deploy"]), [2, 0, 0, 0]);
    desk.settle();
    assert_eq!(desk.counts(&["--deploy"]), [0; 4]);
    // In no file any more; removed by somebody; changed by somebody; changed in its file.
    std::fs::remove_file(desk.path("defs/old.yml")).unwrap();
    desk.lab.docker(1, "service update -d --env-add X=y web");
    desk.lab.wait_for("the rollout ends", std::time::Duration::from_secs(60), || {
        desk.lab.docker(1, "service inspect web --format {{.UpdateStatus.State}}").trim() == "completed"
    });
    assert_eq!(desk.counts(&["--deploy", "--prune"])[2], 1);
    assert!(desk.lab.try_docker(1, "service inspect old").is_none());
    assert_eq!(desk.lab.spec(1, "web")["TaskTemplate"]["ContainerSpec"]["Env"], json!(null));
    desk.lab.wait_for("the rollout ends", std::time::Duration::from_secs(60), || desk.status("web") == "running");
    desk.counts(&[]);
    desk.lab.docker(1, "service rm web");
    assert_eq!(desk.counts(&[]), [0, 0, 0, 1]);
    assert_eq!(desk.status("web"), "stopped");
    desk.counts(&["--deploy"]);
    desk.settle();
    assert_eq!(desk.counts(&[]), [0; 4]);
    desk.lab.run(&["kill", "1"]);
    let report = desk.run(1, &["reconcile", "--deploy"]);
    assert_eq!(report.json["data"]["state_updated"], 0, "{}", report.json);
    assert_eq!(report.json["warnings"][0]["code"], "swarm_unknown", "{}", report.json);
    desk.lab.run(&["start", "1"]);
    desk.lab.wait_for("the engine is back", std::time::Duration::from_secs(60), || {
        desk.lab.try_docker(1, "node ls").is_some()
    });
    assert_eq!(desk.counts(&[])[..3], [0; 3]);
}

#[test]
fn an_image_is_built_pushed_pinned_and_a_failure_says_why() {
    let desk = Desk::new();
    let address = desk.lab.run(&["registry"]).trim().to_owned();
    let image = format!("{address}/shop/built:1");
    desk.write(
        "projects/web/Dockerfile",
        "FROM 127.0.0.1:1/bb:1\nCOPY word /word\nRUN cat /word\nCMD [\"sleep\", \"1000\"]\n",
    );
    desk.write("projects/web/word", "one");
    desk.write("defs/web.yml", &format!("image: {image}\nbuild_context: web\nstop_grace_period: 0s\n"));
    desk.write("projects/bad/Dockerfile", "FROM 127.0.0.1:1/bb:1\nRUN echo so it goes; false\n");
    desk.write("defs/bad.yml", &format!("image: {address}/shop/bad:1\nbuild_context: bad\n"));
    desk.write("defs/away.yml", "image: 127.0.0.1:9/shop/away:1\nbuild_context: web\n");
    desk.counts(&[]);
    for node in 1..=3 {
        desk.write("projects/web/word", &format!("word {node}"));
        let built = desk.fine(node, &["build", "web"]);
        assert_eq!(built.actions(), ["image.build", "image.push"], "{}", built.json);
        let digest = built.json["data"]["digest"].as_str().unwrap().to_owned();
        assert!(built.json["data"]["logs"].as_str().unwrap().contains(&format!("word {node}")), "{}", built.json);
        let deployed = desk.fine(node, &["deploy", "web", "--wait=60s"]);
        assert!(!deployed.actions().is_empty(), "{}", deployed.json);
        let runs = desk.lab.spec(node, "web")["TaskTemplate"]["ContainerSpec"]["Image"].clone();
        assert_eq!(runs, format!("{image}@{digest}"), "node-{node}: the new digest is what runs");
        assert!(desk.fine(node, &["deploy", "web"]).actions().is_empty());
        let failed = desk.run(node, &["build", "bad"]);
        assert_eq!(failed.exit, 1, "{}", failed.json);
        assert!(failed.json["error"].to_string().contains("so it goes"), "{}", failed.json);
        let refused = desk.run(node, &["build", "away"]);
        assert_eq!(
            (refused.exit, refused.strings("/actions", "status")),
            (1, vec!["done".to_owned(), "failed".to_owned()]),
            "{}",
            refused.json
        );
    }
    assert!(Path::new(&desk.path("projects/web/word")).exists());
    desk.lab.docker(1, "service rm web");
}
