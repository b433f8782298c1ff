//! What SIMs have spent: a row for each part that was offered.
//!
//! Rows are written in the offer transaction and taken back only when no octet of the PDU was written. They outlive the
//! periods that they count in by a month, so that a clock that is set back finds what was spent then.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use crate::clock::Timestamp;
use crate::dispatch::budget::{Budget, History, Limits};
use crate::sms::id::{SegmentId, SimKey};
use crate::sms::number::PhoneNumber;

use super::StoreError;
use super::row::stored_number;
use super::work::Work;

/// A clock that was ahead by more than this was wrong: what was spent then counts as spent now. What is less far ahead keeps
/// its time and counts in its own day too.
const AHEAD_MAX: Duration = Duration::from_secs(86_400);

/// Two months: the one that counts, and the one before.
const KEPT: Duration = Duration::from_secs(62 * 86_400);

/// Parts to a recipient. Left to itself SQLite walks all that the SIM has spent in the period.
const TO_RECIPIENT: &str =
    "SELECT 1 FROM spend INDEXED BY spend_recipient WHERE sim = ? AND recipient = ? AND at >= ? AND parts > 0 LIMIT 1";

/// The first row of a SIM that nothing counts any more.
const OLDEST: &str = "SELECT at, segment FROM spend WHERE sim = ? AND at < ? ORDER BY at LIMIT 1";

/// The image of what a SIM has spent. The sums walk the primary key from the beginning of their period.
pub(super) fn read(conn: &Connection, sim: SimKey, limits: &Limits, now: Timestamp) -> Result<Budget, StoreError> {
    let first_seen = conn
        .prepare_cached("SELECT first_seen FROM sim WHERE key = ?")?
        .query_row([sim.0], |row| row.get(0).map(Timestamp::from_millis))?;
    let mut budget = Budget::new(limits.clone(), first_seen, now);
    let horizon = budget.horizon(now);
    let recent = conn
        .prepare_cached("SELECT at, parts FROM spend WHERE sim = ? AND at > ? AND parts > 0 ORDER BY at")?
        .query_map(params![sim.0, horizon.recent.as_millis()], |row| {
            Ok((Timestamp::from_millis(row.get(0)?), row.get(1)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let since = |from: Timestamp| -> Result<u32, StoreError> {
        let mut sum = conn.prepare_cached("SELECT coalesce(sum(parts), 0) FROM spend WHERE sim = ? AND at >= ?")?;
        Ok(sum.query_row(params![sim.0, from.as_millis()], |row| row.get(0))?)
    };
    let mut last = conn
        .prepare_cached("SELECT at FROM spend WHERE sim = ? AND parts > 0 ORDER BY at DESC LIMIT 2")?
        .query_map([sim.0], |row| row.get(0).map(Timestamp::from_millis))?
        .collect::<Result<Vec<_>, _>>()?
        .into_iter();
    let history = History {
        recent,
        day: since(horizon.day)?,
        // A month without limits may be long.
        month: if limits.per_month == 0 { 0 } else { since(horizon.month)? },
        recipients: if limits.recipients_per_month == 0 { 0 } else { recipients(conn, sim, horizon.month)? },
        last: [last.next(), last.next()],
    };
    budget.restore(&history, now);
    Ok(budget)
}

fn recipients(conn: &Connection, sim: SimKey, since: Timestamp) -> Result<u32, StoreError> {
    let sql = "SELECT count(DISTINCT recipient) FROM spend WHERE sim = ? AND at >= ? AND parts > 0";
    Ok(conn.prepare_cached(sql)?.query_row(params![sim.0, since.as_millis()], |row| row.get(0))?)
}

/// Whether a SIM has sent nothing to this number since then.
pub(super) fn is_stranger(
    conn: &Connection,
    sim: SimKey,
    recipient: PhoneNumber,
    since: Timestamp,
) -> Result<bool, StoreError> {
    let values = params![sim.0, stored_number(recipient), since.as_millis()];
    Ok(conn.prepare_cached(TO_RECIPIENT)?.query_row(values, |_| Ok(())).optional()?.is_none())
}

impl Work<'_> {
    /// Counts a part that is offered, and forgets a row that nothing counts any more.
    pub(super) fn spend(&mut self, sim: SimKey, segment: SegmentId, recipient: PhoneNumber) -> Result<(), StoreError> {
        let stranger = self.is_stranger(sim, recipient)?;
        self.conn
            .prepare_cached(
                "INSERT INTO spend (sim, at, segment, recipient) VALUES (?, ?, ?, ?)
                 ON CONFLICT DO UPDATE SET parts = parts + 1",
            )?
            .execute(params![sim.0, self.now.as_millis(), segment.0, stored_number(recipient)])?;
        if let Some(sim) = self.board.sims.get_mut(&sim) {
            sim.budget.spend(stranger, self.now);
        }
        self.forget_spent(sim)
    }

    /// One goes for one that comes: the table does not grow, and no transaction takes long.
    fn forget_spent(&self, sim: SimKey) -> Result<(), StoreError> {
        let before = (self.now - KEPT).as_millis();
        let mut oldest = self.conn.prepare_cached(OLDEST)?;
        let found = oldest
            .query_row(params![sim.0, before], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
            .optional()?;
        if let Some((at, segment)) = found {
            self.conn
                .prepare_cached("DELETE FROM spend WHERE sim = ? AND at = ? AND segment = ?")?
                .execute(params![sim.0, at, segment])?;
        }
        Ok(())
    }

    /// Gives a part back that was offered then and of whose PDU no octet was written.
    pub(super) fn unspend(
        &mut self,
        sim: SimKey,
        segment: SegmentId,
        recipient: PhoneNumber,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let found = self
            .conn
            .prepare_cached(
                "UPDATE spend SET parts = parts - 1 WHERE sim = ? AND at = ? AND segment = ? AND parts > 0",
            )?
            .execute(params![sim.0, at.as_millis(), segment.0])?;
        // A row that was drawn in since is not told from others; it stays spent.
        if found > 0 {
            let stranger = self.is_stranger(sim, recipient)?;
            if let Some(sim) = self.board.sims.get_mut(&sim) {
                sim.budget.give_back(at, stranger);
            }
        }
        Ok(())
    }

    fn is_stranger(&self, sim: SimKey, recipient: PhoneNumber) -> Result<bool, StoreError> {
        match self.board.sims.get(&sim).map(|sim| &sim.budget) {
            Some(budget) if budget.limits().recipients_per_month != 0 => {
                is_stranger(self.conn, sim, recipient, budget.month_start(self.now))
            }
            Some(_) | None => Ok(false),
        }
    }

    /// What was spent when the clock was far ahead counts as spent now.
    pub(super) fn draw_in(&self) -> Result<(), StoreError> {
        let cutoff = (self.now + AHEAD_MAX).as_millis();
        for sim in self.board.sims.keys() {
            let drawn = self
                .conn
                .prepare_cached(
                    "INSERT INTO spend (sim, at, segment, parts, recipient)
                     SELECT sim, ?1, segment, sum(parts), recipient FROM spend WHERE sim = ?2 AND at > ?3 GROUP BY segment
                     ON CONFLICT DO UPDATE SET parts = parts + excluded.parts",
                )?
                .execute(params![self.now.as_millis(), sim.0, cutoff])?;
            if drawn > 0 {
                self.conn
                    .prepare_cached("DELETE FROM spend WHERE sim = ? AND at > ?")?
                    .execute(params![sim.0, cutoff])?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;

    #[test]
    fn a_recipient_is_found_by_the_index() {
        let folder = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&folder.path().join("recado.db")).unwrap();
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {TO_RECIPIENT}")).unwrap();
        let plan: String = statement.query_row([1, 1, 1], |row| row.get(3)).unwrap();
        assert!(plan.contains("spend_recipient (sim=? AND recipient=? AND at>?)"), "{plan}");
    }
}
