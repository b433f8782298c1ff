//! What a SIM may spend, and what comes back.

use super::*;

#[test]
fn nothing_written_means_back_in_the_queue_with_the_budget_as_before() {
    let mut desk = Desk::new(Limits { per_day: 1, ..unlimited() });
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Returned { why: ReturnedWhy::NoPrompt });
    assert_eq!(desk.state(id), MessageState::Queued);
    desk.send(1);
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn a_budget_that_does_not_hold_all_parts_starts_none() {
    let mut desk = Desk::new(Limits { per_minute: 3, ..unlimited() });
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(1);
    let id = desk.submit(&long_text());
    assert!(desk.loads().is_empty(), "it is not even tried");
    desk.submit("dois");
    desk.send(2);
    assert!(desk.loads().is_empty(), "what is smaller goes past it, and then the minute is spent");
    desk.pass(Duration::from_secs(61));
    for part in 1..=3 {
        assert_eq!(desk.send(part).part, part);
    }
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn a_message_that_no_sim_can_ever_send_is_refused() {
    let mut desk = Desk::new(Limits { per_minute: 2, ..unlimited() });
    let submission = desk.submission(&long_text());
    assert!(matches!(desk.try_submit(&submission), SubmitAnswer::ExceedsBudget { parts: 3, limit: 2, .. }));
}

#[test]
fn budgets_survive_a_restart() {
    let mut desk = Desk::new(Limits { per_day: 2, ..unlimited() });
    desk.plug("m1", "sim-a");
    for _ in 0..3 {
        desk.submit("um");
    }
    desk.send(1);
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.send(2);
    assert!(desk.loads().is_empty());
    let midnight: Timestamp = "2026-11-25T00:00:00Z".parse().unwrap();
    assert_eq!(desk.gateway.deadline(desk.now), Some(midnight));
    desk.pass(Duration::from_secs(11 * 3600));
    desk.send(3);
}

#[test]
fn the_pace_is_kept_and_said() {
    let mut desk = Desk::new(Limits { min_gap: Duration::from_secs(5), ..unlimited() });
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(1);
    let submission = desk.submission("dois");
    let until = Some(desk.now + Duration::from_secs(5));
    assert_eq!(desk.try_submit(&submission), SubmitAnswer::Queued(Verdict::Hold { reason: Reason::SimPace, until }));
    assert!(desk.loads().is_empty());
    desk.pass(Duration::from_secs(5));
    desk.send(2);
}

#[test]
fn a_refusal_before_the_pdu_costs_no_budget() {
    let mut desk = Desk::new(Limits { per_day: 1, ..unlimited() });
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Returned { why: ReturnedWhy::Cause(Cause::Error) });
    assert!(desk.loads().is_empty());
    desk.pass(Duration::from_secs(60));
    desk.send(1);
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn what_comes_back_keeps_its_place() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    let (modem, lease) = desk.hand_over();
    desk.pass(Duration::from_secs(10));
    desk.submit("dois");
    desk.settle(&modem, lease.segment, Settlement::Returned { why: ReturnedWhy::NoPrompt });
    assert_eq!(desk.load().1.segment, lease.segment);
}
