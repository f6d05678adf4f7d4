//! A simulated swarm manager that speaks the Docker Engine HTTP API on a unix socket.
//!
//! The same orca binary and the docker CLI run against it: the socket is the seam, nothing is mocked. One process is
//! one manager's view of a whole cluster. What swarm does by itself (scheduling, eviction, rollouts, restarts) has
//! happened by the time a request is answered, unless starting or stopping takes time (`start_delay`, `stop_delay`).
//!
//! [`Cluster`] is pure state with time handed in; only `serve` and `run` do I/O. This module must not know anything
//! of orca's passes: it imitates the engine, including what is odd about it, and faults come on demand (`/_sim/`).

mod admin;
mod api;
mod cluster;
mod configs;
mod constraint;
mod faults;
mod fleet;
mod generate;
mod info;
mod json;
mod logs;
mod lookup;
mod networks;
mod nodes;
mod object;
mod orchestrate;
mod pace;
mod query;
mod refusal;
mod registry;
mod rollout;
mod run;
mod schedule;
mod serve;
mod services;
mod stock;
mod tasks;
#[cfg(test)]
mod tests;

pub use cluster::Cluster;
pub use faults::{Fault, FaultKind};
pub use run::{Options, run};
pub use serve::serve;
