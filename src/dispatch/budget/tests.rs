//! One decision of the budget each.

use super::*;

fn at(s: &str) -> Timestamp {
    s.parse().unwrap()
}

fn noon() -> Timestamp {
    at("2026-11-24T15:00:00Z")
}

fn none() -> Limits {
    Limits { zone: TimeZone::get("America/Sao_Paulo").unwrap(), ..Limits::none() }
}

fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn parts(parts: u32) -> Demand {
    Demand { parts, ..Demand::ONE }
}

/// A SIM that has spent so many parts at noon.
fn spent(limits: Limits, count: u32) -> Budget {
    let mut budget = Budget::new(limits, noon(), noon());
    for _ in 0..count {
        budget.spend(false, noon());
    }
    budget
}

fn check(budget: &Budget, demand: Demand, now: Timestamp, opens: Option<(&str, Period)>) {
    let expected = opens.map_or(Allowance::Now, |(text, period)| Allowance::From { at: at(text), period });
    assert_eq!(budget.ask(demand, now), expected);
    if let Allowance::From { at, .. } = expected {
        assert_eq!(budget.ask(demand, at), Allowance::Now, "and then it is open");
    }
}

#[test]
fn the_pace_is_between_messages_not_between_parts() {
    let budget = spent(Limits { min_gap: seconds(5), ..none() }, 1);
    check(&budget, Demand::ONE, noon(), Some(("2026-11-24T15:00:05Z", Period::Gap)));
    check(&budget, Demand { begun: true, ..Demand::ONE }, noon(), None);
}

#[test]
fn a_full_window_opens_when_its_oldest_parts_leave_it() {
    for (limits, period, span) in [
        (Limits { per_minute: 3, ..none() }, Period::Minute, 60),
        (Limits { per_hour: 3, ..none() }, Period::Hour, 3600),
    ] {
        let mut budget = Budget::new(limits, noon(), noon());
        for s in [0, 10, 20] {
            budget.spend(false, noon() + seconds(s));
        }
        let now = noon() + seconds(30);
        let opens = |s: u64| Allowance::From { at: noon() + seconds(s), period };
        assert_eq!(budget.ask(parts(1), now), opens(span));
        assert_eq!(budget.ask(parts(2), now), opens(span + 10));
        assert_eq!(budget.ask(parts(3), now), opens(span + 20));
        assert_eq!(budget.ask(parts(1), noon() + seconds(span)), Allowance::Now);
    }
}

#[test]
fn a_spent_day_opens_at_the_next_civil_midnight_and_a_spent_month_at_the_next_first() {
    let day = spent(Limits { per_day: 5, ..none() }, 5);
    check(&day, Demand::ONE, noon(), Some(("2026-11-25T03:00:00Z", Period::Day)));
    let month = spent(Limits { per_day: 5, per_month: 5, reset_hour: 6, ..none() }, 5);
    check(&month, Demand::ONE, noon(), Some(("2026-12-01T09:00:00Z", Period::Month)));
}

#[test]
fn a_message_larger_than_a_limit_never_fits() {
    let budget = spent(Limits { per_hour: 3, ..none() }, 0);
    assert_eq!(budget.ask(parts(4), noon()), Allowance::Never { period: Period::Hour, limit: 3 });
}

#[test]
fn strangers_are_too_many_and_acquaintances_are_not() {
    let mut budget = Budget::new(Limits { recipients_per_month: 1, ..none() }, noon(), noon());
    budget.spend(true, noon());
    budget.spend(false, noon());
    check(&budget, Demand::ONE, noon(), None);
    let stranger = Demand { stranger: true, ..Demand::ONE };
    check(&budget, stranger, noon(), Some(("2026-12-01T03:00:00Z", Period::Recipients)));
    budget.give_back(noon(), false);
    assert!(budget.is_full_of_recipients(noon()));
    budget.give_back(noon(), true);
    check(&budget, stranger, noon(), None);
}

#[test]
fn a_new_line_grows_from_twenty_a_day_to_its_limit() {
    let limits = Limits { per_day: 300, warm_up: true, ..none() };
    let budget = Budget::new(limits.clone(), noon(), noon());
    let limit = |days: u64| budget.levels(noon() + seconds(days * 86_400)).first().map(|level| level.limit);
    assert_eq!([0, 1, 7, 13, 14, 400].map(limit), [20, 40, 160, 280, 300, 300].map(Some));
    let budget = spent(limits, 20);
    check(&budget, Demand::ONE, noon(), Some(("2026-11-25T03:00:00Z", Period::Day)));
    check(&budget, parts(41), noon(), Some(("2026-11-26T03:00:00Z", Period::Day)));
}

#[test]
fn a_new_line_with_a_low_limit_or_none_is_held_low_too() {
    let limit = |per_day: u32, days: u64| {
        let budget = Budget::new(Limits { per_day, warm_up: true, ..none() }, noon(), noon());
        budget.levels(noon() + seconds(days * 86_400)).first().map(|level| level.limit)
    };
    assert_eq!([limit(10, 0), limit(10, 20)], [Some(10), Some(10)]);
    assert_eq!([limit(0, 0), limit(0, 13), limit(0, 14)], [Some(20), Some(280), None]);
}

#[test]
fn what_was_not_written_is_given_back() {
    let limits = Limits { per_minute: 1, per_hour: 1, per_day: 1, per_month: 1, min_gap: seconds(9), ..none() };
    let mut budget = spent(limits, 1);
    budget.give_back(noon(), false);
    check(&budget, Demand::ONE, noon(), None);
    assert!(budget.levels(noon()).iter().all(|level| level.used == 0));
}

#[test]
fn a_clock_that_was_ahead_neither_silences_the_sim_nor_gives_it_more() {
    let (ahead, yesterday) = (at("2026-11-25T03:00:01Z"), at("2026-11-25T02:00:00Z"));
    let limits = Limits { per_minute: 2, per_day: 4, ..none() };
    let mut budget = Budget::new(limits.clone(), noon(), yesterday);
    let history = History { recent: vec![(ahead, 2)], day: 3, month: 3, recipients: 0, last: [Some(ahead), None] };
    budget.restore(&history, yesterday);
    check(&budget, Demand::ONE, yesterday, Some(("2026-11-25T02:01:00Z", Period::Minute)));
    let later = yesterday + seconds(60);
    check(&budget, parts(2), later, Some(("2026-11-25T03:00:00Z", Period::Day)));
    assert!(!budget.is_stale(later));
    assert!(budget.is_stale(ahead), "two parts of this day are spent already");
}

#[test]
fn what_is_left_of_the_day_is_a_share_until_it_ends() {
    let midnight = at("2026-11-25T03:00:00Z");
    let share = spent(Limits { per_day: 4, ..none() }, 1).share(noon());
    assert_eq!(share, Share { left: 750_000, until: midnight });
    assert_eq!((share.at(noon()), share.at(midnight)), (750_000, 1_000_000));
    assert_eq!(spent(none(), 9).share(noon()), Share::WHOLE);
}
