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
