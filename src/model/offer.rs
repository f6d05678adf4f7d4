//! What a node offers to tasks: the scheduler's view of a node.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::needs::{GenericView, Needs, amounts};
use super::or_default;

/// What a node offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// `manager` or `worker`.
    pub role: String,
    /// Its address in the swarm.
    pub address: String,
    /// Operating system, as `linux`.
    pub os: String,
    /// Architecture as the engine says it, as `x86_64`.
    pub arch: String,
    /// Labels of the engine itself.
    pub engine_labels: BTreeMap<String, String>,
    /// CPU, billionths of a CPU.
    pub nano_cpus: u64,
    /// Memory, bytes.
    pub memory: u64,
    /// Generic resources by kind.
    pub generic: BTreeMap<String, u64>,
    /// Plugins as type and name; none where the engine lists none.
    pub plugins: Option<BTreeSet<(String, String)>>,
}

impl Offer {
    /// Reads it from one element of `GET /nodes`.
    pub fn read(raw: &RawValue) -> serde_json::Result<Self> {
        let View { spec, description, status } = serde_json::from_str(raw.get())?;
        let Description { platform, resources, engine } = description;
        Ok(Self {
            role: spec.role,
            address: status.addr,
            os: platform.os,
            arch: platform.architecture,
            engine_labels: engine.labels,
            nano_cpus: resources.nano_cpus,
            memory: resources.memory_bytes,
            generic: amounts(&resources.generic),
            plugins: engine
                .plugins
                .map(|plugins| plugins.into_iter().map(|plugin| (plugin.kind, plugin.name)).collect()),
        })
    }

    /// Whether one of the platforms that the service's image is made for is this one.
    pub fn has_platform(&self, needs: &Needs) -> bool {
        let fits = |want: &str, have: &str| want.is_empty() || want == have;
        let has = |(os, arch): &(String, String)| fits(os, &self.os) && fits(common(arch), common(&self.arch));
        needs.platforms.is_empty() || needs.platforms.iter().any(has)
    }

    /// The first plugin that the service's volumes or its log need and that is not here.
    pub fn missing_plugin<'n>(&self, needs: &'n Needs) -> Option<&'n str> {
        let plugins = self.plugins.as_ref()?;
        // A plugin that was installed is listed with its tag.
        let has = |kind: &str, name: &str| {
            let named = |(k, n): &(String, String)| k == kind && (n == name || n.strip_suffix(":latest") == Some(name));
            plugins.iter().any(named)
        };
        let volumes = needs.mounts.iter().filter(|mount| mount.kind == "volume").map(|mount| mount.driver.as_str());
        let missing = volumes.filter(|driver| !matches!(*driver, "" | "local")).find(|driver| !has("Volume", driver));
        let log = needs.log_driver.as_deref().filter(|driver| *driver != "none" && !has("Log", driver));
        missing.or(log)
    }
}

/// Two names of one architecture are one.
fn common(arch: &str) -> &str {
    match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct View {
    #[serde(default, deserialize_with = "or_default")]
    spec: Spec,
    #[serde(default, deserialize_with = "or_default")]
    description: Description,
    #[serde(default, deserialize_with = "or_default")]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Spec {
    role: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Status {
    addr: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Description {
    #[serde(deserialize_with = "or_default")]
    platform: Platform,
    #[serde(deserialize_with = "or_default")]
    resources: Resources,
    #[serde(deserialize_with = "or_default")]
    engine: Engine,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Platform {
    architecture: String,
    #[serde(rename = "OS")]
    os: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Resources {
    #[serde(rename = "NanoCPUs")]
    nano_cpus: u64,
    memory_bytes: u64,
    #[serde(rename = "GenericResources", deserialize_with = "or_default")]
    generic: Vec<GenericView>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Engine {
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
    plugins: Option<Vec<Plugin>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Plugin {
    #[serde(rename = "Type")]
    kind: String,
    name: String,
}
