//! `countries.toml`: the countries of which it is known where their numbers are.

use std::collections::{BTreeMap, HashMap};

use crate::contact::place::{State, Territory, Zone};
use crate::sms::number::Country;

use super::super::finding::Problem;
use super::super::section::Section;
use super::super::value::{self, Raw};
use super::{Gathered, written, zone_named};

pub(super) fn read(
    root: &mut Section<'_, '_>,
    zones: &BTreeMap<String, Zone>,
    gathered: &mut Vec<Gathered>,
) -> BTreeMap<Country, Territory> {
    super::read_gathered(root, String::new(), gathered);
    let mut seen = HashMap::new();
    let territories = root.tables("country", |section| {
        let (mut country, mut territory) = (None, Territory::default());
        let at = section.require("code", &mut country, |raw| value::country(raw).map(Some));
        section.set("zones", &mut territory.zones, |raw| read_zones(raw, zones));
        section.set("states", &mut territory.states, read_states);
        section.table("part_of", |section| territory.part_of = read_part(section));
        let (country, at) = country.zip(at)?;
        section.is_first("code", &mut seen, country, at).then_some((country, territory))
    });
    territories.into_iter().flatten().collect()
}

fn read_part(section: &mut Section<'_, '_>) -> Option<(Country, State)> {
    let (mut country, mut state) = (None, None);
    if !section.is_written() {
        return None;
    }
    section.require("country", &mut country, |raw| value::country(raw).map(Some));
    section.require("state", &mut state, |raw| written::state(raw).map(Some));
    country.zip(state)
}

fn read_zones(raw: Raw<'_>, zones: &BTreeMap<String, Zone>) -> Result<Vec<Zone>, Problem> {
    let names = raw.texts("a list of names of time zones as text")?;
    names.into_iter().map(|name| zone_named(name, zones)).collect()
}

fn read_states(raw: Raw<'_>) -> Result<Vec<State>, Problem> {
    let expected = "a list of the capital letters of states as text";
    let names = raw.texts(expected)?;
    names.into_iter().map(|name| State::new(name).ok_or_else(|| raw.not(expected))).collect()
}
