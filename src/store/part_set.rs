//! Parts of one text: found together, published when all are there, or after a day without the rest.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::clock::Timestamp;
use crate::pdu::{Concat, DeliverTpdu, Direction, Pdu, Tpdu};
use crate::sms::assembly::assemble;
use crate::sms::id::{ModemId, SimKey};
use crate::sms::lifecycle::Carrier;
use crate::sms::number::Sender;

use super::StoreError;
use super::inbound::{Received, Text};
use super::work::{Fact, Work};

/// Parts of one text reach the centre within this: a reference comes back after 256 messages. As long is waited for those
/// that are missing.
const PARTS_WITHIN: Duration = Duration::from_secs(24 * 3600);

/// What is sent once more within this is the same part; a text that is whole is over after that, and the same words are another
/// one. Centres and phones repeat what was not acknowledged within minutes.
const REPEATED_WITHIN: Duration = Duration::from_secs(10 * 60);

/// How many sets one transaction publishes.
const AT_ONCE: usize = 100;

/// A row.
#[derive(Debug, Clone, Copy)]
struct PartSet {
    key: i64,
    total: u8,
    inbound: Option<i64>,
}

/// The text of a query for sets.
macro_rules! sets {
    ($which:literal) => {
        concat!("SELECT key, total, inbound FROM part_set WHERE ", $which)
    };
}

impl PartSet {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { key: row.get(0)?, total: row.get(1)?, inbound: row.get(2)? })
    }
}

/// A part that is there.
#[derive(Debug)]
struct Part {
    seq: u8,
    deliver: DeliverTpdu,
}

impl Work<'_> {
    /// A part was kept in row `key`. Publishes the text if it is whole now.
    pub(super) fn receive_part(
        &mut self,
        carrier: &Carrier,
        key: i64,
        sender: &Sender,
        deliver: &DeliverTpdu,
        concat: Concat,
    ) -> Result<Received, StoreError> {
        let found = self.find_set(carrier.sim, sender, deliver, concat)?;
        let set = match found {
            Some(set) => {
                let parts = self.parts_of(set)?;
                let is_whole = parts.len() == usize::from(set.total);
                let is_again = |part: &Part| {
                    let apart = scts_of(&part.deliver).abs_diff(scts_of(deliver));
                    part.deliver.user_data == deliver.user_data
                        && (!is_whole || u128::from(apart) <= REPEATED_WITHIN.as_millis())
                };
                match parts.iter().find(|part| part.seq == concat.seq) {
                    // Sent once more, with another time stamp.
                    Some(part) if is_again(part) => {
                        self.join_set(set, key)?;
                        return Ok(Received::Duplicate);
                    }
                    // The reference has come back before the older text was whole, or after.
                    Some(_) => {
                        self.publish_waiting(set)?;
                        self.begin_set(carrier.sim, sender, deliver, concat)?
                    }
                    None => set,
                }
            }
            None => self.begin_set(carrier.sim, sender, deliver, concat)?,
        };
        self.join_set(set, key)?;
        if self.parts_of(set)?.len() == usize::from(set.total) {
            return Ok(Received::Text(self.publish_set(set)?));
        }
        self.conn
            .prepare_cached("UPDATE part_set SET waiting_since = coalesce(waiting_since, ?) WHERE key = ?")?
            .execute(params![self.now.as_millis(), set.key])?;
        self.board.next_partial = next_partial(self.conn)?;
        Ok(Received::Part)
    }

    /// The set that the part may belong to: the one whose parts came to the centre nearest to this one.
    fn find_set(
        &self,
        sim: SimKey,
        sender: &Sender,
        deliver: &DeliverTpdu,
        concat: Concat,
    ) -> Result<Option<PartSet>, StoreError> {
        let within = i64::try_from(PARTS_WITHIN.as_millis()).unwrap_or(i64::MAX);
        let set = self
            .conn
            .prepare_cached(sets!(
                "sim = ?1 AND sender = ?2 AND concat_ref = ?3 AND total = ?4 AND concat_bits = ?5
                 AND abs(scts - ?6) < ?7 ORDER BY abs(scts - ?6), key DESC LIMIT 1"
            ))?
            .query_row(
                params![sim.0, sender.as_str(), concat.reference, concat.total, concat.bits, scts_of(deliver), within],
                PartSet::read,
            )
            .optional()?;
        Ok(set)
    }

    fn begin_set(
        &self,
        sim: SimKey,
        sender: &Sender,
        deliver: &DeliverTpdu,
        concat: Concat,
    ) -> Result<PartSet, StoreError> {
        self.conn
            .prepare_cached(
                "INSERT INTO part_set (sim, sender, concat_ref, concat_bits, total, scts) VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![sim.0, sender.as_str(), concat.reference, concat.bits, concat.total, scts_of(deliver)])?;
        Ok(PartSet { key: self.conn.last_insert_rowid(), total: concat.total, inbound: None })
    }

    fn join_set(&self, set: PartSet, received: i64) -> Result<(), StoreError> {
        self.conn.prepare_cached("UPDATE received SET part_set = ? WHERE key = ?")?.execute([set.key, received])?;
        Ok(())
    }

    /// The parts that are there, in order, each once.
    fn parts_of(&self, set: PartSet) -> Result<Vec<Part>, StoreError> {
        let mut statement =
            self.conn.prepare_cached("SELECT seq, pdu FROM received WHERE part_set = ? ORDER BY seq, key")?;
        let mut rows = statement.query([set.key])?;
        let mut parts: Vec<Part> = Vec::new();
        while let Some(row) = rows.next()? {
            let seq = row.get(0)?;
            let is_new = parts.last().is_none_or(|last| last.seq != seq);
            if let Some(deliver) = decode_deliver(&row.get::<_, Vec<u8>>(1)?).filter(|_| is_new) {
                parts.push(Part { seq, deliver });
            }
        }
        Ok(parts)
    }

    /// Publishes what there is of a set of which parts wait.
    fn publish_waiting(&mut self, set: PartSet) -> Result<(), StoreError> {
        let waits = self
            .conn
            .prepare_cached("SELECT 1 FROM part_set WHERE key = ? AND waiting_since IS NOT NULL")?
            .exists([set.key])?;
        if waits {
            self.publish_set(set)?;
        }
        Ok(())
    }

    /// Publishes what there is. Returns the number of the text.
    fn publish_set(&mut self, set: PartSet) -> Result<i64, StoreError> {
        let parts = self.parts_of(set)?;
        let places: Vec<_> = parts.iter().map(|part| (part.seq, &part.deliver)).collect();
        let assembled = assemble(&places, set.total);
        let (sender, sim, modem): (String, i64, String) = self
            .conn
            .prepare_cached("SELECT sender, sim, modem FROM received WHERE part_set = ? ORDER BY key DESC LIMIT 1")?
            .query_row([set.key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let seq = self.publish(&Text {
            carrier: &Carrier { modem: ModemId::new(&modem), sim: SimKey(sim) },
            sender: &Sender::new(sender),
            body: &assembled.text,
            parts: parts.len(),
            missing: &assembled.missing,
            replaces: set.inbound,
        })?;
        self.conn
            .prepare_cached("UPDATE received SET inbound = ? WHERE part_set = ? AND inbound IS NULL")?
            .execute([seq, set.key])?;
        self.conn
            .prepare_cached("UPDATE part_set SET waiting_since = NULL, inbound = ? WHERE key = ?")?
            .execute([seq, set.key])?;
        self.board.next_partial = next_partial(self.conn)?;
        Ok(seq)
    }

    /// Publishes texts whose missing parts have been waited for long enough.
    pub(super) fn publish_partials(&mut self) -> Result<(), StoreError> {
        let since = (self.now - PARTS_WITHIN).as_millis();
        let due = self
            .conn
            .prepare_cached(concat!(sets!("waiting_since <= ?"), " ORDER BY waiting_since LIMIT ?"))?
            .query_map(params![since, AT_ONCE], PartSet::read)?
            .collect::<Result<Vec<_>, _>>()?;
        for set in due {
            match self.parts_of(set) {
                Ok(parts) if !parts.is_empty() => drop(self.publish_set(set)?),
                Ok(_) => self.set_parts_aside(set, "it has no part that can be read")?,
                Err(error) if error.is_of_a_row() => self.set_parts_aside(set, &error.to_string())?,
                Err(error) => return Err(error),
            }
        }
        self.board.next_partial = next_partial(self.conn)?;
        Ok(())
    }

    /// What was received stays where it is; nothing waits for more of it.
    fn set_parts_aside(&mut self, set: PartSet, why: &str) -> Result<(), StoreError> {
        self.conn.prepare_cached("UPDATE part_set SET waiting_since = NULL WHERE key = ?")?.execute([set.key])?;
        self.fact(Fact::SetAside { table: "part_set", key: set.key, why: why.to_owned() });
        Ok(())
    }

    /// The clock was set back: nothing waits from a time that is still to come.
    pub(super) fn draw_in_parts(&mut self) -> Result<(), StoreError> {
        let now = self.now.as_millis();
        self.conn.prepare_cached("UPDATE part_set SET waiting_since = ?1 WHERE waiting_since > ?1")?.execute([now])?;
        self.board.next_partial = next_partial(self.conn)?;
        Ok(())
    }
}

/// When the next text is published although parts of it are missing.
pub(super) fn next_partial(conn: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT min(waiting_since) FROM part_set WHERE waiting_since IS NOT NULL";
    let since: Option<i64> = conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(since.map(|since| Timestamp::from_millis(since) + PARTS_WITHIN))
}

fn scts_of(deliver: &DeliverTpdu) -> i64 {
    deliver.tp_scts.unix_seconds().saturating_mul(1000)
}

fn decode_deliver(octets: &[u8]) -> Option<DeliverTpdu> {
    match Pdu::decode(octets, Direction::Mt).ok()?.tpdu {
        Tpdu::Deliver(deliver) => Some(deliver),
        Tpdu::Submit(_) | Tpdu::StatusReport(_) => None,
    }
}
