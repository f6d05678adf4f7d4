//! `orca pause` and `orca resume`: a state of the whole swarm, which every pass honours and shows until it ends.

use std::time::Duration;

use anyhow::{Result, bail};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::apply::pause::PauseWriter;
use crate::cycle::Options;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::model::{Pause, Pauses};
use crate::pass::pause::PauseWish;
use crate::report::{Cluster, Report, Run};
use crate::settings::{Anchor, Settings, nearest};
use crate::snapshot::Snapshot;
use crate::state::{Actor, State};

/// The commands' names in reports.
pub const PAUSE: &str = "pause";
/// See [`PAUSE`].
pub const RESUME: &str = "resume";

/// The longest reason that fits into a label without being a nuisance to whoever lists it.
const LONGEST: usize = 300;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct PauseOrder {
    /// It ends; else it begins.
    pub resume: bool,
    /// The anchor; none: the whole swarm.
    pub anchor: Option<String>,
    /// It ends by itself after this.
    pub lasting: Option<Duration>,
    /// Why.
    pub reason: Option<String>,
    /// Who asks, for the report: a flag, or a line of a command file.
    pub origin: String,
}

/// A run.
#[derive(Debug)]
pub struct Pausing<'a> {
    /// A manager.
    pub engine: &'a Engine,
    /// For the names of anchors.
    pub settings: &'a Settings,
    /// What is asked for.
    pub order: &'a PauseOrder,
    /// The bounds. Who leads is of no interest: any manager speaks for the swarm.
    pub options: &'a Options,
    /// Signals.
    pub interrupt: &'a Interrupt,
}

impl Pausing<'_> {
    /// Runs once. Whatever happens, there is a report.
    pub async fn run(&self) -> Report {
        let started = Instant::now();
        let before = self.engine.requests();
        let command = if self.order.resume { RESUME } else { PAUSE };
        let mut report = Report::new(command, Run::start(self.options.dry_run));
        let ended = tokio::select! {
            _ = self.interrupt.nth(1) => {
                Err(Error::new(ErrorKind::Interrupted, "interrupted by a signal; `orca history` tells whether anything was changed").into())
            }
            ended = self.work(started + self.options.timeout, command, &mut report) => ended,
        };
        report.data.insert("requests".to_owned(), (self.engine.requests() - before).into());
        report.ended(started, ended)
    }

    async fn work(&self, deadline: Instant, command: &'static str, report: &mut Report) -> Result<u64> {
        let engine = &self.engine.until(deadline);
        let cluster = observe(engine).await?;
        report.cluster = Some(Cluster::of(&cluster));
        let wish = self.wish(&cluster)?;
        let state = if self.options.dry_run {
            None
        } else {
            let (state, warning) = State::open(&self.options.state_dir)?;
            report.warnings.extend(warning);
            Some(state)
        };
        let id = cluster.cluster.clone().unwrap_or_else(|| "unknown".to_owned());
        let actor = Actor { run: report.run.id.clone(), cluster: id.clone(), command };
        let writer = PauseWriter { engine, api: &cluster.api, cluster: &id, state: state.as_ref(), actor };
        let unchanged = writer.write(&wish, &mut report.actions, &mut report.warnings).await?;
        let now = if self.options.dry_run { cluster } else { observe(engine).await? };
        let list = now.pauses.at(now.taken_at).into_iter().filter_map(|pause| serde_json::to_value(pause).ok());
        report.data.insert(crate::pass::pause::DATA.to_owned(), list.collect());
        Ok(unchanged)
    }

    fn wish(&self, cluster: &Snapshot) -> Result<PauseWish> {
        let PauseOrder { resume, anchor, lasting, reason, origin } = self.order;
        if let Some(name) = anchor {
            known(name, &self.settings.anchors, &cluster.pauses, *resume)?;
        }
        if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST || reason.contains(char::is_control)) {
            let text = format!("the reason must be one line of at most {LONGEST} characters");
            bail!(Error::new(ErrorKind::Usage, text).hint("it is shown in every report; write a short one"));
        }
        let until = lasting.and_then(|lasting| {
            let lasting = SignedDuration::try_from(lasting).ok()?;
            Some(format!("{:.0}", cluster.taken_at.checked_add(lasting).unwrap_or(Timestamp::MAX)))
        });
        let pause = Pause { until, by: Some(cluster.node_name.clone()), reason: reason.clone(), ..Pause::default() };
        Ok(PauseWish { anchor: anchor.clone(), pause: (!resume).then_some(pause), origin: origin.clone() })
    }
}

/// The swarm without its tasks: they are none of a pause's business.
async fn observe(engine: &Engine) -> Result<Snapshot> {
    let standing = engine.standing().await?;
    if !standing.manager {
        let text = format!("`{}` is no swarm manager: it can't speak for the swarm", standing.name);
        bail!(Error::new(ErrorKind::NotManager, text).hint("point -H or --context at a manager"));
    }
    Snapshot::observe_members(engine, &standing).await
}

/// A name that no anchor has is a slip, unless there is a pause of that name to end.
fn known(name: &str, anchors: &[Anchor], pauses: &Pauses, resume: bool) -> Result<()> {
    let names: Vec<&str> = anchors.iter().map(|anchor| anchor.name.as_str()).collect();
    if names.contains(&name) || resume && pauses.has(name) {
        return Ok(());
    }
    let hint = match (nearest(name, &names), names.is_empty()) {
        (Some(nearest), _) => format!("did you mean `{nearest}`?"),
        (None, true) => {
            "name the config that has it with --config; without an anchor the whole swarm is meant".to_owned()
        }
        (None, false) => format!("there are {}", names.join(", ")),
    };
    Err(Error::new(ErrorKind::Config, format!("no anchor is called `{name}`")).hint(hint).into())
}
