//! `orca exporter deploy --via ssh`: a unit of systemd on one machine. Pure: what was found there in, a plan out.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::plan::{Action, Blocked, Change, Plan, Target, TargetKind};
use crate::settings::Exporter;

/// Where a program that orca sends goes.
pub const PROGRAM: &str = "/usr/local/lib/orca/node_exporter";
/// The line that marks a unit as orca's own.
const MARK: &str = "# orca.exporter: written by orca, which undoes other changes; see orca-exporter-deploy(1)";

/// Tells what is on a machine, in lines that [`Facts::parse`] reads. `exe` is the program that the unit runs.
pub const LOOK: &str = r#"
unit=/etc/systemd/system/orca-node-exporter.service
sent=/usr/local/lib/orca/node_exporter
echo "hostname $(uname -n)"
if command -v systemctl >/dev/null 2>&1; then echo "systemd yes"; fi
if [ -x "$exe" ]; then echo "there yes"; fi
if [ -f "$sent" ]; then echo "program $(sha256sum <"$sent" | cut -d' ' -f1)"; fi
if [ -e "$unit" ]; then echo "unit $(base64 <"$unit" | tr -d '\n')"; fi
echo "active $(systemctl is-active orca-node-exporter.service 2>/dev/null)"
echo "enabled $(systemctl is-enabled orca-node-exporter.service 2>/dev/null)"
if [ "$(systemctl show -p NeedDaemonReload orca-node-exporter.service 2>/dev/null)" = NeedDaemonReload=yes ]; then echo "stale yes"; fi
pid=$(systemctl show -p MainPID orca-node-exporter.service 2>/dev/null | cut -d= -f2)
if [ "${pid:-0}" != 0 ] && [ -e "/proc/$pid/exe" ] && ! [ "$exe" -ef "/proc/$pid/exe" ]; then echo "stale yes"; fi
echo end"#;

/// What was found on a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The name that it gives itself.
    pub hostname: String,
    /// It has systemd.
    pub systemd: bool,
    /// The program that the unit runs is there.
    pub there: bool,
    /// SHA-256 of the program that orca has sent before.
    pub program: Option<String>,
    /// The unit's text.
    pub unit: Option<String>,
    /// `active`, `failed`, ...
    pub active: String,
    /// `enabled`, `disabled`, ...
    pub enabled: String,
    /// What runs is not what is on the disk.
    pub stale: bool,
}

impl Facts {
    /// Reads the output of [`LOOK`].
    ///
    /// # Errors
    /// If it is not all there.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut facts = Self::default();
        let mut whole = false;
        for line in text.lines() {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            match key {
                "hostname" => value.clone_into(&mut facts.hostname),
                "systemd" => facts.systemd = true,
                "there" => facts.there = true,
                "program" => facts.program = Some(value.to_owned()),
                "unit" => facts.unit = Some(decoded(value)?),
                "active" => value.clone_into(&mut facts.active),
                "enabled" => value.clone_into(&mut facts.enabled),
                "stale" => facts.stale = true,
                "end" => whole = true,
                // A login that greets.
                _ => {}
            }
        }
        if whole { Ok(facts) } else { Err("its answer is not whole".to_owned()) }
    }
}

fn decoded(value: &str) -> Result<String, String> {
    let bytes = STANDARD.decode(value).map_err(|_| "its unit can't be read".to_owned())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The program that the unit runs.
pub fn executable(exporter: &Exporter) -> &str {
    if exporter.ssh.binary.is_some() { PROGRAM } else { &exporter.ssh.path }
}

/// Decides what to do on a machine; `program` is the SHA-256 of what would be sent there.
pub fn plan(name: &str, facts: &Facts, exporter: &Exporter, program: Option<&str>) -> Plan {
    let mut plan = Plan::default();
    let reasons = obstacles(name, facts, exporter, program);
    if !reasons.is_empty() {
        let target = Target::unknown(TargetKind::Host, name);
        plan.blocked.push(Blocked { id: format!("host/{name}#exporter"), target, reasons });
        return plan;
    }
    let send = program.filter(|sum| facts.program.as_deref() != Some(*sum));
    if let Some(sum) = send {
        let change = Change::HostProgram { before: facts.program.clone(), after: sum.to_owned() };
        plan.actions.push(Action::on_machine(name, "program", change, "exporter.ssh.binary"));
    } else {
        plan.unchanged += 1;
    }
    let first: Vec<String> = plan.actions.iter().map(|action| action.id.clone()).collect();
    let text = unit(exporter);
    let runs = facts.active == "active";
    if facts.unit.as_ref() != Some(&text) {
        let reason = if facts.unit.is_some() { "the unit has drifted" } else { "the machine has no such unit" };
        let change = Change::HostUnit { before: facts.unit.clone(), after: text };
        plan.actions.push(Action::on_machine(name, "unit", change, reason).after(first).disruptive());
        return plan;
    }
    plan.unchanged += 1;
    let restart = send.is_some() || facts.stale || !runs;
    if restart || facts.enabled != "enabled" {
        let reason = match (runs, restart) {
            (false, _) => "it does not run",
            (true, true) => "what runs is not what is on the disk",
            (true, false) => "it would not run after a boot",
        };
        let before = format!("{}, {}", facts.active, facts.enabled);
        let action = Action::on_machine(name, "start", Change::HostStart { before, restart }, reason).after(first);
        plan.actions.push(if restart { action.disruptive() } else { action });
    } else {
        plan.unchanged += 1;
    }
    plan
}

fn obstacles(name: &str, facts: &Facts, exporter: &Exporter, program: Option<&str>) -> Vec<String> {
    let mut reasons = Vec::new();
    if facts.hostname != name {
        reasons.push(format!(
            "the machine that answers calls itself `{}`: name it so in the configuration, or correct exporter.ssh.hosts",
            facts.hostname
        ));
    }
    if !facts.systemd {
        reasons.push("it has no systemd: start node_exporter there by other means".to_owned());
    }
    if program.is_none() && !facts.there {
        reasons.push(format!(
            "there is no `{}`: install it (Debian: apt-get install prometheus-node-exporter), name another with \
             exporter.ssh.path, or let orca send one with exporter.ssh.binary",
            exporter.ssh.path
        ));
    }
    if facts.unit.as_ref().is_some_and(|text| !text.starts_with(MARK)) {
        reasons.push(
            "it has a unit orca-node-exporter.service that orca has not written: rename or remove it first".to_owned(),
        );
    }
    reasons
}

/// The unit's text.
pub fn unit(exporter: &Exporter) -> String {
    let mut command = quoted(executable(exporter));
    let listen = format!("--web.listen-address=:{}", exporter.port);
    // Those of a container name folders that only it has.
    let further = if exporter.all_args { &[] } else { exporter.args.as_slice() };
    for word in [&listen].into_iter().chain(further) {
        command.push(' ');
        command += &quoted(word);
    }
    let percent = (exporter.nano_cpus / 10_000_000).max(1);
    let mut text = String::from(MARK);
    // Writing to a String can't fail.
    let _ = write!(
        text,
        "
[Unit]
Description=Prometheus node_exporter, kept by orca
Wants=network-online.target
After=network-online.target

[Service]
ExecStart={command}
Restart=always
RestartSec=5
DynamicUser=yes
CapabilityBoundingSet=
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
PrivateDevices=yes
DevicePolicy=closed
KeyringMode=private
UMask=0077
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
MemoryMax={}
CPUQuota={percent}%
TasksMax=128

[Install]
WantedBy=multi-user.target
",
        exporter.memory
    );
    text
}

/// A word as systemd reads it: in quotes, and what begins a specifier or a variable doubled.
fn quoted(word: &str) -> String {
    let mut text = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '%' | '$' => text.extend([c, c]),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}
