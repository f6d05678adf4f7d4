//! The error kinds that an exit code depends on, and the hint that tells what to do next.
//!
//! Inside, orca uses `anyhow`; an [`Error`] is attached where the kind matters. Nothing here prints.

use std::fmt;

/// What kind of failure it was, as far as a caller must tell failures apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The command line makes no sense.
    Usage,
    /// A config file is invalid; nothing was asked of the engine.
    Config,
    /// The engine can't be reached, hangs, or doesn't answer as an engine does; or the registry that was asked.
    Unreachable,
    /// The engine answers, but it is not a swarm manager.
    NotManager,
    /// Another orca holds the lock.
    Locked,
    /// Another writer kept changing the same object.
    Conflict,
    /// The pass ran out of time between two requests. An engine that doesn't answer in time is `Unreachable`.
    Timeout,
    /// Dependents were not in place before `--wait` ended.
    Unsettled,
    /// A safety rule forbids it as things are now.
    Refused,
    /// SIGINT or SIGTERM.
    Interrupted,
    /// Anything else.
    Failed,
}

impl ErrorKind {
    /// Of two failures of one run the weightier one is reported: "try later" gives way to a failure, that to a lost
    /// engine, and everything to the operator's signal.
    pub fn weight(self) -> u8 {
        match self {
            Self::Interrupted => 4,
            Self::Unreachable | Self::NotManager => 3,
            Self::Usage | Self::Config | Self::Failed => 2,
            Self::Locked | Self::Conflict | Self::Timeout | Self::Unsettled | Self::Refused => 1,
        }
    }
}

/// Which of the failures of one kind it is, where a program must tell those apart, too. No exit code depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// There is no thing of that name.
    Absent,
    /// There are several things that it may be.
    Ambiguous,
    /// What is meant is there, and is none that this can be done with.
    Unfit,
}

/// An error with a kind, a one-line message and, where there is one, the next step.
///
/// Messages are lower-case fragments that read well after "error: "; names stand in backticks.
#[derive(Debug)]
pub struct Error {
    /// Decides the exit code.
    pub kind: ErrorKind,
    /// What failed, on what object.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// See [`Sort`]; most errors have none.
    pub sort: Option<Sort>,
}

impl Error {
    /// An error of this kind without a hint.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, sort: None }
    }

    /// The same error with the next step for the operator.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error for programs that tell it apart from others of its kind.
    #[must_use]
    pub fn sort(mut self, sort: Sort) -> Self {
        self.sort = Some(sort);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// A signal came before anything was changed.
pub fn interrupted() -> anyhow::Error {
    Error::new(ErrorKind::Interrupted, "interrupted by a signal before anything was changed").into()
}

/// A signal came while what was changed had yet to come to rest.
pub fn interrupted_waiting() -> anyhow::Error {
    Error::new(ErrorKind::Interrupted, "interrupted by a signal while waiting").into()
}

/// The kind of an `anyhow` error: that of the first [`Error`] in its chain.
pub fn kind_of(error: &anyhow::Error) -> ErrorKind {
    typed(error).map_or(ErrorKind::Failed, |e| e.kind)
}

/// The hint of an `anyhow` error, if its first [`Error`] carries one.
pub fn hint_of(error: &anyhow::Error) -> Option<&str> {
    typed(error).and_then(|e| e.hint.as_deref())
}

/// Which of its kind an `anyhow` error is, if its first [`Error`] says so.
pub fn sort_of(error: &anyhow::Error) -> Option<Sort> {
    typed(error).and_then(|e| e.sort)
}

/// The same error once more, for a second place that tells of it.
pub fn again(error: &anyhow::Error) -> anyhow::Error {
    let hint = hint_of(error).map(str::to_owned);
    Error { kind: kind_of(error), message: format!("{error:#}"), hint, sort: sort_of(error) }.into()
}

fn typed(error: &anyhow::Error) -> Option<&Error> {
    // An `Error` given as context is found by anyhow's own downcast, one further down by the chain.
    error.downcast_ref::<Error>().or_else(|| error.chain().find_map(|cause| cause.downcast_ref::<Error>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_found_as_context_and_as_cause() {
        let error = Error::new(ErrorKind::Unreachable, "no engine").hint("start it");
        let as_context = anyhow::anyhow!("refused").context(error);
        assert_eq!((kind_of(&as_context), hint_of(&as_context)), (ErrorKind::Unreachable, Some("start it")));
        let as_cause = as_context.context("reading the cluster");
        assert_eq!((kind_of(&as_cause), hint_of(&as_cause)), (ErrorKind::Unreachable, Some("start it")));
        let own = anyhow::Error::new(Error::new(ErrorKind::Usage, "no").hint("yes")).context("parsing");
        assert_eq!((kind_of(&own), hint_of(&own)), (ErrorKind::Usage, Some("yes")));
    }
}
