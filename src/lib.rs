//! orca makes a Docker Swarm look after itself: every subcommand is one bounded pass,
//! observe -> plan -> apply -> report.
//!
//! Data flows one way: [`engine`] reads raw JSON, [`model`] gives views of it, [`snapshot`] holds one consistent read,
//! [`pass`] decides in pure functions, [`plan`] is what they decide, [`apply`] alone writes, [`report`] alone prints.

pub mod apply;
pub mod autoheal;
pub mod bootstrap;
pub mod catalog;
pub mod cli;
pub mod commands;
pub mod complete;
pub mod compose;
pub mod cycle;
pub mod dispatch;
pub mod engine;
pub mod error;
pub mod everyday;
pub mod exit;
pub mod exporter;
pub mod files;
pub mod fingerprint;
pub mod gc;
pub mod generate;
pub mod health;
pub mod init;
pub mod interrupt;
pub mod keys;
pub mod lock;
pub mod logs;
pub mod mcp;
pub mod measure;
pub mod metrics;
pub mod model;
pub mod mods;
pub mod nodes;
pub mod notify;
pub mod pass;
pub mod pause;
pub mod plan;
pub(crate) mod program;
pub mod progress;
pub mod rebalance;
pub mod redact;
pub mod registry;
pub mod report;
pub mod serve;
pub mod settings;
pub mod sim;
pub mod snapshot;
pub mod stacks;
pub mod state;
pub mod updates;
pub mod watch;
