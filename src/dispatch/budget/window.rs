//! A limit in any sliding stretch of time.
//!
//! What was spent is kept as runs of parts with one time, oldest first, and never more of it than the limit asks about. Up to
//! [`EXACT_MAX`] parts the times are exact; with a larger limit they are rounded up to a thousandth of the window, so that a
//! line takes the same small memory whatever its limit is. Rounding up holds a part longer than needed, never shorter.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Timestamp;

/// Limits up to this are kept exactly: at most 16 KiB for one window.
const EXACT_MAX: u32 = 1_000;

#[derive(Debug, Clone)]
pub(super) struct Window {
    span: Duration,
    /// Parts in the window; 0 means none, and then nothing is kept.
    limit: u32,
    grain_ms: i64,
    runs: VecDeque<Run>,
    /// Parts in all runs.
    kept: u32,
}

/// Parts with one time.
#[derive(Debug, Clone, Copy)]
struct Run {
    at: Timestamp,
    parts: u32,
}

impl Window {
    pub(super) fn new(span: Duration, limit: u32) -> Self {
        let rough = i64::try_from(span.as_millis()).unwrap_or(i64::MAX) / i64::from(EXACT_MAX);
        let grain_ms = if limit <= EXACT_MAX { 1 } else { rough.max(1) };
        Self { span, limit, grain_ms, runs: VecDeque::new(), kept: 0 }
    }

    /// Counts parts spent at `at`, which is not before what was counted already.
    pub(super) fn spend(&mut self, at: Timestamp, parts: u32) {
        if self.limit == 0 || parts == 0 {
            return;
        }
        let rounded = self.round(at);
        self.kept = self.kept.saturating_add(parts);
        match self.runs.back_mut() {
            Some(last) if last.at >= rounded => last.parts = last.parts.saturating_add(parts),
            Some(_) | None => self.runs.push_back(Run { at: rounded, parts }),
        }
        // One more than the limit asks about, so that enough is known after a part is given back. What left the window is told
        // by the true time: a rounded one lies ahead, where the oldest may have left already.
        let enough = self.limit.saturating_add(1);
        while let Some(&oldest) = self.runs.front()
            && (self.kept - oldest.parts >= enough || oldest.at + self.span <= at)
        {
            self.runs.pop_front();
            self.kept -= oldest.parts;
        }
    }

    /// Gives back one part spent at `at`, if that is known.
    pub(super) fn give_back(&mut self, at: Timestamp) {
        let at = self.round(at);
        if let Some(index) = self.runs.iter().rposition(|run| run.at == at)
            && let Some(run) = self.runs.get_mut(index)
        {
            run.parts -= 1;
            self.kept -= 1;
            if run.parts == 0 {
                self.runs.remove(index);
            }
        }
    }

    /// When `parts` more fit; `None` for now.
    pub(super) fn opens(&self, parts: u32, now: Timestamp) -> Option<Timestamp> {
        if self.limit == 0 {
            return None;
        }
        // They fit once all but `limit - parts` of what was spent has left the window.
        let mut leaving = self.kept.checked_sub(self.limit.saturating_sub(parts)).filter(|&parts| parts > 0)?;
        let last = self.runs.iter().find(|run| {
            let is_last = run.parts >= leaving;
            leaving = leaving.saturating_sub(run.parts);
            is_last
        })?;
        let opens = last.at + self.span;
        (opens > now).then_some(opens)
    }

    /// Parts in the window that ends now, and when the first of them leaves it.
    pub(super) fn used(&self, now: Timestamp) -> (u32, Timestamp) {
        let mut fresh = self.runs.iter().filter(|run| run.at + self.span > now).peekable();
        let resets_at = fresh.peek().map_or(now, |run| run.at + self.span);
        (fresh.map(|run| run.parts).fold(0, u32::saturating_add), resets_at)
    }

    fn round(&self, at: Timestamp) -> Timestamp {
        let ms = at.as_millis();
        match ms.rem_euclid(self.grain_ms) {
            0 => at,
            rest => Timestamp::from_millis(ms.saturating_add(self.grain_ms - rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const NOW: Timestamp = Timestamp::from_millis(1_795_525_200_000);

    #[test]
    fn a_large_limit_takes_no_more_memory_than_a_small_one() {
        for limit in [1_000, 1_001, 1_000_000, u32::MAX] {
            let mut window = Window::new(HOUR, limit);
            for ms in 0..20_000 {
                window.spend(NOW + Duration::from_millis(ms * 500), 3);
            }
            assert!(window.runs.len() <= 1_002, "{limit}: {} runs", window.runs.len());
        }
    }

    #[test]
    fn what_was_rounded_is_given_back_too() {
        let mut window = Window::new(HOUR, 2_000);
        window.spend(NOW + Duration::from_millis(17), 1);
        window.give_back(NOW + Duration::from_millis(17));
        assert_eq!(window.used(NOW + Duration::from_millis(20)).0, 0);
    }

    #[test]
    fn what_is_spent_a_moment_before_a_part_leaves_does_not_drop_that_part() {
        let mut window = Window::new(HOUR, 2_000);
        let nearly = NOW + HOUR - Duration::from_millis(1);
        window.spend(NOW, 1_000);
        window.spend(nearly, 1_000);
        assert_eq!(window.opens(1, nearly), Some(NOW + HOUR));
    }

    proptest! {
        #[test]
        fn a_rounded_window_is_never_exceeded_and_opens_within_its_grain(
            steps in proptest::collection::vec((0u64..400_000, 1u32..400), 1..80), limit in 400u32..4_000,
        ) {
            let (mut window, mut now, mut spent) = (Window::new(HOUR, limit), NOW, Vec::new());
            for (ms, parts) in steps {
                now = now + Duration::from_millis(ms);
                let used = |now| spent.iter().filter(|&&(at, _)| at + HOUR > now).map(|&(_, n)| n).sum::<u32>();
                match window.opens(parts, now) {
                    None => {
                        prop_assert!(used(now) + parts <= limit);
                        window.spend(now, parts);
                        spent.push((now, parts));
                    }
                    Some(at) => {
                        prop_assert!(used(at) + parts <= limit);
                        prop_assert!(used(at - Duration::from_millis(3_601)) + parts > limit);
                    }
                }
            }
        }
    }
}
