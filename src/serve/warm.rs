//! One look at the swarm that all answers share: read when somebody asks and the last look is too old, or when an event
//! has made it old. However many ask, one look is made at a time, of the same five requests.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use futures_util::StreamExt as _;
use hyper::body::Bytes;
use jiff::Timestamp;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep};

use crate::cycle::Source;
use crate::engine::Engine;
use crate::engine::again::Heard;
use crate::error::{again, interrupted};
use crate::interrupt::Interrupt;
use crate::model::Task;
use crate::snapshot::{self, Snapshot};

/// No answer is older than this when it is given.
pub(super) const FRESH: Duration = Duration::from_secs(3);
/// No look takes longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longer lists are not remembered word for word, bytes: they would take more memory than they are worth.
const HEARD: usize = 16 << 20;
/// Who only asks whether the swarm can be read is answered by a look of this age.
const RECENT: Duration = Duration::from_secs(15);
/// Events come in bursts; one look serves them all.
const BURST: Duration = Duration::from_millis(100);
/// A task on another host starts and ends without an event: who watches live is told of it after this.
const PULSE: Duration = Duration::from_secs(2);
/// An engine that was lost is asked again after this, and ever more seldom,
const AGAIN: Duration = Duration::from_secs(1);
/// up to this.
const SELDOM: Duration = Duration::from_secs(15);

/// One look.
#[derive(Debug)]
pub(super) struct View {
    pub(super) cluster: Rc<Snapshot>,
    /// Word for word, for the next look.
    heard: Option<Heard>,
    print: Print,
    began: Instant,
    /// [`Warm::changes`] when it was begun.
    changes: u64,
    documents: RefCell<BTreeMap<String, Bytes>>,
}

impl View {
    /// How long ago it was made.
    pub(super) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// When it was made.
    pub(super) fn as_of(&self) -> Timestamp {
        self.cluster.taken_at
    }

    /// A document of this look alone: made once, however often it is asked for.
    ///
    /// # Errors
    /// What `make` says.
    pub(super) fn document(&self, key: &str, make: impl FnOnce(&Snapshot) -> Result<Vec<u8>>) -> Result<Bytes> {
        if let Some(known) = self.documents.borrow().get(key) {
            return Ok(known.clone());
        }
        let document = Bytes::from(make(&self.cluster)?);
        self.documents.borrow_mut().insert(key.to_owned(), document.clone());
        Ok(document)
    }
}

/// A look that has failed, and when it was begun.
type Failed = (Instant, anyhow::Error);

/// The look at hand.
#[derive(Debug)]
pub(super) struct Warm {
    source: Source,
    interrupt: Interrupt,
    view: RefCell<Option<Rc<View>>>,
    failed: RefCell<Option<Failed>>,
    /// How often something was changed: a look that was begun before the last time is stale, and stays so if the one
    /// after it is broken off, since its client has gone.
    changes: Cell<u64>,
    turn: Mutex<()>,
    /// Clients that watch live.
    watchers: Cell<usize>,
    /// Never the same number again for anything that is shown otherwise; whether the swarm could be read.
    news: watch::Sender<(u64, bool)>,
}

/// A client that watches live, for as long as it lives.
#[derive(Debug)]
pub(super) struct Watcher {
    warm: Rc<Warm>,
    /// The number of what is shown, see [`Warm::turn`], and whether the swarm could be read.
    pub(super) news: watch::Receiver<(u64, bool)>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.warm.watchers.set(self.warm.watchers.get() - 1);
    }
}

impl Warm {
    pub(super) fn new(source: Source, interrupt: Interrupt) -> Self {
        Self {
            source,
            interrupt,
            view: RefCell::new(None),
            failed: RefCell::new(None),
            changes: Cell::new(0),
            turn: Mutex::new(()),
            watchers: Cell::new(0),
            news: watch::Sender::new((0, false)),
        }
    }

    /// Where it looks.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Clients that watch live.
    pub(super) fn watchers(&self) -> usize {
        self.watchers.get()
    }

    /// The last look that went well, however old.
    pub(super) fn last(&self) -> Option<Rc<View>> {
        self.view.borrow().clone()
    }

    /// Whether the last look went well.
    pub(super) fn well(&self) -> bool {
        self.failed.borrow().is_none() && self.view.borrow().is_some()
    }

    /// Whether the swarm can be read: it was a moment ago, or it can be now.
    pub(super) async fn is_ready(&self) -> bool {
        let recent = self.well() && self.last().is_some_and(|view| view.age() < RECENT);
        recent || self.look().await.is_ok()
    }

    /// Something was changed: the next answer needs a new look.
    pub(super) fn spoil(&self) {
        self.changes.set(self.changes.get() + 1);
    }

    /// A look that is no older than [`FRESH`].
    ///
    /// # Errors
    /// If the swarm can't be read: then nothing is known, whatever was known before.
    pub(super) async fn look(&self) -> Result<Rc<View>> {
        if let Some(view) = self.fresh() {
            return Ok(view);
        }
        let asked = Instant::now();
        let _turn = self.turn.lock().await;
        // Others have waited too, and one of them has looked.
        if let Some(view) = self.fresh() {
            return Ok(view);
        }
        if let Some((_, error)) = self.failed.borrow().as_ref().filter(|(began, _)| *began >= asked) {
            return Err(again(error));
        }
        self.look_now().await
    }

    fn fresh(&self) -> Option<Rc<View>> {
        let view = self.view.borrow();
        view.as_ref().filter(|view| view.changes == self.changes.get() && view.age() < FRESH).cloned()
    }

    async fn look_now(&self) -> Result<Rc<View>> {
        let (began, changes, before) = (Instant::now(), self.changes.get(), self.last());
        let observed = match &self.source {
            Source::Engine(engine) => tokio::select! {
                _ = self.interrupt.nth(1) => Err(interrupted()),
                observed = observe(engine.until(began + PATIENCE), before.as_deref()) => observed,
            },
            Source::File(path) => snapshot::load(path).map(|cluster| (cluster, None)),
        };
        let (cluster, heard) = match observed {
            Ok(observed) => observed,
            Err(error) => {
                *self.failed.borrow_mut() = Some((began, again(&error)));
                // What was known before is not known any more, however young it is.
                self.spoil();
                self.tell(false, false);
                return Err(error);
            }
        };
        *self.failed.borrow_mut() = None;
        let print = Print::of(&cluster, before.as_deref());
        let same = before.as_ref().is_some_and(|before| before.print == print);
        let (cluster, documents) = (Rc::new(cluster), RefCell::default());
        let view = Rc::new(View { cluster, heard, print, began, changes, documents });
        *self.view.borrow_mut() = Some(Rc::clone(&view));
        self.tell(true, !same);
        Ok(view)
    }

    /// Whoever watches hears of it if anything is another than it was.
    fn tell(&self, well: bool, new: bool) {
        self.news.send_modify(|news| *news = (news.0 + u64::from(new || news.1 != well), well));
    }

    /// Something else than the swarm is another one: who watches looks again.
    pub(super) fn nudge(&self) {
        self.news.send_modify(|news| news.0 += 1);
    }

    /// The number of what is shown now: a page that was made before it was told another one is old.
    pub(super) fn turn(&self) -> u64 {
        self.news.borrow().0
    }

    /// Somebody watches live from now on.
    pub(super) fn watch(self: &Rc<Self>) -> Watcher {
        self.watchers.set(self.watchers.get() + 1);
        Watcher { warm: Rc::clone(self), news: self.news.subscribe() }
    }

    /// Listens to the engine's events for as long as it is polled, and looks by itself while somebody watches live.
    pub(super) async fn tend(&self) {
        let mut pause = AGAIN;
        loop {
            // Only an engine that has answered tells which version its events are asked in.
            if self.listen().await {
                pause = AGAIN;
            }
            self.spoil();
            sleep(pause).await;
            pause = (pause * 2).min(SELDOM);
        }
    }

    /// Until the stream of events breaks. Tells whether there was one.
    async fn listen(&self) -> bool {
        let Source::Engine(engine) = &self.source else { return std::future::pending().await };
        let Ok(view) = self.look().await else { return false };
        let Ok(mut events) = engine.event_stream(&view.cluster.api, None) else { return false };
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(Ok(_)) => {
                        sleep(BURST).await;
                        self.spoil();
                    }
                    _ => return true,
                },
                () = sleep(PULSE) => {}
            }
            if self.watchers.get() > 0 {
                self.spoil();
                // Who watches sees by the next answer what is wrong.
                let _ = self.look().await;
            }
        }
    }
}

/// One look, of which no more is read than what is new since the one before.
async fn observe(engine: Engine, before: Option<&View>) -> Result<(Snapshot, Option<Heard>)> {
    let known = before.and_then(|view| Some((&*view.cluster, view.heard.as_ref()?)));
    let (cluster, heard) = Snapshot::observe_again(&engine, known).await?;
    Ok((cluster, Some(heard).filter(|heard| heard.size() <= HEARD)))
}

/// Numbers of which one is another where anything is different that is shown.
#[derive(Debug, PartialEq, Eq)]
struct Print {
    nodes: u64,
    services: u64,
    tasks: u64,
}

impl Print {
    /// Of a list that is shared with the look before, the number is known.
    fn of(cluster: &Snapshot, before: Option<&View>) -> Self {
        let services = before.filter(|before| Arc::ptr_eq(&before.cluster.services, &cluster.services));
        let tasks = before.filter(|before| Arc::ptr_eq(&before.cluster.tasks, &cluster.tasks));
        let task = |task: &Task, hasher: &mut DefaultHasher| {
            let said =
                (&task.id.0, task.status.state.name(), task.desired_state.name(), &task.node.0, &task.status.err);
            said.hash(hasher);
        };
        Self {
            nodes: number(&cluster.nodes, |node, hasher| (&node.id.0, node.raw.get()).hash(hasher)),
            services: services.map_or_else(
                || number(&cluster.services, |service, hasher| (&service.id.0, service.raw.get()).hash(hasher)),
                |before| before.print.services,
            ),
            tasks: tasks.map_or_else(|| number(&cluster.tasks, task), |before| before.print.tasks),
        }
    }
}

fn number<T>(list: &[T], say: impl Fn(&T, &mut DefaultHasher)) -> u64 {
    let mut hasher = DefaultHasher::new();
    for one in list {
        say(one, &mut hasher);
    }
    hasher.finish()
}
