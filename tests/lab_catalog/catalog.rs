//! The catalog on real engines: what a definition becomes, that a second deployment changes nothing, that files, catalog
//! and swarm converge, and an image that is built, pushed and pinned. The docker CLI is the witness.

use std::path::Path;

use serde_json::json;

use crate::desk::Desk;

const FULL: &str = "image: 127.0.0.1:1/bb:1\nreplicas: 2\nports: ['8080:80', '53:53/udp@host']\nenv: {B: '2', A: '1'}\n\
    constraints: [node.role == manager]\nlabels: {team: web}\nnetworks: [ov]\nmounts: ['/tmp:/b:ro,rslave', 'vol:/v', 'tmpfs:/t', /anon]\n\
    command: sh -c \"trap 'exit 0' TERM; while :; do sleep 0.2; done\"\nhealthcheck: {test: 'true', interval: 1s, retries: 3}\n\
    limits: {cpus: 0.5, memory: 64M, pids: 100}\nreservations: {memory: 8M}\nsecrets: [sec, 'sec:other']\nconfigs: [cfg, 'cfg:/c']\n\
    update: {parallelism: 2, order: start-first, max_failure_ratio: 0.25, monitor: 1s}\nrollback: {order: stop-first}\n\
    restart: {condition: any, delay: 1s, max_attempts: 5}\nuser: '0:0'\nhostname: h\nworkdir: /tmp\nstop_signal: SIGINT\n\
    stop_grace_period: 3s\ninit: true\nread_only: true\nmax_replicas_per_node: 2\n";
const JOB: &str = "image: 127.0.0.1:1/bb:1\nmode: replicated-job\nreplicas: 2\ncommand: [sh, -c, 'true']\n";
const AGENT: &str = "image: 127.0.0.1:1/bb:1\nmode: global\ncommand: [sleep, '1000']\nstop_grace_period: 0s\n";

impl Desk {
    fn with_definitions() -> Self {
        Self::new("catalog", "catalog: {definitions: DIRdefs, projects: DIRprojects}")
    }

    fn counts(&self, args: &[&str]) -> [u64; 4] {
        let report = self.fine(1, &[&["reconcile"], args].concat());
        ["inserted", "updated", "deleted", "state_updated"].map(|key| report.json["data"][key].as_u64().unwrap())
    }

    /// Until all tasks run, and the catalog knows it.
    fn settle(&self) {
        self.lab.wait_for("all that is deployed runs", || {
            let listed = self.fine(1, &["ls"]).json;
            let rows = listed["data"]["services"].as_array().unwrap();
            !rows.is_empty() && rows.iter().all(|row| row["status"] == "running")
        });
        self.lab.wait_for("it is noted", || self.counts(&["--deploy"]) == [0; 4]);
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
    let desk = Desk::with_definitions();
    desk.lab.docker(1, "network create -d overlay ov");
    desk.lab.docker_with_input(1, "secret create sec -", "s");
    desk.lab.docker_with_input(1, "config create cfg -", "c");
    desk.write("defs/web.yml", FULL);
    desk.write("defs/once.yml", JOB);
    desk.write("defs/agent.yml", AGENT);
    desk.counts(&[]);
    for node in 1..=3 {
        let made = desk.fine(node, &["deploy", "--all", "--no-resolve", "--wait=3m"]);
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
        desk.lab.wait_for("the job completes", || desk.status("once") == "stopped");
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
    desk.lab.wait_for("the network is free", || desk.lab.try_docker(1, "network rm ov").is_some());
}

/// What one pass repaired, and that a second one finds nothing.
fn one_pass(desk: &Desk, drift: &str, wanted: [u64; 4]) {
    let (first, second) = (desk.counts(&[]), desk.counts(&[]));
    assert_eq!((first, second), (wanted, [0; 4]), "{drift}");
}

#[test]
fn each_drift_is_counted_once_and_a_second_pass_finds_nothing() {
    let desk = Desk::with_definitions();
    let services = || {
        let listed = desk.lab.docker(2, "service ls --format {{.Name}}");
        let mut names: Vec<String> = listed.split_whitespace().map(str::to_owned).collect();
        names.sort();
        names
    };
    for name in ["web", "old"] {
        desk.write(&format!("defs/{name}.yml"), AGENT);
    }
    one_pass(&desk, "in files, not in the catalog", [2, 0, 0, 0]);
    assert!(services().is_empty(), "taken in, not deployed");
    desk.counts(&["--deploy"]);
    desk.settle();
    one_pass(&desk, "nothing", [0; 4]);
    desk.write("defs/web.yml", &format!("{AGENT}env: {{A: b}}\n"));
    one_pass(&desk, "the file says something else", [0, 1, 0, 0]);
    desk.lab.docker(1, "service rm web");
    one_pass(&desk, "the service stands otherwise", [0, 0, 0, 1]);
    assert_eq!(desk.status("web"), "stopped");
    std::fs::remove_file(desk.path("defs/old.yml")).unwrap();
    one_pass(&desk, "in the catalog, in no file any more", [0, 0, 1, 0]);
    assert_eq!(services(), ["old"], "the service of a row that has gone runs on");
    desk.lab.docker(1, "service rm old");
    desk.counts(&["--deploy"]);
    desk.settle();
    desk.lab.run(&["kill", "1"]);
    for _ in 0..2 {
        let report = desk.run(1, &["reconcile", "--deploy", "--prune"]);
        let counts =
            ["inserted", "updated", "deleted", "state_updated"].map(|key| report.json["data"][key].as_u64().unwrap());
        println!("the engine is away: {counts:?}, exit {}", report.exit);
        assert_eq!((counts, report.actions().len()), ([0; 4], 0), "{}", report.json);
        assert_eq!(report.json["warnings"][0]["code"], "swarm_unknown", "{}", report.json);
    }
    assert_eq!(desk.status("web"), "unknown");
    desk.lab.wait_for("the others have a leader", || desk.lab.try_docker(2, "node ls").is_some());
    assert_eq!(services(), ["web"], "nothing is torn down for want of an answer");
    desk.lab.run(&["start", "1"]);
    desk.lab.wait_whole();
    desk.settle();
    one_pass(&desk, "the engine is back", [0; 4]);
}

#[test]
fn files_catalog_and_swarm_converge_and_an_engine_that_is_away_changes_nothing() {
    let desk = Desk::with_definitions();
    desk.write("defs/web.yml", AGENT);
    desk.write("defs/old.yml", AGENT);
    assert_eq!(desk.counts(&["--deploy"]), [2, 0, 0, 0]);
    desk.settle();
    assert_eq!(desk.counts(&["--deploy"]), [0; 4]);
    // In no file any more; removed by somebody; changed by somebody; changed in its file.
    std::fs::remove_file(desk.path("defs/old.yml")).unwrap();
    desk.lab.docker(1, "service update -d --env-add X=y web");
    desk.lab.wait_for("the rollout ends", || {
        desk.lab.docker(1, "service inspect web --format {{.UpdateStatus.State}}").trim() == "completed"
    });
    assert_eq!(desk.counts(&["--deploy", "--prune"])[2], 1);
    assert!(desk.lab.try_docker(1, "service inspect old").is_none());
    assert_eq!(desk.lab.spec(1, "web")["TaskTemplate"]["ContainerSpec"]["Env"], json!(null));
    desk.lab.wait_for("the rollout ends", || desk.status("web") == "running");
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
    desk.lab.wait_whole();
    assert_eq!(desk.counts(&[])[..3], [0; 3]);
}

#[test]
fn an_image_is_built_pushed_pinned_and_a_failure_says_why() {
    let desk = Desk::with_definitions();
    let address = desk.lab.run(&["registry"]).trim().to_owned();
    let image = format!("{address}/shop/built:1");
    desk.write(
        "projects/web/Dockerfile",
        "FROM 127.0.0.1:1/bb:1 AS base\nCOPY word /word\nRUN cat /word\nFROM base\nCMD [\"sleep\", \"1000\"]\n",
    );
    desk.write("projects/web/word", "one");
    desk.write("defs/web.yml", &format!("image: {image}\nbuild_context: web\nstop_grace_period: 0s\n"));
    desk.write("projects/bad/Dockerfile", "FROM 127.0.0.1:1/bb:1\nRUN echo so it goes; false\n");
    desk.write("defs/bad.yml", &format!("image: {address}/shop/bad:1\nbuild_context: bad\n"));
    // What only BuildKit can.
    desk.write("projects/kit/Dockerfile", "FROM 127.0.0.1:1/bb:1\nRUN --mount=type=cache,target=/c echo of the kit\n");
    desk.write("defs/kit.yml", &format!("image: {address}/shop/kit:1\nbuild_context: kit\n"));
    desk.write("defs/away.yml", "image: 127.0.0.1:9/shop/away:1\nbuild_context: web\n");
    desk.counts(&[]);
    for node in 1..=3 {
        // Of this run alone: what a build has kept is not printed again.
        let word = format!("word {node} of {}", std::process::id());
        desk.write("projects/web/word", &word);
        let built = desk.fine(node, &["build", "web"]);
        assert_eq!(built.actions(), ["image.build", "image.push"], "{}", built.json);
        let digest = built.json["data"]["digest"].as_str().unwrap().to_owned();
        assert!(built.json["data"]["logs"].as_str().unwrap().contains(&word), "{}", built.json);
        let deployed = desk.fine(node, &["deploy", "web", "--wait=3m"]);
        assert!(!deployed.actions().is_empty(), "{}", deployed.json);
        let runs = desk.lab.spec(node, "web")["TaskTemplate"]["ContainerSpec"]["Image"].clone();
        assert_eq!(runs, format!("{image}@{digest}"), "node-{node}: the new digest is what runs");
        assert!(desk.fine(node, &["deploy", "web"]).actions().is_empty());
        let kit = desk.fine(node, &["build", "kit", "--no-push"]);
        assert!(kit.json["data"]["logs"].as_str().unwrap().contains("of the kit"), "{}", kit.json);
        assert_eq!(desk.run(node, &["build", "kit", "--no-push", "--builder=classic"]).exit, 1);
        let classic = desk.fine(node, &["build", "web", "--no-push", "--builder=classic"]);
        assert!(classic.json["data"]["logs"].as_str().unwrap().contains("Step 1/"), "{}", classic.json);
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

#[test]
fn the_examples_and_the_original_s_call_deploy_on_every_engine() {
    let desk = Desk::with_definitions();
    desk.lab.docker(1, "network create -d overlay web");
    desk.lab.docker_with_input(1, "secret create db_password -", "s");
    for entry in std::fs::read_dir("examples/services").unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let image = text.lines().find(|line| line.starts_with("image: ")).unwrap();
        let text = text.replace(image, "image: 127.0.0.1:1/bb:1").replace("whoami --port 80", "sleep 1000");
        let text = text.replace("test: pg_isready -U postgres", "test: test -s /run/secrets/db_password");
        let more = if text.contains("\ncommand:") { "" } else { "command: sleep 1000\n" };
        desk.write(&format!("defs/{}", entry.file_name().display()), &format!("{text}{more}"));
    }
    for node in 1..=3 {
        desk.fine(node, &["reconcile", "--deploy"]);
        let second = desk.fine(node, &["deploy", "whoami", "db", "--no-resolve", "--wait=3m"]);
        assert!(second.actions().is_empty(), "node-{node}: {}", second.json);
        let up = || desk.status("whoami") == "running" && desk.status("db") == "running";
        desk.lab.wait_for("both run, the one healthy", up);
        let spec = desk.lab.spec(node, "whoami");
        assert_eq!(spec["TaskTemplate"]["ContainerSpec"]["Env"], json!(["TZ=Europe/Berlin"]));
        assert_eq!(spec["EndpointSpec"]["Ports"][0]["PublishedPort"], 8080);

        let call = ["deploy", "said", "--image=127.0.0.1:1/bb:1", "--replicas=2", "--port=8081:80"];
        let made = desk.fine(node, &call);
        assert_eq!(made.actions(), ["catalog.insert", "service.create"], "node-{node}: {}", made.json);
        assert!(desk.fine(node, &call).actions().is_empty());
        desk.fine(node, &["stop", "said", "whoami", "db"]);
        desk.fine(node, &["rm", "said", "whoami", "db"]);
    }
    desk.lab.docker(1, "secret rm db_password");
    desk.lab.wait_for("the network is free", || desk.lab.try_docker(1, "network rm web").is_some());
}
