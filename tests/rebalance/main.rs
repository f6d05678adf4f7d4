//! `orca rebalance plan` through its public API and its command line.

#![expect(clippy::unwrap_used, reason = "a test says by failing what was not there")]

mod cli;
mod cluster;
mod goals;
mod guards;
mod limits;
mod measured;
mod promises;
mod turns;
