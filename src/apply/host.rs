//! The writer for machines that only ssh reaches: a program, a unit of systemd, and its start. Each is one script, which
//! runs as a whole or not at all, and refuses where it finds another state than was planned on.

use std::time::Duration;

use anyhow::Result;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::error::{Error, ErrorKind};
use crate::exporter::remote::Host;
use crate::plan::Change;

/// What has begun is given so long beyond the run's own end.
const GRACE: Duration = Duration::from_secs(30);

/// Puts what comes on standard input beside the program; it is not run, and nothing else is touched.
const UPLOAD: &str = "sh -c 'umask 022; mkdir -p /usr/local/lib/orca && cat >/usr/local/lib/orca/node_exporter.new'";

/// Puts the uploaded program in place, if all of it has arrived.
const INSTALL: &str = r#"
dir=/usr/local/lib/orca
found=$(sha256sum <"$dir/node_exporter.new" | cut -d' ' -f1)
if [ "$found" != "$wanted" ]; then rm -f "$dir/node_exporter.new"; echo "the program did not arrive whole" >&2; exit 3; fi
chmod 755 "$dir/node_exporter.new" && mv -f "$dir/node_exporter.new" "$dir/node_exporter""#;

/// Writes the unit and starts it, if it is still as it was found.
const WRITE_UNIT: &str = r#"
unit=/etc/systemd/system/orca-node-exporter.service
found=none
if [ -e "$unit" ]; then found=$(sha256sum <"$unit" | cut -d' ' -f1); fi
if [ "$found" != "$before" ]; then echo "$unit was changed meanwhile" >&2; exit 3; fi
umask 022
printf '%s\n' "$text" >"$unit.orca-new" && mv -f "$unit.orca-new" "$unit" &&
systemctl daemon-reload && systemctl enable orca-node-exporter.service && systemctl restart orca-node-exporter.service"#;

/// Starts it, now and after each boot.
const START: &str = r#"
systemctl daemon-reload && systemctl enable orca-node-exporter.service || exit 1
if [ "$restart" = yes ]; then systemctl restart orca-node-exporter.service
else systemctl start orca-node-exporter.service; fi"#;

/// A shell on a machine, and what it may have to bring along.
#[derive(Debug)]
pub struct Shell<'a> {
    pub(crate) host: &'a Host,
    /// The program's bytes.
    pub(crate) program: Option<&'a [u8]>,
}

impl Shell<'_> {
    pub(super) async fn make(&self, change: &Change, deadline: Instant) -> Result<()> {
        let (host, until) = (self.host, deadline + GRACE);
        match (change, self.program) {
            (Change::HostProgram { after, .. }, Some(program)) => {
                host.command(UPLOAD, program, until).await?;
                host.run(INSTALL, &[("wanted", after)], until).await?;
            }
            (Change::HostUnit { before, after }, _) => {
                let before = before.as_deref().map_or_else(|| "none".to_owned(), |text| sum(text.as_bytes()));
                host.run(WRITE_UNIT, &[("before", &before), ("text", after.trim_end_matches('\n'))], until).await?;
            }
            (Change::HostStart { restart, .. }, _) => {
                host.run(START, &[("restart", if *restart { "yes" } else { "no" })], until).await?;
            }
            _ => return Err(Error::new(ErrorKind::Failed, "this is no change of a machine").into()),
        }
        Ok(())
    }
}

/// The SHA-256 as hex.
pub(crate) fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
