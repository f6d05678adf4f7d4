//! What a deployment writes, what it leaves alone, and that a second one finds nothing to do.

use serde_json::{Value, json};

use crate::common::poll;
use crate::stage::{IMAGE, Stage, kinds, stranger};

const FULL: &str = "image: 127.0.0.1:1/bb:1\nreplicas: 2\nports: ['8080:80', '53:53/udp@host']\nenv: {B: '2', A: '1'}\n\
    constraints: ['node.role == manager']\nlabels: {team: web}\nmounts: ['/srv:/srv:ro', 'data:/data']\n\
    command: [sleep, '1000']\nhealthcheck: {test: 'true', interval: 30s, retries: 3}\n\
    limits: {cpus: 0.5, memory: 256M}\nreservations: {memory: 64M}\nupdate: {parallelism: 2, order: start-first}\n\
    restart: {condition: on-failure, max_attempts: 3}\nuser: '1000'\nstop_grace_period: 20s\n";

fn spec(stage: &Stage) -> Value {
    stage.service("web").unwrap()["Spec"].clone()
}

#[test]
fn the_spec_is_as_the_docker_cli_would_write_it() {
    let stage = Stage::with_definitions();
    stage.define("web.yml", FULL);
    stage.reconcile(&[]);
    let report = stage.report(0, &["deploy", "web"]);
    assert_eq!(kinds(&report), ["service.create"]);
    assert_eq!(report["warnings"][0]["code"], "unpinned", "no registry has said what the tag stands for");
    let spec = spec(&stage);
    let container = &spec["TaskTemplate"]["ContainerSpec"];
    assert_eq!(container["Env"], json!(["A=1", "B=2"]));
    assert_eq!(container["Args"], json!(["sleep", "1000"]));
    assert_eq!(container["Healthcheck"]["Test"], json!(["CMD-SHELL", "true"]));
    assert_eq!(container["Healthcheck"]["Interval"], 30_000_000_000_u64);
    let mount = &container["Mounts"][0];
    assert_eq!(
        (&mount["Type"], &mount["Source"], &mount["ReadOnly"]),
        (&json!("bind"), &json!("/srv"), &json!(true)),
        "{mount}"
    );
    assert_eq!(container["StopGracePeriod"], 20_000_000_000_u64);
    assert_eq!(spec["Mode"], json!({"Replicated": {"Replicas": 2}}));
    assert_eq!(spec["TaskTemplate"]["Resources"]["Limits"]["NanoCPUs"], 500_000_000);
    assert_eq!(spec["TaskTemplate"]["Resources"]["Reservations"]["MemoryBytes"], 64 << 20);
    assert_eq!(spec["TaskTemplate"]["RestartPolicy"]["Condition"], "on-failure");
    assert_eq!(spec["TaskTemplate"]["Placement"]["Constraints"], json!(["node.role == manager"]));
    assert_eq!(
        (&spec["UpdateConfig"]["Parallelism"], &spec["UpdateConfig"]["Order"]),
        (&json!(2), &json!("start-first"))
    );
    let ports = spec["EndpointSpec"]["Ports"].as_array().unwrap();
    assert_eq!((&ports[0]["PublishedPort"], &ports[1]["PublishMode"]), (&json!(8080), &json!("host")));
    assert_eq!((&spec["Labels"]["team"], &spec["Labels"]["orca.catalog"]), (&json!("web"), &json!("orca")));
    let again = stage.report(0, &["deploy", "web"]);
    assert_eq!(
        (&again["outcome"], &again["data"]["services"][0]["verdict"]),
        (&json!("unchanged"), &json!("unchanged"))
    );
}

#[test]
fn what_goes_from_the_definition_goes_and_what_others_have_set_stays() {
    let stage = Stage::with_definitions();
    stage.define("web.yml", FULL);
    stage.reconcile(&["--deploy"]);
    stage.meddle("web", |spec| {
        spec["Labels"]["theirs"] = "kept".into();
        spec["TaskTemplate"]["ContainerSpec"]["Hostname"] = "kept".into();
        spec["TaskTemplate"]["ContainerSpec"]["Unknown"] = json!([null, 1.5]);
        spec["TaskTemplate"]["LogDriver"] = json!({"Name": "json-file"});
    });
    stage.plain("web", "labels: {tier: front}\n");
    poll::until("the rollout ends", || {
        let report = stage.catalog(&["reconcile", "--deploy"]).report()?;
        Ok(report["blocked"].as_array().into_iter().flatten().map(ToString::to_string).collect())
    })
    .unwrap();
    let spec = spec(&stage);
    let labels = spec["Labels"].as_object().unwrap();
    assert!(labels.contains_key("theirs") && labels.contains_key("tier") && !labels.contains_key("team"), "{labels:?}");
    let container = &spec["TaskTemplate"]["ContainerSpec"];
    assert_eq!((&container["Hostname"], &container["Unknown"]), (&json!("kept"), &json!([null, 1.5])));
    assert_eq!((&container["Healthcheck"], &container["Env"]), (&Value::Null, &json!([])));
    assert_eq!(spec["TaskTemplate"]["LogDriver"], json!({"Name": "json-file"}));
    assert_eq!(spec["TaskTemplate"]["Resources"]["Limits"]["MemoryBytes"], 0);
    assert_eq!(spec["UpdateConfig"]["Order"], "stop-first");
    assert_eq!(spec["Mode"], json!({"Replicated": {"Replicas": 2}}), "a number that nobody writes is nobody's wish");
    assert_eq!(stage.reconcile(&["--deploy"]), [0; 4]);
}

/// Of lists only what is wanted counts; that something is not wanted any more is wanted, too.
#[test]
fn an_option_that_is_taken_off_is_taken_off() {
    let stage = Stage::with_definitions();
    stage.plain("web", "mounts: ['/srv:/srv:ro,rslave', 'data:/data:nocopy']\nports: ['8080:80']\n");
    stage.reconcile(&["--deploy"]);
    assert_eq!(spec(&stage)["TaskTemplate"]["ContainerSpec"]["Mounts"][0]["ReadOnly"], true);
    stage.plain("web", "mounts: ['/srv:/srv', 'data:/data']\nports: ['80']\n");
    let report = stage.report(0, &["reconcile", "--deploy"]);
    assert_eq!(report["outcome"], "changed", "{report:#}");
    let spec = spec(&stage);
    let mounts = &spec["TaskTemplate"]["ContainerSpec"]["Mounts"];
    assert_eq!((&mounts[0]["ReadOnly"], &mounts[1]["VolumeOptions"]["NoCopy"]), (&json!(false), &json!(false)));
    assert_eq!(
        (&mounts[0]["BindOptions"]["Propagation"], &spec["EndpointSpec"]["Ports"][0]["PublishedPort"]),
        (&json!(""), &json!(0))
    );
    assert_eq!(stage.reconcile(&["--deploy"]), [0; 4]);
}

#[test]
fn a_service_of_nobody_is_taken_over_by_hand_alone() {
    let stage = Stage::with_definitions();
    stage.sim.engine.post("/services/create", &stranger("web")).unwrap();
    stage.plain("web", "");
    let report = stage.report(75, &["reconcile", "--deploy"]);
    assert!(report["blocked"][0]["reasons"][0].as_str().unwrap().contains("takes it over"), "{report:#}");
    let report = stage.report(0, &["deploy", "web"]);
    assert!(report["warnings"].as_array().unwrap().iter().any(|warning| warning["code"] == "adopted"), "{report:#}");
    assert_eq!(spec(&stage)["Labels"]["team"], "x");
    assert_eq!(stage.reconcile(&["--deploy"]), [0; 4]);
}

#[test]
fn a_mode_can_not_be_changed_and_is_refused() {
    let stage = Stage::with_definitions();
    stage.plain("web", "");
    stage.reconcile(&["--deploy"]);
    stage.plain("web", "mode: global\n");
    let report = stage.report(75, &["reconcile", "--deploy"]);
    assert!(report["blocked"][0]["reasons"][0].as_str().unwrap().contains("Swarm can't change that"), "{report:#}");
}

#[test]
fn jobs_and_global_services_stand_as_they_do() {
    let stage = Stage::with_definitions();
    stage.plain("agent", "mode: global\n");
    stage.plain("once", "mode: replicated-job\nreplicas: 2\n");
    stage.reconcile(&["--deploy"]);
    let job = stage.service("once").unwrap()["Spec"].clone();
    assert_eq!(job["Mode"], json!({"ReplicatedJob": {"MaxConcurrent": 2, "TotalCompletions": 2}}));
    assert_eq!(job["TaskTemplate"]["RestartPolicy"]["Condition"], "on-failure");
    // How many at once is more than a definition says, and stays; all of them, where nobody has said otherwise.
    stage.plain("once", "mode: replicated-job\nreplicas: 3\n");
    stage.reconcile(&["--deploy"]);
    let of_job = || stage.service("once").unwrap()["Spec"]["Mode"]["ReplicatedJob"].clone();
    assert_eq!(of_job(), json!({"MaxConcurrent": 3, "TotalCompletions": 3}));
    stage.meddle("once", |spec| spec["Mode"]["ReplicatedJob"]["MaxConcurrent"] = 1.into());
    stage.plain("once", "mode: replicated-job\nreplicas: 2\n");
    stage.reconcile(&["--deploy"]);
    assert_eq!(of_job(), json!({"MaxConcurrent": 1, "TotalCompletions": 2}));
    let of = |name: &str| stage.statuses().into_iter().find(|(other, _)| other == name).unwrap().1;
    assert_eq!(of("agent"), "running");
    // A new leader knows no node until it hears from it: that stops nothing.
    let nodes = |state: &str| {
        for node in ["node-1", "node-2", "node-3"] {
            stage.sim.admin(&format!("/nodes/{node}"), &json!({"state": state})).unwrap();
        }
    };
    nodes("unknown");
    stage.reconcile(&["--deploy"]);
    assert_eq!(of("agent"), "running");
    nodes("ready");
    assert!(["running", "stopped"].contains(&of("once").as_str()), "{}", of("once"));
    assert_eq!(kinds(&stage.report(0, &["deploy", "--all"])), Vec::<&str>::new());
}

#[test]
fn a_name_without_a_tag_is_pinned_and_stays_so() {
    let stage = Stage::with_definitions();
    let digest = |byte: &str| format!("sha256:{}", byte.repeat(64));
    let publish = |byte: &str| {
        let told = json!({"image": "127.0.0.1:1/plain", "digest": digest(byte)});
        stage.sim.admin("/registry", &told).unwrap();
    };
    publish("a");
    stage.define("web.yml", "image: 127.0.0.1:1/plain\n");
    stage.reconcile(&["--deploy"]);
    let image = || spec(&stage)["TaskTemplate"]["ContainerSpec"]["Image"].as_str().unwrap().to_owned();
    assert_eq!(image(), format!("127.0.0.1:1/plain:latest@{}", digest("a")));
    // Neither a registry that is away nor a pass that doesn't ask takes it away.
    stage.sim.engine.ask("DELETE", "/_sim/registry", None).unwrap();
    let before = stage.service("web");
    stage.reconcile(&["--deploy"]);
    stage.report(0, &["deploy", "web"]);
    assert_eq!(stage.service("web"), before);
    // Nor is what runs replaced for another word for the same.
    let other = format!("127.0.0.1:1/plain@{}", digest("a"));
    stage.meddle("web", |spec| spec["TaskTemplate"]["ContainerSpec"]["Image"] = other.clone().into());
    stage.reconcile(&["--deploy"]);
    publish("a");
    stage.report(0, &["deploy", "web"]);
    assert_eq!(image(), other);
    // Another digest is another image, whatever its tag.
    for byte in ["b", "c"] {
        let pinned = format!("127.0.0.1:1/plain:1@{}", digest(byte));
        stage.define("web.yml", &format!("image: {pinned}\n"));
        stage.reconcile(&["--deploy"]);
        assert_eq!(image(), pinned);
    }
}

#[test]
fn a_port_has_one_service_and_who_comes_late_stops_no_other() {
    let stage = Stage::with_definitions();
    stage.plain("web", "ports: ['80:80']\n");
    stage.plain("b", "ports: ['85:80']\n");
    let mut theirs = stranger("theirs");
    theirs["EndpointSpec"] =
        json!({"Ports": [{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 90, "PublishMode": "ingress"}]});
    stage.sim.engine.post("/services/create", &theirs).unwrap();
    stage.reconcile(&["--deploy"]);
    stage.plain("api", "ports: ['80:80']\n");
    stage.plain("web", "ports: ['80:80']\nenv: {A: b}\n");
    let report = stage.report(75, &["reconcile", "--deploy"]);
    assert!(report["blocked"].to_string().contains("published by `web`, which keeps it"), "{report:#}");
    assert_eq!(report["blocked"].as_array().map(Vec::len), Some(1), "{report:#}");
    assert_eq!(spec(&stage)["TaskTemplate"]["ContainerSpec"]["Env"], json!(["A=b"]));
    // Nor does anybody wait for what does not come.
    std::fs::remove_file(stage.file("api.yml")).unwrap();
    stage.plain("b", "ports: ['90:80']\n");
    stage.plain("a", "ports: ['85:80']\n");
    let before = stage.service("b");
    let report = stage.report(75, &["reconcile", "--deploy"]);
    let said = report["blocked"].to_string();
    assert!(said.contains("published by `theirs`") && said.contains("waits for a port of `b`"), "{report:#}");
    assert!(stage.service("a").is_none() && stage.service("b") == before);
}

#[test]
fn what_a_definition_has_no_words_for_stays_with_what_it_belongs_to() {
    let stage = Stage::with_definitions();
    let made = |path: &str, spec: Value| stage.sim.engine.post(path, &spec).unwrap();
    made("/networks/create", json!({"Name": "net", "Driver": "overlay"}));
    made("/networks/create", json!({"Name": "second", "Driver": "overlay"}));
    let key = made("/secrets/create", json!({"Name": "key", "Data": "eA=="}));
    let network = stage.sim.engine.get("/networks/net").unwrap()["Id"].clone();
    let file = json!({"Name": "key", "UID": "1000", "GID": "1000", "Mode": 0o400});
    let mut theirs = stranger("web");
    theirs["TaskTemplate"]["Networks"] = json!([{"Target": network, "Aliases": ["shop"]}]);
    theirs["TaskTemplate"]["ContainerSpec"]["Secrets"] =
        json!([{"SecretID": key["ID"], "SecretName": "key", "File": file}]);
    stage.sim.engine.post("/services/create", &theirs).unwrap();
    let report = stage.report(0, &["import", "web"]);
    let said = report["warnings"].to_string();
    assert!(said.contains("owner and mode of the secret key") && said.contains("Aliases in the network"), "{report:#}");
    stage.report(0, &["deploy", "web"]);
    let yaml = stage.catalog(&["show", "web", "--yaml"]).stdout;
    stage.define("web.yml", &yaml.replace("- net\n", "- net\n- second\n"));
    stage.reconcile(&["--deploy"]);
    let template = spec(&stage)["TaskTemplate"].clone();
    assert_eq!(template["ContainerSpec"]["Secrets"][0]["File"], file);
    let networks = template["Networks"].as_array().unwrap();
    assert_eq!((networks.len(), &networks[0]["Aliases"]), (2, &json!(["shop"])), "{template:#}");
}

#[test]
fn what_is_missing_in_the_swarm_is_refused_and_the_others_go_on() {
    let stage = Stage::with_definitions();
    stage.sim.engine.post("/networks/create", &json!({"Name": "net", "Driver": "overlay"})).unwrap();
    stage.plain("api", "networks: [net]\n");
    stage.plain("web", "networks: [nowhere]\nsecrets: [key]\n");
    let report = stage.report(75, &["reconcile", "--deploy"]);
    let reasons = report["blocked"][0]["reasons"].as_array().unwrap();
    assert_eq!(reasons.len(), 2, "{report:#}");
    assert!(reasons[0].as_str().unwrap().contains("no network `nowhere`"), "{report:#}");
    assert!(stage.service("web").is_none());
    let network = stage.sim.engine.get("/networks/net").unwrap()["Id"].clone();
    assert_eq!(stage.service("api").unwrap()["Spec"]["TaskTemplate"]["Networks"][0]["Target"], network);
}

#[test]
fn a_diff_writes_nothing_and_shows_no_secret() {
    let stage = Stage::with_definitions();
    stage.plain("web", "env: {TOKEN: hunter2}\n");
    stage.reconcile(&["--deploy"]);
    let before = stage.service("web");
    stage.plain("web", "env: {TOKEN: hunter3}\n");
    stage.reconcile(&[]);
    let ended = stage.catalog(&["diff", "--detailed-exitcode"]);
    assert_eq!(ended.exit, Some(2), "{ended}");
    assert_eq!(kinds(&ended.report().unwrap()), ["service.field.set"; 2], "the variables, and what was deployed");
    assert_eq!(stage.service("web"), before);
    for ended in [ended, stage.catalog(&["ls"]), stage.catalog(&["show", "web"])] {
        assert!(!ended.stdout.contains("hunter"), "{ended}");
    }
    assert!(stage.catalog(&["show", "web", "--yaml"]).stdout.contains("hunter3"));
}

#[test]
fn what_runs_becomes_a_definition_and_its_deployment_changes_only_labels() {
    let stage = Stage::with_definitions();
    let mut spec = stranger("web");
    spec["TaskTemplate"]["ContainerSpec"]["Env"] = json!(["B=2", "A=1"]);
    spec["TaskTemplate"]["LogDriver"] = json!({"Name": "json-file"});
    spec["EndpointSpec"] =
        json!({"Ports": [{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8080, "PublishMode": "ingress"}]});
    stage.sim.engine.post("/services/create", &spec).unwrap();
    let report = stage.report(0, &["import", "web"]);
    assert!(report["warnings"][0]["message"].as_str().unwrap().contains("TaskTemplate.LogDriver"), "{report:#}");
    let yaml = stage.catalog(&["show", "web", "--yaml"]).stdout;
    assert!(yaml.contains("8080:80") && yaml.contains(IMAGE) && yaml.contains("team: x"), "{yaml}");
    let report = stage.report(0, &["deploy", "web"]);
    let ids: Vec<&str> = report["actions"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    // Variables are sorted once.
    let env = "service/web#field/TaskTemplate.ContainerSpec.Env";
    assert!(ids.iter().all(|id| [env, "service/web#field/Labels"].contains(id)), "{ids:?}");
    assert_eq!(stage.service("web").unwrap()["Spec"]["TaskTemplate"]["LogDriver"], json!({"Name": "json-file"}));
}
