//! Since when the civil clock has gone evenly, as whoever deletes by it has seen: what is written otherwise tells what the clock
//! showed, and not whether that was right.

use rusqlite::{OptionalExtension as _, params};

use crate::clock::Timestamp;

use super::StoreError;
use super::reader::Reader;
use super::work::Work;

/// How long the civil clock has gone evenly, over restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockTrust {
    /// From then on.
    pub since: Timestamp,
    /// When it was looked at last.
    pub seen: Timestamp,
}

impl Reader {
    /// What the last process has seen of the clock; nothing where it was not looked at.
    pub fn clock_trust(&self) -> Result<Option<ClockTrust>, StoreError> {
        self.with(|conn| {
            let read = |row: &rusqlite::Row<'_>| {
                Ok(ClockTrust { since: Timestamp::from_millis(row.get(0)?), seen: Timestamp::from_millis(row.get(1)?) })
            };
            Ok(conn.prepare_cached("SELECT since, seen FROM clock_trust")?.query_row([], read).optional()?)
        })
    }
}

impl Work<'_> {
    /// Notes how the clock goes.
    pub fn note_clock_trust(&self, trust: ClockTrust) -> Result<(), StoreError> {
        self.conn.prepare_cached("DELETE FROM clock_trust")?.execute([])?;
        self.conn
            .prepare_cached("INSERT INTO clock_trust (since, seen) VALUES (?, ?)")?
            .execute(params![trust.since.as_millis(), trust.seen.as_millis()])?;
        Ok(())
    }
}
