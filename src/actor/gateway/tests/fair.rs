//! Who goes first, and who is not held up by whom: priorities, batches, expiry after an outage, clocks.

use super::*;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn queue(desk: &mut Desk, text: &str, priority: u8, batch: &str) -> MessageId {
    let labels = Labels { batch: (!batch.is_empty()).then(|| batch.to_owned()), ..Labels::default() };
    let submission = Submission { priority, labels, ..desk.submission(text) };
    assert!(matches!(desk.try_submit(&submission), SubmitAnswer::Queued(_)));
    submission.id
}

/// Sends all that may go now, and tells the texts in their order.
fn drain(desk: &mut Desk) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some((modem, lease)) = desk.loads().pop() {
        if desk.offer(&modem, lease.segment) == Offer::Stop {
            continue;
        }
        let submit = submit_tpdu(&lease);
        texts.push(submit.user_data.text(submit.tp_dcs).unwrap());
        desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 1 });
    }
    texts
}

#[test]
fn the_more_urgent_goes_first_also_when_it_comes_later() {
    let mut desk = Desk::new(unlimited());
    for (text, priority) in [("a0", 0), ("b5", 5), ("c9", 9), ("d5", 5), ("e0", 0)] {
        queue(&mut desk, text, priority, "");
    }
    desk.plug("m1", "sim-a");
    assert_eq!(drain(&mut desk), ["c9", "b5", "d5", "a0", "e0"]);
}

#[test]
fn the_less_urgent_waits_for_the_more_urgent_and_for_nothing_else() {
    let mut desk = Desk::new(Limits { min_gap: Duration::from_secs(10), ..unlimited() });
    desk.plug("m1", "sim-a");
    queue(&mut desk, "low", 0, "");
    let mut sent = Vec::new();
    for round in 0..5 {
        if round < 3 {
            queue(&mut desk, &format!("high{round}"), 9, "");
        }
        sent.extend(drain(&mut desk));
        desk.pass(Duration::from_secs(10));
    }
    // At first it was alone.
    assert_eq!(sent, ["high0", "high1", "high2", "low"]);
}

#[test]
fn batches_of_one_priority_take_turns_however_large_they_are() {
    let mut desk = Desk::new(unlimited());
    for n in 0..4 {
        queue(&mut desk, &format!("a{n}"), 5, "a");
    }
    queue(&mut desk, "b0", 5, "b");
    queue(&mut desk, "c0", 5, "c");
    queue(&mut desk, "c1", 5, "c");
    desk.plug("m1", "sim-a");
    assert_eq!(drain(&mut desk), ["a0", "b0", "c0", "a1", "c1", "a2", "a3"]);
}

#[test]
fn what_is_held_holds_up_nobody() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    queue(&mut desk, "paused", 9, "stopped");
    let pause = |context: &mut Context<'_, '_>| context.work.pause(Scope::Batch, "stopped", "", "ana");
    desk.gateway.commit(desk.now, pause).unwrap();
    let due = desk.now + HOUR;
    let later = Submission { priority: 9, due, not_before: Some(due), ..desk.submission("later") };
    desk.try_submit(&later);
    let absent = Submission { priority: 9, sim: Some("norte".into()), ..desk.submission("absent") };
    desk.try_submit(&absent);
    queue(&mut desk, "free", 0, "");
    assert_eq!(drain(&mut desk), ["free"]);
    desk.pass(HOUR);
    assert_eq!(drain(&mut desk), ["later"]);
}

#[test]
fn a_number_that_is_refused_again_and_again_holds_up_nobody() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let bad = queue(&mut desk, "bad", 9, "");
    let mut sent = Vec::new();
    for n in 0..4 {
        queue(&mut desk, &format!("good{n}"), 5, "");
    }
    for _ in 0..5 {
        let (modem, lease) = desk.hand_over();
        let submit = submit_tpdu(&lease);
        let text = submit.user_data.text(submit.tp_dcs).unwrap();
        let result = if text == "bad" {
            Settlement::Refused { cause: Cause::Cms(38) }
        } else {
            Settlement::Accepted { tp_mr: 1 }
        };
        desk.settle(&modem, lease.segment, result);
        sent.push(text);
    }
    assert_eq!(sent, ["bad", "good0", "good1", "good2", "good3"]);
    assert_eq!(desk.state(bad), MessageState::Queued);
}

#[test]
fn nothing_stale_floods_out_after_two_days_without_a_modem() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let begun = desk.submit(&long_text());
    desk.send(1);
    desk.report("m1", &[Report::Down { reason: "the port is gone".into() }]);
    let stale: Vec<_> = (0..3).map(|n| queue(&mut desk, &format!("stale{n}"), 5, "")).collect();
    let fresh = Submission { expires: desk.now + 7 * DAY, ..desk.submission("fresh") };
    desk.try_submit(&fresh);
    // Nobody ticks: the host was off.
    desk.now = desk.now + 2 * DAY;
    desk.restart();
    desk.plug("m1", "sim-a");
    assert_eq!(drain(&mut desk), ["fresh"]);
    desk.pass(Duration::ZERO);
    for id in stale {
        assert_eq!(desk.state(id), MessageState::Expired);
    }
    let view = desk.view(begun);
    assert_eq!((view.state, view.parts_sent), (MessageState::Expired, 1));
}

#[test]
fn a_modem_that_is_back_before_the_time_was_looked_at_sends_nothing_stale() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let stale = desk.submit("um");
    let (modem, lease) = desk.load();
    desk.now = desk.now + 2 * DAY;
    assert_eq!(desk.offer(&modem, lease.segment), Offer::Stop);
    assert_eq!(desk.state(stale), MessageState::Expired);
}

#[test]
fn a_clock_that_is_set_back_by_a_day_holds_up_nothing_that_was_due() {
    let mut desk = Desk::new(unlimited());
    let tomorrow = desk.now + DAY;
    desk.now = tomorrow;
    queue(&mut desk, "a", 5, "");
    queue(&mut desk, "b", 5, "batch");
    let asked = Submission { not_before: Some(tomorrow + HOUR), due: tomorrow + HOUR, ..desk.submission("asked") };
    desk.try_submit(&asked);
    desk.now = desk.now - DAY;
    desk.plug("m1", "sim-a");
    desk.pass(Duration::from_secs(60));
    assert_eq!(drain(&mut desk), ["a", "b"]);
    desk.pass(DAY);
    assert_eq!(drain(&mut desk), Vec::<String>::new(), "a time that was asked for is kept");
    desk.pass(HOUR);
    assert_eq!(drain(&mut desk), ["asked"]);
}

#[test]
fn a_clock_that_is_set_back_while_the_daemon_is_down_holds_up_nothing_either() {
    let mut desk = Desk::new(unlimited());
    queue(&mut desk, "a", 5, "");
    desk.now = desk.now - DAY;
    desk.restart();
    desk.plug("m1", "sim-a");
    // Whoever looks at the clock of the host says that it is right now.
    let now = desk.now;
    assert!(desk.gateway.commit(now, |context| context.work.resume(Scope::All, "")).unwrap());
    desk.pass(Duration::from_secs(60));
    assert_eq!(drain(&mut desk), ["a"]);
}

#[test]
fn congestion_does_not_last_for_longer_because_the_clock_is_set_back() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Refused { cause: Cause::Cms(42) });
    desk.now = desk.now - DAY;
    desk.submit("dois");
    desk.pass(Duration::from_secs(30));
    assert_eq!(drain(&mut desk), ["dois", "um"]);
}

#[test]
fn a_resting_sim_is_tested_although_the_clock_is_set_back() {
    let mut desk = Desk::new(unlimited());
    desk.settings.alarms = vec![PhoneNumber::from_digits("5511900000001").unwrap()];
    desk.restart();
    desk.plug("m1", "sim-a");
    for _ in 0..2 {
        desk.submit("um");
        let (modem, lease) = desk.hand_over();
        desk.settle(&modem, lease.segment, Settlement::Unknown { why: UnknownWhy::Silence });
    }
    desk.now = desk.now - DAY;
    desk.submit("dois");
    desk.pass(Duration::from_secs(2 * 3600));
    let texts = drain(&mut desk);
    assert!(texts.first().is_some_and(|text| text.contains("self-test")), "{texts:?}");
}

#[test]
fn a_policy_comes_due_although_the_clock_is_set_back() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let on_unknown = OnUnknown::ResendAfter(Duration::from_secs(1800));
    let submission = Submission { on_unknown, expires: desk.now + 9 * DAY, ..desk.submission("um") };
    desk.try_submit(&submission);
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Unknown { why: UnknownWhy::PortLost });
    desk.now = desk.now - DAY;
    assert!(drain(&mut desk).is_empty());
    desk.pass(Duration::from_secs(1799));
    assert!(drain(&mut desk).is_empty());
    desk.pass(Duration::from_secs(1));
    assert_eq!(drain(&mut desk), ["um"]);
}

#[test]
fn a_clock_that_is_set_forward_by_a_day_sends_nothing_whose_time_is_over_and_stops_nothing_else() {
    let mut desk = Desk::new(Limits { per_day: 2, ..unlimited() });
    desk.plug("m1", "sim-a");
    let expires = desk.now + 7 * DAY;
    for n in 0..5 {
        let submission = Submission { expires, ..desk.submission(&format!("t{n}")) };
        desk.try_submit(&submission);
    }
    let short = desk.submit("short");
    assert_eq!(drain(&mut desk), ["t0", "t1"]);
    desk.pass(DAY);
    assert_eq!(drain(&mut desk), ["t2", "t3"], "another day");
    assert_eq!(desk.state(short), MessageState::Expired);
    // Back again: what was sent tomorrow counts today too.
    desk.now = desk.now - DAY;
    assert_eq!(drain(&mut desk), Vec::<String>::new());
    desk.pass(2 * DAY);
    assert_eq!(drain(&mut desk), ["t4"]);
}

/// Parts per day around a change of daylight saving time in New York, with a reset at two at night, the hour that is
/// left out in March and comes twice in November.
fn check_change(begin: &str, hours: &[u64]) {
    let limits =
        Limits { per_day: 1, zone: jiff::tz::TimeZone::get("America/New_York").unwrap(), reset_hour: 2, ..unlimited() };
    let mut desk = Desk::new(limits);
    desk.now = begin.parse().unwrap();
    desk.restart();
    desk.plug("m1", "sim-a");
    let expires = desk.now + 30 * DAY;
    for n in 0..10 {
        let submission = Submission { due: desk.now, expires, ..desk.submission(&format!("t{n}")) };
        desk.try_submit(&submission);
    }
    assert_eq!(drain(&mut desk).len(), 1);
    for hours in hours {
        desk.pass(Duration::from_secs(hours * 3600 - 1));
        assert_eq!(drain(&mut desk), Vec::<String>::new(), "{} is within the day", desk.now);
        desk.pass(Duration::from_secs(1));
        assert_eq!(drain(&mut desk).len(), 1, "{} begins a day", desk.now);
    }
}

#[test]
fn a_day_of_23_and_one_of_25_hours_are_one_day_each() {
    // From two at night of the day before: 2 a.m. does not exist on the 8th of March, so its day begins at 3 a.m.
    check_change("2026-03-07T07:00:00Z", &[24, 23, 24]);
    check_change("2026-10-31T06:00:00Z", &[25, 24]);
}

/// Texts that were queued when the clock was ahead, more than one transaction moves.
fn queue_many(desk: &mut Desk) {
    let submissions: Vec<Submission> = (0..200).map(|_| desk.submission(&"x".repeat(400))).collect();
    let submit = |context: &mut Context<'_, '_>| {
        submissions.iter().try_for_each(|submission| context.work.submit(submission).map(drop))
    };
    desk.gateway.commit(desk.now, submit).unwrap();
}

fn held_back(desk: &Desk) -> u32 {
    let sql = "SELECT count(*) FROM segment WHERE state = 0 AND due > ?";
    desk.gateway.store().connection().query_row(sql, [desk.now.as_millis()], |row| row.get(0)).unwrap()
}

#[test]
fn a_queue_of_which_a_part_is_moved_when_the_daemon_is_killed_is_moved_on() {
    let mut desk = Desk::new(unlimited());
    queue_many(&mut desk);
    desk.now = desk.now - DAY;
    desk.plug("m1", "sim-a");
    assert!(held_back(&desk) > 0, "too few for two transactions");
    desk.restart();
    desk.pass(Duration::from_secs(1));
    assert_eq!(held_back(&desk), 0);
    assert!(desk.gateway.store().board().deadline().is_some_and(|at| at > desk.now), "and is done with");
    desk.restart();
    assert!(desk.gateway.store().board().deadline().is_some_and(|at| at > desk.now), "also after a restart");
}

#[test]
fn a_clock_that_is_set_back_twice_holds_up_nothing_either() {
    let mut desk = Desk::new(unlimited());
    queue_many(&mut desk);
    desk.now = desk.now - DAY;
    desk.plug("m1", "sim-a");
    desk.now = desk.now - HOUR;
    desk.plug("m2", "sim-b");
    desk.pass(Duration::from_secs(1));
    assert_eq!(held_back(&desk), 0);
}
