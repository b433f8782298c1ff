//! What an installation is told about whom it may text.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::sms::number::{Country, PhoneNumber};

use super::calendar::{self, Calendar, Class, Tables, Window};
use super::edition::Edition;
use super::frequency::Limits;
use super::place::{Atlas, Residence, Spot, Warning, Whereabouts};
use super::reply::{Intent, Language, Lexicon};
use super::secret::Secret;
use super::{Addressee, Lasts, Obstacle, Reason};

/// Texts that answer an inbound text by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// Whether an opt-out is confirmed, once.
    pub confirms_opt_out: bool,
    /// That somebody is left alone from now on, in place of the text of the language.
    pub opt_out: String,
    /// Who writes, and how to reach them; without it a person answers.
    pub help: String,
}

impl Answers {
    /// That somebody is left alone from now on. It names no debt and asks for nothing.
    pub fn opt_out(&self, language: Language) -> &str {
        match language {
            _ if !self.opt_out.is_empty() => &self.opt_out,
            Language::Portuguese => {
                "Pronto: este número não receberá mais nossas mensagens. Para voltar a receber, responda VOLTAR."
            }
            Language::Spanish => {
                "Listo: este número ya no recibirá nuestros mensajes. Para recibirlos de nuevo, responda ALTA."
            }
            Language::English => "Done: this number gets no more texts from us. To get them again, reply START.",
        }
    }
}

/// The hours of a recipient.
#[derive(Debug, Clone, PartialEq)]
pub struct HoursOf {
    /// Those that hold.
    pub class: Class,
    /// Where the recipient's days begin and end.
    pub zone: TimeZone,
    /// Why they are stricter than they would be if more were known, or why there are none.
    pub warnings: Vec<Warning>,
}

/// Everything that decides about contact and is not looked up for a person.
#[derive(Debug, Clone)]
pub struct ContactSettings {
    /// When people may be texted.
    pub calendar: Arc<Calendar>,
    /// What answers mean.
    pub lexicon: Arc<Lexicon>,
    /// Which edition of the rules both come from.
    pub edition: Edition,
    /// What is answered by itself.
    pub answers: Answers,
    /// How often.
    pub frequency: Limits,
    /// While it is not empty, these numbers alone.
    pub only_to: Vec<PhoneNumber>,
    /// Whether texts that ask for payment wait until the number is confirmed.
    pub confirm_numbers: bool,
    /// Whether a text that did not arrive before the hours end is given up by the network too.
    pub deliver_within_window: bool,
    /// Days after a promised day before the promise counts as broken.
    pub promise_grace: Duration,
    /// The key for erased numbers.
    pub secret: Secret,
}

impl ContactSettings {
    /// Nothing is limited but by the suppression ledger.
    pub fn none() -> Self {
        let atlas = Atlas::new(Country::BRAZIL, BTreeMap::new(), Vec::new());
        let tables = Tables { profiles: Vec::new(), rules: Vec::new(), holidays: Vec::new() };
        Self {
            calendar: Arc::new(Calendar::new(atlas, tables, &calendar::Policy::None, Vec::new())),
            lexicon: Lexicon::new(jiff::civil::Date::ZERO, Intent::ALL.to_vec(), 0).into(),
            edition: Edition::NONE,
            answers: Answers { confirms_opt_out: false, opt_out: String::new(), help: String::new() },
            frequency: Limits::default(),
            only_to: Vec::new(),
            confirm_numbers: false,
            deliver_within_window: false,
            promise_grace: Duration::ZERO,
            secret: Secret::new([0; super::secret::KEY_OCTETS]),
        }
    }

    /// The hours that hold for a message.
    pub fn class(&self, to: &Addressee) -> Class {
        self.hours(to).class
    }

    /// The hours that hold for a message.
    pub fn hours(&self, to: &Addressee) -> HoursOf {
        let residence = to.habit.residence(self.calendar.atlas());
        let Whereabouts { spots, warnings } = self.calendar.locate(to.number, &residence, to.purpose);
        HoursOf { zone: zone_of(&spots), class: Class::new(to.purpose, spots), warnings }
    }

    /// Where the days of whoever has a number begin and end.
    pub fn zone(&self, number: PhoneNumber) -> TimeZone {
        zone_of(&self.calendar.atlas().locate(number, &Residence::default()).spots)
    }
}

/// Of several places the first.
fn zone_of(spots: &[Spot]) -> TimeZone {
    spots.iter().find_map(|spot| spot.zone.as_ref()).map_or(TimeZone::UTC, |zone| zone.clock().clone())
}

/// What hours put in the way of a message.
pub fn obstacle(window: Window) -> Option<Obstacle> {
    let Window::Closed { reason, next_opening, .. } = window else { return None };
    let reason = match reason {
        calendar::Reason::Window => Reason::Window,
        calendar::Reason::Holiday => Reason::Holiday,
    };
    Some(Obstacle { reason, lasts: next_opening.map_or(Lasts::Open, Lasts::Until) })
}
