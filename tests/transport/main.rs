//! The transport against engines that are tiny servers in this process: every way to reach one, and to fail.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

#[path = "../common/tls.rs"]
#[expect(dead_code, reason = "fronts are for those who test a command")]
mod certs;
mod context;
mod server;
mod ssh;
mod streams;
mod tls;
mod unix;
