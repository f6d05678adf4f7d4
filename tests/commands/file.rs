//! The command file: what each entry does, and what becomes of it.

use std::os::unix::fs::PermissionsExt as _;

use anyhow::Result;
use serde_json::{Value, json};

use crate::stage::{CONFIG, Stage};

const ALL: &str = "\
- noop
- relabel_all
- relabel_anchor: db
- 'update_dependents:db'
- pause_dependents:db
- resume_dependents:db
- pause_dependents
- resume_dependents
- remove_all_labels
";

fn outcomes(report: &Value) -> Vec<String> {
    let told = report["data"]["commands"].as_array().unwrap();
    let words = |entry: &Value| {
        let outcome = entry["outcome"].as_str().unwrap_or("-");
        format!(
            "{} {outcome}{}",
            entry["command"].as_str().unwrap(),
            if entry["consumed"] == true { "" } else { " stays" }
        )
    };
    told.iter().map(words).collect()
}

#[test]
fn every_command_does_what_it_says_and_moves_to_done() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    stage.write("c.yml", ALL)?;
    let (ended, report) = stage.run(&["commands", "run", "c.yml"], 0)?;
    let wanted = [
        "noop unchanged",
        "relabel_all changed",
        "relabel_anchor:db unchanged",
        "update_dependents:db changed",
        "pause_dependents:db changed",
        "resume_dependents:db changed",
        "pause_dependents changed",
        "resume_dependents changed",
        "remove_all_labels changed",
    ];
    assert_eq!(outcomes(&report), wanted, "{ended}");
    assert_eq!(report["outcome"], "changed");
    assert_eq!(stage.read("c.yml"), None);
    assert_eq!(stage.read("c.yml.running"), None);
    let done = stage.read("c.yml.done").unwrap();
    // The one that restarts is noted before and after.
    assert_eq!(done.lines().count(), wanted.len() + 1, "{done}");
    assert!(done.contains("- \"update_dependents:db\" # ") && done.contains(" begun\n"), "{done}");
    assert_eq!(stage.forced("web_app")?, 1);
    assert_eq!(stage.forced("web_db")?, 0);
    assert_eq!(stage.label("node-2", "db")?, None);
    assert_eq!(stage.label("node-1", "zone")?.as_deref(), Some("a"), "only labels of anchors go");
    assert_eq!(stage.swarm_labels()?, json!({}));
    // There is nothing left to do, and that is no mistake.
    let (_, report) = stage.run(&["commands", "run", "c.yml"], 0)?;
    assert_eq!((&report["outcome"], &report["warnings"][0]["code"]), (&json!("unchanged"), &json!("no_command_file")));
    assert_eq!(stage.forced("web_app")?, 1);
    Ok(())
}

#[test]
fn nothing_of_a_file_with_a_mistake_is_done() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    let text = "- relabel_all\n- update_dependants:db\n- relabel_anchor\n- update_dependents:dbb\n- noop: 1\n- [x]\n";
    stage.write("c.yml", text)?;
    stage.sim.reset_requests()?;
    let (ended, report) = stage.run(&["commands", "run", "c.yml"], 78)?;
    let causes: Vec<&str> = report["error"]["causes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(causes.len(), 5, "{ended}");
    assert!(
        causes[0].starts_with("c.yml:2:3: unknown command \"update_dependants\" (did you mean \"update_dependents\"?")
    );
    assert!(causes[0].contains("known commands: relabel_all, relabel_anchor, update_dependents"), "{}", causes[0]);
    assert!(causes[1].starts_with("c.yml:3:3: relabel_anchor needs an anchor"), "{}", causes[1]);
    assert!(causes[2].starts_with("c.yml:4:3: no anchor is called \"dbb\" (did you mean \"db\"?)"), "{}", causes[2]);
    assert!(causes[3].starts_with("c.yml:5:3: noop takes nothing"), "{}", causes[3]);
    assert!(causes[4].starts_with("c.yml:6:3: an entry is"), "{}", causes[4]);
    assert_eq!(stage.writes()?, 0);
    assert_eq!(stage.read("c.yml").as_deref(), Some(text));
    assert_eq!(stage.read("c.yml.done"), None);
    Ok(())
}

#[test]
fn a_dry_run_writes_and_consumes_nothing() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    stage.write("c.yml", ALL)?;
    stage.sim.reset_requests()?;
    let (_, report) = stage.run(&["commands", "run", "c.yml", "-n"], 0)?;
    let outcomes = outcomes(&report);
    assert_eq!(outcomes[1], "relabel_all planned stays");
    // It is planned on the swarm as it is: what an entry before would have brought about is not there yet.
    assert_eq!(outcomes[3], "update_dependents:db planned stays");
    assert_eq!(stage.writes()?, 0);
    assert_eq!(stage.read("c.yml").as_deref(), Some(ALL));
    assert_eq!(stage.read("c.yml.done"), None);
    assert!(!stage.orca.state_dir().exists());
    Ok(())
}

#[test]
fn what_could_not_be_tried_stays() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    stage.write("c.yml", "- noop\n- relabel_all\n- update_dependents\n")?;
    stage.sim.admin("/crash", &json!({}))?;
    let (ended, report) = stage.run(&["commands", "run", "c.yml"], 69)?;
    let wanted = ["noop unchanged", "relabel_all failed stays", "update_dependents - stays"];
    assert_eq!(outcomes(&report), wanted, "{ended}");
    assert_eq!(stage.read("c.yml").as_deref(), Some("- \"relabel_all\"\n- \"update_dependents\"\n"));
    stage.sim.engine.ask("DELETE", "/_sim/crash", None)?;
    // What a killed run has left is done first, and what is new after it.
    std::fs::rename(stage.orca.path("c.yml"), stage.orca.path("c.yml.running"))?;
    stage.write("c.yml", "- noop\n")?;
    let (_, report) = stage.run(&["commands", "run", "c.yml"], 0)?;
    assert_eq!(outcomes(&report), ["relabel_all changed", "update_dependents changed", "noop unchanged"]);
    assert_eq!((stage.read("c.yml"), stage.read("c.yml.running")), (None, None));
    assert_eq!(stage.forced("web_app")?, 1);
    Ok(())
}

#[test]
fn a_restart_that_was_certainly_not_begun_stays() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    stage.run(&["reconcile", "--once"], 0)?;
    stage.write("c.yml", "- update_dependents\n- noop\n")?;
    let before = stage.forced("web_app")?;
    // Another orca is at it.
    let held = std::fs::read_dir(stage.orca.state_dir())?.map(|found| Ok(found?.path())).collect::<Result<Vec<_>>>()?;
    let held: Vec<_> = held.iter().filter(|path| path.extension().is_some_and(|end| end == "lock")).collect();
    let held = held.into_iter().map(std::fs::File::open).collect::<Result<Vec<_>, _>>()?;
    assert!(!held.is_empty());
    held.iter().try_for_each(std::fs::File::lock)?;
    let (ended, report) = stage.run(&["commands", "run", "c.yml"], 75)?;
    assert_eq!(outcomes(&report), ["update_dependents failed stays", "noop - stays"], "{ended}");
    assert_eq!(stage.read("c.yml").as_deref(), Some("- \"update_dependents\"\n- \"noop\"\n"));
    assert_eq!((stage.read("c.yml.running"), stage.forced("web_app")?), (None, before));
    drop(held);
    let (_, report) = stage.run(&["commands", "run", "c.yml"], 0)?;
    assert_eq!(outcomes(&report), ["update_dependents changed", "noop unchanged"]);
    assert_eq!(stage.forced("web_app")?, before + 1);
    Ok(())
}

/// The answer to the restart never comes: whether it was made is not known, so it is not made again.
#[test]
fn a_restart_is_made_at_most_once() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    stage.run(&["reconcile", "--once"], 0)?;
    stage.write("c.yml", "- update_dependents\n- noop\n")?;
    stage.sim.admin("/fault", &json!({"kind": "silence", "method": "POST", "path": "/services/", "times": 1}))?;
    let orca = stage.orca.start(&["commands", "run", "c.yml"])?;
    crate::common::poll::until("the restart is begun", || {
        let left = stage.read("c.yml.running").unwrap_or_default();
        Ok(if left == "- \"noop\"\n" { Vec::new() } else { vec![left] })
    })?;
    orca.signal("KILL")?;
    orca.end()?;
    assert!(stage.read("c.yml.done").unwrap().ends_with(" begun\n"));
    let before = stage.forced("web_app")?;
    let (_, report) = stage.run(&["commands", "run", "c.yml"], 0)?;
    assert_eq!(outcomes(&report), ["noop unchanged"]);
    assert_eq!(stage.forced("web_app")?, before);
    Ok(())
}

#[test]
fn paused_entries_are_refused_and_a_file_that_all_can_write_is_not_obeyed() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    stage.run(&["pause"], 0)?;
    stage.write("c.yml", "- update_dependents\n- remove_all_labels\n- relabel_all\n")?;
    let (_, report) = stage.run(&["commands", "run", "c.yml"], 75)?;
    assert_eq!(report["summary"]["done"], 0);
    assert_eq!(outcomes(&report)[2], "relabel_all blocked");
    assert_eq!(report["warnings"].as_array().unwrap().iter().filter(|w| w["code"] == "paused").count(), 1);
    stage.write("d.yml", "- resume_dependents\n")?;
    std::fs::set_permissions(stage.orca.path("d.yml"), std::fs::Permissions::from_mode(0o666))?;
    let (_, report) = stage.run(&["commands", "run", "d.yml"], 75)?;
    assert_eq!(report["error"]["hint"], "take that from it: chmod o-w d.yml");
    assert_ne!(stage.swarm_labels()?, json!({}));
    Ok(())
}

#[test]
fn only_the_leader_acts_where_that_is_wanted() -> Result<()> {
    let stage = Stage::new(CONFIG)?;
    stage.sim.admin("/leader", &json!({"name": "node-2"}))?;
    stage.write("c.yml", "- relabel_all\n")?;
    let (_, report) = stage.run(&["commands", "run", "c.yml", "--leader-only"], 0)?;
    assert_eq!(report["outcome"], "skipped");
    assert_eq!(outcomes(&report), ["relabel_all - stays"]);
    assert_eq!(stage.read("c.yml").as_deref(), Some("- relabel_all\n"));
    Ok(())
}
