//! Commands that only tell: of the cluster, of what orca has done, of its config and of itself.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::value::RawValue;

use super::Session;
use super::end::Ended;
use crate::cli::{Config, Probe};
use crate::cycle::Options;
use crate::engine::parts::Parts;
use crate::error::{Error, ErrorKind};
use crate::interrupt::Interrupt;
use crate::metrics::probe;
use crate::report::print::Format;
use crate::report::{Report, Run};
use crate::state::State;
use crate::{generate, redact, settings};

impl Session {
    pub(super) async fn snapshot(&self, timeout: std::time::Duration) -> Result<String> {
        let engine = self.engine()?.until(tokio::time::Instant::now() + timeout);
        let mut parts: Parts<Box<RawValue>> = engine.observe(None).await?;
        let Parts { info, nodes, services, tasks, .. } = &mut parts;
        for raw in std::iter::once(info).chain(nodes).chain(services).chain(tasks) {
            let mut value = serde_json::from_str(raw.get())?;
            redact::redact(&mut value);
            *raw = serde_json::value::to_raw_value(&value)?;
        }
        Ok(serde_json::to_string(&parts)?)
    }

    pub(super) fn history(&self, options: &Options, limit: usize) -> Result<Report> {
        let mut report = Report::new("history", Run::start(self.global.dry_run));
        let rows = State::peek(&options.state_dir)?.map(|state| state.history(limit)).transpose()?.unwrap_or_default();
        let table: Vec<_> = rows
            .iter()
            .map(|row| {
                serde_json::json!({
                    "at": row.at, "pass": row.command, "object": row.target_name, "change": row.kind,
                    "why": row.reason, "status": row.status,
                })
            })
            .collect();
        if self.printer.format == Format::Text {
            report.data.insert("table".to_owned(), table.into());
        } else {
            report.data.insert("history".to_owned(), serde_json::to_value(rows)?);
        }
        report.conclude(0);
        Ok(report)
    }

    pub(super) async fn config(&self, command: &Config, interrupt: &Interrupt) -> Result<Ended> {
        let settings = self.settings(interrupt).await?;
        Ok(match command {
            Config::Check => {
                let dependents: usize = settings.anchors.iter().map(|anchor| anchor.dependents.len()).sum();
                let (nodes, anchors) = (settings.nodes.len(), settings.anchors.len());
                let mut report = Report::new("config check", Run::start(self.global.dry_run));
                let message = format!(
                    "the configuration is valid: {}, {}, {}",
                    count(nodes, "node"),
                    count(anchors, "anchor"),
                    count(dependents, "dependent")
                );
                report.data.insert("message".to_owned(), message.into());
                report.data.insert("nodes".to_owned(), nodes.into());
                report.data.insert("anchors".to_owned(), anchors.into());
                report.data.insert("dependents".to_owned(), dependents.into());
                report.conclude(0);
                Ended::Report(report)
            }
            Config::Show if self.printer.format == Format::Text => Ended::Document(settings::yaml(&settings)),
            Config::Show => {
                let mut report = Report::new("config show", Run::start(self.global.dry_run));
                let rows = serde_json::to_value(settings::rows(&settings)).unwrap_or_default();
                report.data.insert("settings".to_owned(), rows);
                report.conclude(0);
                Ended::Report(report)
            }
        })
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The memory of this machine.
pub(super) fn probe(args: Probe) -> Result<String> {
    probe::look(Path::new("/proc"), &args.cgroup.unwrap_or_else(probe::cgroups))
}

pub(super) fn write_man(args: &crate::cli::Man) -> Result<String> {
    let pages = generate::man_pages()?;
    let Some(dir) = &args.dir else {
        // `orca man labels-sync` is what people type.
        let page = pages.get(&args.page).or_else(|| pages.get(&format!("orca-{}", args.page)));
        return page.cloned().with_context(|| {
            let names = pages.keys().cloned().collect::<Vec<_>>().join(", ");
            Error::new(ErrorKind::Usage, format!("no man page `{}`", args.page)).hint(format!("there are {names}"))
        });
    };
    for (name, page) in &pages {
        let path = dir.join(format!("{name}.1"));
        std::fs::write(&path, page).with_context(|| format!("can't write `{}`", path.display()))?;
    }
    Ok(format!("{} pages written to {}", pages.len(), dir.display()))
}
