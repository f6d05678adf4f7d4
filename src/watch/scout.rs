//! One eye on an engine: its events, where the anchors run, who leads. Tells what it sees, decides nothing.
//!
//! A manager's event stream has node and service events of the whole swarm, but container events of its own host alone,
//! and a task is no object of it. So nothing tells a manager that a task runs on another node now: it has to look. A
//! look is one small request for the anchors' tasks alone, made every `anchor_poll`, and much more often for a while
//! after anything has happened, or while an anchor is on its way: then it is seen within [`QUICK`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use crate::engine::Engine;
use crate::engine::events::{About, Event};
use crate::model::{NodeId, ServiceId, Task, or_default};
use crate::settings::Settings;

/// How often an anchor that is on its way is looked at, at first.
const QUICK: Duration = Duration::from_millis(50);
/// And after that.
const BRISK: Duration = Duration::from_millis(250);
/// So long after an event, an anchor is looked at every [`QUICK`].
const HOT: Duration = Duration::from_secs(3);
/// So long an anchor that is on its way is looked at every [`BRISK`].
const PATIENCE: Duration = Duration::from_secs(60);
/// An engine that says nothing is asked for a sign of life so often.
const PULSE: Duration = Duration::from_secs(10);
/// Who leads is asked so often where it is this engine.
const LEAD: Duration = Duration::from_secs(5);
/// The longest wait for the answer to a look.
const ANSWER: Duration = Duration::from_secs(5);
/// The first wait before an engine that was lost is asked again; it doubles, up to [`LONGEST`].
const AGAIN: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// What a scout has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// The engine can be asked, and its events are heard from now on: whatever happened before is unknown.
    Connected,
    /// The engine is lost, and why.
    Lost(String),
    /// Something has happened that a pass may have to act on.
    Changed,
    /// The set of nodes on which an anchor runs is another one.
    Moved,
    /// This engine leads the swarm, or not.
    Leads(bool),
}

/// What a scout looks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Interest {
    /// Names of services that are anchors, each a guess.
    pub anchors: BTreeSet<String>,
    /// Names of services that follow them.
    pub dependents: BTreeSet<String>,
    /// How often to look where the anchors run; zero: after events only.
    pub every: Duration,
    /// Look only where the engine leads.
    pub leader_only: bool,
    /// Passes want to know of events; else all that is looked at is whether the engine is there.
    pub events: bool,
}

impl Interest {
    /// What these settings are about.
    pub fn of(settings: &Settings, leader_only: bool, events: bool) -> Self {
        let names = |services: &[String]| services.to_vec();
        Self {
            anchors: settings.anchors.iter().flat_map(|anchor| names(&anchor.service)).collect(),
            dependents: settings.anchors.iter().flat_map(|a| &a.dependents).flat_map(|d| names(&d.service)).collect(),
            every: settings.watch.anchor_poll,
            leader_only,
            events,
        }
    }

    /// Whether an event may matter, and whether it is about an anchor's whereabouts.
    fn weigh(&self, event: &Event) -> (bool, bool) {
        let anchor = self.anchors.contains(&event.name);
        match event.about {
            // A node that comes, goes, drains or gets another label.
            About::Node => (true, true),
            About::Service => (anchor || self.dependents.contains(&event.name), anchor),
            // Tasks that end and start on this host: only the anchors' own make a difference.
            About::Container => (anchor, anchor),
        }
    }
}

/// Looks at one engine until nobody listens any more.
#[derive(Debug)]
pub struct Scout {
    /// The engine.
    pub engine: Engine,
    /// What to look for.
    pub interest: watch::Receiver<Arc<Interest>>,
    /// Where to tell it.
    pub tell: mpsc::Sender<Sight>,
    /// From outposts, which hear a container start, to the manager's scout, which can ask where the anchors run.
    pub alarm: Arc<Notify>,
    /// Only container events matter: it is another node's engine, and need not be a manager.
    pub outpost: bool,
}

/// What is known of the engine.
struct View {
    node: String,
    leads: Option<bool>,
    /// The nodes on which anchors run.
    places: Option<BTreeSet<(ServiceId, NodeId)>>,
    /// Since when some anchor is on its way.
    moving: Option<Instant>,
    /// An event has told of something.
    event: Option<Instant>,
    /// When it was last asked who leads, and for a sign of life.
    asked: Option<Instant>,
    looked: Instant,
}

impl Scout {
    /// Goes on until the listener is gone.
    pub async fn run(mut self) {
        let (mut wait, mut since, mut lost) = (AGAIN, None, false);
        while !self.tell.is_closed() {
            let ended = self.connection(&mut since, &mut wait, &mut lost).await;
            if let Err(error) = ended
                && !lost
            {
                lost = true;
                // That another node's engine is away says nothing of the manager's.
                if self.outpost {
                    tracing::warn!("another node's engine is not heard: {error:#}");
                } else {
                    self.say(Sight::Lost(format!("{error:#}"))).await;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.tell.closed() => return,
            }
            wait = (wait * 2).min(LONGEST);
        }
    }

    /// One connection, until it breaks.
    async fn connection(&mut self, since: &mut Option<i64>, wait: &mut Duration, lost: &mut bool) -> Result<()> {
        let standing = self.engine.until(Instant::now() + ANSWER).standing().await?;
        // The stream begins where the last one ended, else now, by the engine's own clock.
        let from = since.unwrap_or_else(|| i64::try_from(standing.now.as_nanosecond()).unwrap_or_default());
        let listens = self.interest.borrow().events;
        let mut events = if listens {
            self.engine.event_stream(&standing.api, Some(from))?.left_stream()
        } else {
            futures_util::stream::pending().right_stream()
        };
        let mut view = View {
            node: standing.node,
            leads: None,
            places: None,
            moving: None,
            event: None,
            asked: None,
            looked: Instant::now(),
        };
        if !self.outpost {
            if listens {
                self.look(&mut view).await?;
            }
            self.say(Sight::Connected).await;
        } else if since.is_some() && listens {
            // What it could not tell of in between is unknown.
            self.say(Sight::Changed).await;
        }
        *lost = false;
        *since = listens.then_some(from);
        loop {
            let next = self.next_look(&view);
            tokio::select! {
                event = events.next() => {
                    let Some(event) = event else { return Ok(()) };
                    let event = event?;
                    *since = Some(event.nanos + 1).filter(|_| event.nanos > 0).or(*since);
                    self.heard(&event, &mut view).await;
                }
                changed = self.interest.changed() => {
                    if changed.is_err() || self.interest.borrow().events != listens {
                        return Ok(());
                    }
                    (view.places, view.asked) = (None, None);
                }
                () = self.alarm.notified(), if !self.outpost => view.event = Some(Instant::now()),
                () = self.tell.closed() => return Ok(()),
                () = tokio::time::sleep_until(next) => {
                    if self.outpost || !listens {
                        // A connection of which one end is gone tells nothing; whoever asks is told.
                        view.looked = Instant::now();
                        self.engine.until(view.looked + ANSWER).standing().await?;
                    } else {
                        self.look(&mut view).await?;
                    }
                    // It answers: the next loss begins with a short wait again.
                    *wait = AGAIN;
                }
            }
        }
    }

    async fn heard(&self, event: &Event, view: &mut View) {
        let interest = Arc::clone(&self.interest.borrow());
        let (matters, anchor) = interest.weigh(event);
        if !interest.events || !matters || self.outpost && event.about != About::Container {
            return;
        }
        if anchor {
            view.event = Some(Instant::now());
            if self.outpost {
                self.alarm.notify_one();
            }
        }
        if self.outpost || view.leads != Some(false) || !interest.leader_only {
            self.say(Sight::Changed).await;
        }
    }

    /// When to look next.
    fn next_look(&self, view: &View) -> Instant {
        let interest = self.interest.borrow();
        if self.outpost || !interest.events {
            return view.looked + PULSE;
        }
        let now = Instant::now();
        let acts = !interest.leader_only || view.leads == Some(true);
        let anchors = acts && interest.events && !interest.anchors.is_empty();
        let recent = |then: Option<Instant>, span| then.is_some_and(|then| now.duration_since(then) < span);
        let pause = if anchors && (recent(view.event, HOT) || recent(view.moving, HOT)) {
            QUICK
        } else if anchors && recent(view.moving, PATIENCE) {
            BRISK
        } else if !interest.every.is_zero() && (anchors || interest.leader_only && !acts) {
            interest.every
        } else {
            PULSE
        };
        view.looked + pause
    }

    /// Asks who leads, and where the anchors run.
    async fn look(&self, view: &mut View) -> Result<()> {
        let interest = Arc::clone(&self.interest.borrow());
        let engine = self.engine.until(Instant::now() + ANSWER);
        view.looked = Instant::now();
        let due = view.asked.is_none_or(|asked| asked.elapsed() >= LEAD) || view.leads != Some(true);
        if interest.leader_only && due {
            let leads = leads(&engine, &view.node).await?;
            view.asked = Some(Instant::now());
            if view.leads != Some(leads) {
                view.leads = Some(leads);
                view.places = None;
                self.say(Sight::Leads(leads)).await;
            }
        }
        let acts = !interest.leader_only || view.leads == Some(true);
        if acts && interest.events && !interest.anchors.is_empty() {
            let tasks = anchors_tasks(&engine, &interest.anchors).await?;
            let places = tasks.iter().filter(|task| task.running());
            let places = places.map(|task| (task.service.clone(), task.node.clone())).collect();
            let moving = tasks.iter().any(|task| task.live() && !task.running());
            view.moving = if moving { view.moving.or(Some(view.looked)) } else { None };
            match view.places.replace(places) {
                // Where one has gone nothing can be done yet; where one has come, everything.
                Some(before) if view.places.as_ref().is_some_and(|now| now.difference(&before).next().is_some()) => {
                    self.say(Sight::Moved).await;
                }
                Some(before) if view.places.as_ref() != Some(&before) => self.say(Sight::Changed).await,
                _ => {}
            }
        } else if !interest.leader_only && view.asked.is_none_or(|asked| asked.elapsed() >= PULSE) {
            engine.object("nodes", &view.node).await?;
            view.asked = Some(Instant::now());
        }
        Ok(())
    }

    async fn say(&self, sight: Sight) {
        // Nobody listens: the loop has ended, and so will this.
        let _ = self.tell.send(sight).await;
    }
}

/// Whether this engine's node leads the swarm.
async fn leads(engine: &Engine, node: &str) -> Result<bool> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Node {
        #[serde(deserialize_with = "or_default")]
        manager_status: Manager,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Manager {
        leader: bool,
    }
    let raw = engine.object("nodes", node).await?;
    Ok(raw.and_then(|raw| serde_json::from_str::<Node>(raw.get()).ok()).is_some_and(|node| node.manager_status.leader))
}

/// The tasks of services of these names that the managers want to run. A name that no service has is no error.
async fn anchors_tasks(engine: &Engine, names: &BTreeSet<String>) -> Result<Vec<Task>> {
    // A task is called after its service, its slot or node, and itself; the filter takes beginnings.
    let names: Vec<String> = names.iter().map(|name| format!("{name}.")).collect();
    engine.tasks(&json!({"name": names, "desired-state": ["running", "ready", "complete"]}).to_string()).await
}
