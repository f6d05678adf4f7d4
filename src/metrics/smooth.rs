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
mod tests {
    use proptest::prelude::*;

    use super::super::NodeMemory;
    use super::*;

    const WINDOW: Duration = Duration::from_secs(600);
    const MIB: u64 = 1 << 20;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    /// One node with one task, MiB.
    fn raw(second: i64, used: u64, task: u64) -> Raw {
        let node = NodeMemory { total_bytes: 1000 * MIB, used_bytes: used * MIB, pressure: None };
        let id = TaskId("t".to_owned());
        let memory = TaskMemory { footprint_bytes: task * MIB, working_set_bytes: task * MIB, ..TaskMemory::default() };
        Raw {
            metrics: Metrics {
                schema: super::super::SCHEMA.to_owned(),
                source: MetricsSource::NodeExporter,
                taken_at: at(second),
                nodes: BTreeMap::from([("n".to_owned(), node)]),
                tasks: BTreeMap::from([(id.clone(), memory)]),
                missing: BTreeMap::new(),
            },
            counters: BTreeMap::new(),
            homes: BTreeMap::from([(id, "n".to_owned())]),
        }
    }

    fn series(raws: &[Raw]) -> (Metrics, Samples) {
        let mut samples = Samples::default();
        let mut last = None;
        for raw in raws {
            let (metrics, next) = smooth(&samples, raw, WINDOW);
            (samples, last) = (next, Some(metrics));
        }
        (last.unwrap(), samples)
    }

    fn used(metrics: &Metrics) -> u64 {
        metrics.nodes["n"].used_bytes / MIB
    }

    fn only(metrics: &Metrics) -> TaskMemory {
        *metrics.tasks.values().next().unwrap()
    }

    #[test]
    fn one_sample_is_what_it_is() {
        let first = raw(0, 500, 100);
        assert_eq!(series(std::slice::from_ref(&first)).0, first.metrics);
    }

    #[test]
    fn half_of_a_jump_counts_after_two_minutes() {
        assert_eq!(used(&series(&[raw(0, 400, 100), raw(120, 800, 100)]).0), 600);
        // After a silence longer than the window, or a clock that was set back, there is no past.
        assert_eq!(used(&series(&[raw(0, 400, 100), raw(601, 800, 100)]).0), 800);
        assert_eq!(used(&series(&[raw(500, 400, 100), raw(0, 800, 100)]).0), 800);
    }

    #[test]
    fn a_task_that_moves_takes_its_memory_along_at_once() {
        let mut left = raw(10, 200, 100);
        left.metrics.tasks.clear();
        assert_eq!(used(&series(&[raw(0, 300, 100), left]).0), 200);
    }

    #[test]
    fn the_fit_is_what_nine_of_ten_samples_need() {
        // Spikes are seen in the fit, but one in twenty is not.
        let load = |i: i64| if i == 7 { 400 } else { 100 + u64::try_from(i % 2).unwrap() };
        let twenty: Vec<Raw> = (0..20).map(|i| raw(i * 20, 500, load(i))).collect();
        assert_eq!(only(&series(&twenty).0).fit_bytes, Some(101 * MIB));
        assert_eq!(only(&series(&twenty[..9]).0).fit_bytes, Some(400 * MIB));
        assert_eq!(only(&series(&twenty[..1]).0).fit_bytes, None);
        // The spike leaves the window with time.
        let later: Vec<Raw> = (0..50).map(|i| raw(i * 20, 500, load(i))).collect();
        assert_eq!(only(&series(&later[..]).0).fit_bytes, Some(101 * MIB));
    }

    #[test]
    fn growth_is_a_share_per_minute() {
        let grows = |per_minute: u64| {
            let raws: Vec<Raw> = (0..5).map(|i| raw(60 * i, 900, 100 + per_minute * i.unsigned_abs())).collect();
            only(&series(&raws).0).growth_per_minute
        };
        assert_eq!(grows(0), Some(0.0));
        assert_eq!(grows(10), Some(0.0833));
        assert_eq!(only(&series(&[raw(0, 900, 100), raw(60, 900, 200)]).0).growth_per_minute, None);
    }

    #[test]
    fn pressure_is_the_gain_of_counters_over_time() {
        let with = |second, some: u64, full: u64, kills, booted| {
            let mut raw = raw(second, 500, 100);
            let counters =
                Counters { some_us: Some(some), full_us: Some(full), oom_kills: Some(kills), booted_s: Some(booted) };
            raw.counters.insert("n".to_owned(), counters);
            raw
        };
        let first = with(0, 1_000_000, 0, 2, 50);
        let pressure = |second: Raw| series(&[first.clone(), second]).0.nodes["n"].pressure;
        let expected = Pressure { some: 0.25, full: 0.01, oom_kills: 1 };
        assert_eq!(pressure(with(100, 26_000_000, 1_000_000, 3, 51)), Some(expected));
        // A reboot, a counter that fell, and two looks in one moment say nothing.
        assert_eq!(pressure(with(100, 26_000_000, 1_000_000, 3, 99)), None);
        assert_eq!(pressure(with(1, 1_500_000, 0, 2, 50)), None);
        let fell = with(100, 5, 0, 2, 50);
        assert_eq!(pressure(fell).map(|pressure| pressure.some.to_bits()), Some(0.0_f64.to_bits()));
        assert_eq!(series(&[raw(0, 500, 100), with(100, 5, 5, 5, 5)]).0.nodes["n"].pressure, None);
    }

    #[test]
    fn what_another_source_said_is_no_past() {
        let mut other = raw(10, 800, 100);
        other.metrics.source = MetricsSource::Probe;
        assert_eq!(used(&series(&[raw(0, 400, 100), other]).0), 800);
    }

    #[test]
    fn what_can_not_be_true_is_not_smoothed_away() {
        let odd = raw(10, 100, 400);
        assert_eq!(used(&series(&[raw(0, 500, 100), odd]).0), 100);
    }

    proptest! {
        #[test]
        fn averages_stay_between_what_was_seen(looks in prop::collection::vec((1_i64..500, 0_u64..900, 0_u64..900), 1..60)) {
            let mut second = 0;
            let raws: Vec<Raw> = looks.iter().map(|(wait, base, task)| {
                second += wait;
                raw(second, (base + task).min(1000), *task)
            }).collect();
            let (metrics, samples) = series(&raws);
            let task = only(&metrics);
            let all = || looks.iter().map(|(_, _, task)| task * MIB);
            prop_assert!(all().min().unwrap() <= task.footprint_bytes && task.footprint_bytes <= all().max().unwrap());
            prop_assert!(task.fit_bytes.is_none_or(|fit| fit <= all().max().unwrap()));
            prop_assert!(metrics.nodes["n"].used_bytes <= 1000 * MIB);
            prop_assert!(samples.tasks.values().all(|series| series.samples.len() <= KEPT as usize + 1));
            // The state survives its own file form.
            let json = serde_json::to_string(&samples).unwrap();
            prop_assert_eq!(serde_json::from_str::<Samples>(&json).unwrap(), samples);
            // And so do figures: a plan from the file is the plan.
            let json = serde_json::to_string(&metrics).unwrap();
            prop_assert_eq!(Metrics::parse(&json).unwrap(), metrics);
        }
    }
}
