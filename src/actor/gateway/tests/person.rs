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
    assert_eq!(desk.try_submit(&submission), queued(blocked));
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
fn who_asks_again_because_the_answer_was_lost_is_told_of_what_is_on_the_wire_again() {
    let mut desk = desk(|_| ());
    let sending = desk.submit("um");
    desk.hand_over();
    let act = act(desk.now);
    let first = desk.suppress(&act, number());
    assert_eq!(first, Stopped { added: 1, stopped: 0, on_wire: vec![sending] });
    assert_eq!(desk.suppress(&act, number()), Stopped { added: 0, ..first });
}

#[test]
fn an_entry_that_binds_goes_on_to_bind_when_the_clock_is_set_back() {
    let mut desk = desk(|_| ());
    desk.suppress(&act(desk.now), number());
    desk.now = desk.now - DAY;
    let submission = desk.submission("um");
    let blocked = Verdict::Block { reason: contact(contact::Reason::Suppressed) };
    assert_eq!(desk.try_submit(&submission), queued(blocked));
}

#[test]
fn a_number_that_has_gone_to_somebody_else_is_confirmed_no_more() {
    let mut desk = desk(|contact| contact.confirm_numbers = true);
    desk.gateway.commit(desk.now, |context| context.work.confirm_number(number(), None)).unwrap();
    desk.suppress(&Act { kind: Kind::WrongPerson, ..act(desk.now) }, number());
    desk.lift(number());
    let id = desk.submit("um");
    assert_eq!(desk.verdict(id), Verdict::Hold { reason: contact(contact::Reason::Unconfirmed), until: None });
}

#[test]
fn what_is_on_the_wire_is_named_whatever_the_standing() {
    let until = "2026-11-25T13:00:00Z".parse().unwrap();
    let standings =
        [Standing::Paid, Standing::Agreed, Standing::Disputed, Standing::Unconfirmed, Standing::Promised { until }];
    for standing in standings {
        let mut desk = desk(|_| ());
        let sending = desk.submit("um");
        desk.hand_over();
        assert_eq!(desk.stand(standing).on_wire, [sending], "{}", standing.name());
        assert_eq!(desk.stand(Standing::Open).on_wire, [], "{}", standing.name());
    }
}

#[test]
fn a_debt_that_is_paid_lets_no_offer_to_a_number_that_disputes() {
    let mut desk = desk(|_| ());
    let labels = Labels { debtor: Some("d-1".into()), ..Labels::default() };
    let offer = Submission { purpose: Purpose::Promotion, labels, ..desk.submission("um") };
    desk.try_submit(&offer);
    desk.stand(Standing::Disputed);
    let whose = Whose::Debtor("d-1".into());
    desk.gateway.commit(desk.now, |context| context.work.set_standing(&whose, Standing::Paid, WORD)).unwrap();
    assert!(desk.loads().is_empty());
    assert_eq!(desk.verdict(offer.id), Verdict::Hold { reason: contact(contact::Reason::Disputed), until: None });
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
fn a_text_that_is_sent_again_counts_from_then() {
    let mut desk = desk(|contact| contact.frequency = Often { min_gap: DAY / 6, ..Often::default() });
    let id = make_unknown(&mut desk, "um");
    desk.pass(DAY / 4);
    assert_eq!(resolve(&mut desk, id, Decision::Resend), ResolveAnswer::Done);
    desk.send(2);
    let next = desk.submit("dois");
    let until = Some(desk.now + DAY / 6);
    assert_eq!(desk.verdict(next), Verdict::Hold { reason: contact(contact::Reason::Gap), until });
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
    assert_eq!(desk.try_submit(&submission), queued(blocked));
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
    assert_eq!(desk.try_submit(&repeat), queued(Verdict::Block { reason: same_text }));
    desk.send(1);
    let again = desk.submission("pague");
    let until = Some(desk.now + 7 * DAY);
    assert_eq!(desk.try_submit(&again), queued(Verdict::Hold { reason: same_text, until }));
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
fn a_change_of_standing_names_what_is_on_the_wire() {
    let mut desk = desk(|_| ());
    let id = desk.submit("um");
    let (modem, lease) = desk.hand_over();
    for standing in [Standing::Disputed, Standing::Paid, Standing::Promised { until: desk.now + DAY }] {
        assert_eq!(desk.stand(standing), Stopped { added: 0, stopped: 0, on_wire: vec![id] }, "{standing:?}");
    }
    assert_eq!(desk.stand(Standing::Open).on_wire, []);
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 1 });
    assert_eq!(desk.stand(Standing::Paid).on_wire, []);
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

/// Rules under which everything is closed on Tuesdays, for a reload.
fn closed_today() -> std::sync::Arc<contact::calendar::Calendar> {
    let config = crate::config::Config::default();
    let closures = vec!["2026-11-24".parse().unwrap()];
    let rules = crate::config::Contact { closures, ..config.contact };
    crate::config::rules::RuleBook::load(&config.region, &rules).unwrap().calendar.into()
}

/// The rules as they come with the program.
fn ruled() -> Desk {
    let config = crate::config::Config::default();
    let book = crate::config::rules::RuleBook::load(&config.region, &config.contact).unwrap();
    desk(|contact| contact.calendar = book.calendar.into())
}

#[test]
fn hours_close_a_lane_without_a_change_to_any_row_and_open_it_again() {
    let mut desk = ruled();
    // 10:00 in São Paulo.
    desk.submit("um");
    desk.send(1);
    let waiting = desk.submit("dois");
    let rows = |desk: &Desk| -> Vec<(i64, i64)> {
        let conn = desk.gateway.store().connection();
        let mut statement = conn.prepare("SELECT due, lane FROM segment ORDER BY key").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let before = rows(&desk);
    // 20:00 in São Paulo, and what waits is not yet over.
    desk.pass(Duration::from_secs(10 * 3600));
    assert!(desk.loads().is_empty());
    let opens: Timestamp = "2026-11-25T11:00:00Z".parse().unwrap();
    assert_eq!(desk.verdict(waiting), Verdict::Hold { reason: contact(contact::Reason::Window), until: Some(opens) });
    assert_eq!(rows(&desk), before);
    desk.restart();
    desk.plug("m1", "sim-a");
    assert!(desk.loads().is_empty());
    assert_eq!(desk.gateway.deadline(desk.now), Some(opens));
    desk.now = opens;
    desk.pass(Duration::ZERO);
    desk.send(2);
    assert_eq!(desk.state(waiting), MessageState::Accepted);
}

#[test]
fn an_offer_that_comes_after_the_hours_is_refused() {
    let mut desk = ruled();
    desk.now = "2026-11-24T22:59:59Z".parse().unwrap();
    let id = desk.submit("um");
    let (modem, lease) = desk.load();
    desk.pass(Duration::from_secs(2));
    assert_eq!(desk.offer(&modem, lease.segment), Offer::Stop);
    assert_eq!(desk.state(id), MessageState::Queued);
}

#[test]
fn rules_that_are_read_again_hold_for_what_waits() {
    let mut desk = ruled();
    let id = desk.submit("um");
    let lexicon = std::sync::Arc::new(crate::config::replies::standard());
    // Those that could not be taken over change nothing.
    let fails = |context: &mut Context<'_, '_>| {
        context.work.set_rules(closed_today(), lexicon.clone(), contact::edition::Edition::NONE);
        Err::<(), _>(StoreError::Full)
    };
    assert!(desk.gateway.commit(desk.now, fails).is_err());
    assert_eq!(desk.verdict(id), Verdict::Go);
    let commit = |context: &mut Context<'_, '_>| {
        context.work.set_rules(closed_today(), lexicon.clone(), contact::edition::Edition::NONE);
        Ok(())
    };
    desk.gateway.commit(desk.now, commit).unwrap();
    assert!(desk.loads().is_empty());
    let until = Some("2026-11-25T11:00:00Z".parse().unwrap());
    assert_eq!(desk.verdict(id), Verdict::Hold { reason: contact(contact::Reason::Holiday), until });
    // A transaction that fails forgets nothing of it.
    let failed: Result<(), _> = desk.gateway.commit(desk.now, |_| Err(StoreError::Full));
    assert!(failed.is_err());
    assert!(desk.loads().is_empty());
}

#[test]
fn nothing_arrives_after_the_hours_where_that_is_asked_for() {
    let config = crate::config::Config::default();
    let book = crate::config::rules::RuleBook::load(&config.region, &config.contact).unwrap();
    let mut desk = desk(|contact| {
        contact.calendar = book.calendar.into();
        contact.deliver_within_window = true;
    });
    // 17:00 in São Paulo: three hours are left.
    desk.now = "2026-11-24T20:00:00Z".parse().unwrap();
    desk.submit("um");
    let (_, lease) = desk.load();
    assert_eq!(submit_tpdu(&lease).validity, Some(crate::pdu::Validity::relative(3 * 3600)));
}

#[test]
fn a_debtor_who_lives_elsewhere_goes_by_the_clocks_and_the_laws_there() {
    let mut desk = ruled();
    let labels = Labels { debtor: Some("d-1".into()), ..Labels::default() };
    // 08:30 in São Paulo is 07:30 in Manaus.
    desk.now = "2026-11-24T11:30:00Z".parse().unwrap();
    let submission = Submission { labels, ..desk.submission("um") };
    assert_eq!(desk.try_submit(&submission), queued(Verdict::Go));
    let moved =
        contact::Habit { state: Some("AM".into()), zone: Some("America/Manaus".into()), ..contact::Habit::default() };
    let set = |context: &mut Context<'_, '_>| context.work.set_habit("d-1", &moved, "test");
    desk.gateway.commit(desk.now, set).unwrap().unwrap();
    assert!(desk.loads().is_empty());
    let opens = Some("2026-11-24T12:00:00Z".parse().unwrap());
    assert_eq!(desk.verdict(submission.id), Verdict::Hold { reason: contact(contact::Reason::Window), until: opens });
    desk.pass(Duration::from_secs(1800));
    desk.send(1);
}

#[test]
fn hours_that_a_debtor_asked_for_are_kept() {
    let mut desk = ruled();
    let habit = contact::Habit {
        preferred: vec!["14:00-16:00".parse().unwrap()],
        forbidden: vec!["14:00-15:00".parse().unwrap()],
        ..contact::Habit::default()
    };
    let set = |context: &mut Context<'_, '_>| context.work.set_habit("d-1", &habit, "test");
    desk.gateway.commit(desk.now, set).unwrap().unwrap();
    let labels = Labels { debtor: Some("d-1".into()), ..Labels::default() };
    let submission = Submission { labels, ..desk.submission("um") };
    // 15:00 in São Paulo.
    let opens: Timestamp = "2026-11-24T18:00:00Z".parse().unwrap();
    let held = Verdict::Hold { reason: contact(contact::Reason::Window), until: Some(opens) };
    assert_eq!(desk.try_submit(&submission), queued(held));
    assert!(desk.loads().is_empty());
    desk.now = opens;
    desk.send(1);
}

#[test]
fn a_place_that_nobody_knows_is_not_noted() {
    let mut desk = ruled();
    let nowhere = contact::Habit { zone: Some("America/Atlantis".into()), ..contact::Habit::default() };
    let set = |context: &mut Context<'_, '_>| context.work.set_habit("d-1", &nowhere, "test");
    let stored = desk.gateway.commit(desk.now, set).unwrap();
    assert_eq!(stored, Err(contact::habit::HabitError::Zone));
}

#[test]
fn a_held_message_behind_one_that_this_sim_passes_by_does_not_keep_it_looking_for_ever() {
    let mut rules = ContactSettings::none();
    rules.frequency = Often { max_per_day: 1, ..Often::default() };
    let mut settings = settings(Limits { recipients_per_month: 1, ..unlimited() });
    settings.contact = rules.into();
    let mut desk = Desk::with(settings);
    desk.plug("m1", "sim-a");
    desk.submit("um");
    let mut stranger = desk.submission("dois");
    stranger.to = PhoneNumber::from_digits("5521987654321").unwrap();
    desk.try_submit(&stranger);
    let held = desk.submit("três");
    desk.send(1);
    assert!(desk.loads().is_empty());
    let until = Some("2026-11-25T00:00:00Z".parse().unwrap());
    assert_eq!(desk.verdict(held), Verdict::Hold { reason: contact(contact::Reason::FrequencyDay), until });
}

#[test]
fn a_reply_to_nobody_counts_like_any_other_text() {
    let mut desk = desk(|contact| contact.frequency = Often { max_per_day: 1, ..Often::default() });
    let first = Submission { purpose: Purpose::Reply, ..desk.submission("um") };
    desk.try_submit(&first);
    desk.send(1);
    let second = Submission { purpose: Purpose::Reply, ..desk.submission("dois") };
    desk.try_submit(&second);
    assert!(desk.loads().is_empty());
    assert!(
        matches!(desk.verdict(second.id), Verdict::Hold { reason, .. } if reason == contact(contact::Reason::FrequencyDay))
    );
}
