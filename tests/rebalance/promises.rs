//! Promises of every plan on made-up clusters: same input, same plan; never more restarts; nothing left to do after it.

use orca::pass::memory::Memory;
use orca::pass::rebalance::memory::Ask;
use orca::pass::rebalance::reason::Reason;
use orca::pass::rebalance::{Goal, Request};
use proptest::prelude::*;
use serde_json::json;

use crate::cluster::{Cluster, moves, restarts};

/// Nodes of different size, services with replicas, constraints, reservations, volumes and host ports.
fn cluster() -> impl Strategy<Value = Cluster> {
    let nodes = prop::collection::vec((1_u64..4, 0_u64..15, 0_usize..2), 3..7);
    let service = (prop::collection::vec(any::<prop::sample::Index>(), 1..4), 5_u64..250, 0_u8..12);
    (nodes, prop::collection::vec(service, 1..25)).prop_map(|(nodes, services)| {
        let mut cluster = Cluster::default();
        for (number, (size, base, zone)) in nodes.iter().enumerate() {
            let total = size * 2000;
            cluster = cluster
                .node(&format!("n{number}"), total, total * base / 100)
                .with_node(|node| node["Spec"]["Labels"] = json!({"zone": if *zone == 0 { "a" } else { "b" }}));
        }
        for (number, (places, used, kind)) in services.iter().enumerate() {
            let places: Vec<usize> = places.iter().map(|place| place.index(nodes.len())).collect();
            let hosts: Vec<String> = places.iter().map(|place| format!("n{place}")).collect();
            let places: Vec<(&str, u64)> = hosts.iter().map(|host| (host.as_str(), *used)).collect();
            cluster = cluster.service(&format!("s{number:02}"), &places).with(|spec| match kind {
                0 => spec["TaskTemplate"]["Placement"] = json!({"Constraints": ["node.labels.zone == a"]}),
                1 => spec["TaskTemplate"]["ContainerSpec"]["Mounts"] = json!([{"Type": "volume", "Source": "v"}]),
                2 => spec["TaskTemplate"]["Resources"] = json!({"Reservations": {"MemoryBytes": (used * 3) << 20}}),
                3 => {
                    spec["EndpointSpec"] =
                        json!({"Ports": [{"Protocol": "tcp", "PublishedPort": 80, "PublishMode": "host"}]});
                }
                4 => spec["TaskTemplate"]["Placement"] = json!({"MaxReplicas": 1}),
                _ => {}
            });
        }
        // No node uses more than it has.
        for (name, (total, used)) in &mut cluster.memory {
            *total = (*total).max(*used * 10 / 9);
            let node = cluster.nodes.iter_mut().find(|node| node["Description"]["Hostname"] == name.as_str()).unwrap();
            node["Description"]["Resources"]["MemoryBytes"] = json!(*total);
        }
        cluster
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn never_more_restarts_and_never_a_higher_peak(cluster in cluster(), most in 0_u32..12) {
        let planned = cluster.unguarded(restarts(most));
        let balance = &planned.balance;
        prop_assert!(balance.restarts <= most);
        prop_assert_eq!(balance.moves.len(), balance.restarts as usize);
        prop_assert!(balance.peak.after <= balance.peak.before);
        prop_assert!(balance.bound.unwrap() <= balance.peak.after + 1e-6);
        prop_assert!(planned.plan.warnings.iter().all(|warning| warning.code != "no_order"));
        // What the report says is what the cluster then is.
        let again = cluster.after(&planned).unguarded(restarts(0));
        prop_assert!((again.balance.peak.before - balance.peak.after).abs() < 1e-6);
        for task in &balance.immovable {
            prop_assert!(!task.reasons.is_empty() && (0.0..=balance.peak.after).contains(&task.would_gain));
        }
    }

    #[test]
    fn the_order_of_the_input_means_nothing(cluster in cluster()) {
        let mut shuffled = cluster.clone();
        shuffled.tasks.reverse();
        shuffled.services.reverse();
        let leader = shuffled.nodes.remove(0);
        shuffled.nodes.reverse();
        shuffled.nodes.insert(0, leader);
        let (one, other) = (cluster.unguarded(restarts(5)), shuffled.unguarded(restarts(5)));
        prop_assert_eq!(serde_json::to_string(&one.balance).unwrap(), serde_json::to_string(&other.balance).unwrap());
    }

    #[test]
    fn nothing_is_left_to_do_after_the_plan(cluster in cluster()) {
        let target = cluster.unguarded(restarts(0)).balance.peak.before * 0.9;
        let goals = [Goal::Memory(Ask::Peak(target)), Goal::Count, Goal::Empty("n1".to_owned())];
        for goal in goals {
            let planned = cluster.unguarded(goal.clone());
            // Of several replicas on a node one goes at a time, so that the next plan may well take the next.
            let several = Reason::MultiCopyOnSource;
            let mut reasons = planned.balance.immovable.iter().flat_map(|task| &task.reasons);
            if planned.balance.goal.met && reasons.all(|finding| finding.reason != several) {
                let again = cluster.after(&planned).unguarded(goal.clone());
                prop_assert_eq!(moves(&again), Vec::<String>::new(), "{:?}", goal);
            }
        }
    }

    #[test]
    fn guard_rails_hold(cluster in cluster()) {
        let request = Request { goal: Goal::Memory(Ask::Knee), guarded: true, at_once: false, start_first: false };
        let planned = cluster.try_plan("", &Memory::default(), &request).unwrap();
        let balance = &planned.balance;
        let mean = {
            let mebibytes = |bytes: u64| f64::from(u32::try_from(bytes >> 20).unwrap());
            let of = |f: fn(&(u64, u64)) -> u64| mebibytes(cluster.memory.values().map(f).sum());
            of(|memory| memory.1) / of(|memory| memory.0)
        };
        prop_assert!(balance.restarts <= 5);
        prop_assert!(balance.peak.before - balance.peak.after >= 0.01 * f64::from(balance.restarts) - 1e-6 - 0.002);
        for step in &balance.moves {
            prop_assert!(step.to.expected.after <= (mean + 0.05).min(0.8) + 1e-6);
        }
    }
}
