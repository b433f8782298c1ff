//! `holidays.toml`: days off.

use crate::contact::calendar::{Certainty, Holiday, When};

use super::super::finding::{Place, Problem};
use super::super::section::Section;
use super::super::value;
use super::{Gathered, KnownPlaces, written};

/// Days that a feast can be away from Easter Sunday and still lie in its year.
const EASTER_RANGE: (i16, i16) = (-80, 250);

/// Years that civil time knows.
const YEARS: (i16, i16) = (1, 9999);

pub(super) fn read(root: &mut Section<'_, '_>, known: &KnownPlaces<'_>, gathered: &mut Vec<Gathered>) -> Vec<Holiday> {
    super::read_gathered(root, String::new(), gathered);
    root.tables("holiday", |section| read_holiday(section, known)).into_iter().flatten().collect()
}

fn read_holiday(section: &mut Section<'_, '_>, known: &KnownPlaces<'_>) -> Option<Holiday> {
    let place = known.read(section);
    let (mut name, mut certainty) = (String::new(), Certainty::High);
    section.require("name", &mut name, value::text);
    section.set("certainty", &mut certainty, written::certainty);
    let when = read_when(section);
    let (mut since, mut step, mut moves_to_friday, mut optional) = (None, None, false, false);
    section.set_some("since", &mut since, |raw| written::small(raw, YEARS.0, YEARS.1));
    let step_at = section.set_some("step", &mut step, |raw| written::small(raw, 1, 100));
    if step.is_some() && since.is_none() {
        section.report("step", step_at, Problem::StepWithoutSince);
    }
    section.set("moves_to", &mut moves_to_friday, written::is_friday);
    section.set("optional", &mut optional, value::truth);
    let (country, state) = place?;
    Some(Holiday { name, country, state, when: when?, since, step, moves_to_friday, optional, certainty })
}

/// The day, told in one of three ways.
fn read_when(section: &mut Section<'_, '_>) -> Option<When> {
    let (mut date, mut easter, mut month, mut weekday, mut nth) = (None, None, None, None, None);
    let (min, max) = EASTER_RANGE;
    let places = [
        section.set_some("date", &mut date, written::month_and_day),
        section.set_some("easter", &mut easter, |raw| written::small(raw, min, max)),
        section.set_some("month", &mut month, |raw| written::small(raw, 1, 12)),
        section.set_some("weekday", &mut weekday, written::weekday),
        section.set_some("nth", &mut nth, |raw| written::small(raw, 1, 5)),
    ];
    let is_written = places.map(|place| place != Place::Default);
    let tiny = |number: i16| i8::try_from(number).ok();
    match is_written {
        [true, false, false, false, false] => date.map(|(month, day)| When::Fixed { month, day }),
        [false, true, false, false, false] => easter.map(When::Easter),
        [false, false, true, true, true] => {
            let (month, nth) = (month.and_then(tiny), nth.and_then(tiny));
            Some(When::Nth { month: month?, weekday: weekday?, nth: nth? })
        }
        _ => {
            section.report_here(Problem::WhenForms);
            None
        }
    }
}
