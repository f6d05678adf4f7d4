//! A long life in a short time.
//!
//! A simulated minute takes [`MINUTE`]: every time that orca waits for is scaled by the same factor (60 s between passes,
//! 1 s of silence, 10 s of patience, 1 s between two looks at the anchors and at the config, the retry ladder), and so is
//! what happens in the cluster. Not scaled: how long requests and passes take, and the waits before an engine that is
//! lost is asked again. So the scaled loop is far busier than a real one, which is what is wanted of it here.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::common::cluster::{Cluster, text};
use crate::common::orca::Orca;
use crate::common::poll;
use crate::common::sim::Sim;
use crate::stage::Loop;

const MINUTE: Duration = Duration::from_millis(20);
const HOURS: u32 = 24;

fn config(note: u32) -> String {
    format!(
        "stack: ''
options: {{ retry_intervals: [1ms, 3ms, 20ms, 100ms], max_mismatch: 1h }}
dependencies:
  db: {{ services: [app, web], restart_dependents: true }}
  cache: [worker]
  mail: {{ services: [spam], label: post=office }}
nodes: {{ node-5: {{ labels: {{ note: '{note}' }} }} }}
watch:
  debounce: 1ms
  max_wait: 4ms
  anchor_poll: 10ms
  config_poll: 10ms
  passes: {{ reconcile: {{ every: 20ms }} }}
"
    )
}

const PAIRS: [(&str, &str); 4] = [("db", "app"), ("db", "web"), ("cache", "worker"), ("mail", "spam")];

struct Life {
    sim: Sim,
    orca: Orca,
    seed: u64,
}

impl Life {
    fn service(&self, name: &str, constraint: Option<&str>) -> Result<()> {
        let spec = json!({"Name": name, "Mode": {"Replicated": {"Replicas": 1}}, "TaskTemplate": {
            "ContainerSpec": {"Image": "127.0.0.1:1/bb:1"}, "RestartPolicy": {"Condition": "any", "Delay": 1_000_000},
            "Placement": {"Constraints": constraint.into_iter().collect::<Vec<_>>()},
        }});
        self.sim.engine.post("/services/create", &spec).map(drop)
    }

    /// The same numbers in each run.
    fn dice(&mut self, sides: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % sides
    }

    fn node(&self, name: &str, availability: &str) -> Result<()> {
        let id = Cluster::peek(&self.sim.engine)?.node_id(name)?;
        self.sim.engine.edit("nodes", &id, |spec| spec["Availability"] = availability.into())
    }

    /// What happens in one hour: it begins with something, and is over before the next.
    fn hour(&mut self, hour: u32, watch: &Loop) -> Result<()> {
        // node-1 is the engine itself, and leads.
        let node = format!("node-{}", self.dice(4) + 2);
        match hour % 6 {
            0 => {
                self.sim.admin(&format!("/nodes/{node}"), &json!({"state": "down"}))?;
                std::thread::sleep(MINUTE * 20);
                self.sim.admin(&format!("/nodes/{node}"), &json!({"state": "ready"}))?;
            }
            1 => {
                self.node(&node, "drain")?;
                std::thread::sleep(MINUTE * 15);
                self.node(&node, "active")?;
            }
            2 => {
                // A database that crashes.
                for _ in 0..50 {
                    self.sim.admin("/tasks", &json!({"service": "db", "state": "failed"}))?;
                    std::thread::sleep(MINUTE / 5);
                }
            }
            3 => self.orca.config(&config(hour))?,
            4 => {
                let refused = watch.of("config").iter().filter(|line| line["data"]["state"] == "refused").count();
                self.orca.config("nodes: [")?;
                std::thread::sleep(MINUTE * 10);
                watch.until("it is refused", |watch| {
                    let now = watch.of("config").into_iter().filter(|line| line["data"]["state"] == "refused");
                    now.count() > refused
                })?;
                self.orca.config(&config(hour))?;
            }
            _ => {
                self.sim.admin("/crash", &json!({}))?;
                self.sim.admin(&format!("/nodes/{node}"), &json!({"state": "down"}))?;
                std::thread::sleep(MINUTE * 10);
                self.sim.engine.ask("DELETE", "/_sim/crash", None)?;
                self.sim.admin(&format!("/nodes/{node}"), &json!({"state": "ready"}))?;
            }
        }
        Ok(())
    }

    /// Waits until each dependent is beside its anchor.
    fn together(&self) -> Result<()> {
        poll::until("every dependent is beside its anchor", || {
            let cluster = Cluster::peek(&self.sim.engine)?;
            let apart = PAIRS.iter().filter_map(|(anchor, dependent)| {
                let places = (cluster.places(anchor).ok()?, cluster.places(dependent).ok()?);
                (places.0.len() != 1 || places.0 != places.1).then(|| format!("{anchor}/{dependent}: {places:?}"))
            });
            Ok(apart.collect())
        })
    }
}

/// Resident memory in kB.
fn resident(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("kB")?.parse()?)
}

#[test]
fn a_day_ends_with_everything_in_its_place_and_no_more_memory() -> Result<()> {
    let names: Vec<String> = (1..=5).map(|number| format!("node-{number}")).collect();
    let sim = Sim::start(&names, 3, "1ms")?;
    let orca = Orca::new(&sim.engine.host())?;
    orca.config(&config(0))?;
    let mut life = Life { sim, orca, seed: 7 };
    for name in ["db", "cache", "mail"] {
        life.service(name, None)?;
    }
    for (name, label) in [("app", "db"), ("web", "db"), ("worker", "cache")] {
        life.service(name, Some(&format!("node.labels.{label}==true")))?;
    }
    life.service("spam", Some("node.labels.post==office"))?;
    let watch = Loop::start(life.orca.command(&["watch", "-o", "json"]))?;
    life.together()?;
    let mut memory = Vec::new();
    for hour in 0..HOURS {
        let began = Instant::now();
        life.hour(hour, &watch)?;
        std::thread::sleep((MINUTE * 60).saturating_sub(began.elapsed()));
        memory.push(resident(watch.child.id())?);
    }
    life.together()?;
    let reports = watch.of("report").len();
    // Far more of them on an idle machine.
    assert!(reports >= HOURS as usize, "{reports} passes in a day");
    let failed: Vec<_> = watch
        .of("report")
        .into_iter()
        .map(|line| line["report"]["error"].clone())
        .filter(|error| !error.is_null() && error["kind"] != "unreachable" && error["kind"] != "locked")
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
    let states: Vec<_> = watch.of("config").iter().map(|line| text(&line["data"]["state"])).collect();
    assert!(states.contains(&"taken".to_owned()) && states.contains(&"refused".to_owned()), "{states:?}");
    // The first quarter warms it up.
    let (before, after) = (memory[5], memory[HOURS as usize - 1]);
    assert!(after <= before + before / 8, "resident kB, by the hour: {memory:?}");
    watch.stop().map(drop)
}
