//! Where a number may be: country, states and time zones, from its area code.
//!
//! A number names a place only roughly. All that it may be are candidates, and a text must be allowed in every one of them.
//! What is known of a debtor goes over what the number tells. The tables are `config/rules/countries.toml` and the
//! `areas_*.csv` beside it; libphonenumber's zones are not used, since they are wrong for parts of Brazil and Mexico.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use jiff::tz::{Offset, TimeZone};

use crate::sms::number::{Country, PhoneNumber};

/// A state of a country by its short name, such as `SP`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State([u8; 3]);

impl State {
    /// A state of two or three capital letters.
    pub fn new(code: &str) -> Option<Self> {
        let is_code = matches!(code.len(), 2 | 3) && code.bytes().all(|octet| octet.is_ascii_uppercase());
        let mut octets = code.bytes();
        is_code.then(|| Self(std::array::from_fn(|_| octets.next().unwrap_or(b' '))))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = self.0.iter().filter(|octet| **octet != b' ');
        letters.map(|octet| char::from(*octet)).try_for_each(|letter| fmt::Write::write_char(f, letter))
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A time zone with its name, by which it is compared. Cheap to clone.
#[derive(Clone)]
pub struct Zone {
    name: Arc<str>,
    zone: TimeZone,
}

impl Zone {
    /// A zone that was built elsewhere.
    pub fn new(name: &str, zone: TimeZone) -> Self {
        Self { name: name.into(), zone }
    }

    /// All clocks of the world at their full hours, for where nothing is known.
    fn all_of_the_world() -> Vec<Self> {
        let clock = |hours: i8| {
            let offset = Offset::from_hours(hours).ok()?;
            Some(Self::new(&format!("UTC{hours:+03}"), TimeZone::fixed(offset)))
        };
        (-12..=14).filter_map(clock).collect()
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its clock.
    pub fn clock(&self) -> &TimeZone {
        &self.zone
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Zone {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(&other.name)
    }
}

impl Hash for Zone {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.name.hash(hasher);
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A place as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// Its country.
    pub country: Country,
    /// Its state; any of the country if nothing is said.
    pub state: Option<State>,
    /// Its zone; all of the state, or of the country, if nothing is said.
    pub zone: Option<Zone>,
}

/// What is known of where a debtor is. It goes over what the number tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Residence {
    /// The debtor's state, of the country of the number.
    pub state: Option<State>,
    /// The debtor's zone.
    pub zone: Option<Zone>,
}

/// Why places are more than one, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Warning {
    /// The number does not tell its state, and nothing else does.
    UnknownArea,
    /// The area code belongs to several states.
    SeveralStates,
    /// The area code, or the state, has several zones.
    SeveralZones,
    /// The table is not sure about the area code.
    UncertainArea,
    /// No zones of the country are known.
    UnknownZone,
    /// No rule of the country is known.
    NoRules,
}

impl Warning {
    /// The code in answers.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownArea => "unknown_area",
            Self::SeveralStates => "several_states",
            Self::SeveralZones => "several_zones",
            Self::UncertainArea => "uncertain_area",
            Self::UnknownZone => "unknown_zone",
            Self::NoRules => "no_rules",
        }
    }

    /// What it means, in words for a person.
    pub fn detail(self) -> &'static str {
        match self {
            Self::UnknownArea => "the number does not tell the state: texts must be allowed in the whole country",
            Self::SeveralStates => "the area code belongs to several states: texts must be allowed in each",
            Self::SeveralZones => "the place has several time zones: texts must be allowed in each",
            Self::UncertainArea => "it is not certain where the area code belongs",
            Self::UnknownZone => {
                "no time zones of the country are known: texts must be allowed at any hour of the world"
            }
            Self::NoRules => "no rule of the country is known: nothing closes",
        }
    }
}

/// Where a recipient may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// In order, each once.
    pub spots: Arc<[Spot]>,
    /// What a person may want to know.
    pub warnings: Vec<Warning>,
}

/// What an area code tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// The first digits of the national number.
    pub code: String,
    /// The states that it may be in, at least one.
    pub states: Vec<State>,
    /// The zones that these have where the code is used, at least one.
    pub zones: Vec<Zone>,
    /// Whether the table is sure.
    pub is_certain: bool,
}

/// What is known of a country.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Territory {
    /// Its zones where area codes do not tell them.
    pub zones: Vec<Zone>,
    /// Its states where area codes do not tell them.
    pub states: Vec<State>,
    /// Its area codes.
    pub areas: Vec<Area>,
    /// The country whose law holds, and its name there as a state.
    pub part_of: Option<(Country, State)>,
}

impl Territory {
    /// The area of a national number: the one with the longest code that it begins with.
    fn area(&self, national: &str) -> Option<&Area> {
        let fits = self.areas.iter().filter(|area| national.starts_with(&area.code));
        fits.max_by_key(|area| area.code.len())
    }

    /// States and their zones, each pair once; without states where none are known.
    fn pairs(&self) -> Vec<(Option<State>, Zone)> {
        let of_area = |area: &Area| -> Vec<(Option<State>, Zone)> {
            let states = area.states.iter();
            states.flat_map(|state| area.zones.iter().map(|zone| (Some(*state), zone.clone()))).collect()
        };
        let mut pairs: Vec<_> = self.areas.iter().flat_map(of_area).collect();
        if pairs.is_empty() {
            pairs = self.zones.iter().map(|zone| (None, zone.clone())).collect();
        }
        pairs.sort();
        pairs.dedup();
        pairs
    }
}

/// All countries of which something is known, and all zones.
#[derive(Debug, Clone)]
pub struct Atlas {
    home: Country,
    territories: BTreeMap<Country, Known>,
    zones: BTreeMap<Arc<str>, Zone>,
    world: Vec<Zone>,
}

#[derive(Debug, Clone)]
struct Known {
    territory: Territory,
    pairs: Vec<(Option<State>, Zone)>,
}

impl Atlas {
    /// An atlas of these countries. `zones` are those that a debtor may be given; `home` is the country of numbers that
    /// belong to none, such as short codes.
    pub fn new(home: Country, territories: BTreeMap<Country, Territory>, zones: Vec<Zone>) -> Self {
        let known = |territory: Territory| Known { pairs: territory.pairs(), territory };
        Self {
            home,
            territories: territories.into_iter().map(|(country, territory)| (country, known(territory))).collect(),
            zones: zones.into_iter().map(|zone| (zone.name.clone(), zone)).collect(),
            world: Zone::all_of_the_world(),
        }
    }

    /// The zone with this IANA name.
    pub fn zone(&self, name: &str) -> Option<&Zone> {
        self.zones.get(name)
    }

    /// The states of a country, in order.
    pub fn states(&self, country: Country) -> Vec<State> {
        let Some(Known { territory, pairs }) = self.territories.get(&country) else { return Vec::new() };
        let mut states: Vec<State> = pairs.iter().filter_map(|(state, _)| *state).collect();
        states.extend(&territory.states);
        let parts = self.territories.values().filter_map(|known| known.territory.part_of);
        states.extend(parts.filter(|(whole, _)| *whole == country).map(|(_, state)| state));
        states.sort();
        states.dedup();
        states
    }

    /// The country that has a zone; that of numbers that belong to none, where it has the zone too or nobody has.
    pub fn country_of(&self, zone: &TimeZone) -> Country {
        let name = zone.iana_name().unwrap_or_default();
        let has_it = |known: &Known| {
            let zones = known.pairs.iter().map(|(_, zone)| zone).chain(&known.territory.zones);
            zones.into_iter().any(|zone| zone.name() == name)
        };
        let is_home = self.territories.get(&self.home).is_some_and(has_it);
        let other = || self.territories.iter().find(|(_, known)| has_it(known)).map(|(country, _)| *country);
        if is_home { self.home } else { other().unwrap_or(self.home) }
    }

    /// The clocks of a country, perhaps several times.
    pub fn clocks(&self, country: Country) -> Vec<&TimeZone> {
        let pairs = self.territories.get(&country).into_iter().flat_map(|known| &known.pairs);
        pairs.map(|(_, zone)| zone.clock()).collect()
    }

    /// The countries in it.
    pub fn countries(&self) -> impl Iterator<Item = Country> {
        self.territories.keys().copied()
    }

    /// Where a number may be.
    pub fn locate(&self, number: PhoneNumber, residence: &Residence) -> Whereabouts {
        let told = self.told(number);
        let spots = told.spots(residence);
        let warnings = self.warnings(&spots, residence, told.area);
        Whereabouts { spots, warnings }
    }

    /// The same without the warnings, which only people ask for: every decision about a message needs the places.
    pub fn spots(&self, number: PhoneNumber, residence: &Residence) -> Arc<[Spot]> {
        self.told(number).spots(residence)
    }

    fn told(&self, number: PhoneNumber) -> Told<'_> {
        let (country, national) = number.plan().unwrap_or_else(|| (self.home, String::new()));
        let territory = self.territories.get(&country).map(|known| &known.territory);
        Told { country, territory, area: territory.and_then(|territory| territory.area(&national)) }
    }

    fn warnings(&self, spots: &[Spot], residence: &Residence, area: Option<&Area>) -> Vec<Warning> {
        let differ = |mut keys: Vec<String>| {
            keys.sort();
            keys.dedup();
            keys.len() > 1
        };
        let states = spots.iter().filter_map(|spot| spot.state);
        let zones = spots.iter().flat_map(|spot| self.sites(spot)).map(|(_, zone)| zone.name.to_string());
        let is_listed = |spot: &Spot| self.territories.contains_key(&spot.country);
        let is_known = spots.iter().all(|spot| spot.zone.is_some() || is_listed(spot));
        let is_anywhere = |spot: &Spot| spot.state.is_none() && is_listed(spot);
        let says_all = residence.state.is_some() && residence.zone.is_some();
        let found = [
            (spots.iter().any(is_anywhere), Warning::UnknownArea),
            (differ(states.map(|state| state.to_string()).collect()), Warning::SeveralStates),
            (is_known && differ(zones.collect()), Warning::SeveralZones),
            (!says_all && area.is_some_and(|area| !area.is_certain), Warning::UncertainArea),
            (!is_known, Warning::UnknownZone),
        ];
        found.into_iter().filter(|(is_so, _)| *is_so).map(|(_, warning)| warning).collect()
    }

    /// The states and zones that a spot stands for.
    pub(super) fn sites(&self, spot: &Spot) -> Vec<(Option<State>, Zone)> {
        let known = self.territories.get(&spot.country);
        match (spot.state, &spot.zone, known) {
            (state, Some(zone), _) => vec![(state, zone.clone())],
            (state, None, None) => self.world.iter().map(|zone| (state, zone.clone())).collect(),
            (None, None, Some(known)) => known.pairs.clone(),
            (Some(state), None, Some(known)) => {
                let pairs = known.pairs.iter();
                let mut zones: Vec<&Zone> =
                    pairs.filter(|(one, _)| *one == Some(state)).map(|(_, zone)| zone).collect();
                if zones.is_empty() {
                    let is_part = |known: &&Known| known.territory.part_of == Some((spot.country, state));
                    let part = self.territories.values().find(is_part).unwrap_or(known);
                    zones = part.pairs.iter().map(|(_, zone)| zone).collect();
                    zones.sort();
                    zones.dedup();
                }
                zones.into_iter().map(|zone| (Some(state), zone.clone())).collect()
            }
        }
    }
}

/// What a number tells by itself.
struct Told<'a> {
    country: Country,
    territory: Option<&'a Territory>,
    area: Option<&'a Area>,
}

impl Told<'_> {
    /// The places of whoever has the number.
    fn spots(&self, residence: &Residence) -> Arc<[Spot]> {
        let part_of = self.territory.and_then(|territory| territory.part_of);
        let (told_states, told_zones) = match (self.area, part_of, self.territory) {
            (Some(area), ..) => (area.states.clone(), area.zones.clone()),
            (None, Some((_, state)), Some(part)) => (vec![state], part.zones.clone()),
            (None, ..) => (Vec::new(), Vec::new()),
        };
        // A debtor who lives elsewhere has the zones of that state.
        let zones = match &residence.zone {
            Some(zone) => vec![zone.clone()],
            None if residence.state.is_some() => Vec::new(),
            None => told_zones,
        };
        let states = residence.state.map_or(told_states, |state| vec![state]);
        let country = part_of.map_or(self.country, |(whole, _)| whole);
        let mut spots = Vec::new();
        for state in some_or_none(&states) {
            spots.extend(some_or_none(&zones).into_iter().map(|zone| Spot { country, state, zone }));
        }
        spots.sort();
        spots.dedup();
        spots.into()
    }
}

/// Each of them, or nothing once.
fn some_or_none<T: Clone>(values: &[T]) -> Vec<Option<T>> {
    if values.is_empty() { vec![None] } else { values.iter().cloned().map(Some).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::new(name, TimeZone::UTC)
    }

    fn state(code: &str) -> State {
        State::new(code).unwrap()
    }

    fn area(code: &str, states: &[&str], zones: &[&str], is_certain: bool) -> Area {
        let states = states.iter().map(|code| state(code)).collect();
        Area { code: code.to_owned(), states, zones: zones.iter().map(|name| zone(name)).collect(), is_certain }
    }

    /// A little of Brazil, Mexico and the United States.
    fn atlas() -> Atlas {
        let country = |code| Country::from_iso(code).unwrap();
        let brazil = vec![
            area("11", &["SP"], &["Paulista"], true),
            area("61", &["DF", "GO"], &["Paulista"], true),
            area("97", &["AM"], &["Manaus", "Eirunepe"], true),
        ];
        let mexico = vec![area("37", &["JAL"], &["Central"], true), area("375", &["MIC"], &["Border"], false)];
        let zones = || vec![zone("East"), zone("West")];
        let part_of = Some((country("US"), state("PR")));
        let territories = [
            ("BR", Territory { areas: brazil, ..Territory::default() }),
            ("MX", Territory { areas: mexico, ..Territory::default() }),
            ("US", Territory { zones: zones(), states: vec![state("FL")], ..Territory::default() }),
            ("PR", Territory { zones: vec![zone("Island")], part_of, ..Territory::default() }),
        ];
        let territories = territories.into_iter().map(|(code, territory)| (country(code), territory));
        Atlas::new(country("BR"), territories.collect(), vec![zone("Manaus")])
    }

    /// Spots as text, then codes of warnings.
    fn check(digits: &str, state_code: Option<&str>, zone_name: Option<&str>, spots: &str, warnings: &str) {
        let residence = Residence { state: state_code.map(state), zone: zone_name.map(zone) };
        let found = atlas().locate(PhoneNumber::from_digits(digits).unwrap(), &residence);
        let shown = found.spots.iter().map(|spot| {
            let state = spot.state.map(|state| format!("-{state}")).unwrap_or_default();
            let zone = spot.zone.as_ref().map(|zone| format!("@{}", zone.name())).unwrap_or_default();
            format!("{}{state}{zone}", spot.country)
        });
        assert_eq!(shown.collect::<Vec<_>>().join(" "), spots, "{digits}");
        let codes: Vec<_> = found.warnings.iter().map(|warning| warning.code()).collect();
        assert_eq!(codes.join(" "), warnings, "{digits}");
    }

    #[test]
    fn an_area_code_tells_states_and_zones() {
        check("5511987654321", None, None, "BR-SP@Paulista", "");
        check("5561987654321", None, None, "BR-DF@Paulista BR-GO@Paulista", "several_states");
        check("5597987654321", None, None, "BR-AM@Eirunepe BR-AM@Manaus", "several_zones");
    }

    #[test]
    fn the_longest_area_code_counts() {
        check("523712345678", None, None, "MX-JAL@Central", "");
        check("523751234567", None, None, "MX-MIC@Border", "uncertain_area");
        check("5213751234567", None, None, "MX-MIC@Border", "uncertain_area");
    }

    #[test]
    fn an_unknown_area_is_the_whole_country() {
        check("5520987654321", None, None, "BR", "unknown_area several_zones");
        check("28149", None, None, "BR", "unknown_area several_zones");
        check("12125550173", None, None, "US", "unknown_area several_zones");
        check("17875550173", None, None, "US-PR@Island", "");
    }

    #[test]
    fn a_country_without_zones_is_any_hour_of_the_world() {
        check("351912345678", None, None, "PT", "unknown_zone");
        check("351912345678", None, Some("Lisbon"), "PT@Lisbon", "");
    }

    #[test]
    fn what_is_known_of_a_debtor_goes_over_the_number() {
        check("5561987654321", Some("GO"), None, "BR-GO", "");
        check("5511987654321", Some("AM"), None, "BR-AM", "several_zones");
        check("5511987654321", Some("AM"), Some("Manaus"), "BR-AM@Manaus", "");
        check("5561987654321", None, Some("Manaus"), "BR-DF@Manaus BR-GO@Manaus", "several_states");
        check("523751234567", Some("MIC"), Some("Border"), "MX-MIC@Border", "");
    }

    #[test]
    fn a_spot_stands_for_all_that_it_may_be() {
        let atlas = atlas();
        let sites = |country: &str, code: Option<&str>| {
            let spot = Spot { country: Country::from_iso(country).unwrap(), state: code.map(state), zone: None };
            let sites = atlas.sites(&spot).into_iter();
            let shown =
                sites.map(|(state, zone)| format!("{}@{}", state.map_or("any".into(), |s| s.to_string()), zone.name()));
            shown.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(sites("BR", None), "AM@Eirunepe AM@Manaus DF@Paulista GO@Paulista SP@Paulista");
        assert_eq!(sites("BR", Some("AM")), "AM@Eirunepe AM@Manaus");
        assert_eq!(sites("US", None), "any@East any@West");
        assert_eq!(sites("US", Some("FL")), "FL@East FL@West");
        assert_eq!(sites("US", Some("PR")), "PR@Island");
        assert_eq!(sites("PT", None).split(' ').count(), 27);
        assert!(sites("PT", None).starts_with("any@UTC-12 ") && sites("PT", None).ends_with(" any@UTC+14"));
    }

    #[test]
    fn a_zone_tells_its_country() {
        let named = |zone: &TimeZone| Zone::new(zone.iana_name().unwrap(), zone.clone());
        let (paulista, central) =
            (TimeZone::get("America/Sao_Paulo").unwrap(), TimeZone::get("America/Mexico_City").unwrap());
        let country = |code| Country::from_iso(code).unwrap();
        let land = |zone| Territory { zones: vec![named(zone)], ..Territory::default() };
        let lands = [(country("BR"), land(&paulista)), (country("MX"), land(&central))];
        let atlas = Atlas::new(country("BR"), lands.into(), Vec::new());
        let told = [&paulista, &central, &TimeZone::get("Asia/Tokyo").unwrap()].map(|zone| atlas.country_of(zone));
        assert_eq!(told.map(|country| country.to_string()), ["BR", "MX", "BR"]);
    }

    #[test]
    fn states_are_those_of_area_codes_lists_and_parts() {
        let states =
            |code| atlas().states(Country::from_iso(code).unwrap()).iter().map(State::to_string).collect::<Vec<_>>();
        assert_eq!(states("BR"), ["AM", "DF", "GO", "SP"]);
        assert_eq!(states("US"), ["FL", "PR"]);
        assert_eq!(states("PT"), [""; 0]);
        assert_eq!(State::new("sp"), None);
        assert_eq!(State::new("S"), None);
    }
}
