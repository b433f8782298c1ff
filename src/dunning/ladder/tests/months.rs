//! Three months of a portfolio in Brazil and in Mexico.

use super::*;

fn check(house: &mut House, last: Date, expected: &[&str]) {
    assert_eq!(house.until(last), expected);
}

/// With All Souls, the Republic, Black Awareness, Christmas and New Year.
fn brazil(steps: &[&str], today: Date) -> House {
    let mut house = House::new(ladder(steps), today);
    house.holidays = vec![november(2), november(15), november(20), date(2026, 12, 25), date(2027, 1, 1)];
    house
}

const BRAZIL: &[&str] = &[
    "D-5 lembrete",
    "D+0 vence-hoje next",
    "D+3 atraso-1 next",
    "D+7 atraso-2 next",
    "D+15 boleto-novo next",
    "D+30 ultimo-aviso next",
    "D+45 >letter",
    "D+60 >bureau",
    "P+1 promessa next",
    "P+4 promessa-2 next",
];

#[test]
fn a_debt_nobody_pays_climbs_the_whole_ladder() {
    let mut house = brazil(BRAZIL, november(1));
    house.enter(debt("a", november(10)));
    check(
        &mut house,
        date(2027, 1, 31),
        &[
            "11-05 a D-5",
            "11-10 a D+0",
            "11-13 a D+3",
            "11-17 a D+7",
            "11-25 a D+15",
            "12-10 a D+30",
            "12-25 >a D+45",
            "01-09 >a D+60",
        ],
    );
}

#[test]
fn weekends_and_holidays_move_steps_and_the_further_one_goes_where_two_meet() {
    let mut house = brazil(&["D+0 a", "D+1 b next", "D+2 c next", "D+3 d previous", "D+4 e next"], november(1));
    // Due on Wednesday 18: D+2 is Black Awareness, D+3 a Saturday that rolls back to Thursday, on which D+1 is.
    house.enter(debt("a", november(18)));
    check(&mut house, november(30), &["11-18 a D+0", "11-19 a D+3", "11-23 a D+4"]);
    // A ladder that works on Saturdays.
    let mut house = brazil(&["D+2 c next"], november(1));
    house.ladder.saturday = true;
    house.enter(debt("a", november(18)));
    check(&mut house, november(30), &["11-21 a D+2"]);
}

#[test]
fn a_payment_stops_everything() {
    let mut house = brazil(BRAZIL, november(1));
    house.enter(debt("a", november(10)));
    house.until(november(14));
    house.debt("a").status = Status::Paid;
    check(&mut house, date(2027, 1, 31), &[]);
    assert_eq!(house.run().next, None);
}

#[test]
fn a_kept_promise_pauses_and_a_broken_one_has_its_own_texts() {
    let mut house = brazil(BRAZIL, november(1));
    house.enter(debt("a", november(10)));
    check(&mut house, november(14), &["11-05 a D-5", "11-10 a D+0", "11-13 a D+3"]);
    // Promised for the 23rd with two days of grace: D+7 falls inside, and D+15 is the last day of it.
    house.promise("a", november(23), 2);
    check(&mut house, date(2026, 12, 1), &["11-26 a P+1", "11-30 a P+4"]);
    check(&mut house, date(2026, 12, 12), &["12-10 a D+30"]);
    // A second promise, broken as well, has its texts again.
    house.promise("a", date(2026, 12, 16), 0);
    check(&mut house, date(2026, 12, 30), &["12-17 a P+1", "12-21 a P+4", "12-25 >a D+45"]);
}

#[test]
fn the_broken_promise_has_the_day_on_which_it_meets_a_step() {
    let mut house = brazil(BRAZIL, november(1));
    house.enter(debt("a", november(10)));
    house.until(november(13));
    house.promise("a", november(16), 0);
    check(&mut house, november(30), &["11-17 a P+1", "11-23 a P+4", "11-25 a D+15"]);
}

#[test]
fn agreements_and_disputes_stop_until_the_debt_is_opened_again() {
    for status in [Status::Agreed, Status::Disputed] {
        let mut house = brazil(BRAZIL, november(1));
        house.enter(debt("a", november(10)));
        house.until(november(11));
        house.debt("a").status = status;
        check(&mut house, november(19), &[]);
        house.debt("a").status = Status::Open;
        house.track("a").from = november(20);
        // What fell inside is not done late.
        check(&mut house, november(26), &["11-25 a D+15"]);
    }
}

#[test]
fn an_extension_reminds_of_the_new_day_and_repeats_no_demand() {
    let mut house = brazil(BRAZIL, november(1));
    house.enter(debt("a", november(10)));
    check(&mut house, november(14), &["11-05 a D-5", "11-10 a D+0", "11-13 a D+3"]);
    house.debt("a").due = date(2026, 12, 8);
    check(&mut house, date(2026, 12, 31), &["12-03 a D-5", "12-08 a D+0", "12-15 a D+7", "12-23 a D+15"]);
}

/// With the Revolution, Christmas, New Year and the Constitution.
fn mexico(today: Date) -> House {
    let steps = ["D-3 aviso", "D+1 atraso next", "D+5 atraso-2 next", "D+10 >call next", "P+1 promesa next"];
    let mut house = House::new(ladder(&steps), today);
    house.holidays = vec![november(16), date(2026, 12, 25), date(2027, 1, 1), date(2027, 2, 1)];
    house.ladder.saturday = true;
    house
}

#[test]
fn instalments_of_one_debtor_over_three_months() {
    let mut house = mexico(november(1));
    house.enter(debt("1", november(15)));
    house.enter(debt("2", date(2026, 12, 15)));
    house.enter(debt("3", date(2027, 1, 15)));
    check(&mut house, november(30), &["11-12 1 D-3", "11-17 1 D+1", "11-20 1 D+5", "11-25 >1 D+10"]);
    house.debt("1").status = Status::Paid;
    check(&mut house, date(2026, 12, 17), &["12-12 2 D-3", "12-16 2 D+1"]);
    house.promise("2", date(2026, 12, 24), 0);
    // Christmas is closed, and Saturday is not; the call goes beside the text.
    check(&mut house, date(2027, 1, 5), &["12-26 2 P+1 >2 D+10"]);
    house.debt("2").status = Status::Cancelled;
    check(&mut house, date(2027, 1, 31), &["01-12 3 D-3", "01-16 3 D+1", "01-20 3 D+5", "01-25 >3 D+10"]);
}

#[test]
fn a_debtor_who_is_not_asked_any_more_hears_nothing() {
    for stop in [Stop::OptOut, Stop::WrongPerson, Stop::Deceased] {
        let mut house = mexico(november(1));
        house.enter(debt("1", november(15)));
        house.stop = Some(stop);
        check(&mut house, date(2027, 1, 31), &[]);
    }
}
