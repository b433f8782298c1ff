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
    assert_eq!(desk.try_submit(&submission), queued(Verdict::Hold { reason: Reason::SimPace, until }));
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

/// Submits to somebody else.
fn submit_to(desk: &mut Desk, to: &str) -> MessageId {
    let submission = Submission { to: PhoneNumber::from_digits(to).unwrap(), ..desk.submission("um") };
    assert!(matches!(desk.try_submit(&submission), SubmitAnswer::Queued(_)));
    submission.id
}

fn number(index: usize) -> String {
    format!("55119800{index:05}")
}

fn strangers(limit: u32) -> Limits {
    Limits { recipients_per_month: limit, ..unlimited() }
}

/// Assigns until nothing more is to be done at once: what was loaded, and in how many rounds.
fn rounds(desk: &mut Desk) -> (Vec<(String, Lease)>, usize) {
    for round in 1..100 {
        let loads = desk.loads();
        if !loads.is_empty() || desk.gateway.deadline(desk.now).is_none_or(|at| at > desk.now) {
            return (loads, round);
        }
    }
    panic!("it never rests");
}

#[test]
fn a_recipient_too_many_waits_for_another_sim_and_holds_nobody_up() {
    let mut desk = Desk::new(strangers(1));
    desk.plug("m1", "sim-a");
    submit_to(&mut desk, &number(0));
    desk.send(1);
    let held: Vec<_> = (1..=100).map(|index| submit_to(&mut desk, &number(index))).collect();
    let known = submit_to(&mut desk, &number(0));
    let (loads, looks) = rounds(&mut desk);
    assert_eq!(loads.len(), 1, "the last of a hundred and one goes at once");
    assert_eq!(looks, 4, "in rounds of a bounded length");
    assert_eq!(desk.offer("m1", loads[0].1.segment), Offer::Go);
    desk.settle("m1", loads[0].1.segment, Settlement::Accepted { tp_mr: 2 });
    assert_eq!(desk.state(known), MessageState::Accepted);
    assert_eq!(rounds(&mut desk).1, 1, "what was looked at is not looked at again");
    desk.plug("m2", "sim-b");
    let (modem, _) = desk.hand_over();
    assert_eq!(modem, "m2");
    assert_eq!(desk.state(held[0]), MessageState::Sending);
}

#[test]
fn nothing_is_left_to_a_sim_that_has_no_room_for_it() {
    let mut desk = Desk::new(strangers(1));
    desk.plug("m1", "sim-a");
    let id = submit_to(&mut desk, &number(0));
    let (_, lease) = desk.hand_over();
    let cause = Cause::Cms(38);
    desk.settle("m1", lease.segment, Settlement::Refused { cause });
    desk.report("m1", &[Report::Ready(false)]);
    desk.plug("m2", "sim-b");
    desk.pass(Duration::from_secs(1));
    submit_to(&mut desk, &number(1));
    desk.send(1);
    desk.report("m1", &[Report::Ready(true)]);
    desk.pass(Duration::from_secs(3600));
    assert_eq!(desk.load().0, "m1", "the other SIM may not send to this number");
    assert_eq!(desk.state(id), MessageState::Queued);
}

#[test]
fn a_recipient_too_many_is_told_when_the_next_month_begins() {
    let mut desk = Desk::new(strangers(1));
    desk.plug("m1", "sim-a");
    submit_to(&mut desk, &number(0));
    desk.send(1);
    let stranger = Submission { to: PhoneNumber::from_digits(&number(1)).unwrap(), ..desk.submission("um") };
    let until = Some("2026-12-01T00:00:00Z".parse().unwrap());
    assert_eq!(desk.try_submit(&stranger), queued(Verdict::Hold { reason: Reason::SimBudget, until }));
    let known = Submission { to: PhoneNumber::from_digits(&number(0)).unwrap(), ..desk.submission("um") };
    assert_eq!(desk.try_submit(&known), queued(Verdict::Go));
}

#[test]
fn a_recipient_is_counted_once_also_after_a_restart_and_given_back_with_the_part() {
    let mut desk = Desk::new(strangers(2));
    desk.plug("m1", "sim-a");
    for index in [0, 0, 1, 1] {
        submit_to(&mut desk, &number(index));
    }
    desk.send(1);
    desk.send(2);
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Returned { why: ReturnedWhy::NoPrompt });
    let used = |desk: &Desk| desk.gateway.store().board().sims(desk.now)[0].levels[0].used;
    assert_eq!(used(&desk), 1);
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.send(3);
    desk.send(4);
    assert_eq!(used(&desk), 2);
    submit_to(&mut desk, &number(2));
    assert!(rounds(&mut desk).0.is_empty());
}

#[test]
fn whoever_was_passed_over_is_looked_at_again_when_the_month_ends() {
    let mut desk = Desk::new(strangers(1));
    desk.now = "2026-11-30T20:00:00Z".parse().unwrap();
    desk.plug("m1", "sim-a");
    submit_to(&mut desk, &number(0));
    desk.send(1);
    submit_to(&mut desk, &number(1));
    assert!(rounds(&mut desk).0.is_empty());
    desk.pass(Duration::from_secs(4 * 3600));
    desk.send(2);
}

#[test]
fn hours_and_months_are_counted_over_restarts() {
    let mut desk = Desk::new(Limits { per_hour: 1, per_month: 2, ..unlimited() });
    desk.plug("m1", "sim-a");
    for _ in 0..3 {
        desk.submit("um");
    }
    desk.send(1);
    for tp_mr in [2, 3] {
        desk.restart();
        desk.plug("m1", "sim-a");
        assert!(desk.loads().is_empty());
        desk.pass(Duration::from_secs(3600));
        if tp_mr == 2 {
            desk.send(tp_mr);
        }
    }
    assert!(desk.loads().is_empty(), "the month is spent");
    let next_month: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
    assert_eq!(desk.gateway.deadline(desk.now), Some(next_month).min(desk.gateway.store().board().deadline()));
}

#[test]
fn a_clock_that_is_set_back_neither_opens_a_budget_nor_silences_the_line() {
    let mut desk = Desk::new(Limits { per_minute: 1, per_day: 3, ..unlimited() });
    desk.plug("m1", "sim-a");
    for _ in 0..4 {
        desk.submit("um");
    }
    desk.now = desk.now + Duration::from_secs(3600);
    desk.send(1);
    desk.now = desk.now - Duration::from_secs(3600);
    assert!(desk.loads().is_empty(), "the part counts as sent just now");
    desk.pass(Duration::from_secs(60));
    desk.send(2);
    // Far ahead and back: what was sent there counts as of now, in this day too.
    desk.now = desk.now + Duration::from_secs(20 * 3600);
    desk.send(3);
    desk.now = desk.now - Duration::from_secs(20 * 3600 - 120);
    assert!(desk.loads().is_empty());
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.pass(Duration::from_secs(3600));
    assert!(desk.loads().is_empty(), "three parts, whatever the clock said");
}

#[test]
fn a_year_ahead_and_back_does_not_silence_the_line_for_a_year() {
    let mut desk = Desk::new(Limits { per_day: 1, per_month: 2, ..unlimited() });
    desk.plug("m1", "sim-a");
    let year = Duration::from_secs(365 * 86_400);
    desk.now = desk.now + year;
    desk.submit("um");
    desk.send(1);
    desk.now = desk.now - year;
    desk.submit("dois");
    assert!(desk.loads().is_empty());
    desk.pass(Duration::from_secs(11 * 3600));
    desk.send(2);
}

#[test]
fn rows_that_nothing_counts_any_more_go_one_by_one() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    for day in 0..70_u8 {
        desk.submit("um");
        desk.send(day);
        desk.pass(Duration::from_secs(86_400));
    }
    let sql = "SELECT count(*), max(at) - min(at) FROM spend";
    let conn = desk.gateway.store().connection();
    let (rows, span): (i64, i64) = conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!((rows, span), (63, 62 * 86_400_000));
}

#[test]
fn the_sim_with_the_most_left_of_its_day_sends_first() {
    let mut desk = Desk::new(Limits { per_day: 10, ..unlimited() });
    desk.plug("m1", "sim-a");
    for tp_mr in 0..5 {
        desk.submit("um");
        desk.send(tp_mr);
    }
    desk.plug("m2", "sim-b");
    for tp_mr in 0..5 {
        desk.submit("um");
        let (modem, lease) = desk.hand_over();
        assert_eq!(modem, "m2");
        desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr });
    }
    desk.submit("um");
    desk.submit("dois");
    assert_eq!(desk.loads().len(), 2, "with the same left both have their turn");
}

#[test]
fn the_end_of_a_queue_is_told_for_each_sim_that_shares_it() {
    let mut desk = Desk::new(Limits { min_gap: Duration::from_secs(10), ..unlimited() });
    let ends = |desk: &Desk| -> Vec<Option<u64>> {
        let sims = desk.gateway.store().board().sims(desk.now);
        sims.iter().map(|sim| sim.queue_ends_at.map(|at| at.saturating_since(desk.now).as_secs())).collect()
    };
    desk.plug("m1", "sim-a");
    assert_eq!(ends(&desk), [None]);
    for _ in 0..6 {
        desk.submit("um");
    }
    assert_eq!(ends(&desk), [Some(60)]);
    desk.plug("m2", "sim-b");
    let forced = Submission { sim: Some("norte".into()), ..desk.submission("um") };
    desk.try_submit(&forced);
    assert_eq!(ends(&desk), [Some(30), Some(40)]);
    desk.report("m1", &[Report::Ready(false)]);
    assert_eq!(ends(&desk), [None, Some(70)]);
    desk.restart();
    desk.plug("m1", "sim-a");
    assert_eq!(ends(&desk), [Some(60), None], "what waits for a SIM that is not there is not for others");
    desk.gateway.commit(desk.now, |context| context.work.pause(Scope::All, "", "", "ana")).unwrap();
    assert_eq!(ends(&desk), [None, None]);
}

#[test]
fn what_was_sent_when_the_clock_was_ahead_counts_in_its_own_day_too() {
    let mut desk = Desk::new(Limits { per_day: 2, ..unlimited() });
    desk.plug("m1", "sim-a");
    for _ in 0..3 {
        desk.submit("um");
    }
    desk.now = "2026-11-25T00:10:00Z".parse().unwrap();
    desk.send(1);
    desk.send(2);
    desk.now = "2026-11-24T23:50:00Z".parse().unwrap();
    assert!(desk.loads().is_empty());
    desk.pass(Duration::from_secs(25 * 60));
    // It may be drawn, since drawing writes nothing; it is not offered.
    for (modem, lease) in desk.loads() {
        assert_eq!(desk.offer(&modem, lease.segment), Offer::Stop);
    }
    assert!(desk.loads().is_empty());
    desk.pass(Duration::from_secs(86_400));
    desk.submit("dois");
    desk.send(3);
}

#[test]
fn limits_and_names_that_are_read_again_hold_for_what_waits_and_nothing_is_counted_anew() {
    let mut desk = Desk::new(Limits { per_day: 1, ..unlimited() });
    desk.plug("m1", "sim-b");
    let (first, second) = (desk.submit("um"), desk.submit("dois"));
    desk.send(1);
    assert!(desk.loads().is_empty());
    // Two a day, of which one is spent.
    let mut more = settings(Limits { per_day: 2, ..unlimited() });
    more.sims.cards[0].names.name = Some("sul".into());
    desk.gateway.set_settings(more.clone(), desk.now).unwrap();
    let to_sul = Submission { sim: Some("sul".into()), ..desk.submission("tres") };
    desk.try_submit(&to_sul);
    desk.send(2);
    assert!(desk.loads().is_empty());
    assert_eq!([first, second].map(|id| desk.state(id)), [MessageState::Accepted; 2]);
    assert_eq!(desk.state(to_sul.id), MessageState::Queued);
    // A transaction that fails forgets nothing of it, and a lower limit holds as well.
    assert!(desk.gateway.commit(desk.now, |_| Err::<(), _>(StoreError::Full)).is_err());
    desk.pass(Duration::from_secs(11 * 3600));
    desk.send(3);
    assert_eq!(desk.state(to_sul.id), MessageState::Accepted);
    desk.gateway.set_settings(settings(Limits { per_day: 1, ..unlimited() }), desk.now).unwrap();
    desk.submit("quatro");
    assert!(desk.loads().is_empty());
}

#[test]
fn what_is_on_the_wire_while_settings_are_read_again_is_settled_as_ever() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-b");
    let (first, second) = (desk.submit("um"), desk.submit("dois"));
    let (modem, lease) = desk.hand_over();
    desk.gateway.set_settings(settings(unlimited()), desk.now).unwrap();
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 7 });
    assert_eq!(desk.state(first), MessageState::Accepted);
    desk.send(8);
    assert_eq!(desk.state(second), MessageState::Accepted);
}
