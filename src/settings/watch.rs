//! `watch:`: when which pass runs, and what `orca watch` listens to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use croner::Cron;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Origin;
use super::de::Spanned;
use super::fragment::{Entries, Span};
use super::policy::{duration, env_bool, env_duration, env_text};
use super::problem::{Log, quoted};
use super::section::Section;
use super::show::span;

/// What `orca watch` can run, with how often it does where nothing else is said, in seconds.
const PASSES: [(&str, u64); 13] = [
    ("reconcile", 60),
    ("labels sync", 60),
    ("anchors follow", 60),
    ("autoheal", 30),
    ("bootstrap", 300),
    ("catalog reconcile", 60),
    ("exporter deploy", 3600),
    ("gc", 4 * 3600),
    ("logs rotate", 3600),
    ("mods fetch", 6 * 3600),
    ("rebalance apply", 300),
    ("rebalance recover", 60),
    ("services update", 3600),
];
/// It has no place in a stream of reports.
const MEASURE: &str = "rebalance measure";
/// What an event in the swarm can make necessary.
const ON_EVENTS: [&str; 3] = ["reconcile", "labels sync", "anchors follow"];

/// `watch:`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug, Clone)]
pub struct Watch {
    /// Passes that the file names, and when they run.
    pub passes: BTreeMap<String, Schedule>,
    /// Run passes when something happens in the swarm, not on the clock alone.
    pub events: bool,
    /// `$POLLING_MODE`: run what events ask for on the clock too.
    pub polling: bool,
    /// After an event, wait for so long a silence.
    pub debounce: Duration,
    /// But no longer than this.
    pub max_wait: Duration,
    /// Act only where the engine leads the swarm.
    pub leader_only: bool,
    /// Look so often where anchors run; zero: only when an event says so.
    pub anchor_poll: Duration,
    /// Listen to the engines of `nodes.*.host` as well.
    pub subscribe_nodes: bool,
    /// Look so often whether the files have changed; zero: never.
    pub config_poll: Duration,
    /// Once told to stop, end within this.
    pub grace: Duration,
    /// The command file that SIGUSR1 runs.
    pub commands: Option<PathBuf>,
    /// Where Prometheus is answered.
    pub metrics_listen: Option<SocketAddr>,
    /// `$RELABEL_TIME` and `$LOOP_INTERVAL`, by pass.
    every: BTreeMap<&'static str, Duration>,
}

/// When a pass runs.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// On which clock.
    pub rhythm: Rhythm,
    /// At most so much later, the same on one host each time; none: a tenth of `every`, and nothing after `cron`.
    pub jitter: Option<Duration>,
    /// Events of the swarm make it run too.
    pub events: bool,
}

/// On which clock a pass runs.
#[derive(Debug, Clone)]
pub enum Rhythm {
    /// So long after it has ended.
    Every(Duration),
    /// At these times of day, in this zone.
    Cron(Box<Cron>, TimeZone),
    /// On none: events alone make it run.
    Never,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            passes: BTreeMap::new(),
            events: true,
            polling: true,
            debounce: Duration::from_secs(1),
            max_wait: Duration::from_secs(10),
            leader_only: true,
            anchor_poll: Duration::from_secs(1),
            subscribe_nodes: false,
            config_poll: Duration::from_secs(1),
            grace: Duration::from_secs(30),
            commands: None,
            metrics_listen: None,
            every: BTreeMap::new(),
        }
    }
}

impl Watch {
    /// When this pass runs: as the file says, else as is usual for it. None if there is no such pass.
    pub fn schedule(&self, pass: &str) -> Option<Schedule> {
        self.passes.get(pass).cloned().or_else(|| self.usual(pass))
    }

    fn usual(&self, pass: &str) -> Option<Schedule> {
        let (name, seconds) = PASSES.into_iter().find(|(name, _)| *name == pass)?;
        let every = self.every.get(name).copied().unwrap_or(Duration::from_secs(seconds));
        let events = self.events && ON_EVENTS.contains(&name);
        let rhythm = if events && !self.polling { Rhythm::Never } else { Rhythm::Every(every) };
        Some(Schedule { rhythm, jitter: None, events })
    }
}

/// The names of what `orca watch` can run.
pub fn watchable() -> impl Iterator<Item = &'static str> {
    PASSES.into_iter().map(|(name, _)| name)
}

/// Passes on a clock and on events: `orca watch`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WatchEntry {
    /// Which passes run, by the name of their command (`reconcile`, `gc`, `logs rotate`, ...); default is `reconcile`.
    passes: Option<Entries<Option<PassEntry>>>,
    /// Run `reconcile`, `labels sync` and `anchors follow` also when something happens in the swarm; default
    /// `$EVENT_MODE`, else true.
    events: Option<Spanned<bool>>,
    /// After an event, wait until nothing has happened for so long; default `1s`. Also the shortest time between two runs
    /// that events have caused.
    debounce: Option<Spanned<Span>>,
    /// Wait no longer than this, however much happens; default `10s`.
    max_wait: Option<Spanned<Span>>,
    /// Act only where the engine leads the swarm, so that every manager may run orca; default true.
    leader_only: Option<Spanned<bool>>,
    /// Look so often where the anchors run, since the engine doesn't tell of other nodes' tasks; default `1s`, 0 is never.
    anchor_poll: Option<Spanned<Span>>,
    /// Listen also to the engines that `nodes.*.host` names: an anchor that starts there is seen at once; default false.
    subscribe_nodes: Option<Spanned<bool>>,
    /// Look so often whether the config has changed; default `1s`, 0 is never (SIGHUP reads it again).
    config_poll: Option<Spanned<Span>>,
    /// When told to stop, end within this, whatever is under way; default `30s`.
    grace: Option<Spanned<Span>>,
    /// The command file that SIGUSR1 runs.
    commands: Option<Spanned<String>>,
    /// Answer Prometheus on this address, as `127.0.0.1:9323`.
    metrics_listen: Option<Spanned<String>>,
}

/// When a pass runs: `every` or `cron`, else as is usual for it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PassEntry {
    /// So long after it has ended. Default is 60s for reconcile (`$RELABEL_TIME`), 5m for bootstrap (`$LOOP_INTERVAL`).
    every: Option<Spanned<Span>>,
    /// At these times, as `0 3 * * *`.
    cron: Option<Spanned<String>>,
    /// The time zone of `cron`, as `Europe/Berlin`; default `$TZ`, else UTC.
    tz: Option<Spanned<String>>,
    /// Run up to so much later, differently on each host; default is a tenth of `every`, and 0 with `cron`.
    jitter: Option<Spanned<Span>>,
    /// Whether events of the swarm make it run too; default as `watch.events` for those three, false for others.
    events: Option<Spanned<bool>>,
}

/// Lays what is written, and Orcastra's variables, over what is built in.
pub(super) fn resolve(
    entry: Option<&WatchEntry>,
    env: &BTreeMap<String, String>,
    origins: &mut BTreeMap<String, Origin>,
    log: &mut Log<'_>,
) -> Watch {
    let mut watch = Watch::default();
    let none = WatchEntry::default();
    let entry = entry.unwrap_or(&none);
    for (variable, passes) in
        [("RELABEL_TIME", &["reconcile", "labels sync", "anchors follow"][..]), ("LOOP_INTERVAL", &["bootstrap"])]
    {
        match env_duration(env, variable, log) {
            Some(Duration::ZERO) => log.env(variable, "must be more than nothing"),
            Some(every) => watch.every.extend(passes.iter().map(|pass| (*pass, every))),
            None => {}
        }
    }
    watch.polling = env_bool(env, "POLLING_MODE", log).unwrap_or(true);
    let mut section = Section { name: "watch", env, origins, log };
    section.flag("events", entry.events.as_ref(), "EVENT_MODE", &mut watch.events);
    section.span("debounce", entry.debounce.as_ref(), "", &mut watch.debounce);
    section.span("max_wait", entry.max_wait.as_ref(), "", &mut watch.max_wait);
    section.flag("leader_only", entry.leader_only.as_ref(), "", &mut watch.leader_only);
    section.span("anchor_poll", entry.anchor_poll.as_ref(), "", &mut watch.anchor_poll);
    section.flag("subscribe_nodes", entry.subscribe_nodes.as_ref(), "", &mut watch.subscribe_nodes);
    section.span("config_poll", entry.config_poll.as_ref(), "", &mut watch.config_poll);
    section.span("grace", entry.grace.as_ref(), "", &mut watch.grace);
    watch.commands = section.word("commands", entry.commands.as_ref()).map(PathBuf::from);
    watch.metrics_listen = section.word("metrics_listen", entry.metrics_listen.as_ref()).and_then(|text| {
        let address = text.parse().ok();
        if let (None, Some(written)) = (address, &entry.metrics_listen) {
            let text =
                format!("watch.metrics_listen must be an address and a port (127.0.0.1:9323), not {}", quoted(&text));
            section.log.at(written.mark, text);
        }
        address
    });
    if let Some(debounce) = entry.debounce.as_ref().filter(|_| watch.max_wait < watch.debounce) {
        section.log.at(debounce.mark, "watch.debounce must not be longer than watch.max_wait");
    }
    for (name, pass) in entry.passes.as_ref().map(|passes| passes.0.as_slice()).unwrap_or_default() {
        if let Some(schedule) = schedule(&watch, name, pass.as_ref(), &mut section) {
            watch.passes.insert(name.value.clone(), schedule);
        }
    }
    watch
}

fn schedule(
    watch: &Watch,
    name: &Spanned<String>,
    entry: Option<&PassEntry>,
    section: &mut Section<'_, '_>,
) -> Option<Schedule> {
    let Some(mut schedule) = watch.usual(&name.value) else {
        let text = if name.value == MEASURE {
            format!("watch.passes: `{MEASURE}` prints a document and no report; run it from cron or a systemd timer")
        } else {
            let known = watchable().collect::<Vec<_>>().join(", ");
            format!("watch.passes: no pass {}; there are {known}", quoted(&name.value))
        };
        section.log.at(name.mark, text);
        return None;
    };
    let key = format!("passes.{}", name.value);
    section.came_from(&key, name);
    let none = PassEntry::default();
    let entry = entry.unwrap_or(&none);
    if let Some(events) = &entry.events {
        schedule.events = events.value;
    }
    schedule.jitter =
        entry.jitter.as_ref().and_then(|jitter| duration(jitter, &format!("watch.{key}.jitter"), section.log));
    match (&entry.every, &entry.cron) {
        (Some(_), Some(cron)) => {
            section.log.at(cron.mark, format!("watch.{key}: give `every` or `cron`, not both"));
        }
        (Some(every), None) => match duration(every, &format!("watch.{key}.every"), section.log) {
            Some(Duration::ZERO) => section.log.at(every.mark, format!("watch.{key}.every must be more than nothing")),
            Some(every) => schedule.rhythm = Rhythm::Every(every),
            None => {}
        },
        (None, Some(cron)) => match cron.value.parse::<Cron>() {
            Ok(parsed) => {
                let zone = zone(&format!("watch.{key}"), entry.tz.as_ref(), section);
                schedule.rhythm = Rhythm::Cron(Box::new(parsed), zone);
            }
            Err(error) => {
                let text = format!(
                    "watch.{key}.cron must be five fields as `0 3 * * *`, not {}: {error}",
                    quoted(&cron.value)
                );
                section.log.at(cron.mark, text);
            }
        },
        (None, None) => {}
    }
    if let Some(tz) = entry.tz.as_ref().filter(|_| entry.cron.is_none()) {
        section.log.at(tz.mark, format!("watch.{key}.tz means nothing without `cron`"));
    }
    Some(schedule)
}

/// The time zone `PATH.tz`, else that of `$TZ`.
pub(super) fn zone(path: &str, written: Option<&Spanned<String>>, section: &mut Section<'_, '_>) -> TimeZone {
    if let Some(written) = written {
        return TimeZone::get(&written.value).unwrap_or_else(|_| {
            let text = format!("{path}.tz: no time zone {}; write it as Europe/Berlin", quoted(&written.value));
            section.log.at(written.mark, text);
            TimeZone::UTC
        });
    }
    // It may also be a rule or a file, which is the C library's business.
    env_text(section.env, "TZ").and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

impl Watch {
    /// The section's effective values by key, as the file would have them.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let mut shown = vec![
            ("events", json!(self.events)),
            ("debounce", json!(span(self.debounce))),
            ("max_wait", json!(span(self.max_wait))),
            ("leader_only", json!(self.leader_only)),
            ("anchor_poll", json!(span(self.anchor_poll))),
            ("subscribe_nodes", json!(self.subscribe_nodes)),
            ("config_poll", json!(span(self.config_poll))),
            ("grace", json!(span(self.grace))),
        ];
        shown.extend(self.commands.as_ref().and_then(|path| path.to_str()).map(|path| ("commands", json!(path))));
        shown.extend(self.metrics_listen.map(|address| ("metrics_listen", json!(address.to_string()))));
        shown
    }
}

impl Schedule {
    /// Whether it runs at set times only.
    pub fn waits(&self) -> bool {
        matches!(self.rhythm, Rhythm::Cron(..))
    }

    /// The longest that it lets go by, where that is known.
    pub fn longest(&self) -> Duration {
        if let Rhythm::Every(every) = self.rhythm { every } else { Duration::MAX }
    }

    /// As the file would have it.
    pub(super) fn shown(&self) -> Vec<(&'static str, Value)> {
        let mut shown = match &self.rhythm {
            Rhythm::Every(every) => vec![("every", json!(span(*every)))],
            Rhythm::Cron(cron, zone) => {
                vec![("cron", json!(cron.as_str())), ("tz", json!(zone.iana_name().unwrap_or("UTC")))]
            }
            Rhythm::Never => Vec::new(),
        };
        shown.extend(self.jitter.map(|jitter| ("jitter", json!(span(jitter)))));
        shown.push(("events", json!(self.events)));
        shown
    }
}
