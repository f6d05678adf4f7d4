//! What a service's labels say of its updates, over what the settings say. Labels of gantry count where the meaning is
//! the same.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::version::Follow;
use crate::settings::{LONGEST, Update};

/// Whether a service gets new images: `true`, `false` or `monitor`.
pub const LABEL: &str = "orca.update";
/// Which tags a service follows: `digest`, `patch`, `minor`, `major`, or a range.
pub const FOLLOW_LABEL: &str = "orca.update.policy";
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
        if let Some(text) = labels.get(FOLLOW_LABEL) {
            match Follow::parse(text) {
                Ok(follow) => policy.follow = follow,
                Err(why) => {
                    wrong.push(format!("label {FOLLOW_LABEL}=`{text}` {why}: it is left alone"));
                    policy.mode = Mode::Unclear;
                }
            }
        }
        (policy, wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(labels: &[(&str, &str)], settings: &Update) -> (Policy, Vec<String>) {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Policy::of(&labels, settings)
    }

    #[test]
    fn labels_win_and_what_they_say_wrong_is_said() {
        let usual = Update::default();
        let opt_in = Update { opt_in: true, ..usual.clone() };
        for (labels, settings, mode) in [
            (&[][..], &usual, Mode::On),
            (&[], &opt_in, Mode::Off),
            (&[(LABEL, "true")], &opt_in, Mode::On),
            (&[(LABEL, "false")], &usual, Mode::Off),
            (&[(LABEL, "monitor")], &usual, Mode::Monitor),
            (&[("gantry.services.excluded", "true")], &usual, Mode::Off),
            (&[("gantry.services.excluded", "true"), (LABEL, "true")], &usual, Mode::On),
            (&[("gantry.services.excluded", "false")], &usual, Mode::On),
        ] {
            let (policy, wrong) = of(labels, settings);
            assert_eq!((policy.mode, wrong.len()), (mode, 0), "{labels:?}");
        }
        let (policy, wrong) = of(&[(LABEL, "yes")], &usual);
        assert_eq!((policy.mode, wrong.len()), (Mode::Unclear, 1), "what can't be read updates nothing");
        let labels = [
            ("orca.update.min-age", "72h"),
            ("orca.update.timeout", "90"),
            ("gantry.update.timeout_seconds", "7"),
            ("gantry.rollback.on_failure", "false"),
        ];
        let seconds = Duration::from_secs;
        let (follow, prereleases) = (Follow::Tag, false);
        let min_age = seconds(259_200);
        let wanted = Policy { mode: Mode::On, min_age, deadline: seconds(90), rollback: false, follow, prereleases };
        assert_eq!(of(&labels, &usual), (wanted, Vec::new()));
        let (policy, wrong) = of(&[("gantry.update.timeout_seconds", "0")], &usual);
        assert_eq!((policy.deadline, wrong.len()), (usual.deadline, 0));
        // An instant so far away is none.
        for key in ["orca.update.timeout", "gantry.update.timeout_seconds"] {
            for text in ["18446744073709551615", "11y", "1000000y"] {
                let (policy, wrong) = of(&[(key, text)], &usual);
                assert_eq!((policy.deadline, wrong.len()), (usual.deadline, 1), "{key}={text}: {wrong:?}");
                assert!(wrong[0].contains(&format!("label {key}=`{text}` is no duration")), "{wrong:?}");
            }
            assert_eq!(of(&[(key, "9y")], &usual).0.deadline, humantime::parse_duration("9y").unwrap());
        }
        let (policy, wrong) = of(&[(FOLLOW_LABEL, ">=2 <3"), ("orca.update.prereleases", "true")], &usual);
        assert_eq!((policy.follow.to_string().as_str(), policy.prereleases, wrong.len()), (">=2 <3", true, 0));
        let (policy, wrong) = of(&[(FOLLOW_LABEL, "newest")], &usual);
        assert_eq!((policy.mode, wrong.len()), (Mode::Unclear, 1), "what can't be read updates nothing");
        let labels = [("orca.update.timeout", "0"), ("orca.update.min-age", "x"), ("orca.update.rollback", "maybe")];
        let (policy, wrong) = of(&labels, &usual);
        assert_eq!((policy.deadline, policy.min_age, policy.rollback), (usual.deadline, usual.min_age, true));
        assert_eq!(wrong.len(), 3, "{wrong:?}");
    }
}
