//! The portfolio held against ladders and templates: one debt under two ids, ladders and templates that are named and not
//! there, what texts come to for the debtors with the longest values, and what they lack where debtors live.

use std::collections::{BTreeMap, BTreeSet};

use crate::dunning::case::{Case, Happened};
use crate::dunning::ladder::{Severity, Twins, twins};
use crate::dunning::money::Amount;
use crate::dunning::operands::Operands;
use crate::dunning::template::{self, Compiled, RenderError, Template, Yardstick, examples};
use crate::sms::text::TextError;
use crate::store::StoreError;
use crate::store::ladder::Loaded;

use super::{Doubt, Place, Review};

/// More units than any message has: those of 255 parts.
const UNITS_MAX: i64 = 255 * 153;

/// Cases of debts that look like one that are named: whoever mends these sees the next.
const TWINS_NAMED_MAX: u32 = 20;

/// Something doubtful, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is about, such as `template lembrete`.
    pub about: String,
    /// What it is.
    pub doubt: Doubt,
}

impl Found {
    fn new(about: impl Into<String>, doubt: Doubt) -> Self {
        Self { about: about.into(), doubt }
    }
}

/// The longest case of a text.
struct Longest {
    /// Units that are left to the template's limit; negative when it is passed.
    room: i64,
    /// Parts of the text, and its units; nothing of it where it is longer than any message.
    size: Option<(usize, usize)>,
    debtor: String,
    detail: String,
}

impl Review<'_> {
    /// What there is to say about the portfolio. Goes through all open debts.
    pub fn portfolio(&self) -> Result<Vec<Found>, StoreError> {
        let mut found = self.named()?;
        found.extend(self.doubles()?);
        found.extend(self.longest()?);
        found.extend(self.duties()?);
        Ok(found)
    }

    /// Ladders and templates that are named and not there.
    fn named(&self) -> Result<Vec<Found>, StoreError> {
        let ladders: BTreeSet<String> = self.reader.ladders()?.into_iter().map(|ladder| ladder.name).collect();
        let no_ladder = |name: &str, so: &str| {
            let detail = format!("there is no ladder {name:?}; {so}");
            Doubt::warning("no_ladder", Operands::of("ladder", name), detail)
        };
        let mut found = Vec::new();
        for (_, creditor) in &self.creditors {
            let about = format!("creditor {}", creditor.id);
            if let Some(name) = creditor.ladder.as_ref().filter(|name| !ladders.contains(*name)) {
                found.push(Found::new(&about, no_ladder(name, "debts that name none of their own are not texted")));
            }
            for (event, template) in &creditor.triggers {
                let missing = self.missing(template, ("event", event), "debtors are not told");
                found.extend(missing.map(|doubt| Found::new(&about, doubt)));
            }
        }
        let of_debts = self.reader.ladders_of_debts()?;
        for name in of_debts.iter().filter(|name| !ladders.contains(*name)) {
            found.push(Found::new("debts", no_ladder(name, "debts that name it are not texted")));
        }
        let is_used = |name: &&String| {
            of_debts.contains(*name) || self.creditors.iter().any(|(_, one)| one.ladder.as_ref() == Some(*name))
        };
        for name in ladders.iter().filter(|name| !is_used(name)) {
            let detail = "no creditor and no debt goes by it; name it in a creditor, or in debts".to_owned();
            found.push(Found::new(
                format!("ladder {name}"),
                Doubt::warning("unused", Operands::of("ladder", name), detail),
            ));
        }
        Ok(found)
    }

    /// Debts that look like one.
    fn doubles(&self) -> Result<Vec<Found>, StoreError> {
        let mut found = Vec::new();
        for key in self.reader.cases_with_doubles(TWINS_NAMED_MAX)? {
            let Some((_, creditor)) = self.creditors.iter().find(|(row, _)| *row == key.rows().0) else { continue };
            for loaded in
                self.reader.cases(&[key], creditor, self.today(&creditor.zone), self.now)?.into_iter().flatten()
            {
                let Loaded { case, .. } = loaded;
                let about = format!("debtor {}", case.debtor.id);
                found.extend(twins(&case.debts, creditor).iter().map(|twins| Found::new(&about, look_like_one(twins))));
            }
        }
        Ok(found)
    }

    /// Texts that take more than a part for the debtors with the longest values.
    fn longest(&self) -> Result<Vec<Found>, StoreError> {
        let cases = self.longest_cases()?;
        let mut found = Vec::new();
        for known in self.templates.values() {
            // What does not compile is said of the template.
            let Some(compiled) = known.used.clone().and_then(|template| template.compile().ok()) else { continue };
            let about = format!("template {}", compiled.template().name);
            for text in &compiled.template().texts {
                let longest = cases.iter().filter_map(|case| self.size(&compiled, &text.name, case));
                let longest = longest.max_by_key(|one| (one.size.is_none(), one.size));
                let doubt = longest.and_then(|one| match over_limit(&compiled, &text.name, one.room) {
                    Some(over) => Some(Doubt {
                        severity: Severity::Error,
                        code: over.code,
                        operands: over.operands,
                        detail: format!("text {}: {} (debtor {})", over.text, over.advice, one.debtor),
                    }),
                    None => one.doubt(&text.name),
                });
                found.extend(doubt.map(|doubt| Found::new(&about, doubt)));
            }
        }
        Ok(found)
    }

    /// Texts of a template that are longer than its limit in their longest case: for the debtors with the longest values, and
    /// while nobody owes anything for a made-up one.
    pub fn over_limit(&self, template: &Template) -> Result<Vec<template::Finding>, StoreError> {
        let compiled = match template.clone().compile() {
            Ok(compiled) if template.limit.is_some() => compiled,
            // What does not compile is said of the template.
            Ok(_) | Err(_) => return Ok(Vec::new()),
        };
        let cases = self.longest_cases()?;
        let mut found = Vec::new();
        for text in &template.texts {
            let creditor = self.creditors_of(&template.name).first().map(|(_, creditor)| creditor.as_ref());
            let [_, (_, made_up)] = examples(text.language, creditor, self.today(&self.measure.zone));
            let cases = if cases.is_empty() { std::slice::from_ref(&made_up) } else { &cases };
            let rooms = cases.iter().filter_map(|case| self.size(&compiled, &text.name, case)).map(|one| one.room);
            found.extend(rooms.min().and_then(|room| over_limit(&compiled, &text.name, room)));
        }
        Ok(found)
    }

    /// What templates lack for the states and countries in which the debtors who get them may live.
    fn duties(&self) -> Result<Vec<Found>, StoreError> {
        let mut homes = BTreeMap::new();
        for (row, _) in self.creditors.iter().filter(|_| !self.measure.wording.duties.is_empty()) {
            homes.insert(*row, self.homes(*row)?);
        }
        let mut found = Vec::new();
        for known in self.templates.values() {
            let Some(compiled) = known.used.clone().and_then(|template| template.compile().ok()) else { continue };
            let name = &compiled.template().name;
            let mut numbers: BTreeMap<Place, u64> = BTreeMap::new();
            for (place, more) in self.creditors_of(name).iter().filter_map(|(row, _)| homes.get(row)).flatten() {
                *numbers.entry(*place).or_default() += more;
            }
            // What the countries of the creditors ask for is said of the template.
            let of_countries: Vec<Place> = self.countries_of(name).into_iter().map(|country| (country, None)).collect();
            let said = self.lint(&compiled, &of_countries);
            let places: Vec<Place> = numbers.keys().copied().collect();
            for finding in self.lint(&compiled, &places) {
                let is_new = finding.severity == template::Severity::Error && !said.contains(&finding);
                let duty = self.measure.wording.duties.iter().find(|duty| finding.rule.as_ref() == Some(&duty.id));
                let Some(duty) = duty.filter(|_| is_new) else { continue };
                let lives = |(country, state): &Place| {
                    *country == duty.country && (duty.state.is_none() || *state == duty.state)
                };
                let there: u64 = numbers.iter().filter(|(place, _)| lives(place)).map(|(_, more)| more).sum();
                let detail = format!(
                    "text {}: {} (numbers of debtors there: {there}; rule {})",
                    finding.text, finding.advice, duty.id
                );
                let operands = finding.operands.and("text", &finding.text).and("numbers", there);
                let doubt = Doubt { severity: Severity::Error, code: finding.code, operands, detail };
                found.push(Found::new(format!("template {name}"), doubt));
            }
        }
        Ok(found)
    }

    /// Where the debtors of a creditor may live, with how many of their numbers may be there.
    fn homes(&self, creditor: i64) -> Result<BTreeMap<Place, u64>, StoreError> {
        let atlas = self.measure.calendar.atlas();
        let mut homes: BTreeMap<Place, u64> = BTreeMap::new();
        self.reader.numbers_of_debtors(creditor, |number, habit| {
            let spots = atlas.spots(number, &habit.residence(atlas));
            let places: BTreeSet<Place> = spots.iter().map(|spot| (spot.country, spot.state)).collect();
            for place in places {
                *homes.entry(place).or_default() += 1;
            }
        })?;
        Ok(homes)
    }

    fn longest_cases(&self) -> Result<Vec<Case>, StoreError> {
        let mut cases = Vec::new();
        for (row, creditor) in &self.creditors {
            let today = self.today(&creditor.zone);
            for debtor in self.reader.longest_debtors(*row)? {
                let Some(loaded) = self.reader.case_of(&debtor, creditor, today, self.now)? else { continue };
                let mut case = loaded.case;
                case.debts.retain(|debt| debt.status.is_asked_for());
                // A text about a payment is measured as if all had been paid.
                let paid = case.debts.iter().map(|debt| debt.amount).sum();
                case.happened = Some(Happened { paid: Some(paid), remaining: Amount::default() });
                cases.push(case);
            }
        }
        Ok(cases)
    }

    /// What a text comes to; nothing where the row lacks what it needs, which the preview tells.
    fn size(&self, template: &Compiled, text: &str, case: &Case) -> Option<Longest> {
        let limit = template.template().units_max();
        let yardstick = Yardstick { options: self.measure.text.clone(), limit, ..Yardstick::default() };
        let debtor = case.debtor.id.clone();
        let too_long = || Longest { room: -UNITS_MAX, size: None, debtor: debtor.clone(), detail: String::new() };
        let rendered = match template.render_text(text, case) {
            Ok(rendered) => rendered,
            Err(RenderError::TooLong) => return Some(too_long()),
            Err(_) => return None,
        };
        match yardstick.measure(&rendered) {
            Ok(measured) => {
                let detail = format!("{} units in {}", measured.units, measured.coding.encoding().as_str());
                Some(Longest { room: measured.room, size: Some((measured.parts, measured.units)), debtor, detail })
            }
            Err(TextError::TooLong { .. }) => Some(too_long()),
            Err(TextError::Empty | TextError::NotEncodable { .. }) => None,
        }
    }
}

impl Longest {
    fn doubt(self, text: &str) -> Option<Doubt> {
        let Self { size, debtor, detail, room: _ } = self;
        match size {
            None => {
                let detail = format!("text {text} is longer than any message for debtor {debtor}; shorten it");
                let operands = Operands::of("text", text).and("debtor", &debtor);
                Some(Doubt { severity: Severity::Error, code: "too_long", operands, detail })
            }
            Some((parts, _)) => long_text(&format!("text {text}"), parts, &format!(", of debtor {debtor} ({detail})")),
        }
    }
}

/// What is wrong with a text of which the longest case leaves so much room, where its template has a limit.
fn over_limit(compiled: &Compiled, text: &str, room: i64) -> Option<template::Finding> {
    let limit = compiled.template().limit.filter(|_| room < 0)?;
    Some(template::Finding::over_limit(text, limit, room.unsigned_abs()))
}

/// A text that does not keep to one part.
pub(in super::super) fn long_text(what: &str, parts: usize, whose: &str) -> Option<Doubt> {
    let detail = format!("{what} takes {parts} parts in its longest case{whose}; shorten it, or leave a variable out");
    let operands = Operands::of("what", what).and("parts", parts);
    (parts > 1).then(|| Doubt::warning("long", operands, detail))
}

/// Debts that look like one.
pub(in super::super) fn look_like_one(twins: &Twins<'_>) -> Doubt {
    let ((one, by), (other, other_by)) = (twins.one, twins.other);
    if twins.are_on_one_ladder() {
        let detail = format!(
            "debts {} and {} look like one, and go by ladder {by}: its debtor may be asked for it twice in one text; take one of \
             them back",
            one.id, other.id
        );
        return Doubt::warning("double", Operands::of("one", &one.id).and("other", &other.id).and("by", by), detail);
    }
    Doubt::warning(
        "two_ladders",
        Operands::of("one", &one.id).and("other", &other.id).and("by", by).and("other_by", other_by),
        format!(
            "debts {} and {} look like one, and go by ladders {by} and {other_by}: its debtor is asked by both; take one of \
             them back, or put both on one ladder",
            one.id, other.id
        ),
    )
}
