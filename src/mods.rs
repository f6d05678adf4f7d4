//! One run of `orca mods fetch`: ask who wants what, look what is there, ask the servers, plan, fetch, put in place.

mod download;
mod fetcher;
pub mod manifest;
pub(crate) mod net;
mod registry;
pub mod source;
mod unpack;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::cycle::Options;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::files::Dir;
use crate::interrupt::Interrupt;
use crate::lock;
use crate::pass::mods::{Input, Seen, at_hand, plan};
use crate::plan::{Action, Change};
use crate::progress::Transfers;
use crate::report::{Cluster, Outcome, Report, ReportedAction, Run, Status};
use crate::settings::{Mods, Settings};
use crate::snapshot::Snapshot;
use crate::state::{self, Actor, State};
use fetcher::{Fetcher, Hosts};
use manifest::{Manifest, Record};
use net::{Fault, Net};
use source::{Refused, Want, What};

pub use registry::Image;

/// The command's name in reports.
pub const COMMAND: &str = "mods fetch";

/// A run.
#[derive(Debug)]
pub struct Fetching<'a> {
    /// The engine that orca is pointed at; none: nothing is asked of it.
    pub engine: Option<Engine>,
    /// What to plan by; flags are laid over the file already.
    pub settings: &'a Settings,
    /// `--prune`.
    pub prune: bool,
    /// The bounds.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Fetching<'_> {
    /// Runs once. Whatever happens, there is a report.
    pub async fn run(&self) -> Report {
        let started = Instant::now();
        let mut report = Report::new(COMMAND, Run::start(self.options.dry_run));
        let mut unchanged = 0;
        let work = self.work(started + self.options.timeout, &mut report);
        match Box::pin(work).await {
            Ok(held) => unchanged = held,
            Err(error) => report.fail(&error),
        }
        let skipped = report.outcome == Outcome::Skipped;
        report.conclude(unchanged);
        if skipped && report.error.is_none() {
            report.outcome = Outcome::Skipped;
        }
        report.run.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        report
    }

    async fn work(&self, deadline: Instant, report: &mut Report) -> Result<u64> {
        let settings = &self.settings.mods;
        let (mut wants, mut refused) = (source::of_lists(settings), Vec::new());
        let mut unknown = None;
        if let Some(engine) = &self.engine {
            let engine = engine.until(deadline);
            let asked = tokio::select! {
                _ = self.interrupt.nth(1) => return Err(interrupted()),
                asked = self.ask_engine(&engine, &mut refused, report) => asked,
            };
            match asked {
                Ok(Some(more)) => wants.extend(more),
                Ok(None) => return Ok(0),
                Err(error) => {
                    // Lists need no engine: what is lost with it is said, and what it could want is not pruned.
                    unknown = Some(format!("{error:#}"));
                    report.fail(&error);
                }
            }
        }
        let mut wants = source::unite(wants, &mut refused);
        let mut hold = None;
        if !self.options.dry_run {
            std::fs::create_dir_all(settings.dest.join(".orca/partial")).with_context(|| {
                let text = format!("can't make the cache directory `{}`", settings.dest.display());
                Error::new(ErrorKind::Failed, text).hint("name one that orca may write, in mods.dest")
            })?;
            state::make_dir(&self.options.state_dir)?;
            let lock = lock::take(&settings.dest.join(".orca"), "mods", self.options.lock_timeout).await?;
            let (mut state, warning) = State::open(&self.options.state_dir)?;
            report.warnings.extend(warning);
            report.warnings.extend(state.mend(&self.options.state_dir)?);
            hold = Some((lock, state));
        }
        let manifest = Manifest::load(&settings.dest)?;
        let (net, hosts) = (Net::new(), Hosts::new(settings.per_host));
        let there = look(&settings.dest, &mut wants, &manifest, &mut refused)?;
        let fetcher = Fetcher { settings, net: &net, hosts: &hosts, deadline };
        let seen = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            seen = observe(&fetcher, &wants, &manifest, &there) => seen,
        };
        let prune = self.prune.then(|| unknown.map_or(Ok(()), Err));
        let input = Input {
            dest: &settings.dest,
            wants: &wants,
            seen: &seen,
            refused: &refused,
            manifest: &manifest,
            there: &there,
            prune,
        };
        let mut planned = plan(&input);
        let unchanged = planned.unchanged;
        report.blocked.append(&mut planned.blocked);
        report.data.insert("dest".to_owned(), settings.dest.display().to_string().into());
        report.data.insert("wanted".to_owned(), wants.len().into());
        let Some((_, state)) = &hold else {
            let planned = planned.actions.iter().map(|action| ReportedAction::new(action, Status::Planned, None));
            report.actions.extend(planned);
            return Ok(unchanged);
        };
        let actor = Actor { run: report.run.id.clone(), cluster: "this host".to_owned(), command: COMMAND };
        let acting = Acting {
            fetcher,
            wants: &wants,
            seen: &seen,
            manifest: RefCell::new(manifest),
            state,
            actor,
            budget: Cell::new(self.options.max_actions),
            interrupt: self.interrupt,
            transfers: Transfers::new(self.options.progress),
        };
        let same = acting.all(planned.actions, report).await?;
        Ok(unchanged + same)
    }

    /// What containers and services ask for; none if it is not this engine's turn.
    async fn ask_engine(
        &self,
        engine: &Engine,
        refused: &mut Vec<Refused>,
        report: &mut Report,
    ) -> Result<Option<Vec<Want>>> {
        let settings = &self.settings.mods;
        let mut wants = Vec::new();
        if settings.docker_mods || self.options.leader_only {
            let cluster = Snapshot::observe(engine).await?;
            report.cluster = Some(Cluster::of(&cluster));
            if self.options.leader_only && !cluster.leader() {
                report.outcome = Outcome::Skipped;
                return Ok(None);
            }
            if settings.docker_mods {
                wants.extend(source::of_services(&cluster, refused));
            }
        }
        if !settings.label_hosts.is_empty() {
            wants.extend(source::of_labels(&engine.running().await?, settings, refused));
        }
        Ok(Some(wants))
    }
}

fn interrupted() -> anyhow::Error {
    Error::new(ErrorKind::Interrupted, "interrupted by a signal before anything was changed").into()
}

/// Times of change of everything that is wanted or was fetched.
fn look(
    dest: &Path,
    wants: &mut Vec<Want>,
    manifest: &Manifest,
    refused: &mut Vec<Refused>,
) -> Result<BTreeMap<String, Option<Timestamp>>> {
    let names: Vec<String> = wants.iter().map(|want| want.name.clone()).chain(manifest.mods.keys().cloned()).collect();
    let Ok(root) = Dir::open(dest) else {
        anyhow::ensure!(!dest.exists(), "`{}` can't be opened as a folder", dest.display());
        return Ok(names.into_iter().map(|name| (name, None)).collect());
    };
    let mut there = BTreeMap::new();
    for name in names {
        match modified(&root, &name) {
            Ok(modified) => _ = there.insert(name, modified),
            // A link where a folder should be, say: that one can't be had, the others can.
            Err(error) => {
                let known = refused.iter().any(|refused| refused.name == name);
                wants.retain(|want| want.name != name);
                if !known {
                    refused.push(Refused { name, reason: format!("{error:#}") });
                }
            }
        }
    }
    Ok(there)
}

/// When what has this name last changed; none if there is nothing.
fn modified(root: &Dir, name: &str) -> Result<Option<Timestamp>> {
    let mut parts = name.split('/').collect::<Vec<_>>();
    let Some(last) = parts.pop() else { return Ok(None) };
    let mut dir = root.again()?;
    for part in parts {
        dir = match dir.folder(part) {
            Ok(dir) => dir,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("`{name}`: `{part}` is no folder of its own")),
        };
    }
    Ok(dir.stat(last)?.map(|stat| stat.modified))
}

/// Finds out about everything that is wanted, asking servers where needed.
async fn observe(
    fetcher: &Fetcher<'_>,
    wants: &[Want],
    manifest: &Manifest,
    there: &BTreeMap<String, Option<Timestamp>>,
) -> Vec<Seen> {
    let looks = wants.iter().map(async |want| {
        if let Some(seen) = at_hand(want, manifest, there.get(&want.name).copied().flatten()) {
            return seen;
        }
        let Some(record) = manifest.mods.get(&want.name) else { return Seen::Missing };
        let _turn = fetcher.hosts.turn(want).await;
        let until = fetcher.until();
        let asked = download::again(fetcher.settings.retries, until, async || ask(fetcher, want, record, until).await);
        match asked.await {
            Ok(true) => Seen::Fresh,
            Ok(false) => Seen::Newer,
            Err(fault) => Seen::Unknown(fault.text().to_owned()),
        }
    });
    let parallel = usize::try_from(fetcher.settings.parallel).unwrap_or(1).max(1);
    futures_util::stream::iter(looks).buffered(parallel).collect().await
}

/// Whether the server still has what was fetched.
async fn ask(fetcher: &Fetcher<'_>, want: &Want, record: &Record, until: Instant) -> Result<bool, Fault> {
    match &want.what {
        What::Image(image) => Ok(fetcher.registry(want, until).parts(image).await?.0.digest == record.sha256),
        What::File { url, .. } => {
            let mut headers = HeaderMap::new();
            for (name, value) in [(IF_NONE_MATCH, &record.etag), (IF_MODIFIED_SINCE, &record.last_modified)] {
                if let Some(value) = value.as_deref().and_then(|value| HeaderValue::try_from(value).ok()) {
                    headers.insert(name, value);
                }
            }
            let answer = fetcher.net.get(url, &headers, fetcher.allowed(want), until).await?;
            if answer.status == 304 {
                return Ok(true);
            }
            registry::check(&answer, &url.to_string())?;
            // Some servers know nothing of conditions, but still say which version it is.
            let same = |name: &str, known: &Option<String>| known.is_some() && answer.header(name) == known.as_deref();
            let size = answer.header("content-length").and_then(|text| text.parse().ok());
            Ok(same("etag", &record.etag)
                || (same("last-modified", &record.last_modified) && size == Some(record.size)))
        }
    }
}

/// Carrying out a plan.
struct Acting<'a> {
    fetcher: Fetcher<'a>,
    wants: &'a [Want],
    /// In the order of `wants`.
    seen: &'a [Seen],
    manifest: RefCell<Manifest>,
    state: &'a State,
    actor: Actor,
    budget: Cell<usize>,
    interrupt: &'a Interrupt,
    transfers: Transfers,
}

/// How an action ended.
enum Ended {
    Done(serde_json::Value),
    /// It is what was there already.
    Same,
    Skipped(String),
    Failed(String),
}

impl Acting<'_> {
    /// Carries everything out, what is alike once; returns how many turned out to be the same as before.
    async fn all(&self, actions: Vec<Action>, report: &mut Report) -> Result<u64> {
        let mut groups: Vec<Vec<Action>> = Vec::new();
        for action in actions {
            let content = self.content(&action);
            let same = groups.iter_mut().find(|group| content.is_some() && self.content(&group[0]) == content);
            match same {
                Some(group) => group.push(action),
                None => groups.push(vec![action]),
            }
        }
        let parallel = usize::try_from(self.fetcher.settings.parallel).unwrap_or(1).max(1);
        let work = groups.iter().map(|group| self.group(group));
        let ended: Vec<Vec<(Ended, u64)>> = futures_util::stream::iter(work).buffered(parallel).collect().await;
        let mut same = 0;
        for (action, (ended, duration_ms)) in groups.iter().flatten().zip(ended.into_iter().flatten()) {
            let (status, text, after) = match ended {
                Ended::Same => {
                    same += 1;
                    continue;
                }
                Ended::Done(after) => (Status::Done, None, Some(after)),
                Ended::Skipped(why) => (Status::Skipped, Some(why), None),
                Ended::Failed(why) => (Status::Failed, Some(why), None),
            };
            let mut reported = ReportedAction { duration_ms, ..ReportedAction::new(action, status, text.clone()) };
            reported.after = after.unwrap_or(reported.after);
            if let (Status::Failed, Some(why)) = (status, text) {
                let error = Error::new(ErrorKind::Failed, format!("`{}` failed: {why}", action.id));
                report.fail(&error.into());
            }
            report.actions.push(reported);
        }
        if self.interrupt.exit_code().is_some() {
            let text = "interrupted by a signal; what has come of files is kept for the next run";
            report.fail(&Error::new(ErrorKind::Interrupted, text).into());
        }
        if Instant::now() >= self.fetcher.deadline {
            let error = Error::new(ErrorKind::Timeout, "the pass ran out of time; what has come of files is kept");
            report.fail(&error.hint("the next pass goes on; --timeout gives a pass more time").into());
        }
        Ok(same)
    }

    fn want(&self, action: &Action) -> Option<&Want> {
        self.wants.iter().find(|want| want.name == action.target.name)
    }

    /// By what two actions fetch the same.
    fn content(&self, action: &Action) -> Option<String> {
        match (&action.change, &self.want(action)?.what) {
            (Change::ModFetch { .. }, What::File { url, sha256, .. }) => {
                Some(sha256.clone().unwrap_or_else(|| url.to_string()))
            }
            _ => None,
        }
    }

    async fn group(&self, group: &[Action]) -> Vec<(Ended, u64)> {
        let mut begun = Vec::new();
        for action in group {
            let why = if self.interrupt.exit_code().is_some() {
                Some("interrupted")
            } else if Instant::now() >= self.fetcher.deadline {
                Some("out of time")
            } else if self.budget.get() == 0 {
                Some("over the budget of --max-actions")
            } else {
                None
            };
            if why.is_none() {
                self.budget.set(self.budget.get() - 1);
            }
            let row = if why.is_none() { self.state.begin(&self.actor, action, Timestamp::now()).ok() } else { None };
            begun.push((action, row, why));
        }
        let started = Instant::now();
        let makes: Vec<&Action> = begun.iter().filter(|(.., why)| why.is_none()).map(|(action, ..)| *action).collect();
        let mut made = tokio::select! {
            _ = self.interrupt.nth(1) => Vec::new(),
            made = self.make(&makes) => made,
        }
        .into_iter();
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut ended = Vec::new();
        for (_, row, why) in begun {
            let end = match why {
                Some(why) => Ended::Skipped(why.to_owned()),
                None => made.next().unwrap_or_else(|| Ended::Skipped("interrupted".to_owned())),
            };
            let (word, error) = match &end {
                Ended::Done(_) | Ended::Same => ("done", None),
                Ended::Skipped(why) => ("skipped", Some(why)),
                Ended::Failed(why) => ("failed", Some(why)),
            };
            if let Some(row) = row {
                // The journal is for people; what it lacks, the report has.
                let _ = self.state.finish(row, word, error.map(String::as_str));
            }
            ended.push((end, duration_ms));
        }
        ended
    }

    /// Makes actions that are alike.
    async fn make(&self, actions: &[&Action]) -> Vec<Ended> {
        let Some(first) = actions.first() else { return Vec::new() };
        if matches!(first.change, Change::ModRemove { .. }) {
            return actions.iter().map(|action| self.remove(action)).collect();
        }
        let wants: Vec<&Want> = actions.iter().filter_map(|action| self.want(action)).collect();
        let bar = self.transfers.bar(&first.target.name);
        let records = self.fetcher.fetch(&wants, &bar).await;
        bar.finish_and_clear();
        match records {
            Ok(records) => wants.iter().zip(records).map(|(want, record)| self.note(want, record)).collect(),
            Err(why) => actions.iter().map(|_| Ended::Failed(why.clone())).collect(),
        }
    }

    /// Enters what was put in place into the manifest, at once: a kill a moment later must not make it a stranger.
    fn note(&self, want: &Want, record: Result<(Record, u64), String>) -> Ended {
        let (record, resumed) = match record {
            Ok(record) => record,
            Err(why) => return Ended::Failed(why),
        };
        let after = serde_json::json!({
            "sha256": record.sha256, "size_bytes": record.size, "resumed_bytes": resumed, "unpacked": record.unpacked,
        });
        let mut manifest = self.manifest.borrow_mut();
        let before = manifest.mods.insert(want.name.clone(), record.clone());
        if let Err(error) = manifest.save(&self.fetcher.settings.dest) {
            return Ended::Failed(format!("{error:#}"));
        }
        let intact =
            self.wants.iter().zip(self.seen).any(|(other, seen)| other.name == want.name && *seen == Seen::Newer);
        let same = before.filter(|_| intact).is_some_and(|before| {
            before.sha256 == record.sha256 && before.from == record.from && before.unpacked == record.unpacked
        });
        if same { Ended::Same } else { Ended::Done(after) }
    }

    fn remove(&self, action: &Action) -> Ended {
        let (name, settings) = (&action.target.name, self.fetcher.settings);
        let removed = fetcher::leaf(&settings.dest, name, false).and_then(|found| {
            let Some((dir, leaf)) = found else { return Ok(()) };
            dir.remove_all(&leaf)?;
            Ok(())
        });
        if let Err(error) = removed {
            return Ended::Failed(format!("{error:#}"));
        }
        let mut manifest = self.manifest.borrow_mut();
        manifest.mods.remove(name);
        match manifest.save(&settings.dest) {
            Ok(()) => Ended::Done(serde_json::Value::Null),
            Err(error) => Ended::Failed(format!("{error:#}")),
        }
    }
}

impl Mods {
    /// Whether anything is wanted of an engine.
    pub fn asks_engine(&self) -> bool {
        self.docker_mods || !self.label_hosts.is_empty()
    }
}
