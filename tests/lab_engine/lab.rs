//! The lab that `scripts/test` has started, with the docker CLI as the witness.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A task that stops as soon as it is told to.
const SERVE: &str = "trap 'exit 0' TERM; while :; do sleep 0.2; done";

pub(crate) struct Lab {
    name: String,
}

/// What orca printed, and how it ended.
pub(crate) struct Report {
    pub(crate) json: Value,
    pub(crate) exit: i32,
}

impl Report {
    /// The kinds of the actions.
    pub(crate) fn actions(&self) -> Vec<String> {
        self.strings("/actions", "kind")
    }

    pub(crate) fn strings(&self, list: &str, field: &str) -> Vec<String> {
        let list = self.json.pointer(list).and_then(Value::as_array).unwrap();
        list.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
    }
}

impl Lab {
    /// The lab as it is.
    pub(crate) fn existing() -> Self {
        let name = std::env::var("ORCA_TEST_LAB").unwrap_or_default();
        assert!(!name.is_empty(), "these tests need a lab: run `scripts/test`, which starts one (as root)");
        Self { name }
    }

    /// A lab that a test starts itself.
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned() }
    }

    /// The lab with every node up and active, without services and labels.
    pub(crate) fn clean() -> Self {
        let lab = Self::existing();
        lab.run(&["up"]);
        let services = lab.docker(1, "service ls -q");
        for service in services.lines() {
            lab.docker(1, &format!("service rm {service}"));
        }
        for node in 1..=3 {
            lab.docker(1, &format!("node update --availability active node-{node}"));
            let json = lab.docker(1, &format!("node inspect node-{node}"));
            let nodes: Value = serde_json::from_str(&json).unwrap();
            let labels = nodes[0]["Spec"]["Labels"].as_object().cloned().unwrap_or_default();
            for key in labels.keys() {
                lab.docker(1, &format!("node update --label-rm {key} node-{node}"));
            }
        }
        for (kind, name) in [("secret", "sec"), ("config", "cfg"), ("network", "ov")] {
            // A network is released a moment after its last service.
            lab.wait_for(name, Duration::from_secs(30), || {
                lab.try_docker(1, &format!("{kind} rm {name}"));
                !lab.docker(1, &format!("{kind} ls --format {{{{.Name}}}}")).lines().any(|line| line == name)
            });
        }
        lab
    }

    /// `scripts/lab ARGS`.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/lab");
        output(Command::new(script).args(args).args(["--name", &self.name]))
            .unwrap_or_else(|error| panic!("lab {args:?}: {error}"))
    }

    pub(crate) fn host(&self, node: usize) -> String {
        self.run(&["host", &node.to_string()]).trim().to_owned()
    }

    pub(crate) fn socket(&self, node: usize) -> PathBuf {
        self.host(node).trim_start_matches("unix://").into()
    }

    /// The docker CLI at this node; words are split at blanks.
    pub(crate) fn docker(&self, node: usize, args: &str) -> String {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", self.host(node)).args(words(args));
        output(&mut command).unwrap_or_else(|error| panic!("node-{node}: docker {args}: {error}"))
    }

    /// The same with words that have blanks in them.
    pub(crate) fn docker_words(&self, node: usize, words: &[&str]) -> String {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", self.host(node)).args(words);
        output(&mut command).unwrap_or_else(|error| panic!("node-{node}: docker {words:?}: {error}"))
    }

    pub(crate) fn try_docker(&self, node: usize, args: &str) -> Option<String> {
        output(Command::new("docker").env("DOCKER_HOST", self.host(node)).args(words(args))).ok()
    }

    pub(crate) fn docker_with_input(&self, node: usize, args: &str, input: &str) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), input).unwrap();
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", self.host(node)).args(words(args)).stdin(file.reopen().unwrap());
        output(&mut command).unwrap_or_else(|error| panic!("node-{node}: docker {args}: {error}"));
    }

    /// A service that runs until it is told to stop.
    pub(crate) fn service(&self, name: &str, options: &str) {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", self.host(1)).args([
            "service",
            "create",
            "-d",
            "--no-resolve-image",
            "--name",
            name,
        ]);
        command.args(words(options)).args(["127.0.0.1:1/bb:1", "sh", "-c", SERVE]);
        output(&mut command).unwrap();
        self.wait_running(name);
    }

    pub(crate) fn wait_running(&self, name: &str) {
        self.wait_for(name, Duration::from_secs(60), || {
            let tasks = self
                .docker(1, &format!("service ps {name} --filter desired-state=running --format {{{{.CurrentState}}}}"));
            tasks.lines().any(|state| state.starts_with("Running"))
        });
    }

    pub(crate) fn wait_for(&self, what: &str, limit: Duration, mut done: impl FnMut() -> bool) {
        let started = Instant::now();
        while !done() {
            assert!(started.elapsed() < limit, "lab {}: {what} did not happen within {limit:?}", self.name);
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// The number of the node that leads.
    pub(crate) fn leader(&self) -> usize {
        let nodes = self.docker(1, "node ls --format {{.Hostname}}={{.ManagerStatus}}");
        let leader = nodes.lines().find(|line| line.ends_with("=Leader")).unwrap();
        leader.trim_start_matches("node-").trim_end_matches("=Leader").parse().unwrap()
    }

    pub(crate) fn spec(&self, node: usize, service: &str) -> Value {
        let json = self.docker(node, &format!("service inspect {service}"));
        let mut services: Value = serde_json::from_str(&json).unwrap();
        services[0]["Spec"].take()
    }

    /// orca against this node.
    pub(crate) fn orca(&self, node: usize, config: &str, state: &Path, args: &[&str]) -> Report {
        Self::orca_at(&self.host(node), config, state, args)
    }

    pub(crate) fn orca_at(host: &str, config: &str, state: &Path, args: &[&str]) -> Report {
        let file = state.join("orca.yml");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_orca"));
        command
            .env_remove("DOCKER_HOST")
            .args(args)
            .args(["-o", "json", "-H", host, "-c"])
            .arg(file)
            .arg("--state-dir")
            .arg(state);
        let done = command.stdin(Stdio::null()).output().unwrap();
        let json = serde_json::from_slice(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"));
        Report { json, exit: done.status.code().unwrap() }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

fn output(command: &mut Command) -> Result<String, String> {
    let done = command.stderr(Stdio::piped()).output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    if done.status.success() { Ok(text) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
}
