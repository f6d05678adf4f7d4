//! `orca mcp`, as a process that a client speaks with over its stdin and stdout.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, this only the processes")]
mod common;

mod client;
mod http;
mod protocol;
mod tools;
