//! What `GET /metrics` tells of the server itself.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use http::StatusCode;

use super::Server;

/// By pattern and status: how many, and how long they took.
type Answers = BTreeMap<(&'static str, u16), (u64, Duration)>;

/// What was counted since the server was started.
#[derive(Debug, Default)]
pub(super) struct Counts {
    answers: RefCell<Answers>,
    turned_away: Cell<u64>,
}

impl Counts {
    /// An answer was given.
    pub(super) fn count(&self, pattern: &'static str, status: StatusCode, took: Duration) {
        let mut answers = self.answers.borrow_mut();
        let (count, sum) = answers.entry((pattern, status.as_u16())).or_default();
        *count += 1;
        *sum += took;
    }

    /// There was no room for a client.
    pub(super) fn turned_away(&self) {
        self.turned_away.set(self.turned_away.get() + 1);
    }
}

/// As Prometheus text.
pub(super) fn render(server: &Server) -> String {
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, rows: &[(String, String)]| {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        for (labels, value) in rows {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    let plain = |value: String| [(String::new(), value)];
    let answers = server.counts.answers.borrow();
    // Patterns are of this program: nothing in them needs to be escaped.
    let labels = |(pattern, status): &(&str, u16)| format!("{{path=\"{pattern}\",status=\"{status}\"}}");
    let rows: Vec<_> = answers.iter().map(|(key, (count, _))| (labels(key), count.to_string())).collect();
    family("orca_serve_requests_total", "counter", "Requests answered, by route and status.", &rows);
    let rows: Vec<_> =
        answers.iter().map(|(key, (_, sum))| (labels(key), format!("{:.6}", sum.as_secs_f64()))).collect();
    family("orca_serve_request_seconds_total", "counter", "Time spent on them.", &rows);
    let number = |number: usize| plain(number.to_string());
    family("orca_serve_connections", "gauge", "Connections that are open.", &number(server.connections.get()));
    family("orca_serve_watchers", "gauge", "Clients that watch live.", &number(server.warm.watchers()));
    let away = plain(server.counts.turned_away.get().to_string());
    family("orca_serve_turned_away_total", "counter", "Clients for which there was no room.", &away);
    family(
        "orca_serve_engine_up",
        "gauge",
        "Whether the swarm could be read at the last look.",
        &number(usize::from(server.warm.well())),
    );
    if let Some(view) = server.warm.last() {
        let age = plain(format!("{:.3}", view.age().as_secs_f64()));
        family("orca_serve_snapshot_age_seconds", "gauge", "Age of the look at hand.", &age);
    }
    if let Ok(engine) = server.warm.source().engine() {
        let requests = plain(engine.requests().to_string());
        family("orca_serve_engine_requests_total", "counter", "Requests made to the engine.", &requests);
    }
    text
}
