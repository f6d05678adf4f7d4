//! A client that knows nothing of orca.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::common::poll;
pub use crate::common::stage::Stage;

impl Stage {
    /// A simulated swarm with one service, `web`.
    pub fn with_web() -> Self {
        let stage = Self::new();
        let spec = json!({"Name": "web", "Mode": {"Replicated": {"Replicas": 1}},
            "TaskTemplate": {"ContainerSpec": {"Image": "127.0.0.1:1/bb:1", "Env": ["PASSWORD=hunter2"]},
                "Placement": {"Constraints": []}}});
        stage.service_of(&spec);
        stage
    }

    /// How many replicas the engine is to run.
    pub fn replicas(&self) -> u64 {
        self.sim.engine.get("/services").unwrap()[0]["Spec"]["Mode"]["Replicated"]["Replicas"].as_u64().unwrap()
    }

    pub fn client(&self, args: &[&str]) -> Client {
        Client::start(self.orca.command(&[&["mcp"], args].concat()))
    }
}

/// A client and its server.
pub struct Client {
    pub server: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    next: u64,
    /// Answers that came before somebody asked for them.
    early: BTreeMap<u64, Value>,
    /// What goes along with every request.
    meta: Value,
}

impl Client {
    fn start(mut command: Command) -> Self {
        let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout) = (server.stdin.take(), BufReader::new(server.stdout.take().unwrap()));
        Self { server, stdin, stdout, next: 0, early: BTreeMap::new(), meta: Value::Null }
    }

    /// Opens as clients did until 2025, by a handshake.
    pub fn handshake(&mut self, revision: &str) -> Value {
        let params =
            json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        let answer = self.ask("initialize", params);
        self.line(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string());
        answer
    }

    /// Opens as clients do since 2026: not at all.
    pub fn modern(&mut self) {
        self.meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {}});
    }

    pub fn line(&mut self, text: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{text}").unwrap();
    }

    /// Sends a request; the answer is for [`Client::answer`].
    pub fn send(&mut self, method: &str, mut params: Value) -> u64 {
        self.next += 1;
        if !self.meta.is_null() {
            params["_meta"] = self.meta.clone();
        }
        self.line(&json!({"jsonrpc": "2.0", "id": self.next, "method": method, "params": params}).to_string());
        self.next
    }

    /// The answer to a request, whichever others come before it.
    pub fn answer(&mut self, id: u64) -> Value {
        loop {
            if let Some(answer) = self.early.remove(&id) {
                return answer;
            }
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "the server has ended");
            let message: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            // What was no request is answered to nobody.
            if let Some(id) = message["id"].as_u64() {
                self.early.insert(id, message);
            }
        }
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        self.answer(id)
    }

    pub fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.ask("tools/call", json!({"name": tool, "arguments": arguments}))
    }

    pub fn tools(&mut self) -> Vec<Value> {
        self.ask("tools/list", json!({}))["result"]["tools"].as_array().unwrap().clone()
    }

    /// Says no more. What the server still says, and how it ends.
    pub fn close(mut self) -> (String, Option<i32>) {
        drop(self.stdin.take());
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.stdout, &mut rest).unwrap();
        (rest, self.server.wait().unwrap().code())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The document of a tool's answer.
pub fn document(answer: &Value) -> &Value {
    let result = &answer["result"];
    let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(text, result["structuredContent"], "text and structure say the same");
    &result["structuredContent"]
}

pub fn wait_for(what: &str, holds: impl Fn() -> bool) {
    poll::until(what, || Ok(if holds() { Vec::new() } else { vec![what.to_owned()] })).unwrap();
}
