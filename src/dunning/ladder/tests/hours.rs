//! Steps that the hours of contact never let go when they are meant to go.

use super::*;
use crate::contact::calendar::{self, Calendar, Certainty, Holiday, Policy, Rule, Tables, Week, When};
use crate::contact::place::{Area, Atlas, State, Territory, Zone};
use crate::sms::message::Purpose;
use crate::sms::number::Country;

fn hours(text: &str) -> calendar::Hours {
    let spans = if text.is_empty() { Vec::new() } else { vec![text.parse().unwrap()] };
    calendar::Hours::new(spans).unwrap()
}

fn rule(state: Option<&str>, weekdays: &str, saturday: &str) -> Rule {
    let mut days: [Option<calendar::Hours>; 7] = std::array::from_fn(|_| Some(hours(weekdays)));
    (days[5], days[6]) = (Some(hours(saturday)), Some(hours("")));
    Rule {
        id: format!("r-{}", state.unwrap_or("br")),
        law: "a law".to_owned(),
        country: Country::BRAZIL,
        state: state.and_then(State::new),
        status: calendar::Status::InForce,
        certainty: Some(Certainty::High),
        is_for_collection: true,
        is_for_telemarketing: false,
        week: Week { days, holiday: None },
        gathered: date(2026, 1, 1),
    }
}

/// São Paulo is open until 20:00 and at 14:00 on Saturdays, Amazonas (an hour behind) until 18:00 and not on Saturdays.
fn calendar() -> Calendar {
    let area = |code: &str, state: &str, zone: &str| Area {
        code: code.to_owned(),
        states: vec![State::new(state).unwrap()],
        zones: vec![Zone::new(zone, TimeZone::get(zone).unwrap())],
        is_certain: true,
    };
    let areas = vec![area("11", "SP", "America/Sao_Paulo"), area("92", "AM", "America/Manaus")];
    let territory = Territory { areas, ..Territory::default() };
    let atlas = Atlas::new(Country::BRAZIL, BTreeMap::from([(Country::BRAZIL, territory)]), Vec::new());
    let mut selling = rule(None, "", "");
    (selling.is_for_collection, selling.is_for_telemarketing, selling.id) = (false, true, "selling".to_owned());
    let rules = vec![rule(Some("SP"), "08:00-20:00", "08:00-14:00"), rule(Some("AM"), "08:00-18:00", ""), selling];
    let holiday = Holiday {
        country: Country::BRAZIL,
        state: None,
        name: "a day off".to_owned(),
        when: When::Fixed { month: 11, day: 24 },
        since: None,
        step: None,
        moves_to_friday: false,
        optional: false,
        certainty: Certainty::High,
    };
    Calendar::new(atlas, Tables { rules, holidays: vec![holiday], ..Tables::default() }, &Policy::Auto, Vec::new())
}

/// What is found from Monday 23 November 2026 on; templates called `oferta` sell.
fn check(ladder: &Ladder, expected: &[&str]) {
    let (calendar, zone) = (calendar(), TimeZone::get("America/Sao_Paulo").unwrap());
    let hours = Hours { calendar: &calendar, country: Country::BRAZIL, zone: &zone, from: date(2026, 11, 23) };
    let purpose = |template: &str| match template {
        "oferta" => Purpose::Promotion,
        "equipe" => Purpose::Operational,
        _ => Purpose::Collection,
    };
    let found: Vec<String> = outside(ladder, &hours, &purpose).iter().map(Finding::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_step_within_the_hours_of_every_state_is_not_found() {
    check(&ladder(&["D+1 a", "D+2 09:00 a", "D+3 18:59 a", "D+4 >letter", "D+5 23:30 equipe"]), &[]);
}

#[test]
fn a_text_at_night_is_found_with_when_it_goes() {
    let expected = "step D+1@23:30 (D+1 23:30) comes outside the hours of contact everywhere in BR: it never goes on its \
        day, but the day after at 08:00 at the soonest; in AM it never goes on its day, but the day after at 09:00 at the \
        soonest; give it a time within the hours, or none";
    check(&ladder(&["D+1 23:30 a"]), &[expected]);
}

#[test]
fn a_text_too_early_goes_on_its_day() {
    let found = "step D+1@07:30 (D+1 07:30) comes outside the hours of contact everywhere in BR: it goes at 08:00 of that \
        day at the soonest; in AM it goes at 09:00 of that day at the soonest; give it a time within the hours, or none";
    check(&ladder(&["D+1 07:30 a"]), &[found]);
    let found = "step D+1@08:30 (D+1 08:30) comes outside the hours of contact in BR (AM): it goes at 09:00 of that day at \
        the soonest; give it a time within the hours, or none";
    check(&ladder(&["D+1 08:30 a"]), &[found]);
}

#[test]
fn what_may_never_be_sent_is_found_everywhere() {
    let what = "comes outside the hours of contact everywhere in BR: it never goes there; give it a time within the hours, or none";
    check(&ladder(&["D-10 oferta"]), &[&format!("step D-10 (D-10) {what}")]);
}

#[test]
fn a_saturday_without_hours_is_found_once_and_short_ones_by_step() {
    let mut both = ladder(&["D+1 a", "D+2 09:30 a", "D+3 16:00 a"]);
    check(&both, &[]);
    both.saturday = true;
    let late = "step D+3@16:00 (D+3 16:00) comes outside the hours of contact on Saturdays in BR (SP): it never goes on its \
        day, but 2 days later at 08:00 at the soonest; give it a time within the hours, or none";
    let closed = "Saturday is a business day of this ladder, and nothing may go on Saturdays in BR (AM): it never goes on its \
        day, but 2 days later at 09:00 at the soonest; leave Saturday out if such steps should go on Monday";
    check(&both, &[late, closed]);
}

#[test]
fn such_findings_stop_no_ladder() {
    let places = Places { country: Country::BRAZIL, is_everywhere: true, goes: vec![(Goes::Never, Vec::new())] };
    let found = Finding::NoSaturday(places);
    assert_eq!((found.severity(), found.code()), (Severity::Warning, "no_saturday"));
}
