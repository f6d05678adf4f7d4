//! The commands against simulated engines: which nodes they reach, what fails alone, and what is refused.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::Command as Orca;
use serde_json::Value;

/// A simulated swarm of three nodes, of which only the first has an engine.
struct Sim {
    dir: tempfile::TempDir,
    process: Child,
}

impl Sim {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_orca"));
        command.args(["sim", "--nodes", "3", "--listen"]).arg(dir.path().join("sock")).stdout(Stdio::null());
        let process = command.spawn().unwrap();
        let sim = Self { dir, process };
        let started = Instant::now();
        while !sim.dir.path().join("sock").exists() {
            assert!(started.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(10));
        }
        sim
    }

    fn host(&self) -> String {
        format!("unix://{}", self.dir.path().join("sock").display())
    }

    fn orca(&self, host: &str, config: &str, args: &[&str]) -> (i32, Value, String) {
        let file = self.dir.path().join("orca.yml");
        std::fs::write(&file, config).unwrap();
        run(self.dir.path(), &[&["-H", host, "-c", file.to_str().unwrap(), "-o", "json"], args].concat())
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(dir: &Path, args: &[&str]) -> (i32, Value, String) {
    let mut orca = Orca::new(assert_cmd::cargo::cargo_bin!("orca"));
    let output = orca.env_clear().arg("--state-dir").arg(dir.join("state")).args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), report, text(&output.stderr))
}

#[test]
fn a_node_that_cant_be_reached_fails_alone() {
    let sim = Sim::start();
    let config = "nodes: {n2: {host: 'unix:///nonexistent/sock'}, n3: {host: 'nonsense://x'}}";
    for command in ["gc", "autoheal"] {
        let (exit, report, _) = sim.orca(&sim.host(), config, &[command, "--all-nodes"]);
        let message = report["error"]["message"].as_str().unwrap();
        assert_eq!((exit, report["outcome"].as_str()), (1, Some("failed")), "{report:#}");
        for part in ["2 of 3 nodes failed", "`n2`", "/nonexistent/sock (nodes.n2.host)", "`n3`", "unknown scheme"] {
            assert!(message.contains(part), "{command}: {part}: {message}");
        }
    }
    let (_, report, _) = sim.orca(&sim.host(), config, &["gc", "-n", "--all-nodes"]);
    let errors: Vec<bool> =
        report["data"]["nodes"].as_array().unwrap().iter().map(|node| node["error"].is_null()).collect();
    assert_eq!(errors, [true, false, false], "{report:#}");
    let (exit, report, _) = sim.orca(&sim.host(), config, &["gc", "--node", "n1"]);
    assert_eq!((exit, report["outcome"].as_str()), (0, Some("unchanged")), "{report:#}");
}

#[test]
fn an_engine_that_is_another_node_is_left_alone() {
    let sim = Sim::start();
    // The socket of n1 is given as that of n2.
    let config = format!("nodes: {{n2: {{host: '{}'}}}}", sim.host());
    let (exit, report, _) = sim.orca(&sim.host(), &config, &["gc", "--node", "n2"]);
    let message = report["error"]["message"].as_str().unwrap();
    assert!(exit == 1 && message.contains("the engine that answers is `n1`"), "{message}");
}

#[test]
fn a_manager_that_cant_be_asked_leaves_everything_unknown() {
    let here = Sim::start();
    let (exit, report, _) = here.orca(&here.host(), "{}", &["gc", "--manager", "unix:///nonexistent/sock"]);
    assert_eq!((exit, report["outcome"].as_str()), (75, Some("blocked")), "{report:#}");
    let reason = report["blocked"][0]["reasons"][0].as_str().unwrap();
    assert!(reason.contains("what the cluster needs is not known"), "{reason}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let sim = Sim::start();
    for (args, exit, says) in [
        (vec!["gc", "--node", "nosuch"], 1, "the swarm has no node `nosuch`"),
        (vec!["gc", "--node", "n1", "--all-nodes"], 64, "cannot be used with"),
        (vec!["gc", "--when-disk-above", "120%"], 64, "between 0 and 100"),
        (vec!["gc", "--grace", "soon"], 64, "invalid value"),
        (vec!["gc", "--parallel", "0"], 64, "invalid value"),
        (vec!["autoheal", "--only", "everything"], 64, "invalid value"),
    ] {
        let (code, _, stderr) = sim.orca(&sim.host(), "{}", &args);
        assert!(code == exit && stderr.contains(says), "{args:?}: {code}: {stderr}");
    }
    let dir = tempfile::tempdir().unwrap();
    let (code, _, stderr) = run(dir.path(), &["--snapshot", "x.json", "gc"]);
    assert!(code == 64 && stderr.contains("looks at nodes themselves"), "{code}: {stderr}");
}

#[test]
fn works_without_a_config_and_by_orcastras_variables() {
    let sim = Sim::start();
    let mut orca = Orca::new(assert_cmd::cargo::cargo_bin!("orca"));
    orca.env_clear().args(["-H", &sim.host(), "-o", "json", "--state-dir"]).arg(sim.dir.path().join("state"));
    let output = orca.envs([("GC_DRY_RUN", "1"), ("GC_GRACE_PERIOD_SECONDS", "x")]).arg("gc").output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(78), "{report:#}");
    let problem = report["data"]["problems"][0]["message"].as_str().unwrap();
    assert!(problem.contains("must be a duration"), "{problem}");
    let mut orca = Orca::new(assert_cmd::cargo::cargo_bin!("orca"));
    orca.env_clear().args(["-H", &sim.host(), "-o", "json", "--state-dir"]).arg(sim.dir.path().join("state"));
    let output = orca.envs([("GC_DRY_RUN", "1"), ("GC_CLEAN_UP_VOLUMES", "1")]).arg("gc").output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), report["run"]["dry_run"].as_bool()), (Some(0), Some(true)), "{report:#}");
    assert!(!sim.dir.path().join("state").exists(), "a dry run writes nothing");
}
