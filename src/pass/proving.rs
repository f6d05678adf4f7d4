//! Services whose update orca still proves. The engine may call it complete by then; were the service written to now, the
//! engine would forget the image before. To all other passes such a service is as busy as one that the engine is updating.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::Service;
use crate::pass::memory::{Memory, Proving, elapsed};
use crate::pass::update::prove::readable;
use crate::plan::Warning;
use crate::snapshot::Snapshot;

/// What has been noted by a clock that was ahead counts up to this.
const AHEAD: Duration = Duration::from_secs(60);

/// Marks what is being proven, by what `services update` remembers; what nobody can be proving any more is not.
pub fn mark(cluster: &mut Snapshot, memory: &Memory, now: Timestamp) {
    if memory.proving.is_empty() && cluster.services.iter().all(|service| service.proving.is_none()) {
        return;
    }
    for service in Arc::make_mut(&mut cluster.services) {
        let known = memory.proving.get(&service.id).filter(|known| {
            // Whoever has given it a third image has ended the rollout.
            let own = service.image == known.image || service.image == known.before;
            own && now < known.until && elapsed(now, known.since) <= AHEAD
        });
        service.proving = known.map(words);
    }
}

fn words(known: &Proving) -> String {
    format!("orca still proves its update to `{}` (until {:.0} at the latest)", readable(&known.image), known.until)
}

/// What a person is told who changes such a service all the same.
pub fn warning(service: &Service) -> Option<Warning> {
    let proving = service.proving.as_ref()?;
    let text = format!(
        "`{}`: {proving}: it is changed all the same; should the new image fail, the old one is put back, and nothing else",
        service.name
    );
    Some(Warning::new("proving", text))
}
