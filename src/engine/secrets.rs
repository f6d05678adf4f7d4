//! What a secret holds, as far as an engine can be made to tell.

use anyhow::Result;
use serde_json::Value;

use super::{Engine, Written};
use crate::error::{ErrorKind, kind_of};

/// Whether a secret has a certain content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// It has.
    This,
    /// It has another.
    Other,
    /// The engine has said something else.
    Unknown(String),
}

/// The version that no object has: the managers begin to count at 1, and a write of another version than an object's own
/// is refused by each of them.
const NEVER: u64 = 0;

impl Engine {
    /// Whether a secret holds what `spec` has under `Data` (base64); the rest of `spec` is what the engine tells of it.
    ///
    /// No engine tells what a secret holds, so this asks for something that is always refused, an update of [`NEVER`]: a
    /// compare-and-set that can't come out. The managers look at the content before the version, and *why* they refuse is
    /// the answer: `only updates to Labels are allowed` is another content, `update out of sequence` the same. Nothing is
    /// written either way, which is why a rehearsal may ask, too; a proxy that lets no POST through makes it unknown.
    ///
    /// # Errors
    /// If the engine is lost.
    pub async fn secret_holds(&self, id: &str, api: &str, spec: &Value) -> Result<Holds> {
        match self.update("secrets", id, api, NEVER, spec).await {
            Ok(Written::Conflict) => Ok(Holds::This),
            Ok(Written::Done | Written::Gone) => Ok(Holds::Unknown("the engine did not say".to_owned())),
            Err(error) if kind_of(&error) == ErrorKind::Unreachable => Err(error),
            Err(error) if format!("{error:#}").contains("only updates to Labels") => Ok(Holds::Other),
            Err(error) => Ok(Holds::Unknown(format!("{error:#}"))),
        }
    }
}
