//! `orca rebalance plan` through its public API and its command line.

mod cli;
mod cluster;
mod goals;
mod guards;
mod limits;
mod promises;
