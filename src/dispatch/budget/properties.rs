//! Whatever the clock does, no limit is exceeded: every offer is recounted from a list of offers, by arithmetic of its own.

use std::collections::BTreeSet;

use jiff::civil::Date;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

const DAY: Duration = Duration::from_secs(86_400);

/// What the store keeps, and the image of it.
struct Sim {
    limits: Limits,
    first_seen: Timestamp,
    rows: Vec<(Timestamp, u8)>,
    budget: Budget,
}

impl Sim {
    fn read_anew(&mut self, now: Timestamp) {
        self.budget = Budget::new(self.limits.clone(), self.first_seen, now);
        let horizon = self.budget.horizon(now);
        let mut times: Vec<Timestamp> = self.rows.iter().map(|&(at, _)| at).collect();
        times.sort_unstable();
        let since = |from: Timestamp| self.rows.iter().filter(move |&&(at, _)| at >= from);
        let history = History {
            recent: times.iter().filter(|&&at| at > horizon.recent).map(|&at| (at, 1)).collect(),
            day: u32::try_from(since(horizon.day).count()).unwrap(),
            month: u32::try_from(since(horizon.month).count()).unwrap(),
            recipients: u32::try_from(since(horizon.month).map(|&(_, to)| to).collect::<BTreeSet<_>>().len()).unwrap(),
            last: [times.last().copied(), times.iter().rev().nth(1).copied()],
        };
        self.budget.restore(&history, now);
    }

    fn is_stranger(&self, to: u8, now: Timestamp) -> bool {
        let month = self.budget.month_start(now);
        !self.rows.iter().any(|&(at, known)| known == to && at >= month)
    }

    fn look(&mut self, now: Timestamp, before: Timestamp) {
        if now < before {
            for (at, _) in self.rows.iter_mut().filter(|(at, _)| *at > now + DAY) {
                *at = now;
            }
        }
        if now < before || self.budget.is_stale(now) {
            self.read_anew(now);
        }
    }

    fn spend(&mut self, to: u8, now: Timestamp) {
        let stranger = self.is_stranger(to, now);
        self.budget.spend(stranger, now);
        self.rows.push((now, to));
    }

    fn give_back(&mut self, to: u8, at: Timestamp, now: Timestamp) {
        let Some(index) = self.rows.iter().rposition(|&row| row == (at, to)) else { return };
        self.rows.remove(index);
        let stranger = self.is_stranger(to, now);
        self.budget.give_back(at, stranger);
    }
}

/// An offer as somebody sees it who only looks at the clock.
#[derive(Debug, Clone, Copy)]
struct Offer {
    /// The time at which it was made; now, where the clock has turned out to have been ahead by more than a day.
    at: Timestamp,
    /// The same, or the earliest time to which the clock was set back since.
    latest: Timestamp,
    to: u8,
}

/// The date of the civil day, by the clock on the wall.
fn date(limits: &Limits, at: Timestamp) -> Date {
    let wall = at.to_jiff().unwrap().to_zoned(limits.zone.clone()).datetime();
    if wall.hour() < limits.reset_hour { wall.date().yesterday().unwrap() } else { wall.date() }
}

fn recount(sim: &Sim, offers: &[Offer], now: Timestamp) {
    let limits = &sim.limits;
    let within = |span: Duration| offers.iter().filter(|o| o.latest + span > now).count();
    let today = date(limits, now);
    let in_day = offers.iter().filter(|o| date(limits, o.at) >= today).count();
    let in_month: Vec<_> =
        offers.iter().filter(|o| date(limits, o.at).first_of_month() >= today.first_of_month()).collect();
    // Sending to somebody again adds nobody, also where a clock that was ahead has brought too many into one month.
    let mut known: BTreeSet<u8> = in_month.iter().rev().skip(1).map(|o| o.to).collect();
    let is_new = offers.last().is_some_and(|last| known.insert(last.to));
    let recipients = if is_new { known.len() } else { 0 };
    let age = (today - date(limits, sim.first_seen)).get_days().max(0);
    let per_day = match limits.per_day {
        0 => 0,
        full if limits.warm_up && age < 14 && full > 20 => 20 + (full - 20) * u32::try_from(age).unwrap() / 14,
        full => full,
    };
    for (count, limit, what) in [
        (within(Duration::from_secs(60)), limits.per_minute, "minute"),
        (within(Duration::from_secs(3600)), limits.per_hour, "hour"),
        (in_day, per_day, "day"),
        (in_month.len(), limits.per_month, "month"),
        (recipients, limits.recipients_per_month, "recipients"),
    ] {
        assert!(limit == 0 || count <= limit as usize, "{count} in a {what} of {limit} at {now}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Pass(Duration),
    /// The clock is set to so long after the beginning.
    SetTo(Duration),
    SetBack(Duration),
    Send {
        to: u8,
        parts: u32,
    },
    GiveBackLast,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ms = |most: u64| (0..most).prop_map(Duration::from_millis);
    let step = prop_oneof![
        20 => (0u8..12, 1u32..4).prop_map(|(to, parts)| Step::Send { to, parts }),
        6 => ms(30_000).prop_map(Step::Pass),
        6 => ms(20_000_000).prop_map(Step::Pass),
        2 => ms(40 * 86_400_000).prop_map(Step::SetTo),
        2 => ms(7_200_000).prop_map(Step::SetBack),
        3 => Just(Step::GiveBackLast),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..250)
}

/// Zones and beginnings with a change of the clock and a month's end in the forty days that follow.
fn calendars() -> impl Strategy<Value = (&'static str, i8, &'static str)> {
    prop_oneof![
        Just(("America/New_York", 0, "2026-02-20T12:00:00Z")),
        Just(("America/New_York", 6, "2026-10-15T12:00:00Z")),
        Just(("America/Sao_Paulo", 0, "2018-10-15T12:00:00Z")),
        Just(("America/Sao_Paulo", 0, "2018-02-01T12:00:00Z")),
        Just(("UTC", 23, "2026-12-10T12:00:00Z")),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let counts = (0u32..6, 0u32..15, 0u32..40, 0u32..120, 0u32..8);
    (counts, any::<bool>()).prop_map(|((per_minute, per_hour, per_day, per_month, recipients_per_month), warm_up)| {
        Limits { per_minute, per_hour, per_day, per_month, recipients_per_month, warm_up, ..Limits::none() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(3), ..ProptestConfig::default() })]

    #[test]
    fn no_window_is_ever_exceeded((zone, reset_hour, start) in calendars(), limits in limits(), steps in steps()) {
        let start: Timestamp = start.parse().unwrap();
        let limits = Limits { zone: TimeZone::get(zone).unwrap(), reset_hour, ..limits };
        let budget = Budget::new(limits.clone(), start, start);
        let mut sim = Sim { limits, first_seen: start, rows: Vec::new(), budget };
        let (mut now, mut offers): (Timestamp, Vec<Offer>) = (start, Vec::new());
        for step in steps {
            let before = now;
            match step {
                Step::Pass(time) => now = now + time,
                Step::SetTo(time) => now = start + time,
                Step::SetBack(time) => now = (now - time).max(start),
                Step::Restart => sim.read_anew(now),
                Step::GiveBackLast => {
                    if let Some(offer) = offers.last().copied()
                        && sim.rows.contains(&(offer.at, offer.to))
                    {
                        sim.give_back(offer.to, offer.at, now);
                        offers.pop();
                    }
                }
                Step::Send { to, parts } => {
                    let demand = Demand { parts, begun: false, stranger: sim.is_stranger(to, now) };
                    match sim.budget.ask(demand, now) {
                        Allowance::Now => for _ in 0..parts {
                            sim.spend(to, now);
                            offers.push(Offer { at: now, latest: now, to });
                            recount(&sim, &offers, now);
                        },
                        Allowance::From { at, .. } => prop_assert!(at > now),
                        Allowance::Never { .. } => {}
                    }
                }
            }
            if now < before {
                for offer in &mut offers {
                    offer.at = if offer.at > now + DAY { now } else { offer.at };
                    offer.latest = offer.latest.min(now);
                }
            }
            sim.look(now, before);
        }
    }
}
