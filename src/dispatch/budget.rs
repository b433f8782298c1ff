//! What a SIM may still spend, counted in parts.
//!
//! `min_gap` is the pace between messages; `per_minute` holds in any sliding 60 s; `per_day` is a civil day in the SIM's
//! zone that begins at its reset hour. Everything is counted when a part is offered. The counts live in the store; this is
//! their image in memory, with the arithmetic.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Unit, ZonedRound};

use crate::clock::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);

/// The limits of one SIM. Zero means none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Parts in any sliding 60 s.
    pub per_minute: u32,
    /// Parts in a civil day.
    pub per_day: u32,
    /// Time from one message's last part to the next message's first.
    pub min_gap: Duration,
    /// Where the SIM's day is counted.
    pub zone: TimeZone,
    /// The hour at which its day begins, 0..=23.
    pub reset_hour: i8,
}

/// Which limit answers, in the words of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// The pace between messages.
    Gap,
    /// Any sliding minute.
    Minute,
    /// The civil day.
    Day,
}

impl Period {
    /// The word in the API and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Minute => "minute",
            Self::Day => "day",
        }
    }
}

/// Whether a SIM may spend now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// It may.
    Now,
    /// Not before `at`, because of `period`.
    From {
        /// When it may.
        at: Timestamp,
        /// The limit that holds longest.
        period: Period,
    },
    /// Never: the message is larger than the limit itself.
    Never {
        /// The limit that is too small.
        period: Period,
        /// Its value, in parts.
        limit: u32,
    },
}

/// What one limit has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Which limit.
    pub period: Period,
    /// Its value, in parts.
    pub limit: u32,
    /// Parts spent of it.
    pub used: u32,
    /// When something of it comes back.
    pub resets_at: Timestamp,
}

/// The counts of one SIM.
#[derive(Debug, Clone)]
pub struct Budget {
    limits: Limits,
    /// When the last parts were offered, oldest first; no more than `per_minute` asks about.
    recent: VecDeque<Timestamp>,
    last: Option<Timestamp>,
    day: Day,
}

#[derive(Debug, Clone, Copy)]
struct Day {
    from: Timestamp,
    until: Timestamp,
    used: u32,
}

impl Budget {
    /// A SIM with nothing spent.
    pub fn new(limits: Limits, now: Timestamp) -> Self {
        let (from, until) = civil_day(&limits, now);
        Self { limits, recent: VecDeque::new(), last: None, day: Day { from, until, used: 0 } }
    }

    /// The limits that it holds.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The start of the civil day that counts now; older spending matters to no limit but the sliding minute.
    pub fn day_start(&self) -> Timestamp {
        self.day.from
    }

    /// Whether a message that begins now with `parts` to go may start.
    pub fn ask_start(&self, parts: u32, now: Timestamp) -> Allowance {
        let gap = self.last.map(|last| last + self.limits.min_gap).filter(|&at| at > now);
        self.ask(parts, now, gap)
    }

    /// Whether the next part of a message that has begun may go: the pace between messages does not apply.
    pub fn ask_continue(&self, now: Timestamp) -> Allowance {
        self.ask(1, now, None)
    }

    /// Whether a message of `parts` is larger than what the limits could ever give.
    pub fn ever_fits(limits: &Limits, parts: u32) -> Result<(), Allowance> {
        for (period, limit) in [(Period::Minute, limits.per_minute), (Period::Day, limits.per_day)] {
            if limit != 0 && parts > limit {
                return Err(Allowance::Never { period, limit });
            }
        }
        Ok(())
    }

    fn ask(&self, parts: u32, now: Timestamp, gap: Option<Timestamp>) -> Allowance {
        if let Err(never) = Self::ever_fits(&self.limits, parts) {
            return never;
        }
        let holds = [
            (gap, Period::Gap),
            (self.minute_opens(parts, now), Period::Minute),
            (self.day_opens(parts, now), Period::Day),
        ];
        let longest = holds.into_iter().filter_map(|(at, period)| at.map(|at| (at, period))).max_by_key(|&(at, _)| at);
        longest.map_or(Allowance::Now, |(at, period)| Allowance::From { at, period })
    }

    /// When `parts` more fit into the sliding minute; `None` for now.
    fn minute_opens(&self, parts: u32, now: Timestamp) -> Option<Timestamp> {
        let limit = usize::try_from(self.limits.per_minute).ok().filter(|&l| l > 0)?;
        // `parts` fit once all but `limit - parts` of what was spent is a minute old.
        let keep = limit.saturating_sub(usize::try_from(parts).unwrap_or(limit));
        let index = self.recent.len().checked_sub(keep + 1)?;
        let opens = *self.recent.get(index)? + MINUTE;
        (opens > now).then_some(opens)
    }

    fn day_opens(&self, parts: u32, now: Timestamp) -> Option<Timestamp> {
        let used = if now < self.day.until { self.day.used } else { 0 };
        let full = self.limits.per_day != 0 && used.saturating_add(parts) > self.limits.per_day;
        full.then_some(self.day.until)
    }

    /// Counts one part offered at `now`.
    pub fn spend(&mut self, now: Timestamp) {
        self.roll(now);
        self.day.used = self.day.used.saturating_add(1);
        self.recent.push_back(now);
        self.forget();
        self.last = Some(self.last.map_or(now, |last| last.max(now)));
    }

    /// Gives back the part offered at `at`, of whose PDU no byte was written.
    pub fn give_back(&mut self, at: Timestamp) {
        if let Some(index) = self.recent.iter().rposition(|&spent| spent == at) {
            self.recent.remove(index);
        }
        if (self.day.from..self.day.until).contains(&at) {
            self.day.used = self.day.used.saturating_sub(1);
        }
        if self.last == Some(at) {
            self.last = self.recent.back().copied();
        }
    }

    /// Takes over what the store has counted: the times of the last minute's parts in order, the day's count, and the
    /// time of the last part of all.
    pub fn restore(&mut self, recent: impl IntoIterator<Item = Timestamp>, day_used: u32, last: Option<Timestamp>) {
        self.recent = recent.into_iter().collect();
        self.forget();
        self.day.used = day_used;
        self.last = last;
    }

    /// The clock was set back to `now`: what was spent later than that counts as spent now, the strict reading that does
    /// not silence the SIM until the old time comes again.
    pub fn set_back(&mut self, now: Timestamp) {
        for at in &mut self.recent {
            *at = (*at).min(now);
        }
        self.last = self.last.map(|last| last.min(now));
    }

    /// What each limit has left. Limits of zero are left out.
    pub fn levels(&self, now: Timestamp) -> Vec<Level> {
        let mut levels = Vec::new();
        if self.limits.per_minute != 0 {
            let fresh: Vec<_> = self.recent.iter().copied().filter(|&at| at + MINUTE > now).collect();
            let used = u32::try_from(fresh.len()).unwrap_or(u32::MAX);
            let resets_at = fresh.first().map_or(now, |&at| at + MINUTE);
            levels.push(Level { period: Period::Minute, limit: self.limits.per_minute, used, resets_at });
        }
        if self.limits.per_day != 0 {
            let (used, resets_at) = if now < self.day.until {
                (self.day.used, self.day.until)
            } else {
                (0, civil_day(&self.limits, now).1)
            };
            levels.push(Level { period: Period::Day, limit: self.limits.per_day, used, resets_at });
        }
        levels
    }

    fn roll(&mut self, now: Timestamp) {
        if now >= self.day.until {
            let (from, until) = civil_day(&self.limits, now);
            self.day = Day { from, until, used: 0 };
        }
    }

    fn forget(&mut self) {
        // One more than the limit asks about, so that the last time is still known after a part is given back.
        let keep = usize::try_from(self.limits.per_minute).unwrap_or(usize::MAX).saturating_add(1).max(2);
        while self.recent.len() > keep {
            self.recent.pop_front();
        }
    }
}

/// The civil day of `now` in the SIM's zone, from its reset hour to the next one.
fn civil_day(limits: &Limits, now: Timestamp) -> (Timestamp, Timestamp) {
    let bounds = || {
        let local = now.to_jiff()?.to_zoned(limits.zone.clone());
        let midnight = local.round(ZonedRound::new().smallest(Unit::Day).mode(jiff::RoundMode::Trunc)).ok()?;
        let reset = Time::new(limits.reset_hour, 0, 0, 0).ok()?;
        let today = midnight.with().time(reset).build().ok()?;
        let from = if local < today { today.checked_sub(1.day()).ok()? } else { today };
        let until = from.checked_add(1.day()).ok()?;
        Some((Timestamp::from_jiff(from.timestamp()), Timestamp::from_jiff(until.timestamp())))
    };
    // Outside the years that civil time knows, a day is 24 hours.
    bounds().unwrap_or((now, now + Duration::from_secs(86_400)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(s: &str) -> Timestamp {
        s.parse().unwrap()
    }

    fn limits() -> Limits {
        Limits {
            per_minute: 3,
            per_day: 5,
            min_gap: Duration::from_secs(5),
            zone: TimeZone::get("America/Sao_Paulo").unwrap(),
            reset_hour: 0,
        }
    }

    fn unpaced() -> Limits {
        Limits { min_gap: Duration::ZERO, ..limits() }
    }

    #[test]
    fn the_pace_is_between_messages_not_between_parts() {
        let t = at("2026-11-24T13:00:00Z");
        let mut budget = Budget::new(limits(), t);
        budget.spend(t);
        assert_eq!(budget.ask_start(1, t), Allowance::From { at: at("2026-11-24T13:00:05Z"), period: Period::Gap });
        assert_eq!(budget.ask_continue(t), Allowance::Now);
    }

    #[test]
    fn a_full_minute_opens_when_its_oldest_part_leaves_it() {
        let t = at("2026-11-24T13:00:00Z");
        let mut budget = Budget::new(unpaced(), t);
        for s in [0, 10, 20] {
            budget.spend(t + Duration::from_secs(s));
        }
        let now = t + Duration::from_secs(30);
        assert_eq!(
            budget.ask_start(1, now),
            Allowance::From { at: t + Duration::from_secs(60), period: Period::Minute }
        );
        assert_eq!(
            budget.ask_start(2, now),
            Allowance::From { at: t + Duration::from_secs(70), period: Period::Minute }
        );
        assert_eq!(budget.ask_start(1, t + Duration::from_secs(60)), Allowance::Now);
    }

    #[test]
    fn a_spent_day_opens_at_the_next_civil_midnight() {
        let t = at("2026-11-24T13:00:00Z");
        let mut budget = Budget::new(Limits { per_minute: 0, ..unpaced() }, t);
        for _ in 0..5 {
            budget.spend(t);
        }
        let midnight = at("2026-11-25T03:00:00Z");
        assert_eq!(budget.ask_start(1, t), Allowance::From { at: midnight, period: Period::Day });
        assert_eq!(budget.ask_start(1, midnight), Allowance::Now);
    }

    #[test]
    fn the_day_begins_at_the_reset_hour() {
        let budget = Budget::new(Limits { reset_hour: 6, ..limits() }, at("2026-11-24T08:00:00Z"));
        assert_eq!(budget.day_start(), at("2026-11-23T09:00:00Z"));
    }

    #[test]
    fn a_message_larger_than_a_limit_never_fits() {
        let t = at("2026-11-24T13:00:00Z");
        let budget = Budget::new(limits(), t);
        assert_eq!(budget.ask_start(4, t), Allowance::Never { period: Period::Minute, limit: 3 });
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_the_sim() {
        let t = at("2026-11-24T13:00:00Z");
        let mut budget = Budget::new(limits(), t);
        for _ in 0..3 {
            budget.spend(t);
        }
        let earlier = t - Duration::from_secs(3600);
        budget.set_back(earlier);
        let opens = earlier + Duration::from_secs(60);
        assert_eq!(budget.ask_start(1, earlier), Allowance::From { at: opens, period: Period::Minute });
        assert_eq!(budget.ask_start(1, opens), Allowance::Now);
    }

    #[test]
    fn what_was_not_written_is_given_back() {
        let t = at("2026-11-24T13:00:00Z");
        let mut budget = Budget::new(limits(), t);
        budget.spend(t);
        budget.give_back(t);
        assert_eq!(budget.ask_start(3, t), Allowance::Now);
        assert!(budget.levels(t).iter().all(|level| level.used == 0));
    }

    proptest! {
        #[test]
        fn no_sliding_minute_and_no_day_is_ever_exceeded(
            steps in proptest::collection::vec((0u64..30_000, 1u32..4), 1..200),
            per_minute in 0u32..6, per_day in 0u32..30,
        ) {
            let mut now = at("2026-11-24T02:00:00Z");
            let limits = Limits { per_minute, per_day, ..unpaced() };
            let mut budget = Budget::new(limits.clone(), now);
            let mut spent: Vec<Timestamp> = Vec::new();
            for (ms, parts) in steps {
                now = now + Duration::from_millis(ms);
                if budget.ask_start(parts, now) == Allowance::Now {
                    for _ in 0..parts {
                        budget.spend(now);
                        spent.push(now);
                    }
                }
            }
            for &end in &spent {
                let minute = spent.iter().filter(|&&s| s <= end && s + MINUTE > end).count();
                prop_assert!(per_minute == 0 || minute <= per_minute as usize);
                let (from, until) = civil_day(&limits, end);
                let day = spent.iter().filter(|&&s| (from..until).contains(&s)).count();
                prop_assert!(per_day == 0 || day <= per_day as usize);
            }
        }
    }
}
