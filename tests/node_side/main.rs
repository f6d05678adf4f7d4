//! The passes that work on nodes themselves: `gc`, `autoheal` and `exporter deploy`, as pure plans and as a command against an engine.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]
#![expect(clippy::needless_pass_by_value, reason = "`json!` is written where it is used")]

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "scenarios need all of it, faults only the processes")]
mod common;
mod exporter;
mod exporter_ssh;
mod gc;
mod gc_properties;
mod heal_containers;
mod heal_services;
mod many;
#[path = "../metrics/exporter.rs"]
#[expect(dead_code, reason = "some of it is for the tests of metrics")]
mod metrics;
mod reach;
mod via_service;
