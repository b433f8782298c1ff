//! Ladders over weeks: which text is queued on which day, what stops it, and what a crash leaves.

use std::sync::Arc;

use jiff::civil::{Date, date};
use serde_json::json;

use crate::actor::ladder::Papers;
use crate::actor::ladder::foresight::{Fate, Question};
use crate::actor::ladder::plan::Means;
use crate::config::rules::RuleBook;
use crate::config::{Contact, Region};
use crate::contact::ContactSettings;
use crate::contact::standing::Standing;
use crate::contact::suppression::{Kind, Purposes};
use crate::dunning::creditor::Creditor;
use crate::dunning::debt::Debt;
use crate::dunning::debtor::Debtor;
use crate::dunning::event::Happening;
use crate::dunning::sample;
use crate::sms::text::TextOptions;
use crate::store::definition::{read_ladder, read_template};
use crate::store::erasure::{ErasureOrder, Person, Stage};
use crate::store::ladder::{Followed, Looked, Up};
use crate::store::portfolio::Item;
use crate::store::portfolio::happening::Told;
use crate::store::standing::{Whose, Word};
use crate::store::suppression::Act;

use super::*;

/// Another number of the debtor.
const OTHER: &str = "5511912345678";

/// Monday.
pub(super) const MONDAY: Date = date(2026, 11, 23);

pub(super) fn creditor() -> Item {
    Item::Creditor(Box::new(Creditor { ladder: Some("padrao".to_owned()), ..sample::creditor() }))
}

pub(super) fn debt(id: &str, due: Date) -> Debt {
    Debt { amount: "110.50".parse().unwrap(), ..sample::debt(id, "ana", due) }
}

pub(super) fn with_debtor(debt: Debt, numbers: &[&str]) -> Item {
    let debtor = Debtor {
        name: Some("ANA MARIA DA SILVA".to_owned()),
        numbers: numbers.iter().map(|number| PhoneNumber::from_digits(number).unwrap()).collect(),
        ..sample::debtor(&debt.debtor)
    };
    Item::Debt { debtor: Some(Box::new(debtor)), debt: Box::new(debt), status: None }
}

/// A gateway with one SIM, a ladder of six steps and its templates. It is Monday, 9:00 in São Paulo.
pub(super) fn desk() -> Desk {
    desk_with(settings(unlimited()))
}

pub(super) fn desk_with(settings: Settings) -> Desk {
    let mut desk = Desk::with(settings);
    desk.now = "2026-11-23T12:00:00Z".parse().unwrap();
    desk.plug("m1", "sim-a");
    for (name, body) in [
        ("lembrete", "{{ sender }}: {{ first_name }}, sua parcela de {{ amount | money }} vence em {{ due | date }}."),
        ("atraso", "{{ sender }}: {{ first_name }}, {{ total | money }} em atraso."),
        ("promessa", "{{ sender }}: {{ first_name }}, o pagamento prometido não chegou."),
    ] {
        desk.template(name, body);
    }
    desk.ladder(&json!({ "steps": [
        { "id": "antes", "on": "D-3", "text": "lembrete" },
        { "id": "d1", "on": "D+1", "roll": "next", "text": "atraso" },
        { "id": "d7", "on": "D+7", "roll": "next", "text": "atraso" },
        { "id": "carta", "on": "D+9", "exit": "letter" },
        { "id": "quebra", "on": "P+1", "text": "promessa" },
    ] }));
    desk.take_all(&[creditor()]);
    desk
}

impl Desk {
    pub(super) fn template(&mut self, name: &str, body: &str) {
        self.texts(name, &json!([{ "name": "a", "body": body }]));
    }

    pub(super) fn texts(&mut self, name: &str, texts: &serde_json::Value) {
        let written = json!({ "purpose": "collection", "texts": texts });
        let template = read_template(name, 0, written).unwrap();
        let now = self.now;
        self.gateway
            .commit(now, |context| {
                let version = context.work.save_template(&template, "test")?;
                context.work.approve_template(&template.name, version, "test", false)
            })
            .unwrap();
    }

    pub(super) fn ladder(&mut self, written: &serde_json::Value) {
        let ladder = read_ladder("padrao", 0, written.clone()).unwrap();
        self.gateway.commit(self.now, |context| context.work.store_ladder(&ladder, "test")).unwrap();
    }

    pub(super) fn take_all(&mut self, items: &[Item]) {
        let answers = self.gateway.commit(self.now, |context| context.work.take_each(items, "test")).unwrap();
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }

    pub(super) fn tell(&mut self, debt: &str, happening: Happening) {
        let told = Told { debt: debt.to_owned(), happening, reference: None, client: "erp".to_owned() };
        self.gateway.commit(self.now, |context| context.work.happen(&told)).unwrap();
    }

    /// Puts the first number on the suppression list.
    fn ban(&mut self, kind: Kind) {
        self.ban_from(kind, Purposes::ALL);
    }

    fn ban_from(&mut self, kind: Kind, purposes: Purposes) {
        let act = Act {
            kind,
            purposes,
            creditor: None,
            effective: self.now,
            source: "reply".into(),
            client: "test".into(),
            why: None,
            inbound: None,
        };
        let number = PhoneNumber::from_digits(TO).unwrap();
        self.gateway.commit(self.now, |context| context.work.suppress(&act, &[number])).unwrap();
    }

    fn newest(&self) -> MessageView {
        let newest = crate::store::view::MessageFilter { limit: 1, ..Default::default() };
        self.reader().messages(&newest).unwrap().remove(0)
    }

    /// Plans the day and carries it out; gives the texts that were queued.
    pub(super) fn run_ladders(&mut self) -> Vec<String> {
        let reader = self.reader();
        let newest = |reader: &Reader| -> i64 {
            let page = crate::store::view::MessageFilter { limit: 1, ..Default::default() };
            reader.messages(&page).unwrap().first().map_or(0, |view| view.key.0)
        };
        let before = newest(&reader);
        self.plan_day();
        let page = crate::store::view::MessageFilter { limit: 100, ..Default::default() };
        let mut queued: Vec<String> = reader
            .messages(&page)
            .unwrap()
            .into_iter()
            .filter(|view| view.key.0 > before)
            .map(|view| view.text.0)
            .collect();
        queued.reverse();
        queued
    }

    /// Plans what is up where creditors are, and carries it out.
    pub(super) fn plan_day(&mut self) {
        let reader = self.reader();
        for Followed { row, epoch, looked, .. } in reader.creditors_of_ladders().unwrap() {
            let Some(after) = looked else { continue };
            let left = reader.cases_after(row, after, 1_000).unwrap().into_iter().map(|(_, key)| key).collect();
            let looked = Looked { creditor: row, epoch, upto: None, left };
            self.gateway.commit(self.now, |context| context.work.look_on(&looked)).unwrap();
        }
        let mut papers = None;
        for (row, creditor) in reader.creditor_rows().unwrap() {
            let today = self.now.to_jiff().unwrap().to_zoned(creditor.zone.clone()).date();
            for Up { key, .. } in reader.cases_up(row, today, None, 1_000).unwrap() {
                let means = Means {
                    papers: Arc::clone(papers.get_or_insert_with(|| Arc::new(Papers::read(&reader).unwrap()))),
                    calendar: Arc::clone(&self.settings.contact.calendar),
                    text: TextOptions::default(),
                    now: self.now,
                };
                let mut loaded = reader.cases(&[key], &creditor, today, self.now).unwrap();
                let loaded = loaded.pop().unwrap().unwrap();
                let carried = means.plan(&loaded, self.random());
                assert!(self.gateway.commit(self.now, |context| context.work.carry_out(&carried)).unwrap());
            }
        }
    }

    /// Octets that name a message and its companion as no others.
    pub(super) fn random(&self) -> [u8; 11] {
        let mut octets = [0; 11];
        octets[2..10].copy_from_slice(&self.gateway.store().last_seq().to_be_bytes());
        octets
    }

    pub(super) fn today(&self) -> Date {
        self.now.to_jiff().unwrap().in_tz("America/Sao_Paulo").unwrap().date()
    }

    /// Runs each day of a stretch and sends what is queued; gives the days on which something was, and what.
    pub(super) fn days(&mut self, days: i64) -> Vec<(String, String)> {
        let mut sent = Vec::new();
        for _ in 0..days {
            let day = self.today().to_string();
            for text in self.run_ladders() {
                sent.push((day.clone(), text));
                self.serial += 1;
                let mr = self.serial;
                self.send(mr);
            }
            self.now = self.now + Duration::from_secs(86_400);
        }
        sent
    }

    fn exits(&self) -> Vec<String> {
        let conn = self.gateway.store().connection();
        let mut statement = conn.prepare("SELECT data FROM event WHERE type = 'ladder.exit' ORDER BY seq").unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

fn days_of(sent: &[(String, String)]) -> Vec<&str> {
    sent.iter().map(|(day, _)| day.as_str()).collect()
}

const REMINDER: &str = "Loja Azul: Ana, sua parcela de R$ 110,50 vence em 28/11/2026.";
const LATE: &str = "Loja Azul: Ana, R$ 110,50 em atraso.";

#[test]
fn each_step_goes_on_its_day_and_once() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 28)), &[TO])]);
    let sent = desk.days(20);
    // D-3 is a Wednesday; D+1 and D+7 are a Sunday and a Saturday, and roll on to Monday.
    let expected = [("2026-11-25", REMINDER), ("2026-11-30", LATE), ("2026-12-07", LATE)];
    assert_eq!(sent, expected.map(|(day, text)| (day.to_owned(), text.to_owned())));
    assert_eq!(desk.exits().len(), 1);
}

/// Ladders are planned by rules under which the company is closed on these days.
fn close(desk: &mut Desk, closures: &[Date]) {
    let config = crate::config::Config::default();
    let rules = Contact { closures: closures.to_vec(), ..config.contact };
    let book = RuleBook::load(&config.region, &rules).unwrap();
    let contact = ContactSettings { calendar: book.calendar.into(), ..(*desk.settings.contact).clone() };
    desk.settings.contact = contact.into();
    let is_another =
        |desk: &mut Desk| desk.gateway.commit(desk.now, |context| context.work.plan_by(book.edition)).unwrap();
    assert!(is_another(desk));
    // Rules that are read again as they were wake nobody.
    assert!(!is_another(desk));
}

#[test]
fn other_rules_have_every_case_planned_again() {
    let mut desk = desk();
    desk.ladder(&json!({ "steps": [{ "id": "d1", "on": "D+1", "roll": "next", "text": "atraso" }] }));
    close(&mut desk, &[date(2026, 11, 30)]);
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 28)), &[TO])]);
    assert_eq!(desk.run_ladders(), Vec::<String>::new());
    let next = |desk: &Desk| desk.reader().next_case(desk.reader().creditor_rows().unwrap()[0].0).unwrap();
    // Sunday, then a day on which the company is closed.
    assert_eq!(next(&desk), Some(date(2026, 12, 1)));
    close(&mut desk, &[]);
    assert_eq!(desk.run_ladders(), Vec::<String>::new());
    assert_eq!(next(&desk), Some(date(2026, 11, 30)));
    assert_eq!(days_of(&desk.days(10)), ["2026-11-30"]);
}

#[test]
fn a_day_that_is_planned_twice_brings_one_text() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", MONDAY + jiff::Span::new().days(3)), &[TO])]);
    assert_eq!(desk.run_ladders().len(), 1);
    assert_eq!(desk.run_ladders(), Vec::<String>::new());
    desk.restart();
    assert_eq!(desk.run_ladders(), Vec::<String>::new());
    // Also when something of the case is another, and it is looked at again.
    desk.take_all(&[with_debtor(Debt { product: Some("card".into()), ..debt("d1", date(2026, 11, 26)) }, &[TO])]);
    assert_eq!(desk.run_ladders(), Vec::<String>::new());
}

#[test]
fn a_payment_stops_the_text_that_waits_and_those_to_come() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 26)), &[TO])]);
    assert_eq!(desk.run_ladders().len(), 1);
    desk.tell("d1", Happening::PaymentReceived { amount: None });
    assert!(desk.loads().is_empty());
    assert_eq!(desk.days(30), []);
    assert_eq!(desk.exits(), Vec::<String>::new());
}

#[test]
fn another_amount_is_written_anew() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 26)), &[TO])]);
    assert_eq!(desk.run_ladders(), ["Loja Azul: Ana, sua parcela de R$ 110,50 vence em 26/11/2026."]);
    desk.tell("d1", Happening::PaymentReceived { amount: "10.50".parse().ok() });
    assert_eq!(desk.run_ladders(), ["Loja Azul: Ana, sua parcela de R$ 100,00 vence em 26/11/2026."]);
    assert_eq!(desk.loads().len(), 1);
}

#[test]
fn a_promise_keeps_it_quiet_and_a_broken_one_is_named() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 19)), &[TO])]);
    desk.tell("d1", Happening::Promise { until: date(2026, 11, 27) });
    // D+7 falls inside the promise and is dropped; the day after it is that of the broken promise.
    let sent = desk.days(5);
    assert_eq!(sent, []);
    let sent = desk.days(3);
    assert_eq!(days_of(&sent), ["2026-11-28"]);
    assert_eq!(sent[0].1, "Loja Azul: Ana, o pagamento prometido não chegou.");
}

#[test]
fn a_promise_that_is_kept_ends_it() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 19)), &[TO])]);
    desk.tell("d1", Happening::Promise { until: date(2026, 11, 27) });
    assert_eq!(desk.days(4), []);
    desk.tell("d1", Happening::PaymentReceived { amount: None });
    assert_eq!(desk.days(20), []);
}

#[test]
fn debts_of_one_debtor_travel_together() {
    let mut desk = desk();
    let due = date(2026, 11, 20);
    desk.take_all(&[with_debtor(debt("d1", due), &[TO]), with_debtor(debt("d2", due), &[TO])]);
    let sent = desk.days(10);
    // D+1 is a Saturday.
    assert_eq!(days_of(&sent), ["2026-11-23", "2026-11-27"]);
    assert!(sent.iter().all(|(_, text)| text == "Loja Azul: Ana, R$ 221,00 em atraso."));
}

#[test]
fn a_payment_of_one_debt_takes_it_out_of_the_text_of_both() {
    let mut desk = desk();
    let due = date(2026, 11, 16);
    desk.take_all(&[with_debtor(debt("d1", due), &[TO]), with_debtor(debt("d2", due), &[TO])]);
    // Monday is D+7.
    assert_eq!(desk.run_ladders(), ["Loja Azul: Ana, R$ 221,00 em atraso."]);
    desk.tell("d1", Happening::PaymentReceived { amount: None });
    assert_eq!(desk.run_ladders(), [LATE]);
    assert_eq!(desk.loads().len(), 1);
}

#[test]
fn whoever_opts_out_of_one_number_is_not_texted_at_another() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 26)), &[TO, OTHER])]);
    desk.ban(Kind::OptOut);
    assert_eq!(desk.days(30), []);
}

#[test]
fn a_wrong_number_leads_to_the_next_one_at_once() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 26)), &[TO, OTHER])]);
    assert_eq!(desk.run_ladders().len(), 1);
    desk.ban(Kind::WrongPerson);
    assert_eq!(desk.run_ladders().len(), 1);
    assert_eq!(desk.newest().to, PhoneNumber::from_digits(OTHER));
}

#[test]
fn an_opt_in_has_the_ladder_go_on() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 26)), &[TO])]);
    desk.ban(Kind::OptOut);
    assert_eq!(desk.days(1), []);
    let number = PhoneNumber::from_digits(TO).unwrap();
    desk.gateway.commit(desk.now, |context| context.work.lift(number, |_| true, "test", "opt-in", None)).unwrap();
    assert_eq!(days_of(&desk.days(7)), ["2026-11-27"]);
}

#[test]
fn a_ladder_that_a_creditor_gets_later_is_followed() {
    let mut desk = desk();
    let Item::Creditor(with_ladder) = creditor() else { panic!("no creditor") };
    let without = Creditor { ladder: None, ..*with_ladder.clone() };
    desk.take_all(&[Item::Creditor(Box::new(without)), with_debtor(debt("d1", date(2026, 11, 26)), &[TO])]);
    assert_eq!(desk.run_ladders(), Vec::<String>::new());
    desk.take_all(&[Item::Creditor(with_ladder)]);
    assert_eq!(desk.run_ladders().len(), 1);
}

#[test]
fn whoever_wants_no_texts_at_one_number_is_not_asked_at_another_that_is_confirmed() {
    for kind in [Kind::OptOut, Kind::Deceased] {
        let mut desk = desk();
        desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 28)), &[OTHER, TO])]);
        let other = PhoneNumber::from_digits(OTHER).unwrap();
        desk.gateway.commit(desk.now, |context| context.work.confirm_number(other, None)).unwrap();
        desk.ban(kind);
        assert_eq!(desk.days(20), [], "{kind:?}");
    }
}

#[test]
fn whoever_wanted_no_texts_or_died_before_an_erasure_is_not_asked_at_another_number() {
    for kind in [Kind::OptOut, Kind::Deceased] {
        let mut desk = desk();
        let item = || with_debtor(debt("d1", date(2026, 11, 28)), &[OTHER, TO]);
        desk.take_all(&[item()]);
        desk.ban(kind);
        desk.roll_up();
        let order = ErasureOrder {
            person: Person::Debtor("ana".into()),
            reason: "asked for".into(),
            client: "dpo".into(),
            until: None,
            suppress: false,
        };
        let begun = desk.gateway.commit(desk.now, |context| context.work.begin_erasure(&order)).unwrap().unwrap();
        assert_eq!(desk.go_on(begun.key), Stage::Done);
        desk.take_all(&[item()]);
        assert_eq!(desk.days(20), [], "{kind:?}");
    }
}

#[test]
fn what_was_planned_before_a_ladder_was_edited_is_not_carried_out() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 26)), &[TO])]);
    let reader = desk.reader();
    let (row, creditor) = reader.creditor_rows().unwrap().remove(0);
    let Up { key, .. } = reader.cases_up(row, MONDAY, None, 1).unwrap().remove(0);
    let loaded = reader.cases(&[key], &creditor, MONDAY, desk.now).unwrap().remove(0).unwrap();
    let means = Means {
        papers: Arc::new(Papers::read(&reader).unwrap()),
        calendar: Arc::clone(&ContactSettings::none().calendar),
        text: TextOptions::default(),
        now: desk.now,
    };
    let planned = means.plan(&loaded, [1; 11]);
    assert!(planned.sending.is_some());
    desk.ladder(&json!({ "steps": [{ "id": "d1", "on": "D+1", "text": "atraso" }] }));
    assert!(!desk.gateway.commit(desk.now, |context| context.work.carry_out(&planned)).unwrap());
    assert_eq!(desk.run_ladders(), Vec::<String>::new());
}

#[test]
fn an_offer_for_early_payment_goes_as_a_promotion() {
    let mut desk = desk();
    let body = "{{ sender }}: {{ first_name }}, pague até {{ due | date }} com desconto: {{ amount | money }}.";
    let written = json!({ "purpose": "promotion", "texts": [{ "name": "a", "body": body }] });
    let template = read_template("oferta", 0, written).unwrap();
    desk.gateway
        .commit(desk.now, |context| {
            let version = context.work.save_template(&template, "test")?;
            context.work.approve_template("oferta", version, "test", false)
        })
        .unwrap();
    desk.ladder(&json!({ "steps": [{ "id": "oferta", "on": "D-3", "text": "oferta" }] }));
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 26)), &[TO])]);
    assert_eq!(desk.run_ladders().len(), 1);
    let offer = desk.newest();
    assert_eq!(offer.purpose, "promotion");
    // Who wants no offers gets none, and is texted about what is due.
    desk.ban_from(Kind::OptOut, Purposes::of(&[Purpose::Promotion]));
    assert_eq!(desk.state(offer.id), MessageState::Blocked);
}

#[test]
fn nobody_is_left_to_another_channel_who_says_that_it_is_paid() {
    let mut desk = desk();
    desk.ladder(&json!({ "steps": [{ "id": "carta", "on": "D+9", "exit": "letter" }] }));
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 14)), &[TO])]);
    let exits = |desk: &Desk| -> i64 {
        let sql = "SELECT count(*) FROM event WHERE type = 'ladder.exit'";
        desk.gateway.store().connection().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let say = |desk: &mut Desk, standing: Standing| {
        let (whose, now) = (Whose::Debtor("ana".to_owned()), desk.now);
        let word = Word { client: "test", inbound: None, message: None };
        desk.gateway.commit(now, |context| context.work.set_standing(&whose, standing, word)).unwrap();
    };
    say(&mut desk, Standing::Unconfirmed);
    assert_eq!((desk.days(3), exits(&desk)), (Vec::new(), 0));
    say(&mut desk, Standing::Open);
    assert_eq!((desk.days(1), exits(&desk)), (Vec::new(), 1));
}

#[test]
fn a_text_that_no_sim_may_ever_send_is_told_and_tried_again() {
    let mut desk = desk_with(settings(Limits { per_minute: 1, ..unlimited() }));
    let long =
        "{{ sender }}: {{ first_name }}, {{ total | money }} em atraso. ".to_owned() + &"Podemos ajudar? ".repeat(10);
    desk.template("atraso", &long);
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 22)), &[TO])]);
    assert_eq!(desk.run_ladders(), Vec::<String>::new());
    let problem = "SELECT count(*) FROM dunning_case WHERE problem IS NOT NULL";
    let problems =
        |desk: &Desk| -> i64 { desk.gateway.store().connection().query_row(problem, [], |row| row.get(0)).unwrap() };
    assert_eq!(problems(&desk), 1);
    desk.template("atraso", "{{ sender }}: {{ first_name }}, {{ total | money }} em atraso.");
    assert_eq!((desk.run_ladders().len(), problems(&desk)), (1, 0));
}

#[test]
fn a_debt_that_is_another_debtors_now_is_not_asked_of_the_one_before() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 26)), &[TO])]);
    assert_eq!(desk.run_ladders().len(), 1);
    let to_ana = desk.newest();
    desk.take_all(&[with_debtor(Debt { debtor: "bia".to_owned(), ..debt("d1", date(2026, 11, 26)) }, &[OTHER])]);
    assert_eq!(desk.state(to_ana.id), MessageState::Blocked);
}

#[test]
fn a_text_does_not_go_to_a_number_that_is_the_debtors_no_more() {
    let mut desk = desk();
    let owed = debt("d1", date(2026, 11, 26));
    desk.take_all(&[with_debtor(owed.clone(), &[TO])]);
    assert_eq!(desk.run_ladders().len(), 1);
    let to_the_old = desk.newest();
    desk.take_all(&[with_debtor(owed, &[OTHER])]);
    assert_eq!(desk.state(to_the_old.id), MessageState::Blocked);
    assert_eq!(desk.run_ladders().len(), 1);
    assert_eq!(desk.newest().to, PhoneNumber::from_digits(OTHER));
}

#[test]
fn an_extension_reminds_of_the_new_day() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 26)), &[TO])]);
    assert_eq!(desk.days(1).len(), 1);
    desk.tell("d1", Happening::ExtensionGranted { due: date(2026, 12, 14) });
    let sent = desk.days(30);
    assert_eq!(days_of(&sent), ["2026-12-11", "2026-12-15", "2026-12-21"]);
}

#[test]
fn a_reminder_of_the_new_day_is_taken_back_although_that_of_the_old_day_has_left() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 26)), &[TO])]);
    assert_eq!(desk.days(1).len(), 1);
    desk.tell("d1", Happening::ExtensionGranted { due: date(2026, 12, 14) });
    assert_eq!(desk.days(17), []);
    assert_eq!(desk.run_ladders().len(), 1);
    desk.tell("d1", Happening::Promise { until: date(2026, 12, 14) });
    assert_eq!(desk.run_ladders(), Vec::<String>::new());
    assert!(desk.loads().is_empty());
}

/// Ana has had the text of D+1 and answers it.
fn answered(text: &str) -> Desk {
    let mut settings = settings(unlimited());
    let lexicon = crate::config::replies::standard().into();
    settings.contact = ContactSettings { lexicon, ..ContactSettings::none() }.into();
    let mut desk = desk_with(settings);
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 22)), &[TO, OTHER])]);
    assert_eq!(desk.days(1).len(), 1);
    desk.receive("m1", deliver(&format!("+{TO}"), text, None));
    desk
}

#[test]
fn a_dispute_by_text_is_over_when_its_debt_is_opened_again() {
    let mut desk = answered("não reconheço essa dívida");
    desk.tell("d1", Happening::Reopened);
    // D+7 is a Sunday.
    assert_eq!(days_of(&desk.days(8)), ["2026-11-30"]);
}

#[test]
fn a_debt_that_is_opened_again_wakes_nobody_who_has_died() {
    let mut desk = answered("ele faleceu");
    desk.tell("d1", Happening::Dispute);
    desk.tell("d1", Happening::Reopened);
    let labels = Labels { debtor: Some("ana".into()), ..Labels::default() };
    let to = PhoneNumber::from_digits(OTHER).unwrap();
    let submission = Submission { to, labels, ..desk.submission("Loja Azul: fale conosco.") };
    desk.try_submit(&submission);
    let disputed = Reason::Contact(crate::contact::Reason::Disputed);
    assert_eq!(desk.verdict(submission.id), Verdict::Hold { reason: disputed, until: None });
}

#[test]
fn a_ladder_that_is_edited_sends_nothing_again() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 19)), &[TO])]);
    assert_eq!(days_of(&desk.days(5)), ["2026-11-26"]);
    desk.ladder(&json!({ "steps": [
        { "id": "d5", "on": "D+5", "text": "atraso" },
        { "id": "d7", "on": "D+7", "text": "lembrete" },
        { "id": "d11", "on": "D+11", "text": "atraso" },
    ] }));
    assert_eq!(days_of(&desk.days(10)), ["2026-11-30"], "d5 has passed, d7 is done");
}

#[test]
fn a_step_without_an_approved_template_says_so_and_goes_when_there_is_one() {
    let mut desk = desk();
    desk.ladder(&json!({ "steps": [{ "id": "hoje", "on": "D+0", "text": "novo" }] }));
    desk.take_all(&[with_debtor(debt("d1", MONDAY), &[TO])]);
    assert_eq!(desk.run_ladders(), Vec::<String>::new());
    let sql = "SELECT problem ->> 'code', problem ->> 'detail' FROM dunning_case";
    let problem: (String, String) =
        desk.gateway.store().connection().query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(problem, ("no_template".to_owned(), "no template \"novo\" is approved".to_owned()));
    desk.template("novo", "{{ sender }}: vence hoje.");
    assert_eq!(desk.run_ladders(), ["Loja Azul: vence hoje."]);
}

/// What the ladder would do on a day: debt, step and outcome.
fn foreseen(desk: &Desk, date: Option<Date>) -> Vec<(String, String, Fate)> {
    let calendar = tokio::sync::watch::channel(Arc::clone(&desk.settings.contact.calendar)).1;
    let (handle, _) = crate::actor::ladder::handle(calendar, TextOptions::default());
    let confirm_numbers = desk.settings.contact.confirm_numbers;
    let ladder = "padrao".to_owned();
    let question = Question { ladder, creditor: None, date, after: None, limit: 100, confirm_numbers };
    let foreseen = handle.foresee(&desk.reader(), &question, desk.now).unwrap();
    foreseen.steps.into_iter().map(|step| (step.debt, step.step, step.fate)).collect()
}

#[test]
fn what_is_foreseen_of_each_day_is_what_comes_of_it() {
    let mut desk = desk();
    let due = date(2026, 11, 28);
    desk.take_all(&[with_debtor(debt("d1", due), &[TO]), with_debtor(debt("d2", date(2026, 12, 1)), &[TO])]);
    let days: Vec<Date> = (0..20).map(|day| MONDAY + jiff::Span::new().days(day)).collect();
    let texts = |steps: Vec<(String, String, Fate)>| {
        let goes = |fate: &Fate| matches!(fate, Fate::Text { .. });
        steps.into_iter().filter(|(_, _, fate)| goes(fate)).map(|(debt, step, _)| (debt, step)).collect::<Vec<_>>()
    };
    let foreseen: Vec<(String, usize)> = days
        .iter()
        .map(|day| (day.to_string(), texts(foreseen(&desk, Some(*day))).len()))
        .filter(|(_, texts)| *texts > 0)
        .collect();
    let sent = desk.days(20);
    let came: Vec<(String, usize)> = sent.iter().map(|(day, _)| (day.clone(), 1)).collect();
    assert_eq!(foreseen, came);
    assert!(came.len() > 3, "{came:?}");
}

#[test]
fn what_keeps_a_debt_from_its_step_is_foreseen_with_its_end() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 22)), &[TO])]);
    desk.tell("d1", Happening::Promise { until: date(2026, 11, 27) });
    let why = |fate: &Fate| match fate {
        Fate::Skipped { why, until } => Some((why.name(), *until)),
        Fate::Text { .. } | Fate::With { .. } | Fate::Queued | Fate::Exit(_) | Fate::Problem(_) | Fate::Held { .. } => {
            None
        }
    };
    let today = foreseen(&desk, None);
    let held: Vec<_> = today.iter().filter_map(|(_, step, fate)| Some((step.as_str(), why(fate)?))).collect();
    assert!(held.contains(&("d1", ("promise", Some(date(2026, 11, 27))))), "{held:?}");
}

#[test]
fn a_text_in_the_queue_is_foreseen_as_such() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", MONDAY + jiff::Span::new().days(3)), &[TO])]);
    assert_eq!(desk.run_ladders().len(), 1);
    let found = foreseen(&desk, None);
    assert_eq!(
        found.iter().map(|(_, step, fate)| (step.as_str(), fate)).collect::<Vec<_>>(),
        [("antes", &Fate::Queued)]
    );
}

#[test]
fn a_step_can_be_for_debts_of_an_age() {
    let mut desk = desk();
    desk.ladder(&json!({ "steps": [
        { "id": "novas", "on": "D-1", "text": "lembrete", "segment": { "age_days": { "max": 3 } } },
        { "id": "antigas", "on": "D-1", "text": "atraso", "segment": { "age_days": { "min": 4 } } },
    ] }));
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 26)), &[TO])]);
    assert_eq!(desk.days(5).len(), 1);
    desk.take_all(&[with_debtor(debt("d2", date(2026, 12, 4)), &[TO])]);
    assert_eq!(desk.days(10), [("2026-12-03".to_owned(), LATE.to_owned())]);
}

#[test]
fn an_intake_is_told_once_however_many_debts_it_has() {
    let mut desk = desk();
    let told = |desk: &Desk| -> Vec<String> {
        let conn = desk.gateway.store().connection();
        let mut statement = conn.prepare("SELECT data FROM event WHERE type = 'debt.changed' ORDER BY seq").unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let before = told(&desk).len();
    let items = [with_debtor(debt("d1", MONDAY), &[TO]), with_debtor(debt("d2", MONDAY), &[TO])];
    desk.take_all(&items);
    assert_eq!(told(&desk)[before..], [r#"{"changed":0,"client":"test","created":2}"#]);
    // What is there as it is changes nothing.
    desk.take_all(&items);
    assert_eq!(told(&desk).len(), before + 1);
}

#[test]
fn a_text_that_a_payment_took_back_does_not_go_late_when_the_payment_bounces() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 22)), &[TO])]);
    assert_eq!(desk.run_ladders(), [LATE]);
    desk.tell("d1", Happening::PaymentReceived { amount: None });
    assert_eq!(desk.state(desk.newest().id), MessageState::Blocked);
    assert_eq!(desk.days(19), []);
    desk.tell("d1", Happening::Reopened);
    assert_eq!(desk.days(5), []);
}

#[test]
fn a_creditors_other_ladder_catches_up_though_its_version_is_the_same() {
    let mut desk = desk();
    let other = json!({ "catch_up": "latest", "steps": [{ "id": "d2", "on": "D+2", "text": "promessa" }] });
    let other = read_ladder("dura", 0, other).unwrap();
    desk.gateway.commit(desk.now, |context| context.work.store_ladder(&other, "test")).unwrap();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 19)), &[TO])]);
    assert_eq!(desk.run_ladders(), Vec::<String>::new());
    let Item::Creditor(creditor) = creditor() else { panic!("no creditor") };
    desk.take_all(&[Item::Creditor(Box::new(Creditor { ladder: Some("dura".to_owned()), ..*creditor }))]);
    assert_eq!(desk.run_ladders().len(), 1);
    assert_eq!(desk.days(3).len(), 0);
}

#[test]
fn one_debt_that_two_systems_send_is_one_text_and_asked_for_once() {
    let mut desk = desk();
    let due = date(2026, 11, 22);
    let instalment = crate::dunning::debt::Instalment { number: 3, of: 12 };
    let of_contract =
        |id: &str| Debt { contract: Some("c-1".to_owned()), instalment: Some(instalment), ..debt(id, due) };
    let (crm, erp) = (of_contract("crm-1"), of_contract("erp-1"));
    desk.take_all(&[with_debtor(crm, &[TO]), with_debtor(erp.clone(), &[TO])]);
    assert_eq!(desk.run_ladders(), [LATE]);
    // A payment of either stops it, and what the other is owed goes on.
    desk.tell("crm-1", Happening::PaymentReceived { amount: None });
    assert_eq!(desk.state(desk.newest().id), MessageState::Blocked);
    // What is owed beside it is added to it.
    desk.take_all(&[with_debtor(debt("other", due), &[TO]), with_debtor(of_contract("crm-2"), &[TO])]);
    let both = "Loja Azul: Ana, R$ 221,00 em atraso.";
    assert_eq!(desk.run_ladders(), [both]);
}

#[test]
fn one_payment_slip_under_two_ids_is_found() {
    let mut desk = desk();
    let with = |id: &str, contract: &str, boleto: &str| {
        let (contract, boleto) = (Some(contract.to_owned()), Some(boleto.to_owned()));
        Debt { contract, boleto, ..debt(id, date(2026, 11, 22)) }
    };
    let doubles = |desk: &Desk| desk.reader().cases_with_doubles(9).unwrap().len();
    desk.take_all(&[with_debtor(with("d1", "c1", "1234"), &[TO]), with_debtor(with("d2", "c2", "5678"), &[TO])]);
    assert_eq!(doubles(&desk), 0);
    desk.take_all(&[with_debtor(with("d3", "c3", "1234"), &[TO])]);
    assert_eq!(doubles(&desk), 1);
}

/// What is known of a debtor's past on the day that it is.
fn past(desk: &Desk) -> (u32, u32, u32) {
    let (_, creditor) = desk.reader().creditor_rows().unwrap().remove(0);
    let past = desk.reader().case_of("ana", &creditor, desk.today(), desk.now).unwrap().unwrap().case.past;
    (past.paid, past.paid_late, past.promises_broken)
}

/// Two days of grace for promises.
fn desk_with_grace() -> Desk {
    let mut settings = settings(unlimited());
    let contact = ContactSettings { promise_grace: Duration::from_secs(2 * 86_400), ..ContactSettings::none() };
    settings.contact = contact.into();
    desk_with(settings)
}

#[test]
fn each_promise_that_was_not_kept_is_a_broken_one() {
    let at = |desk: &mut Desk, time: &str| desk.now = time.parse().unwrap();
    let promise = |desk: &mut Desk, day: i8| desk.tell("d1", Happening::Promise { until: date(2026, 11, day) });
    let mut desk = desk_with_grace();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 5)), &[TO])]);
    at(&mut desk, "2026-11-06T12:00:00Z");
    promise(&mut desk, 8);
    // Given for another before its day: replaced.
    at(&mut desk, "2026-11-07T12:00:00Z");
    promise(&mut desk, 10);
    // What is no payment keeps no promise.
    desk.tell("d1", Happening::ServiceCut);
    at(&mut desk, "2026-11-12T12:00:00Z");
    assert_eq!(past(&desk).2, 0, "the days of grace are not over");
    // After its day, the promise before was not kept.
    promise(&mut desk, 20);
    for day in ["13", "22"] {
        at(&mut desk, &format!("2026-11-{day}T12:00:00Z"));
        assert_eq!(past(&desk).2, 1, "on the {day}th");
    }
    at(&mut desk, "2026-11-23T12:00:00Z");
    assert_eq!(past(&desk).2, 2);
    // Paid within the grace, a third one is kept.
    promise(&mut desk, 25);
    at(&mut desk, "2026-11-27T12:00:00Z");
    desk.tell("d1", Happening::PaymentReceived { amount: None });
    // Told of what is paid, it is no promise.
    promise(&mut desk, 28);
    at(&mut desk, "2026-12-27T12:00:00Z");
    assert_eq!(past(&desk), (1, 1, 2));
}

#[test]
fn a_payment_in_the_evening_of_the_day_is_in_time_where_the_creditor_is() {
    let mut desk = desk();
    let due = date(2026, 11, 24);
    desk.take_all(&[with_debtor(debt("d1", due), &[TO]), with_debtor(debt("d2", due), &[TO])]);
    desk.tell("d2", Happening::Promise { until: due });
    // 21:30 in São Paulo, where the 25th has not begun.
    desk.now = "2026-11-25T00:30:00Z".parse().unwrap();
    desk.tell("d1", Happening::PaymentReceived { amount: None });
    desk.tell("d2", Happening::PaymentReceived { amount: None });
    desk.now = "2026-11-30T12:00:00Z".parse().unwrap();
    assert_eq!(past(&desk), (2, 0, 0));
    // Half past midnight is late.
    desk.take_all(&[with_debtor(debt("d3", due), &[TO])]);
    desk.now = "2026-11-25T03:30:00Z".parse().unwrap();
    desk.tell("d3", Happening::PaymentReceived { amount: None });
    desk.now = "2026-11-30T12:00:00Z".parse().unwrap();
    assert_eq!(past(&desk), (3, 1, 0));
}

#[test]
fn a_debt_that_is_left_to_another_channel_is_named_to_whoever_takes_it_over() {
    let mut desk = desk();
    desk.ladder(&json!({ "steps": [{ "id": "carta", "on": "D+9", "exit": "letter" }] }));
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 14)), &[TO])]);
    assert_eq!(desk.days(1), []);
    let exits = |creditors: &[String]| -> Vec<serde_json::Value> {
        let events = desk.reader().events(Page::After(0), 1_000, creditors).unwrap();
        let exits = events.into_iter().filter(|event| event.kind == "ladder.exit");
        exits.map(|event| serde_json::from_str(&crate::http::posted(event, false)).unwrap()).collect()
    };
    let exit = exits(&[]).remove(0);
    let of = |field: &str| exit["data"][field].clone();
    assert_eq!([of("debt"), of("debtor"), of("creditor")], [json!("d1"), json!("ana"), json!("loja")]);
    assert_eq!(exit["data"]["data"]["channel"], "letter");
    assert_eq!(exits(&["loja".to_owned()]).len(), 1);
    assert_eq!(exits(&["banco".to_owned()]).len(), 0);
}

/// The hours of contact that come with the program.
fn with_hours() -> ContactSettings {
    let book = RuleBook::load(&Region::default(), &Contact::default()).unwrap();
    ContactSettings { calendar: book.calendar.into(), ..ContactSettings::none() }
}

#[test]
fn a_text_is_foreseen_for_the_hours_in_which_it_may_go() {
    let mut settings = settings(unlimited());
    settings.contact = with_hours().into();
    let mut desk = desk_with(settings);
    // Thursday: planned at 5:00, and allowed from 8:00 on.
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 29)), &[TO]), with_debtor(debt("d2", MONDAY), &[TO])]);
    let opens = |desk: &Desk, date: Option<Date>| {
        let found = foreseen(desk, date).into_iter().find_map(|(_, _, fate)| {
            let Fate::Text { not_before, .. } = fate else { return None };
            Some(not_before.to_string())
        });
        found.unwrap_or_default()
    };
    assert_eq!(opens(&desk, Some(date(2026, 11, 26))), "2026-11-26T11:00:00.000Z");
    // Today is no other: at 23:00 of Tuesday it waits for Wednesday morning.
    desk.now = "2026-11-25T02:00:00Z".parse().unwrap();
    assert_eq!(opens(&desk, None), "2026-11-25T11:00:00.000Z");
}

#[test]
fn a_text_that_would_wait_for_a_person_is_not_foreseen_as_going() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 22)), &[TO])]);
    let held = |desk: &Desk| -> Vec<(String, &'static str)> {
        let steps = foreseen(desk, None).into_iter();
        let held = steps.filter_map(|(_, step, fate)| {
            if let Fate::Held { reason, .. } = fate {
                return Some((step, reason.code()));
            }
            matches!(fate, Fate::Text { .. }).then_some((step, "goes"))
        });
        held.collect()
    };
    assert_eq!(held(&desk), [("d1".to_owned(), "goes")]);
    for (standing, code) in [(Standing::Disputed, "disputed"), (Standing::Unconfirmed, "unconfirmed")] {
        let (whose, now) = (Whose::Debtor("ana".to_owned()), desk.now);
        let word = Word { client: "test", inbound: None, message: None };
        desk.gateway.commit(now, |context| context.work.set_standing(&whose, standing, word)).unwrap();
        assert_eq!(held(&desk), [("d1".to_owned(), code)]);
    }
    let mut settings = settings(unlimited());
    settings.contact = ContactSettings { confirm_numbers: true, ..ContactSettings::none() }.into();
    let mut desk = desk_with(settings);
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 22)), &[TO])]);
    assert_eq!(held(&desk), [("d1".to_owned(), "unconfirmed")]);
    let number = PhoneNumber::from_digits(TO).unwrap();
    desk.gateway.commit(desk.now, |context| context.work.confirm_number(number, None)).unwrap();
    assert_eq!(held(&desk), [("d1".to_owned(), "goes")]);
}

#[test]
fn a_text_that_was_turned_away_leaves_the_day_to_another_creditor() {
    let mut desk = desk();
    let banco = Creditor { id: "banco".to_owned(), ladder: Some("padrao".to_owned()), ..sample::creditor() };
    let other = Debt { creditor: "banco".to_owned(), ..debt("d2", date(2026, 11, 22)) };
    desk.take_all(&[Item::Creditor(Box::new(banco)), with_debtor(debt("d1", date(2026, 11, 22)), &[TO])]);
    assert_eq!(desk.run_ladders(), [LATE]);
    desk.tell("d1", Happening::PaymentReceived { amount: None });
    assert_eq!(desk.state(desk.newest().id), MessageState::Blocked);
    desk.take_all(&[with_debtor(other, &[TO])]);
    assert_eq!(desk.run_ladders(), [LATE]);
}

#[test]
fn a_number_that_the_network_has_given_up_on_is_texted_after_all_others() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 26)), &[TO, OTHER])]);
    let dead = |desk: &Desk, number: &str| {
        let subscriber = i64::try_from(PhoneNumber::from_digits(number).unwrap().subscriber()).unwrap();
        let sql = "INSERT INTO number_health (subscriber, sent, delivered, undelivered, dead) VALUES (?, 2, 0, 2, 2)";
        desk.gateway.store().connection().execute(sql, [subscriber]).unwrap();
    };
    dead(&desk, TO);
    assert_eq!(desk.run_ladders().len(), 1);
    assert_eq!(desk.newest().to, PhoneNumber::from_digits(OTHER));
    // Where all of them are dead, the first is as good as any.
    dead(&desk, OTHER);
    desk.take_all(&[with_debtor(Debt { debtor: "bia".to_owned(), ..debt("d2", date(2026, 11, 26)) }, &[TO, OTHER])]);
    assert_eq!(desk.run_ladders().len(), 1);
    assert_eq!(desk.newest().to, PhoneNumber::from_digits(TO));
}

#[test]
fn a_number_that_is_confirmed_has_its_debtor_planned_anew() {
    let mut desk = desk();
    desk.take_all(&[with_debtor(debt("d1", date(2026, 11, 26)), &[TO, OTHER])]);
    let next = |desk: &Desk| -> Option<i64> {
        let sql = "SELECT next FROM dunning_case";
        desk.gateway.store().connection().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let number = PhoneNumber::from_digits(OTHER).unwrap();
    for round in 0..2 {
        desk.run_ladders();
        assert_ne!(next(&desk), Some(0));
        let now = desk.now;
        let word = Word { client: "test", inbound: None, message: None };
        desk.gateway
            .commit(now, |context| match round {
                0 => context.work.confirm_number(number, None),
                _ => context.work.set_standing(&Whose::Number(number), Standing::Disputed, word).map(drop),
            })
            .unwrap();
        assert_eq!(next(&desk), Some(0), "round {round}");
    }
}
