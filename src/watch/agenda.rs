//! Which pass runs next, and why: clocks, events and what earlier runs have left put together. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::debounce::Debounce;
use super::schedule::{self, Lateness};
use crate::settings::{Rhythm, Schedule, Watch};

/// The first wait after a run that is to be repeated; it doubles.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest such wait.
const LONGEST: Duration = Duration::from_secs(30);
/// What runs at set times is tried again so often, some two minutes; after that it waits for its next time.
const TRIES: u32 = 8;
/// The clock on the wall may be set: it is looked at so often.
pub(super) const LOOK: Duration = Duration::from_secs(30);

/// Why a pass runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// orca has just been started.
    Start,
    /// Its time has come.
    Schedule,
    /// Something has happened in the swarm.
    Event,
    /// An anchor runs elsewhere.
    Anchor,
    /// This engine leads the swarm now.
    Leader,
    /// Events may have been missed.
    Gap,
    /// The run before has left something on its way.
    Unsettled,
    /// The run before could not be made.
    Retry,
    /// The config has changed.
    Config,
    /// SIGHUP.
    Signal,
}

impl Cause {
    /// As it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Schedule => "schedule",
            Self::Event => "event",
            Self::Anchor => "anchor",
            Self::Leader => "leader",
            Self::Gap => "gap",
            Self::Unsettled => "unsettled",
            Self::Retry => "retry",
            Self::Config => "config",
            Self::Signal => "signal",
        }
    }
}

/// What a run has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Nothing to be done before its next time.
    Nothing,
    /// Something that is on its way, and should be looked at.
    Unsettled,
    /// All of it: the engine was away, or another orca was at work.
    Everything,
}

/// Both clocks: one that only goes forward, and the one on the wall.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// For waits.
    pub at: Instant,
    /// For times of day.
    pub wall: Timestamp,
}

/// A pass and when it runs.
#[derive(Debug)]
struct Job {
    pass: String,
    schedule: Schedule,
    lateness: Lateness,
    /// Its next time; none: events alone.
    next: Option<Timestamp>,
    /// It is to run at this moment, besides.
    asked: Option<(Instant, Cause)>,
    /// How often it was asked to run again in a row.
    again: u32,
}

/// All passes.
#[derive(Debug)]
pub struct Agenda {
    jobs: Vec<Job>,
    /// What runs now, whether the config still has it or not: whatever it is asked for meanwhile, comes after that.
    running: BTreeSet<String>,
    debounce: Debounce,
    /// Why events ask for a run.
    why: Cause,
}

impl Agenda {
    /// These passes on this host; those with `every` run at once.
    pub fn new(passes: &[(String, Schedule)], watch: &Watch, host: &str, now: Now) -> Self {
        let job = |(pass, schedule): &(String, Schedule)| Job {
            pass: pass.clone(),
            schedule: schedule.clone(),
            lateness: Lateness::of(host, pass),
            next: schedule::next(schedule, Lateness::of(host, pass), now.wall),
            asked: (schedule.events || !schedule.waits()).then_some((now.at, Cause::Start)),
            again: 0,
        };
        let debounce = Debounce::new(watch.debounce, watch.max_wait);
        Self { jobs: passes.iter().map(job).collect(), running: BTreeSet::new(), debounce, why: Cause::Event }
    }

    /// Each of these passes once, and nothing after that.
    pub fn once(passes: &[(String, Schedule)], watch: &Watch, host: &str, now: Now) -> Self {
        let mut agenda = Self::new(passes, watch, host, now);
        for job in &mut agenda.jobs {
            (job.asked, job.next) = (Some((now.at, Cause::Start)), None);
        }
        agenda
    }

    /// Takes another config over. What has not changed keeps its times.
    pub fn change(&mut self, passes: &[(String, Schedule)], watch: &Watch, host: &str, now: Now) {
        let mut fresh = Self::new(passes, watch, host, now);
        for job in &mut fresh.jobs {
            job.asked = None;
            if let Some(old) = self.jobs.iter().find(|old| old.pass == job.pass) {
                (job.asked, job.again) = (old.asked, old.again);
                if format!("{:?}", old.schedule) == format!("{:?}", job.schedule) {
                    job.next = old.next;
                }
            }
        }
        self.jobs = fresh.jobs;
        self.debounce.limit(watch.debounce, watch.max_wait);
    }

    /// Something has happened that may need a run.
    pub fn hint(&mut self, now: Now) {
        if self.debounce.due().is_none() {
            self.why = Cause::Event;
        }
        self.debounce.hint(now.at);
    }

    /// Something has happened that needs one.
    pub fn urge(&mut self, why: Cause, now: Now) {
        if !self.debounce.is_urgent() {
            self.why = why;
        }
        self.debounce.urge(now.at);
    }

    /// Someone wants what events can ask for, now; where that is nothing, everything. What has its set times is not run
    /// because a file has changed.
    pub fn demand(&mut self, why: Cause, now: Now) {
        let all = self.jobs.iter().all(|job| !job.schedule.events);
        for job in self.jobs.iter_mut().filter(|job| job.schedule.events || all) {
            if job.schedule.events || why != Cause::Config || !job.schedule.waits() {
                job.asked = Some((now.at, why));
            }
        }
    }

    /// The pass that is to run now, and why. What it was asked for is taken from the agenda.
    pub fn take(&mut self, now: Now) -> Option<(String, Cause)> {
        for job in self.jobs.iter_mut().filter(|job| matches!(job.schedule.rhythm, Rhythm::Every(_))) {
            // The clock on the wall has been set back: nothing that runs every so often is ever further away than that.
            job.next = job.next.min(schedule::next(&job.schedule, job.lateness, now.wall));
        }
        if self.debounce.due().is_some_and(|due| due <= now.at) {
            self.debounce.begin(now.at);
            for job in self.jobs.iter_mut().filter(|job| job.schedule.events) {
                job.asked = Some((now.at, self.why));
            }
        }
        let only = self.jobs.iter().filter(|job| job.schedule.events).count() == 1;
        let running = &self.running;
        let job = self.jobs.iter_mut().find(|job| !running.contains(&job.pass) && job.cause(now).is_some())?;
        let cause = job.cause(now)?;
        if only && job.schedule.events && self.debounce.due().is_some() {
            // It sees what events have told of until now.
            self.debounce.begin(now.at);
        }
        job.asked = None;
        // Only one time: however late it is, it runs once.
        job.next = None;
        self.running.insert(job.pass.clone());
        Some((job.pass.clone(), cause))
    }

    /// A run has ended.
    pub fn ran(&mut self, pass: &str, left: Left, now: Now) {
        self.running.remove(pass);
        let Some(job) = self.jobs.iter_mut().find(|job| job.pass == pass) else { return };
        job.next = schedule::next(&job.schedule, job.lateness, now.wall);
        let (longest, cause) = match left {
            Left::Nothing => {
                job.again = 0;
                return;
            }
            Left::Unsettled => (job.schedule.longest().min(Duration::from_secs(60)), Cause::Unsettled),
            Left::Everything if job.schedule.waits() && job.again >= TRIES => {
                job.again = 0;
                return;
            }
            Left::Everything => (LONGEST, Cause::Retry),
        };
        let wait = AGAIN.saturating_mul(1 << job.again.min(16)).min(longest);
        job.again = job.again.saturating_add(1);
        // Not all hosts at once, when an engine that all ask comes back.
        let at = now.at + wait + job.lateness.part(wait / 4);
        if job.asked.is_none_or(|(asked, _)| asked > at) {
            job.asked = Some((at, cause));
        }
    }

    /// How long there is nothing to do.
    pub fn idle(&self, now: Now) -> Duration {
        let waits = self.jobs.iter().filter(|job| !self.running.contains(&job.pass)).flat_map(|job| {
            let next = job.next.map(|next| next.duration_since(now.wall).try_into().unwrap_or(Duration::ZERO));
            [next, job.asked.map(|(at, _)| at.saturating_duration_since(now.at))]
        });
        let due = self.debounce.due().map(|due| due.saturating_duration_since(now.at));
        waits.chain([due]).flatten().min().unwrap_or(LOOK).min(LOOK)
    }
}

impl Job {
    /// Why it is to run now.
    fn cause(&self, now: Now) -> Option<Cause> {
        let asked = self.asked.filter(|(at, _)| *at <= now.at).map(|(_, cause)| cause);
        asked.or_else(|| self.next.is_some_and(|next| next <= now.wall).then_some(Cause::Schedule))
    }
}

#[cfg(test)]
mod tests;
