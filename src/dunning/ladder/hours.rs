//! Whether the hours of contact let the steps of a ladder go when they are meant to go.
//!
//! A text that comes outside the hours waits for the next opening, so that nothing is lost; but a step that does so on every
//! business day is a mistake of whoever wrote the ladder. Hours are asked of the calendar, state by state, since states have
//! rules of their own. Which days come is not known here: two weeks of business days stand for all.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use jiff::ToSpan as _;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use crate::clock::Timestamp;
use crate::contact::calendar::{Calendar, Class, Window};
use crate::contact::place::{Spot, State};
use crate::sms::message::Purpose;
use crate::sms::number::Country;

use super::super::operands::Operands;
use super::business::BusinessDays;
use super::check::Finding;
use super::{Action, Ladder, Step};

/// Days that stand for all: each weekday twice, so that one that is a holiday has another.
const DAYS_LOOKED_AT: i32 = 14;

/// What steps are held against.
#[derive(Debug, Clone, Copy)]
pub struct Hours<'a> {
    /// The hours of contact.
    pub calendar: &'a Calendar,
    /// Where debtors live.
    pub country: Country,
    /// The creditor's zone: times of steps are of its clock.
    pub zone: &'a TimeZone,
    /// The first of the days that are looked at.
    pub from: Date,
}

/// On which days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum On {
    /// From Monday to Friday.
    Weekdays,
    /// On Saturdays, where they are business days of the ladder.
    Saturdays,
}

/// Where steps come outside the hours, and when they go there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// In which country.
    pub country: Country,
    /// Whether it is so in all of it.
    pub is_everywhere: bool,
    /// The soonest first, each with its states; without states where none of the country are known.
    pub goes: Vec<(Goes, Vec<State>)>,
}

impl Places {
    /// Where, by country or by states, and when it goes there at the soonest.
    pub(super) fn operands(&self) -> Operands {
        let states: Vec<String> = self.goes.iter().flat_map(|(_, states)| states).map(ToString::to_string).collect();
        let country = self.country;
        let places = if self.is_everywhere || states.is_empty() {
            country.to_string()
        } else {
            states.iter().map(|state| format!("{country}-{state}")).collect::<Vec<_>>().join(", ")
        };
        let goes = match self.goes.first() {
            Some((Goes::Later { days: 0, at }, _)) => at.strftime("%H:%M").to_string(),
            Some((Goes::Later { days, at }, _)) => format!("+{days} {}", at.strftime("%H:%M")),
            Some((Goes::Never, _)) | None => "–".to_owned(),
        };
        Operands::of("places", places).and("goes", goes)
    }
}

/// When a text goes that comes outside the hours, by the creditor's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Goes {
    /// So many days after its own, at this time, at the soonest.
    Later {
        /// Days after its own; 0 on its own.
        days: i32,
        /// The time.
        at: Time,
    },
    /// Nothing opens within 400 days.
    Never,
}

/// Steps that come outside the hours on all business days, in the order of the ladder. `purpose` tells that of a template.
pub fn outside(ladder: &Ladder, hours: &Hours<'_>, purpose: &dyn Fn(&str) -> Purpose) -> Vec<Finding> {
    let mut look = Look { ladder, hours, seen: HashMap::new() };
    let texts: Vec<(&Step, Purpose)> = ladder
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Text { template } => Some((step, purpose(template))),
            Action::Exit { .. } => None,
        })
        .collect();
    let mut findings = Vec::new();
    // What is closed on Saturdays is so for all steps, and is said once.
    let closed = texts.first().map(|(_, purpose)| look.look(*purpose, None, On::Saturdays)).unwrap_or_default();
    let closed_states: BTreeSet<Option<State>> = closed.values().flatten().copied().collect();
    for (step, purpose) in texts {
        for on in [On::Weekdays, On::Saturdays] {
            let mut told = look.look(purpose, step.offset.time, on);
            if on == On::Saturdays {
                for states in told.values_mut() {
                    states.retain(|state| !closed_states.contains(state));
                }
            }
            if let Some(places) = look.places(&told) {
                let (step, offset) = (step.id.clone(), step.offset);
                findings.push(Finding::Outside { step, offset, on, places });
            }
        }
    }
    findings.extend(look.places(&closed).map(Finding::NoSaturday));
    findings
}

/// What a time of the day comes to, by where: only where it is outside.
type Told = BTreeMap<Goes, Vec<Option<State>>>;

struct Look<'a> {
    ladder: &'a Ladder,
    hours: &'a Hours<'a>,
    /// Steps often share their time.
    seen: HashMap<(Purpose, Option<Time>, On), Told>,
}

impl Look<'_> {
    /// What a time on such days comes to; as soon as the day allows where no time is given.
    fn look(&mut self, purpose: Purpose, time: Option<Time>, on: On) -> Told {
        if on == On::Saturdays && !self.ladder.saturday {
            return Told::new();
        }
        let key = (purpose, time, on);
        if let Some(told) = self.seen.get(&key) {
            return told.clone();
        }
        let mut told = Told::new();
        for state in self.states() {
            if let Some(goes) = self.goes(purpose, state, time, on) {
                told.entry(goes).or_default().push(state);
            }
        }
        self.seen.insert(key, told.clone());
        told
    }

    /// The states that have rules of their own; the country as a whole where none are known.
    fn states(&self) -> Vec<Option<State>> {
        let states = self.hours.calendar.atlas().states(self.hours.country);
        if states.is_empty() { vec![None] } else { states.into_iter().map(Some).collect() }
    }

    fn places(&self, told: &Told) -> Option<Places> {
        let found: usize = told.values().map(Vec::len).sum();
        let of_states = |states: &Vec<Option<State>>| states.iter().flatten().copied().collect();
        let goes = told.iter().filter(|(_, states)| !states.is_empty());
        let goes = goes.map(|(goes, states)| (*goes, of_states(states))).collect();
        let places = || Places { country: self.hours.country, is_everywhere: found == self.states().len(), goes };
        (found > 0).then(places)
    }

    /// When a text goes at best; `None` if it is within the hours on one of the days, or there is no such day.
    fn goes(&self, purpose: Purpose, state: Option<State>, time: Option<Time>, on: On) -> Option<Goes> {
        let Hours { calendar, country, zone, from } = *self.hours;
        let class = Class::new(purpose, [Spot { country, state, zone: None }].into());
        let holiday = |day: Date| calendar.is_holiday(&class, day);
        let business = BusinessDays::new(&holiday, self.ladder.saturday);
        let days = (0..DAYS_LOOKED_AT).filter_map(|ahead| from.checked_add(ahead.days()).ok());
        let is_meant = |day: &Date| (day.weekday() == Weekday::Saturday) == (on == On::Saturdays);
        let mut best: Option<Goes> = None;
        for day in days.filter(is_meant).filter(|day| business.is_open(*day)) {
            let start = day.to_datetime(time.unwrap_or(Time::midnight())).to_zoned(zone.clone()).ok()?;
            let start = Timestamp::from_jiff(start.timestamp());
            let opening = match calendar.window(&class, None, start) {
                Window::Open { .. } => return None,
                Window::Closed { next_opening, .. } => next_opening,
            };
            let opening = opening.and_then(Timestamp::to_jiff).map(|at| at.to_zoned(zone.clone()).datetime());
            let goes = match opening {
                // A step without a time may go at any of its day.
                Some(at) if at.date() == day && time.is_none() => return None,
                Some(at) => {
                    Goes::Later { days: day.until(at.date()).map_or(0, |ahead| ahead.get_days()), at: at.time() }
                }
                None => Goes::Never,
            };
            best = Some(best.map_or(goes, |best| best.min(goes)));
        }
        best
    }
}

/// `everywhere in BR: it goes at 08:00 of that day at the soonest, and in AC, AM …`.
impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { country, is_everywhere, goes } = self;
        let named = |states: &[State]| states.iter().map(State::to_string).collect::<Vec<_>>().join(", ");
        if *is_everywhere {
            write!(f, "everywhere in {country}: ")?;
        } else {
            let all: Vec<State> = goes.iter().flat_map(|(_, states)| states).copied().collect();
            write!(f, "in {country} ({}): ", named(&all))?;
        }
        for (index, (goes, states)) in goes.iter().enumerate() {
            if index > 0 {
                write!(f, "; in {} ", named(states))?;
            }
            goes.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Goes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Later { days: 0, at } => write!(f, "it goes at {} of that day at the soonest", at.strftime("%H:%M")),
            Self::Later { days, at } => {
                let later = if *days == 1 { "the day after".to_owned() } else { format!("{days} days later") };
                write!(f, "it never goes on its day, but {later} at {} at the soonest", at.strftime("%H:%M"))
            }
            Self::Never => f.write_str("it never goes there"),
        }
    }
}
