//! What happens when the civil clock is set back: nobody waits again for a time that had come.
//!
//! Budgets are drawn in by `spend`. Here the waits of before are moved with the clock: of messages that go as soon as they
//! can, of congestion, of self-tests, of policies. Times that callers asked for and the ends of validity are civil times and
//! stay. The queue may be long, so it is moved in steps, each a transaction of its own. That it is under way is stored: after
//! a crash it begins anew, and what was moved already is moved to the time of the clock at the earliest.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::clock::Timestamp;
use crate::dispatch::plan::LaneKey;
use crate::sms::id::SimKey;

use super::StoreError;
use super::control::next_decision;
use super::work::{Effect, Work};

/// What is set back by less is waited out.
const WORTH: Duration = Duration::from_secs(1);

/// Parts that one transaction looks at.
const STEP: usize = 500;

/// The queue, on its way to the time of the clock.
#[derive(Debug, Clone)]
pub(super) struct SetBack {
    /// The time to which the clock was set.
    to: Timestamp,
    by: Duration,
    /// Where there may be something to move, and how far the first place is done.
    places: VecDeque<(LaneKey, u8)>,
    after: (i64, i64),
}

impl SetBack {
    /// From the beginning of the queue.
    fn new(to: Timestamp, by: Duration, waiting: &BTreeMap<LaneKey, i64>) -> Self {
        let lanes = waiting.iter().filter(|(_, parts)| **parts > 0).map(|(lane, _)| *lane);
        let places = lanes.flat_map(|lane| (0..=9).map(move |priority| (lane, priority))).collect();
        Self { to, by, places, after: (to.as_millis(), i64::MAX) }
    }
}

/// What the last process did not finish; `waiting` are the parts in each lane.
pub(super) fn unfinished(conn: &Connection, waiting: &BTreeMap<LaneKey, i64>) -> Result<Option<SetBack>, StoreError> {
    let stored = conn
        .query_row("SELECT to_time, by_span FROM set_back", [], |row| Ok((row.get(0)?, row.get::<_, u64>(1)?)))
        .optional()?;
    Ok(stored.map(|(to, by)| SetBack::new(Timestamp::from_millis(to), Duration::from_millis(by), waiting)))
}

/// A part that waits for a time that is still to come.
#[derive(Debug)]
struct Later {
    key: i64,
    due: i64,
    /// A time was asked for.
    is_asked: bool,
}

/// The text of a query for parts of a lane and priority in their order.
macro_rules! later {
    ($which:literal) => {
        concat!(
            "SELECT segment.key, segment.due, message.not_before IS NOT NULL FROM segment
             JOIN message ON message.key = segment.message
             WHERE segment.lane = ?1 AND segment.prio = ?2 AND segment.state = 0 AND ",
            $which,
            " LIMIT ?5"
        )
    };
}

impl Work<'_> {
    /// The clock shows less than `seen`, which it has shown before.
    pub(super) fn set_back(&mut self, seen: Timestamp) -> Result<(), StoreError> {
        let by = seen.saturating_since(self.now);
        if by < WORTH {
            return Ok(());
        }
        self.draw_in_parts()?;
        self.draw_in_reports()?;
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        // What was handed over had come due; it has its place again if it comes back.
        for sql in [
            "UPDATE segment SET unknown_at = unknown_at - ?1 WHERE state = 7 AND unknown_at > ?2",
            "UPDATE segment SET due = due - ?1 WHERE state = 7 AND due > ?2",
            "UPDATE segment SET due = due - ?1 WHERE state = 2 AND due > ?2",
        ] {
            self.conn.prepare_cached(sql)?.execute([millis, self.now.as_millis()])?;
        }
        self.board.next_decision = next_decision(self.conn, self.now)?;
        let sims: Vec<SimKey> = self.board.sims.keys().copied().collect();
        for sim in sims {
            if let Some(entry) = self.board.sims.get_mut(&sim) {
                entry.health.set_back(by);
            }
            self.save_rest(sim)?;
        }
        // What was not moved the last time is moved with the rest.
        let by = self.board.set_back.as_ref().map_or(by, |last| last.by.saturating_add(by));
        self.conn.prepare_cached("DELETE FROM set_back")?.execute([])?;
        self.conn
            .prepare_cached("INSERT INTO set_back (to_time, by_span) VALUES (?, ?)")?
            .execute(params![self.now.as_millis(), i64::try_from(by.as_millis()).unwrap_or(i64::MAX)])?;
        self.board.set_back = Some(SetBack::new(self.now, by, &self.board.waiting));
        self.move_queue()
    }

    /// Moves some of the queue.
    pub(super) fn move_queue(&mut self) -> Result<(), StoreError> {
        let Some(mut set_back) = self.board.set_back.take() else { return Ok(()) };
        let mut left = STEP;
        while let Some(&(lane, priority)) = set_back.places.front().filter(|_| left > 0) {
            let found = self.later(lane, priority, set_back.after, left)?;
            let (from, to) = (i64::try_from(set_back.by.as_millis()).unwrap_or(i64::MAX), set_back.to.as_millis());
            for part in found.iter().filter(|part| !part.is_asked) {
                let due = part.due.saturating_sub(from).max(to);
                self.conn.prepare_cached("UPDATE segment SET due = ? WHERE key = ?")?.execute([due, part.key])?;
                self.effect(Effect::Queued { lane, priority, due: Timestamp::from_millis(due) });
            }
            if let Some(last) = found.last() {
                set_back.after = (last.due, last.key);
            } else {
                set_back.places.pop_front();
                set_back.after = (to, i64::MAX);
            }
            left = left.saturating_sub(found.len());
        }
        self.board.set_back = Some(set_back).filter(|set_back| !set_back.places.is_empty());
        if self.board.set_back.is_none() {
            self.conn.prepare_cached("DELETE FROM set_back")?.execute([])?;
        }
        Ok(())
    }

    /// Parts of a lane and priority after a place in their order: first what is due at the same time, since SQLite does not
    /// seek for both at once.
    fn later(&self, lane: LaneKey, priority: u8, after: (i64, i64), limit: usize) -> Result<Vec<Later>, StoreError> {
        let (due, key) = after;
        for sql in [
            later!("segment.due = ?3 AND segment.key > ?4 ORDER BY segment.key"),
            later!("segment.due > ?3 AND ?4 IS NOT NULL ORDER BY segment.due, segment.key"),
        ] {
            let found = self
                .conn
                .prepare_cached(sql)?
                .query_map(params![lane.0, priority, due, key, limit], |row| {
                    Ok(Later { key: row.get(0)?, due: row.get(1)?, is_asked: row.get(2)? })
                })?
                .collect::<Result<Vec<_>, _>>()?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;

    #[test]
    fn the_queue_is_walked_by_its_index() {
        let folder = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&folder.path().join("recado.db")).unwrap();
        for sql in [
            later!("segment.due = ?3 AND segment.key > ?4 ORDER BY segment.key"),
            later!("segment.due > ?3 AND ?4 IS NOT NULL ORDER BY segment.due, segment.key"),
        ] {
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let plan: Vec<String> =
                statement.query_map(params![1, 1, 1, 1, 1], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
            assert!(plan.iter().any(|step| step.contains("segment_due (lane=? AND prio=? AND due")), "{plan:?}");
            assert!(!plan.iter().any(|step| step.contains("B-TREE")), "{plan:?}");
        }
    }
}
