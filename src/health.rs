//! The heartbeat of `orca watch` and `orca serve`, and `orca health --self`, which looks at it.
//!
//! The contract: the watch writes `watch.json` into its state directory after each pass and at each idle heartbeat, and at
//! least once an interval; the server writes `serve.json`. Who reads them needs no engine and no config.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cli::Whose;
use crate::error::{Error, ErrorKind};
use crate::files::whole;
use crate::report::{Outcome, Report, ReportedError, Run};

/// The command's name in reports.
pub const COMMAND: &str = "health";
/// Who has not been heard of for so many of its intervals is stuck.
const MISSED: u32 = 3;
/// A heartbeat may be from the future by this much: clocks are set.
const AHEAD: Duration = Duration::from_secs(60);

impl Whose {
    /// The file's name in the state directory.
    fn file(self) -> &'static str {
        match self {
            Self::Watch => "watch.json",
            Self::Serve => "serve.json",
        }
    }

    /// What it is, in reports.
    fn key(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Serve => "serve",
        }
    }
}

/// What a watch or a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Its process.
    pub pid: u32,
    /// When that process was started, in the kernel's ticks since boot: a pid may be given out again. Absent where unknown.
    #[serde(default)]
    pub pid_started: Option<u64>,
    /// When this was written.
    pub at: Timestamp,
    /// The longest time until it is written again, milliseconds.
    pub interval_ms: u64,
    /// The last pass, as `reconcile`; none yet.
    pub last_pass: Option<String>,
    /// How that ended.
    pub outcome: Option<Outcome>,
}

impl Heartbeat {
    /// Of this process, now.
    pub fn now(interval: Duration, last_pass: Option<String>, outcome: Option<Outcome>) -> Self {
        let pid = std::process::id();
        Self {
            pid,
            pid_started: started(pid),
            at: Timestamp::now(),
            interval_ms: u64::try_from(interval.as_millis()).unwrap_or(u64::MAX),
            last_pass,
            outcome,
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// If the state directory can't be written.
    pub fn write(&self, state_dir: &Path, whose: Whose) -> Result<()> {
        let path = state_dir.join(whose.file());
        let text = serde_json::to_string(self)? + "\n";
        whole::write(&path, &text, 0o644).with_context(|| format!("can't write `{}`", path.display()))
    }

    /// Why this is no sign of life at `now`; none if it is one. `max_age` in place of three intervals.
    pub fn complaint(&self, now: Timestamp, max_age: Option<Duration>) -> Option<String> {
        let dead = match (started(self.pid), self.pid_started) {
            (None, _) => true,
            (Some(found), Some(told)) => found != told,
            (Some(_), None) => false,
        };
        if dead {
            return Some(format!("its process {} is gone", self.pid));
        }
        let age = now.duration_since(self.at);
        let limit = max_age.unwrap_or_else(|| Duration::from_millis(self.interval_ms).saturating_mul(MISSED));
        match Duration::try_from(age) {
            Ok(age) if age > limit => {
                let (age, limit) = (shown(age), shown(limit));
                Some(format!("it was last heard of {age} ago, and should have been within {limit}"))
            }
            Err(_) if age.unsigned_abs() > AHEAD => {
                Some(format!("its last sign of life is of {}, which is yet to come", self.at))
            }
            _ => None,
        }
    }
}

/// Looks for a watch or a server that works with this state directory. Where nobody says which, it is the watch; of a server
/// beside which there never was a watch, as in a container, the server.
///
/// # Errors
/// If there is no sign of life: the report's outcome is `failed`, the exit code 1.
pub fn look(state_dir: &Path, whose: Option<Whose>, max_age: Option<Duration>) -> Result<Report> {
    let mut report = Report::new(COMMAND, Run::start(true));
    let left = |whose: &Whose| state_dir.join(whose.file()).exists();
    let whose = whose.or_else(|| [Whose::Watch, Whose::Serve].into_iter().find(left)).unwrap_or(Whose::Watch);
    let (path, name) = (state_dir.join(whose.file()), whose.key());
    let found = std::fs::read_to_string(&path);
    let text = match found {
        Ok(text) => text,
        Err(error) => {
            let told = Error::new(
                ErrorKind::Failed,
                format!("no `orca {name}` has left a sign of life in `{}`", path.display()),
            );
            let hint = "the state directory must be the one that it was started with (--state-dir, ORCA_STATE_DIR)";
            return Err(anyhow::Error::new(error).context(told.hint(hint)));
        }
    };
    let heartbeat: Heartbeat = serde_json::from_str(&text).with_context(|| {
        Error::new(ErrorKind::Failed, format!("`{}` can't be read as a sign of life", path.display()))
    })?;
    let now = Timestamp::now();
    let complaint = heartbeat.complaint(now, max_age);
    let age_ms = u64::try_from(now.duration_since(heartbeat.at).as_millis()).unwrap_or_default();
    report.data.insert("healthy".to_owned(), complaint.is_none().into());
    report.data.insert("age_ms".to_owned(), age_ms.into());
    report.data.insert(name.to_owned(), json!(heartbeat));
    if let Some(why) = complaint {
        let text = format!("`orca {name}` on this host is not alive: {why}");
        let error =
            Error::new(ErrorKind::Failed, text).hint("its log tells why; whoever supervises it should restart it");
        report.error = Some(ReportedError::from_error(&error.into()));
    } else {
        let last = heartbeat.last_pass.map(|pass| format!(", last pass `{pass}`")).unwrap_or_default();
        let text = format!(
            "`orca {name}` is alive: process {}, heard of {} ago{last}",
            heartbeat.pid,
            shown(Duration::from_millis(age_ms))
        );
        report.data.insert("message".to_owned(), text.into());
    }
    report.conclude(0);
    Ok(report)
}

/// When a process was started, in ticks since boot; none if there is none of this pid, or only what is left of one.
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in the second field may have anything in it: what counts comes after its last bracket.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let alive = fields.next().is_some_and(|state| !matches!(state, "Z" | "X"));
    fields.nth(18)?.parse().ok().filter(|_| alive)
}

/// In whole seconds.
fn shown(time: Duration) -> String {
    humantime::format_duration(Duration::from_secs(time.as_secs())).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_news_and_strangers_are_no_life() {
        let beat = Heartbeat::now(Duration::from_secs(10), None, None);
        let after = |seconds: i64| beat.at.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
        assert_eq!(beat.complaint(after(30), None), None);
        assert!(beat.complaint(after(31), None).unwrap().contains("last heard of 31s ago"));
        assert_eq!(beat.complaint(after(31), Some(Duration::from_secs(40))), None);
        assert!(beat.complaint(after(-61), None).unwrap().contains("yet to come"));
        let other = Heartbeat { pid_started: beat.pid_started.map(|at| at + 1), ..beat.clone() };
        assert!(other.complaint(after(0), None).unwrap().contains("is gone"), "its pid was given out again");
        let unknown = Heartbeat { pid_started: None, ..beat.clone() };
        assert_eq!(unknown.complaint(after(0), None), None);
        // The largest pid there can be is 2^22.
        assert!(Heartbeat { pid: u32::MAX, ..beat.clone() }.complaint(after(0), None).is_some());
    }
}
