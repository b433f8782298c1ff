//! The task that lets go of what is kept no longer: once a day, a few rows at a time, so that nobody waits for it.
//!
//! A reader looks beside the writer for what is due; the writer deletes some of it in a transaction that it shares with others. How
//! many rows that are follows from how long the last ones took (`Pace`), and between two steps the writer has four times as long
//! for itself. A daemon that is killed begins the pass again and finds what is left.
//!
//! Nothing is deleted by a clock that may be wrong (`Trust`): what is gone is gone, while a day later is nothing to anybody.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{Clock, Instant, Now, Timestamp};
use crate::store::clock_trust::ClockTrust;
use crate::store::reader::Reader;
use crate::store::retention::{Class, Due, Place, Terms};

use super::rounds::{Ended, blocking};
use super::writer::{Handle, WriteError};

/// Between two passes.
const EVERY: Duration = Duration::from_secs(24 * 3600);

/// After a start modems come up and callers return; nothing is lost by ten minutes.
const AFTER_START: Duration = Duration::from_secs(600);

/// A clock that differs by more from what went by is another clock.
const DRIFT: Duration = Duration::from_secs(3600);

/// After which the civil clock is believed again.
const BELIEVED_AFTER: Duration = Duration::from_secs(24 * 3600);

/// How often it is noted that the clock goes evenly.
const NOTED: Duration = Duration::from_secs(3600);

/// After what could not be read or written, and while the clock is doubted.
const AGAIN: Duration = Duration::from_secs(60);

/// No pause between two steps is shorter.
const PAUSE: Duration = Duration::from_millis(5);

/// The share of the writer's time that a step leaves to others, as a multiple of its own.
const LEAVES: u32 = 4;

/// Pages that are given back to the file system in one step.
const PAGES: u32 = 16;

/// What the task is given.
#[derive(Debug)]
pub struct Setup {
    /// Where it is looked what is due.
    pub reader: Arc<Reader>,
    /// Who deletes.
    pub writer: Handle,
    /// The time.
    pub clock: Clock,
    /// For how long what is kept.
    pub terms: watch::Receiver<Terms>,
    /// Turns true when the daemon stops.
    pub stop: watch::Receiver<bool>,
}

#[derive(Debug, thiserror::Error)]
enum PassError {
    #[error(transparent)]
    Read(#[from] crate::store::StoreError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Ended(#[from] Ended),
}

/// Whether the civil clock is to be believed: for a day it has gone as fast as the monotonic one while the daemon ran, and was
/// stopped for less than a day at a time. What tells is a note of this task's own (`store/clock_trust.rs`): events, also those of the
/// last process, have the time of a clock that may be wrong.
#[derive(Debug)]
struct Trust {
    seen: Now,
    /// Since when it has gone evenly, by itself.
    since: Timestamp,
    from: Instant,
}

impl Trust {
    /// At a start, where the last process has noted this.
    fn new(now: Now, noted: Option<ClockTrust>) -> Self {
        let goes_on = |noted: &ClockTrust| noted.seen <= now.utc && now.utc.saturating_since(noted.seen) <= EVERY;
        let since = noted.filter(goes_on).map_or(now.utc, |noted| noted.since);
        let left = BELIEVED_AFTER.saturating_sub(now.utc.saturating_since(since));
        Self { seen: now, since, from: now.instant + left.max(AFTER_START) }
    }

    /// What is to be noted.
    fn note(&self) -> ClockTrust {
        ClockTrust { since: self.since, seen: self.seen.utc }
    }

    /// From when it is believed, as far as is known now.
    fn look(&mut self, now: Now) -> Instant {
        let went_by = now.instant.saturating_since(self.seen.instant);
        let expected = self.seen.utc + went_by;
        let differs = expected.saturating_since(now.utc).max(now.utc.saturating_since(expected));
        if differs > DRIFT {
            self.since = now.utc;
            self.from = now.instant + BELIEVED_AFTER;
        }
        self.seen = now;
        self.from
    }
}

/// How many rows go in a step: as many as are deleted and on disk within some three milliseconds, as far as the last ones tell. What
/// waits for the writer beside it counts too, so that little goes while there is much to do.
#[derive(Debug)]
struct Pace {
    rows: usize,
}

impl Pace {
    /// A disk that takes longer for the least is waited for: thousands an hour go all the same.
    const MIN: usize = 4;

    const MAX: usize = 512;

    fn took(&mut self, took: Duration) {
        if took > Duration::from_millis(3) {
            self.rows = (self.rows / 2).max(Self::MIN);
        } else if took < Duration::from_micros(1_500) {
            self.rows = (self.rows + self.rows / 4 + 1).min(Self::MAX);
        }
    }
}

/// What ended a pass.
#[derive(Debug, PartialEq, Eq)]
enum Pass {
    Done,
    /// The daemon stops.
    Stopped,
    /// The clock is another one.
    Doubted,
}

/// Lets go of what is due until the daemon stops, or its writer is gone.
pub async fn run(mut setup: Setup) {
    let reader = Arc::clone(&setup.reader);
    let noted = blocking(move || reader.clock_trust()).await.ok().and_then(Result::ok).flatten();
    let mut trust = Trust::new(setup.clock.now(), noted);
    let mut next = setup.clock.now().instant + AFTER_START;
    let mut noted: Option<ClockTrust> = None;
    loop {
        let now = setup.clock.now();
        let believed = trust.look(now);
        let is_news = |known: ClockTrust| known.since != trust.since || now.utc.saturating_since(known.seen) >= NOTED;
        if noted.is_none_or(is_news) {
            match setup.writer.note_clock_trust(trust.note()).await {
                Ok(()) => noted = Some(trust.note()),
                Err(WriteError::Stopping) => return,
                // A start after this one waits for longer, no more.
                Err(error) => tracing::warn!(%error, "it could not be noted how the clock goes"),
            }
        }
        let doubted = setup.writer.is_clock_doubted();
        let until = if doubted { now.instant + AGAIN } else { next.max(believed).min(now.instant + NOTED) };
        if setup.waits(until).await {
            return;
        }
        // While it waited the clock may have become another.
        let now = setup.clock.now();
        if setup.writer.is_clock_doubted() || trust.look(now).max(next) > now.instant {
            continue;
        }
        next = match setup.pass(&mut trust).await {
            Ok(Pass::Stopped) | Err(PassError::Write(WriteError::Stopping)) => return,
            Ok(Pass::Doubted) => {
                tracing::warn!("clock set: nothing is deleted for a day");
                setup.clock.now().instant
            }
            Ok(Pass::Done) => setup.clock.now().instant + EVERY,
            Err(error) => {
                tracing::warn!(%error, "retention does not go on; it does in a while");
                setup.clock.now().instant + AGAIN
            }
        };
    }
}

/// Goes through everything once, now, whatever the clock says. False when that did not come to its end.
pub async fn once(mut setup: Setup) -> bool {
    let seen = setup.clock.now();
    let mut trust = Trust { seen, since: seen.utc, from: Instant::ZERO };
    matches!(setup.pass(&mut trust).await, Ok(Pass::Done))
}

impl Setup {
    /// Goes through every class.
    async fn pass(&mut self, trust: &mut Trust) -> Result<Pass, PassError> {
        let (mut pace, mut all) = (Pace { rows: 16 }, 0);
        for class in Class::ALL {
            let Some(kept) = self.terms.borrow().of(class) else { continue };
            let (mut place, mut gone) = (Some(Place::default()), 0);
            while let Some(from) = place {
                let now = self.clock.now();
                if trust.look(now) > now.instant {
                    return Ok(Pass::Doubted);
                }
                let (reader, utc) = (Arc::clone(&self.reader), now.utc);
                let found = blocking(move || reader.due(class, utc - kept, utc, &from)).await??;
                place = found.1;
                if let Some(due) = found.0 {
                    match self.let_go(due, &mut pace).await? {
                        Some(rows) => gone += rows,
                        None => return Ok(Pass::Stopped),
                    }
                }
            }
            self.writer.note_pass(class, gone).await?;
            if gone > 0 {
                tracing::info!(class = class.name(), rows = gone, "kept long enough: deleted");
            }
            all += gone;
        }
        while all > 0 && self.writer.give_back_pages(PAGES).await? {
            if self.rests(PAUSE).await {
                return Ok(Pass::Stopped);
            }
        }
        Ok(Pass::Done)
    }

    /// Has rows deleted, some at a time. How many went; nothing when the daemon stops.
    async fn let_go(&mut self, due: Due, pace: &mut Pace) -> Result<Option<u64>, PassError> {
        let (mut left, mut gone) = (Some(due), 0);
        while let Some(due) = left {
            let (step, rest) = due.first(pace.rows);
            let began = self.clock.now().instant;
            let (rows, is_more) = self.writer.let_go(step.clone(), pace.rows).await?;
            let took = self.clock.now().instant.saturating_since(began);
            gone += rows as u64;
            pace.took(took);
            left = if is_more { Some(step) } else { rest };
            if self.rests((took * LEAVES).max(PAUSE)).await {
                return Ok(None);
            }
        }
        Ok(Some(gone))
    }

    /// Waits. True when the daemon stops.
    async fn rests(&mut self, time: Duration) -> bool {
        self.waits(self.clock.now().instant + time).await
    }

    async fn waits(&mut self, until: Instant) -> bool {
        let until = self.clock.deadline(until);
        tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => true,
            () = tokio::time::sleep_until(until) => false,
        }
    }
}

#[cfg(test)]
mod tests;
