//! The day of a step, counted from the day on which a debt is due or from the end of a promise.

use std::fmt;
use std::str::FromStr;

use jiff::Span;
use jiff::civil::{Date, Time};

/// From which day a step is counted. A broken promise is further on than any day of the debt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Anchor {
    /// The day on which the debt is due.
    Due,
    /// The last day of a promise, with its grace: the promise is broken from the next day on.
    Promise,
}

/// The day of a step, and its time where one is wanted. Written `D-5`, `D+0 14:00`, `D+36h` or `36h` (hours from the beginning
/// of the due day) and `P+1` (the first day of a broken promise).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset {
    /// From when it is counted.
    pub from: Anchor,
    /// Days after it, below 0 before.
    pub days: i32,
    /// The time of that day from which it may go; as soon as that day allows if nothing is said.
    pub time: Option<Time>,
    /// Whether it was written in hours, and is shown so; the time is a full hour then.
    pub in_hours: bool,
}

/// Why a text is no offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OffsetError {
    /// It is nothing of the kind.
    #[error("not a day of a ladder; write D-5, D+3, D+0 14:00, D+36h, or P+1 after a broken promise")]
    NoDay,
    /// It has hours, and a time of day besides.
    #[error("hours and a time of day; hours say the time already, so write D+36h or D+1 12:00")]
    HoursAndTime,
}

impl Offset {
    /// Days after the due day, below 0 before.
    pub fn due(days: i32) -> Self {
        Self { from: Anchor::Due, days, time: None, in_hours: false }
    }

    /// Days after the end of a promise.
    pub fn promise(days: i32) -> Self {
        Self { from: Anchor::Promise, days, time: None, in_hours: false }
    }

    /// Whether it speaks of a day that is still to come, or is today: such a text is untrue once the day is over.
    pub fn is_reminder(&self) -> bool {
        self.from == Anchor::Due && self.days <= 0
    }

    /// The day, counted from this one.
    pub(super) fn day(&self, anchor: Date) -> Option<Date> {
        anchor.checked_add(Span::new().try_days(self.days).ok()?).ok()
    }
}

impl FromStr for Offset {
    type Err = OffsetError;

    fn from_str(text: &str) -> Result<Self, OffsetError> {
        let mut words = text.split_whitespace();
        let (Some(count), time, None) = (words.next(), words.next(), words.next()) else {
            return Err(OffsetError::NoDay);
        };
        let (from, rest) = match count.split_at_checked(1) {
            Some(("D" | "d", rest)) => (Some(Anchor::Due), rest),
            Some(("P" | "p", rest)) => (Some(Anchor::Promise), rest),
            Some(_) | None => (None, count),
        };
        let (digits, in_hours) = match rest.strip_suffix(['h', 'H']) {
            Some(hours) => (hours, true),
            None => (rest, false),
        };
        // Hours alone are of the due day, and cannot be taken for anything else.
        let is_complete = if from.is_some() { digits.starts_with(['+', '-']) } else { in_hours };
        let count: i32 = digits.parse().ok().filter(|_| is_complete).ok_or(OffsetError::NoDay)?;
        let from = from.unwrap_or(Anchor::Due);
        match (in_hours, time) {
            (false, time) => {
                let time = time.map(|time| time_of_day(time).ok_or(OffsetError::NoDay)).transpose()?;
                Ok(Self { from, days: count, time, in_hours })
            }
            (true, None) => {
                let hour = i8::try_from(count.rem_euclid(24)).ok().and_then(|hour| Time::new(hour, 0, 0, 0).ok());
                Ok(Self { from, days: count.div_euclid(24), time: hour, in_hours })
            }
            (true, Some(_)) => Err(OffsetError::HoursAndTime),
        }
    }
}

/// `14:00`.
fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let is_number = |text: &str| text.len() <= 2 && text.bytes().all(|octet| octet.is_ascii_digit());
    if !is_number(hour) || !is_number(minute) || minute.len() != 2 {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let anchor = match self.from {
            Anchor::Due => 'D',
            Anchor::Promise => 'P',
        };
        if self.in_hours {
            let hour = self.time.map_or(0, Time::hour);
            return write!(f, "{anchor}{:+}h", i64::from(self.days) * 24 + i64::from(hour));
        }
        write!(f, "{anchor}{:+}", self.days)?;
        self.time.map_or(Ok(()), |time| write!(f, " {:02}:{:02}", time.hour(), time.minute()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn check(text: &str, written: Option<&str>) {
        let offset = text.parse::<Offset>().ok();
        assert_eq!(offset.map(|offset| offset.to_string()).as_deref(), written, "{text}");
        if let Some(offset) = offset {
            assert_eq!(offset.to_string().parse(), Ok(offset), "{text}");
        }
    }

    #[test]
    fn days_times_and_hours_are_read() {
        check("D-5", Some("D-5"));
        check("D+0", Some("D+0"));
        check("d+90", Some("D+90"));
        check("D+0 14:00", Some("D+0 14:00"));
        check("D+0  9:30", Some("D+0 09:30"));
        check("P+1", Some("P+1"));
    }

    #[test]
    fn hours_stay_hours_and_are_a_day_and_its_time() {
        for (text, written, days, hour) in [
            ("D+36h", "D+36h", 1, 12),
            ("36h", "D+36h", 1, 12),
            ("+36H", "D+36h", 1, 12),
            ("-2h", "D-2h", -1, 22),
            ("D-12h", "D-12h", -1, 12),
            ("-48h", "D-48h", -2, 0),
            ("0h", "D+0h", 0, 0),
            ("P+24h", "P+24h", 1, 0),
            ("D-2147483648h", "D-2147483648h", -89_478_486, 16),
        ] {
            check(text, Some(written));
            let offset: Offset = text.parse().unwrap();
            assert_eq!((offset.days, offset.time), (days, Time::new(hour, 0, 0, 0).ok()), "{text}");
        }
    }

    #[test]
    fn hours_with_a_time_of_day_are_refused_by_name() {
        for text in ["36h 10:00", "D+2h 10:00", "P+24h 1:00"] {
            assert_eq!(text.parse::<Offset>(), Err(OffsetError::HoursAndTime), "{text}");
        }
        assert_eq!("36 10:00".parse::<Offset>(), Err(OffsetError::NoDay));
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "D",
            "D5",
            "+5",
            "E+5",
            "D+",
            "D+5d",
            "D+0 25:00",
            "D+0 14",
            "D+0 14:0",
            "36",
            "+3",
            "h",
            "D36h",
            "D+h",
            "36hh",
            "1.5h",
            "D+99999999999",
            "Dé",
            "D+1 10:00 x",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn days_are_counted_over_months_and_none_is_beyond_the_calendar() {
        assert_eq!(Offset::due(5).day(date(2026, 12, 29)), Some(date(2027, 1, 3)));
        assert_eq!(Offset::due(-1).day(date(2028, 3, 1)), Some(date(2028, 2, 29)));
        assert_eq!(Offset::due(i32::MAX).day(date(2026, 1, 1)), None);
    }

    #[test]
    fn reminders_speak_of_a_day_that_is_not_over() {
        assert!(Offset::due(-3).is_reminder() && Offset::due(0).is_reminder());
        assert!(!Offset::due(1).is_reminder() && !Offset::promise(0).is_reminder());
    }
}
