//! Windows of small calendars: nights, days on which the clock is moved, several places, hours of a debtor.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::contact::place::{Territory, Zone};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn spans(texts: &[&str]) -> Vec<Span> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn hours(texts: &[&str]) -> Hours {
    Hours::new(spans(texts)).unwrap()
}

fn rule(id: &str, state: Option<&str>, week: Week) -> Rule {
    Rule {
        id: id.to_owned(),
        law: "a law".to_owned(),
        country: Country::BRAZIL,
        state: state.and_then(State::new),
        status: Status::InForce,
        certainty: Some(Certainty::High),
        is_for_collection: true,
        is_for_telemarketing: false,
        week,
        gathered: Date::ZERO,
    }
}

/// The same hours every day.
fn daily(texts: &[&str]) -> Week {
    Week::of_all_days(&hours(texts))
}

/// Brazil in these zones, with these rules and no profile.
fn calendar(zones: &[&str], rules: Vec<Rule>, closures: &[&str]) -> Calendar {
    let zones: Vec<Zone> = zones.iter().map(|name| Zone::new(name, jiff::tz::TimeZone::get(name).unwrap())).collect();
    let territory = Territory { zones: zones.clone(), ..Territory::default() };
    let atlas = Atlas::new(Country::BRAZIL, BTreeMap::from([(Country::BRAZIL, territory)]), zones);
    let closures = closures.iter().map(|date| date.parse().unwrap()).collect();
    Calendar::new(atlas, Tables { rules, ..Tables::default() }, &Policy::Auto, closures)
}

fn class(calendar: &Calendar) -> Class {
    Class::parse("collection,BR", calendar.atlas()).unwrap()
}

/// Openings and closings from `from` on, as long as `to` is not reached.
fn check(calendar: &Calendar, person: Option<&PersonalHours>, from: &str, to: &str, expected: &[(&str, &str)]) {
    let (mut now, to) = (at(from), at(to));
    let mut found = Vec::new();
    while now < to {
        match calendar.window(&class(calendar), person, now) {
            Window::Open { until } => {
                found.push((now, until));
                now = until;
            }
            Window::Closed { next_opening, .. } => now = next_opening.unwrap_or(Timestamp::MAX),
        }
    }
    let expected: Vec<_> = expected.iter().map(|(from, to)| (at(from), at(to))).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_window_may_run_past_midnight() {
    let calendar = calendar(&["America/Sao_Paulo"], vec![rule("night", None, daily(&["22:00-02:00"]))], &[]);
    check(
        &calendar,
        None,
        "2026-11-24T00:00:00Z",
        "2026-11-26T00:00:00Z",
        &[("2026-11-24T01:00:00Z", "2026-11-24T05:00:00Z"), ("2026-11-25T01:00:00Z", "2026-11-25T05:00:00Z")],
    );
}

#[test]
fn a_night_that_meets_a_closure_ends_at_midnight() {
    let night = vec![rule("night", None, daily(&["22:00-02:00"]))];
    let calendar = calendar(&["America/Sao_Paulo"], night, &["2026-11-25"]);
    check(
        &calendar,
        None,
        "2026-11-24T12:00:00Z",
        "2026-11-27T00:00:00Z",
        // Wednesday itself is closed, and so is the night that would begin on it, until Thursday.
        &[("2026-11-25T01:00:00Z", "2026-11-25T03:00:00Z"), ("2026-11-26T03:00:00Z", "2026-11-26T05:00:00Z")],
    );
}

#[test]
fn windows_that_meet_are_one() {
    let calendar = calendar(&["UTC"], vec![rule("all", None, daily(&["00:00-24:00"]))], &["2026-11-25"]);
    check(
        &calendar,
        None,
        "2026-11-20T07:00:00Z",
        "2026-11-25T00:00:00Z",
        &[("2026-11-20T07:00:00Z", "2026-11-25T00:00:00Z")],
    );
}

#[test]
fn an_hour_that_is_skipped_opens_when_the_clock_is_moved() {
    // New York, 8 March 2026: two o'clock is followed by three.
    let calendar = calendar(&["America/New_York"], vec![rule("early", None, daily(&["02:30-04:00"]))], &[]);
    check(
        &calendar,
        None,
        "2026-03-07T00:00:00Z",
        "2026-03-10T00:00:00Z",
        &[
            ("2026-03-07T07:30:00Z", "2026-03-07T09:00:00Z"),
            ("2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"),
            ("2026-03-09T06:30:00Z", "2026-03-09T08:00:00Z"),
        ],
    );
}

#[test]
fn an_hour_that_comes_twice_is_open_twice() {
    // New York, 1 November 2026: the hour from one to two comes again.
    let calendar = calendar(&["America/New_York"], vec![rule("late", None, daily(&["00:30-01:30"]))], &[]);
    check(
        &calendar,
        None,
        "2026-11-01T00:00:00Z",
        "2026-11-02T00:00:00Z",
        &[("2026-11-01T04:30:00Z", "2026-11-01T05:30:00Z"), ("2026-11-01T06:00:00Z", "2026-11-01T06:30:00Z")],
    );
}

#[test]
fn a_day_whose_midnight_is_skipped_begins_at_one() {
    // Havana moves its clock at midnight: 8 March 2026 begins at one o'clock.
    let calendar =
        calendar(&["America/Havana"], vec![rule("all", None, daily(&["00:00-24:00"]))], &["2026-03-08", "2026-03-10"]);
    check(
        &calendar,
        None,
        "2026-03-07T12:00:00Z",
        "2026-03-09T12:00:00Z",
        &[("2026-03-07T12:00:00Z", "2026-03-08T05:00:00Z"), ("2026-03-09T04:00:00Z", "2026-03-10T04:00:00Z")],
    );
}

#[test]
fn all_places_must_be_open() {
    let zones = ["America/Rio_Branco", "America/Noronha"];
    let calendar = calendar(&zones, vec![rule("day", None, daily(&["08:00-20:00"]))], &[]);
    check(
        &calendar,
        None,
        "2026-11-24T00:00:00Z",
        "2026-11-25T00:00:00Z",
        &[("2026-11-24T13:00:00Z", "2026-11-24T22:00:00Z")],
    );
}

#[test]
fn hours_of_a_debtor_narrow_the_window() {
    let calendar = calendar(&["UTC"], vec![rule("day", None, daily(&["08:00-20:00"]))], &[]);
    let check = |preferred: &[&str], forbidden: &[&str], expected: &[(&str, &str)]| {
        let person = PersonalHours::new(&spans(preferred), &spans(forbidden));
        check(&calendar, Some(&person), "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z", expected);
    };
    check(&["18:00-22:00"], &[], &[("2026-11-24T18:00:00Z", "2026-11-24T20:00:00Z")]);
    check(
        &[],
        &["09:00-19:30"],
        &[("2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z"), ("2026-11-24T19:30:00Z", "2026-11-24T20:00:00Z")],
    );
    check(&["21:00-23:00"], &[], &[]);
}

#[test]
fn what_never_opens_says_so() {
    let rules = vec![rule("day", None, daily(&["08:00-12:00"])), rule("evening", None, daily(&["12:00-18:00"]))];
    let calendar = calendar(&["UTC"], rules, &[]);
    let closed = |until| Window::Closed { reason: Reason::Window, until: at(until), next_opening: None };
    let window = |now| calendar.window(&class(&calendar), None, at(now));
    assert_eq!(window("2026-11-24T07:00:00Z"), closed("2026-11-24T08:00:00Z"));
    assert_eq!(window("2026-11-24T19:00:00Z"), closed("2026-11-25T00:00:00Z"));
}

#[test]
fn a_closed_window_holds_until_its_reason_changes() {
    let holiday = Holiday {
        name: "a day".to_owned(),
        country: Country::BRAZIL,
        state: None,
        when: When::Fixed { month: 11, day: 25 },
        since: None,
        step: None,
        moves_to_friday: false,
        optional: false,
        certainty: Certainty::High,
    };
    let week = Week { holiday: Some(Hours::default()), ..daily(&["08:00-20:00"]) };
    let mut calendar = calendar(&["UTC"], Vec::new(), &["2026-11-26"]);
    let tables = Tables { rules: vec![rule("day", None, week)], holidays: vec![holiday], ..Tables::default() };
    calendar = Calendar::new(calendar.atlas.clone(), tables, &Policy::Auto, calendar.closures.clone());
    let window = |now| calendar.window(&class(&calendar), None, at(now));
    let opening = Some(at("2026-11-27T08:00:00Z"));
    let closed = |reason, until| Window::Closed { reason, until: at(until), next_opening: opening };
    assert_eq!(window("2026-11-24T20:00:00Z"), closed(Reason::Window, "2026-11-25T00:00:00Z"));
    assert_eq!(window("2026-11-25T12:00:00Z"), closed(Reason::Holiday, "2026-11-25T20:00:00Z"));
    assert_eq!(window("2026-11-26T12:00:00Z"), closed(Reason::Holiday, "2026-11-27T00:00:00Z"));
    assert_eq!(window("2026-11-27T07:59:59.999Z"), closed(Reason::Window, "2026-11-27T08:00:00Z"));
    assert!(window("2026-11-27T08:00:00Z").is_open());
}

#[test]
fn operational_texts_have_no_window() {
    let calendar = calendar(&["UTC"], vec![rule("never", None, daily(&[]))], &["2026-11-24"]);
    let always = Class::parse("always", calendar.atlas()).unwrap();
    let window = calendar.window(&always, None, at("2026-11-24T03:00:00Z"));
    assert_eq!(window, Window::Open { until: Timestamp::MAX });
}

#[test]
fn times_beyond_civil_time_are_closed() {
    let calendar = calendar(&["UTC"], vec![rule("day", None, daily(&["08:00-20:00"]))], &[]);
    for now in [Timestamp::MAX, Timestamp::from_millis(i64::MIN)] {
        let window = calendar.window(&class(&calendar), None, now);
        assert!(matches!(window, Window::Closed { next_opening: None, .. }), "{window:?}");
    }
}

/// Which rules bind, by name.
fn bound(policy: &Policy, text: &str) -> String {
    let of_mexico = |rule: Rule| Rule { country: Country::MEXICO, ..rule };
    let profile =
        |id| Rule { status: Status::Profile, is_for_telemarketing: true, ..rule(id, None, daily(&["08:00-20:00"])) };
    let with = |id, state, status| Rule { status, ..rule(id, state, daily(&["08:00-20:00"])) };
    let selling = Rule { is_for_collection: false, is_for_telemarketing: true, ..rule("selling", None, daily(&[])) };
    let tables = Tables {
        profiles: vec![profile("br_default"), profile("br_strict"), of_mexico(profile("mx_default"))],
        rules: vec![
            with("law", None, Status::InForce),
            with("sp", Some("SP"), Status::InForce),
            with("rj", Some("RJ"), Status::InForce),
            with("bill", None, Status::Bill),
            with("sp-practice", Some("SP"), Status::Practice),
            with("revoked", None, Status::Revoked),
            rule("silent", None, Week::default()),
            selling,
            of_mexico(rule("mx-law", None, daily(&["07:00-22:00"]))),
        ],
        holidays: Vec::new(),
    };
    let zone = Zone::new("UTC", jiff::tz::TimeZone::UTC);
    let states = ["RJ", "SP"].iter().filter_map(|code| State::new(code)).collect();
    let territory = |states| Territory { zones: vec![zone.clone()], states, ..Territory::default() };
    let countries = BTreeMap::from([(Country::BRAZIL, territory(states)), (Country::MEXICO, territory(Vec::new()))]);
    let calendar =
        Calendar::new(Atlas::new(Country::BRAZIL, countries, vec![zone.clone()]), tables, policy, Vec::new());
    let class = Class::parse(text, calendar.atlas()).unwrap();
    let found = calendar.explain(&class, None, at("2026-11-24T12:00:00Z"));
    found.decisions.into_iter().map(|decision| decision.id).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_profile_of_the_country_goes_with_its_laws() {
    let auto = |text| bound(&Policy::Auto, text);
    assert_eq!(auto("collection,BR-SP"), "br_default law sp");
    assert_eq!(auto("collection,BR-RJ"), "br_default law rj");
    assert_eq!(auto("promotion,BR-SP"), "br_default law sp selling");
    assert_eq!(auto("collection,MX"), "mx_default mx-law");
    assert_eq!(auto("collection,PT"), "");
    // Anywhere in Brazil: the laws of each state.
    assert_eq!(auto("collection,BR"), "br_default law sp rj");
    assert_eq!(auto("collection,BR-RJ,BR-SP"), "br_default law rj sp");
    // A state of which nothing is known may have the law of any.
    assert_eq!(auto("collection,BR-ZZ"), "br_default law sp rj");
}

#[test]
fn a_strict_profile_makes_bind_what_is_less_than_a_law() {
    let strict = |text| bound(&Policy::Profile("br_strict".to_owned()), text);
    assert_eq!(strict("collection,BR-SP"), "br_strict law sp bill sp-practice");
    assert_eq!(strict("collection,MX"), "br_strict mx_default mx-law");
    assert_eq!(strict("collection,PT"), "br_strict");
}

#[test]
fn a_profile_of_another_country_does_not_replace_the_own_one() {
    let foreign = |text| bound(&Policy::Profile("mx_default".to_owned()), text);
    assert_eq!(foreign("collection,BR-SP"), "mx_default br_default law sp");
    assert_eq!(foreign("collection,MX"), "mx_default mx-law");
}

#[test]
fn without_rules_nothing_binds() {
    assert_eq!(bound(&Policy::None, "promotion,BR-SP"), "");
}

/// How many minutes are looked at one by one.
const LOOK: u32 = 1500;

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Whatever the rules, an answer is what each minute until its end says.
    #[test]
    fn answers_agree_with_each_minute(
        from in 0_u16..1440,
        to in 0_u16..=1440,
        other in 0_u16..1440,
        minute in 0_i64..530_000,
        zones in prop::sample::select(vec![
            vec!["America/Tijuana"], vec!["America/Tijuana", "America/Hermosillo"], vec!["America/Havana", "America/Sao_Paulo"],
            vec!["Australia/Lord_Howe"], vec!["Asia/Kathmandu", "UTC"],
        ]),
    ) {
        let Ok(span) = Span::new(from, to) else { return Ok(()) };
        let rules = vec![
            rule("one", None, Week::of_all_days(&Hours::new(vec![span]).unwrap())),
            rule("two", None, Week { holiday: None, ..daily(&["00:00-24:00"]) }),
            rule("three", None, Week { days: std::array::from_fn(|day| (day < 5).then(|| hours(&["07:00-23:00"]))), holiday: None }),
        ];
        let calendar = calendar(&zones, rules, &["2026-03-10", "2026-11-03"]);
        let person = PersonalHours::new(&[], &[Span::new(other, (other + 90) % 1440).unwrap()]);
        let class = class(&calendar);
        let step = std::time::Duration::from_secs(60);
        let now = at("2026-01-01T00:00:00Z") + std::time::Duration::from_secs(60 * minute.unsigned_abs());
        let sites = calendar.sites(&class, Some(&person));
        let is_open = |at| sites.iter().all(|site| site.look(at).is_open());
        let window = calendar.window(&class, Some(&person), now);
        let end = match window {
            Window::Open { until } => until,
            Window::Closed { next_opening, .. } => next_opening.unwrap_or(now + LOOK * step),
        };
        let mut each = now;
        while each < end && each < now + LOOK * step {
            prop_assert_eq!(is_open(each), window.is_open(), "{} from {}", each, now);
            each = each + step;
        }
        if each == end && end < now + LOOK * step {
            prop_assert_ne!(is_open(end), window.is_open());
        }
    }
}
