//! Time stamps (TS 23.040 clause 9.2.3.11): local time with its own offset in quarters of an hour.
//!
//! Knows the Gregorian calendar and no time zones.

use std::fmt;

use super::error::{DecodeError, DecodeErrorKind};
use super::reader::Reader;

/// Years below this belong to the next century. The first short message was sent in 1992.
const PIVOT: u8 = 90;
/// The largest offset that two digits hold, in quarters of an hour, with the tens in three bits.
const QUARTERS_MAX: i8 = 79;

/// A local time with its offset. Always a date of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scts {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    /// The octet as it came: its sign bit and digits allow several forms of one offset.
    zone: u8,
}

impl Scts {
    /// A local time with its offset from UTC in quarters of an hour (-79 to 79).
    ///
    /// `None` if it is no date of 1990 to 2089, no time of day or no such offset.
    pub fn new(year: u16, month: u8, day: u8, hour: u8, minute: u8, second: u8, quarters: i8) -> Option<Self> {
        if !(-QUARTERS_MAX..=QUARTERS_MAX).contains(&quarters) {
            return None;
        }
        let sign = if quarters < 0 { 0x08 } else { 0x00 };
        let zone = semi_octets(quarters.unsigned_abs()) | sign;
        Self { year, month, day, hour, minute, second, zone }.checked()
    }

    /// The time `seconds` after 1970-01-01T00:00:00Z as a clock with this offset shows it; `None` as for [`Scts::new`].
    pub fn from_unix_seconds(seconds: i64, quarters: i8) -> Option<Self> {
        let local = seconds.checked_add(i64::from(quarters) * 900)?;
        let (year, month, day) = civil_from_days(local.div_euclid(86_400))?;
        let of_day = local.rem_euclid(86_400);
        let [hour, minute, second] =
            [of_day / 3600, of_day / 60 % 60, of_day % 60].map(|n| u8::try_from(n).unwrap_or(0));
        Self::new(year, month, day, hour, minute, second, quarters)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(&self) -> i64 {
        let of_day = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        days_from_civil(self.year, self.month, self.day) * 86_400 + of_day - i64::from(self.quarters()) * 900
    }

    /// Offset from UTC in quarters of an hour. A digit that is none counts as 0, as the clause says.
    pub fn quarters(&self) -> i8 {
        let units = self.zone >> 4;
        let units = if units > 9 { 0 } else { units };
        let quarters = i8::try_from((self.zone & 0x07) * 10 + units).unwrap_or(0);
        if self.zone & 0x08 == 0 { quarters } else { -quarters }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let octets = reader.array()?;
        Self::from_octets(octets).ok_or_else(|| Reader::error_at(offset, DecodeErrorKind::NoDate))
    }

    fn from_octets([year, month, day, hour, minute, second, zone]: [u8; 7]) -> Option<Self> {
        let year = digits(year)?;
        Self {
            year: u16::from(year) + if year < PIVOT { 2000 } else { 1900 },
            month: digits(month)?,
            day: digits(day)?,
            hour: digits(hour)?,
            minute: digits(minute)?,
            second: digits(second)?,
            zone,
        }
        .checked()
    }

    pub(super) fn to_octets(self) -> [u8; 7] {
        let year = u8::try_from(self.year % 100).unwrap_or(0);
        let [year, month, day, hour, minute, second] =
            [year, self.month, self.day, self.hour, self.minute, self.second].map(semi_octets);
        [year, month, day, hour, minute, second, self.zone]
    }

    fn checked(self) -> Option<Self> {
        let is_date = (1990..=2089).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=days_in_month(self.year, self.month)).contains(&self.day);
        (is_date && self.hour < 24 && self.minute < 60 && self.second < 60).then_some(self)
    }
}

/// RFC 3339 with the time stamp's own offset, such as `2026-11-24T10:00:00-03:00`.
impl fmt::Display for Scts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second, .. } = self;
        let quarters = self.quarters();
        let sign = if quarters < 0 { '-' } else { '+' };
        let minutes = u16::from(quarters.unsigned_abs()) * 15;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{sign}{:02}:{:02}",
            minutes / 60,
            minutes % 60
        )
    }
}

/// Two decimal digits, the low semi-octet first.
fn digits(octet: u8) -> Option<u8> {
    let (tens, units) = (octet & 0x0F, octet >> 4);
    (tens < 10 && units < 10).then_some(tens * 10 + units)
}

fn semi_octets(number: u8) -> u8 {
    ((number % 10) << 4) | (number / 10)
}

fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 in a year that begins in March, so that the leap day is its last.
fn days_from_civil(year: u16, month: u8, day: u8) -> i64 {
    let (year, month) =
        if month > 2 { (i64::from(year), i64::from(month) - 3) } else { (i64::from(year) - 1, i64::from(month) + 9) };
    // 153 days in the five months from March; 719 468 days from 0000-03-01 to 1970-01-01.
    year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + i64::from(day) - 1 - 719_468
}

fn civil_from_days(days: i64) -> Option<(u16, u8, u8)> {
    // Years are shorter than 366 days, so the estimate is never late, and at most one year early before 2200.
    let estimate = u16::try_from(1970 + days.div_euclid(366)).ok().filter(|year| *year < 2200)?;
    let year = (estimate..estimate + 3).take_while(|year| days_from_civil(*year, 1, 1) <= days).last()?;
    let month = (1..=12).take_while(|month| days_from_civil(year, *month, 1) <= days).last()?;
    let day = u8::try_from(days - days_from_civil(year, month, 1) + 1).ok()?;
    Some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(octets: [u8; 7], expected: Option<&str>) {
        let scts = Scts::from_octets(octets);
        assert_eq!(scts.map(|scts| scts.to_string()).as_deref(), expected);
        if let Some(scts) = scts {
            assert_eq!(scts.to_octets(), octets);
        }
    }

    #[test]
    fn offsets_are_kept_and_never_converted() {
        check([0x62, 0x11, 0x42, 0x01, 0x00, 0x00, 0x29], Some("2026-11-24T10:00:00-03:00"));
        check([0x62, 0x11, 0x42, 0x01, 0x00, 0x00, 0x32], Some("2026-11-24T10:00:00+05:45"));
        check([0x62, 0x11, 0x42, 0x01, 0x00, 0x00, 0x4D], Some("2026-11-24T10:00:00-13:30"));
        check([0x62, 0x11, 0x42, 0x01, 0x00, 0x00, 0x00], Some("2026-11-24T10:00:00+00:00"));
        check([0x99, 0x30, 0x92, 0x51, 0x61, 0x95, 0x80], Some("1999-03-29T15:16:59+02:00"));
    }

    #[test]
    fn an_offset_digit_that_is_none_counts_as_zero() {
        check([0x62, 0x11, 0x42, 0x01, 0x00, 0x00, 0xF1], Some("2026-11-24T10:00:00+02:30"));
    }

    #[test]
    fn what_is_not_in_the_calendar_is_no_date() {
        check([0x42, 0x20, 0x92, 0, 0, 0, 0], Some("2024-02-29T00:00:00+00:00"));
        check([0x62, 0x20, 0x92, 0, 0, 0, 0], None);
        check([0x62, 0x40, 0x13, 0, 0, 0, 0], None);
        check([0x62, 0x31, 0x10, 0, 0, 0, 0], None);
        check([0x62, 0x00, 0x10, 0, 0, 0, 0], None);
        check([0x62, 0x10, 0x00, 0, 0, 0, 0], None);
        check([0x62, 0x10, 0x10, 0x42, 0, 0, 0], None);
        check([0x62, 0x10, 0x10, 0, 0x06, 0, 0], None);
        check([0x62, 0x10, 0x10, 0, 0, 0x06, 0], None);
        check([0x62, 0x10, 0xA0, 0, 0, 0, 0], None);
        check([0xFF; 7], None);
        check([0; 7], None);
    }

    #[test]
    fn seconds_are_counted_in_utc() {
        let scts = Scts::new(2026, 11, 24, 10, 0, 0, -12).unwrap();
        assert_eq!(scts.unix_seconds(), 1_795_525_200);
        assert_eq!(Scts::from_unix_seconds(1_795_525_200, -12), Some(scts));
        assert_eq!(Scts::from_unix_seconds(0, 0), None);
        assert_eq!(Scts::from_unix_seconds(i64::MAX, 0), None);
        assert_eq!(Scts::new(2026, 11, 24, 10, 0, 0, 80), None);
    }

    proptest! {
        #[test]
        fn seconds_and_dates_agree(seconds in 631_152_000_i64 + 72_000..3_786_825_600 - 72_000, quarters in -79_i8..80) {
            let scts = Scts::from_unix_seconds(seconds, quarters).unwrap();
            prop_assert_eq!((scts.unix_seconds(), scts.quarters()), (seconds, quarters));
            prop_assert_eq!(Scts::from_octets(scts.to_octets()), Some(scts));
            let civil: jiff::Timestamp = scts.to_string().parse().unwrap();
            prop_assert_eq!(civil.as_second(), seconds);
        }
    }
}
