//! Making a service: there is no version to compare, but its name is unique in the swarm.

use std::sync::Arc;

use serde_json::Value;

use super::Applier;
use super::object::Attempt;
use crate::engine::edit::field::same;
use crate::error::{ErrorKind, kind_of};
use crate::model::Service;
use crate::registry::keyring::entry_of_spec;

impl Applier<'_> {
    /// Makes it, unless somebody else has made one of that name meanwhile.
    pub(super) async fn create(&mut self, name: &str, spec: &Value) -> Attempt {
        let mut spec = spec.clone();
        if let Err(error) = self.fill_in(&mut spec).await {
            return Attempt::Failed(error.context(format!("can't make service `{name}`")));
        }
        let spec = &spec;
        let image = spec.pointer("/TaskTemplate/ContainerSpec/Image").and_then(Value::as_str).unwrap_or_default();
        let auth = self.pass.auths().and_then(|auths| auths.of(entry_of_spec(spec), image));
        let made = self.engine.create_service(&self.cluster.api, spec, auth).await;
        let error = match (made, self.find(name).await) {
            (Ok(Some(_)), _) => return Attempt::Done,
            // What is planned for it now is for the next pass.
            (Ok(None), Ok(_)) => return Attempt::Replanned(Vec::new()),
            (Ok(None), Err(error)) => return Attempt::Failed(error),
            // The answer was lost: only the swarm can tell whether it happened.
            (Err(error), Ok(Some(found))) if kind_of(&error) == ErrorKind::Unreachable => {
                if same(&self.with_ids(spec).await, &found) {
                    return Attempt::Done;
                }
                error
            }
            (Err(error), _) => error,
        };
        Attempt::Failed(error.context(format!("can't make service `{name}`")))
    }

    /// Reads the service of this name into the snapshot; its spec.
    async fn find(&mut self, name: &str) -> anyhow::Result<Option<Value>> {
        let Some(raw) = self.engine.object("services", name).await? else { return Ok(None) };
        let spec = serde_json::from_str::<Value>(raw.get())?.get_mut("Spec").map(Value::take);
        let service = Service::read(raw)?;
        let services = Arc::make_mut(&mut self.cluster.services);
        services.retain(|old| old.id != service.id);
        services.push(service);
        services.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(spec)
    }
}
