//! Status reports: which part each belongs to, and what speaks for an unknown one that no report proves.

use super::*;
use crate::sms::evidence::{Evidence, Suggests};

const TO_OTHER: &str = "5511900000000";

/// A report as it comes by a centre, which took the submission so many seconds after the beginning of the test.
fn report(tp_mr: u8, to: &str, tp_st: u8, taken_at: i64, smsc: Option<&str>) -> Vec<u8> {
    let begin: Timestamp = "2026-11-24T13:00:00Z".parse().unwrap();
    let at = |seconds: i64| Scts::from_unix_seconds(begin.as_millis() / 1_000 + seconds, -12).unwrap();
    let tpdu = StatusReportTpdu {
        mms: false,
        srq: false,
        lp: false,
        tp_mr,
        tp_ra: Address::from_number(to).unwrap(),
        tp_scts: at(taken_at),
        tp_dt: at(taken_at + 10),
        tp_st,
        tp_pid: None,
        tp_dcs: None,
        user_data: None,
    };
    let smsc = smsc.map(|smsc| Address::from_number(smsc).unwrap());
    Pdu { smsc, tpdu: Tpdu::StatusReport(tpdu) }.encode().unwrap().octets
}

fn submit_to(desk: &mut Desk, to: &str) -> MessageId {
    let submission = Submission { to: PhoneNumber::from_digits(to).unwrap(), ..desk.submission("um") };
    assert!(matches!(desk.try_submit(&submission), SubmitAnswer::Queued(_)));
    submission.id
}

fn evidence(desk: &Desk, id: MessageId) -> Vec<Evidence> {
    desk.view(id).parts.remove(0).evidence
}

#[test]
fn a_report_by_another_centre_counts() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.send(5);
    desk.receive("m1", report(5, "+5511987654321", 0, 0, Some("+5521000000000")));
    assert_eq!(desk.state(id), MessageState::Delivered);
}

#[test]
fn a_report_by_another_sim_is_about_another_message() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.send(5);
    desk.plug("m2", "sim-b");
    desk.receive("m2", report(5, "+5511987654321", 0, 0, None));
    assert_eq!(desk.state(id), MessageState::Accepted);
    // The SIM is moved: its reports come by the other modem.
    desk.report("m1", &[Report::Down { reason: "the port is gone".into() }]);
    desk.plug("m3", "sim-a");
    desk.receive("m3", report(5, "+5511987654321", 0, 1, None));
    assert_eq!(desk.state(id), MessageState::Delivered);
}

#[test]
fn a_count_of_references_that_begins_anew_finds_each_recipient() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let first = submit_to(&mut desk, TO);
    desk.send(0);
    let second = submit_to(&mut desk, TO_OTHER);
    desk.send(0);
    desk.receive("m1", report(0, "+5511987654321", 0, 0, None));
    assert_eq!((desk.state(first), desk.state(second)), (MessageState::Delivered, MessageState::Accepted));
    desk.receive("m1", report(0, "+5511900000000", 0x46, 0, None));
    assert_eq!((desk.state(first), desk.state(second)), (MessageState::Delivered, MessageState::Undelivered));
}

/// Two messages to one recipient with one reference, a day apart.
fn twice_to_one(desk: &mut Desk) -> [MessageId; 2] {
    desk.plug("m1", "sim-a");
    let older = desk.submit("um");
    desk.send(9);
    desk.pass(Duration::from_secs(24 * 3600));
    let newer = desk.submit("dois");
    desk.send(9);
    [older, newer]
}

#[test]
fn when_a_reference_has_come_back_the_time_of_the_centre_tells_which_it_is() {
    let mut desk = Desk::new(unlimited());
    let [older, newer] = twice_to_one(&mut desk);
    desk.receive("m1", report(9, "+5511987654321", 0x46, 2, None));
    assert_eq!((desk.state(older), desk.state(newer)), (MessageState::Undelivered, MessageState::Accepted));
    desk.receive("m1", report(9, "+5511987654321", 0, 24 * 3600 + 2, None));
    assert_eq!(desk.state(newer), MessageState::Delivered);
}

#[test]
fn a_centre_whose_clock_is_wrong_by_a_day_is_known_by_its_earlier_reports() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    submit_to(&mut desk, TO_OTHER);
    desk.send(1);
    let day = 24 * 3600;
    desk.receive("m1", report(1, "+5511900000000", 0, day, None));
    let [older, newer] = twice_to_one(&mut desk);
    desk.receive("m1", report(9, "+5511987654321", 0, day + 2, None));
    assert_eq!((desk.state(older), desk.state(newer)), (MessageState::Delivered, MessageState::Accepted));
}

#[test]
fn a_report_that_comes_twice_is_not_taken_for_that_of_the_next_with_its_reference() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let older = desk.submit("um");
    desk.send(9);
    let octets = report(9, "+5511987654321", 0, 2, None);
    desk.receive("m1", octets.clone());
    desk.restart();
    desk.plug("m1", "sim-a");
    let newer = desk.submit("dois");
    desk.send(9);
    desk.receive("m1", octets);
    assert_eq!((desk.state(older), desk.state(newer)), (MessageState::Delivered, MessageState::Accepted));
}

#[test]
fn a_final_word_never_goes_back_to_pending() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.send(5);
    desk.receive("m1", report(5, "+5511987654321", 0x20, 0, None));
    assert_eq!(desk.view(id).report_state.name(), "pending");
    desk.receive("m1", report(5, "+5511987654321", 0, 0, None));
    desk.receive("m1", report(5, "+5511987654321", 0x21, 0, None));
    assert_eq!((desk.state(id), desk.view(id).report_state.name()), (MessageState::Delivered, "delivered"));
}

#[test]
fn what_is_no_proof_of_delivery_leaves_it_accepted() {
    for tp_st in [0x01, 0x02, 0x1F, 0x3F, 0x80, 0xFF] {
        let mut desk = Desk::new(unlimited());
        desk.plug("m1", "sim-a");
        let id = desk.submit("um");
        desk.send(5);
        desk.receive("m1", report(5, "+5511987654321", tp_st, 0, None));
        assert_eq!(desk.state(id), MessageState::Accepted, "{tp_st:02X}");
    }
}

#[test]
fn a_message_without_any_report_stays_accepted() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.send(5);
    desk.pass(Duration::from_secs(30 * 24 * 3600));
    assert_eq!((desk.state(id), desk.view(id).report_state.name()), (MessageState::Accepted, "none"));
}

#[test]
fn each_part_has_its_own_report() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let good = desk.submit(&long_text());
    let bad = desk.submit(&long_text());
    for tp_mr in 254..=255 {
        desk.send(tp_mr);
    }
    for tp_mr in 0..4 {
        desk.send(tp_mr);
    }
    for tp_mr in [254, 255] {
        desk.receive("m1", report(tp_mr, "+5511987654321", 0, 0, None));
    }
    assert_eq!((desk.state(good), desk.view(good).report_state.name()), (MessageState::Accepted, "pending"));
    desk.receive("m1", report(0, "+5511987654321", 0, 0, None));
    assert_eq!(desk.state(good), MessageState::Delivered);
    desk.receive("m1", report(2, "+5511987654321", 0x43, 0, None));
    assert_eq!(desk.state(bad), MessageState::Undelivered);
}

#[test]
fn a_report_waits_ten_minutes_for_its_submission() {
    for (waits, state) in [(599, MessageState::Delivered), (600, MessageState::Accepted)] {
        let mut desk = Desk::new(unlimited());
        desk.plug("m1", "sim-a");
        let id = desk.submit("um");
        desk.receive("m1", report(5, "+5511987654321", 0, 0, None));
        desk.pass(Duration::from_secs(waits));
        desk.send(5);
        assert_eq!(desk.state(id), state, "{waits} s");
    }
}

#[test]
fn a_report_with_the_next_reference_proves_the_unknown_only_for_its_recipient() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(5);
    let id = make_unknown(&mut desk, "dois");
    desk.receive("m1", report(6, "+5511900000000", 0, 0, None));
    assert_eq!(desk.state(id), MessageState::Unknown);
    desk.receive("m1", report(6, "+551187654321", 0, 0, None));
    assert_eq!(desk.state(id), MessageState::Delivered);
}

#[test]
fn an_unknown_part_shows_what_is_known_about_it() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(5);
    let id = make_unknown(&mut desk, "dois");
    assert_eq!(evidence(&desk, id), [Evidence::Seen("port-lost".into()), Evidence::NoReport]);
    // A reference further on fits nothing; the next submission shows that one was left out.
    let at = desk.now;
    desk.receive("m1", report(77, "011987654321", 0, 0, None));
    submit_to(&mut desk, TO_OTHER);
    desk.send(7);
    desk.pass(Duration::from_secs(3600));
    desk.receive("m1", deliver("+5511987654321", "já paguei", None));
    let found = evidence(&desk, id);
    let parked = Evidence::Parked { tp_mr: 77, tp_status: crate::sms::tp_status::TpStatus(0), at };
    let expected = [
        Evidence::Seen("port-lost".into()),
        Evidence::References { before: 5, after: 7, unknown: 1 },
        parked,
        Evidence::Answered { at: desk.now },
    ];
    assert_eq!(found, expected);
    let suggested: Vec<_> = found.iter().map(Evidence::suggests).collect();
    assert_eq!(suggested, [None, Some(Suggests::Sent), Some(Suggests::Sent), Some(Suggests::Sent)]);
    assert_eq!(desk.state(id), MessageState::Unknown, "hints settle nothing");
    resolve(&mut desk, id, Decision::Sent);
    assert_eq!(evidence(&desk, id), []);
}

#[test]
fn a_reference_that_went_to_the_next_one_speaks_against_it() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(255);
    let submission = Submission { report: false, ..desk.submission("dois") };
    desk.try_submit(&submission);
    desk.hand_over();
    desk.restart();
    desk.plug("m1", "sim-a");
    submit_to(&mut desk, TO_OTHER);
    desk.send(0);
    let found = evidence(&desk, submission.id);
    let references = Evidence::References { before: 255, after: 0, unknown: 1 };
    assert_eq!(found, [Evidence::Seen("daemon-ended".into()), references.clone(), Evidence::ReportsOff]);
    assert_eq!(references.suggests(), Some(Suggests::NotSent));
}

#[test]
fn two_unknown_parts_around_one_gap_share_it() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(5);
    let first = make_unknown(&mut desk, "dois");
    let second = make_unknown(&mut desk, "tres");
    submit_to(&mut desk, TO_OTHER);
    desk.send(7);
    let shared = Evidence::References { before: 5, after: 7, unknown: 2 };
    for id in [first, second] {
        assert!(evidence(&desk, id).contains(&shared));
    }
    assert_eq!(shared.suggests(), None);
}

#[test]
fn a_report_that_was_parked_when_the_clock_was_ahead_does_not_wait_for_that_time() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.status_report("m1", 7, "+5511987654321", 0);
    desk.now = desk.now - Duration::from_secs(86_400);
    desk.plug("m1", "sim-a");
    desk.pass(Duration::from_secs(11 * 60));
    let id = desk.submit("um");
    desk.send(7);
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn a_report_that_comes_again_with_more_behind_it_or_by_another_centre_is_the_same() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let first = desk.submit("um");
    desk.send(5);
    let octets = report(5, "+5511987654321", 0, 0, None);
    desk.receive("m1", octets.clone());
    assert_eq!(desk.state(first), MessageState::Delivered);
    // The reference has come back.
    let second = desk.submit("dois");
    desk.send(5);
    let mut again = octets;
    // TP-MMS, in the octet after the SMSC field, which is empty.
    again[1] ^= 0x04;
    desk.receive("m1", again);
    desk.receive("m1", report(5, "+5511987654321", 0, 0, Some("+5521000000000")));
    assert_eq!(desk.state(second), MessageState::Accepted);
    desk.receive("m1", report(5, "+5511987654321", 0, 1, None));
    assert_eq!(desk.state(second), MessageState::Delivered);
}
