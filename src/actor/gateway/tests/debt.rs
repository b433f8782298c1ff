//! What is owed, and what happens to it: texts about a debt stop with it.

use jiff::civil::date;

use crate::contact;
use crate::dunning::creditor::Creditor;
use crate::dunning::debt::{Debt, Status};
use crate::dunning::debtor::Debtor;
use crate::dunning::event::Happening;
use crate::dunning::sample;
use crate::sms::message::Labels;
use crate::store::portfolio::happening::{HappeningAnswer, Told};
use crate::store::portfolio::{Item, Taken, Untaken};
use crate::store::suppression::Stopped;

use super::*;

const OUTDATED: Reason = Reason::Contact(contact::Reason::Outdated);
const PAID: Reason = Reason::Contact(contact::Reason::Paid);

fn creditor(id: &str) -> Item {
    Item::Creditor(Box::new(Creditor { id: id.to_owned(), ..sample::creditor() }))
}

fn debtor(id: &str) -> Debtor {
    Debtor {
        name: Some("Ana".to_owned()),
        tags: vec!["nova".to_owned()],
        numbers: vec![PhoneNumber::from_digits(TO).unwrap()],
        ..sample::debtor(id)
    }
}

fn debt(id: &str) -> Debt {
    sample::debt(id, "ana", date(2026, 11, 10))
}

fn item(debt: Debt) -> Item {
    Item::Debt { debtor: Some(Box::new(debtor(&debt.debtor))), debt: Box::new(debt), status: None }
}

fn payment() -> Happening {
    Happening::PaymentReceived { amount: None }
}

/// A gateway with one SIM and a portfolio of two debts of one debtor.
fn desk() -> Desk {
    let mut settings = settings(unlimited());
    let lexicon = crate::config::replies::standard().into();
    settings.contact = ContactSettings { lexicon, ..ContactSettings::none() }.into();
    let mut desk = Desk::with(settings);
    desk.plug("m1", "sim-a");
    desk.take(&[creditor("loja"), item(debt("d1")), item(debt("d2"))]);
    desk
}

impl Desk {
    fn take(&mut self, items: &[Item]) -> Vec<Result<Taken, Untaken>> {
        self.gateway.commit(self.now, |context| context.work.take_each(items, "test")).unwrap()
    }

    fn happen(&mut self, debt: &str, happening: Happening, reference: Option<&str>) -> HappeningAnswer {
        let reference = reference.map(ToOwned::to_owned);
        let told = Told { debt: debt.to_owned(), happening, reference, client: "erp".to_owned() };
        self.gateway.commit(self.now, |context| context.work.happen(&told)).unwrap()
    }

    fn stopped_by(&mut self, debt: &str, happening: Happening) -> Stopped {
        match self.happen(debt, happening, None) {
            HappeningAnswer::Noted { stopped, .. } => stopped,
            other @ (HappeningAnswer::Repeated { .. } | HappeningAnswer::DuplicateRef | HappeningAnswer::NoDebt) => {
                panic!("{other:?}")
            }
        }
    }

    fn submit_about(&mut self, text: &str, debt: Option<&str>, purpose: Purpose) -> MessageId {
        let mut submission = self.submission(text);
        submission.labels =
            Labels { debtor: Some("ana".to_owned()), debt: debt.map(ToOwned::to_owned), ..Labels::default() };
        submission.purpose = purpose;
        assert!(matches!(self.try_submit(&submission), SubmitAnswer::Queued(_)));
        submission.id
    }

    fn stored(&self, debt: &str) -> Debt {
        self.reader().debt(debt).unwrap().unwrap()
    }
}

#[test]
fn what_is_taken_in_again_is_the_same_and_keeps_how_it_stands() {
    let mut desk = desk();
    assert_eq!(desk.take(&[item(debt("d1")), creditor("loja")]), [Ok(Taken::Same), Ok(Taken::Same)]);
    desk.happen("d1", payment(), None);
    let changed = Debt { product: Some("card".to_owned()), ..debt("d1") };
    assert_eq!(desk.take(&[item(changed.clone())]), [Ok(Taken::Changed)]);
    assert_eq!(desk.stored("d1"), Debt { status: Status::Paid, ..changed });
    assert_eq!(desk.reader().debtor("ana").unwrap(), Some(debtor("ana")));
}

#[test]
fn what_belongs_to_nobody_or_to_another_is_refused() {
    let mut desk = desk();
    let of_nobody =
        Item::Debt { debtor: None, debt: Box::new(Debt { debtor: "rui".into(), ..debt("d3") }), status: None };
    let to_nobody = item(Debt { creditor: "banco".into(), ..debt("d3") });
    assert_eq!(desk.take(&[of_nobody, to_nobody]), [Err(Untaken::NoDebtor), Err(Untaken::NoCreditor)]);
    assert_eq!(desk.reader().debtor("rui").unwrap(), None);
    let taken = [creditor("banco"), item(Debt { creditor: "banco".into(), ..debt("d1") })];
    assert_eq!(desk.take(&taken), [Ok(Taken::Created), Err(Untaken::OfAnotherCreditor)]);
}

#[test]
fn all_or_nothing_writes_nothing_where_one_is_wrong() {
    let mut desk = desk();
    let items = [item(debt("d3")), item(Debt { creditor: "banco".into(), ..debt("d4") })];
    let answers = desk.gateway.commit(desk.now, |context| context.work.take_all(&items, "test")).unwrap();
    assert_eq!(answers[1], Err(Untaken::NoCreditor));
    assert_eq!(desk.reader().debt("d3").unwrap(), None);
}

#[test]
fn a_payment_stops_what_waits_and_names_what_is_on_the_wire() {
    let mut desk = desk();
    let on_wire = desk.submit_about("um", Some("d1"), Purpose::Collection);
    let (modem, lease) = desk.hand_over();
    let waiting = desk.submit_about("dois", Some("d1"), Purpose::Collection);
    let of_other = desk.submit_about("três", Some("d2"), Purpose::Collection);
    let stopped = desk.stopped_by("d1", payment());
    assert_eq!((stopped.stopped, stopped.on_wire), (1, vec![on_wire]));
    assert_eq!(desk.state(waiting), MessageState::Blocked);
    assert_eq!(desk.state(of_other), MessageState::Queued);
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 1 });
}

#[test]
fn a_lease_whose_debt_was_paid_meanwhile_is_not_offered() {
    let mut desk = desk();
    let id = desk.submit_about("um", Some("d1"), Purpose::Collection);
    let (modem, lease) = desk.load();
    desk.happen("d1", payment(), None);
    assert_eq!(desk.offer(&modem, lease.segment), Offer::Stop);
    assert_eq!(desk.state(id), MessageState::Blocked);
}

#[test]
fn after_payment_thanks_may_go_and_nothing_else() {
    let mut desk = desk();
    desk.happen("d1", payment(), None);
    let again = desk.submit_about("pague", Some("d1"), Purpose::Collection);
    assert_eq!(desk.state(again), MessageState::Blocked);
    let thanks = desk.submit_about("obrigado", Some("d1"), Purpose::Confirmation);
    assert_eq!(desk.state(thanks), MessageState::Queued);
}

#[test]
fn whoever_has_paid_everything_is_not_texted_about_nothing_in_particular() {
    let mut desk = desk();
    desk.happen("d1", payment(), None);
    let waits = desk.submit_about("um", None, Purpose::Collection);
    assert_eq!(desk.state(waits), MessageState::Queued);
    assert_eq!(desk.stopped_by("d2", payment()).stopped, 1);
    let mut submission = desk.submission("dois");
    submission.labels.debtor = Some("ana".to_owned());
    assert_eq!(desk.try_submit(&submission), queued(Verdict::Block { reason: PAID }));
}

#[test]
fn a_part_of_it_stops_the_texts_that_name_the_old_amount() {
    let mut desk = desk();
    let id = desk.submit_about("R$ 110,00", Some("d1"), Purpose::Collection);
    let half = Happening::PaymentReceived { amount: "50.00".parse().ok() };
    assert_eq!(desk.stopped_by("d1", half).stopped, 1);
    assert_eq!(desk.state(id), MessageState::Blocked);
    let now = desk.stored("d1");
    assert_eq!((now.status, now.amount.to_string().as_str()), (Status::Open, "60.00"));
    let next = desk.submit_about("R$ 60,00", Some("d1"), Purpose::Collection);
    assert_eq!(desk.state(next), MessageState::Queued);
}

#[test]
fn another_amount_that_is_taken_in_stops_them_as_well() {
    let mut desk = desk();
    let id = desk.submit_about("R$ 110,00", Some("d1"), Purpose::Collection);
    desk.take(&[item(Debt { amount: "115.00".parse().unwrap(), ..debt("d1") })]);
    assert_eq!(desk.state(id), MessageState::Blocked);
}

#[test]
fn a_promise_holds_until_its_day_and_grace_are_over() {
    let mut desk = desk();
    let id = desk.submit_about("um", Some("d1"), Purpose::Collection);
    let stopped = desk.stopped_by("d1", Happening::Promise { until: date(2026, 11, 25) });
    assert_eq!(stopped, Stopped::default());
    let Verdict::Hold { reason, until: Some(until) } = desk.verdict(id) else { panic!("not held") };
    assert_eq!(reason, Reason::Contact(contact::Reason::Promise));
    // Midnight in São Paulo after the day, and no days of grace in these settings.
    let grace = ContactSettings::none().promise_grace;
    assert_eq!(until, "2026-11-26T03:00:00Z".parse::<Timestamp>().unwrap() + grace);
    assert!(desk.loads().is_empty());
}

#[test]
fn the_same_payment_is_taken_in_once() {
    let mut desk = desk();
    let half = Happening::PaymentReceived { amount: "50.00".parse().ok() };
    assert!(matches!(desk.happen("d1", half, Some("p-1")), HappeningAnswer::Noted { .. }));
    assert!(matches!(desk.happen("d1", half, Some("p-1")), HappeningAnswer::Repeated { .. }));
    assert_eq!(desk.stored("d1").amount.to_string(), "60.00");
    assert_eq!(desk.happen("d2", half, Some("p-1")), HappeningAnswer::DuplicateRef);
    assert_eq!(desk.happen("d9", half, None), HappeningAnswer::NoDebt);
}

#[test]
fn who_tells_of_a_payment_again_because_the_answer_was_lost_is_told_of_what_is_on_the_wire_again() {
    let mut desk = desk();
    let on_wire = desk.submit_about("um", Some("d1"), Purpose::Collection);
    desk.hand_over();
    for payment in [payment(), Happening::PaymentReceived { amount: "50.00".parse().ok() }] {
        let reference = format!("{payment:?}");
        for _ in 0..2 {
            let answer = desk.happen("d1", payment, Some(&reference));
            let (HappeningAnswer::Noted { stopped, .. } | HappeningAnswer::Repeated { stopped, .. }) = answer else {
                panic!("{answer:?}")
            };
            assert_eq!(stopped.on_wire, [on_wire], "{payment:?}");
        }
        desk.happen("d1", Happening::Reopened, None);
    }
}

#[test]
fn a_promise_that_is_over_hides_none_that_runs() {
    let mut desk = desk();
    let mut submission = desk.submission("os dois");
    submission.labels = Labels { debtor: Some("ana".into()), debt: Some("d1".into()), ..Labels::default() };
    assert!(matches!(desk.try_submit(&submission), SubmitAnswer::Queued(_)));
    let conn = desk.gateway.store().connection();
    let both = "INSERT INTO message_debt (message, debt) SELECT message.key, debt.key FROM message, debt";
    conn.execute(both, []).unwrap();
    desk.happen("d1", Happening::Promise { until: date(2026, 12, 24) }, None);
    desk.happen("d2", Happening::Promise { until: date(2026, 11, 20) }, None);
    let held = Reason::Contact(contact::Reason::Promise);
    assert!(matches!(desk.verdict(submission.id), Verdict::Hold { reason, .. } if reason == held));
    // Of the debtor in general there is something to ask for.
    let general = desk.submit_about("um", None, Purpose::Collection);
    assert_eq!(desk.verdict(general), Verdict::Go);
}

#[test]
fn a_debt_that_is_withdrawn_is_asked_for_no_more() {
    let mut desk = desk();
    let id = desk.submit_about("um", Some("d1"), Purpose::Collection);
    assert_eq!(desk.stopped_by("d1", Happening::Cancelled).stopped, 1);
    assert_eq!(desk.state(id), MessageState::Blocked);
    let mut submission = desk.submission("dois");
    submission.labels.debt = Some("d1".to_owned());
    assert_eq!(desk.try_submit(&submission), queued(Verdict::Block { reason: OUTDATED }));
}

#[test]
fn a_promise_by_text_is_noted_on_the_debt_and_a_payment_settles_it() {
    let mut desk = desk();
    desk.submit_about("um", Some("d1"), Purpose::Collection);
    desk.send(1);
    desk.hears("vou pagar sexta");
    assert!(matches!(desk.stored("d1").status, Status::Promised { .. }));
    assert_eq!(desk.stored("d2").status, Status::Open);
    let of_other = desk.submit_about("dois", Some("d2"), Purpose::Collection);
    assert!(matches!(desk.verdict(of_other), Verdict::Hold { reason: Reason::Contact(contact::Reason::Promise), .. }));
    desk.happen("d1", payment(), None);
    assert!(!matches!(desk.verdict(of_other), Verdict::Hold { reason: Reason::Contact(contact::Reason::Promise), .. }));
}

#[test]
fn a_promise_by_text_under_a_clock_that_was_not_set_is_for_the_day_that_was_meant() {
    let mut desk = desk();
    desk.submit_about("um", Some("d1"), Purpose::Collection);
    desk.send(1);
    let right = desk.now;
    desk.now = "1970-01-01T00:00:40Z".parse().unwrap();
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.hears("vou pagar amanhã");
    desk.now = right;
    desk.pass(Duration::from_secs(60));
    let status = desk.stored("d1").status;
    assert!(matches!(status, Status::Promised { until, .. } if until == date(2026, 11, 25)), "{status:?}");
    let conn = desk.gateway.store().connection();
    let early: u32 = conn
        .query_row(
            "SELECT (SELECT count(*) FROM debt WHERE at < ?1) + (SELECT count(*) FROM inbound WHERE at < ?1)",
            [right.as_millis()],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(early, 0);
}
