//! Unhealthy containers: which are restarted, when, and when no more.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use orca::model::stock::Container;
use orca::pass::autoheal::containers::{Input, Sick, plan};
use orca::pass::memory::Memory;
use orca::plan::{Change, Plan};
use orca::settings::HealContainers;
use serde_json::json;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_secs(second)
}

fn sick(name: &str, labels: &[(&str, &str)], failing_for: u64) -> Sick {
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let container = Container { id: format!("id-{name}"), name: name.to_owned(), labels, ..Container::default() };
    Sick { container, failing_for: Duration::from_secs(failing_for), ..Sick::default() }
}

fn look(sick: &[Sick], settings: &HealContainers, memory: &Memory, second: i64) -> Plan {
    plan(&Input { node: "n", sick, settings, memory, now: at(second) })
}

#[test]
fn only_what_asks_for_it_and_is_not_swarms_is_restarted() {
    let heal = ("autoheal", "true");
    for (labels, all, wanted) in [
        (vec![], false, false),
        (vec![], true, true),
        (vec![heal], false, true),
        (vec![("autoheal", "false")], true, false),
        (vec![heal, ("com.docker.swarm.task.id", "t1")], true, false),
        (vec![heal, ("com.docker.swarm.task", "")], true, false),
    ] {
        let settings = HealContainers { all, ..HealContainers::default() };
        let plan = look(&[sick("c", &labels, 90)], &settings, &Memory::default(), 0);
        assert_eq!(!plan.actions.is_empty(), wanted, "{labels:?} {all}");
        assert!(plan.blocked.is_empty(), "{labels:?}: what is none of its business is no refusal");
    }
}

#[test]
fn waits_for_the_grace_by_its_own_watch_or_the_engines() {
    let settings = HealContainers::default();
    let ill = |failing_for| [sick("c", &[("autoheal", "true")], failing_for)];
    assert!(look(&ill(59), &settings, &Memory::default(), 0).actions.is_empty());
    assert_eq!(look(&ill(60), &settings, &Memory::default(), 0).actions.len(), 1);
    let first = look(&ill(5), &settings, &Memory::default(), 0).memory.unwrap();
    assert!(look(&ill(5), &settings, &first, 59).actions.is_empty());
    assert_eq!(look(&ill(5), &settings, &first, 60).actions.len(), 1);
    // Another container of the same name has not been ill that long.
    let mut another = ill(5);
    another[0].started = Some(at(55));
    assert!(look(&another, &settings, &first, 60).actions.is_empty());
}

#[test]
fn waits_longer_after_each_restart_and_gives_up() {
    let settings = HealContainers { give_up: 4, backoff_max: Duration::from_secs(700), ..HealContainers::default() };
    let ill = [sick("c", &[("autoheal", "true")], 3600)];
    let (mut memory, mut second, mut restarts) = (Memory::default(), 0, Vec::new());
    while second < 20_000 {
        let plan = look(&ill, &settings, &memory, second);
        memory = plan.memory.clone().unwrap();
        if let [action] = plan.actions.as_slice() {
            restarts.push(second);
            memory.attempt(action.attempt.as_deref().unwrap(), at(second));
            // It survives a restart of orca: it goes through the state file as JSON.
            memory = serde_json::from_value(serde_json::to_value(&memory).unwrap()).unwrap();
        }
        second += 10;
    }
    // 300 s times the restarts so far, but at most 700 s.
    assert_eq!(restarts, [0, 300, 900, 1600]);
    let last = look(&ill, &settings, &memory, second);
    assert_eq!((last.actions.len(), last.blocked.len(), last.warnings[0].code.as_str()), (0, 1, "gave_up"));
}

#[test]
fn counts_afresh_once_it_has_been_well_for_long_enough() {
    let settings = HealContainers::default();
    let mut memory = Memory::default();
    memory.attempt("autoheal/container/c", at(0));
    for (second, known) in [(10, true), (200, true), (309, true), (310, false)] {
        memory = look(&[], &settings, &memory, second).memory.unwrap();
        assert_eq!(memory.autoheal.containers.contains_key("c"), known, "at {second}");
    }
}

#[test]
fn stops_as_its_label_or_its_own_setting_says() {
    let settings = HealContainers::default();
    for (labels, own, wanted) in [
        (vec![("autoheal", "true")], None, (None, 40)),
        (vec![("autoheal", "true")], Some(120), (None, 150)),
        (vec![("autoheal", "true"), ("autoheal.stop.timeout", "300")], Some(120), (Some(300), 330)),
    ] {
        let mut ill = sick("c", &labels, 90);
        ill.stop_timeout = own;
        let plan = look(&[ill], &settings, &Memory::default(), 0);
        let Change::ContainerRestart { stop_timeout, patience } = plan.actions[0].change else { panic!() };
        assert_eq!((stop_timeout, patience), wanted);
    }
}

#[test]
fn the_engines_own_log_tells_how_long_it_has_been_ill() {
    let check = |end: &str, code: i32| json!({"End": end, "ExitCode": code, "Output": " no answer\n"});
    let inspected = json!({"Config": {"StopTimeout": 7}, "State": {"StartedAt": "2027-01-15T07:00:00Z", "Health": {"Log": [
        check("2027-01-15T07:58:00Z", 1), check("2027-01-15T07:58:30Z", 0), check("2027-01-15T07:59:00Z", 1),
        check("2027-01-15T07:59:30Z", -1)]}}});
    let sick = Sick::read(Container::default(), &inspected, at(0));
    assert_eq!((sick.failing_for.as_secs(), sick.said.as_str(), sick.stop_timeout), (60, "no answer", Some(7)));
}
