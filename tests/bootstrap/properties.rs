//! What must hold whatever the cluster is like: no step takes the majority, nobody else's engine is touched, and in the end
//! nothing is left to do.

use std::collections::BTreeSet;

use orca::model::Role;
use orca::pass::bootstrap::{Consent, plan};
use orca::plan::{Action, Change};
use proptest::prelude::*;

use super::model::{Host, Model, settings};

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

#[derive(Debug, Clone)]
struct Case {
    /// Of each node: is, ghost, wanted role, labels and availability.
    nodes: Vec<(u8, bool, bool, bool)>,
    even: bool,
    ghosts: bool,
    leader: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    let nodes = proptest::collection::vec((0..9_u8, any::<bool>(), any::<bool>(), any::<bool>()), NAMES.len());
    (nodes, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(nodes, even, ghosts, leader)| Case {
        nodes,
        even,
        ghosts,
        leader,
    })
}

impl Case {
    fn config(&self) -> String {
        let node = |(name, (_, _, manager, extra)): (&&str, &(u8, bool, bool, bool))| {
            let role = if *manager && (*name != "a" || !self.leader) { "role: manager, " } else { "" };
            let extra = if *extra { "labels: [ssd], availability: drain" } else { "" };
            format!("  {name}: {{{role}{extra}}}\n")
        };
        let leader = if self.leader { "leader: a\n" } else { "" };
        format!("{leader}nodes:\n{}", NAMES.iter().zip(&self.nodes).map(node).collect::<String>())
    }

    fn model(&self) -> Model {
        let mut model = Model::bare(&NAMES);
        for (name, (is, ghost, ..)) in NAMES.iter().zip(&self.nodes) {
            match is {
                // The leader's swarm, or the only one where there is no leader, is ours by definition.
                6 if !self.leader || *name == "a" => {}
                0..=2 => {}
                3 | 4 => model.enter(name, Role::Manager),
                5 => model.enter(name, Role::Worker),
                6 => {
                    let foreign = Host {
                        own: Some(format!("of {name}")),
                        state: "active",
                        node: format!("{name}x"),
                        ..model.host(name).clone()
                    };
                    *model.host(name) = foreign;
                }
                7 => model.host(name).state = "pending",
                _ => {
                    model.enter(name, Role::Manager);
                    model.power(name, false);
                }
            }
            if *ghost && matches!(is, 3..=5) {
                model.reinstall(name);
                if *is == 5 {
                    model.enter(name, Role::Worker);
                }
            }
        }
        // A swarm without a majority of its managers can't be asked: that is another case.
        for at in 0..model.members.len() {
            if !model.is_quorate() {
                let member = &mut model.members[at];
                member.role = if member.ready { Role::Manager } else { Role::Worker };
            }
        }
        if !model.is_quorate() {
            model.members.clear();
            model.hosts.values_mut().filter(|host| host.own.is_none() && host.state == "active").for_each(|host| {
                (host.state, host.up) = ("inactive", true);
                host.node.clear();
            });
        }
        model
    }
}

fn check(model: &Model, action: &Action, consent: &Consent) -> Result<(), TestCaseError> {
    prop_assert!(!action.reason.is_empty());
    let name = action.id.strip_prefix("node/").unwrap().split(['#', '@']).next().unwrap();
    let host = &model.hosts[name];
    prop_assert!(
        host.up && host.own.is_none() && host.state != "pending",
        "{} is not to be touched: {host:?}",
        action.id
    );
    if let Change::NodeRemove = action.change {
        let ghost = model.members.iter().find(|member| member.id == action.target.id).unwrap();
        let twin = model.members.iter().find(|member| member.id == host.node);
        prop_assert!(consent.remove_ghosts && !ghost.ready && ghost.role == Role::Worker && ghost.id != host.node);
        prop_assert!(twin.is_some_and(|twin| twin.ready), "{}: {twin:?}", action.id);
    }
    if let Change::SwarmInit = action.change {
        prop_assert!(model.members.is_empty(), "a second swarm");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_step_is_safe_and_the_last_leaves_nothing_to_do(case in cases()) {
        let settings = settings(&case.config());
        let consent = Consent { even_managers: case.even, remove_ghosts: case.ghosts, ..Consent::default() };
        let mut model = case.model();
        // One node alone in a swarm that doesn't know the leader is in another swarm: a case of its own.
        let known = !case.leader || model.members.iter().any(|member| member.name == "a");
        let inside = model.hosts.values().filter(|host| host.up && model.members.iter().any(|m| m.id == host.node)).count();
        if !known && inside == 1 {
            return Ok(());
        }
        let (mut done, mut changed) = (BTreeSet::new(), false);
        for round in 0.. {
            prop_assert!(round < 60, "it never ends: {done:?}");
            let now = plan(&model.world(), &settings, &consent);
            let same = plan(&model.world(), &settings, &consent);
            prop_assert_eq!(&now.actions, &same.actions, "equal input, equal plan");
            let ids: BTreeSet<&str> = now.actions.iter().map(|action| action.id.as_str()).collect();
            prop_assert_eq!(ids.len(), now.actions.len(), "each action once");
            let ready = now.actions.iter().find(|action| action.requires.iter().all(|id| done.contains(id)));
            let Some(action) = ready else {
                prop_assert!(now.actions.is_empty(), "nothing can be begun: {:?}", now.actions);
                break;
            };
            check(&model, action, &consent)?;
            changed |= matches!(action.change, Change::SwarmInit | Change::NodeJoin { role: Role::Manager } | Change::RoleSet { .. });
            model.make(action);
            prop_assert!(model.is_quorate(), "{} has taken the majority: {:?}", action.id, model.members);
            done.insert(action.id.clone());
        }
        let managers = model.managers().count();
        prop_assert!(!changed || case.even || managers % 2 == 1, "ended on {managers} managers");
    }
}
