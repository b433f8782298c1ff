//! One message after another through modems that come and go.

use super::*;

#[test]
fn a_message_travels_from_queue_to_delivery() {
    let mut desk = Desk::new(unlimited());
    let id = desk.submit("Olá");
    assert_eq!(desk.state(id), MessageState::Queued);
    desk.plug("m1", "sim-a");
    let (modem, lease) = desk.hand_over();
    assert_eq!(desk.state(id), MessageState::Sending);
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 7 });
    assert_eq!(desk.state(id), MessageState::Accepted);
    desk.status_report("m1", 7, "+5511987654321", 0);
    assert_eq!(desk.state(id), MessageState::Delivered);
    let view = desk.view(id);
    assert_eq!((view.report_state.name(), view.parts_sent), ("delivered", 1));
    let kinds: Vec<String> = desk.reader().history(view.key).unwrap().into_iter().map(|event| event.kind).collect();
    let expected = [
        "message.queued",
        "message.held",
        "segment.offered",
        "message.sending",
        "segment.accepted",
        "message.accepted",
        "segment.reported",
        "message.delivered",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn several_modems_share_one_queue() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.plug("m2", "sim-b");
    desk.submit("um");
    desk.submit("dois");
    let modems: Vec<String> = desk.loads().into_iter().map(|(modem, _)| modem).collect();
    assert_eq!(modems, ["m1", "m2"]);
}

#[test]
fn what_is_leased_is_not_drawn_again() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.plug("m2", "sim-b");
    desk.submit("um");
    desk.load();
    assert!(desk.loads().is_empty());
}

#[test]
fn the_next_lease_is_ready_while_one_is_on_the_wire() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.submit("dois");
    let (_, first) = desk.hand_over();
    let (_, second) = desk.load();
    let orders = desk.report(
        "m1",
        &[
            Report::Settled { segment: first.segment, result: Settlement::Accepted { tp_mr: 1 } },
            Report::Offer(second.segment),
        ],
    );
    assert_eq!(orders, [Order::Answer(second.segment, Offer::Go)], "result and next offer share one transaction");
}

#[test]
fn a_refusal_for_now_waits_and_is_not_for_ever() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    let refused = Settlement::Refused { cause: Cause::Cms(42) };
    let mut attempts = 0;
    while desk.state(id) == MessageState::Queued {
        let (modem, lease) = desk.hand_over();
        desk.settle(&modem, lease.segment, refused);
        assert!(desk.loads().is_empty(), "it must not come back at once");
        attempts += 1;
        desk.pass(Duration::from_secs(3600));
    }
    assert_eq!((desk.state(id), attempts), (MessageState::Failed, 8));
}

#[test]
fn a_bad_number_fails_at_once_and_blocks_nobody() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let bad = desk.submit("um");
    let good = desk.submit("dois");
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Refused { cause: Cause::Cms(1) });
    assert_eq!(desk.state(bad), MessageState::Failed);
    assert_eq!(desk.view(bad).parts.first().and_then(|part| part.cause.clone()).as_deref(), Some("cms-1"));
    desk.send(1);
    assert_eq!(desk.state(good), MessageState::Accepted);
}

#[test]
fn a_lost_modem_frees_what_it_had_not_offered() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    let (modem, lease) = desk.load();
    desk.settle(&modem, lease.segment, Settlement::Returned { why: ReturnedWhy::PortLost });
    desk.report("m1", &[Report::Down { reason: "the port is gone".into() }]);
    assert!(desk.loads().is_empty());
    desk.plug("m2", "sim-b");
    assert_eq!(desk.load().0, "m2");
    assert_eq!(desk.state(id), MessageState::Queued);
}

#[test]
fn a_lease_that_comes_back_late_says_nothing_about_the_one_that_followed() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    let (_, lease) = desk.load();
    desk.report("m1", &[Report::Down { reason: "the port is gone".into() }]);
    desk.plug("m2", "sim-b");
    let (modem, again) = desk.load();
    assert_eq!((modem.as_str(), again.segment), ("m2", lease.segment));
    assert_eq!(desk.offer("m2", lease.segment), Offer::Go);
    desk.plug("m1", "sim-a");
    desk.settle("m1", lease.segment, Settlement::Returned { why: ReturnedWhy::ModemDown });
    assert_eq!(desk.state(id), MessageState::Sending, "the second modem has it on the wire");
    desk.settle("m2", lease.segment, Settlement::Accepted { tp_mr: 1 });
    assert_eq!(desk.state(id), MessageState::Accepted);
    assert!(desk.loads().is_empty());
}

#[test]
fn a_settlement_counts_although_its_modem_is_down_by_then() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let returned = desk.submit("um");
    let (_, lease) = desk.hand_over();
    desk.report("m1", &[Report::Down { reason: "the port is gone".into() }]);
    desk.settle("m1", lease.segment, Settlement::Returned { why: ReturnedWhy::PortLost });
    assert_eq!(desk.state(returned), MessageState::Queued);
    desk.plug("m1", "sim-a");
    let (_, lease) = desk.hand_over();
    desk.settle("m1", lease.segment, Settlement::Unknown { why: UnknownWhy::Silence });
    desk.report("m1", &[Report::Down { reason: "silent".into() }]);
    desk.settle("m1", lease.segment, Settlement::LateAccepted { tp_mr: 4 });
    assert_eq!(desk.state(returned), MessageState::Accepted);
}

#[test]
fn an_offer_of_a_modem_that_is_down_is_answered_with_stop() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    let (_, lease) = desk.load();
    desk.report("m1", &[Report::Down { reason: "the port is gone".into() }]);
    assert_eq!(desk.offer("m1", lease.segment), Offer::Stop);
}

fn reply(desk: &mut Desk) -> Submission {
    Submission { purpose: Purpose::Reply, ..desk.submission("de nada") }
}

#[test]
fn an_answer_goes_by_the_sim_that_was_written_to_and_waits_for_it() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(1);
    desk.plug("m2", "sim-b");
    // In the national form, as some networks give it.
    desk.receive("m2", deliver("011987654321", "quem fala?", None));
    desk.report("m2", &[Report::Down { reason: "the port is gone".into() }]);
    let answer = reply(&mut desk);
    assert_eq!(desk.try_submit(&answer), queued(Verdict::Hold { reason: Reason::SimResting, until: None }));
    assert!(desk.loads().is_empty());
    desk.plug("m2", "sim-b");
    assert_eq!(desk.load().0, "m2");
}

#[test]
fn an_answer_to_somebody_who_was_written_to_goes_by_that_sim() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(1);
    desk.plug("m2", "sim-b");
    for _ in 0..2 {
        let answer = reply(&mut desk);
        desk.try_submit(&answer);
        let (modem, lease) = desk.hand_over();
        assert_eq!(modem, "m1");
        desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 2 });
    }
}

#[test]
fn an_answer_for_which_a_sim_is_asked_goes_by_that_one_and_to_strangers_by_any() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.plug("m2", "sim-b");
    desk.receive("m1", deliver("+5511987654321", "quem fala?", None));
    let asked = Submission { group: Some("vip".into()), ..reply(&mut desk) };
    desk.try_submit(&asked);
    let (modem, lease) = desk.hand_over();
    assert_eq!(modem, "m2");
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 2 });
    desk.report("m1", &[Report::Down { reason: "the port is gone".into() }]);
    let stranger = Submission { to: PhoneNumber::from_digits("5511900000000").unwrap(), ..reply(&mut desk) };
    desk.try_submit(&stranger);
    assert_eq!(desk.load().0, "m2");
}

#[test]
fn a_modem_is_known_by_the_slot_in_which_it_was_up_last() {
    let mut desk = Desk::new(unlimited());
    let up = |desk: &mut Desk, modem: &str, slot: &str| {
        desk.report(modem, &[Report::Up { iccid: "sim-a".into() }, Report::At(slot.to_owned())]);
    };
    up(&mut desk, "m1", "1-1:1.2");
    up(&mut desk, "m2", "1-2:1.2");
    // It was moved, and another one is where it was.
    up(&mut desk, "m1", "1-3:1.2");
    up(&mut desk, "m3", "1-1:1.2");
    up(&mut desk, "m3", "1-1:1.2");
    let place = |modem: &str, slot: &str| (ModemId::new(modem), slot.to_owned());
    let expected = [place("m3", "1-1:1.2"), place("m2", "1-2:1.2"), place("m1", "1-3:1.2")];
    assert_eq!(desk.reader().modem_places().unwrap(), expected);
}
