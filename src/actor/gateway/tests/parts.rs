//! Messages in several parts.

use super::*;

#[test]
fn parts_go_in_order_by_one_sim_and_a_refused_one_ends_the_message() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.plug("m2", "sim-b");
    let id = desk.submit(&long_text());
    let (modem, first) = desk.load();
    assert_eq!((first.part, first.of, first.follows_soon), (1, 3, true));
    assert_eq!(desk.offer(&modem, first.segment), Offer::Go);
    let (same, second) = desk.load();
    assert_eq!((same.as_str(), second.part), (modem.as_str(), 2));
    desk.settle(&modem, first.segment, Settlement::Accepted { tp_mr: 1 });
    assert_eq!(desk.state(id), MessageState::Sending);
    assert_eq!(desk.offer(&modem, second.segment), Offer::Go);
    desk.settle(&modem, second.segment, Settlement::Refused { cause: Cause::Cms(1) });
    let view = desk.view(id);
    assert_eq!((view.state, view.parts_sent), (MessageState::Failed, 1));
    assert!(desk.loads().is_empty());
}

#[test]
fn after_a_crash_the_rest_of_a_message_stays_with_its_sim() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit(&long_text());
    desk.send(1);
    desk.restart();
    desk.plug("m2", "sim-b");
    assert!(desk.loads().is_empty(), "the other SIM must not go on with it");
    desk.plug("m1", "sim-a");
    assert_eq!(desk.send(2).part, 2);
    assert_eq!(desk.send(3).part, 3);
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn a_part_that_comes_back_while_the_next_is_on_the_wire_is_found_again() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit(&long_text());
    let (modem, first) = desk.hand_over();
    desk.settle(&modem, first.segment, Settlement::Unknown { why: UnknownWhy::Silence });
    let (_, second) = desk.load();
    assert_eq!(desk.offer(&modem, second.segment), Offer::Go);
    assert_eq!(resolve(&mut desk, id, Decision::Resend), ResolveAnswer::Done);
    let (_, third) = desk.load();
    assert_eq!(desk.offer(&modem, third.segment), Offer::Stop, "the first part goes before the third");
    desk.settle(&modem, third.segment, Settlement::Returned { why: ReturnedWhy::Stopped });
    desk.settle(&modem, second.segment, Settlement::Accepted { tp_mr: 2 });
    assert_eq!(desk.send(3).part, 1);
    assert_eq!(desk.send(4).part, 3);
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn a_lease_behind_a_slow_part_is_asked_back_and_goes_by_another_modem() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let slow = desk.submit("um");
    let other = desk.submit("dois");
    let (_, first) = desk.hand_over();
    let (_, second) = desk.load();
    desk.plug("m2", "sim-b");
    desk.pass(crate::dispatch::plan::LEASE);
    let (orders, _) = desk.gateway.assign(desk.now);
    assert_eq!(orders, [(ModemId::new("m1"), Order::Release(second.segment))]);
    desk.settle("m1", second.segment, Settlement::Returned { why: ReturnedWhy::ModemDown });
    assert_eq!(desk.load().0, "m2");
    assert_eq!(desk.offer("m2", second.segment), Offer::Go);
    desk.settle("m2", second.segment, Settlement::Accepted { tp_mr: 1 });
    desk.settle("m1", first.segment, Settlement::Accepted { tp_mr: 1 });
    assert_eq!((desk.state(slow), desk.state(other)), (MessageState::Accepted, MessageState::Accepted));
}
