//! SIMs that rest, what sends messages to another one, and self-tests.

use super::*;
use crate::store::health::TestAnswer;

const SILENT: Settlement = Settlement::Unknown { why: UnknownWhy::Silence };
const BARRED: Settlement = Settlement::Refused { cause: Cause::Cms(8) };
const EITHER: Settlement = Settlement::Refused { cause: Cause::Cms(38) };

/// The number of SIM `sim-a`, where it has one.
const OWN: &str = "5511900000001";

impl Desk {
    fn with_number() -> Self {
        let mut desk = Self::new(unlimited());
        let names = SimNames { iccid: "sim-a".into(), name: None, group: None };
        let card = Card { names, number: Some(format!("+{OWN}")), limits: unlimited(), balance: Rule::default() };
        desk.settings.sims.cards.push(card);
        desk.restart();
        desk
    }

    fn submit_to(&mut self, to: &str) -> MessageId {
        let submission = Submission { to: PhoneNumber::from_digits(to).unwrap(), ..self.submission("um") };
        self.try_submit(&submission);
        submission.id
    }

    fn hand_over_as(&mut self, result: Settlement) -> Lease {
        let (modem, lease) = self.hand_over();
        self.settle(&modem, lease.segment, result);
        lease
    }

    fn sim_state(&self, iccid: &str) -> &'static str {
        let sims = self.gateway.store().board().sims(self.now);
        sims.into_iter().find(|sim| sim.card.names.iccid == iccid).unwrap().state
    }

    fn self_test(&mut self, sim: &str, to: Option<&str>) -> TestAnswer {
        let to = to.map(|digits| PhoneNumber::from_digits(digits).unwrap());
        self.gateway.commit(self.now, |context| context.work.self_test(sim, to)).unwrap()
    }

    fn open_alarms(&self) -> usize {
        let conn = self.gateway.store().connection();
        conn.query_row("SELECT count(*) FROM alarm WHERE cleared_at IS NULL", [], |row| row.get(0)).unwrap()
    }
}

#[test]
fn a_barred_sim_rests_and_another_one_sends_at_once() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.hand_over_as(BARRED);
    assert_eq!((desk.sim_state("sim-a"), desk.open_alarms()), ("resting", 1));
    assert!(desk.loads().is_empty(), "no debtor's message goes by a SIM that rests");
    desk.plug("m2", "sim-b");
    let (modem, lease) = desk.hand_over();
    assert_eq!(modem, "m2");
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 1 });
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn what_only_a_resting_sim_could_send_says_so() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.hand_over_as(BARRED);
    let verdict = desk.verdict(id);
    assert_eq!(verdict, Verdict::Hold { reason: Reason::SimResting, until: None });
}

#[test]
fn a_rest_lasts_over_a_restart() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.hand_over_as(BARRED);
    desk.restart();
    desk.plug("m1", "sim-a");
    assert_eq!(desk.sim_state("sim-a"), "resting");
    assert!(desk.loads().is_empty());
}

#[test]
fn a_self_test_brings_a_resting_sim_back_and_clears_the_alarm() {
    let mut desk = Desk::with_number();
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.hand_over_as(BARRED);
    assert_eq!(desk.self_test("sim-a", None), TestAnswer::NoNumber);
    assert_eq!(desk.self_test("sim-x", Some(OWN)), TestAnswer::NoSuchSim);
    assert_eq!(desk.self_test("sim-a", Some(TO)), TestAnswer::NotOurs, "a debtor is never asked");
    let TestAnswer::Sent(test) = desk.self_test("sim-a", Some(OWN)) else { panic!("not sent") };
    desk.send(3);
    assert_eq!(desk.state(test), MessageState::Accepted);
    assert_eq!((desk.sim_state("sim-a"), desk.open_alarms()), ("ready", 0));
    desk.send(4);
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn a_self_test_that_fails_changes_nothing() {
    let mut desk = Desk::with_number();
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.hand_over_as(BARRED);
    desk.self_test("sim-a", Some(OWN));
    desk.hand_over_as(BARRED);
    assert_eq!((desk.sim_state("sim-a"), desk.open_alarms()), ("resting", 1));
}

#[test]
fn a_resting_sim_tests_itself_with_growing_pauses() {
    let mut desk = Desk::new(unlimited());
    desk.settings.alarms = vec![PhoneNumber::from_digits("5511900000001").unwrap()];
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.hand_over_as(BARRED);
    // The alarm itself waits for a SIM that works.
    desk.pass(Duration::from_secs(5 * 60 - 1));
    assert!(desk.loads().is_empty());
    desk.pass(Duration::from_secs(1));
    desk.hand_over_as(BARRED);
    desk.pass(Duration::from_secs(30 * 60 - 1));
    assert!(desk.loads().is_empty());
    desk.pass(Duration::from_secs(1));
    desk.send(5);
    assert_eq!(desk.sim_state("sim-a"), "ready");
}

#[test]
fn a_self_test_that_waits_is_not_sent_again() {
    let mut desk = Desk::new(unlimited());
    desk.settings.alarms = vec![PhoneNumber::from_digits("5511900000001").unwrap()];
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.hand_over_as(BARRED);
    desk.gateway.commit(desk.now, |context| context.work.pause(Scope::All, "", "test", "test")).unwrap();
    desk.pass(Duration::from_secs(5 * 60));
    desk.pass(Duration::from_secs(30 * 60));
    let tests = "SELECT count(*) FROM segment JOIN lane ON lane.key = segment.lane WHERE route LIKE 'test:%'";
    let waiting: u32 = desk.gateway.store().connection().query_row(tests, [], |row| row.get(0)).unwrap();
    assert_eq!(waiting, 1);
}

#[test]
fn who_is_named_for_alarms_gets_one_text_by_another_sim() {
    let mut desk = Desk::new(unlimited());
    desk.settings.alarms = vec![PhoneNumber::from_digits("5511900000001").unwrap()];
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.hand_over_as(BARRED);
    desk.plug("m2", "sim-b");
    let lease = desk.send(6);
    assert_eq!(submit_tpdu(&lease).tp_da.number(), "+5511900000001", "the alarm is the most urgent");
    desk.send(7);
    assert!(desk.loads().is_empty(), "it is said once");
}

#[test]
fn a_cause_of_either_kind_is_tried_by_another_sim_and_then_is_the_recipients() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.plug("m2", "sim-b");
    let id = desk.submit("um");
    let first = desk.hand_over();
    desk.settle(&first.0, first.1.segment, EITHER);
    let second = desk.hand_over();
    assert_ne!(first.0, second.0, "the other SIM tries it, at once");
    desk.settle(&second.0, second.1.segment, EITHER);
    assert_eq!(desk.state(id), MessageState::Failed);
    assert_eq!((desk.sim_state("sim-a"), desk.sim_state("sim-b")), ("ready", "ready"));
}

#[test]
fn with_one_sim_a_cause_of_either_kind_waits() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.hand_over_as(EITHER);
    assert!(desk.loads().is_empty());
    desk.pass(Duration::from_secs(30));
    desk.send(1);
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn one_cause_for_three_recipients_is_the_sims() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    for to in ["5511900000001", "5511900000002", "5511900000003"] {
        desk.submit_to(to);
        desk.hand_over_as(EITHER);
    }
    assert_eq!(desk.sim_state("sim-a"), "resting");
}

#[test]
fn a_bad_number_fails_at_once_and_holds_nobody_up() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let bad = desk.submit_to("5511900000001");
    let good = desk.submit_to("5511900000002");
    desk.hand_over_as(Settlement::Refused { cause: Cause::Cms(1) });
    assert_eq!(desk.state(bad), MessageState::Failed);
    desk.send(1);
    assert_eq!(desk.state(good), MessageState::Accepted);
}

#[test]
fn two_unknown_in_a_row_rest_the_sim_but_a_crash_does_not_count() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.hand_over_as(SILENT);
    desk.submit("dois");
    desk.hand_over_as(Settlement::Unknown { why: UnknownWhy::PortLost });
    assert_eq!(desk.sim_state("sim-a"), "ready");
    desk.submit("tres");
    desk.hand_over_as(SILENT);
    assert_eq!(desk.sim_state("sim-a"), "resting");
}

#[test]
fn congestion_keeps_the_line_still_for_a_while() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.submit("dois");
    desk.hand_over_as(Settlement::Refused { cause: Cause::Cms(42) });
    desk.pass(Duration::from_secs(29));
    assert!(desk.loads().is_empty(), "the second message waits too");
    desk.pass(Duration::from_secs(1));
    desk.send(1);
}

#[test]
fn a_modem_that_is_busy_for_seconds_is_asked_again_soon() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.hand_over_as(Settlement::Returned { why: ReturnedWhy::Cause(Cause::Cms(314)) });
    desk.pass(Duration::from_millis(200));
    desk.send(1);
    assert_eq!(desk.state(id), MessageState::Accepted);
}

#[test]
fn a_refusal_before_the_pdu_does_not_part_two_unknown_outcomes() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.hand_over_as(SILENT);
    desk.submit("dois");
    desk.hand_over_as(Settlement::Returned { why: ReturnedWhy::Cause(Cause::Cms(314)) });
    desk.pass(Duration::from_millis(200));
    desk.hand_over_as(SILENT);
    assert_eq!(desk.sim_state("sim-a"), "resting");
}

#[test]
fn a_message_for_which_every_sim_is_refused_does_not_rest_all_of_them() {
    let mut desk = Desk::new(unlimited());
    for n in 0..10 {
        desk.plug(&format!("m{n}"), &format!("sim-{n}"));
    }
    let id = desk.submit("um");
    let mut attempts = 0;
    while desk.state(id) == MessageState::Queued {
        desk.hand_over_as(BARRED);
        attempts += 1;
    }
    assert_eq!((desk.state(id), attempts), (MessageState::Failed, 8));
    assert_eq!(desk.sim_state("sim-9"), "ready");
}

#[test]
fn a_self_test_that_was_lost_is_given_up_when_the_next_one_goes() {
    let mut desk = Desk::with_number();
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.hand_over_as(BARRED);
    let own = Some(OWN);
    let TestAnswer::Sent(first) = desk.self_test("sim-a", own) else { panic!("not sent") };
    desk.hand_over_as(SILENT);
    assert_eq!(desk.state(first), MessageState::Unknown);
    let TestAnswer::Sent(second) = desk.self_test("sim-a", own) else { panic!("not sent") };
    assert_eq!((desk.state(first), desk.state(second)), (MessageState::Failed, MessageState::Queued));
}
