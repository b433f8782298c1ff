//! Civil days and months of a zone, from a reset hour.
//!
//! A period begins at the reset hour of its date and ends where the next one begins, so that periods follow each other
//! without gaps and without overlap, also where the clock of the zone is moved: a reset hour that does not exist on a date
//! is the moment of the change, one that comes twice is its first.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Unit};

use crate::clock::Timestamp;

/// A civil day or month in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// The date that gives it its name; of a month the 1st. `None` outside the years that civil time knows.
    pub(super) date: Option<Date>,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// The zone and hour by which periods are told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calendar<'a> {
    pub(super) zone: &'a TimeZone,
    pub(super) reset_hour: i8,
}

impl Calendar<'_> {
    /// The day of `now`.
    pub(super) fn day(self, now: Timestamp) -> Span {
        self.span(now, |date, step| date.checked_add(step.days()).ok()).unwrap_or_else(|| Span::of_24_hours(now))
    }

    /// The month of `now`.
    pub(super) fn month(self, now: Timestamp) -> Span {
        let first = |date: Date, step: i64| date.first_of_month().checked_add(step.months()).ok();
        self.span(now, first).unwrap_or_else(|| Span::of_24_hours(now))
    }

    /// When the day with this date begins.
    pub(super) fn start(self, date: Date) -> Option<Timestamp> {
        let zoned = date.at(self.reset_hour, 0, 0, 0).to_zoned(self.zone.clone()).ok()?;
        Some(Timestamp::from_jiff(zoned.timestamp()))
    }

    fn span(self, now: Timestamp, date_of: impl Fn(Date, i64) -> Option<Date>) -> Option<Span> {
        let today = now.to_jiff()?.to_zoned(self.zone.clone()).date();
        // The period of the date itself, or the one before while its hour has not come.
        [0, -1, 1].into_iter().find_map(|step| {
            let date = date_of(today, step)?;
            let (from, until) = (self.start(date)?, self.start(date_of(today, step + 1)?)?);
            (from <= now && now < until).then_some(Span { date: Some(date), from, until })
        })
    }
}

impl Span {
    fn of_24_hours(now: Timestamp) -> Self {
        Self { date: None, from: now, until: now + Duration::from_secs(86_400) }
    }

    /// Days from that of `earlier` to this one, not below 0.
    pub(super) fn days_since(self, earlier: Self) -> u32 {
        let dates = self.date.zip(earlier.date);
        let days = dates.and_then(|(date, earlier)| date.since((Unit::Day, earlier)).ok()).map(|span| span.get_days());
        days.and_then(|days| u32::try_from(days).ok()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: &str) -> Timestamp {
        s.parse().unwrap()
    }

    fn check(zone: &str, reset_hour: i8, now: &str, day: (&str, &str), month: (&str, &str)) {
        let zone = TimeZone::get(zone).unwrap();
        let calendar = Calendar { zone: &zone, reset_hour };
        for (span, (from, until)) in [(calendar.day(at(now)), day), (calendar.month(at(now)), month)] {
            assert_eq!((span.from, span.until), (at(from), at(until)), "{now}");
        }
    }

    #[test]
    fn periods_begin_at_the_reset_hour_of_their_zone() {
        check(
            "America/Sao_Paulo",
            0,
            "2026-11-24T13:00:00Z",
            ("2026-11-24T03:00:00Z", "2026-11-25T03:00:00Z"),
            ("2026-11-01T03:00:00Z", "2026-12-01T03:00:00Z"),
        );
        check(
            "America/Sao_Paulo",
            6,
            "2026-12-01T08:59:59Z",
            ("2026-11-30T09:00:00Z", "2026-12-01T09:00:00Z"),
            ("2026-11-01T09:00:00Z", "2026-12-01T09:00:00Z"),
        );
    }

    #[test]
    fn a_day_on_which_the_clock_is_moved_is_shorter_or_longer() {
        let march = ("2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z");
        check("America/New_York", 0, "2026-03-08T12:00:00Z", ("2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"), march);
        // Two o'clock does not exist on that day: the day begins when the clock is moved, and the next one at two.
        let march = ("2026-03-01T07:00:00Z", "2026-04-01T06:00:00Z");
        check("America/New_York", 2, "2026-03-08T12:00:00Z", ("2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z"), march);
        // One o'clock comes twice.
        let november = ("2026-11-01T05:00:00Z", "2026-12-01T06:00:00Z");
        check(
            "America/New_York",
            1,
            "2026-11-01T06:30:00Z",
            ("2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z"),
            november,
        );
    }

    #[test]
    fn days_are_counted_by_their_dates() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let calendar = Calendar { zone: &zone, reset_hour: 0 };
        let day = |now| calendar.day(at(now));
        assert_eq!(day("2026-03-09T04:00:00Z").days_since(day("2026-03-07T23:00:00Z")), 2);
        assert_eq!(day("2026-03-07T04:00:00Z").days_since(day("2026-03-09T23:00:00Z")), 0);
    }
}
