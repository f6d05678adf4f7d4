//! The man pages name every key that reports have under `data`.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::{none_of, root};

/// Commands whose reports can be had on the simulated swarm.
const COMMANDS: [&str; 15] = [
    "labels sync",
    "anchors follow",
    "rebalance plan --metrics memory.json --max-restarts 1 --unguarded",
    "rebalance apply --metrics memory.json --max-restarts 1 --unguarded --settle 0s",
    "rebalance recover",
    "bootstrap -n",
    "gc -n",
    "autoheal",
    "exporter deploy -n --file-sd targets.json",
    "logs rotate -n",
    "mods fetch -n -c mods.yml --dest /tmp/none",
    "reconcile --once",
    "history",
    "config check",
    "config show",
];

#[test]
fn man_pages_name_what_is_under_data() {
    let setup = "echo 'mods: { docker_mods: true }' >mods.yml\n".to_owned();
    let call = |command: &&str| format!("orca {command} -o json 2>/dev/null\n");
    let script = setup + &COMMANDS.iter().map(call).collect::<String>();
    let mut command = Command::new("scripts/try");
    command.args(["bash", "-c", &script]).current_dir(root()).env("ORCA", env!("CARGO_BIN_EXE_orca"));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let reports = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    let reports: Vec<Value> = reports.map(Result::unwrap).collect();
    assert_eq!(reports.len(), COMMANDS.len(), "not every command has one report");
    let (mut seen, mut problems) = (0, Vec::new());
    for (report, command) in reports.iter().zip(COMMANDS) {
        let name = report["command"].as_str().unwrap();
        assert!(command.starts_with(name), "{name} is no report of {command}");
        let words: Vec<&str> = command.split(' ').take_while(|word| !word.starts_with('-')).collect();
        let page = root().join(format!("man/orca-{}.1", words.join("-")));
        let page = std::fs::read_to_string(page).unwrap();
        let section = page.split(".SH JSON").nth(1).unwrap().split(".SH ").next().unwrap();
        let section = section.replace("\\fB", " ").replace("\\fR", " ");
        let named: Vec<&str> = section.split(|c: char| !c.is_ascii_lowercase() && c != '_').collect();
        let keys: Vec<&String> = report["data"].as_object().unwrap().keys().collect();
        seen += keys.len();
        let missing = keys.into_iter().filter(|key| !named.contains(&key.as_str()));
        problems
            .extend(missing.map(|key| format!("the man page of orca {} says nothing of data.{key}", words.join(" "))));
    }
    none_of(&problems);
    assert!(seen > 40, "only {seen} keys were seen");
}
