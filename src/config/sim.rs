//! `[sim]` and `[[sim.card]]`: what every SIM may spend, and the SIMs for which something else is said; how the balance of
//! prepaid ones is asked.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::dispatch::balance::{Amount, Pattern, Question, Rule};
use crate::dunning::money::PartPrice;
use crate::sms::number::Country;

use super::finding::{Place, Problem};
use super::pin::Pin;
use super::section::Section;
use super::value;

/// The budget of every SIM, in parts. A limit of 0 means none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sim {
    /// Parts in any sliding 60 s.
    pub per_minute: u32,
    /// Parts in any sliding 3600 s.
    pub per_hour: u32,
    /// Parts in a day of the SIM's zone.
    pub per_day: u32,
    /// Parts in a month of the SIM's zone.
    pub per_month: u32,
    /// Distinct recipients in a month of the SIM's zone.
    pub recipients_per_month: u32,
    /// Whether a new line begins with a lower limit for the day.
    pub warm_up: bool,
    /// From one message to the next.
    pub min_gap: Duration,
    /// Where days and months are counted; by the country if nothing is said.
    pub zone: Option<TimeZone>,
    /// The hour at which they begin, 0 to 23.
    pub reset_hour: i8,
    /// What a part costs.
    pub price: PartPrice,
    /// Whether the balance of SIMs is asked whose operator is known.
    pub balance: bool,
    /// `[[sim.card]]`
    pub cards: Vec<Card>,
}

/// One SIM; what is not said is as in [`Sim`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Card {
    /// Which SIM, 18 to 20 digits.
    pub iccid: String,
    /// What it is called.
    pub name: Option<String>,
    /// Its own number in E.164.
    pub number: Option<String>,
    /// The group that messages can be routed to.
    pub group: Option<String>,
    /// Where its days and months are counted.
    pub zone: Option<TimeZone>,
    /// The hour at which they begin, 0 to 23.
    pub reset_hour: Option<i8>,
    /// Service centre to set if the SIM has another one or none.
    pub smsc: Option<String>,
    /// The file with its PIN, which only its owner may read.
    pub pin_file: Option<PathBuf>,
    /// What that file says.
    pub pin: Option<Pin>,
    /// Whether it is used while it is roaming.
    pub roaming: bool,
    /// Parts in any sliding 60 s.
    pub per_minute: Option<u32>,
    /// Parts in any sliding 3600 s.
    pub per_hour: Option<u32>,
    /// Parts in a day.
    pub per_day: Option<u32>,
    /// Parts in a month.
    pub per_month: Option<u32>,
    /// Distinct recipients in a month.
    pub recipients_per_month: Option<u32>,
    /// Whether it begins with a lower limit for the day.
    pub warm_up: Option<bool>,
    /// From one message to the next.
    pub min_gap: Option<Duration>,
    /// What a part costs.
    pub price: Option<PartPrice>,
    /// `[sim.card.balance]`, if there is one.
    pub balance: Option<Rule>,
}

impl Default for Sim {
    fn default() -> Self {
        Self {
            per_minute: 6,
            per_hour: 100,
            per_day: 300,
            per_month: 5000,
            recipients_per_month: 0,
            warm_up: false,
            min_gap: Duration::from_secs(5),
            zone: None,
            reset_hour: 0,
            price: PartPrice::default(),
            balance: false,
            cards: Vec::new(),
        }
    }
}

impl Sim {
    pub(super) fn read(&mut self, section: &mut Section<'_, '_>, country: Country) {
        section.set("per_minute", &mut self.per_minute, value::count);
        section.set("per_hour", &mut self.per_hour, value::count);
        section.set("per_day", &mut self.per_day, value::count);
        section.set("per_month", &mut self.per_month, value::count);
        section.set("recipients_per_month", &mut self.recipients_per_month, value::count);
        section.set("min_gap", &mut self.min_gap, value::duration);
        section.set("warm_up", &mut self.warm_up, value::truth);
        section.set_some("zone", &mut self.zone, value::zone);
        section.set("reset_hour", &mut self.reset_hour, value::hour);
        section.set("price", &mut self.price, value::price);
        section.set("balance", &mut self.balance, value::balance);
        let (mut iccids, mut names) = (HashMap::new(), HashMap::new());
        self.cards = section.tables("card", |section| Card::read(section, country, &mut iccids, &mut names));
    }
}

impl Card {
    fn read(
        section: &mut Section<'_, '_>,
        country: Country,
        iccids: &mut HashMap<String, Place>,
        names: &mut HashMap<String, Place>,
    ) -> Self {
        let mut card = Self::default();
        if let Some(at) = section.require("iccid", &mut card.iccid, value::iccid) {
            section.is_first("iccid", iccids, card.iccid.clone(), at);
        }
        let name_at = section.set_some("name", &mut card.name, value::name);
        if let Some(name) = card.name.clone() {
            section.is_first("name", names, name, name_at);
        }
        section.set_some("number", &mut card.number, |raw| value::number(raw, country));
        section.set_some("group", &mut card.group, value::name);
        section.set_some("zone", &mut card.zone, value::zone);
        section.set_some("reset_hour", &mut card.reset_hour, value::hour);
        section.set_some("smsc", &mut card.smsc, value::smsc);
        let pin_at = section.set_some("pin_file", &mut card.pin_file, value::path);
        if let Some(path) = &card.pin_file {
            match Pin::find(path, section.credentials()) {
                Ok(pin) => card.pin = Some(pin),
                Err(error) => section.report("pin_file", pin_at, Problem::Pin(error)),
            }
        }
        section.set("roaming", &mut card.roaming, value::truth);
        section.set_some("per_minute", &mut card.per_minute, value::count);
        section.set_some("per_hour", &mut card.per_hour, value::count);
        section.set_some("per_day", &mut card.per_day, value::count);
        section.set_some("per_month", &mut card.per_month, value::count);
        section.set_some("recipients_per_month", &mut card.recipients_per_month, value::count);
        section.set_some("min_gap", &mut card.min_gap, value::duration);
        section.set_some("warm_up", &mut card.warm_up, value::truth);
        section.set_some("price", &mut card.price, value::price);
        section.table("balance", |section| card.balance = read_balance(section));
        card
    }
}

/// A card with such a table is asked unless it says otherwise.
fn read_balance(section: &mut Section<'_, '_>) -> Option<Rule> {
    let mut rule = Rule { asks: true, ..Rule::default() };
    let (mut code, mut to, mut text) = (None, None, None);
    section.set("ask", &mut rule.asks, value::balance);
    section.set_some("ussd", &mut code, value::code);
    let to_at = section.set_some("sms_to", &mut to, value::short_code);
    section.set_some("sms_text", &mut text, value::text);
    section.set_some("pattern", &mut rule.pattern, |raw| {
        Pattern::new(raw.text("a regular expression")?).map_err(Problem::Pattern)
    });
    section.set_some::<Amount>("low", &mut rule.low, value::amount);
    section.set_some("empty", &mut rule.empty, value::amount);
    rule.question = match (code, to, text) {
        (Some(code), None, None) => Some(Question::Code(code)),
        (None, Some(to), Some(text)) => Some(Question::Text { to, text }),
        (None, None, None) => None,
        _ => {
            section.report("ussd", to_at, Problem::BalanceWays);
            None
        }
    };
    section.is_written().then_some(rule)
}
