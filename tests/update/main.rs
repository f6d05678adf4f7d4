//! Image updates: what is planned, what reaches the simulated engine, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, updates only the processes")]
mod common;

mod atomic;
mod auth;
mod clean;
mod engine;
mod gates;
mod held;
mod jobs;
mod plan;
mod property;
mod prove;
mod proving;
mod requests;
#[path = "../registry/server.rs"]
#[expect(dead_code, reason = "only its tags are asked for")]
mod server;
mod stage;
mod tags;
mod unseen;
