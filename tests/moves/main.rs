//! Moving tasks on the simulated engine, by the real binary: what each mechanism leaves behind (nothing), and what
//! happens when the target, another writer, the engine or orca itself fails in the middle of it.

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, moves only the processes")]
mod common;

mod engine;
mod guards;
mod kill;
mod mechanisms;
mod property;
mod saved;
mod signals;
mod stage;
mod target;
mod turns;
mod writers;
