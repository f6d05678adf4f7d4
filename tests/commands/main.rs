//! What surrounds the passes: metrics, pauses, the command file, notifications, health.

mod metrics;
