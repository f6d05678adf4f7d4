//! What a compose file says of networks, volumes, secrets and configs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::values::Pairs;

/// A network.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("patternProperties" = {"^x-": true}))]
pub struct Network {
    /// In the swarm; default: `STACK_NAME`.
    pub name: Option<String>,
    /// Default: `overlay`.
    pub driver: Option<String>,
    /// The driver's own.
    pub driver_opts: BTreeMap<String, String>,
    /// Addresses.
    pub ipam: Option<Ipam>,
    /// It is there, and not the stack's.
    pub external: Option<External>,
    /// Without a way out.
    pub internal: Option<bool>,
    /// Containers that are no tasks can join.
    pub attachable: Option<bool>,
    /// Labels.
    pub labels: Option<Pairs>,
}

/// Addresses of a network.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ipam {
    /// Default: docker's own.
    pub driver: Option<String>,
    /// Ranges.
    pub config: Vec<Subnet>,
}

/// A range of addresses.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Subnet {
    /// As `10.1.0.0/24`.
    pub subnet: Option<String>,
}

/// Whether something is not the stack's own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(untagged)]
pub enum External {
    /// True: it is there, and not the stack's.
    Text(bool),
    /// So it is, under this name.
    Map(ExternalName),
}

/// The name of something that is there.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExternalName {
    /// In the swarm.
    pub name: Option<String>,
}

/// A volume.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("patternProperties" = {"^x-": true}))]
pub struct Volume {
    /// On the nodes; default: `STACK_NAME`.
    pub name: Option<String>,
    /// Default: `local`.
    pub driver: Option<String>,
    /// The driver's own.
    pub driver_opts: BTreeMap<String, String>,
    /// It is there, and not the stack's.
    pub external: Option<External>,
    /// Labels.
    pub labels: Option<Pairs>,
}

/// A secret or config.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("patternProperties" = {"^x-": true}))]
pub struct Object {
    /// In the swarm; default: `STACK_NAME`.
    pub name: Option<String>,
    /// The file with its content.
    pub file: Option<String>,
    /// It is there, and not the stack's.
    pub external: Option<External>,
    /// Labels.
    pub labels: Option<Pairs>,
    /// Of secrets: what keeps the content.
    pub driver: Option<String>,
    /// Of secrets: the driver's own.
    pub driver_opts: BTreeMap<String, String>,
    /// What fills in the content's `{{...}}`.
    pub template_driver: Option<String>,
}

impl External {
    /// Whether it is so, and under which name.
    pub fn of(this: Option<&Self>) -> (bool, Option<&str>) {
        match this {
            None => (false, None),
            Some(Self::Text(external)) => (*external, None),
            Some(Self::Map(name)) => (true, name.name.as_deref()),
        }
    }
}
