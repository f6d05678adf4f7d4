//! The catalog: definitions, rows and services that converge, what is refused, and the laws behind it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, the catalog only the processes")]
mod common;

mod deploy;
mod drifts;
mod faults;
mod property;
mod refused;
mod stage;
