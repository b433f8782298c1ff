//! What is wrong with ladders and templates, or doubtful, before anybody is texted by them: asked when one is written or
//! shown, by the dry run, and by a check of the whole database.
//!
//! It puts together what the pure parts find with what the database has beside it: templates that are not there, creditors
//! that go by a ladder, and the hours of where these are. It changes nothing, and keeps nothing.

mod portfolio;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::clock::Timestamp;
use crate::contact::calendar::Calendar;
use crate::contact::place::State;
use crate::dunning::creditor::Creditor;
use crate::dunning::ladder::{self, Action, Hours, Ladder, Severity};
use crate::dunning::operands::Operands;
use crate::dunning::template::{self, Asked, Compiled, Fault, Template, Wording, lint};
use crate::sms::message::Purpose;
use crate::sms::number::Country;
use crate::sms::text::TextOptions;
use crate::store::StoreError;
use crate::store::reader::Reader;
use crate::store::template::TemplateView;

pub use portfolio::Found;
pub(super) use portfolio::{long_text, look_like_one};

/// A state of a country; any of it if none is named.
type Place = (Country, Option<State>);

/// What is configured that ladders and templates are held against.
#[derive(Debug, Clone)]
pub struct Measure {
    /// The hours of contact.
    pub calendar: Arc<Calendar>,
    /// What texts should not have, and what they must.
    pub wording: Arc<Wording>,
    /// Where debtors live while no creditor tells it.
    pub country: Country,
    /// The zone of a ladder that no creditor goes by yet.
    pub zone: TimeZone,
    /// How texts are encoded.
    pub text: TextOptions,
}

/// Something that is wrong or doubtful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Whether it can be used so.
    pub severity: Severity,
    /// What, for programs.
    pub code: &'static str,
    /// What it is about, by name.
    pub operands: Operands,
    /// What, where, and what to do.
    pub detail: String,
}

impl Doubt {
    fn warning(code: &'static str, operands: Operands, detail: String) -> Self {
        Self { severity: Severity::Warning, code, operands, detail }
    }
}

impl From<&ladder::Finding> for Doubt {
    fn from(finding: &ladder::Finding) -> Self {
        Self {
            severity: finding.severity(),
            code: finding.code(),
            operands: finding.operands(),
            detail: finding.to_string(),
        }
    }
}

/// What is there now.
#[derive(Debug)]
pub struct Review<'a> {
    measure: &'a Measure,
    reader: &'a Reader,
    now: Timestamp,
    creditors: Vec<(i64, Arc<Creditor>)>,
    templates: BTreeMap<String, Known>,
    /// The templates that each ladder sends.
    sent_by: BTreeMap<String, BTreeSet<String>>,
}

/// A template that is there.
#[derive(Debug)]
struct Known {
    /// The version that is used, if any is approved.
    used: Option<Template>,
    newest: Template,
}

impl<'a> Review<'a> {
    /// Reads what is there besides ladders.
    pub fn read(measure: &'a Measure, reader: &'a Reader, now: Timestamp) -> Result<Self, StoreError> {
        let mut templates = BTreeMap::new();
        for TemplateView { template, approved, .. } in reader.templates()? {
            let used = match approved {
                Some(_) => Some(template.clone()),
                None => reader.template_in_use(&template.name)?.map(|view| view.template),
            };
            templates.insert(template.name.clone(), Known { used, newest: template });
        }
        let mut sent_by = BTreeMap::new();
        for name in reader.ladder_names()? {
            match reader.ladder(&name) {
                Ok(ladder) => sent_by.extend(ladder.map(|ladder| (name, templates_of(&ladder)))),
                // It sends nothing.
                Err(error) if error.is_of_a_row() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { measure, reader, now, creditors: reader.creditor_rows()?, templates, sent_by })
    }

    /// What there is to say about a ladder, beside its templates' own words.
    pub fn ladder(&self, ladder: &Ladder) -> Result<Vec<Doubt>, StoreError> {
        let mut doubts: Vec<Doubt> = ladder::check(ladder).iter().map(Doubt::from).collect();
        for step in &ladder.steps {
            let Action::Text { template } = &step.action else { continue };
            doubts.extend(self.missing(template, ("step", &step.id.0), "the step sends nothing"));
        }
        for (country, zone) in self.places_of(ladder) {
            let hours = Hours { calendar: &self.measure.calendar, country, zone: &zone, from: self.today(&zone) };
            for finding in ladder::outside(ladder, &hours, &|template| self.purpose(template)) {
                let doubt = Doubt::from(&finding);
                if !doubts.contains(&doubt) {
                    doubts.push(doubt);
                }
            }
        }
        Ok(doubts)
    }

    /// The templates that are there, by name: the version that is used, if any is approved, and the newest.
    pub fn templates(&self) -> impl Iterator<Item = (Option<&Template>, &Template)> {
        self.templates.values().map(|known| (known.used.as_ref(), &known.newest))
    }

    /// The version of a template that is used.
    pub fn used(&self, template: &str) -> Option<u32> {
        self.templates.get(template)?.used.as_ref().map(|used| used.version)
    }

    /// What a person should look at in a template. It has what the countries of its creditors ask for; which states recipients
    /// live in is not known, so duties of states are warnings.
    pub fn template(&self, template: Template) -> Result<Vec<template::Finding>, Vec<Fault>> {
        let compiled = template.compile()?;
        let places: Vec<Place> =
            self.countries_of(&compiled.template().name).into_iter().map(|country| (country, None)).collect();
        Ok(self.lint(&compiled, &places))
    }

    fn lint(&self, compiled: &Compiled, places: &[Place]) -> Vec<template::Finding> {
        let senders: Vec<&str> = self.creditors.iter().map(|(_, creditor)| creditor.sender.as_str()).collect();
        lint(compiled, &Asked { wording: &self.measure.wording, places, senders: &senders })
    }

    /// Creditors whose debtors get the texts of a template: those who have it in their ladder or for an event. A campaign and
    /// a caller may send any, so that all of them count where none has it.
    fn creditors_of(&self, template: &str) -> Vec<&(i64, Arc<Creditor>)> {
        let sends = |ladder: &String| self.sent_by.get(ladder).is_some_and(|sent| sent.contains(template));
        let has_it = |(_, creditor): &&(i64, Arc<Creditor>)| {
            creditor.ladder.as_ref().is_some_and(sends) || creditor.triggers.values().any(|named| named == template)
        };
        let found: Vec<_> = self.creditors.iter().filter(has_it).collect();
        if found.is_empty() { self.creditors.iter().collect() } else { found }
    }

    /// The countries of these creditors; the one that is configured while there are none.
    fn countries_of(&self, template: &str) -> BTreeSet<Country> {
        let atlas = self.measure.calendar.atlas();
        let of = |(_, creditor): &(i64, Arc<Creditor>)| atlas.country_of(&creditor.zone);
        let found: BTreeSet<Country> = self.creditors_of(template).into_iter().map(of).collect();
        if found.is_empty() { BTreeSet::from([self.measure.country]) } else { found }
    }

    /// The day that it is in a zone.
    fn today(&self, zone: &TimeZone) -> Date {
        self.now.to_jiff().map_or(Date::MAX, |now| now.to_zoned(zone.clone()).date())
    }

    /// What is wrong where a template is named that nothing can be sent from.
    fn missing(&self, template: &str, (kind, name): (&'static str, &str), so: &str) -> Option<Doubt> {
        let operands = Operands::of("template", template).and(kind, name);
        let place = format!("{kind} {name}");
        match self.templates.get(template) {
            Some(Known { used: Some(_), .. }) => None,
            Some(Known { used: None, .. }) => Some(Doubt::warning(
                "not_approved",
                operands,
                format!("{place}: no version of template {template:?} is approved; until one is, {so}"),
            )),
            None => Some(Doubt::warning(
                "no_template",
                operands,
                format!("{place}: there is no template {template:?}; until one is written and approved, {so}"),
            )),
        }
    }

    /// Why a template's texts are sent.
    fn purpose(&self, template: &str) -> Purpose {
        let known = self.templates.get(template);
        known.map_or(Purpose::Collection, |known| known.used.as_ref().unwrap_or(&known.newest).purpose)
    }

    /// Where creditors of a ladder are, each place once. Debts may name a ladder themselves, so that all creditors count
    /// where none goes by it.
    fn places_of(&self, ladder: &Ladder) -> Vec<(Country, TimeZone)> {
        let all = || self.creditors.iter().map(|(_, creditor)| creditor);
        let goes_by_it = |creditor: &&Arc<Creditor>| creditor.ladder.as_ref() == Some(&ladder.name);
        let mut zones: Vec<&TimeZone> = all().filter(goes_by_it).map(|creditor| &creditor.zone).collect();
        if zones.is_empty() {
            zones = all().map(|creditor| &creditor.zone).collect();
        }
        if zones.is_empty() {
            zones.push(&self.measure.zone);
        }
        let mut seen = BTreeSet::new();
        let atlas = self.measure.calendar.atlas();
        let is_new = |zone: &&TimeZone| seen.insert(zone.iana_name().unwrap_or_default().to_owned());
        zones.into_iter().filter(is_new).map(|zone| (atlas.country_of(zone), zone.clone())).collect()
    }
}

/// The templates that a ladder sends.
fn templates_of(ladder: &Ladder) -> BTreeSet<String> {
    let template = |step: &ladder::Step| match &step.action {
        Action::Text { template } => Some(template.clone()),
        Action::Exit { .. } => None,
    };
    ladder.steps.iter().filter_map(template).collect()
}
