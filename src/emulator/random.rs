//! The emulator's own chance: `SplitMix64` (Steele, Lea and Flood, 2014), seeded by argument.
//!
//! Small, well spread and the same on every machine and in every release, which a seed printed by a failing test needs.
//! Nothing here is fit for secrets.

use std::time::Duration;

/// A stream of numbers that its seed decides entirely.
#[derive(Debug, Clone)]
pub(super) struct SplitMix64(u64);

impl SplitMix64 {
    /// The stream number `stream` of `seed`. Streams of one seed do not overlap in practice.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = Self(seed ^ stream.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        Self(mixed.next())
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0. The bias of the remainder is far below what a test could see.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// One byte.
    pub(super) fn byte(&mut self) -> u8 {
        let [first, ..] = self.next().to_le_bytes();
        first
    }

    /// One of `choices`, `None` when there are none.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let index = self.below(choices.len() as u64);
        choices.get(usize::try_from(index).unwrap_or(0))
    }

    /// A duration from `low` to `high`, in whole microseconds.
    pub(super) fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let span = u64::try_from(high.saturating_sub(low).as_micros()).unwrap_or(u64::MAX);
        low + Duration::from_micros(self.below(span.saturating_add(1)))
    }

    /// True in the share `rate` of all draws.
    pub(super) fn chance(&mut self, rate: super::Rate) -> bool {
        let high = u32::try_from(self.next() >> 32).unwrap_or(u32::MAX);
        f64::from(high) < rate.get() * 4_294_967_296.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::Rate;

    #[test]
    fn a_seed_decides_the_stream_and_streams_differ() {
        let draws = |seed, stream| {
            let mut random = SplitMix64::new(seed, stream);
            [random.next(), random.next()]
        };
        assert_eq!(draws(7, 1), draws(7, 1));
        assert_ne!(draws(7, 1), draws(7, 2));
        assert_ne!(draws(7, 1), draws(8, 1));
    }

    #[test]
    fn the_generator_gives_the_published_numbers() {
        // First outputs for the state 1234567, as printed with the reference implementation in C.
        let mut random = SplitMix64(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn chance_keeps_its_rate() {
        let mut random = SplitMix64::new(1, 1);
        let hits = |random: &mut SplitMix64, rate: f64| {
            let rate = Rate::new(rate).unwrap();
            (0..10_000).filter(|_| random.chance(rate)).count()
        };
        assert_eq!(hits(&mut random, 0.0), 0);
        assert_eq!(hits(&mut random, 1.0), 10_000);
        let tenth = hits(&mut random, 0.1);
        assert!((900..1100).contains(&tenth), "{tenth}");
    }

    #[test]
    fn durations_stay_within_their_bounds() {
        let mut random = SplitMix64::new(1, 1);
        let (low, high) = (Duration::from_millis(5), Duration::from_millis(6));
        assert!((0..1000).map(|_| random.between(low, high)).all(|drawn| drawn >= low && drawn <= high));
        assert_eq!(random.between(high, low), high);
    }
}
