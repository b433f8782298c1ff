//! A start under a clock that was not set: nothing leaves by it, and nothing that is stored is moved to it.

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
