//! What people, time and a full disk do to what waits.

use super::*;

#[test]
fn cancelling_is_exact() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let leased = desk.submit("um");
    let (modem, lease) = desk.load();
    assert_eq!(desk.cancel(leased), CancelAnswer::Cancelled);
    assert_eq!(desk.offer(&modem, lease.segment), Offer::Stop, "cancelled between lease and offer");
    let offered = desk.submit("dois");
    desk.hand_over();
    assert_eq!(desk.cancel(offered), CancelAnswer::TooLate(MessageState::Sending));
    assert_eq!(desk.cancel(leased), CancelAnswer::TooLate(MessageState::Cancelled));
    assert_eq!(desk.cancel(MessageId::new(desk.now, [99; 10])), CancelAnswer::NotFound);
}

#[test]
fn idempotency_is_per_client_and_outlives_a_restart() {
    let mut desk = Desk::new(unlimited());
    let first = Submission { client_ref: Some("A1".into()), ..desk.submission("um") };
    assert!(matches!(desk.try_submit(&first), SubmitAnswer::Queued(_)));
    desk.restart();
    let repeat = Submission { id: MessageId::new(desk.now, [77; 10]), ..first.clone() };
    assert_eq!(desk.try_submit(&repeat), SubmitAnswer::Repeated(first.id));
    let other = Submission { fingerprint: [0; 32], ..repeat.clone() };
    assert_eq!(desk.try_submit(&other), SubmitAnswer::DuplicateRef(first.id));
    let stranger = Submission { client: "other".into(), ..repeat };
    assert!(matches!(desk.try_submit(&stranger), SubmitAnswer::Queued(_)));
}

#[test]
fn a_paused_batch_closes_its_lane_and_rewrites_no_row() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    for _ in 0..20 {
        let mut submission = desk.submission("um");
        submission.labels.batch = Some("nov".into());
        desk.try_submit(&submission);
    }
    let rows = |desk: &Desk| desk.gateway.store().connection().total_changes();
    let before = rows(&desk);
    let now = desk.now;
    desk.gateway.commit(now, |c| c.work.pause(Scope::Batch, "nov", "complaint", "test")).unwrap();
    assert_eq!(rows(&desk) - before, 1, "the pause itself is the only row");
    assert!(desk.loads().is_empty());
    desk.restart();
    desk.plug("m1", "sim-a");
    assert!(desk.loads().is_empty(), "a pause outlives a restart");
    let other = desk.submit("outro");
    desk.send(1);
    assert_eq!(desk.state(other), MessageState::Accepted);
    assert!(desk.gateway.commit(now, |c| c.work.resume(Scope::Batch, "nov")).unwrap());
    desk.send(2);
}

#[test]
fn a_pause_between_lease_and_offer_stops_the_part() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    let (modem, lease) = desk.load();
    let now = desk.now;
    desk.gateway.commit(now, |c| c.work.pause(Scope::All, "", "stop", "test")).unwrap();
    assert_eq!(desk.offer(&modem, lease.segment), Offer::Stop);
    assert_eq!(desk.state(id), MessageState::Queued);
    desk.gateway.commit(now, |c| c.work.resume(Scope::All, "")).unwrap();
    desk.send(1);
}

#[test]
fn a_paused_sim_rests_and_the_others_go_on() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.plug("m2", "sim-b");
    let now = desk.now;
    desk.gateway.commit(now, |c| c.work.pause(Scope::Sim, "norte", "bill", "test")).unwrap();
    desk.submit("um");
    assert_eq!(desk.load().0, "m1");
}

#[test]
fn forced_routes_are_kept() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let mut by_name = desk.submission("um");
    by_name.sim = Some("norte".into());
    assert_eq!(desk.try_submit(&by_name), queued(Verdict::Hold { reason: Reason::NoSim, until: None }));
    assert!(desk.loads().is_empty());
    desk.plug("m2", "sim-b");
    assert_eq!(desk.load().0, "m2");
}

#[test]
fn validity_ends_also_for_what_waits_in_a_closed_lane() {
    let mut desk = Desk::new(unlimited());
    let id = desk.submit("um");
    desk.pass(Duration::from_secs(24 * 3600 + 1));
    assert_eq!(desk.state(id), MessageState::Expired);
    desk.plug("m1", "sim-a");
    assert!(desk.loads().is_empty());
}

#[test]
fn the_validity_that_is_left_travels_with_the_part() {
    let mut desk = Desk::new(unlimited());
    desk.submit("um");
    desk.pass(Duration::from_secs(23 * 3600));
    desk.plug("m1", "sim-a");
    let (_, lease) = desk.load();
    assert_eq!(submit_tpdu(&lease).validity.and_then(|v| v.seconds()), Some(3600));
}

#[test]
fn a_scheduled_message_waits_for_its_time() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let due = desk.now + Duration::from_secs(600);
    let submission = Submission { due, not_before: Some(due), ..desk.submission("um") };
    assert_eq!(desk.try_submit(&submission), queued(Verdict::Hold { reason: Reason::NotDue, until: Some(due) }));
    assert!(desk.loads().is_empty());
    assert_eq!(desk.gateway.deadline(desk.now), Some(due));
    desk.pass(Duration::from_secs(600));
    desk.send(1);
}

#[test]
fn a_transaction_that_fails_leaves_no_trace() {
    let mut desk = Desk::new(Limits { per_day: 5, ..unlimited() });
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    let (modem, lease) = desk.load();
    let now = desk.now;
    let failed: Result<(), StoreError> = desk.gateway.commit(now, |context| {
        context.report(&ModemId::new(&modem), &[Report::Offer(lease.segment)])?;
        Err(StoreError::Full)
    });
    assert!(failed.is_err());
    assert_eq!(desk.state(id), MessageState::Queued);
    let used = desk.gateway.store().board().sims(now).first().map(|sim| sim.levels.iter().map(|l| l.used).sum::<u32>());
    assert_eq!(used, Some(0), "the image was read anew");
    assert_eq!(desk.offer(&modem, lease.segment), Offer::Go);
}

#[test]
fn a_full_disk_refuses_messages_and_loses_nothing() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let kept = desk.submit("um");
    let conn = desk.gateway.store().connection();
    let pages: i64 = conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    conn.pragma_update(None, "max_page_count", pages).unwrap();
    let mut refused = false;
    for _ in 0..200 {
        let submission = desk.submission(&long_text());
        let now = desk.now;
        match desk.gateway.commit(now, |context| context.work.submit(&submission)) {
            Ok(SubmitAnswer::Queued(_)) => assert_eq!(desk.state(submission.id), MessageState::Queued),
            Err(StoreError::Full) => {
                assert!(desk.reader().message(submission.id).unwrap().is_none(), "refused means not there");
                refused = true;
                break;
            }
            other => panic!("unexpected: {other:?}"),
        }
    }
    assert!(refused);
    assert_eq!(desk.state(kept), MessageState::Queued);
}

#[test]
fn the_pick_walks_the_index() {
    let desk = Desk::new(unlimited());
    let plans = crate::store::queue::explain_walks(desk.gateway.store().connection());
    for (plan, seek) in plans.iter().zip(["", " AND due=? AND rowid>?", " AND due>?"]) {
        assert!(plan.contains(&format!("USING INDEX segment_due (lane=? AND prio=?{seek})")), "{plan}");
    }
}

#[test]
fn a_failed_transaction_forgets_no_modem_that_went_in_it() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    let now = desk.now;
    let down = [Report::Down { reason: "the port is gone".into() }];
    let failed: Result<(), StoreError> = desk.gateway.commit(now, |context| {
        context.report(&ModemId::new("m1"), &down)?;
        Err(StoreError::Full)
    });
    assert!(failed.is_err());
    desk.report("m1", &down);
    assert!(desk.loads().is_empty());
    desk.plug("m2", "sim-b");
    assert_eq!(desk.load().0, "m2");
}

#[test]
fn what_comes_back_still_expires() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    let (modem, lease) = desk.hand_over();
    let soon = Submission { expires: desk.now + Duration::from_secs(60), ..desk.submission("dois") };
    desk.try_submit(&soon);
    desk.pass(Duration::from_secs(60));
    assert_eq!(desk.state(soon.id), MessageState::Expired);
    desk.settle(&modem, lease.segment, Settlement::Returned { why: ReturnedWhy::PortLost });
    desk.report("m1", &[Report::Down { reason: "the port is gone".into() }]);
    desk.pass(Duration::from_secs(25 * 3600));
    assert_eq!(desk.state(id), MessageState::Expired);
}
