//! Rows that cannot be read: a person must look at them, and meanwhile they stop nothing else.
//!
//! The parts of such a message get a state that no work looks for. Nothing else of it is changed, so that it can be mended.

use rusqlite::{OptionalExtension as _, params};

use crate::dispatch::plan::LaneKey;
use crate::sms::id::{MessageKey, SegmentId};

use super::StoreError;
use super::row::{MessageRow, SegmentRow, code};
use super::work::{Fact, Work};

impl Work<'_> {
    /// A message and its parts. `None` when they cannot be read: they are set aside.
    pub(super) fn readable(&mut self, key: MessageKey) -> Result<Option<(MessageRow, Vec<SegmentRow>)>, StoreError> {
        let row = MessageRow::by_key(self.conn, key);
        let read = row.and_then(|message| Ok((SegmentRow::of(self.conn, &message)?, message)));
        match read {
            Ok((segments, message)) => Ok(Some((message, segments))),
            Err(error) if error.is_of_a_row() => {
                self.set_aside(key, &error.to_string())?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes what waits or is unknown of a message out of all further work.
    pub fn set_aside(&mut self, message: MessageKey, why: &str) -> Result<(), StoreError> {
        let waiting = self
            .conn
            .prepare_cached("SELECT lane, count(*) FROM segment WHERE message = ? AND state = 0 GROUP BY lane")?
            .query_map([message.0], |row| Ok((LaneKey(row.get(0)?), row.get::<_, i64>(1)?)))?
            .collect::<Result<Vec<_>, _>>()?;
        for (lane, parts) in waiting {
            self.wait(lane, -parts);
        }
        self.conn
            .prepare_cached(
                "UPDATE segment SET cause = 'set aside in state ' || state, state = ? WHERE message = ? AND state IN (0, 2, 7)",
            )?
            .execute(params![code::SET_ASIDE, message.0])?;
        self.fact(Fact::SetAside { table: "message", key: message.0, why: why.to_owned() });
        Ok(())
    }

    /// The same for the message of a part.
    pub fn set_aside_with(&mut self, segment: SegmentId, why: &str) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT message FROM segment WHERE key = ?")?;
        let message = statement.query_row([segment.0], |row| row.get(0).map(MessageKey)).optional()?;
        message.map_or(Ok(()), |message| self.set_aside(message, why))
    }
}
