//! The rules that come with Recado, over whole years, against tables that were written by hand.
//!
//! `tests/data/calendar` has what is expected: hours of a week and days off for each state of Brazil and each clock of Mexico,
//! and single days that are hard. Times are computed from the answers of the calendar alone.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::collections::{BTreeMap, HashMap};

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use recado::clock::Timestamp;
use recado::config::rules::RuleBook;
use recado::config::{Contact, Region};
use recado::contact::calendar::{Calendar, Class, Policy, Window};
use recado::contact::place::{Residence, State};
use recado::sms::message::Purpose;
use recado::sms::number::{Country, PhoneNumber};

const DAYS_OFF: &str = include_str!("data/calendar/days_off.tsv");
const WEEKS: &str = include_str!("data/calendar/weeks.tsv");
const OPENINGS: &str = include_str!("data/calendar/openings.tsv");

fn calendar(rules: &str, closures: &str) -> Calendar {
    let rules = match rules {
        "auto" => Policy::Auto,
        "none" => Policy::None,
        name => Policy::Profile(name.to_owned()),
    };
    let closures = closures.split(',').filter(|date| *date != "-").map(|date| date.parse().unwrap()).collect();
    RuleBook::load(&Region { rules, ..Region::default() }, &Contact { closures, ..Contact::default() })
        .unwrap()
        .calendar
}

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn number(e164: &str) -> PhoneNumber {
    PhoneNumber::parse(e164, Country::BRAZIL).unwrap()
}

/// Such as `SP`, `@America/Manaus` or `PE@America/Noronha`.
fn residence(calendar: &Calendar, text: &str) -> Residence {
    let (state, zone) = text.split_once('@').unwrap_or((text, ""));
    Residence { state: State::new(state), zone: calendar.atlas().zone(zone).cloned() }
}

fn start_of(date: Date, clock: &TimeZone) -> Timestamp {
    Timestamp::from_jiff(date.to_zoned(clock.clone()).unwrap().timestamp())
}

/// The open hours of a date, as a clock shows them.
fn open_on(calendar: &Calendar, class: &Class, date: Date, clock: &TimeZone) -> String {
    let (start, end) = (start_of(date, clock), start_of(date.tomorrow().unwrap(), clock));
    let show = |at: Timestamp| {
        if at == end {
            return "24:00".to_owned();
        }
        at.to_jiff().unwrap().to_zoned(clock.clone()).strftime("%H:%M").to_string()
    };
    let (mut at, mut open) = (start, Vec::new());
    while at < end {
        at = match calendar.window(class, None, at) {
            Window::Open { until } => {
                open.push(format!("{}-{}", show(at), show(until.min(end))));
                until
            }
            Window::Closed { next_opening, until, .. } => {
                assert!(until > at && next_opening.is_none_or(|opening| opening >= until));
                next_opening.unwrap_or(end)
            }
        };
    }
    if open.is_empty() { "-".to_owned() } else { open.join(" ") }
}

fn class(calendar: &Calendar, number: PhoneNumber, residence: &Residence, purpose: Purpose) -> Class {
    Class::new(purpose, calendar.locate(number, residence, purpose).spots)
}

#[test]
fn hard_days_are_open_when_the_table_says() {
    let mut calendars: HashMap<(&str, &str), Calendar> = HashMap::new();
    let mut wrong = Vec::new();
    for row in rows(OPENINGS) {
        let [date, e164, home, rules, purpose, closures, clock, expected] = row[..] else { panic!("{row:?}") };
        let calendar = calendars.entry((rules, closures)).or_insert_with(|| calendar(rules, closures));
        let purpose = Purpose::from_name(purpose).unwrap();
        let class = class(calendar, number(e164), &residence(calendar, home), purpose);
        let open = open_on(calendar, &class, date.parse().unwrap(), &TimeZone::get(clock).unwrap());
        if open != expected {
            wrong.push(format!("{}: found {open}", row.join(" ")));
        }
        assert_eq!(Class::parse(&class.to_string(), calendar.atlas()), Some(class));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows(OPENINGS).count() >= 80);
}

#[test]
fn every_day_of_two_years_is_open_when_the_table_says() {
    let days_off: BTreeMap<&str, Vec<Date>> =
        rows(DAYS_OFF).map(|row| (row[0], row[1].split(' ').map(|date| date.parse().unwrap()).collect())).collect();
    let mut calendars: HashMap<&str, Calendar> = HashMap::new();
    let mut wrong = Vec::new();
    for row in rows(WEEKS) {
        let [e164, clock, rules, purpose, workday, saturday, sunday, off] = row[..] else { panic!("{row:?}") };
        let calendar = calendars.entry(rules).or_insert_with(|| calendar(rules, "-"));
        let class = class(calendar, number(e164), &Residence::default(), Purpose::from_name(purpose).unwrap());
        let clock = TimeZone::get(clock).unwrap();
        let off: Vec<Date> = off.split(' ').flat_map(|who| &days_off[who]).copied().collect();
        let first: Date = "2026-01-01".parse().unwrap();
        for date in first.series(1.day()).take_while(|date| date.year() < 2028) {
            let expected = match date.weekday() {
                _ if off.contains(&date) => "-",
                Weekday::Saturday => saturday,
                Weekday::Sunday => sunday,
                Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => {
                    workday
                }
            };
            let open = open_on(calendar, &class, date, &clock);
            if open != expected {
                wrong.push(format!("{e164} {rules} {purpose} {date}: found {open}, expected {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_tables_speak_of_every_state_and_clock() {
    let calendar = calendar("auto", "-");
    let states_of = |iso: &str| calendar.atlas().states(Country::from_iso(iso).unwrap());
    assert_eq!((states_of("BR").len(), states_of("MX").len()), (27, 32));
    let classes = rows(WEEKS).map(|row| class(&calendar, number(row[0]), &Residence::default(), Purpose::Collection));
    let classes: Vec<String> = classes.map(|class| class.to_string()).collect();
    for state in states_of("BR") {
        assert!(classes.iter().any(|class| class.contains(&format!(",BR-{state}@"))), "{state}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_holds_until_it_says(
        minute in 0_i64..2_100_000,
        row in 0_usize..200,
        second in 0_i64..60,
        strict in any::<bool>(),
    ) {
        thread_local! {
            static CALENDARS: [Calendar; 2] = [calendar("auto", "2026-12-24,2027-01-02"), calendar("br_strict", "-")];
        }
        let rows: Vec<_> = rows(OPENINGS).collect();
        let row = &rows[row % rows.len()];
        // From 2025 to the end of 2028.
        let at = Timestamp::from_millis(1_735_689_600_000 + (minute * 60 + second) * 1000);
        CALENDARS.with(|calendars| {
            let calendar = &calendars[usize::from(strict)];
            let purpose = Purpose::from_name(row[4]).unwrap();
            let class = class(calendar, number(row[1]), &residence(calendar, row[2]), purpose);
            let is_open = |at: Timestamp| calendar.window(&class, None, at).is_open();
            let minute = std::time::Duration::from_secs(60);
            match calendar.window(&class, None, at) {
                Window::Open { until } => {
                    let mut each = at;
                    // A day is enough: what is open longer is never closed.
                    while each < until && each < at + 1440 * minute {
                        prop_assert!(is_open(each), "{} {}", class, each);
                        // Each minute near the ends, and some between.
                        let is_near = each < at + 10 * minute || until < each + 20 * minute;
                        each = each + if is_near { minute } else { 47 * minute };
                    }
                    prop_assert!(until == Timestamp::MAX || !is_open(until) || until >= at + 400 * 1440 * minute, "{} {}", class, until);
                }
                Window::Closed { next_opening: Some(opening), until, .. } => {
                    prop_assert!(at < until && until <= opening);
                    prop_assert!(is_open(opening), "{} {}", class, opening);
                    prop_assert!(!is_open(opening - minute) || opening - minute < at, "{} {}", class, opening);
                    let mut each = at;
                    while each < opening && each < at + 10_000 * minute {
                        prop_assert!(!is_open(each), "{} {}", class, each);
                        each = each + 173 * minute;
                    }
                }
                Window::Closed { next_opening: None, .. } => prop_assert!(row[1].starts_with("+351")),
            }
            Ok(())
        })?;
    }
}
