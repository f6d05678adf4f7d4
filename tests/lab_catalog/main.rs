//! Definitions and stacks on real engines of three versions, with the docker CLI as the witness: what is declared comes
//! to run, and stays. Run by `scripts/test`, which starts the lab.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod catalog;
mod desk;
#[path = "../lab_engine/lab.rs"]
#[expect(dead_code, reason = "the other lab tests need more of it")]
mod lab;
mod stacks;
