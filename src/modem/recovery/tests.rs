//! Which rung answers which failure.

use super::*;

fn at(seconds: u64) -> Instant {
    Instant::from_origin(Duration::from_secs(seconds))
}

/// The rungs of failures in a row, so many seconds apart, without health between.
fn check(trouble: Trouble, apart: u64, expected: &[u8]) -> Recovery {
    let mut recovery = Recovery::default();
    let mut now = 0;
    let mut rungs = Vec::new();
    for _ in expected {
        let (rung, step) = recovery.climb(trouble, at(now));
        if let Step::Reset(rung) = step {
            recovery.resets(rung, at(now));
        }
        rungs.push(rung);
        now += apart;
    }
    assert_eq!(rungs, expected, "{trouble:?}");
    recovery
}

#[test]
fn a_silent_modem_climbs_one_rung_per_failure_and_leaves_out_the_network() {
    check(Trouble::Silent, 100, &[0, 1, 2, 4, 5, 5, 6, 7, 7]);
}

#[test]
fn a_modem_without_a_network_is_not_plugged_in_anew() {
    check(Trouble::Unregistered, 100, &[3, 4, 6, 7, 7]);
}

#[test]
fn a_modem_that_is_registered_is_reset_at_most_and_never_given_up() {
    check(Trouble::Useless, 1000, &[3, 4, 4, 4]);
}

#[test]
fn a_failed_sim_is_reset_and_then_loses_its_power() {
    check(Trouble::Broken, 100, &[4, 6, 7]);
}

#[test]
fn what_is_no_modem_is_left_alone_but_for_looks() {
    let mut recovery = Recovery::default();
    let steps: Vec<_> = (0..3).map(|n| recovery.climb(Trouble::Foreign, at(n)).1).collect();
    let after = |seconds| Step::Reopen(Duration::from_secs(seconds));
    assert_eq!(steps, [after(2), after(4), after(8)]);
    assert_eq!(recovery.next(), 0);
}

#[test]
fn fifteen_minutes_of_health_lead_back_to_the_foot() {
    for (health, expected) in [(15 * 60 - 1, 4), (15 * 60, 0)] {
        let mut recovery = check(Trouble::Silent, 100, &[0, 1, 2]);
        recovery.is_good(at(1000));
        assert_eq!(recovery.climb(Trouble::Silent, at(1000 + health)).0, expected);
    }
}

#[test]
fn another_trouble_than_the_one_that_is_over_begins_at_its_own_rung() {
    let mut recovery = check(Trouble::Silent, 100, &[0, 1, 2, 4, 5, 5, 6, 7]);
    recovery.is_up();
    assert_eq!(recovery.climb(Trouble::Unregistered, at(1000)).0, 3);
    // It is not over, so that what comes of the attempt is answered higher.
    assert_eq!(recovery.climb(Trouble::Silent, at(1100)).0, 4);
}

#[test]
fn a_modem_that_was_dead_of_silence_and_speaks_of_its_sim_is_reset_for_that() {
    let mut recovery = check(Trouble::Silent, 100, &[0, 1, 2, 4, 5, 5, 6, 7]);
    let rungs: Vec<u8> = (0..3).map(|n| recovery.climb(Trouble::Broken, at(5000 + n)).0).collect();
    assert_eq!(rungs, [4, 6, 7]);
}

#[test]
fn a_modem_that_was_dead_and_worked_for_a_while_is_reset_again() {
    let mut recovery = check(Trouble::Silent, 100, &[0, 1, 2, 4, 5, 5, 6, 7]);
    recovery.is_good(at(900));
    assert_eq!(recovery.climb(Trouble::Silent, at(1000)).0, 4);
    let mut recovery = check(Trouble::Silent, 100, &[0, 1, 2, 4, 5, 5, 6]);
    recovery.is_good(at(900));
    assert_eq!(recovery.climb(Trouble::Silent, at(1000)).0, 7, "not so one that was not");
}

#[test]
fn an_accepted_part_leads_back_from_the_low_rungs_only() {
    let mut low = check(Trouble::Silent, 100, &[0, 1, 2]);
    low.proven();
    assert_eq!(low.next(), 0);
    let mut high = check(Trouble::Silent, 100, &[0, 1, 2, 4]);
    high.proven();
    assert_eq!(high.next(), 5);
}

#[test]
fn the_time_to_start_after_a_reset_is_no_failure() {
    let mut recovery = check(Trouble::Silent, 1, &[0, 1, 2, 4]);
    assert_eq!(recovery.climb(Trouble::Silent, at(62)), (4, Step::Wait(STARTS)));
    assert_eq!(recovery.climb(Trouble::Silent, at(63)).0, 5, "a minute after the reset it has failed");
    // One that comes back late has time to start.
    recovery.was_reset(5, at(64));
    recovery.is_back(at(93));
    assert_eq!(recovery.climb(Trouble::Silent, at(112)), (5, Step::Wait(STARTS)));
    assert_eq!(recovery.climb(Trouble::Silent, at(113)).0, 5);
}

#[test]
fn six_resets_an_hour_are_the_most() {
    let mut recovery = Recovery::default();
    for minute in 0..6 {
        recovery.climb(Trouble::Useless, at(minute * 60));
        recovery.resets(4, at(minute * 60));
    }
    assert_eq!(recovery.climb(Trouble::Useless, at(3599)).1, Step::Nothing);
    assert_eq!(recovery.climb(Trouble::Broken, at(3599)).1, Step::Reopen(LOOK));
    assert_eq!(recovery.climb(Trouble::Useless, at(3600)).1, Step::Reset(4), "the first is an hour ago");
}

#[test]
fn what_cannot_be_done_is_not_tried_twice_and_is_no_reset() {
    let mut recovery = check(Trouble::Silent, 100, &[0, 1, 2, 4, 5]);
    recovery.is_impossible(5);
    assert_eq!(recovery.resets.len(), 1);
    assert_eq!(recovery.climb(Trouble::Silent, at(500)).0, 6);
    recovery.resets(6, at(500));
    recovery.is_impossible(6);
    assert_eq!(recovery.climb(Trouble::Silent, at(500)), (7, Step::Dead(LOOK)));
}

#[test]
fn three_refusals_in_a_row_are_a_trouble() {
    let mut recovery = Recovery::default();
    assert_eq!([recovery.setback(), recovery.setback(), recovery.setback()], [false, false, true]);
    assert_eq!([recovery.setback(), recovery.setback()], [false, false], "and are counted anew");
    recovery.no_setback();
    assert!(!recovery.setback(), "another answer between ends the row");
}

#[test]
fn patience_with_the_network_depends_on_what_was_tried() {
    let mut recovery = Recovery::default();
    assert_eq!(recovery.patience(), UNREGISTERED);
    recovery.climb(Trouble::Unregistered, at(0));
    assert_eq!(recovery.patience(), REGISTERS);
    recovery.is_good(at(10));
    assert_eq!(recovery.patience(), UNREGISTERED);
    recovery.give_up(at(20));
    assert_eq!(recovery.patience(), LOOK);
}
