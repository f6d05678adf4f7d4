//! What becomes of services on real engines of three versions, with the docker CLI as the witness: their images,
//! their logs, and what `orca serve` tells and does. Run by `scripts/test`, which starts the lab.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod access;
mod cleaning;
#[path = "../serve/client.rs"]
#[expect(dead_code, reason = "the tests of the server before a simulated engine need all of it")]
mod client;
#[path = "../lab_engine/lab.rs"]
#[expect(dead_code, reason = "the other lab tests need more of it")]
mod lab;
mod logs;
mod serve;
mod updates;
