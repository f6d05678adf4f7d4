//! A swarm and a server before it.

use std::process::{Child, Command};

use serde_json::{Value, json};

use crate::client::{Answer, Request};
use crate::common::orca::Orca;
use crate::common::poll;
pub(crate) use crate::common::stage::Stage;

/// Ended when dropped.
pub(crate) struct Server {
    child: Child,
    stdout: tempfile::NamedTempFile,
    pub(crate) address: String,
    token: Option<String>,
}

impl Stage {
    pub(crate) fn create(&self, name: &str, replicas: u64, change: impl Fn(&mut Value)) {
        let mut spec = json!({"Name": name, "Labels": {"com.docker.stack.namespace": "shop"},
            "Mode": {"Replicated": {"Replicas": replicas}},
            "TaskTemplate": {"ContainerSpec": {"Image": "127.0.0.1:1/bb:1", "Env": ["PASSWORD=hunter2"]},
                "Placement": {"Constraints": []}},
            "UpdateConfig": {"Parallelism": 1, "Monitor": 1_000_000, "FailureAction": "pause", "Order": "stop-first"}});
        change(&mut spec);
        self.service_of(&spec);
    }

    /// Every name is one of a service that is there.
    pub(crate) fn replicas(&self, name: &str) -> u64 {
        self.cluster().replicas(name).unwrap()
    }

    pub(crate) fn version(&self, name: &str) -> u64 {
        self.cluster().service(name).unwrap()["Version"]["Index"].as_u64().unwrap()
    }

    /// A token, and a file that lets it in.
    pub(crate) fn token(&self, right: &str) -> String {
        let ended = self.orca.run(&["serve", "--token-file", "tokens", "--new-token", right]).unwrap();
        assert_eq!(ended.exit, Some(0), "{ended}");
        ended.stdout.trim().to_owned()
    }

    /// A server that everybody on this host may change the swarm by.
    pub(crate) fn trusting(&self) -> Server {
        self.serve(&["--trust-local"])
    }

    pub(crate) fn serve(&self, args: &[&str]) -> Server {
        Server::start(&self.orca, &[&["serve", "--listen", "127.0.0.1:0"], args].concat())
    }
}

impl Server {
    pub(crate) fn start(orca: &Orca, args: &[&str]) -> Self {
        let mut command = orca.command(args);
        let output = tempfile::NamedTempFile::new().unwrap();
        command.stdout(output.reopen().unwrap());
        let path = output.path().to_owned();
        let child = command.spawn().unwrap();
        let mut address = String::new();
        poll::until("the server listens", || {
            let text = std::fs::read_to_string(&path)?;
            let first: Value = serde_json::from_str(text.lines().next().unwrap_or("{}"))?;
            first["data"]["listen"].as_str().unwrap_or_default().clone_into(&mut address);
            Ok(if address.is_empty() { vec!["it says nothing".to_owned()] } else { Vec::new() })
        })
        .unwrap();
        Self { child, stdout: output, address, token: None }
    }

    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn request<'a>(&'a self, method: &'a str, path: &'a str) -> Request<'a> {
        let request = Request::new(&self.address, method, path);
        match &self.token {
            Some(token) => request.with("Authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send()
    }

    /// A document that must be there.
    pub(crate) fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    /// A page that must be there.
    pub(crate) fn page(&self, path: &str) -> String {
        let answer = self.request("GET", path).with("Accept", "text/html").send();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
        answer.body
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path).json(body).send()
    }

    /// What it has said of this kind.
    pub(crate) fn said(&self, kind: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.stdout.path()).unwrap();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["type"] == kind).collect()
    }

    /// Asks it to stop, and waits: its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        let killed = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(killed.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
