//! What tasks print, as the managers gather it: of a whole service, or of one task.

use anyhow::{Context as _, Result};
use http::Request;
use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};
use jiff::Timestamp;

use super::path::{segment, with_query};
use super::wire::full;
use super::{Engine, unwilling};
use crate::error::{Error, ErrorKind};

/// The output of a service's tasks, as it comes.
#[derive(Debug)]
pub struct Logs {
    body: Incoming,
    /// Bytes of a frame that is not complete.
    rest: Vec<u8>,
}

/// One message: where it is from, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Node id.
    pub node: String,
    /// The text, without line break.
    pub text: String,
}

/// Frames are 16 KiB at most, as log drivers cut messages; more is no log.
const MAX_FRAME: usize = 1 << 20;

impl Engine {
    /// Follows what the tasks of a service print, from the beginning. How long, is the caller's business.
    pub async fn service_logs(&self, api: &str, service: &str) -> Result<Logs> {
        let path = format!("/v{api}/services/{}/logs", segment(service));
        let path = with_query(&path, &[("stdout", "1"), ("details", "1"), ("follow", "1")]);
        let mut request = Request::new(full(Bytes::new()));
        *request.uri_mut() = path.parse().context("invalid path")?;
        let response = self.wire.open(request).await?;
        if !response.status().is_success() {
            let text = format!("the engine answered {} to the logs of its own service", response.status().as_u16());
            return Err(Error::new(ErrorKind::Failed, text).into());
        }
        Ok(Logs { body: response.into_body(), rest: Vec::new() })
    }
}

impl Logs {
    /// The next messages; none at the end of the stream.
    pub async fn next(&mut self) -> Result<Option<Vec<LogLine>>> {
        let Some(frame) = self.body.frame().await else { return Ok(None) };
        if let Ok(data) = frame?.into_data() {
            self.rest.extend_from_slice(&data);
        }
        take_lines(&mut self.rest).map(Some)
    }
}

/// Which messages of a task are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Extract {
    /// The last ones, so many; none: all.
    pub tail: Option<u64>,
    /// Those since then, by the engine's clock.
    pub since: Option<Timestamp>,
    /// Also those that are yet to come.
    pub follow: bool,
}

/// The output of one task, as it comes.
#[derive(Debug)]
pub struct TaskLogs {
    body: Incoming,
    rest: Vec<u8>,
    /// A terminal's output: text as it is, without frames.
    tty: bool,
    /// Why the engine could not go on, to be told after what it has.
    complaint: Option<String>,
}

/// One message of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When its node has read it; none if that can't be told.
    pub at: Option<Timestamp>,
    /// It went to standard error.
    pub stderr: bool,
    /// The text, without line break.
    pub text: String,
}

impl Engine {
    /// What a task prints. How long to wait for it, is the caller's business: a node that is gone says nothing.
    ///
    /// # Errors
    /// If the engine refuses, or is lost.
    pub async fn task_logs(&self, api: &str, task: &str, tty: bool, extract: Extract) -> Result<TaskLogs> {
        let tail = extract.tail.map_or_else(|| "all".to_owned(), |tail| tail.to_string());
        let since = extract.since.map(|since| format!("{}.{:09}", since.as_second(), since.subsec_nanosecond()));
        let mut query = vec![("stdout", "1"), ("stderr", "1"), ("timestamps", "1"), ("tail", tail.as_str())];
        query.extend(since.as_deref().map(|since| ("since", since)));
        query.extend(extract.follow.then_some(("follow", "1")));
        let path = with_query(&format!("/v{api}/tasks/{}/logs", segment(task)), &query);
        let mut request = Request::new(full(Bytes::new()));
        *request.uri_mut() = path.parse().context("invalid path")?;
        let response = self.wire.open(request).await?;
        let status = response.status().as_u16();
        if !response.status().is_success() {
            let body =
                response.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            let said: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            return Err(unwilling(status, said["message"].as_str().unwrap_or_default()));
        }
        Ok(TaskLogs { body: response.into_body(), rest: Vec::new(), tty, complaint: None })
    }
}

impl TaskLogs {
    /// The next messages; none at the end of the stream.
    ///
    /// # Errors
    /// If the stream breaks, or is no log, or the engine says in it that it can't get the rest: the answer has begun well
    /// by then.
    pub async fn next(&mut self) -> Result<Option<Vec<Message>>> {
        if let Some(complaint) = self.complaint.take() {
            return Err(Error::new(ErrorKind::Failed, complaint).into());
        }
        let Some(frame) = self.body.frame().await else {
            let rest = std::mem::take(&mut self.rest);
            let last = self.tty && !rest.is_empty();
            return Ok(last.then(|| vec![message(1, &String::from_utf8_lossy(&rest))]));
        };
        if let Ok(data) = frame?.into_data() {
            self.rest.extend_from_slice(&data);
        }
        if !self.tty {
            let (own, said): (Vec<_>, Vec<_>) =
                take_frames(&mut self.rest)?.into_iter().partition(|(stream, _)| *stream == SYSTEM);
            self.complaint = own.into_iter().next().map(|(_, text)| complaint(&text));
            return Ok(Some(said.into_iter().map(|(stream, text)| message(stream, &text)).collect()));
        }
        // A bar that is drawn over and over has no end of line; it is cut, and not kept for ever.
        let whole = if self.rest.len() > MAX_FRAME { self.rest.len() } else { 0 };
        let end = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(whole, |at| at + 1);
        let lines: Vec<u8> = self.rest.drain(..end).collect();
        let lines = String::from_utf8_lossy(&lines).into_owned();
        let (own, said): (Vec<_>, Vec<_>) = lines.split_terminator('\n').partition(|line| line.starts_with(COMPLAINT));
        self.complaint = own.into_iter().next().map(complaint);
        Ok(Some(said.into_iter().map(|line| message(1, line)).collect()))
    }
}

/// What the engine says of itself in the midst of a log: on a stream of its own, or, where a terminal has no streams, as a
/// line without time.
const SYSTEM: u8 = 3;
const COMPLAINT: &str = "Error grabbing logs: ";

fn complaint(text: &str) -> String {
    text.trim_start_matches(COMPLAINT).trim_end_matches(['\n', '\0']).to_owned()
}

/// `2026-11-21T12:00:00.000000000Z text`; stream 2 is standard error.
fn message(stream: u8, line: &str) -> Message {
    let line = line.trim_end_matches(['\r', '\n']);
    let (at, text) = match line.split_once(' ') {
        Some((stamp, text)) => (stamp.parse().ok(), text),
        None => (line.parse().ok(), ""),
    };
    let text = if at.is_some() { text } else { line };
    Message { at, stderr: stream == 2, text: text.to_owned() }
}

/// The lines of complete frames at the front.
fn take_lines(bytes: &mut Vec<u8>) -> Result<Vec<LogLine>> {
    Ok(take_frames(bytes)?.iter().filter_map(|(_, text)| line(text)).collect())
}

/// Takes complete frames off the front: a byte that names the stream, three zeros, the length (big-endian), the message.
fn take_frames(bytes: &mut Vec<u8>) -> Result<Vec<(u8, String)>> {
    let (mut frames, mut at) = (Vec::new(), 0);
    while let Some([_, _, _, _, a, b, c, d]) = bytes.get(at..at + 8) {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        anyhow::ensure!(length <= MAX_FRAME, "the answer is no log: a frame of {length} bytes");
        let Some(message) = bytes.get(at + 8..at + 8 + length) else { break };
        frames.push((bytes[at], String::from_utf8_lossy(message).into_owned()));
        at += 8 + length;
    }
    bytes.drain(..at);
    Ok(frames)
}

/// `com.docker.swarm.node.id=...,com.docker.swarm.service.id=...,com.docker.swarm.task.id=... text`.
fn line(message: &str) -> Option<LogLine> {
    let (details, text) = message.split_once(' ')?;
    let node = details.split(',').find_map(|pair| pair.strip_prefix("com.docker.swarm.node.id="))?;
    Some(LogLine { node: node.to_owned(), text: text.trim_end_matches(['\r', '\n']).to_owned() })
}

#[cfg(test)]
mod tests;
