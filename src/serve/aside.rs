//! What pages show besides the swarm itself and what takes longer to ask for: images that are newer than those that run,
//! memory that is free, what a rebalance would do. It is asked for when somebody looks and the last answer is old; a page
//! that doesn't need it to say anything shows what is known and doesn't wait.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::Server;
use crate::cycle::{Options, Source};
use crate::measure::Measurement;
use crate::metrics::NodeMemory;
use crate::metrics::collect::{self, Choice};
use crate::model::{Reference, Service};
use crate::pass::rebalance::memory::Ask;
use crate::pass::rebalance::{Goal, Request as Balance};
use crate::pass::update::decide::Reason;
use crate::pass::update::{self, Request};
use crate::plan::ActionKind;
use crate::rebalance::{self, Rehearsal};
use crate::registry::Keyring;
use crate::report::{Report, ReportedAction};
use crate::settings::MetricsSource;
use crate::updates::Updating;

/// One question: how long an answer is good for, and whether those who watch hear of each.
#[derive(Debug)]
struct Question<T> {
    age: fn(&T) -> Duration,
    told: bool,
}

/// What registries have.
const NEWER: Question<Report> = Question { age: newer_age, told: true };
/// What exporters say.
const MEMORY: Question<Memory> = Question { age: |_| Duration::from_secs(15), told: false };
/// What a rebalance would do.
const PLAN: Question<Report> = Question { age: |_| Duration::from_secs(15), told: false };
/// Registries are asked again after this, if somebody looks;
const SELDOM: Duration = Duration::from_secs(15 * 60);
/// those that don't all answer, and while an update is under way, after this.
const SOME: Duration = Duration::from_secs(60);
/// What could not be had is asked for again after this, if somebody looks.
const AGAIN: Duration = Duration::from_secs(15);
/// Who is asked and says nothing is given up after this; the others' answers count.
const PATIENCE: Duration = Duration::from_secs(30);
/// A page that can't do without an answer waits for it so long.
const MOMENT: Duration = Duration::from_secs(5);

/// An answer, and until when it is good.
type Known<T> = (Instant, Rc<Result<T>>);

/// The last answer to one question.
#[derive(Debug)]
struct Slot<T> {
    known: watch::Sender<Option<Known<T>>>,
    asking: Cell<bool>,
    /// How often what was known was forgotten.
    forgotten: Cell<u64>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { known: watch::Sender::new(None), asking: Cell::default(), forgotten: Cell::default() }
    }
}

fn good<T>(known: Option<&Known<T>>) -> bool {
    known.is_some_and(|(until, _)| Instant::now() < *until)
}

impl<T> Slot<T> {
    /// However old.
    fn last(&self) -> Option<Rc<Result<T>>> {
        self.known.borrow().as_ref().map(|(_, known)| Rc::clone(known))
    }

    fn keep(&self, answer: Result<T>, age: fn(&T) -> Duration) {
        let age = answer.as_ref().map_or(AGAIN, age);
        self.known.send_replace(Some((Instant::now() + age, Rc::new(answer))));
    }

    /// What is known is not so any more, nor is what is being asked for.
    fn forget(&self) {
        self.forgotten.set(self.forgotten.get() + 1);
        self.known.send_replace(None);
    }

    /// What is known in a moment.
    async fn soon(&self) -> Told<T> {
        let mut known = self.known.subscribe();
        let late = timeout(MOMENT, known.wait_for(|known| good(known.as_ref()))).await.is_err();
        Told { known: self.last(), late }
    }
}

/// What is known now.
#[derive(Debug)]
pub(super) struct Told<T> {
    /// None: nothing yet.
    pub(super) known: Option<Rc<Result<T>>>,
    /// It is being asked for: this is what was known before.
    pub(super) late: bool,
}

/// The memory of each node, by its name, or why it is not known.
pub(super) type Memory = BTreeMap<String, Result<NodeMemory, String>>;

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Asides {
    newer: Slot<Report>,
    memory: Slot<Memory>,
    balance: Slot<Report>,
}

impl Asides {
    /// Services for which there is a newer image, as of when the registries were asked last; none where that is not known.
    pub(super) fn newer(&self) -> Newer {
        Newer(self.newer.last())
    }

    /// Images have changed, or may have: the registries are asked anew.
    pub(super) fn spoil_newer(&self) {
        self.newer.forget();
    }

    /// The memory of nodes, as of when it was asked last.
    pub(super) fn memory(&self) -> Option<Rc<Result<Memory>>> {
        self.memory.last()
    }
}

/// What registries have that services don't run.
#[derive(Debug)]
pub(super) struct Newer(Option<Rc<Result<Report>>>);

impl Newer {
    /// The image that is newer than this service's; what is known of another image than it has by now is nothing.
    pub(super) fn than(&self, service: &Service) -> Option<String> {
        let report = self.0.as_deref()?.as_ref().ok()?;
        let of_it = |action: &&ReportedAction| {
            action.kind == ActionKind::ServiceImageSet
                && action.target.id == service.id.0
                && action.before.as_str() == Some(service.image.as_str())
        };
        let planned = report.actions.iter().find(of_it).and_then(|action| action.after.as_str());
        planned.map(str::to_owned).or_else(|| held_back(report, service))
    }
}

/// The image that it is not to have, or not now: it is there all the same.
fn held_back(report: &Report, service: &Service) -> Option<String> {
    let entries = report.data.get(update::DATA)?.as_array()?;
    let entry = entries.iter().find(|entry| entry["id"] == *service.id.0)?;
    let text = |key: &str| entry[key].as_str();
    let (image, from, to) = (text("image")?, text("from"), text("to")?);
    let newer = text("newer");
    let other = matches!(text("verdict"), Some("blocked" | "monitor"));
    let other = other && from != Some(to) && (from.is_some() || newer.is_some());
    let same = Reference::parse(&service.image).digest.as_deref() == from
        && Reference::followed(&service.image).as_deref() == Some(image);
    (other && same).then(|| format!("{}@{to}", newer.unwrap_or(image)))
}

/// Asks what is old, unless somebody does already; whoever watches hears of it.
pub(super) fn stir(server: &Rc<Server>) {
    let Source::Engine(_) = server.warm.source() else { return };
    ask(server, |asides| &asides.newer, &NEWER, look_for_updates);
    if !matches!(exporters(server), Ok(None)) {
        ask(server, |asides| &asides.memory, &MEMORY, measure);
    }
}

/// What `orca services update` would do now.
pub(super) async fn updates(server: &Rc<Server>) -> Told<Report> {
    ask(server, |asides| &asides.newer, &NEWER, look_for_updates);
    server.asides.newer.soon().await
}

/// What `orca rebalance plan` says now.
pub(super) async fn balance(server: &Rc<Server>) -> Told<Report> {
    ask(server, |asides| &asides.balance, &PLAN, rehearse);
    server.asides.balance.soon().await
}

/// Begins to ask, unless the last answer is good or somebody asks already. Nobody who goes away ends it.
fn ask<T: 'static>(
    server: &Rc<Server>,
    slot: fn(&Asides) -> &Slot<T>,
    question: &'static Question<T>,
    work: impl AsyncFn(&Server) -> Result<T> + 'static,
) {
    let own = slot(&server.asides);
    if good(own.known.borrow().as_ref()) || own.asking.replace(true) {
        return;
    }
    let server = Rc::clone(server);
    tokio::task::spawn_local(async move {
        let own = slot(&server.asides);
        let answer = loop {
            let forgotten = own.forgotten.get();
            let answer = Box::pin(work(&server)).await;
            if own.forgotten.get() == forgotten {
                break answer;
            }
        };
        let news = question.told || answer.is_err() || own.last().is_none_or(|before| before.is_err());
        own.keep(answer, question.age);
        own.asking.set(false);
        if news {
            server.warm.nudge();
        }
    });
}

/// What soon passes, or may.
const PASSING: [Reason; 2] = [Reason::Unresolved, Reason::Busy];

/// What is not known of an image may be known soon, and what keeps it from a service may be over.
fn newer_age(report: &Report) -> Duration {
    let services = report.data.get(update::DATA).and_then(Value::as_array);
    let reasons = services.into_iter().flatten().filter_map(|service| service["reasons"].as_array()).flatten();
    match &report.error {
        Some(_) => AGAIN,
        None if reasons.into_iter().any(|reason| PASSING.iter().any(|passing| reason == passing.code())) => SOME,
        None => SELDOM,
    }
}

async fn look_for_updates(server: &Server) -> Result<Report> {
    let options = &Options { dry_run: true, timeout: PATIENCE, ..server.options.clone() };
    let (source, settings, interrupt) = (server.warm.source(), &server.settings, &server.interrupt);
    let keyring = &Keyring::here(&settings.registry.credentials)?;
    let request = Request { atomic: settings.update.atomic, ..Request::default() };
    let (parallel, prepull) = (settings.update.parallel as usize, false);
    let run = Updating {
        source,
        settings,
        request,
        names: &[],
        stack: None,
        keyring,
        parallel,
        prepull,
        clean: false,
        options,
        interrupt,
    };
    Box::pin(run.run()).await
}

async fn rehearse(server: &Server) -> Result<Report> {
    // Dry: the source `probe` would start a service, and nobody has asked for one.
    let options = &Options { dry_run: true, timeout: PATIENCE, ..server.options.clone() };
    let (source, settings, interrupt) = (server.warm.source(), &server.settings, &server.interrupt);
    let request = Balance { goal: Goal::Memory(Ask::Knee), guarded: true, at_once: false, start_first: false };
    let run = Rehearsal { command: rebalance::PLAN, source, settings, metrics: None, request, options, interrupt };
    Ok(run.run().await)
}

/// Whom to ask for memory: as the settings say, and where they have an exporter deployed, that. None that would start one.
///
/// # Errors
/// If the source lacks a setting.
fn exporters(server: &Server) -> Result<Option<MetricsSource>> {
    Ok(match collect::choose(None, &server.settings.rebalance.metrics)? {
        Choice::Live(MetricsSource::Probe) => None,
        Choice::Live(source) => Some(source),
        _ => server.settings.exporter.wanted.then_some(MetricsSource::NodeExporter),
    })
}

async fn measure(server: &Server) -> Result<Memory> {
    let Some(source) = exporters(server)? else { return Ok(Memory::new()) };
    let (engine, view) = (server.warm.source().engine()?, server.warm.look().await?);
    let (settings, interrupt, deadline) = (&server.settings, &server.interrupt, Instant::now() + PATIENCE);
    let measurement = Measurement { settings, cluster: &view.cluster, deadline, interrupt };
    let metrics = measurement.raw(source, engine, &mut Vec::new()).await?.metrics;
    let known = metrics.nodes.into_iter().map(|(name, memory)| (name, Ok(memory)));
    Ok(known.chain(metrics.missing.into_iter().map(|(name, why)| (name, Err(why)))).collect())
}

#[cfg(test)]
mod tests;
