//! What was written while the clock was wrong gets the time at which that ended.
//!
//! Between the two only a part of the truth is known: how long it took by a clock that was wrong. So nothing is moved by that; it is
//! as if all of it had come in at the end. A text has its whole validity before it, what is unknown the whole time of its policy, a
//! promise is read again with the day that it was made, and all of it is kept for as long as anything else. Times that callers asked
//! for stay as they are; so do the log and the audit, which tell what the clock showed.

use crate::clock::Timestamp;
use crate::dispatch::plan::LaneKey;
use crate::sms::id::{MessageKey, SimKey};
use crate::sms::number::PhoneNumber;

use super::StoreError;
use super::clock_doubt::{Marks, WRITTEN};
use super::control::{next_decision, next_expiry};
use super::part_set::next_partial;
use super::reply::Answer;
use super::work::{Effect, Fact, Work};

/// The parts that an event of one type is about. `?1` is the time, `?2` the event after which they are looked for.
macro_rules! parts_of {
    ($column:literal, $kind:literal) => {
        concat!(
            "UPDATE segment SET ",
            $column,
            " = ?1 WHERE ",
            $column,
            " IS NOT NULL AND key IN (SELECT message.first_segment + event.part - 1 FROM event
             JOIN message ON message.key = event.message WHERE event.seq > ?2 AND event.type = '",
            $kind,
            "')"
        )
    };
}

/// What happened to parts.
const PARTS: [&str; 3] = [
    parts_of!("unknown_at", "segment.unknown"),
    parts_of!("accepted_at", "segment.accepted"),
    parts_of!("reported_at", "segment.reported"),
];

/// Messages that were taken in, in this order: what they are moved by is how old they are. `?1` is the time, `?2` the last message of
/// before.
const MESSAGES: [&str; 4] = [
    "UPDATE segment SET due = due + ?1 - (SELECT created_at FROM message WHERE message.key = segment.message),
         expires = expires + ?1 - (SELECT created_at FROM message WHERE message.key = segment.message)
     WHERE message IN (SELECT key FROM message WHERE key > ?2 AND not_before IS NULL)",
    "UPDATE message SET due = due + ?1 - created_at, expires = expires + ?1 - created_at
     WHERE key > ?2 AND not_before IS NULL",
    "UPDATE message SET created_at = ?1 WHERE key > ?2",
    // Forgotten early, a repeat would be sent a second time.
    "UPDATE client_ref SET at = ?1 WHERE (client, ref) IN
     (SELECT client, client_ref FROM message WHERE key > ?2 AND client_ref IS NOT NULL)",
];

/// What is kept for a time and written in its place, so that no number tells when: whatever has a time that cannot be.
const KEPT: [&str; 4] = [
    "UPDATE debtor SET at = ?1 WHERE at < ?2 OR at > ?1",
    "UPDATE debt SET at = ?1 WHERE at < ?2 OR at > ?1",
    "UPDATE standing SET at = ?1 WHERE at < ?2 OR at > ?1",
    // A report that comes twice is known for three days.
    "UPDATE report_read SET at = ?1 WHERE at < ?2 OR at > ?1",
];

/// A text with a promise on which something still rests.
struct Promise {
    seq: i64,
    number: i64,
    message: Option<MessageKey>,
    sim: SimKey,
    text: String,
    /// How a person stands, and what is noted on debts.
    rests: (bool, bool),
}

impl Work<'_> {
    /// Gives everything that was written after these rows the time that it is now.
    pub(super) fn redate(&mut self, since: Marks) -> Result<(), StoreError> {
        let now = self.now.as_millis();
        let marked = PARTS.iter().map(|sql| (*sql, since.event));
        let marked = marked.chain(MESSAGES.iter().map(|sql| (*sql, since.message))).chain([
            ("UPDATE inbound SET at = ?1 WHERE seq > ?2", since.inbound),
            ("UPDATE conversation SET at = ?1 WHERE inbound > ?2", since.inbound),
            ("UPDATE call SET at = ?1 WHERE seq > ?2", since.call),
            (
                "UPDATE part_set SET waiting_since = ?1 WHERE waiting_since IS NOT NULL
                 AND key IN (SELECT part_set FROM received WHERE key > ?2 AND part_set IS NOT NULL)",
                since.received,
            ),
            ("UPDATE received SET at = ?1 WHERE key > ?2", since.received),
        ]);
        for (sql, mark) in marked.chain(KEPT.iter().map(|sql| (*sql, WRITTEN.as_millis()))) {
            self.conn.prepare_cached(sql)?.execute([now, mark])?;
        }
        self.requeue(since.message)?;
        self.count_promises_again(since.inbound)?;
        self.board.next_expiry = next_expiry(self.conn)?;
        self.board.next_decision = next_decision(self.conn, self.now)?;
        self.board.next_partial = next_partial(self.conn)?;
        Ok(())
    }

    /// Tells the plan where messages after this one wait now.
    fn requeue(&mut self, since: i64) -> Result<(), StoreError> {
        let sql =
            "SELECT segment.lane, prio, min(segment.due) FROM message CROSS JOIN segment ON segment.message = message.key
             WHERE message.key > ? AND segment.state = 0 GROUP BY segment.lane, prio";
        let mut statement = self.conn.prepare_cached(sql)?;
        let heads = statement
            .query_map([since], |row| Ok((LaneKey(row.get(0)?), row.get(1)?, Timestamp::from_millis(row.get(2)?))))?
            .collect::<Result<Vec<_>, _>>()?;
        for (lane, priority, due) in heads {
            self.effect(Effect::Queued { lane, priority, due });
        }
        Ok(())
    }

    /// Reads promises after this text again: `tomorrow` and `Friday` are counted from the day on which they are said. Not where a
    /// person, or another text, has said something else since.
    fn count_promises_again(&mut self, since: i64) -> Result<(), StoreError> {
        let sql = "SELECT seq, number, message, sim, text,
                 EXISTS (SELECT 1 FROM standing WHERE standing.inbound = inbound.seq AND state = 'promised') AS stands,
                 EXISTS (SELECT 1 FROM debt_event JOIN debt ON debt.key = debt_event.debt
                     WHERE debt_event.inbound = inbound.seq AND debt.status = 'promised' AND debt_event.key =
                         (SELECT max(later.key) FROM debt_event AS later WHERE later.debt = debt_event.debt)) AS is_noted
             FROM inbound WHERE seq > ? AND number IS NOT NULL AND (stands OR is_noted) ORDER BY seq";
        let mut statement = self.conn.prepare_cached(sql)?;
        let promises = statement
            .query_map([since], |row| {
                Ok(Promise {
                    seq: row.get(0)?,
                    number: row.get(1)?,
                    message: row.get::<_, Option<i64>>(2)?.map(MessageKey),
                    sim: SimKey(row.get(3)?),
                    text: row.get(4)?,
                    rests: (row.get(5)?, row.get(6)?),
                })
            })?
            .collect::<Result<Vec<_>, _>>()?;
        for Promise { seq, number, message, sim, text, rests } in promises {
            let Some(number) = PhoneNumber::from_digits(&number.to_string()) else { continue };
            match self.promise_again(&Answer { seq, number, message, sim }, &text, rests) {
                // What one row says must not keep the clock from being believed.
                Err(error) if error.is_of_a_row() => {
                    self.fact(Fact::SetAside { table: "inbound", key: seq, why: error.to_string() });
                }
                read => read?,
            }
        }
        Ok(())
    }
}
