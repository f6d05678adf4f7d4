//! What may be ordered of services, stacks and nodes: from a request to the same orders as on the command line.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use http::StatusCode;
use tokio::time::Instant;

use super::Server;
use super::problem::Problem;
use super::runs::{self, Entry};
use super::seen::{self, Compared};
use crate::catalog::build;
use crate::catalog::deploy::Order as Deployment;
use crate::catalog::desk::Desk;
use crate::cycle::Options;
use crate::error::{Error, ErrorKind, Sort};
use crate::everyday::{self, Act, Asked};
use crate::pass::catalog::rows;
use crate::pass::order::{Order, Verb, Wish};
use crate::pass::services::standing;
use crate::pass::update::Request;
use crate::registry::Keyring;
use crate::report::Report;
use crate::snapshot::Snapshot;
use crate::updates::{self, Updating};

/// No rollout of an update is begun after this.
const ROLLOUTS: Duration = Duration::from_secs(3600);

/// A deployment asks registries, too.
const DEPLOYMENT: Duration = Duration::from_secs(120);
/// Builds take their time.
const BUILD: Duration = Duration::from_secs(1800);

/// What an order is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Service,
    Stack,
    Node,
    /// An entry of the catalog.
    Entry,
}

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// An everyday verb.
    Do(Verb),
    /// New images.
    Update,
    /// The swarm as a definition says.
    Deploy,
    /// An image of a definition's build context.
    Build,
}

impl What {
    /// The command's name in reports.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Do(verb) => verb.name(),
            Self::Update => updates::COMMAND,
            Self::Deploy => "catalog deploy",
            Self::Build => build::COMMAND,
        }
    }

    /// Services may run other images after it, or registries have others.
    fn may_change_images(self) -> bool {
        matches!(self, Self::Update | Self::Deploy | Self::Build | Self::Do(Verb::ServicesRollback))
    }
}

/// What can be ordered, by the word in paths.
static WORDS: &[(Kind, &str, What)] = &[
    (Kind::Service, "scale", What::Do(Verb::ServicesScale)),
    (Kind::Service, "stop", What::Do(Verb::ServicesStop)),
    (Kind::Service, "start", What::Do(Verb::ServicesStart)),
    (Kind::Service, "restart", What::Do(Verb::ServicesRestart)),
    (Kind::Service, "rollback", What::Do(Verb::ServicesRollback)),
    (Kind::Service, "refresh-auth", What::Do(Verb::ServicesRefreshAuth)),
    (Kind::Service, "update", What::Update),
    (Kind::Stack, "restart", What::Do(Verb::StacksRestart)),
    (Kind::Stack, "stop", What::Do(Verb::StacksStop)),
    (Kind::Stack, "start", What::Do(Verb::StacksStart)),
    (Kind::Stack, "update", What::Update),
    (Kind::Node, "drain", What::Do(Verb::NodesDrain)),
    (Kind::Node, "activate", What::Do(Verb::NodesActivate)),
    (Kind::Node, "pause", What::Do(Verb::NodesPause)),
    (Kind::Node, "labels", What::Do(Verb::NodesLabel)),
    (Kind::Entry, "deploy", What::Deploy),
    (Kind::Entry, "build", What::Build),
];

/// That there is something of just this name or id. On the command line the beginning of a name is enough; a program that
/// has a name wrong must not change something else.
///
/// # Errors
/// If there is none.
pub(super) fn exact(cluster: &Snapshot, kind: Kind, name: &str) -> Result<()> {
    let (what, there) = match kind {
        Kind::Service => ("service", cluster.services.iter().any(|one| one.name == name || one.id.0 == name)),
        Kind::Node => ("node", cluster.nodes.iter().any(|one| one.name == name || one.id.0 == name || one.key == name)),
        // The catalog itself takes whole names only.
        Kind::Entry => return Ok(()),
        Kind::Stack => {
            let standings = standing::all(cluster)?;
            ("stack", standings.iter().any(|one| one.stack.as_deref() == Some(name)))
        }
    };
    if there {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Usage, format!("there is no {what} `{name}`")).sort(Sort::Absent).into())
}

/// One order.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) what: What,
    pub(super) kind: Kind,
    pub(super) word: &'static str,
    /// Whom it is for, by name or id.
    pub(super) name: String,
    pub(super) replicas: Option<u64>,
    pub(super) labels: Vec<(String, Option<String>)>,
    pub(super) force: bool,
    /// Of a build: the platform; none: the engine's own.
    pub(super) platform: Option<String>,
    /// Of an update: give images without a digest one.
    pub(super) pin: bool,
    /// The version that whoever orders has seen.
    pub(super) seen: Option<u64>,
    /// Who orders.
    pub(super) by: String,
}

impl Job {
    /// An order by its word in a path.
    ///
    /// # Errors
    /// 404 if there is no such word for what this is.
    pub(super) fn new(kind: Kind, word: &str, name: &str, by: &str) -> Result<Self, Problem> {
        let known = WORDS.iter().find(|(of, known, _)| *of == kind && *known == word);
        let (_, word, what) = known.ok_or_else(Problem::nothing_here)?;
        let (name, by) = (name.to_owned(), by.to_owned());
        Ok(Self {
            what: *what,
            kind,
            word,
            name,
            replicas: None,
            labels: Vec::new(),
            force: false,
            platform: None,
            pin: false,
            seen: None,
            by,
        })
    }

    /// The command's name in reports.
    pub(super) fn command(&self) -> &'static str {
        self.what.command()
    }

    /// What the version is compared with that whoever orders has seen.
    pub(super) fn compared(&self) -> Compared {
        seen::of_order(self.kind, self.word)
    }

    /// What is missing for it to be an order.
    ///
    /// # Errors
    /// 400 if something is.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let missing = |text: &str| Err(Problem::new(StatusCode::BAD_REQUEST, "bad_request", text));
        match self.what {
            What::Do(Verb::ServicesScale) if self.replicas.is_none() => {
                missing("`replicas` must be a number from 0 to 100000")
            }
            What::Do(Verb::ServicesScale) if self.replicas > Some(100_000) => {
                missing("`replicas` must be a number from 0 to 100000")
            }
            What::Do(Verb::NodesLabel) if self.labels.is_empty() => missing("`labels` must name at least one label"),
            _ => Ok(()),
        }
    }

    /// One more that a form or a query says; what is none is left alone.
    ///
    /// # Errors
    /// 400 if a number is none.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<(), Problem> {
        let wrong = || Problem::new(StatusCode::BAD_REQUEST, "bad_request", format!("`{key}` must be a number"));
        let on = !matches!(value, "" | "0" | "false" | "no");
        match key {
            "replicas" => self.replicas = Some(value.trim().parse().map_err(|_| wrong())?),
            "platform" if !value.is_empty() => self.platform = Some(value.to_owned()),
            "force" => self.force = on,
            "pin" => self.pin = on,
            // As on the command line: KEY=VALUE sets, KEY- removes.
            "label" if !value.trim().is_empty() => {
                let label = match (value.trim().split_once('='), value.trim().strip_suffix('-')) {
                    (Some((key, value)), _) => (key.to_owned(), Some(value.to_owned())),
                    (None, Some(key)) => (key.to_owned(), None),
                    (None, None) => (value.trim().to_owned(), Some(String::new())),
                };
                self.labels.push(label);
            }
            _ => {}
        }
        Ok(())
    }

    /// As it is on the command line, on this look at the swarm.
    fn order(&self, cluster: &Snapshot) -> Result<Order> {
        exact(cluster, self.kind, &self.name)?;
        let names = std::slice::from_ref(&self.name);
        let services = |asked| everyday::services(cluster, names, asked, self.force);
        let nodes = |wish| everyday::nodes(cluster, names, wish, self.force);
        let order = match self.what {
            What::Do(Verb::ServicesScale) => {
                everyday::scale(cluster, &[(self.name.clone(), self.replicas.unwrap_or_default())])
            }
            What::Do(Verb::ServicesStop) => services(Asked::Stop),
            What::Do(Verb::ServicesStart) => services(Asked::Start),
            What::Do(Verb::ServicesRestart) => services(Asked::Restart),
            What::Do(Verb::ServicesRollback) => services(Asked::Rollback),
            What::Do(Verb::ServicesRefreshAuth) => services(Asked::RefreshAuth),
            What::Do(Verb::StacksRestart) => everyday::stack(cluster, &self.name, Asked::Restart),
            What::Do(Verb::StacksRedeploy) => everyday::redeploy(cluster, &self.name, self.force),
            What::Do(Verb::StacksStop) => everyday::stack(cluster, &self.name, Asked::Stop),
            What::Do(Verb::StacksStart) => everyday::stack(cluster, &self.name, Asked::Start),
            What::Do(Verb::NodesDrain) => nodes(Wish::Drain),
            What::Do(Verb::NodesActivate) => nodes(Wish::Activate),
            What::Do(Verb::NodesPause) => nodes(Wish::Pause),
            What::Do(Verb::NodesLabel) => everyday::labels(cluster, &self.name, &self.labels, self.force),
            What::Update | What::Deploy | What::Build => Ok(Order::default()),
        }?;
        let seen = |version| order.wishes.iter().map(|wish| (wish.target().to_owned(), version)).collect();
        let seen: BTreeMap<String, u64> = self.seen.map(seen).unwrap_or_default();
        Ok(Order { seen, by: Some(format!("{} over HTTP", self.by)), ..order })
    }

    /// Carries it out for a run; without one it says what would be done.
    ///
    /// # Errors
    /// If the swarm can't be read, or there is nothing of that name.
    pub(super) async fn run(&self, server: &Server, entry: Option<&Entry>, wait: Option<Duration>) -> Result<Report> {
        let dry_run = entry.is_none();
        let (source, settings, interrupt) = (server.warm.source(), &server.settings, &server.interrupt);
        let timeout = server.options.timeout + wait.unwrap_or_default();
        let options = &Options { dry_run, timeout, wait, ..server.options.clone() };
        let verb = match self.what {
            What::Do(verb) => verb,
            What::Update => {
                exact(&server.warm.look().await?.cluster, self.kind, &self.name)?;
                return self.update(server, options).await;
            }
            What::Deploy => return self.deploy(server, options).await,
            What::Build => return self.build(server, options, entry).await,
        };
        let asks = verb == Verb::ServicesRefreshAuth;
        let keyring = asks.then(|| Keyring::here(&settings.registry.credentials)).transpose()?;
        let act = Act { verb, source, settings, options, keyring: keyring.as_ref(), interrupt };
        Box::pin(act.run(|cluster| self.order(cluster))).await
    }

    async fn update(&self, server: &Server, options: &Options) -> Result<Report> {
        let (source, settings, interrupt) = (server.warm.source(), &server.settings, &server.interrupt);
        let keyring = &Keyring::here(&settings.registry.credentials)?;
        let options = &Options { timeout: ROLLOUTS, ..options.clone() };
        let atomic = settings.update.atomic;
        let (seen, pin, retry_failed) = (self.seen, self.pin, self.force);
        let request = Request { seen, pin, retry_failed, atomic, ..Request::default() };
        let names = std::slice::from_ref(&self.name);
        let (names, stack) =
            if self.kind == Kind::Stack { (&[] as &[String], Some(self.name.as_str())) } else { (names, None) };
        let (parallel, prepull, clean) =
            (settings.update.parallel as usize, settings.update.prepull, settings.update.clean);
        let run =
            Updating { source, settings, request, names, stack, keyring, parallel, prepull, clean, options, interrupt };
        Box::pin(run.run()).await
    }

    async fn deploy(&self, server: &Server, options: &Options) -> Result<Report> {
        let options = &Options { timeout: DEPLOYMENT + options.wait.unwrap_or_default(), ..options.clone() };
        let (desk, started) = (self.desk(server, options), Instant::now());
        let mut report = desk.report();
        let found = desk.open(true, &mut report).await?;
        let definitions = vec![found.row(&self.name)?.definition.clone()];
        let order = Deployment { definitions, by_hand: true, resolve: true, seen: self.seen, ..Deployment::default() };
        let unchanged = Box::pin(desk.deploy(found, order, &mut report)).await;
        Ok(report.ended(started, unchanged))
    }

    async fn build(&self, server: &Server, options: &Options, entry: Option<&Entry>) -> Result<Report> {
        let options = &Options { timeout: BUILD, ..options.clone() };
        let (desk, started) = (self.desk(server, options), Instant::now());
        let mut report = desk.report();
        let found = desk.open(false, &mut report).await?;
        let row = found.row(&self.name)?;
        if let Some(stale) = rows::stale(row, self.seen) {
            report.blocked.push(stale);
            return Ok(report.ended(started, Ok(0)));
        }
        let definition = row.definition.clone();
        let Some(cluster) = &found.cluster else {
            return Err(Error::new(ErrorKind::Unreachable, "there is no engine that could build it").into());
        };
        let plan = build::Plan { definition, platform: self.platform.clone(), push: true, ..build::Plan::default() };
        let engine = server.warm.source().engine()?;
        let mut say = |line: &str| entry.into_iter().for_each(|entry| entry.says(line));
        let built = Box::pin(desk.build(cluster, engine, &plan, &mut report, &mut say)).await;
        Ok(report.ended(started, built.map(|()| 0)))
    }

    fn desk<'a>(&self, server: &'a Server, options: &'a Options) -> Desk<'a> {
        let (settings, interrupt) = (&server.settings, &server.interrupt);
        Desk { command: self.command(), source: server.warm.source(), settings, options, interrupt }
    }

    /// Begins it; it goes on whether anybody waits or not.
    ///
    /// # Errors
    /// 503 if too much is under way.
    pub(super) fn begin(self, server: &Rc<Server>, wait: Option<Duration>) -> Result<Rc<Entry>, Problem> {
        let (command, name, by) = (self.command(), self.name.clone(), self.by.clone());
        let work = async move |server: &Server, entry: &Entry| {
            let report = self.run(server, Some(entry), wait).await;
            if self.what.may_change_images() {
                server.asides.spoil_newer();
            }
            report
        };
        runs::begin(server, command, &name, &by, work).ok_or_else(|| {
            let text = "too many changes are under way already";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", text).hint("GET /api/runs tells which")
        })
    }
}
