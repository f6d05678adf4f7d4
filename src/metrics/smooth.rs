//! Figures over time: what one pass measured, seen together with what earlier passes did. Pure.
//!
//! A node's load is followed by a moving average with a half-life of two minutes; its tasks and the rest of it each
//! have their own, so that a task that has just moved takes its memory along at once. What a target must have room for
//! is what nine of ten samples of the window stay below.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Metrics, Pressure, TaskMemory};
use crate::model::TaskId;
use crate::settings::MetricsSource;

/// Half of what an average holds is this old at most.
const HALF_LIFE: Duration = Duration::from_secs(120);
/// Samples that are kept of each task, at most: closer ones say nothing new.
const KEPT: u32 = 40;
/// A trend needs so many samples, and so much time from the first to the last.
const TREND: (usize, i64) = (3, 60);
/// Counters that are closer together say nothing of a rate.
const RATE: Duration = Duration::from_secs(5);
/// Caches are warm again on a target when this part of the working set is there.
const WARM: f64 = 0.9;

/// What earlier passes measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Samples {
    /// Whom they are from: what sources say of one thing can't be compared.
    pub source: Option<MetricsSource>,
    /// By hostname.
    pub nodes: BTreeMap<String, NodeSeries>,
    /// By task id.
    pub tasks: BTreeMap<TaskId, TaskSeries>,
}

/// What is remembered of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSeries {
    /// When it was measured last.
    pub at: Timestamp,
    /// Its memory then, bytes.
    pub total_bytes: u64,
    /// The average of what is used by no task that was measured, bytes.
    pub base_bytes: u64,
    /// Its counters then.
    #[serde(default)]
    pub counters: Counters,
}

/// What is remembered of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSeries {
    /// When it was measured last.
    pub at: Timestamp,
    /// The average of its footprint, bytes.
    pub footprint_bytes: u64,
    /// The average of its working set, bytes.
    pub working_set_bytes: u64,
    /// Second (Unix time), footprint and what a target must have room for; oldest first.
    pub samples: Vec<(i64, u64, u64)>,
}

/// Counters of a node that only ever grow, from boot to boot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Time in which some task waited for memory, microseconds.
    pub some_us: Option<u64>,
    /// Time in which all tasks did, microseconds.
    pub full_us: Option<u64>,
    /// Processes killed for want of memory.
    pub oom_kills: Option<u64>,
    /// When the node was booted, Unix time.
    pub booted_s: Option<u64>,
}

/// What one pass measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Raw {
    /// The figures of that moment.
    pub metrics: Metrics,
    /// By hostname.
    pub counters: BTreeMap<String, Counters>,
    /// The node of each task, by hostname.
    pub homes: BTreeMap<TaskId, String>,
}

/// The figures as earlier passes make them, and what the next pass is to know of this one.
pub fn smooth(earlier: &Samples, raw: &Raw, window: Duration) -> (Metrics, Samples) {
    let now = raw.metrics.taken_at;
    let mut metrics = raw.metrics.clone();
    let source = raw.metrics.source;
    let mut next = if earlier.source == Some(source) { recent(earlier, now, window) } else { Samples::default() };
    next.source = Some(source);
    let (mut raw_tasks, mut smooth_tasks): (BTreeMap<&str, u64>, BTreeMap<&str, u64>) = Default::default();
    for (id, memory) in metrics.tasks.iter_mut().filter(|(_, memory)| !memory.estimated) {
        let series = task(next.tasks.remove(id), memory, now, window);
        if let Some(home) = raw.homes.get(id) {
            *raw_tasks.entry(home).or_default() += memory.footprint_bytes;
            *smooth_tasks.entry(home).or_default() += series.footprint_bytes;
        }
        *memory = told(&series);
        next.tasks.insert(id.clone(), series);
    }
    for (name, memory) in &mut metrics.nodes {
        let of = |sums: &BTreeMap<&str, u64>| sums.get(name.as_str()).copied().unwrap_or_default();
        // Tasks may seem to use more than their node: figures are not of one instant. That must not be smoothed away.
        let implausible = of(&raw_tasks) > memory.used_bytes;
        let base = memory.used_bytes.saturating_sub(of(&raw_tasks));
        let counters = raw.counters.get(name).copied().unwrap_or_default();
        let before = next.nodes.remove(name).filter(|series| series.total_bytes == memory.total_bytes);
        let base_bytes = before.as_ref().map_or(base, |series| average(series.base_bytes, base, series.at, now));
        memory.pressure = before.as_ref().and_then(|series| pressure(series, counters, now));
        if !implausible {
            memory.used_bytes = base_bytes.saturating_add(of(&smooth_tasks)).min(memory.total_bytes);
        }
        let total_bytes = memory.total_bytes;
        next.nodes.insert(name.clone(), NodeSeries { at: now, total_bytes, base_bytes, counters });
    }
    (metrics, next)
}

/// What is not too old to say something. A clock that was set back makes everything too old.
fn recent(earlier: &Samples, now: Timestamp, window: Duration) -> Samples {
    let fresh = |at: Timestamp| Duration::try_from(now.duration_since(at)).is_ok_and(|age| age <= window);
    Samples {
        source: earlier.source,
        nodes: earlier.nodes.iter().filter(|(_, node)| fresh(node.at)).map(|(k, v)| (k.clone(), v.clone())).collect(),
        tasks: earlier.tasks.iter().filter(|(_, task)| fresh(task.at)).map(|(k, v)| (k.clone(), v.clone())).collect(),
    }
}

fn task(before: Option<TaskSeries>, memory: &TaskMemory, now: Timestamp, window: Duration) -> TaskSeries {
    let TaskMemory { footprint_bytes, working_set_bytes, .. } = *memory;
    let (second, sample) = (now.as_second(), (now.as_second(), footprint_bytes, fit(memory)));
    let Some(mut series) = before else {
        return TaskSeries { at: now, footprint_bytes, working_set_bytes, samples: vec![sample] };
    };
    series.footprint_bytes = average(series.footprint_bytes, footprint_bytes, series.at, now);
    series.working_set_bytes = average(series.working_set_bytes, working_set_bytes, series.at, now);
    series.at = now;
    let window = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
    series.samples.retain(|(at, ..)| second.saturating_sub(*at) <= window);
    let spacing = window / i64::from(KEPT);
    match series.samples.last_mut() {
        // Of samples close together the higher one counts.
        Some(last) if second - last.0 < spacing => last.2 = last.2.max(sample.2),
        _ => series.samples.push(sample),
    }
    series
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a part of bytes"
)]
fn fit(memory: &TaskMemory) -> u64 {
    memory.footprint_bytes.max((memory.working_set_bytes as f64 * WARM) as u64)
}

fn told(series: &TaskSeries) -> TaskMemory {
    let mut fits: Vec<u64> = series.samples.iter().map(|(.., fit)| *fit).collect();
    fits.sort_unstable();
    // Nearest rank: of fewer than ten samples, the highest.
    let rank = (fits.len() * 9).div_ceil(10).max(1) - 1;
    TaskMemory {
        footprint_bytes: series.footprint_bytes,
        working_set_bytes: series.working_set_bytes,
        fit_bytes: fits.get(rank).copied().filter(|_| fits.len() > 1),
        growth_per_minute: growth(&series.samples),
        estimated: false,
    }
}

/// The slope of the footprint over time, as a share of its mean per minute.
#[expect(clippy::cast_precision_loss, reason = "a trend")]
fn growth(samples: &[(i64, u64, u64)]) -> Option<f64> {
    let (first, last) = (samples.first()?, samples.last()?);
    if samples.len() < TREND.0 || last.0 - first.0 < TREND.1 {
        return None;
    }
    let count = samples.len() as f64;
    let minutes = |at: i64| (at - first.0) as f64 / 60.0;
    let mean_x = samples.iter().map(|(at, ..)| minutes(*at)).sum::<f64>() / count;
    let mean_y = samples.iter().map(|(_, bytes, _)| *bytes as f64).sum::<f64>() / count;
    let (mut both, mut square) = (0.0, 0.0);
    for (at, bytes, _) in samples {
        let x = minutes(*at) - mean_x;
        both += x * (*bytes as f64 - mean_y);
        square += x * x;
    }
    (mean_y > 0.0 && square > 0.0).then(|| round(both / square / mean_y))
}

/// Moves an average towards a new value, by how long it has not been moved.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an average")]
fn average(before: u64, value: u64, then: Timestamp, now: Timestamp) -> u64 {
    let passed = now.duration_since(then).as_secs_f64().max(0.0);
    let weight = 1.0 - (-passed / HALF_LIFE.as_secs_f64()).exp2();
    (before as f64 + (value as f64 - before as f64) * weight).round() as u64
}

/// What the counters gained since; none where they were reset, or where too little time has passed.
#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn pressure(before: &NodeSeries, counters: Counters, now: Timestamp) -> Option<Pressure> {
    let passed = Duration::try_from(now.duration_since(before.at)).ok().filter(|passed| *passed >= RATE)?;
    // The boot time that kernels tell wanders by a second when the clock is slewed.
    let same_boot = match (before.counters.booted_s, counters.booted_s) {
        (Some(before), Some(now)) => before.abs_diff(now) <= 2,
        _ => true,
    };
    let gained = |before: Option<u64>, now: Option<u64>| now?.checked_sub(before?);
    let share = |micros: u64| round((micros as f64 / passed.as_micros() as f64).min(1.0));
    let some = gained(before.counters.some_us, counters.some_us);
    let full = gained(before.counters.full_us, counters.full_us);
    let oom_kills = gained(before.counters.oom_kills, counters.oom_kills);
    if !same_boot || (some, full, oom_kills) == (None, None, None) {
        return None;
    }
    let (some, full) = (some.map_or(0.0, share), full.map_or(0.0, share));
    Some(Pressure { some, full, oom_kills: oom_kills.unwrap_or_default() })
}

/// Four digits, so that a file and what was measured are the same.
fn round(share: f64) -> f64 {
    (share * 1e4).round() / 1e4 + 0.0
}

#[cfg(test)]
mod tests;
