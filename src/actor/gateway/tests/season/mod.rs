//! A portfolio over three months, with the rules that come with the program: each person's way is written down line by line,
//! as it follows from the ladder, the hours and the caps, and held against the log. Apart from that, nobody is texted outside
//! the hours of a table of the test's own, more often than the caps allow, or for what is not owed.
//!
//! A day of the ladder begins at 5:00 where the creditor is. What goes is accepted and delivered at once. A journal has
//! the clock of the creditor, and of a text when the network took it.

mod brazil;
mod mexico;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Zoned;
use jiff::civil::{Date, DateTime, Weekday, date, time};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::actor::trigger::{Means, Wish};
use crate::config::Config;
use crate::config::rules::RuleBook;
use crate::contact::reply::Language;
use crate::contact::secret::Secret;
use crate::dunning::creditor::Creditor;
use crate::dunning::debt::Debt;
use crate::dunning::debtor::Debtor;
use crate::dunning::event::Happening;
use crate::dunning::money::Currency;
use crate::dunning::sample as owed;
use crate::store::definition::read_template;
use crate::store::portfolio::Item;
use crate::store::portfolio::happening::Told;

use super::ladder;
use super::*;

/// Monday.
const BEGINS: Date = date(2026, 11, 23);

/// After the last Sunday of February.
const ENDS: Date = date(2027, 3, 1);

const BOLETO: &str = "23793381286000782713695000063305997630000023000";

/// A country's portfolio.
struct Portfolio {
    country: &'static str,
    zone: &'static str,
    language: Language,
    currency: Currency,
    /// Templates that ask, by the steps that use them, and those that confirm, by the events.
    asks: &'static [(&'static str, &'static str)],
    confirms: &'static [(&'static str, &'static str)],
    ladder: Value,
    people: Vec<Person>,
    /// The hours by the test's own table: `None` on a day that is closed.
    hours: fn(&str, Date) -> Place,
}

/// Where a number may be, and when it may be texted on a day.
struct Place {
    zones: &'static [&'static str],
    hours: Option<(i8, i8)>,
}

/// Somebody who owes, what happens, and what must come of it.
struct Person {
    name: &'static str,
    numbers: &'static [&'static str],
    /// When each debt is due. The first one is known by the name and 1.
    due: Vec<Date>,
    acts: Vec<(&'static str, Act)>,
    journal: &'static [&'static str],
}

enum Act {
    /// The debts are taken in; at the beginning where this is not said.
    Arrives,
    /// It is written back.
    Says(&'static str),
    /// The keeper of the debts tells of the one with this number.
    Tells(u8, Happening),
}

fn person(
    name: &'static str,
    numbers: &'static [&'static str],
    due: Vec<Date>,
    acts: Vec<(&'static str, Act)>,
    journal: &'static [&'static str],
) -> Person {
    Person { name, numbers, due, acts, journal }
}

fn pays(amount: Option<&str>) -> Happening {
    Happening::PaymentReceived { amount: amount.map(|amount| amount.parse().unwrap()) }
}

/// A time of a journal: `12-24 08:00`.
fn at(zone: &TimeZone, written: &str) -> Timestamp {
    let year = if written.starts_with('1') { BEGINS.year() } else { ENDS.year() };
    let civil: DateTime = format!("{year}-{}", written.replace(' ', "T")).parse().unwrap();
    Timestamp::from_jiff(civil.to_zoned(zone.clone()).unwrap().timestamp())
}

impl Portfolio {
    fn zone(&self) -> TimeZone {
        TimeZone::get(self.zone).unwrap()
    }

    fn creditor(&self) -> Item {
        Item::Creditor(Box::new(Creditor {
            zone: self.zone(),
            language: self.language,
            currency: self.currency,
            ladder: Some("padrao".to_owned()),
            triggers: self.confirms.iter().map(|(event, _)| (*event, (*event).to_owned())).collect(),
            ..owed::creditor()
        }))
    }

    fn items(&self, person: &Person) -> Vec<Item> {
        let debtor = Debtor {
            name: Some(person.name.to_uppercase()),
            numbers: person.numbers.iter().map(|number| PhoneNumber::from_digits(number).unwrap()).collect(),
            ..owed::debtor(person.name)
        };
        let debt = |(due, place): (&Date, u8)| {
            let owed = Debt {
                id: format!("{}{place}", person.name),
                debtor: person.name.to_owned(),
                currency: self.currency,
                boleto: Some(BOLETO.to_owned()),
                ..ladder::debt("", *due)
            };
            Item::Debt { debtor: Some(Box::new(debtor.clone())), debt: Box::new(owed), status: None }
        };
        person.due.iter().zip(1..).map(debt).collect()
    }

    /// Plays the season and compares the journals.
    fn play(&self) {
        let zone = self.zone();
        let desk = self.desk();
        let mut season = Season { portfolio: self, desk, tp_mr: 0, zone };
        let mut acts: Vec<(Timestamp, &Person, &Act)> = Vec::new();
        for person in &self.people {
            if !person.acts.iter().any(|(_, act)| matches!(act, Act::Arrives)) {
                acts.push((season.desk.now, person, &Act::Arrives));
            }
            acts.extend(person.acts.iter().map(|(when, act)| (at(&season.zone, when), person, act)));
        }
        acts.sort_by_key(|(when, ..)| *when);
        for (when, person, act) in acts {
            season.pass_until(when);
            season.act(person, act);
        }
        season.pass_until(at(&season.zone, "03-01 00:00"));
        season.compare();
        season.check_texts();
        season.check_standing();
    }

    fn desk(&self) -> Desk {
        let mut config = Config::default();
        config.region.country = Country::from_iso(self.country).unwrap();
        let book = RuleBook::load(&config.region, &config.contact).unwrap();
        let mut settings = settings(unlimited());
        settings.country = config.region.country;
        settings.contact = config.contact_settings(book, Secret::new([7; 32])).into();
        let mut desk = Desk::with(settings);
        desk.now = Timestamp::from_jiff(BEGINS.at(5, 0, 0, 0).to_zoned(self.zone()).unwrap().timestamp());
        desk.plug("m1", "sim-a");
        let of = |purpose| move |(name, body): &(&'static str, &'static str)| (*name, purpose, *body);
        for (name, purpose, body) in
            self.asks.iter().map(of("collection")).chain(self.confirms.iter().map(of("confirmation")))
        {
            let texts = json!([{ "name": "a", "body": body }]);
            let written = if name == "boleto" {
                json!({ "purpose": purpose, "companion": "boleto", "texts": texts })
            } else {
                json!({ "purpose": purpose, "texts": texts })
            };
            let template = read_template(name, 0, written).unwrap();
            desk.gateway
                .commit(desk.now, |context| {
                    let version = context.work.save_template(&template, "test")?;
                    context.work.approve_template(name, version, "test", false)
                })
                .unwrap();
        }
        desk.ladder(&self.ladder);
        desk.take_all(&[self.creditor()]);
        desk
    }
}

/// A portfolio while it is played.
struct Season<'a> {
    portfolio: &'a Portfolio,
    desk: Desk,
    tp_mr: u8,
    zone: TimeZone,
}

/// A line of the log, with what it is about.
struct Line {
    at: Timestamp,
    kind: String,
    data: Value,
    debtor: String,
    number: String,
    purpose: String,
    text: String,
    template: String,
    step: String,
    is_companion: bool,
    debts: Vec<String>,
    cause: String,
}

impl Season<'_> {
    fn local(&self, at: Timestamp) -> Zoned {
        at.to_jiff().unwrap().to_zoned(self.zone.clone())
    }

    fn act(&mut self, person: &Person, act: &Act) {
        let now = self.desk.now;
        match act {
            Act::Arrives => self.desk.take_all(&self.portfolio.items(person)),
            Act::Says(text) => {
                let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
                let tpdu = DeliverTpdu {
                    tp_oa: Address::from_number(&format!("+{}", person.numbers[0])).unwrap(),
                    tp_scts: Scts::from_unix_seconds(now.as_millis() / 1_000, 0).unwrap(),
                    ..sample::deliver(0, 0x08, UserData::from_octets(None, units))
                };
                self.desk.receive("m1", Pdu { smsc: None, tpdu: Tpdu::Deliver(tpdu) }.encode().unwrap().octets);
            }
            Act::Tells(place, happening) => {
                let debt = format!("{}{place}", person.name);
                let told = Told { debt, happening: *happening, reference: None, client: "erp".to_owned() };
                let (reader, options, random) = (self.desk.reader(), TextOptions::default(), self.desk.random());
                let means =
                    Means { reader: &reader, options: &options, calendar: &self.desk.settings.contact.calendar };
                let prompt = means.prompt(&told, &Wish::AsTheCreditorHas, now, random).unwrap();
                let told = |context: &mut Context<'_, '_>| context.work.happen_and_tell(&told, prompt.as_ref());
                assert!(self.desk.gateway.commit(now, told).unwrap().is_some());
            }
        }
    }

    /// Lets the clock go on from one time at which there may be something to do to the next.
    fn pass_until(&mut self, end: Timestamp) {
        loop {
            let local = self.local(self.desk.now);
            let morning = local.date().to_datetime(time(5, 0, 0, 0)).to_zoned(self.zone.clone()).unwrap();
            if local >= morning {
                self.desk.plan_day();
            }
            self.send_all();
            let morning = if local < morning { morning } else { morning.tomorrow().unwrap() };
            let morning = Timestamp::from_jiff(morning.timestamp());
            // What was due and could not go is looked at again after a while, as when a transaction failed.
            let soonest = self.desk.now + Duration::from_secs(1);
            let next = self.desk.gateway.deadline(self.desk.now).map_or(morning, |due| due.max(soonest).min(morning));
            if next > end {
                self.desk.pass(end.saturating_since(self.desk.now));
                return;
            }
            self.desk.pass(next.saturating_since(self.desk.now));
        }
    }

    /// Everything that may go is accepted and delivered.
    fn send_all(&mut self) {
        loop {
            let loads = self.desk.loads();
            if loads.is_empty() {
                return;
            }
            for (modem, lease) in loads {
                if self.desk.offer(&modem, lease.segment) == Offer::Stop {
                    continue;
                }
                self.tp_mr = self.tp_mr.wrapping_add(1);
                self.desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: self.tp_mr });
                let submit = submit_tpdu(&lease);
                if submit.srr {
                    self.deliver(submit.tp_da);
                }
            }
        }
    }

    fn deliver(&mut self, tp_ra: Address) {
        let at = Scts::from_unix_seconds(self.desk.now.as_millis() / 1_000, 0).unwrap();
        let tpdu = StatusReportTpdu {
            mms: false,
            srq: false,
            lp: false,
            tp_mr: self.tp_mr,
            tp_ra,
            tp_scts: at,
            tp_dt: at,
            tp_st: 0,
            tp_pid: None,
            tp_dcs: None,
            user_data: None,
        };
        self.desk.receive("m1", Pdu { smsc: None, tpdu: Tpdu::StatusReport(tpdu) }.encode().unwrap().octets);
    }

    /// What the log tells of people.
    fn lines(&self) -> Vec<Line> {
        let conn = self.desk.gateway.store().connection();
        let sql = "SELECT event.at, type, coalesce(data, '{}'), coalesce(message.debtor, ''),
             coalesce(CAST(message.recipient AS TEXT), ''), coalesce(purpose, ''), coalesce(message.text, ''),
             coalesce(origin.template, ''), coalesce(origin.step, ''), companion_of IS NOT NULL,
             (SELECT coalesce(group_concat(id, ' '), '') FROM (SELECT debt.id FROM message_debt
             JOIN debt ON debt.key = message_debt.debt WHERE message_debt.message = message.key ORDER BY debt.id)),
             (SELECT coalesce(max(cause), '') FROM segment WHERE segment.message = message.key)
             FROM event LEFT JOIN message ON message.key = event.message LEFT JOIN origin ON origin.key = message.origin
             WHERE type IN ('message.accepted', 'message.failed', 'message.blocked', 'message.expired',
             'inbound.received', 'debt.changed', 'ladder.exit') ORDER BY seq";
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            let (data, debts): (String, String) = (row.get(2)?, row.get(10)?);
            Ok(Line {
                at: Timestamp::from_millis(row.get(0)?),
                kind: row.get(1)?,
                data: serde_json::from_str(&data).unwrap(),
                debtor: row.get(3)?,
                number: row.get(4)?,
                purpose: row.get(5)?,
                text: row.get(6)?,
                template: row.get(7)?,
                step: row.get(8)?,
                is_companion: row.get(9)?,
                debts: debts.split(' ').filter(|debt| !debt.is_empty()).map(ToOwned::to_owned).collect(),
                cause: row.get(11)?,
            })
        });
        let mut lines: Vec<Line> = rows.unwrap().map(Result::unwrap).collect();
        // Events of debts name rows.
        let mut statement = conn.prepare("SELECT key, id FROM debt").unwrap();
        let ids = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let ids: BTreeMap<i64, String> = ids.map(Result::unwrap).collect();
        for line in &mut lines {
            if let Some(id) = line.data["debt"].as_i64().and_then(|key| ids.get(&key)) {
                line.debtor = id.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
                line.debts = vec![id.clone()];
            }
        }
        lines
    }

    /// A line as a journal has it; nothing of one that says nothing of a person's way.
    fn written(&self, line: &Line, person: &Person) -> Option<String> {
        let word = |name: &str| line.data[name].as_str().unwrap_or_default().to_owned();
        let what = if line.step.is_empty() { &line.template } else { &line.step };
        let what = match (what.as_str(), line.is_companion) {
            ("", _) => "own answer".to_owned(),
            (what, true) => format!("{what} code"),
            (what, false) => what.to_owned(),
        };
        let told = match line.kind.as_str() {
            "message.accepted" => what,
            "message.blocked" => format!("{what} blocked: {}", line.cause),
            "message.failed" | "message.expired" => format!("{what} {}", &line.kind[8..]),
            "inbound.received" => {
                let effects = line.data["understood"]["effects"].as_array().cloned().unwrap_or_default();
                let effects: Vec<&str> = effects.iter().filter_map(Value::as_str).collect();
                return Some(format!("{} says {}", self.stamp(line.at), effects.join("+")));
            }
            "debt.changed" if line.data["happening"].is_string() => {
                format!("{}: {}", word("happening"), word("status"))
            }
            "ladder.exit" => format!("{} to {}", word("step"), word("channel")),
            _ => return None,
        };
        let debts: Vec<&str> = line.debts.iter().map(|debt| debt.trim_start_matches(person.name)).collect();
        let about =
            if person.due.len() > 1 && !debts.is_empty() { format!(" ({})", debts.join("+")) } else { String::new() };
        let other = person.numbers.iter().position(|number| *number == line.number).filter(|place| *place > 0);
        let other = if other.is_some() { " at the second number" } else { "" };
        Some(format!("{} {told}{about}{other}", self.stamp(line.at)))
    }

    fn stamp(&self, at: Timestamp) -> String {
        self.local(at).strftime("%m-%d %H:%M").to_string()
    }

    fn compare(&self) {
        let lines = self.lines();
        let mut wrong = String::new();
        for person in &self.portfolio.people {
            let own = lines.iter().filter(|line| line.debtor == person.name);
            let came: Vec<String> = own.filter_map(|line| self.written(line, person)).collect();
            if came != person.journal {
                use std::fmt::Write as _;
                let expected = person.journal.join("\n    ");
                writeln!(wrong, "{}\n  expected\n    {expected}\n  came\n    {}", person.name, came.join("\n    "))
                    .unwrap();
            }
        }
        let known: BTreeSet<&str> = self.portfolio.people.iter().map(|person| person.name).collect();
        let of_nobody = |line: &&Line| !known.contains(line.debtor.as_str()) && line.kind != "debt.changed";
        assert_eq!(lines.iter().filter(of_nobody).count(), 0);
        assert!(wrong.is_empty(), "\n{wrong}");
    }

    /// Nobody outside the hours or more often than the caps, by arithmetic of the test's own.
    fn check_texts(&self) {
        let lines = self.lines();
        let sent: Vec<&Line> = lines.iter().filter(|line| line.kind == "message.accepted").collect();
        for line in &sent {
            let is_lawful = |zone: &&str| {
                let local = line.at.to_jiff().unwrap().in_tz(zone).unwrap();
                let hours = (self.portfolio.hours)(&line.number, local.date()).hours;
                hours.is_some_and(|(opens, closes)| (opens..closes).contains(&local.hour()))
            };
            let zones = (self.portfolio.hours)(&line.number, BEGINS).zones;
            assert!(zones.iter().all(is_lawful), "{} {}", line.debtor, self.stamp(line.at));
        }
        let mut had: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
        for line in sent.iter().filter(|line| line.purpose == "collection" && !line.is_companion) {
            let before = had.entry(&line.debtor).or_default();
            let zone = (self.portfolio.hours)(&line.number, BEGINS).zones[0];
            let day = |line: &Line| line.at.to_jiff().unwrap().in_tz(zone).unwrap().date();
            let (today, stamp) = (day(line), self.stamp(line.at));
            let within =
                |days: i64| before.iter().filter(move |other| today < day(other) + jiff::Span::new().days(days));
            assert_eq!(within(1).count(), 0, "{} {stamp}: two in a day", line.debtor);
            assert!(within(7).count() < 3, "{} {stamp}: more than three in a week", line.debtor);
            assert!(within(7).all(|other| other.text != line.text), "{} {stamp}: the same text", line.debtor);
            before.push(line);
        }
        let texts: usize = had.values().map(Vec::len).sum();
        assert!(texts > self.portfolio.people.len(), "so few texts prove little: {texts}");
    }

    /// Nobody after a stop, and for no debt that is not asked for.
    fn check_standing(&self) {
        let lines = self.lines();
        let (mut quiet, mut silent) = (BTreeSet::new(), BTreeSet::new());
        for line in &lines {
            match line.kind.as_str() {
                "debt.changed" if line.data["happening"].is_string() => {
                    let debt = line.debts.first().unwrap().clone();
                    match line.data["status"].as_str() {
                        Some("open" | "promised") => drop(quiet.remove(&debt)),
                        _ => drop(quiet.insert(debt)),
                    }
                }
                "inbound.received" => {
                    let effects = line.data["understood"]["effects"].as_array().cloned().unwrap_or_default();
                    for effect in effects.iter().filter_map(Value::as_str) {
                        match effect {
                            "opt_out" | "wrong_person" => drop(silent.insert(line.number.clone())),
                            "deceased" => silent.extend(self.numbers_of(&line.debtor)),
                            _ => {}
                        }
                    }
                }
                "message.accepted" if line.purpose == "collection" => {
                    let about: Vec<&String> = line.debts.iter().filter(|debt| quiet.contains(*debt)).collect();
                    assert!(about.is_empty(), "{} {}: {about:?}", line.debtor, self.stamp(line.at));
                    assert!(!silent.contains(&line.number), "{} {}", line.debtor, self.stamp(line.at));
                }
                _ => {}
            }
        }
        assert!(!quiet.is_empty() && !silent.is_empty());
    }

    fn numbers_of(&self, name: &str) -> Vec<String> {
        let person = self.portfolio.people.iter().find(|person| person.name == name);
        person.map(|person| person.numbers.iter().map(|number| (*number).to_owned()).collect()).unwrap_or_default()
    }
}

/// The hours of a day of the week: those of weekdays, and of Saturdays where there are any.
fn of_week(day: Date, weekdays: (i8, i8), saturday: Option<(i8, i8)>) -> Option<(i8, i8)> {
    match day.weekday() {
        Weekday::Sunday => None,
        Weekday::Saturday => saturday,
        Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => Some(weekdays),
    }
}
