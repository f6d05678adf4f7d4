//! What a plan says besides its actions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Target;

/// Something that a pass refuses to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blocked {
    /// Stable id, as `service/web_app#follow/web_db`.
    pub id: String,
    /// What it is about.
    pub target: Target,
    /// All the reasons, each with what to do.
    pub reasons: Vec<String>,
}

/// Something that the operator should know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// A stable word for scripts, as `unknown_node`.
    pub code: String,
    /// The same in a sentence.
    pub message: String,
}

impl Warning {
    /// A warning.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}
