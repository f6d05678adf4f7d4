//! The sources that are no exporters, and what doesn't go together.

use serde_json::json;

use crate::exporter::{Answer, Server};
use crate::swarm::{GIB, Swarm};

#[test]
fn prometheus_tells_of_nodes_and_tasks() {
    let server = Server::start();
    let now = jiff::Timestamp::now().as_second();
    let mut series = Vec::new();
    for (name, available) in [("n1", 2), ("n2", 6)] {
        let mut one = |metric: &str, value: String| {
            let nodename = if metric == "node_uname_info" { name } else { "" };
            series.push(json!({"metric": {"__name__": metric, "job": "node", "instance": format!("{name}:9100"),
                "nodename": nodename}, "value": [now, value]}));
        };
        one("node_memory_MemTotal_bytes", (8 * GIB).to_string());
        one("node_memory_MemAvailable_bytes", (available * GIB).to_string());
        one("node_time_seconds", now.to_string());
        one("node_uname_info", "1".to_owned());
    }
    for (metric, value) in [("container_memory_rss", GIB), ("container_memory_working_set_bytes", 2 * GIB)] {
        let labels = json!({"__name__": metric, "container_label_com_docker_swarm_task_id": "task-db"});
        series.push(json!({"metric": labels, "value": [now, value.to_string()]}));
    }
    let answer = json!({"status": "success", "data": {"resultType": "vector", "result": series}});
    server.text("/base/api/v1/query", answer.to_string());
    let swarm = Swarm::new(&format!("{{source: prometheus, prometheus: '{}'}}", server.url("/base/")));
    let ended = swarm.orca(&["rebalance", "measure"]);
    let figures = ended.json();
    assert_eq!(figures["source"], "prometheus", "{ended:?}");
    assert_eq!(figures["nodes"]["n1"]["used_bytes"], json!(6 * GIB));
    assert_eq!(figures["missing"]["n3"], "Prometheus knows no node_exporter of `n3` (node_uname_info)");
    assert_eq!(figures["tasks"]["task-db"], json!({"footprint_bytes": GIB, "working_set_bytes": 2 * GIB}));
    assert_eq!(figures["tasks"]["task-web"]["estimated"], true);
    let queries = server.asked();
    assert!(queries.len() == 2 && queries[1].contains("container_label_com_docker_swarm_task_id"), "{queries:?}");
}

#[test]
fn prometheus_errors_are_its_own_words() {
    let server = Server::start();
    let swarm = Swarm::new(&format!("{{source: prometheus, prometheus: '{}', timeout: 1s}}", server.url("")));
    for (answer, why) in [
        (
            Answer::Body(400, r#"{"status":"error","errorType":"bad_data","error":"no such thing"}"#.to_owned()),
            "(400): no such thing",
        ),
        (Answer::Body(502, "<html>bad gateway</html>".to_owned()), "answered 502 and no JSON of its API"),
        (Answer::Silence, "no answer within 1 s"),
    ] {
        server.set("/api/v1/query", answer);
        let ended = swarm.orca(&["rebalance", "measure"]);
        assert_eq!(ended.code, 75, "{ended:?}");
        let message = ended.json()["error"]["message"].to_string();
        assert!(message.contains(why), "{message}");
    }
}

#[test]
fn what_does_not_go_together_is_said_before_anything_is_asked() {
    let bare = || Swarm::new("{}");
    let word = |source: &'static str| vec!["rebalance", "plan", "--metrics", source];
    for (swarm, args, code, words) in [
        (bare(), word("prometheus"), 78, "but no URL is"),
        (bare(), word("probe"), 78, "but no image is named"),
        (bare(), word("file"), 78, "but no file is named"),
        (bare(), word("./probe"), 78, "`./probe` is no metrics source, and can't be read as a metrics file"),
        (bare(), vec!["rebalance", "measure"], 64, "nothing to measure"),
        (bare(), vec!["rebalance", "measure", "--metrics", "reservations"], 64, "nothing to measure"),
        (
            Swarm::new("{probe_image: x}"),
            vec!["-n", "rebalance", "plan", "--metrics", "probe"],
            64,
            "a dry run writes nothing",
        ),
        (
            Swarm::new("{probe_image: x, source: probe}"),
            vec!["-n", "rebalance", "plan"],
            78,
            "a dry run writes nothing",
        ),
    ] {
        let ended = swarm.orca(&args);
        assert!(ended.code == code && ended.err.contains(words), "{args:?}: {ended:?}");
    }
    let swarm = Swarm::new("{source: stats}");
    let snapshot = swarm.path("cluster.json");
    let snapshot = snapshot.to_str().unwrap();
    for (args, code) in [
        (vec!["--snapshot", snapshot, "rebalance", "plan"], 78),
        (vec!["--snapshot", snapshot, "rebalance", "plan", "--metrics", "node_exporter"], 64),
        (vec!["--snapshot", snapshot, "rebalance", "measure"], 78),
    ] {
        let ended = swarm.offline(&args);
        assert!(ended.code == code && ended.err.contains("doesn't go with --snapshot"), "{args:?}: {ended:?}");
    }
}

/// The engine of n2, with a container of swarm's and another one.
fn engine(node: &str) -> Server {
    let server = Server::start();
    server.text("/info", json!({"MemTotal": 8 * GIB, "Swarm": {"NodeID": node}}).to_string());
    let swarm = json!({"com.docker.swarm.task.id": "task-tool"});
    let containers = json!([{"Id": "c1", "Labels": swarm}, {"Id": "c2", "Labels": {}}, {"Id": "gone", "Labels": null}]);
    server.text("/containers/json", containers.to_string());
    for (id, anon) in [("c1", GIB), ("c2", GIB / 2)] {
        let stat = json!({"anon": anon, "shmem": 100, "sock": 10, "inactive_file": 1000, "file": 5000});
        let stats = json!({"memory_stats": {"usage": anon + 5100, "stats": stat, "limit": 1}});
        server.text(&format!("/containers/{id}/stats"), stats.to_string());
    }
    server
}

#[test]
fn engines_tell_of_containers() {
    let right = engine("id-n2");
    let wrong = engine("id-n2");
    let swarm = Swarm::new("{source: stats, timeout: 2s}").with_nodes(&format!(
        "{{n2: {{host: 'tcp://{}'}}, id-n3: {{host: 'tcp://{}'}}}}",
        right.address, wrong.address
    ));
    let ended = swarm.orca(&["rebalance", "measure"]);
    let figures = ended.json();
    let tool = json!({"footprint_bytes": GIB + 110, "working_set_bytes": GIB + 4100});
    assert_eq!(figures["tasks"]["task-tool"], tool, "{ended:?}");
    // Other containers count for the node; nothing else that runs there is known.
    assert_eq!(figures["nodes"]["n2"]["used_bytes"], json!(GIB + GIB / 2 + 220));
    assert!(ended.err.contains("warning: nodes seem emptier"), "{}", ended.err);
    assert_eq!(figures["missing"]["n3"], "the engine is that of another node (`id-n2`)");
    let asked = right.asked();
    assert!(asked.contains(&"/containers/c1/stats?stream=false&one-shot=true".to_owned()), "{asked:?}");
}
