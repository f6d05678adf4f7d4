//! Edits of a spec, and what they leave as it was.

use serde_json::{Value, json, value::to_raw_value};

use super::edited_spec;
use crate::plan::Change;

fn edit(object: &Value, change: &Change) -> anyhow::Result<Value> {
    edited_spec(&to_raw_value(object).unwrap(), &[change])
}

#[test]
fn keeps_what_it_does_not_know_and_only_sets_the_label() {
    let spec = json!({"Name": "n", "Role": "worker", "Availability": "active", "Labels": {"a": "1"},
        "Future": {"x": [null, {}, 1.5]}});
    let set = Change::LabelSet { key: "zone".into(), before: None, after: "b".into(), record: true };
    let mut want = spec.clone();
    want["Labels"] = json!({"a": "1", "zone": "b", "orca.labels": "zone"});
    assert_eq!(edit(&json!({"Spec": spec}), &set).unwrap(), want);
}

#[test]
fn the_record_goes_with_its_last_key() {
    let spec = json!({"Role": "worker", "Availability": "active", "Labels": {"zone": "b", "orca.labels": "zone"}});
    let after = edit(&json!({"Spec": spec}), &Change::LabelRemove { key: "zone".into(), before: "b".into() }).unwrap();
    assert_eq!(after["Labels"], json!({}));
}

#[test]
fn a_node_without_role_is_never_sent() {
    let spec = json!({"Availability": "active", "Labels": null});
    let set = Change::LabelSet { key: "a".into(), before: None, after: "b".into(), record: false };
    assert!(edit(&json!({"Spec": spec}), &set).is_err());
}

#[test]
fn placement_stays_an_object_and_is_never_invented() {
    let edit = |template| edit(&json!({"Spec": {"TaskTemplate": template}}), &Change::ForceUpdate { before: 0 });
    assert_eq!(edit(json!({"Placement": {}})).unwrap()["TaskTemplate"], json!({"Placement": {}, "ForceUpdate": 1}));
    for template in [json!({}), json!({"Placement": null}), json!({"Placement": []})] {
        assert!(edit(template).is_err());
    }
}

#[test]
fn a_constraint_is_added_to_those_there() {
    let spec = json!({"TaskTemplate": {"Placement": {"Constraints": ["node.role==worker"], "MaxReplicas": 2}}});
    let add = Change::ConstraintAdd { constraint: "node.labels.db==true".into() };
    let after = edit(&json!({"Spec": spec}), &add).unwrap();
    assert_eq!(
        after["TaskTemplate"]["Placement"],
        json!({"Constraints": ["node.role==worker", "node.labels.db==true"], "MaxReplicas": 2})
    );
}

#[test]
fn a_rollback_sends_what_was_read_and_needs_a_placement_on_both_sides() {
    let change = Change::Rollback { before: "a:2".into(), after: "a:1".into() };
    let spec = json!({"Name": "s", "TaskTemplate": {"Placement": {}, "Future": [1]}});
    let object = |previous| json!({"Spec": spec, "PreviousSpec": previous});
    assert_eq!(edit(&object(json!({"TaskTemplate": {"Placement": {}}})), &change).unwrap(), spec);
    for previous in [Value::Null, json!({}), json!({"TaskTemplate": {}}), json!({"TaskTemplate": {"Placement": null}})]
    {
        assert!(edit(&object(previous), &change).is_err());
    }
}

#[test]
fn only_a_replicated_service_is_scaled() {
    let scale = |mode| {
        let spec = json!({"TaskTemplate": {"Placement": {}}, "Mode": mode});
        edit(&json!({"Spec": spec}), &Change::ScaleZero { before: 3 })
    };
    let scaled = scale(json!({"Replicated": {"Replicas": 3}})).unwrap();
    assert_eq!(scaled["Mode"], json!({"Replicated": {"Replicas": 0}}));
    for mode in [json!({"Global": {}}), json!({}), json!({"ReplicatedJob": {}})] {
        assert!(scale(mode).is_err());
    }
}
