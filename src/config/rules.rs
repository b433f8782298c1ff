//! The rules of lawful contact as data: hours, holidays, countries, area codes, what answers mean, and how texts are
//! worded.
//!
//! They come with the program, from `config/rules`; a file of the same name in the folder `rules_dir` of `[region]` stands for
//! the whole of one. A file with a mistake is never half read: all findings come at once, and there is no calendar. Zone data
//! is read here, once, so that the calendar itself reads nothing.

mod alone;
mod areas;
mod contact;
mod countries;
mod holidays;
mod wording;
mod written;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZoneDatabase;

use crate::contact::calendar::{Calendar, Policy, Tables, default_profile};
use crate::contact::edition::Edition;
use crate::contact::place::{Atlas, State, Zone};
use crate::contact::reply::Lexicon;
use crate::dunning::template::Wording;
use crate::sms::number::Country;
use crate::suggest::closest;

use super::environment::Environment;
use super::finding::{Finding, Place, Problem};
use super::replies;
use super::section::{Reading, Section};
use super::{Contact, Region};

pub(crate) use alone::findings_of;

/// The files that come with the program.
const BUILT_IN: [(&str, &str); 7] = [
    ("countries.toml", include_str!("../../config/rules/countries.toml")),
    ("areas_br.csv", include_str!("../../config/rules/areas_br.csv")),
    ("areas_mx.csv", include_str!("../../config/rules/areas_mx.csv")),
    ("contact.toml", include_str!("../../config/rules/contact.toml")),
    ("holidays.toml", include_str!("../../config/rules/holidays.toml")),
    ("replies.toml", replies::STANDARD),
    ("wording.toml", include_str!("../../config/rules/wording.toml")),
];

/// How long what was looked up is taken for good.
const FRESH_MONTHS: i64 = 12;

/// All rules, ready to be asked.
#[derive(Debug, Clone)]
pub struct RuleBook {
    /// What they say.
    pub calendar: Calendar,
    /// What answers mean.
    pub lexicon: Lexicon,
    /// What texts should not have, and what they must.
    pub wording: Wording,
    /// Which edition they are: a digest of all files, of `region.rules` and of the closures.
    pub edition: Edition,
    /// How many rules and profiles there are.
    pub rules: usize,
    /// How many holidays there are.
    pub holidays: usize,
    gathered: Vec<Gathered>,
}

/// When something was looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// Where it is written.
    pub place: Place,
    /// The name of a rule; empty for a file as a whole.
    pub id: String,
    /// When.
    pub date: Date,
}

impl RuleBook {
    /// Reads everything. The error holds all findings, never none.
    pub fn load(region: &Region, contact: &Contact) -> Result<Self, Vec<Finding>> {
        let mut sources = Sources::new(region.rules_dir.as_deref());
        let book = read_all(&mut sources, region, contact);
        let findings = sources.finish();
        book.filter(|_| findings.is_empty()).ok_or(findings)
    }

    /// Reads everything with a text in the place of one of the files that come with the program.
    pub(crate) fn of_text(file: usize, text: &str, region: &Region, contact: &Contact) -> Result<Self, Vec<Finding>> {
        let mut sources = Sources::new(None);
        let name = BUILT_IN.get(file % BUILT_IN.len()).map(|(name, _)| *name);
        sources.instead = name.map(|name| (name, text.to_owned()));
        let book = read_all(&mut sources, region, contact);
        let findings = sources.finish();
        book.filter(|_| findings.is_empty()).ok_or(findings)
    }

    /// What was looked up more than a year before `today`.
    pub fn outdated(&self, today: Date) -> Vec<&Gathered> {
        let is_old = |date: Date| date.saturating_add(FRESH_MONTHS.months()) < today;
        self.gathered.iter().filter(|gathered| is_old(gathered.date)).collect()
    }
}

fn read_all(sources: &mut Sources, region: &Region, contact: &Contact) -> Option<RuleBook> {
    let zones = zones();
    let mut gathered = Vec::new();
    let mut countries = sources.toml("countries.toml", |root| countries::read(root, zones, &mut gathered))?;
    let mut are_places_known = sources.findings.is_empty();
    for (country, territory) in &mut countries {
        let file = areas::file_of(*country);
        if let Some(source) = sources.take(&file) {
            let (areas, findings) = areas::read(&source.path, &source.text, zones);
            territory.areas = areas;
            are_places_known &= findings.is_empty();
            sources.findings.extend(findings);
        }
        if are_places_known && territory.areas.is_empty() && territory.zones.is_empty() {
            sources.report_file("countries.toml", Problem::NoZones { country: country.to_string(), file });
        }
    }
    sources.report_unknown_files();
    let atlas = Atlas::new(region.country, countries, zones.values().cloned().collect());
    let known = KnownPlaces { atlas: &atlas, is_whole: are_places_known };
    let (profiles, rules, duties) =
        sources.toml("contact.toml", |root| contact::read(root, &known, &mut gathered)).unwrap_or_default();
    let holidays =
        sources.toml("holidays.toml", |root| holidays::read(root, &known, &mut gathered)).unwrap_or_default();
    // Without its profile a country with laws would be open where these say nothing.
    let ruled: BTreeSet<Country> = rules.iter().map(|rule| rule.country).collect();
    let has_profile = |name: &str| profiles.iter().any(|profile| profile.id == name);
    for name in ruled.into_iter().map(default_profile).filter(|name| !has_profile(name)) {
        sources.report_file("contact.toml", Problem::NoProfile { name });
    }
    if let Policy::Profile(name) = &region.rules
        && !has_profile(name)
    {
        let names = ["auto", "none"].into_iter().chain(profiles.iter().map(|profile| profile.id.as_str()));
        let expected = names.collect::<Vec<_>>().join(", ");
        let problem = Problem::UnknownName { found: name.clone(), expected };
        sources.report("contact.toml", "region.rules", problem);
    }
    let lexicon = sources.take("replies.toml").and_then(|source| match replies::read(&source.path, &source.text) {
        Ok(lexicon) => {
            let place = Place::File(source.path);
            gathered.push(Gathered { place, id: String::new(), date: lexicon.gathered() });
            Some(lexicon)
        }
        Err(findings) => {
            sources.findings.extend(findings);
            None
        }
    })?;
    let cautions = sources.toml("wording.toml", |root| wording::read(root, &mut gathered)).unwrap_or_default();
    let counts = (rules.len() + profiles.len(), holidays.len());
    let tables = Tables { profiles, rules, holidays };
    let calendar = Calendar::new(atlas, tables, &region.rules, contact.closures.clone());
    let edition = sources.edition(region, contact);
    let wording = Wording { cautions, duties };
    Some(RuleBook { calendar, lexicon, wording, edition, rules: counts.0, holidays: counts.1, gathered })
}

/// All zones of this host, by name, and those that it does not know from the copy that comes with the program: zones are made
/// anew now and then, and hosts get old. Read once in the life of the process.
fn zones() -> &'static BTreeMap<String, Zone> {
    static ZONES: OnceLock<BTreeMap<String, Zone>> = OnceLock::new();
    ZONES.get_or_init(|| {
        let mut zones = BTreeMap::new();
        for source in [jiff::tz::db(), &TimeZoneDatabase::bundled()] {
            let names = source.available().map(|name| name.to_string());
            let new: Vec<String> = names.filter(|name| !zones.contains_key(name)).collect();
            let named = |name: String| source.get(&name).ok().map(|zone| (name.clone(), Zone::new(&name, zone)));
            zones.extend(new.into_iter().filter_map(named));
        }
        zones
    })
}

/// The zone with this name.
fn zone_named(name: &str, zones: &BTreeMap<String, Zone>) -> Result<Zone, Problem> {
    zones.get(name).cloned().ok_or_else(|| {
        let suggestion = closest(name, zones.keys().map(String::as_str));
        Problem::UnknownZone { found: name.to_owned(), suggestion }
    })
}

/// Notes when something was looked up, which must be said.
fn read_gathered(section: &mut Section<'_, '_>, id: String, gathered: &mut Vec<Gathered>) -> Option<Date> {
    let mut date = Date::ZERO;
    let place = section.require("gathered", &mut date, super::value::date)?;
    gathered.push(Gathered { place, id, date });
    Some(date)
}

/// Countries and states that rules may speak of.
struct KnownPlaces<'a> {
    atlas: &'a Atlas,
    /// Whether all files about places were understood; else nothing is said of what is not known.
    is_whole: bool,
}

impl KnownPlaces<'_> {
    /// Reads where something holds.
    fn read(&self, section: &mut Section<'_, '_>) -> Option<(Country, Option<State>)> {
        let (mut country, mut state) = (None, None);
        let country_at = section.require("country", &mut country, |raw| super::value::country(raw).map(Some))?;
        let country = country?;
        if self.is_whole && !self.atlas.countries().any(|known| known == country) {
            section.report("country", country_at, Problem::UnknownPlace { country: country.to_string() });
            return None;
        }
        let state_at = section.set_some("state", &mut state, written::state);
        let states = self.atlas.states(country);
        if let Some(state) = state.filter(|state| self.is_whole && !states.contains(state)) {
            let listed = states.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let expected = if listed.is_empty() { "those listed in countries.toml".to_owned() } else { listed };
            section.report("state", state_at, Problem::UnknownName { found: state.to_string(), expected });
        }
        Some((country, state))
    }
}

/// A file of rules.
#[derive(Clone)]
struct Source {
    path: PathBuf,
    text: Cow<'static, str>,
}

/// Where files of rules come from, and all that is wrong with them.
struct Sources {
    folder: Option<PathBuf>,
    /// A text that stands for one of those that come with the program.
    instead: Option<(&'static str, String)>,
    /// The files that were asked for.
    asked: Vec<String>,
    /// Those that there were, by name.
    taken: BTreeMap<String, Source>,
    findings: Vec<Finding>,
}

impl Sources {
    fn new(folder: Option<&Path>) -> Self {
        let folder = folder.map(Path::to_owned);
        Self { folder, instead: None, asked: Vec::new(), taken: BTreeMap::new(), findings: Vec::new() }
    }

    fn finish(self) -> Vec<Finding> {
        self.findings
    }

    /// The user's file, or else the one that comes with the program; `None` if there is neither, or it cannot be read.
    fn take(&mut self, name: &str) -> Option<Source> {
        let source = self.find(name)?;
        self.taken.insert(name.to_owned(), source.clone());
        Some(source)
    }

    /// The edition of what was taken, with the settings that say what of it binds.
    fn edition(&self, region: &Region, contact: &Contact) -> Edition {
        let rules = region.rules.to_string();
        let closures = contact.closures.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let files = self.taken.iter().map(|(name, source)| (name.as_str(), &*source.text));
        Edition::of(files.chain([("region.rules", rules.as_str()), ("contact.closures", closures.as_str())]))
    }

    fn find(&mut self, name: &str) -> Option<Source> {
        self.asked.push(name.to_owned());
        if let Some(path) = self.folder.as_ref().map(|folder| folder.join(name)) {
            match std::fs::read_to_string(&path) {
                Ok(text) => return Some(Source { path, text: text.into() }),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    let problem = Problem::Unreadable(error.kind());
                    self.findings.push(Finding { place: Place::File(path), key: String::new(), problem });
                    return None;
                }
            }
        }
        if let Some((_, text)) = self.instead.as_ref().filter(|(instead, _)| *instead == name) {
            return Some(Source { path: Path::new("built-in").join(name), text: text.clone().into() });
        }
        let (_, text) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name)?;
        Some(Source { path: Path::new("built-in").join(name), text: Cow::Borrowed(text) })
    }

    /// Reads a TOML file that there must be.
    fn toml<T>(&mut self, name: &str, read: impl FnOnce(&mut Section<'_, '_>) -> T) -> Option<T> {
        let Source { path, text } = self.take(name)?;
        let environment = Environment::default();
        let mut reading = Reading::new(&path, &text, &environment);
        let table = reading.parse();
        let value = table.map(|table| {
            let mut root = Section::root(&mut reading, &table);
            let value = read(&mut root);
            root.finish();
            value
        });
        self.findings.extend(reading.findings);
        value
    }

    /// A rule in a file with a misspelt name would never bind.
    fn report_unknown_files(&mut self) {
        let Some(folder) = self.folder.clone() else { return };
        let known: Vec<&str> = self.asked.iter().map(String::as_str).chain(BUILT_IN.map(|(name, _)| name)).collect();
        let mut findings = Vec::new();
        match std::fs::read_dir(&folder) {
            Ok(entries) => {
                let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
                let is_rules =
                    |name: &String| matches!(Path::new(name).extension(), Some(end) if end == "toml" || end == "csv");
                for name in names.filter(is_rules).filter(|name| !known.contains(&name.as_str())) {
                    let problem = Problem::UnknownFile { suggestion: closest(&name, known.iter().copied()) };
                    findings.push(Finding { place: Place::File(folder.join(name)), key: String::new(), problem });
                }
            }
            Err(error) => {
                let problem = Problem::Unreadable(error.kind());
                findings.push(Finding { place: Place::File(folder), key: "region.rules_dir".to_owned(), problem });
            }
        }
        findings.sort_by_key(|finding| finding.place.to_string());
        self.findings.extend(findings);
    }

    fn report_file(&mut self, name: &str, problem: Problem) {
        self.report(name, "", problem);
    }

    fn report(&mut self, name: &str, key: &str, problem: Problem) {
        let own = self.folder.as_ref().map(|folder| folder.join(name)).filter(|path| path.exists());
        let path = own.unwrap_or_else(|| Path::new("built-in").join(name));
        self.findings.push(Finding { place: Place::File(path), key: key.to_owned(), problem });
    }
}

#[cfg(test)]
mod tests;
