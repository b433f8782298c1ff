//! Who changed what, and who looked at whom: a log that is only added to, chained by hashes like the events.
//!
//! An entry of a change is written in the transaction of the change; one of a look goes through the writer after the answer. Of
//! things of ours it has the name; of persons a digest with the key for erased numbers, so that one can ask who looked at a
//! person, while the log itself tells of nobody and outlives an erasure.
//!
//! `hash = SHA-256("recado audit 1" ‖ hash before ‖ every other column in its order)`, columns as in [`super::chain`].

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::contact::secret::Secret;
use crate::pdu::to_hex;
use crate::sms::number::PhoneNumber;

use super::StoreError;
use super::chain::{ChainHash, Head, put_integer, put_text};
use super::erasure::{Person, numbers_of};
use super::reader::Reader;
use super::row::stored_number;
use super::view::Page;
use super::work::Work;

/// What is hashed first: no other use of SHA-256 begins so.
const TAG: &[u8] = b"recado audit 1";

/// Octets of a digest that are shown: nobody counts so many persons.
const DIGEST_OCTETS: usize = 8;

/// What kind of thing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    /// Something was changed, or its change was asked for.
    Change,
    /// Numbers, names or texts were shown.
    View,
    /// What was asked for in the entry before was refused.
    Refused,
    /// Recado did it by itself.
    Recado,
}

impl Deed {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Change, Self::View, Self::Refused, Self::Recado];

    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::View => "view",
            Self::Refused => "refused",
            Self::Recado => "recado",
        }
    }

    /// The deed with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.name() == name)
    }
}

/// An entry about to be written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// Who.
    pub client: String,
    /// The row of the token; none on the Unix socket.
    pub token: Option<i64>,
    /// What kind of thing.
    pub deed: Deed,
    /// Method and route, without what stood in its places.
    pub route: String,
    /// The kind of thing that it was about.
    pub object: String,
    /// Which one, or a digest of whom.
    pub id: Option<String>,
    /// Status of a refusal.
    pub status: Option<u16>,
}

/// An entry with how much it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// What.
    pub entry: Entry,
    /// Items that were seen.
    pub items: u64,
    /// Requests.
    pub times: u64,
}

impl Counted {
    /// Of one request that showed nothing.
    pub fn once(entry: Entry) -> Self {
        Self { entry, items: 0, times: 1 }
    }
}

/// An entry as readers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditView {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub client: String,
    /// By which token.
    pub token: Option<i64>,
    /// What kind of thing, in the word of the API.
    pub deed: String,
    /// Method and route.
    pub route: String,
    /// The kind of thing that it was about.
    pub object: String,
    /// Which one, or a digest of whom.
    pub id: Option<String>,
    /// Items that were seen.
    pub items: u64,
    /// Requests.
    pub times: u64,
    /// Status of a refusal.
    pub status: Option<u16>,
}

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Of this client.
    pub client: Option<String>,
    /// Of this kind.
    pub deed: Option<Deed>,
    /// About one of these, or of what has one of these digests; about anything where there is none.
    pub ids: Vec<String>,
    /// From this time on.
    pub since: Option<Timestamp>,
}

/// What a walk along the audit found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditSound {
    /// Entries that hold.
    pub entries: u64,
    /// The first that does not.
    pub fault: Option<i64>,
}

const COLUMNS: &str = "SELECT seq, at, client, token, kind, route, object, id, items, times, status, hash FROM audit";

/// The end of the chain; `None` while there is no entry.
pub(super) fn head(conn: &Connection) -> Result<Option<Head>, StoreError> {
    let (seq, hash) = last(conn)?;
    Ok((seq > 0).then_some(Head { seq, hash }))
}

/// The last number and its hash; of what has gone where nothing is left.
fn last(conn: &Connection) -> Result<(i64, ChainHash), StoreError> {
    let sql = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
    let last = conn.prepare_cached(sql)?.query_row([], link).optional()?;
    if let Some(last) = last {
        return Ok(last);
    }
    let sql = "SELECT seq, hash FROM audit_cut ORDER BY seq DESC LIMIT 1";
    Ok(conn.prepare_cached(sql)?.query_row([], link).optional()?.unwrap_or((0, ChainHash::ZERO)))
}

fn link(row: &Row<'_>) -> rusqlite::Result<(i64, ChainHash)> {
    Ok((row.get(0)?, ChainHash::from_stored(row.get(1)?).unwrap_or(ChainHash::ZERO)))
}

/// The hash of a row behind the one that has the hash `previous`.
fn hash_of(row: &Row<'_>, previous: ChainHash) -> rusqlite::Result<ChainHash> {
    let mut digest = Sha256::new();
    digest.update(TAG);
    digest.update(previous.0);
    for column in 0..11 {
        match row.get_ref(column)? {
            rusqlite::types::ValueRef::Integer(value) => put_integer(&mut digest, Some(value)),
            rusqlite::types::ValueRef::Text(text) => put_text(&mut digest, Some(text)),
            rusqlite::types::ValueRef::Null
            | rusqlite::types::ValueRef::Real(_)
            | rusqlite::types::ValueRef::Blob(_) => put_integer(&mut digest, None),
        }
    }
    Ok(ChainHash(digest.finalize().into()))
}

/// Writes an entry, in a transaction that is open.
pub(super) fn write(conn: &Connection, counted: &Counted, now: Timestamp) -> Result<(), StoreError> {
    let (seq, previous) = last(conn)?;
    let Entry { client, token, deed, route, object, id, status } = &counted.entry;
    let count = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let (items, times) = (count(counted.items), count(counted.times));
    let values = params![
        seq + 1,
        now.as_millis(),
        client,
        token,
        deed.name(),
        route,
        object,
        id,
        items,
        times,
        status.map(i64::from),
    ];
    // SQLite says what it will store of the columns, and that is what is hashed.
    let mut columns = conn.prepare_cached("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11")?;
    let hash = columns.query_row(values, |row| hash_of(row, previous))?;
    conn.prepare_cached(
        "INSERT INTO audit (seq, at, client, token, kind, route, object, id, items, times, status, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        seq + 1,
        now.as_millis(),
        client,
        token,
        deed.name(),
        route,
        object,
        id,
        items,
        times,
        status.map(i64::from),
        hash.0,
    ])?;
    Ok(())
}

/// What stands for a debtor.
pub fn digest_of_debtor(secret: &Secret, id: &str) -> String {
    digest(secret, "debtor", id)
}

/// What stands for whoever has a number.
pub fn digest_of_number(secret: &Secret, number: PhoneNumber) -> String {
    digest(secret, "number", &number.subscriber().to_string())
}

/// What stands for a person, or for something that only a person has.
pub fn digest(secret: &Secret, kind: &str, name: &str) -> String {
    let octets = secret.audited(kind, name);
    format!("~{}", to_hex(octets.get(..DIGEST_OCTETS).unwrap_or_default()).to_lowercase())
}

impl Work<'_> {
    /// Writes an entry.
    pub fn note(&mut self, counted: &Counted) -> Result<(), StoreError> {
        write(self.conn, counted, self.now)
    }

    /// Notes what Recado did by itself.
    pub(super) fn note_own(&mut self, object: &str, id: &str, items: u64) -> Result<(), StoreError> {
        let entry = Entry {
            client: "recado".to_owned(),
            token: None,
            deed: Deed::Recado,
            route: String::new(),
            object: object.to_owned(),
            id: Some(id.to_owned()),
            status: None,
        };
        self.note(&Counted { entry, items, times: 1 })
    }
}

/// Takes entries from the beginning, up to this one at most, and keeps the hash of the last. How many went, and whether there
/// is more.
pub(super) fn cut(conn: &Connection, up_to: i64, count: usize, now: Timestamp) -> Result<(usize, bool), StoreError> {
    let sql = "SELECT seq, hash FROM (SELECT seq, hash FROM audit
         WHERE seq <= ?1 AND seq < (SELECT max(seq) FROM audit) ORDER BY seq LIMIT ?2) ORDER BY seq DESC LIMIT 1";
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let last = conn.prepare_cached(sql)?.query_row(params![up_to, count], link).optional()?;
    let Some((seq, hash)) = last else { return Ok((0, false)) };
    let moved = conn.prepare_cached("UPDATE audit_cut SET seq = ?, hash = ?, at = ?")?.execute(params![
        seq,
        hash.0,
        now.as_millis()
    ])?;
    if moved == 0 {
        let sql = "INSERT INTO audit_cut (seq, hash, at) VALUES (?, ?, ?)";
        conn.prepare_cached(sql)?.execute(params![seq, hash.0, now.as_millis()])?;
    }
    let gone = conn.prepare_cached("DELETE FROM audit WHERE seq <= ?")?.execute([seq])?;
    Ok((gone, seq < up_to))
}

/// Walks along the whole audit.
pub(super) fn verify(conn: &Connection) -> Result<AuditSound, StoreError> {
    let sql = "SELECT seq, hash FROM audit_cut ORDER BY seq DESC LIMIT 1";
    let (mut last, mut hash) = conn.query_row(sql, [], link).optional()?.unwrap_or((0, ChainHash::ZERO));
    let mut found = AuditSound { entries: 0, fault: None };
    let mut statement = conn.prepare(&format!("{COLUMNS} ORDER BY seq"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        hash = hash_of(row, hash)?;
        if seq != last + 1 || ChainHash::from_stored(row.get(11)?) != Some(hash) {
            found.fault = Some(last + 1);
            return Ok(found);
        }
        (last, found.entries) = (seq, found.entries + 1);
    }
    Ok(found)
}

impl Reader {
    /// Entries of the audit, newest first, or oldest first behind a number.
    pub fn audit(&self, page: Page, limit: u32, filter: &AuditFilter) -> Result<Vec<AuditView>, StoreError> {
        let AuditFilter { client, deed, ids, since } = filter;
        let ids = (!ids.is_empty()).then(|| serde_json::to_string(ids).unwrap_or_default());
        let only = [
            client.clone().map(|client| ("client = ?", Value::Text(client))),
            deed.map(|deed| ("kind = ?", Value::Text(deed.name().to_owned()))),
            ids.map(|ids| ("id IN (SELECT value FROM json_each(?))", Value::Text(ids))),
            since.map(|since| ("at >= ?", Value::Integer(since.as_millis()))),
        ];
        self.numbered(COLUMNS, "seq", page, limit, only.into_iter().flatten(), |row| {
            Ok(AuditView {
                seq: row.get(0)?,
                at: Timestamp::from_millis(row.get(1)?),
                client: row.get(2)?,
                token: row.get(3)?,
                deed: row.get(4)?,
                route: row.get(5)?,
                object: row.get(6)?,
                id: row.get(7)?,
                items: row.get(8)?,
                times: row.get(9)?,
                status: row.get(10)?,
            })
        })
    }

    /// The numbers that are this debtor's and nobody else's, as far as they are known.
    pub fn own_numbers(&self, debtor: &str) -> Result<Vec<PhoneNumber>, StoreError> {
        let person = Person::Debtor(debtor.to_owned());
        self.with(|conn| Ok(numbers_of(conn, &person)?.map(|(_, numbers)| numbers).unwrap_or_default()))
    }

    /// Debtors who have a number, or were texted there.
    pub fn debtors_at(&self, number: PhoneNumber) -> Result<Vec<String>, StoreError> {
        let numbers: Vec<i64> = number.forms().map(stored_number).collect();
        let numbers = serde_json::to_string(&numbers).unwrap_or_default();
        self.with(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT debtor.id FROM debtor_number JOIN debtor ON debtor.key = debtor_number.debtor
                     WHERE debtor_number.number IN (SELECT value FROM json_each(?1))
                 UNION SELECT debtor FROM message
                     WHERE recipient IN (SELECT value FROM json_each(?1)) AND debtor IS NOT NULL",
            )?;
            let found = statement.query_map([numbers], |row| row.get(0))?.collect::<Result<_, _>>();
            Ok(found?)
        })
    }

    /// Walks along the audit.
    pub fn verify_audit(&self) -> Result<AuditSound, StoreError> {
        self.with(verify)
    }
}
