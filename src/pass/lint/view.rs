//! What the rules need of a service's spec and no other pass does.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::{Needs, or_default};

/// A service's spec, as far as the rules look at it.
#[derive(Debug)]
pub(super) struct View {
    /// Its labels.
    pub(super) labels: BTreeMap<String, String>,
    /// Variables: name and value.
    pub(super) env: Vec<(String, String)>,
    /// Mounts: type, source and target.
    pub(super) mounts: Vec<(String, String, String)>,
    /// Volumes of its mounts that lie on the node itself.
    pub(super) local: Vec<String>,
    /// It reserves generic resources.
    pub(super) reserves: bool,
    /// Its healthcheck is switched off on purpose.
    pub(super) health_off: bool,
    /// Published ports that every node answers.
    pub(super) everywhere: Vec<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Whole {
    #[serde(default, deserialize_with = "or_default")]
    spec: Spec,
    #[serde(default, deserialize_with = "or_default")]
    endpoint: Endpoint,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Spec {
    #[serde(deserialize_with = "or_default")]
    task_template: Template,
    #[serde(rename = "EndpointSpec", deserialize_with = "or_default")]
    published: Endpoint,
    #[serde(deserialize_with = "or_default")]
    mode: serde_json::Map<String, serde_json::Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Template {
    #[serde(deserialize_with = "or_default")]
    container_spec: Container,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Container {
    #[serde(deserialize_with = "or_default")]
    env: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    mounts: Vec<Mount>,
    #[serde(deserialize_with = "or_default")]
    healthcheck: Health,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Health {
    #[serde(deserialize_with = "or_default")]
    test: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Mount {
    #[serde(rename = "Type")]
    kind: String,
    source: String,
    target: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Endpoint {
    #[serde(deserialize_with = "or_default")]
    ports: Vec<Port>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Port {
    published_port: u64,
    publish_mode: String,
}

impl View {
    /// Reads one element of `GET /services`, of which this is known already.
    pub(super) fn read(raw: &RawValue, needs: Needs) -> serde_json::Result<Self> {
        let Whole { spec, endpoint } = serde_json::from_str(raw.get())?;
        let global = spec.mode.contains_key("Global");
        let ports = endpoint.ports.into_iter().chain(spec.published.ports);
        let everywhere = ports.filter(|port| port.publish_mode != "host" || global).map(|port| port.published_port);
        let container = spec.task_template.container_spec;
        let variable = |text: &String| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            (name.to_owned(), value.to_owned())
        };
        let shared =
            |options: &BTreeMap<String, String>| options.contains_key("type") || options.contains_key("device");
        let own = needs.mounts.iter().filter(|mount| {
            mount.kind == "volume"
                && !mount.source.is_empty()
                && matches!(&*mount.driver, "" | "local")
                && !shared(&mount.options)
        });
        Ok(Self {
            env: container.env.iter().map(variable).collect(),
            mounts: container.mounts.into_iter().map(|mount| (mount.kind, mount.source, mount.target)).collect(),
            local: own.map(|mount| mount.source.clone()).collect(),
            reserves: !needs.generic.is_empty(),
            health_off: container.healthcheck.test.first().is_some_and(|first| first == "NONE"),
            everywhere: everywhere.filter(|port| *port > 0).collect(),
            labels: needs.labels,
        })
    }

    /// The value of a variable.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.env.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
