//! The passes that work on nodes themselves: `gc` and `autoheal`, as pure plans and as a command against an engine.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]
#![expect(clippy::needless_pass_by_value, reason = "`json!` is written where it is used")]

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, faults only the processes")]
mod common;
mod gc;
mod gc_properties;
mod heal_containers;
mod heal_services;
mod many;
mod reach;
mod via_service;
