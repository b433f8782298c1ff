//! When a number of parts will have left by one SIM: an estimate, not a promise.
//!
//! Every part counts as a message of its own, sent as soon as the pace and the windows let it. Nothing is known of the
//! network, of what is refused, or of what will be submitted.

use std::time::Duration;

use crate::clock::Timestamp;

use super::{Allowance, Budget, Count, Demand, HOUR, Limits, MINUTE};

/// What a part takes on the air at least; modems need three to five seconds.
const AIR: Duration = Duration::from_secs(3);

/// A queue that needs more days than this never ends.
const DAYS_MAX: usize = 366;

impl Budget {
    /// When the last of so many parts will have left; `None` where that takes more than a year.
    pub fn ends(&self, parts: u32, now: Timestamp) -> Option<Timestamp> {
        self.course(now)?.send(parts)
    }

    /// What this budget lets leave from now on, part by part; `None` where it lets nothing leave ever.
    pub fn course(&self, now: Timestamp) -> Option<Course<'_>> {
        let at = match self.ask(Demand::ONE, now) {
            Allowance::Now => now,
            Allowance::From { at, .. } => at,
            Allowance::Never { .. } => return None,
        };
        // What was just sent is a part of the burst that goes on, unless that has to wait anyway.
        let window = if self.limits.per_hour == 0 { &self.minute } else { &self.hour };
        let begun = if at == now { window.used(now).0 } else { 0 };
        let (rhythm, day, month) = (Rhythm::new(&self.limits), self.day, self.month);
        Some(Course { budget: self, rhythm, day, month, at, begun })
    }
}

/// A SIM in an estimate: what it has sent so far in it, and when its next part may leave.
#[derive(Debug)]
pub struct Course<'a> {
    budget: &'a Budget,
    rhythm: Rhythm,
    day: Count,
    month: Count,
    at: Timestamp,
    /// Parts of the burst that goes on.
    begun: u32,
}

impl Course<'_> {
    /// When its next part may leave.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Nothing leaves before then.
    pub fn wait_until(&mut self, at: Timestamp) {
        if at.saturating_since(self.at) >= HOUR {
            self.begun = 0;
        }
        self.at = self.at.max(at);
        self.go_on();
    }

    /// Goes on to the day on which there is room.
    fn go_on(&mut self) {
        for _ in 0..DAYS_MAX {
            let (in_day, in_month) = self.room();
            if in_day > 0 && in_month > 0 {
                return;
            }
            self.at = if in_month == 0 { self.month.span.until } else { self.day.span.until };
            self.begun = 0;
        }
    }

    /// What the day and the month have left.
    fn room(&mut self) -> (u32, u32) {
        let limits = &self.budget.limits;
        self.day = self.day.at(self.at, |at| limits.calendar().day(at));
        self.month = self.month.at(self.at, |at| limits.calendar().month(at));
        let room = |limit: u32, used: u32| if limit == 0 { u32::MAX } else { limit.saturating_sub(used) };
        let of_day = limits.day_limit(self.budget.age_of(self.day.span));
        (room(of_day, self.day.used), room(limits.per_month, self.month.used))
    }

    /// Lets parts leave. When the last of them will have left; `None` where that takes more than a year.
    pub fn send(&mut self, parts: u32) -> Option<Timestamp> {
        let mut left = parts;
        for _ in 0..DAYS_MAX {
            let (in_day, in_month) = self.room();
            let (day, month, in_day) = (self.day, self.month, in_day.min(in_month));
            let most = self.rhythm.fitting(self.begun, left.min(in_day), day.span.until.saturating_since(self.at));
            self.day.used = day.used.saturating_add(most);
            self.month.used = month.used.saturating_add(most);
            if most == left {
                let last = self.at + self.rhythm.last_of(self.begun, left) + self.rhythm.gap;
                self.at = self.at + self.rhythm.after(self.begun, left);
                self.begun = self.begun.saturating_add(left);
                self.go_on();
                return Some(last);
            }
            left -= most;
            self.at = if most == in_month { month.span.until } else { day.span.until };
            self.begun = 0;
        }
        None
    }
}

/// The pace of a SIM that sends as fast as it may: bursts of a minute in bursts of an hour.
#[derive(Debug)]
struct Rhythm {
    gap: Duration,
    minute: (u32, Duration),
    hour: (u32, Duration),
}

impl Rhythm {
    fn new(limits: &Limits) -> Self {
        let gap = limits.min_gap.max(AIR);
        let all = |limit: u32| if limit == 0 { u32::MAX } else { limit };
        let minute = (all(limits.per_minute), MINUTE.max(gap.saturating_mul(all(limits.per_minute))));
        let mut rhythm = Self { gap, minute, hour: (u32::MAX, Duration::MAX) };
        let hour = all(limits.per_hour);
        rhythm.hour = (hour, HOUR.max(rhythm.place(hour - 1).saturating_add(gap)));
        rhythm
    }

    /// How long after the first part of all the one with this number goes, counted from 0.
    fn place(&self, number: u32) -> Duration {
        let (per_hour, hour) = self.hour;
        let (per_minute, minute) = self.minute;
        let (hours, rest) = (number / per_hour, number % per_hour);
        let (minutes, rest) = (rest / per_minute, rest % per_minute);
        let within = minute.saturating_mul(minutes).saturating_add(self.gap.saturating_mul(rest));
        hour.saturating_mul(hours).saturating_add(within)
    }

    /// How long after the first of `count` parts the last of them goes, when `begun` went before.
    fn last_of(&self, begun: u32, count: u32) -> Duration {
        let last = begun.saturating_add(count.saturating_sub(1));
        self.place(last).saturating_sub(self.place(begun))
    }

    /// How long after the first of `count` parts the one that follows them may go.
    fn after(&self, begun: u32, count: u32) -> Duration {
        self.place(begun.saturating_add(count)).saturating_sub(self.place(begun))
    }

    /// How many of `count` parts go before `time` is over.
    fn fitting(&self, begun: u32, count: u32, time: Duration) -> u32 {
        let (mut fit, mut over) = (0, count.saturating_add(1));
        while over - fit > 1 {
            let middle = fit + (over - fit) / 2;
            if self.last_of(begun, middle) < time { fit = middle } else { over = middle }
        }
        fit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-24T13:00:00Z";

    fn check(limits: Limits, spent: u32, parts: u32, expected: Option<&str>) {
        let now: Timestamp = NOW.parse().unwrap();
        let mut budget = Budget::new(limits, now, now);
        for _ in 0..spent {
            budget.spend(false, now);
        }
        assert_eq!(budget.ends(parts, now), expected.map(|at| at.parse().unwrap()));
    }

    #[test]
    fn a_queue_ends_at_the_pace_of_its_limits() {
        let none = Limits::none;
        check(none(), 0, 10, Some("2026-11-24T13:00:30Z"));
        check(Limits { min_gap: Duration::from_secs(10), ..none() }, 0, 6, Some("2026-11-24T13:01:00Z"));
        check(Limits { min_gap: Duration::from_secs(10), ..none() }, 1, 6, Some("2026-11-24T13:01:10Z"));
        check(Limits { per_minute: 6, ..none() }, 0, 13, Some("2026-11-24T13:02:03Z"));
        check(Limits { per_minute: 6, ..none() }, 3, 4, Some("2026-11-24T13:00:54Z"));
        check(Limits { per_minute: 6, per_hour: 100, ..none() }, 0, 201, Some("2026-11-24T15:00:03Z"));
        check(Limits { per_hour: 100, ..none() }, 100, 1, Some("2026-11-24T14:00:03Z"));
    }

    #[test]
    fn what_a_day_or_month_does_not_hold_goes_on_in_the_next_one() {
        let per_day = Limits { per_day: 10, ..Limits::none() };
        check(per_day.clone(), 4, 6, Some("2026-11-24T13:00:18Z"));
        check(per_day.clone(), 4, 7, Some("2026-11-25T00:00:03Z"));
        check(Limits { per_month: 12, ..per_day.clone() }, 10, 3, Some("2026-12-01T00:00:03Z"));
        check(Limits { warm_up: true, per_day: 300, ..per_day }, 20, 41, Some("2026-11-26T00:00:03Z"));
        check(Limits { per_day: 1, ..Limits::none() }, 0, 400, None);
    }

    #[test]
    fn a_pace_slower_than_a_day_is_kept_within_it() {
        let slow = Limits { min_gap: Duration::from_secs(6 * 3600), ..Limits::none() };
        check(slow, 0, 3, Some("2026-11-25T06:00:00Z"));
    }
}
