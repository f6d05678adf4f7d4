//! The time that a rollout has, and that for which it has been as wanted. What nobody could see counts as neither, within
//! bounds: whatever happens, it ends.

use std::time::Duration;

use tokio::time::Instant;

use crate::everyday::follow::LOST;

/// The clock of one rollout, or of its way back.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    begun: Instant,
    /// It is late from then on.
    until: Instant,
    /// Of the time in which nobody knew how it stands, so much may still be added to its own.
    spare: Duration,
    /// Since then `until` is longer by [`LOST`], since it is not known how nodes of its tasks are.
    unheard: Option<Instant>,
    /// All has been as wanted since then,
    since: Option<Instant>,
    /// and must be for so long.
    stay: Duration,
    /// So much time for which it was as wanted was given back.
    back: Duration,
}

impl Clock {
    /// It has so long, and so much more at most for what nobody sees.
    pub(super) fn new(now: Instant, time: Duration, spare: Duration) -> Self {
        let (stay, back) = (Duration::ZERO, Duration::ZERO);
        Self { begun: now, until: now + time, spare, unheard: None, since: None, stay, back }
    }

    /// Adds what nobody saw.
    fn add(&mut self, time: Duration) {
        let more = time.min(self.spare);
        self.spare -= more;
        self.until += more;
    }

    /// All is as wanted: tells for how long it must stay so. Zero: it has.
    pub(super) fn holds(&mut self, now: Instant, wanted: Duration) -> Duration {
        self.stay = wanted;
        wanted.saturating_sub(now.saturating_duration_since(*self.since.get_or_insert(now)))
    }

    /// All has been as wanted at the last look.
    pub(super) fn is_holding(&self) -> bool {
        self.since.is_some()
    }

    /// It is not as wanted any more. What it was so for is no time that it took to get there; but no more of it than it had to
    /// stay so, or one that comes and goes would never end.
    pub(super) fn lets_go(&mut self, now: Instant) {
        if let Some(since) = self.since.take() {
            let more = now.saturating_duration_since(since).min(self.stay.saturating_sub(self.back));
            self.back += more;
            self.until += more;
        }
    }

    /// For so long, until now, nobody could look.
    pub(super) fn missed(&mut self, now: Instant, time: Duration) {
        let time = time.min(now.saturating_duration_since(self.begun));
        self.add(time);
        for since in [&mut self.unheard, &mut self.since].into_iter().flatten() {
            *since = now.min(*since + time);
        }
    }

    /// Nobody knows how nodes of its tasks are, or everybody does again.
    pub(super) fn bears_with(&mut self, now: Instant, unheard: bool) {
        match (unheard, self.unheard) {
            (true, None) => {
                self.unheard = Some(now);
                self.until += LOST;
            }
            (false, Some(since)) => {
                self.unheard = None;
                self.until -= LOST;
                self.add(now.saturating_duration_since(since).min(LOST));
            }
            _ => {}
        }
    }

    pub(super) fn is_late(&self, now: Instant) -> bool {
        now >= self.until
    }

    /// How long it may still take.
    pub(super) fn may_take(&self, now: Instant) -> Duration {
        let until = self.since.map_or(self.until, |since| self.until.max(since + self.stay));
        until.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    /// A clock of a minute and a half, and what time it is after so many seconds.
    fn clock() -> (Clock, impl Fn(u64) -> Instant) {
        let now = Instant::now();
        (Clock::new(now, seconds(90), seconds(60)), move |after| now + seconds(after))
    }

    #[test]
    fn it_is_late_when_its_time_is_over() {
        let (clock, at) = clock();
        assert!(!clock.is_late(at(89)));
        assert!(clock.is_late(at(90)));
        assert_eq!((clock.may_take(at(30)), clock.may_take(at(100))), (seconds(60), Duration::ZERO));
    }

    #[test]
    fn what_it_was_as_wanted_for_is_not_what_it_took() {
        let (mut clock, at) = clock();
        assert_eq!(clock.holds(at(20), seconds(120)), seconds(120));
        assert_eq!(clock.holds(at(110), seconds(120)), seconds(30));
        assert_eq!(clock.may_take(at(110)), seconds(30), "longer than its time");
        clock.lets_go(at(110));
        assert_eq!(clock.may_take(at(110)), seconds(70));
        assert!(!clock.is_holding());
        // From the beginning once more, and of that only as much as it had to stay so counts for nothing.
        assert_eq!(clock.holds(at(120), seconds(120)), seconds(120));
        clock.lets_go(at(200));
        assert_eq!(clock.may_take(at(200)), seconds(10));
        assert_eq!(clock.holds(at(205), seconds(120)), seconds(120));
        clock.lets_go(at(215));
        assert!(clock.is_late(at(215)));
    }

    #[test]
    fn what_nobody_saw_counts_neither_as_wanted_nor_against_it() {
        let (mut clock, at) = clock();
        clock.holds(at(10), seconds(20));
        clock.missed(at(55), seconds(40));
        assert_eq!(clock.holds(at(55), seconds(20)), seconds(15));
        assert_eq!(clock.may_take(at(55)), seconds(75));
        // It is not borne with for ever; nor is it ever a proof.
        clock.missed(at(120), seconds(50));
        clock.missed(at(180), seconds(50));
        assert!(clock.is_late(at(150)));
        assert_eq!(clock.holds(at(180), seconds(40)), seconds(10));
    }

    #[test]
    fn what_was_before_it_is_not_missed() {
        let (mut clock, at) = clock();
        clock.holds(at(5), seconds(20));
        clock.missed(at(6), seconds(50));
        assert_eq!((clock.may_take(at(6)), clock.holds(at(6), seconds(20))), (seconds(90), seconds(20)));
    }

    #[test]
    fn an_election_takes_nothing_from_its_time_for_a_minute() {
        let (mut clock, at) = clock();
        clock.bears_with(at(80), true);
        clock.bears_with(at(100), true);
        assert!(!clock.is_late(at(149)));
        assert!(clock.is_late(at(150)));
        clock.bears_with(at(130), false);
        assert!(!clock.is_late(at(139)));
        assert!(clock.is_late(at(140)));
        // The next one: the rest of the minute.
        clock.bears_with(at(135), true);
        clock.bears_with(at(155), false);
        assert!(clock.is_late(at(155)));
    }
}
