//! `orca bootstrap`: the planner by tables and properties, and the command against fleets of simulated engines.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "../common/tls.rs"]
#[expect(dead_code, reason = "not every kind of front is needed here")]
mod certs;
mod fleet;
mod model;
mod plan;
mod properties;
