//! What the tasks of a service print, as the managers gather it.

use anyhow::{Context as _, Result};
use http::Request;
use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};

use super::Engine;
use super::path::{segment, with_query};
use super::wire::full;
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

/// Takes complete frames off the front: a byte that names the stream, three zeros, the length (big-endian), the message.
fn take_lines(bytes: &mut Vec<u8>) -> Result<Vec<LogLine>> {
    let (mut lines, mut at) = (Vec::new(), 0);
    while let Some([_, _, _, _, a, b, c, d]) = bytes.get(at..at + 8) {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        anyhow::ensure!(length <= MAX_FRAME, "the answer is no log: a frame of {length} bytes");
        let Some(message) = bytes.get(at + 8..at + 8 + length) else { break };
        lines.extend(line(&String::from_utf8_lossy(message)));
        at += 8 + length;
    }
    bytes.drain(..at);
    Ok(lines)
}

/// `com.docker.swarm.node.id=...,com.docker.swarm.service.id=...,com.docker.swarm.task.id=... text`.
fn line(message: &str) -> Option<LogLine> {
    let (details, text) = message.split_once(' ')?;
    let node = details.split(',').find_map(|pair| pair.strip_prefix("com.docker.swarm.node.id="))?;
    Some(LogLine { node: node.to_owned(), text: text.trim_end_matches(['\r', '\n']).to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(message: &str) -> Vec<u8> {
        let mut bytes = vec![1, 0, 0, 0];
        bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        bytes.extend(message.as_bytes());
        bytes
    }

    #[test]
    fn frames_are_taken_apart_wherever_they_are_cut() {
        let details = "com.docker.swarm.node.id=n1,com.docker.swarm.service.id=s,com.docker.swarm.task.id=t";
        let whole =
            [frame(&format!("{details} {{\"a\": 1}}\n")), frame("no details here\n"), frame(&format!("{details} b\n"))]
                .concat();
        let expected = ["{\"a\": 1}", "b"].map(|text| LogLine { node: "n1".to_owned(), text: text.to_owned() });
        for cut in 0..whole.len() {
            let mut rest = whole[..cut].to_vec();
            let mut lines = take_lines(&mut rest).unwrap();
            rest.extend_from_slice(&whole[cut..]);
            lines.extend(take_lines(&mut rest).unwrap());
            assert_eq!((lines.as_slice(), rest.len()), (expected.as_slice(), 0), "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_log_is_not_waited_for() {
        assert!(take_lines(&mut b"HTTP error page".to_vec()).is_err());
    }
}
