//! When a pass runs next on its clock. Pure: the time is handed in.

use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::settings::{Rhythm, Schedule};

/// The part of `every` that is the jitter where none is set.
const JITTER: u32 = 10;

/// How late a pass is on this host, as a part of its jitter: the same each time, another one on another host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lateness(f64);

impl Lateness {
    /// Of this pass on this host.
    pub fn of(host: &str, pass: &str) -> Self {
        let hash = Sha256::digest(format!("{host}\0{pass}"));
        let bits = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
        Self(f64::from(bits) / f64::from(u32::MAX))
    }

    /// This part of a time.
    pub fn part(self, of: Duration) -> Duration {
        of.mul_f64(self.0)
    }
}

/// The next time after `now`; none if there is none. However much time has gone by, it is one time.
pub fn next(schedule: &Schedule, lateness: Lateness, now: Timestamp) -> Option<Timestamp> {
    let (at, jitter) = match &schedule.rhythm {
        Rhythm::Never => return None,
        Rhythm::Every(every) => (now.checked_add(*every).ok()?, *every / JITTER),
        Rhythm::Cron(cron, zone) => {
            let after = now.to_zoned(zone.clone());
            (cron.find_next_occurrence(&after, false).ok()?.timestamp(), Duration::ZERO)
        }
    };
    at.checked_add(lateness.part(schedule.jitter.unwrap_or(jitter))).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::settings::{Source, SourceKind, parse};

    fn schedule(text: &str) -> Schedule {
        let text = format!("watch: {{passes: {{gc: {text}}}}}");
        let source = Source { name: "orca.yml".into(), kind: SourceKind::Main, text };
        parse(&[source], &BTreeMap::new()).unwrap().watch.schedule("gc").unwrap()
    }

    /// The runs of a schedule from one time to another, by the clock in Berlin.
    fn runs(text: &str, from: &str, to: &str) -> Vec<String> {
        let (schedule, to) = (schedule(text), to.parse::<Timestamp>().unwrap());
        let mut now: Timestamp = from.parse().unwrap();
        let mut runs = Vec::new();
        while let Some(at) = next(&schedule, Lateness(0.0), now).filter(|at| *at < to) {
            runs.push(at.in_tz("Europe/Berlin").unwrap().strftime("%d %H:%M %Z").to_string());
            now = at;
        }
        runs
    }

    #[test]
    fn a_change_of_the_clock_doubles_and_loses_no_run() {
        let daily = "{cron: '30 2 * * *', tz: Europe/Berlin}";
        // On 29 March 2026 there is no half past two.
        let spring = runs(daily, "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z");
        assert_eq!(spring, ["28 02:30 CET", "29 03:00 CEST", "30 02:30 CEST"]);
        // On 25 October there are two.
        let autumn = runs(daily, "2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z");
        assert_eq!(autumn, ["24 02:30 CEST", "25 02:30 CEST", "26 02:30 CET"]);
        // What runs every hour runs in both of them.
        let hourly = runs("{cron: '0 * * * *', tz: Europe/Berlin}", "2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z");
        assert_eq!(hourly, ["25 02:00 CEST", "25 02:00 CET", "25 03:00 CET"]);
    }

    #[test]
    fn what_is_late_runs_once() {
        let schedule = schedule("{cron: '*/5 * * * *'}");
        // It was due twelve times in the hour before: the next time is the next time.
        let now = "2026-11-21T10:02:00Z".parse().unwrap();
        let at = next(&schedule, Lateness(0.0), now).unwrap();
        assert_eq!(at.to_string(), "2026-11-21T10:05:00Z");
    }

    #[test]
    fn jitter_is_the_same_each_time_and_another_on_each_host() {
        let now = Timestamp::UNIX_EPOCH;
        let at =
            |text: &str, host: &str| next(&schedule(text), Lateness::of(host, "gc"), now).unwrap().as_millisecond();
        assert_eq!(at("{every: 60s}", "a"), at("{every: 60s}", "a"));
        assert_ne!(at("{every: 60s}", "a"), at("{every: 60s}", "b"));
        for host in ["a", "b", "c", "d"] {
            assert!((60_000..=66_000).contains(&at("{every: 60s}", host)));
            assert!((60_000..=61_000).contains(&at("{every: 60s, jitter: 1s}", host)));
            assert_eq!(at("{every: 60s, jitter: 0s}", host), 60_000);
        }
    }
}
