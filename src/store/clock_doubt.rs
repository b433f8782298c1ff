//! A host whose clock was wrong when the daemon started: nothing is sent by it.
//!
//! A board without a battery begins in 1970, or where it stood when the power failed, until a time server has answered; one with a
//! bad battery may begin years ahead. Hours of contact, caps and budgets must not be judged by that, and nothing may expire by it.
//! What tells is the database: a start at a time well before its last event is doubted, so is one before this program was written,
//! and one more than a month after the last event, since nothing tells that from a gateway that was off for so long. Everything is
//! held then, as a pause would, and an alarm says why. It ends by itself when the clock shows a time that can be right; a person who
//! knows that it is right already resumes. A pause of a person is beside that: each ends for itself.
//!
//! Until then no message expires, no policy comes due, and nothing that is stored is moved to the time of the clock. What is written
//! meanwhile is given the time of the end (`redate`).
//!
//! While the daemon runs, a clock that is set back is taken for a correction (`set_back`).

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::clock::Timestamp;

use super::StoreError;
use super::alarm::{AlarmKind, Subject};
use super::board::{Board, Pause, Scope};
use super::work::{Effect, Work};

/// In whose name sending is held.
const CLIENT: &str = "(clock)";

/// Clocks of hosts that are set by a time server differ by less between two starts.
const WORTH: Duration = Duration::from_secs(10 * 60);

/// A gateway is off for less between two starts, but for a few that wait for somebody's word.
const OFF_AT_MOST: Duration = Duration::from_secs(30 * 24 * 3600);

/// 2026-01-01T00:00:00Z: nobody had this program before.
pub(super) const WRITTEN: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// The row as a pause of everything, for whoever lists what is paused.
pub(super) const SHOWN: &str =
    "SELECT 'all' AS scope, '' AS id, reason, known AS at, '(clock)' AS client FROM clock_doubt";

/// The last rows that were written under a clock that is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) event: i64,
    pub(super) message: i64,
    pub(super) inbound: i64,
    pub(super) received: i64,
    pub(super) call: i64,
}

impl Marks {
    /// The last rows there are.
    fn last(conn: &Connection) -> Result<Self, StoreError> {
        let sql = "SELECT (SELECT coalesce(max(seq), 0) FROM event) AS event,
             (SELECT coalesce(max(key), 0) FROM message) AS message, (SELECT coalesce(max(seq), 0) FROM inbound) AS inbound,
             (SELECT coalesce(max(key), 0) FROM received) AS received, (SELECT coalesce(max(seq), 0) FROM call) AS call";
        Ok(conn.query_row(sql, [], Self::read)?)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            event: row.get("event")?,
            message: row.get("message")?,
            inbound: row.get("inbound")?,
            received: row.get("received")?,
            call: row.get("call")?,
        })
    }
}

/// A clock that is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Doubt {
    /// The last time that is believed.
    known: Timestamp,
    /// Whether the clock shows more than that can have become; else it shows less.
    is_ahead: bool,
    pub(super) marks: Marks,
    /// How it is shown.
    pub(super) pause: Pause,
}

impl Doubt {
    fn new(known: Timestamp, is_ahead: bool, marks: Marks, reason: String) -> Self {
        let pause = Pause { scope: Scope::All, id: String::new(), reason, since: known, client: CLIENT.to_owned() };
        Self { known, is_ahead, marks, pause }
    }

    /// What was stored of it.
    pub(super) fn load(conn: &Connection) -> Result<Option<Self>, StoreError> {
        let sql = "SELECT known, is_ahead, reason, event, message, inbound, received, call FROM clock_doubt";
        let read = |row: &Row<'_>| {
            Ok(Self::new(Timestamp::from_millis(row.get(0)?), row.get(1)?, Marks::read(row)?, row.get(2)?))
        };
        Ok(conn.query_row(sql, [], read).optional()?)
    }

    /// Whether the clock shows a time that can be right.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        if self.is_ahead { can_be(self.known, now) } else { now >= self.known }
    }

    /// When it ends if the clock goes on as it does.
    pub(super) fn ends(&self) -> Option<Timestamp> {
        (!self.is_ahead).then_some(self.known)
    }
}

/// Whether a clock that shows `now` can be right where `known` was the time before.
fn can_be(known: Timestamp, now: Timestamp) -> bool {
    known.saturating_since(now) < WORTH && now.saturating_since(known) <= OFF_AT_MOST
}

impl Board {
    /// Whether the clock is wrong, as far as is known: nothing is sent, and nothing comes due.
    pub fn is_clock_doubted(&self) -> bool {
        self.doubt.is_some()
    }
}

/// What is to be doubted of a clock that shows `now` at a start, where the last event was written at `last`.
pub(super) fn at_start(
    conn: &Connection,
    board: &Board,
    last: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Doubt>, StoreError> {
    // What was written under doubt tells nothing of the time.
    let before = board.doubt.as_ref();
    let last = before.map_or(last, |doubt| Some(doubt.known));
    let known = last.map_or(WRITTEN, |last| last.max(WRITTEN));
    let still_behind = before.is_some_and(|doubt| !doubt.is_ahead && now < known);
    // Where nothing was ever written nothing tells how long it was off.
    let is_ahead = known > WRITTEN && now.saturating_since(known) > OFF_AT_MOST;
    if !still_behind && !is_ahead && known.saturating_since(now) < WORTH {
        return Ok(None);
    }
    let marks = before.map_or_else(|| Marks::last(conn), |doubt| Ok(doubt.marks))?;
    let reason = if is_ahead {
        format!("the clock of this host showed {now} at the start, and {known} was the last time before")
    } else {
        format!("the clock of this host showed {now} at the start, and {known} was seen before")
    };
    Ok(Some(Doubt::new(known, is_ahead, marks, reason)))
}

impl Work<'_> {
    /// Holds everything until the clock can be right.
    pub(super) fn hold_for_the_clock(&mut self, doubt: Doubt) -> Result<(), StoreError> {
        if self.board.doubt.as_ref().is_some_and(|before| before.is_ahead != doubt.is_ahead) {
            // What it says is over, and something else is to be said.
            self.clear(AlarmKind::ClockDoubted, Subject::default())?;
        }
        let Marks { event, message, inbound, received, call } = doubt.marks;
        self.conn.prepare_cached("DELETE FROM clock_doubt")?.execute([])?;
        self.conn
            .prepare_cached(
                "INSERT INTO clock_doubt (known, is_ahead, reason, event, message, inbound, received, call)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                doubt.known.as_millis(),
                doubt.is_ahead,
                doubt.pause.reason,
                event,
                message,
                inbound,
                received,
                call
            ])?;
        let (now, known) = (self.now, doubt.known);
        let detail = if doubt.is_ahead {
            format!(
                "It showed {now} at the start, more than a month after {known}, when something was written last. Nothing is \
                 sent and nothing expires. If it is wrong, set it. If it is right, since the gateway was off for so long, \
                 recado resume all."
            )
        } else {
            format!(
                "It showed {now} at the start, and {known} was seen before. Nothing is sent until it has passed that. Set it; \
                 or, if it is right and was wrong before, recado resume all."
            )
        };
        self.board.doubt = Some(doubt);
        self.raise(AlarmKind::ClockDoubted, Subject::default(), &detail)
    }

    /// Where the clock shows a time that can be right, everything goes on.
    pub(super) fn believe_the_clock(&mut self) -> Result<(), StoreError> {
        let now = self.now;
        match self.board.doubt.take_if(|doubt| doubt.is_over(now)) {
            Some(doubt) => self.end_doubt(&doubt),
            None => Ok(()),
        }
    }

    /// A person says that the clock is right. Where it showed less than before, waits move as when it is set back. False where
    /// nobody doubted it.
    pub(super) fn told_the_clock_is_right(&mut self) -> Result<bool, StoreError> {
        let Some(doubt) = self.board.doubt.take() else { return Ok(false) };
        self.end_doubt(&doubt)?;
        if self.now < doubt.known {
            self.go_back(doubt.known)?;
        }
        Ok(true)
    }

    fn end_doubt(&mut self, doubt: &Doubt) -> Result<(), StoreError> {
        self.conn.prepare_cached("DELETE FROM clock_doubt")?.execute([])?;
        self.redate(doubt.marks)?;
        let is_paused = self.board.all_paused();
        self.effect(Effect::Pause(is_paused));
        self.clear(AlarmKind::ClockDoubted, Subject::default())
    }
}
