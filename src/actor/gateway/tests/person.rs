//! Who must not be texted, decided in the transaction that hands the part over.

use crate::contact;
use crate::contact::frequency::Limits as Often;
use crate::contact::secret::Secret;
use crate::contact::standing::Standing;
use crate::contact::suppression::{Kind, Purposes};
use crate::store::standing::{Whose, Word};
use crate::store::suppression::{Act, Stopped};

use super::*;

const WORD: Word<'static> = Word { client: "test", inbound: None, message: None };
const DAY: Duration = Duration::from_secs(24 * 3600);

fn contact(reason: contact::Reason) -> Reason {
    Reason::Contact(reason)
}

fn number() -> PhoneNumber {
    PhoneNumber::from_digits(TO).unwrap()
}

/// A gateway with one SIM, and with these rules of contact.
fn desk(change: impl FnOnce(&mut ContactSettings)) -> Desk {
    let mut contact = ContactSettings::none();
    change(&mut contact);
    let mut settings = settings(unlimited());
    settings.contact = contact.into();
    let mut desk = Desk::with(settings);
    desk.plug("m1", "sim-a");
    desk
}

fn act(now: Timestamp) -> Act {
    Act {
        kind: Kind::Manual,
        purposes: Purposes::ALL,
        creditor: None,
        effective: now,
        source: "letter".into(),
        client: "test".into(),
        why: None,
        inbound: None,
    }
}

impl Desk {
    fn suppress(&mut self, act: &Act, number: PhoneNumber) -> Stopped {
        self.gateway.commit(self.now, |context| context.work.suppress(act, &[number])).unwrap()
    }

    fn lift(&mut self, number: PhoneNumber) -> u64 {
        self.gateway.commit(self.now, |context| context.work.lift(number, |_| true, "test", "opt-in", None)).unwrap()
    }

    fn stand(&mut self, standing: Standing) -> Stopped {
        let whose = Whose::Number(number());
        self.gateway.commit(self.now, |context| context.work.set_standing(&whose, standing, WORD)).unwrap()
    }
}

#[test]
fn a_suppressed_number_gets_nothing_and_the_answer_says_so() {
    let mut desk = desk(|_| ());
    desk.suppress(&act(desk.now), number());
    let submission = desk.submission("um");
    let blocked = Verdict::Block { reason: contact(contact::Reason::Suppressed) };
    assert_eq!(desk.try_submit(&submission), SubmitAnswer::Queued(blocked));
    assert_eq!(desk.state(submission.id), MessageState::Blocked);
    assert!(desk.loads().is_empty());
}

#[test]
fn what_waits_is_stopped_and_what_is_on_the_wire_is_named() {
    let mut desk = desk(|_| ());
    let sending = desk.submit("um");
    let (modem, lease) = desk.hand_over();
    let waiting = desk.submit("dois");
    let stopped = desk.suppress(&act(desk.now), number());
    assert_eq!(stopped, Stopped { added: 1, stopped: 1, on_wire: vec![sending] });
    assert_eq!(desk.state(waiting), MessageState::Blocked);
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 1 });
    assert_eq!(desk.state(sending), MessageState::Accepted);
    assert!(desk.loads().is_empty());
}

#[test]
fn a_lease_that_was_suppressed_meanwhile_is_not_offered() {
    let mut desk = desk(|_| ());
    let id = desk.submit("um");
    let (modem, lease) = desk.load();
    desk.suppress(&act(desk.now), number());
    assert_eq!(desk.offer(&modem, lease.segment), Offer::Stop);
    assert_eq!(desk.state(id), MessageState::Blocked);
}

#[test]
fn the_rest_of_a_message_that_has_begun_stays_here() {
    let mut desk = desk(|_| ());
    let id = desk.submit(&"a".repeat(300));
    desk.send(1);
    let stopped = desk.suppress(&act(desk.now), number());
    assert_eq!((stopped.stopped, stopped.on_wire), (1, vec![]));
    let view = desk.view(id);
    assert_eq!((view.state, view.parts_sent), (MessageState::Blocked, 1));
}

#[test]
fn an_entry_of_later_binds_when_its_day_comes() {
    let mut desk = desk(|_| ());
    let id = desk.submit("um");
    let later = Act { effective: desk.now + DAY / 2, ..act(desk.now) };
    assert_eq!(desk.suppress(&later, number()).stopped, 0);
    desk.pass(DAY / 2);
    assert!(desk.loads().is_empty());
    assert_eq!(desk.state(id), MessageState::Blocked);
}

#[test]
fn an_old_form_of_the_number_is_the_same_person() {
    let mut desk = desk(|_| ());
    let id = desk.submit("um");
    let old = PhoneNumber::from_digits("551187654321").unwrap();
    assert_eq!(desk.suppress(&act(desk.now), old).stopped, 1);
    assert_eq!(desk.state(id), MessageState::Blocked);
}

#[test]
fn a_lifted_entry_binds_no_more_and_an_equal_one_is_not_added_twice() {
    let mut desk = desk(|_| ());
    let act = act(desk.now);
    assert_eq!(desk.suppress(&act, number()).added, 1);
    assert_eq!(desk.suppress(&act, number()).added, 0);
    assert_eq!(desk.lift(number()), 1);
    assert_eq!(desk.lift(number()), 0);
    desk.submit("um");
    assert_eq!(desk.loads().len(), 1);
}

#[test]
fn an_erased_number_is_known_again_and_cannot_be_read() {
    let mut desk = desk(|_| ());
    desk.suppress(&act(desk.now), number());
    let erased = desk.gateway.commit(desk.now, |context| context.work.erase_suppressed(number())).unwrap();
    assert_eq!(erased, 1);
    let conn = desk.gateway.store().connection();
    let left: (Option<i64>, Option<i64>) =
        conn.query_row("SELECT subscriber, number FROM suppression", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(left, (None, None));
    desk.restart();
    desk.plug("m1", "sim-a");
    let submission = desk.submission("um");
    let blocked = Verdict::Block { reason: contact(contact::Reason::Suppressed) };
    assert_eq!(desk.try_submit(&submission), SubmitAnswer::Queued(blocked));
}

#[test]
fn another_key_than_the_one_of_the_erased_numbers_is_refused() {
    let mut desk = desk(|_| ());
    desk.suppress(&act(desk.now), number());
    desk.gateway.commit(desk.now, |context| context.work.erase_suppressed(number())).unwrap();
    let mut other = ContactSettings::none();
    other.secret = Secret::new([9; 32]);
    let settings = Settings { contact: other.into(), ..settings(unlimited()) };
    let opened = Store::open(&desk.folder.path().join("recado.db"), settings, desk.now);
    assert!(matches!(opened, Err(crate::store::OpenError::OtherKey { .. })));
}

#[test]
fn the_ledger_is_only_added_to() {
    let mut desk = desk(|_| ());
    desk.suppress(&act(desk.now), number());
    let conn = desk.gateway.store().connection();
    for sql in [
        "DELETE FROM suppression",
        "DELETE FROM suppression_act",
        "UPDATE suppression_act SET kind = 'manual'",
        "UPDATE suppression SET act = 2",
    ] {
        assert!(conn.execute(sql, []).is_err(), "{sql}");
    }
}

#[test]
fn the_second_text_of_a_day_waits_and_goes_the_next() {
    let mut desk = desk(|contact| contact.frequency = Often { max_per_day: 1, ..Often::default() });
    let (first, second) = (desk.submit("um"), desk.submit("dois"));
    desk.send(1);
    assert_eq!(desk.state(first), MessageState::Accepted);
    assert!(desk.loads().is_empty());
    let until = Some("2026-11-25T00:00:00Z".parse().unwrap());
    assert_eq!(desk.verdict(second), Verdict::Hold { reason: contact(contact::Reason::FrequencyDay), until });
    desk.restart();
    desk.plug("m1", "sim-a");
    assert!(desk.loads().is_empty());
    desk.pass(Duration::from_secs(11 * 3600));
    desk.send(2);
    assert_eq!(desk.state(second), MessageState::Accepted);
}

#[test]
fn a_text_of_which_nothing_left_does_not_count() {
    let mut desk = desk(|contact| contact.frequency = Often { max_per_day: 1, ..Often::default() });
    let (first, second) = (desk.submit("um"), desk.submit("dois"));
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Refused { cause: Cause::Cms(1) });
    assert_eq!(desk.state(first), MessageState::Failed);
    desk.send(2);
    assert_eq!(desk.state(second), MessageState::Accepted);
}

#[test]
fn a_caller_in_a_loop_is_stopped_at_the_first_repeat() {
    let mut desk = desk(|contact| contact.frequency = Often { same_text_days: 7, ..Often::default() });
    let same_text = contact(contact::Reason::SameText);
    desk.submit("pague");
    let repeat = desk.submission("pague");
    assert_eq!(desk.try_submit(&repeat), SubmitAnswer::Queued(Verdict::Block { reason: same_text }));
    desk.send(1);
    let again = desk.submission("pague");
    let until = Some(desk.now + 7 * DAY);
    assert_eq!(desk.try_submit(&again), SubmitAnswer::Queued(Verdict::Hold { reason: same_text, until }));
    desk.submit("outro texto");
    desk.send(2);
}

#[test]
fn a_promise_holds_what_waits_and_its_end_lets_it_go() {
    let mut desk = desk(|_| ());
    let id = desk.submit("um");
    desk.stand(Standing::Promised { until: desk.now + DAY / 2 });
    assert!(desk.loads().is_empty());
    let until = Some(desk.now + DAY / 2);
    assert_eq!(desk.verdict(id), Verdict::Hold { reason: contact(contact::Reason::Promise), until });
    desk.pass(DAY / 2);
    desk.send(1);
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn what_only_a_person_can_change_waits_until_one_does() {
    let mut desk = desk(|_| ());
    let id = desk.submit("um");
    desk.stand(Standing::Unconfirmed);
    assert!(desk.loads().is_empty());
    assert_eq!(desk.verdict(id), Verdict::Hold { reason: contact(contact::Reason::Unconfirmed), until: None });
    desk.stand(Standing::Open);
    desk.send(1);
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn whoever_has_paid_is_not_asked_again() {
    let mut desk = desk(|_| ());
    let id = desk.submit("um");
    assert_eq!(desk.stand(Standing::Paid).stopped, 1);
    assert_eq!(desk.state(id), MessageState::Blocked);
}

#[test]
fn while_commissioning_only_listed_numbers_are_texted() {
    let other = PhoneNumber::from_digits("5521987654321").unwrap();
    let mut desk = desk(|contact| contact.only_to = vec![other]);
    let id = desk.submit("um");
    assert!(desk.loads().is_empty());
    assert_eq!(desk.verdict(id), Verdict::Hold { reason: contact(contact::Reason::NotListed), until: None });
}

#[test]
fn many_that_are_held_do_not_keep_the_one_behind_them_waiting() {
    let mut desk = desk(|contact| contact.only_to = vec![PhoneNumber::from_digits("5521987654321").unwrap()]);
    for _ in 0..250 {
        desk.serial = 0;
        let held = Submission { id: desk.gateway_id(), ..desk.submission("um") };
        desk.try_submit(&held);
    }
    let mut free = desk.submission("livre");
    free.id = desk.gateway_id();
    free.to = PhoneNumber::from_digits("5521987654321").unwrap();
    desk.try_submit(&free);
    desk.send(1);
    assert_eq!(desk.state(free.id), MessageState::Accepted);
}
