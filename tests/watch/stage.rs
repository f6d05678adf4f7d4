//! A simulated cluster with anchors, and a loop beside it whose lines are read as they come.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::common::cluster::{Cluster, text};
use crate::common::orca::Orca;
use crate::common::poll;
use crate::common::sim::Sim;

/// Everything happens so fast that a test needs not wait; the clock alone would take an hour.
pub(crate) const QUICK: &str = "
  debounce: 50ms
  max_wait: 400ms
  anchor_poll: 20ms
  config_poll: 20ms
";

pub(crate) struct Stage {
    pub(crate) sim: Sim,
    pub(crate) orca: Orca,
}

/// A loop that runs.
pub(crate) struct Loop {
    pub(crate) child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Stage {
    /// `db` on node-1 with `app` beside it, which knows its place by the label that orca keeps.
    pub(crate) fn new() -> Result<Self> {
        Self::slow("0s")
    }

    /// Whose tasks take so long to start.
    pub(crate) fn slow(start_delay: &str) -> Result<Self> {
        let names = [1, 2, 3].map(|number| format!("node-{number}"));
        let sim = Sim::start(&names, 3, start_delay)?;
        let orca = Orca::new(&sim.engine.host())?;
        let stage = Self { sim, orca };
        stage.configure("  passes: { reconcile: { every: 1h } }")?;
        stage.service("db", &[])?;
        stage.service("app", &["node.labels.db==true"])?;
        Ok(stage)
    }

    /// The config with this `watch:` section beside the quick one.
    pub(crate) fn configure(&self, watch: &str) -> Result<()> {
        self.orca.config(&format!("stack: ''\ndependencies: {{ db: {{ services: [app] }} }}\nwatch:{QUICK}{watch}\n"))
    }

    pub(crate) fn service(&self, name: &str, constraints: &[&str]) -> Result<()> {
        let spec = json!({"Name": name, "Mode": {"Replicated": {"Replicas": 1}}, "TaskTemplate": {
            "ContainerSpec": {"Image": "127.0.0.1:1/bb:1"}, "Placement": {"Constraints": constraints},
            "RestartPolicy": {"Condition": "any", "Delay": 1_000_000},
        }});
        self.sim.engine.post("/services/create", &spec).map(drop)
    }

    pub(crate) fn watch(&self, args: &[&str]) -> Result<Loop> {
        let mut words = vec!["watch", "-o", "json"];
        words.extend(args);
        Loop::start(self.orca.command(&words))
    }

    pub(crate) fn cluster(&self) -> Result<Cluster> {
        Cluster::peek(&self.sim.engine)
    }

    pub(crate) fn availability(&self, node: &str, wanted: &str) -> Result<()> {
        let id = self.cluster()?.node_id(node)?;
        self.sim.engine.edit("nodes", &id, |spec| spec["Availability"] = wanted.into())
    }

    /// The node of the only task of a service.
    pub(crate) fn place(&self, service: &str) -> Result<String> {
        let places = self.cluster()?.places(service)?;
        ensure!(places.len() == 1, "`{service}` runs on {places:?}");
        Ok(places[0].clone())
    }

    /// Makes the anchor move: its node is drained.
    pub(crate) fn displace(&self) -> Result<String> {
        let from = self.place("db")?;
        self.availability(&from, "drain")?;
        self.place("db")
    }

    /// Waits until the label is where the anchor is and nowhere else, and `app` beside it.
    pub(crate) fn together(&self) -> Result<()> {
        poll::until("the label is beside the anchor", || {
            let (cluster, at) = (self.cluster()?, self.place("db")?);
            let labelled = |node: &&Value| node["Spec"]["Labels"]["db"] == "true";
            let labelled: Vec<_> =
                cluster.nodes.iter().filter(labelled).map(|node| text(&node["Description"]["Hostname"])).collect();
            let app = cluster.places("app")?;
            let right = labelled == [at.clone()] && app == [at.clone()];
            Ok(if right { Vec::new() } else { vec![format!("db on {at}, label on {labelled:?}, app on {app:?}")] })
        })
    }
}

impl Loop {
    pub(crate) fn start(mut command: std::process::Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (into, from) = (Arc::clone(&lines), BufReader::new(child.stdout.take().context("stdout")?));
        std::thread::spawn(move || {
            for line in from.lines().map_while(Result::ok) {
                into.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(serde_json::from_str(&line).unwrap_or_else(|_| json!({"no JSON": line})));
            }
        });
        Ok(Self { child, lines })
    }

    /// All lines so far.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The lines of this type.
    pub(crate) fn of(&self, kind: &str) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["type"] == kind).collect()
    }

    /// Why passes ran, in order.
    pub(crate) fn causes(&self) -> Vec<String> {
        self.of("report").iter().map(|line| text(&line["report"]["data"]["cause"])).collect()
    }

    /// Waits until the lines are as wanted.
    pub(crate) fn until(&self, what: &str, mut wanted: impl FnMut(&Self) -> bool) -> Result<()> {
        poll::until(what, || {
            let lines = self.lines();
            let shown = lines.iter().rev().take(5).map(|line| line.to_string().chars().take(400).collect());
            let last = std::iter::once(format!("{} lines, the last of them:", lines.len())).chain(shown);
            Ok(if wanted(self) { Vec::new() } else { last.collect() })
        })
    }

    /// Waits for the first report.
    pub(crate) fn begun(&self) -> Result<()> {
        self.until("the first pass has run", |watch| !watch.of("report").is_empty())
    }

    /// Waits until nothing has been reported for so long.
    pub(crate) fn quiet(&self, time: Duration) -> Result<()> {
        poll::until("the loop is quiet", || {
            let before = self.of("report").len();
            std::thread::sleep(time);
            Ok(if self.of("report").len() == before { Vec::new() } else { vec!["still busy".to_owned()] })
        })
    }

    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        let status =
            std::process::Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status()?;
        ensure!(status.success(), "`kill -{name}` failed");
        Ok(())
    }

    /// Tells it to stop, and waits for its end: the exit code.
    pub(crate) fn stop(mut self) -> Result<Option<i32>> {
        self.signal("TERM")?;
        Ok(self.child.wait()?.code())
    }
}

impl Loop {
    /// Waits for the end of a loop that was told to stop: the exit code.
    pub(crate) fn ended(mut self) -> Result<Option<i32>> {
        Ok(self.child.wait()?.code())
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
