//! Moving tasks on real engines of different ages, with the docker CLI as the witness: what moves, what does not, and
//! what is left, whatever fails in the middle. Run by `scripts/test`, which starts the lab.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "../lab_engine/lab.rs"]
#[expect(dead_code, reason = "the other lab tests need more of it")]
mod lab;
#[path = "../common/orca.rs"]
#[expect(dead_code, reason = "the simulated engine's tests need more of it")]
mod orca;
#[path = "../lab_engine/proxy.rs"]
mod proxy;

mod faults;
mod kill;
mod mechanisms;
mod scene;
mod writers;
