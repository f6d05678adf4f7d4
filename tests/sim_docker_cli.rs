//! The simulated engine through its socket: the real docker CLI for what it must be able to do, raw HTTP for faults.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use orca::sim::{Cluster, Fault, FaultKind, Options, run, serve};
use serde_json::Value;

/// A cluster served by a thread of its own until it is dropped.
struct Sim {
    folder: tempfile::TempDir,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Sim {
    fn start(cluster: Cluster) -> Self {
        Self::with_faults(cluster, Vec::new())
    }

    fn with_faults(cluster: Cluster, faults: Vec<Fault>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = std::os::unix::net::UnixListener::bind(folder.path().join("sim.sock")).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::UnixListener::from_std(listener).unwrap();
                tokio::select! {
                    () = serve(cluster, listener, faults) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { folder, stop: Some(stop), thread: Some(thread) }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("sim.sock")
    }

    fn docker(&self, arguments: &[&str]) -> Output {
        Command::new("docker")
            .args(arguments)
            .env("DOCKER_HOST", format!("unix://{}", self.socket().display()))
            .env("DOCKER_CONFIG", self.folder.path())
            .env_remove("DOCKER_CONTEXT")
            .output()
            .expect("the docker CLI is needed for this test: install docker-cli")
    }

    /// Output of a docker command that must succeed.
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.docker(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docker {arguments:?}: {error}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Error text of a docker command that must fail.
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.docker(arguments);
        assert!(!output.status.success(), "docker {arguments:?} succeeded");
        String::from_utf8_lossy(&output.stderr).trim().to_owned()
    }

    /// Where the service's tasks run, as `docker service ps` says.
    fn placement(&self, service: &str) -> Vec<String> {
        let format = "{{.Name}}@{{.Node}} {{.CurrentState}}";
        let text = self.ok(&["service", "ps", service, "-f", "desired-state=running", "--format", format]);
        let mut lines: Vec<String> =
            text.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
        lines.sort();
        lines
    }

    fn connect(&self, patience: Duration) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(patience)).unwrap();
        stream
    }

    fn raw(&self, method: &str, path: &str, body: &str) -> std::io::Result<String> {
        self.raw_within(PATIENCE, method, path, body)
    }

    /// Sends one request and reads until the server closes; the error is a timeout.
    fn raw_within(&self, patience: Duration, method: &str, path: &str, body: &str) -> std::io::Result<String> {
        let mut stream = self.connect(patience);
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }

    fn json(&self, method: &str, path: &str, body: &str) -> Value {
        let text = self.raw(method, path, body).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {text}");
        serde_json::from_str(body).unwrap()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let joined = thread.join();
            assert!(joined.is_ok() || std::thread::panicking());
        }
    }
}

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);
const IMAGE: &str = "127.0.0.1:1/bb:1";

#[test]
fn docker_node_commands() {
    let sim = Sim::start(Cluster::with_nodes(3, 1));
    let format = "{{.Hostname}} {{.Status}} {{.Availability}} {{.ManagerStatus}} {{.Self}}";
    assert_eq!(
        sim.ok(&["node", "ls", "--format", format]),
        "n1 Ready Active Leader true\nn2 Ready Active  false\nn3 Ready Active  false"
    );
    sim.ok(&["node", "update", "--label-add", "zone=a", "--label-add", "ssd=true", "n2"]);
    sim.ok(&["node", "update", "--label-rm", "ssd", "n2"]);
    assert_eq!(sim.ok(&["node", "inspect", "n2", "--format", "{{json .Spec.Labels}}"]), r#"{"zone":"a"}"#);
    assert!(sim.ok(&["node", "inspect", "--pretty", "self"]).contains("Leader:"));
    sim.ok(&["node", "promote", "n2"]);
    sim.ok(&["node", "demote", "n1"]);
    assert_eq!(sim.ok(&["node", "inspect", "n2", "--format", "{{.ManagerStatus.Leader}}"]), "true");
    assert!(sim.fails(&["node", "demote", "n2"]).contains("attempting to demote the last manager"));
    assert!(sim.fails(&["node", "rm", "n3"]).contains("is not down and can't be removed"));
    sim.json("POST", "/_sim/nodes/n3", r#"{"state":"down"}"#);
    sim.ok(&["node", "rm", "n3"]);
    assert_eq!(sim.ok(&["node", "ls", "-q"]).lines().count(), 2);
    assert!(sim.ok(&["info", "--format", "{{.Swarm.LocalNodeState}} {{.Swarm.Nodes}}"]).contains("active 2"));
    assert_eq!(sim.ok(&["version", "--format", "{{.Server.APIVersion}}"]), "1.51");
}

#[test]
fn docker_service_commands() {
    let sim = Sim::start(Cluster::with_nodes(3, 1));
    let create = ["service", "create", "-d", "--no-resolve-image", "--replicas", "2", "--name", "web"];
    sim.ok(&[&create[..], &["--constraint", "node.labels.app==true", IMAGE, "sleep", "1d"]].concat());
    assert_eq!(sim.placement("web"), ["web.1@ Pending", "web.2@ Pending"]);
    sim.ok(&["node", "update", "--label-add", "app=true", "n2"]);
    assert_eq!(sim.placement("web"), ["web.1@n2 Running", "web.2@n2 Running"]);
    sim.ok(&["node", "update", "--label-add", "app=true", "n3"]);
    sim.ok(&["node", "update", "--availability", "drain", "n2"]);
    assert_eq!(sim.placement("web"), ["web.1@n3 Running", "web.2@n3 Running"]);
    sim.ok(&["node", "update", "--availability", "active", "n2"]);
    sim.ok(&["service", "update", "-d", "--no-resolve-image", "--image", "127.0.0.1:1/bb:2", "web"]);
    assert_eq!(sim.ok(&["service", "inspect", "web", "--format", "{{.UpdateStatus.State}}"]), "completed");
    // The update was free to use n2 again.
    assert_eq!(sim.placement("web"), ["web.1@n2 Running", "web.2@n3 Running"]);
    sim.ok(&["service", "rollback", "-d", "web"]);
    let image = "{{.Spec.TaskTemplate.ContainerSpec.Image}} {{.UpdateStatus.State}}";
    assert_eq!(sim.ok(&["service", "inspect", "web", "--format", image]), format!("{IMAGE} rollback_completed"));
    sim.ok(&["service", "scale", "-d", "web=4"]);
    assert_eq!(sim.ok(&["service", "ls", "--format", "{{.Name}} {{.Mode}} {{.Replicas}}"]), "web replicated 4/4");
    assert!(sim.ok(&["service", "inspect", "--pretty", "web"]).contains("node.labels.app==true"));
    assert_eq!(sim.ok(&["node", "ps", "n3", "-f", "desired-state=running", "-q"]).lines().count(), 2);
    assert!(sim.fails(&[&create[..], &[IMAGE]].concat()).contains("already exists"));
    assert!(sim.fails(&["service", "inspect", "nope"]).contains("no such service: nope"));
    sim.ok(&["service", "rm", "web"]);
    assert_eq!(sim.ok(&["service", "ls", "-q"]), "");
}

#[test]
fn docker_waits_for_convergence_and_deploys_stacks() {
    let sim = Sim::start(Cluster::with_nodes(2, 1));
    let global = ["service", "create", "--no-resolve-image", "--mode", "global", "--update-monitor", "1ms"];
    assert!(sim.ok(&[&global[..], &["--name", "g", IMAGE]].concat()).contains("converged"));
    let file = sim.folder.path().join("stack.yml");
    let text = "version: '3.8'\nservices:\n  app:\n    image: 127.0.0.1:1/bb:1\n    networks: [back]\n    deploy: {replicas: 2}\nnetworks: {back: {}}\n";
    std::fs::write(&file, text).unwrap();
    sim.ok(&["stack", "deploy", "-d", "--resolve-image", "never", "-c", file.to_str().unwrap(), "st"]);
    assert_eq!(sim.ok(&["stack", "services", "st", "--format", "{{.Name}} {{.Replicas}}"]), "st_app 2/2");
    assert_eq!(sim.ok(&["stack", "ps", "st", "-q"]).lines().count(), 2);
    sim.ok(&["stack", "rm", "st"]);
    assert_eq!(sim.ok(&["network", "ls", "-q", "-f", "name=st_"]), "");
}

#[test]
fn faults_strike_on_the_wire() {
    let sim = Sim::start(Cluster::with_nodes(2, 1));
    let fault = |kind: &str, rest: &str| {
        let body = format!(r#"{{"kind":"{kind}","method":"GET","path":"/nodes","times":1{rest}}}"#);
        sim.json("POST", "/_sim/fault", &body);
    };
    let whole = sim.raw("GET", "/v1.51/nodes", "").unwrap();
    fault("silence", "");
    let error = sim.raw_within(Duration::from_millis(700), "GET", "/v1.51/nodes", "").unwrap_err();
    assert!(matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut), "{error}");
    fault("cut", "");
    let part = sim.raw("GET", "/v1.51/nodes", "").unwrap();
    let body = |text: &str| text.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(body(&whole)[..body(&part).len()], body(&part));
    assert_eq!(body(&part).len(), body(&whole).len() / 2);
    assert!(part.contains(&format!("content-length: {}", body(&whole).len())));
    fault("garbage", "");
    assert!(sim.raw("GET", "/nodes", "").unwrap().ends_with("{{{not json"));
    fault("error500", r#","every":2"#);
    assert!(sim.raw("GET", "/nodes", "").unwrap().starts_with("HTTP/1.1 200"));
    assert!(sim.raw("GET", "/nodes", "").unwrap().starts_with("HTTP/1.1 500"));
    fault("delay", r#","ms":300"#);
    let start = std::time::Instant::now();
    sim.raw("GET", "/nodes", "").unwrap();
    assert!(start.elapsed() >= Duration::from_millis(300));
    let requests = sim.json("GET", "/_sim/requests", "");
    assert_eq!((&requests["reads"], &requests["writes"]), (&Value::from(7), &Value::from(0)));
    sim.json("DELETE", "/_sim/requests", "");
    assert_eq!(sim.json("GET", "/_sim/requests", "")["total"], 0);
}

#[test]
fn other_writers_come_first() {
    let conflict = Fault { path: "/nodes".into(), times: Some(1), ..Fault::new(FaultKind::Conflict) };
    let sim = Sim::with_faults(Cluster::with_nodes(2, 1), vec![conflict]);
    assert!(sim.fails(&["node", "update", "--label-add", "a=1", "n2"]).contains("update out of sequence"));
    sim.ok(&["node", "update", "--label-add", "a=1", "n2"]);
    let labels: BTreeMap<String, String> =
        serde_json::from_str(&sim.ok(&["node", "inspect", "n2", "--format", "{{json .Spec.Labels}}"])).unwrap();
    assert_eq!(labels, BTreeMap::from([("a".into(), "1".into()), ("sim.other".into(), "1".into())]));
    sim.json("POST", "/_sim/fault", r#"{"kind":"delete","path":"/nodes"}"#);
    assert!(sim.fails(&["node", "update", "--label-add", "a=2", "n2"]).contains("not found"));
}

#[test]
fn a_dead_manager_closes_every_connection() {
    let sim = Sim::start(Cluster::with_nodes(1, 1));
    sim.ok(&["service", "create", "-d", "--no-resolve-image", "--name", "web", IMAGE]);
    let version = sim.ok(&["service", "inspect", "web", "--format", "{{.Version.Index}}"]);
    let spec = r#"{"Name":"web","TaskTemplate":{"ContainerSpec":{"Image":"x"}}}"#;
    let answer = sim.raw("POST", &format!("/services/web/update?version={version}"), spec).unwrap();
    assert_eq!(answer, "");
    assert_eq!(sim.raw("GET", "/_ping", "").unwrap(), "");
    assert_eq!(sim.json("GET", "/_sim/state", "")["panicked"], true);
}

#[test]
fn events_are_streamed_as_they_happen() {
    let sim = Sim::start(Cluster::with_nodes(2, 1));
    let mut stream = sim.connect(PATIENCE);
    write!(stream, "GET /events?filters=%7B%22type%22:[%22node%22]%7D HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert_eq!(lines.next().unwrap(), "HTTP/1.1 200 OK");
    sim.ok(&["service", "create", "-d", "--no-resolve-image", "--name", "web", IMAGE]);
    sim.ok(&["node", "update", "--availability", "drain", "n2"]);
    let event = lines.find(|line| line.starts_with('{')).unwrap();
    let event: Value = serde_json::from_str(&event).unwrap();
    assert_eq!((&event["Type"], &event["Action"]), (&Value::from("node"), &Value::from("update")));
    assert_eq!(event["Actor"]["Attributes"]["name"], "n2");
}

#[test]
fn the_admin_side_makes_things_happen() {
    let sim = Sim::start(Cluster::with_nodes(2, 2));
    sim.json("POST", "/_sim/leader", r#"{"name":"n2"}"#);
    sim.json("POST", "/_sim/nodes", r#"{"hostname":"n2","role":"worker","labels":{"a":"b"}}"#);
    assert!(sim.fails(&["node", "inspect", "n2"]).contains("ambiguous"));
    sim.ok(&["service", "create", "-d", "--no-resolve-image", "--name", "web", IMAGE]);
    let before = sim.ok(&["service", "ps", "web", "-q", "-f", "desired-state=running"]);
    sim.json("POST", "/_sim/tasks", r#"{"service":"web","slot":1,"state":"failed","err":"boom"}"#);
    let after = sim.ok(&["service", "ps", "web", "-q", "-f", "desired-state=running"]);
    assert_ne!(before, after);
    sim.json("POST", "/_sim/tasks", r#"{"service":"web","state":"levitating"}"#);
    let state = sim.json("GET", "/_sim/state", "");
    assert_eq!(state["task_states"]["levitating"], 1);
    assert_eq!(state["leader"], "n2");
    let snapshot = sim.json("GET", "/_sim/snapshot", "");
    assert_eq!(snapshot["schema"], "orca.snapshot/1");
    assert_eq!(snapshot["nodes"].as_array().unwrap().len(), 3);
    assert!(Cluster::from_snapshot(&snapshot.to_string()).is_ok());
}

#[tokio::test]
async fn a_command_runs_against_the_cluster_and_its_exit_code_is_returned() {
    let script =
        r#"test -S "${DOCKER_HOST#unix://}" || exit 1; test "$(docker node ls -q | wc -l)" = 4 || exit 2; exit 7"#;
    let command = ["sh", "-c", script].map(Into::into).to_vec();
    let options = Options { nodes: 4, command: command.clone(), ..Options::default() };
    assert_eq!(run(options).await.unwrap(), 7);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cluster.json");
    std::fs::write(&file, Cluster::generate(4, 2, 6).snapshot()).unwrap();
    let options = Options { from: Some(file), command, ..Options::default() };
    assert_eq!(run(options).await.unwrap(), 7);
    assert!(run(Options::default()).await.is_err());
}
