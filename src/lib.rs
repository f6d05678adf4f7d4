//! orca makes a Docker Swarm look after itself: every subcommand is one bounded pass,
//! observe -> plan -> apply -> report.
//!
//! Data flows one way through these modules, in this order.

pub mod error;
pub mod settings;
pub mod sim;
