//! `rebalance:`: the guard rails of moving tasks.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::Origin;
use super::de::Spanned;
use super::fragment::{Entries, Percent, Span};
use super::metrics::MetricsSettings;
use super::policy::duration;
use super::problem::Log;
use super::rebalance_file::{ExporterEntry, MetricsEntry, Minutes, OlderRebalance, RebalanceEntry, ServiceEntry};
use super::tree::Mark;
use crate::metrics::url::Url;

/// `rebalance:`. Shares are parts of 1, though the file has them in percent.
#[derive(Debug, Clone, PartialEq)]
pub struct Rebalance {
    /// Whether `orca reconcile` moves tasks.
    pub auto: bool,
    /// Where memory figures come from.
    pub metrics: MetricsSettings,
    /// What differs for single services, by name.
    pub services: BTreeMap<String, ServicePolicy>,
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
    /// Moved twice within so long, a service is left alone until one of the two is longer ago; zero: never.
    pub quarantine: Duration,
    /// Tasks that have been running for less are left alone.
    pub min_age: Duration,
    /// A moved task must have been running for so long before its service's spec is put back.
    pub settle: Duration,
}

/// What `rebalance.services:` says of one service.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServicePolicy {
    /// Whether it may be moved.
    pub enabled: Option<bool>,
    /// Overrules [`Rebalance::cooldown`].
    pub cooldown: Option<Duration>,
}

impl Default for Rebalance {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            auto: false,
            metrics: MetricsSettings::default(),
            services: BTreeMap::new(),
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
            quarantine: minutes(7 * 24 * 60),
            min_age: minutes(10),
            settle: Duration::from_secs(10),
        }
    }
}

/// Lays what is written over what is built in; the older file lies below.
pub(super) fn resolve(
    entry: Option<&RebalanceEntry>,
    older: Option<&OlderRebalance>,
    origins: &mut BTreeMap<String, Origin>,
    log: &mut Log<'_>,
) -> Rebalance {
    let mut settings = Rebalance::default();
    let mut reader = Reader { origins, log, seen: BTreeMap::new() };
    if let Some(older) = older {
        reader.older(older, &mut settings);
    }
    let Some(entry) = entry else { return settings };
    if let Some(metrics) = &entry.metrics {
        reader.metrics(metrics, &mut settings.metrics);
    }
    if let Some(auto) = &entry.auto {
        settings.auto = auto.value;
        reader.came_from("auto", auto);
    }
    reader.services(entry.services.as_ref(), &mut settings);
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
    reader.span("quarantine", entry.quarantine.as_ref(), &mut settings.quarantine);
    reader.span("min_age", entry.min_age.as_ref(), &mut settings.min_age);
    reader.span("settle", entry.settle.as_ref(), &mut settings.settle);
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
    /// What both files could say, and where the first of them did.
    seen: BTreeMap<String, Mark>,
}

impl Reader<'_, '_> {
    fn metrics(&mut self, entry: &MetricsEntry, settings: &mut MetricsSettings) {
        if let Some(source) = &entry.source {
            settings.source = Some(source.value);
            self.came_from("metrics.source", source);
        }
        if let Some(file) = self.text("metrics.file", entry.file.as_ref(), "a path") {
            settings.file = Some(PathBuf::from(file));
        }
        settings.probe_image = self.text("metrics.probe_image", entry.probe_image.as_ref(), "an image");
        if let Some(written) = &entry.prometheus {
            settings.prometheus = self.url("metrics.prometheus", written, 9090);
        }
        self.exporters(entry.node_exporters.as_ref(), &mut settings.node_exporters);
        self.machines(entry.node_exporter_nodes.as_ref(), &mut settings.node_exporter_nodes);
        self.map(entry.node_map.as_ref(), &mut settings.node_map);
        if let Some(port) = &entry.node_exporter_port {
            match u16::try_from(port.value) {
                Ok(number) if number > 0 => settings.node_exporter_port = number,
                _ => self.log.at(port.mark, "rebalance.metrics.node_exporter_port must be between 1 and 65535"),
            }
            self.came_from("metrics.node_exporter_port", port);
        }
        self.span("metrics.max_age", entry.max_age.as_ref(), &mut settings.max_age);
        self.span("metrics.window", entry.window.as_ref(), &mut settings.window);
        self.span("metrics.timeout", entry.timeout.as_ref(), &mut settings.timeout);
    }

    /// Orcastra's own file: what means the same here. Its gigabytes of difference have no counterpart.
    fn older(&mut self, older: &OlderRebalance, settings: &mut Rebalance) {
        self.exporters(older.node_exporters.as_ref(), &mut settings.metrics.node_exporters);
        self.machines(older.node_exporter_nodes.as_ref(), &mut settings.metrics.node_exporter_nodes);
        self.map(older.node_map.as_ref(), &mut settings.metrics.node_map);
        if let Some(default) = &older.default {
            self.minutes("cooldown", default.cooldown_minutes.as_ref(), &mut settings.cooldown);
            self.minutes("spread_for", default.sustained_high_minutes.as_ref(), &mut settings.spread_for);
        }
        for (name, service) in older.services.iter().flat_map(|services| &services.0) {
            let mut cooldown = Duration::ZERO;
            if let Some(written) = service.as_ref().and_then(|service| service.cooldown_minutes.as_ref()) {
                let path = format!("services.{}.cooldown", name.value);
                self.minutes(&path, Some(written), &mut cooldown);
                settings.services.entry(name.value.clone()).or_default().cooldown = Some(cooldown);
            }
        }
    }

    fn minutes(&mut self, key: &str, written: Option<&Spanned<Minutes>>, into: &mut Duration) {
        let Some(minutes) = written else { return };
        match Duration::try_from_secs_f64(minutes.value.0 * 60.0) {
            Ok(span) => *into = span,
            Err(_) => self.log.at(minutes.mark, format!("rebalance.{key}: too many minutes")),
        }
        self.once(key, minutes.mark);
        self.came_from(key, minutes);
    }

    fn services(&mut self, entries: Option<&Entries<Option<ServiceEntry>>>, settings: &mut Rebalance) {
        for (name, entry) in entries.iter().flat_map(|entries| &entries.0) {
            let path = format!("services.{}", name.value);
            let policy = settings.services.entry(name.value.clone()).or_default();
            let Some(entry) = entry else { continue };
            if let Some(enabled) = &entry.enabled {
                policy.enabled = Some(enabled.value);
                self.came_from(&format!("{path}.enabled"), enabled);
            }
            if let Some(cooldown) = &entry.cooldown {
                let mut span = Duration::ZERO;
                self.span(&format!("{path}.cooldown"), Some(cooldown), &mut span);
                policy.cooldown = Some(span);
            }
        }
    }

    fn exporters(&mut self, entries: Option<&Entries<Spanned<String>>>, into: &mut BTreeMap<String, Url>) {
        for (name, url) in entries.iter().flat_map(|entries| &entries.0) {
            let path = format!("metrics.node_exporters.{}", name.value);
            self.once(&path, name.mark);
            into.extend(self.url(&path, url, 9100).map(|url| (name.value.clone(), url)));
        }
    }

    fn machines(&mut self, entries: Option<&Entries<ExporterEntry>>, into: &mut BTreeMap<String, Url>) {
        for (name, entry) in entries.iter().flat_map(|entries| &entries.0) {
            let path = format!("metrics.node_exporter_nodes.{}", name.value);
            self.once(&path, name.mark);
            let url = self.url(&format!("{path}.exporter_url"), &entry.exporter_url, 9100);
            into.extend(url.map(|url| (name.value.clone(), url)));
        }
    }

    fn map(&mut self, entries: Option<&Entries<Spanned<String>>>, into: &mut BTreeMap<String, String>) {
        for (name, machine) in entries.iter().flat_map(|entries| &entries.0) {
            let path = format!("metrics.node_map.{}", name.value);
            self.once(&path, name.mark);
            into.extend(self.text(&path, Some(machine), "a name").map(|machine| (name.value.clone(), machine)));
        }
    }

    /// What two files both define is an error.
    fn once(&mut self, key: &str, mark: Mark) {
        if let Some(first) = self.seen.get(key) {
            let message = format!("rebalance.{key} is already defined at {}", self.log.place(*first));
            self.log.at(mark, message);
        }
        self.seen.insert(key.to_owned(), mark);
    }

    fn url(&mut self, key: &str, written: &Spanned<String>, port: u16) -> Option<Url> {
        self.came_from(key, written);
        match Url::parse(&written.value, port) {
            Ok(url) => Some(url),
            Err(why) => {
                self.log.at(written.mark, format!("rebalance.{key} {why}"));
                None
            }
        }
    }

    fn text(&mut self, key: &str, written: Option<&Spanned<String>>, what: &str) -> Option<String> {
        let written = written?;
        if written.value.trim().is_empty() {
            self.log.at(written.mark, format!("rebalance.{key} must be {what}, not \"{}\"", written.value));
        }
        self.came_from(key, written);
        Some(written.value.clone())
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
        self.once(key, span.mark);
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
