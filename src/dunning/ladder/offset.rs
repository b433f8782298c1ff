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

/// The day of a step, and its time where one is wanted. Written `D-5`, `D+0 14:00`, `D+36h` (hours from the beginning of
/// the due day) and `P+1` (the first day of a broken promise).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset {
    /// From when it is counted.
    pub from: Anchor,
    /// Days after it, below 0 before.
    pub days: i32,
    /// The time of that day from which it may go; as soon as that day allows if nothing is said.
    pub time: Option<Time>,
}

/// Why a text is no offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day of a ladder; write D-5, D+3, D+0 14:00, D+36h, or P+1 after a broken promise")]
pub struct OffsetError;

impl Offset {
    /// Days after the due day, below 0 before.
    pub fn due(days: i32) -> Self {
        Self { from: Anchor::Due, days, time: None }
    }

    /// Days after the end of a promise.
    pub fn promise(days: i32) -> Self {
        Self { from: Anchor::Promise, days, time: None }
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
        let (Some(count), time, None) = (words.next(), words.next(), words.next()) else { return Err(OffsetError) };
        let mut rest = count.chars();
        let from = match rest.next() {
            Some('D' | 'd') => Anchor::Due,
            Some('P' | 'p') => Anchor::Promise,
            _ => return Err(OffsetError),
        };
        let (count, is_hours) = match rest.as_str().strip_suffix(['h', 'H']) {
            Some(hours) => (hours, true),
            None => (rest.as_str(), false),
        };
        let is_signed = count.starts_with(['+', '-']);
        let count: i32 = count.parse().ok().filter(|_| is_signed).ok_or(OffsetError)?;
        match (is_hours, time) {
            (false, time) => {
                let time = time.map(|time| time_of_day(time).ok_or(OffsetError)).transpose()?;
                Ok(Self { from, days: count, time })
            }
            (true, None) => {
                let hour = i8::try_from(count.rem_euclid(24)).ok().and_then(|hour| Time::new(hour, 0, 0, 0).ok());
                Ok(Self { from, days: count.div_euclid(24), time: hour })
            }
            (true, Some(_)) => Err(OffsetError),
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
        check("D+36h", Some("D+1 12:00"));
        check("D-12h", Some("D-1 12:00"));
        check("P+24h", Some("P+1 00:00"));
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
            "D+2h 10:00",
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
