//! Balances of prepaid SIMs: when they are asked, and what follows from the answers.

use super::*;
use crate::dispatch::balance::{Amount, Pattern, Question};
use crate::dispatch::health::RestReason;
use crate::modem::UssdCode;

const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);

/// Longer than a SIM waits that was never asked.
const FIRST: Duration = Duration::from_secs(61 * 60);

impl Desk {
    fn prepaid(rule: &Rule) -> Self {
        let mut desk = Self::new(unlimited());
        desk.settings.sims.balance = rule.clone();
        desk.restart();
        desk
    }

    /// The codes that modems are told to send.
    fn asks(&mut self) -> Vec<(String, String)> {
        let (orders, errors) = self.gateway.assign(self.now);
        assert!(errors.is_empty(), "{errors:?}");
        let ask = |(modem, order): (ModemId, Order)| match order {
            Order::Ask(code) => Some((modem.as_str().to_owned(), code.as_str().to_owned())),
            Order::Load(_) | Order::Answer(..) | Order::Stored(_) | Order::Release(_) => None,
        };
        orders.into_iter().filter_map(ask).collect()
    }

    fn told(&mut self, code: &str, text: &str) {
        let code = UssdCode::new(code).unwrap();
        self.report("m1", &[Report::Told { code, text: Some(text.to_owned()) }]);
    }

    fn rest(&self) -> Option<RestReason> {
        self.gateway.store().board().sims(self.now).first().and_then(|sim| sim.rest).map(|rest| rest.reason)
    }

    fn amount(&self) -> Option<String> {
        let sims = self.gateway.store().board().sims(self.now);
        let (reading, _) = sims.first()?.balance.clone()?;
        reading.amount.map(|amount| amount.to_string())
    }

    fn alarm_kinds(&self) -> Vec<String> {
        let conn = self.gateway.store().connection();
        let mut statement = conn.prepare("SELECT kind FROM alarm WHERE cleared_at IS NULL ORDER BY key").unwrap();
        let kinds = statement.query_map([], |row| row.get(0)).unwrap();
        kinds.map(Result::unwrap).collect()
    }
}

fn by_code() -> Rule {
    Rule { asks: true, question: Some(Question::Code("*1#".to_owned())), low: Amount::read("5"), ..Rule::default() }
}

fn by_text() -> Rule {
    let question = Question::Text { to: "777".to_owned(), text: "SALDO".to_owned() };
    Rule { asks: true, question: Some(question), pattern: Pattern::new("Saldo: ([0-9,]+)").ok(), ..Rule::default() }
}

#[test]
fn nothing_is_asked_by_default() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.report("m1", &[Report::Home("724055".to_owned())]);
    desk.pass(DAY * 2);
    assert_eq!(desk.asks(), []);
    assert_eq!(desk.amount(), None);
}

#[test]
fn a_sim_is_asked_once_a_day_whatever_came_of_it_and_over_restarts() {
    let mut desk = Desk::prepaid(&by_code());
    desk.plug("m1", "sim-a");
    assert_eq!(desk.asks(), [], "not in the first minute");
    desk.pass(FIRST);
    assert_eq!(desk.asks(), [("m1".to_owned(), "*1#".to_owned())]);
    for _ in 0..5 {
        desk.pass(HOUR * 4);
        assert_eq!(desk.asks(), []);
        desk.restart();
        desk.plug("m1", "sim-a");
    }
    desk.pass(HOUR * 4);
    assert_eq!(desk.asks().len(), 1);
}

#[test]
fn the_operator_tells_how_it_is_asked() {
    let mut desk = Desk::prepaid(&Rule { asks: true, ..Rule::default() });
    desk.plug("m1", "sim-a");
    desk.pass(FIRST);
    assert_eq!(desk.asks(), [], "nobody knows whose SIM it is");
    desk.report("m1", &[Report::Home("724055".to_owned())]);
    desk.pass(Duration::ZERO);
    assert_eq!(desk.asks(), [("m1".to_owned(), "*544#".to_owned())]);
    desk.restart();
    desk.told("*544#", "ignored: the modem is not up");
    desk.plug("m1", "sim-a");
    desk.told("*544#", "Voce tem R$ 1.012,30");
    assert_eq!(desk.amount().as_deref(), Some("1012.30"), "it is remembered over restarts");
}

#[test]
fn a_question_that_the_modem_did_not_take_is_asked_again_soon() {
    let mut desk = Desk::prepaid(&by_code());
    desk.plug("m1", "sim-a");
    desk.pass(FIRST);
    assert_eq!(desk.asks().len(), 1);
    desk.report("m1", &[Report::NotAsked]);
    desk.pass(Duration::from_secs(599));
    assert_eq!(desk.asks(), []);
    desk.pass(Duration::from_secs(1));
    assert_eq!(desk.asks().len(), 1);
}

#[test]
fn a_refusal_that_smells_of_an_empty_sim_is_looked_into_within_the_hour() {
    let mut desk = Desk::prepaid(&by_code());
    desk.plug("m1", "sim-a");
    desk.pass(FIRST);
    desk.asks();
    desk.told("*1#", "Saldo $ 90");
    for _ in 0..3 {
        desk.submit("um");
        let (modem, lease) = desk.hand_over();
        desk.settle(&modem, lease.segment, Settlement::Refused { cause: Cause::Cms(21) });
    }
    desk.pass(HOUR.checked_sub(Duration::from_secs(1)).unwrap());
    assert_eq!(desk.asks(), []);
    desk.pass(Duration::from_secs(1));
    assert_eq!(desk.asks().len(), 1);
}

#[test]
fn a_low_balance_raises_an_alarm_that_is_over_when_it_is_topped_up() {
    let mut desk = Desk::prepaid(&by_code());
    desk.plug("m1", "sim-a");
    desk.told("*1#", "Saldo R$ 4,99");
    assert_eq!((desk.alarm_kinds(), desk.rest()), (vec!["balance_low".to_owned()], None));
    desk.told("*1#", "Saldo R$ 4,98");
    desk.told("*1#", "volte mais tarde");
    assert_eq!((desk.alarm_kinds().len(), desk.amount()), (1, None), "what is not understood changes nothing");
    desk.told("*1#", "Saldo R$ 5,00");
    assert_eq!((desk.alarm_kinds(), desk.amount().as_deref()), (Vec::new(), Some("5.00")));
}

#[test]
fn a_sim_with_nothing_left_rests_until_it_has_and_sends_no_self_tests() {
    let mut desk = Desk::prepaid(&by_code());
    desk.settings.alarms = vec![PhoneNumber::from_digits("5511900000001").unwrap()];
    desk.restart();
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.told("*1#", "Saldo R$ 0,00");
    assert_eq!((desk.alarm_kinds(), desk.rest()), (vec!["sim_resting".to_owned()], Some(RestReason::Empty)));
    desk.restart();
    desk.plug("m1", "sim-a");
    assert_eq!(desk.rest(), Some(RestReason::Empty));
    desk.pass(HOUR * 5);
    assert_eq!(desk.asks(), [("m1".to_owned(), "*1#".to_owned())], "and no self-test");
    desk.told("*1#", "Saldo R$ 30,00");
    assert_eq!((desk.alarm_kinds(), desk.rest()), (Vec::new(), None));
    desk.send(1);
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn a_barred_sim_does_not_come_back_because_it_has_money() {
    let mut desk = Desk::prepaid(&by_code());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Refused { cause: Cause::Cms(8) });
    desk.told("*1#", "Saldo R$ 30,00");
    assert_eq!(desk.rest(), Some(RestReason::Cause(Cause::Cms(8))));
}

#[test]
fn a_question_by_text_is_answered_by_a_text_that_stays_in_the_inbox() {
    let mut desk = Desk::prepaid(&by_text());
    desk.plug("m1", "sim-a");
    desk.pass(FIRST);
    let lease = desk.send(1);
    let submit = submit_tpdu(&lease);
    assert_eq!((submit.tp_da.number().as_str(), submit.srr), ("777", false));
    assert_eq!(submit.user_data.text(submit.tp_dcs).as_deref(), Some("SALDO"));
    desk.receive("m1", deliver("555", "Saldo: 1,00", None));
    assert_eq!(desk.amount(), None);
    desk.receive("m1", deliver("777", "Saldo: 12,34", None));
    assert_eq!(desk.amount().as_deref(), Some("12.34"));
    assert_eq!(desk.reader().inbox(Page::After(0), 10, &[]).unwrap().len(), 2);
    desk.pass(HOUR * 20);
    assert!(desk.loads().is_empty());
    desk.pass(HOUR * 4);
    assert_eq!(desk.loads().len(), 1);
}

#[test]
fn a_sim_that_is_asked_by_text_needs_a_self_test_to_come_back() {
    let mut desk = Desk::prepaid(&by_text());
    desk.settings.alarms = vec![PhoneNumber::from_digits("5511900000001").unwrap()];
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.pass(FIRST);
    desk.send(1);
    desk.receive("m1", deliver("777", "Saldo: 0", None));
    assert_eq!(desk.rest(), Some(RestReason::Empty));
    desk.pass(Duration::from_secs(5 * 60));
    let test = desk.send(2);
    assert_eq!(submit_tpdu(&test).tp_da.number(), "+5511900000001");
    assert_eq!(desk.rest(), None);
}
