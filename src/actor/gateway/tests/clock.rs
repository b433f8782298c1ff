//! Budgets under clocks that jump, with everything between the order and the rows, and restarts that read them anew.

use std::collections::BTreeSet;

use proptest::prelude::{Just, ProptestConfig, Strategy, prop, prop_assert, prop_oneof, proptest};
use proptest::test_runner::RngSeed;

use super::*;

const DAY: Duration = Duration::from_secs(86_400);

#[derive(Debug, Clone)]
enum Step {
    Pass(u64),
    /// The clock is set to so many seconds after the beginning.
    SetTo(u64),
    /// Somebody is written to; what goes on the wire arrives or is given back.
    Send {
        to: u8,
        arrives: bool,
    },
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (0u8..8, prop::bool::weighted(0.8)).prop_map(|(to, arrives)| Step::Send { to, arrives }),
        4 => (0u64..5_000).prop_map(Step::Pass),
        2 => (0u64..100_000).prop_map(Step::Pass),
        2 => (0u64..50 * 86_400).prop_map(Step::SetTo),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 20..70)
}

/// An offer that was not given back: its time, the earliest time to which the clock was set back since, and to whom.
type Sent = (Timestamp, Timestamp, i64);

fn recount(limits: &Limits, offers: &[Sent], now: Timestamp) {
    let date = |at: Timestamp, letters: usize| at.to_string()[..letters].to_owned();
    let since = |letters: usize| offers.iter().filter(move |&&(at, _, _)| date(at, letters) >= date(now, letters));
    let in_hour = offers.iter().filter(|&&(_, latest, _)| latest + Duration::from_secs(3600) > now).count();
    let mut known: BTreeSet<i64> = since("2026-11".len()).rev().skip(1).map(|&(_, _, to)| to).collect();
    let is_new = offers.last().is_some_and(|&(_, _, to)| known.insert(to));
    for (count, limit) in [
        (in_hour, limits.per_hour),
        (since("2026-11-24".len()).count(), limits.per_day),
        (since("2026-11".len()).count(), limits.per_month),
        (if is_new { known.len() } else { 0 }, limits.recipients_per_month),
    ] {
        assert!(count <= limit as usize, "{count} of {limit} at {now}: {offers:?}");
    }
}

/// Puts what may go on the wire, and settles it.
fn drain(desk: &mut Desk, offers: &mut Vec<Sent>, limits: &Limits, arrives: bool) {
    while let Some((modem, lease)) = rounds(desk).pop() {
        if desk.offer(&modem, lease.segment) == Offer::Stop {
            continue;
        }
        let conn = desk.gateway.store().connection();
        let sql = "SELECT recipient FROM message WHERE key = ?";
        let to = conn.query_row(sql, [lease.message.0], |row| row.get(0)).unwrap();
        offers.push((desk.now, desk.now, to));
        recount(limits, offers, desk.now);
        if arrives {
            desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 0 });
        } else {
            desk.settle(&modem, lease.segment, Settlement::Returned { why: ReturnedWhy::NoPrompt });
            offers.pop();
            return;
        }
    }
}

/// Does what is due and assigns, as the writer does, until nothing more is to be done at once.
fn rounds(desk: &mut Desk) -> Vec<(String, Lease)> {
    loop {
        desk.pass(Duration::ZERO);
        let loads = desk.loads();
        if !loads.is_empty() || desk.gateway.deadline(desk.now).is_none_or(|at| at > desk.now) {
            return loads;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, rng_seed: RngSeed::Fixed(3), ..ProptestConfig::default() })]

    #[test]
    fn no_limit_is_exceeded_whatever_the_clock_says(steps in steps()) {
        let limits =
            Limits { per_hour: 3, per_day: 6, per_month: 20, recipients_per_month: 5, ..Limits::none() };
        let mut desk = Desk::new(limits.clone());
        let (start, mut offers, mut sent) = (desk.now, Vec::new(), 0);
        desk.plug("m1", "sim-a");
        for step in steps {
            let before = desk.now;
            match step {
                Step::Pass(s) => desk.now = desk.now + Duration::from_secs(s),
                Step::SetTo(s) => desk.now = start + Duration::from_secs(s),
                Step::Restart => {
                    desk.restart();
                    desk.plug("m1", "sim-a");
                }
                Step::Send { to, arrives } => {
                    let to = PhoneNumber::from_digits(&format!("551198000000{to}")).unwrap();
                    let submission = Submission { to, due: start, expires: start + 99 * DAY, ..desk.submission("um") };
                    desk.try_submit(&submission);
                    drain(&mut desk, &mut offers, &limits, arrives);
                    sent = sent.max(offers.len());
                }
            }
            if desk.now < before {
                for (at, latest, _) in &mut offers {
                    *at = if *at > desk.now + DAY { desk.now } else { *at };
                    *latest = desk.now.min(*latest);
                }
                // The clock is looked at before anything else happens.
                drain(&mut desk, &mut offers, &limits, true);
            }
        }
        prop_assert!(sent > 0);
    }
}
