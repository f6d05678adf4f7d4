//! `orca init`: what it finds, asks, takes over, writes and leaves alone.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::{Value, json};

use super::fixture::{node, service, snapshot, task};
use crate::common::orca::{Ended, Orca};

/// Two managers, a worker, a stack whose services follow its database, another stack, and a registry.
fn shop() -> Value {
    let manager = |name: &str, leader: bool| {
        node(name, |node| {
            node["Spec"]["Role"] = "manager".into();
            node["Status"]["Addr"] = "0.0.0.0".into();
            node["ManagerStatus"] = json!({"Leader": leader, "Reachability": "reachable", "Addr": "10.0.0.1:2377"});
        })
    };
    let nodes = [
        manager("n1", false),
        manager("n2", true),
        node("n3", |node| {
            node["Spec"]["Labels"] =
                json!({"rack": "north", "ssd": "true", "db": "true", "orca.labels": "rack", "on": "no"});
        }),
        node("n3", |node| {
            node["ID"] = "id-ghost".into();
            node["Status"]["State"] = "down".into();
        }),
    ];
    let of = |stack: &str, short: &str, constraint: &str| {
        service(&format!("{stack}_{short}"), 1, |service| {
            service["Spec"]["Labels"] = json!({"com.docker.stack.namespace": stack});
            service["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] = format!("reg.lan:5000/{short}:1").into();
            if !constraint.is_empty() {
                service["Spec"]["TaskTemplate"]["Placement"] = json!({"Constraints": [constraint]});
            }
        })
    };
    let services = [
        of("mail", "postgres", ""),
        of("mail", "imap", ""),
        of("shop", "db", ""),
        of("shop", "web", "node.labels.db==true"),
        of("shop", "worker", "node.labels.db == true"),
        service("plain", 1, |_| ()),
    ];
    let tasks = [task("shop_db", 1, "n3", "running", |_| ())];
    let mut snapshot = snapshot(&nodes, &services, &tasks);
    snapshot["info"]["RegistryConfig"] = json!({"IndexConfigs": {"reg.lan:5000": {"Secure": false}}});
    snapshot
}

/// A folder with a snapshot file in it.
fn desk() -> Orca {
    let orca = Orca::new("unix:///nowhere.sock").unwrap();
    std::fs::write(orca.path("s.json"), shop().to_string()).unwrap();
    orca
}

fn run(orca: &Orca, args: &[&str]) -> Ended {
    orca.run(&[&["--snapshot", "s.json", "init"], args].concat()).unwrap()
}

/// What is in a file, without the name of this test's folder.
fn text(orca: &Orca, name: &str) -> String {
    let text = std::fs::read_to_string(orca.path(name)).unwrap();
    let text = text.replace(&orca.folder.path().canonicalize().unwrap().display().to_string(), "/here");
    text.replace(&orca.folder.path().display().to_string(), "/here")
        .replace(env!("CARGO_BIN_EXE_orca"), "/usr/bin/orca")
}

fn files(orca: &Orca) -> Vec<String> {
    let there = ["orca.yml", ".env", ".mcp.json"].into_iter().filter(|name| orca.path(name).exists());
    there.map(str::to_owned).collect()
}

#[test]
fn without_a_terminal_what_is_found_is_taken_and_said() {
    let orca = desk();
    std::fs::create_dir(orca.path("services")).unwrap();
    let ended = run(&orca, &[]);
    assert_eq!(ended.exit, Some(0), "{ended}");
    let answers = &ended.report().unwrap()["data"]["answers"];
    assert_eq!(answers[0], json!({"answer": "leader", "value": "n2", "from": "it leads the swarm"}));
    assert_eq!(answers[2], json!({"answer": "stack", "value": "shop", "from": "3 of 6 services are of it"}));
    assert_eq!(answers[3]["from"], "images of 5 of 6 services are from it");
    insta::assert_snapshot!(
        "init_files",
        ["orca.yml", ".env", ".mcp.json"].map(|name| format!("== {name}\n{}", text(&orca, name))).join("\n")
    );
    for (name, mode) in [("orca.yml", 0o644), (".env", 0o600), (".mcp.json", 0o644)] {
        let found = std::fs::metadata(orca.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{name}");
    }

    // The config is valid, and what it says is so.
    let checked = orca.run(&["config", "check"]).unwrap();
    assert_eq!(checked.exit, Some(0), "{checked}");
    let passed = orca.run(&["--snapshot", "s.json", "reconcile", "--once"]).unwrap();
    assert_eq!(passed.report().unwrap()["summary"]["planned"], 0, "{passed}");

    // The second time there is nothing to do.
    let again = run(&orca, &[]);
    assert_eq!((again.exit, &again.report().unwrap()["summary"]["unchanged"]), (Some(0), &json!(3)), "{again}");
}

#[test]
fn questions_are_asked_one_a_line() {
    let orca = desk();
    let mut command = orca.command(&["--snapshot", "s.json", "-o", "text", "init", "--ask", "--projects", "none"]);
    command.stdin(Stdio::piped());
    let mut running = orca.spawn(command).unwrap();
    let mut stdin = running.child.stdin.take().unwrap();
    // leader (wrong, right), address, stack, registry, exporter (wrong, right), definitions, programs, confirm.
    stdin.write_all(b"n9\nn1\n\nmail\nnone\nperhaps\ndeploy\ndefs\nyes\n\n").unwrap();
    drop(stdin);
    let ended = running.end().unwrap();
    assert_eq!(ended.exit, Some(0), "{ended}");
    let said = ended.stderr.replace(&orca.folder.path().display().to_string(), "/here").replace("]: ", "]:\n");
    insta::assert_snapshot!("init_questions", said);
    let config = text(&orca, "orca.yml");
    for part in ["leader: n1\n", "stack: mail\n", "exporter:\n  port: 9100\n", "definitions: /here/defs\n"] {
        assert!(config.contains(part), "{part} in {config}");
    }
    assert!(!config.contains("\nregistry:"), "{config}");
    assert!(text(&orca, ".mcp.json").contains("--allow-write"));
}

#[test]
fn nothing_is_written_without_all_answers_or_in_a_rehearsal() {
    let orca = desk();
    for (lines, exit) in [("n1\n", 75), ("n9\nn9\nn9\n", 75), ("\n\n\n\n\n\n\n\nno\n", 75)] {
        let mut command = orca.command(&["--snapshot", "s.json", "init", "--ask"]);
        command.stdin(Stdio::piped());
        let mut running = orca.spawn(command).unwrap();
        running.child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let ended = running.end().unwrap();
        assert_eq!((ended.exit, files(&orca)), (Some(exit), vec![]), "{ended}");
    }
    let rehearsed = run(&orca, &["-n"]);
    assert_eq!((rehearsed.exit, files(&orca)), (Some(0), vec![]), "{rehearsed}");
    assert_eq!(rehearsed.report().unwrap()["summary"]["planned"], 3);
    for (args, exit) in [
        (&["--leader", "n9"][..], 64),
        (&["--registry", "no registry"], 64),
        (&["--stack", "a\nb"], 64),
        (&["--exporter", "some"], 64),
        (&["--dir", "nowhere"], 64),
        (&["--from", "nowhere.yml"], 78),
    ] {
        let ended = run(&orca, args);
        assert_eq!((ended.exit, files(&orca)), (Some(exit), vec![]), "{ended}");
    }
    // An engine that is away: nothing is known.
    let ended = orca.run(&["init"]).unwrap();
    assert_eq!((ended.exit, files(&orca)), (Some(69), vec![]), "{ended}");
}

#[test]
fn what_is_there_stays_unless_forced_and_foreign_lines_even_then() {
    let orca = desk();
    let env = "# mine\nPASSWORD=hunter2\nORCA_CONFIG=/elsewhere\n";
    let mcp = r#"{"other": 1, "mcpServers": {"files": {"command": "files", "env": {"API_TOKEN": "hunter3"}}}}"#;
    std::fs::write(orca.path(".env"), env).unwrap();
    std::fs::write(orca.path(".mcp.json"), mcp).unwrap();
    std::fs::write(orca.path("orca.yml"), "notify: { webhook: { url: https://hooks.lan/hunter4 } }\nstack: old\n")
        .unwrap();
    std::fs::set_permissions(orca.path("orca.yml"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let refused = run(&orca, &[]);
    assert_eq!(refused.exit, Some(75), "{refused}");
    assert_eq!(refused.report().unwrap()["blocked"].as_array().unwrap().len(), 3);
    assert_eq!((text(&orca, ".env"), text(&orca, ".mcp.json")), (env.to_owned(), mcp.to_owned()));
    let shown = refused.report().unwrap()["data"]["differences"].to_string();
    assert!(shown.contains("- ORCA_CONFIG=/elsewhere") && shown.contains("- stack: old"), "{shown}");
    assert!(!format!("{refused}").contains("hunter"), "{refused}");

    let forced = run(&orca, &["--force"]);
    assert_eq!(forced.exit, Some(0), "{forced}");
    assert!(!format!("{forced}").contains("hunter"), "{forced}");
    let env = text(&orca, ".env");
    assert!(env.starts_with("# mine\nPASSWORD=hunter2\nORCA_CONFIG=/here/orca.yml\n"), "{env}");
    let mcp: Value = serde_json::from_str(&text(&orca, ".mcp.json")).unwrap();
    assert_eq!((&mcp["other"], &mcp["mcpServers"]["files"]["command"]), (&json!(1), &json!("files")));
    assert_eq!(mcp["mcpServers"]["orca"]["command"], "/usr/bin/orca");
    assert!(text(&orca, "orca.yml").contains("stack: shop"));
    let mode = std::fs::metadata(orca.path("orca.yml")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "it may have had its reason");

    // What is no such file is not guessed at.
    std::fs::write(orca.path(".mcp.json"), "[]").unwrap();
    let ended = run(&orca, &["--force"]);
    assert_eq!((ended.exit, text(&orca, ".mcp.json")), (Some(75), "[]".to_owned()), "{ended}");
}

#[test]
fn orcastras_file_is_taken_over_as_it_is() {
    let orca = desk();
    let older = std::fs::read_to_string("examples/orcastra/swarm.yml").unwrap();
    std::fs::write(orca.path("swarm.yml"), &older).unwrap();
    let ended = run(&orca, &["--from", "swarm.yml"]);
    assert_eq!(ended.exit, Some(0), "{ended}");
    let config = text(&orca, "orca.yml");
    assert!(config.contains(older.trim_end()), "{config}");
    assert_eq!(config.matches("\nnodes:").count(), 1);
    assert!(config.contains("\nregistry:\n  default: \"reg.lan:5000\"\n"), "{config}");
    assert_eq!(orca.run(&["config", "check"]).unwrap().exit, Some(0));

    // One with a mistake is left to its owner.
    let orca = desk();
    std::fs::write(orca.path("swarm.yml"), "nodes: [a\n").unwrap();
    let ended = run(&orca, &["--from", "swarm.yml"]);
    assert_eq!(ended.exit, Some(0), "{ended}");
    assert_eq!(ended.report().unwrap()["warnings"][0]["code"], "not_taken_over", "{ended}");
    assert!(text(&orca, "orca.yml").contains("leader: n2\n"));
}

#[test]
fn what_not_all_readers_of_the_variables_read_alike_is_not_written() {
    let orca = desk();
    let folder = orca.path("my folder");
    std::fs::create_dir(&folder).unwrap();
    let ended = run(&orca, &["--yes", "--dir", "my folder"]);
    let report = ended.report().unwrap();
    assert_eq!(ended.exit, Some(75), "{ended}");
    let why = report["blocked"].to_string();
    assert!(why.contains(".env#write") && why.contains("ORCA_CONFIG has a ' ' in it"), "{why}");
    let there = [".env", ".mcp.json", "orca.yml"].map(|name| folder.join(name).exists());
    assert_eq!(there, [false, true, true], "the others are written");
    // What is written is the same to a shell and to whoever takes nothing off a value.
    let plain = orca.path("a+b@c,d=e");
    std::fs::create_dir(&plain).unwrap();
    assert_eq!(run(&orca, &["--yes", "--dir", "a+b@c,d=e"]).exit, Some(0));
    let text = std::fs::read_to_string(plain.join(".env")).unwrap();
    let raw: Vec<(&str, &str)> =
        text.lines().filter_map(|line| line.split_once('=')).filter(|(key, _)| !key.starts_with('#')).collect();
    assert!(raw.iter().any(|(key, _)| *key == "ORCA_CONFIG"), "{text}");
    for (key, value) in raw {
        let script = format!("set -a; . ./.env; printf %s \"${key}\"");
        let shell = std::process::Command::new("sh").args(["-c", &script]).current_dir(&plain).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&shell.stdout), value);
    }
}
