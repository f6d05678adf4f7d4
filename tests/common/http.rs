//! A plain HTTP/1.0 client for engines on unix sockets: one request, one connection, read to the end.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Longer than any answer takes, shorter than anybody waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// An engine, real or simulated, behind its socket.
#[derive(Debug, Clone)]
pub struct Engine {
    pub socket: PathBuf,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Engine {
    pub fn new(socket: &Path) -> Self {
        Self { socket: socket.to_owned() }
    }

    /// As the docker CLI and orca name it.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Sends one request, whatever the answer says.
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
        let what = || format!("{method} {path} on {}", self.socket.display());
        let mut stream = UnixStream::connect(&self.socket).with_context(what)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let body = body.map(ToString::to_string).unwrap_or_default();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: engine\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .with_context(what)?;
        let mut text = Vec::new();
        stream.read_to_end(&mut text).with_context(what)?;
        let text = String::from_utf8_lossy(&text);
        let (head, body) = text.split_once("\r\n\r\n").with_context(what)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).with_context(what)?;
        Ok(Answer { status, body: body.to_owned() })
    }

    /// Sends one request that must succeed.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let Answer { status, body } = self.send(method, path, body)?;
        if !(200..300).contains(&status) {
            bail!("{method} {path}: {status} {}", body.trim());
        }
        if body.trim().is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&body)?) }
    }

    pub fn get(&self, path: &str) -> Result<Value> {
        self.ask("GET", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask("POST", path, Some(body))
    }

    /// Changes the spec of a node or service, again if someone else was faster.
    pub fn edit(&self, kind: &str, id: &str, change: impl Fn(&mut Value)) -> Result<()> {
        for _ in 0..20 {
            let object = self.get(&format!("/{kind}/{id}"))?;
            let version = &object["Version"]["Index"];
            let mut spec = object["Spec"].clone();
            change(&mut spec);
            let answer = self.send("POST", &format!("/{kind}/{id}/update?version={version}"), Some(&spec))?;
            match answer.status {
                200..300 => return Ok(()),
                500 if answer.body.contains("out of sequence") => {}
                status => bail!("update of {kind}/{id}: {status} {}", answer.body.trim()),
            }
        }
        bail!("{kind}/{id} keeps changing");
    }
}
