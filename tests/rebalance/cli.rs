//! The command line: exit codes, what is printed, wrong input.

use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::cluster::Cluster;

/// The files of one cluster in a directory of their own.
struct Files {
    dir: tempfile::TempDir,
}

impl Files {
    fn new(cluster: &Cluster) -> Self {
        let files = Self { dir: tempfile::tempdir().unwrap() };
        files.write("snapshot.json", &cluster.snapshot_json().to_string());
        files.write("metrics.json", &cluster.metrics_json().to_string());
        files.write("orca.yml", "rebalance: {metrics: {source: file}}");
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// `orca rebalance plan` with these flags: exit code, stdout, stderr.
    fn plan(&self, flags: &[&str]) -> (i32, String, String) {
        let mut orca = Command::new(assert_cmd::cargo::cargo_bin!("orca"));
        orca.env_clear().arg("--state-dir").arg(self.path("state"));
        orca.arg("-c").arg(self.path("orca.yml")).arg("--snapshot").arg(self.path("snapshot.json"));
        let output = orca.args(["rebalance", "plan"]).args(flags).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    fn report(&self, flags: &[&str]) -> (i32, Value) {
        let metrics = self.path("metrics.json");
        let (code, out, _) = self.plan(&[&["--metrics", metrics.to_str().unwrap(), "-o", "json"], flags].concat());
        (code, serde_json::from_str(&out).unwrap())
    }
}

fn hot() -> Cluster {
    Cluster::default()
        .node("n1", 1000, 50)
        .node("n2", 1000, 50)
        .service("db", &[("n1", 350)])
        .with(|spec| spec["TaskTemplate"]["ContainerSpec"]["Mounts"] = json!([{"Type": "volume", "Source": "data"}]))
        .service("web", &[("n1", 250)])
        .service("api", &[("n1", 220)])
}

#[test]
fn json_is_the_envelope() {
    let files = Files::new(&hot());
    let (code, mut report) = files.report(&["--max-restarts", "1"]);
    assert_eq!(code, 0);
    assert_eq!(files.report(&["--max-restarts", "1", "--detailed-exitcode"]).0, 2);
    assert_eq!(files.report(&["--max-restarts", "0", "--detailed-exitcode", "--unguarded"]).0, 0);
    assert!(!files.path("state").exists(), "plan wrote something");
    report["run"] = json!("-");
    insta::assert_json_snapshot!(report);
}

#[test]
fn text_is_read_in_ten_seconds() {
    let files = Files::new(&hot());
    let metrics = files.path("metrics.json");
    let (code, out, _) = files.plan(&["--metrics", metrics.to_str().unwrap(), "-o", "text", "--unguarded"]);
    assert_eq!(code, 0);
    let lines: Vec<&str> = out.lines().map(str::trim_end).collect();
    let (_, body) = lines.split_last().unwrap();
    insta::assert_snapshot!(body.join("\n"));
}

#[test]
fn without_figures_reservations_are_an_estimate() {
    let mut cluster = hot();
    cluster.services[1]["Spec"]["TaskTemplate"]["Resources"] = json!({"Reservations": {"MemoryBytes": 300_u64 << 20}});
    let files = Files::new(&cluster);
    files.write("orca.yml", "{}");
    let (code, out, _) = files.plan(&["-o", "json", "--unguarded"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["data"]["metrics"]["source"]), (0, &json!("reservations")));
    assert_eq!(report["data"]["metrics"]["estimated"], json!(true));
    assert!(report["data"]["verdict"]["text"].as_str().unwrap().contains("estimated from reservations"));
}

#[test]
fn wrong_input_is_named() {
    let files = Files::new(&hot());
    let metrics = files.path("metrics.json");
    let metrics = metrics.to_str().unwrap();
    files.write("broken.json", "{\"taken_at\": 3}");
    let broken = files.path("broken.json");
    let broken = broken.to_str().unwrap();
    for (flags, code, words) in [
        (vec![], 78, "no file is named"),
        (vec!["--metrics", "/nowhere"], 78, "`/nowhere` is no metrics source, and can't be read as a metrics file"),
        (vec!["--metrics", broken], 78, "is not a metrics file"),
        (vec!["--metrics", metrics, "--empty", "n9"], 64, "no node is called `n9`"),
        (vec!["--metrics", metrics, "--max-restarts", "x"], 64, "invalid value"),
        (vec!["--metrics", metrics, "--target-peak", "120%"], 64, "must be between 0 and 100 %"),
        (vec!["--metrics", metrics, "--target-peak", "50", "--max-restarts", "3"], 64, "cannot be used with"),
        (vec!["--metrics", metrics, "--goal", "count", "--max-restarts", "3"], 64, "no peak to lower"),
    ] {
        let (found, _, err) = files.plan(&flags);
        assert_eq!(found, code, "{flags:?}: {err}");
        assert!(err.contains(words), "{flags:?}: {err}");
    }
}

#[test]
fn too_many_unknown_nodes_are_try_later() {
    let files = Files::new(&hot());
    let mut figures = hot().metrics_json();
    figures["taken_at"] = json!("2026-11-21T06:00:00Z");
    files.write("metrics.json", &figures.to_string());
    let (code, report) = files.report(&[]);
    assert_eq!((code, &report["error"]["kind"]), (75, &json!("refused")));
    assert!(report["error"]["message"].as_str().unwrap().contains("6h apart from the snapshot"), "{report}");
}

#[test]
fn an_evacuation_that_leaves_something_is_try_later() {
    let (code, report) = Files::new(&hot()).report(&["--empty", "n1", "--unguarded"]);
    assert_eq!((code, &report["summary"]["blocked"], &report["data"]["goal"]["met"]), (75, &json!(1), &json!(false)));
}
