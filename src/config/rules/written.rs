//! Values as files of rules write them.

use jiff::civil::{Date, Weekday};

use crate::contact::calendar::{Certainty, Hours, Span, Status};
use crate::contact::place::State;

use super::super::finding::Problem;
use super::super::value::Raw;

/// Hours of a day, such as `["08:00-12:00", "14:00-18:00"]`.
pub(super) fn hours(raw: Raw<'_>) -> Result<Hours, Problem> {
    let texts = raw.texts("a list of hours as text, such as [\"08:00-20:00\"]")?;
    let span = |text: &str| text.parse().map_err(|error| Problem::Span { found: text.to_owned(), error });
    let spans: Result<Vec<Span>, Problem> = texts.into_iter().map(span).collect();
    Hours::new(spans?).map_err(Problem::Overlap)
}

pub(super) fn state(raw: Raw<'_>) -> Result<State, Problem> {
    let expected = "the two or three capital letters of a state as text";
    let text = raw.text(expected)?;
    State::new(text).ok_or_else(|| raw.not(expected))
}

pub(super) fn status(raw: Raw<'_>) -> Result<Status, Problem> {
    named(raw.text("a status as text")?, &Status::WRITTEN.map(|status| (status.name(), status)))
}

pub(super) fn certainty(raw: Raw<'_>) -> Result<Certainty, Problem> {
    named(raw.text("a certainty as text")?, &Certainty::ALL.map(|certainty| (certainty.name(), certainty)))
}

pub(super) fn weekday(raw: Raw<'_>) -> Result<Weekday, Problem> {
    let weekdays = [
        ("mon", Weekday::Monday),
        ("tue", Weekday::Tuesday),
        ("wed", Weekday::Wednesday),
        ("thu", Weekday::Thursday),
        ("fri", Weekday::Friday),
        ("sat", Weekday::Saturday),
        ("sun", Weekday::Sunday),
    ];
    named(raw.text("a weekday as text")?, &weekdays)
}

/// Which messages a rule is about: collection, telemarketing.
pub(super) fn applies_to(raw: Raw<'_>) -> Result<(bool, bool), Problem> {
    let kinds = [("collection", (true, false)), ("telemarketing", (false, true))];
    let texts = raw.texts("a list of collection and telemarketing")?;
    let found: Result<Vec<(bool, bool)>, Problem> = texts.into_iter().map(|text| named(text, &kinds)).collect();
    let all = found?.into_iter().fold((false, false), |(a, b), (c, d)| (a || c, b || d));
    if all == (false, false) { Err(raw.not("a list of collection and telemarketing")) } else { Ok(all) }
}

/// A day of every year, such as `12-25`.
pub(super) fn month_and_day(raw: Raw<'_>) -> Result<(i8, i8), Problem> {
    let expected = "a month and a day as text, such as \"12-25\"";
    // A leap year has them all.
    let date = format!("2024-{}", raw.text(expected)?).parse::<Date>();
    date.map(|date| (date.month(), date.day())).map_err(|_no_such_day| raw.not(expected))
}

/// A number in a range of small ones.
pub(super) fn small(raw: Raw<'_>, min: i16, max: i16) -> Result<i16, Problem> {
    raw.whole(min.into(), max.into()).map(|number| i16::try_from(number).expect("the range was checked"))
}

/// Whether it is moved to the Friday of its week, which is all that is known of.
pub(super) fn is_friday(raw: Raw<'_>) -> Result<bool, Problem> {
    named(raw.text("\"friday\"")?, &[("friday", true)])
}

/// What stands for one of these names.
pub(super) fn named<T: Copy>(found: &str, names: &[(&str, T)]) -> Result<T, Problem> {
    let value = names.iter().find(|(name, _)| *name == found).map(|(_, value)| *value);
    value.ok_or_else(|| {
        let expected = names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        Problem::UnknownName { found: found.to_owned(), expected }
    })
}
