//! `orca serve`: a real server before the simulated engine, asked by a plain HTTP client.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, servers only the processes")]
mod common;

mod access;
mod aside;
mod catalog;
#[path = "../common/tls.rs"]
#[expect(dead_code, reason = "fronts and authorities are for those who are asked")]
mod certs;
mod change;
mod client;
mod faults;
mod heeded;
mod load;
mod look;
#[path = "../registry/server.rs"]
#[expect(dead_code, reason = "registries are asked for more elsewhere")]
mod shelf;
mod stage;
mod tls;
