//! Ladders with something wrong.

use super::super::check as findings;
use super::*;
use crate::dunning::segment::{Bounds, Word};

fn check(ladder: &Ladder, expected: &[&str]) {
    let found: Vec<&str> = findings(ladder).iter().map(Finding::code).collect();
    assert_eq!(found, expected, "{:?}", findings(ladder));
}

fn tagged(line: &str, tag: &str) -> Step {
    let segment = Segment { tags_any: vec![Word::new(tag)], ..Segment::default() };
    Step { segment, id: StepId(format!("{line} {tag}")), ..step(line) }
}

#[test]
fn a_good_ladder_has_no_findings_in_any_order() {
    check(&ladder(&["D+30 >bureau", "D+7 b", "D-5 a next", "D+0 14:00 c", "P+1 p", "D+7 >letter"]), &["duplicate_id"]);
    check(&ladder(&["D+30 >bureau", "D+7 b", "D-5 a next", "D+0 14:00 c", "P+1 p", "D+8 >letter"]), &[]);
}

#[test]
fn steps_that_cannot_be_are_found() {
    check(&ladder(&[]), &["no_steps"]);
    check(&ladder(&["D+3651 a", "D-3651 b", "D+3650 c"]), &["out_of_range", "out_of_range"]);
    check(&ladder(&["D+1 a", "P+0 b", "P-1 c"]), &["inside_promise", "inside_promise"]);
    let mut unnamed = ladder(&["D+1 a", "D+2 b"]);
    unnamed.steps[0].id = StepId(" ".to_owned());
    unnamed.steps[1].action = Action::Text { template: String::new() };
    check(&unnamed, &["no_id", "unnamed_template"]);
    check(&ladder(&["D+2147483647 a", "D+5 b next"]), &["out_of_range"]);
}

#[test]
fn segments_that_no_debt_is_in_on_that_day_are_found() {
    let with = |days_late| {
        let mut ladder = ladder(&["D+5 a next"]);
        ladder.steps[0].segment = Segment { days_late, ..Segment::default() };
        ladder
    };
    check(&with(Bounds::from(10)), &[]);
    check(&with(Bounds::from(13)), &["never_then"]);
    check(&with(Bounds::up_to(4)), &["never_then"]);
    check(&with(Bounds::between(7, 3)), &["empty_segment"]);
}

#[test]
fn steps_of_one_day_that_meet_are_found() {
    let mut both = ladder(&["D+3 a", "D+4 b"]);
    both.steps.push(tagged("D+3 c", "vip"));
    // The one in front is for everybody.
    check(&both, &["shadowed"]);
    both.steps.rotate_right(1);
    // Now it is for the others.
    check(&both, &["overlap"]);
    assert_eq!(findings(&both)[0].severity(), Severity::Warning);
    let mut apart = ladder(&[]);
    apart.steps.push(tagged("D+3 a", "vip"));
    let others = Segment { tags_none: vec![Word::new("vip")], ..Segment::default() };
    apart.steps.push(Step { segment: others, ..step("D+3 b") });
    check(&apart, &[]);
    // The later time goes.
    check(&ladder(&["D+3 09:00 a", "D+3 14:00 b"]), &["shadowed"]);
    // A text and an exit do not meet.
    let mut beside = ladder(&["D+3 a", "D+3 >email"]);
    beside.steps[1].id = StepId("email".to_owned());
    check(&beside, &[]);
}

#[test]
fn a_credit_bureau_is_never_first() {
    check(&ladder(&["D+30 >bureau"]), &["bureau_first"]);
    check(&ladder(&["D+30 >bureau", "D+31 a"]), &["bureau_first"]);
    check(&ladder(&["D+1 a", "P+1 >bureau"]), &[]);
}

#[test]
fn findings_and_steps_are_told_in_words() {
    let told: Vec<String> = ladder(&["D+3 cobranca next", "D+30 >letter"]).steps.iter().map(Step::to_string).collect();
    assert_eq!(told, ["D+3 D+3 text cobranca, on the next business day", "D+30 D+30 leave to letter"]);
    assert_eq!(tagged("D+1 a", "vip").to_string(), "D+1 a vip D+1 text a, for some");
    let told: Vec<String> = findings(&ladder(&["P+0 a"])).iter().map(Finding::to_string).collect();
    assert_eq!(told, ["step P+0 falls inside the promise; P+1 is the first day after it"]);
}
