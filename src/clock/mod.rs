//! The only reader of time.
//!
//! Two kinds of time, never mixed: [`Instant`] is monotonic and orders deadlines inside one process; [`Timestamp`] is UTC
//! and is what survives a restart. Both are plain values, so that pure modules take the time as an argument and tests own
//! it. Reading happens in [`Clock::now`] alone.

pub mod duration;

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A monotonic point in time, in nanoseconds since an origin that belongs to the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// The origin. Virtual time in tests starts here.
    pub const ZERO: Self = Self(0);

    /// A point `since_origin` after the origin.
    pub fn from_origin(since_origin: Duration) -> Self {
        Self(u64::try_from(since_origin.as_nanos()).unwrap_or(u64::MAX))
    }

    /// Time since the origin.
    pub fn since_origin(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// Time from `earlier` to `self`, zero when `earlier` is later.
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self::from_origin(self.since_origin().saturating_add(rhs))
    }
}

/// A civil point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Later than any time that Recado handles.
    pub const MAX: Self = Self(i64::MAX);

    /// A point `ms` milliseconds after the Unix epoch.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Time from `earlier` to `self`, zero when `earlier` is later.
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The same point for civil arithmetic; `None` outside the years -9999 to 9999.
    pub fn to_jiff(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_millisecond(self.0).ok()
    }

    /// The point of a civil value, cut to whole milliseconds.
    pub fn from_jiff(at: jiff::Timestamp) -> Self {
        Self(at.as_millisecond())
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(rhs.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, rhs: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(rhs.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// RFC 3339 in UTC with milliseconds, such as `2026-11-24T13:00:00.000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_jiff() {
            Some(at) => write!(f, "{at:.3}"),
            None => write!(f, "{} ms", self.0),
        }
    }
}

/// What is wrong with a text that should be an RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TimestampError(String);

/// Reads RFC 3339 with any offset.
impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse::<jiff::Timestamp>().map(Self::from_jiff).map_err(|e| TimestampError(e.to_string()))
    }
}

/// One reading of both kinds of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// For deadlines of a dialogue.
    pub instant: Instant,
    /// For everything that is stored or shown.
    pub utc: Timestamp,
}

/// Reads time. Cheap to clone; all clones of one clock agree.
#[derive(Debug, Clone)]
pub struct Clock {
    origin: tokio::time::Instant,
    civil: Civil,
}

#[derive(Debug, Clone, Copy)]
enum Civil {
    /// The host's civil time, with its jumps.
    Host,
    /// A civil time that began at the origin and runs with the monotonic clock.
    Started(Timestamp),
}

impl Clock {
    /// The host's time.
    pub fn host() -> Self {
        Self { origin: read_monotonic(), civil: Civil::Host }
    }

    /// A clock whose civil time is `start` now and runs on from there.
    pub fn starting_at(start: Timestamp) -> Self {
        Self { origin: read_monotonic(), civil: Civil::Started(start) }
    }

    /// Reads both times.
    pub fn now(&self) -> Now {
        let elapsed = read_monotonic().saturating_duration_since(self.origin);
        let utc = match self.civil {
            Civil::Host => read_civil(),
            Civil::Started(start) => start + elapsed,
        };
        Now { instant: Instant::from_origin(elapsed), utc }
    }

    /// The runtime's name for a deadline, to sleep until it.
    pub fn deadline(&self, at: Instant) -> tokio::time::Instant {
        self.origin + at.since_origin()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the monotonic clock")]
fn read_monotonic() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the civil clock")]
fn read_civil() -> Timestamp {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => Timestamp::from_millis(0) + since,
        Err(before) => Timestamp::from_millis(0) - before.duration(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_read_any_offset_and_print_utc() {
        let at: Timestamp = "2026-11-24T10:00:00-03:00".parse().unwrap();
        assert_eq!(at.to_string(), "2026-11-24T13:00:00.000Z");
        assert!("2026-11-24".parse::<Timestamp>().is_err());
    }

    #[test]
    fn arithmetic_saturates_instead_of_wrapping() {
        let at = Timestamp::MAX + Duration::from_secs(1);
        assert_eq!(at, Timestamp::MAX);
        assert_eq!(Timestamp::from_millis(5).saturating_since(at), Duration::ZERO);
        assert_eq!(Instant::ZERO.saturating_since(Instant::from_origin(Duration::from_secs(1))), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_started_clock_runs_with_the_runtime() {
        let start: Timestamp = "2026-11-24T13:00:00Z".parse().unwrap();
        let clock = Clock::starting_at(start);
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(clock.now().utc, start + Duration::from_secs(90));
        assert_eq!(clock.now().instant, Instant::from_origin(Duration::from_secs(90)));
    }
}
