//! Texts at events: with what they are written, what is stopped before them, and that each event brings one.

use std::sync::Arc;

use serde_json::json;

use crate::actor::trigger::{Means, Wish};
use crate::config::Config;
use crate::config::rules::RuleBook;
use crate::dunning::debt::Debt;
use crate::dunning::event::Happening;
use crate::sms::message::Mode;
use crate::sms::text::TextOptions;
use crate::store::definition::read_template;
use crate::store::portfolio::Item;
use crate::store::portfolio::happening::{Echo, HappeningAnswer, Prompt, Told, Untold};

use super::ladder::{MONDAY, creditor, debt, desk_with, with_debtor};
use super::*;

const THANKS: &str = "{{ sender }}: {{ first_name }}, recebemos {{ paid | money }}\
    {% if remaining %}; restam {{ remaining | money }}{% endif %}. Obrigado.";

/// Ana owes a debt; Loja Azul thanks for payments and notes promises.
fn owing() -> Desk {
    owing_under(settings(unlimited()))
}

fn owing_under(settings: Settings) -> Desk {
    let mut desk = desk_with(settings);
    for (name, purpose, body) in [
        ("obrigado", "confirmation", THANKS),
        ("anotado", "confirmation", "{{ sender }}: combinado para {{ promise_date | date }}."),
        ("corte", "collection", "{{ sender }}: servi\u{e7}o suspenso, {{ amount | money }} em aberto."),
    ] {
        let written = json!({ "purpose": purpose, "texts": [{ "name": "a", "body": body }] });
        let template = read_template(name, 0, written).unwrap();
        desk.gateway
            .commit(desk.now, |context| {
                let version = context.work.save_template(&template, "test")?;
                context.work.approve_template(name, version, "test", false)
            })
            .unwrap();
    }
    let Item::Creditor(mut loja) = creditor() else { panic!("a creditor") };
    for (event, template) in [("payment_received", "obrigado"), ("promise", "anotado"), ("service_cut", "corte")] {
        loja.triggers.insert(event, template.to_owned());
    }
    desk.take_all(&[Item::Creditor(loja), with_debtor(debt("d1", MONDAY + jiff::Span::new().days(3)), &[TO])]);
    desk
}

fn told(happening: Happening, reference: Option<&str>) -> Told {
    let reference = reference.map(ToOwned::to_owned);
    Told { debt: "d1".to_owned(), happening, reference, client: "erp".to_owned() }
}

impl Desk {
    fn prompt(&mut self, told: &Told, wish: &Wish) -> Option<Prompt> {
        self.serial += 1;
        let (reader, calendar) = (self.reader(), Arc::clone(&self.settings.contact.calendar));
        let means = Means { reader: &reader, options: &TextOptions::default(), calendar: &calendar };
        means.prompt(told, wish, self.now, [self.serial; 11]).unwrap()
    }

    fn happen_with(&mut self, told: &Told, prompt: Option<&Prompt>) -> Option<HappeningAnswer> {
        self.gateway.commit(self.now, |context| context.work.happen_and_tell(told, prompt)).unwrap()
    }

    fn echo(&mut self, happening: Happening, wish: &Wish) -> Echo {
        let told = told(happening, None);
        let prompt = self.prompt(&told, wish);
        echo_of(self.happen_with(&told, prompt.as_ref()))
    }

    /// The text of an event as its creditor has it.
    fn text_at(&mut self, happening: Happening) -> String {
        let echo = self.echo(happening, &Wish::AsTheCreditorHas);
        self.view(echo.message.unwrap()).text.0
    }

    fn messages(&self) -> i64 {
        let conn = self.gateway.store().connection();
        conn.query_row("SELECT count(*) FROM message", [], |row| row.get(0)).unwrap()
    }
}

fn echo_of(answer: Option<HappeningAnswer>) -> Echo {
    match answer {
        Some(HappeningAnswer::Noted { echo, .. } | HappeningAnswer::Repeated { echo, .. }) => echo,
        other => panic!("expected an event that is noted, got {other:?}"),
    }
}

fn paid(amount: Option<&str>) -> Happening {
    Happening::PaymentReceived { amount: amount.map(|amount| amount.parse().unwrap()) }
}

const CREDITORS: Wish = Wish::AsTheCreditorHas;

#[test]
fn a_payment_stops_what_waits_and_is_thanked_for() {
    let mut desk = owing();
    assert_eq!(desk.run_ladders().len(), 1);
    let text = desk.text_at(paid(None));
    assert_eq!(text, "Loja Azul: Ana, recebemos R$ 110,50. Obrigado.");
    let lease = desk.send(1);
    assert_eq!(submit_tpdu(&lease).user_data.text(submit_tpdu(&lease).tp_dcs), Some(text));
    assert!(desk.loads().is_empty());
}

#[test]
fn a_part_of_it_says_what_is_left() {
    let mut desk = owing();
    assert_eq!(desk.text_at(paid(Some("60.50"))), "Loja Azul: Ana, recebemos R$ 60,50; restam R$ 50,00. Obrigado.");
}

#[test]
fn a_text_says_how_it_came_about() {
    let mut desk = owing();
    let echo = desk.echo(paid(None), &CREDITORS);
    let view = desk.view(echo.message.unwrap());
    let origin = view.labels.origin;
    assert_eq!((origin.mode, origin.ladder, origin.step), (Mode::Event, None, None));
    assert_eq!(origin.wording.map(|wording| (wording.template, wording.version)), Some(("obrigado".to_owned(), 1)));
    assert_eq!((view.labels.debt.as_deref(), view.labels.creditor.as_deref()), (Some("d1"), Some("loja")));
}

#[test]
fn a_promise_is_noted_with_its_day() {
    let mut desk = owing();
    let until = jiff::civil::date(2026, 11, 30);
    assert_eq!(desk.text_at(Happening::Promise { until }), "Loja Azul: combinado para 30/11/2026.");
}

#[test]
fn an_event_with_a_reference_brings_one_text() {
    let mut desk = owing();
    let told = told(paid(None), Some("pay-1"));
    let first = desk.prompt(&told, &CREDITORS);
    let first = echo_of(desk.happen_with(&told, first.as_ref()));
    // As after `kill -9` before the answer: it is told again.
    desk.restart();
    desk.plug("m1", "sim-a");
    let again = desk.prompt(&told, &CREDITORS);
    let answer = desk.happen_with(&told, again.as_ref());
    assert!(matches!(answer, Some(HappeningAnswer::Repeated { .. })));
    assert_eq!(echo_of(answer), first);
    assert_eq!(desk.messages(), 1);
}

#[test]
fn a_text_that_was_written_from_a_case_of_before_is_not_taken_in() {
    let mut desk = owing();
    let told = told(paid(None), None);
    let stale = desk.prompt(&told, &CREDITORS);
    let other = Debt { amount: "200.00".parse().unwrap(), ..debt("d1", MONDAY) };
    desk.take_all(&[with_debtor(other, &[TO])]);
    assert_eq!(desk.happen_with(&told, stale.as_ref()), None);
    assert_eq!(desk.messages(), 0);
    assert_eq!(desk.text_at(paid(None)), "Loja Azul: Ana, recebemos R$ 200,00. Obrigado.");
}

#[test]
fn an_event_may_name_its_own_template_or_none() {
    let mut desk = owing();
    assert_eq!(desk.echo(paid(Some("1.00")), &Wish::Nothing), Echo::default());
    assert_eq!(desk.echo(Happening::Overdue, &CREDITORS), Echo::default());
    let echo = desk.echo(Happening::Overdue, &Wish::Template("corte".to_owned()));
    assert_eq!(desk.view(echo.message.unwrap()).text.0, "Loja Azul: servi\u{e7}o suspenso, R$ 109,50 em aberto.");
}

#[test]
fn where_there_is_no_text_it_is_said_why_and_the_event_is_noted() {
    let mut desk = owing();
    let code = |echo: Echo| (echo.message, echo.untold.map(|untold| untold.code));
    let named = |name: &str| Wish::Template(name.to_owned());
    let why = |code: &str| (None, Some(code.to_owned()));
    assert_eq!(code(desk.echo(Happening::Overdue, &named("nada"))), why("no_template"));
    // It speaks of a payment, and there is none.
    assert_eq!(code(desk.echo(Happening::Overdue, &named("obrigado"))), why("unfilled"));
    // It asks for what is disputed.
    assert_eq!(code(desk.echo(Happening::Dispute, &named("corte"))), why("purpose"));
    assert!(desk.echo(paid(None), &CREDITORS).message.is_some());
    assert_eq!(code(desk.echo(paid(None), &CREDITORS)), why("not_owed"));
    let status = desk.reader().debt("d1").unwrap().unwrap().status;
    assert_eq!(status, crate::dunning::debt::Status::Paid);
}

#[test]
fn a_text_that_is_left_out_has_its_reason_on_the_way_of_the_debtor() {
    let mut desk = owing();
    let untold = Untold { code: "changing".to_owned(), detail: "left out".to_owned() };
    let event = told(paid(Some("10.00")), Some("pay-1"));
    let mut happen = || {
        let untold = untold.clone();
        desk.gateway.commit(desk.now, |context| context.work.happen_untold(&event, untold)).unwrap()
    };
    let expected = Echo { message: None, untold: Some(untold.clone()) };
    assert_eq!(echo_of(Some(happen())), expected);
    // Told again, it has the same answer.
    assert_eq!(echo_of(Some(happen())), expected);
    let way = desk.reader().journey("ana", &[]).unwrap().unwrap();
    let told = way.iter().find(|stage| stage.kind == "debt.payment_received").unwrap();
    assert!(told.details.contains(&("untold", "changing: left out".to_owned())), "{:?}", told.details);
    assert_eq!(desk.messages(), 0);
}

#[test]
fn a_text_that_asks_is_held_to_the_caps_and_thanks_are_not() {
    let mut desk = owing();
    let limits = crate::contact::frequency::Limits { max_per_day: 1, ..Default::default() };
    desk.settings.contact = ContactSettings { frequency: limits, ..(*desk.settings.contact).clone() }.into();
    desk.restart();
    desk.plug("m1", "sim-a");
    assert_eq!(desk.run_ladders().len(), 1);
    desk.send(1);
    let asks = desk.echo(Happening::ServiceCut, &CREDITORS).message.unwrap();
    assert!(matches!(
        desk.verdict(asks),
        Verdict::Hold { reason: Reason::Contact(crate::contact::Reason::FrequencyDay), .. }
    ));
    let thanks = desk.echo(paid(None), &CREDITORS).message.unwrap();
    // What asked is stopped by the payment.
    assert_eq!(desk.state(asks), MessageState::Blocked);
    desk.send(2);
    assert_eq!(desk.state(thanks), MessageState::Accepted);
}

/// The hours of Brazil as they are without a word of configuration.
fn usual_hours() -> Settings {
    let config = Config::default();
    let book = RuleBook::load(&config.region, &config.contact).unwrap();
    let contact = ContactSettings { calendar: book.calendar.into(), ..ContactSettings::none() };
    Settings { contact: contact.into(), ..settings(unlimited()) }
}

/// After the hours of a Saturday.
const SATURDAY: &str = "2026-11-28T15:00:00-03:00";

/// Tells at one time what happened, and moves on to another.
fn told_at(desk: &mut Desk, at: &str, happening: Happening, then: &str) -> MessageId {
    desk.now = at.parse().unwrap();
    let message = desk.echo(happening, &CREDITORS).message.unwrap();
    let then: Timestamp = then.parse().unwrap();
    desk.pass(then.saturating_since(desk.now));
    message
}

#[test]
fn thanks_for_what_is_paid_at_a_weekend_go_on_monday() {
    let mut desk = owing_under(usual_hours());
    let thanks = told_at(&mut desk, SATURDAY, paid(None), "2026-11-30T08:30:00-03:00");
    desk.send(1);
    assert_eq!(desk.state(thanks), MessageState::Accepted);
}

#[test]
fn thanks_wait_over_a_run_of_holidays_for_hours_that_suit() {
    let mut desk = owing_under(usual_hours());
    let evening = crate::contact::Habit { preferred: vec!["18:00-19:00".parse().unwrap()], ..Default::default() };
    desk.gateway.commit(desk.now, |context| context.work.set_habit("ana", &evening, "test")).unwrap().unwrap();
    // From the Saturday of Carnival to Ash Wednesday.
    let thanks = told_at(&mut desk, "2027-02-06T15:00:00-03:00", paid(None), "2027-02-10T18:30:00-03:00");
    desk.send(1);
    assert_eq!(desk.state(thanks), MessageState::Accepted);
}

#[test]
fn what_asks_goes_when_the_hours_begin_and_not_days_later() {
    for (then, expected) in
        [("2026-11-30T08:30:00-03:00", MessageState::Queued), ("2026-12-01T08:30:00-03:00", MessageState::Expired)]
    {
        let mut desk = owing_under(usual_hours());
        let asks = told_at(&mut desk, SATURDAY, Happening::ServiceCut, then);
        assert_eq!(desk.state(asks), expected, "{then}");
    }
}

#[test]
fn thanks_for_a_payment_that_bounced_are_taken_back() {
    let mut desk = owing_under(usual_hours());
    let thanks = told_at(&mut desk, SATURDAY, paid(None), "2026-11-29T15:00:00-03:00");
    let bounced = told(Happening::Reopened, None);
    let Some(HappeningAnswer::Noted { stopped, .. }) = desk.happen_with(&bounced, None) else { panic!("noted") };
    assert_eq!((stopped.stopped, desk.state(thanks)), (1, MessageState::Blocked));
}

#[test]
fn thanks_do_not_go_to_a_number_that_is_another_person_s() {
    let mut desk = owing_under(usual_hours());
    let thanks = told_at(&mut desk, SATURDAY, paid(None), "2026-11-29T15:00:00-03:00");
    desk.take_all(&[with_debtor(debt("d1", MONDAY), &["5511912345678"])]);
    assert_eq!(desk.state(thanks), MessageState::Blocked);
}
