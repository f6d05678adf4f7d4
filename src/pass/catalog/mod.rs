//! `orca catalog`: what is to become of the catalog, and what the swarm is to make of it. Pure.

pub mod deploy;
pub mod ports;
pub mod rows;

pub use rows::{Bounds, States};
