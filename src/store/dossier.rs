//! What a dispute about a message needs, read for whoever asks: the message, what the log says of it, and whether the log is
//! what was written.

use std::sync::TryLockError;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::clock::Timestamp;
use crate::sms::id::{MessageId, MessageKey};
use crate::sms::message::Body;
use crate::sms::number::PhoneNumber;

use super::StoreError;
use super::chain::{ChainHash, Columns, Fault, Head, Verification, Walk};
use super::reader::Reader;
use super::row;
use super::seal::Salt;
use super::view::EventView;

/// Events that are read with one statement, so that a long walk keeps no old pages of the database alive.
const EVENTS_AT_ONCE: i64 = 4_096;

/// What is known of a message, in time order.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// Its public name.
    pub id: MessageId,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// Who submitted it.
    pub client: String,
    /// Why.
    pub purpose: String,
    /// For which creditor.
    pub creditor: Option<String>,
    /// To whom; nothing once it is erased.
    pub to: Option<PhoneNumber>,
    /// The text as sent; nothing once it is erased.
    pub text: Option<Body>,
    /// The salt of their hashes; erased with them, and none for messages of before the chain.
    pub salt: Option<Salt>,
    /// Whether they are those that were queued.
    pub matches: Matches,
    /// What happened to it, oldest first.
    pub events: Vec<EventView>,
}

/// Whether what is stored of a message is what its first event says; `None` where that can no longer be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Matches {
    /// Its public name.
    pub id: Option<bool>,
    /// Its recipient.
    pub to: Option<bool>,
    /// Its text.
    pub text: Option<bool>,
}

impl Matches {
    /// Whether nothing contradicts the log.
    pub fn holds(self) -> bool {
        ![self.id, self.to, self.text].contains(&Some(false))
    }
}

/// The end of the chain, with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatedHead {
    /// The number of the event and its hash.
    pub head: Head,
    /// When the event was written.
    pub at: Timestamp,
}

impl Reader {
    /// What is known of a message.
    pub fn dossier(&self, id: MessageId) -> Result<Option<Dossier>, StoreError> {
        self.with(|conn| {
            let sql =
                "SELECT key, created_at, client, purpose, creditor, recipient, text, salt FROM message WHERE id = ?";
            let found = conn.prepare_cached(sql)?.query_row([id.as_bytes()], |row| read(id, row)).optional()?;
            let Some((key, mut dossier)) = found else { return Ok(None) };
            dossier.events = self.events_of(conn, key)?;
            dossier.matches = matches(&dossier);
            Ok(Some(dossier))
        })
    }

    /// The end of the chain; `None` while no event has a hash.
    pub fn head(&self) -> Result<Option<DatedHead>, StoreError> {
        let sql = "SELECT seq, hash, at FROM event ORDER BY seq DESC LIMIT 1";
        self.with(|conn| {
            let last = conn.prepare_cached(sql)?.query_row([], |row| {
                let hash = ChainHash::from_stored(row.get(1)?);
                let (seq, at) = (row.get(0)?, Timestamp::from_millis(row.get(2)?));
                Ok(hash.map(|hash| DatedHead { head: Head { seq, hash }, at }))
            });
            Ok(last.optional()?.flatten())
        })
    }

    /// Walks along the whole chain, as far as it went when the walk began; `kept` is a head that it must have. Takes about a
    /// second for half a million events; `None` while another walk goes on.
    pub fn verify(&self, kept: Option<Head>) -> Result<Option<Verification>, StoreError> {
        let _alone = match self.walk.try_lock() {
            Ok(alone) => alone,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(None),
        };
        loop {
            let found = self.walk_from_the_beginning(kept)?;
            let is_cut =
                |seq: i64| -> Result<bool, StoreError> { Ok(self.with(cut)?.is_some_and(|(last, _)| last >= seq)) };
            match found.fault {
                // What it looked for went meanwhile, at the end of its time.
                Some((seq, Fault::Missing)) if is_cut(seq)? && kept.is_none_or(|kept| kept.seq != seq) => {}
                _ => return Ok(Some(found)),
            }
        }
    }

    fn walk_from_the_beginning(&self, kept: Option<Head>) -> Result<Verification, StoreError> {
        let cut = self.with(cut)?;
        let end =
            self.with(|conn| Ok(conn.query_row("SELECT coalesce(max(seq), 0) FROM event", [], |row| row.get(0))?))?;
        let (mut walk, mut from) = match cut {
            Some((last, head)) => (Walk::behind(last, head, kept), last),
            None => (Walk::new(kept), 0),
        };
        while walk.goes_on()
            && let Some(last) = self.with(|conn| look_at_some(conn, &mut walk, from, end))?
        {
            from = last;
        }
        Ok(walk.finish())
    }
}

/// The last event that went at the end of its time, and its head if it had a hash.
fn cut(conn: &Connection) -> Result<Option<(i64, Option<Head>)>, StoreError> {
    let sql = "SELECT seq, hash FROM event_cut";
    let cut = conn.query_row(sql, [], |row| Ok((row.get(0)?, ChainHash::from_stored(row.get(1)?)))).optional()?;
    Ok(cut.map(|(seq, hash)| (seq, hash.map(|hash| Head { seq, hash }))))
}

/// Looks at the events behind `from`. The last one that was there; `None` at the end.
fn look_at_some(conn: &Connection, walk: &mut Walk, from: i64, end: i64) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT seq, at, type, message, part, modem, sim, data, hash FROM event WHERE seq > ? AND seq <= ?
         ORDER BY seq LIMIT ?";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params![from, end, EVENTS_AT_ONCE])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        let seq = row.get(0)?;
        let columns = Columns {
            seq,
            at: row.get(1)?,
            kind: octets(row, 2)?.unwrap_or_default(),
            message: row.get(3)?,
            part: row.get(4)?,
            modem: octets(row, 5)?,
            sim: row.get(6)?,
            data: octets(row, 7)?,
        };
        walk.look(&columns, octets(row, 8)?);
        last = Some(seq);
    }
    Ok(last)
}

/// What is stored, also where it is no text any more.
fn octets<'r>(row: &'r Row<'_>, column: usize) -> Result<Option<&'r [u8]>, StoreError> {
    Ok(row.get_ref(column)?.as_bytes_or_null().map_err(rusqlite::Error::from)?)
}

fn read(id: MessageId, row: &Row<'_>) -> rusqlite::Result<(MessageKey, Dossier)> {
    let salt: Option<Vec<u8>> = row.get(7)?;
    let text: String = row.get(6)?;
    let dossier = Dossier {
        id,
        created_at: Timestamp::from_millis(row.get(1)?),
        client: row.get(2)?,
        purpose: row.get(3)?,
        creditor: row.get(4)?,
        to: row::number(row.get(5)?),
        text: (!text.is_empty()).then_some(Body(text)),
        salt: salt.and_then(|octets| octets.try_into().ok()).map(Salt),
        matches: Matches::default(),
        events: Vec::new(),
    };
    Ok((MessageKey(row.get(0)?), dossier))
}

/// What the event that queued the message says of it, against what is stored.
fn matches(dossier: &Dossier) -> Matches {
    let first = dossier.events.iter().find(|event| event.kind == "message.queued" && event.data.is_some());
    let said: Option<serde_json::Value> =
        first.and_then(|event| event.data.as_deref()).and_then(|data| serde_json::from_str(data).ok());
    let is_said = |field: &str, found: Option<String>| {
        let said = said.as_ref()?.get(field)?.as_str()?;
        found.map(|found| found == said)
    };
    Matches {
        id: is_said("id", Some(dossier.id.to_string())),
        to: is_said("to_hash", dossier.salt.zip(dossier.to).map(|(salt, to)| salt.to_hash(&to.e164()))),
        text: is_said("text_hash", dossier.salt.zip(dossier.text.as_ref()).map(|(salt, text)| salt.text_hash(&text.0))),
    }
}
