//! A node as a member of the swarm: what counts for quorum, and what tells one host from another of its name.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::or_default;

/// What a node is in the swarm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs tasks, and has a vote in what the swarm is to be.
    Manager,
    /// Runs tasks.
    #[default]
    #[serde(other)]
    Worker,
}

impl Role {
    /// The word in specs and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Manager => "manager",
        }
    }
}

/// A node's part in the swarm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Member {
    /// What it is to be (`Spec.Role`).
    pub role: Role,
    /// It is a member of the raft group: it counts for quorum.
    pub votes: bool,
    /// The other managers reach it.
    pub reachable: bool,
    /// Where it is, as the managers see it; empty if that is not known.
    pub address: String,
    /// Where it listens for nodes that want to join; empty on workers.
    pub manager_address: String,
}

impl Member {
    /// Reads one element of `GET /nodes`.
    pub fn read(raw: &RawValue) -> serde_json::Result<Self> {
        let view: View = serde_json::from_str(raw.get())?;
        let known = |address: String| if address.starts_with("0.0.0.0") { String::new() } else { address };
        let status = view.manager_status;
        Ok(Self {
            role: view.spec.role,
            votes: status.is_some(),
            reachable: status.as_ref().is_some_and(|status| status.reachability == "reachable"),
            address: known(view.status.addr),
            manager_address: known(status.map(|status| status.addr).unwrap_or_default()),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct View {
    #[serde(default, deserialize_with = "or_default")]
    spec: Spec,
    #[serde(default, deserialize_with = "or_default")]
    status: Status,
    manager_status: Option<ManagerStatus>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Spec {
    role: Role,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Status {
    addr: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ManagerStatus {
    reachability: String,
    addr: String,
}
