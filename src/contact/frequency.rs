//! How often a person may be texted, over all callers.
//!
//! Days are civil days where the person lives; a week is that day and the six before it. What is counted is texts, not
//! parts, from the moment in which the first part is handed over.

use std::time::Duration;

use jiff::ToSpan as _;
use jiff::tz::TimeZone;

use crate::clock::Timestamp;

use super::{Lasts, Obstacle, Reason, TextMark};

/// What is allowed. Nothing is limited by zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Texts in a civil day.
    pub max_per_day: u32,
    /// Texts in a civil day and the six before it.
    pub max_per_week: u32,
    /// Days in which the same text does not go twice.
    pub same_text_days: u32,
    /// Between two texts.
    pub min_gap: Duration,
    /// After an answer.
    pub quiet_after_reply: Duration,
}

impl Limits {
    /// Whether nothing is limited, so that nothing need be looked up.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// How far back the texts of a person matter.
    pub fn looks_back(&self) -> Duration {
        let days = self.same_text_days.max(if self.max_per_week > 0 { 8 } else { 2 });
        self.min_gap.max(Duration::from_secs(u64::from(days) * 86_400))
    }
}

/// A text that a person had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// When its first part was handed over.
    pub at: Timestamp,
    /// Which text.
    pub text: TextMark,
}

/// What a person had and said lately.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Texts that count, in any order.
    pub touches: Vec<Touch>,
    /// The last answer.
    pub answered_at: Option<Timestamp>,
    /// The same text waits for the person already.
    pub same_waits: bool,
}

/// The first limit that forbids a text at `at`, and until when. `zone` is where the person lives.
pub fn obstacle(
    limits: &Limits,
    history: &History,
    text: TextMark,
    zone: &TimeZone,
    at: Timestamp,
) -> Option<Obstacle> {
    if history.same_waits {
        return Some(Obstacle { reason: Reason::SameText, lasts: Lasts::ForGood });
    }
    let hold = |reason, until: Option<Timestamp>| Some(Obstacle { reason, lasts: Lasts::Until(until?) });
    hold(Reason::FrequencyDay, full_until(history, limits.max_per_day, 1, zone, at))
        .or_else(|| hold(Reason::FrequencyWeek, full_until(history, limits.max_per_week, 7, zone, at)))
        .or_else(|| hold(Reason::Gap, after(last(history, |_| true), limits.min_gap, at)))
        .or_else(|| hold(Reason::Quiet, after(history.answered_at, limits.quiet_after_reply, at)))
        .or_else(|| {
            let days = Duration::from_secs(u64::from(limits.same_text_days) * 86_400);
            hold(Reason::SameText, after(last(history, |touch| touch.text == text), days, at))
        })
}

fn last(history: &History, which: impl Fn(&Touch) -> bool) -> Option<Timestamp> {
    history.touches.iter().filter(|touch| which(touch)).map(|touch| touch.at).max()
}

fn after(last: Option<Timestamp>, pause: Duration, at: Timestamp) -> Option<Timestamp> {
    // What a clock that was set back has left ahead counts as of now.
    last.map(|last| last.min(at) + pause).filter(|until| *until > at)
}

/// Until when the day of `at` and the days before it, `days` in all, hold as many texts as are allowed.
fn full_until(history: &History, max: u32, days: i32, zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
    if max == 0 || history.touches.is_empty() {
        return None;
    }
    let day = |at: Timestamp| Some(at.to_jiff()?.to_zoned(zone.clone()).date());
    let today = day(at)?;
    let from = today.checked_sub((days - 1).days()).ok()?;
    // A clock that was set back leaves texts ahead of it: they count for today.
    let mut had: Vec<_> = history.touches.iter().filter_map(|touch| day(touch.at)).map(|day| day.min(today)).collect();
    had.retain(|day| *day >= from);
    had.sort_unstable();
    // The oldest of those that fill it must be out of sight.
    let keeps = usize::try_from(max).unwrap_or(usize::MAX);
    let oldest = had.get(had.len().checked_sub(keeps)?)?;
    let free = oldest.checked_add(days.days()).ok()?;
    Some(Timestamp::from_jiff(free.to_zoned(zone.clone()).ok()?.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: TextMark = TextMark([1; 16]);
    const OTHER: TextMark = TextMark([2; 16]);

    fn zone() -> TimeZone {
        TimeZone::get("America/Sao_Paulo").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn limits() -> Limits {
        Limits {
            max_per_day: 1,
            max_per_week: 3,
            same_text_days: 7,
            min_gap: Duration::from_secs(4 * 3600),
            quiet_after_reply: Duration::from_secs(24 * 3600),
        }
    }

    fn history(touches: &[(&str, TextMark)]) -> History {
        let touches = touches.iter().map(|&(when, text)| Touch { at: at(when), text }).collect();
        History { touches, ..History::default() }
    }

    fn check(limits: Limits, history: &History, now: &str, expected: Option<(Reason, &str)>) {
        let expected = expected.map(|(reason, until)| Obstacle { reason, lasts: Lasts::Until(at(until)) });
        assert_eq!(obstacle(&limits, history, TEXT, &zone(), at(now)), expected, "{now}");
    }

    #[test]
    fn who_had_nothing_may_be_texted() {
        check(limits(), &history(&[]), "2026-11-24T10:00:00-03:00", None);
    }

    #[test]
    fn the_second_text_of_a_day_waits_for_midnight_where_the_person_lives() {
        let had = history(&[("2026-11-24T09:00:00-03:00", OTHER)]);
        let midnight = Some((Reason::FrequencyDay, "2026-11-25T00:00:00-03:00"));
        check(limits(), &had, "2026-11-24T10:00:00-03:00", midnight);
        check(limits(), &had, "2026-11-24T23:59:59-03:00", midnight);
        check(limits(), &had, "2026-11-25T00:00:00-03:00", None);
    }

    #[test]
    fn the_fourth_text_of_seven_days_waits_until_the_first_is_out_of_sight() {
        let had = history(&[
            ("2026-11-18T09:00:00-03:00", OTHER),
            ("2026-11-20T09:00:00-03:00", OTHER),
            ("2026-11-23T09:00:00-03:00", OTHER),
        ]);
        check(limits(), &had, "2026-11-24T10:00:00-03:00", Some((Reason::FrequencyWeek, "2026-11-25T00:00:00-03:00")));
        check(limits(), &had, "2026-11-25T00:00:00-03:00", None);
    }

    #[test]
    fn a_gap_is_kept_over_midnight() {
        let had = history(&[("2026-11-24T23:00:00-03:00", OTHER)]);
        check(limits(), &had, "2026-11-25T01:00:00-03:00", Some((Reason::Gap, "2026-11-25T03:00:00-03:00")));
    }

    #[test]
    fn an_answer_gives_peace() {
        let had = History { answered_at: Some(at("2026-11-24T09:00:00-03:00")), ..History::default() };
        check(limits(), &had, "2026-11-24T10:00:00-03:00", Some((Reason::Quiet, "2026-11-25T09:00:00-03:00")));
        check(limits(), &had, "2026-11-25T09:00:00-03:00", None);
    }

    #[test]
    fn the_same_text_waits_its_days_and_another_does_not() {
        let had = history(&[("2026-11-20T09:00:00-03:00", TEXT)]);
        check(limits(), &had, "2026-11-24T10:00:00-03:00", Some((Reason::SameText, "2026-11-27T09:00:00-03:00")));
        let other = history(&[("2026-11-20T09:00:00-03:00", OTHER)]);
        check(limits(), &other, "2026-11-24T10:00:00-03:00", None);
    }

    #[test]
    fn a_caller_in_a_loop_is_stopped_at_the_first_repeat() {
        let looping = History { same_waits: true, ..History::default() };
        let stopped = Some(Obstacle { reason: Reason::SameText, lasts: Lasts::ForGood });
        assert_eq!(obstacle(&limits(), &looping, TEXT, &zone(), at("2026-11-24T10:00:00-03:00")), stopped);
    }

    #[test]
    fn zero_limits_nothing_also_after_a_clock_was_set_back() {
        let had = history(&[("2026-11-24T09:00:00-03:00", TEXT)]);
        check(Limits::default(), &had, "2026-11-24T09:00:01-03:00", None);
        check(Limits::default(), &had, "2026-11-24T08:00:00-03:00", None);
    }

    #[test]
    fn texts_ahead_of_a_clock_that_was_set_back_count_for_today() {
        let had = history(&[("2026-11-26T09:00:00-03:00", OTHER)]);
        let limits = Limits { max_per_day: 1, ..Limits::default() };
        check(limits, &had, "2026-11-24T10:00:00-03:00", Some((Reason::FrequencyDay, "2026-11-25T00:00:00-03:00")));
        let limits = Limits { min_gap: Duration::from_secs(3600), ..Limits::default() };
        check(limits, &had, "2026-11-24T10:00:00-03:00", Some((Reason::Gap, "2026-11-24T11:00:00-03:00")));
    }
}
