//! The time of day in a log: written once a second and copied for every line.

use std::{
    cell::RefCell,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Writes `moment` as the common log format does: `10/Oct/2000:13:55:36 +0000`, in UTC.
pub(super) fn write_clf(moment: Instant, line: &mut Vec<u8>) {
    with_clock(moment, |clock, _| line.extend_from_slice(&clock.clf));
}

/// Writes `moment` as RFC 3339 does: `2000-10-10T13:55:36.123Z`.
pub(super) fn write_rfc3339(moment: Instant, line: &mut Vec<u8>) {
    with_clock(moment, |clock, millis| {
        line.extend_from_slice(&clock.rfc3339);
        let [_, hundreds, tens, ones] = four_digits(millis);
        line.extend_from_slice(&[b'.', hundreds, tens, ones, b'Z']);
    });
}

/// The time of day at `moment`.
pub(super) fn time_of_day(moment: Instant) -> SystemTime {
    UNIX_EPOCH + since_1970(&mut Anchor::now(), moment)
}

thread_local! {
    static CLOCK: RefCell<Option<Clock>> = const { RefCell::new(None) };
}

/// One reading of both clocks. The time of day at other moments follows from it, so a request
/// costs no reading of the second clock; a clock that is set is noticed within a second.
struct Anchor {
    monotonic: Instant,
    since_1970: Duration,
}

impl Anchor {
    fn now() -> Anchor {
        Anchor {
            monotonic: Instant::now(),
            // A clock before 1970 is not set; logs then begin at 1970.
            since_1970: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
        }
    }
}

fn since_1970(anchor: &mut Anchor, moment: Instant) -> Duration {
    match moment.checked_duration_since(anchor.monotonic) {
        Some(later) if later < Duration::from_secs(1) => return anchor.since_1970 + later,
        Some(_) => *anchor = Anchor::now(),
        None => {}
    }
    let later = moment.saturating_duration_since(anchor.monotonic);
    let earlier = anchor.monotonic.saturating_duration_since(moment);
    (anchor.since_1970 + later).saturating_sub(earlier)
}

struct Clock {
    anchor: Anchor,
    second: u64,
    clf: [u8; 26],
    rfc3339: [u8; 19],
}

impl Clock {
    fn new() -> Clock {
        let mut clock = Clock {
            anchor: Anchor::now(),
            second: 0,
            clf: [0; 26],
            rfc3339: [0; 19],
        };
        clock.show(0);
        clock
    }

    fn show(&mut self, second: u64) {
        let date = Date::of(second);
        self.second = second;
        self.clf = date.clf();
        self.rfc3339 = date.rfc3339();
    }
}

fn with_clock(moment: Instant, write: impl FnOnce(&Clock, u32)) {
    let mut write = Some(write);
    let mut show = |clock: &mut Clock| {
        let since = since_1970(&mut clock.anchor, moment);
        if since.as_secs() != clock.second {
            clock.show(since.as_secs());
        }
        if let Some(write) = write.take() {
            write(clock, since.subsec_millis());
        }
    };
    // A thread that is ending has no clock any more, but may still drop a body.
    let shown = CLOCK.try_with(|clock| show(clock.borrow_mut().get_or_insert_with(Clock::new)));
    if shown.is_err() {
        show(&mut Clock::new());
    }
}

/// A second of the Gregorian calendar, in UTC.
#[derive(Debug, PartialEq, Eq)]
struct Date {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
}

impl Date {
    /// The date of a second since 1970, up to the year 9999, in which all later ones stay.
    ///
    /// Years are counted from March, so that the leap day is the last of its year (Howard
    /// Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
    fn of(second: u64) -> Date {
        let second = second.min(253_402_300_799);
        let days = second / 86_400 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let month = if from_march < 10 {
            from_march + 3
        } else {
            from_march - 9
        };
        // All are far below 2^32.
        Date {
            year: (era * 400 + year_of_era + u64::from(month <= 2)) as u32,
            month: month as u32,
            day: (of_year - (153 * from_march + 2) / 5 + 1) as u32,
            hour: (second / 3_600 % 24) as u32,
            minute: (second / 60 % 60) as u32,
            second: (second % 60) as u32,
        }
    }

    fn clf(&self) -> [u8; 26] {
        let month = &MONTHS[self.month as usize - 1];
        let mut text = *b"00/Jan/0000:00:00:00 +0000";
        text[..2].copy_from_slice(&two_digits(self.day));
        text[3..6].copy_from_slice(month);
        text[7..11].copy_from_slice(&four_digits(self.year));
        text[12..20].copy_from_slice(&self.time());
        text
    }

    fn rfc3339(&self) -> [u8; 19] {
        let mut text = *b"0000-00-00T00:00:00";
        text[..4].copy_from_slice(&four_digits(self.year));
        text[5..7].copy_from_slice(&two_digits(self.month));
        text[8..10].copy_from_slice(&two_digits(self.day));
        text[11..].copy_from_slice(&self.time());
        text
    }

    fn time(&self) -> [u8; 8] {
        let mut text = *b"00:00:00";
        text[..2].copy_from_slice(&two_digits(self.hour));
        text[3..5].copy_from_slice(&two_digits(self.minute));
        text[6..].copy_from_slice(&two_digits(self.second));
        text
    }
}

const MONTHS: [[u8; 3]; 12] = [
    *b"Jan", *b"Feb", *b"Mar", *b"Apr", *b"May", *b"Jun", *b"Jul", *b"Aug", *b"Sep", *b"Oct",
    *b"Nov", *b"Dec",
];

fn digit(number: u32) -> u8 {
    b'0' + (number % 10) as u8
}

fn two_digits(number: u32) -> [u8; 2] {
    [digit(number / 10), digit(number)]
}

fn four_digits(number: u32) -> [u8; 4] {
    [
        digit(number / 1_000),
        digit(number / 100),
        digit(number / 10),
        digit(number),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(second: u64) -> (String, String) {
        let date = Date::of(second);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&date.clf()), text(&date.rfc3339()))
    }

    /// Checked against `date -u -d @N`.
    #[test]
    fn seconds_become_dates() {
        for (second, clf, rfc3339) in [
            (0, "01/Jan/1970:00:00:00 +0000", "1970-01-01T00:00:00"),
            (
                951_782_399,
                "28/Feb/2000:23:59:59 +0000",
                "2000-02-28T23:59:59",
            ),
            (
                951_782_400,
                "29/Feb/2000:00:00:00 +0000",
                "2000-02-29T00:00:00",
            ),
            (
                951_868_800,
                "01/Mar/2000:00:00:00 +0000",
                "2000-03-01T00:00:00",
            ),
            (
                971_186_136,
                "10/Oct/2000:13:55:36 +0000",
                "2000-10-10T13:55:36",
            ),
            (
                1_709_164_800,
                "29/Feb/2024:00:00:00 +0000",
                "2024-02-29T00:00:00",
            ),
            (
                1_735_689_599,
                "31/Dec/2024:23:59:59 +0000",
                "2024-12-31T23:59:59",
            ),
            (
                4_107_542_400,
                "01/Mar/2100:00:00:00 +0000",
                "2100-03-01T00:00:00",
            ),
            (
                253_402_300_799,
                "31/Dec/9999:23:59:59 +0000",
                "9999-12-31T23:59:59",
            ),
            (
                u64::MAX,
                "31/Dec/9999:23:59:59 +0000",
                "9999-12-31T23:59:59",
            ),
        ] {
            assert_eq!(shown(second), (clf.into(), rfc3339.into()), "{second}");
        }
    }

    #[test]
    fn each_day_of_four_centuries_follows_the_one_before() {
        let leap = |year: u32| {
            year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
        };
        let days = |year: u32, month: u32| match month {
            2 if leap(year) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for n in 0..146_097 {
            let date = Date::of(n * 86_400 + 86_399);
            assert_eq!((date.year, date.month, date.day), (year, month, day));
            day += 1;
            if day > days(year, month) {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }

    #[test]
    fn a_moment_has_the_time_of_day_that_it_had() {
        let now = Instant::now();
        let wall = SystemTime::now();
        for (moment, expected) in [
            (now, wall),
            (
                now - Duration::from_millis(1500),
                wall - Duration::from_millis(1500),
            ),
            (
                now + Duration::from_millis(900),
                wall + Duration::from_millis(900),
            ),
        ] {
            let given = time_of_day(moment);
            let apart = given
                .duration_since(expected)
                .unwrap_or_else(|e| e.duration());
            assert!(apart < Duration::from_millis(500), "{apart:?}");
        }
    }

    #[test]
    fn a_clock_that_was_set_is_noticed() {
        let now = Instant::now();
        let mut anchor = Anchor {
            monotonic: now - Duration::from_secs(2),
            since_1970: Duration::ZERO,
        };
        let earlier = now - Duration::from_millis(1500);
        assert_eq!(since_1970(&mut anchor, earlier).as_millis(), 500);
        let wall = UNIX_EPOCH + since_1970(&mut anchor, now);
        let apart = SystemTime::now()
            .duration_since(wall)
            .unwrap_or_else(|e| e.duration());
        assert!(apart < Duration::from_millis(500), "{apart:?}");
    }

    #[test]
    fn the_second_that_was_written_once_does_not_stay() {
        let now = Instant::now();
        let mut lines = [now, now + Duration::from_secs(1), now].map(|moment| {
            let mut line = Vec::new();
            write_rfc3339(moment, &mut line);
            line
        });
        assert_ne!(lines[0], lines[1]);
        for line in &mut lines {
            line.truncate(19);
        }
        assert_eq!(lines[0], lines[2]);
    }
}
