//! What the integration tests share: a plain HTTP client, clusters to work on, the orca process, and the scenarios.
//!
//! Nothing here uses orca's own code: what orca did is judged by an independent witness.

pub mod cluster;
pub mod conditions;
pub mod door;
pub mod http;
pub mod lab;
pub mod matching;
pub mod orca;
pub mod poll;
pub mod runner;
pub mod scenario;
pub mod sim;
pub mod stage;
pub mod world;
