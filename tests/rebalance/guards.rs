//! Guard rails: on by default, each of them a setting.

use orca::pass::memory::{Memory, Moved, MovedService, Stopwatch};
use orca::pass::rebalance::Goal;
use orca::pass::rebalance::memory::Ask;
use orca::pass::rebalance::trigger::TriggerState;

use crate::cluster::{Cluster, NOW, moves, reasons, restarts};

fn knee() -> Goal {
    Goal::Memory(Ask::Knee)
}

/// A memory in which the reason to act has been there for so long.
fn seen(minutes: i64) -> Memory {
    let now = NOW.parse::<jiff::Timestamp>().unwrap();
    let minute = |ago: i64| now - jiff::SignedDuration::from_mins(ago);
    let watch = (0..=minutes).rev().fold(None, |watch, ago| Some(Stopwatch::tick(watch, minute(ago))));
    let mut memory = Memory::default();
    (memory.rebalance.high, memory.rebalance.spread) = (watch, watch);
    memory
}

#[test]
fn nothing_happens_while_nobody_suffers() {
    let calm = Cluster::default()
        .node("n1", 1000, 50)
        .node("n2", 1000, 50)
        .service("a", &[("n1", 50)])
        .service("b", &[("n1", 60)]);
    let planned = calm.guarded("", &Memory::default(), knee());
    assert_eq!((moves(&planned).len(), planned.balance.trigger.state), (0, TriggerState::Calm));
    assert!(planned.balance.verdict.text.starts_with("nothing to do: no node is above 80.0 %"));
    assert_eq!(calm.guarded("rebalance: {spread: 5}", &Memory::default(), knee()).balance.restarts, 1);
    assert_eq!(calm.unguarded(knee()).balance.restarts, 1);
}

#[test]
fn how_long_is_said_as_far_as_it_is_known() {
    let state = |memory: &Memory| Cluster::pressed().guarded("", memory, knee()).balance.trigger.state;
    assert_eq!(state(&Memory::default()), TriggerState::Unconfirmed);
    assert_eq!(state(&seen(5)), TriggerState::Waiting);
    assert_eq!(state(&seen(15)), TriggerState::Fired);
    assert_eq!(moves(&Cluster::pressed().guarded("", &seen(5), knee())), Vec::<String>::new());
    let next = Cluster::pressed().guarded("", &seen(15), knee()).plan.memory.unwrap().rebalance;
    assert!(next.active && next.high == seen(15).rebalance.high);
    // Two looks with a day between them are no day of pressure.
    let mut gap = seen(0);
    let day = jiff::SignedDuration::from_hours(24);
    let long_ago = Stopwatch::tick(None, NOW.parse::<jiff::Timestamp>().unwrap() - day);
    (gap.rebalance.high, gap.rebalance.spread) = (None, Some(long_ago));
    let emptier = Cluster::default().node("n1", 1000, 700).node("n2", 1000, 100);
    assert_eq!(emptier.guarded("", &gap, knee()).balance.trigger.state, TriggerState::Waiting);
    // Below the mark again, but not yet calm.
    let mut memory = Memory::default();
    memory.rebalance.active = true;
    let cluster = Cluster::default().node("n1", 1000, 750).node("n2", 1000, 600);
    assert_eq!(cluster.guarded("", &memory, knee()).balance.trigger.state, TriggerState::Active);
}

#[test]
fn moves_are_few_and_each_pays() {
    let mut cluster = Cluster::default().node("n1", 1000, 0).node("n2", 1000, 0).node("n3", 1000, 0);
    for number in 0..30 {
        cluster = cluster.service(&format!("s{number:02}"), &[("n1", 30)]);
    }
    let planned = cluster.guarded("", &Memory::default(), restarts(20));
    assert_eq!(planned.balance.restarts, 5);
    assert!(planned.balance.peak.before - planned.balance.peak.after >= 0.05 - 1e-9);
    let more = cluster.guarded("rebalance: {max_moves: 8}", &Memory::default(), restarts(20));
    assert_eq!(more.balance.restarts, 8);
    let greedy = cluster.guarded("rebalance: {min_gain: 4}", &Memory::default(), restarts(20));
    assert_eq!((greedy.balance.restarts, greedy.balance.verdict.worth_it), (0, false));
}

#[test]
fn no_target_is_filled_up() {
    let cluster = Cluster::default()
        .node("n1", 1000, 100)
        .node("n2", 1000, 500)
        .service("a", &[("n1", 400)])
        .service("b", &[("n1", 400)]);
    assert_eq!(cluster.unguarded(restarts(1)).balance.restarts, 0);
    let roomy = Cluster::default()
        .node("n1", 1000, 100)
        .node("n2", 1000, 450)
        .service("a", &[("n1", 350)])
        .service("b", &[("n1", 450)]);
    assert_eq!(moves(&roomy.unguarded(restarts(1))), ["a.1: n1 -> n2"]);
    let guarded = roomy.guarded("", &Memory::default(), restarts(1));
    assert_eq!(moves(&guarded), Vec::<String>::new());
    assert!(reasons(&guarded, "a").contains(&"target-too-full".to_owned()), "{:?}", reasons(&guarded, "a"));
}

#[test]
fn what_was_moved_lately_rests_and_does_not_return() {
    let moved = |hours: i64, from: &str| {
        let at = NOW.parse::<jiff::Timestamp>().unwrap() - jiff::SignedDuration::from_hours(hours);
        let mut memory = seen(60);
        let moves =
            vec![Moved { at, from: orca::model::NodeId(format!("id-{from}")), run: "1".to_owned(), failed: false }];
        let service = MovedService { moves };
        memory.rebalance.services.insert(orca::model::ServiceId("id-a".to_owned()), service);
        memory
    };
    assert_eq!(reasons(&Cluster::pressed().guarded("", &moved(1, "n2"), knee()), "a"), ["cooldown"]);
    let planned = Cluster::pressed().guarded("", &moved(7, "n2"), knee());
    assert!(!moves(&planned).contains(&"a.1: n1 -> n2".to_owned()), "{:?}", moves(&planned));
    let mut memory = moved(30, "n2");
    assert_eq!(reasons(&Cluster::pressed().guarded("", &memory, knee()), "a"), Vec::<String>::new());
    for service in memory.rebalance.services.values_mut() {
        service.moves.push(Moved { from: orca::model::NodeId("id-n3".to_owned()), ..service.moves[0].clone() });
    }
    assert_eq!(
        reasons(&Cluster::pressed().guarded("", &memory, knee()), "a"),
        Vec::<String>::new(),
        "two replicas in one run"
    );
    memory.rebalance.services.values_mut().for_each(|service| service.moves[1].run = "2".to_owned());
    assert_eq!(
        reasons(&Cluster::pressed().guarded("", &memory, knee()), "a"),
        ["quarantine"],
        "twice in a week is ping-pong"
    );
    let mut failed = memory.clone();
    failed.rebalance.services.values_mut().for_each(|service| service.moves[1].failed = true);
    assert_eq!(
        reasons(&Cluster::pressed().guarded("", &failed, knee()), "a"),
        Vec::<String>::new(),
        "a move that failed is none"
    );
    let free = Cluster::pressed().guarded("rebalance: {quarantine: 24h}", &memory, knee());
    assert_eq!(reasons(&free, "a"), Vec::<String>::new());
}

#[test]
fn a_label_says_where_a_task_is_to_be() {
    let prefer = |key: &str, node: &str| {
        let (key, node) = (key.to_owned(), node.to_owned());
        let mut cluster = Cluster::default().node("n1", 1000, 50).node("n2", 1000, 50).node("n3", 1000, 50);
        cluster = cluster.service("a", &[("n1", 300)]);
        cluster = cluster.with(|spec| spec["Labels"][key] = node.into());
        cluster.service("b", &[("n1", 300)])
    };
    for (key, here, there) in [("orca.rebalance.node", "n1", "n3"), ("orchestration.preferred.node", "id-n1", "id-n3")]
    {
        let stays = prefer(key, here).guarded("rebalance: {target_above_mean: 50}", &seen(60), restarts(1));
        assert_eq!(reasons(&stays, "a"), ["preferred-node"]);
        assert_eq!(moves(&stays), ["b.1: n1 -> n2"]);
        let goes = prefer(key, there).guarded("rebalance: {target_above_mean: 50}", &seen(60), restarts(2));
        assert!(!moves(&goes).contains(&"a.1: n1 -> n2".to_owned()), "{:?}", moves(&goes));
        assert_eq!(reasons(&prefer(key, here).unguarded(restarts(1)), "a"), Vec::<String>::new());
    }
    // Of several replicas one is where it is to be.
    let several = Cluster::default()
        .node("n1", 1000, 0)
        .node("n2", 1000, 0)
        .node("n3", 1000, 0)
        .service("a", &[("n1", 300), ("n2", 500)])
        .with(|spec| spec["Labels"]["orca.rebalance.node"] = "n1".into());
    let planned = several.guarded("rebalance: {target_above_mean: 50}", &seen(60), restarts(2));
    assert!(!moves(&planned).iter().any(|step| step.starts_with("a.1")), "{:?}", moves(&planned));
    assert_eq!(reasons(&planned, "a"), ["preferred-node"]);
}

#[test]
fn young_tasks_are_left_alone() {
    let mut cluster = Cluster::pressed();
    cluster.tasks[0]["Status"]["Timestamp"] = "2026-11-21T11:55:00Z".into();
    assert_eq!(reasons(&cluster.guarded("", &Memory::default(), knee()), "a"), ["too-young"]);
    assert_eq!(
        reasons(&cluster.guarded("rebalance: {min_age: 1m}", &Memory::default(), knee()), "a"),
        Vec::<String>::new()
    );
}

#[test]
fn doubtful_figures_are_not_used() {
    type Spoil = fn(&mut Cluster);
    let cases: [(&str, Spoil); 4] = [
        ("no figures of this node", |cluster| _ = cluster.memory.remove("n3")),
        ("2 bytes used of 1", |cluster| _ = cluster.memory.insert("n3".to_owned(), (1, 2))),
        ("its total is 0 bytes", |cluster| _ = cluster.memory.insert("n3".to_owned(), (0, 0))),
        ("its tasks use", |cluster| _ = cluster.task_memory.insert("task-d-1".to_owned(), 900 << 20)),
    ];
    for (why, spoil) in cases {
        let mut cluster = Cluster::pressed().service("d", &[("n3", 10)]);
        spoil(&mut cluster);
        let planned = cluster.unguarded(restarts(5));
        assert!(planned.plan.warnings[0].message.contains(why), "{:?}", planned.plan.warnings);
        assert!(moves(&planned).iter().all(|step| !step.contains("n3")), "{why}");
        cluster.memory.remove("n2");
        let request =
            orca::pass::rebalance::Request { goal: restarts(5), guarded: false, at_once: false, start_first: false };
        let error = cluster.try_plan("", &Memory::default(), &request).unwrap_err();
        assert!(error.to_string().starts_with("no plan: the memory of 2 of 3 ready nodes is not known"), "{error}");
        assert_eq!(orca::error::kind_of(&error), orca::error::ErrorKind::Refused);
    }
}
