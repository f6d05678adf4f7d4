use serde_json::json;

use super::*;

fn paths(before: &Value, after: &Value) -> Vec<(String, Value, Value)> {
    diff(before, after).into_iter().map(|found| (found.path, found.before, found.after)).collect()
}

#[test]
fn paths_and_values_are_told() {
    let before = json!({"A": {"Image": "x:1", "Gone": 3}, "L": ["a"], "Same": {"k": 1}});
    let after = json!({"A": {"Image": "x:2", "New": true}, "L": ["a", "b"], "Same": {"k": 1}});
    assert_eq!(
        paths(&before, &after),
        [
            ("A.Gone".to_owned(), json!(3), Value::Null),
            ("A.Image".to_owned(), json!("x:1"), json!("x:2")),
            ("A.New".to_owned(), Value::Null, json!(true)),
            ("L".to_owned(), json!(["a"]), json!(["a", "b"])),
        ]
    );
}

#[test]
fn what_the_engine_takes_for_nothing_is_no_difference() {
    let before = json!({"A": null, "B": [], "C": {}, "D": 0});
    assert!(diff(&before, &json!({"C": {"Deep": null}})).is_empty());
}

#[test]
fn secrets_are_compared_and_not_shown() {
    let spec = |password: &str, token: &str| {
        json!({"ContainerSpec": {"Env": [format!("PASSWORD={password}"), "SAME=1"], "Args": [password]},
            "LogDriver": {"Options": {"splunk-token": token}}})
    };
    let found = diff(&spec("hunter2", "t1"), &spec("hunter3", "t2"));
    let text = format!("{found:?}");
    assert!(!text.contains("hunter") && !text.contains("\"t1\"") && !text.contains("\"t2\""), "{text}");
    let paths: Vec<&str> = found.iter().map(|found| found.path.as_str()).collect();
    assert_eq!(paths, ["ContainerSpec.Args", "ContainerSpec.Env.PASSWORD", "LogDriver.Options.splunk-token"]);
}

#[test]
fn items_are_told_apart_by_what_names_them() {
    let mounts =
        |source: &str| json!({"Mounts": [{"Target": "/b", "Source": "x"}, {"Target": "/a", "Source": source}]});
    let found = paths(&mounts("one"), &mounts("two"));
    assert_eq!(found, [("Mounts./a.Source".to_owned(), json!("one"), json!("two"))]);
}
