//! The three uses: memory, even counts, an empty node.

use orca::pass::memory::Memory;
use orca::pass::rebalance::Goal;
use orca::pass::rebalance::memory::Ask;

use crate::cluster::{Cluster, moves, restarts};

fn lopsided() -> Cluster {
    Cluster::pressed().service("d", &[("n2", 100)])
}

#[test]
fn fewest_restarts_for_a_peak() {
    let reach = |peak| lopsided().unguarded(Goal::Memory(Ask::Peak(peak))).balance;
    assert_eq!(reach(0.9).restarts, 0);
    assert_eq!(reach(0.6).restarts, 1);
    assert_eq!(reach(0.4).restarts, 2);
    let out_of_reach = reach(0.2);
    assert!(!out_of_reach.goal.met && out_of_reach.verdict.text.contains("out of reach"), "{:?}", out_of_reach.verdict);
}

#[test]
fn the_report_adds_up() {
    let balance = lopsided().unguarded(restarts(2)).balance;
    assert!(
        (balance.peak.before - 0.85).abs() < 1e-9 && (balance.peak.after - 0.35).abs() < 1e-9,
        "{:?}",
        balance.peak
    );
    assert!(balance.bound.unwrap() <= balance.peak.after);
    assert!(balance.stddev.after < balance.stddev.before);
    assert_eq!((balance.restarts, balance.moves.len()), (2, 2));
    let last = balance.moves.last().unwrap();
    let node = balance.nodes.iter().find(|node| node.id == last.from.id).unwrap();
    assert!((node.share.unwrap().after - last.from.expected.after).abs() < 1e-9);
    assert_eq!(balance.nodes.iter().map(|node| node.tasks.before).sum::<u64>(), 4);
    assert_eq!(balance.nodes.iter().map(|node| node.tasks.after).sum::<u64>(), 4);
}

#[test]
fn an_empty_node_gets_its_share_with_the_fewest_restarts() {
    let cluster = Cluster::default()
        .node("n1", 1000, 50)
        .node("n2", 1000, 50)
        .node("back", 1000, 50)
        .service("web", &[("n1", 20), ("n1", 20), ("n2", 20)])
        .service("x", &[("n1", 30)])
        .service("y", &[("n2", 30)])
        .service("z", &[("n2", 40)]);
    let planned = cluster.unguarded(Goal::Count);
    let after: Vec<u64> = planned.balance.nodes.iter().map(|node| node.tasks.after).collect();
    assert_eq!((after, planned.balance.restarts), (vec![2, 2, 2], 2), "{:?}", moves(&planned));
    assert!(moves(&planned).contains(&"web.2: n1 -> back".to_owned()), "{:?}", moves(&planned));
    assert_eq!(moves(&cluster.after(&planned).unguarded(Goal::Count)), Vec::<String>::new());
}

#[test]
fn for_tasks_that_end_nothing_is_moved() {
    let cluster = Cluster::default()
        .node("n1", 1000, 50)
        .node("n2", 1000, 50)
        .service("a", &[("n1", 20)])
        .service("b", &[("n2", 20)])
        .service("batch", &[("n1", 1), ("n1", 1), ("n1", 1), ("n1", 1)])
        .with(|spec| spec["Mode"] = serde_json::json!({"ReplicatedJob": {"TotalCompletions": 4}}));
    assert_eq!(moves(&cluster.unguarded(Goal::Count)), Vec::<String>::new());
}

#[test]
fn a_node_is_emptied_and_what_must_stay_is_blocked() {
    let cluster = lopsided().service("db", &[("n1", 10)]).with(|spec| {
        spec["TaskTemplate"]["ContainerSpec"]["Mounts"] = serde_json::json!([{"Type": "volume", "Source": "data"}]);
    });
    let planned = cluster.unguarded(Goal::Empty("n1".to_owned()));
    assert_eq!(planned.balance.moves.len(), 3);
    let [blocked] = planned.plan.blocked.as_slice() else { panic!("{:?}", planned.plan.blocked) };
    assert_eq!((blocked.target.name.as_str(), planned.balance.goal.met), ("db.1", false));
    let planned = lopsided().guarded("", &Memory::default(), Goal::Empty("n2".to_owned()));
    assert_eq!((moves(&planned).as_slice(), planned.balance.goal.met), (["d.1: n2 -> n3".to_owned()].as_slice(), true));
    let request = orca::pass::rebalance::Request {
        goal: Goal::Empty("n9".to_owned()),
        guarded: false,
        at_once: false,
        start_first: false,
    };
    let error = lopsided().try_plan("", &Memory::default(), &request).unwrap_err();
    assert_eq!(error.to_string(), "no node is called `n9`");
}

#[test]
fn room_is_made_for_what_has_to_leave() {
    let reserves = |bytes: u64| {
        move |spec: &mut serde_json::Value| {
            spec["TaskTemplate"]["Resources"]["Reservations"]["MemoryBytes"] = (bytes << 20).into();
        }
    };
    // `n2` has room for `big` only when `small` has gone to `n3`; nothing weighs on `idle`.
    let cluster = Cluster::default()
        .node("n1", 1000, 0)
        .node("n2", 1000, 0)
        .node("n3", 500, 0)
        .service("big", &[("n1", 100)])
        .with(reserves(800))
        .service("idle", &[("n1", 0)])
        .service("small", &[("n2", 10)])
        .with(reserves(300));
    let planned = cluster.unguarded(Goal::Empty("n1".to_owned()));
    let steps = moves(&planned);
    assert!(planned.balance.goal.met, "{steps:?}");
    assert_eq!(steps.len(), 3, "{steps:?}");
    let at = |step: &str| steps.iter().position(|found| found == step);
    assert!(at("small.1: n2 -> n3") < at("big.1: n1 -> n2") && at("small.1: n2 -> n3").is_some(), "{steps:?}");
}

#[test]
fn what_a_pin_costs_is_what_moving_it_gains() {
    let free = lopsided();
    let mut pinned = free.clone();
    for service in 0..3 {
        pinned.services[service]["Spec"]["Labels"] = serde_json::json!({"orca.rebalance": "off"});
    }
    let stuck = pinned.unguarded(restarts(1)).balance;
    assert_eq!(stuck.restarts, 0);
    let gain = stuck.immovable[0].would_gain;
    let freed = free.unguarded(restarts(1)).balance;
    assert!((gain - (freed.peak.before - freed.peak.after)).abs() < 1e-6, "{gain}");
    // Only what is on the fullest node can lower the peak.
    assert!(stuck.immovable.iter().all(|task| (0.0..=stuck.peak.after).contains(&task.would_gain)));
}
