//! What measured figures tell beyond how much there is: growth, peaks, estimates, and why there are none.

use orca::metrics::Metrics;
use orca::model::TaskId;
use orca::pass::memory::{Memory, Moved, MovedService};
use orca::pass::rebalance::{Goal, Input, Planned, Request, plan};

use crate::cluster::{Cluster, NOW, moves, reasons, restarts, settings};

const MIB: u64 = 1 << 20;

fn two() -> Cluster {
    Cluster::default()
        .node("n1", 1000, 50)
        .node("n2", 1000, 50)
        .service("a", &[("n1", 450)])
        .service("b", &[("n1", 300)])
        .service("c", &[("n2", 100)])
}

/// Plans with figures that were changed.
fn planned(cluster: &Cluster, guarded: bool, goal: Goal, change: impl FnOnce(&mut Metrics)) -> Planned {
    let mut metrics = cluster.metrics();
    change(&mut metrics);
    let (snapshot, settings, memory) = (cluster.snapshot(), settings(""), Memory::default());
    let input = Input {
        cluster: &snapshot,
        settings: &settings,
        metrics: Some(&metrics),
        memory: &memory,
        now: NOW.parse().unwrap(),
    };
    plan(&input, &Request { goal, guarded, at_once: false, start_first: false }).unwrap()
}

fn task<'m>(metrics: &'m mut Metrics, id: &str) -> &'m mut orca::metrics::TaskMemory {
    metrics.tasks.get_mut(&TaskId(id.to_owned())).unwrap()
}

#[test]
fn what_grows_stays() {
    let grows = |share: f64| move |metrics: &mut Metrics| task(metrics, "task-b-1").growth_per_minute = Some(share);
    let guarded = planned(&two(), true, restarts(1), grows(0.08));
    assert_eq!((reasons(&guarded, "b"), moves(&guarded).len()), (vec!["warming-up".to_owned()], 0));
    // Slow growth is life, and without guard rails only what Swarm can do counts.
    assert_eq!(moves(&planned(&two(), true, restarts(1), grows(0.05))), ["b.1: n1 -> n2"]);
    assert_eq!(moves(&planned(&two(), false, restarts(1), grows(0.08))), ["b.1: n1 -> n2"]);
}

#[test]
fn a_target_must_have_room_for_the_peaks() {
    let evacuated = |fit: Option<u64>| {
        let goal = Goal::Empty("n1".to_owned());
        let cluster = Cluster::default().node("n1", 1000, 50).node("n2", 1000, 50).service("a", &[("n1", 450)]);
        moves(&planned(&cluster, true, goal, |metrics| task(metrics, "task-a-1").fit_bytes = fit)).len()
    };
    // Room below the guard rail of 80 %: 750 MiB. In the way of the mean + 5 points, n2 takes what n1 has.
    assert_eq!((evacuated(None), evacuated(Some(460 * MIB)), evacuated(Some(900 * MIB))), (1, 1, 0));
}

#[test]
fn estimates_prove_nothing_against_a_node() {
    let cluster = two().node("n3", 1000, 50).node("n4", 1000, 50);
    let with = |estimated: bool| {
        planned(&cluster, false, restarts(1), |metrics| {
            let memory = task(metrics, "task-a-1");
            (memory.footprint_bytes, memory.estimated) = (2000 * MIB, estimated);
        })
    };
    assert_eq!(reasons(&with(false), "a"), ["stale-metric"]);
    let estimated = with(true);
    assert_eq!(reasons(&estimated, "b"), Vec::<String>::new());
    assert_eq!((estimated.balance.metrics.estimated_tasks, estimated.balance.metrics.estimated), (1, false));
}

#[test]
fn no_more_leaves_a_node_than_it_has_in_use() {
    // Figures are not of one instant: tasks may seem to use a little more than all of their node.
    let cluster = two();
    let planned = planned(&cluster, false, Goal::Empty("n1".to_owned()), |metrics| {
        metrics.nodes.get_mut("n1").unwrap().used_bytes = 700 * MIB;
    });
    assert_eq!(moves(&planned).len(), 2);
    let used = planned.balance.nodes[0].used_bytes.unwrap();
    assert!(used.after < MIB && used.before == 700 * MIB, "{used:?}");
    let used = planned.balance.nodes[1].used_bytes.unwrap();
    assert!(used.after - used.before <= 700 * MIB, "{used:?}");
}

#[test]
fn why_a_node_has_no_figures_is_told() {
    let cluster = two().node("n3", 1000, 50);
    let planned = planned(&cluster, true, restarts(1), |metrics| {
        metrics.nodes.remove("n2");
        metrics.missing.insert("n2".to_owned(), "http://n2:9100/metrics answered 500".to_owned());
    });
    assert_eq!(reasons(&planned, "c"), ["no-metric"]);
    assert_eq!(planned.balance.nodes[1].why.as_deref(), Some("http://n2:9100/metrics answered 500"));
    assert_eq!(moves(&planned), ["b.1: n1 -> n3"]);
}

#[test]
fn single_services_have_settings_of_their_own() {
    let off = "rebalance: {services: {a: {enabled: false}}}";
    let told = two().guarded(off, &Memory::default(), restarts(1));
    assert_eq!(reasons(&told, "a"), ["opt-out"]);
    let mut memory = Memory::default();
    let at = NOW.parse::<jiff::Timestamp>().unwrap() - jiff::SignedDuration::from_mins(20);
    let moved = Moved { at, from: orca::model::NodeId("gone".to_owned()), run: String::new(), failed: false };
    let record = MovedService { moves: vec![moved] };
    memory.rebalance.services.insert(orca::model::ServiceId("id-b".to_owned()), record);
    let reason = |yaml: &str| reasons(&two().guarded(yaml, &memory, restarts(1)), "b");
    assert_eq!(reason("rebalance: {cooldown: 1h}"), ["cooldown"]);
    assert_eq!(reason("rebalance: {cooldown: 1h, services: {b: {cooldown: 15m}}}"), Vec::<String>::new());
    assert_eq!(reason("rebalance: {cooldown: 5m, services: {b: {cooldown: 30m}}}"), ["cooldown"]);
}

#[test]
fn what_nobody_measures_stays_unless_memory_is_not_the_goal() {
    let mut cluster = Cluster::default()
        .node("n1", 1000, 0)
        .node("n2", 1000, 0)
        .service("a", &[("n1", 500)])
        .service("b", &[("n1", 300)]);
    cluster.task_memory.remove("task-b-1");
    let warned = |planned: &Planned| {
        let text = |warning: &orca::plan::Warning| warning.message.clone();
        planned.plan.warnings.iter().filter(|warning| warning.code == "unmeasured").map(text).collect::<String>()
    };
    let planned = cluster.unguarded(restarts(1));
    assert_eq!(reasons(&planned, "b"), ["no-metric"]);
    assert!(warned(&planned).starts_with("nobody measures 1 task, so they stay"), "{}", warned(&planned));
    let empty = cluster.unguarded(Goal::Empty("n1".to_owned()));
    assert!(empty.balance.goal.met, "{:?}", empty.plan.blocked);
    let b = empty.balance.moves.iter().find(|step| step.service.name == "b").unwrap();
    assert_eq!(b.footprint_bytes, 300 * MIB, "what its node has in use beyond what is measured");
    assert!(warned(&empty).contains("an estimate"), "{}", warned(&empty));
}

#[test]
fn a_plan_says_which_rollback_is_lost_and_what_was_left_half_done() {
    let codes = |planned: &Planned| planned.plan.warnings.iter().map(|w| w.code.clone()).collect::<Vec<_>>();
    let mut cluster = Cluster::default().node("n1", 1000, 0).node("n2", 1000, 0);
    cluster = cluster.service("a", &[("n1", 500)]).service("b", &[("n1", 300)]);
    assert_eq!(codes(&cluster.unguarded(restarts(1))), Vec::<String>::new());
    for service in &mut cluster.services {
        service["PreviousSpec"] = service["Spec"].clone();
    }
    assert_eq!(codes(&cluster.unguarded(restarts(1))), Vec::<String>::new(), "the same spec is no loss");
    for service in &mut cluster.services {
        service["PreviousSpec"]["Labels"] = serde_json::json!({"older": "yes"});
    }
    let planned = cluster.unguarded(restarts(1));
    let lost = &planned.plan.warnings[0];
    assert_eq!((lost.code.as_str(), lost.message.ends_with("no rollback any more of `a`")), ("rollback_lost", true));
    cluster.nodes[1]["Spec"]["Labels"]["orca.move.pause"] = "a".into();
    let planned = cluster.unguarded(restarts(1));
    assert_eq!(codes(&planned)[0], "half_done_move");
    assert!(planned.plan.warnings[0].message.contains("node `n2`"), "{:?}", planned.plan.warnings);
}
