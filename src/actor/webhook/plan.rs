//! When an event that an endpoint did not take is tried again: pure, told the time and what the endpoint asked for.
//!
//! An event has steps that grow to a day, and two days in all. An endpoint that takes nothing at all is tried with one
//! event at a time, up to every ten minutes, so that it has everything soon after it is back.

use std::time::Duration;

use crate::clock::Timestamp;

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

/// From one attempt to the next.
const STEPS: [Duration; 10] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    minutes(2),
    minutes(10),
    minutes(30),
    minutes(60),
    minutes(3 * 60),
    minutes(6 * 60),
    minutes(12 * 60),
    minutes(24 * 60),
];

/// From its first attempt on, an event is tried for so long.
pub(super) const TRIED_FOR: Duration = minutes(48 * 60);

/// What an endpoint asks for with `Retry-After` counts between these.
const ASKED_MIN: Duration = Duration::from_secs(5);
const ASKED_MAX: Duration = minutes(24 * 60);

/// Between looks whether an endpoint takes anything again.
const PROBE_MIN: Duration = Duration::from_secs(5);
pub(super) const PROBE_MAX: Duration = minutes(10);

/// Spreads what would come at once: up to a tenth earlier or later, by a seed and what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Jitter(pub(super) u64);

impl Jitter {
    fn of(self, delay: Duration, about: u64) -> Duration {
        // The finaliser of SplitMix64: neighbours in, strangers out.
        let mut mixed = self.0 ^ about.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let thousandths = u32::try_from((mixed ^ (mixed >> 31)) % 201).unwrap_or_default() + 900;
        delay.saturating_mul(thousandths) / 1_000
    }
}

/// When an event is tried again that has failed `attempts` times; `None` when it was tried long enough.
pub(super) fn again(
    attempts: u32,
    first_at: Timestamp,
    now: Timestamp,
    asked: Option<Duration>,
    (jitter, seq): (Jitter, i64),
) -> Option<Timestamp> {
    let last = first_at + TRIED_FOR;
    if now >= last {
        return None;
    }
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let step = STEPS.get(index).copied().unwrap_or(ASKED_MAX);
    let about = seq.unsigned_abs().wrapping_mul(64).wrapping_add(attempts.into());
    let delay = asked.map_or_else(|| jitter.of(step, about), |asked| asked.clamp(ASKED_MIN, ASKED_MAX));
    Some((now + delay).min(last))
}

/// After how long an endpoint is tried again from which nothing came back `probes` times.
pub(super) fn probe(probes: u32, asked: Option<Duration>, jitter: Jitter) -> Duration {
    let doubled = PROBE_MIN.saturating_mul(1 << probes.min(10)).min(PROBE_MAX);
    asked.map_or_else(|| jitter.of(doubled, probes.into()), |asked| asked.clamp(ASKED_MIN, ASKED_MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_795_525_200_000);

    /// All times at which an event is tried that nothing takes.
    fn attempts(seed: u64, asked: Option<Duration>) -> Vec<Duration> {
        let (mut now, mut times) = (START, vec![Duration::ZERO]);
        while let Some(next) = again(u32::try_from(times.len()).unwrap(), START, now, asked, (Jitter(seed), 7)) {
            times.push(next.saturating_since(START));
            now = next;
        }
        times
    }

    #[test]
    fn two_days_take_a_dozen_attempts() {
        let times = attempts(1, None);
        assert_eq!(times.len(), 12, "{times:?}");
        assert_eq!(times.last(), Some(&TRIED_FOR));
    }

    #[test]
    fn what_an_endpoint_asks_for_counts_within_bounds() {
        let second = |asked| attempts(1, Some(asked)).get(1).copied().unwrap();
        assert_eq!(second(Duration::ZERO), ASKED_MIN);
        assert_eq!(second(minutes(90)), minutes(90));
        assert_eq!(second(minutes(100_000)), ASKED_MAX);
        assert_eq!(probe(0, Some(minutes(90)), Jitter(1)), minutes(90));
    }

    #[test]
    fn an_endpoint_is_looked_at_every_ten_minutes_in_the_end() {
        assert!(probe(0, None, Jitter(3)) < Duration::from_secs(6));
        for probes in [7, 60, u32::MAX] {
            let delay = probe(probes, None, Jitter(3));
            assert!(delay > minutes(8) && delay < minutes(12), "{delay:?}");
        }
    }

    proptest! {
        #[test]
        fn steps_grow_stay_near_their_plan_and_end_in_time(seed: u64) {
            let times = attempts(seed, None);
            prop_assert!(times.windows(2).all(|two| two[0] < two[1]));
            let steps = times.windows(2).map(|two| two[1].saturating_sub(two[0]));
            for (step, planned) in steps.zip(STEPS) {
                let is_last = planned == ASKED_MAX;
                prop_assert!(step <= planned.mul_f64(1.101) && (is_last || step >= planned.mul_f64(0.899)));
            }
            prop_assert_eq!(times.last(), Some(&TRIED_FOR));
        }
    }
}
