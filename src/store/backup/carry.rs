//! What was forbidden after a copy was made: taken from the database that the copy replaces, as far as that can be read.
//!
//! - Numbers that must not be texted, as numbers or as digests. What was lifted since stays in force: that errs on the side of
//!   not texting.
//! - Ends of tokens. Tokens that were made since are not in the copy, and a copy gives no rights that it had not.
//! - Erasures. One that is not done says whom it is about. One that is done says it to nobody; but the audit has a digest of whom
//!   it was asked for, and the list of numbers one of each number, so that those of whom the copy holds something are found.
//!
//! The file that is replaced may be damaged, which is why somebody restores. What cannot be read of it is said, and hinders nothing.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::clock::Timestamp;
use crate::contact::secret::Secret;

use super::super::audit::{digest_of_debtor, digest_of_number};
use super::super::erasure::{self, Person};
use super::super::row::{self, stored_number};
use super::super::{OpenError, StoreError, record, schema};
use super::BackupError;

/// Who asks for an erasure again, as the erasure says.
const CLIENT: &str = "recado";

/// Why: whoever asked first gave a reason in the database that is replaced.
const REASON: &str = "erased after the copy that was put back was made";

/// What of the database that is replaced is in the copy now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carry {
    /// Nothing happened since the copy was made.
    NotNeeded,
    /// There was no database.
    NothingThere,
    /// It cannot be read, in words about the file.
    Unreadable(String),
    /// It was read.
    Done(Carried),
}

impl Carry {
    /// Whether everything that was forbidden since is in the copy.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Done(carried) if carried.missed.is_empty())
    }
}

/// What was carried over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried {
    /// Entries of numbers that must not be texted.
    pub suppressions: u64,
    /// Tokens that were revoked, or end earlier.
    pub tokens: u64,
    /// Persons who are erased again at the first start.
    pub erasures: u64,
    /// What could not be read, in words.
    pub missed: Vec<String>,
}

/// Carries over what the database at `old` forbids. Fails only where the copy cannot be written.
pub(super) fn carry(old: &Path, fresh: &Path, secret: Option<&Secret>, now: Timestamp) -> Result<Carry, BackupError> {
    match schema::inspect(old) {
        Err(OpenError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Carry::NothingThere);
        }
        // Its tables may be those that are asked for.
        Ok(()) | Err(OpenError::Newer { .. }) => {}
        Err(error) => return Ok(Carry::Unreadable(error.to_string())),
    }
    let from = match schema::open_looker(old) {
        Ok(from) => from,
        Err(error) => return Ok(Carry::Unreadable(error.to_string())),
    };
    let to = schema::open_writer(fresh)?;
    let of = |source| BackupError::Sqlite { path: fresh.to_owned(), source };
    let mut carried = Carried::default();
    let transaction = to.unchecked_transaction().map_err(of)?;
    let mut work = Work { from: &from, to: &transaction, secret, now, erased: HashSet::new(), carried: &mut carried };
    for what in What::ALL {
        let done = match what {
            What::Suppressions => work.suppressions(),
            What::Tokens => work.tokens(),
            What::Erasures => work.erasures(),
        };
        match done {
            Ok(()) => {}
            Err(Fault::Old(why)) => work.carried.missed.push(format!("{}: {why}", what.words())),
            Err(Fault::Copy(error)) => return Err(OpenError::from(error).into()),
        }
    }
    transaction.commit().map_err(of)?;
    Ok(Carry::Done(carried))
}

/// What is carried over, in this order: who was erased is told by the list of numbers too.
#[derive(Clone, Copy)]
enum What {
    Suppressions,
    Tokens,
    Erasures,
}

impl What {
    const ALL: [Self; 3] = [Self::Suppressions, Self::Tokens, Self::Erasures];

    fn words(self) -> &'static str {
        match self {
            Self::Suppressions => "who must not be texted",
            Self::Tokens => "which tokens were revoked",
            Self::Erasures => "who was erased",
        }
    }
}

/// Which of the two files is to blame.
enum Fault {
    Old(String),
    Copy(StoreError),
}

impl Fault {
    fn old(error: rusqlite::Error) -> Self {
        Self::Old(error.to_string())
    }
}

/// Everything that is written goes by the copy's connection.
impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Copy(error.into())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Copy(error)
    }
}

type Digest = [u8; 32];

/// A decision of the ledger, by what tells it from others: when, why, for what, for whom, by whom.
type Decision = (i64, String, i64, Option<String>, i64, String, String);

struct Work<'a> {
    from: &'a Connection,
    to: &'a Connection,
    secret: Option<&'a Secret>,
    now: Timestamp,
    /// Digests of numbers that were erased since.
    erased: HashSet<Digest>,
    carried: &'a mut Carried,
}

impl Work<'_> {
    fn suppressions(&mut self) -> Result<(), Fault> {
        if !self.has("suppression")? {
            return Ok(());
        }
        let knows_digests = self.has_the_key()?;
        let (known, digests) = (self.known_decisions()?, self.known_digests()?);
        let known_digests: HashSet<Digest> = digests.iter().map(|(_, digest)| *digest).collect();
        let sql =
            "SELECT suppression_act.at, kind, purposes, creditor, effective, source, client, why, act, subscriber,
                 number, mac
             FROM suppression JOIN suppression_act ON suppression_act.key = suppression.act
             WHERE lift IS NULL ORDER BY suppression.key";
        let mut statement = self.from.prepare(sql).map_err(Fault::old)?;
        let mut rows = statement.query([]).map_err(Fault::old)?;
        let mut acts: HashMap<i64, i64> = HashMap::new();
        while let Some(row) = rows.next().map_err(Fault::old)? {
            let entry = Suppressed::read(row).map_err(Fault::old)?;
            if entry.digest.is_some() && !knows_digests {
                continue;
            }
            if let Some(digest) = entry.digest.filter(|digest| !known_digests.contains(digest)) {
                self.erased.insert(digest);
            }
            let equal = known.get(&entry.decision).map(Vec::as_slice).unwrap_or_default();
            if self.is_in_copy(equal, &entry, &digests)? {
                continue;
            }
            let act = match acts.get(&entry.act).or(equal.first()) {
                Some(act) => *act,
                None => self.decide(&entry)?,
            };
            acts.insert(entry.act, act);
            self.to
                .prepare_cached("INSERT INTO suppression (act, subscriber, number, mac) VALUES (?, ?, ?, ?)")?
                .execute(params![act, entry.subscriber, entry.number, entry.digest])?;
            self.carried.suppressions += 1;
        }
        self.take_key()
    }

    /// Whether the digests of the database that is replaced were made with the key that is here.
    fn has_the_key(&mut self) -> Result<bool, Fault> {
        let sql = "SELECT mac FROM suppression_key WHERE EXISTS (SELECT 1 FROM suppression WHERE mac IS NOT NULL)";
        let key: Option<Digest> = self.from.query_row(sql, [], |row| row.get(0)).optional().map_err(Fault::old)?;
        let is_ours = key.is_none() || key == self.secret.map(Secret::check);
        if !is_ours {
            self.carried
                .missed
                .push("which numbers were erased: that was done with another suppression.key".to_owned());
        }
        Ok(is_ours)
    }

    /// The copy's decisions; two can be equal, such as two texts with the word in one moment.
    fn known_decisions(&self) -> Result<HashMap<Decision, Vec<i64>>, Fault> {
        let sql = "SELECT at, kind, purposes, creditor, effective, source, client, key FROM suppression_act";
        let mut statement = self.to.prepare(sql)?;
        let mut known: HashMap<Decision, Vec<i64>> = HashMap::new();
        for found in statement.query_map([], |row| Ok((decision(row)?, row.get(7)?)))? {
            let (decision, key) = found?;
            known.entry(decision).or_default().push(key);
        }
        Ok(known)
    }

    fn known_digests(&self) -> Result<HashSet<(i64, Digest)>, Fault> {
        let mut statement = self.to.prepare("SELECT act, mac FROM suppression WHERE mac IS NOT NULL")?;
        let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Whether the copy has an entry of one of these decisions, in force or lifted.
    fn is_in_copy(&self, acts: &[i64], entry: &Suppressed, digests: &HashSet<(i64, Digest)>) -> Result<bool, Fault> {
        let is_there = |digest: Digest| acts.iter().any(|act| digests.contains(&(*act, digest)));
        let Some(subscriber) = entry.subscriber else {
            // One that says nothing of anybody is nothing.
            return Ok(entry.digest.is_none_or(is_there));
        };
        let erased = self.secret.zip(entry.number.and_then(row::number)).map(|(secret, number)| secret.mac(number));
        if erased.is_some_and(is_there) {
            return Ok(true);
        }
        // By the number: a decision can have a million of them.
        let sql = "SELECT 1 FROM suppression INDEXED BY suppression_of WHERE subscriber = ? AND act = ?";
        let mut statement = self.to.prepare_cached(sql)?;
        for act in acts {
            if statement.exists([subscriber, *act])? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes a decision into the copy. The text that it rests on is not there.
    fn decide(&self, entry: &Suppressed) -> Result<i64, Fault> {
        let (at, kind, purposes, creditor, effective, source, client) = &entry.decision;
        self.to
            .prepare_cached(
                "INSERT INTO suppression_act (at, kind, purposes, creditor, effective, source, client, why)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![at, kind, purposes, creditor, effective, source, client, entry.why])?;
        Ok(self.to.last_insert_rowid())
    }

    /// The copy's digests are of the key that is here: it had none of another.
    fn take_key(&self) -> Result<(), Fault> {
        let Some(secret) = self.secret else { return Ok(()) };
        self.to.execute("DELETE FROM suppression_key", [])?;
        self.to.execute("INSERT INTO suppression_key (mac) VALUES (?)", [secret.check()])?;
        Ok(())
    }

    fn tokens(&mut self) -> Result<(), Fault> {
        let sql =
            "SELECT hash, revoked_at, expires_at FROM token WHERE revoked_at IS NOT NULL OR expires_at IS NOT NULL";
        let mut statement = self.from.prepare(sql).map_err(Fault::old)?;
        let mut rows = statement.query([]).map_err(Fault::old)?;
        while let Some(row) = rows.next().map_err(Fault::old)? {
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let (hash, revoked, expires): (Vec<u8>, Option<i64>, Option<i64>) = read(row).map_err(Fault::old)?;
            let changed = self
                .to
                .prepare_cached(
                    "UPDATE token SET revoked_at = coalesce(revoked_at, ?2),
                         expires_at = coalesce(min(expires_at, ?3), expires_at, ?3)
                     WHERE hash = ?1 AND ((revoked_at IS NULL AND ?2 IS NOT NULL)
                         OR (?3 IS NOT NULL AND (expires_at IS NULL OR expires_at > ?3)))",
                )?
                .execute(params![hash, revoked, expires])?;
            self.carried.tokens += changed as u64;
        }
        Ok(())
    }

    fn erasures(&mut self) -> Result<(), Fault> {
        if !self.has("erasure")? {
            return Ok(());
        }
        let mut ended: HashSet<i64> = HashSet::new();
        let sql = "SELECT at, client, reason, until, debtor, numbers, subscribers, held FROM erasure ORDER BY key";
        let mut statement = self.from.prepare(sql).map_err(Fault::old)?;
        let mut rows = statement.query([]).map_err(Fault::old)?;
        while let Some(row) = rows.next().map_err(Fault::old)? {
            let order = Order::read(row).map_err(Fault::old)?;
            let sql = "SELECT 1 FROM erasure WHERE at = ? AND client = ? AND reason = ?";
            // What went at the end of its time goes again by itself.
            if order.reason == super::super::retention::REASON
                || self.to.prepare_cached(sql)?.exists(params![order.at, order.client, order.reason])?
            {
                continue;
            }
            if order.debtor.is_none() && order.numbers.is_none() {
                ended.insert(order.at);
            } else {
                self.order(&order)?;
            }
        }
        drop(rows);
        let asked = self.asked(&ended)?;
        if asked.is_empty() && self.erased.is_empty() {
            return Ok(());
        }
        self.persons(&asked)
    }

    /// Digests of whom erasures of these times were asked for: a change and its entry in the audit have one time.
    fn asked(&mut self, ended: &HashSet<i64>) -> Result<HashSet<String>, Fault> {
        let mut digests = HashSet::new();
        if ended.is_empty() {
            return Ok(digests);
        }
        let sql = "SELECT at, id FROM audit WHERE object = 'erasures' AND kind = 'change' AND id IS NOT NULL";
        let mut statement = self.from.prepare(sql).map_err(Fault::old)?;
        let mut rows = statement.query([]).map_err(Fault::old)?;
        let mut left = ended.clone();
        while let Some(row) = rows.next().map_err(Fault::old)? {
            let (at, id): (i64, String) = (row.get(0).map_err(Fault::old)?, row.get(1).map_err(Fault::old)?);
            if ended.contains(&at) {
                left.remove(&at);
                digests.insert(id);
            }
        }
        if self.secret.is_none() {
            let why = "whom its audit means cannot be told without suppression.key";
            self.carried.missed.push(format!("who was erased: {why}"));
        } else if !left.is_empty() {
            let why = format!("the audit has no entry of {} erasures", left.len());
            self.carried.missed.push(format!("who was erased: {why}"));
        }
        Ok(digests)
    }

    /// Erases again of whom the copy holds something.
    fn persons(&mut self, asked: &HashSet<String>) -> Result<(), Fault> {
        let Some(secret) = self.secret else { return Ok(()) };
        let mut done: HashSet<i64> = HashSet::new();
        for sql in [
            "SELECT DISTINCT id FROM debtor",
            "SELECT DISTINCT debtor FROM message WHERE debtor IS NOT NULL",
            "SELECT DISTINCT debtor FROM standing WHERE debtor IS NOT NULL",
            "SELECT DISTINCT debtor FROM campaign_row WHERE debtor IS NOT NULL",
        ] {
            if asked.is_empty() {
                break;
            }
            let mut statement = self.to.prepare(sql)?;
            let mut rows = statement.query([])?;
            let mut found: Vec<String> = Vec::new();
            while let Some(row) = rows.next()? {
                found.extend(Some(row.get(0)?).filter(|id: &String| asked.contains(&digest_of_debtor(secret, id))));
            }
            for id in found {
                if let Some((debtor, numbers)) = erasure::numbers_of(self.to, &Person::Debtor(id))? {
                    let subscribers = numbers.iter().map(|number| record::stored_subscriber(*number));
                    done.extend(subscribers.clone());
                    let subscribers = list(subscribers);
                    let numbers = list(numbers.iter().map(|number| stored_number(*number)));
                    self.order(&Order::again(self.now, debtor, numbers, subscribers))?;
                }
            }
        }
        for sql in [
            "SELECT DISTINCT number FROM debtor_number",
            "SELECT DISTINCT recipient FROM message WHERE recipient > 0",
            "SELECT DISTINCT number FROM inbound WHERE number IS NOT NULL",
            "SELECT DISTINCT number FROM suppression WHERE number IS NOT NULL",
            "SELECT DISTINCT recipient FROM campaign_row WHERE recipient IS NOT NULL",
        ] {
            let mut statement = self.to.prepare(sql)?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let Some(number) = row::number(row.get(0)?) else { continue };
                let subscriber = record::stored_subscriber(number);
                let is_meant = self.erased.contains(&secret.mac(number))
                    || (!asked.is_empty() && asked.contains(&digest_of_number(secret, number)));
                if is_meant && done.insert(subscriber) {
                    found.push((stored_number(number), subscriber));
                }
            }
            for (number, subscriber) in found {
                self.order(&Order::again(self.now, None, list([number]), list([subscriber])))?;
            }
        }
        Ok(())
    }

    /// Asks for an erasure in the copy, as if it had been asked for just now.
    fn order(&mut self, order: &Order) -> Result<(), Fault> {
        let Order { at, client, reason, until, debtor, numbers, subscribers, held } = order;
        let sql = "SELECT 1 FROM erasure WHERE state <> 'done' AND debtor IS ? AND numbers IS ?";
        if self.to.prepare_cached(sql)?.exists(params![debtor, numbers])? {
            return Ok(());
        }
        self.to
            .prepare_cached(
                "INSERT INTO erasure (at, client, reason, until, state, stage, debtor, numbers, subscribers, message, seq,
                     held, counts)
                 SELECT ?, ?, ?, ?, 'running', 0, ?, ?, ?, (SELECT coalesce(max(key), 0) FROM message),
                     (SELECT coalesce(max(seq), 0) FROM event), ?, '{}'",
            )?
            .execute(params![at, client, reason, until, debtor, numbers, subscribers, held])?;
        self.carried.erasures += 1;
        Ok(())
    }

    /// Whether the database that is replaced has a table: one of an earlier release may not.
    fn has(&self, table: &str) -> Result<bool, Fault> {
        let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";
        self.from.prepare(sql).and_then(|mut statement| statement.exists([table])).map_err(Fault::old)
    }
}

/// A decision and one of its numbers.
struct Suppressed {
    decision: Decision,
    why: Option<String>,
    act: i64,
    subscriber: Option<i64>,
    number: Option<i64>,
    digest: Option<Digest>,
}

impl Suppressed {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            decision: decision(row)?,
            why: row.get(7)?,
            act: row.get(8)?,
            subscriber: row.get(9)?,
            number: row.get(10)?,
            digest: row.get(11)?,
        })
    }
}

fn decision(row: &Row<'_>) -> rusqlite::Result<Decision> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
}

/// An erasure, as its row has it.
struct Order {
    at: i64,
    client: String,
    reason: String,
    until: Option<i64>,
    debtor: Option<String>,
    numbers: Option<String>,
    subscribers: Option<String>,
    held: Option<String>,
}

impl Order {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            at: row.get(0)?,
            client: row.get(1)?,
            reason: row.get(2)?,
            until: row.get(3)?,
            debtor: row.get(4)?,
            numbers: row.get(5)?,
            subscribers: row.get(6)?,
            held: row.get(7)?,
        })
    }

    /// One that was asked for in the database that is replaced.
    fn again(now: Timestamp, debtor: Option<String>, numbers: String, subscribers: String) -> Self {
        Self {
            at: now.as_millis(),
            client: CLIENT.to_owned(),
            reason: REASON.to_owned(),
            until: None,
            debtor,
            numbers: Some(numbers),
            subscribers: Some(subscribers),
            held: None,
        }
    }
}

/// Numbers as the row of an erasure has them.
fn list(numbers: impl IntoIterator<Item = i64>) -> String {
    serde_json::Value::from_iter(numbers).to_string()
}
