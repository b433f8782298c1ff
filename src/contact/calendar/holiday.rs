//! Holidays as rules, so that no list has to be renewed every year: fixed dates, days counted from Easter Sunday, and the
//! nth weekday of a month.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use crate::contact::place::State;
use crate::sms::number::Country;

use super::rule::Certainty;

/// A day off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// What it is called.
    pub name: String,
    /// Where it is kept.
    pub country: Country,
    /// In which state alone; everywhere in the country if nothing is said.
    pub state: Option<State>,
    /// On which day of a year.
    pub when: When,
    /// The first year in which it was kept.
    pub since: Option<i16>,
    /// Years from one to the next, counted from `since`; every year if nothing is said.
    pub step: Option<i16>,
    /// By law it may be kept on the Friday of its week instead. Nobody announces which: both are off.
    pub moves_to_friday: bool,
    /// Custom, not law: binds where the profile is strict.
    pub optional: bool,
    /// How sure it is.
    pub certainty: Certainty,
}

/// The day of a holiday in a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A date.
    Fixed {
        /// 1 to 12.
        month: i8,
        /// 1 to 31.
        day: i8,
    },
    /// Days after Easter Sunday of the Gregorian calendar, below 0 before it.
    Easter(i16),
    /// A weekday of a month.
    Nth {
        /// 1 to 12.
        month: i8,
        /// Which weekday.
        weekday: Weekday,
        /// 1 to 5.
        nth: i8,
    },
}

impl Holiday {
    /// Whether it is kept on this date, or may be. `easter` is that of the date's year.
    pub(super) fn falls_on(&self, date: Date, easter: Option<Date>) -> bool {
        if self.is_day(date, easter) {
            return true;
        }
        let may_be_moved = self.moves_to_friday && date.weekday() == Weekday::Friday;
        may_be_moved && (1..=4).any(|days| before(date, days).is_some_and(|day| self.is_day(day, easter)))
    }

    fn is_day(&self, date: Date, easter: Option<Date>) -> bool {
        let year = date.year();
        let since = self.since.unwrap_or(year);
        let is_year = year >= since && (year - since) % self.step.unwrap_or(1).max(1) == 0;
        is_year && self.when.is_day(date, easter)
    }
}

impl When {
    fn is_day(self, date: Date, easter: Option<Date>) -> bool {
        match self {
            Self::Fixed { month, day } => date.month() == month && date.day() == day,
            // The feasts of a year lie in it: none is counted further than from Easter to the new year.
            Self::Easter(days) => easter.is_some_and(|easter| easter.day_of_year() + days == date.day_of_year()),
            Self::Nth { month, weekday, nth } => {
                date.month() == month && date.weekday() == weekday && (date.day() - 1) / 7 + 1 == nth
            }
        }
    }
}

fn before(date: Date, days: i64) -> Option<Date> {
    date.checked_sub(days.days()).ok()
}

/// Easter Sunday of the Gregorian calendar, by the computation of Oudin (1940): the Sunday after the paschal full moon.
pub(super) fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let century = y / 100;
    let golden = y % 19;
    let moon = (century - century / 4 - (century - (century - 17) / 25) / 3 + 19 * golden + 15) % 30;
    let moon = moon - (moon / 28) * (1 - (moon / 28) * (29 / (moon + 1)) * ((21 - golden) / 11));
    let weekday = (y + y / 4 + moon + 2 - century + century / 4) % 7;
    let sunday = moon - weekday;
    let month = 3 + (sunday + 40) / 44;
    let day = sunday + 28 - 31 * (month / 4);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn holiday(when: When) -> Holiday {
        let country = Country::BRAZIL;
        let name = "a day".to_owned();
        Holiday {
            name,
            country,
            state: None,
            when,
            since: None,
            step: None,
            moves_to_friday: false,
            optional: false,
            certainty: Certainty::High,
        }
    }

    /// All days of a year on which it falls.
    fn days(holiday: &Holiday, year: i16) -> Vec<String> {
        let first = Date::new(year, 1, 1).unwrap();
        let year = first.series(1.day()).take_while(|date| date.year() == year);
        year.filter(|date| holiday.falls_on(*date, easter(date.year()))).map(|date| date.to_string()).collect()
    }

    #[test]
    fn easter_sundays_of_the_almanac() {
        for expected in [
            "1961-04-02",
            "1981-04-19",
            "2000-04-23",
            "2008-03-23",
            "2011-04-24",
            "2019-04-21",
            "2024-03-31",
            "2025-04-20",
            "2026-04-05",
            "2027-03-28",
            "2028-04-16",
            "2029-04-01",
            "2030-04-21",
            "2038-04-25",
            "2049-04-18",
            "2076-04-19",
            "2100-03-28",
        ] {
            assert_eq!(easter(date(expected).year()), Some(date(expected)));
        }
    }

    #[test]
    fn feasts_move_with_easter() {
        assert_eq!(days(&holiday(When::Easter(-47)), 2026), ["2026-02-17"]);
        assert_eq!(days(&holiday(When::Easter(-2)), 2027), ["2027-03-26"]);
        assert_eq!(days(&holiday(When::Easter(60)), 2026), ["2026-06-04"]);
    }

    #[test]
    fn a_weekday_of_a_month_is_counted_from_its_first() {
        let third_monday = |month| holiday(When::Nth { month, weekday: Weekday::Monday, nth: 3 });
        assert_eq!(days(&third_monday(3), 2026), ["2026-03-16"]);
        assert_eq!(days(&third_monday(11), 2027), ["2027-11-15"]);
        let fifth = holiday(When::Nth { month: 2, weekday: Weekday::Monday, nth: 5 });
        assert_eq!(days(&fifth, 2026), [""; 0]);
    }

    #[test]
    fn some_days_are_kept_since_a_year_or_every_few_years() {
        let fixed = holiday(When::Fixed { month: 10, day: 1 });
        let every_six = Holiday { since: Some(2024), step: Some(6), ..fixed.clone() };
        let kept: Vec<i16> = (2018..=2036).filter(|year| !days(&every_six, *year).is_empty()).collect();
        assert_eq!(kept, [2024, 2030, 2036]);
        let since = Holiday { since: Some(2024), ..fixed };
        assert_eq!((days(&since, 2023).len(), days(&since, 2024).len(), days(&since, 2025).len()), (0, 1, 1));
    }

    #[test]
    fn a_day_that_may_be_moved_takes_its_friday_too() {
        let moving = |month, day| Holiday { moves_to_friday: true, ..holiday(When::Fixed { month, day }) };
        assert_eq!(days(&moving(6, 15), 2027), ["2027-06-15", "2027-06-18"]);
        assert_eq!(days(&moving(3, 8), 2027), ["2027-03-08", "2027-03-12"]);
        assert_eq!(days(&moving(1, 23), 2026), ["2026-01-23"]);
        assert_eq!(days(&moving(9, 5), 2026), ["2026-09-05"]);
    }
}
