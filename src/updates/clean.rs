//! `--clean`: what updates have replaced, and nothing needs any more, goes from the nodes, through the collector.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cycle::Options;
use crate::engine::Engine;
use crate::error::interrupted;
use crate::gc::{Collection, Via};
use crate::interrupt::Interrupt;
use crate::nodes::Reach;
use crate::pass::gc::Only;
use crate::pass::gc::images::IN_USE;
use crate::pass::gc::keep::Keep;
use crate::pass::memory::Memory;
use crate::pass::update::clean::{forget_used, free};
use crate::plan::Warning;
use crate::report::{Report, Status};
use crate::settings::{Gc, Settings};
use crate::snapshot::Snapshot;

use super::COMMAND;

/// The key of `data` that has what became of replaced images.
pub const DATA: &str = "clean";
/// It takes no longer: what is left is for the next run.
const TIME: Duration = Duration::from_secs(600);

/// The end of a run that is to leave no old images behind.
pub(super) struct Cleaning<'a> {
    pub(super) engine: &'a Engine,
    pub(super) settings: &'a Settings,
    pub(super) options: &'a Options,
    pub(super) interrupt: &'a Interrupt,
}

impl Cleaning<'_> {
    /// Removes them, and forgets those of which nothing is left. That a node could not be reached is no failure of the
    /// updates: it is said, and the next run tries again.
    pub(super) async fn run(&self, memory: &mut Memory, report: &mut Report) {
        if let Err(error) = Box::pin(self.remove(memory, report)).await {
            report.warnings.push(Warning::new("clean", format!("replaced images stay for now: {error:#}")));
        }
    }

    async fn remove(&self, memory: &mut Memory, report: &mut Report) -> Result<()> {
        if memory.replaced.is_empty() {
            report.data.insert(DATA.to_owned(), told(&[], 0, &[]));
            return Ok(());
        }
        let until = Instant::now() + TIME;
        let engine = self.engine.until(until);
        let cluster = tokio::select! {
            _ = self.interrupt.nth(1) => return Err(interrupted()),
            cluster = async { Snapshot::observe_history(&engine).await } => cluster?,
        };
        forget_used(memory, &cluster);
        let images = free(memory, &Keep::of(&cluster)?);
        if images.is_empty() {
            report.data.insert(DATA.to_owned(), told(&[], 0, &[]));
            return Ok(());
        }
        if self.settings.gc.dry_run {
            anyhow::bail!("$GC_DRY_RUN says that nothing is to be collected");
        }
        let part = Box::pin(self.collect(&images)).await;
        let facts = part.data.get("nodes").and_then(Value::as_array).cloned().unwrap_or_default();
        if all_gone(&part, &facts) {
            memory.replaced.retain(|image, _| !images.contains(image));
        }
        let freed = part.data.get("freed_bytes").and_then(Value::as_u64).unwrap_or_default();
        report.data.insert(DATA.to_owned(), told(&images, freed, &facts));
        report.actions.extend(part.actions);
        report.blocked.extend(part.blocked);
        report.warnings.extend(part.warnings);
        if let Some(error) = part.error {
            let why: Vec<String> = [error.message].into_iter().chain(error.causes).collect();
            let text = format!("not all replaced images are gone: {}; the next --clean tries again", why.join(": "));
            report.warnings.push(Warning::new("clean", text));
        }
        Ok(())
    }

    /// By the nodes' engines, or where the config has an image for that, by a service on them.
    async fn collect(&self, images: &[String]) -> Report {
        // These images are no waste that may be young, and the disk need not be full.
        let gc = Gc {
            grace: Duration::ZERO,
            images: true,
            containers: true,
            when_disk_above: None,
            ..self.settings.gc.clone()
        };
        let settings = &Settings { gc, ..self.settings.clone() };
        let options = &Options { timeout: TIME, leader_only: false, ..self.options.clone() };
        let via = if settings.gc.service.image.is_some() { Via::Service } else { Via::Engines };
        let collection = Collection {
            here: self.engine.clone(),
            settings,
            reach: Reach { all: true, ..Reach::default() },
            via,
            volumes: BTreeSet::new(),
            only: Some(Only::new(images.iter().map(String::as_str))),
            command: COMMAND,
            options,
            interrupt: self.interrupt,
        };
        collection.run().await
    }
}

/// Nothing of them is left that may go later.
fn all_gone(part: &Report, nodes: &[Value]) -> bool {
    let done = part.actions.iter().all(|action| action.status == Status::Done);
    let settled = |node: &Value| node["error"].is_null() && node["kept"].get(IN_USE).is_none();
    part.error.is_none() && part.blocked.is_empty() && done && !nodes.is_empty() && nodes.iter().all(settled)
}

/// What is said of images that may go.
pub(super) fn told(images: &[String], freed_bytes: u64, nodes: &[Value]) -> Value {
    json!({"images": images, "freed_bytes": freed_bytes, "nodes": nodes})
}
