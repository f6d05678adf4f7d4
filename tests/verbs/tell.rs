//! What is told of a snapshot, as text and as JSON.

use serde_json::{Value, json};

use super::fixture::{Desk, node, service, snapshot, task, troubled, well};
use crate::common::orca::Orca;
use crate::common::sim::Sim;

#[test]
fn texts() {
    let desk = Desk::new(&troubled());
    for (name, args) in [
        ("services_ls", &["services", "ls"][..]),
        ("services_ls_stack", &["services", "ls", "--stack", "shop"]),
        ("services_ps", &["services", "ps", "lost", "crash", "web"]),
        ("services_ps_all", &["services", "ps", "crash", "--all"]),
        ("services_show", &["services", "show", "web"]),
        ("services_diff", &["services", "diff", "web"]),
        ("services_diff_none", &["services", "diff", "crash"]),
        ("stacks_ls", &["stacks", "ls"]),
        ("nodes_ls", &["nodes", "ls"]),
        ("nodes_show", &["nodes", "show", "n1"]),
        ("health", &["health"]),
        ("unknown", &["services", "show", "wbe"]),
        ("ambiguous", &["services", "show", "we"]),
        ("twins", &["nodes", "show", "n2"]),
    ] {
        insta::assert_snapshot!(name, desk.text(args), &args.join(" "));
    }
}

#[test]
fn health_ends_as_the_swarm_is() {
    let desk = Desk::new(&well());
    let (exit, report) = desk.json(&["health"]);
    assert_eq!((exit, &report["data"]["verdict"]), (0, &json!("healthy")), "{report}");
    assert_eq!(report["data"]["counts"]["managers"], json!({"total": 3, "reachable": 3, "quorum": 2, "tolerance": 1}));
    assert_eq!(desk.json(&["health", "--strict"]).0, 0);

    let (exit, report) = Desk::new(&troubled()).json(&["health"]);
    assert_eq!((exit, &report["data"]["verdict"]), (1, &json!("ill")));
    let codes = |weight: &str| -> Vec<String> {
        let findings = report["data"]["findings"].as_array().unwrap().iter();
        let of_weight = findings.filter(|finding| finding["weight"] == weight);
        of_weight
            .map(|one| format!("{} {}", one["target"]["name"].as_str().unwrap(), one["code"].as_str().unwrap()))
            .collect()
    };
    assert_eq!(
        codes("error"),
        [
            "crash tasks_failing",
            "lost tasks_pending",
            "managers quorum_at_risk",
            "n3 node_down",
            "web_db rollout_stuck"
        ]
    );
    assert_eq!(codes("notice"), ["n2 node_ghost", "n4 node_drained"]);
    assert_eq!(report["error"]["kind"], "failed");
}

#[test]
fn what_is_under_way_is_no_failure_and_a_notice_is_none_unless_asked_for() {
    let nodes = [node("n1", |node| {
        node["Spec"]["Role"] = "manager".into();
        node["ManagerStatus"] = json!({"Leader": true, "Reachability": "reachable"});
    })];
    let run = |service: Value, tasks: &[Value], args: &[&str]| {
        let (exit, report) = Desk::new(&snapshot(&nodes, &[service], tasks)).json(args);
        (exit, report["data"]["verdict"].as_str().unwrap().to_owned())
    };
    let rolling = service("web", 1, |service| {
        service["UpdateStatus"] = json!({"State": "updating", "StartedAt": "2026-11-21T11:59:00Z"});
    });
    let runs = [task("web", 1, "n1", "running", |_| ())];
    assert_eq!(run(rolling, &runs, &["health"]), (75, "settling".to_owned()));
    // One manager: worth a notice.
    assert_eq!(run(service("web", 1, |_| ()), &runs, &["health"]), (0, "healthy".to_owned()));
    assert_eq!(run(service("web", 1, |_| ()), &runs, &["health", "--strict"]).0, 1);
    // A rollback that ended long ago is history.
    let rolled_back = service("web", 1, |service| service["UpdateStatus"] = json!({"State": "rollback_completed"}));
    assert_eq!(run(rolled_back, &runs, &["health"]).0, 0);
    // A task on its way, none failed.
    let starts = [task("web", 1, "n1", "starting", |_| ())];
    assert_eq!(run(service("web", 1, |_| ()), &starts, &["health"]), (75, "settling".to_owned()));
    assert_eq!(run(service("web", 1, |_| ()), &[], &["health"]), (1, "ill".to_owned()));
}

/// The engine calls a rollout under way for ever when its next task finds no node, or never gets any further.
#[test]
fn a_rollout_that_gets_no_further_is_stuck_and_one_that_is_only_long_is_not() {
    let nodes = [node("n1", |node| {
        node["Spec"]["Role"] = "manager".into();
        node["ManagerStatus"] = json!({"Leader": true, "Reachability": "reachable"});
    })];
    let rolling = |since: &str, state: &str| {
        let status = json!({"State": state, "StartedAt": since});
        service("web", 2, move |service| service["UpdateStatus"] = status.clone())
    };
    let seen = |service: Value, tasks: &[Value]| {
        let (exit, report) = Desk::new(&snapshot(&nodes, &[service], tasks)).json(&["health"]);
        let findings = report["data"]["findings"].as_array().unwrap();
        let found = findings.iter().find(|one| one["target"]["name"] == "web").unwrap();
        (exit, found["code"].as_str().unwrap().to_owned(), found["says"].to_string())
    };
    let since = |at: &'static str| {
        move |task: &mut Value| {
            task["CreatedAt"] = at.into();
            task["Status"]["Timestamp"] = at.into();
        }
    };
    let (hours, fresh) = ("2026-11-21T09:00:00Z", "2026-11-21T11:59:50Z");
    let one = |state: &str, at| task("web", 1, "n1", state, since(at));
    // Its next task waits for a node: a moment, or for good.
    for (at, exit, code) in [(fresh, 75, "rollout_under_way"), ("2026-11-21T11:58:00Z", 1, "rollout_stuck")] {
        let waits = task("web", 2, "", "pending", since(at));
        let (found, word, says) = seen(rolling("2026-11-21T11:57:00Z", "updating"), &[one("running", fresh), waits]);
        assert_eq!((found, word.as_str()), (exit, code), "{says}");
        assert_eq!(says.contains("a task has found no node for 2 min"), exit == 1, "{says}");
    }
    // For hours, with a new task a moment ago; and with none.
    for state in ["updating", "rollback_started"] {
        let two = |at| [one("running", hours), task("web", 2, "n1", "preparing", since(at))];
        assert_eq!(seen(rolling(hours, state), &two(fresh)).1, "rollout_slow");
        let (exit, code, says) = seen(rolling(hours, state), &two(hours));
        assert_eq!((exit, code.as_str()), (1, "rollout_stuck"), "{says}");
        assert!(says.contains("none of its tasks has changed for 3 h"), "{says}");
    }
}

/// What other tools call failed, hung on, or took for news.
#[test]
fn every_state_of_a_service_has_its_word_and_its_exit_code() {
    let nodes = ["n1", "n2", "n3"].map(|name| {
        node(name, |node| {
            node["Spec"]["Role"] = "manager".into();
            node["ManagerStatus"] = json!({"Leader": name == "n1", "Reachability": "reachable"});
        })
    });
    let down = |mut nodes: [Value; 3]| {
        nodes[2]["Status"]["State"] = "down".into();
        nodes[2]["Spec"]["Role"] = "worker".into();
        nodes[2]["ManagerStatus"] = Value::Null;
        nodes
    };
    let unheard = |nodes: [Value; 3]| {
        nodes.map(|mut node| {
            node["Status"]["State"] = "unknown".into();
            node
        })
    };
    let on = |slot, node: &str, state: &str| task("web", slot, node, state, |_| ());
    let unplaced = |slot| {
        task("web", slot, "", "pending", |task| task["Status"]["Err"] = "no suitable node (insufficient memory)".into())
    };
    let global = service("web", 0, |service| service["Spec"]["Mode"] = json!({"Global": {}}));
    let job = service("web", 0, |service| {
        service["Spec"]["Mode"] = json!({"ReplicatedJob": {"MaxConcurrent": 1, "TotalCompletions": 1}});
    });
    let done = task("web", 1, "n1", "complete", |task| task["DesiredState"] = "complete".into());
    let works = |slot, node, state| job_task("web", slot, node, state);
    let updated = |state: &'static str| {
        service("web", 1, move |service| {
            service["UpdateStatus"] = json!({"State": state, "StartedAt": "2026-11-20T12:00:00Z", "Message": "m"});
        })
    };
    let everywhere = |service: &str| {
        ["n1", "n2"].map(|node| task(service, 0, node, "running", |task| task["ID"] = format!("task-{node}").into()))
    };
    let plain = |replicas| service("web", replicas, |_| ());
    let one = || vec![on(1, "n1", "running")];
    for (what, nodes, service, tasks, state, ratio, exit) in [
        ("0/0", nodes.clone(), plain(0), vec![], "stopped", (0, Some(0)), 0),
        ("0/3 pending", nodes.clone(), plain(3), (1..4).map(unplaced).collect(), "pending", (0, Some(3)), 1),
        ("0/1 starting", nodes.clone(), plain(1), vec![on(1, "n1", "preparing")], "starting", (0, Some(1)), 75),
        ("1/3", nodes.clone(), plain(3), [one(), vec![on(2, "n2", "starting")]].concat(), "starting", (1, Some(3)), 75),
        (
            "job at work",
            nodes.clone(),
            job.clone(),
            vec![works(0, "n1", "running"), works(1, "n2", "running")],
            "ok",
            (2, None),
            0,
        ),
        ("job without a node", nodes.clone(), job.clone(), vec![works(0, "", "pending")], "pending", (0, None), 1),
        ("job complete", nodes.clone(), job, vec![done], "ok", (0, None), 0),
        (
            "global, one task missing after an election",
            unheard(nodes.clone()),
            global.clone(),
            everywhere("web").to_vec(),
            "starting",
            (2, Some(3)),
            75,
        ),
        ("global, one node down", down(nodes.clone()), global, everywhere("web").to_vec(), "ok", (2, Some(2)), 1),
        ("paused update", nodes.clone(), updated("paused"), one(), "paused", (1, Some(1)), 1),
        ("rollback of an older update", nodes.clone(), updated("rollback_completed"), one(), "ok", (1, Some(1)), 0),
    ] {
        let desk = Desk::new(&snapshot(&nodes, &[service], &tasks));
        let (listed, report) = desk.json(&["services", "ls"]);
        let entry = &report["data"]["services"][0];
        let seen = (entry["state"].as_str().unwrap(), (entry["running"].as_u64().unwrap(), entry["wanted"].as_u64()));
        assert_eq!((listed, seen), (0, (state, ratio)), "{what}: {entry}");
        let (health, report) = desk.json(&["health"]);
        assert_eq!(health, exit, "{what}: {report}");
    }
}

/// As of engines 20.10 to 28.5: `complete` is wanted of it from the beginning.
fn job_task(service: &str, slot: u64, node: &str, state: &str) -> Value {
    task(service, slot, node, state, |task| {
        task["DesiredState"] = "complete".into();
        task["ID"] = format!("task-{service}-{slot}-{node}").into();
    })
}

/// `pick` runs where it is put, `sweep` on every node; one task of `pick` has ended.
#[test]
fn tasks_of_jobs_that_run_are_tasks() {
    let nodes = ["n1", "n2"].map(|name| node(name, |node| node["Spec"]["Role"] = "manager".into()));
    let job = |name: &str, mode: Value| service(name, 0, move |service| service["Spec"]["Mode"] = mode.clone());
    let pick = job("pick", json!({"ReplicatedJob": {"MaxConcurrent": 2, "TotalCompletions": 3}}));
    let sweep = job("sweep", json!({"GlobalJob": {}}));
    let tasks = [
        job_task("pick", 0, "n1", "complete"),
        job_task("pick", 1, "n2", "running"),
        job_task("pick", 2, "n2", "preparing"),
        job_task("sweep", 0, "n1", "running"),
        job_task("sweep", 0, "n2", "running"),
    ];
    let desk = Desk::new(&snapshot(&nodes, &[pick, sweep], &tasks));
    let report = desk.json(&["nodes", "ls"]).1;
    let on = |at: usize| (report["data"]["nodes"][at]["tasks"].clone(), report["data"]["nodes"][at]["running"].clone());
    assert_eq!([on(0), on(1)], [(json!(1), json!(1)), (json!(3), json!(2))], "{report:#}");
    let report = desk.json(&["services", "ps", "pick"]).1;
    let shown: Vec<&Value> = report["data"]["tasks"].as_array().unwrap().iter().map(|task| &task["state"]).collect();
    assert_eq!(shown, ["running", "preparing"], "{report:#}");
    let report = desk.json(&["services", "ps", "pick", "--all"]).1;
    assert_eq!(report["data"]["tasks"].as_array().unwrap().len(), 3, "{report:#}");
    let report = desk.json(&["nodes", "drain", "n2", "-n"]).1;
    let impact = &report["data"]["impact"];
    // Swarm leaves them where they are.
    assert_eq!((&impact["jobs"], &impact["global"]), (&json!(["pick", "sweep"]), &json!([])), "{report:#}");
    assert_eq!((&impact["moves"], &impact["stranded"]), (&json!([]), &json!([])), "{report:#}");
}

#[test]
fn nothing_secret_is_told() {
    let desk = Desk::new(&troubled());
    for args in [&["services", "show", "web"][..], &["services", "diff", "web"]] {
        for format in ["text", "json"] {
            let ended = desk.run(&[&["-o", format], args].concat());
            assert!(ended.stdout.contains("PASSWORD") && !ended.stdout.contains("hunter"), "{ended}");
        }
    }
}

#[test]
fn an_engine_is_asked_five_questions_whatever_the_command() {
    let sim = Sim::three().unwrap();
    let orca = Orca::new(&sim.engine.host()).unwrap();
    let spec = json!({"Name": "web", "Mode": {"Replicated": {"Replicas": 20}},
        "TaskTemplate": {"ContainerSpec": {"Image": "app:1"}, "Placement": {"Constraints": ["node.labels.x==y"]}}});
    sim.engine.post("/services/create", &spec).unwrap();
    for (args, exit) in [
        (&["services", "ls"][..], 0),
        (&["services", "ps"], 0),
        (&["services", "show", "web"], 0),
        (&["nodes", "ls"], 0),
        (&["nodes", "show", "node-1"], 0),
        (&["stacks", "ls"], 0),
        (&["health"], 75),
    ] {
        let ended = orca.run(args).unwrap();
        assert_eq!(ended.exit, Some(exit), "{ended}");
        assert_eq!(ended.report().unwrap()["data"]["requests"], 5, "{ended}");
    }
}

#[test]
fn an_engine_that_is_not_there_is_no_healthy_swarm() {
    let orca = Orca::new("unix:///nowhere.sock").unwrap();
    for args in [&["health"][..], &["services", "ls"], &["nodes", "ls"]] {
        let ended = orca.run(args).unwrap();
        assert_eq!(ended.exit, Some(69), "{ended}");
        assert_eq!(ended.report().unwrap()["error"]["kind"], "unreachable");
    }
}
