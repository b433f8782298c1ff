//! Results: what the log of events tells is added up by the hour in which texts were taken in and by how they came about.
//!
//! A reader counts the events after the cursor ([`Reader::roll_up`](super::reader::Reader::roll_up)), and the writer adds what
//! it has counted and moves the cursor in one transaction ([`Work::count_up`]), so that a process that is killed counts nothing
//! twice and misses nothing. The writer does little for it: a batch of events touches few rows.
//!
//! Nothing is counted that is not in the log, so results can lag behind by a moment and are never wrong for good. What follows
//! a text is not what it caused: a payment is counted for the last text that the network had taken before it.
//!
//! The log can be cut off before the cursor only: an event that is gone before it is counted is missed, and the state that a
//! message was in before is read from the event that said so.

mod health;
mod payment;
mod read;
mod stats;

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::clock::Timestamp;
use crate::dunning::result::Cell;

use super::StoreError;
use super::origin::OriginKey;
use super::work::Work;

pub use super::record::Confirmed;
pub(super) use health::DEAD;
pub use health::{Faring, HygieneFilter, HygienePage, NumberRow, NumberTrouble, Unwell};
pub use stats::{Every, Row as StatsRow, Stats, StatsError, StatsQuestion, Total};

use health::NumberChange;

/// Hours since 1970-01-01T00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(pub i64);

const HOUR_MS: i64 = 3_600_000;

impl Hour {
    /// The hour in which a time is.
    pub fn of(at: Timestamp) -> Self {
        Self(at.as_millis().div_euclid(HOUR_MS))
    }

    /// When it begins.
    pub fn begins(self) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_mul(HOUR_MS))
    }
}

/// What was counted of some events, to be added to the results.
#[derive(Debug)]
pub struct RolledUp {
    /// Up to which event everything was counted before.
    after: i64,
    /// The last one of these.
    upto: i64,
    cells: BTreeMap<(OriginKey, Hour), Cell>,
    numbers: BTreeMap<i64, NumberChange>,
    events: usize,
}

impl RolledUp {
    /// How many events it was.
    pub fn events(&self) -> usize {
        self.events
    }
}

/// The last event that is counted.
fn cursor(conn: &Connection) -> Result<i64, StoreError> {
    let seq = conn.prepare_cached("SELECT seq FROM rollup")?.query_row([], |row| row.get(0)).optional()?;
    Ok(seq.unwrap_or_default())
}

/// Adds what is stored of a cell.
fn add_stored(cell: &mut Cell, origin: OriginKey, stored: &[Vec<u8>; 3]) -> Result<(), StoreError> {
    let [counts, spent, paid] = stored;
    let corrupt = StoreError::Corrupt { table: "stat", key: origin.0, what: "counts, parts or payments" };
    cell.add_written(counts, spent, paid).ok_or(corrupt)
}

impl Work<'_> {
    /// Adds what was counted. False where the results are further by now, or elsewhere: it is counted anew then.
    pub fn count_up(&mut self, counted: &RolledUp) -> Result<bool, StoreError> {
        let moved = self
            .conn
            .prepare_cached("UPDATE rollup SET seq = ?2 WHERE seq = ?1")?
            .execute([counted.after, counted.upto])?;
        if moved == 0 {
            return Ok(false);
        }
        for ((origin, hour), more) in &counted.cells {
            self.add_to_cell(*origin, *hour, more)?;
        }
        for (subscriber, change) in &counted.numbers {
            change.write(self.conn, *subscriber)?;
        }
        Ok(true)
    }

    fn add_to_cell(&self, origin: OriginKey, hour: Hour, more: &Cell) -> Result<(), StoreError> {
        let sql = "SELECT counts, spent, paid FROM stat WHERE origin = ? AND hour = ?";
        let known = self
            .conn
            .prepare_cached(sql)?
            .query_row([origin.0, hour.0], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))
            .optional()?;
        let mut cell = more.clone();
        if let Some(stored) = known {
            add_stored(&mut cell, origin, &stored)?;
        }
        self.conn
            .prepare_cached(
                "INSERT INTO stat (origin, hour, counts, spent, paid) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (origin, hour) DO UPDATE SET counts = ?3, spent = ?4, paid = ?5",
            )?
            .execute(params![origin.0, hour.0, cell.written_counts(), cell.written_spent(), cell.written_paid()])?;
        Ok(())
    }
}

/// What is stored of all cells, decoded: for tests that count again.
#[cfg(test)]
pub(crate) fn cells(conn: &Connection) -> Result<BTreeMap<(i64, i64), Cell>, StoreError> {
    let mut statement = conn.prepare("SELECT origin, hour, counts, spent, paid FROM stat")?;
    let mut rows = statement.query([])?;
    let mut cells = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (origin, hour): (i64, i64) = (row.get(0)?, row.get(1)?);
        let mut cell = Cell::default();
        add_stored(&mut cell, OriginKey(origin), &[row.get(2)?, row.get(3)?, row.get(4)?])?;
        cells.insert((origin, hour), cell);
    }
    Ok(cells)
}
