//! A host whose clock was not set when the daemon started: nothing is sent by it.
//!
//! A board without a battery begins in 1970, or where it stood when the power failed, until a time server has answered. Hours of
//! contact, caps and budgets must not be judged by that. What tells is the database: a start at a time well before its last event
//! is doubted, and so is one before this program was written. Everything is paused then, as a person would pause it, and an alarm
//! says why. The pause ends by itself when the clock has passed the time that is known; a person who knows that the clock is right,
//! and was wrong before, resumes. Until then nothing that is stored is moved to the time of the clock.
//!
//! While the daemon runs, a clock that is set back is taken for a correction (`set_back`).

use std::time::Duration;

use rusqlite::params;

use crate::clock::Timestamp;

use super::StoreError;
use super::alarm::{AlarmKind, Subject};
use super::board::{Board, Pause, Scope};
use super::work::Work;

/// In whose name sending is paused. Its time is the one that the clock must pass.
const CLIENT: &str = "(clock)";

/// Clocks of hosts that are set by a time server differ by less between two starts.
const WORTH: Duration = Duration::from_secs(10 * 60);

/// 2026-01-01T00:00:00Z: nobody had this program before.
const WRITTEN: Timestamp = Timestamp::from_millis(1_767_225_600_000);

impl Board {
    /// What the clock must pass before anything is sent; `None` where it is believed.
    pub fn doubted_until(&self) -> Option<Timestamp> {
        self.pauses.get(&(Scope::All, String::new())).filter(|pause| pause.client == CLIENT).map(|pause| pause.since)
    }
}

/// What a clock must pass that shows `now` at a start; `None` where it is believed.
pub(super) fn doubt(board: &Board, now: Timestamp) -> Option<Timestamp> {
    let known = board.seen().max(WRITTEN);
    let doubted = board.doubted_until().max(Some(known).filter(|known| known.saturating_since(now) >= WORTH));
    doubted.filter(|until| *until > now)
}

impl Work<'_> {
    /// Holds everything until the clock has passed `until`.
    pub(super) fn hold_for_the_clock(&mut self, until: Timestamp) -> Result<(), StoreError> {
        let key = (Scope::All, String::new());
        if self.board.pauses.get(&key).is_none_or(|pause| pause.client == CLIENT) {
            let reason =
                format!("the clock of this host showed {} at the start, and {until} was seen before", self.now);
            self.conn
                .prepare_cached("INSERT OR REPLACE INTO pause (scope, id, reason, at, client) VALUES (?, ?, ?, ?, ?)")?
                .execute(params![key.0.name(), key.1, reason, until.as_millis(), CLIENT])?;
            let pause = Pause { scope: key.0, id: String::new(), reason, since: until, client: CLIENT.to_owned() };
            self.board.pauses.insert(key, pause);
        }
        let detail = format!(
            "It showed {} at the start, and {until} was seen before. Nothing is sent until it has passed that. Set it; or, if it \
             is right and was wrong before, recado resume all.",
            self.now
        );
        self.raise(AlarmKind::ClockDoubted, Subject::default(), &detail)
    }

    /// The clock has passed what it had to: everything goes on.
    pub(super) fn believe_the_clock(&mut self) -> Result<(), StoreError> {
        if self.board.doubted_until().is_some_and(|until| until <= self.now) {
            self.open_scope(Scope::All, "")?;
            self.clear(AlarmKind::ClockDoubted, Subject::default())?;
        }
        Ok(())
    }

    /// A person lets everything go on. Where the clock was doubted until now, it is right, and waits move as when it is set back.
    pub(super) fn told_the_clock_is_right(&mut self, doubted: Option<Timestamp>) -> Result<(), StoreError> {
        self.clear(AlarmKind::ClockDoubted, Subject::default())?;
        doubted.map_or(Ok(()), |seen| self.go_back(seen))
    }
}
