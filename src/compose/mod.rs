//! Compose files: what `docker stack deploy` takes, as definitions of services and what these need beside them.
//!
//! The file is read with this program's own reader, not by a crate. Of those on crates.io (2026-11), `compose_spec` 0.3
//! was last released in 2024 and refuses what stacks use (`version`, a network's `external.name`); `docker-compose-types`
//! 0.24 is kept, but ignores keys that it doesn't know unless built to refuse all extensions, has no merging, no
//! variables and no env files, and neither says at which line and column something is wrong: both stand on serde's
//! untagged enums, which lose the place and end in "data did not match any variant". The tree that reads the
//! configuration has places, bounds and spelling advice already.
//!
//! [`file`] is a file as it is written, [`stack`] what it comes to. Where docker silently drops something, orca says so.

pub mod deploy;
pub mod env;
pub mod file;
pub mod stack;

mod container;
mod mounts;
mod objects;
mod ports;
mod service;

/// The label of a stack's service that keeps the image as the file has it.
pub const IMAGE_LABEL: &str = "com.docker.stack.image";
