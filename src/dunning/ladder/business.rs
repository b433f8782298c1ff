//! Business days: Monday to Friday, Saturday where a ladder says so, without the holidays of where the debtor lives.

use jiff::civil::{Date, Weekday};

/// In how many days a business day is looked for. No country is closed for a month; a calendar that is has a mistake.
const DAYS_LOOKED_AT: usize = 31;

/// What a step does on a day that is no business day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Roll {
    /// It stays.
    #[default]
    Stay,
    /// It goes on the next business day.
    Next,
    /// It goes on the business day before.
    Previous,
}

impl Roll {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Stay, Self::Next, Self::Previous];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stay => "stay",
            Self::Next => "next",
            Self::Previous => "previous",
        }
    }

    /// The roll with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|roll| roll.name() == name)
    }
}

/// Which days are business days for a debtor under a ladder.
#[derive(Clone, Copy)]
pub struct BusinessDays<'a> {
    holiday: &'a dyn Fn(Date) -> bool,
    saturday: bool,
}

impl std::fmt::Debug for BusinessDays<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BusinessDays").field("saturday", &self.saturday).finish_non_exhaustive()
    }
}

impl<'a> BusinessDays<'a> {
    /// With the holidays of where the debtor lives, and whether Saturday counts.
    pub fn new(holiday: &'a dyn Fn(Date) -> bool, saturday: bool) -> Self {
        Self { holiday, saturday }
    }

    /// Whether a day is one.
    pub fn is_open(&self, day: Date) -> bool {
        let is_weekday = match day.weekday() {
            Weekday::Sunday => false,
            Weekday::Saturday => self.saturday,
            Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => true,
        };
        is_weekday && !(self.holiday)(day)
    }

    /// The day on which a step of this day goes; `None` if there is no business day near it.
    pub fn roll(&self, day: Date, roll: Roll) -> Option<Date> {
        let step = match roll {
            Roll::Stay => return Some(day),
            Roll::Next => 1,
            Roll::Previous => -1,
        };
        let days = std::iter::successors(Some(day), |day| day.checked_add(jiff::Span::new().days(step)).ok());
        days.take(DAYS_LOOKED_AT).find(|day| self.is_open(*day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    /// Friday 20 November 2026 is a holiday in Brazil.
    fn check(day: i8, saturday: bool, roll: Roll, expected: i8) {
        let holiday = |day: Date| day == date(2026, 11, 20);
        let days = BusinessDays::new(&holiday, saturday);
        assert_eq!(days.roll(date(2026, 11, day), roll), Some(date(2026, 11, expected)), "{day} {roll:?}");
    }

    #[test]
    fn steps_roll_over_weekends_and_holidays() {
        check(19, false, Roll::Next, 19);
        check(20, false, Roll::Next, 23);
        check(20, true, Roll::Next, 21);
        check(21, false, Roll::Next, 23);
        check(22, true, Roll::Next, 23);
        check(22, false, Roll::Previous, 19);
        check(22, true, Roll::Previous, 21);
        check(22, false, Roll::Stay, 22);
    }

    #[test]
    fn a_calendar_without_business_days_has_none() {
        assert_eq!(BusinessDays::new(&|_| true, true).roll(date(2026, 11, 20), Roll::Next), None);
    }

    #[test]
    fn words_come_back() {
        for roll in Roll::ALL {
            assert_eq!(Roll::from_name(roll.name()), Some(roll));
        }
    }
}
