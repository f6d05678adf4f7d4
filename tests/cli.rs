//! What a person or a script sees of orca: help, usage errors, reports, text, where each goes, and exit codes.
//!
//! The golden texts are in `tests/snapshots`; `INSTA_UPDATE=always cargo nextest run --test cli` writes them anew.

#[expect(dead_code, reason = "scenarios need all of it, the command line only the processes")]
mod common;

use anyhow::Result;
use serde_json::{Value, json};

use common::orca::{Ended, Orca};
use common::sim::Sim;

/// Everything that has a help text.
const COMMANDS: [&[&str]; 83] = [
    &[],
    &["catalog"],
    &["catalog", "add"],
    &["catalog", "build"],
    &["catalog", "deploy"],
    &["catalog", "edit"],
    &["catalog", "import"],
    &["catalog", "reconcile"],
    &["catalog", "show"],
    &["projects"],
    &[],
    &["init"],
    &["labels"],
    &["labels", "sync"],
    &["anchors"],
    &["anchors", "follow"],
    &["rebalance"],
    &["rebalance", "plan"],
    &["bootstrap"],
    &["gc"],
    &["logs"],
    &["logs", "rotate"],
    &["mods"],
    &["mods", "fetch"],
    &["autoheal"],
    &["exporter"],
    &["exporter", "deploy"],
    &["rebalance", "measure"],
    &["reconcile"],
    &["watch"],
    &["pause"],
    &["resume"],
    &["commands"],
    &["commands", "run"],
    &["health"],
    &["serve"],
    &["services"],
    &["services", "ls"],
    &["services", "ps"],
    &["services", "show"],
    &["services", "diff"],
    &["services", "scale"],
    &["services", "stop"],
    &["services", "start"],
    &["services", "restart"],
    &["services", "rollback"],
    &["services", "logs"],
    &["stacks"],
    &["stacks", "ls"],
    &["stacks", "status"],
    &["stacks", "deploy"],
    &["stacks", "update"],
    &["stacks", "redeploy"],
    &["stacks", "remove"],
    &["stacks", "build"],
    &["stacks", "logs"],
    &["stacks", "restart"],
    &["stacks", "stop"],
    &["stacks", "start"],
    &["stacks", "wait"],
    &["nodes"],
    &["nodes", "ls"],
    &["nodes", "show"],
    &["nodes", "drain"],
    &["nodes", "activate"],
    &["nodes", "pause"],
    &["nodes", "label"],
    &["mcp"],
    &["registry"],
    &["registry", "repos"],
    &["registry", "tags"],
    &["registry", "inspect"],
    &["registry", "rm"],
    &["snapshot"],
    &["history"],
    &["config"],
    &["config", "check"],
    &["config", "show"],
    &["schema"],
    &["sim"],
    &["probe"],
    &["completions"],
    &["man"],
];

const CONFIG: &str = "\
stack: web
nodes:
  node-1: { labels: [ssd] }
  node-2: { labels: { zone: b } }
  node-9: { labels: [ssd] }
dependencies:
  db: [app]
";

fn alone() -> Result<Orca> {
    Orca::new("unix:///nonexistent/docker.sock")
}

/// A cluster in which there is something of everything to report.
fn busy() -> Result<(Sim, Orca)> {
    let sim = Sim::three()?;
    for (name, constraints) in [("web_db", json!(["node.hostname==node-2"])), ("web_app", json!([]))] {
        let spec = json!({"Name": name, "Mode": {"Replicated": {"Replicas": 1}}, "TaskTemplate":
            {"ContainerSpec": {"Image": "127.0.0.1:1/bb:1"}, "Placement": {"Constraints": constraints}}});
        sim.engine.post("/services/create", &spec)?;
    }
    let orca = Orca::new(&sim.engine.host())?;
    orca.config(CONFIG)?;
    Ok((sim, orca))
}

/// A report without what is new in every run.
fn redacted(mut report: Value) -> String {
    for key in ["id", "started", "version"] {
        report["run"][key] = format!("[{key}]").into();
    }
    report["run"]["duration_ms"] = 0.into();
    let rows = report["data"].get_mut("passes").and_then(Value::as_array_mut);
    for pass in rows.into_iter().flatten() {
        pass["run"] = "[run]".into();
        pass["actions"].as_array_mut().into_iter().flatten().for_each(|action| action["duration_ms"] = 0.into());
    }
    report["actions"].as_array_mut().into_iter().flatten().for_each(|action| action["duration_ms"] = 0.into());
    for row in report["data"].get_mut("history").and_then(Value::as_array_mut).into_iter().flatten() {
        row["at"] = "[at]".into();
        row["run"] = "[run]".into();
    }
    serde_json::to_string_pretty(&report).unwrap_or_default()
}

/// Text without blanks at the ends of lines.
fn trimmed(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Text without the one number that differs from run to run.
fn untimed(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once(" (") {
        Some((head, tail)) if tail.ends_with(" ms)") => format!("{head} (N ms)\n"),
        _ => format!("{}\n", line.trim_end()),
    };
    text.lines().map(line).collect()
}

#[test]
fn help() -> Result<()> {
    let orca = alone()?;
    for words in COMMANDS {
        let ended = orca.run(&[words, &["--help"]].concat())?;
        assert_eq!((ended.exit, ended.stderr.as_str()), (Some(0), ""), "{ended}");
        // The global options are the same everywhere.
        let (own, global) = ended.stdout.split_once("Global options:\n").unwrap_or_default();
        assert!(global.contains("--dry-run"), "{ended}");
        let (name, text) = if words.is_empty() { ("orca".to_owned(), &*ended.stdout) } else { (words.join("_"), own) };
        insta::assert_snapshot!(format!("help_{name}"), trimmed(text));
    }
    insta::assert_snapshot!("help_short", trimmed(&orca.run(&["-h"])?.stdout));
    Ok(())
}

#[test]
fn every_command_has_a_golden_help() -> Result<()> {
    let help = alone()?.run(&["--help"])?.stdout;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<_> = listed.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 8, "{help}");
    for name in names {
        assert!(
            name == "help" || COMMANDS.iter().any(|words| words.first() == Some(&name)),
            "`{name}` has no golden help"
        );
    }
    Ok(())
}

#[test]
fn usage_errors_say_nothing_on_stdout() -> Result<()> {
    let orca = alone()?;
    let cases: [&[&str]; 12] = [
        &[],
        &["bogus"],
        &["labels"],
        &["labels", "snyc"],
        &["labels", "sync", "--bogus"],
        &["labels", "sync", "--timeout", "soon"],
        &["labels", "sync", "--max-actions", "-1"],
        &["labels", "sync", "-q", "-v"],
        &["labels", "sync", "--snapshot", "x", "--host", "y"],
        &["schema", "bogus"],
        &["completions", "tcsh"],
        &["sim"],
    ];
    let mut all = String::new();
    for args in cases {
        let ended = orca.run(args)?;
        assert_eq!((ended.exit, ended.stdout.as_str()), (Some(64), ""), "{ended}");
        assert!(!ended.stderr.is_empty(), "{ended}");
        if !args.is_empty() {
            all.extend(["$ orca ", &args.join(" "), "\n", &ended.stderr, "\n"]);
        }
    }
    insta::assert_snapshot!("usage_errors", all);
    Ok(())
}

#[test]
fn a_host_that_is_none_is_a_usage_error() -> Result<()> {
    let orca = alone()?;
    orca.config("{}\n")?;
    for args in [&["-H", "gopher://x"][..], &["--context", "absent"]] {
        let ended = orca.run(&[&["labels", "sync"], args].concat())?;
        assert_eq!((ended.exit, ended.stdout.as_str()), (Some(64), ""), "{ended}");
        assert!(ended.stderr.starts_with("error: "), "{ended}");
    }
    Ok(())
}

#[test]
fn the_report() -> Result<()> {
    let (_sim, orca) = busy()?;
    let ended = orca.run(&["reconcile", "--once"])?;
    assert_eq!(ended.exit, Some(75), "{ended}");
    insta::assert_snapshot!("report_reconcile", redacted(ended.report()?));
    let report = orca.run(&["history"])?.report()?;
    insta::assert_snapshot!("report_history", redacted(report));
    Ok(())
}

#[test]
fn the_report_of_a_failure() -> Result<()> {
    let orca = alone()?;
    orca.config(CONFIG)?;
    let ended = orca.run(&["labels", "sync"])?;
    assert_eq!(ended.exit, Some(69), "{ended}");
    insta::assert_snapshot!("report_absent_engine", redacted(ended.report()?));
    insta::assert_snapshot!("stderr_absent_engine", ended.stderr);
    Ok(())
}

#[test]
fn the_report_is_as_its_schema_says() -> Result<()> {
    let (_sim, orca) = busy()?;
    let schema: Value = serde_json::from_str(&orca.run(&["schema", "report"])?.stdout)?;
    let report = orca.run(&["reconcile", "--once"])?.report()?;
    let names =
        |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let (mut properties, mut present) = (names(&schema["properties"]), names(&report));
    assert_eq!(properties.len(), schema["required"].as_array().map_or(0, Vec::len), "every field is always there");
    properties.sort();
    present.sort();
    assert_eq!(present, properties);
    Ok(())
}

#[test]
fn text() -> Result<()> {
    let (_sim, orca) = busy()?;
    let run = |args: &[&str]| -> Result<String> { Ok(untimed(&orca.run(args)?.stdout)) };
    insta::assert_snapshot!("text_dry_run", run(&["reconcile", "--once", "-n", "-o", "text"])?);
    insta::assert_snapshot!("text_reconcile", run(&["reconcile", "--once", "-o", "text"])?);
    insta::assert_snapshot!("text_unchanged", run(&["labels", "sync", "-o", "text"])?);
    insta::assert_snapshot!("text_config_show", run(&["config", "show", "-o", "text"])?);
    let history = run(&["history", "-o", "text"])?;
    let head = history.lines().next().unwrap_or_default().split_whitespace().collect::<Vec<_>>();
    assert_eq!(head, ["AT", "PASS", "OBJECT", "CHANGE", "WHY", "STATUS"], "{history}");
    assert_eq!(history.lines().count(), 4, "{history}");
    Ok(())
}

#[test]
fn config() -> Result<()> {
    let orca = alone()?;
    orca.config(CONFIG)?;
    let ended = orca.run(&["config", "check"])?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    insta::assert_snapshot!("config_check", redacted(ended.report()?));
    insta::assert_snapshot!("config_show", redacted(orca.run(&["config", "show"])?.report()?));
    orca.config(
        "\
nodes:
  node-1: { lables: [ssd], labels: [db] }
  node-2: { labels: [ssd, ssd] }
  node-2: {}
options: { retry_intervals: [soon], prune_unknown_labels: maybe }
dependencies:
  db: [app]
  cache: [app]
  a: [b]
  b: [a]
",
    )?;
    let ended = orca.run(&["config", "check"])?;
    assert_eq!(ended.exit, Some(78), "{ended}");
    insta::assert_snapshot!("config_check_errors", ended.stderr);
    assert_eq!(ended.report()?["error"]["kind"], "config");
    Ok(())
}

#[test]
fn where_the_config_comes_from() -> Result<()> {
    let orca = alone()?;
    let show = |args: &[&str], variables: &[(&str, &str)]| -> Result<(Ended, String)> {
        let mut command = orca.command(&[&["config", "show", "-o", "text"], args].concat());
        command.env_remove("ORCA_CONFIG").envs(variables.iter().copied());
        let ended = orca.spawn(command)?.end()?;
        let stack = ended.stdout.lines().find(|line| line.starts_with("stack:")).unwrap_or_default().to_owned();
        Ok((ended, stack))
    };
    for name in ["flag", "variable", "older"] {
        std::fs::write(orca.path(&format!("{name}.yml")), format!("stack: {name}\n"))?;
    }
    let (flag, variable, older) = (["-c", "flag.yml"], ("ORCA_CONFIG", "variable.yml"), ("SWARM_FILE", "older.yml"));
    for (args, variables, stack) in
        [(&flag[..], &[variable, older][..], "flag"), (&[], &[variable, older], "variable"), (&[], &[older], "older")]
    {
        let (ended, line) = show(args, variables)?;
        assert!(ended.exit == Some(0) && line.starts_with(&format!("stack: {stack}")), "{ended}");
    }
    Ok(())
}

#[test]
fn no_terminal_means_json_and_no_colour() -> Result<()> {
    let (_sim, orca) = busy()?;
    let ended = orca.run(&["labels", "sync", "-n"])?;
    assert_eq!(ended.report()?["outcome"], "planned");
    assert_eq!(ended.stderr, "warning: `node-9` is not in the swarm: nodes.node-9 (orca.yml:5)\n");
    let mut command = orca.command(&["labels", "sync", "-n"]);
    command.env("ORCA_OUTPUT", "text");
    let ended = orca.spawn(command)?.end()?;
    assert!(ended.stdout.trim_start().starts_with("STATUS") && !ended.stdout.contains('\x1b'), "{ended}");
    Ok(())
}

#[test]
fn colour() -> Result<()> {
    let (_sim, orca) = busy()?;
    let coloured = |args: &[&str], variables: &[(&str, &str)]| -> Result<bool> {
        let mut command = orca.command(&[&["labels", "sync", "-n", "-o", "text"], args].concat());
        command.envs(variables.iter().copied());
        Ok(orca.spawn(command)?.end()?.stdout.contains('\x1b'))
    };
    assert!(!coloured(&[], &[])?);
    assert!(coloured(&["--color", "always"], &[])?);
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")])?, "the flag is nearer than the variable");
    assert!(!coloured(&["--color", "never"], &[])?);
    Ok(())
}

#[test]
fn on_a_terminal() -> Result<()> {
    let (_sim, orca) = busy()?;
    // `script` (util-linux) gives a command a terminal.
    let shown = |variables: &[(&str, &str)]| -> Result<String> {
        let inner = orca.command(&[]);
        let line = format!("{} labels sync -n", env!("CARGO_BIN_EXE_orca"));
        let mut command = std::process::Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).current_dir(orca.folder.path()).env_clear();
        command.envs(inner.get_envs().filter_map(|(key, value)| Some((key, value?))));
        command.envs(variables.iter().copied()).stdin(std::process::Stdio::null());
        Ok(String::from_utf8_lossy(&command.output()?.stdout).into_owned())
    };
    let text = shown(&[])?;
    assert!(text.contains("labels sync planned") && text.contains('\x1b'), "{text}");
    let text = shown(&[("NO_COLOR", "1")])?;
    assert!(text.contains("labels sync planned") && !text.contains("\x1b[3"), "{text}");
    Ok(())
}

#[test]
fn quiet() -> Result<()> {
    let (_sim, orca) = busy()?;
    let ended = orca.run(&["labels", "sync", "-q", "-o", "text", "-n"])?;
    assert_eq!((ended.exit, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""), "{ended}");
    // JSON is what a script asked for; only the words are left out.
    let ended = orca.run(&["labels", "sync", "-q", "-n"])?;
    assert_eq!((ended.report()?["outcome"].as_str(), ended.stderr.as_str()), (Some("planned"), ""), "{ended}");
    let orca = alone()?;
    orca.config("{}\n")?;
    let ended = orca.run(&["labels", "sync", "-q", "-o", "text"])?;
    assert_eq!((ended.exit, ended.stdout.as_str()), (Some(69), ""), "{ended}");
    assert!(ended.stderr.starts_with("error: "), "errors are said: {ended}");
    Ok(())
}

#[test]
fn verbose_goes_to_stderr() -> Result<()> {
    let (_sim, orca) = busy()?;
    let ended = orca.run(&["labels", "sync", "-n", "-v"])?;
    assert!(ended.stderr.contains("/nodes"), "{ended}");
    assert_eq!(ended.report()?["outcome"], "planned");
    let ended = orca.run(&["labels", "sync", "-n", "-v", "--log-format", "json"])?;
    let logged = ended.stderr.lines().filter(|line| line.starts_with('{'));
    let logged: Vec<Value> = logged.map(serde_json::from_str).collect::<Result<_, _>>()?;
    assert!(logged.len() >= 5, "{ended}");
    Ok(())
}

#[test]
fn schema_and_completions() -> Result<()> {
    let orca = alone()?;
    for name in ["config", "report"] {
        let schema: Value = serde_json::from_str(&orca.run(&["schema", name])?.stdout)?;
        assert!(schema["$schema"].is_string() && schema["properties"].is_object(), "{name}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = orca.run(&["completions", shell])?;
        assert!(ended.exit == Some(0) && ended.stdout.contains("ORCA_COMPLETE"), "{ended}");
    }
    assert_eq!(orca.run(&["--version"])?.stdout, format!("orca {}\n", env!("CARGO_PKG_VERSION")));
    Ok(())
}

#[test]
fn a_snapshot_is_planned_against_and_never_written_to() -> Result<()> {
    let (sim, orca) = busy()?;
    let secret = json!({"Name": "web_secret", "Mode": {"Replicated": {"Replicas": 1}}, "TaskTemplate":
        {"ContainerSpec": {"Image": "127.0.0.1:1/bb:1", "Env": ["PASSWORD=hunter2"]}, "Placement": {}}});
    sim.engine.post("/services/create", &secret)?;
    let ended = orca.run(&["snapshot"])?;
    assert_eq!(ended.exit, Some(0), "{ended}");
    assert!(ended.stdout.contains("PASSWORD=") && !ended.stdout.contains("hunter2"), "{ended}");
    std::fs::write(orca.path("cluster.json"), &ended.stdout)?;
    sim.reset_requests()?;
    let live = orca.run(&["reconcile", "--once", "-n"])?.report()?;
    sim.reset_requests()?;
    let mut command = orca.command(&["reconcile", "--once", "--snapshot", "cluster.json"]);
    command.env_remove("DOCKER_HOST");
    let ended = orca.spawn(command)?.end()?;
    let saved = ended.report()?;
    assert_eq!((&saved["outcome"], &saved["actions"]), (&json!("planned"), &live["actions"]), "{ended}");
    assert_eq!(sim.requests()?["total"], 0);
    assert!(!orca.state_dir().exists());
    std::fs::write(orca.path("cluster.json"), "{}")?;
    let ended = orca.run(&["labels", "sync", "--snapshot", "cluster.json"])?;
    assert_eq!((ended.exit, &ended.report()?["error"]["kind"]), (Some(78), &json!("config")), "{ended}");
    Ok(())
}

#[test]
fn a_command_against_a_simulated_copy() -> Result<()> {
    let (sim, orca) = busy()?;
    std::fs::write(orca.path("cluster.json"), orca.run(&["snapshot"])?.stdout)?;
    sim.reset_requests()?;
    let me = env!("CARGO_BIN_EXE_orca");
    let ended = orca.run(&["sim", "--from", "cluster.json", "--", me, "labels", "sync"])?;
    assert_eq!((ended.exit, &ended.report()?["outcome"]), (Some(0), &json!("changed")), "{ended}");
    assert_eq!(sim.requests()?["total"], 0);
    assert_eq!(orca.run(&["sim", "--", me, "labels", "snyc"])?.exit, Some(64));
    Ok(())
}

/// As in `orca -v labels sync 2>&1 | head`, once head has seen enough.
#[test]
fn a_log_that_nobody_reads_ends_nothing() -> Result<()> {
    let (_sim, orca) = busy()?;
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let output = orca.command(&["-v", "labels", "sync"]).stderr(writer).output()?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!((output.status.code(), &report["outcome"]), (Some(0), &json!("changed")), "{report}");
    Ok(())
}
