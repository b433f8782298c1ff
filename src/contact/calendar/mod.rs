//! When texts are allowed: hours and holidays of every rule that binds where the recipient may be.
//!
//! Pure. A text may go at a moment that is open by every rule, in every state and zone that the recipient may be in, and on
//! which the company is not closed. A number and a purpose give a [`Class`]; all messages of a class open and close together,
//! so that [`Calendar::window`] is asked once for all of them and holds until the time that it states. Where rules are silent
//! or contradict each other, the strict reading is taken. This module does not know frequency, suppression or messages.

mod class;
mod explain;
mod holiday;
mod rule;
mod site;
mod span;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

pub use class::{Class, Scope};
pub use explain::{DayOff, Decision, Explanation, Local};
pub use holiday::{Holiday, When};
pub use rule::{Certainty, Rule, Status, Week};
pub use span::{Hours, Overlap, Span, SpanError};

use crate::clock::Timestamp;
use crate::sms::message::Purpose;
use crate::sms::number::{Country, PhoneNumber};

use super::place::{Atlas, Residence, Spot, State, Warning, Whereabouts};
use site::{HORIZON, Schedule, Site};

/// Which profile goes with the laws.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Policy {
    /// The one of the recipient's country, such as `br_default`.
    #[default]
    Auto,
    /// No rule binds at all; days on which the company is closed still do.
    None,
    /// The one with this name, for recipients everywhere; where it is another country's, theirs binds beside it. A name that
    /// ends in `_strict` makes bind what is less than a law, and holidays by custom.
    Profile(String),
}

impl Policy {
    fn is_strict(&self) -> bool {
        match self {
            Self::Profile(name) => name.ends_with("_strict"),
            Self::Auto | Self::None => false,
        }
    }
}

/// The word in the configuration.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::None => "none",
            Self::Profile(name) => name,
        })
    }
}

/// Rules, profiles and holidays as they were gathered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tables {
    /// Our profiles, each a rule.
    pub profiles: Vec<Rule>,
    /// Everything else.
    pub rules: Vec<Rule>,
    /// Days off.
    pub holidays: Vec<Holiday>,
}

/// The name of the profile that goes with the laws of a country.
pub fn default_profile(country: Country) -> String {
    format!("{}_default", country.to_string().to_ascii_lowercase())
}

/// Why it is closed. The words are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Not within the hours.
    Window,
    /// A holiday, or a day on which the company is closed.
    Holiday,
}

impl Reason {
    /// The code in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Holiday => "holiday",
        }
    }

    /// What it means, in words for a person.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Window => "texts are not allowed at this hour where the recipient may be",
            Self::Holiday => "it is a holiday where the recipient may be, or a day on which the company is closed",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Whether texts of a class may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// They may, at every moment before `until`; [`Timestamp::MAX`] if nothing ever closes.
    Open {
        /// When it closes, or how far was looked.
        until: Timestamp,
    },
    /// They may not.
    Closed {
        /// Why.
        reason: Reason,
        /// Nothing of this answer changes before; it is not later than the opening.
        until: Timestamp,
        /// The first moment at which they may; `None` if there is none within 400 days.
        next_opening: Option<Timestamp>,
    },
}

impl Window {
    /// Whether texts may go.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// How long the answer holds.
    pub fn until(self) -> Timestamp {
        match self {
            Self::Open { until } | Self::Closed { until, .. } => until,
        }
    }
}

/// Hours that a debtor has asked for, by the clocks where the debtor may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalHours(Week);

impl PersonalHours {
    /// Only in `preferred`, where there are any, and never in `forbidden`.
    pub fn new(preferred: &[Span], forbidden: &[Span]) -> Self {
        Self(Week::of_all_days(&Hours::of_person(preferred, forbidden)))
    }
}

/// All that decides when texts may go.
#[derive(Debug, Clone)]
pub struct Calendar {
    atlas: Atlas,
    /// Days on which the company is closed, in order.
    closures: Vec<Date>,
    /// What binds in each state of each country, and under `None` in all of them together.
    schedules: HashMap<(Country, Option<State>, Scope), Schedule>,
    /// What binds where no country is known.
    elsewhere: HashMap<Scope, Schedule>,
    has_rules: bool,
}

impl Calendar {
    /// A calendar of these tables.
    pub fn new(atlas: Atlas, tables: Tables, policy: &Policy, mut closures: Vec<Date>) -> Self {
        closures.sort();
        let binding = Binding::new(tables, policy);
        let mut schedules = HashMap::new();
        for country in atlas.countries() {
            let states = atlas.states(country).into_iter().map(Some).chain([None]);
            for (state, scope) in states.flat_map(|state| Scope::ALL.map(|scope| (state, scope))) {
                schedules.insert((country, state, scope), binding.schedule(Some(country), state, scope));
            }
        }
        let elsewhere = Scope::ALL.map(|scope| (scope, binding.schedule(None, None, scope)));
        let has_rules = *policy != Policy::None;
        Self { atlas, closures, schedules, elsewhere: elsewhere.into(), has_rules }
    }

    /// Countries, states and zones.
    pub fn atlas(&self) -> &Atlas {
        &self.atlas
    }

    /// The rules that bind anywhere, by country, state and name.
    pub fn rules(&self) -> Vec<&Rule> {
        let all = self.schedules.values().chain(self.elsewhere.values()).flat_map(|schedule| &schedule.rules);
        let mut rules: Vec<&Rule> = all.map(Arc::as_ref).collect();
        rules.sort_by_cached_key(|rule| {
            (rule.country.to_string(), rule.state.map(|state| state.to_string()), rule.id.clone())
        });
        rules.dedup_by_key(|rule| &rule.id);
        rules
    }

    /// Where a number may be, with what a person who texts it for a purpose may want to know: nothing where no hours bind.
    pub fn locate(&self, number: PhoneNumber, residence: &Residence, purpose: Purpose) -> Whereabouts {
        let mut whereabouts = self.atlas.locate(number, residence);
        let can_close = self.has_rules || !self.closures.is_empty();
        if Scope::of(purpose).is_none() || !can_close {
            whereabouts.warnings.clear();
            return whereabouts;
        }
        let is_ruled = |spot: &Spot| !self.schedule(spot.country, spot.state, Scope::Collection).rules.is_empty();
        if self.has_rules && !whereabouts.spots.iter().any(is_ruled) {
            whereabouts.warnings.push(Warning::NoRules);
        }
        whereabouts
    }

    /// Whether a day is a holiday, or one on which the company is closed, where recipients of a class may be.
    pub fn is_holiday(&self, class: &Class, day: Date) -> bool {
        let closes = |site: &Site<'_>| site.is_closure(day) || site.holidays_on(day).next().is_some();
        self.sites(class, None).iter().any(closes)
    }

    /// Whether texts of a class may go at a moment; `hours` are those of one debtor, if any were asked for.
    pub fn window(&self, class: &Class, hours: Option<&PersonalHours>, now: Timestamp) -> Window {
        let sites = self.sites(class, hours);
        let looks = sites.iter().map(|site| site.look(now));
        let (closed, until) = looks.fold((None, Timestamp::MAX), |(closed, until), look| {
            let closed = if closed == Some(Reason::Holiday) { closed } else { look.closed.or(closed) };
            (closed, look.until.min(until))
        });
        match closed {
            None => Window::Open { until: next_closing(&sites, until, now) },
            Some(reason) => Window::Closed { reason, until, next_opening: next_opening(&sites, now) },
        }
    }

    fn sites<'a>(&'a self, class: &Class, hours: Option<&'a PersonalHours>) -> Vec<Site<'a>> {
        let Some((scope, spots)) = class.parts() else { return Vec::new() };
        let of_spot = |spot: &Spot| {
            let country = spot.country;
            let site = move |(state, zone)| Site {
                country,
                state,
                zone,
                schedule: self.schedule(country, state, scope),
                closures: &self.closures,
                person: hours.map(|hours| &hours.0),
            };
            self.atlas.sites(spot).into_iter().map(site)
        };
        spots.iter().flat_map(of_spot).collect()
    }

    /// A state of which nothing is known has what binds in any of its country.
    fn schedule(&self, country: Country, state: Option<State>, scope: Scope) -> &Schedule {
        let of_state = self.schedules.get(&(country, state, scope));
        let found = of_state.or_else(|| self.schedules.get(&(country, None, scope)));
        found.or_else(|| self.elsewhere.get(&scope)).expect("every scope has a schedule for elsewhere")
    }
}

/// When the first of places that are all open closes; `from` is when something may change first.
fn next_closing(sites: &[Site<'_>], from: Timestamp, now: Timestamp) -> Timestamp {
    let mut at = from;
    while at < now + HORIZON {
        let looks = sites.iter().map(|site| site.look(at));
        let (is_open, until) =
            looks.fold((true, Timestamp::MAX), |(all, until), look| (all && look.is_open(), look.until.min(until)));
        if !is_open {
            return at;
        }
        at = until;
    }
    at
}

/// The first moment at which all places are open: each moves the search on to its own next opening until none does.
fn next_opening(sites: &[Site<'_>], now: Timestamp) -> Option<Timestamp> {
    let mut at = now;
    loop {
        let before = at;
        for site in sites {
            at = site.next_open(at, now)?;
        }
        if at == before {
            return Some(at);
        }
    }
}

/// Which rules bind where.
struct Binding {
    rules: Vec<Arc<Rule>>,
    profiles: Vec<Arc<Rule>>,
    holidays: Vec<Arc<Holiday>>,
    policy: Policy,
}

impl Binding {
    fn new(tables: Tables, policy: &Policy) -> Self {
        let shared = |rules: Vec<Rule>| rules.into_iter().map(Arc::new).collect();
        let holidays = tables.holidays.into_iter().map(Arc::new).collect();
        let (rules, profiles) = (shared(tables.rules), shared(tables.profiles));
        Self { rules, profiles, holidays, policy: policy.clone() }
    }

    fn schedule(&self, country: Option<Country>, state: Option<State>, scope: Scope) -> Schedule {
        if self.policy == Policy::None {
            return Schedule::default();
        }
        let is_strict = self.policy.is_strict();
        // In a country as a whole, the rules of each of its states bind.
        let is_here = |of: Option<State>| of.is_none() || state.is_none() || of == state;
        let is_asked = |rule: &Rule| match scope {
            Scope::Collection => rule.is_for_collection,
            Scope::Promotion => rule.is_for_collection || rule.is_for_telemarketing,
        };
        let binds = |rule: &&Arc<Rule>| {
            Some(rule.country) == country
                && is_here(rule.state)
                && is_asked(rule)
                && rule.status.binds(is_strict)
                && !rule.week.is_silent()
        };
        let is_kept = |holiday: &&Arc<Holiday>| {
            Some(holiday.country) == country && is_here(holiday.state) && (is_strict || !holiday.optional)
        };
        let rules = self.profiles(country).chain(self.rules.iter().filter(binds));
        Schedule { rules: rules.cloned().collect(), holidays: self.holidays.iter().filter(is_kept).cloned().collect() }
    }

    /// The profile that was named, and the default one of the country unless the named one is the country's own.
    fn profiles(&self, country: Option<Country>) -> impl Iterator<Item = &Arc<Rule>> {
        let named =
            self.profiles.iter().find(|profile| matches!(&self.policy, Policy::Profile(name) if *name == profile.id));
        let is_own = named.is_some_and(|profile| Some(profile.country) == country);
        let default = country.filter(|_| !is_own).map(default_profile);
        let default = self.profiles.iter().find(move |profile| default.as_ref() == Some(&profile.id));
        named.into_iter().chain(default)
    }
}

#[cfg(test)]
mod tests;
