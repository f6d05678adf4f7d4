//! What definitions refer to and only the engine and the registries know: ids of networks, secrets and configs, and what
//! an image's tag stands for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::check::file_of;
use super::definition::Definition;
use super::spec::Facts;
use crate::engine::Engine;
use crate::model::Reference;
use crate::registry::keyring::entry_of;
use crate::registry::{Asked, Credentials, Keyring, resolve_all};

/// Images asked for at a time.
const AT_ONCE: usize = 8;

/// Asks for everything that these definitions refer to; for images only where there is a `keyring` to ask with.
pub async fn ask(engine: &Engine, definitions: &[Definition], keyring: Option<&Keyring>) -> Facts {
    let names = |list: fn(&Definition) -> &Vec<String>| -> BTreeSet<String> {
        definitions.iter().flat_map(list).map(|text| file_of(text).0.to_owned()).collect()
    };
    let mut facts = Facts::default();
    for name in names(|definition| &definition.networks) {
        let found = network(engine, &name).await;
        facts.networks.insert(name, found);
    }
    facts.secrets = objects(engine, "secret", names(|definition| &definition.secrets)).await;
    facts.configs = objects(engine, "config", names(|definition| &definition.configs)).await;
    let Some(keyring) = keyring else { return facts };
    let unpinned = definitions.iter().filter(|own| Reference::parse(&own.image).digest.is_none());
    let images = unpinned.map(|own| Asked { name: own.image.clone(), entry: entry_of(&own.labels) }).collect();
    let ask = async |own: &Credentials, names: &BTreeSet<String>| resolve_all(engine, own, names, AT_ONCE).await;
    for (Asked { name, .. }, found) in keyring.each(&images, ask).await {
        // An image is the same, whoever asks for it.
        if found.is_ok() || !facts.images.contains_key(&name) {
            facts.images.insert(name, found);
        }
    }
    facts
}

async fn network(engine: &Engine, name: &str) -> Result<String, String> {
    let found = engine.swarm_network(name).await.map_err(|error| format!("{error:#}"))?.unwrap_or_default();
    // Engines take the beginning of an id for it, too.
    let meant = found["Name"] == name || found["Id"] == name;
    match (found["Id"].as_str(), found["Scope"].as_str()) {
        (Some(id), Some("swarm")) if meant => Ok(id.to_owned()),
        _ => Err(format!(
            "there is no network `{name}` in the swarm: `docker network create -d overlay {name}` makes one"
        )),
    }
}

async fn objects(engine: &Engine, what: &str, names: BTreeSet<String>) -> BTreeMap<String, Result<String, String>> {
    let mut found = BTreeMap::new();
    for name in names {
        let answer = match engine.object(&format!("{what}s"), &name).await {
            Err(error) => Err(format!("{error:#}")),
            Ok(object) => {
                let object: Value = object.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
                let id = object["ID"].as_str().filter(|_| object["Spec"]["Name"] == *name).map(str::to_owned);
                id.ok_or_else(|| format!("there is no {what} `{name}` in the swarm: `docker {what} create` makes one"))
            }
        };
        found.insert(name, answer);
    }
    found
}
