//! `exporter deploy --via ssh` with a shell in place of ssh and of systemd: which scripts come over, what they leave on a
//! disk, and what is refused. The unit itself is shown to systemd, where that is installed.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::metrics::{Server, exposition};

/// Runs here what would be run there, below a folder of its own.
const SSH: &str = r#"#!/bin/sh
echo "ssh $*" >>"$ROOT/log"
for last; do :; done
case " $* " in *" -- unknown "*) echo 'Host key verification failed.' >&2; exit 255 ;; esac
inside() { sed "s#/etc/systemd/system#$ROOT/units#g; s#/usr/local/lib/orca#$ROOT/lib#g"; }
command=$(printf %s "$last" | inside)
case $last in
  *"sh -s") inside | PATH="$ROOT/bin:$PATH" sh -s ;;
  *) PATH="$ROOT/bin:$PATH" sh -c "$command" ;;
esac
"#;

/// Remembers what is active and enabled.
const SYSTEMCTL: &str = r#"#!/bin/sh
echo "systemctl $*" >>"$ROOT/log"
case $1 in
  is-active) cat "$ROOT/active" 2>/dev/null || { echo inactive; exit 3; } ;;
  is-enabled) cat "$ROOT/enabled" 2>/dev/null || { echo disabled; exit 1; } ;;
  enable) echo enabled >"$ROOT/enabled" ;;
  start | restart) echo active >"$ROOT/active" ;;
  show) [ -e "$ROOT/reload" ] && echo NeedDaemonReload=yes || echo NeedDaemonReload=no ;;
  daemon-reload) rm -f "$ROOT/reload" ;;
esac
"#;

struct Machine {
    dir: tempfile::TempDir,
    exporter: Server,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { dir: tempfile::tempdir().unwrap(), exporter: Server::start() };
        for folder in ["bin", "units", "ssh"] {
            std::fs::create_dir(machine.path(folder)).unwrap();
        }
        machine.script("ssh/ssh", SSH);
        machine.script("bin/systemctl", SYSTEMCTL);
        machine.script("bin/uname", "#!/bin/sh\necho pve-1\n");
        machine.script("node_exporter", "#!/bin/sh\n");
        machine.exporter.text("/metrics", exposition("pve-1", 64.0, 32.0));
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn script(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn unit(&self) -> String {
        std::fs::read_to_string(self.path("units/orca-node-exporter.service")).unwrap()
    }

    /// What ssh and systemd were told since this was last asked.
    fn log(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        let _ = std::fs::remove_file(self.path("log"));
        text.lines().map(str::to_owned).collect()
    }

    fn config(&self, ssh: &str) -> String {
        let path = self.path("node_exporter");
        format!(
            "exporter: {{ args: ['--x=a b%$'], ssh: {{ path: '{}' {ssh} }} }}\nrebalance: {{ metrics: {{ timeout: 1s, \
             node_map: {{ vm-1: pve-1, vm-2: pve-1 }}, node_exporter_nodes: {{ pve-1: {{ exporter_url: '{}' }} }} }} }}",
            path.display(),
            self.exporter.url("")
        )
    }

    fn orca(&self, config: &str, args: &[&str]) -> (i32, Value) {
        std::fs::write(self.path("orca.yml"), config).unwrap();
        let path = format!("{}:{}", self.path("ssh").display(), std::env::var("PATH").unwrap());
        let mut orca = Command::new(env!("CARGO_BIN_EXE_orca"));
        orca.env_clear().env("PATH", path).env("ROOT", self.dir.path()).arg("-c").arg(self.path("orca.yml"));
        orca.arg("--state-dir")
            .arg(self.path("state"))
            .args(["-o", "json", "exporter", "deploy", "--via", "ssh"])
            .args(args);
        let output = orca.stdin(Stdio::null()).stderr(Stdio::null()).output().unwrap();
        (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap_or_default())
    }
}

fn kinds(report: &Value) -> Vec<&str> {
    report["actions"].as_array().unwrap().iter().map(|action| action["kind"].as_str().unwrap()).collect()
}

#[test]
fn a_unit_is_written_once_and_put_right_when_it_drifts() {
    let machine = Machine::new();
    let config = machine.config("");
    let (exit, report) = machine.orca(&config, &["-n"]);
    assert_eq!((exit, kinds(&report)), (0, vec!["host.unit.set"]), "{report:#}");
    assert!(std::fs::read_dir(machine.path("units")).unwrap().next().is_none(), "a dry run writes nothing");
    assert!(!machine.path("state").exists());
    machine.log();

    let file = machine.path("targets.json");
    let (exit, report) = machine.orca(&config, &["--file-sd", file.to_str().unwrap()]);
    assert_eq!((exit, report["outcome"].as_str()), (0, Some("changed")), "{report:#}");
    assert_eq!(report["data"]["targets"][0]["state"], "up");
    let log = machine.log();
    let told: Vec<&str> = log.iter().map(String::as_str).filter(|line| line.starts_with("systemctl ")).collect();
    let [.., reload, enable, restart] = told.as_slice() else { panic!("{told:?}") };
    assert!(reload.contains("daemon-reload") && enable.contains("enable orca-") && restart.contains("restart orca-"));
    for line in log.iter().filter(|line| line.starts_with("ssh ")) {
        assert!(line.contains("StrictHostKeyChecking=yes") && line.ends_with("-- 127.0.0.1 sh -s"), "{line}");
    }
    let targets: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let labels = serde_json::json!({"node": "pve-1", "hosts_nodes": "vm-1,vm-2"});
    assert_eq!(targets, serde_json::json!([{"targets": [machine.exporter.address.to_string()], "labels": labels}]));

    let (exit, report) = machine.orca(&config, &[]);
    assert_eq!((exit, report["outcome"].as_str()), (0, Some("unchanged")), "{report:#}");
    let restarts = |log: Vec<String>| log.iter().filter(|line| line.contains("start orca-")).count();
    assert_eq!(restarts(machine.log()), 0, "nothing is restarted for nothing");

    let written = machine.unit();
    std::fs::write(machine.path("units/orca-node-exporter.service"), format!("{written}# by hand\n")).unwrap();
    let (exit, report) = machine.orca(&config, &[]);
    assert_eq!((exit, kinds(&report), machine.unit()), (0, vec!["host.unit.set"], written), "{report:#}");

    // Stopped, or not started after a boot: only that is mended.
    std::fs::write(machine.path("active"), "failed\n").unwrap();
    machine.log();
    let (_, report) = machine.orca(&config, &[]);
    assert_eq!((kinds(&report), restarts(machine.log())), (vec!["host.unit.start"], 1), "{report:#}");
    std::fs::write(machine.path("enabled"), "disabled\n").unwrap();
    let (_, report) = machine.orca(&config, &[]);
    assert_eq!((kinds(&report), report["actions"][0]["disruptive"].as_bool()), (vec!["host.unit.start"], Some(false)));
    assert_eq!(machine.log().iter().filter(|line| line.contains(" restart ")).count(), 0);
    std::fs::write(machine.path("reload"), "").unwrap();
    let (_, report) = machine.orca(&config, &[]);
    assert_eq!(report["actions"][0]["reason"], "what runs is not what is on the disk");
    assert_eq!(machine.orca(&config, &[]).1["outcome"], "unchanged");
}

#[test]
fn a_program_is_sent_once_with_the_sum_that_it_must_have() {
    let machine = Machine::new();
    let program = b"\x7fELF\x00 a program, '$(touch /tmp/x)'\n".repeat(100_000);
    std::fs::write(machine.path("program"), &program).unwrap();
    let binary = format!(", binary: '{}'", machine.path("program").display());
    let zeros = "0".repeat(64);
    let (exit, report) = machine.orca(&machine.config(&format!("{binary}, sha256: '{zeros}'")), &[]);
    assert!(exit == 78 && report["error"]["message"].as_str().unwrap().contains("SHA-256"), "{report:#}");
    assert!(machine.log().is_empty(), "nothing is asked, nothing is sent");
    let config = machine.config(&binary);
    let (exit, report) = machine.orca(&config, &[]);
    assert_eq!((exit, kinds(&report)), (0, vec!["host.program.set", "host.unit.set"]), "{report:#}");
    assert_eq!(std::fs::read(machine.path("lib/node_exporter")).unwrap(), program);
    assert!(
        machine.unit().contains("ExecStart=\"/usr/local/lib/orca/node_exporter\"")
            || machine.unit().contains("/lib/node_exporter")
    );
    assert_eq!(machine.orca(&config, &[]).1["outcome"], "unchanged");
    std::fs::write(machine.path("program"), b"another").unwrap();
    let (exit, report) = machine.orca(&config, &[]);
    assert_eq!((exit, kinds(&report)), (0, vec!["host.program.set", "host.unit.start"]), "{report:#}");
}

#[test]
fn what_is_somebody_elses_or_not_there_is_refused() {
    let machine = Machine::new();
    let config = machine.config("");
    std::fs::write(machine.path("units/orca-node-exporter.service"), "[Service]\nExecStart=/bin/true\n").unwrap();
    let (exit, report) = machine.orca(&config, &[]);
    let reason = report["blocked"][0]["reasons"][0].as_str().unwrap();
    assert!(exit == 75 && reason.contains("that orca has not written"), "{report:#}");
    assert_eq!(machine.unit(), "[Service]\nExecStart=/bin/true\n");
    std::fs::remove_file(machine.path("units/orca-node-exporter.service")).unwrap();

    std::fs::remove_file(machine.path("node_exporter")).unwrap();
    machine.script("bin/uname", "#!/bin/sh\necho other\n");
    let (exit, report) = machine.orca(&config, &[]);
    let reasons = report["blocked"][0]["reasons"].to_string();
    assert!(exit == 75 && reasons.contains("calls itself `other`") && reasons.contains("apt-get install"), "{reasons}");
    assert_eq!(machine.orca(&config, &["--leader-only"]).0, 64, "nobody is asked who leads");
    let (exit, report) = machine.orca("{}", &[]);
    assert!(exit == 78 && report["error"]["message"].as_str().unwrap().contains("no machine"), "{report:#}");
}

#[test]
fn a_machine_that_cant_be_reached_fails_alone() {
    let machine = Machine::new();
    let config = machine.config(", hosts: { gone: 'ssh://unknown', evil: 'ssh://-oProxyCommand=x' }");
    let (exit, report) = machine.orca(&config, &[]);
    assert_eq!((exit, report["outcome"].as_str()), (1, Some("partial")), "{report:#}");
    let message = report["error"]["message"].as_str().unwrap();
    for part in [
        "2 of 3 machines failed",
        "`gone`: can't reach",
        "Host key verification failed",
        "check its host key",
        "`evil`: invalid",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(report["data"]["targets"][2]["state"], "up", "{report:#}");
    assert!(!machine.log().iter().any(|line| line.contains("ProxyCommand")));
}

#[test]
fn systemd_takes_the_unit() {
    if !Path::new("/usr/bin/systemd-analyze").exists() {
        return;
    }
    let machine = Machine::new();
    machine.orca(&machine.config(""), &[]);
    let unit = machine.path("units/orca-node-exporter.service");
    let output = Command::new("systemd-analyze").arg("verify").arg("--man=no").arg(&unit).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let own = said.lines().filter(|line| line.contains("orca-node-exporter"));
    assert_eq!(own.collect::<Vec<_>>(), Vec::<&str>::new(), "{}", machine.unit());
    // What begins a specifier or a variable of systemd's is the word's own.
    assert!(machine.unit().contains(r#""--x=a b%%$$""#), "{}", machine.unit());
    for line in
        ["CapabilityBoundingSet=", "NoNewPrivileges=yes", "MemoryMax=134217728", "CPUQuota=50%", "DynamicUser=yes"]
    {
        assert!(machine.unit().lines().any(|have| have == line), "{line}");
    }
}
