//! `orca gc`: from its flags to a printed report.

use super::Session;
use crate::cli::{Collect, NodeArgs};
use crate::cycle::Options;
use crate::error::{Error, ErrorKind};
use crate::exit;
use crate::gc::{COMMAND, Collection};
use crate::interrupt::Interrupt;
use crate::nodes::Reach;
use crate::report;
use crate::report::print::Format;

impl Session {
    /// One collection.
    pub(super) async fn gc(&self, args: Collect, options: &Options, interrupt: &Interrupt) -> u8 {
        let ready = self.settings_if_any(interrupt).await.and_then(|settings| Ok((settings, self.live(COMMAND)?)));
        let (mut settings, here) = match ready {
            Ok(ready) => ready,
            Err(error) => return self.failed(COMMAND, &error),
        };
        let gc = &mut settings.gc;
        gc.grace = args.grace.unwrap_or(gc.grace);
        gc.keep_images = args.keep_images.unwrap_or(gc.keep_images);
        gc.volumes |= args.volumes;
        gc.when_disk_above = args.when_disk_above.or(gc.when_disk_above);
        gc.parallel = args.parallel.unwrap_or(gc.parallel);
        let mut options = options.clone();
        options.dry_run |= gc.dry_run;
        let volumes = args.volume.into_iter().collect();
        let (settings, reach) = (&settings, Reach::from(args.reach));
        let mut report = Collection { here, settings, reach, volumes, options: &options, interrupt }.run().await;
        if self.printer.format == Format::Text {
            report.data.insert("picture".to_owned(), report::gc::render(&report, self.printer.color).into());
        }
        self.printer.report(&report);
        exit::code(&report, self.global.detailed_exitcode, interrupt.exit_code())
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

impl From<NodeArgs> for Reach {
    fn from(args: NodeArgs) -> Self {
        Self { nodes: args.node, all: args.all_nodes, manager: args.manager }
    }
}
