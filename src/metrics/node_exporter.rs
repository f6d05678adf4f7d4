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
mod tests {
    use super::*;

    const NOW: i64 = 1_795_262_400;

    /// As `node_exporter` 1.5 prints them.
    fn text(replace: &[(&str, &str)]) -> String {
        let mut text = "\
# HELP node_boot_time_seconds Node boot time, in unixtime.
# TYPE node_boot_time_seconds gauge
node_boot_time_seconds 1.795e+09
node_memory_MemAvailable_bytes 4.294967296e+09
node_memory_MemFree_bytes 1.2e+09
node_memory_MemTotal_bytes 8.589934592e+09
node_pressure_memory_stalled_seconds_total 0.5
node_pressure_memory_waiting_seconds_total 1.25
node_time_seconds 1.7952624e+09
node_uname_info{domainname=\"(none)\",machine=\"x86_64\",nodename=\"n1\",release=\"6.1.0\",sysname=\"Linux\",version=\"#1 SMP\"} 1
node_vmstat_oom_kill 3
"
        .to_owned();
        for (from, to) in replace {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        text
    }

    fn judge(text: &str) -> Result<NodeMemory, String> {
        let reading = Reading::parse(text);
        reading.check("n1", Timestamp::from_second(NOW).unwrap(), Duration::from_secs(600))?;
        reading.memory()
    }

    #[test]
    fn used_is_what_is_not_available() {
        let memory = judge(&text(&[])).unwrap();
        assert_eq!((memory.total_bytes, memory.used_bytes), (8 << 30, 4 << 30));
        let counters = Reading::parse(&text(&[])).counters();
        let expected = (Some(1_250_000), Some(500_000), Some(3), Some(1_795_000_000));
        assert_eq!((counters.some_us, counters.full_us, counters.oom_kills, counters.booted_s), expected);
    }

    #[test]
    fn zfs_gives_its_cache_back() {
        let zfs = "node_zfs_arc_size 2147483648\nnode_zfs_arc_c_min 1073741824\n";
        assert_eq!(judge(&(text(&[]) + zfs)).unwrap().used_bytes, 3 << 30);
        // A cache that is smaller than its least gives nothing.
        let small = "node_zfs_arc_size 5\nnode_zfs_arc_c_min 1073741824\n";
        assert_eq!(judge(&(text(&[]) + small)).unwrap().used_bytes, 4 << 30);
    }

    #[test]
    fn what_can_not_be_believed_says_why() {
        for (from, to, why) in [
            ("nodename=\"n1\"", "nodename=\"n2\"", "that of `n2`, not of `n1`"),
            ("node_uname_info", "other", "which machine"),
            ("node_memory_MemAvailable_bytes 4.294967296e+09\n", "", "no node_memory_MemAvailable_bytes"),
            ("4.294967296e+09", "NaN", "no node_memory_MemAvailable_bytes"),
            ("4.294967296e+09", "-1", "no node_memory_MemAvailable_bytes"),
            ("4.294967296e+09", "9e+09", "9000000000 bytes available of 8589934592"),
            ("MemTotal_bytes 8.589934592e+09", "MemTotal_bytes 0", "no node_memory_MemTotal_bytes"),
            ("node_time_seconds 1.7952624e+09", "node_time_seconds 1.795261e+09", "is 23m 20s off, more than 10m"),
            ("node_time_seconds 1.7952624e+09", "node_time_seconds 1e300", "off, more than 10m"),
        ] {
            let error = judge(&text(&[(from, to)])).unwrap_err();
            assert!(error.contains(why), "{to}: {error}");
        }
        assert!(judge("<html>not found</html>").is_err());
        // A body that was cut in the middle of a figure: what is there is read, and the name is missing.
        let whole = text(&[]);
        let cut = whole.split_at(whole.find("nodename").unwrap()).0;
        assert!(judge(cut).unwrap_err().contains("which machine"));
        assert!(judge(&text(&[("node_time_seconds 1.7952624e+09\n", "")])).is_ok());
    }
}
