//! Many timers inside, one deadline out.

use crate::clock::Instant;

/// What can be due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// The port has been silent for long enough.
    Silence,
    /// The port was never silent; bring-up goes on all the same.
    SilenceLimit,
    /// The pause before a step of the bring-up is repeated.
    Repeat,
    /// The modem has answered and does not hear yet.
    Pause,
    /// The bring-up starts over after a fault of the SIM.
    Rest,
    /// A submission is slow.
    SlowResult,
    /// The offer is not answered.
    OfferLate,
    /// A burst of submissions has ended.
    BurstEnd,
    /// The idle tick.
    Tick,
    /// The modem has been without a network for too long.
    Unregistered,
    /// The modem should be back from a reset.
    Return,
    /// The network, or a person, has not answered in a session of a service.
    Ussd,
    /// Nothing more is to be heard of a call that has ended.
    CallOver,
}

const ALL: [Timer; 13] = [
    Timer::Silence,
    Timer::SilenceLimit,
    Timer::Repeat,
    Timer::Pause,
    Timer::Rest,
    Timer::SlowResult,
    Timer::OfferLate,
    Timer::BurstEnd,
    Timer::Tick,
    Timer::Unregistered,
    Timer::Return,
    Timer::Ussd,
    Timer::CallOver,
];

/// The timers of one machine.
#[derive(Debug, Default)]
pub(super) struct Timers([Option<Instant>; ALL.len()]);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.put(timer, Some(at));
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.put(timer, None);
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.0.get(timer as usize).is_some_and(Option::is_some)
    }

    pub(super) fn stop_all(&mut self) {
        *self = Self::default();
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// A timer that is due; it stops.
    pub(super) fn expired(&mut self, now: Instant) -> Option<Timer> {
        let (slot, timer) = self.0.iter_mut().zip(ALL).find(|(slot, _)| slot.is_some_and(|at| at <= now))?;
        *slot = None;
        Some(timer)
    }

    fn put(&mut self, timer: Timer, at: Option<Instant>) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_timer_has_its_own_place() {
        let at = |seconds| Instant::from_origin(Duration::from_secs(seconds));
        let mut timers = Timers::default();
        for (timer, seconds) in ALL.into_iter().zip(1..) {
            timers.set(timer, at(seconds));
        }
        assert_eq!(timers.next(), Some(at(1)));
        timers.stop(Timer::Silence);
        assert_eq!(timers.expired(at(1)), None);
        let due: Vec<_> = std::iter::from_fn(|| timers.expired(at(60))).collect();
        assert_eq!(due, ALL.get(1..).unwrap());
        assert_eq!(timers.next(), None);
    }
}
