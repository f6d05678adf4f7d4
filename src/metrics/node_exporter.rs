//! What `node_exporter`'s series say of a node's memory. Pure; where they come from is known elsewhere.
//!
//! Names and meaning are those of `node_exporter` 1.x. `MemAvailable` counts what the kernel could reclaim, but not
//! what ZFS would give back: its cache is added, down to the least that it keeps.

use std::time::Duration;

use jiff::Timestamp;

use super::smooth::Counters;
use super::{NodeMemory, exposition};

/// The series that matter here, for sources that must name what they ask for.
pub const SERIES: [&str; 10] = [
    "node_memory_MemTotal_bytes",
    "node_memory_MemAvailable_bytes",
    "node_zfs_arc_size",
    "node_zfs_arc_c_min",
    "node_pressure_memory_waiting_seconds_total",
    "node_pressure_memory_stalled_seconds_total",
    "node_vmstat_oom_kill",
    "node_boot_time_seconds",
    "node_time_seconds",
    "node_uname_info",
];

/// What one exporter says of its machine. Absent is what it doesn't say, or what is no number.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// The machine's hostname.
    pub nodename: Option<String>,
    total: Option<f64>,
    available: Option<f64>,
    arc_size: Option<f64>,
    arc_min: Option<f64>,
    some_s: Option<f64>,
    full_s: Option<f64>,
    oom_kills: Option<f64>,
    booted_s: Option<f64>,
    time_s: Option<f64>,
}

impl Reading {
    /// Reads an answer to `GET /metrics`.
    pub fn parse(text: &str) -> Self {
        let mut reading = Self::default();
        for sample in exposition::samples(text) {
            reading.take(sample.name, sample.label("nodename"), sample.value);
        }
        reading
    }

    /// Takes one series, if it is one of [`SERIES`].
    pub fn take(&mut self, name: &str, nodename: Option<&str>, value: f64) {
        let field = match name {
            "node_memory_MemTotal_bytes" => &mut self.total,
            "node_memory_MemAvailable_bytes" => &mut self.available,
            "node_zfs_arc_size" => &mut self.arc_size,
            "node_zfs_arc_c_min" => &mut self.arc_min,
            "node_pressure_memory_waiting_seconds_total" => &mut self.some_s,
            "node_pressure_memory_stalled_seconds_total" => &mut self.full_s,
            "node_vmstat_oom_kill" => &mut self.oom_kills,
            "node_boot_time_seconds" => &mut self.booted_s,
            "node_time_seconds" => &mut self.time_s,
            "node_uname_info" => {
                self.nodename = nodename.map(str::to_owned);
                return;
            }
            _ => return,
        };
        *field = Some(value).filter(|value| value.is_finite() && *value >= 0.0);
    }

    /// Which machine this is, and whether its figures can be believed at `now`.
    ///
    /// # Errors
    /// Why they can't, in words.
    pub fn check(&self, expected: &str, now: Timestamp, max_age: Duration) -> Result<(), String> {
        match &self.nodename {
            None => return Err("the exporter doesn't say which machine it is (no node_uname_info)".to_owned()),
            Some(name) if name != expected => {
                return Err(format!(
                    "the exporter is that of `{name}`, not of `{expected}` (for one in a container, give it the \
                     node's hostname or name it in rebalance.metrics.node_map)"
                ));
            }
            Some(_) => {}
        }
        let Some(time) = self.time_s else { return Ok(()) };
        #[expect(clippy::cast_precision_loss, reason = "a clock is compared to the second")]
        let skew = (now.as_second() as f64 - time).abs();
        if skew <= max_age.as_secs_f64() {
            return Ok(());
        }
        let skew = Duration::try_from_secs_f64(skew.round()).unwrap_or(Duration::MAX);
        Err(format!(
            "its clock, or what it answers from, is {} off, more than {}",
            humantime::format_duration(skew),
            humantime::format_duration(max_age)
        ))
    }

    /// The memory of the machine.
    ///
    /// # Errors
    /// What is missing or impossible, in words.
    pub fn memory(&self) -> Result<NodeMemory, String> {
        let total = self.total.map(bytes).filter(|total| *total > 0);
        let total = total.ok_or("no node_memory_MemTotal_bytes: is this a node_exporter?")?;
        let available = self.available.map(bytes);
        let available = available.ok_or("no node_memory_MemAvailable_bytes (kernels before 3.14 don't have it)")?;
        if available > total {
            return Err(format!("{available} bytes available of {total}"));
        }
        let arc = match (self.arc_size, self.arc_min) {
            (Some(size), Some(min)) => bytes(size).saturating_sub(bytes(min)),
            _ => 0,
        };
        let used_bytes = (total - available).saturating_sub(arc);
        Ok(NodeMemory { total_bytes: total, used_bytes, pressure: None })
    }

    /// Its counters, whose growth tells how much tasks wait for memory.
    pub fn counters(&self) -> Counters {
        let micros = |seconds: f64| bytes(seconds * 1e6);
        Counters {
            some_us: self.some_s.map(micros),
            full_us: self.full_s.map(micros),
            oom_kills: self.oom_kills.map(bytes),
            booted_s: self.booted_s.map(bytes),
        }
    }
}

/// A float that counts something whole.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "negative ones were left out; `as` saturates"
)]
fn bytes(value: f64) -> u64 {
    value.round() as u64
}

#[cfg(test)]
mod tests;
