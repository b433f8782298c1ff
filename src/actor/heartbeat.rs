//! Signs of life of the actors without which nothing is sent: the writer, which also decides who sends, the task of each
//! modem, and the one that finds modems.
//!
//! Each says that it is there whenever it comes round to waiting, and at least every [`REST`]. An actor that hangs does not
//! come round, however long that lasts; a modem that is slow or silent changes nothing, because its task waits for it and for
//! the next sign at the same time. Nothing here reads a clock or acts: the daemon asks who is silent before it tells the
//! system that all is well.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Instant;

/// An actor rests at most so long between two signs.
pub const REST: Duration = Duration::from_secs(30);

/// Who has not been heard of for so long hangs. A rest, and the longest that an actor is busy between two: a disk that takes
/// half a minute for a sync is slow and comes round; one more minute and it is not the disk.
pub const SILENCE: Duration = Duration::from_secs(120);

/// Those who must live. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Heartbeats(Arc<Mutex<BTreeMap<String, Arc<AtomicU64>>>>);

/// The signs of one actor.
#[derive(Debug, Clone)]
pub struct Pulse {
    /// Nanoseconds since the origin of the clock.
    last: Arc<AtomicU64>,
}

/// Removes the signs of an actor at its end, also at a panic: what that means is told by others.
#[derive(Debug)]
pub struct Member {
    hearts: Heartbeats,
    who: String,
    pulse: Pulse,
}

/// Who has not been heard of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{who} has been silent for {} s", .silent.as_secs())]
pub struct Silent {
    /// The actor.
    pub who: String,
    /// For how long.
    pub silent: Duration,
}

impl Pulse {
    /// The signs of an actor that is there now.
    pub fn new(now: Instant) -> Self {
        let pulse = Self { last: Arc::default() };
        pulse.beat(now);
        pulse
    }

    /// Says that the actor is there.
    pub fn beat(&self, now: Instant) {
        let nanos = u64::try_from(now.since_origin().as_nanos()).unwrap_or(u64::MAX);
        self.last.store(nanos, Ordering::Relaxed);
    }
}

impl Member {
    /// Says that the actor is there.
    pub fn beat(&self, now: Instant) {
        self.pulse.beat(now);
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.hearts.lock().remove(&self.who);
    }
}

impl Heartbeats {
    /// Listens to an actor until the daemon ends: one that has ended is as silent as one that hangs.
    pub fn watch(&self, who: &str, pulse: &Pulse) {
        self.lock().insert(who.to_owned(), Arc::clone(&pulse.last));
    }

    /// Listens to an actor for as long as it holds what this gives.
    pub fn join(&self, who: &str, now: Instant) -> Member {
        let pulse = Pulse::new(now);
        self.watch(who, &pulse);
        Member { hearts: self.clone(), who: who.to_owned(), pulse }
    }

    /// Whether everybody was heard of lately; else the one that has been silent longest.
    pub fn check(&self, now: Instant) -> Result<(), Silent> {
        let hearts = self.lock();
        let last = |beat: &AtomicU64| Instant::from_origin(Duration::from_nanos(beat.load(Ordering::Relaxed)));
        let silence = hearts.iter().map(|(who, beat)| (now.saturating_since(last(beat)), who));
        match silence.max() {
            Some((silent, who)) if silent > SILENCE => Err(Silent { who: who.clone(), silent }),
            Some(_) | None => Ok(()),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<AtomicU64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(seconds))
    }

    #[test]
    fn whoever_comes_round_is_alive_and_the_one_that_does_not_is_named() {
        let hearts = Heartbeats::default();
        let (writer, modem) = (Pulse::new(at(0)), hearts.join("modem desk-1", at(0)));
        hearts.watch("writer", &writer);
        for second in (0..600).step_by(30) {
            writer.beat(at(second));
            modem.beat(at(second));
            assert_eq!(hearts.check(at(second + 30)), Ok(()));
        }
        // From here on the writer hangs.
        for second in (600..690).step_by(30) {
            modem.beat(at(second));
            assert_eq!(hearts.check(at(second)), Ok(()));
        }
        modem.beat(at(691));
        assert_eq!(hearts.check(at(691)), Err(Silent { who: "writer".into(), silent: Duration::from_secs(121) }));
        writer.beat(at(692));
        assert_eq!(hearts.check(at(692)), Ok(()));
    }

    #[test]
    fn a_modem_that_is_let_go_is_not_missed_and_a_writer_that_ended_is() {
        let hearts = Heartbeats::default();
        let writer = Pulse::new(at(0));
        hearts.watch("writer", &writer);
        drop(hearts.join("modem desk-1", at(0)));
        writer.beat(at(300));
        assert_eq!(hearts.check(at(300)), Ok(()));
        drop(writer);
        assert!(hearts.check(at(500)).is_err());
    }

    #[test]
    fn nobody_is_silent_where_nobody_is() {
        assert_eq!(Heartbeats::default().check(at(1_000_000)), Ok(()));
    }
}
