//! Networks, secrets and configs of the swarm: made and removed. They have no version to compare, but their names are
//! unique.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::Applier;
use super::object::Attempt;
use crate::compose::stack::Content;
use crate::error::{Error, ErrorKind, kind_of};
use crate::model::service::STACK_LABEL;
use crate::plan::{Target, TargetKind};

/// Tasks that are about to end, and ports that were just given up, hold what they use for so long.
pub(super) const IN_USE: Duration = Duration::from_secs(20);
/// Between two tries.
pub(super) const AGAIN: Duration = Duration::from_millis(250);

impl Applier<'_> {
    /// Makes a network, secret or config.
    pub(super) async fn make(&self, what: TargetKind, spec: &Value, content: Option<&Content>) -> Attempt {
        let mut body = spec.clone();
        if let Some(content) = content {
            body["Data"] = STANDARD.encode(content.expose()).into();
        }
        let name = spec["Name"].as_str().unwrap_or_default();
        match self.engine.create(what.collection(), &self.cluster.api, &body).await {
            Ok(Some(_)) => Attempt::Done,
            Ok(None) => {
                let text = format!("somebody else has made a {} `{name}` meanwhile", what.name());
                Attempt::Failed(Error::new(ErrorKind::Conflict, text).hint("run again").into())
            }
            // The answer was lost: only the swarm can tell whether it happened.
            Err(error) if kind_of(&error) == ErrorKind::Unreachable && self.is_there(what, spec, name).await => {
                Attempt::Done
            }
            Err(error) => Attempt::Failed(error.context(format!("can't make {} `{name}`", what.name()))),
        }
    }

    async fn is_there(&self, what: TargetKind, spec: &Value, name: &str) -> bool {
        let Ok(Some(raw)) = self.engine.object(what.collection(), name).await else { return false };
        let raw: Value = serde_json::from_str(raw.get()).unwrap_or_default();
        let labels = if what == TargetKind::Network { &raw["Labels"] } else { &raw["Spec"]["Labels"] };
        labels[STACK_LABEL] == spec["Labels"][STACK_LABEL]
    }

    /// Removes a network, secret or config, once nothing holds it any more.
    pub(super) async fn unmake(&self, target: &Target) -> Attempt {
        let until = self.deadline.min(Instant::now() + IN_USE);
        loop {
            let removed = self.engine.remove(target.kind.collection(), &target.id).await;
            // Of a network that only this engine still lists, it says so with a 500.
            let gone = |error: &anyhow::Error| format!("{error:#}").contains(&format!("{} not found", target.id));
            match removed.or_else(|error| if gone(&error) { Ok(()) } else { Err(error) }) {
                // An engine with an ending task lists a network for a while that the swarm has no more, and a new one of
                // that name could not be told from it.
                Ok(()) if Instant::now() < until && self.lists(target).await => sleep(AGAIN).await,
                Ok(()) => return Attempt::Done,
                // The tasks of a service that has just gone are there for a moment more.
                Err(error) if in_use(&error) && Instant::now() < until => sleep(AGAIN).await,
                Err(error) => {
                    let text = format!("can't remove {} `{}`", target.kind.name(), target.name);
                    // A container that is no service's has a task of its own, by which it is in the network.
                    if !in_use(&error) {
                        return Attempt::Failed(error.context(text));
                    }
                    let hint = "something holds it: a container that is no service's, say; take it away and run again";
                    return Attempt::Failed(error.context(Error::new(ErrorKind::Refused, text).hint(hint)));
                }
            }
        }
    }

    /// Whether the engine still has a network.
    async fn lists(&self, target: &Target) -> bool {
        target.kind == TargetKind::Network
            && self.engine.object(target.kind.collection(), &target.id).await.is_ok_and(|found| found.is_some())
    }

    /// Puts in the ids of secrets and configs that were not there when this was planned.
    ///
    /// # Errors
    /// If one is not there now.
    pub(super) async fn fill_in(&self, spec: &mut Value) -> anyhow::Result<()> {
        for (kind, name) in [(TargetKind::Secret, "Secret"), (TargetKind::Config, "Config")] {
            let path = format!("/TaskTemplate/ContainerSpec/{name}s");
            let files = spec.pointer_mut(&path).and_then(Value::as_array_mut).into_iter().flatten();
            for file in files.filter(|file| file[format!("{name}ID")] == "") {
                let called = file[format!("{name}Name")].as_str().unwrap_or_default().to_owned();
                let object = self.engine.object(kind.collection(), &called).await?;
                let id = object
                    .and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok()?["ID"].as_str().map(str::to_owned));
                let gone = || {
                    Error::new(ErrorKind::Failed, format!("there is no {} `{called}`", kind.name())).hint("run again")
                };
                file[format!("{name}ID")] = id.ok_or_else(gone)?.into();
            }
        }
        Ok(())
    }

    /// The spec as an engine keeps it: networks may be called by their names, and are found by their ids.
    pub(super) async fn with_ids(&self, spec: &Value) -> Value {
        let mut spec = spec.clone();
        let networks = spec.pointer_mut("/TaskTemplate/Networks").and_then(Value::as_array_mut);
        for target in networks.into_iter().flatten().filter_map(|network| network.get_mut("Target")) {
            let called = target.as_str().unwrap_or_default().to_owned();
            if let Ok(Some(raw)) = self.engine.object(TargetKind::Network.collection(), &called).await {
                let raw: Value = serde_json::from_str(raw.get()).unwrap_or_default();
                if raw["Id"].is_string() {
                    *target = raw["Id"].clone();
                }
            }
        }
        spec
    }
}

/// Whether the managers say that something still has it: a network `in use by task ID`, a secret or config `in use by the
/// following service: NAME`, a network that `has active endpoints` (swarmkit's control API; libnetwork).
fn in_use(error: &anyhow::Error) -> bool {
    let text = format!("{error:#}");
    text.contains("in use by") || text.contains("active endpoints")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_told_from_what_fails() {
        for (text, held) in [
            ("rpc error: code = FailedPrecondition desc = network ab is in use by task cd", true),
            ("rpc error: code = InvalidArgument desc = secret 'key' is in use by the following service: web", true),
            ("error while removing network: network front has active endpoints", true),
            ("rpc error: code = Unknown desc = The swarm does not have a leader", false),
        ] {
            assert_eq!(in_use(&anyhow::anyhow!(text.to_owned()).context("can't remove it")), held, "{text}");
        }
    }
}
