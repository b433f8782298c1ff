//! Lanes: made with the first message of a class of hours, a route and a batch, and removed when their batch is over.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, params};

use crate::clock::Timestamp;
use crate::dispatch::plan::LaneKey;

use super::StoreError;
use super::board::LaneInfo;
use super::work::{Effect, Work};

/// A batch to which nothing was submitted for so long is over.
const OLD: Duration = Duration::from_secs(24 * 3600);

/// Between looks at all lanes.
const LOOK: Duration = Duration::from_secs(6 * 3600);

/// How many lanes one transaction looks at.
const STEP: usize = 50;

/// What may come back into a lane: parts that wait, are on the wire, or are unknown.
const IN_USE: &str = "SELECT EXISTS (SELECT 1 FROM segment WHERE lane = ?1 AND state = 0)
     OR EXISTS (SELECT 1 FROM segment WHERE lane = ?1 AND state = 2)
     OR EXISTS (SELECT 1 FROM segment WHERE lane = ?1 AND state = 7)";

impl Work<'_> {
    /// The lane of a class of hours, a route and a batch, made when it is the first time.
    pub(super) fn lane(&mut self, info: LaneInfo) -> Result<LaneKey, StoreError> {
        if let Some(key) = self.board.lane_keys.get(&info) {
            return Ok(*key);
        }
        self.conn
            .prepare_cached("INSERT INTO lane (class, route, batch, begun) VALUES (?, ?, ?, ?)")?
            .execute(params![info.class, info.route.to_string(), info.batch, info.begun])?;
        let key = LaneKey(self.conn.last_insert_rowid());
        if !info.batch.is_empty() {
            self.board.next_lanes.get_or_insert(self.now + OLD);
        }
        self.board.add_lane(key, info, self.now);
        self.lane_effect(key);
        Ok(key)
    }

    /// Looks at some lanes, and removes those of batches that are over. Lanes of no batch are few and stay.
    pub(super) fn tidy_lanes(&mut self) -> Result<(), StoreError> {
        // The number of the last one is never given again as long as it is there.
        let last = self.board.lanes.keys().next_back().copied();
        let of_batches = self.board.lanes.iter().filter(|(_, info)| !info.batch.is_empty());
        let unseen = of_batches.filter(|(key, _)| **key > self.board.lanes_seen && Some(**key) != last);
        let some: Vec<(LaneKey, LaneInfo)> = unseen.take(STEP).map(|(key, info)| (*key, info.clone())).collect();
        for (key, info) in &some {
            if self.is_over(*key, info)? {
                self.remove_lane(*key, info)?;
            }
        }
        let is_done = some.len() < STEP;
        self.board.lanes_seen = some.last().filter(|_| !is_done).map_or(LaneKey(0), |(key, _)| *key);
        let has_batches = self.board.lanes.values().any(|info| !info.batch.is_empty());
        self.board.next_lanes = has_batches.then(|| if is_done { self.now + LOOK } else { self.now });
        Ok(())
    }

    fn is_over(&self, key: LaneKey, info: &LaneInfo) -> Result<bool, StoreError> {
        if self.conn.prepare_cached(IN_USE)?.query_row([key.0], |row| row.get(0))? {
            return Ok(false);
        }
        let sql = "SELECT created_at FROM message WHERE batch = ? ORDER BY key DESC LIMIT 1";
        let newest: Option<i64> =
            self.conn.prepare_cached(sql)?.query_row([&info.batch], |row| row.get(0)).optional()?;
        Ok(newest.is_none_or(|at| Timestamp::from_millis(at) + OLD <= self.now))
    }

    fn remove_lane(&mut self, key: LaneKey, info: &LaneInfo) -> Result<(), StoreError> {
        self.conn.prepare_cached("DELETE FROM lane WHERE key = ?")?.execute([key.0])?;
        self.forget_waiting(key);
        self.board.lanes.remove(&key);
        self.board.lane_keys.remove(info);
        self.board.waiting.remove(&key);
        self.effect(Effect::NoLane(key));
        Ok(())
    }
}
