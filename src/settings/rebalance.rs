//! `rebalance:`: where memory figures come from, and the guard rails of moving tasks.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::Origin;
use super::de::Spanned;
use super::fragment::{MetricsEntry, MetricsSource as Written, Percent, RebalanceEntry, Span};
use super::policy::duration;
use super::problem::Log;

/// `rebalance:`. Shares are parts of 1, though the file has them in percent.
#[derive(Debug, Clone, PartialEq)]
pub struct Rebalance {
    /// Where memory figures come from.
    pub metrics: MetricsSettings,
    /// A node used more than this for `high_for` is a reason to act.
    pub high: f64,
    /// See `high`.
    pub high_for: Duration,
    /// Once there was a reason, no node used more than this ends it (together with `clear_spread`).
    pub clear_high: f64,
    /// The fullest node this far above the emptiest for `spread_for` is a reason to act.
    pub spread: f64,
    /// See `spread`.
    pub spread_for: Duration,
    /// See `clear_high`.
    pub clear_spread: f64,
    /// The peak must fall by this for each restart.
    pub min_gain: f64,
    /// At most so many tasks are moved in one run.
    pub max_moves: u32,
    /// No target is filled above this.
    pub target_max: f64,
    /// No target is filled further above the mean than this.
    pub target_above_mean: f64,
    /// A service that was moved is left alone for so long.
    pub cooldown: Duration,
    /// A task doesn't go back for so long to a node that one of its service left.
    pub no_return: Duration,
    /// Tasks that have been running for less are left alone.
    pub min_age: Duration,
}

/// `rebalance.metrics:`.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsSettings {
    /// Where from; none says: the file, if one is named, else reservations.
    pub source: Option<MetricsSource>,
    /// The file, where `--metrics` names none.
    pub file: Option<PathBuf>,
    /// Figures may be so far apart from the snapshot.
    pub max_age: Duration,
}

/// Where memory figures come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsSource {
    /// A file in the schema `orca.metrics/1`.
    File,
    /// What services reserve: an estimate.
    Reservations,
}

impl MetricsSource {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Reservations => "reservations",
        }
    }
}

impl Default for Rebalance {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            metrics: MetricsSettings { source: None, file: None, max_age: minutes(10) },
            high: 0.80,
            high_for: minutes(10),
            clear_high: 0.70,
            spread: 0.20,
            spread_for: minutes(30),
            clear_spread: 0.10,
            min_gain: 0.01,
            max_moves: 5,
            target_max: 0.80,
            target_above_mean: 0.05,
            cooldown: minutes(6 * 60),
            no_return: minutes(24 * 60),
            min_age: minutes(10),
        }
    }
}

/// Lays what is written over what is built in.
pub(super) fn resolve(
    entry: Option<&RebalanceEntry>,
    origins: &mut BTreeMap<String, Origin>,
    log: &mut Log<'_>,
) -> Rebalance {
    let mut settings = Rebalance::default();
    let Some(entry) = entry else { return settings };
    let mut reader = Reader { origins, log };
    if let Some(metrics) = &entry.metrics {
        reader.metrics(metrics, &mut settings.metrics);
    }
    reader.percent("high", entry.high.as_ref(), &mut settings.high);
    reader.percent("clear_high", entry.clear_high.as_ref(), &mut settings.clear_high);
    reader.percent("spread", entry.spread.as_ref(), &mut settings.spread);
    reader.percent("clear_spread", entry.clear_spread.as_ref(), &mut settings.clear_spread);
    reader.percent("min_gain", entry.min_gain.as_ref(), &mut settings.min_gain);
    reader.percent("target_max", entry.target_max.as_ref(), &mut settings.target_max);
    reader.percent("target_above_mean", entry.target_above_mean.as_ref(), &mut settings.target_above_mean);
    reader.span("high_for", entry.high_for.as_ref(), &mut settings.high_for);
    reader.span("spread_for", entry.spread_for.as_ref(), &mut settings.spread_for);
    reader.span("cooldown", entry.cooldown.as_ref(), &mut settings.cooldown);
    reader.span("no_return", entry.no_return.as_ref(), &mut settings.no_return);
    reader.span("min_age", entry.min_age.as_ref(), &mut settings.min_age);
    if let Some(most) = &entry.max_moves {
        settings.max_moves = most.value;
        reader.came_from("max_moves", most);
    }
    reader.not_above(("clear_high", entry.clear_high.as_ref()), ("high", settings.high), settings.clear_high);
    reader.not_above(("clear_spread", entry.clear_spread.as_ref()), ("spread", settings.spread), settings.clear_spread);
    // What is not written follows what is.
    settings.clear_high = settings.clear_high.min(settings.high);
    settings.clear_spread = settings.clear_spread.min(settings.spread);
    settings
}

struct Reader<'r, 'l> {
    origins: &'r mut BTreeMap<String, Origin>,
    log: &'r mut Log<'l>,
}

impl Reader<'_, '_> {
    fn metrics(&mut self, entry: &MetricsEntry, settings: &mut MetricsSettings) {
        if let Some(source) = &entry.source {
            settings.source = Some(match source.value {
                Written::File => MetricsSource::File,
                Written::Reservations => MetricsSource::Reservations,
            });
            self.came_from("metrics.source", source);
        }
        if let Some(file) = &entry.file {
            if file.value.is_empty() {
                self.log.at(file.mark, "rebalance.metrics.file must be a path, not \"\"");
            }
            settings.file = Some(PathBuf::from(&file.value));
            self.came_from("metrics.file", file);
        }
        self.span("metrics.max_age", entry.max_age.as_ref(), &mut settings.max_age);
    }

    fn percent(&mut self, key: &str, written: Option<&Percent>, into: &mut f64) {
        let Some(percent) = written else { return };
        if percent.value.0 > 100.0 {
            let message = format!("rebalance.{key} must be at most 100 (percent), not {}", percent.value.0);
            self.log.at(percent.mark, message);
        }
        *into = percent.value.0 / 100.0;
        self.came_from(key, percent);
    }

    fn span(&mut self, key: &str, written: Option<&Spanned<Span>>, into: &mut Duration) {
        let Some(span) = written else { return };
        if let Some(value) = duration(span, &format!("rebalance.{key}"), self.log) {
            *into = value;
            self.came_from(key, span);
        }
    }

    /// A mark at which the reason to act ends must not lie above the one at which it begins.
    fn not_above(&mut self, clear: (&str, Option<&Percent>), mark: (&str, f64), value: f64) {
        if let (key, Some(written)) = clear
            && value > mark.1
        {
            let message = format!("rebalance.{key} must not be above rebalance.{} ({})", mark.0, mark.1 * 100.0);
            self.log.at(written.mark, message);
        }
    }

    fn came_from<T>(&mut self, key: &str, written: &Spanned<T>) {
        let path = format!("rebalance.{key}");
        let origin = self.log.origin(path.clone(), written.mark);
        self.origins.insert(path, origin);
    }
}
