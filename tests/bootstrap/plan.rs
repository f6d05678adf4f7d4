//! What is planned and what is refused, case by case.

use orca::model::Role;
use orca::pass::bootstrap::{Consent, plan};
use orca::plan::Plan;

use super::model::{Model, ghosts, settings};

const FIVE: &str = "leader: a
nodes:
  a: {ip: 10.0.0.1, labels: [ssd]}
  b: {ip: 10.0.0.2, role: manager}
  c: {ip: 10.0.0.3, role: manager, availability: drain}
  d: {ip: 10.0.0.4, labels: {zone: x}}
  e: {ip: 10.0.0.5}
";
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn look(model: &Model, config: &str, consent: &Consent) -> Plan {
    plan(&model.world(), &settings(config), consent)
}

/// Ids without what all of them begin with, and who joins as what.
fn steps(plan: &Plan) -> Vec<String> {
    let step = |action: &orca::plan::Action| {
        let id = action.id.trim_start_matches("node/").to_owned();
        let (_, after) = action.change.values();
        after.as_str().map_or_else(|| id.clone(), |after| format!("{id}={after}"))
    };
    plan.actions.iter().map(step).collect()
}

/// One refusal says all of this.
fn says(plan: &Plan, parts: &[&str]) {
    let texts: Vec<String> =
        plan.blocked.iter().map(|blocked| format!("{}: {}", blocked.id, blocked.reasons.join(" | "))).collect();
    assert!(texts.iter().any(|text| parts.iter().all(|part| text.contains(part))), "{parts:?}: {texts:#?}");
}

#[test]
fn five_bare_engines() {
    let plan = look(&Model::bare(&NAMES), FIVE, &Consent::default());
    assert_eq!(
        steps(&plan),
        [
            "a#init=swarm",
            "b#join=manager",
            "c#join=manager",
            "d#join=worker",
            "e#join=worker",
            "d#label/zone=x",
            "a#label/ssd=true"
        ]
    );
    assert!(plan.blocked.is_empty() && plan.warnings.is_empty(), "{:?} {:?}", plan.blocked, plan.warnings);
    let reasons: Vec<&str> = plan.actions.iter().map(|action| action.reason.as_str()).collect();
    assert_eq!(reasons[0], "it is the leader, and there is no swarm yet: leader (orca.yml:1)");
    assert_eq!(reasons[2], "nodes.c.role (orca.yml:5); drain");
    assert_eq!(reasons[4], "no role is set, so worker: nodes.e (orca.yml:7)");
    assert!(plan.actions[1..].iter().all(|action| !action.requires.is_empty()), "nothing goes before the swarm");
}

#[test]
fn a_swarm_as_the_file_says_is_left_alone() {
    let mut model = Model::with(&NAMES, &["a", "b", "c"], &["d", "e"]);
    model.members[2].availability = "drain".to_owned();
    model.members[0].labels = [("ssd", "true"), ("orca.labels", "ssd")].map(|(k, v)| (k.into(), v.into())).into();
    model.members[3].labels = [("zone", "x"), ("orca.labels", "zone")].map(|(k, v)| (k.into(), v.into())).into();
    let plan = look(&model, FIVE, &Consent::default());
    assert!(plan.actions.is_empty() && plan.blocked.is_empty() && plan.warnings.is_empty(), "{plan:?}");
    assert_eq!(plan.unchanged, 5 + 5 + 1 + 2, "members, roles, an availability, labels");
}

#[test]
fn a_half_done_run_goes_on() {
    let plan = look(&Model::with(&NAMES, &["a", "b"], &["e"]), FIVE, &Consent::default());
    assert_eq!(steps(&plan), ["c#join=manager", "d#join=worker", "d#label/zone=x", "a#label/ssd=true"]);
    assert_eq!(plan.warnings[0].code, "even_managers");
}

#[test]
fn a_node_that_cant_be_reached_is_left_out() {
    let mut model = Model::bare(&NAMES);
    model.power("d", false);
    let plan = look(&model, FIVE, &Consent::default());
    assert_eq!(steps(&plan), ["a#init=swarm", "b#join=manager", "c#join=manager", "e#join=worker", "a#label/ssd=true"]);
    // A manager that is away would leave two: the other has to wait.
    model.power("c", false);
    let plan = look(&model, FIVE, &Consent::default());
    assert_eq!(steps(&plan), ["a#init=swarm", "e#join=worker", "a#label/ssd=true"]);
    says(&plan, &["node/b#join: ", "end on 2 managers", "`c` is to be a manager, but can't be had now"]);
}

#[test]
fn another_swarm_is_never_touched() {
    let mut model = Model::bare(&NAMES);
    (model.host("d").state, model.host("d").node, model.host("d").own) = ("active", "x".into(), Some("theirs".into()));
    let plan = look(&model, FIVE, &Consent { remove_ghosts: true, even_managers: true, ..Consent::default() });
    assert!(plan.actions.iter().all(|action| !action.id.starts_with("node/d#")), "{:?}", steps(&plan));
    says(&plan, &["node/d#swarm: it belongs to another swarm, `theirs`", "docker swarm leave"]);
    // Of a worker, only its managers' addresses are known.
    model.host("d").own = None;
    says(&look(&model, FIVE, &Consent::default()), &["node/d#swarm: it belongs to another swarm, of the managers"]);
}

#[test]
fn which_swarm_is_ours() {
    let none = Consent::default();
    // The leader was installed anew: it joins the swarm that knows it, and makes none.
    let mut model = Model::with(&NAMES, &["a", "b", "c"], &["d", "e"]);
    model.reinstall("a");
    assert_eq!(steps(&look(&model, FIVE, &ghosts()))[0], "a#join=worker");
    assert!(!steps(&look(&model, FIVE, &none)).iter().any(|step| step.contains("init")));
    // Somebody has removed the ghost, too.
    model.members.remove(0);
    let plan = look(&model, FIVE, &none);
    assert!(plan.actions.is_empty());
    says(&plan, &["node/a#swarm: ", "`b`, `c`, `d`, `e` are in a swarm (`ours`) that doesn't know the leader `a`"]);
    // The leader is away and nobody is in a swarm.
    let mut model = Model::bare(&NAMES);
    model.power("a", false);
    says(&look(&model, FIVE, &none), &["the leader `a` can't be reached: no route to host"]);
    // The leader is away, the swarm isn't.
    let mut model = Model::with(&NAMES, &["a", "b", "c"], &["d"]);
    model.power("a", false);
    assert_eq!(steps(&look(&model, FIVE, &none)), ["e#join=worker", "c#availability=drain", "d#label/zone=x"]);
    // Without a leader in the file.
    let config = "nodes: {a: {role: manager}, b: {}}";
    says(&look(&Model::bare(&["a", "b"]), config, &none), &["set `leader`"]);
    assert_eq!(steps(&look(&Model::with(&["a", "b"], &["a"], &[]), config, &none)), ["b#join=worker"]);
}

#[test]
fn an_even_number_of_managers_needs_consent() {
    let config = |managers: &str| {
        let role = |name: &str| if managers.contains(name) { "{role: manager}" } else { "{}" };
        format!("leader: a\nnodes: {{a: {{}}, {}}}", ["b", "c", "d"].map(|n| format!("{n}: {}", role(n))).join(", "))
    };
    let names = ["a", "b", "c", "d"];
    let agreed = Consent { even_managers: true, ..Consent::default() };
    for (managers, now, refused) in [
        ("bcd", vec!["a"], Some("node/d#join: the swarm would end on 4 managers")),
        ("b", vec!["a"], Some("node/b#join: the swarm would end on 2 managers")),
        ("bc", vec!["a"], None),
        ("b", vec!["a", "b", "c"], Some("node/c#role: the swarm would end on 2 managers")),
        ("", vec!["a", "b", "c"], None),
        ("bc", vec!["a", "b", "c", "d"], None),
    ] {
        let model = Model::with(&names, &now, &[]);
        let plan = look(&model, &config(managers), &Consent::default());
        match refused {
            Some(text) => says(&plan, &[text, "--allow-even-managers"]),
            None => assert!(plan.blocked.is_empty(), "{managers} {now:?}: {:?}", plan.blocked),
        }
        let plan = look(&model, &config(managers), &agreed);
        assert!(plan.blocked.is_empty(), "{managers} {now:?}: {:?}", plan.blocked);
    }
    // Nothing is to change: that is said, and no more.
    let plan = look(
        &Model::with(&["a", "b"], &["a", "b"], &[]),
        "leader: a\nnodes: {a: {}, b: {role: manager}}",
        &Consent::default(),
    );
    assert!(plan.actions.is_empty() && plan.blocked.is_empty());
    assert_eq!(plan.warnings[0].message, "the swarm has 2 managers: it bears no more losses than with 1");
}

#[test]
fn the_majority_is_never_given_up() {
    let none = Consent { even_managers: true, ..Consent::default() };
    // Of three managers one is away. With a fourth, two of four could be all that is left.
    let config = "leader: a\nnodes: {a: {}, b: {role: manager}, c: {role: manager}, d: {role: manager}}";
    let mut model = Model::with(&["a", "b", "c", "d"], &["a", "b", "c"], &["d"]);
    model.power("c", false);
    says(&look(&model, config, &none), &["node/d#role: 1 of 3 managers can't be reached", "demote them first"]);
    // Five managers bear that.
    let config = "leader: a\nnodes: {a: {}, b: {role: manager}, c: {role: manager}, d: {role: manager}, e: {role: manager}, f: {role: manager}}";
    let mut model = Model::with(&["a", "b", "c", "d", "e", "f"], &["a", "b", "c", "d", "e"], &["f"]);
    model.power("e", false);
    assert_eq!(steps(&look(&model, config, &none)), ["f#role=manager"]);
    // Of three managers one is away: two are left, and one of two is no majority.
    let config = "leader: a\nnodes: {a: {}, b: {}, c: {role: manager}}";
    let mut model = Model::with(&["a", "b", "c"], &["a", "b", "c"], &[]);
    model.power("c", false);
    says(&look(&model, config, &none), &["node/b#role: of the other 2 managers only 1 can be reached"]);
    model.power("c", true);
    assert_eq!(steps(&look(&model, config, &none)), ["b#role=worker"]);
}

#[test]
fn the_raft_leader_is_demoted_last() {
    let config = "nodes: {a: {}, b: {}, c: {role: manager}}";
    let model = Model::with(&["a", "b", "c"], &["a", "b", "c"], &[]);
    let mut world = model.world();
    let swarm = world.swarms.get_mut("ours").unwrap();
    swarm.nodes[0].leader = true;
    let plan = plan(&world, &settings(config), &Consent::default());
    assert_eq!(steps(&plan), ["b#role=worker", "a#role=worker"]);
}

#[test]
fn ghosts_go_only_when_asked_for_and_when_their_host_is_back() {
    let mut model = Model::with(&NAMES, &["a", "b", "c"], &["d", "e"]);
    model.members[2].availability = "drain".to_owned();
    let labelled = |model: &mut Model, at: usize, text: &str| {
        model.members[at].labels = [(text, if text == "ssd" { "true" } else { "x" }), ("orca.labels", text)]
            .map(|(k, v)| (k.into(), v.into()))
            .into();
    };
    labelled(&mut model, 0, "ssd");
    model.reinstall("d");
    model.enter("d", Role::Worker);
    labelled(&mut model, 5, "zone");
    let plan = look(&model, FIVE, &Consent::default());
    assert!(plan.actions.is_empty());
    assert_eq!(
        plan.warnings[0].message,
        "the swarm still has a Down node `id4` that `d` once was: --remove-ghosts removes it"
    );
    assert_eq!(steps(&look(&model, FIVE, &ghosts())), ["d@id4#remove"]);
    // The host is back, but not Ready.
    model.members[5].ready = false;
    says(&look(&model, FIVE, &ghosts()), &["node/d@id4#remove: ", "not Ready yet"]);
    // Another host may have the same name.
    model.members[5].ready = true;
    model.members[3].address = "10.9.9.9".to_owned();
    says(&look(&model, FIVE, &ghosts()), &["it had the address 10.9.9.9, and `d` has 10.0.0.d", "docker node rm id4"]);
    // It is up: no ghost at all.
    model.members[3].ready = true;
    let plan = look(&model, FIVE, &ghosts());
    assert!(!steps(&plan).iter().any(|step| step.contains("remove")) && plan.warnings.is_empty(), "{plan:?}");
}

#[test]
fn a_manager_that_comes_back_waits_for_its_ghost_to_lose_its_vote() {
    let mut model = Model::with(&NAMES, &["a", "b", "c"], &["d", "e"]);
    model.reinstall("c");
    let plan = look(&model, FIVE, &ghosts());
    let steps = steps(&plan);
    let at = |step: &str| steps.iter().position(|other| other == step).unwrap_or_else(|| panic!("{step}: {steps:?}"));
    let chain = ["c#join=worker", "c@id3#role=worker", "c@id3#remove", "c#role=manager"].map(at);
    assert!(chain.is_sorted(), "{steps:?}");
    assert!(chain[1..].iter().all(|at| plan.actions[*at].requires.len() == 1), "each waits for the one before");
    let plan = look(&model, FIVE, &Consent::default());
    says(
        &plan,
        &["node/c#join: the swarm would end on 4 managers", "its ghost `id3` still is a manager: --remove-ghosts"],
    );
}

#[test]
fn what_stands_in_the_way_is_said() {
    for (state, part) in [
        ("pending", "on its way into a swarm"),
        ("locked", "docker swarm unlock"),
        ("error", "its swarm is in the state `error`"),
        ("", "its swarm is in the state ``"),
    ] {
        let mut model = Model::with(&NAMES, &["a", "b", "c"], &["d"]);
        model.host("e").state = state;
        says(&look(&model, FIVE, &Consent::default()), &["node/e#swarm: ", part]);
    }
    let mut model = Model::with(&NAMES, &["a", "b", "c"], &["d"]);
    model.host("e").hostname = "other".to_owned();
    says(
        &look(&model, FIVE, &Consent::default()),
        &["node/e#swarm: the engine there is `other`: correct nodes.e.host"],
    );
    let config = "leader: a\nnodes: {a: {}, id1: {}}";
    let mut model = Model::with(&["a"], &["a"], &[]);
    model.hosts.insert("id1".to_owned(), model.hosts["a"].clone());
    says(
        &look(&model, config, &Consent::default()),
        &["node/id1#swarm: another entry of `nodes` is the same node `id1`"],
    );
}

#[test]
fn only_the_nodes_that_are_named() {
    let only = |name: &str| Consent { only: [name.to_owned()].into(), ..Consent::default() };
    let model = Model::with(&NAMES, &["a", "b", "c"], &[]);
    assert_eq!(steps(&look(&model, FIVE, &only("d"))), ["d#join=worker", "d#label/zone=x"]);
    assert_eq!(steps(&look(&model, FIVE, &only("c"))), ["c#availability=drain"]);
    let plan = look(&Model::bare(&NAMES), FIVE, &only("d"));
    says(&plan, &["node/a#init: there is no swarm yet, and `a` is left out by --node"]);
}

#[test]
fn what_was_laid_down_with_the_swarm_is_not_changed_afterwards() {
    let config = format!(
        "{FIVE}bootstrap: {{default_addr_pool: [10.20.0.0/16], subnet_size: 25, data_path_port: 4790, autolock: true}}"
    );
    let consent = Consent { key_file: "/key".to_owned(), ..Consent::default() };
    let mut model = Model::with(&NAMES, &["a", "b", "c"], &["d", "e"]);
    let warned =
        |model: &Model| look(model, &config, &consent).warnings.iter().map(|w| w.message.clone()).collect::<Vec<_>>();
    let expected = ["default_addr_pool", "subnet_size", "data_path_port", "autolock"].map(|key| {
        format!(
            "the swarm was made with another {key}, and orca doesn't change it afterwards: bootstrap.{key} (orca.yml:8)"
        )
    });
    assert_eq!(warned(&model), expected);
    let (pool, subnet_size, data_path_port) = (vec!["10.20.0.0/16".to_owned()], 25, 4790);
    model.constitution.clone_from(&orca::engine::swarm::Constitution {
        address_pool: pool,
        subnet_size,
        data_path_port,
        autolock: true,
        ..Default::default()
    });
    assert_eq!(warned(&model), Vec::<String>::new());
    // The run that made the swarm was stopped before the key was saved.
    assert_eq!(steps(&look(&model, &config, &consent))[0], "a#unlock_key=/key");
    model.key_saved = true;
    assert!(!steps(&look(&model, &config, &consent)).iter().any(|step| step.contains("unlock_key")));
    // A new swarm.
    let mut model = Model::bare(&NAMES);
    assert_eq!(steps(&look(&model, &config, &consent))[..2], ["a#init=swarm", "a#unlock_key=/key"]);
    model.key_saved = true;
    says(&look(&model, &config, &consent), &["node/a#init: `/key` may hold the unlock key of another swarm"]);
}
