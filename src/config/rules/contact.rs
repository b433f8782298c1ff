//! `contact.toml`: profiles and rules with their hours, and what texts must have.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::contact::calendar::{Rule, Status, Week};
use crate::dunning::template::Duty;

use super::super::finding::{Place, Problem};
use super::super::section::Section;
use super::super::value;
use super::{Gathered, KnownPlaces, wording, written};

/// Keys of weekdays, from Monday.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Stands for the first five of them.
const WORKDAYS: &str = "mon_fri";

/// Profiles, rules, and what texts must have.
pub(super) fn read(
    root: &mut Section<'_, '_>,
    known: &KnownPlaces<'_>,
    gathered: &mut Vec<Gathered>,
) -> (Vec<Rule>, Vec<Rule>, Vec<Duty>) {
    let mut ids = HashMap::new();
    let profiles = root.tables("profile", |section| read_profile(section, known, &mut ids, gathered));
    let rules = root.tables("rule", |section| read_rule(section, known, &mut ids, gathered));
    let duties = root.tables("content", |section| wording::read_duty(section, known, &mut ids, gathered));
    (
        profiles.into_iter().flatten().collect(),
        rules.into_iter().flatten().collect(),
        duties.into_iter().flatten().collect(),
    )
}

fn read_profile(
    section: &mut Section<'_, '_>,
    known: &KnownPlaces<'_>,
    ids: &mut HashMap<String, Place>,
    gathered: &mut Vec<Gathered>,
) -> Option<Rule> {
    let mut profile = read_common(section, known, ids, gathered);
    let week = read_week(section);
    let silent: Vec<&str> =
        DAYS.iter().zip(&week.days).filter(|(_, hours)| hours.is_none()).map(|(day, _)| *day).collect();
    // What a profile does not close would be open all day.
    if !silent.is_empty() {
        section.report_here(Problem::Gap { days: silent.join(", ") });
    }
    if let Some(profile) = &mut profile {
        (profile.week, profile.is_for_collection, profile.is_for_telemarketing) = (week, true, true);
    }
    profile
}

fn read_rule(
    section: &mut Section<'_, '_>,
    known: &KnownPlaces<'_>,
    ids: &mut HashMap<String, Place>,
    gathered: &mut Vec<Gathered>,
) -> Option<Rule> {
    let mut rule = read_common(section, known, ids, gathered);
    let (mut status, mut certainty, mut applies_to) = (Status::InForce, None, (true, true));
    section.require("status", &mut status, written::status);
    section.require("certainty", &mut certainty, |raw| written::certainty(raw).map(Some));
    section.require("applies_to", &mut applies_to, written::applies_to);
    let week = read_week(section);
    if let Some(rule) = &mut rule {
        (rule.status, rule.certainty, rule.week) = (status, certainty, week);
        (rule.is_for_collection, rule.is_for_telemarketing) = applies_to;
    }
    rule
}

/// What rules and profiles have in common; `None` if it is not known where it holds.
fn read_common(
    section: &mut Section<'_, '_>,
    known: &KnownPlaces<'_>,
    ids: &mut HashMap<String, Place>,
    gathered: &mut Vec<Gathered>,
) -> Option<Rule> {
    let (mut id, mut law, mut note) = (String::new(), String::new(), None);
    if let Some(at) = section.require("id", &mut id, value::name) {
        section.is_first("id", ids, id.clone(), at);
    }
    let place = known.read(section);
    section.require("law", &mut law, value::text);
    section.set_some("note", &mut note, value::text);
    let date = super::read_gathered(section, id.clone(), gathered);
    let (country, state) = place?;
    Some(Rule {
        id,
        law,
        country,
        state,
        status: Status::Profile,
        certainty: None,
        is_for_collection: false,
        is_for_telemarketing: false,
        week: Week::default(),
        gathered: date.unwrap_or(Date::ZERO),
    })
}

fn read_week(section: &mut Section<'_, '_>) -> Week {
    let mut week = Week::default();
    let mut workdays = None;
    let workdays_at = section.set_some(WORKDAYS, &mut workdays, written::hours);
    for (index, (key, hours)) in DAYS.into_iter().zip(&mut week.days).enumerate() {
        let at = section.set_some(key, hours, written::hours);
        let is_workday = index < 5;
        if is_workday && workdays_at != Place::Default && at != Place::Default {
            section.report(key, at, Problem::Twice { first: workdays_at.clone() });
        } else if is_workday && hours.is_none() {
            hours.clone_from(&workdays);
        }
    }
    section.set_some("holiday", &mut week.holiday, written::hours);
    week
}
