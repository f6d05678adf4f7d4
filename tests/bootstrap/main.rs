//! `orca bootstrap`: the planner by tables and properties, and the command against fleets of simulated engines.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod fleet;
mod model;
mod plan;
mod properties;
