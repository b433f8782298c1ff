//! A start under a clock that was not set: nothing leaves by it, and nothing that is stored is moved to it.

use crate::contact;
use crate::contact::standing::Standing;
use crate::store::standing::{Whose, Word};

use super::*;

const AT_POWER_ON: &str = "1970-01-01T00:00:40Z";

fn open_alarms(desk: &Desk) -> Vec<String> {
    let alarms = desk.reader().alarms(Page::Before(None), 100).unwrap();
    alarms.into_iter().filter(|alarm| alarm.cleared_at.is_none()).map(|alarm| alarm.kind).collect()
}

/// A message that is sent, one that waits, and a power cut; the clock begins anew.
fn booted() -> (Desk, MessageId, Timestamp) {
    let mut desk = Desk::new(Limits { per_day: 2, ..Limits::none() });
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(1);
    let waits = desk.submit("dois");
    let right = desk.now;
    desk.now = AT_POWER_ON.parse().unwrap();
    desk.restart();
    desk.plug("m1", "sim-a");
    (desk, waits, right)
}

#[test]
fn nothing_is_sent_by_a_clock_that_was_not_set_and_everything_goes_on_when_it_is() {
    let (mut desk, waits, right) = booted();
    assert!(desk.loads().is_empty());
    assert!(matches!(desk.verdict(waits), Verdict::Hold { reason: Reason::Paused, .. }));
    assert_eq!(open_alarms(&desk), ["clock_doubted"]);
    // Another power cut changes nothing: what was written meanwhile has the time of the wrong clock.
    desk.now = desk.now + Duration::from_secs(3600);
    desk.restart();
    desk.plug("m1", "sim-a");
    assert!(desk.loads().is_empty());
    assert_eq!(open_alarms(&desk), ["clock_doubted"]);

    desk.now = right;
    desk.pass(Duration::from_secs(60));
    assert_eq!(open_alarms(&desk), [] as [&str; 0]);
    desk.send(2);
    assert_eq!(desk.state(waits), MessageState::Accepted);
    // What was sent before the power cut counts in the day's budget as ever.
    desk.submit("tres");
    assert!(desk.loads().is_empty());
}

#[test]
fn a_person_who_knows_that_the_clock_is_right_resumes() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let right = desk.now;
    desk.now = right + Duration::from_secs(9 * 86_400);
    let early = desk.submit("um");
    desk.now = right;
    desk.restart();
    desk.plug("m1", "sim-a");
    assert!(desk.loads().is_empty());
    assert!(desk.gateway.commit(right, |context| context.work.resume(Scope::All, "")).unwrap());
    assert_eq!(open_alarms(&desk), [] as [&str; 0]);
    desk.pass(Duration::from_secs(1));
    // What was due by the wrong clock is due by the right one.
    assert_eq!(desk.send(1).message, desk.view(early).key);
}

#[test]
fn a_pause_of_a_person_stays_when_the_clock_is_right() {
    let (mut desk, _, right) = booted();
    let now = desk.now;
    desk.gateway.commit(now, |context| context.work.pause(Scope::All, "", "holiday", "ana")).unwrap();
    desk.now = right;
    desk.pass(Duration::from_secs(60));
    assert!(desk.loads().is_empty());
    assert!(desk.gateway.commit(right, |context| context.work.resume(Scope::All, "")).unwrap());
    desk.send(2);
}

#[test]
fn a_clock_that_was_set_back_by_minutes_is_believed() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.now = desk.now - Duration::from_secs(5 * 60);
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.send(1);
    assert_eq!(open_alarms(&desk), [] as [&str; 0]);
}

#[test]
fn a_clock_that_shows_a_time_before_the_program_was_written_is_doubted_also_with_an_empty_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recado.db");
    let store = |now: &str| Store::open(&path, settings(unlimited()), now.parse().unwrap()).unwrap();
    assert!(store(AT_POWER_ON).board().all_paused());
    let mut gateway = Gateway::new(store("2026-11-24T13:00:00Z")).unwrap();
    assert!(!gateway.store().board().all_paused(), "the next start has the right time");
    gateway.commit("2026-11-24T13:00:01Z".parse().unwrap(), |_| Ok(())).unwrap();
}

const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);

/// A power cut, and a clock that begins anew.
fn cut(desk: &mut Desk) -> Timestamp {
    let right = desk.now;
    desk.now = AT_POWER_ON.parse().unwrap();
    desk.restart();
    desk.plug("m1", "sim-a");
    right
}

/// Time passes under a clock that is wrong.
fn wait(desk: &mut Desk, time: Duration) {
    desk.pass(time);
    let deadline = desk.gateway.store().board().deadline();
    assert!(deadline.is_none_or(|at| at > desk.now), "nothing is due that is not done: {deadline:?}");
}

fn resume(desk: &mut Desk) -> bool {
    desk.gateway.commit(desk.now, |context| context.work.resume(Scope::All, "")).unwrap()
}

/// A part that its policy sends again after half an hour is on the wire at a power cut.
fn cut_while_sending() -> (Desk, MessageId, Timestamp) {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("zero");
    desk.send(41);
    let submission = Submission { on_unknown: OnUnknown::ResendAfter(HALF_AN_HOUR), ..desk.submission("um") };
    desk.try_submit(&submission);
    desk.hand_over();
    let right = cut(&mut desk);
    (desk, submission.id, right)
}

#[test]
fn what_was_on_the_wire_at_a_power_cut_has_its_time_whole_once_the_clock_is_right() {
    let (mut desk, id, right) = cut_while_sending();
    wait(&mut desk, HALF_AN_HOUR * 2);
    assert_eq!(desk.state(id), MessageState::Unknown, "no policy goes by a clock that is wrong");
    desk.now = right;
    desk.pass(Duration::from_secs(60));
    desk.pass(Duration::from_secs(30 * 60 - 1));
    assert!(desk.loads().is_empty());
    assert_eq!(desk.state(id), MessageState::Unknown);
    desk.pass(Duration::from_secs(1));
    assert!(submit_tpdu(&desk.send(43)).rd, "it was the policy's half hour that was over");
}

#[test]
fn a_report_settles_what_was_on_the_wire_at_a_power_cut() {
    let (mut desk, id, right) = cut_while_sending();
    // The first transaction with the right time is the report itself.
    desk.now = right + Duration::from_secs(120);
    desk.status_report("m1", 42, "+5511987654321", 0x00);
    assert_eq!(desk.state(id), MessageState::Delivered);
    desk.pass(HALF_AN_HOUR * 3);
    assert!(desk.loads().is_empty());
}

#[test]
fn a_report_that_comes_under_the_wrong_clock_leaves_the_next_one_its_part() {
    let (mut desk, id, right) = cut_while_sending();
    desk.status_report("m1", 42, "+5511987654321", 0x20);
    assert_eq!(desk.state(id), MessageState::Accepted);
    desk.now = right;
    desk.pass(Duration::from_secs(60));
    desk.status_report("m1", 42, "+5511987654321", 0x00);
    assert_eq!(desk.state(id), MessageState::Delivered);
}

#[test]
fn what_was_accepted_under_a_wrong_clock_is_as_valid_as_was_said_once_the_clock_is_right() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let before = desk.submit("antes");
    let right = cut(&mut desk);
    let submission = Submission { client_ref: Some("a-1".into()), ..desk.submission("um") };
    assert!(matches!(desk.try_submit(&submission), SubmitAnswer::Queued(_)));
    wait(&mut desk, Duration::from_secs(600));
    let day = Duration::from_secs(24 * 3600);
    desk.now = right;
    desk.pass(Duration::from_secs(60));
    let view = desk.view(submission.id);
    assert_eq!((view.state, view.created_at, view.valid_until), (MessageState::Queued, desk.now, desk.now + day));
    let repeated = Submission { client_ref: Some("a-1".into()), id: before, ..submission.clone() };
    assert_eq!(desk.try_submit(&repeated), SubmitAnswer::Repeated(submission.id));
    desk.send(1);
    desk.send(2);
    assert_eq!((desk.state(before), desk.state(submission.id)), (MessageState::Accepted, MessageState::Accepted));
    let kept: i64 = desk
        .gateway
        .store()
        .connection()
        .query_row("SELECT at FROM client_ref WHERE ref = 'a-1'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, desk.now.as_millis(), "it is remembered for as long as any other");
}

#[test]
fn a_promise_under_a_wrong_clock_holds_until_the_day_that_was_meant() {
    let (mut desk, _) = answer::desk_with(Purpose::Collection, |_| ());
    let right = cut(&mut desk);
    desk.hears("vou pagar amanhã");
    desk.now = right;
    desk.pass(Duration::from_secs(60));
    let heard = desk.now;
    assert_eq!(desk.held_by(), Some(contact::Reason::Promise));
    // Tuesday now; the promise is for Wednesday, two days of grace end on Friday at midnight.
    desk.now = "2026-11-27T23:59:00Z".parse().unwrap();
    assert_eq!(desk.held_by(), Some(contact::Reason::Promise));
    desk.now = "2026-11-28T00:00:00Z".parse().unwrap();
    assert_eq!(desk.held_by(), None);
    let inbox = desk.reader().inbox(Page::Before(None), 10, &[]).unwrap();
    assert_eq!(inbox[0].at, heard, "it is kept for as long as any other");
    assert_eq!(inbox[0].understood.as_ref().unwrap().promise_date.as_deref(), Some("2026-11-25"));
}

#[test]
fn what_a_person_said_of_a_promise_since_then_stays() {
    let (mut desk, _) = answer::desk_with(Purpose::Collection, |_| ());
    let right = cut(&mut desk);
    desk.hears("vou pagar amanhã");
    let whose = Whose::Number(PhoneNumber::from_digits(TO).unwrap());
    let word = Word { client: "ana", inbound: None, message: None };
    desk.gateway.commit(desk.now, |context| context.work.set_standing(&whose, Standing::Open, word)).unwrap();
    desk.now = right;
    desk.pass(Duration::from_secs(60));
    assert_eq!(desk.held_by(), None);
}

#[test]
fn a_pause_of_a_person_hides_no_doubt() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.gateway.commit(desk.now, |context| context.work.pause(Scope::All, "", "holiday", "ana")).unwrap();
    let right = cut(&mut desk);
    assert_eq!(open_alarms(&desk), ["clock_doubted"]);
    // The next start finds what was written under the wrong clock.
    wait(&mut desk, Duration::from_secs(3600));
    desk.restart();
    desk.plug("m1", "sim-a");
    let scopes =
        |desk: &Desk| desk.reader().pauses(&[]).unwrap().into_iter().map(|pause| pause.client).collect::<Vec<_>>();
    assert_eq!(scopes(&desk), ["(clock)", "ana"]);
    assert!(resume(&mut desk), "it was hers that was lifted");
    assert!(desk.loads().is_empty());
    assert_eq!((open_alarms(&desk), scopes(&desk)), (vec!["clock_doubted".to_owned()], vec!["(clock)".to_owned()]));
    desk.now = right;
    desk.pass(Duration::from_secs(60));
    assert_eq!((open_alarms(&desk), scopes(&desk)), (vec![], vec![]));
    desk.send(1);
    assert!(!resume(&mut desk));
}

#[test]
fn a_person_who_resumes_twice_knows_of_the_clock() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.now = desk.now - HALF_AN_HOUR;
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.gateway.commit(desk.now, |context| context.work.pause(Scope::All, "", "holiday", "ana")).unwrap();
    assert!(resume(&mut desk));
    assert!(desk.loads().is_empty());
    assert!(resume(&mut desk));
    desk.pass(Duration::from_secs(1));
    desk.send(1);
    assert_eq!(open_alarms(&desk), [] as [&str; 0]);
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A message waits, and the next start is so much later.
fn found(after: Duration) -> (Desk, MessageId) {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let submission = desk.submission("um");
    let submission = Submission { expires: submission.due + DAY * 5, ..submission };
    desk.try_submit(&submission);
    desk.now = desk.now + after;
    desk.restart();
    desk.plug("m1", "sim-a");
    (desk, submission.id)
}

#[test]
fn a_start_years_after_the_last_event_expires_nothing_and_goes_on_when_the_clock_is_set_back() {
    let (mut desk, id) = found(DAY * 3_650);
    assert_eq!(open_alarms(&desk), ["clock_doubted"]);
    wait(&mut desk, Duration::from_secs(60));
    assert_eq!(desk.state(id), MessageState::Queued);
    assert!(desk.loads().is_empty());
    let meanwhile = desk.submit("dois");
    // Another power cut changes nothing, and years that are others are no better.
    desk.now = desk.now - DAY * 365;
    desk.restart();
    desk.plug("m1", "sim-a");
    wait(&mut desk, Duration::from_secs(60));
    desk.now = "2026-11-24T15:00:00Z".parse().unwrap();
    // Of a clock that is set back the next look at the plan takes notice.
    desk.gateway.commit(desk.now, |_| Ok(())).unwrap();
    assert_eq!(open_alarms(&desk), [] as [&str; 0]);
    let view = desk.view(meanwhile);
    assert_eq!((view.created_at, view.valid_until), (desk.now, desk.now + DAY));
    desk.send(1);
    desk.send(2);
    assert_eq!((desk.state(id), desk.state(meanwhile)), (MessageState::Accepted, MessageState::Accepted));
}

#[test]
fn a_gateway_that_was_off_for_two_months_waits_for_a_word_and_then_sends_nothing_stale() {
    let (mut desk, id) = found(DAY * 60);
    assert!(desk.loads().is_empty());
    let fresh = desk.submit("dois");
    assert!(resume(&mut desk));
    desk.pass(Duration::from_secs(1));
    assert_eq!(desk.state(id), MessageState::Expired);
    assert_eq!(desk.send(1).message, desk.view(fresh).key);
    assert_eq!(open_alarms(&desk), [] as [&str; 0]);
    // The next start has nothing to doubt.
    desk.restart();
    assert!(!desk.gateway.store().board().all_paused());
}

#[test]
fn a_gateway_that_was_off_for_four_weeks_is_believed() {
    let (mut desk, id) = found(DAY * 28);
    desk.pass(Duration::from_secs(1));
    assert_eq!((open_alarms(&desk), desk.state(id)), (vec![], MessageState::Expired));
}
