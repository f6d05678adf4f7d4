//! What a move writes, and that it comes out as it went in.

use serde_json::{json, value::to_raw_value};

use super::*;

fn pin() -> Temporary {
    Temporary { constraints: vec!["node.id==b".to_owned()], max_replicas: Some(1), ..Temporary::default() }
}

fn spec() -> Value {
    json!({
        "Name": "web", "Labels": {"team": "x"}, "Mode": {"Replicated": {"Replicas": 2}},
        "TaskTemplate": {
            "ContainerSpec": {"Image": "a"}, "Future": [null, {}],
            "Placement": {"Constraints": ["node.role==worker"], "Preferences": [{"Spread": {}}], "Platforms": [{"OS": "linux"}]},
        },
        "UpdateConfig": {"Parallelism": 2, "Order": "start-first"},
    })
}

fn next(spec: &Value, previous: &Value, ticket: Option<&Ticket>) -> Option<Value> {
    let object = json!({"Spec": spec, "PreviousSpec": previous});
    next_to_end(&to_raw_value(&object).unwrap(), ticket).unwrap()
}

/// Undo, then seal, then nothing.
fn ends_as(during: &Value, ticket: Option<&Ticket>, want: &Value) {
    let undone = next(during, &spec(), ticket).expect("there is something to undo");
    assert_eq!(undone, *want);
    assert_eq!(serde_json::to_string(&undone).unwrap(), serde_json::to_string(want).unwrap(), "byte for byte");
    let sealed = next(&undone, during, ticket).expect("the previous spec is still the move's");
    assert_eq!(sealed, *want);
    assert_eq!(next(&sealed, &undone, ticket), None);
}

#[test]
fn a_move_comes_out_as_it_went_in() {
    for (detour, replicas) in [(Detour::None, 2), (Detour::OneMore, 3), (Detour::OneLess, 1)] {
        let temporary = Temporary { detour, ..pin() };
        let (during, _) = begin(&spec(), &temporary, "moving").unwrap();
        let placement = &during["TaskTemplate"]["Placement"];
        assert_eq!(placement["Constraints"], json!(["node.role==worker", "node.id==b"]));
        assert_eq!((&placement["MaxReplicas"], placement.get("Preferences")), (&json!(1), None));
        assert_eq!(during["Mode"]["Replicated"]["Replicas"], replicas);
        assert_eq!(during["UpdateConfig"]["Order"], "start-first");
        assert_eq!(during["UpdateConfig"]["FailureAction"], "rollback");
        assert_eq!(during["TaskTemplate"]["Future"], json!([null, {}]));
        ends_as(&during, None, &spec());
    }
}

#[test]
fn a_replica_comes_back_and_nothing_is_left_of_the_branch() {
    let temporary = Temporary { detour: Detour::OneLess, nudge: Nudge::Branch, ..pin() };
    let (during, ticket) = begin(&spec(), &temporary, "moving").unwrap();
    assert_eq!(
        during["TaskTemplate"]["Placement"]["Preferences"],
        json!([{"Spread": {"SpreadDescriptor": "node.labels.orca.move"}}])
    );
    let raw = |spec: &Value| to_raw_value(&json!({"Spec": spec})).unwrap();
    let refilled = refill(&raw(&during), &ticket).unwrap();
    assert_eq!(refilled["Mode"]["Replicated"]["Replicas"], 2);
    ends_as(&refilled, Some(&ticket), &spec());
    assert!(refill(&raw(&refilled), &ticket).is_err(), "somebody has changed the number of replicas");
}

#[test]
fn what_was_not_there_is_not_there_afterwards() {
    let mut bare = spec();
    bare.as_object_mut().unwrap().remove("UpdateConfig");
    bare["Labels"] = Value::Null;
    bare["TaskTemplate"]["Placement"] = json!({});
    let (during, _) = begin(&bare, &pin(), "moving").unwrap();
    let undone = next(&during, &bare, None).unwrap();
    assert_eq!(undone, bare);
    assert!(undone.get("UpdateConfig").is_none());
}

#[test]
fn what_the_engine_leaves_out_is_no_change_of_somebody_else() {
    let (mut during, _) = begin(&spec(), &pin(), "moving").unwrap();
    during["UpdateConfig"].as_object_mut().unwrap().remove("MaxFailureRatio");
    during["UpdateConfig"].as_object_mut().unwrap().remove("Delay");
    ends_as(&during, None, &spec());
}

#[test]
fn what_somebody_else_changes_meanwhile_stays() {
    let (mut during, _) = begin(&spec(), &pin(), "moving").unwrap();
    during["TaskTemplate"]["ContainerSpec"]["Image"] = json!("b");
    during["TaskTemplate"]["Placement"]["Constraints"] =
        json!(["node.role==worker", "node.id==b", "node.labels.ssd==true"]);
    during["UpdateConfig"]["Parallelism"] = json!(7);
    during["Labels"]["team"] = json!("y");
    let undone = next(&during, &spec(), None).unwrap();
    let placement = &undone["TaskTemplate"]["Placement"];
    assert_eq!(placement["Constraints"], json!(["node.role==worker", "node.labels.ssd==true"]));
    assert_eq!(placement.get("MaxReplicas"), None);
    assert_eq!(undone["TaskTemplate"]["ContainerSpec"]["Image"], "b");
    assert_eq!(placement["Preferences"], spec()["TaskTemplate"]["Placement"]["Preferences"]);
    assert_eq!(undone["UpdateConfig"], json!({"Parallelism": 7, "Order": "start-first"}));
    assert_eq!(undone["Labels"], json!({"team": "y"}));
}

#[test]
fn a_branch_is_not_left_to_somebody_else() {
    let branch = Temporary { nudge: Nudge::Branch, ..pin() };
    let (mut during, ticket) = begin(&spec(), &branch, "moving").unwrap();
    let own = json!("node.labels.ssd==true");
    during["TaskTemplate"]["Placement"]["Constraints"].as_array_mut().unwrap().push(own.clone());
    let undone = next(&during, &spec(), None).unwrap();
    let placement = &undone["TaskTemplate"]["Placement"];
    assert_eq!(placement["Preferences"], spec()["TaskTemplate"]["Placement"]["Preferences"]);
    // Written anew with the branch in it, say from what `docker service inspect` showed in the middle.
    during["Labels"] = json!({});
    let undone = next(&during, &spec(), Some(&ticket)).unwrap();
    assert_eq!(undone["TaskTemplate"]["Placement"], *placement);
    assert_eq!(undone["TaskTemplate"]["Placement"]["Constraints"], json!(["node.role==worker", own]));
    // Another preference of the user's own stays.
    let (mut during, _) = begin(&spec(), &branch, "moving").unwrap();
    let other = json!([{"Spread": {"SpreadDescriptor": "node.labels.rack"}}]);
    during["TaskTemplate"]["Placement"]["Preferences"] = other.clone();
    assert_eq!(next(&during, &spec(), None).unwrap()["TaskTemplate"]["Placement"]["Preferences"], other);
}

#[test]
fn a_removed_label_is_no_loss_to_who_knows_the_ticket() {
    let (mut during, ticket) = begin(&spec(), &pin(), "moving").unwrap();
    during["Labels"] = json!({"team": "x"});
    assert_eq!(next(&during, &Value::Null, None), None);
    assert_eq!(next(&during, &Value::Null, Some(&ticket)), Some(spec()));
}

#[test]
fn a_whole_new_spec_is_left_alone() {
    let (during, ticket) = begin(&spec(), &pin(), "moving").unwrap();
    // `docker stack deploy` knows nothing of the move and writes everything anew.
    let mut deployed = spec();
    deployed["TaskTemplate"]["Placement"] = json!({"Constraints": ["node.labels.ssd==true"]});
    assert_eq!(next(&deployed, &spec(), Some(&ticket)), None);
    assert_eq!(next(&deployed, &during, Some(&ticket)), Some(deployed.clone()), "only the previous spec is mended");
}

#[test]
fn a_missing_placement_and_a_broken_ticket_are_refused() {
    assert!(begin(&json!({"TaskTemplate": {}}), &pin(), "").is_err());
    let broken = json!({"Spec": {"Labels": {RESTORE_LABEL: "?"}, "TaskTemplate": {"Placement": {}}}});
    assert!(next_to_end(&to_raw_value(&broken).unwrap(), None).is_err());
}
