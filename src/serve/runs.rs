//! What was begun by a request and goes on without it: a client that goes away, or waits no longer, stops nothing half-way.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

use super::Server;
use super::api::types::Run;
use crate::catalog::build;
use crate::report::{Report, Run as Identity};
use crate::{notify, updates};

/// So many are remembered.
const KEPT: usize = 100;
/// Lines of a build that are remembered.
const LINES: usize = 200;
/// So many are under way at a time; they wait for the swarm's lock anyway.
const AT_ONCE: usize = 8;

/// One run.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    /// As `services scale`.
    pub(super) command: &'static str,
    /// What it is about.
    pub(super) target: String,
    /// Who asked for it.
    pub(super) by: String,
    pub(super) started: Timestamp,
    /// The end of what a build prints.
    lines: RefCell<VecDeque<String>>,
    /// How many lines that were, with those that are forgotten.
    printed: watch::Sender<usize>,
    report: watch::Sender<Option<Rc<Report>>>,
}

/// The runs of this server.
#[derive(Debug, Default)]
pub(super) struct Runs {
    number: Cell<u64>,
    entries: RefCell<VecDeque<Rc<Entry>>>,
}

impl Entry {
    /// Its report, once it has ended.
    pub(super) fn report(&self) -> Option<Rc<Report>> {
        self.report.borrow().clone()
    }

    /// It has ended.
    pub(super) fn end(&self, report: Report) {
        self.report.send_replace(Some(Rc::new(report)));
    }

    /// Something that it prints.
    pub(super) fn says(&self, line: &str) {
        let mut lines = self.lines.borrow_mut();
        lines.push_back(line.to_owned());
        if lines.len() > LINES {
            lines.pop_front();
        }
        self.printed.send_modify(|printed| *printed += 1);
    }

    /// Whether it prints what is worth following line by line.
    pub(super) fn prints(&self) -> bool {
        self.command == build::COMMAND
    }

    /// The lines from this one on, counted from its first, and how many of them are forgotten by now.
    pub(super) fn lines_from(&self, next: usize) -> (usize, Vec<String>) {
        let lines = self.lines.borrow();
        let first = self.printed.borrow().saturating_sub(lines.len());
        (first.saturating_sub(next), lines.iter().skip(next.saturating_sub(first)).cloned().collect())
    }

    /// Waits until it prints more than so many lines, or has ended.
    pub(super) async fn goes_on(&self, printed: usize) {
        let (mut lines, mut report) = (self.printed.subscribe(), self.report.subscribe());
        // Both live as long as the entry itself.
        tokio::select! {
            _ = lines.wait_for(|now| *now > printed) => {}
            _ = report.wait_for(Option::is_some) => {}
        }
    }

    /// The end of what it has printed until now; none if it prints nothing.
    pub(super) fn said(&self) -> Option<String> {
        let lines = self.lines.borrow();
        (!lines.is_empty()).then(|| lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n"))
    }

    /// Its report, if it ends within this time.
    pub(super) async fn ended(&self, within: Duration) -> Option<Rc<Report>> {
        let mut report = self.report.subscribe();
        let ended = timeout(within, report.wait_for(Option::is_some)).await;
        ended.ok()?.ok()?.clone()
    }

    /// As clients see it.
    pub(super) fn json(&self) -> Value {
        let report = self.report();
        json!(Run {
            id: &self.id,
            command: self.command,
            target: &self.target,
            by: &self.by,
            started: self.started.to_string(),
            status: if report.is_some() { "ended" } else { "running" },
            logs: self.said(),
            report: report.as_deref(),
        })
    }
}

impl Runs {
    /// All that are remembered, newest first.
    pub(super) fn all(&self) -> Vec<Rc<Entry>> {
        self.entries.borrow().iter().rev().cloned().collect()
    }

    /// The run of this id.
    pub(super) fn find(&self, id: &str) -> Option<Rc<Entry>> {
        self.entries.borrow().iter().find(|entry| entry.id == id).cloned()
    }

    /// Runs that have not ended.
    pub(super) fn under_way(&self) -> usize {
        self.entries.borrow().iter().filter(|entry| entry.report().is_none()).count()
    }

    /// Those of them, as people call them.
    pub(super) fn names_under_way(&self) -> Vec<String> {
        let entries = self.entries.borrow();
        let running = entries.iter().filter(|entry| entry.report().is_none());
        running.map(|entry| format!("{} {}", entry.command, entry.target)).collect()
    }

    pub(super) fn enter(&self, command: &'static str, target: &str, by: &str) -> Rc<Entry> {
        self.number.set(self.number.get() + 1);
        let started = Timestamp::now();
        let id = format!("{}-{}", started.strftime("%Y%m%dT%H%M%S"), self.number.get());
        let (target, by) = (target.to_owned(), by.to_owned());
        let entry = Rc::new(Entry {
            id,
            command,
            target,
            by,
            started,
            lines: RefCell::default(),
            printed: watch::Sender::new(0),
            report: watch::Sender::new(None),
        });
        let mut entries = self.entries.borrow_mut();
        entries.push_back(Rc::clone(&entry));
        // What is under way is never forgotten.
        while entries.len() > KEPT {
            let Some(at) = entries.iter().position(|entry| entry.report().is_some()) else { break };
            entries.remove(at);
        }
        entry
    }
}

/// Begins a run; none if there are too many under way.
pub(super) fn begin<W>(server: &Rc<Server>, command: &'static str, target: &str, by: &str, work: W) -> Option<Rc<Entry>>
where
    W: AsyncFnOnce(&Server, &Entry) -> Result<Report> + 'static,
{
    if server.runs.under_way() >= AT_ONCE {
        return None;
    }
    let entry = server.runs.enter(command, target, by);
    let (server, own) = (Rc::clone(server), Rc::clone(&entry));
    tracing::info!(run = own.id, command, target, by, "begun");
    tokio::task::spawn_local(async move {
        let mut report = match Box::pin(work(&server, &own)).await {
            Ok(report) => report,
            Err(error) => {
                let mut report = Report::new(command, Identity::start(false));
                report.fail(&error);
                report.conclude(0);
                report
            }
        };
        // As on the command line: of what goes on for long others are told.
        if command == updates::COMMAND {
            let told = notify::tell(&server.settings.notify, &server.options.state_dir, &report).await;
            report.warnings.extend(told);
        }
        tracing::info!(run = own.id, outcome = %report.outcome, "ended");
        server.warm.spoil();
        own.end(report);
    });
    Some(entry)
}
