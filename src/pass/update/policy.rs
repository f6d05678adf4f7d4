//! What a service's labels say of its updates, over what the settings say. Labels of gantry count where the meaning is
//! the same.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::version::Follow;
use crate::model::window::Window;
use crate::registry::keyring::entry_of;
use crate::settings::{LONGEST, Update};

/// Whether a service gets new images: `true`, `false` or `monitor`.
pub const LABEL: &str = "orca.update";
/// Which tags a service follows: `digest`, `patch`, `minor`, `major`, or a range.
pub const FOLLOW_LABEL: &str = "orca.update.policy";
/// When a service is updated, as `Mon-Fri 22:00-04:00 Europe/Berlin`,
pub const WINDOW_LABEL: &str = "orca.update.window";
/// or for two hours after each time of a clock, as `0 3 * * *`.
pub const CRON_LABEL: &str = "orca.update.cron";
/// Names of services, separated by commas, that are updated before it.
pub const DEPENDS_LABEL: &str = "orca.depends-on";
/// It is orca itself: its update comes last.
pub const SELF_LABEL: &str = "orca.self";

/// What is to be done for a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Updates.
    On,
    /// Nothing.
    Off,
    /// Nothing, since its labels can't be read.
    Unclear,
    /// Tell of updates, make none.
    Monitor,
}

impl Mode {
    /// Nobody asks a registry for it.
    pub fn is_off(self) -> bool {
        matches!(self, Self::Off | Self::Unclear)
    }
}

/// How one service is updated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whether.
    pub mode: Mode,
    /// Its images must be so old.
    pub min_age: Duration,
    /// A rollout that is not proven after this has failed.
    pub deadline: Duration,
    /// What has failed is rolled back.
    pub rollback: bool,
    /// Which tags it follows.
    pub follow: Follow,
    /// Pre-releases, too.
    pub prereleases: bool,
    /// If it is a job, it runs again with the new image.
    pub jobs: bool,
    /// When it is updated; none: at any time.
    pub window: Option<Window>,
    /// The name of the credentials for its image; none: docker's own.
    pub auth: Option<String>,
    /// The name of the hook before its update,
    pub pre: Option<String>,
    /// and after it.
    pub post: Option<String>,
}

impl Policy {
    /// Reads a service's labels; what they say wrong comes back as sentences, and the settings' value stays.
    pub fn of(labels: &BTreeMap<String, String>, settings: &Update) -> (Self, Vec<String>) {
        let mut wrong = Vec::new();
        let usual = if settings.opt_in { Mode::Off } else { Mode::On };
        let excluded = labels.get("gantry.services.excluded").is_some_and(|value| value == "true");
        let mode = match labels.get(LABEL).map(String::as_str) {
            None if excluded => Mode::Off,
            None => usual,
            Some("true") => Mode::On,
            Some("false") => Mode::Off,
            Some("monitor") => Mode::Monitor,
            Some(other) => {
                wrong.push(format!("label {LABEL}=`{other}` is none of true, false and monitor: it is left alone"));
                Mode::Unclear
            }
        };
        let mut policy = Self {
            mode,
            min_age: settings.min_age,
            deadline: settings.deadline,
            rollback: settings.rollback,
            follow: settings.follow.clone(),
            prereleases: settings.prereleases,
            jobs: settings.jobs,
            window: settings.window.clone(),
            auth: entry_of(labels),
            pre: hook(labels, "orca.update.pre", settings.pre.as_ref()),
            post: hook(labels, "orca.update.post", settings.post.as_ref()),
        };
        let mut time = |keys: &[&str], into: &mut Duration, fits: fn(&Duration) -> bool| {
            let Some((key, text)) = keys.iter().find_map(|key| Some((key, labels.get(*key)?))) else { return };
            let seconds = text.parse::<u64>().map(Duration::from_secs).ok();
            match seconds.or_else(|| humantime::parse_duration(text).ok()).filter(fits) {
                Some(time) => *into = time,
                // To gantry nothing is no limit at all; orca's rollouts have one.
                None if *key != "orca.update.timeout" && text == "0" => {}
                None => wrong.push(format!(
                    "label {key}=`{text}` is no duration as 90s, 5m or 72h, or longer than ten years: it is ignored"
                )),
            }
        };
        time(&["orca.update.min-age"], &mut policy.min_age, |_| true);
        let deadline = |time: &Duration| !time.is_zero() && *time <= LONGEST;
        time(&["orca.update.timeout", "gantry.update.timeout_seconds"], &mut policy.deadline, deadline);
        let mut flag = |keys: &[&str], into: &mut bool| {
            let Some((key, text)) = keys.iter().find_map(|key| Some((key, labels.get(*key)?))) else { return };
            match text.as_str() {
                "true" => *into = true,
                "false" => *into = false,
                _ => wrong.push(format!("label {key}=`{text}` is neither true nor false: it is ignored")),
            }
        };
        flag(&["orca.update.rollback", "gantry.rollback.on_failure"], &mut policy.rollback);
        flag(&["orca.update.prereleases"], &mut policy.prereleases);
        flag(&["orca.update.jobs", "gantry.update.jobs"], &mut policy.jobs);
        if let Some(text) = labels.get(FOLLOW_LABEL) {
            match Follow::parse(text) {
                Ok(follow) => policy.follow = follow,
                Err(why) => {
                    wrong.push(format!("label {FOLLOW_LABEL}=`{text}` {why}: it is left alone"));
                    policy.mode = Mode::Unclear;
                }
            }
        }
        match window(labels, settings) {
            Some(Ok(window)) => policy.window = Some(window),
            Some(Err(why)) => {
                wrong.push(format!("{why}: it is left alone"));
                policy.mode = Mode::Unclear;
            }
            None => {}
        }
        (policy, wrong)
    }
}

/// The window of a service's own labels, or what is wrong with them.
fn window(labels: &BTreeMap<String, String>, settings: &Update) -> Option<Result<Window, String>> {
    match (labels.get(WINDOW_LABEL), labels.get(CRON_LABEL)) {
        (Some(_), Some(_)) => Some(Err(format!("there is both {WINDOW_LABEL} and {CRON_LABEL}"))),
        (Some(text), None) => {
            Some(Window::parse(text, &settings.zone).map_err(|why| format!("label {WINDOW_LABEL}=`{text}` {why}")))
        }
        (None, Some(text)) => {
            Some(Window::cron(text, &settings.zone).map_err(|why| format!("label {CRON_LABEL}=`{text}` {why}")))
        }
        (None, None) => None,
    }
}

/// The hook that a label names, else the settings; an empty label is none.
fn hook(labels: &BTreeMap<String, String>, key: &str, usual: Option<&String>) -> Option<String> {
    labels.get(key).or(usual).filter(|name| !name.is_empty()).cloned()
}

#[cfg(test)]
mod tests;
