//! The day that a promise names, seen from the recipient's own today.
//!
//! A day is never in the past and never further away than [`DAYS_AHEAD_MAX`]: what would be is not read. Of a period, such
//! as next week, the last day counts, so that no promise is held broken before it is. Knows no language: which words mean
//! what stands in the rules.

use std::ops::Range;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

use super::words::Word;

/// Nobody means a day that is half a year away; it is a date in the past, or no date.
pub const DAYS_AHEAD_MAX: i32 = 180;

/// Words between a day and its month, such as "15 de dezembro" and "15 of this month".
const JOINING_WORDS_MAX: usize = 2;

/// What a word or phrase says of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateWord {
    /// Today.
    Today,
    /// Tomorrow.
    Tomorrow,
    /// The day after tomorrow.
    AfterTomorrow,
    /// A day of the week: the next one, today excluded.
    Weekday(Weekday),
    /// The middle or the end of the month, whichever is next: when wages are paid in Mexico.
    Fortnight,
    /// This week.
    ThisWeek,
    /// The coming Sunday.
    Weekend,
    /// Next week.
    NextWeek,
    /// This month, or its end.
    ThisMonth,
    /// Next month, or its end.
    NextMonth,
    /// A day of the month follows.
    Day,
    /// The first, in words.
    First,
    /// A month of the year, 1 to 12.
    Month(i8),
    /// A number of days or weeks follows.
    In,
    /// Days, after their number.
    Days,
    /// Weeks, after their number.
    Weeks,
}

/// The words of one language for a kind of day are one key of the rules.
const CODES: [(DateWord, &str); 33] = [
    (DateWord::Today, "today"),
    (DateWord::Tomorrow, "tomorrow"),
    (DateWord::AfterTomorrow, "after_tomorrow"),
    (DateWord::Weekday(Weekday::Monday), "monday"),
    (DateWord::Weekday(Weekday::Tuesday), "tuesday"),
    (DateWord::Weekday(Weekday::Wednesday), "wednesday"),
    (DateWord::Weekday(Weekday::Thursday), "thursday"),
    (DateWord::Weekday(Weekday::Friday), "friday"),
    (DateWord::Weekday(Weekday::Saturday), "saturday"),
    (DateWord::Weekday(Weekday::Sunday), "sunday"),
    (DateWord::Fortnight, "fortnight"),
    (DateWord::ThisWeek, "this_week"),
    (DateWord::Weekend, "weekend"),
    (DateWord::NextWeek, "next_week"),
    (DateWord::ThisMonth, "this_month"),
    (DateWord::NextMonth, "next_month"),
    (DateWord::Day, "day"),
    (DateWord::First, "first"),
    (DateWord::Month(1), "january"),
    (DateWord::Month(2), "february"),
    (DateWord::Month(3), "march"),
    (DateWord::Month(4), "april"),
    (DateWord::Month(5), "may"),
    (DateWord::Month(6), "june"),
    (DateWord::Month(7), "july"),
    (DateWord::Month(8), "august"),
    (DateWord::Month(9), "september"),
    (DateWord::Month(10), "october"),
    (DateWord::Month(11), "november"),
    (DateWord::Month(12), "december"),
    (DateWord::In, "in"),
    (DateWord::Days, "days"),
    (DateWord::Weeks, "weeks"),
];

impl DateWord {
    /// All of them, with their keys in the rules.
    pub fn all() -> impl Iterator<Item = (Self, &'static str)> {
        CODES.into_iter()
    }
}

/// Which number of `12/15` is the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateOrder {
    DayFirst,
    MonthFirst,
}

/// A text in which a day is looked for.
#[derive(Debug)]
pub(super) struct DateText<'a> {
    pub(super) words: &'a [Word],
    /// Words and phrases about days.
    pub(super) found: Vec<(DateWord, Range<usize>)>,
    /// Where no day is named, although it seems so.
    pub(super) not: Vec<Range<usize>>,
    pub(super) order: DateOrder,
    pub(super) today: Date,
}

impl DateText<'_> {
    /// The day of a promise that stands at `promise`: the first that is named in it or after it, else the last before it.
    pub(super) fn read(mut self, promise: &Range<usize>) -> Option<Date> {
        self.keep_longest();
        let mut days: Vec<(usize, Date)> = self.found.iter().filter_map(|word| self.resolve(word)).collect();
        let written = self.words.iter().enumerate().filter_map(|(at, word)| Some((at, self.written(&word.text)?)));
        days.extend(written);
        days.retain(|(_, day)| self.is_plausible(*day));
        days.sort_unstable_by_key(|(at, _)| *at);
        let after = days.iter().find(|(at, _)| *at >= promise.start);
        after.or(days.last()).map(|(_, day)| *day)
    }

    /// Of words that overlap the longer phrase counts: the day after tomorrow is not tomorrow.
    fn keep_longest(&mut self) {
        let all = self.found.clone();
        let is_within = |inner: &Range<usize>, outer: &Range<usize>| {
            outer.start <= inner.start && inner.end <= outer.end && outer.len() > inner.len()
        };
        let overlaps = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
        self.found.retain(|(_, span)| {
            !all.iter().any(|(_, other)| is_within(span, other)) && !self.not.iter().any(|not| overlaps(span, not))
        });
    }

    fn is_plausible(&self, day: Date) -> bool {
        day >= self.today && self.after_days(DAYS_AHEAD_MAX).is_some_and(|last| day <= last)
    }

    fn resolve(&self, (word, span): &(DateWord, Range<usize>)) -> Option<(usize, Date)> {
        let today = self.today;
        let day = match word {
            DateWord::Today => Some(today),
            DateWord::Tomorrow => self.after_days(1),
            DateWord::AfterTomorrow => self.after_days(2),
            DateWord::Weekday(day) => self.after_days(1 + i32::from(today.tomorrow().ok()?.weekday().until(*day))),
            DateWord::Fortnight if today.day() <= 15 => today.with().day(15).build().ok(),
            DateWord::Fortnight | DateWord::ThisMonth => Some(today.last_of_month()),
            DateWord::ThisWeek | DateWord::Weekend => self.sunday(),
            DateWord::NextWeek => self.sunday()?.checked_add(1.week()).ok(),
            DateWord::NextMonth => Some(self.next_month()?.last_of_month()),
            DateWord::Day => self.day_of_month(span.end),
            DateWord::Month(month) => self.in_named_month(*month, span),
            DateWord::In => self.after_period(span.end),
            DateWord::First | DateWord::Days | DateWord::Weeks => None,
        };
        Some((span.start, day?))
    }

    fn after_days(&self, days: i32) -> Option<Date> {
        self.today.checked_add(Span::new().days(days)).ok()
    }

    /// The end of this week.
    fn sunday(&self) -> Option<Date> {
        self.after_days(i32::from(self.today.weekday().until(Weekday::Sunday)))
    }

    fn next_month(&self) -> Option<Date> {
        self.today.first_of_month().checked_add(1.month()).ok()
    }

    /// The word at a place, as the number of a day: `5`, `5o`, `5th`, or the first.
    fn number(&self, at: usize) -> Option<i8> {
        let word = &self.words.get(at)?.text;
        let digits = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let is_first = self.found.iter().any(|(word, span)| *word == DateWord::First && span.start == at);
        let number = if is_first { Some(1) } else { digits.parse().ok() };
        number.filter(|number| (1..=31).contains(number))
    }

    /// `15` after "day": of the month that is named with it, else the next that comes.
    fn day_of_month(&self, at: usize) -> Option<Date> {
        let day = self.number(at)?;
        let near = at + 1..=at + 1 + JOINING_WORDS_MAX;
        let named = self.found.iter().find(|(word, span)| {
            matches!(word, DateWord::Month(_) | DateWord::NextMonth | DateWord::ThisMonth) && near.contains(&span.start)
        });
        match named {
            Some((DateWord::Month(month), _)) => self.next_of(*month, day),
            Some((DateWord::NextMonth, _)) => on(self.next_month()?, day),
            Some(_) => on(self.today, day),
            None => on(self.today, day).filter(|date| *date >= self.today).or_else(|| on(self.next_month()?, day)),
        }
    }

    /// "15 de dezembro", "december 15th", or the whole month.
    fn in_named_month(&self, month: i8, span: &Range<usize>) -> Option<Date> {
        let before = (1..=JOINING_WORDS_MAX).find_map(|back| self.number(span.start.checked_sub(back)?));
        match before.or_else(|| self.number(span.end)) {
            Some(day) => self.next_of(month, day),
            None => self.next_of(month, 31),
        }
    }

    /// The next time that a month has that day; its last if it is shorter.
    fn next_of(&self, month: i8, day: i8) -> Option<Date> {
        let of_year = |year: i16| on(Date::new(year, month, 1).ok()?, day);
        let year = self.today.year();
        of_year(year).filter(|date| *date >= self.today).or_else(|| of_year(year.checked_add(1)?))
    }

    /// "daqui a 3 dias", "in 2 weeks".
    fn after_period(&self, at: usize) -> Option<Date> {
        let number = i32::from(self.number(at)?);
        let is_followed_by = |unit| self.found.iter().any(|(word, span)| *word == unit && span.start == at + 1);
        if is_followed_by(DateWord::Weeks) {
            return self.after_days(number * 7);
        }
        is_followed_by(DateWord::Days).then(|| self.after_days(number)).flatten()
    }

    /// `15/12` and `15/12/2026`.
    fn written(&self, word: &str) -> Option<Date> {
        let mut numbers = word.split('/').map(str::parse::<i16>);
        let (first, second, year) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next());
        let is_month_first = match self.order {
            DateOrder::DayFirst => second > 12,
            DateOrder::MonthFirst => first <= 12,
        };
        let (day, month) = if is_month_first { (second, first) } else { (first, second) };
        let (day, month) = (i8::try_from(day).ok()?, i8::try_from(month).ok()?);
        match year {
            None => Date::new(2000, month, day).ok().and_then(|_| self.next_of(month, day)),
            Some(year) => {
                let year = year.ok()?;
                Date::new(if year < 100 { 2000 + year } else { year }, month, day).ok()
            }
        }
    }
}

/// A day of the month of `month`; its last if it is shorter.
fn on(month: Date, day: i8) -> Option<Date> {
    month.with().day(day.min(month.days_in_month())).build().ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    /// Words of a small language: `promise` is where the promise stands.
    fn read(text: &str, order: DateOrder, today: Date) -> Option<Date> {
        let words: Vec<Word> =
            text.split(' ').map(|word| Word { text: word.to_owned(), begins_clause: false }).collect();
        let kinds: Vec<(DateWord, &str)> = DateWord::all().collect();
        let found = words.iter().enumerate().flat_map(|(at, word)| {
            let kinds = kinds.iter().filter(|(_, code)| *code == word.text);
            kinds.map(move |(kind, _)| (*kind, at..at + 1)).collect::<Vec<_>>()
        });
        let promise = words.iter().position(|word| word.text == "promise").unwrap_or_default();
        let found = found.collect();
        DateText { words: &words, found, not: Vec::new(), order, today }.read(&(promise..promise + 1))
    }

    #[track_caller]
    fn check(text: &str, expected: Option<Date>) {
        assert_eq!(read(text, DateOrder::DayFirst, TODAY), expected, "{text}");
    }

    /// A Tuesday.
    const TODAY: Date = date(2026, 11, 24);

    #[test]
    fn days_from_today() {
        check("today", Some(TODAY));
        check("tomorrow", Some(date(2026, 11, 25)));
        check("after_tomorrow", Some(date(2026, 11, 26)));
        check("in 3 days", Some(date(2026, 11, 27)));
        check("in 2 weeks", Some(date(2026, 12, 8)));
        check("in", None);
        check("in 3", None);
    }

    #[test]
    fn a_weekday_is_the_next_one_and_never_today() {
        check("friday", Some(date(2026, 11, 27)));
        check("monday", Some(date(2026, 11, 30)));
        check("tuesday", Some(date(2026, 12, 1)));
    }

    #[test]
    fn of_a_period_the_last_day_counts() {
        check("this_week", Some(date(2026, 11, 29)));
        check("next_week", Some(date(2026, 12, 6)));
        check("this_month", Some(date(2026, 11, 30)));
        check("next_month", Some(date(2026, 12, 31)));
        check("december", Some(date(2026, 12, 31)));
        check("fortnight", Some(date(2026, 11, 30)));
        assert_eq!(read("fortnight", DateOrder::DayFirst, date(2026, 11, 15)), Some(date(2026, 11, 15)));
        assert_eq!(read("this_week", DateOrder::DayFirst, date(2026, 11, 29)), Some(date(2026, 11, 29)));
    }

    #[test]
    fn a_day_of_the_month_is_the_next_that_comes() {
        check("day 24", Some(TODAY));
        check("day 23", Some(date(2026, 12, 23)));
        check("day 31", Some(date(2026, 11, 30)));
        check("day first", Some(date(2026, 12, 1)));
        check("day 5 of next_month", Some(date(2026, 12, 5)));
        check("day 5 de january", Some(date(2027, 1, 5)));
        check("january 5th", Some(date(2027, 1, 5)));
        check("5 de january", Some(date(2027, 1, 5)));
        check("day 32", None);
        check("day 0", None);
        check("day", None);
    }

    #[test]
    fn written_dates_have_the_order_of_the_country() {
        check("15/12", Some(date(2026, 12, 15)));
        check("12/15", Some(date(2026, 12, 15)));
        check("5/12/26", Some(date(2026, 12, 5)));
        assert_eq!(read("12/5", DateOrder::MonthFirst, TODAY), Some(date(2026, 12, 5)));
        assert_eq!(read("25/12", DateOrder::MonthFirst, TODAY), Some(date(2026, 12, 25)));
        check("31/13", None);
        check("1/2/3/4/5", None);
        check("99999/1", None);
    }

    #[test]
    fn a_day_in_the_past_or_far_away_is_not_read() {
        check("15/11/2026", None);
        check("15/11", None);
        check("24/7", None);
        check("1/12/2027", None);
        check("october", None);
    }

    #[test]
    fn of_several_days_the_first_after_the_promise_counts() {
        check("today no promise friday", Some(date(2026, 11, 27)));
        check("day 10 day 15 promise", Some(date(2026, 12, 15)));
        check("promise tomorrow or friday", Some(date(2026, 11, 25)));
    }

    proptest! {
        #[test]
        fn a_day_is_never_past_and_never_far(
            text in "(day |in |next_month |january |may |weekend |friday )?[0-9]{0,3}(/[0-9]{1,2})?(/[0-9]{0,4})?( days| weeks)?",
            year in 1900_i16..9990, month in 1_i8..=12, day in 1_i8..=28,
        ) {
            let today = date(year, month, day);
            for order in [DateOrder::DayFirst, DateOrder::MonthFirst] {
                let read = read(text.trim(), order, today);
                let last = today.checked_add(DAYS_AHEAD_MAX.days()).unwrap();
                prop_assert!(read.is_none_or(|read| (today..=last).contains(&read)));
            }
        }
    }
}
