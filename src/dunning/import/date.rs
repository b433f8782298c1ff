//! Days as files write them. The month is never in front: `03/04/2026` is 3 April in all countries that files come from.

use jiff::civil::Date;

/// In which order files write days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dates {
    /// The year in front where it has four digits, else the day.
    #[default]
    Any,
    /// The day in front.
    DayFirst,
    /// The year in front.
    YearFirst,
}

impl Dates {
    /// The order of this name: `dmy` or `ymd`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "dmy" => Some(Self::DayFirst),
            "ymd" => Some(Self::YearFirst),
            _ => None,
        }
    }

    /// Its name; none where the form of each day tells.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::DayFirst => Some("dmy"),
            Self::YearFirst => Some("ymd"),
        }
    }

    /// The day of a cell, which may have a time behind it.
    pub(super) fn read(self, cell: &str) -> Option<Date> {
        let is_time =
            |text: &str| text.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | ' ' | 'Z' | '+' | '-'));
        let day = match cell.split_once([' ', 'T']) {
            Some((day, time)) if is_time(time) => day,
            Some(_) => return None,
            None => cell,
        };
        let mark = day.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '/' | '-' | '.'))?;
        let mut parts = day.split(mark);
        let (first, month, last) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let is_year_first = match self {
            Self::Any => first.len() == 4,
            Self::DayFirst => false,
            Self::YearFirst => true,
        };
        let (year, day) = if is_year_first { (first, last) } else { (last, first) };
        Date::new(self::year(year)?, short(month)?, short(day)?).ok()
    }
}

/// A day or month of one or two digits.
fn short(text: &str) -> Option<i8> {
    let is_short = matches!(text.len(), 1 | 2) && text.bytes().all(|octet| octet.is_ascii_digit());
    text.parse().ok().filter(|_| is_short)
}

/// A year of four digits, or of two: from 70 they are those of the last century, as POSIX has it.
fn year(text: &str) -> Option<i16> {
    let number: i16 = text.parse().ok().filter(|_| text.bytes().all(|octet| octet.is_ascii_digit()))?;
    match (text.len(), number) {
        (4, _) => Some(number),
        (2, 70..) => Some(1900 + number),
        (2, _) => Some(2000 + number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[track_caller]
    fn check(cell: &str, any: Option<Date>, day_first: Option<Date>, year_first: Option<Date>) {
        let read = [Dates::Any, Dates::DayFirst, Dates::YearFirst].map(|dates| dates.read(cell));
        assert_eq!(read, [any, day_first, year_first], "{cell}");
    }

    #[test]
    fn days_are_read_in_their_order() {
        let day = Some(date(2026, 4, 3));
        check("03/04/2026", day, day, None);
        check("3/4/26", day, day, None);
        check("03.04.2026", day, day, None);
        check("03-04-2026 00:00:00", day, day, None);
        check("2026-04-03", day, None, day);
        check("2026/04/03", day, None, day);
        check("2026-04-03T00:00:00.000-03:00", day, None, day);
        check("26-04-03", Some(date(2003, 4, 26)), Some(date(2003, 4, 26)), day);
        check("01/12/98", Some(date(1998, 12, 1)), Some(date(1998, 12, 1)), None);
    }

    #[test]
    fn what_is_no_day_is_not_guessed() {
        for cell in [
            "",
            "45987",
            "20260403",
            "04/13/2026",
            "31/02/2026",
            "3/4",
            "3/4/2026/1",
            "3/4-2026",
            "03/abr/2026",
            "003/4/2026",
            "3/4/026",
            "+3/4/2026",
            "3/4/2026 monday",
            "3 /4/2026",
            "٣/4/2026",
        ] {
            check(cell, None, None, None);
        }
    }

    #[test]
    fn orders_have_names() {
        for dates in [Dates::DayFirst, Dates::YearFirst] {
            assert_eq!(dates.name().and_then(Dates::from_name), Some(dates));
        }
        assert_eq!(Dates::from_name("mdy"), None);
    }

    proptest! {
        #[test]
        fn every_day_comes_back(year in 1970_i16..2070, month in 1_i8..=12, day in 1_i8..=28) {
            let written = date(year, month, day);
            for cell in [
                format!("{day:02}/{month:02}/{year}"),
                format!("{day}/{month}/{:02}", year % 100),
                written.to_string(),
            ] {
                prop_assert_eq!(Dates::Any.read(&cell), Some(written));
            }
        }

        #[test]
        fn any_cell_is_answered(cell in ".{0,20}|[0-9/. -]{0,12}") {
            let read = [Dates::Any, Dates::DayFirst, Dates::YearFirst].map(|dates| dates.read(&cell));
            prop_assert!(read.into_iter().flatten().all(|day| (0..=9999).contains(&day.year())));
        }
    }
}
