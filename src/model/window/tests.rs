use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(window: &Window, now: &str) -> String {
    match window.opening(now.parse().unwrap()) {
        Opening::Open => "open".to_owned(),
        Opening::At(time) => time.timestamp().to_string(),
        Opening::Never => "never".to_owned(),
    }
}

#[test]
fn windows_open_and_close_in_their_zone() {
    // 2026-11-21 is a Saturday; Berlin is an hour ahead of UTC then.
    for (text, now, expected) in [
        ("always", "2026-11-21T12:00:00Z", "open"),
        ("22:00-04:00", "2026-11-21T20:59:59Z", "2026-11-21T21:00:00Z"),
        ("22:00-04:00", "2026-11-21T21:00:00Z", "open"),
        ("22:00-04:00", "2026-11-22T02:59:59Z", "open"),
        ("22:00-04:00", "2026-11-22T03:00:00Z", "2026-11-22T21:00:00Z"),
        ("22:00-04:00 UTC", "2026-11-21T21:00:00Z", "2026-11-21T22:00:00Z"),
        ("Mon-Fri 22:00-04:00", "2026-11-21T01:00:00Z", "open"),
        ("Mon-Fri 22:00-04:00", "2026-11-21T12:00:00Z", "2026-11-23T21:00:00Z"),
        ("mon 02:00-04:00; SAT,Sun 00:00-24:00", "2026-11-22T22:59:59Z", "open"),
        ("mon 02:00-04:00; SAT,Sun 00:00-24:00", "2026-11-22T23:00:00Z", "2026-11-23T01:00:00Z"),
        ("Fri-Mon 10:00-11:00", "2026-11-22T09:30:00Z", "open"),
        ("Fri-Mon 10:00-11:00", "2026-11-24T09:30:00Z", "2026-11-27T09:00:00Z"),
        ("Sat 10:00-11:00", "2026-11-21T10:30:00Z", "2026-11-28T09:00:00Z"),
        // There is no 02:30 on the night on which clocks go forward: it begins an hour later by the clock.
        ("02:30-04:00", "2026-03-29T00:59:00Z", "2026-03-29T01:30:00Z"),
    ] {
        let window = Window::parse(text, &zone("Europe/Berlin")).unwrap();
        assert_eq!(at(&window, now), expected, "{text} at {now}");
    }
}

#[test]
fn after_a_time_of_a_clock_it_is_open_for_two_hours() {
    let window = Window::cron("0 3 * * 1", &zone("Europe/Berlin")).unwrap();
    for (now, expected) in [
        ("2026-11-23T01:59:59Z", "2026-11-23T02:00:00Z"),
        ("2026-11-23T02:00:00Z", "open"),
        ("2026-11-23T03:59:59Z", "open"),
        ("2026-11-23T04:00:00Z", "2026-11-30T02:00:00Z"),
    ] {
        assert_eq!(at(&window, now), expected, "{now}");
    }
    assert_eq!(at(&Window::cron("0 0 30 2 *", &TimeZone::UTC).unwrap(), "2026-11-23T02:00:00Z"), "never");
    assert!(Window::cron("0 3", &TimeZone::UTC).unwrap_err().contains("must be five fields"));
}

#[test]
fn what_is_no_window_is_refused() {
    for (text, part) in [
        ("", "can't be read at ``"),
        ("22:00", "can't be read at `22:00`"),
        ("22:00-22:00", "can't be read at `22:00-22:00`"),
        ("24:00-04:00", "can't be read"),
        ("22:00-25:00", "can't be read"),
        ("9:00-10:00", "can't be read"),
        ("22:0a-23:00", "can't be read"),
        ("Mom 22:00-23:00", "can't be read at `Mom 22:00-23:00`"),
        ("Mon Tue 22:00-23:00", "can't be read"),
        ("22:00-23:00; ", "can't be read at ``"),
        ("22:00-23:00 Europe/Atlantis", "has no time zone Europe/Atlantis"),
        ("Mon", "has no time zone Mon"),
    ] {
        let why = Window::parse(text, &TimeZone::UTC).unwrap_err();
        assert!(why.contains(part), "{text}: {why}");
    }
}
