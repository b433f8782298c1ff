//! Hours of a civil day, as rules write them: `08:00-20:00`, `22:00-02:00`.
//!
//! The start belongs to a span and the end does not. Knows nothing of dates and zones.

use std::fmt;
use std::str::FromStr;

/// Minutes of a civil day.
pub(super) const DAY: u16 = 24 * 60;

/// Milliseconds of a minute.
const MINUTE: i64 = 60_000;

/// Milliseconds of a civil day.
pub(super) const DAY_MS: i64 = DAY as i64 * MINUTE;

/// Hours from a start to an end, which may lie in the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Minutes since midnight, below 1440.
    from: u16,
    /// Minutes since the same midnight; above 1440 where it ends in the next day.
    to: u16,
}

/// Why a text is no span of hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Not two times.
    #[error("expected two times of a day such as 08:00-20:00")]
    Form,
    /// A time that no day has.
    #[error("expected times from 00:00 to 24:00")]
    Time,
    /// It ends where it starts.
    #[error("expected an end that is not the start; a whole day is 00:00-24:00")]
    Empty,
}

impl Span {
    /// A span of minutes since midnight. An end before the start is one of the next day.
    pub fn new(from: u16, to: u16) -> Result<Self, SpanError> {
        if from >= DAY || to > DAY {
            return Err(SpanError::Time);
        }
        match to {
            _ if to == from => Err(SpanError::Empty),
            _ if to < from => Ok(Self { from, to: to + DAY }),
            _ => Ok(Self { from, to }),
        }
    }

    /// Its start, in milliseconds since midnight.
    pub(super) fn starts(self) -> i64 {
        i64::from(self.from) * MINUTE
    }

    /// Its end, in milliseconds since the same midnight.
    pub(super) fn ends(self) -> i64 {
        i64::from(self.to) * MINUTE
    }

    /// Whether a time of its day, or beyond it of the next one, is in it.
    pub(super) fn contains(self, ms: i64) -> bool {
        (self.starts()..self.ends()).contains(&ms)
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let (from, to) = text.split_once('-').ok_or(SpanError::Form)?;
        Self::new(minutes(from)?, minutes(to)?)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = if self.to > DAY { self.to - DAY } else { self.to };
        let from = self.from;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

fn minutes(text: &str) -> Result<u16, SpanError> {
    let (hour, minute) = text.split_once(':').ok_or(SpanError::Form)?;
    let number = |text: &str| {
        let is_plain = text.len() == 2 && text.bytes().all(|octet| octet.is_ascii_digit());
        if is_plain { text.parse::<u16>().ok() } else { None }
    };
    let (hour, minute) = number(hour).zip(number(minute)).ok_or(SpanError::Form)?;
    let minutes = hour * 60 + minute;
    if minute < 60 && minutes <= DAY { Ok(minutes) } else { Err(SpanError::Time) }
}

/// The hours of a day, in order and apart; none at all close it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hours(Vec<Span>);

/// Two spans of a day that have time in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} and {1} overlap")]
pub struct Overlap(pub Span, pub Span);

impl Hours {
    /// Hours of these spans.
    pub fn new(mut spans: Vec<Span>) -> Result<Self, Overlap> {
        spans.sort();
        match spans.iter().zip(spans.iter().skip(1)).find(|(one, next)| next.from < one.to) {
            Some((one, next)) => Err(Overlap(*one, *next)),
            None => Ok(Self(spans)),
        }
    }

    /// The spans, in order.
    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    /// All hours in which `preferred` (all day, if there are none) does not forbid by `forbidden`; no span leaves the day.
    pub(super) fn of_person(preferred: &[Span], forbidden: &[Span]) -> Self {
        let is_in = |spans: &[Span], ms: i64| spans.iter().any(|span| span.contains(ms) || span.contains(ms + DAY_MS));
        let is_open = |minute: u16| {
            let ms = i64::from(minute) * MINUTE;
            (preferred.is_empty() || is_in(preferred, ms)) && !is_in(forbidden, ms)
        };
        let mut spans: Vec<Span> = Vec::new();
        for minute in (0..DAY).filter(|minute| is_open(*minute)) {
            match spans.last_mut() {
                Some(span) if span.to == minute => span.to = minute + 1,
                _ => spans.push(Span { from: minute, to: minute + 1 }),
            }
        }
        Self(spans)
    }

    /// No hours.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a time of the day, or beyond it of the next one, is in them.
    pub(super) fn contains(&self, ms: i64) -> bool {
        self.0.iter().any(|span| span.contains(ms))
    }

    /// Whether any of them ends in the next day.
    pub(super) fn run_past_midnight(&self) -> bool {
        self.0.iter().any(|span| span.to > DAY)
    }

    /// Starts and ends, in milliseconds since midnight.
    pub(super) fn edges(&self) -> impl Iterator<Item = i64> {
        self.0.iter().flat_map(|span| [span.starts(), span.ends()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(u16, u16), SpanError>) {
        assert_eq!(text.parse::<Span>().map(|span| (span.from, span.to)), expected, "{text}");
        if expected.is_ok() {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn spans_end_on_their_day_or_the_next() {
        check("08:00-20:00", Ok((480, 1200)));
        check("00:00-24:00", Ok((0, 1440)));
        check("22:00-02:00", Ok((1320, 1560)));
    }

    #[test]
    fn what_is_no_span_is_refused() {
        check("", Err(SpanError::Form));
        check("08:00", Err(SpanError::Form));
        check("8:00-20:00", Err(SpanError::Form));
        check("08:00-2O:00", Err(SpanError::Form));
        check("08:00 - 20:00", Err(SpanError::Form));
        check("08:60-20:00", Err(SpanError::Time));
        check("08:00-24:01", Err(SpanError::Time));
        check("24:00-08:00", Err(SpanError::Time));
        check("08:00-08:00", Err(SpanError::Empty));
    }

    #[test]
    fn hours_are_apart() {
        let hours = |texts: &[&str]| Hours::new(texts.iter().map(|text| text.parse().unwrap()).collect());
        assert!(hours(&["14:00-18:00", "08:00-12:00"]).unwrap().contains(9 * 60 * MINUTE));
        assert!(hours(&["08:00-12:00", "12:00-14:00"]).is_ok());
        let overlap = hours(&["11:59-14:00", "08:00-12:00"]).unwrap_err();
        assert_eq!(overlap.to_string(), "08:00-12:00 and 11:59-14:00 overlap");
        assert!(hours(&["22:00-02:00", "23:00-23:30"]).is_err());
    }

    #[test]
    fn what_a_person_forbids_is_taken_out_of_what_is_preferred() {
        let check = |preferred: &[&str], forbidden: &[&str], expected: &[&str]| {
            let spans = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Span>>();
            let hours = Hours::of_person(&spans(preferred), &spans(forbidden));
            assert_eq!(hours.0.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
        };
        check(&[], &["12:00-14:00"], &["00:00-12:00", "14:00-24:00"]);
        check(&["18:00-21:00"], &["20:30-22:00"], &["18:00-20:30"]);
        check(&["22:00-02:00"], &[], &["00:00-02:00", "22:00-24:00"]);
        check(&["22:00-02:00"], &["23:00-01:00"], &["01:00-02:00", "22:00-23:00"]);
        check(&["09:00-10:00"], &["00:00-24:00"], &[]);
    }
}
