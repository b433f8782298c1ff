//! Why it is open or closed, for people: the local times of the recipient, the rules that were asked with what each says,
//! and the holidays.

use jiff::Zoned;
use jiff::civil::Date;

use crate::clock::Timestamp;
use crate::contact::place::State;
use crate::sms::number::Country;

use super::rule::{Certainty, Rule, Status};
use super::site::{Look, Moment, Site};
use super::{Calendar, Class, PersonalHours, Reason, Window};

/// An answer with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The answer.
    pub window: Window,
    /// Each place that the recipient may be at.
    pub locals: Vec<Local>,
    /// Each rule that binds at one of them, the profile first.
    pub decisions: Vec<Decision>,
    /// Days off that close one of them.
    pub days_off: Vec<DayOff>,
}

/// A place at the moment in question.
#[derive(Debug, Clone, PartialEq)]
pub struct Local {
    /// Its country.
    pub country: Country,
    /// Its state, where that is known.
    pub state: Option<State>,
    /// The name of its zone.
    pub zone: String,
    /// What clocks show there.
    pub time: Zoned,
    /// Why it is closed there, if it is.
    pub closed: Option<Reason>,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its name.
    pub id: String,
    /// The law, or what else it rests on.
    pub law: String,
    /// What it is.
    pub status: Status,
    /// How sure its hours are.
    pub certainty: Option<Certainty>,
    /// Whether it is open at every place where it binds.
    pub is_open: bool,
}

/// A day off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayOff {
    /// When.
    pub date: Date,
    /// What it is called; `None` if the company is closed.
    pub name: Option<String>,
    /// The country, unless it is the company's.
    pub country: Option<Country>,
    /// The state that keeps it, if not all of the country does.
    pub state: Option<State>,
    /// How sure it is; `None` if the company is closed.
    pub certainty: Option<Certainty>,
}

impl Calendar {
    /// What clocks show where recipients of a class may be, the earliest first, each time once; none where any hour will do.
    pub fn clocks(&self, class: &Class, now: Timestamp) -> Vec<Zoned> {
        let shown = |site: &Site<'_>| Some(now.to_jiff()?.to_zoned(site.zone.clock().clone()));
        let mut clocks: Vec<Zoned> = self.sites(class, None).iter().filter_map(shown).collect();
        clocks.sort_by_key(Zoned::datetime);
        clocks.dedup_by_key(|clock| clock.datetime());
        clocks
    }

    /// Says why texts of a class may go at a moment, or not.
    pub fn explain(&self, class: &Class, hours: Option<&PersonalHours>, now: Timestamp) -> Explanation {
        let mut found = Explanation {
            window: self.window(class, hours, now),
            locals: Vec::new(),
            decisions: Vec::new(),
            days_off: Vec::new(),
        };
        for site in self.sites(class, hours) {
            let Some((moment, time)) = site.moment(now).zip(now.to_jiff()) else { continue };
            let look = site.look(now);
            for decision in decisions(&site, moment) {
                found.note_decision(decision);
            }
            for day_off in days_off(&site, moment, look) {
                if !found.days_off.contains(&day_off) {
                    found.days_off.push(day_off);
                }
            }
            found.locals.push(Local {
                country: site.country,
                state: site.state,
                zone: site.zone.name().to_owned(),
                time: time.to_zoned(site.zone.clock().clone()),
                closed: look.closed,
            });
        }
        found
    }
}

impl Explanation {
    fn note_decision(&mut self, decision: Decision) {
        match self.decisions.iter_mut().find(|one| one.id == decision.id) {
            Some(known) => known.is_open &= decision.is_open,
            None => self.decisions.push(decision),
        }
    }
}

fn decisions(site: &Site<'_>, moment: Moment) -> Vec<Decision> {
    let of_rule = |rule: &Rule| Decision {
        id: rule.id.clone(),
        law: rule.law.clone(),
        status: rule.status,
        certainty: rule.certainty,
        is_open: moment.is_open_by(&rule.week),
    };
    let of_person = site.person.map(|week| Decision {
        id: "debtor".to_owned(),
        law: "hours that the debtor has asked for".to_owned(),
        status: Status::Debtor,
        certainty: None,
        is_open: moment.is_open_by(week),
    });
    site.schedule.rules.iter().map(|rule| of_rule(rule)).chain(of_person).collect()
}

fn days_off(site: &Site<'_>, moment: Moment, look: Look) -> Vec<DayOff> {
    let date = moment.local.date();
    if look.closed != Some(Reason::Holiday) {
        return Vec::new();
    }
    let closure =
        site.is_closure(date).then_some(DayOff { date, name: None, country: None, state: None, certainty: None });
    let holidays = site.holidays_on(date).map(|holiday| DayOff {
        date,
        name: Some(holiday.name.clone()),
        country: Some(holiday.country),
        state: holiday.state,
        certainty: Some(holiday.certainty),
    });
    closure.into_iter().chain(holidays).collect()
}
