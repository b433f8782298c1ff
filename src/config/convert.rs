//! The configuration in the words of those who act on it.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use crate::contact::ContactSettings;
use crate::contact::secret::Secret;
use crate::dispatch::balance::Rule;
use crate::dispatch::budget::Limits;
use crate::dispatch::route::SimNames;
use crate::dispatch::sim::{self, SimSettings};
use crate::dunning::money::Prices;
use crate::modem;
use crate::sms::number::Country;
use crate::sms::text::TextOptions;

use super::rules::RuleBook;
use super::{Card, Config};

impl Config {
    /// Names, groups and limits of SIMs.
    pub fn sim_settings(&self) -> SimSettings {
        let cards = self.sim.cards.iter().map(|card| self.card(card)).collect();
        SimSettings { default: self.limits(None), balance: self.balance(), cards }
    }

    /// What a part costs by which SIM.
    pub fn prices(&self) -> Prices {
        let price = |card: &Card| Some((card.iccid.clone(), card.price?));
        Prices { each: self.sim.price, cards: self.sim.cards.iter().filter_map(price).collect() }
    }

    /// Where days are counted unless something else is said.
    pub fn zone(&self) -> TimeZone {
        self.limits(None).zone
    }

    /// Who may be texted, and when.
    pub fn contact_settings(&self, book: RuleBook, secret: Secret) -> ContactSettings {
        let contact = &self.contact;
        ContactSettings {
            calendar: book.calendar.into(),
            lexicon: book.lexicon.into(),
            edition: book.edition,
            answers: contact.answers.clone(),
            frequency: contact.frequency,
            only_to: contact.only_to.clone(),
            confirm_numbers: contact.confirm_numbers,
            deliver_within_window: contact.deliver_within_window,
            promise_grace: contact.promise_grace,
            secret,
        }
    }

    /// The key for erased numbers, beside the database.
    pub fn key_path(&self) -> PathBuf {
        self.store.path.with_file_name("suppression.key")
    }

    /// How messages choose their alphabet if they do not say.
    pub fn text_options(&self) -> TextOptions {
        let messages = &self.messages;
        TextOptions { encoding: messages.encoding, national: messages.national.clone(), max_segments: 0 }
    }

    /// What every modem is told: which card is in it is known only later.
    pub fn modem_settings(&self) -> modem::Config {
        let cards = self.sim.cards.iter().map(|card| modem::Card {
            iccid: card.iccid.clone(),
            pin: card.pin.as_ref().map(|pin| pin.as_str().to_owned()),
            smsc: card.smsc.clone(),
            roaming: card.roaming,
        });
        modem::Config { cards: cards.collect() }
    }

    /// The command line's socket, beside the database.
    pub fn socket_path(&self) -> PathBuf {
        self.store.path.with_file_name("recado.sock")
    }

    /// The file of the first token, beside the database.
    pub fn token_path(&self) -> PathBuf {
        self.store.path.with_file_name("admin.token")
    }

    fn card(&self, card: &Card) -> sim::Card {
        sim::Card {
            names: SimNames { iccid: card.iccid.clone(), name: card.name.clone(), group: card.group.clone() },
            number: card.number.clone(),
            limits: self.limits(Some(card)),
            balance: card.balance.clone().unwrap_or_else(|| self.balance()),
        }
    }

    /// For cards of which nothing else is said.
    fn balance(&self) -> Rule {
        Rule { asks: self.sim.balance, ..Rule::default() }
    }

    /// The limits of a card that is listed, or of those that are not.
    fn limits(&self, card: Option<&Card>) -> Limits {
        let sim = &self.sim;
        let zone = card.and_then(|card| card.zone.clone()).or_else(|| sim.zone.clone());
        Limits {
            per_minute: card.and_then(|card| card.per_minute).unwrap_or(sim.per_minute),
            per_hour: card.and_then(|card| card.per_hour).unwrap_or(sim.per_hour),
            per_day: card.and_then(|card| card.per_day).unwrap_or(sim.per_day),
            per_month: card.and_then(|card| card.per_month).unwrap_or(sim.per_month),
            recipients_per_month: card.and_then(|card| card.recipients_per_month).unwrap_or(sim.recipients_per_month),
            warm_up: card.and_then(|card| card.warm_up).unwrap_or(sim.warm_up),
            min_gap: card.and_then(|card| card.min_gap).unwrap_or(sim.min_gap),
            zone: zone.unwrap_or_else(|| zone_of(self.region.country)),
            reset_hour: card.and_then(|card| card.reset_hour).unwrap_or(sim.reset_hour),
        }
    }
}

/// Where the days of a country's SIMs are counted: the zone of most of its people, or else the zone of this machine.
fn zone_of(country: Country) -> TimeZone {
    let zones = [("BR", "America/Sao_Paulo"), ("MX", "America/Mexico_City")];
    let known = zones.into_iter().find(|(code, _)| Country::from_iso(code) == Some(country));
    known.and_then(|(_, zone)| TimeZone::get(zone).ok()).unwrap_or_else(TimeZone::system)
}
