//! What holds whatever happens.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Something that happens between two plans.
#[derive(Debug, Clone)]
enum Event {
    Days(u8),
    Status(u8, Status),
    Promise(u8, i32, i32),
    Extend(u8, i32),
    Enter(u8, i32),
    Hold(bool),
    Edit(u8, i32),
    TextElsewhere,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let status = prop::sample::select(vec![Status::Open, Status::Agreed, Status::Disputed, Status::Paid]);
    let event = prop_oneof![
        8 => (1_u8..6).prop_map(Event::Days),
        2 => (0_u8..3, status).prop_map(|(debt, status)| Event::Status(debt, status)),
        1 => (0_u8..3, 0..8, 0..3).prop_map(|(debt, days, grace)| Event::Promise(debt, days, grace)),
        1 => (0_u8..3, -5..20).prop_map(|(debt, days)| Event::Extend(debt, days)),
        2 => (0_u8..3, -10..10).prop_map(|(debt, days)| Event::Enter(debt, days)),
        1 => any::<bool>().prop_map(Event::Hold),
        1 => (0_u8..6, -3..12).prop_map(|(step, days)| Event::Edit(step, days)),
        1 => Just(Event::TextElsewhere),
    ];
    prop::collection::vec(event, 1..40)
}

fn houses() -> impl Strategy<Value = House> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(group, saturday, catches_up)| {
        let steps =
            ["D-3 a", "D+0 b next", "D+2 c next", "D+5 d previous", "D+9 e", "D+7 >email", "P+1 p", "P+3 q next"];
        let mut house = House::new(ladder(&steps), november(1));
        house.holidays = vec![november(2), november(20)];
        (house.ladder.group, house.ladder.saturday) = (group, saturday);
        house.ladder.catch_up = if catches_up { CatchUp::Latest } else { CatchUp::Skip };
        house
    })
}

fn later(day: Date, days: i32) -> Date {
    day.checked_add(jiff::Span::new().days(days)).unwrap()
}

/// What has been sent: of each debt and step the due days or ends of promises that it was sent for.
type Sent = BTreeSet<(String, String, Date)>;

fn sent(house: &House) -> Sent {
    let of = |(id, track): (&String, &Track)| {
        let done = track.done.iter().filter(|done| matches!(done.outcome, Outcome::Sent | Outcome::Left));
        done.map(|done| (id.clone(), done.step.0.clone(), done.cycle)).collect::<Vec<_>>()
    };
    house.tracks.iter().flat_map(of).collect()
}

fn apply(house: &mut House, event: &Event) {
    let name = |debt: u8| ["x", "y", "z"][usize::from(debt)].to_owned();
    let today = house.today;
    match event {
        Event::Days(_) => {}
        Event::Enter(debt, days) => {
            let id = name(*debt);
            if !house.debts.contains_key(&id) {
                house.enter(super::debt(&id, later(today, *days)));
            }
        }
        Event::Hold(is_held) => house.is_held = *is_held,
        Event::TextElsewhere => house.texted = Some(today),
        Event::Edit(step, days) => {
            house.ladder.version += 1;
            house.ladder.steps[usize::from(*step)].offset = Offset::due(*days);
        }
        Event::Status(debt, _) | Event::Promise(debt, ..) | Event::Extend(debt, _) => {
            let id = name(*debt);
            if !house.debts.contains_key(&id) {
                return;
            }
            house.track(&id).promise = None;
            match *event {
                Event::Status(_, status) => {
                    if house.debt(&id).status != Status::Open && status == Status::Open {
                        house.track(&id).from = today;
                    }
                    house.debt(&id).status = status;
                }
                Event::Promise(_, days, grace) => house.promise(&id, later(today, days), grace),
                Event::Extend(_, days) => {
                    house.debt(&id).due = later(today, days);
                    house.debt(&id).status = Status::Open;
                }
                Event::Days(_) | Event::Enter(..) | Event::Hold(_) | Event::Edit(..) | Event::TextElsewhere => {}
            }
        }
    }
}

/// Plans the day twice and holds every rule against what comes of it.
fn day(house: &mut House) {
    let outline = |plan: &Plan<'_>| format!("{:?} {:?} {:?} {:?}", plan.text, plan.exits, plan.withdraw, plan.next);
    let (outlined, turned) = (house.see(false, outline), house.see(true, outline));
    assert_eq!(outlined, turned, "the order of debts matters");

    let (before, today) = (sent(house), house.today);
    let was_texted = house.texted == Some(today)
        || house
            .tracks
            .values()
            .flat_map(|track| &track.done)
            .any(|done| done.outcome == Outcome::Sent && done.day == today);
    let in_queue = |house: &House| {
        house.tracks.values().flat_map(|track| &track.done).filter(|done| done.outcome == Outcome::Queued).count()
    };
    let (is_held, queued) = (std::mem::replace(&mut house.is_held, true), in_queue(house));
    let happened = house.run();
    if let Some((_, debts)) = &happened.text {
        assert!(!was_texted, "two texts on {today}");
        for id in debts {
            let debt = &house.debts[id];
            let is_promised = debt.status.until().is_some_and(|until| today <= until);
            let is_asked = matches!(debt.status, Status::Open | Status::Promised { .. }) && !is_promised;
            assert!(is_asked, "{id} is {:?}", debt.status);
        }
    }
    let expected = queued - happened.withdrawn.len() + usize::from(happened.text.is_some());
    assert_eq!(in_queue(house), expected);
    assert!(in_queue(house) <= 1, "two texts wait");
    for (id, track) in &house.tracks {
        for done in track.done.iter().filter(|done| matches!(done.outcome, Outcome::Queued | Outcome::Grouped)) {
            let key = (id.clone(), done.step.0.clone(), done.cycle);
            assert!(!before.contains(&key), "{key:?} was sent");
        }
    }
    if let Some(next) = happened.next {
        assert!(next > today);
    }
    let again = house.run();
    assert!(again.was_idle, "planned again: {again:?}");
    // What is not held goes now.
    house.is_held = is_held;
    if !is_held {
        let before = sent(house);
        assert!(house.run().was_idle);
        assert!(sent(house).is_superset(&before));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_goes_twice_and_nobody_is_texted_who_must_not_be(house in houses(), events in events()) {
        let mut house = house;
        day(&mut house);
        for event in events {
            apply(&mut house, &event);
            let days = if let Event::Days(days) = event { days } else { 0 };
            for _ in 0..days {
                house.today = house.today.tomorrow().unwrap();
                day(&mut house);
            }
            day(&mut house);
        }
    }

    /// Whoever asks only on the days that plans name does the same as whoever asks every day.
    #[test]
    fn the_days_between_can_be_left_out(house in houses(), dues in prop::collection::vec(-10_i32..30, 1..4)) {
        let mut every = house;
        for (debt, days) in dues.into_iter().enumerate() {
            every.enter(debt_of(debt, later(november(1), days)));
        }
        let mut named = every.clone();
        let daily = every.until(date(2027, 1, 31));
        let mut told = Vec::new();
        let mut next = Some(november(1));
        while let Some(day) = next.filter(|day| *day <= date(2027, 1, 31)) {
            named.today = day;
            next = named.see(false, |plan| plan.next);
            told.extend(named.tell());
        }
        prop_assert_eq!(daily, told);
    }
}

fn debt_of(index: usize, due: Date) -> Debt {
    super::debt(["x", "y", "z"][index], due)
}
