//! Updates on the simulated engine: proven, rolled back, refused, overtaken.

use serde_json::{Value, json};

use crate::common::cluster::text;
use crate::common::poll;

use super::plan::digest;
use super::stage::{Stage, ended, image, outcomes};

pub(crate) fn running_image(stage: &Stage, name: &str) -> Vec<String> {
    let cluster = stage.cluster();
    let tasks = cluster.running(name).unwrap();
    tasks.iter().map(|task| text(&task["Spec"]["ContainerSpec"]["Image"])).collect()
}

#[test]
fn a_good_update_is_proven_and_a_second_pass_writes_nothing() {
    let stage = Stage::new();
    stage.create("web", |_| ());
    let mut wanted = stage.spec("web");
    stage.publish("r.invalid/web:1", 'b');
    let (exit, report) = stage.run(&["services", "update", "-n"]);
    assert_eq!((exit, &report["outcome"], stage.spec("web")), (0, &json!("planned"), wanted.clone()), "{report:#}");
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, &report["outcome"]), (0, &json!("changed")), "{report:#}");
    assert_eq!(outcomes(&report), [("web".to_owned(), "proven".to_owned())]);
    wanted["TaskTemplate"]["ContainerSpec"]["Image"] = image("web", 'b').into();
    wanted["TaskTemplate"]["Placement"]["Platforms"] = json!([{"Architecture": "amd64", "OS": "linux"}]);
    assert_eq!(stage.spec("web"), wanted, "image and platforms, and nothing else");
    assert_eq!(running_image(&stage, "web"), [image("web", 'b'), image("web", 'b')]);
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, &report["outcome"], stage.writes()), (0, &json!("unchanged"), 0), "{report:#}");
    let (_, history) = stage.run(&["history"]);
    assert_eq!(history["data"]["history"][0]["kind"], "service.image.set", "{history:#}");
}

#[test]
fn an_image_that_crashes_is_rolled_back_by_whom_the_service_says_and_not_tried_again() {
    // An engine that goes on is waited for until the deadline.
    for (action, outcome, deadline) in
        [("pause", "rolled_back", "1m"), ("rollback", "rolled_back_by_engine", "1m"), ("continue", "rolled_back", "8s")]
    {
        let stage = Stage::new();
        stage.create("web", |spec| spec["UpdateConfig"]["FailureAction"] = action.into());
        let before = stage.spec("web");
        stage.publish("r.invalid/web:1", 'b');
        stage.broken(&digest('b'), "failed", "task: non-zero exit (3): no database");
        let (exit, report) = stage.run(&["services", "update", "--deadline", deadline]);
        assert_eq!((exit, &report["outcome"]), (1, &json!("failed")), "{action}: {report:#}");
        assert_eq!(outcomes(&report), [("web".to_owned(), outcome.to_owned())], "{action}: {report:#}");
        let told = &report["data"]["updates"][0]["failed_task"];
        assert_eq!(told["error"], "task: non-zero exit (3): no database", "{action}: {report:#}");
        assert!(text(&report["actions"][0]["error"]).contains("no database"), "{action}: {report:#}");
        assert_eq!(stage.spec("web"), before, "{action}");
        assert_eq!(running_image(&stage, "web"), [image("web", 'a'), image("web", 'a')], "{action}");
        stage.sim.reset_requests().unwrap();
        let (exit, report) = stage.run(&["services", "update"]);
        assert_eq!((exit, stage.writes()), (75, 0), "{action}: {report:#}");
        assert_eq!(report["data"]["updates"][0]["reasons"], json!(["failed_before"]), "{action}");
        // Another image is another try, and asking for it is one too.
        stage.sim.engine.ask("DELETE", "/_sim/images", None).unwrap();
        let (exit, report) = stage.run(&["services", "update", "web", "--retry-failed"]);
        assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{action}");
    }
}

/// moby#35011: a leader that takes a node's log stream for gone says nothing of its tasks but to those who follow them.
#[test]
fn what_a_failed_task_said_is_told_though_the_leader_has_lost_its_nodes_log_stream() {
    let stage = Stage::new();
    stage.create("web", |spec| {
        spec["TaskTemplate"]["ContainerSpec"]["Command"] = json!(["echo"]);
        spec["TaskTemplate"]["ContainerSpec"]["Args"] = json!(["starting", "no database"]);
        // The managers keep a few ended tasks of a slot only: those of one that is begun again at once soon go.
        spec["TaskTemplate"]["RestartPolicy"] = json!({"Condition": "any", "Delay": 5_000_000_000_u64});
    });
    stage.publish("r.invalid/web:1", 'b');
    stage.broken(&digest('b'), "failed", "task: non-zero exit (3)");
    for node in ["node-1", "node-2", "node-3"] {
        stage.sim.admin("/unheard", &json!({"name": node})).unwrap();
    }
    let (exit, report) = stage.run(&["services", "update"]);
    let told = &report["data"]["updates"][0]["failed_task"];
    assert_eq!((exit, &told["log"]), (1, &json!(["starting", "no database"])), "{report:#}");
}

#[test]
fn a_task_that_dies_after_the_engine_was_content_fails_the_rollout() {
    let stage = Stage::new();
    stage.create("web", |spec| spec["UpdateConfig"]["Monitor"] = 10_000_000_000_u64.into());
    stage.publish("r.invalid/web:1", 'b');
    let running = stage.orca.start(&["services", "update"]).unwrap();
    poll::until("the engine is content", || {
        let service = stage.cluster().service("web")?.clone();
        Ok(if service["UpdateStatus"]["State"] == "completed" { Vec::new() } else { vec!["not yet".to_owned()] })
    })
    .unwrap();
    stage.sim.reset_requests().unwrap();
    // The second is only asked for when the first has been judged.
    poll::until("orca has seen it", || {
        let looks = stage.count("GET /tasks");
        Ok(if looks >= 2 { Vec::new() } else { vec![format!("{looks} looks")] })
    })
    .unwrap();
    let dies = json!({"service": "web", "slot": 2, "state": "failed", "err": "out of luck"});
    stage.sim.admin("/tasks", &dies).unwrap();
    let (exit, report) = ended(&running.end().unwrap());
    assert_eq!((exit, outcomes(&report)), (1, vec![("web".to_owned(), "rolled_back".to_owned())]), "{report:#}");
    assert_eq!(report["data"]["updates"][0]["failed_task"]["error"], "out of luck");
    assert_eq!(running_image(&stage, "web"), [image("web", 'a'), image("web", 'a')]);
}

#[test]
fn what_does_not_get_ready_in_time_is_rolled_back_or_left_as_was_asked() {
    let stage = Stage::new();
    stage.create("web", |_| ());
    stage.publish("r.invalid/web:1", 'b');
    stage.broken(&digest('b'), "starting", "");
    let (exit, report) = stage.run(&["services", "update", "--deadline", "1s", "--no-rollback"]);
    assert_eq!((exit, outcomes(&report)), (1, vec![("web".to_owned(), "failed".to_owned())]), "{report:#}");
    assert_eq!(text(&stage.spec("web")["TaskTemplate"]["ContainerSpec"]["Image"]), image("web", 'b'));
    let error = text(&report["actions"][0]["error"]);
    assert!(
        error.contains("not proven within 1s") && error.contains("0 of 2 tasks run `r.invalid/web:1@bbbbbbbbbbbb`"),
        "{error}"
    );
    // The tag goes on; a rollout is still under way, and nobody touches it.
    stage.publish("r.invalid/web:1", 'c');
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, &report["data"]["updates"][0]["reasons"]), (75, &json!(["busy"])), "{report:#}");

    let stage = Stage::new();
    stage.create("web", |_| ());
    stage.publish("r.invalid/web:1", 'b');
    stage.broken(&digest('b'), "starting", "");
    let (exit, report) = stage.run(&["services", "update", "--deadline", "1s"]);
    assert_eq!((exit, outcomes(&report)), (1, vec![("web".to_owned(), "rolled_back".to_owned())]), "{report:#}");
    assert_eq!(running_image(&stage, "web"), [image("web", 'a'), image("web", 'a')]);
}

#[test]
fn a_registry_that_is_away_changes_nothing() {
    let stage = Stage::new();
    stage.create("web", |_| ());
    stage.create("pinless", |spec| spec["TaskTemplate"]["ContainerSpec"]["Image"] = "r.invalid/pinless:1".into());
    stage.sim.engine.ask("DELETE", "/_sim/registry", None).unwrap();
    stage.sim.reset_requests().unwrap();
    let (exit, report) = stage.run(&["services", "update", "--pin", "--timeout", "20s"]);
    assert_eq!((exit, &report["outcome"], stage.writes()), (75, &json!("blocked"), 0), "{report:#}");
    for entry in report["data"]["updates"].as_array().unwrap() {
        assert_eq!(entry["reasons"], json!(["unresolved"]), "{report:#}");
    }
}

#[test]
fn a_failure_stops_what_depends_on_it_and_nothing_else() {
    let stage = Stage::new();
    stage.create("db", |_| ());
    stage.create("app", |spec| spec["Labels"]["orca.depends-on"] = "db".into());
    stage.create("lone", |_| ());
    for name in ["db", "app", "lone"] {
        stage.publish(&format!("r.invalid/{name}:1"), 'b');
    }
    stage.broken(&format!("r.invalid/db:1@{}", digest('b')), "failed", "no");
    let (exit, report) = stage.run(&["services", "update", "--parallel", "3"]);
    assert_eq!((exit, &report["outcome"]), (1, &json!("partial")), "{report:#}");
    let mut ends = outcomes(&report);
    ends.sort();
    assert_eq!(ends, [("db".to_owned(), "rolled_back".to_owned()), ("lone".to_owned(), "proven".to_owned())]);
    let app = report["actions"].as_array().unwrap().iter().find(|action| action["target"]["name"] == "app").unwrap();
    assert_eq!((&app["status"], text(&app["error"]).contains("service/db#image")), (&json!("skipped"), true), "{app}");
    assert_eq!(running_image(&stage, "app"), [image("app", 'a'), image("app", 'a')]);
}

#[test]
fn modes_and_states() {
    let stage = Stage::new();
    stage.create("agent", |spec| spec["Mode"] = json!({"Global": {}}));
    stage.create("none", |spec| spec["Mode"]["Replicated"]["Replicas"] = 0.into());
    stage.create("first", |spec| {
        spec["UpdateConfig"]["Order"] = "start-first".into();
        spec["UpdateConfig"]["Parallelism"] = 0.into();
    });
    for name in ["agent", "none", "first"] {
        stage.publish(&format!("r.invalid/{name}:1"), 'b');
    }
    let (exit, report) = stage.run(&["services", "update", "--parallel", "3"]);
    assert_eq!(exit, 0, "{report:#}");
    let mut ends = outcomes(&report);
    ends.sort();
    let proven = |name: &str| (name.to_owned(), "proven".to_owned());
    // Of what doesn't run nothing is proven.
    assert_eq!(ends, [proven("agent"), proven("first"), ("none".to_owned(), "written".to_owned())]);
    assert_eq!(running_image(&stage, "agent"), vec![image("agent", 'b'); 3]);
    assert_eq!(stage.spec("none")["Mode"]["Replicated"]["Replicas"], 0);
    assert_eq!(text(&stage.spec("none")["TaskTemplate"]["ContainerSpec"]["Image"]), image("none", 'b'));
}

/// Its task can neither run there nor anywhere else: nobody waits for it.
#[test]
fn a_node_that_is_down_is_not_waited_for() {
    let stage = Stage::new();
    stage.create("agent", |spec| spec["Mode"] = json!({"Global": {}}));
    stage.publish("r.invalid/agent:1", 'b');
    stage.sim.admin("/nodes/node-3", &json!({"state": "down"})).unwrap();
    let (exit, report) = stage.run(&["services", "update", "--deadline", "20s"]);
    assert_eq!((exit, outcomes(&report)), (0, vec![("agent".to_owned(), "proven".to_owned())]), "{report:#}");
}

#[test]
fn another_writer_is_not_overwritten() {
    let stage = Stage::new();
    stage.create("web", |_| ());
    stage.publish("r.invalid/web:1", 'b');
    let fault = json!({"kind": "conflict", "method": "POST", "path": "/services/", "times": 2});
    stage.sim.admin("/fault", &fault).unwrap();
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{report:#}");
    assert_eq!(stage.spec("web")["Labels"]["sim.other"], "2", "what another has written stays");
}

/// The tasks of `web` that start for ever fail, which ends its rollout.
fn fail_web(stage: &Stage) {
    stage.sim.admin("/tasks", &json!({"service": "web", "slot": 1, "state": "failed", "err": "no"})).unwrap();
}

/// `web` is rolled out for as long as its tasks start, `zeb` waits for it; what happens to `zeb` meanwhile.
fn while_it_waits(meanwhile: impl Fn(&Stage)) -> (Stage, i32, Value) {
    let stage = Stage::new();
    for name in ["web", "zeb"] {
        stage.create(name, |_| ());
        stage.publish(&format!("r.invalid/{name}:1"), 'b');
    }
    stage.broken(&format!("web:1@{}", digest('b')), "starting", "");
    let running = stage.orca.start(&["services", "update", "--parallel", "1", "--deadline", "3m"]).unwrap();
    poll::until("the rollout has begun", || {
        let begun = text(&stage.spec("web")["TaskTemplate"]["ContainerSpec"]["Image"]) == image("web", 'b');
        Ok(if begun { Vec::new() } else { vec!["not yet".to_owned()] })
    })
    .unwrap();
    meanwhile(&stage);
    fail_web(&stage);
    let (exit, report) = ended(&running.end().unwrap());
    assert_eq!(text(&stage.spec("zeb")["TaskTemplate"]["ContainerSpec"]["Image"]), image("zeb", 'a'), "{report:#}");
    let zeb = report["actions"].as_array().unwrap().iter().find(|action| action["target"]["name"] == "zeb").unwrap();
    assert_eq!(zeb["status"], "skipped", "{report:#}");
    (stage, exit, report)
}

#[test]
fn who_opts_out_while_it_waits_is_left_alone() {
    let (_, exit, report) = while_it_waits(|stage| {
        let id = stage.cluster().service_id("zeb").unwrap();
        stage.sim.engine.edit("services", &id, |spec| spec["Labels"]["orca.update"] = "false".into()).unwrap();
    });
    assert_eq!(exit, 1, "{report:#}");
}

#[test]
fn a_pause_stops_what_is_not_begun() {
    let (_, _, report) = while_it_waits(|stage| {
        let mut pause = stage.orca.command(&["pause"]);
        pause.env("ORCA_STATE_DIR", stage.orca.path("other-host"));
        let paused = stage.orca.spawn(pause).unwrap().end().unwrap();
        assert_eq!(paused.exit, Some(0), "{paused}");
    });
    let blocked =
        report["blocked"].as_array().unwrap().iter().find(|blocked| blocked["target"]["name"] == "zeb").unwrap();
    assert!(text(&blocked["reasons"][0]).contains("pause"), "{report:#}");
}

/// What can't be seen is not judged, and nothing more is begun.
#[test]
fn an_engine_that_is_lost_is_lost_for_the_rest_too() {
    let (_, exit, report) = while_it_waits(|stage| {
        stage.sim.admin("/fault", &json!({"kind": "error500", "method": "GET", "path": "/tasks"})).unwrap();
    });
    assert_eq!((exit, outcomes(&report)), (69, vec![("web".to_owned(), "not_proven".to_owned())]), "{report:#}");
}

#[test]
fn orca_itself_waits_until_nothing_else_is_under_way() {
    let stage = Stage::new();
    stage.create("web", |_| ());
    stage.create("orca", |_| ());
    for name in ["web", "orca"] {
        stage.publish(&format!("r.invalid/{name}:1"), 'b');
    }
    stage.broken(&format!("web:1@{}", digest('b')), "starting", "");
    let running = stage.orca.start(&["services", "update", "--parallel", "5", "--deadline", "3m"]).unwrap();
    poll::until("the rollout has begun", || {
        let begun = text(&stage.spec("web")["TaskTemplate"]["ContainerSpec"]["Image"]) == image("web", 'b');
        Ok(if begun { Vec::new() } else { vec!["not yet".to_owned()] })
    })
    .unwrap();
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(text(&stage.spec("orca")["TaskTemplate"]["ContainerSpec"]["Image"]), image("orca", 'a'));
    fail_web(&stage);
    let (_, report) = ended(&running.end().unwrap());
    assert_eq!(
        outcomes(&report),
        [("orca".to_owned(), "proven".to_owned()), ("web".to_owned(), "rolled_back".to_owned())]
    );
}

#[test]
fn a_service_that_is_deleted_in_mid_rollout_is_nobodys_failure() {
    let stage = Stage::new();
    stage.create("web", |_| ());
    stage.publish("r.invalid/web:1", 'b');
    stage.broken(&digest('b'), "starting", "");
    let running = stage.begun(&[]);
    let id = stage.cluster().service_id("web").unwrap();
    stage.sim.engine.ask("DELETE", &format!("/services/{id}"), None).unwrap();
    let (exit, report) = ended(&running.end().unwrap());
    assert_eq!((exit, &report["error"]["kind"]), (75, &json!("conflict")), "{report:#}");
    assert_eq!(outcomes(&report), [("web".to_owned(), "overtaken".to_owned())]);
}

#[test]
fn ten_orcas_make_one_rollout_and_lose_nothing_that_others_write() {
    let stage = Stage::new();
    stage.create("web", |_| ());
    let mut wanted = stage.spec("web");
    stage.publish("r.invalid/web:1", 'b');
    stage.sim.reset_requests().unwrap();
    let running: Vec<_> = (0..10)
        .map(|number| {
            let mut command = stage.orca.command(&["services", "update"]);
            command.env("ORCA_STATE_DIR", stage.orca.path(&format!("host-{number}")));
            stage.orca.spawn(command).unwrap()
        })
        .collect();
    // And somebody who has nothing to do with it.
    let id = stage.cluster().service_id("web").unwrap();
    stage.sim.engine.edit("services", &id, |spec| spec["Labels"]["note"] = "kept".into()).unwrap();
    let reports: Vec<(i32, Value)> = running.into_iter().map(|run| ended(&run.end().unwrap())).collect();
    let proven = reports.iter().filter(|(_, report)| !outcomes(report).is_empty()).count();
    assert!(proven <= 1, "{reports:#?}");
    for (exit, report) in &reports {
        // It has done it, or there was nothing to do any more, or it says who is at it.
        let said = &report["data"]["updates"][0];
        let known = ["proven", "unchanged", "blocked", "update"].map(Value::from);
        assert!(
            [0, 75].contains(exit) && (known.contains(&said["outcome"]) || known.contains(&said["verdict"])),
            "{report:#}"
        );
    }
    let requests = stage.sim.requests().unwrap()["requests"].clone();
    let mut images = vec![image("web", 'a')];
    for request in requests.as_array().unwrap() {
        let is_update = request["status"] == 200 && text(&request["path"]).ends_with("/update");
        images.extend(is_update.then(|| text(&request["body"]["TaskTemplate"]["ContainerSpec"]["Image"])));
    }
    images.dedup();
    assert_eq!(images, [image("web", 'a'), image("web", 'b')], "one of them has written it, once");
    wanted["TaskTemplate"]["ContainerSpec"]["Image"] = image("web", 'b').into();
    wanted["TaskTemplate"]["Placement"]["Platforms"] = json!([{"Architecture": "amd64", "OS": "linux"}]);
    wanted["Labels"]["note"] = "kept".into();
    assert_eq!(stage.spec("web"), wanted);
    assert_eq!(running_image(&stage, "web"), [image("web", 'b'), image("web", 'b')]);
}

/// What is planned on is what was looked at when the other was through.
#[test]
fn a_service_that_is_made_while_another_orca_is_waited_for_gets_its_image_too() {
    let stage = Stage::new();
    stage.create("web", |spec| spec["UpdateConfig"]["Monitor"] = 10_000_000_000_u64.into());
    let mut spec = stage.spec("web");
    stage.publish("r.invalid/web:1", 'b');
    let first = stage.begun(&[]);
    stage.sim.reset_requests().unwrap();
    let second = stage.orca.start(&["services", "update", "--lock-timeout", "60s"]).unwrap();
    poll::until("the second has looked, and asks the registry", || {
        Ok(if stage.count("GET /distribution") > 0 { Vec::new() } else { vec!["not yet".to_owned()] })
    })
    .unwrap();
    spec["Name"] = "zeb".into();
    spec["UpdateConfig"]["Monitor"] = 300_000_000.into();
    stage.sim.engine.post("/services/create", &spec).unwrap();
    let (exit, report) = ended(&first.end().unwrap());
    assert_eq!((exit, outcomes(&report)), (0, vec![("web".to_owned(), "proven".to_owned())]), "{report:#}");
    let (exit, report) = ended(&second.end().unwrap());
    assert_eq!((exit, outcomes(&report)), (0, vec![("zeb".to_owned(), "proven".to_owned())]), "{report:#}");
}

/// It is late already: that the engine did not take the rollback is no reason to give it as long once more.
#[test]
fn a_rollback_that_is_refused_is_tried_again_at_the_next_look() {
    let stage = Stage::new();
    stage.create("web", |_| ());
    stage.publish("r.invalid/web:1", 'b');
    stage.broken(&digest('b'), "starting", "");
    let running = stage.begun(&["--deadline", "5s"]);
    let fault = json!({"kind": "error500", "method": "POST", "path": "/services/", "times": 2});
    stage.sim.admin("/fault", &fault).unwrap();
    let (exit, report) = ended(&running.end().unwrap());
    assert_eq!((exit, outcomes(&report)), (1, vec![("web".to_owned(), "rolled_back".to_owned())]), "{report:#}");
    let took = report["data"]["updates"][0]["took_ms"].as_u64().unwrap();
    assert!(took < 25_000, "{took} ms: {report:#}");
    assert_eq!(running_image(&stage, "web"), [image("web", 'a'), image("web", 'a')]);
}

/// What the rollback config itself takes is not held against the way back.
#[test]
fn a_rollback_has_the_time_that_its_own_config_takes() {
    let stage = Stage::new();
    stage.create("web", |spec| {
        spec["RollbackConfig"] = json!({"Parallelism": 1, "Delay": 10_000_000_000_u64, "FailureAction": "continue"});
    });
    stage.publish("r.invalid/web:1", 'b');
    stage.broken(&digest('b'), "starting", "");
    stage.broken(&digest('a'), "starting", "");
    let running = stage.orca.start(&["services", "update", "--deadline", "2s"]).unwrap();
    stage.reached("rollback_started");
    std::thread::sleep(std::time::Duration::from_secs(5));
    stage.sim.engine.ask("DELETE", "/_sim/images", None).unwrap();
    fail_web(&stage);
    let (exit, report) = ended(&running.end().unwrap());
    assert_eq!((exit, outcomes(&report)), (1, vec![("web".to_owned(), "rolled_back".to_owned())]), "{report:#}");
}

/// The registry said what the tag stands for; by the time that the nodes pull, it is gone.
#[test]
fn a_digest_that_disappears_is_rolled_back_and_said() {
    let stage = Stage::new();
    stage.create("web", |_| ());
    stage.publish("r.invalid/web:1", 'b');
    stage.broken(&digest('b'), "rejected", "No such image: r.invalid/web:1");
    let (exit, report) = stage.run(&["services", "update"]);
    assert_eq!((exit, outcomes(&report)), (1, vec![("web".to_owned(), "rolled_back".to_owned())]), "{report:#}");
    assert!(text(&report["data"]["updates"][0]["failed_task"]["error"]).contains("No such image"), "{report:#}");
    assert_eq!(running_image(&stage, "web"), [image("web", 'a'), image("web", 'a')]);
}

#[test]
fn a_signal_ends_the_watch_and_the_engine_goes_on() {
    let stage = Stage::new();
    stage.create("web", |_| ());
    stage.create("zeb", |_| ());
    stage.publish("r.invalid/web:1", 'b');
    stage.publish("r.invalid/zeb:1", 'b');
    stage.broken(&format!("web:1@{}", digest('b')), "starting", "");
    let running = stage.begun(&[]);
    running.signal("TERM").unwrap();
    let (exit, report) = ended(&running.end().unwrap());
    assert_eq!((exit, &report["outcome"]), (143, &json!("interrupted")), "{report:#}");
    assert_eq!(outcomes(&report), [("web".to_owned(), "not_proven".to_owned())]);
    assert_eq!(text(&stage.spec("zeb")["TaskTemplate"]["ContainerSpec"]["Image"]), image("zeb", 'a'));
}

#[test]
fn new_credentials_change_nothing_else() {
    let stage = Stage::new();
    stage.create("web", |_| ());
    let (before, tasks) = (stage.spec("web"), stage.cluster().running_ids().unwrap());
    let (exit, report) = stage.run(&["services", "refresh-auth", "web"]);
    assert_eq!(exit, 75, "{report:#}");
    assert!(text(&report["blocked"][0]["reasons"][0]).contains("docker login r.invalid"), "{report:#}");
    std::fs::create_dir(stage.orca.path(".docker")).unwrap();
    let login = json!({"auths": {"r.invalid": {"auth": "dXNlcjpodW50ZXI="}}});
    std::fs::write(stage.orca.path(".docker/config.json"), login.to_string()).unwrap();
    stage.sim.reset_requests().unwrap();
    let ended_run = stage.orca.run(&["services", "refresh-auth", "web"]).unwrap();
    let (exit, report) = ended(&ended_run);
    assert_eq!((exit, &report["actions"][0]["kind"]), (0, &json!("service.auth.set")), "{report:#}");
    let requests = stage.sim.requests().unwrap()["requests"].clone();
    let sent = requests.as_array().unwrap().iter().find(|request| text(&request["path"]).ends_with("/update")).unwrap();
    assert!(!text(&sent["registry_auth"]).is_empty(), "{sent}");
    assert!(!ended_run.stdout.contains(&text(&sent["registry_auth"])) && !ended_run.stdout.contains("hunter"));
    assert_eq!((stage.spec("web"), stage.cluster().running_ids().unwrap()), (before, tasks));
    // An update sends them along.
    stage.publish("r.invalid/web:1", 'b');
    stage.sim.reset_requests().unwrap();
    assert_eq!(stage.run(&["services", "update"]).0, 0);
    let requests = stage.sim.requests().unwrap()["requests"].clone();
    let update =
        requests.as_array().unwrap().iter().find(|request| text(&request["path"]).ends_with("/update")).unwrap();
    assert!(!text(&update["registry_auth"]).is_empty(), "{update}");
}
