//! A plain HTTP/1.1 client: one request, one connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// What the original tells of a node.
pub(crate) const NODE: [&str; 12] = [
    "id",
    "hostname",
    "role",
    "status",
    "availability",
    "addr",
    "platform_os",
    "platform_arch",
    "engine_version",
    "labels",
    "resources",
    "services",
];

const PATIENCE: Duration = Duration::from_secs(60);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }
}

/// A request that is not sent yet.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    pub(crate) address: &'a str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(&'a str, String)>,
    pub(crate) body: Option<String>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(address: &'a str, method: &'a str, path: &'a str) -> Self {
        Self { address, method, path, headers: Vec::new(), body: None }
    }

    /// In place of one of the same name.
    pub(crate) fn with(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        Self { body: Some(body.to_string()), ..self }.with("Content-Type", "application/json")
    }

    pub(crate) fn form(self, body: &str) -> Self {
        Self { body: Some(body.to_owned()), ..self }.with("Content-Type", "application/x-www-form-urlencoded")
    }

    /// Sends the head and the body; what follows is read by whoever wants it.
    pub(crate) fn begin(&self) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut lines = vec![format!("{} {} HTTP/1.1", self.method, self.path), "Connection: close".to_owned()];
        if !self.headers.iter().any(|(name, _)| *name == "Host") {
            lines.push(format!("Host: {}", self.address));
        }
        for (name, value) in &self.headers {
            lines.push(format!("{name}: {value}"));
        }
        let body = self.body.clone().unwrap_or_default();
        if !self.headers.iter().any(|(name, _)| *name == "Content-Length") {
            lines.push(format!("Content-Length: {}", body.len()));
        }
        stream.write_all(format!("{}\r\n\r\n{body}", lines.join("\r\n")).as_bytes()).unwrap();
        BufReader::new(stream)
    }

    pub(crate) fn send(&self) -> Answer {
        read(&mut self.begin())
    }
}

/// The head of an answer: status and headers.
pub(crate) fn read_head(stream: &mut BufReader<TcpStream>) -> (u16, Vec<(String, String)>) {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let status = lines.first().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or_default();
    let pair = |line: &String| line.split_once(": ").map(|(key, value)| (key.to_lowercase(), value.to_owned()));
    (status, lines.iter().skip(1).filter_map(pair).collect())
}

fn read(stream: &mut BufReader<TcpStream>) -> Answer {
    let (status, headers) = read_head(stream);
    let mut body = Vec::new();
    stream.read_to_end(&mut body).unwrap();
    Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
}
