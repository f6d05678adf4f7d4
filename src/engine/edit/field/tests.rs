use serde_json::json;

use super::*;

fn path(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}

#[test]
fn only_the_field_is_set() {
    let mut spec = json!({"A": {"B": 1, "Future": [null]}, "C": null});
    set(&mut spec, &path("A.B"), &json!(2)).unwrap();
    set(&mut spec, &path("C.D.E"), &json!([])).unwrap();
    assert_eq!(spec, json!({"A": {"B": 2, "Future": [null]}, "C": {"D": {"E": []}}}));
    assert!(set(&mut spec, &path("A.B.C"), &json!(1)).is_err());
    assert_eq!(get(&spec, &path("A.B")), &json!(2));
    assert_eq!(get(&spec, &path("A.X.Y")), &Value::Null);
}

#[test]
fn what_engines_leave_out_or_add_is_no_difference() {
    for (wanted, found) in [
        (json!(false), Value::Null),
        (json!([]), Value::Null),
        (json!(0), Value::Null),
        (json!({"a": 1}), json!({"a": 1, "new": 2})),
        (json!([{"a": 1, "b": false}]), json!([{"a": 1, "c": 3}])),
        (json!({"a": {"b": 0}}), json!({})),
        (json!({}), json!({"a": {"b": null}})),
        (json!([{"a": 1}, {"a": 2}]), json!([{"a": 2, "b": 3}, {"a": 1}])),
    ] {
        assert!(same(&wanted, &found), "{wanted} {found}");
    }
    for (wanted, found) in [
        (json!(true), Value::Null),
        (json!([]), json!(["x"])),
        (json!(["a"]), json!(["a", "b"])),
        (json!(["a", "b"]), json!(["b", "a"])),
        (json!({"a": 1}), json!({"a": 2})),
        (json!([{"a": 1}, {"a": 2}]), json!([{"a": 1}, {"a": 1}])),
        (json!(0), json!(5)),
        (json!({}), json!({"a": {"b": 1}})),
        (json!({"a": 1}), Value::Null),
    ] {
        assert!(!same(&wanted, &found), "{wanted} {found}");
    }
}
