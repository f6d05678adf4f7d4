//! When something may be done: at some times of some days, or for a while after the times of a clock.

use std::time::Duration;

use croner::Cron;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};

/// After each time of a cron expression it stays open for so long: runs by the hour don't miss it.
const AFTER_CRON: Duration = Duration::from_secs(2 * 3600);

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// When something may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// As it was written.
    text: String,
    times: Times,
    zone: TimeZone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Times {
    Always,
    Daily(Vec<Daily>),
    Cron(Box<Cron>),
}

/// `Mon-Fri 22:00-04:00`: what goes past midnight belongs to the day on which it began.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Daily {
    /// From Monday.
    days: [bool; 7],
    from: Time,
    /// None: midnight.
    to: Option<Time>,
}

/// How a window stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// It is open.
    Open,
    /// It opens then.
    At(Zoned),
    /// It never opens.
    Never,
}

impl Window {
    /// Reads `22:00-04:00`, `Mon-Fri 22:00-04:00`, `Sat,Sun 00:00-24:00; Mon 02:00-04:00 Europe/Berlin` or `always`; in
    /// this zone, where none is named.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, String> {
        let (text, mut zone) = (text.trim(), zone.clone());
        if text == "always" {
            return Ok(Self { text: text.to_owned(), times: Times::Always, zone });
        }
        let mut daily = Vec::new();
        let last = text.split(';').count() - 1;
        for (at, part) in text.split(';').enumerate() {
            let mut words: Vec<&str> = part.split_whitespace().collect();
            if let Some(name) = words.pop_if(|name| at == last && !name.contains(':')) {
                zone =
                    TimeZone::get(name).map_err(|_| format!("has no time zone {name}: write it as Europe/Berlin"))?;
            }
            daily.push(Daily::read(&words).ok_or_else(|| {
                format!(
                    "can't be read at `{}`: write it as `22:00-04:00` or `Mon-Fri 22:00-04:00; Sat,Sun 00:00-24:00`",
                    part.trim()
                )
            })?);
        }
        Ok(Self { text: text.to_owned(), times: Times::Daily(daily), zone })
    }

    /// Open for two hours after each time of a cron expression of five fields.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence.
    pub fn cron(text: &str, zone: &TimeZone) -> Result<Self, String> {
        let cron = text.parse::<Cron>().map_err(|error| format!("must be five fields as `0 3 * * *`: {error}"))?;
        Ok(Self { text: text.to_owned(), times: Times::Cron(Box::new(cron)), zone: zone.clone() })
    }

    /// Whether it is open, or when it opens.
    pub fn opening(&self, now: Timestamp) -> Opening {
        let here = now.to_zoned(self.zone.clone());
        match &self.times {
            Times::Always => Opening::Open,
            Times::Cron(cron) => {
                let since = here.checked_sub(AFTER_CRON).unwrap_or_else(|_| here.clone());
                match cron.find_next_occurrence(&since, false) {
                    Ok(time) if time <= here => Opening::Open,
                    Ok(time) => Opening::At(time),
                    Err(_) => Opening::Never,
                }
            }
            Times::Daily(daily) => {
                // From yesterday's, which may reach into today, to those of a week from now.
                let days = (-1..=8).filter_map(|days: i64| here.date().checked_add(days.days()).ok());
                let all = days.flat_map(|date| daily.iter().filter_map(move |one| one.on(date, &self.zone)));
                let mut ahead: Vec<(Zoned, Zoned)> = all.filter(|(_, to)| *to > here).collect();
                ahead.sort();
                match ahead.into_iter().next() {
                    Some((from, _)) if from <= here => Opening::Open,
                    Some((from, _)) => Opening::At(from),
                    None => Opening::Never,
                }
            }
        }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Daily {
    fn read(words: &[&str]) -> Option<Self> {
        let (days, times) = match words {
            [times] => ([true; 7], *times),
            [days, times] => (read_days(days)?, *times),
            _ => return None,
        };
        let (from, to) = times.split_once('-')?;
        let (from, to) = (read_time(from)?, if to == "24:00" { None } else { Some(read_time(to)?) });
        (to != Some(from)).then_some(Self { days, from, to })
    }

    /// From when to when, of those that begin on this day.
    fn on(&self, date: Date, zone: &TimeZone) -> Option<(Zoned, Zoned)> {
        let day = usize::try_from(date.weekday().to_monday_zero_offset()).ok()?;
        if !self.days[day] {
            return None;
        }
        let over = self.to.is_none_or(|to| to < self.from);
        let end = if over { date.tomorrow().ok()? } else { date };
        let from = date.to_datetime(self.from).to_zoned(zone.clone()).ok()?;
        let to = end.to_datetime(self.to.unwrap_or(Time::midnight())).to_zoned(zone.clone()).ok()?;
        (from < to).then_some((from, to))
    }
}

fn read_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number =
        |part: &str| part.parse::<i8>().ok().filter(|_| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()));
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

/// `Mon`, `Mon,Wed`, `Fri-Mon`.
fn read_days(text: &str) -> Option<[bool; 7]> {
    let day = |name: &str| DAYS.iter().position(|known| name.eq_ignore_ascii_case(known));
    let mut days = [false; 7];
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (day(from)?, day(to)?);
        let mut at = from;
        while at != to {
            days[at] = true;
            at = (at + 1) % 7;
        }
        days[to] = true;
    }
    Some(days)
}

#[cfg(test)]
mod tests;
