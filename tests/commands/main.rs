//! What surrounds the passes: metrics, pauses, the command file, notifications, health.

#![expect(clippy::unwrap_used, reason = "a test that finds nothing there has failed")]

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, this only the processes")]
mod common;

mod file;
mod health;
mod listener;
mod metrics;
mod notify;
mod pause;
mod stage;
