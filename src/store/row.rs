//! Rows of messages and segments as the writer needs them, and the codes in which states are stored.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::clock::Timestamp;
use crate::dispatch::plan::LaneKey;
use crate::sms::id::{MessageId, MessageKey, ModemId, SegmentId, SimKey};
use crate::sms::lifecycle::{Carrier, MessageState, SegmentState, Withdrawal};
use crate::sms::number::PhoneNumber;

use super::StoreError;

/// Codes of `segment.state`. 1 is never stored: a lease lives in memory.
pub(super) mod code {
    pub(crate) const WAITING: i64 = 0;
    pub(crate) const OFFERED: i64 = 2;
    pub(crate) const ACCEPTED: i64 = 3;
    pub(crate) const REPORTED: i64 = 4;
    pub(crate) const REFUSED: i64 = 5;
    pub(crate) const EXPIRED: i64 = 6;
    pub(crate) const UNKNOWN: i64 = 7;
    pub(crate) const CANCELLED: i64 = 8;
    pub(crate) const BLOCKED: i64 = 9;
    pub(crate) const PART_REFUSED: i64 = 10;
    /// Of a row that could not be read: no work meets it again. `cause` says what it was before.
    pub(crate) const SET_ASIDE: i64 = 11;
}

/// The stored code of a segment's state.
pub(super) fn segment_code(state: &SegmentState) -> i64 {
    match state {
        SegmentState::Waiting { .. } => code::WAITING,
        SegmentState::Offered { .. } => code::OFFERED,
        SegmentState::Accepted { .. } => code::ACCEPTED,
        SegmentState::Reported { .. } => code::REPORTED,
        SegmentState::Refused => code::REFUSED,
        SegmentState::Expired => code::EXPIRED,
        SegmentState::Unknown { .. } => code::UNKNOWN,
        SegmentState::Withdrawn(Withdrawal::Cancelled) => code::CANCELLED,
        SegmentState::Withdrawn(Withdrawal::Blocked) => code::BLOCKED,
        SegmentState::Withdrawn(Withdrawal::PartRefused) => code::PART_REFUSED,
    }
}

/// The stored code of a message's state: its place in [`MessageState::ALL`].
pub(crate) fn message_code(state: MessageState) -> i64 {
    let place = MessageState::ALL.iter().position(|s| *s == state);
    place.and_then(|p| i64::try_from(p).ok()).unwrap_or(0)
}

/// The state with this code.
pub(super) fn message_state_of(code: i64) -> Option<MessageState> {
    MessageState::ALL.get(usize::try_from(code).ok()?).copied()
}

/// The number that is stored as this integer.
pub(super) fn number(stored: i64) -> Option<PhoneNumber> {
    PhoneNumber::from_digits(&stored.to_string())
}

/// The integer as which a number is stored.
pub(super) fn stored_number(number: PhoneNumber) -> i64 {
    i64::try_from(number.as_u64()).unwrap_or(i64::MAX)
}

/// The recipient of a message that was erased.
pub(super) const ERASED: i64 = 0;

/// What the writer needs of a message.
#[derive(Debug, Clone)]
pub(super) struct MessageRow {
    pub(super) key: MessageKey,
    pub(super) state: MessageState,
    pub(super) due: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) lane: LaneKey,
    pub(super) priority: u8,
    pub(super) first_segment: i64,
    pub(super) parts: i64,
    pub(super) parts_sent: i64,
    pub(super) resend_after_ms: Option<i64>,
    /// Nothing once it is erased.
    pub(super) to: Option<PhoneNumber>,
}

/// The text of a query for messages.
macro_rules! messages {
    ($which:literal) => {
        concat!(
            "SELECT key, state, due, expires, lane, priority, first_segment, parts, parts_sent, resend_after,
             recipient FROM message WHERE ",
            $which
        )
    };
}

impl MessageRow {
    /// To whom it goes. Nothing that was erased goes anywhere.
    pub(super) fn recipient(&self) -> Result<PhoneNumber, StoreError> {
        self.to.ok_or(StoreError::Corrupt { table: "message", key: self.key.0, what: "recipient: it is erased" })
    }

    pub(super) fn by_key(conn: &Connection, key: MessageKey) -> Result<Self, StoreError> {
        let row = conn.prepare_cached(messages!("key = ?"))?.query_row([key.0], Self::read).optional()?;
        row.flatten().ok_or(StoreError::Corrupt { table: "message", key: key.0, what: "state, recipient or absent" })
    }

    pub(super) fn by_id(conn: &Connection, id: MessageId) -> Result<Option<Self>, StoreError> {
        let mut statement = conn.prepare_cached(messages!("id = ?"))?;
        Ok(statement.query_row([id.as_bytes()], Self::read).optional()?.flatten())
    }

    fn of_segment(conn: &Connection, segment: SegmentId) -> Result<Self, StoreError> {
        let mut statement = conn.prepare_cached(messages!("key = (SELECT message FROM segment WHERE key = ?)"))?;
        let row = statement.query_row([segment.0], Self::read).optional()?;
        row.flatten().ok_or(StoreError::Corrupt { table: "segment", key: segment.0, what: "message" })
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Option<Self>> {
        let Some(state) = message_state_of(row.get(1)?) else { return Ok(None) };
        let stored = row.get(10)?;
        let to = number(stored);
        if to.is_none() && stored != ERASED {
            return Ok(None);
        }
        Ok(Some(Self {
            key: MessageKey(row.get(0)?),
            state,
            due: Timestamp::from_millis(row.get(2)?),
            expires: Timestamp::from_millis(row.get(3)?),
            lane: LaneKey(row.get(4)?),
            priority: row.get(5)?,
            first_segment: row.get(6)?,
            parts: row.get(7)?,
            parts_sent: row.get(8)?,
            resend_after_ms: row.get(9)?,
            to,
        }))
    }
}

/// A segment with what its state does not carry.
#[derive(Debug, Clone)]
pub(super) struct SegmentRow {
    pub(super) id: SegmentId,
    pub(super) message: MessageKey,
    pub(super) part: u8,
    pub(super) lane: LaneKey,
    pub(super) state: SegmentState,
    /// When it was last due; a part that comes back keeps its place in the queue.
    pub(super) due: Timestamp,
    pub(super) attempts: u32,
    pub(super) resent: bool,
    /// The SIM that it came back from for a cause that may be the SIM's.
    pub(super) avoid: Option<SimKey>,
    /// Whether it waits as far as is stored.
    pub(super) waits: bool,
}

impl SegmentRow {
    /// Whether the network may take it, or may have taken it, without having said so.
    pub(super) fn may_be_on_wire(&self) -> bool {
        matches!(self.state, SegmentState::Offered { .. } | SegmentState::Unknown { .. })
    }

    /// A segment's message and all segments of it, and the state of this one.
    pub(super) fn with_message(
        conn: &Connection,
        id: SegmentId,
    ) -> Result<(MessageRow, Vec<Self>, SegmentState), StoreError> {
        let message = MessageRow::of_segment(conn, id)?;
        let segments = Self::of(conn, &message)?;
        let state = segments.iter().find(|row| row.id == id).map(|row| row.state.clone());
        let state = state.ok_or(StoreError::Corrupt { table: "segment", key: id.0, what: "place" })?;
        Ok((message, segments, state))
    }

    /// All segments of a message, in order.
    pub(super) fn of(conn: &Connection, message: &MessageRow) -> Result<Vec<Self>, StoreError> {
        let mut statement = conn.prepare_cached(
            "SELECT key, message, part, state, due, sim, modem, tp_mr, offered_at, accepted_at, reported_at,
             unknown_at, tp_status, attempts, resent, lane, avoid_sim FROM segment WHERE key >= ? AND key < ? ORDER BY key",
        )?;
        let rows = statement
            .query_map(params![message.first_segment, message.first_segment + message.parts], Self::read)?
            .collect::<Result<Option<Vec<_>>, _>>()?;
        rows.ok_or(StoreError::Corrupt { table: "segment", key: message.first_segment, what: "state" })
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Option<Self>> {
        let at = |index: usize| -> rusqlite::Result<Option<Timestamp>> {
            Ok(row.get::<_, Option<i64>>(index)?.map(Timestamp::from_millis))
        };
        let offered_at = at(8)?;
        let carrier = || -> rusqlite::Result<Option<Carrier>> {
            let (sim, modem): (Option<i64>, Option<String>) = (row.get(5)?, row.get(6)?);
            Ok(sim.zip(modem).map(|(sim, modem)| Carrier { modem: ModemId::new(&modem), sim: SimKey(sim) }))
        };
        let state = match row.get::<_, i64>(3)? {
            code::WAITING => Some(SegmentState::Waiting { due: Timestamp::from_millis(row.get(4)?) }),
            code::OFFERED => carrier()?.zip(offered_at).map(|(to, at)| SegmentState::Offered { to, at }),
            code::ACCEPTED => {
                let tp_mr = row.get(7)?;
                carrier()?.zip(at(9)?).map(|(by, at)| SegmentState::Accepted { by, tp_mr, at })
            }
            code::REPORTED => {
                let (tp_mr, tp_status) = (row.get(7)?, row.get::<_, Option<u8>>(12)?);
                carrier()?.zip(at(10)?).zip(tp_status).map(|((by, at), tp_status)| SegmentState::Reported {
                    by,
                    tp_mr,
                    tp_status,
                    at,
                })
            }
            code::REFUSED => Some(SegmentState::Refused),
            code::EXPIRED => Some(SegmentState::Expired),
            code::UNKNOWN => carrier()?.zip(at(11)?).map(|(with, since)| SegmentState::Unknown { with, since }),
            code::CANCELLED => Some(SegmentState::Withdrawn(Withdrawal::Cancelled)),
            code::BLOCKED => Some(SegmentState::Withdrawn(Withdrawal::Blocked)),
            code::PART_REFUSED => Some(SegmentState::Withdrawn(Withdrawal::PartRefused)),
            _ => None,
        };
        let Some(state) = state else { return Ok(None) };
        Ok(Some(Self {
            id: SegmentId(row.get(0)?),
            message: MessageKey(row.get(1)?),
            part: row.get(2)?,
            lane: LaneKey(row.get(15)?),
            waits: matches!(state, SegmentState::Waiting { .. }),
            state,
            due: Timestamp::from_millis(row.get(4)?),
            attempts: row.get(13)?,
            resent: row.get(14)?,
            avoid: row.get::<_, Option<i64>>(16)?.map(SimKey),
        }))
    }

    /// Writes the state and what it carries; [`super::work::Work::save`] counts it too. Data of earlier states stays.
    pub(super) fn write(&self, conn: &Connection) -> Result<(), StoreError> {
        let state = segment_code(&self.state);
        match &self.state {
            SegmentState::Waiting { due } => {
                conn.prepare_cached("UPDATE segment SET state = ?, due = ?, attempts = ?, resent = ? WHERE key = ?")?
                    .execute(params![state, due.as_millis(), self.attempts, self.resent, self.id.0])?;
            }
            SegmentState::Offered { to, at } => {
                conn.prepare_cached(
                    "UPDATE segment SET state = ?, sim = ?, modem = ?, offered_at = ?, attempts = ?, tp_mr = NULL
                     WHERE key = ?",
                )?
                .execute(params![
                    state,
                    to.sim.0,
                    to.modem.as_str(),
                    at.as_millis(),
                    self.attempts,
                    self.id.0
                ])?;
            }
            SegmentState::Accepted { tp_mr, at, .. } => {
                conn.prepare_cached("UPDATE segment SET state = ?, tp_mr = ?, accepted_at = ? WHERE key = ?")?
                    .execute(params![state, tp_mr, at.as_millis(), self.id.0])?;
            }
            SegmentState::Reported { tp_status, at, .. } => {
                conn.prepare_cached("UPDATE segment SET state = ?, tp_status = ?, reported_at = ? WHERE key = ?")?
                    .execute(params![state, tp_status, at.as_millis(), self.id.0])?;
            }
            SegmentState::Unknown { since, .. } => {
                conn.prepare_cached("UPDATE segment SET state = ?, unknown_at = ? WHERE key = ?")?.execute(params![
                    state,
                    since.as_millis(),
                    self.id.0
                ])?;
            }
            SegmentState::Refused | SegmentState::Expired | SegmentState::Withdrawn(_) => {
                conn.prepare_cached("UPDATE segment SET state = ? WHERE key = ?")?
                    .execute(params![state, self.id.0])?;
            }
        }
        Ok(())
    }

    /// Notes which SIM is not to try it next.
    pub(super) fn save_avoid(&self, conn: &Connection) -> Result<(), StoreError> {
        conn.prepare_cached("UPDATE segment SET avoid_sim = ? WHERE key = ?")?
            .execute(params![self.avoid.map(|sim| sim.0), self.id.0])?;
        Ok(())
    }

    /// TP-MR that an unknown part has got if it was sent, where that can be told.
    pub(super) fn expected_mr(&self, conn: &Connection) -> Result<Option<u8>, StoreError> {
        let sql = "SELECT expected_mr FROM segment WHERE key = ?";
        Ok(conn.prepare_cached(sql)?.query_row([self.id.0], |row| row.get(0))?)
    }

    /// Why it was refused last.
    pub(super) fn cause(&self, conn: &Connection) -> Result<Option<String>, StoreError> {
        Ok(conn.prepare_cached("SELECT cause FROM segment WHERE key = ?")?.query_row([self.id.0], |row| row.get(0))?)
    }

    /// Notes why the segment was refused or is unknown.
    pub(super) fn save_cause(&self, conn: &Connection, cause: &str) -> Result<(), StoreError> {
        conn.prepare_cached("UPDATE segment SET cause = ? WHERE key = ?")?.execute(params![cause, self.id.0])?;
        Ok(())
    }
}

/// Everything that is stored about states, counted and read again from the segments.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct Recount {
    /// Messages by state, as the rows of messages say.
    pub(crate) tally: Vec<(MessageState, u64)>,
    /// Each message's stored state beside its segments.
    pub(crate) messages: Vec<(MessageState, Vec<SegmentState>)>,
}

#[cfg(test)]
pub(crate) fn recount(conn: &Connection) -> Result<Recount, StoreError> {
    let keys: Vec<MessageKey> = conn
        .prepare("SELECT key FROM message")?
        .query_map([], |row| row.get(0).map(MessageKey))?
        .collect::<Result<_, _>>()?;
    let mut messages = Vec::new();
    for key in keys {
        let row = MessageRow::by_key(conn, key)?;
        let segments = SegmentRow::of(conn, &row)?;
        messages.push((row.state, segments.into_iter().map(|segment| segment.state).collect()));
    }
    let count = |state: MessageState| messages.iter().filter(|(stored, _)| *stored == state).count() as u64;
    let tally = MessageState::ALL.into_iter().map(|s| (s, count(s))).filter(|(_, n)| *n > 0).collect();
    Ok(Recount { tally, messages })
}
