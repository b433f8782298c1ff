//! Outcomes that are not known, and the evidence and decisions that settle them.

use super::*;

#[test]
fn a_crash_after_the_offer_leaves_the_part_unknown_and_is_never_resent() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let sent = desk.submit("um");
    let waiting = desk.submit("dois");
    desk.hand_over();
    desk.restart();
    assert_eq!(desk.state(sent), MessageState::Unknown);
    assert_eq!(desk.state(waiting), MessageState::Queued);
    desk.plug("m1", "sim-a");
    let lease = desk.send(9);
    assert_eq!(desk.state(waiting), MessageState::Accepted);
    assert!(desk.loads().is_empty(), "only {lease:?} was left to send");
}

#[test]
fn a_crash_before_the_offer_leaves_nothing_unknown() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.load();
    desk.restart();
    assert_eq!(desk.state(id), MessageState::Queued);
}

#[test]
fn a_bare_error_after_the_pdu_is_unknown() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Refused { cause: Cause::Cms(500) });
    assert_eq!(desk.state(id), MessageState::Unknown);
}

#[test]
fn an_unknown_part_does_not_stop_the_rest() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit(&long_text());
    let (modem, first) = desk.hand_over();
    desk.settle(&modem, first.segment, Settlement::Unknown { why: UnknownWhy::Silence });
    assert_eq!(desk.send(2).part, 2);
    assert_eq!(desk.send(3).part, 3);
    let view = desk.view(id);
    assert_eq!((view.state, view.parts_sent), (MessageState::Unknown, 2));
}

#[test]
fn an_operator_settles_the_unknown() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let sent = make_unknown(&mut desk, "um");
    assert_eq!(resolve(&mut desk, sent, Decision::Sent), ResolveAnswer::Done);
    assert_eq!(desk.state(sent), MessageState::Accepted);
    assert_eq!(resolve(&mut desk, sent, Decision::GiveUp), ResolveAnswer::NotUnknown(MessageState::Accepted));
    let lost = make_unknown(&mut desk, "dois");
    assert_eq!(resolve(&mut desk, lost, Decision::GiveUp), ResolveAnswer::Done);
    assert_eq!(desk.state(lost), MessageState::Failed);
    let again = make_unknown(&mut desk, "tres");
    assert!(desk.loads().is_empty(), "never sent again without a decision");
    assert_eq!(resolve(&mut desk, again, Decision::Resend), ResolveAnswer::Done);
    assert!(submit_tpdu(&desk.send(9)).rd, "the second time says so");
    assert_eq!(desk.state(again), MessageState::Accepted);
}

#[test]
fn the_policy_of_a_message_resends_it_once() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let after = Duration::from_secs(1800);
    let submission = Submission { on_unknown: OnUnknown::ResendAfter(after), ..desk.submission("um") };
    desk.try_submit(&submission);
    let silent = Settlement::Unknown { why: UnknownWhy::Silence };
    let (modem, lease) = desk.load();
    desk.offer(&modem, lease.segment);
    desk.settle(&modem, lease.segment, silent);
    desk.pass(Duration::from_secs(1799));
    assert!(desk.loads().is_empty());
    desk.pass(Duration::from_secs(1));
    let (modem, lease) = desk.load();
    assert!(submit_tpdu(&lease).rd);
    desk.offer(&modem, lease.segment);
    desk.settle(&modem, lease.segment, silent);
    desk.pass(Duration::from_secs(7200));
    assert!(desk.loads().is_empty());
    assert_eq!(desk.state(submission.id), MessageState::Unknown);
}

#[test]
fn a_part_that_goes_again_waits_for_the_part_before_it() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let on_unknown = OnUnknown::ResendAfter(Duration::from_secs(1800));
    let submission = Submission { on_unknown, ..desk.submission(&long_text()) };
    desk.try_submit(&submission);
    let silent = Settlement::Unknown { why: UnknownWhy::PortLost };
    let (modem, first) = desk.load();
    desk.offer(&modem, first.segment);
    let (_, second) = desk.load();
    desk.settle(&modem, first.segment, silent);
    desk.pass(Duration::from_secs(60));
    desk.offer(&modem, second.segment);
    desk.settle(&modem, second.segment, silent);
    desk.send(200);
    // The first part goes again, is refused for now, and waits two minutes.
    desk.pass(Duration::from_secs(1740));
    assert_eq!(desk.load().1.segment, first.segment);
    desk.offer(&modem, first.segment);
    desk.settle(&modem, first.segment, Settlement::Refused { cause: Cause::Cms(42) });
    // The second is to go again meanwhile.
    desk.pass(Duration::from_secs(60));
    assert!(desk.loads().is_empty(), "the first part is not due");
    desk.pass(Duration::from_secs(60));
    assert_eq!(desk.load().1.segment, first.segment);
}

#[test]
fn a_late_answer_settles_the_unknown() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    let (modem, lease) = desk.load();
    desk.offer(&modem, lease.segment);
    desk.settle(&modem, lease.segment, Settlement::Unknown { why: UnknownWhy::Silence });
    desk.settle(&modem, lease.segment, Settlement::LateAccepted { tp_mr: 3 });
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn a_report_with_the_expected_reference_proves_that_it_was_sent() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(255);
    let id = make_unknown(&mut desk, "dois");
    desk.status_report("m1", 77, "+5511987654321", 0);
    assert_eq!(desk.state(id), MessageState::Unknown, "another reference proves nothing");
    desk.status_report("m1", 0, "011987654321", 0);
    assert_eq!(desk.state(id), MessageState::Delivered);
}

#[test]
fn a_report_before_its_submission_is_answered_waits_for_it() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    let (modem, lease) = desk.load();
    desk.offer(&modem, lease.segment);
    desk.status_report("m1", 5, "+5511987654321", 0);
    assert_eq!(desk.state(id), MessageState::Sending);
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 5 });
    assert_eq!(desk.state(id), MessageState::Delivered);
}

#[test]
fn interim_and_repeated_reports_change_no_final_word() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.send(5);
    desk.status_report("m1", 5, "+5511987654321", 0x20);
    assert_eq!((desk.state(id), desk.view(id).report_state.name()), (MessageState::Accepted, "pending"));
    desk.status_report("m1", 5, "+5511987654321", 0x46);
    assert_eq!(desk.state(id), MessageState::Undelivered);
    desk.status_report("m1", 5, "+5511987654321", 0);
    assert_eq!(desk.state(id), MessageState::Undelivered);
    assert!(desk.loads().is_empty(), "a report never sends again");
}

#[test]
fn a_report_that_came_before_the_outcome_was_lost_proves_it() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(6);
    let id = desk.submit("dois");
    let (modem, lease) = desk.hand_over();
    desk.status_report("m1", 7, "+5511987654321", 0);
    desk.pass(Duration::from_secs(150));
    desk.settle(&modem, lease.segment, Settlement::Unknown { why: UnknownWhy::Silence });
    assert_eq!(desk.state(id), MessageState::Delivered);
}

#[test]
fn of_two_unknowns_to_one_number_no_report_proves_either() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(254);
    let first = make_unknown(&mut desk, "dois");
    let second = make_unknown(&mut desk, "tres");
    // Which references they have depends on which of them left the modem, and that is not known.
    for tp_mr in [255, 0] {
        desk.status_report("m1", tp_mr, "+5511987654321", 0);
    }
    assert_eq!((desk.state(first), desk.state(second)), (MessageState::Unknown, MessageState::Unknown));
    resolve(&mut desk, first, Decision::GiveUp);
    assert_eq!((desk.state(first), desk.state(second)), (MessageState::Failed, MessageState::Unknown));
}

#[test]
fn an_old_submission_does_not_take_the_report_of_a_new_one() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let old = desk.submit("um");
    desk.send(9);
    desk.pass(Duration::from_secs(4 * 24 * 3600));
    let new = desk.submit("dois");
    let (modem, lease) = desk.hand_over();
    desk.status_report("m1", 9, "+5511987654321", 0);
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 9 });
    assert_eq!((desk.state(old), desk.state(new)), (MessageState::Accepted, MessageState::Delivered));
}

#[test]
fn a_duplicate_of_our_own_resend_means_that_the_first_one_arrived() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let duplicate = Settlement::Refused { cause: Cause::Cms(197) };
    let id = make_unknown(&mut desk, "um");
    resolve(&mut desk, id, Decision::Resend);
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, duplicate);
    assert_eq!(desk.state(id), MessageState::Accepted);
    let other = desk.submit("dois");
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, duplicate);
    assert_eq!(desk.state(other), MessageState::Unknown, "nothing of ours was sent before it");
}

#[test]
fn an_early_report_belongs_to_the_part_on_the_wire_not_to_the_unknown_one_before_it() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(9);
    let lost = make_unknown(&mut desk, "dois");
    let id = desk.submit("tres");
    let (modem, lease) = desk.hand_over();
    desk.status_report("m1", 10, "+5511987654321", 0);
    assert_eq!(desk.state(lost), MessageState::Unknown);
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 10 });
    desk.status_report("m1", 10, "+5511987654321", 0);
    assert_eq!((desk.state(lost), desk.state(id)), (MessageState::Unknown, MessageState::Delivered));
}

#[test]
fn a_report_that_waits_for_the_part_on_the_wire_finds_the_unknown_one_after_it() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(9);
    let lost = make_unknown(&mut desk, "dois");
    let id = desk.submit("tres");
    let (modem, lease) = desk.hand_over();
    desk.status_report("m1", 10, "+5511987654321", 0);
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 11 });
    assert_eq!((desk.state(lost), desk.state(id)), (MessageState::Delivered, MessageState::Accepted));
}

#[test]
fn an_unknown_part_that_goes_again_is_found_where_its_message_is_bound() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit(&long_text());
    let (_, first) = desk.hand_over();
    let lost = Settlement::Unknown { why: UnknownWhy::PortLost };
    let down = Report::Down { reason: "the port is gone".into() };
    desk.report("m1", &[Report::Settled { segment: first.segment, result: lost }, down]);
    desk.plug("m2", "sim-b");
    assert!(desk.loads().is_empty(), "the rest waits for the SIM that has begun it");
    desk.plug("m1", "sim-a");
    assert_eq!((desk.send(5).part, desk.send(6).part), (2, 3));
    assert_eq!(resolve(&mut desk, id, Decision::Resend), ResolveAnswer::Done);
    assert_eq!(desk.send(7).part, 1);
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn a_policy_whose_time_comes_after_the_validity_leaves_the_part_unknown() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let on_unknown = OnUnknown::ResendAfter(Duration::from_secs(1800));
    let submission = Submission { on_unknown, expires: desk.now + Duration::from_secs(600), ..desk.submission("um") };
    desk.try_submit(&submission);
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Unknown { why: UnknownWhy::PortLost });
    desk.pass(Duration::from_secs(1800));
    desk.pass(Duration::from_secs(1));
    assert_eq!(desk.state(submission.id), MessageState::Unknown, "it may have been sent, and cannot go again");
    let deadline = desk.gateway.deadline(desk.now);
    assert!(deadline.is_none_or(|at| at > desk.now), "nothing is left to be done at once: {deadline:?}");
    desk.restart();
    assert_eq!(desk.gateway.deadline(desk.now), None);
}

#[test]
fn what_an_operator_says_was_sent_is_found_by_its_report() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(255);
    let id = make_unknown(&mut desk, "dois");
    desk.pass(Duration::from_secs(3 * 3600));
    resolve(&mut desk, id, Decision::Sent);
    assert_eq!((desk.state(id), desk.view(id).parts[0].tp_mr), (MessageState::Accepted, Some(0)));
    desk.status_report("m1", 0, "+5511987654321", 0);
    assert_eq!(desk.state(id), MessageState::Delivered);
    // That it took three hours to decide says nothing about the clock of the centre.
    let sql = "SELECT scts_ahead FROM sim";
    let ahead: Option<i64> = desk.gateway.store().connection().query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(ahead.unwrap_or_default(), 0);
}

#[test]
fn a_report_that_came_while_nobody_knew_is_found_by_the_decision() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(254);
    let first = make_unknown(&mut desk, "dois");
    let second = make_unknown(&mut desk, "tres");
    desk.status_report("m1", 0, "+5511987654321", 0);
    assert_eq!(desk.state(second), MessageState::Unknown, "it may be about either");
    // If the first was sent, the reference is that of the second.
    resolve(&mut desk, first, Decision::Sent);
    assert_eq!((desk.state(first), desk.state(second)), (MessageState::Accepted, MessageState::Delivered));
}

#[test]
fn what_is_not_valid_any_more_is_not_sent_again() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = make_unknown(&mut desk, "um");
    let valid_until = desk.now + Duration::from_secs(24 * 3600);
    desk.pass(Duration::from_secs(24 * 3600));
    assert_eq!(resolve(&mut desk, id, Decision::Resend), ResolveAnswer::NotValid(valid_until));
    assert_eq!(desk.state(id), MessageState::Unknown);
    assert_eq!(resolve(&mut desk, id, Decision::GiveUp), ResolveAnswer::Done);
}
