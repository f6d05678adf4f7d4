//! What `--via service` tells the orca on each node, and how that one answers: by lines in its log, each far below the
//! 16 KiB at which log drivers cut messages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::node::Visited;
use crate::apply::temporary::Lines;
use crate::error::{Error, ErrorKind};
use crate::pass::gc::Only;
use crate::pass::gc::keep::Keep;
use crate::report::ReportedError;
use crate::settings::Gc;

/// The schema name of an order. An orca that does not know all of it must not obey: it would remove what it was not told.
const SCHEMA: &str = "orca.gc.order/2";
/// Managers take no larger config objects.
const MOST_BYTES: usize = 1000 * 1024;
/// Characters of an answer on one line.
const CHUNK: usize = 4000;

/// What the orca on each node is to do. It asks no manager: what the cluster needs is in here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GcOrder {
    schema: String,
    /// `run.id` of the report.
    pub run: String,
    /// Cluster id.
    pub cluster: String,
    /// The names of the nodes to work on, by id.
    pub nodes: BTreeMap<String, String>,
    /// What the cluster needs.
    pub needs: Keep,
    /// What to plan by.
    pub settings: Gc,
    /// `--volume`.
    pub volumes: BTreeSet<String>,
    /// Only these images, and nothing else.
    pub only: Option<Only>,
    /// Actions on each node.
    pub max_actions: usize,
    /// No action is begun after this.
    pub timeout: Duration,
}

impl GcOrder {
    /// An order without bounds.
    pub fn new(run: &str, cluster: &str, needs: Keep, settings: &Gc) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            run: run.to_owned(),
            cluster: cluster.to_owned(),
            nodes: BTreeMap::new(),
            needs,
            settings: settings.clone(),
            volumes: BTreeSet::new(),
            only: None,
            max_actions: usize::MAX,
            timeout: Duration::ZERO,
        }
    }

    /// Reads one from a file.
    ///
    /// # Errors
    /// If it can't be read, or is of another orca.
    pub fn load(path: &Path) -> Result<Self> {
        let name = path.display();
        let failed = || Error::new(ErrorKind::Config, format!("can't read the order `{name}`"));
        let text = std::fs::read_to_string(path).with_context(failed)?;
        let order: Self = serde_json::from_str(&text).with_context(failed)?;
        if order.schema != SCHEMA {
            let error =
                Error::new(ErrorKind::Config, format!("the order's schema is `{}`, not `{SCHEMA}`", order.schema));
            return Err(error.hint("the image in gc.service.image must have the orca that gives the orders").into());
        }
        Ok(order)
    }

    /// As the data of a config object.
    pub(super) fn data(&self) -> Result<String> {
        let text = serde_json::to_string(self)?;
        if text.len() > MOST_BYTES {
            let error =
                format!("what the cluster needs takes {} bytes, a config object at most {MOST_BYTES}", text.len());
            let hint = "work by the nodes' own engines: leave out --via service";
            return Err(Error::new(ErrorKind::Failed, error).hint(hint).into());
        }
        Ok(STANDARD.encode(text))
    }
}

/// What is said on one line.
#[derive(Serialize, Deserialize)]
struct Part {
    /// Which part it is, from 0.
    at: usize,
    /// How many there are.
    of: usize,
    text: String,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    visited: Visited,
    error: Option<ReportedError>,
}

/// An answer as lines.
pub(super) fn lines(visited: Visited) -> Result<String> {
    let error = visited.error.as_ref().map(|error| ReportedError {
        // One sentence: the chain does not survive.
        message: format!("{error:#}"),
        causes: Vec::new(),
        ..ReportedError::from_error(error)
    });
    let text: Vec<char> = serde_json::to_string(&Answer { visited, error })?.chars().collect();
    let of = text.len().div_ceil(CHUNK);
    let part = |(at, text): (usize, &[char])| serde_json::to_string(&Part { at, of, text: text.iter().collect() });
    Ok(text.chunks(CHUNK).enumerate().map(part).collect::<serde_json::Result<Vec<_>>>()?.join("\n"))
}

/// What one node has said so far.
#[derive(Debug, Default)]
pub(super) struct Heard {
    parts: BTreeMap<usize, String>,
    of: usize,
}

impl Lines for Heard {
    fn take(&mut self, line: &str) {
        if let Ok(Part { at, of, text }) = serde_json::from_str(line) {
            self.of = of;
            self.parts.insert(at, text);
        }
    }

    fn complete(&self) -> bool {
        self.of > 0 && self.parts.len() == self.of
    }
}

impl Heard {
    /// The answer, once all of it was said.
    pub(super) fn answer(&self) -> Option<Result<Visited>> {
        let text: String = self.complete().then(|| self.parts.values().map(String::as_str).collect())?;
        Some(read(&text))
    }
}

fn read(text: &str) -> Result<Visited> {
    let Answer { mut visited, error } = serde_json::from_str(text).context("the node's answer can't be read")?;
    visited.error = error.map(|ReportedError { kind, message, hint, .. }| {
        let error = Error::new(kind, message);
        match hint {
            Some(hint) => error.hint(hint).into(),
            None => error.into(),
        }
    });
    Ok(visited)
}

#[cfg(test)]
mod tests;
