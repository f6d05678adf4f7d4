//! Errors as clients get them: `application/problem+json` with a stable code.

use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{ErrorKind, Sort, hint_of, kind_of, sort_of};
use crate::pass::order::STALE;
use crate::report::{Report, ReportedError, Status};

/// Why a request was not answered as asked (RFC 9457).
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Problem {
    /// The same as the HTTP status.
    pub status: u16,
    /// The status in words.
    pub title: &'static str,
    /// A stable word for programs: `unknown` where the swarm or the registry could not be read.
    pub code: &'static str,
    /// What is wrong, in words.
    pub detail: String,
    /// What lay beneath, outermost first.
    pub causes: Vec<String>,
    /// What to do next.
    pub hint: Option<String>,
    /// Where something was begun all the same: the report of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<serde_json::Value>,
}

impl Problem {
    /// A problem with this status and code.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status: status.as_u16(),
            title: status.canonical_reason().unwrap_or("error"),
            code,
            detail: detail.into(),
            causes: Vec::new(),
            hint: None,
            report: None,
        }
    }

    /// The same with the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// There is nothing here.
    pub fn nothing_here() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
            .hint("GET /api/openapi.json lists all there is")
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What an error is to a client.
    pub fn of(error: &anyhow::Error) -> Self {
        let (status, code) = meaning(kind_of(error), sort_of(error));
        let told = ReportedError::from_error(error);
        Self { causes: told.causes, hint: hint_of(error).map(str::to_owned), ..Self::new(status, code, told.message) }
    }

    /// What a failed run is to a client; none if it has not failed.
    pub fn of_report(report: &Report) -> Option<Self> {
        let whole = || serde_json::to_value(report).ok();
        if let Some(error) = &report.error {
            let (status, code) = meaning(error.kind, error.sort);
            let problem = Self::new(status, code, error.message.clone());
            return Some(Self { causes: error.causes.clone(), hint: error.hint.clone(), report: whole(), ..problem });
        }
        let left = report.actions.iter().find(|action| action.status == Status::Skipped);
        if let (Some(left), true) = (left, report.blocked.is_empty() && report.summary.done == 0) {
            let why = left.error.clone().unwrap_or_else(|| "it was left out".to_owned());
            return Some(Self { report: whole(), ..Self::new(StatusCode::CONFLICT, "conflict", why) });
        }
        let first = report.blocked.first()?;
        let detail = report.blocked.iter().flat_map(|one| one.reasons.clone()).collect::<Vec<_>>().join("; ");
        let problem = if first.reasons.iter().any(|reason| reason.starts_with(STALE)) {
            Self::new(StatusCode::PRECONDITION_FAILED, "stale", detail).hint("read it again, and decide anew")
        } else {
            Self::new(StatusCode::CONFLICT, "refused", detail)
        };
        Some(Self { report: whole(), ..problem })
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self::of(&error)
    }
}

fn meaning(kind: ErrorKind, sort: Option<Sort>) -> (StatusCode, &'static str) {
    match sort {
        // What the command line calls a wrong name is, to a client, a thing that is not there.
        Some(Sort::Absent) => return (StatusCode::NOT_FOUND, "not_found"),
        Some(Sort::Ambiguous) => return (StatusCode::CONFLICT, "ambiguous"),
        Some(Sort::Unfit) => return (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        None => {}
    }
    match kind {
        ErrorKind::Usage => (StatusCode::BAD_REQUEST, "bad_request"),
        ErrorKind::Config => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        ErrorKind::Unreachable | ErrorKind::NotManager => (StatusCode::SERVICE_UNAVAILABLE, "unknown"),
        ErrorKind::Locked => (StatusCode::CONFLICT, "locked"),
        ErrorKind::Conflict => (StatusCode::CONFLICT, "conflict"),
        ErrorKind::Refused => (StatusCode::CONFLICT, "refused"),
        ErrorKind::Timeout => (StatusCode::GATEWAY_TIMEOUT, "timeout"),
        ErrorKind::Unsettled => (StatusCode::GATEWAY_TIMEOUT, "unsettled"),
        ErrorKind::Interrupted => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        ErrorKind::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn what_is_not_there_is_known_by_its_type_alone() {
        let words = "the engine answered 404 to `/distribution/x/json`: there is no such thing";
        let status = |error: Error| Problem::of(&anyhow::Error::new(error).context("asked in vain")).status;
        assert_eq!(status(Error::new(ErrorKind::Failed, words)), 500);
        assert_eq!(status(Error::new(ErrorKind::Usage, "there is no terminal to edit on")), 400);
        assert_eq!(status(Error::new(ErrorKind::Failed, "whatever").sort(Sort::Absent)), 404);
        let mut report = Report::new("registry tags", crate::report::Run::start(true));
        report.fail(&Error::new(ErrorKind::Failed, "whatever").sort(Sort::Absent).into());
        assert_eq!(Problem::of_report(&report).map(|problem| problem.status), Some(404));
    }
}
