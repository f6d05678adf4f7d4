//! What images stand for: asked of a simulated engine, and of registries that are tiny servers in this process.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

#[path = "../common/tls.rs"]
#[expect(dead_code, reason = "no client has to show who it is")]
mod certs;
#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, these tests only the simulated engine")]
mod common;
mod direct;
mod engine;
mod redirects;
mod server;
mod verbs;
