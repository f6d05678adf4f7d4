//! Where memory figures come from, through the command line: against a simulated swarm and made-up exporters.

#![expect(clippy::unwrap_used, reason = "a test says by failing what was not there")]

mod exporter;
mod node_exporter;
mod others;
mod probe;
mod swarm;
