//! `areas_XX.csv`: area codes of a country, one a line, with the states and zones that they may be in.
//!
//! Fields are separated by commas and quoted never; lines that begin with # say something to people.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::contact::calendar::Certainty;
use crate::contact::place::{Area, State, Zone};
use crate::sms::number::Country;

use super::super::finding::{Finding, Place, Problem};
use super::{written, zone_named};

/// The first line.
const HEADING: &str = "area,states,zones,certainty";

/// What stands between states, and between zones.
const SEPARATOR: char = '|';

/// The name of the file of a country.
pub(super) fn file_of(country: Country) -> String {
    format!("areas_{}.csv", country.to_string().to_ascii_lowercase())
}

pub(super) fn read(path: &Path, text: &str, zones: &BTreeMap<String, Zone>) -> (Vec<Area>, Vec<Finding>) {
    let (mut areas, mut findings) = (Vec::new(), Vec::new());
    let mut seen: HashMap<String, Place> = HashMap::new();
    let place = |line: usize| Place::Line { file: path.to_owned(), line, column: 1 };
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    for (index, (line, written)) in lines.enumerate() {
        let mut report =
            |key: &str, problem| findings.push(Finding { place: place(line), key: key.to_owned(), problem });
        if index == 0 {
            if written.trim() != HEADING {
                report("", Problem::Heading { expected: HEADING });
                break;
            }
            continue;
        }
        let Some(area) = read_area(written, zones, &mut report) else { continue };
        if let Some(first) = seen.get(&area.code) {
            report("area", Problem::Twice { first: first.clone() });
        } else {
            seen.insert(area.code.clone(), place(line));
            areas.push(area);
        }
    }
    if areas.is_empty() && findings.is_empty() {
        let problem = Problem::Heading { expected: HEADING };
        findings.push(Finding { place: Place::File(path.to_owned()), key: String::new(), problem });
    }
    (areas, findings)
}

/// Reports all that is wrong with a line; `None` if anything is.
fn read_area(line: &str, zones: &BTreeMap<String, Zone>, report: &mut impl FnMut(&str, Problem)) -> Option<Area> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [code, states, zone_names, certainty] = fields.as_slice() else {
        report("", Problem::Fields { expected: HEADING.split(',').count(), found: fields.len() });
        return None;
    };
    let is_code = (1..=5).contains(&code.len()) && code.bytes().all(|octet| octet.is_ascii_digit());
    if !is_code {
        report("area", Problem::AreaCode { found: (*code).to_owned() });
    }
    let states: Option<Vec<State>> = each(states, "states", report, |code| {
        let expected = "capital letters of states";
        State::new(code).ok_or_else(|| Problem::Kind { expected, found: format!("{code:?}") })
    });
    let zones = each(zone_names, "zones", report, |name| zone_named(name, zones));
    let certainty = each(certainty, "certainty", report, |name| {
        written::named(name, &Certainty::ALL.map(|certainty| (certainty.name(), certainty)))
    });
    let is_certain = certainty?.iter().all(|certainty| *certainty != Certainty::Low);
    is_code.then_some(Area { code: (*code).to_owned(), states: states?, zones: zones?, is_certain })
}

/// All values of a field, or a report of each that is wrong.
fn each<T>(
    field: &str,
    key: &str,
    report: &mut impl FnMut(&str, Problem),
    read: impl Fn(&str) -> Result<T, Problem>,
) -> Option<Vec<T>> {
    let values = field.split(SEPARATOR).map(|part| read(part).map_err(|problem| report(key, problem)));
    values.collect::<Vec<Result<T, ()>>>().into_iter().collect::<Result<_, ()>>().ok()
}
