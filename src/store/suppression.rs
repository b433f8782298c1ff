//! The suppression ledger, and what a new entry stops.
//!
//! Entries are written by the one writer like offers, so that after the answer nothing is handed over that was not on the
//! wire when it was given. An entry is never changed: lifting it is noted beside it, and erasing it leaves an HMAC.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::clock::Timestamp;
use crate::contact::secret::Secret;
use crate::contact::suppression::{Entry, Kind, Purposes};
use crate::contact::{Addressee, ContactSettings, Reason as ContactReason};
use crate::dispatch::gate::Reason;
use crate::sms::id::{MessageId, MessageKey};
use crate::sms::lifecycle::SegmentState;
use crate::sms::number::PhoneNumber;

use super::StoreError;
use super::event::{About, EventKind};
use super::record::{addressee, stored_subscriber};
use super::row::{MessageRow, SegmentRow, stored_number};
use super::work::{Fact, Work};

/// A decision that suppresses numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Why.
    pub kind: Kind,
    /// For what.
    pub purposes: Purposes,
    /// For which creditor; for all where none is named.
    pub creditor: Option<String>,
    /// From when.
    pub effective: Timestamp,
    /// Where it comes from: a register, an inbound text, a letter.
    pub source: String,
    /// Who decided.
    pub client: String,
    /// In whose words.
    pub why: Option<String>,
    /// The inbound text that it rests on.
    pub inbound: Option<i64>,
}

/// The row of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActKey(pub i64);

/// What a write to the ledger has stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stopped {
    /// Entries that are new; others were there already.
    pub added: u64,
    /// Messages of which nothing more will be handed over.
    pub stopped: u64,
    /// Messages of which a part was on the wire, or may have been.
    pub on_wire: Vec<MessageId>,
}

impl Stopped {
    /// Adds what another step has stopped.
    pub fn add(&mut self, other: Self) {
        self.added += other.added;
        self.stopped += other.stopped;
        self.on_wire.extend(other.on_wire);
    }
}

/// What the ledger holds of a number, and of one that was erased. Each finds by its own index. What bound when it was
/// written binds for ever: a clock that is set back does not undo it.
const BY_SUBSCRIBER: &str = "SELECT kind, purposes, creditor, iif(effective <= at, 0, effective), suppression.key
     FROM suppression JOIN suppression_act ON suppression_act.key = suppression.act
     WHERE subscriber = ? AND lift IS NULL";
const BY_MAC: &str = "SELECT kind, purposes, creditor, iif(effective <= at, 0, effective), suppression.key
     FROM suppression JOIN suppression_act ON suppression_act.key = suppression.act WHERE mac = ? AND lift IS NULL";

/// Whether an equal entry is there already.
const IS_THERE: &str = "SELECT 1 FROM suppression JOIN suppression_act AS old ON old.key = suppression.act
     JOIN suppression_act AS new ON new.key = ?2
     WHERE suppression.subscriber = ?1 AND lift IS NULL AND old.kind = new.kind AND old.purposes = new.purposes
     AND old.creditor IS new.creditor AND old.source = new.source AND old.effective <= new.effective LIMIT 1";

/// What the ledger holds of a number.
pub(super) fn entries(conn: &Connection, number: PhoneNumber) -> Result<Vec<Entry>, StoreError> {
    let mut statement = conn.prepare_cached(BY_SUBSCRIBER)?;
    Ok(statement.query_map([stored_subscriber(number)], read)?.collect::<Result<_, _>>()?)
}

/// What it holds of a number since that was erased.
pub(super) fn erased_entries(
    conn: &Connection,
    secret: &Secret,
    number: PhoneNumber,
) -> Result<Vec<Entry>, StoreError> {
    let mut statement = conn.prepare_cached(BY_MAC)?;
    Ok(statement.query_map([secret.mac(number)], read)?.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Entry> {
    // What a later release wrote forbids what it can.
    let kind = Kind::from_name(&row.get::<_, String>(0)?).unwrap_or(Kind::Manual);
    Ok(Entry {
        kind,
        purposes: Purposes::from_bits(row.get(1)?),
        creditor: row.get(2)?,
        effective: Timestamp::from_millis(row.get(3)?),
    })
}

impl Work<'_> {
    /// Suppresses numbers, and takes back what waits for them.
    pub fn suppress(&mut self, act: &Act, numbers: &[PhoneNumber]) -> Result<Stopped, StoreError> {
        let key = self.decide_to_suppress(act)?;
        self.suppress_more(key, numbers)
    }

    /// Notes a decision that suppresses numbers; they follow by [`Self::suppress_more`].
    pub fn decide_to_suppress(&mut self, act: &Act) -> Result<ActKey, StoreError> {
        self.conn
            .prepare_cached(
                "INSERT INTO suppression_act (at, kind, purposes, creditor, effective, source, client, why, inbound)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.now.as_millis(),
                act.kind.name(),
                act.purposes.bits(),
                act.creditor,
                act.effective.as_millis(),
                act.source,
                act.client,
                act.why,
                act.inbound,
            ])?;
        let key = self.conn.last_insert_rowid();
        let data = serde_json::json!({ "suppression": key, "kind": act.kind.name(), "inbound": act.inbound });
        self.event(EventKind::SuppressionAdded, &About { data: Some(data.to_string()), ..About::default() })?;
        Ok(ActKey(key))
    }

    /// Numbers of a decision.
    pub fn suppress_more(&mut self, act: ActKey, numbers: &[PhoneNumber]) -> Result<Stopped, StoreError> {
        let entry = self
            .conn
            .prepare_cached(
                "SELECT kind, purposes, creditor, iif(effective <= at, 0, effective) FROM suppression_act WHERE key = ?",
            )?
            .query_row([act.0], read)?;
        let mut stopped = Stopped::default();
        for number in numbers {
            let subscriber = stored_subscriber(*number);
            if !self.conn.prepare_cached(IS_THERE)?.exists(params![subscriber, act.0])? {
                self.conn
                    .prepare_cached("INSERT INTO suppression (act, subscriber, number) VALUES (?, ?, ?)")?
                    .execute(params![act.0, subscriber, stored_number(*number)])?;
                stopped.added += 1;
                self.look_at_cases_with(*number)?;
            }
            if matches!(entry.kind, Kind::WrongPerson | Kind::Deceased) {
                self.unconfirm_number(*number)?;
            }
            // Also for an entry that was there: the answer to whoever asked first may be lost.
            self.stop_messages(*number, &entry, &mut stopped)?;
        }
        Ok(stopped)
    }

    fn stop_messages(&mut self, number: PhoneNumber, entry: &Entry, stopped: &mut Stopped) -> Result<(), StoreError> {
        for key in self.open_of_number(number)? {
            // What cannot be read is not sent either, and keeps nobody off the list.
            let Some((message, mut segments)) = self.readable(key)? else { continue };
            let Addressee { purpose, creditor, confirms_opt_out, .. } = addressee(self.conn, key)?;
            if confirms_opt_out || !entry.covers(purpose, creditor.as_deref(), self.now) {
                continue;
            }
            if segments.iter().any(SegmentRow::may_be_on_wire) {
                stopped.on_wire.extend(self.public_id(key)?);
            }
            if segments.iter().any(|row| matches!(row.state, SegmentState::Waiting { .. })) {
                stopped.stopped += 1;
                self.block(&message, &mut segments, Reason::Contact(ContactReason::Suppressed))?;
            }
        }
        Ok(())
    }

    pub(super) fn public_id(&self, key: MessageKey) -> Result<Option<MessageId>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT id FROM message WHERE key = ?")?;
        Ok(statement.query_row([key.0], |row| row.get(0).map(MessageId::from_bytes)).optional()?)
    }

    /// Takes back what waits of a message: the gate forbids it for good.
    pub(super) fn block(
        &mut self,
        message: &MessageRow,
        segments: &mut [SegmentRow],
        reason: Reason,
    ) -> Result<(), StoreError> {
        for row in segments.iter_mut().filter(|row| matches!(row.state, SegmentState::Waiting { .. })) {
            row.state = row.state.clone().withdraw(crate::sms::lifecycle::Withdrawal::Blocked)?;
            self.save(row)?;
            row.save_cause(self.conn, reason.code())?;
        }
        self.fact(Fact::Blocked(reason));
        let data = serde_json::json!({ "code": reason.code() }).to_string();
        self.update_message_as(message, segments, Some(data))
    }

    /// Lifts what the ledger holds of a number, of those entries that `which` picks. Returns how many it were.
    pub fn lift(
        &mut self,
        number: PhoneNumber,
        which: impl Fn(&Entry) -> bool,
        client: &str,
        why: &str,
        inbound: Option<i64>,
    ) -> Result<u64, StoreError> {
        let mut found = Vec::new();
        for (sql, value) in [
            (BY_SUBSCRIBER, Value::Integer(stored_subscriber(number))),
            (BY_MAC, Value::Blob(self.settings.contact.secret.mac(number).to_vec())),
        ] {
            let mut statement = self.conn.prepare_cached(sql)?;
            let mut rows = statement.query([value])?;
            while let Some(row) = rows.next()? {
                // What a later release wrote is for that one to lift.
                let is_known = Kind::from_name(&row.get::<_, String>(0)?).is_some();
                if is_known && which(&read(row)?) {
                    found.push(row.get::<_, i64>(4)?);
                }
            }
        }
        if found.is_empty() {
            return Ok(0);
        }
        self.look_at_cases_with(number)?;
        self.conn
            .prepare_cached("INSERT INTO suppression_lift (at, client, why, inbound) VALUES (?, ?, ?, ?)")?
            .execute(params![self.now.as_millis(), client, why, inbound])?;
        let lift = self.conn.last_insert_rowid();
        for key in &found {
            self.conn.prepare_cached("UPDATE suppression SET lift = ? WHERE key = ?")?.execute([lift, *key])?;
        }
        let data = serde_json::json!({ "lift": lift, "inbound": inbound });
        self.event(EventKind::SuppressionLifted, &About { data: Some(data.to_string()), ..About::default() })?;
        Ok(found.len() as u64)
    }

    /// Erases a number from the ledger: what is left of it can be known again and not be read. Returns how many entries it
    /// were.
    pub fn erase_suppressed(&mut self, number: PhoneNumber) -> Result<usize, StoreError> {
        let mac = self.settings.contact.secret.mac(number);
        Ok(self
            .conn
            .prepare_cached("UPDATE suppression SET mac = ?, subscriber = NULL, number = NULL WHERE subscriber = ?")?
            .execute(params![mac, stored_subscriber(number)])?)
    }
}

/// Makes sure that the key is the one under which numbers were erased. False when it is another one.
pub(super) fn check_key(conn: &Connection, contact: &ContactSettings) -> Result<bool, rusqlite::Error> {
    let known: Option<[u8; 32]> = conn.query_row("SELECT mac FROM suppression_key", [], |row| row.get(0)).optional()?;
    let check = contact.secret.check();
    if known == Some(check) {
        return Ok(true);
    }
    // A key under which nothing was erased can be replaced.
    if conn.prepare("SELECT 1 FROM suppression WHERE mac IS NOT NULL LIMIT 1")?.exists([])? {
        return Ok(false);
    }
    conn.execute("DELETE FROM suppression_key", [])?;
    conn.execute("INSERT INTO suppression_key (mac) VALUES (?)", [check])?;
    Ok(true)
}
