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
mod tests;
