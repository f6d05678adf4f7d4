//! The same tools over HTTP, behind the gate of `orca serve`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Stage, document};

const MODERN: &str = "2026-07-28";

struct Served {
    process: Child,
    address: String,
}

impl Served {
    fn start(stage: &Stage, args: &[&str]) -> Self {
        let mut command = stage.orca.command(&[&["-o", "json", "serve", "--listen", "127.0.0.1:0"], args].concat());
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).unwrap();
        Self { process, address: started["data"]["listen"].as_str().unwrap().to_owned() }
    }

    /// Status and body of a request.
    fn post(&self, headers: &[(&str, &str)], message: &Value) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let body = message.to_string();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        write!(
            stream,
            "POST /mcp HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\nAccept: application/json, \
             text/event-stream\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    fn call(&self, headers: &[(&str, &str)], tool: &str, arguments: &Value) -> Value {
        let own = [("MCP-Protocol-Version", MODERN), ("Mcp-Method", "tools/call"), ("Mcp-Name", tool)];
        let meta = json!({"io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {}});
        let params = json!({"name": tool, "arguments": arguments, "_meta": meta});
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
        let (status, body) = self.post(&[&own, headers].concat(), &message);
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{status} {error}: {body}"))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn token(stage: &Stage, right: &str) -> String {
    let made = stage.orca.command(&["serve", "--token-file", "tokens", "--new-token", right]).output().unwrap();
    format!("Bearer {}", String::from_utf8(made.stdout).unwrap().trim())
}

#[test]
fn who_may_only_look_finds_no_tool_that_writes() {
    let stage = Stage::with_web();
    let (eve, bob) = (token(&stage, "read-only"), token(&stage, "read-write"));
    let served = Served::start(&stage, &["--token-file", "tokens"]);
    let three = json!({"name": "web", "replicas": 3, "confirm": true});

    let (status, body) = served.post(&[], &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}));
    assert_eq!(status, 401, "{body}");
    let answer = served.call(&[("Authorization", &eve)], "list_services", &json!({}));
    assert_eq!(document(&answer)["report"]["data"]["services"][0]["name"], "web", "{answer}");
    let answer = served.call(&[("Authorization", &eve)], "scale_service", &three);
    assert_eq!((answer["error"]["code"].as_i64(), stage.replicas()), (Some(-32602), 1), "{answer}");
    let foreign = [("Authorization", bob.as_str()), ("Origin", "http://evil.example")];
    let answer = served.call(&foreign, "scale_service", &three);
    assert_eq!((answer["code"].as_str(), stage.replicas()), (Some("foreign_origin"), 1), "{answer}");
    let answer = served.call(&[("Authorization", &bob)], "scale_service", &three);
    assert_eq!((document(&answer)["report"]["outcome"].as_str(), stage.replicas()), (Some("changed"), 3), "{answer}");
}

#[test]
fn clients_with_a_handshake_are_understood_without_a_session() {
    let stage = Stage::with_web();
    let served = Served::start(&stage, &[]);
    let params =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let (status, body) =
        served.post(&[], &json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}));
    let opened: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{status} {error}: {body}"));
    assert_eq!(opened["result"]["protocolVersion"], "2025-11-25");
    let version = [("MCP-Protocol-Version", "2025-11-25")];
    let message =
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "get_health", "arguments": {}}});
    let (_, body) = served.post(&version, &message);
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(document(&answer)["report"]["command"], "health", "{answer}");
    // Without tokens everybody on this host may look, and nobody may change anything.
    let answer = served.call(&[], "scale_service", &json!({"name": "web", "replicas": 3, "confirm": true}));
    assert_eq!((answer["error"]["code"].as_i64(), stage.replicas()), (Some(-32602), 1), "{answer}");
}
