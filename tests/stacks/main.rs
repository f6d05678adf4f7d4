//! Stacks of compose files: what they become, that a second deployment changes nothing, what is refused, and how a stack
//! goes.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, stacks only the processes")]
mod common;

mod deploy;
mod refused;
mod remove;
mod stage;
