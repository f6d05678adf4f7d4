use serde_json::json;

use super::*;

fn answer(result: &serde_json::Value) -> Vec<Series> {
    let body = json!({"status": "success", "data": {"resultType": "vector", "result": result}});
    vector(200, body.to_string().as_bytes()).unwrap()
}

#[test]
fn nodes_by_instance() {
    let one = |name: &str, instance: &str, value: &str| {
        let nodename = if name == "node_uname_info" { instance } else { "" };
        json!({"metric": {"__name__": name, "job": "node", "instance": instance, "nodename": nodename},
            "value": [1_795_262_400.123, value]})
    };
    let found = readings(&answer(&json!([
        one("node_memory_MemTotal_bytes", "a", "8e9"),
        one("node_memory_MemAvailable_bytes", "a", "6000000000"),
        one("node_uname_info", "a", "1"),
        one("node_memory_MemTotal_bytes", "b", "broken"),
    ])));
    assert_eq!(found.keys().collect::<Vec<_>>(), ["node a"]);
    let reading = &found["node a"];
    assert_eq!(reading.nodename.as_deref(), Some("a"));
    assert_eq!(reading.memory().map(|memory| memory.used_bytes), Ok(2_000_000_000));
}

#[test]
fn tasks_by_label() {
    let one =
        |name: &str, task: &str, value: &str| json!({"metric": {"__name__": name, TASK: task}, "value": [0, value]});
    let found = containers(&answer(&json!([
        one("container_memory_rss", "t1", "100"),
        one("container_memory_swap", "t1", "5"),
        one("container_memory_working_set_bytes", "t1", "150"),
        one("container_memory_working_set_bytes", "t2", "150"),
        one("container_memory_rss", "t3", "NaN"),
        one("container_memory_working_set_bytes", "t3", "1"),
    ])));
    let memory = TaskMemory { footprint_bytes: 105, working_set_bytes: 150, ..TaskMemory::default() };
    assert_eq!(found, BTreeMap::from([(TaskId("t1".to_owned()), memory)]));
}

#[test]
fn errors_are_said() {
    let error = |status, body: &str| vector(status, body.as_bytes()).unwrap_err();
    let refused = r#"{"status":"error","errorType":"bad_data","error":"parse error at char 3"}"#;
    assert_eq!(error(400, refused), "Prometheus refused the query (400): parse error at char 3");
    assert!(error(502, "<html>").contains("answered 502 and no JSON"));
    assert!(error(200, r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#).contains("a matrix"));
    assert!(
        error(200, r#"{"status":"success","data":{"resultType":"vector","result":[1]}}"#).contains("can't be read")
    );
    assert!(error(200, "{\"status\":\"suc").contains("no JSON"));
}
