//! Reads one section of the file: what is written, else what the environment says, else what is built in.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Origin;
use super::de::Spanned;
use super::fragment::{Percent, Span};
use super::policy::{duration, env_bool, env_duration, env_text};
use super::problem::{Log, quoted};

/// A section under way.
pub(super) struct Section<'r, 'l> {
    /// Its name, as `gc`.
    pub(super) name: &'static str,
    pub(super) env: &'r BTreeMap<String, String>,
    pub(super) origins: &'r mut BTreeMap<String, Origin>,
    pub(super) log: &'r mut Log<'l>,
}

impl Section<'_, '_> {
    /// A duration. A bad variable is an error even where the file overrules it.
    pub(super) fn span(&mut self, key: &str, written: Option<&Spanned<Span>>, variable: &str, into: &mut Duration) {
        let from_env = env_duration(self.env, variable, self.log);
        if let Some(span) = written {
            if let Some(value) = duration(span, &format!("{}.{key}", self.name), self.log) {
                *into = value;
                self.came_from(key, span);
            }
        } else if let Some(value) = from_env {
            *into = value;
            self.came_from_env(key, variable);
        }
    }

    /// A switch.
    pub(super) fn flag(&mut self, key: &str, written: Option<&Spanned<bool>>, variable: &str, into: &mut bool) {
        let from_env = env_bool(self.env, variable, self.log);
        if let Some(flag) = written {
            *into = flag.value;
            self.came_from(key, flag);
        } else if let Some(value) = from_env {
            *into = value;
            self.came_from_env(key, variable);
        }
    }

    /// A number.
    pub(super) fn number(&mut self, key: &str, written: Option<&Spanned<u32>>, variable: &str, into: &mut u32) {
        let from_env = env_text(self.env, variable).and_then(|text| {
            let number = text.parse::<u32>().ok();
            if number.is_none() {
                self.log.env(variable, format!("must be a whole number of at least 0, not {}", quoted(text)));
            }
            number
        });
        if let Some(number) = written {
            *into = number.value;
            self.came_from(key, number);
        } else if let Some(value) = from_env {
            *into = value;
            self.came_from_env(key, variable);
        }
    }

    /// A share that is written in percent.
    pub(super) fn percent(&mut self, key: &str, written: Option<&Percent>, into: &mut Option<f64>) {
        let Some(percent) = written else { return };
        if percent.value.0 > 100.0 {
            let message = format!("{}.{key} must be at most 100 (percent), not {}", self.name, percent.value.0);
            self.log.at(percent.mark, message);
        }
        *into = Some(percent.value.0 / 100.0);
        self.came_from(key, percent);
    }

    /// A text that must say something.
    pub(super) fn word(&mut self, key: &str, written: Option<&Spanned<String>>) -> Option<String> {
        let written = written?;
        if written.value.trim().is_empty() {
            self.log.at(written.mark, format!("{}.{key} must not be empty", self.name));
        }
        self.came_from(key, written);
        Some(written.value.clone())
    }

    /// Patterns of names.
    pub(super) fn patterns(&mut self, key: &str, written: Option<&Vec<Spanned<String>>>, into: &mut Vec<String>) {
        let Some(patterns) = written else { return };
        for pattern in patterns {
            if pattern.value.trim().is_empty() {
                self.log.at(pattern.mark, format!("{}.{key}: a pattern must not be empty", self.name));
            }
            self.came_from(key, pattern);
        }
        *into = patterns.iter().map(|pattern| pattern.value.clone()).collect();
    }

    pub(super) fn came_from<T>(&mut self, key: &str, written: &Spanned<T>) {
        let path = format!("{}.{key}", self.name);
        let origin = self.log.origin(path.clone(), written.mark);
        // A list begins where its first item stands.
        self.origins.entry(path).or_insert(origin);
    }

    pub(super) fn came_from_env(&mut self, key: &str, variable: &str) {
        let path = format!("{}.{key}", self.name);
        let origin = Origin { path: path.clone(), source: format!("${variable}"), line: 0, column: 0 };
        self.origins.insert(path, origin);
    }
}
