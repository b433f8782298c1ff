//! Where steps meet: in one debtor, in one queue, and with what was there before.

use super::*;
use crate::dunning::segment::Bounds;

const STEPS: &[&str] = &["D-5 lembrete", "D+0 hoje", "D+3 um", "D+7 dois", "D+15 tres", "P+1 promessa"];

fn house(steps: &[&str]) -> House {
    House::new(ladder(steps), november(1))
}

/// Runs one day and gives what was carried out.
fn on(house: &mut House, day: i8) -> Happened {
    house.today = november(day);
    house.run()
}

fn text(happened: &Happened) -> Option<(&str, Vec<&str>)> {
    happened.text.as_ref().map(|(step, debts)| (step.as_str(), debts.iter().map(String::as_str).collect()))
}

#[test]
fn debts_travel_under_the_step_that_is_furthest_on() {
    let mut house = house(STEPS);
    house.enter(debt("b", november(9)));
    house.enter(debt("a", november(5)));
    house.enter(debt("c", november(10)));
    // On the 12th a is at D+7 and b at D+3; c has nothing up and stays out.
    house.until(november(11));
    assert_eq!(text(&on(&mut house, 12)), Some(("a D+7", vec!["a", "b"])));
    // What b had up is done with it, and nothing else of b is.
    house.today = november(13);
    assert_eq!(house.until(november(17)), ["11-13 c D+3", "11-16 b D+7", "11-17 c D+7"]);
}

#[test]
fn a_ladder_that_does_not_group_texts_on_one_day_after_another() {
    let mut house = house(STEPS);
    house.ladder.group = false;
    house.enter(debt("a", november(5)));
    house.enter(debt("b", november(9)));
    house.until(november(11));
    let happened = on(&mut house, 12);
    assert_eq!(text(&happened), Some(("a D+7", vec!["a"])));
    assert_eq!((happened.skipped, happened.next), (vec!["b D+3 other_text".to_owned()], Some(november(13))));
    assert_eq!(text(&on(&mut house, 13)), Some(("b D+3", vec!["b"])));
}

#[test]
fn currencies_are_not_added_up_in_one_text() {
    let mut house = house(STEPS);
    house.enter(debt("a", november(5)));
    house.enter(Debt { currency: Currency::Usd, ..debt("b", november(9)) });
    house.until(november(11));
    assert_eq!(text(&on(&mut house, 12)), Some(("a D+7", vec!["a"])));
    assert_eq!(text(&on(&mut house, 13)), Some(("b D+3", vec!["b"])));
    // Nor does one take the place of the other in the queue.
    house.until(november(15));
    house.is_held = true;
    assert_eq!(text(&on(&mut house, 16)), Some(("b D+7", vec!["b"])));
    let happened = on(&mut house, 20);
    assert_eq!((text(&happened), happened.withdrawn.len()), (None, 0));
    assert_eq!(happened.skipped, ["a D+15 other_text"]);
}

#[test]
fn a_text_for_another_creditor_has_the_day() {
    let mut house = house(STEPS);
    house.enter(debt("a", november(5)));
    house.until(november(7));
    house.texted = Some(november(8));
    assert_eq!(text(&on(&mut house, 8)), None);
    assert_eq!(text(&on(&mut house, 9)), Some(("a D+3", vec!["a"])));
}

#[test]
fn a_reminder_that_had_to_wait_is_not_sent_after_the_day() {
    let mut house = house(STEPS);
    house.enter(debt("a", november(5)));
    house.until(november(4));
    house.texted = Some(november(5));
    assert_eq!(text(&on(&mut house, 5)), None);
    let happened = on(&mut house, 6);
    assert_eq!(text(&happened), None);
    assert_eq!(happened.skipped, ["a D+0 too_late"]);
    assert_eq!(happened.next, Some(november(8)));
}

#[test]
fn a_held_text_waits_until_a_later_step_overtakes_it() {
    let mut house = house(STEPS);
    house.enter(debt("a", november(5)));
    house.enter(debt("b", november(9)));
    house.until(november(7));
    house.is_held = true;
    assert_eq!(text(&on(&mut house, 8)), Some(("a D+3", vec!["a"])));
    // b's due day does not take the place of what is further on, and is not in it.
    let happened = on(&mut house, 9);
    assert_eq!((text(&happened), happened.withdrawn.len()), (None, 0));
    assert!(on(&mut house, 10).was_idle);
    let happened = on(&mut house, 12);
    assert_eq!(happened.withdrawn, ["a D+3"]);
    assert_eq!(text(&happened), Some(("a D+7", vec!["a", "b"])));
}

#[test]
fn what_travelled_in_an_overtaken_text_travels_in_the_new_one() {
    let mut house = house(STEPS);
    house.enter(debt("a", november(5)));
    house.enter(debt("b", november(1)));
    house.until(november(7));
    house.is_held = true;
    // a at D+3 and b at D+7 are in one text, which is held.
    assert_eq!(text(&on(&mut house, 8)), Some(("b D+7", vec!["b", "a"])));
    // a's next step is of a debt in it, and no further on than it: the text is about a already.
    let happened = on(&mut house, 12);
    assert_eq!((text(&happened), happened.withdrawn.len()), (None, 0));
    assert!(on(&mut house, 13).was_idle);
    // b's next step overtakes it.
    let happened = on(&mut house, 16);
    assert_eq!(happened.withdrawn, ["b D+7"]);
    assert_eq!(text(&happened), Some(("b D+15", vec!["b", "a"])));
}

#[test]
fn a_text_with_a_debt_that_is_paid_goes_without_it() {
    let mut house = house(STEPS);
    house.enter(debt("a", november(5)));
    house.enter(debt("b", november(1)));
    house.until(november(7));
    house.is_held = true;
    on(&mut house, 8);
    house.debt("b").status = Status::Paid;
    let happened = house.run();
    assert_eq!(happened.withdrawn, ["b D+7"]);
    assert_eq!(text(&happened), Some(("a D+3", vec!["a"])));
    assert!(house.run().was_idle);
}

#[test]
fn a_debt_whose_text_is_gone_with_another_debt_goes_alone() {
    let mut house = house(STEPS);
    house.enter(debt("a", november(5)));
    house.enter(debt("b", november(1)));
    house.until(november(7));
    house.is_held = true;
    on(&mut house, 8);
    house.debts.remove("b");
    house.tracks.remove("b");
    assert_eq!(text(&house.run()), Some(("a D+3", vec!["a"])));
    assert!(house.run().was_idle);
}

#[test]
fn of_two_steps_of_a_debt_that_is_in_the_queue_neither_comes_up_again() {
    let mut house = house(&["D+3 um", "D+7 10:00 dois", "D+7 tres", "D+11 quatro"]);
    house.enter(debt("a", november(5)));
    house.enter(debt("b", november(1)));
    house.until(november(7));
    house.is_held = true;
    house.ladder.steps[1].offset = "D+4 10:00".parse().unwrap();
    house.ladder.steps[2].offset = Offset::due(4);
    house.ladder.steps[3].offset = Offset::due(7);
    assert_eq!(text(&on(&mut house, 8)), Some(("b D+11", vec!["b", "a"])));
    assert_eq!(on(&mut house, 9).text, None);
    assert!(house.run().was_idle);
}

#[test]
fn a_promise_takes_a_text_out_of_the_queue() {
    let mut house = house(STEPS);
    house.enter(debt("a", november(5)));
    house.until(november(7));
    house.is_held = true;
    on(&mut house, 8);
    house.promise("a", november(10), 0);
    let happened = house.run();
    assert_eq!((happened.withdrawn.as_slice(), text(&happened)), (["a D+3".to_owned()].as_slice(), None));
    assert_eq!(happened.next, Some(november(11)));
    assert_eq!(text(&on(&mut house, 11)), Some(("a P+1", vec!["a"])));
}

#[test]
fn an_extension_takes_a_text_of_the_old_day_out_of_the_queue() {
    let mut house = house(STEPS);
    house.enter(debt("a", november(5)));
    house.until(november(7));
    house.is_held = true;
    on(&mut house, 8);
    house.debt("a").due = november(20);
    let happened = house.run();
    assert_eq!((happened.withdrawn.as_slice(), text(&happened)), (["a D+3".to_owned()].as_slice(), None));
    // It was not sent: it is planned anew with the new day.
    house.is_held = false;
    house.today = november(9);
    assert_eq!(house.until(november(24)), ["11-15 a D-5", "11-20 a D+0", "11-23 a D+3"]);
}

#[test]
fn a_debt_that_is_imported_late_begins_where_it_is() {
    let mut house = house(STEPS);
    house.today = november(13);
    house.enter(debt("a", november(5)));
    let happened = house.run();
    let passed = ["D-5", "D+0", "D+3", "D+7"].map(|step| format!("a {step} passed"));
    assert_eq!((happened.text, happened.skipped, happened.next), (None, passed.to_vec(), Some(november(20))));
    // Once is enough.
    assert!(on(&mut house, 14).skipped.is_empty());
}

#[test]
fn a_ladder_that_catches_up_sends_the_latest_and_only_that() {
    let mut house = house(STEPS);
    house.ladder.catch_up = CatchUp::Latest;
    house.today = november(13);
    house.enter(debt("a", november(5)));
    assert_eq!(house.until(november(21)), ["11-13 a D+7", "11-20 a D+15"]);
}

#[test]
fn days_on_which_nothing_ran_are_made_up_for_by_the_latest_step() {
    let mut house = house(STEPS);
    house.enter(debt("a", november(5)));
    house.until(november(5));
    assert_eq!(text(&on(&mut house, 14)), Some(("a D+7", vec!["a"])));
    // But nobody is reminded of a day that is over.
    let mut house = self::house(STEPS);
    house.enter(debt("a", november(10)));
    house.until(november(4));
    assert_eq!(text(&on(&mut house, 11)), None);
}

#[test]
fn a_condition_that_did_not_hold_on_the_day_is_not_asked_again() {
    let mut house = house(STEPS);
    let over = Bounds::from("200.00".parse().unwrap());
    house.ladder.steps[2].segment = Segment { amount: over, ..Segment::default() };
    house.enter(debt("a", november(5)));
    house.until(november(7));
    assert_eq!(on(&mut house, 8).skipped, ["a D+3 segment"]);
    house.debt("a").amount = "300.00".parse().unwrap();
    assert!(on(&mut house, 9).was_idle);
}

#[test]
fn of_two_steps_of_one_day_the_one_for_the_debt_goes() {
    let mut house = house(&["D+3 muito", "D+3 pouco"]);
    house.ladder.steps[1].id = StepId("pouco".to_owned());
    house.ladder.steps[0].segment = Segment { amount: Bounds::from("200.00".parse().unwrap()), ..Segment::default() };
    house.enter(debt("a", november(5)));
    assert_eq!(text(&on(&mut house, 8)), Some(("a pouco", vec!["a"])));
    // Where both are for it, the one in front goes.
    house.enter(Debt { amount: "500.00".parse().unwrap(), ..debt("b", november(6)) });
    let happened = on(&mut house, 9);
    assert_eq!(text(&happened), Some(("b D+3", vec!["b"])));
    assert_eq!(happened.skipped, ["b pouco overtaken"]);
}

#[test]
fn an_edited_ladder_sends_nothing_again() {
    let mut house = house(STEPS);
    house.enter(debt("a", november(5)));
    house.until(november(8));
    // D+3 is moved to D+5, and D+2 is new: its day is over.
    house.ladder.version = 2;
    house.ladder.steps[2].offset = Offset::due(5);
    house.ladder.steps.push(step("D+2 novo"));
    assert_eq!(house.until(november(12)), ["11-12 a D+7"]);
    // A ladder that catches up sends what was added, if nothing that is further on was sent.
    house.ladder.version = 3;
    house.ladder.catch_up = CatchUp::Latest;
    house.ladder.steps.push(step("D+6 novo"));
    house.ladder.steps.push(step("D+8 novo"));
    assert_eq!(house.until(november(19)), ["11-13 a D+8"]);
}

#[test]
fn a_step_that_was_done_and_is_moved_to_a_later_day_holds_nothing_up() {
    let mut house = house(STEPS);
    house.enter(debt("a", november(5)));
    house.until(november(8));
    house.ladder.version = 2;
    house.ladder.steps[2].offset = Offset::due(10);
    assert_eq!(house.until(november(20)), ["11-12 a D+7", "11-20 a D+15"]);
}

#[test]
fn steps_that_roll_past_each_other_do_not_go_back() {
    // Of a debt due on Monday 9, D+5 goes on Monday 16 and D+6 on Friday 13.
    let mut house = house(&["D+5 um next", "D+6 dois previous"]);
    house.enter(debt("a", november(9)));
    assert_eq!(house.until(november(20)), ["11-13 a D+6"]);
}

#[test]
fn a_promise_that_turns_out_broken_after_the_text_of_the_day_has_the_next_day() {
    let mut house = house(STEPS);
    house.enter(debt("a", november(5)));
    assert_eq!(text(&on(&mut house, 8)), Some(("a D+3", vec!["a"])));
    house.promise("a", november(7), 0);
    assert_eq!(house.run().skipped, ["a P+1 other_text"]);
    assert_eq!(text(&on(&mut house, 9)), Some(("a P+1", vec!["a"])));
}

#[test]
fn a_promise_that_is_no_longer_waited_for_holds_nothing() {
    let mut house = house(STEPS);
    house.enter(debt("a", november(5)));
    house.until(november(8));
    house.promise("a", november(20), 0);
    house.debt("a").status = Status::Open;
    assert_eq!(house.until(november(19)), ["11-12 a D+7"]);
}

#[test]
fn a_credit_bureau_waits_for_something_to_have_reached_the_debtor() {
    let mut house = house(&["D+3 um", "D+5 >bureau"]);
    house.today = november(9);
    house.enter(debt("a", november(5)));
    let happened = on(&mut house, 10);
    assert_eq!((happened.exits.len(), happened.skipped.last().unwrap().as_str()), (0, "a D+5 bureau_first"));
    let mut house = self::house(&["D+3 um", "D+5 >bureau"]);
    house.enter(debt("a", november(5)));
    assert_eq!(house.until(november(12)), ["11-08 a D+3", "11-10 >a D+5"]);
}

#[test]
fn an_exit_goes_beside_the_text_of_its_day() {
    let mut house = house(&["D+3 um", "D+3 >email", "D+4 >call"]);
    house.ladder.steps[1].id = StepId("email".to_owned());
    house.enter(debt("a", november(5)));
    assert_eq!(house.until(november(12)), ["11-08 a D+3 >a email", "11-09 >a D+4"]);
}

#[test]
fn a_debt_of_its_own_ladder_goes_by_it() {
    let mut house = house(STEPS);
    let mut own = debt("a", november(5));
    assert_eq!(Ladder::name_for(&own, &house.case().creditor), Some("regua"));
    own.ladder = Some("vip".to_owned());
    assert_eq!(Ladder::name_for(&own, &house.case().creditor), Some("vip"));
    house.enter(own);
    house.ladders.insert("a".to_owned(), ladder(&["D+2 vip"]));
    assert_eq!(house.until(november(12)), ["11-07 a D+2"]);
}

#[test]
fn a_reminder_says_how_long_it_is_true_and_when_it_may_go() {
    let mut house = house(&["D-1 14:00 amanha", "D+2 09:30 dois"]);
    house.enter(debt("a", november(5)));
    let told = |house: &House| {
        house.see(false, |plan| {
            let text = plan.text.as_ref().unwrap();
            (text.template.to_owned(), text.at.unwrap().to_string(), text.last)
        })
    };
    house.today = november(4);
    assert_eq!(told(&house), ("amanha".to_owned(), "14:00:00".to_owned(), Some(november(5))));
    house.run();
    house.today = november(7);
    assert_eq!(told(&house), ("dois".to_owned(), "09:30:00".to_owned(), None));
}

#[test]
fn a_text_that_a_payment_took_back_does_not_go_late_when_the_debt_is_opened_again() {
    let mut house = house(&["D+1 ontem", "D+30 fim"]);
    house.enter(debt("a", november(5)));
    house.until(november(5));
    house.is_held = true;
    assert_eq!(text(&on(&mut house, 6)), Some(("a D+1", vec!["a"])));
    // What was paid on that morning blocks the text, and its step waits; the payment bounces on the 25th.
    let blocked = house.track("a").clone();
    house.track("a").done[0].outcome = Outcome::Waiting;
    house.track("a").from = november(25);
    assert_eq!(text(&on(&mut house, 25)), None);
    // A payment that bounces on the day itself leaves the day its text.
    *house.track("a") = blocked;
    house.track("a").done[0].outcome = Outcome::Waiting;
    house.track("a").from = november(6);
    assert_eq!(text(&on(&mut house, 6)), Some(("a D+1", vec!["a"])));
}

#[test]
fn another_ladder_catches_up_whatever_its_version_is() {
    for version in [1, 2] {
        let mut house = house(&["D+1 um", "D+20 fim"]);
        house.enter(debt("a", november(5)));
        house.until(november(11));
        // From the 12th on the debts of the creditor go by another ladder, which begins where they are.
        let other = Ladder { name: "dura".to_owned(), catch_up: CatchUp::Latest, ..ladder(&["D+3 tres", "D+6 seis"]) };
        house.ladder = Ladder { version, ..other };
        assert_eq!(text(&on(&mut house, 12)), Some(("a D+6", vec!["a"])), "version {version}");
        assert!(on(&mut house, 13).was_idle);
    }
}
