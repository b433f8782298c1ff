//! Numbers that were suppressed after the copy was made, as numbers and as digests.

use std::collections::{HashMap, HashSet};

use rusqlite::{OptionalExtension as _, Row, params};

use crate::contact::secret::Secret;

use super::super::super::row;
use super::{Digest, Fault, Work};

/// A decision of the ledger, by what tells it from others: when, why, for what, for whom, by whom.
type Decision = (i64, String, i64, Option<String>, i64, String, String);

impl Work<'_> {
    pub(super) fn suppressions(&mut self) -> Result<(), Fault> {
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
        let mut statement = self.from.prepare(sql).map_err(Fault::Old)?;
        let mut rows = statement.query([]).map_err(Fault::Old)?;
        let mut acts: HashMap<i64, i64> = HashMap::new();
        while let Some(row) = rows.next().map_err(Fault::Old)? {
            let entry = Suppressed::read(row).map_err(Fault::Old)?;
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
        let key: Option<Digest> = self.from.query_row(sql, [], |row| row.get(0)).optional().map_err(Fault::Old)?;
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
