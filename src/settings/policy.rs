//! What applies to an anchor: its own keys, else `options:`, else the environment, else built in.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Origin;
use super::de::Spanned;
use super::fragment::{AnchorFields, Intervals, OptionsEntry, Span};
use super::problem::{Log, quoted};
use super::tree::boolean;

/// Longer spans are typing errors, and would overflow once added to a date.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A value and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Chosen<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
}

impl<T> Chosen<T> {
    /// A value that is written nowhere: from the variable `name`, else built in.
    pub(super) fn unwritten(path: &str, name: &str, from_env: Option<T>, built_in: T) -> Self {
        let source = if from_env.is_some() { format!("${name}") } else { "default".to_owned() };
        let origin = Origin { path: path.to_owned(), source, line: 0, column: 0 };
        Self { value: from_env.unwrap_or(built_in), origin }
    }
}

/// The settings that anchors share.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) restart_dependents: Chosen<bool>,
    pub(super) retry_intervals: Chosen<Vec<Duration>>,
    pub(super) max_mismatch: Chosen<Duration>,
    pub(super) hold: Chosen<Option<Duration>>,
    pub(super) enforce: Chosen<bool>,
}

/// The same settings as one part of a file has them.
#[derive(Debug, Default)]
pub(super) struct Written<'a> {
    restart_dependents: Option<&'a Spanned<bool>>,
    retry_intervals: Option<&'a Spanned<Intervals>>,
    max_mismatch: Option<&'a Spanned<Span>>,
    hold: Option<&'a Spanned<Span>>,
    enforce: Option<&'a Spanned<bool>>,
}

impl<'a> From<&'a OptionsEntry> for Written<'a> {
    fn from(options: &'a OptionsEntry) -> Self {
        Self {
            restart_dependents: options.restart_dependents.as_ref(),
            retry_intervals: options.retry_intervals.as_ref(),
            max_mismatch: options.max_mismatch.as_ref(),
            hold: options.hold.as_ref(),
            enforce: options.enforce.as_ref(),
        }
    }
}

impl<'a> From<&'a AnchorFields> for Written<'a> {
    fn from(anchor: &'a AnchorFields) -> Self {
        Self {
            restart_dependents: anchor.restart_dependents.as_ref(),
            retry_intervals: anchor.retry_intervals.as_ref(),
            max_mismatch: anchor.max_mismatch.as_ref(),
            hold: anchor.hold.as_ref(),
            enforce: anchor.enforce.as_ref(),
        }
    }
}

impl Policy {
    /// What applies where no file says anything.
    pub(super) fn from_env(env: &BTreeMap<String, String>, log: &mut Log<'_>) -> Self {
        let restart = env_bool(env, "RESTART_DEPENDENTS", log);
        let mismatch = env_duration(env, "MAX_MISMATCH_DURATION", log);
        let ladder = [2, 10, 60, 300, 900].map(Duration::from_secs).to_vec();
        Self {
            restart_dependents: Chosen::unwritten("options.restart_dependents", "RESTART_DEPENDENTS", restart, false),
            retry_intervals: Chosen::unwritten("options.retry_intervals", "", None, ladder),
            max_mismatch: Chosen::unwritten(
                "options.max_mismatch",
                "MAX_MISMATCH_DURATION",
                mismatch,
                Duration::from_secs(600),
            ),
            hold: Chosen::unwritten("options.hold", "", None, None),
            enforce: Chosen::unwritten("options.enforce", "", None, false),
        }
    }

    /// This policy with what is written under `path` laid over it.
    pub(super) fn with(&self, written: &Written<'_>, path: &str, log: &mut Log<'_>) -> Self {
        let mut policy = self.clone();
        if let Some(flag) = written.restart_dependents {
            let origin = log.origin(format!("{path}.restart_dependents"), flag.mark);
            policy.restart_dependents = Chosen { value: flag.value, origin };
        }
        if let Some(flag) = written.enforce {
            policy.enforce = Chosen { value: flag.value, origin: log.origin(format!("{path}.enforce"), flag.mark) };
        }
        if let Some(intervals) = written.retry_intervals {
            let path = format!("{path}.retry_intervals");
            let value = intervals.value.0.iter().filter_map(|step| duration(step, &path, log)).collect();
            policy.retry_intervals = Chosen { value, origin: log.origin(path, intervals.mark) };
        }
        if let Some(span) = written.max_mismatch {
            let path = format!("{path}.max_mismatch");
            if let Some(value) = duration(span, &path, log) {
                policy.max_mismatch = Chosen { value, origin: log.origin(path, span.mark) };
            }
        }
        if let Some(span) = written.hold {
            let path = format!("{path}.hold");
            // Takes back a `hold` of `options:`.
            let value = if span.value.0 == "none" { None } else { duration(span, &path, log) };
            policy.hold = Chosen { value, origin: log.origin(path, span.mark) };
        }
        policy
    }

    /// Where each setting came from, by its key.
    pub(super) fn origins(&self) -> [(&'static str, &Origin); 5] {
        let Self { restart_dependents, retry_intervals, max_mismatch, hold, enforce } = self;
        [
            ("restart_dependents", &restart_dependents.origin),
            ("retry_intervals", &retry_intervals.origin),
            ("max_mismatch", &max_mismatch.origin),
            ("hold", &hold.origin),
            ("enforce", &enforce.origin),
        ]
    }
}

/// The text of a variable; an empty one counts as unset, as in a compose file that only names it.
pub(super) fn env_text<'e>(env: &'e BTreeMap<String, String>, name: &str) -> Option<&'e str> {
    env.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// A boolean variable, in the words that Orcastra and shells use.
pub(super) fn env_bool(env: &BTreeMap<String, String>, name: &str, log: &mut Log<'_>) -> Option<bool> {
    let text = env_text(env, name)?;
    let value = match text {
        "1" => Some(true),
        "0" => Some(false),
        _ => boolean(text),
    };
    if value.is_none() {
        log.env(name, format!("must be true or false, not {}", quoted(text)));
    }
    value
}

/// A duration variable.
pub(super) fn env_duration(env: &BTreeMap<String, String>, name: &str, log: &mut Log<'_>) -> Option<Duration> {
    match parse_duration(env_text(env, name)?) {
        Ok(value) => Some(value),
        Err(message) => {
            log.env(name, message);
            None
        }
    }
}

/// A written duration; one that can't be read goes into the log.
pub(super) fn duration(span: &Spanned<Span>, path: &str, log: &mut Log<'_>) -> Option<Duration> {
    match parse_duration(&span.value.0) {
        Ok(value) => Some(value),
        Err(message) => {
            log.at(span.mark, format!("{path} {message}"));
            None
        }
    }
}

/// A number of seconds, or units as Go and humantime write them; the error reads after the setting's name.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let parsed = match text.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(text.trim()).ok(),
    };
    match parsed {
        Some(span) if span > LONGEST => Err(format!("must be at most 100 years, not {}", quoted(text))),
        Some(span) => Ok(span),
        None => Err(format!("must be a duration (10m, 1h30m, 7d) or a number of seconds, not {}", quoted(text))),
    }
}
