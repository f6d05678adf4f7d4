//! The config changes under a running loop, in each of the ways in which files are changed.

use std::os::unix::fs::symlink;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::stage::{QUICK, Stage};

/// A config that puts this label on a node.
fn labelling(label: &str) -> String {
    format!("nodes: {{ node-3: {{ labels: [{label}] }} }}\nwatch:{QUICK}  passes: {{ reconcile: {{ every: 1h }} }}\n")
}

fn labels(stage: &Stage) -> Result<Value> {
    Ok(stage.cluster()?.node("node-3")?["Spec"]["Labels"].clone())
}

#[test]
fn a_new_config_is_noticed_however_it_is_written() -> Result<()> {
    let stage = Stage::new()?;
    let path = |name: &str| stage.orca.path(name);
    // As Kubernetes and Swarm lay it out: the file is a link into a folder that is a link.
    std::fs::create_dir(path("v1"))?;
    std::fs::create_dir(path("v2"))?;
    std::fs::write(path("v1/orca.yml"), labelling("one"))?;
    std::fs::write(path("v2/orca.yml"), labelling("two"))?;
    symlink("v1", path("..data"))?;
    std::fs::remove_file(path("orca.yml"))?;
    symlink("..data/orca.yml", path("orca.yml"))?;
    let watch = stage.watch(&[])?;
    let taken = |label: &str, count: usize| {
        watch.until(&format!("the label `{label}` is set"), |watch| {
            let there = labels(&stage).is_ok_and(|labels| labels[label] == "true");
            there && watch.of("config").iter().filter(|line| line["data"]["state"] == "taken").count() == count
        })
    };
    taken("one", 0)?;
    symlink("v2", path("..new"))?;
    std::fs::rename(path("..new"), path("..data"))?;
    taken("two", 1)?;
    std::fs::write(path("next.yml"), labelling("three"))?;
    std::fs::rename(path("next.yml"), path("orca.yml"))?;
    taken("three", 2)?;
    // Truncated, and written in two goes.
    let text = labelling("four");
    let (first, rest) = text.split_at(30);
    let mut file = std::fs::File::create(path("orca.yml"))?;
    std::io::Write::write_all(&mut file, first.as_bytes())?;
    std::io::Write::write_all(&mut file, rest.as_bytes())?;
    drop(file);
    taken("four", 3)?;
    assert_eq!(watch.of("config").len(), 3, "and nothing was refused");
    Ok(())
}

#[test]
fn a_wrong_config_is_refused_once_and_the_old_one_stays() -> Result<()> {
    let stage = Stage::new()?;
    stage.orca.config(&labelling("good"))?;
    let watch = stage.watch(&[])?;
    watch.begun()?;
    stage.orca.config("nodes: { node-3: { lables: [bad] } }\n")?;
    watch.until("it is refused", |watch| watch.of("config").len() == 1)?;
    let refused = &watch.of("config")[0]["data"];
    assert_eq!(refused["state"], "refused");
    assert_eq!(refused["problems"][0]["line"], 1, "{refused}");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(watch.of("config").len(), 1, "said once");
    // The old one is still what passes go by: an event, and the label is put back.
    let id = stage.cluster()?.node_id("node-3")?;
    stage.sim.engine.edit("nodes", &id, |spec| spec["Labels"] = json!({}))?;
    watch.until("the label is back", |_| labels(&stage).is_ok_and(|labels| labels["good"] == "true"))?;
    // Gone is wrong as well; what is right again is taken.
    std::fs::remove_file(stage.orca.path("orca.yml"))?;
    watch.until("that is refused too", |watch| watch.of("config").len() == 2)?;
    stage.orca.config(&labelling("better"))?;
    watch.until("it is taken", |_| labels(&stage).is_ok_and(|labels| labels["better"] == "true"))?;
    assert_eq!(watch.of("config").last().map(|line| line["data"]["state"].clone()), Some(json!("taken")));
    Ok(())
}

#[test]
fn a_loop_does_not_begin_with_a_wrong_config() -> Result<()> {
    let stage = Stage::new()?;
    for config in
        ["nodes: [", "watch: { passes: { recnocile: {} } }", "watch: { passes: { gc: { cron: '99 * * * *' } } }"]
    {
        stage.orca.config(config)?;
        let ended = stage.orca.run(&["watch", "-o", "json"])?;
        assert_eq!(ended.exit, Some(78), "{ended}");
    }
    Ok(())
}

#[test]
fn a_changed_list_of_passes_is_taken_over() -> Result<()> {
    let stage = Stage::new()?;
    let watch = stage.watch(&[])?;
    watch.begun()?;
    stage.configure("  passes: { reconcile: { every: 1h }, gc: { every: 50ms } }")?;
    watch.until("the new pass runs", |watch| {
        watch.of("report").iter().filter(|line| line["report"]["command"] == "gc").count() >= 2
    })
}

#[test]
fn what_prints_no_report_cannot_be_watched() -> Result<()> {
    let stage = Stage::new()?;
    stage.configure("  passes: { rebalance measure: {} }")?;
    let ended = stage.orca.run(&["watch", "--once", "-o", "json"])?;
    assert!(ended.exit.is_some_and(|code| code != 0), "{ended}");
    assert!(ended.to_string().contains("run it from cron or a systemd timer"), "{ended}");
    Ok(())
}

#[test]
fn events_count_from_the_config_on_that_asks_for_them() -> Result<()> {
    let stage = Stage::new()?;
    stage.configure("  passes: { gc: { every: 1h } }")?;
    let watch = stage.watch(&[])?;
    watch.begun()?;
    stage.configure("  passes: { reconcile: { every: 1h } }")?;
    stage.together()?;
    std::thread::sleep(Duration::from_millis(700));
    stage.displace()?;
    stage.together()
}
