//! `orca gc`: from its flags to a printed report.

use std::time::Duration;

use anyhow::Result;

use super::Session;
use super::end::Ended;
use crate::cli::{Collect, CollectVia, NodeArgs};
use crate::cycle::Options;
use crate::error::{Error, ErrorKind};
use crate::gc::order::GcOrder;
use crate::gc::{COMMAND, Collection, Via, obey};
use crate::interrupt::Interrupt;
use crate::nodes::Reach;

/// The longest run of `--via service`, if --timeout doesn't say.
const SERVICE_TIMEOUT: Duration = Duration::from_secs(600);

impl Session {
    /// One collection.
    pub(super) async fn gc(&self, args: Collect, options: &Options, interrupt: &Interrupt) -> Result<Ended> {
        if let Some(path) = &args.order {
            // What `--via service` runs on each node.
            let done = obey(GcOrder::load(path), self.engine(), options, interrupt);
            return Box::pin(done).await.map(Ended::Document);
        }
        let mut settings = self.settings_if_any(interrupt).await?;
        let here = self.live(COMMAND)?;
        let gc = &mut settings.gc;
        gc.grace = args.grace.unwrap_or(gc.grace);
        gc.keep_images = args.keep_images.unwrap_or(gc.keep_images);
        gc.volumes |= args.volumes;
        gc.when_disk_above = args.when_disk_above.or(gc.when_disk_above);
        gc.parallel = args.parallel.unwrap_or(gc.parallel);
        let mut options = options.clone();
        options.dry_run |= gc.dry_run;
        let via = Via::from(args.via);
        if via == Via::Service {
            if options.dry_run {
                let error = Error::new(ErrorKind::Usage, "--via service starts a service on the nodes: no dry run can");
                return Err(error.hint("leave out --dry-run, or --via service").into());
            }
            // Nodes may have to pull the image first.
            options.timeout = self.global.timeout.unwrap_or(SERVICE_TIMEOUT);
        }
        let volumes = args.volume.into_iter().collect();
        let (settings, reach) = (&settings, Reach::from(args.reach));
        let collection = Collection {
            here,
            settings,
            reach,
            via,
            volumes,
            only: None,
            command: COMMAND,
            options: &options,
            interrupt,
        };
        let report = Box::pin(collection.run()).await;
        Ok(Ended::Pass(report))
    }

    /// The engine, for what a snapshot file can't tell.
    pub(super) fn live(&self, command: &str) -> anyhow::Result<crate::engine::Engine> {
        if self.global.snapshot.is_some() {
            let text =
                format!("`orca {command}` looks at nodes themselves: a snapshot file doesn't have what lies there");
            return Err(Error::new(ErrorKind::Usage, text).hint("leave out --snapshot").into());
        }
        self.engine()
    }
}

impl From<CollectVia> for Via {
    fn from(via: CollectVia) -> Self {
        match via {
            CollectVia::Engines => Self::Engines,
            CollectVia::Service => Self::Service,
        }
    }
}

impl From<NodeArgs> for Reach {
    fn from(args: NodeArgs) -> Self {
        Self { nodes: args.node, all: args.all_nodes, manager: args.manager }
    }
}
