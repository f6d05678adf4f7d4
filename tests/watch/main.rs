//! `orca watch` on the simulated engine, by the real binary: what makes passes run, what must not end the loop, and what
//! it looks like after a long life.

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, loops only the processes")]
mod common;

mod aside;
mod config;
mod engine;
mod events;
mod leader;
mod life;
mod outpost;
mod signals;
mod stage;
