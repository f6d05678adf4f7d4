//! The pass that ends what a stopped run of moves has left: the only one that needs the turn to move tasks.

use anyhow::Result;

use super::live::{self, Live};
use super::sub_report::SubReport;
use super::{Bounds, Cycle};
use crate::apply::Applied;
use crate::apply::turn::{Owner, Turn};
use crate::error::{ErrorKind, kind_of};
use crate::pass::{Pass, recover};
use crate::plan::Warning;
use crate::report::Report;
use crate::snapshot::Snapshot;

impl Cycle<'_> {
    /// Ends what a stopped run has left, unless another orca is moving tasks: then it is no leftover.
    pub(super) async fn recover(
        &self,
        cluster: &mut Snapshot,
        live: &mut Live,
        bounds: &mut Bounds,
        report: &mut Report,
    ) -> SubReport {
        let mut plan = recover::plan(cluster);
        let mut sub = SubReport::of(&Pass::Recover, &mut plan);
        if plan.actions.is_empty() {
            if self.passes.len() == 1 {
                self.sweep(cluster, live, report, &mut sub).await;
            }
            return sub;
        }
        let taken = match self.owner(cluster, report) {
            Ok(owner) => Turn::take(&live.engine, &cluster.api, owner).await,
            Err(error) => Err(error),
        };
        let turn = match taken {
            Ok(turn) => turn,
            Err(error) if kind_of(&error) == ErrorKind::Locked && self.passes.len() > 1 => {
                sub.warnings.push(Warning::new("moving", format!("{error:#}: what it has begun is left alone")));
                return sub;
            }
            Err(error) => {
                sub.applied(Applied::none_of(&plan, error), report);
                return sub;
            }
        };
        // What was under way may have been ended until now.
        match Snapshot::observe(&live.engine).await {
            Ok(now) => *cluster = now,
            Err(error) => {
                sub.applied(Applied::none_of(&plan, error), report);
                return sub;
            }
        }
        let mut sub = self.act(&Pass::Recover, cluster, live, bounds, report).await;
        if let Err(error) = turn.end().await {
            sub.noticed.push(Warning::new("turn_not_ended", format!("{error:#}")));
        }
        sub
    }

    /// A run that was killed before its first move has left nothing but its turn, which would keep others waiting.
    async fn sweep(&self, cluster: &Snapshot, live: &Live, report: &Report, sub: &mut SubReport) {
        let swept = match self.owner(cluster, report) {
            Ok(owner) => Turn::sweep(&live.engine, &cluster.api, owner).await,
            Err(error) => Err(error),
        };
        match swept {
            Ok(false) => {}
            Ok(true) => {
                let text = "the turn to move tasks, which a stopped run had left, was given back";
                sub.noticed.push(Warning::new("turn_left", text));
            }
            Err(error) => sub.noticed.push(Warning::new("turn_not_ended", format!("{error:#}"))),
        }
    }

    fn owner(&self, cluster: &Snapshot, report: &Report) -> Result<Owner> {
        let host = live::host_id(&self.options.state_dir)?;
        Ok(Owner { host, node: cluster.node_name.clone(), run: report.run.id.clone() })
    }
}
