//! The everyday verbs: what they tell of a snapshot, what they do to the simulated engine, and how they end.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, verbs only the processes")]
mod common;

mod act;
mod check;
mod drain;
mod fixture;
mod init;
mod lint;
mod logs;
mod tell;
mod waits;
