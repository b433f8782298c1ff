//! Durations as people write them: a whole number and one unit, such as `300ms`, `90s`, `30m`, `24h` or `7d`.
//!
//! One unit only, no fractions and no sums: `90m` has one spelling, so that what `recado check` prints is what was
//! written. A day is 24 hours; civil days belong to the calendar.

use std::time::Duration;

/// Units from the longest to the shortest, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// What is wrong with the text of a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// There is no whole number before the unit.
    #[error("read a duration from {0:?}: expected a whole number and a unit, such as 300ms, 90s, 30m, 24h or 7d")]
    NotANumber(String),
    /// The unit is absent or unknown.
    #[error("read a duration from {0:?}: expected one of the units ms, s, m, h, d")]
    UnknownUnit(String),
    /// More milliseconds than 64 bits hold.
    #[error("read a duration from {0:?}: longer than can be counted")]
    TooLong(String),
}

/// Reads `300ms`, `90s`, `30m`, `24h`, `7d`; a bare `0` needs no unit.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let trimmed = text.trim();
    if trimmed == "0" {
        return Ok(Duration::ZERO);
    }
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = trimmed.split_at(digits);
    if number.is_empty() {
        return Err(DurationError::NotANumber(text.to_owned()));
    }
    let Some((_, ms_per_unit)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(DurationError::UnknownUnit(text.to_owned()));
    };
    // Nothing but digits is left, so the only way to fail is to be too large.
    let count = number.parse::<u64>().ok();
    let ms = count.and_then(|count| count.checked_mul(*ms_per_unit));
    ms.map(Duration::from_millis).ok_or_else(|| DurationError::TooLong(text.to_owned()))
}

/// Writes a duration with the longest unit that holds it exactly; what is below a millisecond is cut.
pub fn format(duration: Duration) -> String {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    // One day is written 24h, as validities are everywhere; more are written in days.
    let is_long = |name: &str| name != "d" || ms > 86_400_000;
    let exact = |(name, per_unit): &&(&str, u64)| is_long(name) && ms >= *per_unit && ms.is_multiple_of(*per_unit);
    match UNITS.iter().find(exact) {
        Some((name, per_unit)) => format!("{}{name}", ms / per_unit),
        None => "0s".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected_ms: u64) {
        assert_eq!(parse(text), Ok(Duration::from_millis(expected_ms)), "{text}");
    }

    #[test]
    fn every_unit_is_read() {
        check("300ms", 300);
        check("90s", 90_000);
        check("30m", 1_800_000);
        check("24h", 86_400_000);
        check("7d", 604_800_000);
        check(" 5s ", 5_000);
        check("0", 0);
        check("0s", 0);
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_text() {
        assert_eq!(parse(""), Err(DurationError::NotANumber(String::new())));
        assert_eq!(parse("-1s"), Err(DurationError::NotANumber("-1s".into())));
        assert_eq!(parse("5"), Err(DurationError::UnknownUnit("5".into())));
        assert_eq!(parse("1.5h"), Err(DurationError::UnknownUnit("1.5h".into())));
        assert_eq!(parse("5 s"), Err(DurationError::UnknownUnit("5 s".into())));
        assert_eq!(parse("1H"), Err(DurationError::UnknownUnit("1H".into())));
        assert_eq!(parse("99999999999999999999s"), Err(DurationError::TooLong("99999999999999999999s".into())));
        assert_eq!(parse("18446744073709551615d"), Err(DurationError::TooLong("18446744073709551615d".into())));
    }

    #[test]
    fn the_longest_exact_unit_is_written() {
        assert_eq!(format(Duration::from_secs(5400)), "90m");
        assert_eq!(format(Duration::from_secs(86_400)), "24h");
        assert_eq!(format(Duration::from_secs(7 * 86_400)), "7d");
        assert_eq!(format(Duration::from_millis(1500)), "1500ms");
        assert_eq!(format(Duration::ZERO), "0s");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(ms in any::<u64>()) {
            let duration = Duration::from_millis(ms);
            prop_assert_eq!(parse(&format(duration)), Ok(duration));
        }

        #[test]
        fn reading_never_panics(text in "\\PC*") {
            let outcome = parse(&text);
            prop_assert!(outcome.is_ok() || !outcome.unwrap_err().to_string().is_empty());
        }
    }
}
