//! When a campaign will have left: an estimate from what is known now, not a promise.
//!
//! Parts leave one after the other: what was queued before, then what is asked about, each by the SIM that has room first,
//! as its pace and its days and months allow, while the hours of its class are open. What will be submitted, what the network
//! refuses, caps of persons and answers are not known. Everything that waits at the same or a higher priority counts as
//! being before it, although lanes take turns: the estimate is rather late than early.

use std::time::Duration;

use crate::clock::Timestamp;

use super::budget::{Budget, Course};

/// Parts that share their hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Which hours, by a number of the caller's.
    pub class: usize,
    /// How many.
    pub parts: u64,
}

/// A limit of the campaign's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Parts in a day.
    pub per_day: u32,
    /// Parts of today that are gone.
    pub used: u32,
    /// When the day ends.
    pub until: Timestamp,
}

/// Whether hours are open at a time, and until when that stays so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// Whether somebody may be texted.
    pub is_open: bool,
    /// Until when.
    pub until: Timestamp,
}

/// What is known.
#[derive(Debug, Clone)]
pub struct Forecast {
    /// What the SIMs on the route may spend, one for each that can send.
    pub sims: Vec<Budget>,
    /// What waits before.
    pub before: Vec<Load>,
    /// What is asked about.
    pub own: Vec<Load>,
    /// Its own limit.
    pub quota: Option<Quota>,
}

/// Why there is no estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Never {
    /// No SIM on the route can send.
    NoSim,
    /// It takes more than a year.
    TooLong,
    /// It is paused, by itself or with everything.
    Paused,
    /// Its texts are still being written into the queue.
    NotCounted,
    /// It is not running.
    NotRunning,
}

impl Never {
    /// The code in answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSim => "no_sim",
            Self::TooLong => "too_long",
            Self::Paused => "paused",
            Self::NotCounted => "not_counted",
            Self::NotRunning => "not_running",
        }
    }

    /// What it means.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::NoSim => "no SIM on its route can send",
            Self::TooLong => "it would take more than a year, or its hours never open",
            Self::Paused => "it is paused; when somebody resumes it is not known",
            Self::NotCounted => "its texts are still being written into the queue",
            Self::NotRunning => "it is not running",
        }
    }
}

/// Further ahead nobody plans.
const HORIZON: Duration = Duration::from_secs(366 * 86_400);

/// Steps of one estimate: more parts than this are looked at several at a time.
const STEPS: u64 = 50_000;

/// A day of a quota: days of 24 hours are near enough.
const DAY: Duration = Duration::from_secs(86_400);

/// Parts that a limit of its own leaves over at a time, if nothing else is in the way.
pub fn left_over(quota: Quota, parts: u64, until: Timestamp) -> u64 {
    let days = until.saturating_since(quota.until).as_millis().div_ceil(DAY.as_millis());
    let days = u64::try_from(days).unwrap_or(u64::MAX);
    let fits = u64::from(quota.per_day).saturating_mul(days) + u64::from(quota.per_day.saturating_sub(quota.used));
    parts.saturating_sub(fits)
}

/// Something that waits, and the hours that it waits for.
struct Queue {
    class: usize,
    left: u64,
    hours: Option<Hours>,
}

impl Queue {
    fn of(loads: &[Load]) -> Vec<Self> {
        let some = loads.iter().filter(|load| load.parts > 0);
        some.map(|load| Self { class: load.class, left: load.parts, hours: None }).collect()
    }

    /// Whether something of it may leave at a time; else when it may next be asked.
    fn look(&mut self, hours: &impl Fn(usize, Timestamp) -> Hours, at: Timestamp) -> Result<(), Timestamp> {
        let known = self.hours.filter(|known| at < known.until);
        let now = known.unwrap_or_else(|| hours(self.class, at));
        self.hours = Some(now);
        if now.is_open { Ok(()) } else { Err(now.until) }
    }
}

impl Forecast {
    /// When the last part of what is asked about will have left. `hours` tells when a class is open.
    pub fn ends(&self, hours: impl Fn(usize, Timestamp) -> Hours, now: Timestamp) -> Result<Timestamp, Never> {
        let mut sims: Vec<Course<'_>> = self.sims.iter().filter_map(|budget| budget.course(now)).collect();
        if sims.is_empty() {
            return Err(Never::NoSim);
        }
        let (mut before, mut own, mut quota) = (Queue::of(&self.before), Queue::of(&self.own), self.quota);
        let all: u64 = before.iter().chain(&own).map(|queue| queue.left).sum();
        let step = all.div_ceil(STEPS).max(1);
        let (horizon, mut last) = (now + HORIZON, now);
        while own.iter().any(|queue| queue.left > 0) {
            let sim = sims.iter_mut().min_by_key(|sim| sim.at()).ok_or(Never::NoSim)?;
            let at = sim.at();
            if at >= horizon {
                return Err(Never::TooLong);
            }
            if let Some(quota) = &mut quota {
                while quota.until <= at {
                    (quota.used, quota.until) = (0, quota.until + DAY);
                }
            }
            let mut again = horizon;
            let mut found = None;
            for (is_own, queue) in
                before.iter_mut().map(|queue| (false, queue)).chain(own.iter_mut().map(|q| (true, q)))
            {
                let mut most = queue.left.min(step);
                if let Some(quota) = quota.filter(|_| is_own) {
                    let room = u64::from(quota.per_day.saturating_sub(quota.used));
                    if room == 0 {
                        again = again.min(quota.until);
                        continue;
                    }
                    most = most.min(room);
                }
                if most == 0 {
                    continue;
                }
                match queue.look(&hours, at) {
                    Ok(()) => {
                        found = Some((is_own, queue, most));
                        break;
                    }
                    Err(until) => again = again.min(until),
                }
            }
            let Some((is_own, queue, parts)) = found else {
                sim.wait_until(again);
                continue;
            };
            let count = u32::try_from(parts).unwrap_or(u32::MAX);
            let Some(gone) = sim.send(count) else { return Err(Never::TooLong) };
            queue.left -= parts;
            if is_own {
                last = last.max(gone);
                if let Some(quota) = &mut quota {
                    quota.used = quota.used.saturating_add(count);
                }
            }
        }
        if last >= horizon { Err(Never::TooLong) } else { Ok(last) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::budget::Limits;
    use super::*;

    fn now() -> Timestamp {
        "2026-11-24T13:00:00Z".parse().unwrap()
    }

    fn always(_: usize, _: Timestamp) -> Hours {
        Hours { is_open: true, until: Timestamp::MAX }
    }

    /// Open from 12:00 to 22:00 UTC.
    fn by_day(_: usize, at: Timestamp) -> Hours {
        let hour = Duration::from_secs(3600);
        let into = Duration::from_millis(u64::try_from(at.as_millis().rem_euclid(86_400_000)).unwrap());
        let midnight = at - into;
        match into {
            into if into < 12 * hour => Hours { is_open: false, until: midnight + 12 * hour },
            into if into < 22 * hour => Hours { is_open: true, until: midnight + 22 * hour },
            _ => Hours { is_open: false, until: midnight + 36 * hour },
        }
    }

    #[test]
    fn a_limit_of_its_own_leaves_over_what_its_days_do_not_hold() {
        let midnight: Timestamp = "2026-11-25T03:00:00Z".parse().unwrap();
        let quota = Quota { per_day: 10, used: 4, until: midnight };
        for (until, parts, expected) in [
            (now(), 6, 0),
            (midnight, 7, 1),
            // Of a day of which some is left, all may go.
            (midnight + Duration::from_secs(1), 17, 1),
            (now() + 7 * DAY, 76, 0),
            (now() + 7 * DAY, 100, 24),
        ] {
            assert_eq!(left_over(quota, parts, until), expected, "{until} {parts}");
        }
    }

    fn forecast(limits: &Limits, sims: usize, before: u64, own: u64) -> Forecast {
        let load = |parts| vec![Load { class: 0, parts }];
        let sims = vec![Budget::new(limits.clone(), now(), now()); sims];
        Forecast { sims, before: load(before), own: load(own), quota: None }
    }

    fn gap(seconds: u64) -> Limits {
        Limits { min_gap: Duration::from_secs(seconds), ..Limits::none() }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn parts_leave_at_the_pace_of_all_sims() {
        assert_eq!(forecast(&gap(10), 1, 0, 6).ends(always, now()), Ok(at("2026-11-24T13:01:00Z")));
        assert_eq!(forecast(&gap(10), 2, 0, 6).ends(always, now()), Ok(at("2026-11-24T13:00:30Z")));
        assert_eq!(forecast(&gap(10), 1, 6, 6).ends(always, now()), Ok(at("2026-11-24T13:02:00Z")));
        assert_eq!(forecast(&gap(10), 0, 0, 6).ends(always, now()), Err(Never::NoSim));
    }

    #[test]
    fn what_a_day_does_not_hold_and_what_the_hours_close_goes_on_the_next_day() {
        let per_day = Limits { per_day: 10, ..gap(10) };
        assert_eq!(forecast(&per_day, 1, 0, 11).ends(by_day, now()), Ok(at("2026-11-25T12:00:10Z")));
        // 9 hours at one a minute.
        assert_eq!(forecast(&gap(60), 1, 0, 540).ends(by_day, now()), Ok(at("2026-11-24T22:00:00Z")));
        assert_eq!(forecast(&gap(60), 1, 0, 541).ends(by_day, now()), Ok(at("2026-11-25T12:01:00Z")));
        assert_eq!(forecast(&Limits { per_day: 1, ..gap(1) }, 1, 0, 400).ends(always, now()), Err(Never::TooLong));
        let never = |_, _| Hours { is_open: false, until: Timestamp::MAX };
        assert_eq!(forecast(&gap(1), 1, 0, 1).ends(never, now()), Err(Never::TooLong));
    }

    #[test]
    fn a_quota_is_its_own_days_limit() {
        let quota = Quota { per_day: 5, used: 3, until: at("2026-11-25T03:00:00Z") };
        let limited = Forecast { quota: Some(quota), ..forecast(&gap(10), 1, 0, 8) };
        // Two today, five tomorrow, one the day after.
        assert_eq!(limited.ends(always, now()), Ok(at("2026-11-26T03:00:10Z")));
        // What is before it does not spend it.
        let behind = Forecast { quota: Some(quota), ..forecast(&gap(10), 1, 6, 2) };
        assert_eq!(behind.ends(always, now()), Ok(at("2026-11-24T13:01:20Z")));
    }

    #[test]
    fn a_closed_class_holds_up_nobody_else() {
        let hours = |class, at| if class == 0 { by_day(0, at) } else { always(1, at) };
        let night: Timestamp = "2026-11-24T23:00:00Z".parse().unwrap();
        let mut both = forecast(&gap(10), 1, 1_000, 0);
        both.own = vec![Load { class: 1, parts: 3 }];
        both.sims = vec![Budget::new(gap(10), night, night)];
        assert_eq!(both.ends(hours, night), Ok(at("2026-11-24T23:00:30Z")));
    }

    #[test]
    fn many_parts_are_reckoned_in_steps() {
        let ends = forecast(&Limits { per_day: 100_000, ..gap(3) }, 8, 0, 1_000_000).ends(always, now()).unwrap();
        // 28 800 a day and SIM.
        let exact = now() + Duration::from_secs(3 * 125_000);
        assert!(ends.saturating_since(exact) < Duration::from_secs(600) && ends >= exact, "{ends}");
    }

    proptest! {
        #[test]
        fn more_before_it_is_never_sooner_and_no_budget_is_beaten(
            gap_s in 1_u64..60, per_hour in 0_u32..50, per_day in 0_u32..80, sims in 1_usize..4,
            before in 0_u64..60, own in 1_u64..80, more in 1_u64..40,
        ) {
            let limits = Limits { per_hour, per_day, ..gap(gap_s) };
            let ends = |before, own| forecast(&limits, sims, before, own).ends(by_day, now());
            let (base, later, longer) = (ends(before, own), ends(before + more, own), ends(before, own + more));
            if let (Ok(base), Ok(later), Ok(longer)) = (base, later, longer) {
                prop_assert!(base <= later && base <= longer);
                // No SIM could be done with its share of it sooner if it did nothing else.
                let share = u32::try_from((before + own) / u64::try_from(sims).unwrap()).unwrap();
                let alone = Budget::new(limits.clone(), now(), now()).ends(share, now());
                prop_assert!(share == 0 || alone.is_none_or(|alone| alone <= base), "{alone:?} {base}");
            }
        }
    }
}
