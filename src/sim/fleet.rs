//! Several engines, each on a socket of its own, that may form one swarm: for what happens before there is one.
//!
//! All share one [`Cluster`]. A request is answered as the engine sees it to whose socket it came. An engine may also be in
//! a swarm of its own, or be off.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Reply, Request};
use super::cluster::Cluster;
use super::json;
use super::refusal::Refusal;

const MANAGER_TOKEN: &str = "SWMTKN-1-simulated-manager";
const WORKER_TOKEN: &str = "SWMTKN-1-simulated-worker";
const UNLOCK_KEY: &str = "SWMKEY-1-simulated";

/// One engine of a fleet.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    name: String,
    addr: String,
    /// Its node in the fleet's swarm.
    node: Option<String>,
    /// A swarm that the others know nothing of.
    own: Option<Box<Cluster>>,
    power: Power,
}

/// Whether an engine answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Power {
    On,
    Off,
    /// Off as soon as it is told to change something.
    Dying,
}

/// What the admin side may do to an engine.
#[derive(Deserialize)]
struct EngineOrder {
    power: Option<Power>,
    /// Makes a swarm of its own, or has none any more and has forgotten that of the others.
    swarm: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Joining {
    join_token: String,
    remote_addrs: Vec<String>,
    availability: String,
}

impl Cluster {
    /// So many engines in no swarm, named `n1`, `n2`, ...
    pub fn fleet(engines: usize) -> Self {
        let mut cluster = Self::empty();
        let seat = |number: usize| Seat {
            name: format!("n{number}"),
            addr: format!("10.0.{}.{}", number / 250, number % 250 + 1),
            node: None,
            own: None,
            power: Power::On,
        };
        cluster.seats = (1..=engines).map(seat).collect();
        cluster
    }

    /// Names of the engines of a fleet.
    pub(super) fn seat_names(&self) -> Vec<String> {
        self.seats.iter().map(|seat| seat.name.clone()).collect()
    }

    /// Answers a request to this engine; none if it is off.
    pub(super) fn handle_at(&mut self, seat: Option<usize>, request: &Request) -> Option<Reply> {
        let Some(at) = seat.filter(|at| *at < self.seats.len()) else { return Some(self.handle(request)) };
        if self.seats[at].power == Power::Dying && request.writes() {
            self.power(at, Power::Off);
        }
        if self.seats[at].power == Power::Off {
            return None;
        }
        if let (Some(own), false) = (&mut self.seats[at].own, request.path == "/swarm/leave") {
            return Some(own.handle(request));
        }
        self.sit(at);
        Some(match self.membership_request(at, request) {
            Some(answer) => {
                let mut reply = answer.map_or_else(Reply::from, |body| Reply::json(200, body.to_string()));
                reply.headers.push(("Api-Version", self.api.clone()));
                reply
            }
            None => self.handle(request),
        })
    }

    /// Sees the cluster as this engine does.
    fn sit(&mut self, at: usize) {
        let Seat { name, node, .. } = self.seats[at].clone();
        let role = node.as_ref().and_then(|id| self.nodes.get(id)).map(|node| node.role.clone());
        let membership = match role.as_deref() {
            Some("manager") => "active/manager",
            // Removed from the swarm, it doesn't know it yet.
            Some(_) => "active/worker",
            None if node.is_some() => "error",
            None => "inactive",
        };
        membership.clone_into(&mut self.membership);
        json::set(&mut self.info, &["Name"], name.as_str());
        json::set(&mut self.info, &["ID"], format!("engine-{name}"));
        json::set(&mut self.info, &["Swarm", "NodeID"], node.unwrap_or_default());
    }

    /// What changes or tells who is in the swarm; none for everything else.
    fn membership_request(&mut self, at: usize, request: &Request) -> Option<Result<Value, Refusal>> {
        let manager = self.membership == "active/manager";
        Some(match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/swarm/init") => self.init(at, request),
            ("POST", "/swarm/join") => self.join_at(at, request),
            ("POST", "/swarm/leave") => {
                self.leave(at);
                Ok(json!({}))
            }
            ("GET", "/swarm") if manager => {
                let mut swarm = self.swarm_document();
                json::set(&mut swarm, &["JoinTokens"], json!({"Manager": MANAGER_TOKEN, "Worker": WORKER_TOKEN}));
                Ok(swarm)
            }
            ("GET", "/swarm/unlockkey") if manager => Ok(json!({"UnlockKey": UNLOCK_KEY})),
            (_, path) if manager && !self.has_majority() && is_swarm(path) => Err(Refusal::rpc(
                "Unknown",
                "The swarm does not have a leader. It's possible that too few managers are online.",
            )),
            _ => return None,
        })
    }

    fn init(&mut self, at: usize, request: &Request) -> Result<Value, Refusal> {
        self.must_be_out(at)?;
        let options: Value = request.json()?;
        if !self.nodes.is_empty() {
            self.found_own(at);
            return Ok("own".into());
        }
        for (key, zero) in [("DefaultAddrPool", json!([])), ("SubnetSize", json!(0)), ("DataPathPort", json!(0))] {
            if let Some(value) = options.get(key).filter(|value| !value.is_null() && **value != zero) {
                json::set(&mut self.info, &["Swarm", "Cluster", key], value.clone());
            }
        }
        let lock = options.get("AutoLockManagers").cloned().unwrap_or_default();
        json::set(&mut self.info, &["Swarm", "Cluster", "Spec", "EncryptionConfig", "AutoLockManagers"], lock);
        let id = self.take_in(at, "manager", json::text(&options, "/Availability"));
        Ok(id.into())
    }

    /// A swarm that the others know nothing of.
    fn found_own(&mut self, at: usize) {
        let name = &self.seats[at].name;
        let mut own = Self::empty();
        own.number_from(1_000_000 * (at as u64 + 1));
        own.join(name, "manager", &BTreeMap::new());
        json::set(&mut own.info, &["Swarm", "Cluster", "ID"], format!("swarm-of-{name}"));
        self.seats[at].own = Some(Box::new(own));
    }

    fn join_at(&mut self, at: usize, request: &Request) -> Result<Value, Refusal> {
        self.must_be_out(at)?;
        let joining: Joining = serde_json::from_value(request.json()?).unwrap_or_default();
        let role = match joining.join_token.as_str() {
            MANAGER_TOKEN => "manager",
            WORKER_TOKEN => "worker",
            _ => return Err(Refusal::rpc("InvalidArgument", "A valid join token is necessary to join this cluster")),
        };
        if joining.remote_addrs.is_empty() || !self.has_majority() {
            return Err(Refusal::rpc("Unavailable", "all SubConns are in TransientFailure"));
        }
        self.take_in(at, role, &joining.availability);
        Ok(json!({}))
    }

    fn must_be_out(&self, at: usize) -> Result<(), Refusal> {
        if self.seats[at].node.is_none() && self.seats[at].own.is_none() {
            return Ok(());
        }
        let text = "This node is already part of a swarm. Use \"docker swarm leave\" to leave this swarm and join another one.";
        Err(Refusal::new(503, text))
    }

    fn take_in(&mut self, at: usize, role: &str, availability: &str) -> String {
        let (name, addr) = (self.seats[at].name.clone(), self.seats[at].addr.clone());
        let id = self.join(&name, role, &BTreeMap::new());
        self.edit_node(&id, |raw| {
            json::set(raw, &["Status", "Addr"], addr.as_str());
            if json::present(raw, "/ManagerStatus") {
                json::set(raw, &["ManagerStatus", "Addr"], format!("{addr}:2377"));
            }
            if !availability.is_empty() {
                json::set(raw, &["Spec", "Availability"], availability);
            }
        });
        self.seats[at].node = Some(id.clone());
        id
    }

    fn leave(&mut self, at: usize) {
        self.seats[at].own = None;
        if let Some(id) = self.seats[at].node.take() {
            self.set_node_state(&id, "down");
        }
    }

    fn has_majority(&self) -> bool {
        let managers = || self.nodes.values().filter(|node| node.role == "manager");
        managers().filter(|node| node.state == "ready").count() * 2 > managers().count()
    }

    fn power(&mut self, at: usize, power: Power) {
        self.seats[at].power = power;
        if let Some(id) = self.seats[at].node.clone() {
            self.set_node_state(&id, if power == Power::Off { "down" } else { "ready" });
        }
    }

    /// `POST /_sim/engines/NAME`.
    pub(super) fn order(&mut self, name: &str, body: &[u8]) -> Result<(), Refusal> {
        let order: EngineOrder = serde_json::from_slice(body).map_err(|error| Refusal::new(400, error.to_string()))?;
        let at = self.seats.iter().position(|seat| seat.name == name);
        let at = at.ok_or_else(|| Refusal::new(404, format!("no engine {name}")))?;
        if let Some(power) = order.power {
            self.power(at, power);
        }
        match order.swarm.as_deref() {
            Some("own") => {
                self.leave(at);
                self.found_own(at);
            }
            Some("none") => self.leave(at),
            Some(other) => return Err(Refusal::new(400, format!("no swarm {other}: own or none"))),
            None => {}
        }
        Ok(())
    }
}

/// Whether a path needs the managers to agree.
fn is_swarm(path: &str) -> bool {
    ["/nodes", "/services", "/tasks", "/swarm"].iter().any(|start| path.starts_with(start))
}
