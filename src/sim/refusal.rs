//! What the engine says when it refuses: an HTTP status and a sentence.

use std::fmt::Display;

/// A request that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub status: u16,
    pub message: String,
}

impl Refusal {
    /// A refusal in the engine's own words.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// One that came from swarmkit through gRPC, with the status that the engine maps its code to.
    pub fn rpc(code: &str, message: impl Display) -> Self {
        let status = match code {
            "InvalidArgument" | "FailedPrecondition" | "OutOfRange" => 400,
            "NotFound" => 404,
            "AlreadyExists" => 409,
            "Unimplemented" => 501,
            _ => 500,
        };
        Self::new(status, format!("rpc error: code = {code} desc = {message}"))
    }

    /// Someone else wrote in between. The engine really says 500.
    pub fn out_of_sequence() -> Self {
        Self::rpc("Unknown", "update out of sequence")
    }

    /// No such object.
    pub fn not_found(kind: &str, key: &str) -> Self {
        Self::new(404, format!("{kind} {key} not found"))
    }
}
