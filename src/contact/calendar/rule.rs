//! Rules about hours: what a law, a custom or one of our profiles says of each day of the week and of holidays.

use std::fmt;

use jiff::civil::Date;

use crate::contact::place::State;
use crate::sms::number::Country;

use super::span::{DAY_MS, Hours};

/// A rule, or a profile, which is a rule of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name in answers, such as `br-sp-15426-2014` or `br_default`.
    pub id: String,
    /// The law, or what else it rests on.
    pub law: String,
    /// Where it holds.
    pub country: Country,
    /// In which state alone; everywhere in the country if nothing is said.
    pub state: Option<State>,
    /// Whether it binds.
    pub status: Status,
    /// How sure its hours are; nothing for profiles.
    pub certainty: Option<Certainty>,
    /// Whether it speaks of collecting debts.
    pub is_for_collection: bool,
    /// Whether it speaks of selling.
    pub is_for_telemarketing: bool,
    /// Its hours.
    pub week: Week,
    /// When it was looked up.
    pub gathered: Date,
}

/// What a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// A law that holds.
    InForce,
    /// What members of a trade have promised.
    SelfRegulation,
    /// What is usual.
    Practice,
    /// What may become a law.
    Bill,
    /// What is said to be a law, but was not found.
    Unclear,
    /// What was a law.
    Revoked,
    /// Recado's own choice of hours.
    Profile,
    /// Hours of the debtor.
    Debtor,
}

impl Status {
    /// Those that a file can give to a rule.
    pub const WRITTEN: [Self; 6] =
        [Self::InForce, Self::SelfRegulation, Self::Practice, Self::Bill, Self::Unclear, Self::Revoked];

    /// The word in files and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::SelfRegulation => "self_regulation",
            Self::Practice => "practice",
            Self::Bill => "bill",
            Self::Unclear => "unclear",
            Self::Revoked => "revoked",
            Self::Profile => "profile",
            Self::Debtor => "debtor",
        }
    }

    /// Whether a rule of this kind is heeded: a law always, what is less than that where the profile is strict.
    pub(super) fn binds(self, is_strict: bool) -> bool {
        match self {
            Self::InForce | Self::Profile | Self::Debtor => true,
            Self::SelfRegulation | Self::Practice | Self::Bill | Self::Unclear => is_strict,
            Self::Revoked => false,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How sure something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Certainty {
    /// The text of the law was seen, or sources agree that do not depend on each other.
    High,
    /// One good source at second hand, or sources that differ in detail.
    Medium,
    /// One weak source.
    Low,
}

impl Certainty {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::High, Self::Medium, Self::Low];

    /// The word in files and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// The hours of a week, and of holidays on any day of it.
///
/// Where nothing is said of a day, the rule does not bind on it. No hours mean that nothing may be sent on that day, not
/// even in hours of the day before that run past midnight. On a holiday the hours of the weekday and of the holiday must
/// both be open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Week {
    /// From Monday to Sunday.
    pub days: [Option<Hours>; 7],
    /// Of holidays.
    pub holiday: Option<Hours>,
}

/// A date as far as rules ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    /// Days since Monday, 0 to 6.
    pub(super) weekday: usize,
    pub(super) is_holiday: bool,
}

impl Week {
    /// Hours that are the same every day.
    pub(super) fn of_all_days(hours: &Hours) -> Self {
        Self { days: std::array::from_fn(|_| Some(hours.clone())), holiday: None }
    }

    /// Whether it says nothing at all.
    pub fn is_silent(&self) -> bool {
        self.holiday.is_none() && self.days.iter().all(Option::is_none)
    }

    /// Whether a time is open, in milliseconds since the midnight of `today`.
    pub(super) fn is_open(&self, today: Day, yesterday: Day, ms: i64) -> bool {
        if self.hours(today).any(Hours::is_closed) {
            return false;
        }
        let mut before = self.hours(yesterday).peekable();
        let is_tail = before.peek().is_some() && before.all(|hours| hours.contains(ms + DAY_MS));
        is_tail || self.hours(today).all(|hours| hours.contains(ms))
    }

    /// The next time of `today` after `ms` at which the answer may be another one; its end, if there is none.
    pub(super) fn next_edge(&self, today: Day, yesterday: Day, ms: i64) -> i64 {
        let tails = self.hours(yesterday).flat_map(Hours::edges).map(|edge| edge - DAY_MS);
        let edges = self.hours(today).flat_map(Hours::edges).chain(tails);
        edges.filter(|edge| *edge > ms).fold(DAY_MS, i64::min)
    }

    /// Whether a closed day is so because it is a holiday.
    pub(super) fn speaks_of_holidays(&self) -> bool {
        self.holiday.is_some()
    }

    /// Whether what is said of a day matters for the next one.
    pub(super) fn runs_past_midnight(&self) -> bool {
        self.days.iter().chain([&self.holiday]).flatten().any(Hours::run_past_midnight)
    }

    /// What must be open on a day.
    fn hours(&self, day: Day) -> impl Iterator<Item = &Hours> {
        let holiday = if day.is_holiday { self.holiday.as_ref() } else { None };
        self.days.get(day.weekday).and_then(Option::as_ref).into_iter().chain(holiday)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(texts: &[&str]) -> Hours {
        Hours::new(texts.iter().map(|text| text.parse().unwrap()).collect()).unwrap()
    }

    /// Open from 22:00 to 02:00 on weekdays, closed on Saturdays, silent on Sundays, and closed on holidays.
    fn night() -> Week {
        let night = || Some(hours(&["22:00-02:00"]));
        Week { days: [night(), night(), night(), night(), night(), Some(hours(&[])), None], holiday: Some(hours(&[])) }
    }

    /// The times of a day at which the answer changes, after what it is at midnight.
    fn check(week: &Week, weekday: usize, holidays: (bool, bool), expected: &str) {
        let yesterday = Day { weekday: (weekday + 6) % 7, is_holiday: holidays.0 };
        let today = Day { weekday, is_holiday: holidays.1 };
        let (mut ms, mut found) = (0, Vec::new());
        while ms < DAY_MS {
            let is_open = week.is_open(today, yesterday, ms);
            let next = week.next_edge(today, yesterday, ms);
            assert!(next > ms);
            // Nothing changes before the edge.
            assert!((ms..next).step_by(60_000).all(|ms| week.is_open(today, yesterday, ms) == is_open));
            if is_open {
                found.push(format!("{:02}-{:02}", ms / 3_600_000, next / 3_600_000));
            }
            ms = next;
        }
        assert_eq!(found.join(" "), expected, "{weekday} {holidays:?}");
    }

    #[test]
    fn hours_run_past_midnight_into_a_day_that_is_not_closed() {
        check(&night(), 1, (false, false), "00-02 22-24");
        // Saturday says no, whatever Friday says.
        check(&night(), 5, (false, false), "");
        // A day of which nothing is said is open as a whole.
        check(&night(), 6, (false, false), "00-24");
        // Sunday says nothing, so nothing runs into Monday.
        check(&night(), 0, (false, false), "22-24");
    }

    #[test]
    fn a_holiday_ends_what_runs_into_it_and_begins_nothing() {
        check(&night(), 1, (false, true), "");
        check(&night(), 2, (true, false), "22-24");
    }

    #[test]
    fn a_holiday_has_hours_of_its_own_within_those_of_the_weekday() {
        let week = Week { holiday: Some(hours(&["10:00-20:00"])), ..Week::of_all_days(&hours(&["08:00-18:00"])) };
        check(&week, 0, (false, false), "08-18");
        check(&week, 0, (false, true), "10-18");
    }

    #[test]
    fn a_rule_that_says_nothing_of_holidays_keeps_its_weekdays() {
        let week = Week::of_all_days(&hours(&["08:00-12:00", "14:00-18:00"]));
        check(&week, 3, (false, true), "08-12 14-18");
    }

    #[test]
    fn status_decides_who_is_bound() {
        let bound = |is_strict| Status::WRITTEN.map(|status| status.binds(is_strict));
        assert_eq!(bound(false), [true, false, false, false, false, false]);
        assert_eq!(bound(true), [true, true, true, true, true, false]);
    }
}
