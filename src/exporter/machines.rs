//! `orca exporter deploy --via ssh`: machines outside of the swarm, such as those on which the swarm's VMs run.
//!
//! No manager is asked. Which machines there are is said by `rebalance.metrics` and `exporter.ssh.hosts`.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::file_sd::Entry;
use super::remote::Host;
use super::verify::{State as Answer, judge};
use super::{COMMAND, write_targets};
use crate::apply::host::{Shell, sum};
use crate::apply::local::{Hand, NodeApplier};
use crate::cycle::Options;
use crate::cycle::hold::Hold;
use crate::engine::address::{self, Address, SshTarget};
use crate::error::{Error, ErrorKind, interrupted};
use crate::interrupt::Interrupt;
use crate::metrics::targets::Aim;
use crate::metrics::url::Url;
use crate::pass::exporter::host::{self, Facts, LOOK};
use crate::report::{Report, ReportedAction, Run, Status};
use crate::settings::Settings;
use crate::state::{Actor, State};

/// Machines that are worked on at once.
const AT_ONCE: usize = 8;
/// A new exporter has so long to begin to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// A run on machines.
#[derive(Debug)]
pub struct Machines<'a> {
    /// What to plan by.
    pub settings: &'a Settings,
    /// Where Prometheus' targets are written.
    pub file_sd: Option<PathBuf>,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

/// One machine.
#[derive(Debug)]
struct Machine {
    name: String,
    ssh: Result<SshTarget, String>,
    aim: Aim,
    /// The nodes whose memory is the machine's.
    nodes: Vec<String>,
}

/// What became of one machine.
struct Visited {
    report: Report,
    unchanged: u64,
    answer: Answer,
}

/// What all machines share.
struct Round {
    program: Option<(Vec<u8>, String)>,
    state: Option<State>,
    actor: Actor,
    budget: Cell<usize>,
    deadline: Instant,
}

impl Machines<'_> {
    /// Runs once. Whatever happens, there is a report.
    pub async fn run(&self) -> Report {
        let started = Instant::now();
        let mut report = Report::new(COMMAND, Run::start(self.options.dry_run));
        let unchanged = self.visit_all(started + self.options.timeout, &mut report).await;
        report.ended(started, unchanged)
    }

    async fn visit_all(&self, deadline: Instant, report: &mut Report) -> Result<u64> {
        let machines = machines(self.settings)?;
        let program = self.program()?;
        let hold = self.options.hold(COMMAND, &mut report.warnings).await?;
        let (state, lock) = hold.map(|Hold { state, lock }| (state, lock)).unzip();
        let round = Round {
            program,
            state,
            actor: Actor { run: report.run.id.clone(), cluster: "unknown".to_owned(), command: COMMAND },
            budget: Cell::new(self.options.max_actions),
            deadline,
        };
        let visits = machines.iter().map(|machine| self.visit(machine, &round));
        let visited: Vec<Visited> = futures_util::stream::iter(visits).buffered(AT_ONCE).collect().await;
        drop(lock);
        self.merge(&machines, visited, report)
    }

    /// What is sent, with its SHA-256.
    fn program(&self) -> Result<Option<(Vec<u8>, String)>> {
        let ssh = &self.settings.exporter.ssh;
        let Some(path) = &ssh.binary else { return Ok(None) };
        let name = path.display();
        let unreadable = || Error::new(ErrorKind::Config, format!("can't read exporter.ssh.binary `{name}`"));
        let bytes = std::fs::read(path).with_context(unreadable)?;
        let found = sum(&bytes);
        if let Some(wanted) = ssh.sha256.as_ref().filter(|wanted| **wanted != found) {
            let text = format!("the SHA-256 of `{name}` is {found}, not {wanted}, as exporter.ssh.sha256 says");
            return Err(Error::new(ErrorKind::Config, text).hint("fetch it again, or correct the setting").into());
        }
        Ok(Some((bytes, found)))
    }

    async fn visit(&self, machine: &Machine, round: &Round) -> Visited {
        let mut report = Report::new(COMMAND, Run::start(self.options.dry_run));
        let unchanged = match self.work(machine, round, &mut report).await {
            Ok(unchanged) => unchanged,
            Err(error) => {
                report.fail(&error);
                0
            }
        };
        let wanted = report.actions.iter().any(|action| action.status == Status::Planned);
        let able = report.error.is_none() && report.blocked.is_empty() && !wanted;
        let answer = if able { self.ask(machine, round, &report.actions).await } else { Answer::Unasked };
        Visited { report, unchanged, answer }
    }

    async fn work(&self, machine: &Machine, round: &Round, report: &mut Report) -> Result<u64> {
        if self.interrupt.exit_code().is_some() {
            return Err(interrupted());
        }
        let target = machine.ssh.clone().map_err(|why| Error::new(ErrorKind::Config, why))?;
        let exporter = &self.settings.exporter;
        let host = Host { name: machine.name.clone(), target, sudo: exporter.ssh.sudo };
        let values = [("exe", host::executable(exporter))];
        let look = host.run(LOOK, &values, round.deadline);
        let text = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            text = look => text?,
        };
        let facts =
            Facts::parse(&text).map_err(|why| Error::new(ErrorKind::Failed, format!("`{}`: {why}", machine.name)))?;
        let program = round.program.as_ref();
        let plan = host::plan(&machine.name, &facts, exporter, program.map(|(_, sum)| sum.as_str()));
        report.blocked.extend(plan.blocked);
        let Some(state) = &round.state else {
            report.actions.extend(plan.actions.iter().map(|action| ReportedAction::new(action, Status::Planned, None)));
            return Ok(plan.unchanged);
        };
        let shell = Shell { host: &host, program: program.map(|(bytes, _)| bytes.as_slice()) };
        let (actor, budget, deadline, interrupt) = (&round.actor, &round.budget, round.deadline, self.interrupt);
        let hand = Hand::Shell(shell);
        let mut applier = NodeApplier { hand, state, actor, budget, deadline, interrupt, memory: None };
        let (done, _) = applier.apply(plan.actions).await;
        report.actions.extend(done.actions);
        report.warnings.extend(done.warnings);
        done.error.map_or(Ok(plan.unchanged), Err)
    }

    async fn ask(&self, machine: &Machine, round: &Round, actions: &[ReportedAction]) -> Answer {
        let until = (Instant::now() + PATIENCE).min(round.deadline);
        loop {
            let answer = judge(&machine.aim, self.settings.rebalance.metrics.timeout, round.deadline).await;
            if answer == Answer::Up || actions.is_empty() || Instant::now() >= until {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    /// Puts the machines' results together. One that can't be reached fails alone.
    fn merge(&self, machines: &[Machine], visited: Vec<Visited>, report: &mut Report) -> Result<u64> {
        let (mut unchanged, mut wrong) = (0, Vec::new());
        let (mut targets, mut entries) = (Vec::new(), Vec::new());
        for (machine, visited) in machines.iter().zip(visited) {
            unchanged += visited.unchanged;
            report.actions.extend(visited.report.actions);
            report.blocked.extend(visited.report.blocked);
            report.warnings.extend(visited.report.warnings);
            let (state, why) = visited.answer.told();
            targets.push(json!({"node": machine.name, "id": Value::Null, "url": machine.aim.url.to_string(),
                "state": state, "error": why.or(visited.report.error.as_ref().map(|error| error.message.as_str()))}));
            match &visited.report.error {
                Some(error) if error.kind == ErrorKind::Interrupted => return Err(interrupted()),
                Some(error) => {
                    let causes = error.causes.iter().map(|cause| format!(": {cause}")).collect::<String>();
                    let hint = error.hint.iter().map(|hint| format!(" ({hint})")).collect::<String>();
                    wrong.push(format!("`{}`: {}{causes}{hint}", machine.name, error.message));
                }
                None => wrong.extend(why.map(|why| format!("`{}`: {why}", machine.name))),
            }
            if !matches!(visited.answer, Answer::Other(_)) {
                entries.push(machine.entry());
            }
        }
        report.data.insert("port".to_owned(), self.settings.exporter.port.into());
        report.data.insert("targets".to_owned(), targets.into());
        write_targets(self.file_sd.as_deref(), &entries, self.options.dry_run, report)?;
        if !wrong.is_empty() {
            let text = format!("{} of {} machines failed: {}", wrong.len(), machines.len(), wrong.join("; "));
            report.fail(&Error::new(ErrorKind::Failed, text).hint("the others were worked on; run again").into());
        }
        Ok(unchanged)
    }
}

impl Machine {
    fn entry(&self) -> Entry {
        let mut labels = BTreeMap::from([("node".to_owned(), self.name.clone())]);
        if !self.nodes.is_empty() {
            labels.insert("hosts_nodes".to_owned(), self.nodes.join(","));
        }
        Entry::new(&self.aim.url, labels)
    }
}

/// The machines that the settings name.
fn machines(settings: &Settings) -> Result<Vec<Machine>> {
    let (metrics, hosts) = (&settings.rebalance.metrics, &settings.exporter.ssh.hosts);
    let names: BTreeSet<&String> =
        metrics.node_exporter_nodes.keys().chain(metrics.node_map.values()).chain(hosts.keys()).collect();
    if names.is_empty() {
        let error = Error::new(ErrorKind::Config, "--via ssh: no machine outside of the swarm is named");
        return Err(error.hint("name them in exporter.ssh.hosts, or in rebalance.metrics.node_exporter_nodes").into());
    }
    let machine = |name: &String| {
        let exporter = metrics.node_exporter_nodes.get(name);
        let url = match (hosts.get(name), exporter) {
            (Some(url), _) => url.clone(),
            (None, Some(url)) if url.host.contains(':') => format!("ssh://[{}]", url.host),
            (None, Some(url)) => format!("ssh://{}", url.host),
            (None, None) => format!("ssh://{name}"),
        };
        let ssh = target(&url);
        let host = ssh.as_ref().map_or_else(|_| name.clone(), |ssh| ssh.host.clone());
        let default = Url { secure: false, host, port: settings.exporter.port, path: String::new() };
        let url = exporter.cloned().unwrap_or(default).or_path("/metrics");
        let nodes = metrics.node_map.iter().filter(|(_, machine)| *machine == name).map(|(node, _)| node.clone());
        Machine { name: name.clone(), ssh, aim: Aim { url, expected: name.clone() }, nodes: nodes.collect() }
    };
    Ok(names.into_iter().map(machine).collect())
}

fn target(url: &str) -> Result<SshTarget, String> {
    match address::parse(url, None).map_err(|error| error.to_string())? {
        Address::Ssh(target) if target.socket.is_none() => Ok(target),
        _ => Err(format!("`{url}` is not the ssh:// URL of a machine")),
    }
}
