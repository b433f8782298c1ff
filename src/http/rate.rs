//! How many requests a token may make: so many a second for as long as it likes, and so many at once.
//!
//! The generic cell rate algorithm (ITU-T I.371, annex A): of each token one time is kept, that at which its allowance is whole
//! again. A request moves it on by its share of a second; one that would move it further away than the burst reaches is refused
//! and costs nothing. It is there for programs that went wild and not for fairness: an array of 10 000 messages is one request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Instant;

use super::auth::TokenKey;
use super::problem::{Kind, Problem};

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Requests a second; 0 for no limit.
    pub per_second: u32,
    /// Requests at once, at least 1.
    pub burst: u32,
}

/// What each token has made use of. There are no more entries than tokens were shown since the start: only known ones come here.
#[derive(Debug, Default)]
pub(super) struct Rates(Mutex<HashMap<i64, Instant>>);

impl Rates {
    /// Takes one request out of a token's allowance.
    pub(super) fn take(&self, TokenKey(key): TokenKey, now: Instant, pace: Pace) -> Result<(), Problem> {
        if pace.per_second == 0 {
            return Ok(());
        }
        let mut whole_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let whole_at = whole_at.entry(key).or_insert(now);
        match pace.take(*whole_at, now) {
            Ok(next) => {
                *whole_at = next;
                Ok(())
            }
            Err(wait) => {
                let Pace { per_second, burst } = pace;
                let detail = format!(
                    "this token may make {per_second} requests a second and {burst} at once; put more messages into a request, \
                     or ask for another limit (`rate` of [http])"
                );
                Err(Problem::new(Kind::TooManyRequests, detail).retry_after(wait))
            }
        }
    }
}

impl Pace {
    /// When the allowance is whole again if a request is let in now, or how long until one is.
    fn take(self, whole_at: Instant, now: Instant) -> Result<Instant, Duration> {
        let share = Duration::from_secs(1) / self.per_second.max(1);
        let next = whole_at.max(now) + share;
        let reach = share * self.burst.max(1);
        let ahead = next.saturating_since(now);
        if ahead > reach { Err(ahead.saturating_sub(reach)) } else { Ok(next) }
    }
}

#[cfg(test)]
mod tests {
    use crate::clock::Clock;

    use super::*;

    const PACE: Pace = Pace { per_second: 500, burst: 1_000 };

    /// Asks until it is refused; how often it was let in, and how long it is told to wait.
    fn exhaust(rates: &Rates, key: i64, now: Instant, pace: Pace) -> (usize, u64) {
        let mut let_in = 0;
        loop {
            match rates.take(TokenKey(key), now, pace) {
                Ok(()) => let_in += 1,
                Err(problem) => {
                    let wait = problem.told_to_wait().unwrap();
                    return (let_in, u64::try_from(wait.as_millis()).unwrap());
                }
            }
        }
    }

    #[test]
    fn a_burst_is_let_in_and_then_the_rate() {
        let (rates, now) = (Rates::default(), Clock::host().now().instant);
        assert_eq!(exhaust(&rates, 1, now, PACE), (1_000, 2));
        assert_eq!(exhaust(&rates, 1, now + Duration::from_secs(1), PACE).0, 500);
        assert_eq!(exhaust(&rates, 1, now + Duration::from_secs(3_600), PACE).0, 1_000, "rest saves up one burst");
    }

    #[test]
    fn each_token_has_its_own_and_being_refused_costs_nothing() {
        let (rates, now) = (Rates::default(), Clock::host().now().instant);
        exhaust(&rates, 1, now, PACE);
        for _ in 0..10_000 {
            assert!(rates.take(TokenKey(1), now, PACE).is_err());
        }
        assert!(rates.take(TokenKey(2), now, PACE).is_ok());
        assert!(rates.take(TokenKey(1), now + Duration::from_millis(2), PACE).is_ok());
    }

    #[test]
    fn one_a_second_is_told_when_to_come_again() {
        let (rates, now) = (Rates::default(), Clock::host().now().instant);
        let pace = Pace { per_second: 1, burst: 1 };
        assert_eq!(exhaust(&rates, 1, now, pace), (1, 1_000));
        assert_eq!(exhaust(&rates, 1, now + Duration::from_millis(400), pace), (0, 600));
    }

    #[test]
    fn a_limit_of_nothing_is_none() {
        let (rates, now) = (Rates::default(), Clock::host().now().instant);
        let pace = Pace { per_second: 0, burst: 0 };
        assert!((0..10_000).all(|_| rates.take(TokenKey(1), now, pace).is_ok()));
    }
}
