//! Faults on demand: which requests go wrong, and how. Deciding is pure; `serve` carries it out.

use serde::{Deserialize, Serialize};

use super::api::Request;
use super::cluster::Cluster;
use super::json;

/// How a request goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    /// The request is read and never answered.
    Silence,
    /// The real answer, cut off in the middle of the body.
    Cut,
    /// 200 with something that isn't JSON.
    Garbage,
    /// 500 with a message.
    Error500,
    /// Someone else writes the same object first.
    Conflict,
    /// The object is deleted just before the request is handled.
    Delete,
    /// The answer comes late.
    Delay,
    /// The request is not handled before the rules are cleared.
    Hold,
}

/// One rule. Requests under `/_sim/` never match.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// Only this method; empty matches all.
    #[serde(default)]
    pub method: String,
    /// Only paths (without version) that begin with this.
    #[serde(default)]
    pub path: String,
    /// Let this many matching requests through first.
    #[serde(default)]
    pub after: u64,
    /// Of the rest every n-th goes wrong; 0 and 1 mean each.
    #[serde(default)]
    pub every: u64,
    /// At most this many times; absent: for ever.
    #[serde(default)]
    pub times: Option<u64>,
    /// How long a delay lasts, in milliseconds.
    #[serde(default)]
    pub ms: u64,
    /// The requests that matched so far.
    #[serde(default)]
    pub seen: u64,
    /// How often it struck.
    #[serde(default)]
    pub struck: u64,
}

impl Fault {
    /// A rule for every request; narrow it by its fields.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            method: String::new(),
            path: String::new(),
            after: 0,
            every: 0,
            times: None,
            ms: 0,
            seen: 0,
            struck: 0,
        }
    }

    /// Counts the request and says whether the rule strikes.
    fn strikes(&mut self, request: &Request) -> bool {
        if !(self.method.is_empty() || self.method.eq_ignore_ascii_case(&request.method))
            || !request.path.starts_with(&self.path)
            || matches!(self.kind, FaultKind::Conflict | FaultKind::Delete) && target(request).is_none()
        {
            return false;
        }
        self.seen += 1;
        let turn = self.seen.checked_sub(self.after + 1);
        // Of every three, the third: "500 on every third call".
        let due = turn.is_some_and(|turn| (turn + 1).is_multiple_of(self.every.max(1)));
        let strikes = due && self.times.is_none_or(|times| self.struck < times);
        self.struck += u64::from(strikes);
        strikes
    }
}

/// What to do with one request before, and instead of, answering it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Wait this long first.
    pub delay_ms: u64,
    /// Wait until nothing is held any more.
    pub hold: bool,
    /// Then spoil the answer.
    pub spoil: Option<FaultKind>,
}

/// Applies all rules to a request. Conflicts and deletions happen here, to the cluster itself.
pub(super) fn judge(faults: &mut [Fault], request: &Request, cluster: &mut Cluster) -> Verdict {
    let mut verdict = Verdict::default();
    for fault in faults {
        if !fault.strikes(request) {
            continue;
        }
        match fault.kind {
            FaultKind::Delay => verdict.delay_ms += fault.ms,
            FaultKind::Hold => verdict.hold = true,
            FaultKind::Conflict => interfere(cluster, request, fault.struck),
            FaultKind::Delete => delete(cluster, request),
            kind => verdict.spoil = Some(kind),
        }
    }
    verdict
}

/// The collection and key of a request that writes one object.
fn target(request: &Request) -> Option<(&str, &str)> {
    if !request.writes() {
        return None;
    }
    let mut segments = request.path.trim_matches('/').split('/');
    match (segments.next()?, segments.next()?) {
        (kind @ ("nodes" | "services"), key) if key != "create" => Some((kind, key)),
        _ => None,
    }
}

/// Someone else's write: the version moves, and the object carries a trace of it.
fn interfere(cluster: &mut Cluster, request: &Request, number: u64) {
    let mark = |raw: &mut serde_json::Value| json::set(raw, &["Spec", "Labels", "sim.other"], number.to_string());
    match target(request) {
        Some(("nodes", key)) => {
            if let Ok(id) = cluster.find_node(key).map(|node| node.id.clone()) {
                cluster.edit_node(&id, mark);
            }
        }
        Some((_, key)) => {
            if let Ok(id) = cluster.find_service(key).map(|service| service.id.clone()) {
                cluster.edit_service(&id, mark);
            }
        }
        None => {}
    }
}

fn delete(cluster: &mut Cluster, request: &Request) {
    match target(request) {
        Some(("nodes", key)) => {
            if let Ok(id) = cluster.find_node(key).map(|node| node.id.clone()) {
                cluster.drop_node(&id);
            }
        }
        Some((_, key)) => {
            if let Ok(id) = cluster.find_service(key).map(|service| service.id.clone()) {
                // It was found a moment ago, nobody else is here.
                let _ = cluster.remove_service(&id);
            }
        }
        None => {}
    }
}

#[cfg(test)]
mod tests;
