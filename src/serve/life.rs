//! Signs of life.

use std::time::Duration;

use tokio::time::sleep;

use super::Server;
use crate::cli;
use crate::health::Heartbeat;

/// It leaves a sign of life after this.
const BEAT: Duration = Duration::from_secs(10);

/// Leaves signs of life for `orca health --self=serve` as long as it is polled: one thread does all, so none of it hangs.
pub(super) async fn beat(server: &Server) {
    if server.options.dry_run {
        return;
    }
    let mut told = false;
    loop {
        let dir = &server.options.state_dir;
        let made = crate::state::make_dir(dir);
        let wrote = made.and_then(|()| Heartbeat::now(BEAT, None, None).write(dir, cli::Whose::Serve));
        if let (Err(error), false) = (&wrote, told) {
            tracing::warn!("no sign of life for `orca health --self=serve`: {error:#}");
        }
        told = wrote.is_err();
        sleep(BEAT).await;
    }
}
